//! The learning rate that the rotation of embeddings in one step tells (statement S9).

use crate::setting::{SettingError, positive, within};
use crate::statistics::{Estimate, mean_with_interval, median_with_interval};

/// The largest median turn, in radians, that is taken for proportional to the learning rate.
pub const LARGEST_TURN: f64 = 0.3;
/// The smallest: below it rounding of embeddings kept in single precision is part of the turn.
pub const SMALLEST_TURN: f64 = 1e-7;
/// The smallest median angle of positives, in radians: below it training at the advised rate often gained nothing, in networks
/// that start collapsed, on seeds that are not reported.
pub const SMALLEST_ANGLE: f64 = 0.2;
/// Angles of positives count as at most this, as the tangent of their half runs away.
const LARGEST_ANGLE: f64 = 3.1;
/// The confidence of each of two parts of an interval: together 95 %, however they hang together.
const CONFIDENCE: f64 = 0.975;

/// What two snapshots of the same samples tell of a step: angles in radians.
#[derive(Clone, Copy, Debug)]
pub struct Rotation<'a> {
    /// The angles φ0 of positive pairs at the first snapshot.
    pub positives: &'a [f64],
    /// The angles that samples turned by between the snapshots.
    pub turned: &'a [f64],
    /// The steps between them: 1 or a few.
    pub steps: u64,
    /// The share β of the last step that a rule keeps in its next, if it remembered nothing at the first snapshot; else 0.
    pub memory: f64,
}

/// Why a step tells no learning rate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoRate {
    /// Not enough samples for an interval.
    #[error("{samples} samples are too few for an interval: take at least 8, better 100")]
    Few {
        /// The smaller number of angles.
        samples: usize,
    },
    /// An angle that is none.
    #[error(transparent)]
    Angle(#[from] SettingError),
    /// Nothing moved.
    #[error(
        "embeddings turn by {turned:e} rad in a step, which rounding can do: the network is dead or the rate far too small"
    )]
    Still {
        /// The median turn of a step.
        turned: f64,
    },
    /// The turn is no longer proportional to the rate.
    #[error(
        "embeddings turn by {turned:.2} rad in a step, too far to be proportional to the rate: take a step at a smaller one"
    )]
    Far {
        /// The median turn of a step.
        turned: f64,
    },
    /// Positives agree already.
    #[error("positives are {angle:e} rad apart: they agree already, or all embeddings have collapsed")]
    Agreed {
        /// Their median angle.
        angle: f64,
    },
}

/// The factor of the learning rate with which one step turns embeddings by half the angle φ0 of positives:
/// 1/x = tan(φ0/2)/tan α.
///
/// `leg` is tan α of the angle α that one step turned them, `angle` is φ0 in radians, which counts as at most 3.1. For a pair
/// of free embeddings under plain descent it is the best factor, exactly (L8). While α is small it goes as the learning rate
/// under any rule, so that one step at any small rate tells the factor; that it is the best one for a network is a criterion
/// and no theorem (S9).
///
/// ```
/// use embedding_norms::theory::encoders::rate_factor;
/// let angle: f64 = 1.0;
/// assert!((rate_factor((0.5 * angle).tan(), angle) - 1.0).abs() < 1e-15);
/// assert!((rate_factor(0.01, angle) / rate_factor(0.02, angle) - 2.0).abs() < 1e-15);
/// ```
pub fn rate_factor(leg: f64, angle: f64) -> f64 {
    libm::tan(0.5 * angle.min(LARGEST_ANGLE)) / leg
}

impl Rotation<'_> {
    /// The factor x*/x by which to multiply the learning rate, with its 95 % interval over samples: x = tan α/tan(φ0/2), and
    /// x* the `target` at which a step is right.
    ///
    /// tan α is that of the median turn over the lasting steps, φ0 the median angle of positives. For a pair of free
    /// embeddings of equal norms under plain descent x* = 1: the rate times the factor aligns it in one step, exactly (L8).
    /// For a network it is a criterion, whose targets the chapter has; that x is proportional to the rate holds up to a
    /// relative error of the order of α.
    ///
    /// The interval combines those of both medians by order statistics, at 97.5 % each; it says nothing of the spread
    /// between batches, for which there is [`over_steps`].
    ///
    /// # Errors
    /// [`NoRate`]: too few samples, angles outside [0, π], a target not above 0, or a step that tells nothing.
    ///
    /// ```
    /// use embedding_norms::theory::encoders::Rotation;
    /// // Positives 1 rad apart, a step that turns everything by a hundredth of what is right.
    /// let turned = [(0.01 * 0.5_f64.tan()).atan(); 20];
    /// let step = Rotation { positives: &[1.0; 20], turned: &turned, steps: 1, memory: 0.0 };
    /// assert!((step.rate_factor(1.0)?.value - 100.0).abs() < 1e-9);
    /// // The first step under momentum 0.9 is a tenth of a lasting one.
    /// let warming = Rotation { memory: 0.9, ..step };
    /// assert!((warming.rate_factor(1.0)?.value - 10.0).abs() < 1e-9);
    /// # Ok::<(), embedding_norms::theory::encoders::NoRate>(())
    /// ```
    pub fn rate_factor(&self, target: f64) -> Result<Estimate, NoRate> {
        let (turned, positives) = (median(self.turned)?, median(self.positives)?);
        let steps = within("the number of steps", self.steps as f64, self.steps > 0, "at least 1")?;
        let memory =
            within("the share that is kept", self.memory, (0.0..1.0).contains(&self.memory), "from 0 to below 1")?;
        let lasting = lasting_steps(self.steps, memory) * positive("the target x", target)?;
        let observed = turned.value / steps;
        if observed < SMALLEST_TURN {
            return Err(NoRate::Still { turned: observed });
        }
        if turned.value > LARGEST_TURN {
            return Err(NoRate::Far { turned: turned.value });
        }
        if positives.value < SMALLEST_ANGLE {
            return Err(NoRate::Agreed { angle: positives.value });
        }
        let factor = |angle: f64, turn: f64| rate_factor(libm::tan(turn.min(1.5)) / lasting, angle);
        Ok(Estimate {
            value: factor(positives.value, turned.value),
            lower: factor(positives.lower, turned.upper),
            upper: factor(positives.upper, turned.lower),
            replicates: self.turned.len().min(self.positives.len()),
        })
    }
}

