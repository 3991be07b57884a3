//! What the paper says of encoders: orthogonality once inputs share parameters (statement S4), norms as confidence
//! (statement S5), the levers (statement S6), what a cut is (statement S7), and a learning rate from one step (statement S9).

use crate::support;

use embedding_norms::confidence::{Neighbours, spearman_within};
use embedding_norms::data::mixture::Mixture;
use embedding_norms::encoder::{Convolutional, Encoder, Input, Layer, Network, Perceptron, Precision, Shape, Table};
use embedding_norms::loss::{Batch, Loss, NegativeCosine, NtXent, SupervisedInfoNce};
use embedding_norms::normalization::{GradScale, pullback};
use embedding_norms::optimizer::{Adam, GradientDescent, HeavyBall, Lars, Optimizer, WeightDecay, entry};
use embedding_norms::random::generator;
use embedding_norms::rules;
use embedding_norms::sphere::{Directions, angle as angle_between, norm_of, normalize};
use embedding_norms::theory::encoders::{
    Broken, Cut, LARGEST_TURN, NETWORKS, NoRate, Piece, Rotation, SMALLEST_ANGLE, independent_steps, lasting_steps,
    network,
};
use embedding_norms::theory::scaling::Decay;
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

/// A rule with degrees of its own, its settings such that nothing but parameters and gradients has a scale.
fn rules() -> Vec<(&'static str, Box<dyn Optimizer>, f64)> {
    vec![
        ("gradient-descent", Box::new(GradientDescent), 0.02),
        ("heavy-ball", Box::new(HeavyBall::new(0.9).unwrap()), 0.02),
        ("adam", Box::new(Adam::new(0.9, 0.999, 0.0).unwrap()), 0.01),
        ("lars", Box::new(Lars::new(0.9, 0.01, 0.0).unwrap()), 1.0),
    ]
}

/// A network of each kind of the theory, with its predictor if it has one.
fn networks() -> Vec<(&'static str, Network, Option<Network>)> {
    let mut numbers = generator(14, b"encoders/kinds", 0);
    let plan = Perceptron::new(&[5, 16, 12, 4]);
    let throughout = plan.clone().without_biases().batch_norm().normalized_outputs();
    let predictor = |last: bool| Perceptron::new(&[4, 6, 4]).without_biases().batch_norm().last_bias(last);
    let residual = Perceptron::new(&[5, 16, 4]).without_biases().batch_norm().normalized_outputs().residual_blocks(1);
    let plans = [
        ("no-biases", plan.clone().without_biases(), None),
        ("biases", plan.clone(), None),
        ("batch-norm", throughout.clone(), None),
        ("batch-norm-last-linear", plan.clone().batch_norm(), None),
        ("layer-norm", plan.clone().without_biases().layer_norm().normalized_outputs(), None),
        ("layer-norm-biases", plan.layer_norm().normalized_outputs(), None),
        ("residual-batch-norm", residual, None),
        ("simsiam", throughout.clone(), Some(predictor(true))),
        ("simsiam-no-last-bias", throughout, Some(predictor(false))),
    ];
    plans.map(|(kind, plan, head)| (kind, plan.draw(&mut numbers), head.map(|head| head.draw(&mut numbers)))).into()
}

/// Convolutional networks of the kinds of the theory, to which a convolution is a linear layer, and a mean over places scales
/// as a rectifier does.
fn convolutional_networks() -> Vec<(&'static str, Network, Option<Network>)> {
    let mut numbers = generator(14, b"encoders/convolutions", 0);
    let plans = [
        ("no-biases", convolved().without_biases()),
        ("biases", convolved()),
        ("batch-norm", convolved().batch_norm().normalized_outputs()),
    ];
    plans.map(|(kind, plan)| (kind, plan.draw(&mut numbers), None)).into()
}

fn is_convolutional(network: &Network) -> bool {
    network.layers().iter().any(|layer| matches!(layer, Layer::Convolution(_)))
}

