//! The whole range of f64, subnormal numbers and 1e308 included: a result is right or it is a typed error, whatever the
//! lengths of embeddings and the settings are.

use crate::support;

use embedding_norms::confidence::{Neighbours, effective_rank, group_means, mean_cosine};
use embedding_norms::loss::{
    Batch, Entry, Evaluation, LossError, NegativeCosine, NtXent, Parameters as LossParameters, catalogue,
};
use embedding_norms::normalization::{GradScale, finite_pullback, pullback};
use embedding_norms::optimizer::{
    self, AdamW, GradientDescent, Lamb, Lars, Optimizer, Parameters, WeightDecay, by_name,
};
use embedding_norms::random::{StandardNormal, generator};
use embedding_norms::simulation::{Descent, PersistentDescent, SimulationError, Start, Stop, StopRules};
use embedding_norms::sphere::{Directions, SphereError, angle, inner, norm_of, normalize, von_mises_fisher};
use embedding_norms::statistics::mean_with_interval;
use embedding_norms::theory::convergence::{flow_steps, next_order_steps, second_order_steps, turned_ratio};
use embedding_norms::theory::duality::{best_norm, dual};
use embedding_norms::theory::equilibrium::{Persistent, Rule};
use embedding_norms::theory::growth::{pair_growth, persistent_fourth_power};
use embedding_norms::theory::one_step::{Pair, step_size};
use embedding_norms::theory::pair::{Count, steps_of_pair};
use ndarray::{Array1, Array2, array};
use ndarray_rand::RandomExt;
use proptest::prelude::*;
use support::seeds::seeded;

/// Numbers with exponents evenly from the smallest of f64 to the largest.
fn anywhere() -> impl Strategy<Value = f64> {
    (-1074..1024_i32, 1.0..2.0_f64)
        .prop_map(|(exponent, digits)| libm::scalbn(digits, exponent))
        .prop_filter("0 is none of them", |x| *x > 0.0 && x.is_finite())
}

/// Settings of ordinary size as often as others.
fn setting() -> impl Strategy<Value = f64> {
    prop_oneof![1e-3..1e3_f64, anywhere()]
}

/// Rows with a power of two each.
fn scaled(rows: &Array2<f64>, exponents: &[i32]) -> Array2<f64> {
    let mut scaled = rows.clone();
    for (mut row, exponent) in scaled.rows_mut().into_iter().zip(exponents) {
        row.mapv_inplace(|x| libm::scalbn(x, *exponent));
    }
    scaled
}

const ROWS: usize = 4;
/// Parameters of the loss that takes most of them.
const MOST: usize = 3;

fn draw(seed: u64, dimension: usize) -> [Array2<f64>; 2] {
    let mut draws = generator(seed, b"tests/extremes", 0);
    std::array::from_fn(|_| Array2::random_using((ROWS, dimension), StandardNormal, &mut draws))
}

fn evaluate(entry: &Entry, parameters: &LossParameters, views: &[Directions; 2]) -> Result<Evaluation, LossError> {
    let loss = entry.build(parameters).unwrap();
    let (labels, positives) = ([0, 1, 0, 1], [2, 3, 0, 1]);
    let batch = match entry.name {
        "infonce-one-positive" => Batch::one_view(&views[0])?.with_positives(&positives)?,
        "sup-con" | "infonce-all-positives" => Batch::one_view(&views[0])?.with_labels(&labels)?,
        _ => Batch::two_views(&views[0], &views[1])?,
    };
    loss.evaluate(&batch)
}

fn is_finite(evaluation: &Evaluation) -> bool {
    let gradients = std::iter::once(&evaluation.first).chain(&evaluation.second);
    evaluation.mean().is_finite() && gradients.flatten().all(|slope| slope.is_finite())
}

