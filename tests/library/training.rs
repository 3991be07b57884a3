//! The training of encoders: backpropagation against Taylor slopes and PyTorch, initialization, batches, what is refused.

use crate::support;

use embedding_norms::encoder::{Encoder, Input, Linear, Network, Perceptron, Table};
use embedding_norms::loss::{Loss, NegativeCosine, NtXent};
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::{
    AdamW, GradientDescent, HeavyBall, Nesterov, Optimizer, RiemannianDescent, WeightDecay,
};
use embedding_norms::random::{Generator, StandardNormal, generator};
use embedding_norms::training::{
    Checkpoint, Labelled, Method, Source, Trainer, TrainingError, TwoViews, Views, batches, draw_positives,
};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis};
use ndarray_rand::RandomExt;
use serde::Deserialize;
use std::collections::BTreeMap;
use support::embeddings::gaussian;
use support::taylor::{Ladder, Rejection, TOLERANCE, slope};
use support::training::{batch, flat, loss_and_gradient, supervised};

fn set<E: Encoder>(encoder: &mut E, values: &[f64]) {
    let mut rest = values;
    for group in encoder.groups_mut() {
        let (own, later) = rest.split_at(group.len());
        group.copy_from_slice(own);
        rest = later;
    }
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

/// The network with parameters off their start, where gains are all 1 and offsets 0.
fn varied(mut network: Network, seed: u64) -> Network {
    let mut numbers = generator(seed, b"encoders/varied", 0);
    for group in network.groups_mut() {
        let change = Array1::random_using(group.len(), StandardNormal, &mut numbers);
        group.iter_mut().zip(change).for_each(|(parameter, change)| *parameter += 0.1 * change);
    }
    network
}

/// Everything the Taylor test is done with: perceptrons with and without biases and normalizations, residual blocks, a
/// shared linear encoder, tables.
fn subjects() -> Vec<Subject> {
    let each = |seed| {
        let mut numbers = generator(seed, b"encoders/every", 0);
        let mut network = |widths: &[usize], bias| Network::draw(widths, bias, &mut numbers);
        let networks = [
            Subject::new("perceptron", network(&[5, 16, 12, 4], true), seed),
            Subject::new("without biases", network(&[5, 16, 12, 4], false), seed),
            Subject::new("shared linear", network(&[5, 4], false), seed),
        ];
        let plan = Perceptron::new(&[5, 8, 6, 4]);
        let plans = [
            ("batch norm throughout", plan.clone().batch_norm().normalized_outputs()),
            ("batch norm, without biases", plan.clone().without_biases().batch_norm().normalized_outputs()),
            ("batch norm, a last linear layer", plan.clone().batch_norm()),
            ("layer norm", plan.clone().layer_norm().normalized_outputs()),
            ("residual, batch norm", plan.clone().batch_norm().normalized_outputs().residual_blocks(2)),
            ("residual, layer norm", plan.clone().layer_norm().residual_blocks(1)),
            ("residual", plan.residual_blocks(1)),
        ];
        let planned = plans.map(|(name, plan)| Subject::new(name, varied(plan.draw(&mut numbers), seed), seed));
        let embeddings = gaussian(12, 4, &mut numbers);
        let lengths = Array1::from_shape_fn(12, |row| 0.5 + 0.25 * row as f64);
        let tables = [
            Subject::new("free", Table::free(embeddings.clone()), seed),
            Subject::new("row per input", Table::linear(embeddings, lengths), seed),
        ];
        networks.into_iter().chain(planned).chain(tables)
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
    let reference: Reference = serde_json::from_str(include_str!("../reference/encoders/trainings.json")).unwrap();
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
fn a_short_last_batch_can_go_without_a_step_and_changes_no_later_choice() {
    let labels: Vec<usize> = (0..100).map(|row| row % 3).collect();
    let features = gaussian(100, 5, &mut generator(11, b"encoders/short", 0));
    let source = Labelled::new(features.view(), &labels);
    let network = Network::draw(&[5, 8, 4], true, &mut generator(11, b"encoders/short", 1));
    let loss = supervised();
    let every = Method::new(&loss, &GradientDescent, 0.1).unwrap();
    // Two epochs: the steps, the parameters, and what is drawn next.
    let after = |method: Method<'_>, batch: usize| {
        let mut numbers = generator(11, b"encoders/short", 2);
        let mut trainer = Trainer::new(network.clone(), method).unwrap();
        let losses = [0, 1].map(|_| trainer.epoch(&source, batch, &mut numbers).unwrap());
        (trainer.steps(), losses, flat(trainer.encoder()), batches(100, batch, &mut numbers))
    };
    let (with, without) = (after(every, 32), after(every.only_whole_batches(), 32));
    assert_eq!((with.0, without.0), (8, 6));
    assert!(with.2 != without.2 && with.3 == without.3);
    // Nothing is left out where samples fill their batches, and everything where they fill none.
    assert_eq!(after(every, 25), after(every.only_whole_batches(), 25));
    let none = after(every.only_whole_batches(), 101);
    assert_eq!((none.0, none.1, none.2), (0, [None, None], flat(&network)));
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

#[test]
fn a_training_goes_on_from_a_checkpoint_bit_for_bit() {
    let features = gaussian(24, 6, &mut generator(1, b"features", 0));
    let noisy = |sample: ArrayView1<'_, f64>, mut view: ArrayViewMut1<'_, f64>, numbers: &mut Generator| {
        view.assign(&(&sample + &gaussian(1, 6, numbers).row(0)));
    };
    let source = TwoViews::new(features.view(), noisy);
    let loss = NegativeCosine::with_stop_gradient();
    let rules: [Box<dyn Optimizer>; 3] =
        [Box::new(GradientDescent), Box::new(HeavyBall::new(0.9).unwrap()), Box::new(Nesterov::new(0.8).unwrap())];
    for rule in &rules {
        let method = || Method::new(&loss, &**rule, 0.1).unwrap();
        let mut random = generator(1, b"checkpoint", 0);
        let plan = Perceptron::new(&[6, 8, 4]).without_biases().batch_norm().residual_blocks(1);
        let encoder = plan.draw(&mut random);
        let predictor = Network::draw(&[4, 8, 4], true, &mut random);
        let new = || Trainer::with_target(encoder.clone(), predictor.clone(), 0.9, method()).unwrap();
        let mut whole = new();
        for _ in 0..3 {
            whole.epoch(&source, 8, &mut random).unwrap();
        }
        let (state, position) = (whole.checkpoint().unwrap(), random.position());
        let mut later = new();
        later.resume(&state).unwrap();
        assert_eq!(later.steps(), whole.steps());
        let mut again = generator(1, b"checkpoint", 0);
        again.set_position(position);
        for _ in 0..2 {
            whole.epoch(&source, 8, &mut random).unwrap();
            later.epoch(&source, 8, &mut again).unwrap();
        }
        assert!(later.encoder() == whole.encoder() && later.target() == whole.target(), "{}", rule.name());
        assert_eq!(later.checkpoint(), whole.checkpoint());
        let other = Checkpoint { steps: 1, numbers: vec![0.0; 3] };
        let error = later.resume(&other).unwrap_err();
        assert!(matches!(error, TrainingError::Checkpoint { found: 3, .. }), "{error}");
        assert_eq!(later.checkpoint(), whole.checkpoint());
    }
    let rule = AdamW::new(0.9, 0.999, 1e-8, 0.0).unwrap();
    let encoder = Network::draw(&[6, 4], true, &mut generator(2, b"checkpoint", 0));
    let mut trainer = Trainer::new(encoder, Method::new(&loss, &rule, 0.1).unwrap()).unwrap();
    assert!(matches!(trainer.checkpoint(), Err(TrainingError::NoCheckpoints { .. })));
}
