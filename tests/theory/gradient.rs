//! Chapter 1: the gradient (statements G1 to G5), by the slope of the Taylor remainder, against arithmetic with 32 digits
//! and against formulas as they stand on paper, and with wrong gradients that must be refused.

use crate::support;

use embedding_norms::loss::{Batch, DecoupledContrastive, InfoNce, Loss, NegativeCosine, NtXent};
use embedding_norms::normalization::{GradScale, pullback, unprojected};
use embedding_norms::sphere::{Cosine, angle, inner, norm_of, normalize};
use ndarray::{Array1, Array2, concatenate, s};
use proptest::prelude::*;
use support::contrast::Contrast;
use support::double_double::{self, Wide, angle_and_gap, polar, wide};
use support::embeddings::*;
use support::losses::SquaredCosines;
use support::pair_gradient::{PairGradient, evaluate, pair_gradient};
use support::seeds::seeded;
use support::taylor::{Ladder, Rejection, slope};

fn check_slopes(setting: &PairGradient, slant: f64, radial: f64, seed: u64) -> Result<(), TestCaseError> {
    for side in [0, 1] {
        let direction = setting.direction(side, slant, radial, seed);
        let right = &setting.gradient[side];
        let found = setting.slope(side, right, &direction);
        prop_assert!(found.is_ok_and(|slope| (slope - 2.0).abs() <= 0.1), "{:?}: {found:?}", setting.angle);
        for (wrong, gradient) in
            [("halved", right * 0.5), ("flipped", -right), ("not tangent", setting.with_radial_part(side))]
        {
            let found = setting.slope(side, &gradient, &direction);
            prop_assert!(
                matches!(found, Err(Rejection::NotQuadratic { .. })),
                "{wrong}, {:?}: {found:?}",
                setting.angle
            );
        }
        // The inner product's gradient is tangent by chance at a right angle only.
        if setting.angle.cosine().abs() > 0.3 {
            let found = setting.slope(side, &setting.unprojected[side], &direction);
            prop_assert!(found.is_err(), "not projected, {:?}: {found:?}", setting.angle);
        }
    }
    Ok(())
}

/// Slants with |cos| ≥ 0.3, so that every direction has a part towards or away from the partner.
fn slant() -> impl Strategy<Value = f64> {
    (0.0..1.2_f64, any::<bool>()).prop_map(|(slant, back)| if back { std::f64::consts::PI - slant } else { slant })
}

#[test]
fn g2_taylor_slope_is_two_at_every_angle_of_the_sweep_and_wrong_gradients_are_refused() {
    for angle in angles() {
        for (seed, &d) in [2, 3, 20, 512].iter().enumerate() {
            for norms in [[1.0, 1.0], [1e-6, 1e6], [1e6, 1e-6]] {
                let setting = pair_gradient(d, norms, angle, seed as u64);
                check_slopes(&setting, 0.7, 0.8, seed as u64).unwrap();
            }
        }
    }
}

#[test]
fn g2_equal_and_antipodal_pairs_have_no_gradient() {
    for (seed, &d) in [2, 3, 20, 512].iter().enumerate() {
        for opposite in [false, true] {
            let setting = pair_gradient(d, [1e-3, 1e3], Angle { gap: 0.0, opposite }, seed as u64);
            for side in [0, 1] {
                // d EPS from the inner product, a few EPS per coordinate of a unit vector.
                let length = norm_of(setting.gradient[side].view()) * setting.norms[side];
                assert!(length <= (d as f64 + 8.0) * EPS, "{length}");
                assert!(norm_of(setting.unprojected[side].view()) * setting.norms[side] > 0.99);
            }
        }
    }
}

#[test]
fn g2_a_gradient_is_not_accepted_where_the_remainder_is_rounding() {
    // Forming 1 − c as 1 − x·y at φ = 10⁻⁸ leaves rounding of size EPS, far above the remainder.
    let ladder = Ladder { largest: 5e-10, noise: EPS };
    let value = |t: f64| 1.0 - (1e-8 - t).cos();
    let found = slope(|t| value(t) - value(0.0), &[-1e-8], &[1.0], ladder);
    assert!(matches!(found, Err(Rejection::Drowned { .. })), "{found:?}");
}