/// Two convolutions and a linear layer, for images of one row of five places.
fn convolved() -> Convolutional {
    Convolutional::new(Shape { channels: 1, height: 1, width: 5 }, &[8, 6], 4)
}

/// Losses and embeddings of 12 steps of a network whose tensors are divided by c^power, whose ε are divided by c^power too,
/// and whose tensors are trained at rates times c^exponent.
fn scaled_path(
    (encoder, predictor): (&Network, &Option<Network>),
    rule: &dyn Optimizer,
    rate: f64,
    c: f64,
    powers: &[u32],
    epsilons: &[u32],
    exponents: &[f64],
) -> Vec<f64> {
    let divided = |powers: &[u32]| powers.iter().map(|&power| c.powi(power as i32)).collect::<Vec<f64>>();
    let (mut encoder, mut predictor) = (encoder.clone(), predictor.clone());
    let split = encoder.groups().len();
    let norms = |network: &Network| network.layers().iter().map(normalizations).sum::<usize>();
    let inverse = divided(epsilons).iter().map(|divisor| 1.0 / divisor).collect::<Vec<f64>>();
    let own = norms(&encoder);
    encoder.scale_epsilons(&inverse[..own]).unwrap();
    encoder.cut_each(&divided(&powers[..split])).unwrap();
    if let Some(predictor) = &mut predictor {
        predictor.scale_epsilons(&inverse[own..]).unwrap();
        predictor.cut_each(&divided(&powers[split..])).unwrap();
    }
    let (contrastive, cosine) = (NtXent::new(0.5).unwrap(), NegativeCosine::with_stop_gradient());
    let loss: &dyn Loss = if predictor.is_some() { &cosine } else { &contrastive };
    let method = Method::new(loss, rule, rate).unwrap();
    let trainer = match predictor {
        None => Trainer::new(encoder, method),
        Some(predictor) => Trainer::with_predictor(encoder, predictor, method),
    };
    let factors: Vec<f64> = exponents.iter().map(|&exponent| c.powf(exponent)).collect();
    let mut trainer = trainer.unwrap().rate_factors(&factors).unwrap();
    let mut path = Vec::new();
    for seed in 0..12 {
        let [first, second] = [0, 100].map(|view| batch(12, 5, seed + view).first);
        let views = Views { rows: (0..12).collect(), first, second: Some(second), labels: None, positives: None };
        path.push(trainer.step(&views).unwrap());
        path.extend(normalize(trainer.encoder().embed_batch(views.first.view()).view()).unwrap().units().iter());
    }
    path
}

fn normalizations(layer: &Layer) -> usize {
    match layer {
        Layer::BatchNorm(_) | Layer::LayerNorm(_) => 1,
        Layer::Residual(layers) => layers.iter().map(normalizations).sum(),
        _ => 0,
    }
}

fn far(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).fold(0.0, |far: f64, (x, y)| far.max((x - y).abs()))
}

