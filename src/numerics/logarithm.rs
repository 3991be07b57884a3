//! The natural logarithm of many numbers at once: the bytes of `libm::log`, which takes them one by one.
//!
//! x = 2^k m with m from √½ to √2, and log x = k log 2 + log m. With f = m − 1 and s = f/(2 + f), log m = 2 artanh s =
//! f − f²/2 + s (f²/2 + R(s²)), where R is a polynomial. Every operation is one of IEEE arithmetic and rounded by itself, in
//! the order of `libm::log`; there is no branch, so that compilers form vectors.
//!
//! Source: the polynomial and the two parts of log 2 are those of FreeBSD's `e_log.c` (Sun Microsystems, 1993).

use crate::numerics::exponential::LOG_2;
use crate::numerics::vectorize::MANTISSA_BITS;

/// R(z)/z in ascending powers of z.
const R: [f64; 7] = [
    f64::from_bits(0x3fe5_5555_5555_5593),
    f64::from_bits(0x3fd9_9999_9997_fa04),
    f64::from_bits(0x3fd2_4924_9422_9359),
    f64::from_bits(0x3fcc_71c5_1d8e_78af),
    f64::from_bits(0x3fc7_4664_96cb_03de),
    f64::from_bits(0x3fc3_9a09_d078_c69f),
    f64::from_bits(0x3fc2_f112_df3e_5244),
];

/// The bits of √½, to the 32 upper ones.
const ROOT_HALF: u64 = 0x3fe6_a09e_0000_0000;

const ONE: u64 = 1.0_f64.to_bits();

const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;

/// log x for a normal number x above 0: the same bits as `libm::log`.
#[inline(always)]
pub(crate) fn log_of_normal(x: f64) -> f64 {
    // The exponent rises by one where the mantissa is that of √2 or larger.
    let shifted = x.to_bits() + (ONE - ROOT_HALF);
    let k = whole(shifted >> MANTISSA_BITS) - 1023.0;
    let m = f64::from_bits((shifted & MANTISSA) + ROOT_HALF);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let half_square = 0.5 * f * f;
    let z = s * s;
    let w = z * z;
    let odd = w * (R[1] + w * (R[3] + w * R[5]));
    let even = z * (R[0] + w * (R[2] + w * (R[4] + w * R[6])));
    s * (half_square + (even + odd)) + k * LOG_2[1] - half_square + f + k * LOG_2[0]
}

/// A whole number below 2^52, without an instruction that not every processor has for vectors.
#[inline(always)]
fn whole(number: u64) -> f64 {
    const TWO_TO_52: f64 = 4_503_599_627_370_496.0;
    f64::from_bits(TWO_TO_52.to_bits() | number) - TWO_TO_52
}

#[cfg(test)]
mod tests {
    use super::log_of_normal;
    use crate::random::generator;
    use rand::Rng;

    #[test]
    fn logarithms_have_the_bits_of_those_one_by_one() {
        let mut numbers = generator(1, b"logarithm", 0);
        let any = std::iter::repeat_with(|| f64::from_bits(numbers.random::<u64>() >> 1)).filter(|x| x.is_normal());
        let mut cases: Vec<f64> = any.take(100_000).collect();
        cases.extend(std::iter::repeat_with(|| numbers.random::<f64>()).take(100_000));
        let turns =
            [0.5, std::f64::consts::FRAC_1_SQRT_2, 1.0, std::f64::consts::SQRT_2, 2.0, f64::MIN_POSITIVE, f64::MAX];
        let near = |turn: f64| (-20_i64..=20).map(move |step| f64::from_bits(turn.to_bits().wrapping_add_signed(step)));
        cases.extend(turns.into_iter().flat_map(near).filter(|x| x.is_normal()));
        for x in cases {
            assert_eq!(log_of_normal(x).to_bits(), libm::log(x).to_bits(), "{x:e}");
        }
    }
}
