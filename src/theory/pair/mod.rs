//! The *pair* engine: D1 iterated. How many steps a population of pairs needs, exactly and without vectors.

mod blocks;

use pulp::Simd;

pub use self::blocks::steps_of_pairs;
use crate::numerics::vectorize::{Aligned, Kernel, LANES, Vector, sum, vectorize};
pub use crate::setting::FirstStep;
use crate::setting::{SettingError, positive, tolerance, within};
use crate::theory::one_step::{
    ANTIPODAL_HALF_TANGENT, EqualPair, Pair, Squared, half_angle, one_minus_cosine, squared, turned,
};

/// How a count of steps ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Count {
    /// The population reached the tolerance.
    Reached {
        /// The number of steps: the first step after which it holds.
        steps: u64,
        /// The real-valued crossing time, by logarithmic interpolation within the last step; 0 if no step was needed.
        crossing: f64,
    },
    /// Nothing moves any more, and the tolerance is not reached: a pair is antipodal.
    Stationary,
    /// The budget of steps was spent first.
    Budget,
}

impl Count {
    /// The number of steps, if the tolerance was reached.
    pub fn steps(self) -> Option<u64> {
        match self {
            Self::Reached { steps, .. } => Some(steps),
            Self::Stationary | Self::Budget => None,
        }
    }

    /// The real-valued crossing time, if the tolerance was reached.
    pub fn crossing(self) -> Option<f64> {
        match self {
            Self::Reached { crossing, .. } => Some(crossing),
            Self::Stationary | Self::Budget => None,
        }
    }
}

/// How a count ends where a step changes no digit: an antipodal pair stands, and steps that are lost in rounding need more
/// than any budget.
fn at_rest(moves: bool) -> Count {
    if moves { Count::Budget } else { Count::Stationary }
}

/// Eight pairs, across and along their bisectors: the coordinates of [`advance`](crate::theory::one_step::advance).
type Line = Aligned<[[f64; LANES]; 2]>;

/// Aligned pairs, which stay so and add 0 to every sum: what lines begin as, and are padded with.
const ALIGNED: Line = Aligned([[0.0; LANES], [1.0; LANES]]);

/// Pairs in two lines, which share their divisions.
const TWO_LINES: usize = 2 * LANES;

/// Puts pairs with these tan(φ/2) and the norm 1 in the places of the first ones.
fn place(lines: &mut [[Line; 2]], half_tangents: &[f64]) {
    for (pair, &k) in half_tangents.iter().enumerate() {
        let Aligned(line) = &mut lines[pair / TWO_LINES][pair / LANES % 2];
        [line[0][pair % LANES], line[1][pair % LANES]] = half_angle(k);
    }
}

/// One vector of each half of a line, or of numbers for the pairs of two lines.
#[inline(always)]
fn load<S: Simd>(simd: S, halves: &[[f64; LANES]; 2], part: usize) -> [Vector<S>; 2] {
    halves.each_ref().map(|lanes| Vector::new(simd, S::as_simd_f64s(lanes).0[part]))
}

#[inline(always)]
fn store<S: Simd>(halves: &mut [[f64; LANES]; 2], part: usize, vectors: [Vector<S>; 2]) {
    for (lanes, vector) in halves.iter_mut().zip(vectors) {
        S::as_mut_simd_f64s(lanes).0[part] = vector.value;
    }
}

/// One vector of both lines.
#[inline(always)]
fn load_lines<S: Simd>(simd: S, lines: &[Line; 2], part: usize) -> [[Vector<S>; 2]; 2] {
    [load(simd, &lines[0].0, part), load(simd, &lines[1].0, part)]
}

/// One step of one vector of both lines, with 2u₀ of its pairs; sin²(φ/2) before it.
#[inline(always)]
fn advance_part<S: Simd>(simd: S, lines: &mut [Line; 2], part: usize, doubled: [Vector<S>; 2]) -> [Vector<S>; 2] {
    let begun = squared(load_lines(simd, lines, part));
    finish_part(simd, lines, part, begun, doubled)
}

