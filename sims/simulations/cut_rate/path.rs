//! A training of a network that is cut beside one of the whole network at another learning rate.

use clap::ValueEnum;
use embedding_norms::confidence::mean_cosine;
use embedding_norms::data::digits::SIDE;
use embedding_norms::encoder::Encoder;
use embedding_norms::optimizer::{Adam, AdamW, GradientDescent, HeavyBall, Lars, Optimizer, WeightDecay, entry};
use embedding_norms::random::Generator;
use embedding_norms::rules;
use embedding_norms::sphere::normalize;
use embedding_norms::theory::encoders::{Cut, Equivalent};
use embedding_norms::theory::scaling::Decay;
use embedding_norms::training::{Method, Trainer, Views, batches};
use serde::{Deserialize, Serialize};

use super::family::{Family, Networks, normalizations};
use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::digit_views;
use crate::simulations::study::{Context, Row, Study, yes_no};

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
pub struct Trainings {
    pub family: Family,
    pub rule: Rule,
    pub cuts: Vec<f64>,
    pub steps: usize,
    pub batch: usize,
    pub width: usize,
}

/// A training of a cut network beside that of the whole one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Compared {
    pub network: Family,
    pub optimizer: Rule,
    pub cut: f64,
    replicate: u64,
    pub rate_factor: f64,
    /// Whether ε, and decay, went with the cut.
    pub epsilon_scaled: Along,
    pub decay_scaled: Along,
    /// Whether it follows the whole one if everything is scaled that can be.
    #[serde(with = "yes_no")]
    pub scale_free: bool,
    /// Whether the theory says that the two are the same.
    #[serde(with = "yes_no")]
    pub predicted: bool,
    /// Whether nothing but what is a power of two at a cut by one scales.
    #[serde(with = "yes_no")]
    pub exact: bool,
    /// The largest differences; none where one of the two trainings ended before the other.
    pub largest_difference: Option<f64>,
    largest_loss_difference: Option<f64>,
    mean_cosine_at_start: f64,
    /// How many steps the cut network took before its embeddings had no direction any more.
    steps: u64,
}

/// Whether a setting goes with the cut; `None` where there is no such setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Along {
    None,
    No,
    Yes,
}

impl Row for Compared {
    const TABLE: &'static str = "";
}

impl Compared {
    /// The larger one of both differences. Without a step nothing was compared.
    pub fn apart(&self) -> f64 {
        let both = self.largest_difference.zip(self.largest_loss_difference).filter(|_| self.steps > 0);
        both.map_or(f64::INFINITY, |(directions, losses)| directions.max(losses))
    }
}

/// How a network is cut.
struct Way<'a> {
    c: f64,
    cut: &'a Cut,
    epsilon: Along,
    decay: Along,
}

/// Losses of the steps, and directions of fixed samples after each.
struct Path {
    losses: Vec<f64>,
    directions: Vec<f64>,
    mean_cosine: f64,
}

const OUTPUTS: usize = 16;

impl Study for Trainings {
    type Rows = Vec<Compared>;

    fn label(&self) -> String {
        format!("{}, {}", values::name(self.family), values::name(self.rule))
    }

    fn cost(&self) -> f64 {
        (self.cuts.len() * self.steps * self.batch * self.width) as f64
    }