#[test]
fn s7_a_cut_is_a_learning_rate_bit_for_bit_exactly_where_the_theory_says_so() {
    const CUT: f64 = 4.0;
    let rounded = networks().into_iter().chain(convolutional_networks()).map(|(kind, encoder, predictor)| {
        let single = |network: Network| network.in_precision(Precision::Single);
        (kind, single(encoder), predictor.map(single))
    });
    for (kind, encoder, predictor) in networks().into_iter().chain(convolutional_networks()).chain(rounded) {
        let cut = Cut::of(&network(kind).unwrap()).unwrap();
        let layers = std::iter::once(&encoder).chain(&predictor).flat_map(Network::layers).cloned();
        let pieces = rules::pieces(&layers.collect::<Vec<_>>());
        assert!(pieces == network(kind).unwrap() || is_convolutional(&encoder), "{kind}: {pieces:?}");
        assert_eq!(Cut::of(&pieces).unwrap(), cut, "{kind}");
        let (tensors, none) = (cut.powers.len(), vec![0; cut.epsilons.len()]);
        let ones = vec![1; tensors];
        for (name, rule, rate) in rules() {
            let path = |c: f64, rate: f64, powers: &[u32], epsilons: &[u32], exponents: &[f64]| {
                scaled_path((&encoder, &predictor), &*rule, rate, c, powers, epsilons, exponents)
            };
            let same = cut.equivalent(&rules::scaling(entry(name).unwrap()), 0.0, None);
            let flat = vec![0.0; tensors];
            let whole = path(1.0, rate * CUT.powf(same.rate), &ones, &none, &flat);
            let plain = path(CUT, rate, &ones, &cut.epsilons, &flat);
            assert_eq!(plain == whole, cut.plain.is_ok(), "{kind} under {name}: {:e} apart", far(&plain, &whole));
            // The cut by layer follows everywhere, with rates of its own.
            let exponents: Vec<f64> = cut.powers.iter().map(|&power| same.rate_exponent_of(power)).collect();
            assert!(path(CUT, rate, &cut.powers, &cut.epsilons, &exponents) == whole, "{kind} under {name}, by layer");
            // Controls: the plain cut of what it is no rate for is far away; another rate is, too; and so are the biases of a
            // cut by layer without rates of their own, unless the rule does without.
            if cut.plain.is_err() {
                assert!(far(&plain, &whole) > 1e-3, "{kind} under {name}");
                let common = path(CUT, rate, &cut.powers, &cut.epsilons, &flat);
                assert_eq!(common == whole, same.rate == 0.0, "{kind} under {name}");
            }
            let other = path(1.0, rate * CUT.powf(same.rate + 1.0), &ones, &none, &flat);
            assert!(far(&other, &whole) > 1e-3, "{kind} under {name}");
        }
    }
}

#[test]
fn s7_the_epsilon_of_a_normalization_goes_with_the_square_of_its_inputs() {
    let (_, encoder, predictor) = networks().swap_remove(2);
    let cut = Cut::of(&network("batch-norm").unwrap()).unwrap();
    // Behind the first layer inputs shrink as c, behind later ones as c²: a normalized layer and weights.
    assert_eq!(cut.epsilons, [2, 4, 4]);
    let flat = vec![0.0; cut.powers.len()];
    let path = |c: f64, rate: f64, epsilons: &[u32]| {
        scaled_path((&encoder, &predictor), &GradientDescent, rate, c, &cut.powers, epsilons, &flat)
    };
    let whole = path(1.0, 0.32, &[0, 0, 0]);
    assert!(path(4.0, 0.02, &cut.epsilons) == whole);
    for wrong in [[0, 0, 0], [2, 2, 2], [4, 4, 4]] {
        assert!(path(4.0, 0.02, &wrong) != whole, "{wrong:?}");
    }
    // At a cut that is no power of two it is rounding that is left.
    assert!(far(&path(3.0, 0.32 / 9.0, &cut.epsilons), &whole) < 1e-9);
}

