//! Directions: unit vectors, their angles, and the geodesics between them. Knows nothing of losses.
//!
//! ```
//! use embedding_norms::sphere::{angle, normalize};
//! use ndarray::array;
//! let directions = normalize(array![[3.0, 4.0], [0.0, 2.0]].view())?;
//! assert_eq!(directions.norms().to_vec(), [5.0, 2.0]);
//! let between = angle(directions.units().row(0), directions.units().row(1));
//! assert!((between - 0.6_f64.asin()).abs() < 1e-15);
//! # Ok::<(), embedding_norms::sphere::SphereError>(())
//! ```
//!
//! Angles are never taken from an inner product (statement G5): near 0 and π a cosine has lost them. The half-chord
//! ½‖x − y‖² *is* 1 − cos φ, and ½‖x + y‖² is 1 + cos φ, each with full relative precision at its own end.

mod geodesic;
mod rows;
mod sampling;

pub use geodesic::{exponential, geodesic, logarithm, parallel_transport, retraction};
pub use sampling::{VonMisesFisher, mean_resultant_length, uniform, uniform_half_tangents, von_mises_fisher};

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::numerics::scaled::{self, Scaled};
use rows::fold_rows;

/// What can be wrong with vectors that should become, or be, directions.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SphereError {
    /// The zero vector has no direction.
    #[error("row {row} is zero and has no direction; remove it or give it a length")]
    ZeroRow {
        /// The row, counted from 0.
        row: usize,
    },
    /// A coordinate is not a finite number.
    #[error("row {row} has {value} in column {column}; every coordinate must be a finite number")]
    NotFinite {
        /// The row, counted from 0.
        row: usize,
        /// The column, counted from 0.
        column: usize,
        /// The coordinate.
        value: f64,
    },
    /// A row whose norm is beyond f64.
    #[error(
        "row {row} has a norm above 1.8e308, the largest number of f64; scale the embeddings down, by 1e10 for instance: no \
         cosine depends on it"
    )]
    TooLong {
        /// The row, counted from 0.
        row: usize,
    },
    /// Norms whose fourth power is asked for.
    #[error("the fourth power of norms about {norm:e} is beyond f64; scale the embeddings to norms from 1e-70 to 1e70")]
    FourthPower {
        /// The mean norm.
        norm: f64,
    },
    /// Two opposite points are joined by every great circle through them.
    #[error("the points are antipodal: no single geodesic joins them; move one of them a little")]
    Antipodal,
    /// A sphere needs at least two dimensions here.
    #[error("dimension {dimension} is too small: directions need at least 2")]
    Dimension {
        /// The dimension asked for.
        dimension: usize,
    },
    /// The concentration of a von Mises-Fisher distribution is a finite number, 0 or larger.
    #[error("concentration {concentration} must be finite and not negative")]
    Concentration {
        /// The concentration asked for.
        concentration: f64,
    },
}

impl SphereError {
    /// The same error where the rows that were looked at are others of a larger set.
    pub(crate) fn with_row(self, place: impl Fn(usize) -> usize) -> Self {
        match self {
            Self::ZeroRow { row } => Self::ZeroRow { row: place(row) },
            Self::NotFinite { row, column, value } => Self::NotFinite { row: place(row), column, value },
            Self::TooLong { row } => Self::TooLong { row: place(row) },
            other => other,
        }
    }
}

/// The rows of a matrix, taken apart into directions and norms: z_i = ρ_i ẑ_i.
#[derive(Clone, Debug, PartialEq)]
pub struct Directions {
    units: Array2<f64>,
    norms: Array1<f64>,
    /// The norms below the normal numbers, of which `norms` holds few digits, with their rows in ascending order.
    subnormal: Vec<(usize, Scaled)>,
}

