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
                keep_squares(&mut look, part, squares);
                take_norms(simd, &mut look, part);
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
        let parts = LANES / S::F64_LANES;
        // The processor goes only so far ahead of a square root or a division that is not done. So the roots of a block,
        // its divisions and the inner products that need both are kept apart, by the work of other blocks. Narrow vectors
        // take more instructions, so that it does not even see past the sums of squares: their roots wait for a block more.
        let roots_wait = parts > 1;
        let mut waiting: Option<(&mut [Coordinate], Look<'_>)> = None;
        let mut inverted: Option<(&mut [Coordinate], Look<'_>)> = None;
        let blocks = self.blocks.coordinates.chunks_exact_mut(self.blocks.dimension).zip(self.blocks.looks.each());
        for (block, mut look) in blocks {
            for part in 0..parts {
                let squares = move_block(simd, block, &look, part, factors);
                keep_squares(&mut look, part, squares);
                if !roots_wait {
                    take_norms(simd, &mut look, part);
                } else if let Some((_, look)) = &mut waiting {
                    take_norms(simd, look, part);
                }
            }
            let rooted = if roots_wait { waiting.replace((block, look)) } else { Some((block, look)) };
            let Some((block, mut look)) = rooted else { continue };
            if let Some((block, mut look)) = inverted {
                compare(simd, block, &mut look);
            }
            invert_norms(simd, &mut look);
            inverted = Some((block, look));
        }
        if let Some((_, look)) = &mut waiting {
            for part in 0..parts {
                take_norms(simd, look, part);
            }
            invert_norms(simd, look);
        }
        for (block, mut look) in [inverted, waiting].into_iter().flatten() {
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
    let rates = factors.learning_rates;
    let [to_x, to_y] = load(simd, look.reciprocal_norms, part);
    let radial = Vector::new(simd, S::as_simd_f64s(look.inner).0[part]) * factors.projection;
    let mut squares = [Vector::splat(simd, 0.0); 2];
    if S::F64_LANES == LANES {
        for coordinate in block {
            let [z, w] = load(simd, coordinate, part);
            let [x, y] = units([z, w], [to_x, to_y]);
            let moved = [z + rates[0] * pull(x, y, radial, to_x), w + rates[1] * pull(y, x, radial, to_y)];
            squares = put(coordinate, part, moved, squares);
        }
        return squares;
    }
    // Narrow vectors take so many instructions that the processor does not look ahead to the next coordinate by itself:
    // the pulls on it are found while this one moves, which takes as long.
    let mut coordinates = block.iter_mut();
    let Some(mut current) = coordinates.next() else { return squares };
    let [x, y] = units(load(simd, current, part), [to_x, to_y]);
    let mut pulls = [pull(x, y, radial, to_x), pull(y, x, radial, to_y)];
    for next in coordinates {
        let [x, y] = units(load(simd, next, part), [to_x, to_y]);
        let next_pulls = [pull(x, y, radial, to_x), pull(y, x, radial, to_y)];
        let [z, w] = load(simd, current, part);
        squares = put(current, part, [z + rates[0] * pulls[0], w + rates[1] * pulls[1]], squares);
        (current, pulls) = (next, next_pulls);
    }
    let [z, w] = load(simd, current, part);
    put(current, part, [z + rates[0] * pulls[0], w + rates[1] * pulls[1]], squares)
}

/// What draws one vector of a coordinate of a member to the other one, from x and y of either direction.
#[inline(always)]
fn pull<S: Simd>(x: Vector<S>, y: Vector<S>, radial: Vector<S>, to_x: Vector<S>) -> Vector<S> {
    (y - radial * x) * to_x
}

/// Puts one vector of a coordinate where it moved; the sums of squares with its own.
#[inline(always)]
fn put<S: Simd>(
    coordinate: &mut Coordinate,
    part: usize,
    [z, w]: [Vector<S>; 2],
    squares: [Vector<S>; 2],
) -> [Vector<S>; 2] {
    store(&mut coordinate.0[0], part, z);
    store(&mut coordinate.0[1], part, w);
    [squares[0] + z * z, squares[1] + w * w]
}

/// Puts ‖z‖² and ‖w‖² of one vector of a block in the place of the reciprocal norms.
#[inline(always)]
fn keep_squares<S: Simd>(look: &mut Look<'_>, part: usize, squares: [Vector<S>; 2]) {
    for (place, square) in look.reciprocal_norms.0.iter_mut().zip(squares) {
        store(place, part, square);
    }
}

/// ‖z‖ and ‖w‖ of one vector of a block whose ‖z‖² and ‖w‖² stand in their place.
#[inline(always)]
fn take_norms<S: Simd>(simd: S, look: &mut Look<'_>, part: usize) {
    let squares = load(simd, look.reciprocal_norms, part);
    for (place, square) in look.reciprocal_norms.0.iter_mut().zip(squares) {
        store(place, part, square.root());
    }
}

/// 1/‖z‖ and 1/‖w‖ of a block whose norms stand in their place.
#[inline(always)]
fn invert_norms<S: Simd>(simd: S, look: &mut Look<'_>) {
    for norm in whole_mut::<S>(look.reciprocal_norms.0.as_flattened_mut()) {
        *norm = (Vector::splat(simd, 1.0) / Vector::new(simd, *norm)).value;
    }
}

/// x·y of a block whose norms are known. All its vectors are summed side by side, as each sum waits for its last term.
#[inline(always)]
fn compare<S: Simd>(simd: S, block: &[Coordinate], look: &mut Look<'_>) {
    let parts = LANES / S::F64_LANES;
    // Loops, not folds: a closure might be left out of line, and then be compiled without these instructions.
    let mut inner = [Vector::splat(simd, 0.0); LANES];
    for coordinate in block {
        for (part, inner) in inner[..parts].iter_mut().enumerate() {
            let [x, y] = units(load(simd, coordinate, part), load(simd, look.reciprocal_norms, part));
            *inner = *inner + x * y;
        }
    }
    for (part, &inner) in inner[..parts].iter().enumerate() {
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
