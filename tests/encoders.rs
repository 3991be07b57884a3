//! Encoders and their training: backpropagation against Taylor slopes and PyTorch, initialization, batches, and what
//! orthogonality (statements G3 and S4) becomes once inputs share parameters.

mod support;

use embedding_norms::confidence::{Neighbours, spearman_within};
use embedding_norms::data::mixture::Mixture;
use embedding_norms::encoder::{Encoder, Input, Linear, Network, Table};
use embedding_norms::loss::{Batch, Loss, NegativeCosine, NtXent, SupervisedInfoNce};
use embedding_norms::normalization::{GradScale, pullback};
use embedding_norms::optimizer::{AdamW, GradientDescent, HeavyBall, Optimizer, RiemannianDescent, WeightDecay};
use embedding_norms::random::{StandardNormal, generator};
use embedding_norms::sphere::{norm_of, normalize};
use embedding_norms::training::{Labelled, Method, Source, Trainer, TrainingError, Views, batches, draw_positives};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use ndarray_rand::RandomExt;
use rand::Rng;
use serde::Deserialize;
use std::collections::BTreeMap;
use support::embeddings::gaussian;
use support::taylor::{Ladder, Rejection, TOLERANCE, slope};

fn supervised() -> SupervisedInfoNce {
    SupervisedInfoNce::one_positive(0.5).unwrap()
}

/// A batch of one view with drawn positives in three classes.
fn batch(rows: usize, features: usize, seed: u64) -> Views {
    let mut numbers = generator(seed, b"encoders/batch", 0);
    let labels: Vec<usize> = (0..rows).map(|row| row % 3).collect();
    let positives = draw_positives(&labels, &mut numbers).into_iter().map(Option::unwrap).collect();
    Views {
        rows: (0..rows).collect(),
        first: gaussian(rows, features, &mut numbers),
        second: None,
        labels: Some(labels),
        positives: Some(positives),
    }
}

fn flat<E: Encoder>(encoder: &E) -> Vec<f64> {
    encoder.groups().concat()
}

fn set<E: Encoder>(encoder: &mut E, values: &[f64]) {
    let mut rest = values;
    for group in encoder.groups_mut() {
        let (own, later) = rest.split_at(group.len());
        group.copy_from_slice(own);
        rest = later;
    }
}

/// The loss of a batch, and its gradient with respect to all parameters, from one step of plain descent.
fn loss_and_gradient<E: Encoder + Clone>(encoder: &E, views: &Views) -> (f64, Vec<f64>) {
    let loss = supervised();
    let mut trainer = Trainer::new(encoder.clone(), Method::new(&loss, &GradientDescent, 1.0).unwrap()).unwrap();
    let value = trainer.step(views).unwrap();
    let gradient = flat(encoder).iter().zip(flat(trainer.encoder())).map(|(before, after)| before - after).collect();
    (value, gradient)
}

fn taylor<E: Encoder + Clone>(encoder: &E, views: &Views, gradient: &[f64], seed: u64) -> Result<f64, Rejection> {
    let direction =
        Array1::random_using(gradient.len(), StandardNormal, &mut generator(seed, b"encoders/direction", 0)).to_vec();
    let at = flat(encoder);
    let start = loss_and_gradient(encoder, views).0;
    let difference = |step: f64| {
        let mut moved = encoder.clone();
        set(&mut moved, &at.iter().zip(&direction).map(|(x, v)| x + step * v).collect::<Vec<_>>());
        loss_and_gradient(&moved, views).0 - start
    };
    // So small that no hidden unit passes its kink on the way.
    slope(difference, gradient, &direction, Ladder { largest: 5e-5, noise: 4.0 * f64::EPSILON * start.abs() })
}

type Judge = Box<dyn Fn(&[f64]) -> Result<f64, Rejection>>;

/// An encoder's gradient with the means to judge any other in its place.
struct Subject {
    name: &'static str,
    gradient: Vec<f64>,
    judge: Judge,
}

impl Subject {
    fn new<E: Encoder + Clone + 'static>(name: &'static str, encoder: E, seed: u64) -> Self {
        let views = batch(12, 5, seed);
        let gradient = loss_and_gradient(&encoder, &views).1;
        Self { name, gradient, judge: Box::new(move |gradient| taylor(&encoder, &views, gradient, seed)) }
    }
}

