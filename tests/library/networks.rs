//! Networks as people train them: batch and layer normalization, residual blocks, predictors and targets, schedules and
//! clipping, against PyTorch and against formulas that lack a term.

use crate::support;

use embedding_norms::encoder::{
    AveragePool, BatchNorm, Convolution, Encoder, Input, Layer, LayerNorm, Linear, Network, Perceptron, Precision,
    Shape,
};
use embedding_norms::loss::{Loss, NegativeCosine, NtXent};
use embedding_norms::optimizer::{AdamW, GradientDescent, HeavyBall, Optimizer, WeightDecay};
use embedding_norms::random::generator;
use embedding_norms::training::{Clipping, Method, Schedule, Trainer, TrainingError, Views};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::Deserialize;
use std::collections::BTreeMap;
use support::embeddings::gaussian;
use support::training::flat;

#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Plan {
    Linear { inputs: usize, outputs: usize, bias: bool },
    Convolution { images: [usize; 3], step: usize, outputs: usize, bias: bool, planes: bool },
    AveragePool { images: [usize; 3] },
    BatchNorm { width: usize },
    ChannelNorm { images: [usize; 3] },
    LayerNorm { width: usize },
    Rectifier,
    Residual { layers: Vec<Plan> },
}

impl Plan {
    fn layer(&self) -> Layer {
        match self {
            Self::Linear { inputs, outputs, bias } => {
                let bias = bias.then(|| Array1::zeros(*outputs));
                Layer::Linear(Linear::new(Array2::zeros((*outputs, *inputs)), bias))
            }
            Self::Convolution { images, step, outputs, bias, planes } => {
                let images = shape(*images);
                let bias = bias.then(|| Array1::zeros(*outputs));
                let weights = Linear::new(Array2::zeros((*outputs, 9 * images.channels)), bias);
                let layer = Convolution::new(images, 3, *step, weights);
                Layer::Convolution(if *planes { layer.of_planes() } else { layer })
            }
            Self::AveragePool { images } => Layer::AveragePool(AveragePool::new(shape(*images))),
            Self::ChannelNorm { images } => Layer::BatchNorm(BatchNorm::per_channel(shape(*images))),
            Self::BatchNorm { width } => Layer::BatchNorm(BatchNorm::new(*width)),
            Self::LayerNorm { width } => Layer::LayerNorm(LayerNorm::new(*width)),
            Self::Rectifier => Layer::Rectifier,
            Self::Residual { layers } => Layer::Residual(layers.iter().map(Self::layer).collect()),
        }
    }
}

fn shape([channels, height, width]: [usize; 3]) -> Shape {
    Shape { channels, height, width }
}

fn network(plans: &[Plan], tensors: &[Vec<f64>]) -> Network {
    let mut network = Network::of(plans.iter().map(Plan::layer).collect());
    let groups = network.groups_mut();
    assert_eq!(groups.len(), tensors.len());
    groups.into_iter().zip(tensors).for_each(|(group, tensor)| group.copy_from_slice(tensor));
    network
}

#[derive(Deserialize)]
struct Start {
    encoder: Vec<Vec<f64>>,
    predictor: Option<Vec<Vec<f64>>>,
}

#[derive(Deserialize)]
struct State {
    parameters: Vec<Vec<f64>>,
    running: Vec<[Vec<f64>; 2]>,
}

#[derive(Deserialize)]
struct End {
    encoder: State,
    predictor: Option<State>,
    target: Option<State>,
}

#[derive(Deserialize)]
struct Planned {
    warm_up: u64,
    steps: u64,
    least: f64,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    layers: Vec<Plan>,
    predictor: Option<Vec<Plan>>,
    optimizer: String,
    settings: BTreeMap<String, f64>,
    target: Option<f64>,
    schedule: Option<Planned>,
    clip: Option<f64>,
    inputs: Vec<[Vec<Vec<f64>>; 2]>,
    start: Start,
    losses: Vec<f64>,
    end: End,
    inference: Vec<Vec<f64>>,
}

