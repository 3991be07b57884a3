//! The contrastive gradients of statement G4 as they stand on paper: p by its definition, one term per anchor and key.

use embedding_norms::sphere::{inner, norm_of};
use ndarray::Array2;

/// Who is compared with whom among the 2n stacked rows of two views.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Contrast {
    /// InfoNCE: the first view's rows against all of the second's.
    OneWay,
    /// NT-Xent: every row against all others.
    AllViews,
    /// The same without the positive in the denominator.
    Decoupled,
}

impl Contrast {
    pub const ALL: [Self; 3] = [Self::OneWay, Self::AllViews, Self::Decoupled];

    /// p_ik, 0 where k is not part of the denominator.
    fn probability(self, cosines: &Array2<f64>, anchor: usize, key: usize, temperature: f64) -> f64 {
        let rows = cosines.nrows() / 2;
        let counts = |k: usize| match self {
            Self::OneWay => k >= rows,
            Self::AllViews => k != anchor,
            Self::Decoupled => k != anchor && k != (anchor + rows) % (2 * rows),
        };
        if !counts(key) {
            return 0.0;
        }
        let ratios = (0..2 * rows).filter(|&k| counts(k));
        1.0 / ratios.map(|k| ((cosines[(anchor, k)] - cosines[(anchor, key)]) / temperature).exp()).sum::<f64>()
    }

    /// ∂total/∂z of every row: −(1/(τρ_i)) P(ẑ_j − Σ p_ik ẑ_k) as an anchor, (p_ik − [k = j])/(τρ_k) P ẑ_i as a key.
    pub fn gradient(self, points: &Array2<f64>, temperature: f64) -> Array2<f64> {
        let rows = points.nrows() / 2;
        let mut units = points.clone();
        units.rows_mut().into_iter().for_each(|mut row| row /= norm_of(row.view()));
        let cosines = units.dot(&units.t());
        let mut euclidean = Array2::<f64>::zeros(points.dim());
        for anchor in 0..if self == Self::OneWay { rows } else { 2 * rows } {
            for key in (0..2 * rows).filter(|&key| key != anchor) {
                let positive = if key == (anchor + rows) % (2 * rows) { 1.0 } else { 0.0 };
                let weight = self.probability(&cosines, anchor, key, temperature) - positive;
                euclidean.row_mut(anchor).scaled_add(weight / temperature, &units.row(key));
                euclidean.row_mut(key).scaled_add(weight / temperature, &units.row(anchor));
            }
        }
        for (row, mut gradient) in euclidean.rows_mut().into_iter().enumerate() {
            let radial = inner(gradient.view(), units.row(row));
            gradient.scaled_add(-radial, &units.row(row));
            gradient /= norm_of(points.row(row));
        }
        euclidean
    }
}
