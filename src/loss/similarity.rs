//! Cosines of all pairs of rows, precise at both ends (statement G5).

use std::hint::black_box;

use ndarray::{Array2, ArrayView1, ArrayView2};
use pulp::Simd;

use crate::numerics::product::{Band, Factors, Finish, Right, Sums, Two, gram};
use crate::numerics::vectorize::{Kernel, LANES, Number, Vector, vectorize, whole};

/// Pairs with |cos φ| above 1 − NEAR are measured by their chord, and pull by it.
const NEAR: f64 = 0.1;

/// A cosine as its distance from the nearer of the ends ±1, with the sign of that end: 1 − c for c ≥ 0 and −(1 + c)
/// below, so that c = ±1 − e and a difference of two cosines near one end keeps all its digits. One, or a vector of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Similarity<N = f64>(pub N);

impl<N: Number> Similarity<N> {
    /// Of an inner product of unit vectors, and ‖x − end · y‖² where it is near the end ±1.
    #[inline(always)]
    fn of_inner(inner: N, squared_chord: Option<N>) -> Self {
        let end = inner.sign();
        let between = end - inner;
        let Some(squared_chord) = squared_chord else { return Self(between) };
        let near = inner.constant(0.5) * squared_chord * end;
        Self(inner.magnitude().select_above(1.0 - NEAR, near, between))
    }

    /// The end the cosine is nearer to, +1 or −1.
    #[inline(always)]
    pub fn end(self) -> N {
        self.0.sign()
    }

    /// cos φ.
    #[inline(always)]
    pub fn cosine(self) -> N {
        self.end() - self.0
    }

    /// 1 − cos φ.
    #[inline(always)]
    pub fn one_minus(self) -> N {
        (self.0.constant(1.0) - self.end()) + self.0
    }

    /// The difference c − c' of the cosines.
    #[inline(always)]
    pub fn minus(self, other: Self) -> N {
        (other.0 - self.0) + (self.end() - other.end())
    }
}

impl Similarity {
    /// Whether the pair is so near an end that its chord, not its inner product, was measured.
    #[inline(always)]
    pub fn is_near(self) -> bool {
        self.0.abs() <= NEAR
    }
}

/// The largest of cosines, as [`Similarity`]: the nearest to the end 1 if any is on that side, else the farthest from the
/// end −1. Infinities, which are none, are passed over; one is the largest of none.
pub(super) struct Largest<'a>(pub &'a [f64]);

impl Kernel for Largest<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let (vectors, rest) = S::as_simd_f64s(self.0);
        let mut smallest = [Vector::splat(simd, f64::INFINITY); 2];
        for &e in vectors {
            smallest = least(smallest, Vector::new(simd, e));
        }
        let [mut upper, mut any] = smallest.map(Vector::smallest);
        for &e in rest {
            [upper, any] = least([upper, any], e);
        }
        if upper < f64::INFINITY { upper } else { any }
    }
}

/// The smallest distance from the end 1, and the smallest of all with their signs.
#[inline(always)]
fn least<N: Number>([upper, any]: [N; 2], e: N) -> [N; 2] {
    [upper.smaller(e.sign().select_above(0.0, e, e.constant(f64::INFINITY))), any.smaller(e)]
}

/// Turns inner products of unit vectors into similarities.
#[derive(Clone, Copy)]
struct AsSimilarity;

impl Finish for AsSimilarity {
    #[inline(always)]
    fn needs_factors<S: Simd>(self, simd: S, sums: &[Sums]) -> bool {
        let mut largest = Vector::splat(simd, 0.0);
        // Where there are few registers, a compiler that is not kept from it has these in them, and not what is being summed.
        let sums = if S::F64_LANES < LANES { black_box(sums) } else { sums };
        for sums in sums {
            for &inner in whole::<S>(&sums.0) {
                largest = largest.larger(Vector::new(simd, inner).magnitude());
            }
        }
        largest.any_above(1.0 - NEAR)
    }

    #[inline(always)]
    fn finish<S: Simd>(self, simd: S, inner: Two<S>, factors: Option<Factors<'_, impl Band>>) -> Two<S> {
        let inner = [Vector::new(simd, inner[0]), Vector::new(simd, inner[1])];
        let largest = inner[0].magnitude().larger(inner[1].magnitude());
        let mut chords = [None; 2];
        if let Some(factors) = factors
            && largest.any_above(1.0 - NEAR)
        {
            let step = |end| move |sum, x, y: Vector<S>| add_square(sum, x - end * y);
            let steps = [step(inner[0].sign()), step(inner[1].sign())];
            let [first, second] = factors.fold(simd, [Vector::splat(simd, 0.0); 2], steps);
            chords = [Some(first), Some(second)];
        }
        [Similarity::of_inner(inner[0], chords[0]).0.value, Similarity::of_inner(inner[1], chords[1]).0.value]
    }
}

