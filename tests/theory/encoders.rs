//! What the paper says of encoders: orthogonality once inputs share parameters (statement S4), norms as confidence
//! (statement S5), and the levers (statement S6); what a cut is (statement S7) and a learning rate from one step (statement S9)
//! have files of their own.

mod advised_rates;
mod cuts;

use crate::support;
use cuts::convolved;

use embedding_norms::confidence::{Neighbours, spearman_within};
use embedding_norms::data::mixture::Mixture;
use embedding_norms::encoder::{Encoder, Input, Network, Table};
use embedding_norms::loss::{Batch, Loss, SupervisedInfoNce};
use embedding_norms::normalization::{GradScale, pullback};
use embedding_norms::optimizer::{GradientDescent, WeightDecay};
use embedding_norms::random::generator;
use embedding_norms::sphere::{norm_of, normalize};
use embedding_norms::training::{Labelled, Method, Trainer, Views};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::Rng;
use support::embeddings::gaussian;
use support::training::{batch, loss_and_gradient, supervised};

/// Embeddings before and after one plain step at this rate, with ∇_j of the mean loss.
fn one_step<E: Encoder + Clone>(encoder: &E, views: &Views, rate: f64) -> [Array2<f64>; 3] {
    let loss = supervised();
    let input = Input { rows: &views.rows, features: views.first.view() };
    let before = encoder.embed(input);
    let directions = normalize(before.view()).unwrap();
    let batch = Batch::one_view(&directions).unwrap().with_positives(views.positives.as_ref().unwrap()).unwrap();
    let evaluation = loss.evaluate(&batch).unwrap();
    let gradients = pullback(&directions, evaluation.first.view()) / evaluation.rows as f64;
    let mut trainer = Trainer::new(encoder.clone(), Method::new(&loss, &GradientDescent, rate).unwrap()).unwrap();
    trainer.step(views).unwrap();
    [before, trainer.encoder().embed(input), gradients]
}

/// The largest |z·Δz|/(‖z‖‖Δz‖) over the embeddings that moved in one step of plain descent.
fn radial_share<E: Encoder + Clone>(encoder: &E, rate: f64) -> f64 {
    let [before, after, _] = one_step(encoder, &batch(12, 5, 9), rate);
    let displacement = after - &before;
    let shares = before
        .rows()
        .into_iter()
        .zip(displacement.rows())
        .map(|(z, moved)| z.dot(&moved).abs() / (z.dot(&z) * moved.dot(&moved)).sqrt());
    shares.fold(0.0, f64::max)
}

#[test]
fn s4_a_step_is_orthogonal_to_embeddings_of_their_own_and_not_to_those_that_share_parameters() {
    let mut numbers = generator(9, b"encoders/radial", 0);
    let embeddings = gaussian(12, 4, &mut numbers);
    let lengths = Array1::from_shape_fn(12, |row| 0.5 + 0.25 * row as f64);
    assert!(radial_share(&Table::free(embeddings.clone()), 0.5) < 1e-14);
    assert!(radial_share(&Table::linear(embeddings, lengths), 0.5) < 1e-14);
    // Sharing: a finite share, however small the step, so that it is no effect of the step's size.
    for rate in [0.5, 1e-6] {
        assert!(radial_share(&Network::draw(&[5, 4], false, &mut numbers), rate) > 0.1);
        assert!(radial_share(&Network::draw(&[5, 16, 4], true, &mut numbers), rate) > 0.1);
    }
}

/// ⟨θ, ∂L/∂θ⟩ over the groups, as a share of ‖θ‖‖∂L/∂θ‖.
fn parameter_share(network: &Network, groups: std::ops::Range<usize>) -> f64 {
    let (_, gradient) = loss_and_gradient(network, &batch(12, 5, 9));
    let before: usize = network.groups()[..groups.start].iter().map(|group| group.len()).sum();
    let parameters = Array1::from(network.groups()[groups].concat());
    let gradient = Array1::from(gradient[before..before + parameters.len()].to_vec());
    parameters.dot(&gradient).abs() / (parameters.dot(&parameters) * gradient.dot(&gradient)).sqrt()
}

#[test]
fn s4_orthogonality_moves_to_the_parameters() {
    let mut numbers = generator(10, b"encoders/parameters", 0);
    let (with, without) =
        (Network::draw(&[5, 16, 4], true, &mut numbers), Network::draw(&[5, 16, 4], false, &mut numbers));
    // The last layer with its bias; every layer where there are no biases.
    assert!(parameter_share(&with, 2..4) < 1e-14);
    assert!(parameter_share(&without, 0..1) < 1e-14 && parameter_share(&without, 1..2) < 1e-14);
    assert!(parameter_share(&Network::draw(&[5, 4], false, &mut numbers), 0..1) < 1e-14);
    // Of convolutions the same: each is a linear map of its windows.
    let (convolved_with, convolved_without) =
        (convolved().draw(&mut numbers), convolved().without_biases().draw(&mut numbers));
    assert!(parameter_share(&convolved_with, 4..6) < 1e-14);
    assert!((0..3).all(|layer| parameter_share(&convolved_without, layer..layer + 1) < 1e-14));
    assert!(parameter_share(&convolved_with, 0..2) > 1e-6 && parameter_share(&convolved_with, 2..4) > 1e-6);
    // Negative controls: the last weights without their bias, and the first layer where there are biases.
    assert!(parameter_share(&with, 2..3) > 1e-6 && parameter_share(&with, 0..2) > 1e-6);
}