/// `tests/reference/encoders/networks.json`, made by `networks.py` beside it.
#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
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

    fn method<'a>(&self, loss: &'a dyn Loss, rule: &'a dyn Optimizer, decay: Option<WeightDecay>) -> Method<'a> {
        let mut method = Method::new(loss, rule, self.settings["lr"]).unwrap();
        if let Some(decay) = decay {
            method = method.decay(decay);
        }
        if let Some(largest) = self.clip {
            method = method.clipping(Clipping::new(largest).unwrap());
        }
        if let Some(planned) = &self.schedule {
            let schedule = Schedule::constant().warm_up(planned.warm_up);
            method = method.schedule(schedule.cosine(planned.steps, planned.least).unwrap());
        }
        method
    }

    fn loss(&self) -> Box<dyn Loss> {
        match self.predictor {
            None => Box::new(NtXent::new(0.5).unwrap()),
            Some(_) => Box::new(NegativeCosine::with_stop_gradient()),
        }
    }

    fn trainer<'a>(&self, method: Method<'a>, precision: Precision) -> Trainer<'a, Network> {
        let encoder = network(&self.layers, &self.start.encoder).in_precision(precision);
        let Some(plans) = &self.predictor else { return Trainer::new(encoder, method).unwrap() };
        let predictor = network(plans, self.start.predictor.as_ref().unwrap()).in_precision(precision);
        match self.target {
            None => Trainer::with_predictor(encoder, predictor, method).unwrap(),
            Some(momentum) => Trainer::with_target(encoder, predictor, momentum, method).unwrap(),
        }
    }
}

/// The running statistics of the batch normalizations, in order.
fn running(layers: &[Layer]) -> Vec<[Vec<f64>; 2]> {
    let of = |layer: &Layer| match layer {
        Layer::BatchNorm(norm) => vec![[norm.running().0.to_vec(), norm.running().1.to_vec()]],
        Layer::Residual(layers) => running(layers),
        _ => Vec::new(),
    };
    layers.iter().flat_map(of).collect()
}

fn worst(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).fold(0.0, |worst: f64, (x, y)| worst.max((x - y).abs()))
}

fn assert_state(name: &str, found: Option<&Network>, expected: Option<&State>) {
    assert_eq!(found.is_some(), expected.is_some(), "{name}");
    let (Some(found), Some(expected)) = (found, expected) else { return };
    let off = worst(&flat(found), &expected.parameters.concat());
    assert!(off < 1e-12, "{name}: parameters off by {off:e}");
    let statistics = |running: &[[Vec<f64>; 2]]| running.concat().concat();
    let off = worst(&statistics(&running(found.layers())), &statistics(&expected.running));
    assert!(off < 1e-12, "{name}: running statistics off by {off:e}");
}

fn two_views(batch: &[Vec<Vec<f64>>; 2]) -> Views {
    let [first, second] = batch.each_ref().map(|view| matrix(view));
    Views { rows: (0..first.nrows()).collect(), first, second: Some(second), labels: None, positives: None }
}

fn cases() -> Vec<Case> {
    serde_json::from_str::<Reference>(include_str!("../reference/encoders/networks.json")).unwrap().cases
}

#[test]
fn trainings_of_normalized_networks_follow_pytorch() {
    let cases = cases();
    assert_eq!(cases.len(), 13);
    for case in &cases {
        let (optimizer, decay) = case.optimizer();
        let loss = case.loss();
        let mut trainer = case.trainer(case.method(&*loss, &*optimizer, decay), Precision::Double);
        for (batch, expected) in case.inputs.iter().zip(&case.losses) {
            let found = trainer.step(&two_views(batch)).unwrap();
            // A mean of cosines may pass through 0, but its terms are of the order of 1.
            let off = (found - expected).abs() / expected.abs().max(1.0);
            assert!(off < 1e-12, "{}: loss {found}, not {expected}", case.name);
        }
        assert_state(&case.name, Some(trainer.encoder()), Some(&case.end.encoder));
        assert_state(&case.name, trainer.predictor(), case.end.predictor.as_ref());
        assert_state(&case.name, trainer.target(), case.end.target.as_ref());
        let features = matrix(&case.inputs.last().unwrap()[0]);
        let embeddings = trainer.encoder().embed_features(features.view());
        let off = worst(embeddings.as_slice().unwrap(), &case.inference.concat());
        assert!(off < 1e-12, "{}: embeddings at inference off by {off:e}", case.name);
    }
}

