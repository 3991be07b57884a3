//! Cosines of all pairs of rows, precise at both ends (statement G5).

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::product::product;
use crate::vectorize::{LANES, sum};

/// What rows of unit vectors are, so that they can be worked on as slices.
pub(super) const CONTIGUOUS: &str = "rows of directions are contiguous";

/// Pairs with |cos φ| above 1 − NEAR are measured by their chord, and pull by it.
const NEAR: f64 = 0.1;

/// A cosine as its distance from the nearer of the ends ±1, with the sign of that end: 1 − c for c ≥ 0 and −(1 + c)
/// below, so that c = ±1 − e and a difference of two cosines near one end keeps all its digits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Similarity(f64);

impl Similarity {
    /// Of an inner product between the ends; `None` near one, where it has lost the angle.
    #[inline(always)]
    fn of_inner(inner: f64) -> Option<Self> {
        (inner.abs() < 1.0 - NEAR).then(|| Self(1_f64.copysign(inner) - inner))
    }

    /// Of unit vectors near one end, by their chord.
    fn of_chord(inner: f64, x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>) -> Self {
        let end = 1_f64.copysign(inner);
        Self((0.5 * squared_difference(x, y, end)).copysign(end))
    }

    /// The end the cosine is nearer to, +1 or −1.
    #[inline(always)]
    pub fn end(self) -> f64 {
        1_f64.copysign(self.0)
    }

    /// cos φ.
    #[inline(always)]
    pub fn cosine(self) -> f64 {
        self.end() - self.0
    }

    /// 1 − cos φ.
    #[inline(always)]
    pub fn one_minus(self) -> f64 {
        (1.0 - self.end()) + self.0
    }

    /// The difference c − c' of the cosines.
    #[inline(always)]
    pub fn minus(self, other: Self) -> f64 {
        (other.0 - self.0) + (self.end() - other.end())
    }

    /// Whether the pair is so near an end that its chord, not its inner product, was measured.
    #[inline(always)]
    pub fn is_near(self) -> bool {
        self.0.abs() <= NEAR
    }
}

/// The cosines of the pairs (x_i, y_k) of all rows of unit vectors x (n × d) and y (m × d), as an (n × m) matrix.
pub(super) fn similarities(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Array2<Similarity> {
    let inner = product(x, y.t());
    let (shape, columns) = (inner.dim(), y.nrows());
    // A vector becomes one of another type with the same layout in its own memory.
    let similarities = inner.into_raw_vec_and_offset().0.into_iter().enumerate();
    let similarities = similarities.map(|(place, inner)| {
        Similarity::of_inner(inner)
            .unwrap_or_else(|| Similarity::of_chord(inner, x.row(place / columns), y.row(place % columns)))
    });
    Array2::from_shape_vec(shape, similarities.collect()).expect("one similarity per inner product")
}

/// The cosines of the pairs (x_i, y_i) of rows of unit vectors.
pub(super) fn pairwise(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Vec<Similarity> {
    let pairs = x.rows().into_iter().zip(y.rows());
    let similarity = |(x, y)| {
        let inner = crate::sphere::inner(x, y);
        Similarity::of_inner(inner).unwrap_or_else(|| Similarity::of_chord(inner, x, y))
    };
    pairs.map(similarity).collect()
}

/// ‖x − σ y‖², in eight running sums and a tree over them.
fn squared_difference(x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>, end: f64) -> f64 {
    let (x, y) = (x.to_slice().expect(CONTIGUOUS), y.to_slice().expect(CONTIGUOUS));
    let ((x, rest_x), (y, rest_y)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    let mut add = |x: &[f64], y: &[f64]| {
        for (lane, (x, y)) in lanes.iter_mut().zip(x.iter().zip(y)) {
            let difference = x - end * y;
            *lane += difference * difference;
        }
    };
    x.iter().zip(y).for_each(|(x, y)| add(x, y));
    add(rest_x, rest_y);
    sum(&lanes)
}

#[cfg(test)]
mod tests {
    use super::pairwise;
    use ndarray::array;

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
}
