//! One step of real vectors in R^d through the descent loop, beside the pair that they are.

use embedding_norms::loss::NegativeCosine;
use embedding_norms::optimizer::GradientDescent;
use embedding_norms::simulation::{Descent, Outcome, Start, StopRules};
use embedding_norms::theory::one_step::{EqualPair, Pair};
use embedding_norms::theory::pair::FirstStep;

use super::double_double::{angle_and_gap, polar};
use super::embeddings::{Angle, random_numbers, row, unit_pair};
use super::pairs::{WidePair, step_error};

/// One step of real vectors in R^d.
pub struct RealStep {
    pub z: Vec<f64>,
    pub w: Vec<f64>,
    pub outcome: Outcome,
    pub before: WidePair,
    pub d: usize,
}

pub fn real_step(
    d: usize,
    norms: [f64; 2],
    angle: Angle,
    alpha: f64,
    held: bool,
    first: FirstStep,
    seed: u64,
) -> RealStep {
    let pair = unit_pair(d, angle, &mut random_numbers("d1 vectors", seed));
    let (z, w) = (&pair.x * norms[0], &pair.y * norms[1]);
    let rate = alpha * norms[0] * norms[0];
    let loss = if held { NegativeCosine::with_stop_gradient() } else { NegativeCosine::symmetric() };
    let descent = Descent::new(&loss, &GradientDescent, rate).unwrap().first_step(first);
    let stops = StopRules::budget(1).never_stationary();
    let outcome = descent.run(Start::pairs(row(&z), row(&w)), &stops).unwrap();
    let before = WidePair::of_vectors(&z.to_vec(), &w.to_vec(), rate, held);
    RealStep { z: z.to_vec(), w: w.to_vec(), outcome, before, d }
}

impl RealStep {
    pub fn after(&self) -> [Vec<f64>; 2] {
        let second = self.outcome.second.as_ref().unwrap();
        [self.outcome.first.row(0).to_vec(), second.row(0).to_vec()]
    }

    /// Whether the new angle and norms are those of the prediction, tan(φ'/2), α', β'.
    pub fn agrees(&self, predicted: Pair) -> bool {
        self.agrees_within(predicted, 0.0)
    }

    /// The same for a prediction that takes both norms for equal, which stored vectors are to a few roundings: `slope`
    /// is how much the outcome changes with ln u.
    pub fn agrees_as_equal(&self, predicted: EqualPair, slope: f64) -> bool {
        let unequal = (self.before.second / self.before.first).to_f64() - 1.0;
        self.agrees_within(as_pair(predicted), slope * unequal.abs())
    }

    fn agrees_within(&self, predicted: Pair, more: f64) -> bool {
        let [z, w] = self.after();
        let error = step_error(self.before, self.d);
        let (angle, gap) = angle_and_gap(&z, &w);
        // Both ends: near π the gap has the digits.
        let expected = if predicted.half_tangent > 1.0 { 2.0 * (1.0 / predicted.half_tangent).atan() } else { 0.0 };
        let off = if expected > 0.0 { gap - expected } else { angle - 2.0 * predicted.half_tangent.atan() };
        let norm_off = |before: &[f64], after: &[f64], alpha: f64, next: f64| {
            let grown = (polar(after).norm / polar(before).norm).square().to_f64();
            if alpha == 0.0 { grown - 1.0 } else { grown * next / alpha - 1.0 }
        };
        off.abs() <= error.angle + more
            && norm_off(&self.z, &z, self.before.first.to_f64(), predicted.first).abs() <= error.first_square + more
            && norm_off(&self.w, &w, self.before.second.to_f64(), predicted.second).abs() <= error.second_square + more
    }

    pub fn start(&self) -> Pair {
        let before = self.before;
        Pair {
            half_tangent: before.half_tangent.to_f64(),
            first: before.first.to_f64(),
            second: before.second.to_f64(),
        }
    }

    pub fn equal_start(&self) -> EqualPair {
        EqualPair { half_tangent: self.start().half_tangent, step_size: self.start().first }
    }
}

pub fn as_pair(equal: EqualPair) -> Pair {
    Pair { half_tangent: equal.half_tangent, first: equal.step_size, second: equal.step_size }
}
