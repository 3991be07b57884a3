//! Whether an update rule is what it claims to be: its degrees, its groups, and the scaling symmetry (statement L6).
//!
//! `docs/writing-an-optimizer.md` shows a rule of one's own with its check.

use ndarray::{Array2, ArrayView1, ArrayView2};
use rand_distr::Distribution;

use crate::loss::NegativeCosine;
use crate::normalization::GradScale;
use crate::optimizer::{Degrees, Optimizer, Update};
use crate::random::{Generator, StandardNormal, generator};
use crate::simulation::{Descent, Start, StopRules};
use crate::sphere::{SphereError, norm_of, normalize, tangent, uniform};
use crate::theory::scaling::degree;

/// Groups, their length, and the steps over which a rule is checked.
const GROUPS: usize = 6;
const LENGTH: usize = 5;
const STEPS: usize = 15;

/// The first step of a run, as a fraction of the norm.
const FIRST_STEP: f64 = 0.05;

/// What counts as rounding, relative to the norm: about 10⁴ times what is observed, 10⁻⁴ times the effect of a wrong
/// degree.
const ROUNDING: f64 = 1e-10;

/// A promise that a rule does not keep.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing moves.
    #[error("a gradient of length 1 moves nothing, whatever the learning rate")]
    Still,
    /// A step without a gradient leaves the finite numbers.
    #[error("a gradient of zeros makes parameters {value}; let a quotient by 0 be 0")]
    ZeroGradient {
        /// A coordinate after the step.
        value: f64,
    },
    /// What one group does depends on another, or on the order in which they are stepped.
    #[error("group {group} moves differently when other groups are stepped before it; keep one memory per group")]
    Groups {
        /// The group, counted from 0.
        group: usize,
    },
    /// The update is not homogeneous with the stated degree.
    #[error(
        "the update has degree {measured:.3} in the {variable}, not {stated} as stated; \
         every ε and every decay inside the rule has to be 0 for this check"
    )]
    Degree {
        /// What was multiplied: parameters or gradients.
        variable: &'static str,
        /// The degree that the rule states.
        stated: f64,
        /// The degree of the length of a small first step.
        measured: f64,
    },
    /// The first step scales as stated, later ones do not: part of the rule's state does not scale.
    #[error(
        "the first step scales with the {variable} as stated, step {step} does not: something remembered between steps \
         does not scale"
    )]
    Memory {
        /// What was multiplied: parameters or gradients.
        variable: &'static str,
        /// The first step that does not scale, counted from 1.
        step: usize,
    },
    /// Embeddings c·z under c^h·γ do not follow the directions of z under γ.
    #[error(
        "with norms times {factor} and the learning rate times {factor}^{degree}, directions differ by {distance:e} after \
         {STEPS} steps under GradScale with power {power}"
    )]
    Symmetry {
        /// The factor c.
        factor: f64,
        /// The degree h that follows from the stated degrees.
        degree: f64,
        /// The power p of GradScale.
        power: f64,
        /// The largest distance between directions that should be equal.
        distance: f64,
    },
}

/// Checks a rule: zero gradients leave it finite, groups do not disturb each other, its update has the stated degrees in
/// parameters and gradients over several steps, and c·z under c^h·γ follows the same directions as z under γ, with and
/// without GradScale (statement L6).
///
/// Give it the rule with every ε and every decay inside at 0: with them the degrees hold only where they scale as well.
///
/// ```
/// use embedding_norms::{check::optimizer::check, optimizer::Adam};
/// check(&Adam::new(0.9, 0.999, 0.0)?)?;
/// let refused = check(&Adam::new(0.9, 0.999, 0.1)?).unwrap_err();
/// assert!(refused.to_string().contains("in the gradients, not 0 as stated"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The first promise that is not kept.
pub fn check(optimizer: &dyn Optimizer) -> Result<(), Fault> {
    zero_gradients(optimizer)?;
    let learning_rate = calibrated(optimizer)?;
    groups(optimizer, learning_rate)?;
    let Degrees { parameters: r, gradients: q } = optimizer.degrees();
    for factor in [3.0, 0.3] {
        let grown = Scales { parameters: factor, ..Scales::ONE };
        scaling(optimizer, learning_rate, grown, factor, "parameters", r)?;
        let steeper = Scales { gradients: factor, ..Scales::ONE };
        scaling(optimizer, learning_rate, steeper, factor, "gradients", q)?;
    }
    for power in [0.0, 1.0] {
        for factor in [4.0, 0.3] {
            symmetry(optimizer, learning_rate, factor, power)?;
        }
    }
    Ok(())
}