impl Directions {
    /// The unit vectors ẑ_i, as rows of an (n × d) matrix.
    pub fn units(&self) -> ArrayView2<'_, f64> {
        self.units.view()
    }

    /// The unit vectors ẑ_i alone.
    pub fn into_units(self) -> Array2<f64> {
        self.units
    }

    /// The norms ρ_i = ‖z_i‖ (n).
    pub fn norms(&self) -> ArrayView1<'_, f64> {
        self.norms.view()
    }

    /// The norm of a row, with all its digits.
    pub(crate) fn length(&self, row: usize) -> Scaled {
        match self.subnormal.binary_search_by_key(&row, |(row, _)| *row) {
            Ok(place) => self.subnormal[place].1,
            Err(_) => Scaled::of(self.norms[row]),
        }
    }

    /// Takes the rows of `points` apart again, into the memory that is already there.
    ///
    /// # Errors
    /// As for [`normalize`]; the content is unspecified after an error.
    ///
    /// # Panics
    /// If `points` has another shape.
    pub fn update(&mut self, points: ArrayView2<'_, f64>) -> Result<(), SphereError> {
        self.units.assign(&points);
        self.subnormal.clear();
        let mut far = Vec::new();
        inners(points, points, |row, square| {
            self.norms[row] = square.sqrt();
            if !scaled::is_safe(square) {
                far.push(row);
            }
        });
        let far = self.bring_near(&far, points)?;
        let units = self.units.as_slice_mut().expect("directions are kept in standard layout");
        for (unit, norm) in units.chunks_exact_mut(points.ncols().max(1)).zip(&self.norms) {
            let reciprocal = 1.0 / norm;
            unit.iter_mut().for_each(|x| *x *= reciprocal);
        }
        far.into_iter().try_for_each(|(row, length)| self.take_norm(row, length))
    }

    /// Multiplies the rows whose squares may have left the range of numbers by a power of two; their norms.
    fn bring_near(&mut self, rows: &[usize], points: ArrayView2<'_, f64>) -> Result<Vec<(usize, Scaled)>, SphereError> {
        let mut lengths = Vec::with_capacity(rows.len());
        for &row in rows {
            let point = points.row(row);
            if let Some((column, &value)) = point.iter().enumerate().find(|(_, value)| !value.is_finite()) {
                return Err(SphereError::NotFinite { row, column, value });
            }
            let length = scaled::length(point.iter().copied());
            if length.digits == 0.0 {
                return Err(SphereError::ZeroRow { row });
            }
            self.units.row_mut(row).mapv_inplace(|value| scaled::shifted(value, -length.exponent));
            self.norms[row] = length.digits;
            lengths.push((row, length));
        }
        Ok(lengths)
    }

    /// Writes down the norm of a row that was multiplied by a power of two.
    fn take_norm(&mut self, row: usize, length: Scaled) -> Result<(), SphereError> {
        let norm = length.value();
        if norm.is_infinite() {
            return Err(SphereError::TooLong { row });
        }
        if !norm.is_normal() {
            self.subnormal.push((row, length));
        }
        self.norms[row] = norm;
        Ok(())
    }
}

/// Takes the rows of an (n × d) matrix apart into directions ẑ = z/‖z‖ and norms ‖z‖.
///
/// Scaling a row by a power of two scales its norm and leaves its direction, bit for bit, wherever in f64 it lies.
///
/// # Errors
/// A zero row, a coordinate that is NaN or infinite, or a norm above the largest number of f64, with its place.
///
/// ```
/// use embedding_norms::sphere::{SphereError, normalize};
/// use ndarray::array;
/// let directions = normalize(array![[3.0, 4.0], [0.0, 2.0]].view())?;
/// assert_eq!(directions.norms().to_vec(), vec![5.0, 2.0]);
/// assert_eq!(normalize(array![[1.0, 0.0], [0.0, 0.0]].view()), Err(SphereError::ZeroRow { row: 1 }));
/// # Ok::<(), SphereError>(())
/// ```
pub fn normalize(points: ArrayView2<'_, f64>) -> Result<Directions, SphereError> {
    let mut directions =
        Directions { units: Array2::zeros(points.dim()), norms: Array1::zeros(points.nrows()), subnormal: Vec::new() };
    directions.update(points)?;
    Ok(directions)
}

/// The inner product, summed in the order of the coordinates.
///
/// One fixed order everywhere, with vector lanes running over rows and never over coordinates, is what makes results
/// independent of the machine's vector width. It is right to rounding, of the largest product, over the whole range of
/// f64.
///
/// # Panics
/// If the lengths differ.
pub fn inner(x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>) -> f64 {
    assert_eq!(x.len(), y.len(), "an inner product takes vectors of one length");
    let pairs = x.iter().copied().zip(y.iter().copied());
    scaled::inner(fold(x, y, 0.0, add_product), pairs)
}

/// The inner products of the rows of two matrices as plain sums, handed on with their row: [`inner`] bit for bit where
/// these are ordinary numbers.
///
/// # Panics
/// If the shapes differ.
pub(crate) fn inners(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>, hand_on: impl FnMut(usize, f64)) {
    fold_rows(x, y, 0.0, add_product, hand_on);
}

fn add_product(sum: f64, x: f64, y: f64) -> f64 {
    sum + x * y
}

/// Folds the coordinates of two vectors of one length in their order.
fn fold<A>(x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>, start: A, combine: impl Fn(A, f64, f64) -> A) -> A {
    match (x.as_slice(), y.as_slice()) {
        (Some(x), Some(y)) => x.iter().zip(y).fold(start, |folded, (x, y)| combine(folded, *x, *y)),
        _ => x.iter().zip(y).fold(start, |folded, (x, y)| combine(folded, *x, *y)),
    }
}