/// Everything the Taylor test is done with: perceptrons with and without biases, a shared linear encoder, tables.
fn subjects() -> Vec<Subject> {
    let each = |seed| {
        let mut numbers = generator(seed, b"encoders/every", 0);
        let mut network = |widths: &[usize], bias| Network::draw(widths, bias, &mut numbers);
        let networks = [
            Subject::new("perceptron", network(&[5, 16, 12, 4], true), seed),
            Subject::new("without biases", network(&[5, 16, 12, 4], false), seed),
            Subject::new("shared linear", network(&[5, 4], false), seed),
        ];
        let embeddings = gaussian(12, 4, &mut numbers);
        let lengths = Array1::from_shape_fn(12, |row| 0.5 + 0.25 * row as f64);
        let tables = [
            Subject::new("free", Table::free(embeddings.clone()), seed),
            Subject::new("row per input", Table::linear(embeddings, lengths), seed),
        ];
        networks.into_iter().chain(tables)
    };
    (0..6).flat_map(each).collect()
}

#[test]
fn backpropagation_has_taylor_slope_two_for_every_encoder() {
    for Subject { name, gradient, judge } in subjects() {
        let slope = judge(&gradient).unwrap_or_else(|why| panic!("{name}: {why:?}"));
        assert!((slope - 2.0).abs() < TOLERANCE, "{name}: {slope}");
    }
}

#[test]
fn wrong_gradients_of_every_encoder_are_rejected() {
    for Subject { name, gradient, judge } in subjects() {
        let halved: Vec<f64> = gradient.iter().map(|g| 0.5 * g).collect();
        let flipped: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut one_missing = gradient.clone();
        let largest = (0..gradient.len()).max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs()));
        one_missing[largest.unwrap()] = 0.0;
        for wrong in [halved, flipped, one_missing] {
            assert!(judge(&wrong).is_err(), "{name} accepts a wrong gradient");
        }
    }
}

#[test]
fn a_rectifier_without_its_mask_is_rejected() {
    let network = Network::draw(&[5, 16, 4], true, &mut generator(3, b"encoders/mask", 0));
    let views = batch(12, 5, 3);
    let right = loss_and_gradient(&network, &views).1;
    // The same backward pass through a network whose hidden units are all active.
    let mut linear = network.clone();
    for bias in &mut *linear.groups_mut()[1] {
        *bias += 100.0;
    }
    let without_mask = loss_and_gradient(&linear, &views).1;
    assert!(taylor(&network, &views, &right, 3).is_ok());
    assert!(taylor(&network, &views, &without_mask, 3).is_err());
}

type Tensors = Vec<serde_json::Value>;

#[derive(Deserialize)]
struct Parameters {
    encoder: Tensors,
    predictor: Option<Tensors>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    bias: bool,
    optimizer: String,
    settings: BTreeMap<String, f64>,
    grad_scale: f64,
    inputs: Vec<Vec<Vec<Vec<f64>>>>,
    start: Parameters,
    losses: Vec<f64>,
    end: Parameters,
}

/// `tests/reference/encoders/trainings.json`, made by `generate.py` beside it.
#[derive(Deserialize)]
struct Reference {
    labels: Vec<usize>,
    positives: Vec<usize>,
    cases: Vec<Case>,
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn network(tensors: &Tensors, bias: bool) -> Network {
    let weights =
        |tensor: &serde_json::Value| matrix(&serde_json::from_value::<Vec<Vec<f64>>>(tensor.clone()).unwrap());
    let biases = |tensor: &serde_json::Value| Array1::from(serde_json::from_value::<Vec<f64>>(tensor.clone()).unwrap());
    let layers = tensors.chunks(1 + usize::from(bias));
    Network::new(layers.map(|layer| Linear::new(weights(&layer[0]), layer.get(1).map(biases))).collect())
}

impl Case {
    fn optimizer(&self) -> (Box<dyn Optimizer>, Option<WeightDecay>) {
        let decay = self.settings.get("weight_decay").copied();
        match (self.optimizer.as_str(), self.settings.get("momentum")) {
            ("SGD", None) => (Box::new(GradientDescent), None),
            ("SGD", Some(&momentum)) => {
                (Box::new(HeavyBall::new(momentum).unwrap()), decay.map(|decay| WeightDecay::coupled(decay).unwrap()))
            }
            ("AdamW", _) => (Box::new(AdamW::new(0.9, 0.999, 1e-8, decay.unwrap()).unwrap()), None),
            other => panic!("no rule for {other:?}"),
        }
    }

