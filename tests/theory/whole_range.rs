//! The laws at the ends of the range of doubles, where squares, cubes and quotients would leave it.

use embedding_norms::theory::convergence::{flow_steps, half_tangent_at, next_order_steps};
use embedding_norms::theory::duality::best_norm;

#[test]
fn l1_a_ratio_beyond_the_range_of_doubles_takes_the_steps_of_its_logarithm() {
    let (epsilon, u) = (1e-290, 0.25);
    let steps = |half_tangent: f64| flow_steps(half_tangent, u, u, epsilon).unwrap();
    assert!((1e300 / half_tangent_at(epsilon)).is_infinite());
    let expected = steps(1e10) + 290.0 * std::f64::consts::LN_10 / (2.0 * u);
    assert!((steps(1e300) / expected - 1.0).abs() < 1e-13);
}

#[test]
fn l1_the_next_order_depends_on_the_ratio_of_norms_alone_where_cubes_leave_the_range() {
    // N − Λ/(α + β) is the same at all α + β, and the rest of it.
    let steps = |rate: f64| next_order_steps(3.0, 2.0 * rate, 5.0 * rate, 1e-3).unwrap();
    let largest_cubed = steps(1e99);
    assert!(largest_cubed.abs() > 0.1);
    for beyond in [1e101, 1e200, 1e299] {
        assert!((steps(beyond) / largest_cubed - 1.0).abs() < 1e-13, "{beyond:e}");
    }
    // Another ratio has another next order, so that the ratio counts.
    let mirrored = next_order_steps(3.0, 1e200, 1e200, 1e-3).unwrap();
    assert!((mirrored / largest_cubed - 1.0).abs() > 1e-3);
    for below in [1e-101, 1e-200, 1e-299] {
        let flow = flow_steps(3.0, 2.0 * below, 5.0 * below, 1e-3).unwrap();
        assert!((steps(below) / flow - 1.0).abs() < 1e-13, "{below:e}");
    }
}

#[test]
fn l8_the_best_norm_goes_as_the_root_of_the_learning_rate_from_end_to_end() {
    let unit = best_norm(1.0, 1.0).unwrap();
    for exponent in [-1074, -1000, -500, 500, 996, 998, 1000, 1022] {
        // A power of 4 has an exact root.
        let even = exponent & !1;
        let rate = libm::ldexp(1.0, even);
        let expected = libm::ldexp(unit, even / 2);
        assert!((best_norm(rate, 1.0).unwrap() / expected - 1.0).abs() < 1e-15, "2^{even}");
    }
}