proptest! {
    #![proptest_config(seeded(400))]

    #[test]
    fn every_loss_is_finite_and_knows_no_scale_or_says_what_is_beyond_f64(
        seed: u64,
        dimension in 2..9_usize,
        exponents in prop::collection::vec(-1074..1024_i32, 2 * ROWS),
        settings in prop::collection::vec(setting(), MOST),
    ) {
        let near = draw(seed, dimension);
        let exponents = [&exponents[..ROWS], &exponents[ROWS..]];
        let far = [scaled(&near[0], exponents[0]), scaled(&near[1], exponents[1])];
        // What is left of the digits, back at ordinary size: exact, as 2^-e times a subnormal number is.
        let up = |exponents: &[i32]| exponents.iter().map(|exponent| -exponent).collect::<Vec<_>>();
        let near = [scaled(&far[0], &up(exponents[0])), scaled(&far[1], &up(exponents[1]))];
        let whole = |rows: &[Array2<f64>; 2]| Ok([normalize(rows[0].view())?, normalize(rows[1].view())?]);
        let (far, near) = match (whole(&far), whole(&near)) {
            (Ok(far), Ok(near)) => (far, near),
            (Err(error), _) => {
                // Rows that were rounded to 0, or whose norms are no numbers of f64.
                let lost = matches!(error, SphereError::ZeroRow { .. } | SphereError::TooLong { .. } | SphereError::NotFinite { .. });
                prop_assert!(lost, "{error}");
                return Ok(());
            }
            (_, Err(error)) => return Err(TestCaseError::fail(error.to_string())),
        };
        for (far, near) in far.iter().zip(&near) {
            prop_assert_eq!(far.units(), near.units());
        }
        for entry in catalogue() {
            let chosen = entry.parameters.iter().zip(&settings);
            let chosen = chosen.fold(LossParameters::default(), |all, (taken, value)| all.with(taken.name, *value));
            for parameters in [LossParameters::default(), chosen] {
                let found = evaluate(entry, &parameters, &far);
                // Bit for bit.
                prop_assert_eq!(&found, &evaluate(entry, &parameters, &near));
                match found {
                    Ok(evaluation) => {
                        prop_assert!(is_finite(&evaluation), "{}", entry.name);
                        let gradients = [(&far[0], &near[0], Some(&evaluation.first)), (&far[1], &near[1], evaluation.second.as_ref())];
                        for (place, (far, near, euclidean)) in gradients.into_iter().enumerate() {
                            let Some(euclidean) = euclidean else { continue };
                            let expected = pullback(near, euclidean.view());
                            match finite_pullback(far, euclidean.view()) {
                                Ok(found) => check_gradient(&found, &expected, exponents[place])?,
                                Err(error) => prop_assert!(beyond(&expected, exponents[place], error.row), "{error}"),
                            }
                        }
                    }
                    Err(LossError::NotFinite { settings, .. }) => {
                        prop_assert!(parameters != LossParameters::default(), "{} at its defaults", entry.name);
                        let extreme = settings.iter().any(|(_, value)| !(1e-100..1e100).contains(&value.abs()));
                        prop_assert!(extreme, "{} at {settings:?}", entry.name);
                    }
                    Err(error) => return Err(TestCaseError::fail(error.to_string())),
                }
            }
        }
    }

    #[test]
    fn closed_forms_are_finite_or_refused(
        gamma in anywhere(),
        lambda in anywhere(),
        norms in (anywhere(), anywhere()),
        sizes in (setting(), setting()),
        k in setting(),
        angle in 1e-9..3.1_f64,
        dimension in 2..2000_usize,
        momentum in 0.0..1.0_f64,
    ) {
        let (alpha, beta) = sizes;
        let epsilon = 1e-3;
        let finite = |what: &str, value: Option<f64>| {
            prop_assert!(value.is_none_or(f64::is_finite), "{what}: {value:?}");
            Ok(())
        };
        finite("step size", step_size(gamma, norms.0).ok())?;
        finite("flow", flow_steps(k, alpha, beta, epsilon).ok())?;
        finite("next order", next_order_steps(k, alpha, beta, epsilon).ok())?;
        if alpha.max(beta) <= 0.1 {
            finite("second order", second_order_steps(k, alpha, beta, epsilon).ok())?;
        }
        finite("turned", turned_ratio(alpha, beta, angle, epsilon).ok())?;
        finite("best norm", best_norm(gamma, angle).ok())?;
        prop_assert!(best_norm(gamma, angle).unwrap() > 0.0);
        let other = dual(Pair { half_tangent: k, first: alpha, second: beta });
        finite("dual", other.ok().map(|pair| pair.half_tangent + pair.first.ln() + pair.second.ln()))?;
        let growth = pair_growth(gamma, norms.0, norms.1, angle);
        finite("growth", growth.ok().map(|growth| growth.first.max(growth.second)))?;
        finite("fourth power", persistent_fourth_power(gamma, norms.0, 0.5, 0.3, 1e6).ok())?;
        if let Ok(settings) = Persistent::new(gamma, lambda) {
            let rules = [
                Rule::GradientDescent,
                Rule::HeavyBallCoupled { momentum },
                Rule::HeavyBallDecoupled { momentum },
                Rule::AdamW { beta1: momentum, beta2: 0.99 },
                Rule::NormalizedGradient,
                Rule::SignDescent,
            ];
            for rule in rules {
                if let Ok(found) = settings.equilibrium(rule, dimension as f64) {
                    prop_assert!([found.norm, found.angle, found.relaxation].iter().all(|x| x.is_normal()), "{rule:?} {found:?}");
                }
                finite("next order", settings.next_order(rule, dimension as f64).ok())?;
            }
        }
    }
}

