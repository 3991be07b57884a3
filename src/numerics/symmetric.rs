//! Eigenvalues and eigenvectors of symmetric matrices: reflections to a tridiagonal matrix, then rotations with a shift
//! (Golub and Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3). All sums run in one order: coordinates of whole
//! rows are added to others, never within a vector lane.

use ndarray::{Array1, Array2};

/// The eigenvalues of a symmetric matrix (d × d), the largest first. Each is as exact as rounding the matrix's largest
/// entry leaves it.
pub(crate) fn eigenvalues(matrix: Array2<f64>) -> Vec<f64> {
    let mut reduced = Tridiagonal::of(matrix, None);
    reduced.rotate_apart();
    reduced.diagonal.sort_by(|a, b| b.total_cmp(a));
    reduced.diagonal
}

/// The eigenvectors of a symmetric matrix (d × d), of length 1, as rows: that of the largest eigenvalue first.
pub(crate) fn eigenvectors(matrix: Array2<f64>) -> Array2<f64> {
    let mut reduced = Tridiagonal::of(matrix.clone(), Some(Array2::eye(matrix.nrows())));
    reduced.rotate_apart();
    let mut order: Vec<usize> = (0..matrix.nrows()).collect();
    order.sort_by(|&a, &b| reduced.diagonal[b].total_cmp(&reduced.diagonal[a]));
    let basis = reduced.basis.expect("the basis that was begun");
    Array2::from_shape_fn(matrix.dim(), |(place, coordinate)| basis[[order[place], coordinate]])
}

/// A symmetric matrix that has entries on its diagonal and beside it only.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// Entry k stands in row k and column k + 1.
    beside: Vec<f64>,
    /// Where vectors are asked for, the orthonormal basis, as rows, in which the matrix was what it is now.
    basis: Option<Array2<f64>>,
}

impl Tridiagonal {
    /// Reflects one coordinate after the other, so that a column has nothing left below its neighbour of the diagonal.
    fn of(mut matrix: Array2<f64>, mut basis: Option<Array2<f64>>) -> Self {
        let size = matrix.nrows();
        let mut beside = Vec::with_capacity(size.saturating_sub(1));
        for k in 0..size.saturating_sub(1) {
            let mut mirror: Vec<f64> = matrix.row(k).iter().skip(k + 1).copied().collect();
            let length = mirror.iter().fold(0.0, |sum, x| sum + x * x).sqrt();
            let onto = if mirror[0] > 0.0 { -length } else { length };
            beside.push(onto);
            mirror[0] -= onto;
            let square = mirror.iter().fold(0.0, |sum, x| sum + x * x);
            if square > 0.0 {
                reflect(&mut matrix, k + 1, &mirror, 2.0 / square);
                if let Some(basis) = &mut basis {
                    reflect_rows(basis, k + 1, &mirror, 2.0 / square);
                }
            }
        }
        Self { diagonal: matrix.diag().to_vec(), beside, basis }
    }

    /// Rotates neighbours until nothing is left beside the diagonal.
    fn rotate_apart(&mut self) {
        let mut last = self.diagonal.len().saturating_sub(1);
        while last > 0 {
            if self.is_nothing(last - 1) {
                last -= 1;
                continue;
            }
            let first = (0..last).rev().find(|&k| self.is_nothing(k)).map_or(0, |k| k + 1);
            self.sweep(first, last);
        }
    }

    /// Whether an entry beside the diagonal is less than the rounding of its neighbours on it.
    fn is_nothing(&self, k: usize) -> bool {
        self.beside[k].abs() <= f64::EPSILON * (self.diagonal[k].abs() + self.diagonal[k + 1].abs())
    }

    /// One step of the QR iteration on the block from `first` to `last`, shifted by the eigenvalue of its last two rows that
    /// is nearer to the last entry.
    fn sweep(&mut self, first: usize, last: usize) {
        let half = (self.diagonal[last - 1] - self.diagonal[last]) / 2.0;
        let end = self.beside[last - 1];
        let root = libm::hypot(half, end);
        let shift = self.diagonal[last] - end * (end / (half + if half < 0.0 { -root } else { root }));
        let (mut along, mut across) = (self.diagonal[first] - shift, self.beside[first]);
        for k in first..last {
            let length = libm::hypot(along, across);
            let (cosine, sine) = if length > 0.0 { (along / length, across / length) } else { (1.0, 0.0) };
            if k > first {
                self.beside[k - 1] = length;
            }
            let (upper, lower, between) = (self.diagonal[k], self.diagonal[k + 1], self.beside[k]);
            let moved = sine * (sine * (lower - upper) + 2.0 * cosine * between);
            self.diagonal[k] = upper + moved;
            self.diagonal[k + 1] = lower - moved;
            self.beside[k] = cosine * sine * (lower - upper) + (cosine * cosine - sine * sine) * between;
            if k + 1 < last {
                along = self.beside[k];
                across = sine * self.beside[k + 1];
                self.beside[k + 1] *= cosine;
            }
            if let Some(basis) = &mut self.basis {
                rotate(basis, k, cosine, sine);
            }
        }
    }
}

