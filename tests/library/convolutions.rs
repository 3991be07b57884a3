//! Convolutions against sums over windows, on any number of threads, and a way back that lacks a border or turns windows
//! around.

use crate::support;

use embedding_norms::encoder::{
    AveragePool, BatchNorm, Convolution, Convolutional, Encoder, Input, Layer, Linear, Network, Precision, Shape,
};
use embedding_norms::random::generator;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use support::embeddings::gaussian;

const IMAGES: Shape = Shape { channels: 2, height: 5, width: 4 };

fn layer(input: Shape, (window, step): (usize, usize), weights: &Array2<f64>, planes: bool) -> Convolution {
    let bias = Array1::from_shape_fn(weights.nrows(), |output| 0.25 * output as f64);
    let layer = Convolution::new(input, window, step, Linear::new(weights.clone(), Some(bias)));
    if planes { layer.of_planes() } else { layer }
}

/// Where a channel of a place stands in a row of features.
fn feature(input: Shape, planes: bool, (y, x, channel): (usize, usize, usize)) -> usize {
    let place = y * input.width + x;
    if planes { channel * input.places() + place } else { place * input.channels + channel }
}

/// The feature that each weight of a window sees at a place of the result; none outside the image.
fn seen(input: Shape, (window, step): (usize, usize), planes: bool, (y, x): (usize, usize)) -> Vec<Option<usize>> {
    let border = window / 2;
    let inside = |place: usize, offset: usize, size: usize| {
        (place * step + offset).checked_sub(border).filter(|&inside| inside < size)
    };
    let of = |weight: usize| {
        let (row, column, channel) =
            (weight / input.channels / window, weight / input.channels % window, weight % input.channels);
        let (y, x) = (inside(y, row, input.height)?, inside(x, column, input.width)?);
        Some(feature(input, planes, (y, x, channel)))
    };
    (0..window * window * input.channels).map(of).collect()
}

/// The outputs, place after place.
fn by_sums(
    input: Shape,
    (window, step): (usize, usize),
    weights: &Array2<f64>,
    planes: bool,
    image: ArrayView1<'_, f64>,
) -> Vec<f64> {
    let mut outputs = Vec::new();
    for y in 0..input.height.div_ceil(step) {
        for x in 0..input.width.div_ceil(step) {
            let seen = seen(input, (window, step), planes, (y, x));
            for (output, weights) in weights.rows().into_iter().enumerate() {
                let each = seen.iter().zip(weights);
                let sum =
                    each.fold(0.0, |sum, (feature, weight)| feature.map_or(0.0, |at| image[at]).mul_add(*weight, sum));
                outputs.push(sum + 0.25 * output as f64);
            }
        }
    }
    outputs
}

#[test]
fn every_output_is_the_sum_over_its_window() {
    let mut numbers = generator(1, b"convolutions", 0);
    for (height, width, channels) in [(1, 1, 1), (5, 4, 1), (5, 4, 3), (2, 7, 2), (8, 8, 5)] {
        for (window, step) in [(1, 1), (3, 1), (3, 2), (5, 2), (3, 3), (5, 1)] {
            for planes in [false, true] {
                let input = Shape { channels, height, width };
                let weights = gaussian(3, window * window * channels, &mut numbers);
                let images = gaussian(7, input.features(), &mut numbers);
                let network = Network::of(vec![Layer::Convolution(layer(input, (window, step), &weights, planes))]);
                let found = network.embed_features(images.view());
                for (image, found) in images.rows().into_iter().zip(found.rows()) {
                    let expected = by_sums(input, (window, step), &weights, planes, image);
                    assert_eq!(found.to_vec(), expected, "{input:?}, windows of {window}, step {step}");
                }
            }
        }
    }
}

/// ∂L/∂W, ∂L/∂b and ∂L/∂x for U = ∂L/∂y.
fn gradients(network: &Network, images: ArrayView2<'_, f64>, upstream: &Array2<f64>) -> (Vec<Vec<f64>>, Array2<f64>) {
    let mut gradients: Vec<Vec<f64>> = network.groups().iter().map(|group| vec![0.0; group.len()]).collect();
    let pass = network.forward(Input { rows: &[], features: images });
    let features = network.backward_to_features(images, &pass, upstream.view(), &mut gradients);
    (gradients, features)
}

/// What a way back may get wrong.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// Windows are turned by half a turn.
    Turned,
    /// Places at the border wrap around.
    Wrapped,
}

