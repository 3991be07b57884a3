//! Layers and plans of encoders by hand: parameters that are given, and where biases and rectifiers stand.

use embedding_norms::encoder::{
    BatchNorm, Convolution, Encoder, Input, Layer, LayerNorm, Network, Perceptron, Shape, Table,
};
use embedding_norms::random::generator;
use ndarray::{Array1, Array2, ArrayView2, Axis, Slice, array};

use crate::support::embeddings::gaussian;

#[test]
fn normalizations_take_the_gains_and_offsets_that_they_are_given() {
    let (gain, offset) = (vec![2.0, 0.5, 4.0], vec![0.25, -1.5, 3.0]);
    let row = array![[1.0, -2.0, 7.0]];
    // At inference a new batch normalization has mean 0 and variance 1.
    let batch = BatchNorm::new(3).with_parameters(gain.clone(), offset.clone());
    let found = Network::of(vec![Layer::BatchNorm(batch)]).embed_features(row.view());
    let spread = (1.0 + 1e-5_f64).sqrt();
    for (k, x) in [1.0, -2.0, 7.0].into_iter().enumerate() {
        assert!((found[(0, k)] - (gain[k] * x / spread + offset[k])).abs() < 1e-14, "{found}");
    }
    // Mean 2, variance (1 + 16 + 25)/3 = 14.
    let layer = LayerNorm::new(3).with_parameters(gain.clone(), offset.clone());
    let found = Network::of(vec![Layer::LayerNorm(layer)]).embed_features(row.view());
    let spread = (14.0 + 1e-5_f64).sqrt();
    for (k, x) in [-1.0, -4.0, 5.0].into_iter().enumerate() {
        assert!((found[(0, k)] - (gain[k] * x / spread + offset[k])).abs() < 1e-14, "{found}");
    }
}

#[test]
fn the_last_layer_alone_has_the_last_bias_and_no_rectifier() {
    for widths in [&[3, 2][..], &[3, 4, 2], &[3, 4, 5, 6, 2], &[3, 4, 5, 6, 7, 2]] {
        let plan = Perceptron::new(widths).without_biases().last_bias(true);
        let network = plan.draw(&mut generator(1, b"layers", 0));
        let mut sizes: Vec<usize> = widths.windows(2).map(|pair| pair[0] * pair[1]).collect();
        sizes.push(2);
        assert_eq!(network.groups().iter().map(|group| group.len()).collect::<Vec<_>>(), sizes, "{widths:?}");
        let rectifiers: Vec<bool> = network.layers().iter().map(|layer| matches!(layer, Layer::Rectifier)).collect();
        let expected: Vec<bool> = (0..2 * widths.len() - 3).map(|layer| layer % 2 == 1).collect();
        assert_eq!(rectifiers, expected, "{widths:?}");
    }
}

#[test]
fn a_linear_table_begins_with_the_embeddings_that_it_is_given() {
    let embeddings = array![[1.0, -3.0], [5.0, 0.5], [-7.0, 2.0]];
    let lengths = Array1::from(vec![2.0, 0.25, 8.0]);
    let table = Table::linear(embeddings.clone(), lengths);
    let nothing = ArrayView2::from_shape((3, 0), &[]).unwrap();
    let pass = table.forward(Input { rows: &[0, 1, 2], features: nothing });
    assert_eq!(pass.embeddings, embeddings);
    assert_eq!(table.groups()[0], [0.5, -1.5, 20.0, 2.0, -0.875, 0.25]);
}

/// Windows of about a hundred of these images are gathered at a time.
#[test]
fn a_convolution_of_many_images_has_the_gradients_of_a_few_at_a_time() {
    let mut numbers = generator(2, b"layers", 0);
    let shape = Shape { channels: 4, height: 8, width: 8 };
    let layer = Convolution::draw(shape, (3, 1), 5, true, &mut numbers);
    let network = Network::of(vec![Layer::Convolution(layer)]);
    let (images, slopes) = (gaussian(301, 256, &mut numbers), gaussian(301, 320, &mut numbers));
    let backward = |images: ArrayView2<'_, f64>, slopes: ArrayView2<'_, f64>| {
        let input = Input { rows: &[], features: images };
        let pass = network.forward(input);
        let mut gradients: Vec<Vec<f64>> = network.groups().iter().map(|group| vec![0.0; group.len()]).collect();
        let features = network.backward_to_features(images, &pass, slopes, &mut gradients);
        (pass.embeddings, gradients, features)
    };
    let (embeddings, whole, features) = backward(images.view(), slopes.view());
    let mut sums: Vec<Vec<f64>> = whole.iter().map(|group| vec![0.0; group.len()]).collect();
    for first in (0..301).step_by(43) {
        let part = |all: &Array2<f64>| all.slice_axis(Axis(0), Slice::from(first..first + 43)).to_owned();
        let (part_of_embeddings, gradients, part_of_features) = backward(part(&images).view(), part(&slopes).view());
        assert!(part_of_embeddings == part(&embeddings) && part_of_features == part(&features), "from {first} on");
        let places = sums.iter_mut().flatten().zip(gradients.iter().flatten());
        places.for_each(|(sum, slope)| *sum += slope);
    }
    // Each is a sum of 301 · 64 products of the size of 1.
    let close = |(sum, slope): (&f64, &f64)| (sum - slope).abs() < 1e-10;
    assert!(sums.iter().flatten().zip(whole.iter().flatten()).all(close));
    assert!(whole.iter().flatten().all(|slope| slope.abs() > 1e-3));
}
