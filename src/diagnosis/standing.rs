//! Where the step stands against the best one (statements L7, L8), and what a lever would do (S6).
//!
//! The best step turns each member of a pair by φ0/2. The leg of a step, the way over the norm, is tan α where it turns by α; the
//! *excess* ln x with x = tan α/tan(φ0/2) is 0 at the best step, negative below it and positive above. Steps to align grow
//! with |ln x| on both sides, as e^|ln x| far from 0: below as L1 says, above as its mirror image of L7. A lever that
//! multiplies legs by a factor f changes ln x into ln x + ln f, so that ln(speed-up) = |ln x| − |ln x + ln f|.
//!
//! For a pair of free embeddings this is proved. For a network it is a criterion that is tested (`docs/diagnosing.md`): there
//! x comes from the angle that embeddings turn in a step, however that comes about, and what to aim at is not 1 but a third of
//! the x\* of statement S9, which depends on the optimizer and the kind of network. Where these are not known the aim lies
//! between bounds, and so does the excess, ln(x/aim).

use serde::Serialize;

use crate::theory::encoders::{self, rate_factor};

/// Beyond this turn, in radians, the tangent runs away, and the way in norms takes its place.
const LARGEST_TURN: f64 = 1.2;

/// Within this of the best step, |ln x| ≤ ln 2, nothing is gained by a lever, for free embeddings.
const NEAR: (f64, f64) = (std::f64::consts::LN_2, std::f64::consts::LN_2);

/// The same below and above the aim for a network: a third of it and ten times. Chosen on one half of the seeds of the trial
/// of docs/diagnosing.md.
const NEAR_IN_NETWORKS: (f64, f64) = (1.098_612_288_668_109_8, std::f64::consts::LN_10);

/// A step that is too long does not tell by how much: the rate is divided by this, and one step is looked at again.
const LARGEST_DIVISION: f64 = std::f64::consts::LN_10;

/// Where the step stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The typical angle φ0 of a positive pair.
    pub angle: f64,
    /// The leg of a step, the way of an embedding over its norm, between these bounds.
    pub leg: (f64, f64),
    /// The step to aim at over the best one of a free pair, between these bounds.
    pub aim: (f64, f64),
    /// ln(x/aim), between these bounds.
    pub excess: (f64, f64),
    /// Whether embeddings are free, so that the best step is proved, and no criterion.
    pub is_proved: bool,
}

/// The leg of a step that turned an embedding by an angle and moved it by a way, in units of its norm.
///
/// In theory the way is tan α and at right angles to the embedding. In a network it need not be: a part along the
/// embedding turns nothing and is left out, as long as the turn is not so far that nothing but the way can be trusted.
pub fn leg(turn: f64, way: f64) -> f64 {
    let tangent = libm::tan(turn.min(LARGEST_TURN));
    if turn <= LARGEST_TURN { tangent } else { tangent.max(way) }
}

/// Which side of the best step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Steps are too short.
    Short,
    /// Near the best one: nothing is to be gained, as far as is known.
    Near,
    /// Steps are too long.
    Long,
    /// The bounds do not tell, or the step turned embeddings so far that it does not tell.
    Unclear,
}

impl Standing {
    /// From the angle φ0 of a typical pair, in radians, and bounds on the leg of a step, all above 0; the aim is the
    /// best step of a free pair, x = 1.
    ///
    /// ```
    /// use embedding_norms::diagnosis::{Side, Standing};
    /// let half = 0.5_f64.tan();
    /// let best = Standing::of_leg(1.0, (half, half));
    /// assert_eq!((best.side(), best.excess), (Side::Near, (0.0, 0.0)));
    /// let short = Standing::of_leg(1.0, (0.1 * half, 0.1 * half));
    /// assert!((short.speed_up(2.0_f64.ln()).0 - 2.0_f64.ln()).abs() < 1e-12); // twice the step: twice as fast
    /// ```
    pub fn of_leg(angle: f64, leg: (f64, f64)) -> Self {
        let excess = |leg: f64| -libm::log(rate_factor(leg, angle));
        Self { angle, leg, aim: (1.0, 1.0), excess: (excess(leg.0), excess(leg.1)), is_proved: false }
    }

