//! Where the step stands against the best one (statements L7, L8), and what a lever would do (S6).
//!
//! The best step turns each member of a pair by φ0/2. The leg of a step that turns by α is tan α in units of the norm; the
//! *excess* ln x with x = tan α/tan(φ0/2) is 0 at the best step, negative below it and positive above. Steps to align grow
//! with |ln x| on both sides, as e^|ln x| far from 0: below as L1 says, above as its mirror image of L7. A lever that
//! multiplies legs by a factor f changes ln x into ln x + ln f, so that ln(speed-up) = |ln x| − |ln x + ln f|.
//!
//! For a pair of free embeddings this is proved. For a network it is a criterion that is tested
//! (`docs/diagnosing.md`): there x comes from the angle that embeddings turn in a step, however that comes about.

use serde::Serialize;

/// Angles are not told apart beyond this: a leg of 14 norms, after which only the gradient's direction is left.
const LARGEST_TURN: f64 = 1.5;

/// Within this of the best step, |ln x| ≤ ln 2, nothing is gained by a lever.
const NEAR: f64 = std::f64::consts::LN_2;

/// Where the step stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The typical angle φ0 of a positive pair.
    pub angle: f64,
    /// The angle that a member turns per step, between these bounds.
    pub turned: (f64, f64),
    /// ln x, between these bounds.
    pub excess: (f64, f64),
    /// Whether embeddings turn too far for the excess to be more than a lower bound.
    pub is_saturated: bool,
}

/// Which side of the best step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Steps are shorter than half of the best one.
    Short,
    /// Within a factor of two of the best one.
    Near,
    /// More than twice as long as the best one.
    Long,
    /// The bounds do not tell.
    Unclear,
}

impl Standing {
    /// From the angle φ0 of a typical pair and bounds on the angle turned per step, both in radians and above 0.
    ///
    /// ```
    /// use embedding_norms::diagnosis::{Side, Standing};
    /// let best = Standing::of_turn(1.0, (0.5, 0.5));
    /// assert_eq!((best.side(), best.excess), (Side::Near, (0.0, 0.0)));
    /// let short = Standing::of_turn(1.0, (0.05, 0.05));
    /// assert!(short.speed_up(2.0_f64.ln()).0 > 0.69); // twice the step: nearly twice as fast
    /// ```
    pub fn of_turn(angle: f64, turned: (f64, f64)) -> Self {
        let best = libm::tan(0.5 * angle.min(3.1));
        let excess = |turn: f64| libm::log(libm::tan(turn.min(LARGEST_TURN)) / best);
        let is_saturated = turned.1 > LARGEST_TURN;
        Self { angle, turned, excess: (excess(turned.0), excess(turned.1)), is_saturated }
    }

    /// From the quartiles of ln x over pairs of free embeddings, x = γ(1 + cos φ0)/(ρ_i ρ_j).
    pub fn of_pairs(angle: f64, excess: (f64, f64)) -> Self {
        let best = libm::tan(0.5 * angle.min(3.1));
        let turn = |excess: f64| libm::atan(best * libm::exp(excess));
        Self { angle, turned: (turn(excess.0), turn(excess.1)), excess, is_saturated: false }
    }

    /// The side of the best step.
    pub fn side(&self) -> Side {
        let (low, high) = self.excess;
        match () {
            () if high < -NEAR => Side::Short,
            () if low > NEAR => Side::Long,
            () if low >= -NEAR && high <= NEAR => Side::Near,
            () => Side::Unclear,
        }
    }

    /// Bounds on ln(speed-up) where legs change by the factor e^`shift`.
    pub fn speed_up(&self, shift: f64) -> (f64, f64) {
        let [a, b] = [self.excess.0, self.excess.1].map(|excess| excess.abs() - (excess + shift).abs());
        (a.min(b), a.max(b))
    }

    /// The middle of the bounds on ln x.
    pub fn middle(&self) -> f64 {
        0.5 * (self.excess.0 + self.excess.1)
    }

    /// Bounds on ln c of the cut that makes the step the best one, under a rule of degree h: c^h x = 1.
    ///
    /// `None` where steps do not depend on norms, h = 0.
    pub fn best_cut(&self, degree: f64) -> Option<(f64, f64)> {
        (degree != 0.0).then(|| (-self.excess.1 / degree, -self.excess.0 / degree))
    }
}