/// Whether a gradient is P_z g/‖z‖ to rounding. The inner product g·ẑ of d terms errs by at most d EPS ‖g‖, the rest by
/// a few EPS per coordinate.
fn is_pullback(z: &[f64], euclidean: &[f64], gradient: &[f64]) -> bool {
    let polar = polar(z);
    let euclidean: Vec<Wide> = euclidean.iter().map(|&g| wide(g)).collect();
    let radial = double_double::inner(&polar.unit, &euclidean);
    let mut error = 0.0;
    for ((&g, &x), &found) in euclidean.iter().zip(&polar.unit).zip(gradient) {
        let expected = (g - radial * x) / polar.norm;
        error += (expected - wide(found)).to_f64().powi(2);
    }
    let length = double_double::inner(&euclidean, &euclidean).sqrt().to_f64();
    error.sqrt() * polar.norm.to_f64() <= (z.len() as f64 + 8.0) * EPS * length
}

proptest! {
    #![proptest_config(seeded(256))]

    #[test]
    fn g1_pullback_is_the_projected_gradient_over_the_norm(d in dimension(), log_scale in -6.0..6.0_f64, seed: u64) {
        let mut numbers = random_numbers("g1", seed);
        let points = embeddings(4, d, (-6.0, 6.0), &mut numbers);
        let euclidean = gaussian(4, d, &mut numbers) * 10.0_f64.powf(log_scale);
        let directions = normalize(points.view()).unwrap();
        let gradient = pullback(&directions, euclidean.view());
        for i in 0..4 {
            let (z, g) = (points.row(i).to_vec(), euclidean.row(i).to_vec());
            let found = gradient.row(i).to_vec();
            prop_assert!(is_pullback(&z, &g, &found), "row {i}");
            let norm = directions.norms()[i];
            let scaled = |factor: f64| -> Vec<f64> { found.iter().map(|x| x * factor).collect() };
            // Wrong: norm left out, norm squared, halved, flipped, not projected.
            if !(0.99..1.01).contains(&norm) {
                prop_assert!(!is_pullback(&z, &g, &scaled(norm)));
                prop_assert!(!is_pullback(&z, &g, &scaled(1.0 / norm)));
            }
            prop_assert!(!is_pullback(&z, &g, &scaled(0.5)));
            prop_assert!(!is_pullback(&z, &g, &scaled(-1.0)));
            prop_assert!(!is_pullback(&z, &g, &unprojected(&directions, euclidean.view()).row(i).to_vec()));
        }
    }

    #[test]
    fn g1_taylor_slope_is_two_for_a_loss_that_couples_all_embeddings(
        n in 2_usize..6, d in (1.0..6.0_f64).prop_map(|log| log.exp2() as usize), seed: u64
    ) {
        let mut numbers = random_numbers("g1 taylor", seed);
        let points = embeddings(n, d, (-6.0, 6.0), &mut numbers);
        let directions = normalize(points.view()).unwrap();
        let total = |points: &Array2<f64>| {
            let directions = normalize(points.view()).unwrap();
            SquaredCosines.evaluate(&Batch::one_view(&directions).unwrap()).unwrap()
        };
        let start = total(&points);
        let gradient = pullback(&directions, start.first.view());
        // Every embedding moves by its norm per unit of step, so that all of them count alike.
        let mut direction = embeddings(n, d, (0.0, 0.0), &mut numbers);
        for (mut row, norm) in direction.rows_mut().into_iter().zip(directions.norms()) {
            row *= *norm;
        }
        // n²/2 terms of size 1; each cosine is a sum of d products, whose roundings add up as their root.
        let noise = 2.0 * EPS * (n * n) as f64 * (d as f64).sqrt();
        let check = |gradient: &Array2<f64>| {
            let difference = |t: f64| total(&(&points + &(&direction * t))).total - start.total;
            let ladder = Ladder { largest: 1e-4, noise };
            slope(difference, gradient.as_slice().unwrap(), direction.as_slice().unwrap(), ladder)
        };
        // A random direction may happen to lie where second or first order nearly vanish: such draws decide nothing.
        // The third order, at most 8 per pair and unit of step, then is below 0.02 of the second.
        let linear = (&gradient * &direction).sum();
        let second = (total(&(&points + &(&direction * 1e-3))).total - start.total - 1e-3 * linear) / 1e-6;
        let radial = (&unprojected(&directions, start.first.view()) * &direction).sum() - linear;
        prop_assume!(second.abs() > 0.5 && linear.abs() > 0.02 && radial.abs() > 0.02);
        prop_assert!(check(&gradient).is_ok(), "{:?}", check(&gradient));
        prop_assert!(check(&(&gradient * 0.5)).is_err());
        prop_assert!(check(&-&gradient).is_err());
        prop_assert!(check(&unprojected(&directions, start.first.view())).is_err());
    }

    #[test]
    fn g2_taylor_slope_is_two_at_random_angles_norms_and_dimensions(
        d in dimension(), first in log_uniform(-6.0, 6.0), second in log_uniform(-6.0, 6.0), angle in any_angle(),
        slant in slant(), radial in 0.3..1.0_f64, seed: u64,
    ) {
        check_slopes(&pair_gradient(d, [first, second], angle, seed), slant, radial, seed)?;
    }

    #[test]
    fn g2_the_gradient_is_the_formula_and_has_length_sine_over_norm(
        d in dimension(), first in log_uniform(-6.0, 6.0), second in log_uniform(-6.0, 6.0), angle in any_angle(),
        seed: u64,
    ) {
        let setting = pair_gradient(d, [first, second], angle, seed);
        for side in [0, 1] {
            let (z, w) = (setting.z[side].to_vec(), setting.z[1 - side].to_vec());
            let (x, y) = (polar(&z), polar(&w));
            let cosine = double_double::inner(&x.unit, &y.unit);
            let sine = angle_and_gap(&z, &w).0.sin().abs().max(angle_and_gap(&z, &w).1.sin());
            // Errors: d EPS along z from the inner product, a few EPS per unit vector across it.
            let bound = (d as f64 + 8.0) * EPS;
            let check = |gradient: &Array1<f64>, factor: f64| {
                let error = x.unit.iter().zip(&y.unit).zip(gradient).fold(0.0, |sum, ((&x, &y), &g)| {
                    sum + (wide(g * factor) * wide(setting.norms[side]) + y - cosine * x).to_f64().powi(2)
                });
                error.sqrt() <= bound
            };
            prop_assert!(check(&setting.gradient[side], 1.0));
            // s is at least 10⁻⁸, so that factors wrong by 10 % are seen up to d = 512.
            for factor in [0.5, -1.0, 0.9, 1.1] {
                prop_assert!(!check(&setting.gradient[side], factor), "factor {factor}");
            }
            let length = norm_of(setting.gradient[side].view()) * setting.norms[side];
            prop_assert!((length - sine).abs() <= bound, "{length} {sine}");
        }
        let held = normalize(row(&setting.z[1]).view()).unwrap();
        let moving = normalize(row(&setting.z[0]).view()).unwrap();
        let pull = evaluate(&NegativeCosine::with_stop_gradient(), &[moving, held]).second.unwrap();
        prop_assert!(pull.iter().all(|&pull| pull == 0.0));
    }

    #[test]
    fn g3_the_gradient_is_orthogonal_to_the_embedding(
        d in dimension(), first in log_uniform(-6.0, 6.0), second in log_uniform(-6.0, 6.0), angle in any_angle(),
        seed: u64,
    ) {
        let setting = pair_gradient(d, [first, second], angle, seed);
        for side in [0, 1] {
            // The cosine of gradient and embedding: d EPS of absolute rounding over a gradient of length s (G5).
            let check = |gradient: &Array1<f64>| {
                let radial = inner(setting.z[side].view(), gradient.view()) / setting.norms[side];
                radial.abs() / norm_of(gradient.view()) <= (2.0 * d as f64 + 8.0) * EPS / setting.angle.sine()
            };
            prop_assert!(check(&setting.gradient[side]));
            prop_assert!(!check(&setting.with_radial_part(side)));
            if setting.angle.cosine().abs() > 0.1 {
                prop_assert!(!check(&setting.unprojected[side]));
            }
        }
    }

    #[test]
    fn g3_holds_for_a_loss_that_couples_all_embeddings(n in 2_usize..8, d in dimension(), seed: u64) {
        let points = embeddings(n, d, (-6.0, 6.0), &mut random_numbers("g3", seed));
        let directions = normalize(points.view()).unwrap();
        let euclidean = SquaredCosines.evaluate(&Batch::one_view(&directions).unwrap()).unwrap().first;
        let check = |gradient: &Array2<f64>, i: usize| {
            let radial = inner(directions.units().row(i), gradient.row(i)) * directions.norms()[i];
            radial.abs() <= (2.0 * d as f64 + 8.0) * EPS * norm_of(euclidean.row(i))
        };
        for i in 0..n {
            prop_assert!(check(&pullback(&directions, euclidean.view()), i));
            prop_assert!(!check(&unprojected(&directions, euclidean.view()), i));
        }
    }

    #[test]
    fn g1_grad_scale_multiplies_by_a_power_of_the_norm(d in dimension(), power in -4.0..4.0_f64, seed: u64) {
        let mut numbers = random_numbers("grad scale", seed);
        let directions = normalize(embeddings(3, d, (-6.0, 6.0), &mut numbers).view()).unwrap();
        let gradient = gaussian(3, d, &mut numbers);
        for power in [0.0, 0.5, 1.0, 1.5, 2.0, -1.0, power] {
            let mut scaled = gradient.clone();
            GradScale::new(power).unwrap().apply(&directions, &mut scaled);
            let check = |power: f64| scaled.indexed_iter().all(|((i, k), &found)| {
                // The standard library's power is right to an ulp; ours to (|p| + 2) roundings.
                let expected = gradient[(i, k)] * directions.norms()[i].powf(power);
                (found - expected).abs() <= 16.0 * EPS * expected.abs()
            });
            prop_assert!(check(power), "p = {power}");
            prop_assert!(!check(power + 0.5) && !check(power - 0.01), "p = {power}");
        }
    }
}

