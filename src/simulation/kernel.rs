//! The fused kernel: pairs eight at a time, coordinates in the order in which the generic path sums them. A step reads
//! and writes each embedding once: it moves a block and takes its inner products while it is at hand. What only the end
//! of a run needs, 1 − cos φ to full precision, is computed where it is asked for.

use ndarray::Array2;
use pulp::Simd;

use crate::field::Field;
use crate::numerics::vectorize::{Aligned, Kernel, LANES, Number, Vector, vectorize, whole_mut};

type Lanes = [f64; LANES];

/// A number for each of the eight first members of a block and for each of the eight second ones.
type Coordinate = Aligned<[Lanes; 2]>;

/// Pairs in blocks of eight, with what their gradients need.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    dimension: usize,
    /// The d coordinates of the first block, of the second, and so on.
    coordinates: Vec<Coordinate>,
    looks: Looks,
}

/// Derived quantities of the blocks: all that a step needs beside the coordinates.
#[derive(Clone, Debug)]
struct Looks {
    /// 1/‖z‖ and 1/‖w‖.
    reciprocal_norms: Vec<Coordinate>,
    /// x·y of the directions.
    inner: Vec<Lanes>,
}

/// Derived quantities of one block.
struct Look<'a> {
    reciprocal_norms: &'a mut Coordinate,
    inner: &'a mut Lanes,
}

impl Looks {
    #[inline(always)]
    fn each(&mut self) -> impl Iterator<Item = Look<'_>> {
        let seen = self.reciprocal_norms.iter_mut().zip(&mut self.inner);
        seen.map(|(reciprocal_norms, inner)| Look { reciprocal_norms, inner })
    }
}

impl Blocks {
    pub fn new(first: &Array2<f64>, second: &Array2<f64>) -> Self {
        let (pairs, dimension) = first.dim();
        let blocks = pairs.div_ceil(LANES);
        let mut coordinates = vec![Aligned([[0.0; LANES]; 2]); blocks * dimension];
        // Lanes without a pair repeat the last one, so that they stay ordinary numbers.
        for lane in 0..blocks * LANES {
            let pair = lane.min(pairs - 1);
            for k in 0..dimension {
                let place = &mut coordinates[lane / LANES * dimension + k].0;
                place[0][lane % LANES] = first[(pair, k)];
                place[1][lane % LANES] = second[(pair, k)];
            }
        }
        let unseen = [0.0; LANES];
        let looks = Looks { reciprocal_norms: vec![Aligned([unseen; 2]); blocks], inner: vec![unseen; blocks] };
        let mut blocks = Self { dimension, coordinates, looks };
        vectorize(LookAtAll(&mut blocks));
        blocks
    }

    /// The embeddings, (pairs × d) each.
    pub fn positions(&self, pairs: usize) -> (Array2<f64>, Array2<f64>) {
        let side = |side: usize| {
            Array2::from_shape_fn((pairs, self.dimension), |(pair, k)| {
                self.coordinates[pair / LANES * self.dimension + k].0[side][pair % LANES]
            })
        };
        (side(0), side(1))
    }

    /// cos φ of each pair by the inner product, with padding at the end.
    pub fn cosines(&self) -> &[f64] {
        self.looks.inner.as_flattened()
    }

    /// 1 − cos φ = ½‖x − y‖² of each pair, with padding at the end.
    pub fn one_minus(&self) -> Vec<f64> {
        let mut one_minus = vec![[0.0; LANES]; self.looks.inner.len()];
        vectorize(LookClosely { blocks: self, one_minus: &mut one_minus });
        one_minus.into_flattened()
    }

    /// One step of gradient descent, with the second members held still and the gradient left unprojected if asked.
    pub fn step(&mut self, learning_rate: f64, stop_gradient: bool, projected: bool) {
        vectorize(Step {
            blocks: self,
            learning_rates: [learning_rate, if stop_gradient { 0.0 } else { learning_rate }],
            projection: if projected { 1.0 } else { 0.0 },
        });
    }
}

struct LookAtAll<'a>(&'a mut Blocks);

impl Kernel for LookAtAll<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (block, mut look) in self.0.coordinates.chunks_exact(self.0.dimension).zip(self.0.looks.each()) {
            for part in 0..LANES / S::F64_LANES {
                let mut squares = [Vector::splat(simd, 0.0); 2];
                for coordinate in block {
                    let [z, w] = load(simd, coordinate, part);
                    squares = [squares[0] + z * z, squares[1] + w * w];
                }
                take_norms(&mut look, part, squares);
            }
            invert_norms(simd, &mut look);
            compare(simd, block, &mut look);
        }
    }
}

struct LookClosely<'a> {
    blocks: &'a Blocks,
    one_minus: &'a mut [Lanes],
}

impl Kernel for LookClosely<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let blocks =
            self.blocks.coordinates.chunks_exact(self.blocks.dimension).zip(&self.blocks.looks.reciprocal_norms);
        for ((block, reciprocal_norms), one_minus) in blocks.zip(self.one_minus) {
            for part in 0..LANES / S::F64_LANES {
                let to_units = load(simd, reciprocal_norms, part);
                let mut squares = Vector::splat(simd, 0.0);
                for coordinate in block {
                    let [x, y] = units(load(simd, coordinate, part), to_units);
                    squares = squares + (x - y) * (x - y);
                }
                store(one_minus, part, squares.constant(0.5) * squares);
            }
        }
    }
}

/// One step of all blocks, with a learning rate for the first members and one for the second. `projection` is 1 for the
/// gradient of the cosine and 0 for that of the inner product.
struct Step<'a> {
    blocks: &'a mut Blocks,
    learning_rates: [f64; 2],
    projection: f64,
}

