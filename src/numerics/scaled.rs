//! Lengths, inner products and means over the whole range of f64.
//!
//! The square of a number below 10⁻¹⁵⁴ has lost digits and that of one above 10¹⁵⁴ is infinite. A sum of squares well
//! inside the normal numbers has met neither and is taken as it is; any other is taken again of numbers multiplied by a
//! power of two, which is exact. So results at ordinary scales are those of the plain sums, bit for bit, and scaling by
//! a power of two changes no digit anywhere.

use std::ops::RangeInclusive;

/// Sums of squares that neither overflow nor subnormal squares have touched: 2⁻⁹⁶⁰ to 2¹⁰⁰⁰.
const SAFE: RangeInclusive<f64> = power_of_two(-960)..=power_of_two(1000);

/// Exponents of the largest of several terms at which no other term matters that underflows, and no sum overflows.
const SAFE_EXPONENTS: RangeInclusive<i32> = -900..=960;

/// 2^k among the normal numbers.
const fn power_of_two(k: i32) -> f64 {
    f64::from_bits(((1023 + k) as u64) << (f64::MANTISSA_DIGITS - 1))
}

/// Whether a sum of squares is right to rounding as it is.
#[inline]
pub(crate) fn is_safe(squares: f64) -> bool {
    SAFE.contains(&squares)
}

/// x · 2^k, rounded once.
pub(crate) fn shifted(x: f64, k: i32) -> f64 {
    libm::scalbn(x, k)
}

/// The exponent k of the largest number, 2^k ≤ |x| < 2^(k+1); `None` if all are 0 or one is not finite.
pub(crate) fn exponent(numbers: impl Iterator<Item = f64>) -> Option<i32> {
    let largest = numbers.fold(0.0_f64, |largest, x| if x.abs() > largest || x.is_nan() { x.abs() } else { largest });
    (largest > 0.0 && largest.is_finite()).then(|| libm::ilogb(largest))
}

/// A number digits · 2^exponent, which may lie beyond the normal numbers of f64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scaled {
    /// The digits: of ordinary size, unless the number is 0 or not finite.
    pub digits: f64,
    /// The exponent.
    pub exponent: i32,
}

impl Scaled {
    /// The number, which may round to a subnormal one or to infinity.
    pub fn value(self) -> f64 {
        shifted(self.digits, self.exponent)
    }

    /// A number that is not 0, with digits of ordinary size.
    pub fn of(x: f64) -> Self {
        let exponent = exponent(std::iter::once(x)).unwrap_or(0);
        Self { digits: shifted(x, -exponent), exponent }
    }
}

/// The Euclidean length √Σx², summed in the order of the numbers. The exponent is 0 where the plain sum is safe.
pub(crate) fn length(x: impl Iterator<Item = f64> + Clone) -> Scaled {
    let plain = x.clone().fold(0.0, |sum, x| sum + x * x);
    if is_safe(plain) { Scaled { digits: plain.sqrt(), exponent: 0 } } else { distant_length(plain, x) }
}

/// [`length`] where squares may have left the range.
#[cold]
fn distant_length(plain: f64, x: impl Iterator<Item = f64> + Clone) -> Scaled {
    let Some(exponent) = exponent(x.clone()) else { return Scaled { digits: plain.sqrt(), exponent: 0 } };
    let squares = x.map(|x| shifted(x, -exponent)).fold(0.0, |sum, x| sum + x * x);
    Scaled { digits: squares.sqrt(), exponent }
}

/// The Euclidean length √Σx², right to rounding over the whole range; infinite only if it is beyond f64.
pub(crate) fn norm(x: impl Iterator<Item = f64> + Clone) -> f64 {
    length(x).value()
}

/// What an inner product is, given the plain sum of its products in the order of the pairs.
#[inline]
pub(crate) fn inner(plain: f64, pairs: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    // Products that underflow are below 2⁻¹⁰⁷⁴, and nothing beside a sum of this size.
    if SAFE.contains(&plain.abs()) { plain } else { distant_inner(plain, pairs) }
}

/// [`inner`] where the plain sum is tiny or huge: products are formed from digits and exponents where they can have left
/// the range.
#[cold]
fn distant_inner(plain: f64, pairs: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let product = |(x, y): (f64, f64)| {
        let ((x, i), (y, k)) = (libm::frexp(x), libm::frexp(y));
        (x * y, i + k)
    };
    if pairs.clone().any(|(x, y)| !(x.is_finite() && y.is_finite())) {
        return plain;
    }
    let largest = pairs.clone().map(product).filter(|(digits, _)| *digits != 0.0).map(|(_, k)| k).max();
    match largest {
        Some(largest) if !SAFE_EXPONENTS.contains(&largest) => {
            let sum = pairs.map(product).fold(0.0, |sum, (digits, k)| sum + shifted(digits, k - largest));
            shifted(sum, largest)
        }
        _ => plain,
    }
}

/// The mean of numbers, summed in their order; NaN of none.
///
/// It is finite for finite numbers, even where their sum is not.
///
/// ```
/// use embedding_norms::statistics::mean;
/// assert_eq!(mean(&[1e308, 1.5e308]), 1.25e308);
/// assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
/// ```
pub fn mean(numbers: &[f64]) -> f64 {
    let (count, sum) = (numbers.len() as f64, numbers.iter().fold(0.0, |sum, x| sum + x));
    if sum.is_finite() || numbers.iter().any(|x| !x.is_finite()) {
        return sum / count;
    }
    // Halved as often as there may be numbers in memory.
    let sum = numbers.iter().fold(0.0, |sum, &x| sum + shifted(x, -64));
    shifted(sum / count, 64).clamp(-f64::MAX, f64::MAX)
}