#[test]
fn g1_grad_scale_refuses_powers_that_are_no_numbers() {
    for power in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(GradScale::new(power).is_err());
    }
}

/// ∂total/∂z of both views, stacked, by the pullback of a loss's own gradient.
fn stacked_gradient(loss: &dyn Loss, views: [&Array2<f64>; 2]) -> Array2<f64> {
    let [first, second] = views.map(|view| normalize(view.view()).unwrap());
    let found = loss.evaluate(&Batch::two_views(&first, &second).unwrap()).unwrap();
    let gradients = [pullback(&first, found.first.view()), pullback(&second, found.second.unwrap().view())];
    concatenate(ndarray::Axis(0), &gradients.each_ref().map(|gradient| gradient.view())).unwrap()
}

/// The largest ‖ΔG_i‖ ρ_i τ over all rows.
fn largest_scaled(found: &Array2<f64>, expected: &Array2<f64>, points: &Array2<f64>, temperature: f64) -> f64 {
    let difference = found - expected;
    let rows = difference.rows().into_iter().zip(points.rows());
    rows.fold(0.0, |largest: f64, (row, point)| largest.max(norm_of(row) * norm_of(point) * temperature))
}

proptest! {
    #![proptest_config(seeded(128))]

    #[test]
    fn g4_gradients_of_anchors_and_keys_are_the_closed_form(
        n in 2_usize..9, d in (1.0..6.0_f64).prop_map(|log| log.exp2() as usize), temperature in log_uniform(-1.3, 0.5),
        seed: u64,
    ) {
        let points = embeddings(2 * n, d, (-3.0, 3.0), &mut random_numbers("g4", seed));
        let views = [points.slice(s![..n, ..]).to_owned(), points.slice(s![n.., ..]).to_owned()];
        let kinds: [(Contrast, Box<dyn Loss>); 3] = [
            (Contrast::OneWay, Box::new(InfoNce::new(temperature).unwrap())),
            (Contrast::AllViews, Box::new(NtXent::new(temperature).unwrap())),
            (Contrast::Decoupled, Box::new(DecoupledContrastive::new(temperature).unwrap())),
        ];
        for (kind, loss) in &kinds {
            let found = stacked_gradient(&**loss, views.each_ref());
            let distance = |expected: &Array2<f64>| largest_scaled(&found, expected, &points, temperature);
            let right = kind.gradient(&points, temperature);
            prop_assert!(distance(&right) <= 1e-13, "{}: {:e}", loss.name(), distance(&right));
            // Two embeddings that repel each other along one line, for one, have gradients too small to be told apart.
            let longest = distance(&Array2::zeros(points.dim()));
            prop_assume!(longest > 1e-3);
            // Wrong: halved, flipped, another temperature, norms left out, the positive in or out of the denominator.
            prop_assert!(distance(&(&right * 0.5)) > 1e-4 && distance(&-&right) > 1e-4);
            prop_assert!(distance(&kind.gradient(&points, 1.1 * temperature)) > 1e-9, "{}", loss.name());
            let mut unscaled = right.clone();
            unscaled.rows_mut().into_iter().zip(points.rows()).for_each(|(mut row, point)| row *= norm_of(point));
            prop_assert!(distance(&unscaled) > 1e-9);
            for other in Contrast::ALL.into_iter().filter(|other| other != kind) {
                // With two rows, NT-Xent has the negatives of both views, InfoNCE those of one.
                prop_assert!(distance(&other.gradient(&points, temperature)) > 1e-9, "{} {other:?}", loss.name());
            }
        }
    }

    #[test]
    fn g4_a_certain_positive_keeps_the_digits_of_its_gradient(lead in 0.37..1.0_f64, norm in log_uniform(-3.0, 3.0)) {
        // Both anchors lie on the first key: 1 − p of the first is e^(−100 lead), and so is its gradient.
        let temperature = 0.01;
        let anchors = normalize(ndarray::array![[norm, 0.0], [norm, 0.0]].view()).unwrap();
        let keys = normalize(ndarray::array![[1.0, 0.0], [1.0 - lead, (lead * (2.0 - lead)).sqrt()]].view()).unwrap();
        let batch = Batch::two_views(&anchors, &keys).unwrap();
        let found = InfoNce::new(temperature).unwrap().evaluate(&batch).unwrap();
        let gradient = pullback(&anchors, found.first.view());
        // ∇ = −(1 − p) P(ŷ_0 − ŷ_1)/(τρ); the tangent at the anchor is the second axis.
        let odds = ((keys.units()[(1, 0)] - 1.0) / temperature).exp();
        let expected = odds / (1.0 + odds) / (temperature * norm) * keys.units()[(1, 1)];
        prop_assert!((gradient[(0, 1)] / expected - 1.0).abs() < 1e-13, "{} {expected}", gradient[(0, 1)]);
        // Formed as a difference from 1 it would be zero.
        prop_assert_eq!(1.0 - 1.0 / (1.0 + odds), 0.0);
    }
}