/// Spearman's ρ of norms with the distance to the tenth neighbour: among directions, and among other points.
fn density(embeddings: ArrayView2<'_, f64>, points: ArrayView2<'_, f64>, labels: &[usize]) -> [f64; 2] {
    let norms: Vec<f64> = embeddings.rows().into_iter().map(norm_of).collect();
    [embeddings, points].map(|points| {
        let distances = Neighbours::among(points, 10).unwrap().farthest();
        spearman_within(&norms, &distances, labels).unwrap().mean
    })
}

#[test]
fn s5_normalization_itself_spreads_short_embeddings() {
    let mut numbers = generator(12, b"encoders/sheet", 0);
    // A plane beside the origin, evenly covered: the density of the points is the same everywhere.
    let mut sheet = Array2::ones((1_000, 3));
    sheet.slice_axis_mut(Axis(1), (0..2).into()).mapv_inplace(|_| 4.0 * numbers.random::<f64>() - 2.0);
    let [found, _] = density(sheet.view(), sheet.view(), &[0; 1_000]);
    assert!(found < -0.7, "{found}");
    // Negative control: the same directions with the same norms permuted.
    let units = normalize(sheet.view()).unwrap();
    let lengths = units.norms().iter().rev().copied().collect::<Array1<f64>>().insert_axis(Axis(1));
    let [dealt_anew, _] = density((&units.units() * &lengths).view(), sheet.view(), &[0; 1_000]);
    assert!(dealt_anew.abs() < 0.1, "{dealt_anew}");
}

#[test]
fn s5_training_writes_density_into_norms_and_an_untrained_network_only_seems_to_know_it() {
    let mixture = Mixture::new(&[1.0; 4], 0.1, 10).unwrap().observed(64, 10.0).unwrap();
    let loss = SupervisedInfoNce::one_positive(1.0).unwrap();
    let found = [0, 1, 2, 3].map(|replicate| {
        let mut numbers = generator(13, b"encoders/density", replicate);
        let drawn = mixture.draw(1_000, &mut numbers).unwrap();
        let rows: Vec<usize> = (0..1_000).collect();
        let input = Input { rows: &rows, features: drawn.features.view() };
        let network = Network::draw(&[64, 64, 10], true, &mut numbers);
        let mut trainer = Trainer::new(network, Method::new(&loss, &GradientDescent, 0.01).unwrap()).unwrap();
        let untrained = density(trainer.encoder().embed(input).view(), drawn.latent.view(), &drawn.labels);
        let source = Labelled::new(drawn.features.view(), &drawn.labels);
        for _ in 0..60 {
            trainer.epoch(&source, 128, &mut numbers).unwrap();
        }
        [untrained, density(trainer.encoder().embed(input).view(), drawn.latent.view(), &drawn.labels)]
    });
    let mean = |state: usize, among: usize| found.iter().map(|found| found[state][among]).sum::<f64>() / 4.0;
    // Among directions both seem to know; among the points themselves the trained network alone does.
    assert!(mean(0, 0) < -0.2 && mean(1, 0) < -0.2, "{found:?}");
    assert!(mean(0, 1).abs() < 0.1 && mean(1, 1) < -0.15, "{found:?}");
}

fn largest(values: &Array2<f64>) -> f64 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

#[test]
fn s4_the_kernel_of_inputs_moves_linear_encoders() {
    let mut numbers = generator(11, b"encoders/kernel", 0);
    let views = batch(12, 5, 11);
    let lengths = Array1::from_shape_fn(12, |row| 0.5 + 0.25 * row as f64);
    let embeddings = gaussian(12, 4, &mut numbers);
    let gram = views.first.dot(&views.first.t());
    let squares = Array2::from_diag(&lengths.mapv(|length| length * length));
    let identity = Array2::eye(12);
    let left = |[before, after, gradients]: [Array2<f64>; 3], kernel: &Array2<f64>, rate: f64| {
        let displacements = &after - &before;
        largest(&(&displacements + &(kernel.dot(&gradients) * rate))) / largest(&displacements)
    };
    for rate in [0.01, 3.0] {
        let free = one_step(&Table::free(embeddings.clone()), &views, rate);
        let row = one_step(&Table::linear(embeddings.clone(), lengths.clone()), &views, rate);
        let shared = one_step(&Network::draw(&[5, 4], false, &mut numbers), &views, rate);
        assert!(left(free, &identity, rate) < 1e-12);
        assert!(left(row.clone(), &squares, rate) < 1e-12);
        assert!(left(shared.clone(), &gram, rate) < 1e-12);
        // With the kernel of another encoder the displacements are not met.
        assert!(left(row, &identity, rate) > 0.1 && left(shared, &identity, rate) > 0.1);
    }
}

