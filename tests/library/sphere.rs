//! The room `sphere`: ways along great circles, errors by row, uniform and von Mises-Fisher sampling.

use crate::support;

use std::f64::consts::PI;

use embedding_norms::sphere::{angles as angles_of_rows, *};
use embedding_norms_lab::table::Table;
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use support::embeddings::*;
use support::seeds::seeded;

fn distance(x: &Array1<f64>, y: &Array1<f64>) -> f64 {
    norm_of((x - y).view())
}

fn sphere_angle(x: &Array1<f64>, y: &Array1<f64>) -> f64 {
    angle(x.view(), y.view())
}

/// Roundings of a few operations on unit vectors of d coordinates, with inner products among them.
fn rounding(d: usize) -> f64 {
    (d as f64 + 16.0) * EPS
}

/// Parallel transport as it is not: projected onto the tangent space at the end.
fn projection(x: &Array1<f64>, v: &Array1<f64>, w: &Array1<f64>) -> Array1<f64> {
    tangent(exponential(x.view(), v.view()).view(), w.view())
}

proptest! {
    #![proptest_config(seeded(400))]

    #[test]
    fn logarithm_and_exponential_undo_each_other(d in dimension(), angle in any_angle(), seed: u64) {
        let UnitPair { x, towards, .. } = unit_pair(d, angle, &mut random_numbers("exp", seed));
        let v = &towards * angle.radians();
        let y = exponential(x.view(), v.view());
        prop_assert!((norm_of(y.view()) - 1.0).abs() <= rounding(d));
        // A point has an error of EPS, the direction towards it one of EPS over the sine of the way.
        let back = logarithm(x.view(), y.view()).unwrap();
        prop_assert!(distance(&back, &v) <= rounding(d) * (1.0 + angle.radians() / angle.sine()));
        prop_assert!(distance(&exponential(x.view(), back.view()), &y) <= 2.0 * rounding(d));
        prop_assert!(inner(back.view(), x.view()).abs() <= rounding(d) * angle.radians(), "tangent");
        // The length of the way is the angle; controls: another length, and the way back.
        prop_assert!((norm_of(back.view()) - angle.radians()).abs() <= 2.0 * rounding(d));
        prop_assert!(distance(&exponential(x.view(), (&v * 1.01).view()), &y) > 1e-3 * angle.radians());
        prop_assert!(distance(&logarithm(y.view(), x.view()).unwrap(), &v) > 0.1 * angle.sine());
    }

    #[test]
    fn a_geodesic_runs_at_constant_speed(d in dimension(), angle in any_angle(), t in 0.0..1.0_f64, seed: u64) {
        let UnitPair { x, y, .. } = unit_pair(d, angle, &mut random_numbers("geodesic", seed));
        let along = |t: f64| geodesic(x.view(), y.view(), t).unwrap();
        let phi = sphere_angle(&x, &y);
        prop_assert!(distance(&along(0.0), &x) <= rounding(d) && distance(&along(1.0), &y) <= 2.0 * rounding(d));
        prop_assert!((sphere_angle(&x, &along(t)) - t * phi).abs() <= 4.0 * rounding(d));
        prop_assert!((sphere_angle(&along(t), &y) - (1.0 - t) * phi).abs() <= 4.0 * rounding(d));
        // Control: the normalized chord has the right ends and another speed, unless the way is short or t is ½.
        if phi > 1.0 && (t - 0.5).abs() > 0.1 && t > 0.1 && t < 0.9 {
            let chord = &x * (1.0 - t) + &y * t;
            prop_assert!((sphere_angle(&x, &(&chord / norm_of(chord.view()))) - t * phi).abs() > 1e-4);
        }
    }

    #[test]
    fn parallel_transport_is_an_isometry_that_keeps_the_angle_to_the_way(
        d in dimension(), length in log_uniform(-6.0, 0.45), seed: u64
    ) {
        let mut numbers = random_numbers("transport", seed);
        let UnitPair { x, towards, .. } = unit_pair(d, Angle { gap: 1.0, opposite: false }, &mut numbers);
        let v = &towards * length;
        let y = exponential(x.view(), v.view());
        let carried = |w: &Array1<f64>| parallel_transport(x.view(), v.view(), w.view());
        let (a, b) = (unit_tangent(&x, None, &mut numbers) * 2.0, unit_tangent(&x, None, &mut numbers));
        let error = 8.0 * rounding(d);
        prop_assert!(inner(carried(&a).view(), y.view()).abs() <= error, "tangent at the end");
        prop_assert!((norm_of(carried(&a).view()) - 2.0).abs() <= error, "length");
        let product = inner(a.view(), b.view());
        prop_assert!((inner(carried(&a).view(), carried(&b).view()) - product).abs() <= error, "inner product");
        // The velocity of the way goes into the velocity at its end, so angles to the way are kept.
        let velocity = &towards * length.cos() - &x * length.sin();
        prop_assert!(distance(&carried(&towards), &velocity) <= error);
        prop_assert!((inner(carried(&a).view(), velocity.view()) - inner(a.view(), towards.view())).abs() <= error);
        // There and back is the identity.
        let home = parallel_transport(y.view(), (&velocity * -length).view(), carried(&a).view());
        prop_assert!(distance(&home, &a) <= 2.0 * error);
        // Control: projection at the end shortens what points along the way.
        if length > 0.01 {
            prop_assert!((norm_of(projection(&x, &v, &towards).view()) - 1.0).abs() > 1e-5);
        }
    }

    #[test]
    fn the_retraction_turns_by_the_arc_tangent(d in dimension(), length in log_uniform(-6.0, 1.0), seed: u64) {
        let mut numbers = random_numbers("retraction", seed);
        let x = uniform(1, d, &mut numbers).unwrap().row(0).to_owned();
        let v = unit_tangent(&x, None, &mut numbers) * length;
        let point = retraction(x.view(), v.view());
        prop_assert!((norm_of(point.view()) - 1.0).abs() <= rounding(d));
        prop_assert!((sphere_angle(&x, &point) - length.atan()).abs() <= 2.0 * rounding(d));
        prop_assert!(distance(&point, &exponential(x.view(), (&v * (length.atan() / length)).view())) <= 2.0 * rounding(d));
        if length > 1e-2 {
            prop_assert!((sphere_angle(&x, &point) - length).abs() > 1e-7);
        }
    }
}