    /// Compares every cut with the whole network.
    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Compared>, Failure> {
        let (family, rule) = (self.family, self.rule);
        let networks = family.draw(SIDE * SIDE, self.width, OUTPUTS, &mut unit.shared_generator(b"cut-rate/networks"));
        let views = self.views(&mut unit.shared_generator(b"cut-rate/views"))?;
        let cut = networks.cut().map_err(|why| Failure::Refused(why.to_string()))?;
        let run = |way: &Way<'_>| self.path(&networks, way, &views);
        let whole = run(&Way { c: 1.0, cut: &cut, epsilon: Along::Yes, decay: Along::Yes })?;
        let (epsilons, decays) = (Along::choices(!cut.epsilons.is_empty()), Along::choices(rule.decay().is_some()));
        let choices: Vec<(Along, Along)> =
            epsilons.iter().flat_map(|&epsilon| decays.iter().map(move |&decay| (epsilon, decay))).collect();
        let scale_free = family.is_by_layer() || cut.plain.is_ok();
        let mut rows = Vec::new();
        for (c, (epsilon, decay)) in self.cuts.iter().flat_map(|&c| choices.iter().map(move |&choice| (c, choice))) {
            if unit.is_cancelled() {
                break;
            }
            let way = Way { c, cut: &cut, epsilon, decay };
            let other = run(&way)?;
            rows.push(Compared {
                network: family,
                optimizer: rule,
                cut: c,
                replicate: unit.unit.replicate,
                rate_factor: libm::pow(c, way.exponents(rule).rate),
                epsilon_scaled: epsilon,
                decay_scaled: decay,
                scale_free,
                predicted: scale_free && epsilon != Along::No && decay != Along::No,
                exact: family.is_by_layer() || cut.powers.iter().all(|&power| power == 1),
                largest_difference: apart(&other.directions, &whole.directions),
                largest_loss_difference: apart(&other.losses, &whole.losses),
                mean_cosine_at_start: other.mean_cosine,
                steps: other.losses.len() as u64,
            });
        }
        Ok(rows)
    }
}

impl Along {
    /// Without and with, or neither.
    fn choices(there_is: bool) -> &'static [Self] {
        if there_is { &[Self::No, Self::Yes] } else { &[Self::None] }
    }
}

/// The largest difference; none where one of the two ended before.
fn apart(x: &[f64], y: &[f64]) -> Option<f64> {
    (x.len() == y.len()).then(|| x.iter().zip(y).fold(0.0, |far: f64, (x, y)| far.max((x - y).abs())))
}

impl Way<'_> {
    fn exponents(&self, rule: Rule) -> Equivalent {
        let known = &rules::scaling(entry(&values::name(rule)).expect("every rule here is in the catalogue"));
        self.cut.equivalent(known, 0.0, rule.decay().map(|(decay, _)| decay))
    }
}

impl Trainings {
    fn views(&self, generator: &mut Generator) -> Result<Vec<Views>, Failure> {
        let images = digit_views::draw(8 * self.batch, 8 * self.batch, generator)?.0;
        let source = digit_views::two_views(images.view())?;
        let mut views = Vec::new();
        while views.len() < self.steps {
            for rows in batches(source.samples(), self.batch, generator).into_iter().take(self.steps - views.len()) {
                views.extend(source.views(&rows, generator));
            }
        }
        Ok(views)
    }

    fn path(&self, networks: &Networks, way: &Way<'_>, views: &[Views]) -> Result<Path, Failure> {
        let Networks { mut encoder, mut predictor } = networks.clone();
        let power = |power: &u32| libm::pow(way.c, f64::from(*power));
        let powers: Vec<u32> = match self.family.is_by_layer() {
            true => way.cut.powers.clone(),
            false => vec![1; way.cut.powers.len()],
        };
        let divisors: Vec<f64> = powers.iter().map(power).collect();
        let epsilons: Vec<f64> = way
            .cut
            .epsilons
            .iter()
            .map(|epsilon| if way.epsilon != Along::No { 1.0 / power(epsilon) } else { 1.0 })
            .collect();
        let (tensors, own) = (encoder.groups().len(), normalizations(encoder.layers()));
        encoder.cut_each(&divisors[..tensors])?;
        encoder.scale_epsilons(&epsilons[..own])?;
        if let Some(predictor) = &mut predictor {
            predictor.cut_each(&divisors[tensors..])?;
            predictor.scale_epsilons(&epsilons[own..])?;
        }
        let same = way.exponents(self.rule);
        let strength = self.rule.decay().map_or(0.0, |(_, strength)| {
            let factor =
                same.decay.filter(|_| way.decay != Along::No).map_or(1.0, |exponent| libm::pow(way.c, -exponent));
            strength * factor
        });
        // Gradients of a bias that is cut by layer grow by a power of their own, and so would its ε.
        let epsilon = if self.family.is_by_layer() { 0.0 } else { EPSILON * libm::pow(way.c, -same.epsilon) };
        let (loss, rule) = (self.family.loss()?, self.rule.build(strength, epsilon)?);
        let mut method = Method::new(&*loss, &*rule, self.rule.rate() / libm::pow(way.c, same.rate))?;
        if self.rule == Rule::HeavyBall {
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
}