/// Coordinates of the directions of a batch over some steps of contrastive descent from a network that is cut by c.
fn cut_path(bias: bool, cut: f64, rate: f64, power: f64, decay: f64) -> Vec<f64> {
    let mut numbers = generator(10, b"encoders/levers", 0);
    let mut network = Network::draw(&[5, 16, 12, 4], bias, &mut numbers);
    network.cut(cut).unwrap();
    let loss = supervised();
    let method = Method::new(&loss, &GradientDescent, rate)
        .unwrap()
        .grad_scale(GradScale::new(power).unwrap())
        .decay(WeightDecay::coupled(decay).unwrap());
    let mut trainer = Trainer::new(network, method).unwrap();
    let mut path = Vec::new();
    for seed in 0..20 {
        let views = batch(12, 5, seed);
        trainer.step(&views).unwrap();
        let embeddings = trainer.encoder().embed(Input { rows: &views.rows, features: views.first.view() });
        path.extend(normalize(embeddings.view()).unwrap().units().iter());
    }
    path
}

#[test]
fn s6_without_biases_a_cut_by_c_is_the_learning_rate_times_c_to_the_2_minus_pl_bit_for_bit() {
    const LAYERS: f64 = 3.0;
    const CUT: f64 = 4.0;
    for (power, decay) in [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (0.0, 0.05), (1.0, 0.05)] {
        let exponent = 2.0 - power * LAYERS;
        let rate = 0.25;
        let whole = cut_path(false, 1.0, rate, power, decay);
        // The product of rate and decay stays, so that decay goes as the inverse of the rate.
        let cut = |exponent: f64, off: f64| {
            let factor = CUT.powf(exponent + off);
            cut_path(false, CUT, rate / factor, power, decay * factor)
        };
        assert_eq!(cut(exponent, 0.0), whole, "p = {power}, λ = {decay}");
        assert!(cut(exponent, 1.0) != whole && cut(exponent, -1.0) != whole);
        // Biases are divided by c as well, but they are not the only way to the output.
        let biased = cut_path(true, CUT, rate / CUT.powf(exponent), power, decay * CUT.powf(exponent));
        assert!(biased != cut_path(true, 1.0, rate, power, decay));
    }
}

#[test]
fn s6_cutting_shrinks_outputs_by_c_per_layer_exactly_without_biases_and_less_with_them() {
    let mut numbers = generator(6, b"encoders/cut", 0);
    let features = gaussian(20, 16, &mut numbers);
    let input = Input { rows: &(0..20).collect::<Vec<_>>(), features: features.view() };
    for (bias, exact) in [(false, true), (true, false)] {
        let whole = Network::draw(&[16, 32, 32, 8], bias, &mut numbers);
        let mut cut = whole.clone();
        cut.cut(4.0).unwrap();
        let (before, after) = (whole.embed(input), cut.embed(input));
        assert_eq!(after == before.mapv(|value| value / 64.0), exact, "biases: {bias}");
        assert!(cut.cut(0.0).is_err() && cut.cut(f64::NAN).is_err());
    }
}

/// The median over a batch of the norm before a cut by 3 over the norm after it.
fn shrunk_by_three(layers: usize, bias: bool, seed: u64) -> f64 {
    let mut numbers = generator(seed, b"encoders/shrunk", 0);
    let features = gaussian(41, 64, &mut numbers);
    let input = Input { rows: &(0..41).collect::<Vec<_>>(), features: features.view() };
    let mut widths = vec![64; layers];
    widths.push(16);
    let mut network = Network::draw(&widths, bias, &mut numbers);
    let before = normalize(network.embed(input).view()).unwrap();
    network.cut(3.0).unwrap();
    let after = normalize(network.embed(input).view()).unwrap();
    let mut ratios: Vec<f64> = before.norms().iter().zip(after.norms()).map(|(x, y)| x / y).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[20]
}

#[test]
fn s6_outputs_shrink_by_c_to_the_layers_without_biases_and_by_less_with_them() {
    for seed in 0..20 {
        for (layers, power) in [(1, 3.0), (2, 9.0), (3, 27.0)] {
            assert!((shrunk_by_three(layers, false, seed) / power - 1.0).abs() < 1e-12);
            let biased = shrunk_by_three(layers, true, seed);
            match layers {
                1 => assert!((biased / power - 1.0).abs() < 1e-12),
                _ => assert!(3.0 < biased && biased < 0.99 * power, "{layers} layers: {biased}"),
            }
        }
    }
}