/// Whether gradients are those of rows of ordinary size over 2^e, as far as f64 has digits for them.
fn check_gradient(found: &Array2<f64>, expected: &Array2<f64>, exponents: &[i32]) -> Result<(), TestCaseError> {
    for ((found, expected), &exponent) in found.rows().into_iter().zip(expected.rows()).zip(exponents) {
        for (found, near) in found.iter().zip(expected) {
            let expected = libm::scalbn(*near, -exponent);
            // Both may be subnormal, of which f64 has few digits.
            let smallest = 4.0 * f64::from_bits(1);
            let slack = smallest + libm::scalbn(smallest, -exponent) + 1e-15 * expected.abs();
            prop_assert!((found - expected).abs() <= slack, "{found:e} for {expected:e}");
        }
    }
    Ok(())
}

/// Whether a gradient over 2^e is beyond f64, or within rounding of that.
fn beyond(expected: &Array2<f64>, exponents: &[i32], row: usize) -> bool {
    expected.row(row).iter().any(|slope| libm::scalbn(*slope, -exponents[row] - 1).abs() > 0.49 * f64::MAX)
}

#[test]
fn cosines_do_not_depend_on_the_scale_where_squares_do() {
    let w = normalize(array![[1.0, 0.0]].view()).unwrap();
    let cosine = |z: Array2<f64>| {
        let z = normalize(z.view()).unwrap();
        NegativeCosine::symmetric().cosines(&Batch::two_views(&z, &w).unwrap()).unwrap()[0].value()
    };
    for scale in [1e-163, 1e-162, 1e-158, 1e-154, 1e-150, 1.0, 1e150, 1e154, 1e155, 1e200, 1e307] {
        assert!((cosine(array![[3.0 * scale, 4.0 * scale]]) - 0.6).abs() < 3e-16, "{scale:e}");
    }
    assert!((cosine(array![[5e-324, 5e-324]]) - 0.5_f64.sqrt()).abs() < 3e-16);
    // With the squares as they are, four digits are right.
    let (x, y) = (3e-162_f64, 4e-162_f64);
    assert!((x / (x * x + y * y).sqrt() - 0.6).abs() > 1e-4);
    // (1.7, 1.7)e308 has a direction, and a norm that is no number of f64.
    let error = normalize(array![[1.0, 0.0], [1.7e308, 1.7e308]].view()).unwrap_err();
    assert_eq!(error, SphereError::TooLong { row: 1 });
    assert!(error.to_string().contains("row 1") && error.to_string().contains("scale the embeddings down"));
}