/// ∂L/∂W and ∂L/∂x, weight by weight.
fn by_weights(
    image: ArrayView1<'_, f64>,
    weights: &Array2<f64>,
    upstream: ArrayView1<'_, f64>,
    (planes, fault): (bool, Fault),
) -> (Array2<f64>, Array1<f64>) {
    let (mut of_weights, mut of_image) = (Array2::zeros(weights.dim()), Array1::zeros(image.len()));
    let outputs = weights.nrows();
    for y in 0..IMAGES.height.div_ceil(2) {
        for x in 0..IMAGES.width.div_ceil(2) {
            let mut seen = seen(IMAGES, (3, 2), planes, (y, x));
            match fault {
                Fault::None => {}
                Fault::Turned => seen.reverse(),
                Fault::Wrapped => seen.iter_mut().for_each(|at| *at = at.or(Some(0))),
            }
            for output in 0..outputs {
                let slope = upstream[(y * IMAGES.width.div_ceil(2) + x) * outputs + output];
                for (weight, at) in seen.iter().enumerate() {
                    let Some(at) = *at else { continue };
                    of_weights[(output, weight)] += slope * image[at];
                    of_image[at] += slope * weights[(output, weight)];
                }
            }
        }
    }
    (of_weights, of_image)
}

#[test]
fn the_way_back_is_the_derivative_and_one_with_turned_windows_or_another_border_is_rejected() {
    let mut numbers = generator(1, b"convolutions/back", 0);
    for planes in [false, true] {
        let weights = gaussian(3, 18, &mut numbers);
        let images = gaussian(1, IMAGES.features(), &mut numbers);
        let build =
            |weights: &Array2<f64>| Network::of(vec![Layer::Convolution(layer(IMAGES, (3, 2), weights, planes))]);
        // L = ½ ⟨U, y²⟩, as a linear one has no curvature to be told by.
        let factors = gaussian(1, 18, &mut numbers);
        let upstream = &build(&weights).embed_features(images.view()) * &factors;
        let (found, of_image) = gradients(&build(&weights), images.view(), &upstream);
        let expected_bias: Vec<f64> =
            (0..3).map(|output| (0..6).map(|place| upstream[(0, 3 * place + output)]).sum()).collect();
        let close = |found: &[f64], expected: &[f64]| {
            assert_eq!(found.len(), expected.len());
            found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-13)
        };
        assert!(close(&found[1], &expected_bias));
        let value = |network: &Network, images: &Array2<f64>| {
            let outputs = network.embed_features(images.view());
            0.5 * (&outputs * &outputs * &factors).sum()
        };
        let (along_weights, along_images) =
            (gaussian(3, 18, &mut numbers), gaussian(1, IMAGES.features(), &mut numbers));
        let ladder = support::taylor::Ladder { largest: 1e-3, noise: 64.0 * f64::EPSILON };
        let start = value(&build(&weights), &images);
        let judge = |of_weights: &[f64], of_image: &[f64]| {
            let by_weights = |step: f64| value(&build(&(&weights + &(&along_weights * step))), &images) - start;
            let by_images = |step: f64| value(&build(&weights), &(&images + &(&along_images * step))) - start;
            let along = |direction: &Array2<f64>| direction.as_slice().unwrap().to_vec();
            [
                support::taylor::slope(by_weights, of_weights, &along(&along_weights), ladder).is_ok(),
                support::taylor::slope(by_images, of_image, &along(&along_images), ladder).is_ok(),
            ]
        };
        assert_eq!(judge(&found[0], of_image.as_slice().unwrap()), [true, true]);
        for (fault, right) in [(Fault::None, true), (Fault::Turned, false), (Fault::Wrapped, false)] {
            let (of_weights, own_of_image) = by_weights(images.row(0), &weights, upstream.row(0), (planes, fault));
            assert_eq!(judge(of_weights.as_slice().unwrap(), own_of_image.as_slice().unwrap()), [right, right]);
            assert_eq!(close(&found[0], of_weights.as_slice().unwrap()), right);
            assert_eq!(close(of_image.as_slice().unwrap(), own_of_image.as_slice().unwrap()), right);
        }
    }
}

