//! Free embeddings whose positive is drawn anew at every visit, around a direction of their own.

use embedding_norms::optimizer::{AdamW, GradientDescent, HeavyBall, Optimizer, WeightDecay};
use embedding_norms::simulation::{PersistentDescent, PersistentRun};
use embedding_norms::sphere::{Cosine, uniform};
use embedding_norms::theory::equilibrium::{self, Persistent};
use embedding_norms::theory::specificity::{Growth, Positives};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study, name_of, yes_no};

/// The momentum β of heavy ball, and β1 of AdamW.
const MOMENTUM: f64 = 0.9;
/// β2 of AdamW.
const BETA2: f64 = 0.999;
/// Relaxations before the average begins.
const SETTLING: f64 = 2.0;
/// The norm at the start where nothing decays.
const START: f64 = 1.0;

/// An update rule; all decay is decoupled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    GradientDescent,
    HeavyBall,
    #[serde(rename = "adamw")]
    AdamW,
}

impl Rule {
    pub const ALL: [Self; 3] = [Self::GradientDescent, Self::HeavyBall, Self::AdamW];

    /// The momentum of gradients as they are.
    fn momentum(self) -> f64 {
        if self == Self::HeavyBall { MOMENTUM } else { 0.0 }
    }

    /// The part of the learning rate that it takes, so that it goes as far as plain descent in the long run; decay is as
    /// much stronger.
    pub fn slower(self) -> f64 {
        1.0 - self.momentum()
    }

    /// What theory calls it.
    fn of_theory(self) -> equilibrium::Rule {
        match self {
            Self::GradientDescent => equilibrium::Rule::GradientDescent,
            Self::HeavyBall => equilibrium::Rule::HeavyBallDecoupled { momentum: MOMENTUM },
            Self::AdamW => equilibrium::Rule::AdamW { beta1: MOMENTUM, beta2: BETA2 },
        }
    }

    fn build(self, weight_decay: f64) -> Result<(Box<dyn Optimizer>, Option<WeightDecay>), Failure> {
        let beside = Some(WeightDecay::decoupled(weight_decay)?);
        Ok(match self {
            Self::GradientDescent => (Box::new(GradientDescent), beside),
            Self::HeavyBall => (Box::new(HeavyBall::new(MOMENTUM)?), beside),
            Self::AdamW => (Box::new(AdamW::new(MOMENTUM, BETA2, 0.0, weight_decay)?), None),
        })
    }
}

/// Embeddings of one agreement and one frequency.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Free {
    pub rule: Rule,
    pub concentration: f64,
    pub frequency: f64,
    pub learning_rate: f64,
    /// λ; 0 where nothing decays.
    pub weight_decay: f64,
    pub dimension: usize,
    pub embeddings: usize,
    /// Relaxations that the average covers, or steps where nothing decays.
    pub span: f64,
}

/// What was measured beside what S8 says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FreeRow {
    pub optimizer: Rule,
    #[serde(with = "yes_no")]
    pub decay: bool,
    pub concentration: f64,
    pub frequency: f64,
    pub mean_square: f64,
    pub replicate: u64,
    /// The fourth root of the mean of ρ⁴; under AdamW the root of the mean of ρ².
    pub norm: f64,
    /// Without the direction's jitter.
    pub leading: f64,
    /// Under AdamW without decay the leading order, from which its long memory of gradients keeps norms away.
    pub law: f64,
    /// The mean of sin²θ to the mean direction of the positives, where norms have settled.
    pub sine_square: Option<f64>,
    pub predicted_sine_square: Option<f64>,
    learning_rate: f64,
    weight_decay: f64,
    dimension: usize,
    embeddings: usize,
    steps: u64,
}

impl Row for FreeRow {
    const TABLE: &'static str = "";
}

/// What theory says of a cell.
struct Law {
    leading: f64,
    norm: f64,
    sine_square: Option<f64>,
    /// Steps before the average, and in it.
    settling: u64,
    steps: u64,
}

impl FreeRow {
    /// The same settings at another concentration.
    pub fn settings(&self, concentration: f64) -> Free {
        Free {
            rule: self.optimizer,
            concentration,
            frequency: self.frequency,
            learning_rate: self.learning_rate,
            weight_decay: self.weight_decay,
            dimension: self.dimension,
            embeddings: self.embeddings,
            span: self.steps as f64,
        }
    }
}

impl Free {
    /// The norm that S8 says.
    pub fn norm(&self) -> Result<f64, Failure> {
        Ok(self.law()?.norm)
    }

    /// The mean of sin²θ that S8 says, where there is one.
    pub fn sine_square(&self) -> Result<Option<f64>, Failure> {
        Ok(self.law()?.sine_square)
    }

    fn positives(&self) -> Result<Positives, Failure> {
        Ok(Positives::new(self.dimension, self.concentration)?)
    }

    fn law(&self) -> Result<Law, Failure> {
        if self.weight_decay > 0.0 { self.settled() } else { self.grown() }
    }

