//! Steps of update rules by hand, with numbers far outside of the usual range among them.

use embedding_norms::optimizer::{
    AdaGrad, Adam, GradientDescent, Lamb, Lars, Optimizer, RiemannianDescent, RmsProp, Sgdp, WeightDecay,
};

/// One group of parameters after these gradients, one for each step, at the rate 1/4.
fn after(rule: &dyn Optimizer, parameters: &[f64], gradients: &[&[f64]]) -> Vec<f64> {
    let mut parameters = parameters.to_vec();
    let mut update = rule.start(&[parameters.len()]);
    for gradient in gradients {
        update.step(0, 0.25, &mut parameters, gradient);
    }
    parameters
}

fn close(found: &[f64], expected: &[f64]) -> bool {
    found.iter().zip(expected).all(|(x, y)| (x - y).abs() <= 1e-14 * y.abs())
}

#[test]
fn plain_descent_remembers_nothing() {
    let mut update = GradientDescent.start(&[3, 2]);
    update.step(0, 0.25, &mut [1.0, 2.0, 3.0], &[1.0, 1.0, 1.0]);
    assert!(update.memory_mut().is_some_and(|memory| memory.is_empty()));
}

/// Squares of ordinary size are those of the formula to the last bit.
#[test]
fn ordinary_squares_are_averaged_without_a_detour() {
    let (beta, gradients) = (0.9, [[0.3, 0.0, -7.1], [1.7, 0.0, 1e-3], [-0.2, 0.0, 11.3]]);
    let found = after(&RmsProp::new(beta, 0.0).unwrap(), &[1.0; 3], &gradients.each_ref().map(|g| &g[..]));
    for (coordinate, found) in found.into_iter().enumerate() {
        let (mut square, mut expected) = (0.0, 1.0);
        for g in gradients.map(|gradient| gradient[coordinate]) {
            square = beta * square + (1.0 - beta) * g * g;
            expected -= if g == 0.0 { 0.0 } else { 0.25 * (g / f64::sqrt(square)) };
        }
        assert_eq!(found, expected);
    }
}

/// A step of whole numbers is exact, whether the radial part is left out or not.
#[test]
fn projected_steps_of_whole_numbers_are_exact() {
    // The gradient is 1 · z + 8 · (4, −3), at a cosine of 0.12 with z.
    for (threshold, expected) in [(0.5, [-5.0, 10.0]), (0.1, [-5.75, 9.0])] {
        assert_eq!(after(&Sgdp::new(0.0, threshold).unwrap(), &[3.0, 4.0], &[&[35.0, -20.0]]), expected);
    }
    let still = [&[0.0, 0.0][..]];
    assert_eq!(after(&Sgdp::new(0.0, 0.5).unwrap(), &[3.0, 4.0], &still), [3.0, 4.0]);
}

/// A gradient of ε counts half, however small both are.
#[test]
fn an_epsilon_is_added_to_roots_of_squares_that_are_no_numbers_of_f64() {
    let (small, ordinary) = (1e-200, [1e-200, 3.0]);
    for rule in [
        &Adam::new(0.9, 0.999, small).unwrap() as &dyn Optimizer,
        &RmsProp::new(0.0, small).unwrap(),
        &AdaGrad::new(small).unwrap(),
    ] {
        let found = after(rule, &[1.0, 1.0], &[&ordinary]);
        assert!(close(&found, &[1.0 - 0.125, 0.75]), "{}: {found:?}", rule.name());
    }
}

/// The second step of a coordinate whose squares are ordinary, beside one whose squares are not.
#[test]
fn squares_go_on_where_a_neighbour_has_none() {
    let found = after(&AdaGrad::new(0.0).unwrap(), &[0.0, 0.0], &[&[3e-200, 3.0], &[4e-200, 4.0]]);
    let expected = -0.25 * (1.0 + 0.8);
    assert!(close(&found, &[expected, expected]), "{found:?}");
    // From far to ordinary and back again, and zero among them.
    let found = after(&AdaGrad::new(0.0).unwrap(), &[0.0], &[&[0.0], &[3e-200], &[4.0], &[3.0]]);
    assert!(close(&found, &[-0.25 * (1.0 + 1.0 + 0.6)]), "{found:?}");
}

#[test]
fn decay_is_a_finite_number_that_is_not_negative() {
    for strength in [-1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        assert!(WeightDecay::coupled(strength).is_err() && WeightDecay::decoupled(strength).is_err(), "{strength}");
    }
    assert!(WeightDecay::coupled(0.0).is_ok());
}