/// Plain steps, as the roots and quotients of AdamW make much of the rounding of small gradients.
#[test]
fn trainings_in_single_precision_follow_to_its_rounding_and_no_closer() {
    /// Some units of the last place of numbers near 1, and a number that double precision stays below.
    const ROUNDED: std::ops::Range<f64> = 1e-11..16.0 * f32::EPSILON as f64;
    let cases = cases().into_iter().filter(|case| case.optimizer == "SGD").collect::<Vec<_>>();
    assert_eq!(cases.len(), 12);
    for case in &cases {
        let (optimizer, decay) = case.optimizer();
        let loss = case.loss();
        let mut trainer = case.trainer(case.method(&*loss, &*optimizer, decay), Precision::Single);
        let steps = case.inputs.iter().zip(&case.losses);
        let off = steps.map(|(batch, expected)| (trainer.step(&two_views(batch)).unwrap() - expected).abs());
        let off = off.fold(0.0, f64::max);
        assert!(ROUNDED.contains(&off), "{}: losses off by {off:e}", case.name);
        let off = worst(&flat(trainer.encoder()), &case.end.encoder.parameters.concat());
        assert!(ROUNDED.contains(&off), "{}: parameters off by {off:e}", case.name);
    }
}

/// Which terms of ∂L/∂x = g/√(σ² + ε) (G − mean G − x̂ mean G x̂) there are.
#[derive(Clone, Copy)]
struct Terms {
    mean: bool,
    along: bool,
    gain: bool,
}

/// ∂L/∂W of y = g x̂ + o with x = W f, for G = ∂L/∂y, from the definition.
fn weights_gradient(
    features: &Array2<f64>,
    weights: &Array2<f64>,
    upstream: &Array2<f64>,
    terms: Terms,
) -> Array2<f64> {
    let x = features.dot(&weights.t());
    let centred = &x - &x.mean_axis(Axis(0)).unwrap();
    let deviation = (centred.mapv(|x| x * x).mean_axis(Axis(0)).unwrap() + 1e-5).mapv(f64::sqrt);
    let units = &centred / &deviation;
    let mut slopes = upstream.clone();
    if terms.mean {
        slopes -= &upstream.mean_axis(Axis(0)).unwrap();
    }
    if terms.along {
        slopes -= &(&units * &(upstream * &units).mean_axis(Axis(0)).unwrap());
    }
    let gain: Array1<f64> = if terms.gain { gains() } else { Array1::ones(4) };
    (slopes * &gain / &deviation).t().dot(features)
}

fn gains() -> Array1<f64> {
    Array1::from(vec![0.5, 1.5, -1.0, 2.0])
}

