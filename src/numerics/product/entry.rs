//! The numbers in which products are formed and summed: double or single precision.

use std::borrow::Cow;

use pulp::Simd;

use crate::numerics::vectorize::{Aligned, LANES};

/// A number of which products are made. Matrices are of double precision in any case, and their entries are rounded to
/// this one as they are copied into the order in which they are read.
pub(crate) trait Entry: Copy + Send + Sync + Into<f64> + 'static {
    /// A vector register of them.
    type Lanes<S: Simd>: Copy;
    /// Two of the widest registers: the entries of a panel at one inner index, or of a row of a tile.
    type Columns: Places<Self>;

    const ZERO: Self;
    const ZEROS: Self::Columns;

    /// How many fit into a register of `S`.
    fn lanes<S: Simd>() -> usize;
    fn splat<S: Simd>(self, simd: S) -> Self::Lanes<S>;
    /// x y + z, rounded once.
    fn multiply_add<S: Simd>(simd: S, x: Self::Lanes<S>, y: Self::Lanes<S>, z: Self::Lanes<S>) -> Self::Lanes<S>;
    /// The entries, register by register.
    fn registers<S: Simd>(columns: &Self::Columns) -> &[Self::Lanes<S>];
    /// [`Entry::registers`], to be written to.
    fn registers_mut<S: Simd>(columns: &mut Self::Columns) -> &mut [Self::Lanes<S>];

    /// Rounded to this precision.
    fn rounded(number: f64) -> Self;
    /// Rounded to this precision, each.
    fn all_rounded(numbers: &[f64]) -> Cow<'_, [Self]>;
}

/// Places of entries side by side, on a cache line of their own.
pub(crate) trait Places<E>: Copy + Send + Sync {
    /// How many there are.
    const COUNT: usize;

    /// The entries.
    fn entries(&mut self) -> &mut [E];
    /// Takes as many numbers as there are, at most [`Places::COUNT`].
    fn read(&mut self, numbers: &[f64]);
    /// [`Places::read`], the other way.
    fn write(&self, numbers: &mut [f64]);
}

impl<E: Entry, const W: usize> Places<E> for Aligned<[E; W]> {
    const COUNT: usize = W;

    #[inline(always)]
    fn entries(&mut self) -> &mut [E] {
        &mut self.0
    }

    #[inline(always)]
    fn read(&mut self, numbers: &[f64]) {
        // The usual number is known when this is compiled.
        match numbers.first_chunk::<W>() {
            // By value: a compiler that expects the two to overlap copies one entry at a time.
            Some(&whole) => copy(&whole, &mut self.0, E::rounded),
            None => copy(numbers, &mut self.0, E::rounded),
        }
    }

    #[inline(always)]
    fn write(&self, numbers: &mut [f64]) {
        match numbers.first_chunk_mut::<W>() {
            Some(whole) => copy(&self.0, whole, E::into),
            None => copy(&self.0, numbers, E::into),
        }
    }
}

/// A loop, which is inlined for certain, as the map of an array is not.
#[inline(always)]
pub(super) fn copy<A: Copy, B>(from: &[A], into: &mut [B], convert: impl Fn(A) -> B) {
    for (place, &number) in into.iter_mut().zip(from) {
        *place = convert(number);
    }
}

macro_rules! entry {
    ($number:ident, $columns:expr, $vector:ident, $lanes:ident, $splat:ident, $fused:ident, $view:ident, $view_mut:ident,
     $all_rounded:expr) => {
        impl Entry for $number {
            type Lanes<S: Simd> = S::$vector;
            type Columns = Aligned<[Self; $columns]>;

            const ZERO: Self = 0.0;
            const ZEROS: Self::Columns = Aligned([0.0; $columns]);

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }

            #[inline(always)]
            fn splat<S: Simd>(self, simd: S) -> S::$vector {
                simd.$splat(self)
            }

            #[inline(always)]
            fn multiply_add<S: Simd>(simd: S, x: S::$vector, y: S::$vector, z: S::$vector) -> S::$vector {
                simd.$fused(x, y, z)
            }

            #[inline(always)]
            fn registers<S: Simd>(columns: &Self::Columns) -> &[S::$vector] {
                S::$view(&columns.0).0
            }

            #[inline(always)]
            fn registers_mut<S: Simd>(columns: &mut Self::Columns) -> &mut [S::$vector] {
                S::$view_mut(&mut columns.0).0
            }

            #[inline(always)]
            fn rounded(number: f64) -> Self {
                number as Self
            }

            #[inline(always)]
            fn all_rounded(numbers: &[f64]) -> Cow<'_, [Self]> {
                $all_rounded(numbers)
            }
        }
    };
}

entry!(f64, 2 * LANES, f64s, F64_LANES, splat_f64s, mul_add_f64s, as_simd_f64s, as_mut_simd_f64s, Cow::Borrowed);
// Twice as many fit into a register.
entry!(f32, 4 * LANES, f32s, F32_LANES, splat_f32s, mul_add_f32s, as_simd_f32s, as_mut_simd_f32s, rounded);

#[inline(always)]
fn rounded(numbers: &[f64]) -> Cow<'_, [f32]> {
    numbers.iter().map(|&number| number as f32).collect()
}
