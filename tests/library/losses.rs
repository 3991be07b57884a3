//! Every loss of the catalogue: gradients by the Taylor remainder, tangency, scaling, extremes, errors.

use crate::losses_support;

use embedding_norms::check::loss::{Slope, Wrong, check, tangent, taylor_slope, through_pullback};
use embedding_norms::loss::*;
use embedding_norms::normalization::{SphericalConstraint, unprojected};
use embedding_norms::random::generator;
use embedding_norms::simulation::{SimulationError, Start};
use embedding_norms::sphere::{normalize, uniform};
use losses_support::names;
use ndarray::{Array2, array};
use proptest::prelude::*;
use rand::Rng;

/// A start that any loss of the catalogue can take: views, or one view with labels and positives.
fn start_for(loss: &str, n: usize, d: usize, seed: u64) -> Start {
    // Fewer rows leave a supervised loss without negatives, and constant.
    let n = if loss.starts_with("sup") || loss.contains("positive") { n.max(4) } else { n };
    let mut generator = generator(seed, b"tests/losses", 0);
    let mut view = || {
        let mut points = uniform(n, d, &mut generator).unwrap();
        for mut row in points.rows_mut() {
            row *= 10_f64.powf(generator.random_range(-3.0..3.0));
        }
        points
    };
    let (first, second) = (view(), view());
    let labels = (0..n).map(|row| row % (n / 2)).collect();
    match loss {
        "sup-con" => Start { labels: Some(labels), ..Start::one_view(first) },
        "infonce-all-positives" => Start { labels: Some(labels), ..Start::pairs(first, second) },
        "infonce-one-positive" => {
            Start { positives: Some((0..n).map(|row| (row + 1) % n).collect()), ..Start::one_view(first) }
        }
        _ => Start::pairs(first, second),
    }
}

fn with_temperature(name: &str, temperature: f64) -> Box<dyn Loss> {
    let entry = catalogue().iter().find(|entry| entry.name == name).unwrap();
    let takes = |parameter| entry.takes(parameter);
    let mut parameters = Parameters::default();
    if takes("temperature") {
        parameters = parameters.with("temperature", temperature);
    }
    if takes("bias") {
        parameters = parameters.with("bias", -0.5 / temperature);
    }
    if takes("sharpness") {
        parameters = parameters.with("sharpness", 0.5 / temperature);
    }
    if takes("margin") {
        parameters = parameters.with("margin", 3.0); // every triplet active: no kink anywhere
    }
    by_name(name, &parameters).unwrap()
}

proptest! {
    #![proptest_config(crate::support::seeds::seeded(48))]

    #[test]
    fn every_loss_passes_every_check(
        n in 2_usize..12, d in 2_usize..20, log_temperature in -1.5..0.5_f64, seed: u64,
    ) {
        for name in names() {
            let loss = with_temperature(name, 10_f64.powf(log_temperature));
            match check(loss.as_ref(), &start_for(name, n, d, seed), seed) {
                Ok(report) => {
                    prop_assert_eq!(report.second_view_held, name == "simsiam");
                    prop_assert_eq!(report.symmetric_steps, 20);
                }
                // At low temperatures a certain positive leaves nothing to measure.
                Err(Wrong::Flat) if log_temperature < -0.5 => {}
                Err(wrong) => prop_assert!(false, "{}: {}", name, wrong),
            }
        }
    }
}

/// A loss with its gradient spoilt.
struct Spoilt {
    loss: Box<dyn Loss>,
    factor: f64,
}

impl Loss for Spoilt {
    fn name(&self) -> &'static str {
        "spoilt"
    }

    fn needs(&self) -> Needs {
        self.loss.needs()
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let right = self.loss.evaluate(batch)?;
        let second = right.second.map(|second| second * self.factor);
        Ok(Evaluation { first: right.first * self.factor, second, ..right })
    }
}