#[test]
fn the_retraction_agrees_with_the_exponential_to_second_order() {
    let mut numbers = random_numbers("order", 0);
    let x = uniform(1, 20, &mut numbers).unwrap().row(0).to_owned();
    let v = unit_tangent(&x, None, &mut numbers);
    let error = |t: f64| {
        let step = &v * t;
        distance(&retraction(x.view(), step.view()), &exponential(x.view(), step.view()))
    };
    for t in [0.1, 0.05, 0.02, 0.01] {
        let slope = (error(t) / error(0.5 * t)).log2();
        assert!((slope - 3.0).abs() < 0.05, "{slope}");
    }
}

#[test]
fn ends_of_ways_are_exact() {
    let x = array![0.6, 0.8, 0.0];
    let zero = Array1::zeros(3);
    assert_eq!(exponential(x.view(), zero.view()), x);
    assert_eq!(logarithm(x.view(), x.view()), Ok(zero.clone()));
    assert_eq!(retraction(x.view(), zero.view()), x);
    assert_eq!(parallel_transport(x.view(), zero.view(), array![0.0, 0.0, 2.0].view()), array![0.0, 0.0, 2.0]);
    assert_eq!(logarithm(x.view(), (-&x).view()), Err(SphereError::Antipodal));
    assert_eq!(geodesic(x.view(), (-&x).view(), 0.5), Err(SphereError::Antipodal));
    assert!(logarithm(x.view(), array![-0.6, -0.8, 1e-8].view()).is_ok());
}