#[test]
fn s7_what_decay_and_gradscale_become() {
    let cut = |kind: &str| Cut::of(&network(kind).unwrap()).unwrap();
    let exponents = |rule: &str, p: f64, decay: Option<Decay>| {
        let found = cut("no-biases").rate(&rules::scaling(entry(rule).unwrap()), p, decay).unwrap();
        (found.rate, found.decay, found.epsilon)
    };
    assert_eq!(exponents("heavy-ball", 0.0, Some(Decay::Coupled)), (2.0, Some(-2.0), -1.0));
    assert_eq!(exponents("heavy-ball", 0.0, Some(Decay::Decoupled)), (2.0, Some(-2.0), -1.0));
    assert_eq!(exponents("adamw", 0.0, None), (1.0, Some(-1.0), -1.0));
    assert_eq!(exponents("adam", 0.0, Some(Decay::Coupled)), (1.0, Some(-2.0), -1.0));
    assert_eq!(exponents("lars", 0.0, None), (0.0, Some(-2.0), -1.0));
    assert_eq!(exponents("lamb", 0.0, None), (0.0, Some(-1.0), -1.0));
    // Three layers under GradScale with p = 1: S6's 2 − pl. Behind a last normalization outputs shrink as c alone.
    assert_eq!(exponents("gradient-descent", 1.0, None).0, -1.0);
    let normalized = cut("batch-norm").rate(&rules::scaling(entry("gradient-descent").unwrap()), 1.0, None).unwrap();
    assert_eq!(normalized.rate, 1.0);
    let rule = &rules::scaling(entry("adam").unwrap());
    assert_eq!(cut("biases").rate(rule, 0.0, None), Err(Broken::Bias { layer: 2, power: 2 }));
    assert_eq!(cut("simsiam").rate(rule, 0.0, None), Err(Broken::Bias { layer: 5, power: 2 }));
    let block = [Piece::Linear { bias: false }, Piece::Residual(vec![Piece::Linear { bias: false }])];
    assert_eq!(Cut::of(&block), Err(Broken::Residual { inner: 2, outer: 1 }));
    assert!(NETWORKS.iter().all(|kind| network(kind).is_some()) && network("transformer").is_none());
}

/// A pair of equal norms in the plane after one plain step on −cos φ: what both members turned by, and the angle left.
fn step_of_pair(norm: f64, angle: f64, rate: f64) -> (f64, f64) {
    let at = |angle: f64| Array1::from(vec![norm * angle.cos(), norm * angle.sin()]);
    let pair = [at(0.3), at(0.3 + angle)];
    let moved = [0, 1].map(|member| {
        let (own, other) = (&pair[member] / norm, &pair[1 - member] / norm);
        let tangent = &other - &own * own.dot(&other);
        &pair[member] + &(tangent * (rate / norm))
    });
    let between = |x: &Array1<f64>, y: &Array1<f64>| {
        let (x, y) = (x / norm_of(x.view()), y / norm_of(y.view()));
        angle_between(x.view(), y.view())
    };
    (between(&pair[0], &moved[0]), between(&moved[0], &moved[1]))
}

#[test]
fn s9_one_step_aligns_a_pair_at_the_rate_that_any_small_step_advises() {
    let mut numbers = generator(15, b"encoders/advice", 0);
    for _ in 0..200 {
        let norm = 10_f64.powf(numbers.random_range(-3.0..3.0));
        let angle: f64 = numbers.random_range(SMALLEST_ANGLE..3.0);
        // A member turns by a, tan a = γ sin φ/ρ², from a millionth of a radian to the largest turn that is taken.
        let turn = LARGEST_TURN * 10_f64.powf(numbers.random_range(-5.5..0.0));
        let rate = turn.tan() * norm * norm / angle.sin();
        let (turned, _) = step_of_pair(norm, angle, rate);
        let step = Rotation { positives: &[angle; 20], turned: &[turned; 20], steps: 1, memory: 0.0 };
        let Ok(factor) = step.rate_factor(1.0) else { panic!("{angle} {turned}: {:?}", step.rate_factor(1.0)) };
        let left = |factor: f64| step_of_pair(norm, angle, rate * factor).1;
        assert!(left(factor.value) < 1e-8, "{norm} {angle} {turn}: {} left", left(factor.value));
        // Controls: the root and the square of it, and half as much again.
        for wrong in [factor.value.sqrt(), factor.value * factor.value, 1.5 * factor.value] {
            let is_other = (wrong / factor.value).ln().abs() > 0.1;
            assert!(!is_other || left(wrong) > 1e-3, "{norm} {angle} {turn}: {wrong} aligns too");
        }
    }
}