/// The Euclidean norm, right to rounding over the whole range of f64; infinite if it is above the largest number.
///
/// ```
/// use embedding_norms::sphere::norm_of;
/// use ndarray::array;
/// assert_eq!(norm_of(array![3e-162, 4e-162].view()), 5e-162); // squares would have lost all but four digits
/// assert_eq!(norm_of(array![3e307, 4e307].view()), 5e307);
/// ```
pub fn norm_of(x: ArrayView1<'_, f64>) -> f64 {
    let square = fold(x, x, 0.0, add_product);
    if scaled::is_safe(square) { square.sqrt() } else { scaled::norm(x.iter().copied()) }
}

/// The tangent projection P_x v = v − (v·x) x at the unit vector x.
pub fn tangent(x: ArrayView1<'_, f64>, v: ArrayView1<'_, f64>) -> Array1<f64> {
    let radial = inner(v, x);
    &v - &(&x * radial)
}

/// A cosine that is precise at both ends: c, 1 − c and 1 + c, each with full relative precision (statement G5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    /// 1 − cos φ = ½‖x − y‖².
    pub one_minus: f64,
    /// 1 + cos φ = ½‖x + y‖².
    pub one_plus: f64,
}

impl Cosine {
    /// Of two unit vectors.
    ///
    /// ```
    /// use embedding_norms::sphere::Cosine;
    /// use ndarray::array;
    /// let angle: f64 = 1e-8;
    /// let (x, y) = (array![1.0, 0.0], array![1.0, angle]);
    /// assert_eq!(Cosine::between(x.view(), y.view()).one_minus, angle * angle / 2.0);
    /// assert_eq!(1.0 - x.dot(&y), 0.0); // the inner product has lost the angle
    /// ```
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn between(x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>) -> Self {
        assert_eq!(x.len(), y.len(), "a cosine takes vectors of one length");
        Self::of_squares(fold(x, y, [0.0; 2], add_squares))
    }

    /// From ‖x − y‖² and ‖x + y‖².
    fn of_squares([minus, plus]: [f64; 2]) -> Self {
        Self { one_minus: 0.5 * minus, one_plus: 0.5 * plus }
    }

    /// cos φ, in [−1, 1] to rounding.
    pub fn value(self) -> f64 {
        0.5 * (self.one_plus - self.one_minus)
    }

    /// sin φ = √((1 − c)(1 + c)).
    pub fn sine(self) -> f64 {
        (self.one_minus * self.one_plus).sqrt()
    }

    /// tan(φ/2) = √((1 − c)/(1 + c)); infinite for antipodal vectors.
    pub fn half_tangent(self) -> f64 {
        (self.one_minus / self.one_plus).sqrt()
    }

    /// The angle φ in [0, π], in radians.
    pub fn angle(self) -> f64 {
        2.0 * libm::atan2(self.one_minus.sqrt(), self.one_plus.sqrt())
    }
}

/// The cosines of the pairs (x_i, y_i) of rows of unit vectors.
///
/// # Panics
/// If the shapes differ.
pub fn cosines(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Vec<Cosine> {
    assert_eq!(x.dim(), y.dim(), "pairs need matrices of one shape");
    let mut cosines = Vec::with_capacity(x.nrows());
    fold_rows(x, y, [0.0; 2], add_squares, |_, squares| cosines.push(Cosine::of_squares(squares)));
    cosines
}

/// Adds a coordinate to ‖x − y‖² and ‖x + y‖².
fn add_squares([minus, plus]: [f64; 2], x: f64, y: f64) -> [f64; 2] {
    [minus + (x - y) * (x - y), plus + (x + y) * (x + y)]
}

/// The angle between two unit vectors, 2 atan2(‖x − y‖, ‖x + y‖), in [0, π] radians (statement G5).
///
/// # Panics
/// If the lengths differ.
pub fn angle(x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>) -> f64 {
    let cosine = Cosine::between(x, y);
    if scaled::is_safe(cosine.one_minus) && scaled::is_safe(cosine.one_plus) {
        return cosine.angle();
    }
    2.0 * libm::atan2(chord(x, y), norm_of((&x + &y).view()))
}

/// The angles between the pairs (x_i, y_i) of rows of unit vectors: [`angle`] bit for bit.
///
/// # Panics
/// If the shapes differ.
pub fn angles(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Vec<f64> {
    let of = |(row, cosine): (usize, Cosine)| {
        let is_safe = scaled::is_safe(cosine.one_minus) && scaled::is_safe(cosine.one_plus);
        if is_safe { cosine.angle() } else { angle(x.row(row), y.row(row)) }
    };
    cosines(x, y).into_iter().enumerate().map(of).collect()
}

/// ‖x − y‖ of two unit vectors, also where its square is below the normal numbers.
pub(crate) fn chord(x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>) -> f64 {
    norm_of((&x - &y).view())
}
