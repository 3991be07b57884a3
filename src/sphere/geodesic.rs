//! Paths along great circles. All points are unit vectors, all tangents are orthogonal to their point.

use ndarray::{Array1, ArrayView1};

use super::{Cosine, SphereError, inner, norm_of, tangent};

/// The exponential map exp_x(v) = cos‖v‖ x + sin‖v‖ v/‖v‖: the point reached from x along the tangent v after a path of
/// length ‖v‖ radians.
pub fn exponential(x: ArrayView1<'_, f64>, v: ArrayView1<'_, f64>) -> Array1<f64> {
    let length = norm_of(v);
    if length == 0.0 {
        return x.to_owned();
    }
    let point = &x * libm::cos(length) + &v * (libm::sin(length) / length);
    let norm = norm_of(point.view());
    point / norm
}

/// The logarithmic map log_x(y): the tangent at x that leads to y, of length φ, the inverse of [`exponential`] for
/// φ < π.
///
/// It has the direction of the tangent part of y − x, or of y + x in the opposite half, so that neither close nor nearly
/// opposite points cancel.
///
/// # Errors
/// [`SphereError::Antipodal`] if y = −x.
pub fn logarithm(x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>) -> Result<Array1<f64>, SphereError> {
    let cosine = Cosine::between(x, y);
    let part = if cosine.one_minus <= cosine.one_plus { &y - &x } else { &y + &x };
    let part = tangent(x, part.view());
    let length = norm_of(part.view());
    if length > 0.0 {
        Ok(part * (cosine.angle() / length))
    } else if cosine.one_minus <= cosine.one_plus {
        Ok(Array1::zeros(x.len()))
    } else {
        Err(SphereError::Antipodal)
    }
}

/// The point at the fraction t of the way along the shortest great circle from x (t = 0) to y (t = 1).
///
/// # Errors
/// [`SphereError::Antipodal`] if y = −x.
pub fn geodesic(x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>, t: f64) -> Result<Array1<f64>, SphereError> {
    Ok(exponential(x, (logarithm(x, y)? * t).view()))
}

/// The retraction (x + v)/‖x + v‖: agrees with [`exponential`] to second order and rotates by atan‖v‖ instead of ‖v‖.
pub fn retraction(x: ArrayView1<'_, f64>, v: ArrayView1<'_, f64>) -> Array1<f64> {
    let point = &x + &v;
    let norm = norm_of(point.view());
    point / norm
}

/// Carries the tangent w at x along the geodesic with direction v to the tangent space at exp_x(v), keeping its length
/// and its angle to the path: w + (e·w)((cos θ − 1) e − sin θ x) with θ = ‖v‖ and e = v/θ.
pub fn parallel_transport(x: ArrayView1<'_, f64>, v: ArrayView1<'_, f64>, w: ArrayView1<'_, f64>) -> Array1<f64> {
    let length = norm_of(v);
    if length == 0.0 {
        return w.to_owned();
    }
    let along = inner(v, w) / length;
    let half = libm::sin(0.5 * length);
    &w - &(&v * (along * 2.0 * half * half / length)) - &x * (along * libm::sin(length))
}