fn zero_gradients(optimizer: &dyn Optimizer) -> Result<(), Fault> {
    let mut parameters = [0.6, 0.0, -0.8];
    let mut update = optimizer.start(&[3]);
    for _ in 0..2 {
        update.step(0, 0.1, &mut parameters, &[0.0; 3]);
    }
    match parameters.into_iter().find(|value| !value.is_finite()) {
        Some(value) => Err(Fault::ZeroGradient { value }),
        None => Ok(()),
    }
}

/// The learning rate at which a first step goes as far as [`FIRST_STEP`] of the norm.
fn calibrated(optimizer: &dyn Optimizer) -> Result<f64, Fault> {
    let reach = small_step(optimizer, Scales::ONE) / SMALL;
    if reach > 0.0 { Ok(FIRST_STEP / reach) } else { Err(Fault::Still) }
}

/// A learning rate so small that any rule is linear in it.
const SMALL: f64 = 1e-6;

/// The mean length of a first step at a small learning rate.
fn small_step(optimizer: &dyn Optimizer, scales: Scales) -> f64 {
    let mut walk = Walk::start(optimizer, scales, SMALL);
    let before = walk.parameters.clone();
    walk.step(0..GROUPS);
    let moved = walk.parameters - before;
    moved.rows().into_iter().map(norm_of).sum::<f64>() / GROUPS as f64
}

/// Factors on what a rule is given.
#[derive(Clone, Copy)]
struct Scales {
    parameters: f64,
    gradients: f64,
}

impl Scales {
    const ONE: Self = Self { parameters: 1.0, gradients: 1.0 };

    /// The factor a^(1−r) b^(−q) on the learning rate that leaves a trajectory the same, times a.
    fn learning_rate(self, degrees: Degrees) -> f64 {
        libm::pow(self.parameters, 1.0 - degrees.parameters) * libm::pow(self.gradients, -degrees.gradients)
    }
}

/// A rule that runs on random gradients: tangent to the parameters for half of the groups, as those of a loss of
/// directions are, and any for the others.
struct Walk {
    update: Box<dyn Update>,
    parameters: Array2<f64>,
    scales: Scales,
    learning_rate: f64,
    draws: Generator,
}

impl Walk {
    fn start(optimizer: &dyn Optimizer, scales: Scales, learning_rate: f64) -> Self {
        let mut draws = generator(0, b"check/optimizer", 0);
        let parameters = units(GROUPS, &mut draws) * scales.parameters;
        Self { update: optimizer.start(&[LENGTH; GROUPS]), parameters, scales, learning_rate, draws }
    }

    fn step(&mut self, order: impl Iterator<Item = usize>) {
        let drawn =
            Array2::from_shape_simple_fn((GROUPS, LENGTH), || StandardNormal.sample(&mut self.draws)) / 5.0_f64.sqrt();
        for group in order {
            let mut row = self.parameters.row_mut(group);
            let mut gradient = drawn.row(group).to_owned();
            if group % 2 == 0 {
                let direction = &row / norm_of(row.view());
                gradient = tangent(direction.view(), gradient.view());
            }
            gradient *= self.scales.gradients;
            let slopes = gradient.as_slice().expect("a new array is in standard layout");
            let place = row.as_slice_mut().expect("rows of a new matrix are in standard layout");
            self.update.step(group, self.learning_rate, place, slopes);
        }
    }
}

