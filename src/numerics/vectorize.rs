//! Vector instructions chosen at run time, without a change of results: lanes run over independent rows, and each lane does
//! the same IEEE operations in the same order on every machine. A product and a sum are rounded once where
//! [`Number::multiply_add`] says so, on every machine, and twice everywhere else.

use std::ops::{Add, Div, Mul, Sub};

use pulp::Simd;

use crate::field::Field;

/// How many rows a kernel works on side by side: one 512-bit register of doubles, or two or four narrower ones.
pub(crate) const LANES: usize = 8;

/// What begins on a cache line, so that no vector of it straddles two.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Aligned<T>(pub T);

/// Work that profits from wider vectors. `run` and what it calls must be marked `#[inline(always)]`: only what is
/// inlined into the dispatch is compiled for the wider instructions.
pub(crate) trait Kernel {
    /// What the work returns.
    type Output;

    /// Does the work with the vectors of `S`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Runs a kernel with the vector instructions that were chosen, else with the widest of this processor.
pub(crate) fn vectorize<K: Kernel>(kernel: K) -> K::Output {
    instructions().dispatch(Dispatched(kernel))
}

#[cfg(not(test))]
use crate::instructions::chosen as instructions;
#[cfg(test)]
use widths::instructions;

struct Dispatched<K>(K);

impl<K: Kernel> pulp::WithSimd for Dispatched<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> K::Output {
        self.0.run(simd)
    }
}

/// Numbers that fill whole vectors of any width, as vectors of `S`: none is left over at one width and passed over at
/// another.
///
/// # Panics
/// If their count is not a multiple of [`LANES`].
#[inline(always)]
pub(crate) fn whole<S: Simd>(numbers: &[f64]) -> &[S::f64s] {
    assert!(numbers.len().is_multiple_of(LANES), "whole vectors at every width");
    S::as_simd_f64s(numbers).0
}

/// [`whole`], to be written to.
#[inline(always)]
pub(crate) fn whole_mut<S: Simd>(numbers: &mut [f64]) -> &mut [S::f64s] {
    assert!(numbers.len().is_multiple_of(LANES), "whole vectors at every width");
    S::as_mut_simd_f64s(numbers).0
}

/// A number, or a vector of numbers that are worked on alike: what a kernel needs beside the operations of a [`Field`].
pub(crate) trait Number: Field {
    /// self · factor + term, rounded once: the same bits on every processor, but slow on one without such an instruction.
    fn multiply_add(self, factor: Self, term: Self) -> Self;
    /// The square root.
    fn root(self) -> Self;
    /// The absolute value.
    fn magnitude(self) -> Self;
    /// `larger` where `self > bound`, else `otherwise`.
    fn select_above(self, bound: f64, larger: Self, otherwise: Self) -> Self;
    /// Whether no number is farther from 0 than `bound`, or NaN.
    fn all_within(self, bound: f64) -> bool;
    /// The smaller of two numbers.
    fn smaller(self, other: Self) -> Self;
    /// 1 with the sign of `self`, that of a zero too.
    fn sign(self) -> Self;
    /// `x` where it is NaN, else `self`.
    fn unless_nan(self, x: Self) -> Self;
    /// `self` · 2^k for the whole number k in the lowest bits of `exponent`, if neither leaves the normal numbers.
    fn times_power_of_two(self, exponent: Self) -> Self;
}

/// Bits of a number below its exponent.
pub(super) const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;

const SIGN_BIT: u64 = 1 << 63;

impl Number for f64 {
    // The rounding is said, and the same everywhere.
    #[allow(clippy::disallowed_methods)]
    #[inline(always)]
    fn multiply_add(self, factor: Self, term: Self) -> Self {
        self.mul_add(factor, term)
    }

    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn select_above(self, bound: f64, larger: Self, otherwise: Self) -> Self {
        if self > bound { larger } else { otherwise }
    }

    #[inline(always)]
    fn all_within(self, bound: f64) -> bool {
        self.abs() <= bound
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    #[inline(always)]
    fn sign(self) -> Self {
        1_f64.copysign(self)
    }

    #[inline(always)]
    fn unless_nan(self, x: Self) -> Self {
        if x.is_nan() { x } else { self }
    }

    #[inline(always)]
    fn times_power_of_two(self, exponent: Self) -> Self {
        Self::from_bits(self.to_bits().wrapping_add(exponent.to_bits() << MANTISSA_BITS))
    }
}

/// One vector register of numbers.
#[derive(Clone, Copy)]
pub(crate) struct Vector<S: Simd> {
    simd: S,
    pub value: S::f64s,
}

impl<S: Simd> Vector<S> {
    #[inline(always)]
    pub fn new(simd: S, value: S::f64s) -> Self {
        Self { simd, value }
    }