#[test]
fn a_batch_normalization_that_lacks_a_term_on_its_way_back_is_rejected() {
    let mut numbers = generator(1, b"networks/terms", 0);
    let (features, weights, upstream) =
        (gaussian(12, 5, &mut numbers), gaussian(4, 5, &mut numbers), gaussian(12, 4, &mut numbers));
    let norm = BatchNorm::new(4).with_parameters(gains().to_vec(), vec![0.1, 0.2, 0.3, 0.4]);
    let build = |weights: &Array2<f64>| {
        Network::of(vec![Layer::Linear(Linear::new(weights.clone(), None)), Layer::BatchNorm(norm.clone())])
    };
    // L = ⟨U, y⟩, whose gradient with respect to y is U.
    let value = |weights: &Array2<f64>| (&build(weights).embed_batch(features.view()) * &upstream).sum();
    let network = build(&weights);
    let input = Input { rows: &[], features: features.view() };
    let mut gradients: Vec<Vec<f64>> = network.groups().iter().map(|group| vec![0.0; group.len()]).collect();
    network.backward(input, &network.forward(input), upstream.view(), &mut gradients);
    let direction = gaussian(4, 5, &mut numbers);
    let judge = |gradient: &[f64]| {
        let difference = |step: f64| value(&(&weights + &(&direction * step))) - value(&weights);
        let ladder = support::taylor::Ladder { largest: 1e-3, noise: 64.0 * f64::EPSILON };
        support::taylor::slope(difference, gradient, direction.as_slice().unwrap(), ladder)
    };
    let all = Terms { mean: true, along: true, gain: true };
    let right = weights_gradient(&features, &weights, &upstream, all);
    assert!(worst(&gradients[0], right.as_standard_layout().as_slice().unwrap()) < 1e-13);
    assert!(judge(&gradients[0]).is_ok());
    let lacking = [Terms { mean: false, ..all }, Terms { along: false, ..all }, Terms { gain: false, ..all }];
    for terms in lacking {
        let wrong = weights_gradient(&features, &weights, &upstream, terms);
        assert!(judge(wrong.as_standard_layout().as_slice().unwrap()).is_err());
    }
}

/// Statistics of each feature of some rows: mean and unbiased variance.
fn statistics(rows: ArrayView2<'_, f64>) -> [Vec<f64>; 2] {
    [rows.mean_axis(Axis(0)).unwrap().to_vec(), rows.var_axis(Axis(0), 1.0).to_vec()]
}

#[test]
fn running_statistics_are_those_of_the_last_batch_where_nothing_is_kept() {
    let mut numbers = generator(2, b"networks/running", 0);
    let features = gaussian(12, 5, &mut numbers);
    let mut network = Network::of(vec![Layer::BatchNorm(BatchNorm::new(5).momentum(1.0).unwrap())]);
    let pass = network.forward(Input { rows: &[], features: features.view() });
    network.remember(&pass);
    let [mean, variance] = statistics(features.view());
    let [found] = &running(network.layers())[..] else { panic!("one normalization") };
    assert!(worst(&found[0], &mean) < 1e-15 && worst(&found[1], &variance) < 1e-14);
    // Inference by them differs from training by the unbiased variance alone, and does not depend on the batch.
    let [inferred, trained] = [network.embed_features(features.view()), pass.embeddings];
    let ratio = (&inferred / &trained).mapv(|ratio| ratio - (11.0_f64 / 12.0).sqrt());
    assert!(ratio.iter().all(|off| off.abs() < 1e-5));
    let first = features.slice_axis(Axis(0), (0..1).into());
    assert_eq!(network.embed_features(first).row(0), inferred.row(0));
}

#[test]
fn what_does_not_vary_is_normalized_to_nothing() {
    let features = Array2::from_shape_fn((6, 2), |(row, column)| if column == 0 { 3.0 } else { row as f64 });
    for layer in [
        Layer::BatchNorm(BatchNorm::new(2).epsilon(0.0).unwrap()),
        Layer::LayerNorm(LayerNorm::new(2).epsilon(0.0).unwrap()),
    ] {
        let network = Network::of(vec![layer]);
        let input = Input { rows: &[], features: features.view() };
        let pass = network.forward(input);
        assert!(pass.embeddings.iter().all(|value| value.is_finite()));
        let mut gradients = vec![vec![0.0; 2]; 2];
        network.backward(input, &pass, Array2::ones((6, 2)).view(), &mut gradients);
        assert!(gradients.concat().iter().all(|value| value.is_finite()));
    }
    assert!(BatchNorm::new(2).epsilon(-1.0).is_err() && LayerNorm::new(2).epsilon(f64::NAN).is_err());
    assert!(BatchNorm::new(2).momentum(1.5).is_err());
}