/// Relative errors of an angle formed from stored unit vectors. Their norms differ from 1 by `radial`, the rounding of a
/// sum of d squares, which reaches a chord of length φ in quadrature only: (radial/φ)²; the chord's own sum adds d EPS.
/// At φ = 10⁻⁸ this is 10⁻¹⁵ for d = 2, at 10⁻¹² it is 10⁻⁷.
fn allowed(d: usize, gap: f64) -> f64 {
    let radial = 2.0 * EPS * (d as f64).sqrt();
    (d as f64 + 8.0) * EPS + (radial / gap).powi(2)
}

#[test]
fn g5_small_and_nearly_opposite_angles_keep_their_digits() {
    let mut lost = 0;
    for gap in [1e-8, 1e-12] {
        for d in [2, 3, 20, 512] {
            for seed in 0..50 {
                let pair = unit_pair(d, Angle { gap, opposite: false }, &mut random_numbers("g5", seed));
                let (x, y) = (normalize(row(&pair.x).view()).unwrap(), normalize(row(&pair.y).view()).unwrap());
                let (x, y) = (x.units().row(0).to_owned(), y.units().row(0).to_owned());
                let (exact, _) = angle_and_gap(&x.to_vec(), &y.to_vec());
                let right = |found: f64| (found / exact - 1.0).abs() <= allowed(d, gap);
                assert!(right(angle(x.view(), y.view())), "d = {d}, φ = {gap}");
                let cosine = Cosine::between(x.view(), y.view());
                assert!((cosine.one_minus / (0.5 * exact * exact) - 1.0).abs() <= 2.0 * allowed(d, gap));
                assert!(right(2.0 * cosine.half_tangent()) && right(cosine.sine()));
                // Nearly opposite: 1 + c takes the place of 1 − c, and π − φ that of φ.
                let far = Cosine::between(x.view(), (-&y).view());
                assert_eq!((far.one_plus, far.one_minus), (cosine.one_minus, cosine.one_plus));
                assert!(right(2.0 / far.half_tangent()) && right(far.sine()));
                assert!((far.angle() - (std::f64::consts::PI - exact)).abs() <= 4.0 * std::f64::consts::PI * EPS);
                // The inner product, clamped or not, has lost the angle.
                if !right(x.dot(&y).acos()) && !right(x.dot(&y).clamp(-1.0, 1.0).acos()) {
                    lost += 1;
                }
            }
        }
    }
    assert_eq!(lost, 400, "an angle from an inner product came out right");
}