#[test]
fn halved_flipped_and_untangent_gradients_are_rejected() {
    for name in names() {
        let start = start_for(name, 6, 5, 3);
        check(with_temperature(name, 0.5).as_ref(), &start, 3).unwrap();
        for factor in [0.5, -1.0, 1.01] {
            let spoilt = Spoilt { loss: with_temperature(name, 0.5), factor };
            let wrong = check(&spoilt, &start, 3).unwrap_err();
            assert!(matches!(wrong, Wrong::Gradient { slope } if slope < 1.2), "{name}, {factor}: {wrong}");
        }
        let untangent = |start: &Start| through_unprojected(with_temperature(name, 0.5).as_ref(), start);
        assert!((taylor_slope(untangent, &start, 3).unwrap() - 1.0).abs() < 0.1, "{name}");
        assert!(matches!(tangent(&untangent(&start).unwrap(), &start), Err(Wrong::NotTangent { .. })), "{name}");
    }
}

/// The gradient with the projection left out. Euclidean gradients are known up to a radial part, so one is added.
fn through_unprojected(loss: &dyn Loss, start: &Start) -> Result<Slope, SimulationError> {
    let slope = through_pullback(loss, start)?;
    let spoil = |points: &Array2<f64>, gradient: &Array2<f64>| {
        let directions = normalize(points.view()).unwrap();
        gradient + &unprojected(&directions, directions.units())
    };
    let second = slope.second.as_ref().zip(start.second.as_ref()).map(|(gradient, points)| spoil(points, gradient));
    Ok(Slope { first: spoil(&start.first, &slope.first), second, ..slope })
}

/// A loss with the spherical constraint added.
fn constrained(loss: &dyn Loss, start: &Start) -> Result<Slope, SimulationError> {
    let mut slope = through_pullback(loss, start)?;
    let first = normalize(start.first.view())?;
    let second = normalize(start.second.as_ref().unwrap().view())?;
    let mut gradients = [&mut slope.first, slope.second.as_mut().unwrap()];
    slope.total += SphericalConstraint::new(0.7).unwrap().add_to(&[&first, &second], &mut gradients);
    Ok(slope)
}

#[test]
fn the_spherical_constraint_has_a_right_gradient_that_is_not_tangent() {
    let start = Start::pairs(array![[1.0, 2.0, 0.0], [0.3, 0.1, 0.2]], array![[0.0, 2.0, 1.0], [1.0, 0.1, -3.0]]);
    let loss = NtXent::new(0.5).unwrap();
    let objective = |start: &Start| constrained(&loss, start);
    assert!((taylor_slope(objective, &start, 1).unwrap() - 2.0).abs() < 0.1);
    assert!(matches!(tangent(&objective(&start).unwrap(), &start), Err(Wrong::NotTangent { .. })));
    tangent(&through_pullback(&loss, &start).unwrap(), &start).unwrap();
    for strength in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(SphericalConstraint::new(strength).is_err());
    }
}

#[test]
fn a_loss_that_depends_on_its_past_is_rejected() {
    struct Moody(std::sync::atomic::AtomicU32);
    impl Loss for Moody {
        fn name(&self) -> &'static str {
            "moody"
        }
        fn needs(&self) -> Needs {
            Needs::PAIRS
        }
        fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
            let calls = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let right = NegativeCosine::symmetric().evaluate(batch)?;
            Ok(Evaluation { total: right.total + f64::from(calls), ..right })
        }
    }
    assert_eq!(check(&Moody(0.into()), &start_for("cosine", 4, 3, 1), 1), Err(Wrong::NotPure));
}