/// The rate that one step of a network at a rate advises.
fn advised((encoder, predictor): (&Network, &Option<Network>), rule: &dyn Optimizer, rate: f64, memory: f64) -> f64 {
    let (contrastive, cosine) = (NtXent::new(0.5).unwrap(), NegativeCosine::with_stop_gradient());
    let loss: &dyn Loss = if predictor.is_some() { &cosine } else { &contrastive };
    let method = Method::new(loss, rule, rate).unwrap();
    let trainer = match predictor.clone() {
        None => Trainer::new(encoder.clone(), method),
        Some(predictor) => Trainer::with_predictor(encoder.clone(), predictor, method),
    };
    let [first, second] = [0, 100].map(|view| batch(12, 5, view).first);
    let views = Views { rows: (0..12).collect(), first, second: Some(second), labels: None, positives: None };
    let directions =
        |encoder: &Network, rows: &Array2<f64>| normalize(encoder.embed_batch(rows.view()).view()).unwrap();
    let angles = |x: &Directions, y: &Directions| -> Vec<f64> {
        x.units().rows().into_iter().zip(y.units().rows()).map(|(x, y)| angle_between(x, y)).collect()
    };
    let start = directions(encoder, &views.first);
    let positives = angles(&start, &directions(encoder, views.second.as_ref().unwrap()));
    let mut trainer = trainer.unwrap();
    trainer.step(&views).unwrap();
    let turned = angles(&start, &directions(trainer.encoder(), &views.first));
    rate * Rotation { positives: &positives, turned: &turned, steps: 1, memory }.rate_factor(1.0).unwrap().value
}

#[test]
fn s9_the_advised_rate_of_a_network_does_not_depend_on_the_rate_of_a_small_step() {
    for (kind, encoder, predictor) in networks() {
        for (name, rule, _) in rules() {
            let memory = if matches!(name, "heavy-ball" | "lars") { 0.9 } else { 0.0 };
            let advice = |rate: f64| advised((&encoder, &predictor), &*rule, rate, memory);
            // What turns embeddings by about 1e-2, 1e-3 and 1e-4 of the best.
            let unit = advice(if name == "lars" { 1e-3 } else { 1e-5 });
            let [coarse, middle, fine] = [1e-2, 1e-3, 1e-4].map(|share| advice(share * unit));
            let [first, second] = [(coarse / middle).ln().abs(), (middle / fine).ln().abs()];
            assert!(first < 0.05 && second < 0.005, "{kind} under {name}: {coarse} {middle} {fine}");
            // Control: with x proportional to the root or the square of the rate, advice would move by a decade's power.
            for power in [0.5, 2.0] {
                let other = |share: f64, advised: f64| share * unit * (advised / (share * unit)).powf(power);
                assert!((other(1e-2, coarse) / other(1e-3, middle)).ln().abs() > 1.0, "{kind} under {name}");
            }
        }
    }
}

#[test]
fn s9_a_step_that_tells_nothing_is_refused() {
    let factor = |positives: f64, turned: f64, samples: usize| {
        let (positives, turned) = (vec![positives; samples], vec![turned; samples]);
        Rotation { positives: &positives, turned: &turned, steps: 1, memory: 0.0 }.rate_factor(1.0).map(|x| x.value)
    };
    assert!((factor(1.0, 0.1, 30).unwrap() - 0.5_f64.tan() / 0.1_f64.tan()).abs() < 1e-12);
    assert_eq!(factor(1.0, 0.0, 30), Err(NoRate::Still { turned: 0.0 }));
    assert_eq!(factor(1.0, 1e-9, 30), Err(NoRate::Still { turned: 1e-9 }));
    assert_eq!(factor(1.0, 1.5, 30), Err(NoRate::Far { turned: 1.5 }));
    assert_eq!(factor(1e-5, 0.1, 30), Err(NoRate::Agreed { angle: 1e-5 }));
    assert_eq!(factor(1.0, 0.1, 4), Err(NoRate::Few { samples: 4 }));
    for wrong in [-0.1, 3.2, f64::NAN, f64::INFINITY] {
        assert!(matches!(factor(1.0, wrong, 30), Err(NoRate::Angle(_))), "{wrong}");
        assert!(matches!(factor(wrong, 0.1, 30), Err(NoRate::Angle(_))), "{wrong}");
    }
    let (positives, turned) = ([1.0; 30], [0.1; 30]);
    for (steps, memory) in [(0, 0.0), (1, 1.0), (1, -0.1), (1, f64::NAN)] {
        let refused = Rotation { positives: &positives, turned: &turned, steps, memory }.rate_factor(1.0);
        assert!(matches!(refused, Err(NoRate::Angle(_))), "{steps} {memory}");
    }
}