/// The rest of a step that [`squared`] began.
#[inline(always)]
fn finish_part<S: Simd>(
    simd: S,
    lines: &mut [Line; 2],
    part: usize,
    begun: [Squared<Vector<S>>; 2],
    doubled: [Vector<S>; 2],
) -> [Vector<S>; 2] {
    let ([first, second], halves) = turned(load_lines(simd, lines, part), begun, doubled);
    store(&mut lines[0].0, part, first);
    store(&mut lines[1].0, part, second);
    halves
}

/// Pairs of equal norms, worked on in whole vectors.
#[derive(Clone, Debug)]
pub struct EqualPopulation {
    lines: Vec<[Line; 2]>,
    pairs: usize,
    /// u₀.
    step_size: f64,
}

impl EqualPopulation {
    /// Pairs with the given tan(φ/2) and the common u = γ/ρ².
    ///
    /// # Errors
    /// No pairs, a negative or NaN half-tangent, or u that is not positive or above 10³⁰.
    pub fn new(half_tangents: &[f64], step_size: f64) -> Result<Self, SettingError> {
        positive("the number of pairs", half_tangents.len() as f64)?;
        positive("γ/ρ²", step_size)?;
        within("γ/ρ²", step_size, step_size <= 1e30, "at most 1e30")?;
        for &k in half_tangents {
            within("tan(φ/2)", k, k >= 0.0, "0 or larger")?;
        }
        let pairs = half_tangents.len();
        let mut lines = vec![[ALIGNED; 2]; pairs.div_ceil(TWO_LINES)];
        place(&mut lines, half_tangents);
        Ok(Self { lines, pairs, step_size })
    }

    /// The pairs as they stand.
    pub fn pairs(&self) -> impl Iterator<Item = EqualPair> + '_ {
        let coordinates = self.lines.iter().flatten().flat_map(|Aligned([across, along])| across.iter().zip(along));
        coordinates.take(self.pairs).map(|(&across, &along)| EqualPair {
            half_tangent: across.abs() / along,
            step_size: self.step_size / (across * across + along * along),
        })
    }

    /// Steps until the mean of 1 − cos φ is at most `epsilon`.
    ///
    /// # Errors
    /// A tolerance outside (0, 2).
    ///
    /// ```
    /// use embedding_norms::theory::pair::{EqualPopulation, FirstStep};
    /// // One pair at a right angle, ρ = 1, γ = 1: the best norm, aligned in one step (statement L8).
    /// let count = EqualPopulation::new(&[1.0], 1.0)?.steps_until_mean(1e-3, FirstStep::Cosine, 100)?;
    /// assert_eq!(count.steps(), Some(1));
    /// # Ok::<(), embedding_norms::setting::SettingError>(())
    /// ```
    pub fn steps_until_mean(mut self, epsilon: f64, first: FirstStep, budget: u64) -> Result<Count, SettingError> {
        tolerance("the tolerance", epsilon)?;
        let mut steps = 0;
        let mut before = sum(&self.pairs().map(EqualPair::one_minus_cosine).collect::<Vec<_>>()) / self.pairs as f64;
        if before <= epsilon {
            return Ok(Count::Reached { steps: 0, crossing: 0.0 });
        }
        if first == FirstStep::DotProduct {
            if budget == 0 {
                return Ok(Count::Budget);
            }
            self.inner_product_step();
            steps = 1;
        }
        loop {
            let mean = vectorize(Advance(&mut self)) / self.pairs as f64;
            if mean <= epsilon {
                let within_last = (libm::log(before) - libm::log(epsilon)) / (libm::log(before) - libm::log(mean));
                return Ok(Count::Reached { steps, crossing: steps as f64 - 1.0 + within_last });
            }
            if mean == before && steps > 0 && self.stands() {
                return Ok(at_rest(self.pairs().all(|pair| pair.half_tangent <= ANTIPODAL_HALF_TANGENT)));
            }
            if steps >= budget {
                return Ok(Count::Budget);
            }
            before = mean;
            steps += 1;
        }
    }

    /// z_i + γ z_j/ρ²: across the bisector the members meet, along it they add up.
    fn inner_product_step(&mut self) {
        for Aligned([across, along]) in self.lines.as_flattened_mut() {
            for (across, along) in across.iter_mut().zip(along) {
                // An opposite pair stands, whatever becomes of its norm.
                if *along > 0.0 {
                    *across *= 1.0 - self.step_size;
                    *along *= 1.0 + self.step_size;
                }
            }
        }
    }

    /// Whether no pair would move in another step.
    fn stands(&self) -> bool {
        self.pairs().all(|pair| pair.step() == pair)
    }
}