    fn loss(&self) -> Box<dyn Loss> {
        match (self.inputs[0].len(), &self.start.predictor) {
            (1, _) => Box::new(supervised()),
            (_, None) => Box::new(NtXent::new(0.5).unwrap()),
            (_, Some(_)) => Box::new(NegativeCosine::with_stop_gradient()),
        }
    }
}

#[test]
fn trainings_follow_pytorch() {
    let reference: Reference = serde_json::from_str(include_str!("reference/encoders/trainings.json")).unwrap();
    assert_eq!(reference.cases.len(), 7);
    for case in &reference.cases {
        let ((optimizer, decay), loss) = (case.optimizer(), case.loss());
        let mut method = Method::new(&*loss, &*optimizer, case.settings["lr"]).unwrap();
        if let Some(decay) = decay {
            method = method.decay(decay);
        }
        if case.grad_scale != 0.0 {
            method = method.grad_scale(GradScale::new(case.grad_scale).unwrap());
        }
        let encoder = network(&case.start.encoder, case.bias);
        let mut trainer = match &case.start.predictor {
            None => Trainer::new(encoder, method).unwrap(),
            Some(tensors) => Trainer::with_predictor(encoder, network(tensors, true), method).unwrap(),
        };
        for (batch, expected) in case.inputs.iter().zip(&case.losses) {
            let one_view = batch.len() == 1;
            let views = Views {
                rows: (0..reference.labels.len()).collect(),
                first: matrix(&batch[0]),
                second: batch.get(1).map(|view| matrix(view)),
                labels: one_view.then(|| reference.labels.clone()),
                positives: one_view.then(|| reference.positives.clone()),
            };
            let found = trainer.step(&views).unwrap();
            assert!((found - expected).abs() < 1e-12 * expected.abs(), "{}: loss {found}, not {expected}", case.name);
        }
        let pairs = [
            (Some(trainer.encoder()), Some(network(&case.end.encoder, case.bias))),
            (trainer.predictor(), case.end.predictor.as_ref().map(|tensors| network(tensors, true))),
        ];
        for (found, expected) in pairs {
            assert_eq!(found.is_some(), expected.is_some());
            let (Some(found), Some(expected)) = (found, expected) else { continue };
            let worst = flat(found).iter().zip(flat(&expected)).fold(0.0, |m: f64, (x, y)| m.max((x - y).abs()));
            assert!(worst < 1e-12, "{}: parameters off by {worst:e}", case.name);
        }
    }
}

#[test]
fn layers_are_drawn_as_pytorch_draws_them() {
    let network = Network::draw(&[64, 200, 10], true, &mut generator(1, b"encoders/draw", 0));
    for (layer, inputs) in network.groups().chunks(2).zip([64.0_f64, 200.0]) {
        let bound = 1.0 / inputs.sqrt();
        let all = layer.concat();
        let (largest, mean) =
            (all.iter().fold(0.0, |m: f64, x| m.max(x.abs())), all.iter().sum::<f64>() / all.len() as f64);
        let square = all.iter().map(|x| x * x).sum::<f64>() / all.len() as f64;
        // A uniform distribution: the bound is nearly met, the mean is 0 and the mean square bound²/3 within 5 errors.
        let error = 1.0 / (all.len() as f64).sqrt();
        assert!(largest <= bound && largest > bound * (1.0 - 10.0 / all.len() as f64), "{largest} of {bound}");
        assert!(mean.abs() < 5.0 * bound * 0.58 * error, "{mean}");
        assert!((square / (bound * bound / 3.0) - 1.0).abs() < 5.0 * 0.9 * error, "{square}");
    }
}

#[test]
fn an_epoch_visits_every_sample_once_and_keeps_the_last_partial_batch() {
    let mut numbers = generator(2, b"encoders/batches", 0);
    let first = batches(100, 32, &mut numbers);
    assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [32, 32, 32, 4]);
    let mut all = first.concat();
    assert_ne!(all, (0..100).collect::<Vec<_>>());
    all.sort_unstable();
    assert_eq!(all, (0..100).collect::<Vec<_>>());
    assert_ne!(first, batches(100, 32, &mut numbers), "the next epoch has another order");
}

