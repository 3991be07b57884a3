//! The *pair* engine: D1 iterated. How many steps a population of pairs needs, exactly and without vectors.

use pulp::Simd;

use crate::setting::{SettingError, positive, tolerance, within};
use crate::theory::one_step::{ANTIPODAL_HALF_TANGENT, EqualPair, Pair, advance, one_minus_cosine};
use crate::vectorize::{Aligned, Kernel, LANES, Number, Vector, sum, vectorize};

/// Which gradient the very first step follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstStep {
    /// The cosine's, like all later steps.
    Cosine,
    /// The inner product's, as in the authors' public notebook.
    DotProduct,
}

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

/// Pairs of equal norms, worked on in whole vectors.
#[derive(Clone, Debug)]
pub struct EqualPopulation {
    half_tangents: Vec<Aligned<[f64; LANES]>>,
    step_sizes: Vec<Aligned<[f64; LANES]>>,
    pairs: usize,
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
        // Whole vectors only. A half-tangent of 0 is an aligned pair, which stays so: the padding adds 0 to every sum.
        let lines = half_tangents.chunks(LANES).map(|chunk| {
            let mut line = [0.0; LANES];
            line[..chunk.len()].copy_from_slice(chunk);
            Aligned(line)
        });
        Ok(Self {
            half_tangents: lines.collect(),
            step_sizes: vec![Aligned([step_size; LANES]); half_tangents.len().div_ceil(LANES)],
            pairs: half_tangents.len(),
        })
    }

    /// The pairs as they stand.
    pub fn pairs(&self) -> impl Iterator<Item = EqualPair> + '_ {
        let [half_tangents, step_sizes] =
            [&self.half_tangents, &self.step_sizes].map(|lines| lines.iter().flat_map(|line| line.0));
        let pairs = half_tangents.zip(step_sizes).take(self.pairs);
        pairs.map(|(half_tangent, step_size)| EqualPair { half_tangent, step_size })
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
                return Ok(Count::Stationary);
            }
            if steps >= budget {
                return Ok(Count::Budget);
            }
            before = mean;
            steps += 1;
        }
    }

    fn inner_product_step(&mut self) {
        for (ks, us) in self.half_tangents.iter_mut().zip(&mut self.step_sizes) {
            for (k, u) in ks.0.iter_mut().zip(&mut us.0) {
                let next = EqualPair { half_tangent: *k, step_size: *u }.inner_product_step();
                (*k, *u) = (next.half_tangent, next.step_size);
            }
        }
    }

    /// Whether no pair would move in another step.
    fn stands(&self) -> bool {
        self.pairs().all(|pair| pair.step().half_tangent == pair.half_tangent)
    }
}

/// One step of every pair; the sum of 1 − cos φ *before* it.
struct Advance<'a>(&'a mut EqualPopulation);

impl Kernel for Advance<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        // The eight running sums of `sum`, kept while the pairs are at hand.
        let mut sums = [0.0; LANES];
        for (ks, us) in self.0.half_tangents.iter_mut().zip(&mut self.0.step_sizes) {
            let pairs = S::as_mut_simd_f64s(&mut ks.0).0.iter_mut().zip(S::as_mut_simd_f64s(&mut us.0).0);
            for ((k, u), sum) in pairs.zip(S::as_mut_simd_f64s(&mut sums).0) {
                let (next_k, next_u, one_minus) = advance(Vector::new(simd, *k), Vector::new(simd, *u));
                (*k, *u, *sum) = (next_k.value, next_u.value, (Vector::new(simd, *sum) + one_minus).value);
            }
        }
        sum(&sums)
    }
}