#[test]
fn low_temperatures_at_both_ends_give_finite_and_right_values() {
    let x = normalize(array![[1.0, 0.0], [0.0, 1.0]].view()).unwrap();
    let aligned = Batch::two_views(&x, &x).unwrap();
    let opposite = normalize(array![[-1.0, 0.0], [0.0, -1.0]].view()).unwrap();
    let opposed = Batch::two_views(&x, &opposite).unwrap();
    let crossed = normalize(array![[0.0, 1.0], [1.0, 0.0]].view()).unwrap();
    let crossed = Batch::two_views(&x, &crossed).unwrap();
    let tiny = libm::exp(-100.0);
    let mean = |loss: &dyn Loss, batch: &Batch<'_>| loss.evaluate(batch).unwrap().mean();
    for loss in [&InfoNce::new(0.01).unwrap() as &dyn Loss, &Clip::new(0.01).unwrap()] {
        assert!((mean(loss, &aligned) / tiny - 1.0).abs() < 1e-15, "log1p keeps what 1 + e^-100 loses");
        assert!((mean(loss, &opposed) - 100.0).abs() < 1e-12);
        assert!((mean(loss, &crossed) - 100.0).abs() < 1e-12);
        assert_eq!(mean(&InfoNce::new(1e-6).unwrap(), &aligned), 0.0);
        assert!((mean(&InfoNce::new(1e-6).unwrap(), &crossed) / 1e6 - 1.0).abs() < 1e-15);
    }
    assert!((mean(&NtXent::new(0.01).unwrap(), &aligned) / (2.0 * tiny) - 1.0).abs() < 1e-15);
    assert!((mean(&DecoupledContrastive::new(0.01).unwrap(), &aligned) - (libm::log(2.0) - 100.0)).abs() < 1e-12);
    assert!((mean(&SigLip::new(0.01, -50.0).unwrap(), &aligned) / (2.0 * libm::exp(-50.0)) - 1.0).abs() < 1e-15);
    for name in names().filter(|name| !name.contains("one-positive")) {
        for batch in [&aligned, &opposed, &crossed] {
            let batch = batch.with_labels(&[0, 1]).unwrap();
            let found = with_temperature(name, 0.01).evaluate(&batch).unwrap();
            let entries = found.first.iter().chain(found.second.iter().flatten());
            assert!(found.total.is_finite() && entries.clone().all(|entry| entry.is_finite()), "{name}");
        }
    }
}

#[test]
fn a_triplet_at_its_kink_is_inactive() {
    let x = normalize(array![[1.0, 0.0], [0.0, 1.0]].view()).unwrap();
    let at_the_kink = Triplet::new(1.0).unwrap().evaluate(&Batch::two_views(&x, &x).unwrap()).unwrap();
    assert_eq!((at_the_kink.total, at_the_kink.first), (0.0, Array2::zeros((2, 2))));
}

#[test]
fn losses_are_related_as_their_formulas_are() {
    let start = start_for("clip", 7, 5, 11);
    let (x, y) = (normalize(start.first.view()).unwrap(), normalize(start.second.as_ref().unwrap().view()).unwrap());
    let (forth, back) = (Batch::two_views(&x, &y).unwrap(), Batch::two_views(&y, &x).unwrap());
    let each: Vec<usize> = (0..7).collect();
    let value = |loss: &dyn Loss, batch: &Batch<'_>| loss.evaluate(batch).unwrap().mean();
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-13 * (1.0 + a.abs()), "{a} {b}");
    let (one_way, both) = (InfoNce::new(0.2).unwrap(), Clip::new(0.2).unwrap());
    close(value(&both, &forth), 0.5 * (value(&one_way, &forth) + value(&one_way, &back)));
    // With a class per pair, both supervised losses are NT-Xent.
    let labelled = forth.with_labels(&each).unwrap();
    let nt_xent = NtXent::new(0.2).unwrap().evaluate(&forth).unwrap();
    for loss in
        [&SupervisedContrastive::new(0.2).unwrap() as &dyn Loss, &SupervisedInfoNce::all_positives(0.2).unwrap()]
    {
        let found = loss.evaluate(&labelled).unwrap();
        close(found.mean(), nt_xent.mean());
        assert_eq!((found.rows, &found.first, &found.second), (14, &nt_xent.first, &nt_xent.second));
    }
    // The order of views and of rows does not matter to symmetric losses.
    close(value(&NtXent::new(0.2).unwrap(), &forth), value(&NtXent::new(0.2).unwrap(), &back));
    // One class alone: L_in is zero, L_out is the spread, at least log(n − 1).
    let one_class = Batch::one_view(&x).unwrap().with_labels(&[3; 7]).unwrap();
    close(value(&SupervisedInfoNce::all_positives(0.2).unwrap(), &one_class), 0.0);
    assert!(value(&SupervisedContrastive::new(0.2).unwrap(), &one_class) > libm::log(6.0));
}