    fn settled(&self) -> Result<Law, Failure> {
        let settings = Persistent::new(self.learning_rate, self.weight_decay)?.frequency(self.frequency)?;
        let rule = self.rule.of_theory();
        let law = |leading: f64, norm: f64, sine_square: Option<f64>, relaxation: f64| Law {
            leading,
            norm,
            sine_square,
            settling: (SETTLING * relaxation).ceil() as u64,
            steps: (self.span * relaxation).ceil() as u64,
        };
        if self.rule == Rule::AdamW {
            let d = self.dimension as f64;
            let found = settings.equilibrium(rule, d)?;
            let next = found.norm * (1.0 + settings.next_order(rule, d)?);
            return Ok(law(found.norm, next, None, found.relaxation));
        }
        let found = self.positives()?.settled(&settings, rule)?;
        Ok(law(found.equilibrium.norm, found.norm(), Some(found.sine_square), found.equilibrium.relaxation))
    }

    fn grown(&self) -> Result<Law, Failure> {
        let root = |fourth: f64| fourth.sqrt().sqrt();
        let (momentum, rate) = (self.rule.momentum(), self.learning_rate);
        let (leading, norm) = if self.rule == Rule::AdamW {
            let norm = (START * START + rate * rate * self.dimension as f64 * self.span).sqrt();
            (norm, norm)
        } else {
            let positives = self.positives()?;
            let growth = Growth { learning_rate: rate, momentum, frequency: self.frequency, initial_norm: START };
            let effective = rate / (1.0 - momentum);
            let grown = 2.0 * effective * effective * self.frequency * positives.mean_square() * self.span;
            (root(START + grown), root(positives.grown(&growth, self.span)?))
        };
        Ok(Law { leading, norm, sine_square: None, settling: self.span as u64, steps: 0 })
    }

    /// The moment of the norms: ρ⁴, under AdamW ρ².
    fn moment(&self, norm: f64) -> f64 {
        let square = norm * norm;
        if self.rule == Rule::AdamW { square } else { square * square }
    }

    fn root(&self, mean: f64) -> f64 {
        if self.rule == Rule::AdamW { mean.sqrt() } else { mean.sqrt().sqrt() }
    }

    /// The sums over embeddings of the moment of their norms and of sin²θ.
    fn seen(&self, run: &PersistentRun<'_>, means: &Array2<f64>) -> [f64; 2] {
        let now = run.directions();
        let each = now.units().into_outer_iter().zip(means.rows()).zip(now.norms());
        each.fold([0.0; 2], |[moments, sines], ((unit, mean), &norm)| {
            let sine = Cosine::between(unit, mean).sine();
            [moments + self.moment(norm), sines + sine * sine]
        })
    }
}

impl Study for Free {
    type Rows = Vec<FreeRow>;

    fn label(&self) -> String {
        let decay = if self.weight_decay > 0.0 { "decay" } else { "no decay" };
        format!("{}, {decay}, κ = {}, f = {}", name_of(&self.rule), self.concentration, self.frequency)
    }

    fn cost(&self) -> f64 {
        let steps = self.law().map_or(0, |law| law.settling + law.steps);
        (steps * self.embeddings as u64) as f64 * (80.0 + self.dimension as f64 * (4.0 + 30.0 * self.frequency))
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<FreeRow>, Failure> {
        let law = self.law()?;
        let decays = self.weight_decay > 0.0;
        let means = uniform(self.embeddings, self.dimension, &mut unit.generator)?;
        let (optimizer, beside) = self.rule.build(self.weight_decay)?;
        let descent = PersistentDescent::new(&*optimizer, self.learning_rate)?;
        let descent = descent.frequency(self.frequency)?.concentration(self.concentration);
        let descent = beside.into_iter().fold(descent, PersistentDescent::decay);
        let mut run = descent.start(&means * if decays { law.leading } else { START })?;
        run.settle(law.settling, &mut unit.generator)?;
        let mut sums = self.seen(&run, &means);
        for _ in 0..law.steps {
            run.step(&mut unit.generator)?;
            let seen = self.seen(&run, &means);
            sums = [sums[0] + seen[0], sums[1] + seen[1]];
        }
        let [moment, sine_square] = sums.map(|sum| sum / ((law.steps + 1) * self.embeddings as u64) as f64);
        Ok(vec![FreeRow {
            optimizer: self.rule,
            decay: decays,
            concentration: self.concentration,
            frequency: self.frequency,
            mean_square: self.positives()?.mean_square(),
            replicate: unit.unit.replicate,
            norm: self.root(moment),
            leading: law.leading,
            law: law.norm,
            sine_square: decays.then_some(sine_square),
            predicted_sine_square: law.sine_square,
            learning_rate: self.learning_rate,
            weight_decay: self.weight_decay,
            dimension: self.dimension,
            embeddings: self.embeddings,
            steps: law.settling + law.steps,
        }])
    }
}
