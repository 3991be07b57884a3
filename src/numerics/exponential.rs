//! The exponential function in whole vectors, with the same bytes at every width: IEEE sums, products and both rounded
//! at once, and the bits of the exponent, in one order.
//!
//! x = k log 2 + r with |r| ≤ ½ log 2 (Cody and Waite's reduction: k log 2 is subtracted in two parts, the first of them
//! exactly), and e^x = 2^k (1 + r + r² q(r)) with a polynomial q of degree 10 whose error is 1.4·10⁻¹⁸. What the sum 1 + r
//! and the reduction round off is carried along. The result is within 0.75 units in the last place where that is a normal
//! number: half a unit of the last sum, and at e^r near 0.7, where a unit is smallest against r² q(r) ≤ 0.054, the
//! roundings of that term. A subnormal number is rounded a second time, and within 0.9 units of the subnormal ones
//! (2⁻¹⁰⁷⁴). The tests hold random arguments over the whole range, and the worst ones that were found, against 32 digits.

use std::f64::consts::LOG2_E;

use crate::numerics::vectorize::Number;

/// log 2 in two parts; the first has 32 significant bits, so that its product with k is exact.
pub(super) const LOG_2: [f64; 2] = [f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76)];

/// 1.5 · 2^52: added, it rounds to a whole number and leaves that in the lowest bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The minimax polynomial of (e^r − 1 − r)/r² for |r| ≤ ½ log 2, in ascending powers.
const Q: [f64; 11] = [
    0.5,
    0.166_666_666_666_666_7,
    0.041_666_666_666_666_685,
    0.008_333_333_333_326_141,
    0.001_388_888_888_887_440_7,
    0.000_198_412_698_748_019_73,
    2.480_158_734_731_634_4e-5,
    2.755_725_542_410_724_4e-6,
    2.755_725_293_789_211_3e-7,
    2.510_520_697_904_212e-8,
    2.092_158_003_141_284_7e-9,
];

/// Above it e^x is beyond all finite numbers.
const LARGEST: f64 = 709.782_712_893_384;

/// Below it e^x is rounded to 0.
const SMALLEST: f64 = -746.0;

/// Below it e^x is made 2^128 times too large first, to be rounded once on the way to the subnormal numbers.
const NEARLY_SUBNORMAL: f64 = -708.0;

/// Between it and its opposite e^x is a normal number, and neither end needs care.
const ORDINARY: f64 = -NEARLY_SUBNORMAL;

/// e^x, within 0.75 units in the last place (0.9 of the subnormal numbers below 2⁻¹⁰²²); ∞ past the largest number, 0 past
/// the smallest, NaN for NaN.
#[inline(always)]
pub(crate) fn exp<N: Number>(x: N) -> N {
    let constant = |value| x.constant(value);
    let is_ordinary = x.all_within(ORDINARY);
    // What is rounded to 0 does not pass through the subnormal numbers, where processors are slow.
    let bounded = if is_ordinary { x } else { x.select_above(SMALLEST, x, constant(0.0)) };
    let rounded = bounded.multiply_add(constant(LOG2_E), constant(ROUNDER));
    let k = rounded - constant(ROUNDER);
    let [high, low] = [k.multiply_add(constant(-LOG_2[0]), bounded), k * constant(LOG_2[1])];
    let r = high - low;
    let lost_in_r = (high - r) - low;
    let one_and_r = constant(1.0) + r;
    let lost_in_sum = (constant(1.0) - one_and_r) + r;
    let mantissa = one_and_r + (lost_in_sum + (r * r).multiply_add(q(r), lost_in_r));
    if is_ordinary {
        return mantissa.times_power_of_two(rounded);
    }
    let lift = bounded.select_above(NEARLY_SUBNORMAL, constant(0.0), constant(128.0));
    let back = bounded.select_above(NEARLY_SUBNORMAL, constant(1.0), constant(f64::from_bits((1023 - 128) << 52)));
    let result = mantissa.times_power_of_two(rounded + lift) * back;
    let result = x.select_above(SMALLEST, result, constant(0.0));
    x.select_above(LARGEST, constant(f64::INFINITY), result).unless_nan(x)
}