#[test]
fn errors_name_the_row() {
    let zero_row = normalize(array![[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]].view());
    assert_eq!(zero_row, Err(SphereError::ZeroRow { row: 2 }));
    let infinite = normalize(array![[1.0, 0.0], [0.0, f64::INFINITY]].view());
    assert_eq!(infinite, Err(SphereError::NotFinite { row: 1, column: 1, value: f64::INFINITY }));
    let message = normalize(array![[f64::NAN, 1.0]].view()).unwrap_err().to_string();
    assert!(message.contains("row 0 has NaN in column 0"), "{message}");
    let mut numbers = random_numbers("errors", 0);
    assert_eq!(uniform(3, 1, &mut numbers), Err(SphereError::Dimension { dimension: 1 }));
    assert!(von_mises_fisher(array![1.0].view(), 1.0, 1, &mut numbers).is_err());
    for concentration in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(von_mises_fisher(array![1.0, 0.0].view(), concentration, 1, &mut numbers).is_err());
        assert!(mean_resultant_length(3, concentration).is_err());
    }
    assert_eq!(mean_resultant_length(1, 1.0), Err(SphereError::Dimension { dimension: 1 }));
}

#[test]
fn norms_of_any_size_are_found_and_powers_of_two_change_no_digit() {
    let points = embeddings(20, 7, (-1.0, 1.0), &mut random_numbers("scale", 0));
    let plain = normalize(points.view()).unwrap();
    for exponent in [-900, -500, -20, 1, 20, 500] {
        // Squares below 10⁻³⁰⁸ or above 10³⁰⁸ take another way, which rounds otherwise.
        let c = 2.0_f64.powi(exponent);
        let scaled = normalize((&points * c).view()).unwrap();
        let exact = exponent.abs() < 500;
        for (x, y) in plain.units().iter().zip(scaled.units()) {
            assert!(if exact { x == y } else { (x - y).abs() <= 8.0 * EPS * x.abs() }, "2^{exponent}: {x} {y}");
        }
        for (x, y) in plain.norms().iter().zip(scaled.norms()) {
            assert!(if exact { x * c == *y } else { (x * c - y).abs() <= 8.0 * EPS * y }, "2^{exponent}");
        }
    }
}

/// Whether a sample has this mean, within five standard errors.
fn has_mean(sample: &[f64], mean: f64) -> bool {
    let n = sample.len() as f64;
    let found = sample.iter().sum::<f64>() / n;
    let variance = sample.iter().map(|x| (x - found).powi(2)).sum::<f64>() / (n - 1.0);
    (found - mean).abs() <= 5.0 * (variance / n).sqrt()
}

#[test]
fn uniform_directions_have_the_moments_of_the_sphere() {
    for d in [2, 3, 5, 20, 128] {
        let numbers = &mut random_numbers("uniform", d as u64);
        let points = uniform(20_000, d, numbers).unwrap();
        assert!(points.rows().into_iter().all(|row| (norm_of(row) - 1.0).abs() <= rounding(d)));
        let axis = uniform(1, d, numbers).unwrap();
        let along: Vec<f64> = points.rows().into_iter().map(|row| inner(row, axis.row(0))).collect();
        let power = |p: i32| -> Vec<f64> { along.iter().map(|x| x.powi(p)).collect() };
        let d = d as f64;
        assert!(has_mean(&power(1), 0.0) && has_mean(&power(2), 1.0 / d) && has_mean(&power(3), 0.0));
        assert!(has_mean(&power(4), 3.0 / (d * (d + 2.0))));
        // Controls: moments of a neighbouring sphere, and of a normal distribution.
        assert!(!has_mean(&power(2), 1.0 / (d + if d > 50.0 { 10.0 } else { 1.0 })));
        assert!(d > 5.0 || !has_mean(&power(4), 3.0 / (d * d)));
    }
}