    #[inline(always)]
    pub fn splat(simd: S, value: f64) -> Self {
        Self { simd, value: simd.splat_f64s(value) }
    }

    /// Whether any of the numbers is above `bound`.
    #[inline(always)]
    pub fn any_above(self, bound: f64) -> bool {
        let mask = self.simd.greater_than_f64s(self.value, self.simd.splat_f64s(bound));
        self.simd.first_true_m64s(mask) < S::F64_LANES
    }

    /// The larger of two numbers in each lane, if neither is NaN.
    #[inline(always)]
    pub fn larger(self, other: Self) -> Self {
        Self { value: self.simd.max_f64s(self.value, other.value), ..self }
    }

    /// The smallest of the numbers.
    #[inline(always)]
    pub fn smallest(self) -> f64 {
        self.simd.reduce_min_f64s(self.value)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $instruction:ident) => {
        impl<S: Simd> $trait for Vector<S> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self { value: self.simd.$instruction(self.value, other.value), ..self }
            }
        }
    };
}

operator!(Add, add, add_f64s);
operator!(Sub, sub, sub_f64s);
operator!(Mul, mul, mul_f64s);
operator!(Div, div, div_f64s);

impl<S: Simd> Field for Vector<S> {
    #[inline(always)]
    fn constant(self, value: f64) -> Self {
        Self::splat(self.simd, value)
    }
}

impl<S: Simd> Number for Vector<S> {
    #[inline(always)]
    fn multiply_add(self, factor: Self, term: Self) -> Self {
        Self { value: self.simd.mul_add_f64s(self.value, factor.value, term.value), ..self }
    }

    #[inline(always)]
    fn root(self) -> Self {
        Self { value: self.simd.sqrt_f64s(self.value), ..self }
    }

    #[inline(always)]
    fn magnitude(self) -> Self {
        Self { value: self.simd.abs_f64s(self.value), ..self }
    }

    #[inline(always)]
    fn select_above(self, bound: f64, larger: Self, otherwise: Self) -> Self {
        let mask = self.simd.greater_than_f64s(self.value, self.simd.splat_f64s(bound));
        Self { value: self.simd.select_f64s(mask, larger.value, otherwise.value), ..self }
    }

    #[inline(always)]
    fn all_within(self, bound: f64) -> bool {
        let simd = self.simd;
        let within = simd.less_than_or_equal_f64s(simd.abs_f64s(self.value), simd.splat_f64s(bound));
        simd.first_true_m64s(simd.not_m64s(within)) == S::F64_LANES
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        let mask = self.simd.less_than_f64s(self.value, other.value);
        Self { value: self.simd.select_f64s(mask, self.value, other.value), ..self }
    }

    #[inline(always)]
    fn sign(self) -> Self {
        let simd = self.simd;
        let sign = simd.and_u64s(simd.transmute_u64s_f64s(self.value), simd.splat_u64s(SIGN_BIT));
        let one = simd.splat_u64s(1_f64.to_bits());
        Self { value: simd.transmute_f64s_u64s(simd.or_u64s(sign, one)), ..self }
    }

    #[inline(always)]
    fn unless_nan(self, x: Self) -> Self {
        let mask = self.simd.equal_f64s(x.value, x.value);
        Self { value: self.simd.select_f64s(mask, self.value, x.value), ..self }
    }

    #[inline(always)]
    fn times_power_of_two(self, exponent: Self) -> Self {
        let simd = self.simd;
        let exponent = simd.transmute_u64s_f64s(exponent.value);
        let shifted = simd.mul_u64s(exponent, simd.splat_u64s(1 << MANTISSA_BITS));
        let bits = simd.add_u64s(simd.transmute_u64s_f64s(self.value), shifted);
        Self { value: simd.transmute_f64s_u64s(bits), ..self }
    }
}

/// The sum of the values in one fixed order, whatever the vectors: eight running sums, then a tree over them.
#[inline(always)]
pub(crate) fn sum(values: &[f64]) -> f64 {
    let mut sum = RunningSum::default();
    sum.add(values);
    sum.total()
}

/// [`sum`] of values that come piece after piece.
#[derive(Default)]
pub(crate) struct RunningSum {
    lanes: [f64; LANES],
    /// The lane of the next value.
    next: usize,
}