#[test]
fn many_images_give_the_same_bytes_on_any_number_of_threads_and_in_any_company() {
    let mut numbers = generator(1, b"convolutions/threads", 0);
    let images = Shape { channels: 3, height: 16, width: 16 };
    let double = Convolutional::new(images, &[8, 16], 4).batch_norm().normalized_outputs().draw(&mut numbers);
    // More than are embedded at a time.
    let (features, upstream) = (gaussian(2100, images.features(), &mut numbers), gaussian(2100, 4, &mut numbers));
    let single = double.clone().in_precision(Precision::Single);
    let on = |network: &Network, threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (network.embed_features(features.view()), gradients(network, features.view(), &upstream)))
    };
    for network in [&double, &single] {
        let expected = on(network, 1);
        assert!(expected.1.0.iter().all(|gradient| gradient.iter().any(|slope| *slope != 0.0)));
        for threads in [2, 3] {
            assert!(on(network, threads) == expected, "on {threads} threads");
        }
        for row in [0, 1, 2099] {
            let alone = network.embed_features(features.slice(ndarray::s![row..=row, ..]));
            assert_eq!(alone.row(0), expected.0.row(row));
        }
    }
    let [double, single] = [double, single].map(|network| gradients(&network, features.view(), &upstream).1);
    let off = (&double - &single).iter().fold(0.0, |off: f64, x| off.max(x.abs()));
    let largest = double.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    assert!(
        off > 1e-10 * largest && off < 16.0 * f64::from(f32::EPSILON) * largest,
        "the precisions are {off:e} apart of {largest:e}"
    );
}

#[test]
fn batch_normalization_of_images_is_over_all_places() {
    let mut numbers = generator(1, b"convolutions/norm", 0);
    let images = gaussian(6, IMAGES.features(), &mut numbers);
    let places = images.to_shape((6 * IMAGES.places(), IMAGES.channels)).unwrap();
    let of = |norm: BatchNorm| Network::of(vec![Layer::BatchNorm(norm)]);
    let (mut by_channel, mut by_rows) = (of(BatchNorm::per_channel(IMAGES)), of(BatchNorm::new(IMAGES.channels)));
    let pair = (by_channel.embed_batch(images.view()), by_rows.embed_batch(places.view()));
    assert_eq!(pair.0.as_slice(), pair.1.as_slice());
    for (network, features) in [(&mut by_channel, images.view()), (&mut by_rows, places.view())] {
        let pass = network.forward(Input { rows: &[], features });
        network.remember(&pass);
    }
    let pair = (by_channel.embed_features(images.view()), by_rows.embed_features(places.view()));
    assert_eq!(pair.0.as_slice(), pair.1.as_slice());
}

#[test]
fn layers_that_do_not_fit_their_images_are_refused() {
    let linear = |outputs, inputs| Linear::new(Array2::zeros((outputs, inputs)), None);
    let refused = |build: &(dyn Fn() + std::panic::RefUnwindSafe)| std::panic::catch_unwind(build).is_err();
    let empty = Shape { channels: 0, ..IMAGES };
    assert!(!refused(&|| drop(Convolution::new(IMAGES, 3, 2, linear(3, 18)))));
    assert!(refused(&|| drop(Convolution::new(IMAGES, 3, 2, linear(3, 9)))));
    assert!(refused(&|| drop(Convolution::new(IMAGES, 2, 1, linear(3, 8)))));
    assert!(refused(&|| drop(Convolution::new(IMAGES, 3, 0, linear(3, 18)))));
    assert!(refused(&|| drop(Convolution::new(empty, 3, 1, linear(3, 0)))));
    assert!(refused(&|| {
        AveragePool::new(empty);
    }));
    assert!(refused(&|| drop(Convolutional::new(IMAGES, &[], 4))));
    assert!(refused(&|| drop(Convolutional::new(IMAGES, &[4, 0], 4))));
    let convolution = Convolution::new(IMAGES, 3, 2, linear(3, 18));
    let output = convolution.output();
    assert_eq!(output, Shape { channels: 3, height: 3, width: 2 });
    let after = |layer: Layer| {
        move || {
            drop(Network::of(vec![Layer::Convolution(Convolution::new(IMAGES, 3, 2, linear(3, 18))), layer.clone()]))
        }
    };
    assert!(!refused(&after(Layer::AveragePool(AveragePool::new(output)))));
    assert!(refused(&after(Layer::AveragePool(AveragePool::new(IMAGES)))));
    assert!(!refused(&after(Layer::BatchNorm(BatchNorm::per_channel(output)))));
    assert!(refused(&after(Layer::BatchNorm(BatchNorm::new(3)))));
}