#[test]
fn lengths_angles_and_products_are_right_at_the_ends_of_the_range() {
    assert_eq!(norm_of(array![3e-162, 4e-162].view()), 5e-162);
    assert_eq!(norm_of(array![3e307, 4e307].view()), 5e307);
    assert_eq!(inner(array![1e-200, 2e300].view(), array![1e200, 0.0].view()), 1.0);
    let (x, y) = (array![1.0, 0.0], array![1.0, 1e-200]);
    assert_eq!(angle(x.view(), y.view()), 1e-200);
    assert_eq!(angle(x.view(), x.view()), 0.0);
    let narrow = von_mises_fisher(x.view(), 1e300, 3, &mut generator(1, b"tests/extremes", 2)).unwrap();
    assert!(narrow.rows().into_iter().all(|row| angle(row, x.view()) < 1e-140));
    let points = array![[1.0, 0.0], [1.0, 3e-200], [1.0, 1e-200], [0.0, 1.0]];
    let neighbours = Neighbours::among(points.view(), 2).unwrap();
    assert_eq!(neighbours.indices().row(0).to_vec(), [2, 1]);
    assert_eq!(neighbours.distances().row(0).to_vec(), [1e-200, 3e-200]);
}

#[test]
fn measures_of_a_set_do_not_depend_on_its_scale() {
    let rows = draw(3, 3)[0].clone();
    let (rank, cosine) = (effective_rank(rows.view()).unwrap(), mean_cosine(rows.view()).unwrap());
    for exponent in [-1040, -1000, -520, 520, 1000, 1020] {
        let far = rows.mapv(|x| libm::scalbn(x, exponent));
        assert!((effective_rank(far.view()).unwrap() - rank).abs() < 1e-6, "2^{exponent}");
        assert!((mean_cosine(far.view()).unwrap() - cosine).abs() < 1e-6);
    }
    assert_eq!(group_means(&[0, 0, 1], 2, &[1e308, 1.5e308, 1e-320]).unwrap(), [Some(1.25e308), Some(1e-320)]);
    let near = mean_with_interval(&[1.0, 2.0, 4.0], 0.95).unwrap();
    for exponent in [-1000, -600, 600, 1000] {
        let far = mean_with_interval(&[1.0, 2.0, 4.0].map(|x| libm::scalbn(x, exponent)), 0.95).unwrap();
        assert_eq!((far.value, far.upper), (libm::scalbn(near.value, exponent), libm::scalbn(near.upper, exponent)));
    }
}

#[test]
fn a_loss_beyond_f64_names_its_settings() {
    let views = draw(1, 3).map(|rows| normalize(rows.view()).unwrap());
    let batch = Batch::two_views(&views[0], &views[1]).unwrap();
    let error = NtXent::new(1e-308).unwrap().evaluate_error(&batch);
    assert!(error.contains("nt-xent: its total") && error.contains("temperature 1e-308; raise"), "{error}");
    // Logits are quotients down to the smallest temperature of which they are numbers: −c of the nearest negative.
    let right = array![[1.0, 0.0], [0.0, 1.0]];
    let turned = normalize(array![[1.0, 1e-3], [1e-3, 1.0]].view()).unwrap();
    let right = normalize(right.view()).unwrap();
    let loss = NtXent::new(1e-309).unwrap();
    let evaluation = embedding_norms::loss::Loss::evaluate(&loss, &Batch::two_views(&right, &turned).unwrap());
    assert!(evaluation.is_ok_and(|evaluation| evaluation.total == 0.0), "each positive is the nearest");
}