/// Steps until 1 − cos φ of one pair of any norms is at most `epsilon` (β = 0: stop-gradient).
///
/// # Errors
/// A tolerance outside (0, 2), or a pair whose numbers are not in their domain.
pub fn steps_of_pair(mut pair: Pair, epsilon: f64, budget: u64) -> Result<Count, SettingError> {
    tolerance("the tolerance", epsilon)?;
    positive("γ/ρ² of the first member", pair.first)?;
    within("γ/ρ² of the second member", pair.second, pair.second >= 0.0 && pair.second <= 1e30, "from 0 to 1e30")?;
    within("tan(φ/2)", pair.half_tangent, pair.half_tangent >= 0.0, "0 or larger")?;
    let mut before = pair.one_minus_cosine();
    if before <= epsilon {
        return Ok(Count::Reached { steps: 0, crossing: 0.0 });
    }
    for steps in 1..=budget {
        let next = pair.step();
        if next.half_tangent == pair.half_tangent {
            return Ok(Count::Stationary);
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

/// For each of many pairs of equal norms, given by tan(φ/2) and u = γ/ρ², the steps until its 1 − cos φ is at most
/// `epsilon`: the count of [`steps_of_pair`], in whole vectors. `None` where the budget was spent first, as it is by a
/// pair that stands.
///
/// # Errors
/// A tolerance outside (0, 2), slices of different lengths, a negative or NaN half-tangent, or u that is not positive or
/// above 10³⁰.
///
/// ```
/// use embedding_norms::theory::pair::steps_of_pairs;
/// // A right angle at ρ = 1, at a large norm, at the best one, and at the mirror image of the first (statement L7).
/// assert_eq!(steps_of_pairs(&[1.0; 3], &[0.01, 1.0, 100.0], 1e-3, 1000)?, [Some(190), Some(1), Some(190)]);
/// # Ok::<(), embedding_norms::setting::SettingError>(())
/// ```
pub fn steps_of_pairs(
    half_tangents: &[f64],
    step_sizes: &[f64],
    epsilon: f64,
    budget: u64,
) -> Result<Vec<Option<u64>>, SettingError> {
    tolerance("the tolerance", epsilon)?;
    let (pairs, sizes) = (half_tangents.len(), step_sizes.len());
    within("the number of γ/ρ²", sizes as f64, sizes == pairs, "the number of pairs")?;
    for (&k, &u) in half_tangents.iter().zip(step_sizes) {
        within("tan(φ/2)", k, k >= 0.0, "0 or larger")?;
        within("γ/ρ²", u, u > 0.0 && u <= 1e30, "above 0 and at most 1e30")?;
    }
    let mut counts = Vec::with_capacity(pairs.next_multiple_of(BLOCK));
    for (ks, us) in half_tangents.chunks(BLOCK).zip(step_sizes.chunks(BLOCK)) {
        // The rest of the last block is aligned already.
        let mut block = Block { half_tangents: [0.0; BLOCK], step_sizes: [1.0; BLOCK], steps: [0.0; BLOCK] };
        block.half_tangents[..ks.len()].copy_from_slice(ks);
        block.step_sizes[..us.len()].copy_from_slice(us);
        let active = vectorize(CountBlock { block: &mut block, epsilon, budget });
        counts.extend(active.iter().zip(&block.steps).map(|(&active, &steps)| (active == 0.0).then_some(steps as u64)));
    }
    counts.truncate(pairs);
    Ok(counts)
}

/// Pairs that are counted together: as many as keep the arithmetic units busy while one of them waits for its division.
const BLOCK: usize = 4 * LANES;
/// Steps between two looks at whether all pairs of a block have arrived.
const LOOK_EVERY: u64 = 4;

struct Block {
    half_tangents: [f64; BLOCK],
    step_sizes: [f64; BLOCK],
    steps: [f64; BLOCK],
}

/// Steps until every pair of a block has arrived or the budget is spent; 1 for each that has not, 0 for the others.
struct CountBlock<'a> {
    block: &'a mut Block,
    epsilon: f64,
    budget: u64,
}

impl Kernel for CountBlock<'_> {
    type Output = [f64; BLOCK];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f64; BLOCK] {
        let mut active = [0.0; BLOCK];
        for (active, &k) in active.iter_mut().zip(&self.block.half_tangents) {
            *active = f64::from(one_minus_cosine(k) > self.epsilon);
        }
        // An opposite pair never arrives, and need not be waited for.
        let waits = |active: &[f64; BLOCK], ks: &[f64; BLOCK]| {
            active.iter().zip(ks).any(|(&active, &k)| active > 0.0 && k <= ANTIPODAL_HALF_TANGENT)
        };
        let mut taken = 0;
        while taken < self.budget && waits(&active, &self.block.half_tangents) {
            let steps = LOOK_EVERY.min(self.budget - taken);
            let (ks, _) = S::as_mut_simd_f64s(&mut self.block.half_tangents);
            let (us, _) = S::as_mut_simd_f64s(&mut self.block.step_sizes);
            let (counts, _) = S::as_mut_simd_f64s(&mut self.block.steps);
            let (active, _) = S::as_mut_simd_f64s(&mut active);
            for _ in 0..steps {
                let pairs = ks.iter_mut().zip(us.iter_mut());
                for ((k, u), (count, active)) in pairs.zip(counts.iter_mut().zip(active.iter_mut())) {
                    let (next_k, next_u, _) = advance(Vector::new(simd, *k), Vector::new(simd, *u));
                    (*k, *u) = (next_k.value, next_u.value);
                    let (before, none) = (Vector::new(simd, *active), Vector::splat(simd, 0.0));
                    *count = (Vector::new(simd, *count) + before).value;
                    *active = one_minus(next_k).select_above(self.epsilon, before, none).value;
                }
            }
            taken += steps;
        }
        active
    }
}

/// 1 − cos φ = 2k²/(1 + k²), as [`one_minus_cosine`] rounds it.
#[inline(always)]
fn one_minus<N: Number>(k: N) -> N {
    let (square, two) = (k * k, k.constant(2.0));
    k.select_above(ANTIPODAL_HALF_TANGENT, two, two * square / (k.constant(1.0) + square))
}

#[cfg(test)]
mod tests {
    use super::{Count, EqualPopulation, FirstStep, steps_of_pair, steps_of_pairs};
    use crate::theory::one_step::Pair;
    use crate::vectorize::widths::at_every_width;

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