/// The cosines of the pairs (x_i, y_k) of some rows of unit vectors x (n × d) with all rows y (m × d), of which Yᵀ is at
/// hand, as n rows of m [`Similarity`] each, on this thread.
pub(super) fn fill_similarities(x: ArrayView2<'_, f64>, columns: &Right, entries: &mut [f64]) {
    columns.fill(x, AsSimilarity, entries);
}

/// The cosines of all pairs of rows of one set x (n × d), as an (n × n) matrix of [`Similarity`].
pub(super) fn similarities_within(x: ArrayView2<'_, f64>) -> Array2<f64> {
    gram(x, AsSimilarity)
}

/// The pairs of a row with up to 64 columns that are so near an end that their chords, not their inner products, were
/// measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    pub row: usize,
    first_column: usize,
    /// A bit for each column, the lowest for the first.
    marks: u64,
    /// Those of pairs near the end −1.
    below: u64,
}

impl Near {
    /// How many pairs there are.
    pub fn count(self) -> usize {
        self.marks.count_ones() as usize
    }

    /// The first of the pairs, as its column and its end, and the others.
    #[inline(always)]
    pub fn split_first(self) -> Option<((usize, f64), Self)> {
        if self.marks == 0 {
            return None;
        }
        let place = self.marks.trailing_zeros();
        let end = if self.below >> place & 1 == 0 { 1.0 } else { -1.0 };
        Some(((self.first_column + place as usize, end), Self { marks: self.marks & (self.marks - 1), ..self }))
    }
}

/// The near pairs among rows of so many similarities, the first of which is `first_row`.
pub(super) fn near_pairs(similarities: &[f64], columns: usize, first_row: usize) -> Vec<Near> {
    vectorize(NearPairs { similarities, columns, first_row })
}

struct NearPairs<'a> {
    similarities: &'a [f64],
    columns: usize,
    first_row: usize,
}

impl Kernel for NearPairs<'_> {
    type Output = Vec<Near>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<Near> {
        let mut near = Vec::new();
        for (row, similarities) in (self.first_row..).zip(self.similarities.chunks_exact(self.columns)) {
            for (first_column, similarities) in
                (0..).step_by(u64::BITS as usize).zip(similarities.chunks(u64::BITS as usize))
            {
                if any_near(simd, similarities) {
                    let (marks, below) = marks(similarities);
                    near.push(Near { row, first_column, marks, below });
                }
            }
        }
        near
    }
}

#[inline(always)]
fn any_near<S: Simd>(simd: S, similarities: &[f64]) -> bool {
    let (vectors, rest) = S::as_simd_f64s(similarities);
    let mut smallest = Vector::splat(simd, f64::INFINITY);
    for &vector in vectors {
        smallest = smallest.smaller(Vector::new(simd, vector).magnitude());
    }
    let mut any = smallest.smallest() <= NEAR;
    for &similarity in rest {
        any |= Similarity(similarity).is_near();
    }
    any
}

/// Bits of up to 64 pairs: of those that are near, and of those near the end −1.
#[inline(always)]
fn marks(similarities: &[f64]) -> (u64, u64) {
    let [mut marks, mut below] = [0, 0];
    for (place, &similarity) in similarities.iter().enumerate() {
        let is_near = u64::from(Similarity(similarity).is_near());
        marks |= is_near << place;
        below |= (is_near & u64::from(similarity.is_sign_negative())) << place;
    }
    (marks, below)
}

/// The cosines of the pairs (x_i, y_i) of rows of unit vectors.
pub(super) fn pairwise(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Vec<Similarity> {
    vectorize(Pairwise(x, y))
}

struct Pairwise<'a>(ArrayView2<'a, f64>, ArrayView2<'a, f64>);

impl Kernel for Pairwise<'_> {
    type Output = Vec<Similarity>;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Vec<Similarity> {
        let pairs = self.0.rows().into_iter().zip(self.1.rows());
        let similarity = |(x, y): (ArrayView1<'_, f64>, ArrayView1<'_, f64>)| {
            let inner = x.iter().zip(y).fold(0.0, |sum, (x, y)| x.multiply_add(*y, sum));
            let end = inner.sign();
            let chord = || x.iter().zip(y).fold(0.0, |sum, (x, y)| add_square(sum, x - end * y));
            Similarity::of_inner(inner, (inner.abs() > 1.0 - NEAR).then(chord))
        };
        pairs.map(similarity).collect()
    }
}