/// One step of every pair; the sum of 1 − cos φ *before* it.
struct Advance<'a>(&'a mut EqualPopulation);

impl Kernel for Advance<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let doubled = [Vector::splat(simd, 2.0 * self.0.step_size); 2];
        // Running sums of sin²(φ/2) = (1 − cos φ)/2, kept while the pairs are at hand.
        let mut sums = [[0.0; LANES]; 2];
        // Without vectors, the compiler makes some of its own from the numbers of a line, if they are its innermost loop.
        if S::F64_LANES == 1 {
            for lines in &mut self.0.lines {
                for lane in 0..LANES {
                    let halves = advance_part(simd, lines, lane, doubled);
                    let before = load(simd, &sums, lane);
                    store(&mut sums, lane, [before[0] + halves[0], before[1] + halves[1]]);
                }
            }
            return 2.0 * sum(sums.as_flattened());
        }
        // A step waits for its division most of the time, so that of the next lines begins before these are moved. And
        // each part of all lines has its turn, so that two sums are enough: there may be no more than sixteen registers.
        for part in 0..LANES / S::F64_LANES {
            let mut running = [Vector::splat(simd, 0.0); 2];
            let mut lines = self.0.lines.iter_mut();
            let Some(mut current) = lines.next() else { continue };
            let mut begun = squared(load_lines(simd, current, part));
            for next in lines {
                let next_begun = squared(load_lines(simd, next, part));
                let halves = finish_part(simd, current, part, begun, doubled);
                running = [running[0] + halves[0], running[1] + halves[1]];
                (current, begun) = (next, next_begun);
            }
            let halves = finish_part(simd, current, part, begun, doubled);
            store(&mut sums, part, [running[0] + halves[0], running[1] + halves[1]]);
        }
        2.0 * sum(sums.as_flattened())
    }
}

/// Steps until 1 − cos φ of one pair of any norms is at most `epsilon` (β = 0: stop-gradient).
///
/// # Errors
/// A tolerance outside (0, 2), or a pair whose numbers are not in their domain.
pub fn steps_of_pair(mut pair: Pair, epsilon: f64, budget: u64) -> Result<Count, SettingError> {
    tolerance("the tolerance", epsilon)?;
    positive("γ/ρ² of the first member", pair.first)?;
    within("γ/ρ² of the first member", pair.first, pair.first <= 1e30, "at most 1e30")?;
    within("γ/ρ² of the second member", pair.second, pair.second >= 0.0 && pair.second <= 1e30, "from 0 to 1e30")?;
    within("tan(φ/2)", pair.half_tangent, pair.half_tangent >= 0.0, "0 or larger")?;
    let mut before = pair.one_minus_cosine();
    if before <= epsilon {
        return Ok(Count::Reached { steps: 0, crossing: 0.0 });
    }
    for steps in 1..=budget {
        let next = pair.step();
        if next == pair {
            return Ok(at_rest(pair.half_tangent <= ANTIPODAL_HALF_TANGENT));
        }
        let after = one_minus_cosine(next.half_tangent);
        if after <= epsilon {
            let within_last = (libm::log(before) - libm::log(epsilon)) / (libm::log(before) - libm::log(after));
            return Ok(Count::Reached { steps, crossing: steps as f64 - 1.0 + within_last });
        }
        (before, pair) = (after, next);
    }
    Ok(Count::Budget)
}