#[test]
fn von_mises_fisher_has_its_mean_resultant_length() {
    for d in [2, 3, 5, 20, 128] {
        for (cell, concentration) in [0.0, 0.1, 1.0, 10.0, 1e3, 1e6].into_iter().enumerate() {
            let mut numbers = random_numbers("fisher", (100 * d + cell) as u64);
            let mean = uniform(1, d, &mut numbers).unwrap().row(0).to_owned();
            let sideways = unit_tangent(&mean, None, &mut numbers);
            let n = if d > 50 { 5_000 } else { 20_000 };
            let points = von_mises_fisher(mean.view(), concentration, n, &mut numbers).unwrap();
            // 1 − μ·x, which keeps its digits at κ = 10⁶.
            let one_minus: Vec<f64> =
                points.rows().into_iter().map(|row| Cosine::between(mean.view(), row).one_minus).collect();
            let expected = |concentration: f64| 1.0 - mean_resultant_length(d, concentration).unwrap();
            assert!(has_mean(&one_minus, expected(concentration)), "d = {d}, κ = {concentration}");
            assert!(!has_mean(&one_minus, expected(1.5 * concentration + 2.0)), "d = {d}, κ = {concentration}");
            // The mean of sin² is (d − 1)A/κ; the control is the next dimension's.
            let squares: Vec<f64> = one_minus.iter().map(|x| x * (2.0 - x)).collect();
            let expected =
                |d: usize| (d as f64 - 1.0) * mean_resultant_length(d, concentration).unwrap() / concentration;
            assert!(concentration == 0.0 || has_mean(&squares, expected(d)), "d = {d}, κ = {concentration}");
            assert!(concentration < 5.0 || d > 50 || !has_mean(&squares, expected(d + 1)));
            // Around the mean the directions are uniform.
            let aside: Vec<f64> = points.rows().into_iter().map(|row| inner(row, sideways.view())).collect();
            let spread =
                1.0 - points.rows().into_iter().map(|row| inner(row, mean.view()).powi(2)).sum::<f64>() / n as f64;
            let squares: Vec<f64> = aside.iter().map(|x| x * x).collect();
            assert!(has_mean(&aside, 0.0) && has_mean(&squares, spread / (d as f64 - 1.0)));
        }
    }
}

