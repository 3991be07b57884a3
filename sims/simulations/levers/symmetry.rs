//! Without biases cut-initialization is a learning rate in disguise: (W/c, η) follows the directions of (W, c^k η), with
//! k = 2 − pL under GradScale with power p on the output of L layers.

use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::lab::table::{Table, Value};
use embedding_norms::random::Generator;
use embedding_norms::sphere::normalize;
use embedding_norms::training::{TrainingError, batches};
use serde::{Deserialize, Serialize};

use super::Cell;
use super::lever::Lever;
use super::task::{Samples, Size, Task};
use super::training::trainer;
use crate::cli::failure::Failure;

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
    coordinates: u64,
    different: u64,
}

impl Symmetry {
    /// Every case: without another lever, under GradScale and under decay; the last ones are controls.
    pub fn all(task: Task, size: Size) -> Vec<Self> {
        let levers = [Lever::None, Lever::GradScale(1.0), Lever::GradScale(2.0), Lever::Decay(DECAY)];
        let cases = levers.into_iter().map(|lever| (lever, 0)).chain([(Lever::None, -1), (Lever::None, 1)]);
        cases.map(|(lever, off)| Self { task, lever, off, size }).collect()
    }

    pub fn label(&self) -> String {
        format!("symmetry, {}, {}, exponent {:+}", self.task.name(), self.lever.name(), self.off)
    }

    /// Nanoseconds, roughly.
    pub fn cost(&self) -> f64 {
        let Size { batch, hidden, .. } = self.size;
        (2 * STEPS * batch) as f64 * (6.0 * (hidden * 80) as f64 + 60.0 * batch as f64)
    }

    /// k = 2 − pL, off by what a control is off by.
    fn exponent(&self) -> f64 {
        2.0 - self.lever.power() * f64::from(self.task.layers()) + f64::from(self.off)
    }

    pub fn run(&self, unit: &UnitContext<'_, Cell>) -> Result<Comparison, Failure> {
        let samples = self.task.draw(self.size, unit)?;
        let square = CUT * CUT;
        let decayed = |factor: f64| match self.lever {
            Lever::Decay(strength) => Lever::Decay(strength * factor),
            lever => lever,
        };
        // The rate of the one that is cut, and of the one that is not.
        let cut = self.path(Some(CUT), decayed(square), RATE * libm::pow(CUT, -self.exponent()), &samples, unit)?;
        let whole = self.path(None, self.lever, RATE, &samples, unit)?;
        let different = cut.iter().zip(&whole).filter(|(x, y)| x.to_bits() != y.to_bits()).count();
        let missing = whole.len().abs_diff(cut.len());
        Ok(Comparison { coordinates: whole.len().max(cut.len()) as u64, different: (different + missing) as u64 })
    }

    /// The coordinates of the directions of all samples of the test after every step.
    fn path(
        &self,
        cut: Option<f64>,
        lever: Lever,
        rate: f64,
        samples: &Samples,
        unit: &UnitContext<'_, Cell>,
    ) -> Result<Vec<f64>, Failure> {
        let mut generator: Generator = unit.generator.clone();
        let (mut encoder, mut predictor) = self.task.networks(self.size, &mut generator);
        if let Some(factor) = cut {
            let mut networks: Vec<_> = std::iter::once(&mut encoder).chain(&mut predictor).collect();
            Lever::Cut(factor).prepare(&mut networks)?;
        }
        let loss = self.task.loss()?;
        let mut trainer = trainer(lever, rate, &*loss, encoder, predictor)?;
        let mut path = Vec::new();
        samples.with_source(|source| {
            let rounds = STEPS.div_ceil(source.samples().div_ceil(self.size.batch));
            let orders: Vec<_> =
                (0..rounds).flat_map(|_| batches(source.samples(), self.size.batch, &mut generator)).collect();
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
        })
    }

    pub fn table() -> Table {
        Table::new(&[
            "task",
            "lever",
            "strength",
            "cut",
            "exponent",
            "control",
            "replicate",
            "coordinates",
            "different",
        ])
    }

    pub fn row(&self, found: &Comparison, replicate: u64) -> [Value; 9] {
        [
            self.task.name().into(),
            self.lever.name().into(),
            self.lever.strength().into(),
            CUT.into(),
            self.exponent().into(),
            if self.off == 0 { "no" } else { "yes" }.into(),
            replicate.into(),
            found.coordinates.into(),
            found.different.into(),
        ]
    }
}