/// The mean of numbers and their sample standard deviation √(Σ(x − mean)²/(n − 1)), over the whole range of f64. Fewer than
/// two numbers have no deviation: NaN.
///
/// ```
/// use embedding_norms::statistics::mean_and_deviation;
/// assert_eq!(mean_and_deviation(&[1.0, 2.0, 3.0]), (2.0, 1.0));
/// ```
pub fn mean_and_deviation(numbers: &[f64]) -> (f64, f64) {
    let of = |numbers: &[f64]| {
        let n = numbers.len() as f64;
        let mean = numbers.iter().fold(0.0, |sum, x| sum + x) / n;
        let squares = numbers.iter().fold(0.0, |sum, x| sum + (x - mean) * (x - mean));
        (mean, squares, n)
    };
    let (mean, squares, n) = of(numbers);
    let exponent = if is_safe(squares) { None } else { exponent(numbers.iter().copied()) };
    let Some(exponent) = exponent else { return (mean, (squares / (n - 1.0)).sqrt()) };
    let numbers: Vec<f64> = numbers.iter().map(|&x| shifted(x, -exponent)).collect();
    let (mean, squares, n) = of(&numbers);
    (shifted(mean, exponent), shifted((squares / (n - 1.0)).sqrt(), exponent))
}

#[cfg(test)]
mod tests {
    use super::{Scaled, inner, length, mean, mean_and_deviation, norm, shifted};

    /// Exponents all over the range.
    const EXPONENTS: [i32; 15] = [-1060, -1022, -800, -540, -511, -480, -100, 0, 3, 480, 499, 500, 511, 700, 1020];

    fn plain(x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y)
    }

    fn inner_of(x: &[f64], y: &[f64]) -> f64 {
        inner(plain(x, y), x.iter().copied().zip(y.iter().copied()))
    }

    #[test]
    fn a_power_of_two_changes_no_digit_of_a_length() {
        // Few bits each, so that even the smallest of the range hold them.
        let x = [3.0, -4.0, 12.0];
        for exponent in EXPONENTS {
            let scaled: Vec<f64> = x.iter().map(|&x| shifted(x, exponent)).collect();
            assert_eq!(norm(scaled.iter().copied()), shifted(13.0, exponent), "2^{exponent}");
            let found = length(scaled.iter().copied());
            assert_eq!(shifted(found.digits, found.exponent - exponent), 13.0);
        }
        assert_eq!(norm([1.7e308, 1.7e308].into_iter()), f64::INFINITY);
        assert_eq!(norm([0.0, -0.0].into_iter()), 0.0);
        assert_eq!(norm([f64::INFINITY, 1.0].into_iter()), f64::INFINITY);
        assert!(norm([f64::NAN, f64::INFINITY, 1.0].into_iter()).is_nan());
        // Where plain squares are partly subnormal they are wrong in the fourth digit.
        assert_eq!(norm([3e-162, 4e-162].into_iter()), 5e-162);
        assert_ne!(plain(&[3e-162, 4e-162], &[3e-162, 4e-162]).sqrt(), 5e-162);
    }

    #[test]
    fn inner_products_are_right_wherever_their_factors_lie() {
        let (x, y) = ([1.5, -2.0, 3.0], [4.0, 1.0, 2.5]);
        for i in EXPONENTS {
            for k in EXPONENTS {
                let (x, y) = (x.map(|x| shifted(x, i)), y.map(|y| shifted(y, k)));
                assert_eq!(inner_of(&x, &y), shifted(11.5, i + k), "2^{i} and 2^{k}");
            }
        }
        assert_eq!(inner_of(&[1e308, 1e-300], &[0.0, 1e300]), 1.0);
        assert_eq!(
            inner_of(&[1e200, 1e200, 1.0], &[1e200, -1e200, 3.0]),
            0.0,
            "lost beside 1e400, as it is beside 1e40"
        );
        assert_eq!(inner_of(&[1.0, 0.0], &[0.0, 1.0]), 0.0);
        assert_eq!(inner_of(&[1.0, -1.0, 1e-300], &[1.0, 1.0, 1.0]), 1e-300);
        assert!(inner_of(&[f64::INFINITY, 1.0], &[0.0, 1.0]).is_nan());
        assert_eq!(inner_of(&[], &[]), 0.0);
    }

    #[test]
    fn means_and_deviations_are_finite_wherever_numbers_are() {
        assert_eq!(mean(&[f64::MAX; 7]), f64::MAX);
        assert_eq!(mean(&[-1e308, -1e308]), -1e308);
        assert!(mean(&[]).is_nan() && mean(&[f64::NAN, 1.0]).is_nan());
        assert_eq!(mean(&[f64::INFINITY, 1.0]), f64::INFINITY);
        for exponent in EXPONENTS {
            let numbers = [1.0, 2.0, 3.0].map(|x| shifted(x, exponent));
            assert_eq!(mean_and_deviation(&numbers), (shifted(2.0, exponent), shifted(1.0, exponent)));
        }
        assert_eq!(mean_and_deviation(&[0.1; 4]).1, 0.0);
    }

    #[test]
    fn digits_and_exponent_are_the_number() {
        for x in [5e-324, 1e-310, 1.0, -3.5, 1.7e308] {
            let scaled = Scaled::of(x);
            assert_eq!(scaled.value(), x);
            assert!((1.0..2.0).contains(&scaled.digits.abs()));
        }
    }
}
