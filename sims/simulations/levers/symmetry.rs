//! Without biases cut-initialization is a learning rate in disguise: (W/c, η) follows the directions of (W, c^k η), with
//! k = 2 − pL under GradScale with power p on the output of L layers.

use embedding_norms::random::Generator;
use embedding_norms::sphere::normalize;
use embedding_norms::training::{TrainingError, batches};
use serde::{Deserialize, Serialize};

use super::lever::{Kind, Lever};
use super::recipe::Recipe;
use super::task::{Inputs, Samples, Size, Task};
use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::study::{Context, Row, Study, yes_no};

/// By what parameters are divided: a power of two, so that nothing is rounded.
const CUT: f64 = 4.0;
/// Steps that are followed.
const STEPS: usize = 10;
/// The learning rate of the whole network: small, so that steps are ordinary ones.
const RATE: f64 = 0.002;
/// Weight decay where there is some: it goes as c² λ.
const DECAY: f64 = 0.01;

/// A network that is cut beside one that is not, under one lever that stays.
#[derive(Clone, Debug, Serialize)]
pub struct Symmetry {
    pub task: Task,
    pub lever: Lever,
    /// What is added to the exponent k: 0, or ±1 as the control.
    pub off: i32,
    pub size: Size,
}

/// How many coordinates of directions there are, and how many differ.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    task: Task,
    lever: Kind,
    strength: Option<f64>,
    cut: f64,
    exponent: f64,
    #[serde(with = "yes_no")]
    pub control: bool,
    replicate: u64,
    pub coordinates: u64,
    pub different: u64,
}

impl Row for Comparison {
    const TABLE: &'static str = "symmetry";
}

impl Study for Symmetry {
    type Rows = Vec<Comparison>;

    fn label(&self) -> String {
        format!("symmetry, {}, {}, exponent {:+}", values::name(self.task), self.lever.label(), self.off)
    }

    fn cost(&self) -> f64 {
        let Size { batch, hidden, .. } = self.size;
        (2 * STEPS * batch) as f64 * (6.0 * (hidden * 80) as f64 + 60.0 * batch as f64)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Comparison>, Failure> {
        let samples = self.task.draw(self.size, None, unit)?;
        let square = CUT * CUT;
        let decayed = |factor: f64| match self.lever {
            Lever::Decay(strength) => Lever::Decay(strength * factor),
            lever => lever,
        };
        // The rate of the one that is cut, and of the one that is not.
        let exponent = self.exponent();
        let cut = self.path(Some(CUT), decayed(square), RATE * libm::pow(CUT, -exponent), &samples, unit)?;
        let whole = self.path(None, self.lever, RATE, &samples, unit)?;
        let different = cut.iter().zip(&whole).filter(|(x, y)| x.to_bits() != y.to_bits()).count();
        let missing = whole.len().abs_diff(cut.len());
        let (lever, strength) = self.lever.columns();
        Ok(vec![Comparison {
            task: self.task,
            lever,
            strength,
            cut: CUT,
            exponent,
            control: self.off != 0,
            replicate: unit.unit.replicate,
            coordinates: whole.len().max(cut.len()) as u64,
            different: (different + missing) as u64,
        }])
    }
}

impl Symmetry {
    /// Every case: without another lever, under GradScale and under decay; the last ones are controls.
    pub fn all(task: Task, size: Size) -> impl Iterator<Item = Self> {
        let levers = [Lever::None, Lever::GradScale(1.0), Lever::GradScale(2.0), Lever::Decay(DECAY)];
        let cases = levers.into_iter().map(|lever| (lever, 0)).chain([(Lever::None, -1), (Lever::None, 1)]);
        cases.map(move |(lever, off)| Self { task, lever, off, size })
    }

    /// k = 2 − pL, off by what a control is off by.
    fn exponent(&self) -> f64 {
        2.0 - self.lever.power() * f64::from(self.task.layers()) + f64::from(self.off)
    }

    /// The coordinates of the directions of all samples of the test after every step.
    fn path(
        &self,
        cut: Option<f64>,
        lever: Lever,
        rate: f64,
        samples: &Samples,
        unit: &Context<'_>,
    ) -> Result<Vec<f64>, Failure> {
        let mut generator: Generator = unit.generator.clone();
        let (mut encoder, mut predictor) =
            self.task.networks(Inputs::Features(samples.features()), self.size, &mut generator);
        let cut = cut.map_or(Lever::None, Lever::Cut);
        cut.prepare(std::iter::once(&mut encoder).chain(&mut predictor))?;
        let loss = self.task.loss()?;
        let recipe = Recipe::new(self.task, STEPS as u64)?;
        let mut trainer = recipe.trainer(lever, rate, &*loss, (encoder, predictor))?;
        let source = samples.source()?;
        let rounds = STEPS.div_ceil(source.samples().div_ceil(self.size.batch));
        let orders: Vec<_> =
            (0..rounds).flat_map(|_| batches(source.samples(), self.size.batch, &mut generator)).collect();
        let mut path = Vec::new();
        for rows in orders.iter().take(STEPS) {
            let Some(views) = source.views(rows, &mut generator) else { continue };
            match trainer.step(&views) {
                Ok(_) => {}
                // Where all hidden units of a sample are silent there is no direction, in both networks or neither.
                Err(TrainingError::NoDirection { .. }) => break,
                Err(error) => return Err(error.into()),
            }
            let Ok(directions) = normalize(trainer.encoder().embed_features(samples.test()).view()) else { break };
            path.extend(directions.units().iter());
        }
        Ok(path)
    }
}