#[cfg(test)]
mod tests {
    use super::{Advance, Count, EqualPopulation, FirstStep, steps_of_pair, steps_of_pairs};
    use crate::numerics::vectorize::vectorize;
    use crate::numerics::vectorize::widths::at_every_width;
    use crate::theory::one_step::{EqualPair, Pair};

    /// Half-tangents from almost aligned to almost opposite, with step sizes of which some nearly land.
    fn pairs() -> impl Iterator<Item = EqualPair> {
        let step_sizes = [1e-3, 0.02, 0.5 - 1e-12, 0.5, 0.5 + 1e-6, 0.9, 7.0, 1e3];
        let half_tangents = (-36..=36).map(|quarter| libm::pow(10.0, 0.25 * f64::from(quarter)));
        half_tangents.flat_map(move |half_tangent| step_sizes.map(|step_size| EqualPair { half_tangent, step_size }))
    }

    /// Whether k' and u' are those of `expected` to a few roundings, and of what cancels in k'.
    fn is_step(before: EqualPair, after: EqualPair, expected: EqualPair) -> bool {
        let EqualPair { half_tangent: k, step_size: u } = before;
        let terms = k * (1.0 + 2.0 * u + k * k) / (1.0 + k * k + 2.0 * u * k * k);
        (after.half_tangent - expected.half_tangent).abs() <= 16.0 * f64::EPSILON * terms
            && (after.step_size / expected.step_size - 1.0).abs() <= 32.0 * f64::EPSILON
    }

    #[test]
    fn d1_in_coordinates_is_d1_in_half_tangents() {
        for before in pairs() {
            let EqualPair { half_tangent: k, step_size: u } = before;
            let population = EqualPopulation::new(&[k; 3], u).expect("a population");
            let mut stepped = population.clone();
            let mean = vectorize(Advance(&mut stepped)) / 3.0;
            assert!((mean / before.one_minus_cosine() - 1.0).abs() < 16.0 * f64::EPSILON, "{before:?}");
            for after in stepped.pairs() {
                assert!(is_step(before, after, before.step()), "{before:?} {after:?} {:?}", before.step());
                let off = EqualPair { half_tangent: after.half_tangent * (1.0 + 1e-12), ..after };
                assert!(!is_step(before, off, before.step()) || before.step().half_tangent < 1e-2 * k, "{before:?}");
                let off = EqualPair { step_size: after.step_size * (1.0 + 1e-12), ..after };
                assert!(!is_step(before, off, before.step()), "{before:?}");
            }
            let mut first = population;
            first.inner_product_step();
            let expected = before.inner_product_step();
            for after in first.pairs() {
                let off = [after.half_tangent / expected.half_tangent, after.step_size / expected.step_size];
                assert!(
                    off.iter().all(|off| (off - 1.0).abs() < 32.0 * f64::EPSILON),
                    "{before:?} {after:?} {expected:?}"
                );
            }
        }
    }

    #[test]
    fn counts_of_any_number_of_pairs_are_the_same_at_every_width() {
        for pairs in [1, 7, 8, 9, 33] {
            let half_tangents: Vec<f64> = (1..=pairs).map(|pair| 0.3 * f64::from(pair)).collect();
            let sizes: Vec<f64> = (1..=pairs).map(|pair| 0.7 / f64::from(pair)).collect();
            let population = EqualPopulation::new(&half_tangents, 0.05).expect("a population");
            let counts = at_every_width(|| population.clone().steps_until_mean(1e-3, FirstStep::Cosine, 10_000));
            assert!(matches!(counts[0], Ok(Count::Reached { .. })), "{counts:?}");
            assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
            let single = |(&half_tangent, &size): (&f64, &f64)| {
                let pair = Pair { half_tangent, first: size, second: size };
                steps_of_pair(pair, 1e-3, 10_000).expect("a pair").steps()
            };
            let expected: Vec<_> = half_tangents.iter().zip(&sizes).map(single).collect();
            for counts in at_every_width(|| steps_of_pairs(&half_tangents, &sizes, 1e-3, 10_000)) {
                assert_eq!(counts.expect("pairs"), expected);
            }
        }
    }
}