trait EvaluateError {
    fn evaluate_error(&self, batch: &Batch<'_>) -> String;
}

impl<L: embedding_norms::loss::Loss> EvaluateError for L {
    fn evaluate_error(&self, batch: &Batch<'_>) -> String {
        self.evaluate(batch).unwrap_err().to_string()
    }
}

/// The rule of an entry with every ε and every decay inside it at 0.
fn homogeneous(name: &str) -> Box<dyn Optimizer> {
    let entry = optimizer::entry(name).unwrap();
    let has = |parameter: &str| entry.parameters.iter().any(|known| known.name == parameter);
    let zeros = ["epsilon", "weight-decay"].into_iter().filter(|parameter| has(parameter));
    by_name(name, &zeros.fold(Parameters::defaults(), |all, parameter| all.with(parameter, 0.0))).unwrap()
}

#[test]
fn l6_every_rule_scales_to_the_ends_of_the_range() {
    let loss = NtXent::new(0.5).unwrap();
    let [first, second] = draw(7, 5);
    for entry in optimizer::catalogue() {
        let (rule, h) = (homogeneous(entry.name), 1.0 - entry.degrees().parameters + entry.degrees().gradients);
        let run = |exponent: i32| {
            let rate = libm::scalbn(0.03, (h * f64::from(exponent)) as i32);
            let at = |rows: &Array2<f64>| rows.mapv(|x| libm::scalbn(x, exponent));
            let descent = Descent::new(&loss, &*rule, rate).unwrap();
            let outcome = descent.run(Start::pairs(at(&first), at(&second)), &StopRules::budget(20)).unwrap();
            assert_eq!(outcome.stop, Stop::Budget, "{} at 2^{exponent}", entry.name);
            outcome.first.mapv(|x| libm::scalbn(x, -exponent))
        };
        let near = run(0);
        assert_ne!(near, first, "{} moved nothing", entry.name);
        let farthest = if h == 2.0 { 490 } else { 960 };
        for exponent in [-farthest, -400, 400, farthest] {
            let difference = (&run(exponent) - &near).iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
            assert!(difference < 1e-12, "{} at 2^{exponent}: {difference:e}", entry.name);
        }
    }
}

#[test]
fn adaptive_rules_move_coordinates_of_any_size_alike() {
    // Without ε the first step is the sign of each coordinate, whatever their sizes are.
    for name in ["adam", "adamp", "rmsprop", "adagrad"] {
        let rule = homogeneous(name);
        let mut update = rule.start(&[4]);
        let mut point = [0.0; 4];
        update.step(0, 1.0, &mut point, &[1.0, -1e-200, 1e200, 0.0]);
        let scale = point[0].abs();
        for (found, sign) in point.iter().zip([-1.0, 1.0, -1.0, 0.0]) {
            assert!((found - sign * scale).abs() < 1e-14 * scale, "{name}: {point:?}");
        }
    }
}

#[test]
fn long_embeddings_are_not_taken_for_still_ones() {
    let loss = NegativeCosine::symmetric();
    for exponent in [-1000, -600, 0, 600, 1000] {
        let at = |rows: Array2<f64>| rows.mapv(|x| libm::scalbn(x, exponent));
        let (z, w) = (at(array![[1.0, 0.0]]), at(array![[0.0, 1.0]]));
        let outcome = Descent::new(&loss, &GradientDescent, 1e-300).unwrap();
        let outcome = outcome.run(Start::pairs(z, w), &StopRules::budget(1)).unwrap();
        assert_ne!(outcome.stop, Stop::Stationary, "2^{exponent}");
    }
    // GradScale's factor may be beyond f64 where the gradient times the factor is not.
    let at = |norm: f64| Start::pairs(array![[norm, 0.0]], array![[0.0, norm]]);
    let descent = Descent::new(&loss, &GradientDescent, 0.5).unwrap().grad_scale(GradScale::new(2.0).unwrap());
    let near = descent.run(at(1.0), &StopRules::budget(3)).unwrap().first;
    for exponent in [-700, 700] {
        let far = descent.run(at(libm::scalbn(1.0, exponent)), &StopRules::budget(3)).unwrap().first;
        let far = far.mapv(|x| libm::scalbn(x, -exponent));
        assert!((&far - &near).iter().all(|x| x.abs() < 1e-13), "{far} for {near}");
    }
}

#[test]
fn a_start_beyond_f64_is_refused_by_its_row() {
    let loss = NegativeCosine::symmetric();
    let start = Start::pairs(array![[1.0, 0.0], [0.0, 1e-310]], array![[0.0, 1.0], [1.0, 0.0]]);
    let error = Descent::new(&loss, &GradientDescent, 0.1).unwrap().run(start, &StopRules::budget(1)).unwrap_err();
    assert!(matches!(error, SimulationError::Gradient { view: "first", .. }), "{error}");
    assert!(error.to_string().contains("row 1") && error.to_string().contains("scale the embeddings up"), "{error}");
    let mut run = PersistentDescent::new(&GradientDescent, 1e-3).unwrap().start(array![[1e100, 0.0]]).unwrap();
    let error = run.average(3, &mut generator(1, b"tests/extremes", 1)).unwrap_err();
    assert!(matches!(error, SphereError::FourthPower { .. }), "{error}");
}

#[test]
fn steps_that_are_lost_in_rounding_are_not_said_to_stand() {
    let pair = |size: f64, half_tangent: f64| Pair { half_tangent, first: size, second: size };
    assert_eq!(steps_of_pair(pair(1e-20, 1.0), 1e-3, 1000), Ok(Count::Budget));
    assert_eq!(steps_of_pair(pair(1e-20, f64::INFINITY), 1e-3, 1000), Ok(Count::Stationary));
    assert!(steps_of_pair(pair(1e40, 1.0), 1e-3, 1000).is_err());
}

#[test]
fn weights_decay_in_one_place() {
    let loss = NegativeCosine::symmetric();
    let rules: [Box<dyn Optimizer>; 3] = [
        Box::new(AdamW::new(0.9, 0.999, 1e-8, 0.01).unwrap()),
        Box::new(Lars::new(0.9, 0.001, 5e-4).unwrap()),
        Box::new(Lamb::new(0.9, 0.999, 1e-6, 0.01).unwrap()),
    ];
    let start = || Start::pairs(array![[1.0, 0.0]], array![[0.0, 1.0]]);
    let beside = WeightDecay::decoupled(0.1).unwrap();
    for rule in &rules {
        let descent = Descent::new(&loss, &**rule, 0.1).unwrap();
        let error = descent.decay(beside).run(start(), &StopRules::budget(1)).unwrap_err();
        assert!(matches!(error, SimulationError::Decay(_)), "{error}");
        assert!(error.to_string().contains(rule.name()) && error.to_string().contains("0.1"), "{error}");
        assert!(descent.decay(WeightDecay::decoupled(0.0).unwrap()).run(start(), &StopRules::budget(1)).is_ok());
        let persistent = PersistentDescent::new(&**rule, 0.1).unwrap().decay(beside);
        assert!(persistent.start(array![[1.0, 0.0]]).is_err());
    }
    // PyTorch's AdamW: z ← (1 − γλ) z − γ m̂/(√v̂ + ε), here with a gradient of (0, −1) and so m̂ = −1, √v̂ = 1.
    let (gamma, lambda, epsilon) = (0.05, 0.1, 1e-8);
    let rule = AdamW::new(0.9, 0.999, epsilon, lambda).unwrap();
    let found = Descent::new(&loss, &rule, gamma).unwrap().run(start(), &StopRules::budget(1)).unwrap().first;
    let expected = Array1::from_vec(vec![1.0 - gamma * lambda, gamma / (1.0 + epsilon)]);
    assert!((&found.row(0) - &expected).iter().all(|x| x.abs() < 1e-15), "{found} for {expected}");
}
