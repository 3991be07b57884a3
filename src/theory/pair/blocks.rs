//! The steps of many pairs, each to its own end, counted in blocks.

use pulp::Simd;

use super::{ALIGNED, Line, TWO_LINES, advance_part, load, place, store};
use crate::numerics::vectorize::{Aligned, Kernel, LANES, Number, Vector, vectorize};
use crate::setting::{SettingError, tolerance, within};
use crate::theory::one_step::one_minus_cosine;

/// For each of many pairs of equal norms, given by tan(φ/2) and u = γ/ρ², the steps until its 1 − cos φ is at most
/// `epsilon`: the count of [`steps_of_pair`](super::steps_of_pair), in whole vectors. `None` where the budget was spent first, as it is by a
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
        let mut block = Block::new(ks, us, epsilon);
        vectorize(CountBlock { block: &mut block, epsilon, budget });
        counts.extend(block.counts());
    }
    counts.truncate(pairs);
    Ok(counts)
}

/// Twice two lines: as many as keep the arithmetic units busy while one of them waits for its division.
const BLOCK: usize = 2 * TWO_LINES;
/// Steps between two looks at whether all pairs of a block have arrived.
const LOOK_EVERY: u64 = 4;

/// A number for each pair of a block.
type Each = [[[f64; LANES]; 2]; 2];

/// Pairs that are counted together.
struct Block {
    lines: [[Line; 2]; 2],
    /// 2u₀.
    doubled: Each,
    /// 1 for each pair that has not arrived, 0 for the others.
    active: Each,
    steps: Each,
}

impl Block {
    /// The rest of a block that is not full has arrived already.
    fn new(half_tangents: &[f64], step_sizes: &[f64], epsilon: f64) -> Self {
        let none = [[[0.0; LANES]; 2]; 2];
        let mut block = Self { lines: [[ALIGNED; 2]; 2], doubled: none, active: none, steps: none };
        place(&mut block.lines, half_tangents);
        let each = block.doubled.as_flattened_mut().as_flattened_mut().iter_mut();
        each.zip(step_sizes).for_each(|(doubled, u)| *doubled = 2.0 * u);
        let each = block.active.as_flattened_mut().as_flattened_mut().iter_mut();
        each.zip(half_tangents).for_each(|(active, &k)| *active = f64::from(one_minus_cosine(k) > epsilon));
        block
    }

    /// Whether a pair has not arrived. An opposite pair never does, and need not be waited for.
    fn waits(&self) -> bool {
        let along = self.lines.as_flattened().iter().flat_map(|Aligned([_, along])| along);
        self.active.as_flattened().as_flattened().iter().zip(along).any(|(&active, &along)| active > 0.0 && along > 0.0)
    }

    /// The steps of each pair that has arrived.
    fn counts(&self) -> impl Iterator<Item = Option<u64>> + '_ {
        let [active, steps] = [&self.active, &self.steps].map(|each| each.as_flattened().as_flattened());
        active.iter().zip(steps).map(|(&active, &steps)| (active == 0.0).then_some(steps as u64))
    }
}

/// Steps until every pair of a block has arrived or the budget is spent.
struct CountBlock<'a> {
    block: &'a mut Block,
    epsilon: f64,
    budget: u64,
}

impl Kernel for CountBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { block, epsilon, budget } = self;
        // The state after so many steps has been looked at.
        let mut seen = 0;
        while seen <= budget && block.waits() {
            let steps = LOOK_EVERY.min((budget - seen).saturating_add(1));
            for _ in 0..steps {
                for two in 0..2 {
                    for part in 0..LANES / S::F64_LANES {
                        let doubled = load(simd, &block.doubled[two], part);
                        let halves = advance_part(simd, &mut block.lines[two], part, doubled);
                        let (before, none) = (load(simd, &block.active[two], part), Vector::splat(simd, 0.0));
                        let bound = 0.5 * epsilon;
                        let active = [
                            halves[0].select_above(bound, before[0], none),
                            halves[1].select_above(bound, before[1], none),
                        ];
                        store(&mut block.active[two], part, active);
                        let steps = load(simd, &block.steps[two], part);
                        store(&mut block.steps[two], part, [steps[0] + active[0], steps[1] + active[1]]);
                    }
                }
            }
            seen = seen.saturating_add(steps);
        }
    }
}