#[test]
fn s9_steps_from_rest_under_momentum_come_to_fewer_lasting_ones() {
    for (beta, steps) in [(0.0, 1_u64), (0.0, 7), (0.5, 3), (0.9, 1), (0.9, 10), (0.99, 50)] {
        // Heavy ball under a gradient of −1 that stays.
        let rule = HeavyBall::new(beta).unwrap();
        let (mut update, mut place) = (rule.start(&[1]), [0.0]);
        (0..steps).for_each(|_| update.step(0, 1e-3, &mut place, &[-1.0]));
        let lasting = place[0] * (1.0 - beta) / 1e-3;
        assert!((lasting_steps(steps, beta) / lasting - 1.0).abs() < 1e-12, "{beta} {steps}: {lasting}");
        assert!(beta == 0.0 || lasting < 0.9 * steps as f64, "a control: momentum warms up");
    }
}

#[test]
fn s9_independent_steps_from_rest_come_to_the_root_of_the_sum_of_their_squares() {
    for (beta, steps) in [(0.0, 1_usize), (0.0, 9), (0.5, 3), (0.9, 1), (0.9, 10), (0.99, 50)] {
        // Heavy ball under gradients at right angles to each other.
        let rule = HeavyBall::new(beta).unwrap();
        let (mut update, mut place) = (rule.start(&[steps]), vec![0.0; steps]);
        for step in 0..steps {
            let mut gradient = vec![0.0; steps];
            gradient[step] = -1.0;
            update.step(0, 1e-3, &mut place, &gradient);
        }
        let way = place.iter().map(|x| x * x).sum::<f64>().sqrt() * (1.0 - beta) / 1e-3;
        assert!((independent_steps(steps as u64, beta) / way - 1.0).abs() < 1e-10, "{beta} {steps}: {way}");
        let one_way = lasting_steps(steps as u64, beta);
        assert!(steps == 1 || way < 0.9 * one_way, "a control: steps in one direction come further");
    }
}

#[test]
fn s9_intervals_hold_the_factor_as_often_as_they_say() {
    // Angles spread by a factor of e; the medians are 0.8 and 0.01.
    let mut numbers = generator(16, b"encoders/coverage", 0);
    let truth = 0.4_f64.tan() / 0.01_f64.tan();
    let (mut held, mut narrowed, draws) = (0, 0, 2000);
    for _ in 0..draws {
        let mut spread = |median: f64, n: usize| -> Vec<f64> {
            (0..n).map(|_| median * numbers.random_range(-1.0_f64..1.0).exp()).collect()
        };
        let (positives, turned) = (spread(0.8, 40), spread(0.01, 40));
        let found =
            Rotation { positives: &positives, turned: &turned, steps: 1, memory: 0.0 }.rate_factor(1.0).unwrap();
        held += usize::from((found.lower..=found.upper).contains(&truth));
        let third = |end: f64| found.value * (end / found.value).powf(1.0 / 3.0);
        narrowed += usize::from((third(found.lower)..=third(found.upper)).contains(&truth));
    }
    assert!(held >= 95 * draws / 100, "{held} of {draws}");
    assert!(narrowed < 95 * draws / 100, "a control: intervals of a third are too narrow, {narrowed} of {draws}");
}
