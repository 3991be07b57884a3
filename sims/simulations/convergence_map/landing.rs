//! The best leg ratio of a pair, found by search alone (statement L8).

use embedding_norms::theory::one_step::EqualPair;

/// The us after which one step leaves the least 1 − cos φ: a scan over all magnitudes, then the golden section. It uses
/// D1's step only, never the closed form.
pub fn best_leg_ratio(half_tangent: f64) -> f64 {
    let sine = 2.0 * half_tangent / (1.0 + half_tangent * half_tangent);
    let left_over = |logarithm: f64| {
        let step_size = libm::exp(logarithm) / sine;
        EqualPair { half_tangent, step_size }.step().one_minus_cosine()
    };
    // us over 24 powers of e on either side of 1, wider than any φ0 of a map can need.
    let scan = |part: i32| 0.25 * f64::from(part);
    let best = (-96..=96).min_by(|&a, &b| left_over(scan(a)).total_cmp(&left_over(scan(b)))).unwrap_or(0);
    libm::exp(golden_section(left_over, scan(best - 1), scan(best + 1)))
}

/// The place of the least value between two places, to rounding; the function falls, then rises.
fn golden_section(value: impl Fn(f64) -> f64, mut from: f64, mut to: f64) -> f64 {
    let share = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut low, mut high) = (to - share * (to - from), from + share * (to - from));
    let (mut at_low, mut at_high) = (value(low), value(high));
    // Each pass keeps 0.618 of the bracket; 90 leave less than rounding of it.
    for _ in 0..90 {
        if at_low < at_high {
            (to, high, at_high) = (high, low, at_low);
            low = to - share * (to - from);
            at_low = value(low);
        } else {
            (from, low, at_low) = (low, high, at_high);
            high = from + share * (to - from);
            at_high = value(high);
        }
    }
    0.5 * (from + to)
}
