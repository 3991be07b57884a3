//! Pairs under plain gradient descent of the cosine: the fused kernel behind the same loop.

use std::ops::RangeInclusive;

use ndarray::Array2;

use super::descent::{SimulationError, Start};
use super::kernel::Blocks;
use super::motion::Motion;
use super::record::Cadence;
use super::run::{Outcome, run};
use super::stop::StopRules;
use crate::loss::{LossError, NegativeCosine};
use crate::numerics::vectorize::sum;
use crate::setting::{FirstStep, SettingError, positive, within};
use crate::sphere::{cosines, normalize};

/// n pairs in R^d under plain gradient descent of the negative cosine: bit for bit what [`super::Descent`] does with
/// [`NegativeCosine`] and [`crate::optimizer::GradientDescent`], in one pass over the data per step.
#[derive(Clone, Copy, Debug)]
pub struct PairDescent {
    loss: NegativeCosine,
    learning_rate: f64,
    first_step: FirstStep,
    cadence: Cadence,
    positions: bool,
}

impl PairDescent {
    /// Descent with the learning rate γ per pair; the loss says whether the second member is held still.
    ///
    /// # Errors
    /// A learning rate that is not a finite number above 0.
    pub fn new(loss: NegativeCosine, learning_rate: f64) -> Result<Self, SettingError> {
        Ok(Self {
            loss,
            learning_rate: positive("the learning rate", learning_rate)?,
            first_step: FirstStep::Cosine,
            cadence: Cadence::ends(),
            positions: false,
        })
    }

    /// With another gradient for the very first step.
    pub fn first_step(self, first_step: FirstStep) -> Self {
        Self { first_step, ..self }
    }

    /// With records at this cadence.
    pub fn records(self, cadence: Cadence) -> Self {
        Self { cadence, ..self }
    }

    /// With the embeddings themselves in every record.
    pub fn record_positions(self) -> Self {
        Self { positions: true, ..self }
    }

    /// Runs until a rule ends it.
    ///
    /// # Errors
    /// A start without a second view of the same shape, with a zero or non-finite row, or with a norm whose square, at the
    /// start or after a step, is not a normal number.
    pub fn run(self, start: Start, stops: &StopRules<'_>) -> Result<Outcome, SimulationError> {
        let second = start.second.ok_or(LossError::NeedsTwoViews { loss: "cosine" })?;
        if start.first.dim() != second.dim() {
            return Err(LossError::Shape { first: start.first.dim(), second: second.dim() }.into());
        }
        if start.first.is_empty() {
            return Err(LossError::Empty.into());
        }
        for view in [&start.first, &second] {
            for &norm in normalize(view.view())?.norms() {
                within("a norm", norm, SQUARED.contains(&norm), "from 1e-150 to 1e150, so that it can be squared")?;
                let step = self.learning_rate / norm;
                within("the learning rate over a norm", step, step <= LONGEST_STEP, "at most 1e120")?;
                // The first step along an inner product may cancel a norm down to rounding.
                let may_shrink = self.first_step == FirstStep::DotProduct && norm < 1e-130;
                within("a norm before an unprojected step", norm, !may_shrink, "at least 1e-130")?;
            }
        }
        let motion = FusedPairs::new(self, Blocks::new(&start.first, &second), start.first.dim());
        Ok(run(motion, stops, self.cadence, self.positions))
    }
}

/// Norms that may be squared.
const SQUARED: RangeInclusive<f64> = 1e-150..=1e150;

/// The largest γ/ρ. A norm does not shrink and its square grows by (γ/ρ)² a step at most, so that in no run, of 2⁶⁴ steps,
/// it comes to one that cannot be squared.
const LONGEST_STEP: f64 = 1e120;

struct FusedPairs {
    settings: PairDescent,
    blocks: Blocks,
    /// n and d.
    shape: (usize, usize),
    /// By inner products.
    mean_cosine: f64,
    steps: u64,
}

impl FusedPairs {
    fn new(settings: PairDescent, blocks: Blocks, shape: (usize, usize)) -> Self {
        let mean_cosine = mean_cosine(&blocks, shape.0);
        Self { settings, blocks, shape, mean_cosine, steps: 0 }
    }
}

fn mean_cosine(blocks: &Blocks, pairs: usize) -> f64 {
    sum(&blocks.cosines()[..pairs]) / pairs as f64
}

impl Motion for FusedPairs {
    fn loss(&self) -> f64 {
        -self.mean_cosine
    }

    /// The mean cosine is known already. What the closer look finds differs from it by roundings alone, each of half
    /// an ε: at most 4d + 12 in norms, inner products and differences, and 3n/8 + 14 in the means.
    fn may_reach(&self, tolerance: f64) -> bool {
        let (pairs, dimension) = self.shape;
        let rounding = f64::EPSILON * (8 * (dimension + 8) + pairs) as f64;
        let surely_further = 1.0 - self.mean_cosine > tolerance + rounding;
        !surely_further
    }

    fn one_minus(&self) -> Vec<f64> {
        let mut one_minus = self.blocks.one_minus();
        one_minus.truncate(self.shape.0);
        one_minus
    }

    fn largest_slope(&self) -> f64 {
        // sin φ from 1 − cos φ alone is right unless every pair is nearly aligned or nearly opposite.
        let sine = |one_minus: f64| (one_minus * (2.0 - one_minus)).sqrt();
        let largest = self.one_minus().into_iter().fold(0.0, |largest, m| sine(m).max(largest));
        if largest > 1e-3 {
            return largest;
        }
        let (first, second) = self.blocks.positions(self.shape.0);
        let (Ok(first), Ok(second)) = (normalize(first.view()), normalize(second.view())) else {
            return f64::NAN;
        };
        cosines(first.units(), second.units()).into_iter().fold(0.0, |largest, cosine| largest.max(cosine.sine()))
    }

    fn advance(&mut self) {
        let projected = self.steps > 0 || self.settings.first_step == FirstStep::Cosine;
        self.blocks.step(self.settings.learning_rate, self.settings.loss.stops_gradient(), projected);
        self.mean_cosine = mean_cosine(&self.blocks, self.shape.0);
        self.steps += 1;
    }

    fn positions(&self) -> (Array2<f64>, Option<Array2<f64>>) {
        let (first, second) = self.blocks.positions(self.shape.0);
        (first, Some(second))
    }
}