impl Kernel for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let factors = Factors {
            learning_rates: self.learning_rates.map(|rate| Vector::splat(simd, rate)),
            projection: Vector::splat(simd, self.projection),
        };
        // The processor goes only so far ahead of a square root or a division that is not done. So the roots of a block,
        // its divisions and the inner products that need both are kept apart, by the work of other blocks.
        let mut moved: Option<(&mut [Coordinate], Look<'_>)> = None;
        let blocks = self.blocks.coordinates.chunks_exact_mut(self.blocks.dimension).zip(self.blocks.looks.each());
        for (block, mut look) in blocks {
            for part in 0..LANES / S::F64_LANES {
                let squares = move_block(simd, block, &look, part, factors);
                take_norms(&mut look, part, squares);
            }
            if let Some((block, mut look)) = moved.take() {
                compare(simd, block, &mut look);
            }
            invert_norms(simd, &mut look);
            moved = Some((block, look));
        }
        if let Some((block, mut look)) = moved {
            compare(simd, block, &mut look);
        }
    }
}

#[derive(Clone, Copy)]
struct Factors<S: Simd> {
    learning_rates: [Vector<S>; 2],
    projection: Vector<S>,
}

/// One vector of a coordinate of both members.
#[inline(always)]
fn load<S: Simd>(simd: S, coordinate: &Coordinate, part: usize) -> [Vector<S>; 2] {
    let [z, w] = &coordinate.0;
    [Vector::new(simd, S::as_simd_f64s(z).0[part]), Vector::new(simd, S::as_simd_f64s(w).0[part])]
}

#[inline(always)]
fn store<S: Simd>(lanes: &mut Lanes, part: usize, vector: Vector<S>) {
    S::as_mut_simd_f64s(lanes).0[part] = vector.value;
}

/// x = z/‖z‖ and y = w/‖w‖ of one vector of a coordinate.
#[inline(always)]
fn units<S: Simd>([z, w]: [Vector<S>; 2], [to_x, to_y]: [Vector<S>; 2]) -> [Vector<S>; 2] {
    [z * to_x, w * to_y]
}

/// Moves one vector of a block by a step; ‖z‖² and ‖w‖² after it.
#[inline(always)]
fn move_block<S: Simd>(
    simd: S,
    block: &mut [Coordinate],
    look: &Look<'_>,
    part: usize,
    factors: Factors<S>,
) -> [Vector<S>; 2] {
    let [to_x, to_y] = load(simd, look.reciprocal_norms, part);
    let radial = Vector::new(simd, S::as_simd_f64s(look.inner).0[part]) * factors.projection;
    let mut squares = [Vector::splat(simd, 0.0); 2];
    for coordinate in block {
        let [z, w] = load(simd, coordinate, part);
        let [x, y] = units([z, w], [to_x, to_y]);
        let z = z + factors.learning_rates[0] * ((y - radial * x) * to_x);
        let w = w + factors.learning_rates[1] * ((x - radial * y) * to_y);
        store(&mut coordinate.0[0], part, z);
        store(&mut coordinate.0[1], part, w);
        squares = [squares[0] + z * z, squares[1] + w * w];
    }
    squares
}

/// ‖z‖ and ‖w‖ of one vector of a block whose ‖z‖² and ‖w‖² are known, in the place of their reciprocals.
#[inline(always)]
fn take_norms<S: Simd>(look: &mut Look<'_>, part: usize, squares: [Vector<S>; 2]) {
    for (norms, square) in look.reciprocal_norms.0.iter_mut().zip(squares) {
        store(norms, part, square.root());
    }
}

/// 1/‖z‖ and 1/‖w‖ of a block whose norms stand in their place.
#[inline(always)]
fn invert_norms<S: Simd>(simd: S, look: &mut Look<'_>) {
    for norm in whole_mut::<S>(look.reciprocal_norms.0.as_flattened_mut()) {
        *norm = (Vector::splat(simd, 1.0) / Vector::new(simd, *norm)).value;
    }
}

/// x·y of a block whose norms are known.
#[inline(always)]
fn compare<S: Simd>(simd: S, block: &[Coordinate], look: &mut Look<'_>) {
    for part in 0..LANES / S::F64_LANES {
        let to_units = load(simd, look.reciprocal_norms, part);
        // A loop, not a fold: its closure might be left out of line, and then be compiled without these instructions.
        let mut inner = Vector::splat(simd, 0.0);
        for coordinate in block {
            let [x, y] = units(load(simd, coordinate, part), to_units);
            inner = inner + x * y;
        }
        store(look.inner, part, inner);
    }
}

#[cfg(test)]
mod tests {
    use super::Blocks;
    use crate::numerics::vectorize::widths::same_at_every_width;
    use crate::random::{StandardNormal, generator};
    use ndarray::Array2;
    use ndarray_rand::RandomExt;

    #[test]
    fn steps_are_the_same_bytes_at_every_width() {
        let mut generator = generator(1, b"kernel", 0);
        for (pairs, d) in [(1, 2), (7, 3), (8, 20), (9, 2), (30, 5)] {
            let mut view = || Array2::random_using((pairs, d), StandardNormal, &mut generator);
            let (first, second) = (view(), view());
            for (stop_gradient, projected) in [(false, true), (true, true), (false, false)] {
                let found = same_at_every_width(|| {
                    let mut blocks = Blocks::new(&first, &second);
                    (0..5).for_each(|_| blocks.step(0.1, stop_gradient, projected));
                    let (first, second) = blocks.positions(pairs);
                    first.into_iter().chain(second).chain(blocks.one_minus().into_iter().take(pairs)).collect()
                });
                assert_ne!(found[0], first[(0, 0)], "nothing moved");
            }
        }
    }
}