#[test]
fn g5_angles_of_exactly_stored_vectors_are_right_to_rounding() {
    for gap in [1e-8, 1e-12, 1e-100] {
        let (x, y) = (Array1::from(vec![1.0, 0.0]), Array1::from(vec![1.0, gap]));
        assert!((angle(x.view(), y.view()) / gap - 1.0).abs() <= 4.0 * EPS);
        let far = Cosine::between(x.view(), (-&y).view());
        assert!((far.one_plus / (0.5 * gap * gap) - 1.0).abs() <= 4.0 * EPS);
        assert!((2.0 / far.half_tangent() / gap - 1.0).abs() <= 4.0 * EPS);
        assert_eq!(1.0 - x.dot(&y), 0.0);
    }
}

#[test]
fn g5_equal_and_antipodal_vectors_have_exact_angles() {
    let x = unit_pair(20, Angle { gap: 1.0, opposite: false }, &mut random_numbers("ends", 0)).x;
    let same = Cosine::between(x.view(), x.view());
    assert_eq!((same.one_minus, same.angle(), same.sine(), same.half_tangent()), (0.0, 0.0, 0.0, 0.0));
    let opposite = Cosine::between(x.view(), (-&x).view());
    assert_eq!((opposite.one_plus, opposite.angle()), (0.0, std::f64::consts::PI));
    assert_eq!((opposite.sine(), opposite.half_tangent()), (0.0, f64::INFINITY));
}