impl RunningSum {
    #[inline(always)]
    pub fn add(&mut self, values: &[f64]) {
        let (first, values) = values.split_at(values.len().min((LANES - self.next) % LANES));
        self.add_few(first);
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for (lane, value) in self.lanes.iter_mut().zip(chunk) {
                *lane += value;
            }
        }
        self.add_few(rest);
    }

    #[inline(always)]
    fn add_few(&mut self, values: &[f64]) {
        for (lane, value) in self.lanes[self.next..].iter_mut().zip(values) {
            *lane += value;
        }
        self.next = (self.next + values.len()) % LANES;
    }

    #[inline(always)]
    pub fn total(&self) -> f64 {
        let [a, b, c, d, e, f, g, h] = self.lanes;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

/// The same work with vectors of every width, for tests: what one width alone gets wrong is seen on a single machine.
#[cfg(test)]
pub(crate) mod widths {
    use std::cell::Cell;

    use pulp::Arch;

    use crate::instructions::{InstructionSet, chosen};

    thread_local! {
        /// What this thread's kernels use instead of what was chosen.
        static FORCED: Cell<Option<Arch>> = const { Cell::new(None) };
    }

    pub(super) fn instructions() -> Arch {
        FORCED.get().unwrap_or_else(chosen)
    }

    /// What `work` returns with each instruction set of this processor, from the narrowest to the widest.
    pub(crate) fn at_every_width<T>(mut work: impl FnMut() -> T) -> Vec<T> {
        let with = |set: InstructionSet| {
            FORCED.set(set.arch());
            let result = work();
            FORCED.set(None);
            result
        };
        InstructionSet::available().map(with).collect()
    }

    /// The numbers that `work` returns, which must be the same bits with each instruction set.
    ///
    /// # Panics
    /// If they are not.
    pub(crate) fn same_at_every_width(work: impl FnMut() -> Vec<f64>) -> Vec<f64> {
        let bits = |numbers: &Vec<f64>| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        let mut results = at_every_width(work);
        let widest = results.pop().expect("every processor has an instruction set");
        for (set, result) in InstructionSet::available().zip(&results) {
            assert_eq!(bits(result), bits(&widest), "{set}: {result:?}; the widest vectors: {widest:?}");
        }
        widest
    }
}

#[cfg(test)]
mod tests {
    use super::widths::{at_every_width, same_at_every_width};
    use super::{Kernel, LANES, vectorize, whole_mut};
    use crate::instructions::InstructionSet;
    use pulp::Simd;

    struct Lanes;

    impl Kernel for Lanes {
        type Output = usize;

        #[inline(always)]
        fn run<S: Simd>(self, _: S) -> usize {
            S::F64_LANES
        }
    }

    struct Doubled<'a>(&'a mut [f64]);

    impl Kernel for Doubled<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            whole_mut::<S>(self.0).iter_mut().for_each(|x| *x = simd.add_f64s(*x, *x));
        }
    }

    #[test]
    fn a_sum_does_not_depend_on_the_pieces_it_comes_in() {
        let values: Vec<f64> = (0..61).map(|number| 1.0 / f64::from(3 + number * number)).collect();
        for size in [1, 2, 3, 5, 7, 8, 11, 17, 60] {
            let mut running = super::RunningSum::default();
            values.chunks(size).for_each(|piece| running.add(piece));
            assert_eq!(running.total().to_bits(), super::sum(&values).to_bits(), "pieces of {size}");
        }
        assert_ne!(super::sum(&values).to_bits(), values.iter().sum::<f64>().to_bits());
    }

    #[test]
    fn work_is_done_at_every_width_that_this_processor_has() {
        let widths: Vec<usize> = InstructionSet::available()
            .map(|set| match set {
                InstructionSet::Scalar => 1,
                InstructionSet::X86V3 => 4,
                InstructionSet::X86V4 => 8,
            })
            .collect();
        assert_eq!(at_every_width(|| vectorize(Lanes)), widths);
    }

    #[test]
    fn a_result_that_depends_on_the_width_is_found() {
        let dependent = || same_at_every_width(|| vec![1.0 / vectorize(Lanes) as f64]);
        let found = std::panic::catch_unwind(dependent).is_err();
        assert_eq!(found, InstructionSet::available().count() > 1);
    }

    #[test]
    fn numbers_that_fill_no_whole_vectors_are_refused_at_every_width() {
        let doubled = |count: usize| {
            let mut numbers = vec![1.0; count];
            vectorize(Doubled(&mut numbers));
            numbers
        };
        for count in [0, LANES, 3 * LANES] {
            assert_eq!(same_at_every_width(|| doubled(count)), vec![2.0; count]);
        }
        for count in [1, 4, LANES + 1] {
            let refused = at_every_width(|| std::panic::catch_unwind(|| doubled(count)).is_err());
            assert!(refused.into_iter().all(|refused| refused), "{count} numbers");
        }
    }
}