    /// From the quartiles of ln x over pairs of free embeddings, x = γ(1 + cos φ0)/(ρ_i ρ_j).
    pub fn of_pairs(angle: f64, excess: (f64, f64)) -> Self {
        let leg = |excess: f64| rate_factor(1.0, angle) * libm::exp(excess);
        Self { angle, leg: (leg(excess.0), leg(excess.1)), aim: (1.0, 1.0), excess, is_proved: true }
    }

    /// The same for free embeddings, for which the best step is proved.
    #[must_use]
    pub fn proved(self) -> Self {
        Self { is_proved: true, ..self }
    }

    /// The same where a lasting step is longer by factors between these bounds, as momentum was at rest before.
    #[must_use]
    pub fn lasting(self, growth: (f64, f64)) -> Self {
        let excess = (self.excess.0 + libm::log(growth.0), self.excess.1 + libm::log(growth.1));
        Self { excess, ..self }
    }

    /// The same with another step to aim at, over the best one of a free pair, between these bounds, above 0.
    ///
    /// ```
    /// use embedding_norms::diagnosis::Standing;
    /// let step = Standing::of_leg(1.0, (0.01, 0.01));
    /// let shift = step.excess.0 - step.aiming_at((4.0, 4.0)).excess.0;
    /// assert!((shift - 4.0_f64.ln()).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn aiming_at(self, aim: (f64, f64)) -> Self {
        let nearer = |own: f64, other: f64| libm::log(own / other);
        let excess = (self.excess.0 + nearer(self.aim.1, aim.1), self.excess.1 + nearer(self.aim.0, aim.0));
        Self { aim, excess, ..self }
    }

    /// Whether the step turned embeddings so far that the turn does not tell how much too long it is.
    pub fn is_saturated(&self) -> bool {
        self.leg.1 >= libm::tan(LARGEST_TURN)
    }

    /// Whether the step is so short that its turn goes as the learning rate (statement S9).
    fn is_proportional(&self) -> bool {
        self.leg.1 <= libm::tan(encoders::LARGEST_TURN)
    }

    /// The side of the best step.
    pub fn side(&self) -> Side {
        let (low, high) = self.excess;
        let (below, above) = if self.is_proved { NEAR } else { NEAR_IN_NETWORKS };
        match () {
            () if high < -below && (self.is_proved || self.is_proportional()) => Side::Short,
            () if low > above => Side::Long,
            () if self.is_saturated() && !self.is_proved => Side::Unclear,
            () if low >= -below && high <= above => Side::Near,
            () => Side::Unclear,
        }
    }

    /// What hides the side of the best step, and what would show it.
    pub(super) fn undecided(&self) -> &'static str {
        match () {
            () if !self.is_proved && !self.is_proportional() => {
                "the step turned embeddings so far that the turn no longer goes as the rate; save one step at a tenth of the \
                 rate and ask again"
            }
            () if self.aim.0 < self.aim.1 => {
                "the best step depends on the optimizer and the kind of network, and this one is on either side of those that \
                 were found"
            }
            () => {
                "the bounds on the step do not tell on which side of the best one it is; save checkpoints fewer steps apart"
            }
        }
    }

    /// ln of the factor of the learning rate that is advised (statement S9); `None` where it is to stay or nothing is known.
    ///
    /// Towards longer steps it is aim/x. Towards shorter ones a network's step does not tell how far: aim/x, but at least 1/10.
    pub fn advised(&self) -> Option<f64> {
        match self.side() {
            Side::Short => Some(-self.middle()),
            Side::Long if self.is_proved => Some(-self.middle()),
            Side::Long => Some((-self.middle()).max(-LARGEST_DIVISION)),
            Side::Near | Side::Unclear => None,
        }
    }

    /// Bounds on ln(speed-up) where legs change by the factor e^`shift`.
    pub fn speed_up(&self, shift: f64) -> (f64, f64) {
        let [a, b] = [self.excess.0, self.excess.1].map(|excess| excess.abs() - (excess + shift).abs());
        (a.min(b), a.max(b))
    }

    /// The middle of the bounds on ln(x/aim).
    pub fn middle(&self) -> f64 {
        0.5 * (self.excess.0 + self.excess.1)
    }

    /// Bounds on ln c of the cut that makes the step the best one, under a rule of degree h: c^h x is the aim.
    ///
    /// `None` where steps do not depend on norms, h = 0.
    pub fn best_cut(&self, degree: f64) -> Option<(f64, f64)> {
        (degree != 0.0).then(|| (-self.excess.1 / degree, -self.excess.0 / degree))
    }
}