fn groups(optimizer: &dyn Optimizer, learning_rate: f64) -> Result<(), Fault> {
    let mut forwards = Walk::start(optimizer, Scales::ONE, learning_rate);
    let mut backwards = Walk::start(optimizer, Scales::ONE, learning_rate);
    for _ in 0..STEPS {
        forwards.step(0..GROUPS);
        backwards.step((0..GROUPS).rev());
    }
    let differs = |group: &usize| forwards.parameters.row(*group) != backwards.parameters.row(*group);
    match (0..GROUPS).find(differs) {
        Some(group) => Err(Fault::Groups { group }),
        None => Ok(()),
    }
}

fn scaling(
    optimizer: &dyn Optimizer,
    learning_rate: f64,
    scales: Scales,
    factor: f64,
    variable: &'static str,
    stated: f64,
) -> Result<(), Fault> {
    let rate = learning_rate * scales.learning_rate(optimizer.degrees());
    let mut plain = Walk::start(optimizer, Scales::ONE, learning_rate);
    let mut scaled = Walk::start(optimizer, scales, rate);
    for step in 1..=STEPS {
        plain.step(0..GROUPS);
        scaled.step(0..GROUPS);
        let distance = largest_distance((&scaled.parameters / scales.parameters).view(), plain.parameters.view());
        if distance <= ROUNDING {
            continue;
        }
        return Err(if step == 1 {
            let ratio = small_step(optimizer, scales) / small_step(optimizer, Scales::ONE);
            Fault::Degree { variable, stated, measured: libm::log(ratio) / libm::log(factor) }
        } else {
            Fault::Memory { variable, step }
        });
    }
    Ok(())
}

/// Statement L6 on pairs under the negative cosine, with both sides moving and with one held still.
fn symmetry(optimizer: &dyn Optimizer, learning_rate: f64, factor: f64, power: f64) -> Result<(), Fault> {
    let Degrees { parameters: r, gradients: q } = optimizer.degrees();
    let degree = degree(r, q, power);
    let mut draws = generator(1, b"check/optimizer", 0);
    let pairs = [units(GROUPS, &mut draws), units(GROUPS, &mut draws)];
    for loss in [NegativeCosine::symmetric(), NegativeCosine::with_stop_gradient()] {
        let descend = |factor: f64, rate: f64| {
            let grad_scale = GradScale::new(power).expect("the powers are finite");
            let start = Start::pairs(&pairs[0] * factor, &pairs[1] * factor);
            let stops = StopRules::budget(STEPS as u64).never_stationary();
            let outcome = Descent::new(&loss, optimizer, rate).ok()?.grad_scale(grad_scale).run(start, &stops).ok()?;
            let second = outcome.second.expect("pairs have two views");
            both_directions(outcome.first.view(), second.view()).ok()
        };
        let scaled = descend(factor, learning_rate * libm::pow(factor, degree));
        let distance = match (descend(1.0, learning_rate), scaled) {
            (Some(plain), Some(scaled)) => largest_distance(plain[0].view(), scaled[0].view())
                .max(largest_distance(plain[1].view(), scaled[1].view())),
            _ => f64::NAN,
        };
        if distance.is_nan() || distance > ROUNDING {
            return Err(Fault::Symmetry { factor, degree, power, distance });
        }
    }
    Ok(())
}

fn both_directions(first: ArrayView2<'_, f64>, second: ArrayView2<'_, f64>) -> Result<[Array2<f64>; 2], SphereError> {
    Ok([normalize(first)?.into_units(), normalize(second)?.into_units()])
}

fn units(rows: usize, draws: &mut Generator) -> Array2<f64> {
    uniform(rows, LENGTH, draws).expect("the dimension is above 1")
}

/// The largest distance between rows; not-a-number where one of them is not finite.
fn largest_distance(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> f64 {
    let distance = |x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>| norm_of((&x - &y).view());
    let larger = |largest: f64, next: f64| if next.is_nan() || next > largest { next } else { largest };
    x.rows().into_iter().zip(y.rows()).map(|(x, y)| distance(x, y)).fold(0.0, larger)
}

#[cfg(doctest)]
#[doc = include_str!("../../docs/writing-an-optimizer.md")]
struct Guide;