#[test]
fn a_plan_without_normalization_is_the_perceptron_drawn_before() {
    let draw = || generator(3, b"networks/plan", 0);
    let plan = Perceptron::new(&[5, 7, 6, 4]);
    assert_eq!(plan.draw(&mut draw()), Network::draw(&[5, 7, 6, 4], true, &mut draw()));
    assert_eq!(plan.without_biases().draw(&mut draw()), Network::draw(&[5, 7, 6, 4], false, &mut draw()));
}

#[test]
fn layers_that_do_not_fit_are_refused() {
    let linear = |inputs, outputs| Layer::Linear(Linear::new(Array2::zeros((outputs, inputs)), None));
    let refused = |layers: Vec<Layer>| std::panic::catch_unwind(|| Network::of(layers)).is_err();
    assert!(refused(vec![linear(3, 4), Layer::Rectifier, linear(5, 4)]));
    assert!(refused(vec![linear(3, 4), Layer::BatchNorm(BatchNorm::new(3))]));
    assert!(refused(vec![linear(3, 4), Layer::Residual(vec![linear(4, 3)])]));
    assert!(refused(vec![Layer::Rectifier]) && refused(Vec::new()));
    assert!(!refused(vec![linear(3, 4), Layer::Residual(vec![linear(4, 5), linear(5, 4)])]));
}

#[test]
fn schedules_begin_end_and_refuse_as_they_say() {
    let cosine = Schedule::constant().cosine(10, 0.25).unwrap();
    assert_eq!((cosine.share(0), cosine.share(10), cosine.share(1000)), (1.0, 0.25, 0.25));
    assert!((cosine.share(5) - 0.625).abs() < 1e-15);
    let warm = Schedule::constant().warm_up(3);
    assert_eq!([0, 1, 2, 3, 99].map(|step| warm.share(step)), [1.0 / 3.0, 2.0 / 3.0, 1.0, 1.0, 1.0]);
    // A warm-up longer than the decay leaves nothing to fall over.
    assert_eq!(warm.cosine(2, 0.5).unwrap().share(3), 0.5);
    assert!(Schedule::constant().cosine(10, 1.5).is_err() && Clipping::new(0.0).is_err());
}

#[test]
fn groups_with_a_rate_of_their_own_move_by_it() {
    let mut numbers = generator(4, b"networks/factors", 0);
    let network = Network::draw(&[5, 7, 4], true, &mut numbers);
    let views = support::training::batch(12, 5, 4);
    let loss = support::training::supervised();
    let method = Method::new(&loss, &GradientDescent, 0.5).unwrap();
    let moved = |factors: Option<&[f64]>| {
        let trainer = Trainer::new(network.clone(), method).unwrap();
        let mut trainer = match factors {
            None => trainer,
            Some(factors) => trainer.rate_factors(factors).unwrap(),
        };
        trainer.step(&views).unwrap();
        let pairs = network
            .groups()
            .into_iter()
            .zip(trainer.encoder().groups())
            .map(|(x, y)| x.iter().zip(y).map(|(x, y)| y - x).collect::<Vec<f64>>());
        pairs.collect::<Vec<_>>()
    };
    let (plain, own) = (moved(None), moved(Some(&[1.0, 2.0, 0.5, 1.0])));
    for ((plain, own), factor) in plain.iter().zip(&own).zip([1.0, 2.0, 0.5, 1.0]) {
        assert!(plain.iter().zip(own).all(|(x, y)| (factor * x - y).abs() < 1e-15));
    }
    let refused = Trainer::new(network.clone(), method).unwrap().rate_factors(&[1.0; 3]).err().unwrap();
    assert_eq!(refused, TrainingError::RateFactors { factors: 3, groups: 4 });
    assert!(Trainer::new(network.clone(), method).unwrap().rate_factors(&[1.0, 0.0, 1.0, 1.0]).is_err());
}