#[inline(always)]
fn add_square<N: Number>(sum: N, difference: N) -> N {
    difference.multiply_add(difference, sum)
}

/// Row, column and end of each pair.
#[cfg(test)]
pub(super) fn pairs_of(near: Near) -> impl Iterator<Item = (usize, usize, f64)> {
    let mut left = near;
    std::iter::from_fn(move || {
        let ((column, end), others) = left.split_first()?;
        left = others;
        Some((near.row, column, end))
    })
}

/// Similarities of cosines from −1 to 1, both ends and both sides of 0 included.
#[cfg(test)]
pub(super) fn sample(number: usize) -> f64 {
    let e = 0.125 * (number * 5 % 17) as f64;
    if e <= 1.0 { e } else { e - 2.125 }
}

#[cfg(test)]
mod tests {
    use super::{Largest, Similarity, fill_similarities, near_pairs, pairs_of, pairwise, similarities_within};
    use crate::numerics::product::Right;
    use crate::numerics::vectorize::vectorize;
    use crate::numerics::vectorize::widths::{at_every_width, same_at_every_width};
    use ndarray::{Array2, Axis, array};

    #[test]
    fn a_cosine_and_its_differences_are_precise_at_both_ends() {
        let small: f64 = 1e-9;
        let x = array![[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]];
        let y = array![[1.0, 0.0], [1.0, small], [0.6, 0.8], [-1.0, 2.0 * small], [-1.0, 0.0]];
        let found = pairwise(x.view(), y.view());
        assert_eq!(found[0].minus(found[1]), 0.5 * small * small);
        assert_eq!(found[3].minus(found[4]), 2.0 * small * small);
        assert_eq!(found[1].one_minus(), 0.5 * small * small);
        assert!((found[2].cosine() - 0.6).abs() < 1e-16);
        assert!((found[2].minus(found[0]) + 0.4).abs() < 1e-16 && (found[2].minus(found[4]) - 1.6).abs() < 3e-16);
        assert_eq!((found[4].cosine(), found[0].minus(found[4])), (-1.0, 2.0));
        assert!(found[0].is_near() && found[4].is_near() && !found[2].is_near());
    }

    /// Directions in the plane, some of them equal, opposite or nearly so.
    fn directions(n: usize, turn: f64) -> Array2<f64> {
        let angle = |row: usize| turn * (row / 3) as f64 + std::f64::consts::PI * (row % 2) as f64;
        Array2::from_shape_fn((n, 2), |(row, k)| if k == 0 { libm::cos(angle(row)) } else { libm::sin(angle(row)) })
    }

    #[test]
    fn similarities_are_those_of_single_pairs_at_every_width() {
        for (n, m) in [(1, 1), (3, 9), (17, 20), (8, 40)] {
            let (x, y) = (directions(n, 0.3), directions(m, 0.25));
            let single = |x: &Array2<f64>, y: &Array2<f64>| {
                Array2::from_shape_fn((x.nrows(), y.nrows()), |(i, k)| {
                    pairwise(x.row(i).insert_axis(Axis(0)), y.row(k).insert_axis(Axis(0)))[0].0
                })
            };
            let between = || {
                let mut entries = Array2::zeros((n, m));
                fill_similarities(x.view(), &Right::of(y.t()), entries.as_slice_mut().expect("standard layout"));
                entries
            };
            for found in at_every_width(between) {
                assert_eq!(found, single(&x, &y));
            }
            for found in at_every_width(|| similarities_within(x.view())) {
                assert_eq!(found, single(&x, &x));
            }
        }
    }

    #[test]
    fn a_row_of_any_length_has_one_largest_cosine_and_the_same_near_pairs_at_every_width() {
        for (count, place) in (1..=20).flat_map(|count| (0..count).map(move |place| (count, place))) {
            for largest in [0.0, 0.05, 0.4, -0.3, -0.05] {
                // Among cosines of −0.99 and −0.98.
                let mut row: Vec<f64> = (0..count).map(|column| [-0.01, -0.02][column % 2]).collect();
                row[place] = largest;
                assert_eq!(same_at_every_width(|| vec![vectorize(Largest(&row))]), [largest]);
                let below_others = [vec![0.5; count], row.clone()].concat();
                let near = at_every_width(|| {
                    let near = near_pairs(&below_others, count, 4);
                    near.into_iter().flat_map(pairs_of).collect::<Vec<_>>()
                });
                let is_near = |&column: &usize| Similarity(row[column]).is_near();
                let expected: Vec<_> =
                    (0..count).filter(is_near).map(|column| (5, column, Similarity(row[column]).end())).collect();
                assert!(near.iter().all(|near| *near == expected), "{near:?}");
            }
        }
    }
}