/// A long embedding with a small gradient: the trusted rate is beyond f64, the step is a share of the length.
#[test]
fn layerwise_rules_step_by_a_share_of_lengths_of_any_size() {
    let trusting = |decay: f64| Lars::new(0.0, 0.5, decay).unwrap();
    let found = after(&trusting(0.0), &[1e250, 0.0], &[&[0.0, 1e-80]]);
    assert!(close(&found, &[1e250, -0.125e250]), "{found:?}");
    // With decay the pull is that of decay: the step is along the embedding.
    let found = after(&trusting(1e-3), &[1e250, 0.0], &[&[0.0, 1e-80]]);
    assert!(close(&found[..1], &[0.875e250]), "{found:?}");
    // LAMB's own step is of any size with a large ε: it has the direction of the gradient, and the length of z.
    let found = after(&Lamb::new(0.9, 0.999, 1e80, 0.0).unwrap(), &[1e250, 0.0], &[&[0.0, 1.0]]);
    assert!(close(&found, &[1e250, -0.25e250]), "{found:?}");
}

/// What a gradient has along the embedding turns nothing.
#[test]
fn riemannian_steps_leave_out_the_radial_part() {
    let rule = RiemannianDescent::new(0.5).unwrap();
    let tangent: [&[f64]; 2] = [&[0.0, 0.3, 0.1], &[0.0, 0.2, 0.0]];
    let [plain, slanted] = [0.0, 0.7].map(|radial| {
        let first: Vec<f64> = tangent[0].iter().zip([2.0, 0.0, 0.0]).map(|(g, z)| g + radial * z).collect();
        after(&rule, &[2.0, 0.0, 0.0], &[&first])
    });
    assert!(plain.iter().zip(&slanted).all(|(x, y)| (x - y).abs() < 1e-15), "{plain:?} {slanted:?}");
    // Along the great circle by the rate times ‖z‖ times the gradient, the norm kept.
    let way = 0.25 * 2.0 * (0.3_f64 * 0.3 + 0.1 * 0.1).sqrt();
    assert!((plain[0] - 2.0 * way.cos()).abs() < 1e-15, "{plain:?}");
}

/// A gradient counts as tangent where its cosine with the embedding is below δ/√d; then the radial part is left out.
#[test]
fn projected_rules_tell_tangent_gradients_by_their_cosine() {
    let rule = Sgdp::new(0.0, 0.5).unwrap();
    for scale in [1.0, 1e-200] {
        for (cosine, is_tangent) in [(0.26_f64, false), (0.24, true), (-0.24, true), (-0.26, false)] {
            // In four dimensions the threshold is 0.25.
            let gradient = [cosine, (1.0 - cosine * cosine).sqrt(), 0.0, 0.0].map(|x| 3.0 * scale * x);
            let found = after(&rule, &[2.0 * scale, 0.0, 0.0, 0.0], &[&gradient]);
            let radial = if is_tangent { 0.0 } else { gradient[0] };
            let expected = [2.0 * scale - 0.25 * radial, -0.25 * gradient[1], 0.0, 0.0];
            assert!(close(&found, &expected), "{cosine} at {scale}: {found:?} and {expected:?}");
        }
    }
    // At the threshold itself, 1/2 of δ = 1 and d = 4, a gradient is not tangent.
    for scale in [1.0, libm::scalbn(1.0, -700)] {
        let found = after(&Sgdp::new(0.0, 1.0).unwrap(), &[scale, 0.0, 0.0, 0.0], &[&[scale; 4]]);
        assert_eq!(found, [0.75, -0.25, -0.25, -0.25].map(|x| x * scale));
    }
    // Of lengths of which only one is ordinary, and whose product is beyond f64.
    for (length, slope) in [(1e80, 1e250), (1e250, 1e80), (1e-80, 1e-260), (1e-260, 1e-80)] {
        for (cosine, is_tangent) in [(0.26_f64, false), (0.24, true)] {
            let gradient = [cosine, (1.0 - cosine * cosine).sqrt(), 0.0, 0.0].map(|x| slope * x);
            let found = after(&rule, &[length, 0.0, 0.0, 0.0], &[&gradient]);
            let expected = length - if is_tangent { 0.0 } else { 0.25 * gradient[0] };
            assert!(
                (found[0] - expected).abs() <= 1e-15 * (length + slope),
                "{cosine} at {length}, {slope}: {found:?}"
            );
        }
    }
}