#[test]
fn batches_that_lack_something_are_refused_by_name() {
    let x = normalize(array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]].view()).unwrap();
    let single = normalize(array![[1.0, 0.0]].view()).unwrap();
    let (one, two) = (Batch::one_view(&x).unwrap(), Batch::two_views(&x, &x).unwrap());
    let message = |name: &str, batch: &Batch<'_>| {
        by_name(name, &Parameters::default()).unwrap().evaluate(batch).unwrap_err().to_string()
    };
    for name in ["cosine", "simsiam", "info-nce", "clip", "nt-xent", "dcl", "siglip", "triplet", "align-uniform"] {
        assert!(message(name, &one).starts_with(&format!("{name} compares two views")), "{name}");
    }
    for name in ["info-nce", "clip", "nt-xent", "dcl", "triplet", "align-uniform"] {
        let batch = Batch::two_views(&single, &single).unwrap();
        assert!(message(name, &batch).contains("the batch has one row"), "{name}");
    }
    for name in ["sup-con", "infonce-all-positives"] {
        assert!(message(name, &one).contains("needs a class per row"));
        let batch = one.with_labels(&[4, 4, 7]).unwrap();
        assert_eq!(
            message(name, &batch),
            format!("{name} needs a second row of class 7, and row 2 is the only one; leave it out of the batch")
        );
    }
    assert!(message("infonce-one-positive", &one).contains("needs a drawn positive per row"));
    assert!(message("infonce-one-positive", &two).contains("one view"));
    let own = one.with_positives(&[1, 1, 0]).unwrap();
    assert_eq!(
        message("infonce-one-positive", &own),
        "row 1 is drawn as its own positive; draw another row of its class"
    );
    assert_eq!(one.with_positives(&[1, 3, 0]).unwrap_err(), LossError::NoSuchPositive { row: 1, positive: 3, rows: 3 });
}

#[test]
fn parameters_outside_their_domain_are_refused_by_name() {
    let wrong = |name: &str, parameter: &str, value: f64| {
        by_name(name, &Parameters::default().with(parameter, value)).err().unwrap().to_string()
    };
    for entry in catalogue() {
        assert_eq!(entry.build(&Parameters::default()).unwrap().name(), entry.name);
        assert!(!entry.formula.contains('\n') && entry.formula.starts_with('L'));
        assert!(!entry.source.is_empty());
        for parameter in entry.parameters.iter().map(|taken| taken.name) {
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert!(wrong(entry.name, parameter, value).contains(parameter), "{}", entry.name);
            }
            let positive = matches!(parameter, "temperature" | "margin" | "sharpness");
            for value in [0.0, -0.5].into_iter().filter(|_| positive) {
                let expected = format!("{}: the {parameter} must be a finite number above 0, not {value}", entry.name);
                assert_eq!(wrong(entry.name, parameter, value), expected);
            }
        }
    }
    assert_eq!(wrong("cosine", "bias", 1.0), "cosine takes no bias; it takes no parameters");
    let unknown = by_name("vicreg", &Parameters::default()).err().unwrap().to_string();
    assert!(unknown.starts_with("there is no loss called \"vicreg\"; there are cosine, simsiam, info-nce"));
}