/// q(r), its terms in the order in which they depend least on each other.
#[inline(always)]
fn q<N: Number>(r: N) -> N {
    let c = |power: usize| r.constant(Q[power]);
    let square = r * r;
    let fourth = square * square;
    let pair = |power: usize| c(power + 1).multiply_add(r, c(power));
    let lower = pair(2).multiply_add(square, pair(0));
    let middle = pair(6).multiply_add(square, pair(4));
    let upper = c(10).multiply_add(square, pair(8));
    (upper.multiply_add(fourth, middle)).multiply_add(fourth, lower)
}

// A witness of the crate's tests, which use the rest of it; it may take functions that the library may not.
#[cfg(test)]
#[allow(dead_code, clippy::disallowed_methods)]
#[path = "../../tests/support/double_double.rs"]
mod double_double;

#[cfg(test)]
mod tests {
    use super::double_double::{Wide, wide};
    use super::exp;
    use crate::numerics::vectorize::widths::same_at_every_width;
    use crate::numerics::vectorize::{Kernel, Vector, vectorize, whole_mut};
    use crate::random::generator;
    use pulp::Simd;
    use rand::Rng;

    /// x and the bits of e^x, rounded once from sixty digits: where the algorithm errs most, and at the ends.
    const ROUNDED: [(f64, u64); 28] = [
        (0.358_001_166_136_959_54, 0x3ff6_e331_aae8_893d),
        (-497.326_056_735_557_13, 0x1316_c992_dce4_6a41),
        (-708.757_508_794_335_5, 0x000b_2691_7c8e_a94b),
        (-588.817_892_541_5, 0x0ad6_de90_d32d_587d),
        (-432.858_157_375_911_1, 0x18e6_e80e_1b64_9c11),
        (-21.840_561_020_731_265, 0x3df6_7b85_7d40_9d41),
        (232.557_038_362_446_86, 0x54e6_c468_40fa_1ae5),
        (3.837_972_501_433_512, 0x4047_3732_dc8b_32c7),
        (-1.005_702_307_956_299, 0x3fd7_6910_996e_33cd),
        (709.782_712_893_384, 0x7fef_ffff_ffff_ff2a),
        (-708.396_418_532_264_1, 0x0010_0000_0000_007c),
        (-708.0, 0x0017_c8ab_2288_c9ab),
        (-708.000_000_000_000_1, 0x0017_c8ab_2288_c6b2),
        (-709.068_118_063_967_1, 0x0008_2c66_32c6_33e1),
        (-745.133_219_101_941_1, 0x0000_0000_0000_0001),
        (-745.133_219_101_941_2, 0x0000_0000_0000_0000),
        (-744.5, 0x0000_0000_0000_0001),
        (-720.25, 0x0000_0007_7564_144f),
        (-1e-300, 0x3ff0_0000_0000_0000),
        (1e-17, 0x3ff0_0000_0000_0000),
        (-0.346_573_590_279_972_64, 0x3fe6_a09e_667f_3bcd),
        (0.346_573_590_279_972_64, 0x3ff6_a09e_667f_3bcc),
        (1.0, 0x4005_bf0a_8b14_5769),
        (-1.0, 0x3fd7_8b56_362c_ef38),
        (-20.0, 0x3e21_b486_55f3_7267),
        (-37.0, 0x3c98_9847_1fca_6055),
        (-100.5, 0x36e0_1a0e_5643_644f),
        (700.5, 0x7f18_625c_7d4f_56c2),
    ];