fn median(angles: &[f64]) -> Result<Estimate, NoRate> {
    for &angle in angles {
        within("an angle", angle, (0.0..=std::f64::consts::PI).contains(&angle), "from 0 to π")?;
    }
    median_with_interval(angles, CONFIDENCE).ok_or(NoRate::Few { samples: angles.len() })
}

/// To how many lasting steps n steps in one direction come, if a rule keeps the share β of each step in its next and
/// begins with nothing: Σ_{k=1}^n (1 − β^k) = n − β(1 − β^n)/(1 − β).
///
/// The first step is 1 − β of a lasting one. A rule that corrects for it, as Adam does, has β = 0 here. Domain: n ≥ 1,
/// 0 ≤ β < 1.
///
/// ```
/// use embedding_norms::theory::encoders::lasting_steps;
/// assert!((lasting_steps(1, 0.9) - 0.1).abs() < 1e-15);
/// assert_eq!(lasting_steps(7, 0.0), 7.0);
/// ```
pub fn lasting_steps(steps: u64, memory: f64) -> f64 {
    let n = steps as f64;
    n - memory * (1.0 - libm::pow(memory, n)) / (1.0 - memory)
}

/// To how many lasting steps n steps in independent directions come, under the same rule: √Σ_{k=1}^n (1 − β^k)².
///
/// The gradient of the k-th step from the end has come to 1 − β^k of a lasting step by then, and ways in independent directions
/// add up by their squares. Domain: n ≥ 1, 0 ≤ β < 1.
///
/// ```
/// use embedding_norms::theory::encoders::{independent_steps, lasting_steps};
/// assert_eq!(independent_steps(9, 0.0), 3.0);
/// assert!((independent_steps(1, 0.9) - lasting_steps(1, 0.9)).abs() < 1e-14);
/// ```
pub fn independent_steps(steps: u64, memory: f64) -> f64 {
    let (n, kept) = (steps as f64, libm::pow(memory, steps as f64));
    let once = memory * (1.0 - kept) / (1.0 - memory);
    let twice = memory * memory * (1.0 - kept * kept) / (1.0 - memory * memory);
    libm::sqrt(n - 2.0 * once + twice)
}

/// The factor of the learning rate from those of several steps: their geometric mean, with an interval that holds the spread
/// between batches, by Student's t over the steps, and that between samples, by the geometric means of the ends of their own;
/// both are added. `None` for fewer than two.
///
/// ```
/// use embedding_norms::{statistics::Estimate, theory::encoders::over_steps};
/// let step = |value: f64| Estimate { value, lower: 0.5 * value, upper: 2.0 * value, replicates: 50 };
/// let alike = over_steps(&[step(3.0), step(3.0)]).unwrap();
/// assert!((alike.lower - 1.5).abs() < 1e-12 && (alike.upper - 6.0).abs() < 1e-12);
/// assert!(over_steps(&[step(3.0), step(4.0)]).unwrap().upper > 7.0);
/// ```
pub fn over_steps(factors: &[Estimate]) -> Option<Estimate> {
    let logs = |end: fn(&Estimate) -> f64| factors.iter().map(|factor| libm::log(end(factor))).collect::<Vec<_>>();
    let Estimate { value, lower, upper, replicates } = mean_with_interval(&logs(|factor| factor.value), CONFIDENCE)?;
    let middle = |end: fn(&Estimate) -> f64| logs(end).iter().sum::<f64>() / factors.len() as f64;
    let over = Estimate {
        value,
        lower: lower + middle(|factor| factor.lower) - value,
        upper: upper + middle(|factor| factor.upper) - value,
        replicates,
    };
    Some(over.map(libm::exp))
}

/// The cut c of a scale-free model that is the same as multiplying the learning rate by this factor, under a rule of degree
/// h: c^h = factor (S7). `None` for h = 0, where a cut changes nothing.
///
/// ```
/// use embedding_norms::theory::encoders::cut_for;
/// assert_eq!(cut_for(9.0, 2.0), Some(3.0)); // plain descent
/// assert_eq!(cut_for(9.0, 0.0), None); // LARS
/// ```
pub fn cut_for(factor: f64, degree: f64) -> Option<f64> {
    (degree != 0.0).then(|| libm::pow(factor, 1.0 / degree))
}
