//! The Taylor test of a gradient: with the right one, f(z + tv) − f(z) − t g·v is O(t²), a slope of 2 in log-log
//! coordinates; with any other it is O(t), a slope of 1.

/// How far every local slope may be from 2.
pub const TOLERANCE: f64 = 0.1;

/// Steps, each half of the one before: four local slopes.
const RUNGS: i32 = 5;

/// By how much a remainder has to exceed rounding: two errors of 1/64 then move a local slope, the binary logarithm of
/// a ratio of remainders, by at most 2/(64 ln 2) = 0.045.
const HEADROOM: f64 = 64.0;

/// The steps at which remainders are looked at.
///
/// `largest` is to be so small that the third order is below a tenth of the second (a slope shifts by about 0.7 of
/// that quotient), and so large that the remainder at `largest`/16 is above 64 `noise`, the rounding error of a
/// difference of values. Near φ = 0 and π both hold if the angle turned is a few per cent of sin φ.
#[derive(Clone, Copy, Debug)]
pub struct Ladder {
    pub largest: f64,
    pub noise: f64,
}

/// Why a gradient is not accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rejection {
    /// The remainder is rounding, or no number: nothing is said about the gradient.
    Drowned { step: f64, remainder: f64, noise: f64 },
    /// The remainder does not fall with the square of the step.
    NotQuadratic { step: f64, slope: f64 },
}

/// The mean slope of the Taylor remainder, or the first step at which the remainder is no square.
///
/// `difference(t)` is f(z + tv) − f(z), formed so that it does not cancel (of 1 − cos φ where the angle is small);
/// `gradient` and `direction` are g and v, flattened alike if z is a matrix.
pub fn slope(
    mut difference: impl FnMut(f64) -> f64,
    gradient: &[f64],
    direction: &[f64],
    ladder: Ladder,
) -> Result<f64, Rejection> {
    assert_eq!(gradient.len(), direction.len(), "a gradient has the shape of what it belongs to");
    let linear = gradient.iter().zip(direction).fold(0.0, |sum, (g, v)| sum + g * v);
    let mut logarithms = Vec::new();
    for rung in 0..RUNGS {
        let step = ladder.largest * 0.5_f64.powi(rung);
        let remainder = difference(step) - step * linear;
        let heard = remainder.is_finite() && remainder.abs() > HEADROOM * ladder.noise;
        if !heard {
            return Err(Rejection::Drowned { step, remainder, noise: ladder.noise });
        }
        if let Some(previous) = logarithms.last() {
            let slope: f64 = previous - remainder.abs().log2();
            if (slope - 2.0).abs() > TOLERANCE {
                return Err(Rejection::NotQuadratic { step, slope });
            }
        }
        logarithms.push(remainder.abs().log2());
    }
    Ok((logarithms[0] - logarithms[logarithms.len() - 1]) / f64::from(RUNGS - 1))
}