/// The table of docs/01-gradient.md: how far 2,000 pairs at a planted angle are off, to the digits that it shows.
/// Stored coordinates round, which no form can undo.
#[test]
fn g5_the_errors_of_the_chapter() {
    for (gap, of_angle, of_chord, of_product) in [
        (1e-4, 5.4e-13, 1.1e-12, 1.6e-7),
        (1e-6, 6.5e-11, 1.3e-10, 1.4e-3),
        (1e-8, 3.7e-9, 7.5e-9, 19.0),
        (1e-10, 4.0e-7, 7.9e-7, 130_000.0),
    ] {
        let mut worst = [0.0_f64; 3];
        for seed in 0..2_000 {
            let pair = unit_pair(20, Angle { gap, opposite: false }, &mut random_numbers("g5 table", seed));
            let truth = 2.0 * (0.5 * gap).sin().powi(2);
            let difference = &pair.x - &pair.y;
            let found = [
                angle(pair.x.view(), pair.y.view()) / gap,
                0.5 * difference.dot(&difference) / truth,
                (1.0 - pair.x.dot(&pair.y)) / truth,
            ];
            for (worst, found) in worst.iter_mut().zip(found) {
                *worst = worst.max((found - 1.0).abs());
            }
        }
        let near = |found: f64, shown: f64| (found / shown - 1.0).abs() < 0.05;
        assert!(
            near(worst[0], of_angle) && near(worst[1], of_chord) && near(worst[2], of_product),
            "{gap:e}: {worst:?}"
        );
    }
}

/// Powers of two change exponents alone, so that what is far outside has the digits of what is near.
#[test]
fn g1_norms_and_gradients_far_outside_of_the_usual_range_keep_their_digits() {
    let z = Array2::from_shape_vec((2, 3), vec![1.0, -2.0, 0.5, 0.25, 3.0, -1.0]).unwrap();
    let euclidean = Array2::from_shape_vec((2, 3), vec![0.7, 0.1, -1.3, 2.0, -0.4, 0.9]).unwrap();
    let near = normalize(z.view()).unwrap();
    for (of_norms, of_gradients) in [(-900, 0), (1000, 0), (0, -1000), (0, 1000), (-500, -950), (1000, 1010)] {
        let [norms, gradients] = [of_norms, of_gradients].map(|power| 2.0_f64.powi(power));
        let (far, slope) = (normalize((&z * norms).view()).unwrap(), &euclidean * gradients);
        for (what, of) in [("projected", pullback as fn(&_, _) -> _), ("as they are", unprojected)] {
            let (expected, found) = (of(&near, euclidean.view()), of(&far, slope.view()));
            let back = 2.0_f64.powi(of_norms - of_gradients);
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found * back - expected).abs() <= 1e-15,
                    "{what}, 2^{of_norms}, 2^{of_gradients}: {found}, {expected}"
                );
            }
        }
    }
}