/// The Kolmogorov-Smirnov distance of a sample from the distribution with this cumulative function, times √n.
fn smirnov(mut sample: Vec<f64>, cumulative: impl Fn(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let off =
        |(i, &x): (usize, &f64)| (cumulative(x) - i as f64 / n).abs().max((cumulative(x) - (i + 1) as f64 / n).abs());
    sample.iter().enumerate().map(off).fold(0.0, f64::max) * n.sqrt()
}

#[test]
fn von_mises_fisher_has_its_distribution_in_three_dimensions() {
    // 1 − μ·x has the cumulative distribution (1 − e^(−κx))/(1 − e^(−2κ)); 2.0 is exceeded once in 1,500 samples.
    let cumulative = |concentration: f64| move |x: f64| (-concentration * x).exp_m1() / (-2.0 * concentration).exp_m1();
    for concentration in [0.1, 1.0, 10.0, 1e3, 1e6] {
        let mean = array![0.0, 0.6, 0.8];
        let points = von_mises_fisher(mean.view(), concentration, 20_000, &mut random_numbers("smirnov", 0)).unwrap();
        let sample: Vec<f64> =
            points.rows().into_iter().map(|row| Cosine::between(mean.view(), row).one_minus).collect();
        assert!(smirnov(sample.clone(), cumulative(concentration)) < 2.0, "κ = {concentration}");
        assert!(smirnov(sample, cumulative(1.2 * concentration + 0.2)) > 2.0, "κ = {concentration}");
    }
}

#[test]
fn a_prepared_von_mises_fisher_has_the_same_distribution() {
    for d in [2, 3, 20] {
        for (cell, concentration) in [0.0, 1.0, 10.0, 1e3, 1e6].into_iter().enumerate() {
            let mut numbers = random_numbers("prepared", (100 * d + cell) as u64);
            let mean = uniform(1, d, &mut numbers).unwrap().row(0).to_owned();
            let sideways = unit_tangent(&mean, None, &mut numbers);
            let mut points = Array2::zeros((20_000, d));
            let distribution = VonMisesFisher::new(d, concentration).unwrap();
            points.rows_mut().into_iter().for_each(|row| distribution.draw(mean.view(), row, &mut numbers));
            let cosines = points.rows().into_iter().map(|row| Cosine::between(mean.view(), row));
            let one_minus: Vec<f64> = cosines.map(|cosine| cosine.one_minus).collect();
            let expected = |concentration: f64| 1.0 - mean_resultant_length(d, concentration).unwrap();
            assert!(has_mean(&one_minus, expected(concentration)), "d = {d}, κ = {concentration}");
            assert!(!has_mean(&one_minus, expected(1.5 * concentration + 2.0)), "d = {d}, κ = {concentration}");
            let aside: Vec<f64> = points.rows().into_iter().map(|row| inner(row, sideways.view())).collect();
            assert!(has_mean(&aside, 0.0), "d = {d}, κ = {concentration}");
            if d == 3 && concentration > 0.0 {
                let cumulative = |x: f64| (-concentration * x).exp_m1() / (-2.0 * concentration).exp_m1();
                assert!(smirnov(one_minus, cumulative) < 2.0, "κ = {concentration}");
            }
        }
    }
    assert!(VonMisesFisher::new(1, 1.0).is_err() && VonMisesFisher::new(3, f64::NAN).is_err());
}

#[test]
fn the_mean_resultant_length_has_the_digits_of_multiple_precision() {
    let table = Table::read_csv(include_bytes!("../reference/mean_resultant_length.csv").as_slice()).unwrap();
    let column = |name: &str| -> Vec<f64> { table.numbers(name).unwrap().into_iter().map(Option::unwrap).collect() };
    let (dimensions, concentrations, lengths) = (column("dimension"), column("kappa"), column("length"));
    assert_eq!(lengths.len(), 77);
    for ((&d, &concentration), &exact) in dimensions.iter().zip(&concentrations).zip(&lengths) {
        let found = mean_resultant_length(d as usize, concentration).unwrap();
        // The fraction is evaluated backwards: an error e turns into −A²e in each step. Roundings alternate in sign and are
        // forgotten after 1/(1 − A²) steps: few EPS where these are few, and 1.3·10⁻¹⁴ at the most up to κ = 10¹².
        let allowed = if concentration <= 1e4 { 8.0 * EPS } else { 128.0 * EPS };
        assert!((found - exact).abs() <= allowed * exact, "d = {d}, κ = {concentration}: {found} {exact}");
        // Control: the neighbouring dimension.
        if concentration < 1e7 {
            let other = mean_resultant_length(d as usize + 1, concentration).unwrap();
            assert!((other - exact).abs() > allowed * exact);
        }
    }
    for concentration in [0.3_f64, 2.0, 30.0] {
        let langevin = 1.0 / concentration.tanh() - 1.0 / concentration;
        assert!((mean_resultant_length(3, concentration).unwrap() - langevin).abs() < 1e-14);
    }
    assert_eq!(mean_resultant_length(7, 0.0), Ok(0.0));
}

#[test]
fn a_cosine_of_matrices_is_that_of_their_rows() {
    let numbers = &mut random_numbers("rows", 0);
    let (x, y): (Array2<f64>, Array2<f64>) = (uniform(9, 5, numbers).unwrap(), uniform(9, 5, numbers).unwrap());
    for (i, cosine) in cosines(x.view(), y.view()).into_iter().enumerate() {
        assert_eq!(cosine, Cosine::between(x.row(i), y.row(i)));
        assert!((cosine.value() - x.row(i).dot(&y.row(i))).abs() <= rounding(5));
        assert!((cosine.angle().cos() - cosine.value()).abs() <= rounding(5) && cosine.angle() <= PI);
    }
}

/// The distribution of the angle of independent directions: φ uniform on the circle, cos φ uniform in three dimensions.
#[test]
fn half_tangents_of_uniform_pairs_have_their_distribution() {
    let draw = |d: usize| uniform_half_tangents(4000, d, &mut random_numbers("half-tangents", d as u64)).unwrap();
    // 2.0 is exceeded once in 1,500 samples.
    let bound = 2.0;
    let on_a_circle = draw(2).iter().map(|k| 2.0 * k.atan()).collect();
    assert!(smirnov(on_a_circle, |angle| angle / PI) < bound);
    let cosines = |d: usize| draw(d).iter().map(|k| (1.0 - k * k) / (1.0 + k * k)).collect::<Vec<f64>>();
    assert!(smirnov(cosines(3), |cosine| 0.5 * (1.0 + cosine)) < bound);
    // In d dimensions the mean of cos² is 1/d, that of the cosine 0.
    for d in [5, 20, 100] {
        let cosines = cosines(d);
        assert!(has_mean(&cosines, 0.0), "{d}");
        assert!(has_mean(&cosines.iter().map(|cosine| cosine * cosine).collect::<Vec<_>>(), 1.0 / d as f64), "{d}");
    }
    assert!(uniform_half_tangents(0, 2, &mut random_numbers("half-tangents", 0)).unwrap().is_empty());
    for d in [0, 1] {
        let refused = uniform_half_tangents(3, d, &mut random_numbers("half-tangents", 0));
        assert_eq!(refused, Err(SphereError::Dimension { dimension: d }));
    }
}

#[test]
fn the_largest_concentrations_leave_what_their_dimension_does() {
    // 1 − A_d(κ) ≈ (d − 1)/(2κ) where κ is large.
    for (d, concentration) in [(3, 1e15), (2, 1e15), (3, 1e12), (20, 1e14)] {
        let length = mean_resultant_length(d, concentration).unwrap();
        let expected = 1.0 - (d as f64 - 1.0) / (2.0 * concentration);
        assert!((length - expected).abs() < 1e-13, "{d} {concentration}: {length}");
    }
}

/// The chord from a point to one near it is the length of the way but for a part of φ²/24.
#[test]
fn short_ways_keep_the_digits_of_their_length() {
    for (number, angle) in [1e-5, 1e-7, 1e-9, 1e-12].into_iter().enumerate() {
        let start = uniform(1, 7, &mut random_numbers("short ways", number as u64)).unwrap().row(0).to_owned();
        let aside = uniform(1, 7, &mut random_numbers("short ways aside", number as u64)).unwrap().row(0).to_owned();
        let end = exponential(start.view(), (tangent(start.view(), aside.view()) * angle).view());
        let way = logarithm(start.view(), end.view()).unwrap();
        // The points are unit vectors to 10⁻¹⁶ each, which turns the chord by as much.
        assert!((norm_of(way.view()) / distance(&start, &end) - 1.0).abs() < 1e-10, "{angle}");
    }
}

/// Near a point, and near its opposite, the direction of the way is that of the difference to its last digit.
#[test]
fn ways_to_near_and_nearly_opposite_points_have_every_digit_of_their_direction() {
    for start in [array![0.6, 0.8, 0.0, 0.0], array![0.28, 0.96, 0.0, 0.0], array![-1.0, 0.0, 0.0, 0.0]] {
        let aside = array![0.0, 0.0, 3e-20, 4e-20];
        let near = logarithm(start.view(), (&start + &aside).view()).unwrap();
        assert!(distance(&near, &aside) <= 1e-15 * 5e-20, "{near}");
        let far = logarithm(start.view(), (&aside - &start).view()).unwrap();
        assert!(distance(&far, &(&aside * (PI / 5e-20))) <= 1e-14, "{far}");
    }
}

#[test]
fn angles_of_rows_are_those_of_pairs_bit_for_bit() {
    let x = array![[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 1.0, 0.0]];
    let y = array![[1.0, 1e-200, 0.0], [-1.0, 1e-200, 0.0], [0.8, 0.6, 0.0], [0.0, 1.0, 0.0]];
    let found = angles_of_rows(x.view(), y.view());
    let expected: Vec<f64> = x.rows().into_iter().zip(y.rows()).map(|(x, y)| angle(x, y)).collect();
    assert_eq!(found, expected);
    assert!(found[0] == 1e-200 && found[1] == PI && found[3] == 0.0, "{found:?}");
}
