//! A training of a network that is cut beside one of the whole network at another learning rate.

use clap::ValueEnum;
use embedding_norms::confidence::mean_cosine;
use embedding_norms::data::augmentation::Augmentation;
use embedding_norms::data::digits::{Digits, SIDE};
use embedding_norms::encoder::Encoder;
use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::optimizer::{Adam, AdamW, GradientDescent, HeavyBall, Lars, Optimizer, WeightDecay, entry};
use embedding_norms::random::Generator;
use embedding_norms::sphere::normalize;
use embedding_norms::theory::encoders::Cut;
use embedding_norms::theory::scaling::Decay;
use embedding_norms::training::{Method, Source, Trainer, TwoViews, Views, batches};
use ndarray::{ArrayView1, ArrayViewMut1, Axis};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::family::{Family, Networks, normalizations};
use crate::cli::failure::Failure;

/// A rule, with the learning rate of the whole network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Plain descent
    GradientDescent,
    /// Heavy ball at 0.9 with coupled weight decay 5e-4, the paper's
    HeavyBall,
    /// Adam with ε = 1e-6, which goes with the cut
    Adam,
    /// AdamW with the same ε and decay
    Adamw,
    /// LARS without decay
    Lars,
}

/// Weight decay of heavy ball, the paper's.
const COUPLED: f64 = 5e-4;
/// Weight decay of AdamW.
const DECOUPLED: f64 = 0.05;
/// ε of Adam and AdamW for the whole network: above what rounding leaves of gradients that are zero, as those of offsets before
/// another batch normalization are; with ε = 0 such a parameter moves by rounding divided by itself.
const EPSILON: f64 = 1e-6;

impl Rule {
    pub fn name(self) -> &'static str {
        match self {
            Self::GradientDescent => "gradient-descent",
            Self::HeavyBall => "heavy-ball",
            Self::Adam => "adam",
            Self::Adamw => "adamw",
            Self::Lars => "lars",
        }
    }

    fn rate(self) -> f64 {
        match self {
            Self::GradientDescent => 0.05,
            Self::HeavyBall => 0.01,
            Self::Adam | Self::Adamw => 0.002,
            Self::Lars => 1.0,
        }
    }

    fn decay(self) -> Option<(Decay, f64)> {
        match self {
            Self::HeavyBall => Some((Decay::Coupled, COUPLED)),
            Self::Adamw => Some((Decay::Decoupled, DECOUPLED)),
            _ => None,
        }
    }

    fn build(self, decay: f64, epsilon: f64) -> Result<Box<dyn Optimizer>, Failure> {
        Ok(match self {
            Self::GradientDescent => Box::new(GradientDescent),
            Self::HeavyBall => Box::new(HeavyBall::new(0.9)?),
            Self::Adam => Box::new(Adam::new(0.9, 0.999, epsilon)?),
            Self::Adamw => Box::new(AdamW::new(0.9, 0.999, epsilon, decay)?),
            Self::Lars => Box::new(Lars::new(0.9, 0.01, 0.0)?),
        })
    }
}

/// One kind of network under one rule.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    pub family: Family,
    pub rule: Rule,
    pub cuts: Vec<f64>,
    pub steps: usize,
    pub batch: usize,
    pub width: usize,
}

/// What a cut is beside the whole network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub cut: f64,
    pub rate_factor: f64,
    /// Whether ε, and decay, went with the cut; `None` where there is none.
    pub epsilon_scaled: Option<bool>,
    pub decay_scaled: Option<bool>,
    /// Whether the theory says that the two are the same.
    pub predicted: bool,
    /// Whether nothing but what is a power of two at a cut by one scales.
    pub exact: bool,
    /// The largest differences; none where one of the two trainings ended before the other.
    pub difference: Option<f64>,
    pub loss_difference: Option<f64>,
    pub mean_cosine: f64,
    /// How many steps the cut network took before its embeddings had no direction any more.
    pub steps: u64,
}

/// How a network is cut.
struct Way<'a> {
    c: f64,
    cut: &'a Cut,
    epsilon: bool,
    decay: bool,
}

/// Losses of the steps, and directions of fixed samples after each.
struct Path {
    losses: Vec<f64>,
    directions: Vec<f64>,
    mean_cosine: f64,
}

const OUTPUTS: usize = 16;

/// Compares every cut with the whole network.
pub fn compare(unit: &mut UnitContext<'_, Cell>) -> Result<Vec<Found>, Failure> {
    let cell = unit.cell;
    let networks = cell.family.draw(SIDE * SIDE, cell.width, OUTPUTS, &mut unit.shared_generator(b"cut-rate/networks"));
    let views = views(cell, &mut unit.shared_generator(b"cut-rate/views"))?;
    let cut = networks.cut().map_err(|why| Failure::Refused(why.to_string()))?;
    let run = |way: &Way<'_>| path(cell, &networks, way, &views);
    let whole = run(&Way { c: 1.0, cut: &cut, epsilon: true, decay: true })?;
    let (epsilons, decays) = (choices(!cut.epsilons.is_empty()), choices(cell.rule.decay().is_some()));
    let mut found = Vec::new();
    for &c in &cell.cuts {
        for (&epsilon, &decay) in epsilons.iter().flat_map(|epsilon| decays.iter().map(move |decay| (epsilon, decay))) {
            if unit.is_cancelled() {
                return Ok(found);
            }
            let way = Way { c, cut: &cut, epsilon: epsilon.unwrap_or(true), decay: decay.unwrap_or(true) };
            let other = run(&way)?;
            found.push(Found {
                cut: c,
                rate_factor: libm::pow(c, way.exponents(cell.rule).rate),
                epsilon_scaled: epsilon,
                decay_scaled: decay,
                predicted: (cell.family.is_by_layer() || cut.plain.is_ok()) && way.epsilon && way.decay,
                exact: cell.family.is_by_layer() || cut.powers.iter().all(|&power| power == 1),
                difference: apart(&other.directions, &whole.directions),
                loss_difference: apart(&other.losses, &whole.losses),
                mean_cosine: other.mean_cosine,
                steps: other.losses.len() as u64,
            });
        }
    }
    Ok(found)
}