    struct InVectors<'a>(&'a mut [f64]);

    impl Kernel for InVectors<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            whole_mut::<S>(self.0).iter_mut().for_each(|x| *x = exp(Vector::new(simd, *x)).value);
        }
    }

    /// e^x · 2^−k with 32 digits, and k.
    fn wide_exp(x: f64) -> (Wide, i32) {
        let log_2 = Wide { hi: std::f64::consts::LN_2, lo: 2.319_046_813_846_299_6e-17 };
        let k = (x * std::f64::consts::LOG2_E).round();
        let r = wide(x) - wide(k) * log_2;
        let horner = |sum: Wide, n: u32| wide(1.0) + r * sum / wide(f64::from(n));
        ((1..=30).rev().fold(wide(1.0), horner), k as i32)
    }

    /// How far `found` is from e^x, in units in the last place of a number as large as e^x, or of the subnormal ones.
    fn units_apart(x: f64, found: f64) -> f64 {
        let (mantissa, k) = wide_exp(x);
        let exponent = if mantissa < wide(1.0) { k - 1 } else { k };
        let unit = (exponent - 52).max(-1074);
        let exact = Wide { hi: libm::scalbn(mantissa.hi, k - unit), lo: libm::scalbn(mantissa.lo, k - unit) };
        (wide(libm::scalbn(found, -unit)) - exact).abs().to_f64()
    }

    #[test]
    fn errors_stay_within_the_units_that_the_documentation_promises() {
        let mut generator = generator(1, b"units", 0);
        for (from, to, bound) in
            [(-1.0, 1.0, 0.75), (-40.0, 5.0, 0.75), (-708.39, 709.78, 0.75), (-745.13, -708.4, 0.9)]
        {
            let random = (0..50_000).map(|_| generator.random_range(from..to));
            let chosen = ROUNDED.iter().map(|(x, _)| *x).filter(|x| (from..to).contains(x));
            let farthest = chosen.chain(random).map(|x| units_apart(x, exp(x))).fold(0.0, f64::max);
            assert!(farthest <= bound, "e^x on [{from}, {to}) is {farthest} units off");
            // A neighbour of the nearest number but one is more than a unit off.
            let skewed = units_apart(to, exp(to).next_up().next_up());
            assert!(skewed > 1.0, "{skewed}");
        }
    }

    fn steps_between(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn e_to_the_x_is_the_nearest_number_or_its_neighbour() {
        for (x, bits) in ROUNDED {
            assert!(steps_between(exp(x), f64::from_bits(bits)) <= 1, "e^{x} = {}", exp(x));
        }
        let exact = [(0.0, 1.0), (-0.0, 1.0), (f64::NEG_INFINITY, 0.0), (-1e300, 0.0), (709.8, f64::INFINITY)];
        for (x, value) in exact {
            assert_eq!(exp(x), value, "e^{x}");
        }
        assert_eq!(exp(f64::INFINITY), f64::INFINITY);
        assert!(exp(f64::NAN).is_nan() && exp(f64::from_bits(0x7ff8_0000_0000_0001)).is_nan());
    }

    #[test]
    fn vectors_give_the_bytes_of_single_numbers_and_agree_with_the_library() {
        let mut generator = generator(1, b"exponential", 0);
        for (from, to) in [(-1.0, 1.0), (-40.0, 5.0), (-707.0, 709.0)] {
            let xs: Vec<f64> = (0..80_000).map(|_| generator.random_range(from..to)).collect();
            let vectors = same_at_every_width(|| {
                let mut vectors = xs.clone();
                vectorize(InVectors(&mut vectors));
                vectors
            });
            let mut farthest = 0;
            for (x, in_vector) in xs.into_iter().zip(vectors) {
                assert_eq!(exp(x).to_bits(), in_vector.to_bits(), "e^{x}");
                farthest = farthest.max(steps_between(exp(x), libm::exp(x)));
            }
            assert_eq!(farthest, 1, "two ways of rounding e^x on [{from}, {to})");
        }
    }
}