/// Symbols stand in the formulas of the losses that take them, and defaults are the published ones.
#[test]
fn parameters_have_their_letters_and_their_published_defaults() {
    // CLIP's formula is written in terms of InfoNCE's.
    for entry in catalogue().iter().filter(|entry| entry.name != "clip") {
        for taken in entry.parameters {
            let (parameter, symbol) = (taken.name, taken.symbol);
            let stands_alone = |(at, _): (usize, &str)| {
                let around = [entry.formula[..at].chars().last(), entry.formula[at + symbol.len()..].chars().next()];
                around.iter().flatten().all(|letter| !letter.is_alphabetic())
            };
            assert!(entry.formula.match_indices(symbol).any(stands_alone), "{}: {parameter}", entry.name);
        }
    }
    let defaults: Vec<(&str, Vec<f64>)> = catalogue()
        .iter()
        .filter(|entry| !entry.parameters.is_empty())
        .map(|entry| (entry.name, entry.parameters.iter().map(|taken| taken.default).collect()))
        .collect();
    let published = [
        ("info-nce", vec![0.1]),
        ("clip", vec![0.07]),
        ("nt-xent", vec![0.5]),
        ("dcl", vec![0.1]),
        ("sup-con", vec![0.1]),
        ("infonce-all-positives", vec![1.0]),
        ("infonce-one-positive", vec![1.0]),
        ("siglip", vec![0.1, -10.0]),
        ("triplet", vec![0.1]),
        ("align-uniform", vec![1.0, 1.0, 2.0]),
    ];
    assert_eq!(defaults, published);
    // What is built without a choice has them.
    let start = start_for("siglip", 4, 3, 1);
    let value = |parameters: &Parameters| through_pullback(&*by_name("siglip", parameters).unwrap(), &start).unwrap();
    let chosen = Parameters::default().with("temperature", 0.1).with("bias", -10.0);
    assert_eq!(value(&Parameters::default()).total, value(&chosen).total);
    assert_ne!(value(&Parameters::default()).total, value(&chosen.with("bias", 10.0)).total);
}

/// Every loss is evaluated on what it says it needs, and refuses each batch that lacks a part of it with that part's name.
#[test]
fn what_a_loss_says_it_needs_is_what_it_asks_for() {
    let mut random = generator(7, b"tests/losses/needs", 0);
    let mut view = |rows: usize| normalize(uniform(rows, 3, &mut random).unwrap().view()).unwrap();
    let (several, other) = (view(4), view(4));
    let (one, partner) = (view(1), view(1));
    let labels = [0, 0, 1, 1];
    let positives = [1, 0, 3, 2];
    for entry in catalogue() {
        let loss = entry.with_defaults();
        let needs = loss.needs();
        let evaluate = |batch: Batch<'_>| {
            let found = loss.evaluate(&batch).map(drop);
            assert_eq!(found, needs.check(entry.name, &batch), "{}: {needs}", entry.name);
            found
        };
        let with_lists = |batch: Batch<'_>, lists: [bool; 2]| {
            let batch = if lists[0] { batch.with_labels(&labels).unwrap() } else { batch };
            if lists[1] { evaluate(batch.with_positives(&positives).unwrap()) } else { evaluate(batch) }
        };
        let mut accepted = 0;
        for lists in [[false, false], [true, false], [false, true], [true, true]] {
            accepted += usize::from(with_lists(Batch::one_view(&several).unwrap(), lists).is_ok());
            let two = Batch::two_views(&several, &other).unwrap();
            accepted += usize::from(with_lists(two, lists).is_ok());
        }
        // One row of two views has no other to be compared with.
        accepted += usize::from(evaluate(Batch::two_views(&one, &partner).unwrap()).is_ok());
        assert!((1..9).contains(&accepted), "{}: {accepted} of 9 batches accepted", entry.name);
    }
}