/// Without and with, or neither.
fn choices(there_is: bool) -> Vec<Option<bool>> {
    if there_is { vec![Some(false), Some(true)] } else { vec![None] }
}

/// The largest difference; none where one of the two ended before.
fn apart(x: &[f64], y: &[f64]) -> Option<f64> {
    (x.len() == y.len()).then(|| x.iter().zip(y).fold(0.0, |far: f64, (x, y)| far.max((x - y).abs())))
}

impl Way<'_> {
    fn exponents(&self, rule: Rule) -> embedding_norms::theory::encoders::Equivalent {
        let known = &entry(rule.name()).expect("every rule here is one of the catalogue's").scaling;
        self.cut.equivalent(known, 0.0, rule.decay().map(|(decay, _)| decay))
    }
}

fn views(cell: &Cell, generator: &mut Generator) -> Result<Vec<Views>, Failure> {
    let digits = Digits::load()?;
    let mut order: Vec<usize> = (0..digits.labels().len()).collect();
    order.shuffle(generator);
    order.truncate(8 * cell.batch);
    let mut images = digits.images().select(Axis(0), &order);
    let mean = images.mean_axis(Axis(0)).unwrap_or_default();
    images -= &mean;
    let change = Augmentation::none(SIDE)?.rotation(0.2)?.shift(0.5)?.scale(0.1)?.noise(0.1)?;
    let view = |image: ArrayView1<'_, f64>, view: ArrayViewMut1<'_, f64>, numbers: &mut Generator| {
        change.view(image, view, numbers);
    };
    let source = TwoViews::new(images.view(), view);
    let mut views = Vec::new();
    while views.len() < cell.steps {
        for rows in batches(source.samples(), cell.batch, generator).into_iter().take(cell.steps - views.len()) {
            views.extend(source.views(&rows, generator));
        }
    }
    Ok(views)
}

fn path(cell: &Cell, networks: &Networks, way: &Way<'_>, views: &[Views]) -> Result<Path, Failure> {
    let Networks { mut encoder, mut predictor } = networks.clone();
    let power = |power: &u32| libm::pow(way.c, f64::from(*power));
    let powers: Vec<u32> = match cell.family.is_by_layer() {
        true => way.cut.powers.clone(),
        false => vec![1; way.cut.powers.len()],
    };
    let divisors: Vec<f64> = powers.iter().map(power).collect();
    let epsilons: Vec<f64> =
        way.cut.epsilons.iter().map(|epsilon| if way.epsilon { 1.0 / power(epsilon) } else { 1.0 }).collect();
    let (tensors, own) = (encoder.groups().len(), normalizations(encoder.layers()));
    encoder.cut_each(&divisors[..tensors])?;
    encoder.scale_epsilons(&epsilons[..own])?;
    if let Some(predictor) = &mut predictor {
        predictor.cut_each(&divisors[tensors..])?;
        predictor.scale_epsilons(&epsilons[own..])?;
    }
    let same = way.exponents(cell.rule);
    let strength = cell.rule.decay().map_or(0.0, |(_, strength)| {
        let factor = same.decay.filter(|_| way.decay).map_or(1.0, |exponent| libm::pow(way.c, -exponent));
        strength * factor
    });
    // Gradients of a bias that is cut by layer grow by a power of their own, and so would its ε.
    let epsilon = if cell.family.is_by_layer() { 0.0 } else { EPSILON * libm::pow(way.c, -same.epsilon) };
    let (loss, rule) = (cell.family.loss()?, cell.rule.build(strength, epsilon)?);
    let mut method = Method::new(&*loss, &*rule, cell.rule.rate() / libm::pow(way.c, same.rate))?;
    if cell.rule == Rule::HeavyBall {
        method = method.decay(WeightDecay::coupled(strength)?);
    }
    let start = encoder.embed_batch(views[0].first.view());
    let trainer = match predictor {
        None => Trainer::new(encoder, method)?,
        Some(predictor) => Trainer::with_predictor(encoder, predictor, method)?,
    };
    let factors: Vec<f64> = powers.iter().map(|&power| libm::pow(way.c, same.rate_exponent_of(power))).collect();
    let mut trainer = trainer.rate_factors(&factors)?;
    let mut path = Path { losses: Vec::new(), directions: Vec::new(), mean_cosine: mean_cosine(start.view())? };
    for batch in views {
        let Ok(loss) = trainer.step(batch) else { break };
        let Ok(now) = normalize(trainer.encoder().embed_batch(views[0].first.view()).view()) else { break };
        path.losses.push(loss);
        path.directions.extend(now.units().iter());
    }
    Ok(path)
}