/// H A H for the reflection H = I − `scale` v vᵀ of the coordinates from `from` on: A − v wᵀ − w vᵀ.
fn reflect(matrix: &mut Array2<f64>, from: usize, mirror: &[f64], scale: f64) {
    // A is symmetric: A v is the sum of its rows, each v_j times.
    let mut with = vec![0.0; mirror.len()];
    for (row, &factor) in mirror.iter().enumerate() {
        add(&mut with, scale * factor, &coordinates(matrix, from + row)[from..]);
    }
    let half = scale / 2.0 * with.iter().zip(mirror).fold(0.0, |sum, (x, y)| sum + x * y);
    add(&mut with, -half, mirror);
    for row in 0..mirror.len() {
        let entries = &mut matrix.row_mut(from + row).into_slice().expect("rows in order")[from..];
        add(entries, -mirror[row], &with);
        add(entries, -with[row], mirror);
    }
}

/// The rows of a basis, reflected as the matrix was: H B.
fn reflect_rows(basis: &mut Array2<f64>, from: usize, mirror: &[f64], scale: f64) {
    let mut sum = Array1::zeros(basis.ncols());
    for (row, &factor) in mirror.iter().enumerate() {
        sum.scaled_add(scale * factor, &basis.row(from + row));
    }
    for (row, &factor) in mirror.iter().enumerate() {
        basis.row_mut(from + row).scaled_add(-factor, &sum);
    }
}

fn rotate(basis: &mut Array2<f64>, upper: usize, cosine: f64, sine: f64) {
    for coordinate in 0..basis.ncols() {
        let (one, other) = (basis[[upper, coordinate]], basis[[upper + 1, coordinate]]);
        basis[[upper, coordinate]] = cosine * one + sine * other;
        basis[[upper + 1, coordinate]] = cosine * other - sine * one;
    }
}

fn coordinates(matrix: &Array2<f64>, row: usize) -> &[f64] {
    matrix.row(row).to_slice().expect("rows in order")
}

fn add(to: &mut [f64], factor: f64, what: &[f64]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += factor * what;
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use ndarray_rand::RandomExt;

    use super::*;
    use crate::numerics::product::product;
    use crate::random::{StandardNormal, generator};

    fn random_symmetric(size: usize, rank: usize) -> Array2<f64> {
        let points = Array2::random_using((size, rank), StandardNormal, &mut generator(0, b"symmetric", size as u64));
        product(points.view(), points.t())
    }

    /// nalgebra's own, the largest first.
    fn expected(matrix: &Array2<f64>) -> Vec<f64> {
        let there = DMatrix::from_fn(matrix.nrows(), matrix.ncols(), |row, column| matrix[[row, column]]);
        let mut values: Vec<f64> = there.symmetric_eigenvalues().iter().copied().collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values
    }

    #[test]
    fn eigenvalues_are_those_of_another_library() {
        for (size, rank) in [(1, 1), (2, 2), (3, 3), (5, 2), (40, 40), (97, 10), (200, 300)] {
            let matrix = random_symmetric(size, rank);
            let (found, expected) = (eigenvalues(matrix.clone()), expected(&matrix));
            for (found, other) in found.iter().zip(&expected) {
                assert!((found - other).abs() <= 1e-13 * expected[0], "{size} × {rank}: {found} and {other}");
            }
        }
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_stretched_by_their_eigenvalues() {
        for (size, rank) in [(1, 1), (2, 2), (3, 3), (5, 2), (40, 40)] {
            let matrix = random_symmetric(size, rank);
            let (values, vectors) = (eigenvalues(matrix.clone()), eigenvectors(matrix.clone()));
            let inner = product(vectors.view(), vectors.t());
            let stretched = product(vectors.view(), matrix.view());
            for (place, value) in values.iter().enumerate() {
                for other in 0..size {
                    let one = if place == other { 1.0 } else { 0.0 };
                    assert!((inner[[place, other]] - one).abs() < 1e-13);
                    assert!((stretched[[place, other]] - value * vectors[[place, other]]).abs() < 1e-12 * values[0]);
                }
            }
        }
    }

    #[test]
    fn what_needs_no_rotation_is_left_as_it_is() {
        assert!(eigenvalues(Array2::zeros((0, 0))).is_empty());
        assert_eq!(eigenvalues(Array2::zeros((3, 3))), [0.0; 3]);
        let diagonal = Array2::from_diag(&ndarray::array![1.0, -2.0, 5.0, 0.0]);
        assert_eq!(eigenvalues(diagonal.clone()), [5.0, 1.0, 0.0, -2.0]);
        assert_eq!(
            eigenvectors(diagonal)
                .rows()
                .into_iter()
                .map(|row| row.iter().position(|x| x.abs() == 1.0))
                .collect::<Vec<_>>(),
            [Some(2), Some(0), Some(3), Some(1)]
        );
    }
}