#[test]
fn positives_are_other_rows_of_the_same_class_uniformly() {
    let labels = [0, 1, 0, 2, 0, 1];
    let mut numbers = generator(5, b"encoders/positives", 0);
    let mut counts = BTreeMap::new();
    for _ in 0..6000 {
        let drawn = draw_positives(&labels, &mut numbers);
        assert_eq!((drawn[1], drawn[5], drawn[3]), (Some(5), Some(1), None));
        *counts.entry(drawn[0].unwrap()).or_insert(0) += 1;
    }
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [2, 4]);
    assert!(counts.values().all(|&count: &i32| (count - 3000).abs() < 200), "{counts:?}");
}

#[test]
fn rows_alone_in_their_class_are_left_out_of_a_batch() {
    let features = Array2::from_shape_fn((6, 2), |(row, column)| (2 * row + column) as f64);
    let labels = [0, 1, 0, 2, 0, 1];
    let source = Labelled::new(features.view(), &labels);
    let mut numbers = generator(7, b"encoders/alone", 0);
    let views = source.views(&[5, 3, 0, 1], &mut numbers).unwrap();
    assert_eq!((views.rows, views.labels, views.positives), (vec![5, 1], Some(vec![1, 1]), Some(vec![1, 0])));
    assert_eq!(views.first, features.select(Axis(0), &[5, 1]));
    assert!(source.views(&[0, 1, 3], &mut numbers).is_none());
}

#[test]
fn descent_on_a_sphere_is_refused_for_tensors_and_taken_for_free_embeddings() {
    let (loss, rule) = (supervised(), RiemannianDescent::new(0.0).unwrap());
    let method = Method::new(&loss, &rule, 0.1).unwrap();
    let mut numbers = generator(4, b"encoders/sphere", 0);
    let network = Network::draw(&[5, 4], false, &mut numbers);
    let refused = Trainer::new(network, method).err().unwrap();
    assert_eq!(refused, TrainingError::NeedsEmbeddings { rule: "riemannian" });
    assert!(refused.to_string().contains("free embeddings"));
    let embeddings = gaussian(12, 4, &mut numbers);
    let whole = Table::linear(embeddings.clone(), Array1::ones(12));
    assert!(Trainer::new(whole, method).is_err());
    let mut trainer = Trainer::new(Table::free(embeddings.clone()), method).unwrap();
    trainer.step(&batch(12, 5, 4)).unwrap();
    let norms = |z: ArrayView2<'_, f64>| z.map_axis(Axis(1), |row| row.dot(&row).sqrt());
    let after = trainer.encoder().embed(Input { rows: &(0..12).collect::<Vec<_>>(), features: embeddings.view() });
    assert!((norms(after.view()) - norms(embeddings.view())).iter().all(|change| change.abs() < 1e-14));
    assert_ne!(after, embeddings);
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

#[test]
fn a_training_that_diverges_ends_in_an_error_and_keeps_its_last_parameters() {
    let loss = supervised();
    let mut network = Network::draw(&[5, 8, 4], true, &mut generator(8, b"encoders/diverge", 0));
    network.groups_mut()[0][0] = f64::NAN;
    let before = flat(&network);
    let mut trainer = Trainer::new(network, Method::new(&loss, &GradientDescent, 1.0).unwrap()).unwrap();
    let error = trainer.step(&batch(12, 5, 8)).unwrap_err();
    assert!(matches!(error, TrainingError::NoDirection { steps: 0, .. }), "{error}");
    assert_eq!(trainer.steps(), 0);
    assert!(before.iter().zip(flat(trainer.encoder())).all(|(x, y)| x.to_bits() == y.to_bits()));
}

/// The largest |z·Δz|/(‖z‖‖Δz‖) over the embeddings that moved in one step of plain descent at a tiny rate.
fn radial_share<E: Encoder + Clone>(encoder: &E, rate: f64) -> f64 {
    let (loss, views) = (supervised(), batch(12, 5, 9));
    let input = Input { rows: &views.rows, features: views.first.view() };
    let before = encoder.embed(input);
    let mut trainer = Trainer::new(encoder.clone(), Method::new(&loss, &GradientDescent, rate).unwrap()).unwrap();
    trainer.step(&views).unwrap();
    let displacement = trainer.encoder().embed(input) - &before;
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
    // Negative control: the same directions with the same norms dealt out anew.
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
