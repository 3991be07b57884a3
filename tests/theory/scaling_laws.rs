//! L6: embeddings c·z under the learning rate c^h·γ follow the same directions as z under γ, step for step, for every
//! update rule and every loss of directions, with weight decay, GradScale and ε that go along.

use embedding_norms::loss::{self, Loss, NegativeCosine, catalogue};
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::{Entry, Optimizer, Parameters, WeightDecay, by_name, catalogue as rules, entry};
use embedding_norms::random::generator;
use embedding_norms::rules;
use embedding_norms::simulation::{Cadence, Descent, Record, Start, StopRules};
use embedding_norms::sphere::{norm_of, normalize, uniform};
use embedding_norms::theory::scaling::{Decay, decay_exponent, epsilon_exponent, exact_in_binary};
use ndarray::Array2;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};
use rand::Rng;

/// Every loss of the catalogue, with these parameters where it takes them.
fn losses(chosen: &[(&str, f64)]) -> Vec<Box<dyn Loss>> {
    let build = |entry: &loss::Entry| {
        let taken = |(parameter, _): &&(&str, f64)| entry.takes(parameter);
        let parameters = loss::Parameters::default();
        let parameters = chosen.iter().filter(taken).fold(parameters, |all, &(name, value)| all.with(name, value));
        entry.build(&parameters).unwrap()
    };
    catalogue().iter().map(build).collect()
}

/// The losses with gradients of order 1, which do not amplify rounding.
fn gentle_losses() -> Vec<Box<dyn Loss>> {
    losses(&[("temperature", 1.0), ("bias", -1.0), ("sharpness", 0.5)])
}

/// The start with what the loss needs: a class for every pair, or one view with a positive for every row.
fn suited(loss: &dyn Loss, start: &Start) -> Start {
    let rows = start.first.nrows();
    match loss.name() {
        "infonce-one-positive" => {
            let positives = Some((0..rows).map(|row| (row + 1) % rows).collect());
            Start { positives, ..Start::one_view(start.first.clone()) }
        }
        _ => Start { labels: Some((0..rows).collect()), ..start.clone() },
    }
}

/// 2^x, exact where x is whole.
fn power_of_two(x: f64) -> f64 {
    if x.fract() == 0.0 { libm::scalbn(1.0, x as i32) } else { libm::exp2(x) }
}

/// A run, but for the norms.
#[derive(Clone, Debug)]
struct Setting {
    rule: &'static Entry,
    learning_rate: f64,
    /// GradScale's power p.
    power: f64,
    epsilon: f64,
    /// The strength of the decay inside the rule, if it has one.
    inside: f64,
    /// Decay beside the rule.
    beside: Option<(Decay, f64)>,
}

impl Setting {
    fn plain(name: &str, learning_rate: f64) -> Self {
        let rule = entry(name).unwrap();
        Self { rule, learning_rate, power: 0.0, epsilon: 0.0, inside: 0.0, beside: None }
    }

    fn degree(&self) -> f64 {
        rules::scaling(self.rule).degree(self.power)
    }

    fn decayed(&self, (decay, strength): (Decay, f64), m: f64) -> f64 {
        strength * power_of_two(m * decay_exponent(decay, self.degree(), self.power))
    }

    /// The setting for norms 2^m times as large: what L6 says goes along.
    fn scaled(&self, m: f64) -> Self {
        Self {
            learning_rate: self.learning_rate * power_of_two(m * self.degree()),
            epsilon: self.epsilon * power_of_two(m * epsilon_exponent(self.power)),
            inside: rules::scaling(self.rule).decay.map_or(0.0, |decay| self.decayed((decay, self.inside), m)),
            beside: self.beside.map(|(decay, strength)| (decay, self.decayed((decay, strength), m))),
            ..self.clone()
        }
    }

    fn optimizer(&self) -> Box<dyn Optimizer> {
        self.optimizer_with(None)
    }

    /// The rule, with one more parameter.
    fn optimizer_with(&self, more: Option<(&str, f64)>) -> Box<dyn Optimizer> {
        let known = self.rule.parameters;
        // The trust coefficient is a factor on the learning rate; 1 makes one rate suit every rule.
        let values = [("epsilon", self.epsilon), ("weight-decay", self.inside), ("trust", 1.0)];
        let values =
            values.into_iter().chain(more).filter(|(name, _)| known.iter().any(|parameter| parameter.name == *name));
        let parameters = values.fold(Parameters::defaults(), |all, (name, value)| all.with(name, value));
        self.rule.build(&parameters).unwrap()
    }

    /// The directions of all views after every step.
    fn directions(&self, loss: &dyn Loss, start: &Start, m: f64, steps: u64) -> Vec<Views> {
        let (factor, start) = (power_of_two(m), suited(loss, start));
        let second = start.second.as_ref().map(|second| second * factor);
        let start = Start { first: &start.first * factor, second, ..start };
        let optimizer = self.optimizer();
        let mut descent = Descent::new(loss, &*optimizer, self.learning_rate).unwrap();
        if self.power != 0.0 {
            descent = descent.grad_scale(GradScale::new(self.power).unwrap());
        }
        if let Some((decay, strength)) = self.beside {
            let make = if decay == Decay::Coupled { WeightDecay::coupled } else { WeightDecay::decoupled };
            descent = descent.decay(make(strength).unwrap());
        }
        let stops = StopRules::budget(steps).never_stationary();
        let outcome = descent.records(Cadence::every(1).unwrap()).record_positions().run(start, &stops).unwrap();
        outcome.records.iter().map(directions).collect()
    }
}

/// One or two views of directions.
type Views = Vec<Array2<f64>>;

fn directions(record: &Record) -> Views {
    let (first, second) = record.positions.as_ref().unwrap();
    let units = |points: &Array2<f64>| normalize(points.view()).unwrap().units().to_owned();
    std::iter::once(first).chain(second).map(units).collect()
}

/// Pairs of rows with norms between 1/2 and 2, each its own.
fn pairs(n: usize, d: usize, seed: u64) -> Start {
    let mut generator = generator(seed, b"tests/scaling_laws", 0);
    let mut view = || {
        let mut points = uniform(n, d, &mut generator).unwrap();
        points.rows_mut().into_iter().for_each(|mut row| row *= libm::exp2(generator.random_range(-1.0..1.0)));
        points
    };
    Start::pairs(view(), view())
}

/// The largest distance between the directions of two runs, over all their steps.
fn largest_distance(x: &[Views], y: &[Views]) -> f64 {
    assert_eq!(x.len(), y.len());
    let views = |steps: &[Views]| steps.iter().flatten().cloned().collect::<Vec<_>>();
    let (x, y) = (views(x), views(y));
    x.iter().zip(&y).flat_map(|(x, y)| (x - y).rows().into_iter().map(norm_of).collect::<Vec<_>>()).fold(0.0, f64::max)
}

fn bits(steps: &[Views]) -> Vec<u64> {
    steps.iter().flatten().flat_map(|view| view.iter().map(|value| value.to_bits())).collect()
}

fn property(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::with_cases(cases);
    config.failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("regressions")));
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

prop_compose! {
    fn setting()(
        rule in prop::sample::select(rules().iter().collect::<Vec<_>>()),
        log_rate in -3.0..-1.0_f64,
        power in prop::sample::select(vec![-1.0, 0.0, 0.0, 0.5, 1.0, 1.5, 2.0]),
        epsilon in prop::sample::select(vec![0.0, 0.0, 1e-8, 0.1]),
        log_inside in -2.0..0.0_f64,
        beside in prop::sample::select(vec![None, Some(Decay::Decoupled), Some(Decay::Coupled)]),
        log_beside in -2.0..0.0_f64,
    ) -> Setting {
        Setting {
            rule,
            learning_rate: libm::exp10(log_rate),
            power,
            epsilon,
            // In one place at most: two decays are refused.
            inside: if beside.is_some() { 0.0 } else { libm::exp10(log_inside) },
            beside: beside.map(|decay| (decay, libm::exp10(log_beside))),
        }
    }
}

proptest! {
    #![proptest_config(property(2000))]

    #[test]
    fn powers_of_two_change_no_bit_of_any_direction(
        setting in setting(), m in -12_i32..=12, n in 2_usize..6, d in 2_usize..8, seed: u64,
        loss in 0..catalogue().len(),
    ) {
        let m = f64::from(if exact_in_binary(f64::from(m), setting.degree(), setting.power) { m } else { 2 * m });
        prop_assert!(exact_in_binary(m, setting.degree(), setting.power));
        let (start, loss) = (pairs(n, d, seed), &losses(&[])[loss]);
        let plain = setting.directions(&**loss, &start, 0.0, 60);
        let scaled = setting.scaled(m).directions(&**loss, &start, m, 60);
        prop_assert_eq!(bits(&plain), bits(&scaled), "{}", loss.name());
    }

    #[test]
    fn any_other_factor_changes_directions_by_rounding_alone(
        setting in setting(), m in -12.0..12.0_f64, n in 2_usize..6, d in 2_usize..8, seed: u64,
        loss in 0..catalogue().len(),
    ) {
        let setting = Setting { learning_rate: 0.1 * setting.learning_rate, ..setting };
        let (start, loss) = (pairs(n, d, seed), &gentle_losses()[loss]);
        let plain = setting.directions(&**loss, &start, 0.0, 30);
        let scaled = setting.scaled(m).directions(&**loss, &start, m, 30);
        let distance = largest_distance(&plain, &scaled);
        // Rules that divide by gradients amplify the rounding of those that pass 0.
        prop_assert!(distance < 1e-10, "{}: {distance:e}", loss.name());
    }
}

#[test]
fn a_wrong_degree_is_seen_for_every_rule() {
    for rule in rules() {
        for power in [0.0, 1.0, 2.0] {
            let setting = Setting { power, ..Setting::plain(rule.name, 0.01) };
            for (loss, wrong) in losses(&[]).iter().flat_map(|loss| [0.5, -0.5].map(|wrong| (loss, wrong))) {
                let start = pairs(4, 6, 1);
                let plain = setting.directions(&**loss, &start, 0.0, 30);
                let mut scaled = setting.scaled(2.0);
                let right = largest_distance(&plain, &scaled.directions(&**loss, &start, 2.0, 30));
                scaled.learning_rate *= power_of_two(2.0 * wrong);
                let distance = largest_distance(&plain, &scaled.directions(&**loss, &start, 2.0, 30));
                assert!(
                    right == 0.0 && distance > 0.01,
                    "{} p = {power}, {}: {right:e} {distance:e}",
                    rule.name,
                    loss.name()
                );
            }
        }
    }
}

#[test]
fn a_wrong_exponent_of_decay_or_epsilon_is_seen() {
    let cases = [
        (
            "gradient-descent",
            Setting { beside: Some((Decay::Decoupled, 1.0)), ..Setting::plain("gradient-descent", 0.1) },
        ),
        (
            "gradient-descent",
            Setting { beside: Some((Decay::Coupled, 1.0)), ..Setting::plain("gradient-descent", 0.1) },
        ),
        // Coupled decay needs c⁻² although h = 1.
        ("adam", Setting { beside: Some((Decay::Coupled, 1.0)), ..Setting::plain("adam", 0.01) }),
        ("adam", Setting { epsilon: 0.1, ..Setting::plain("adam", 0.01) }),
        ("adamw", Setting { inside: 1.0, ..Setting::plain("adamw", 0.1) }),
        ("lars", Setting { inside: 1.0, ..Setting::plain("lars", 0.01) }),
        ("lamb", Setting { inside: 1.0, ..Setting::plain("lamb", 0.01) }),
    ];
    for (name, setting) in cases {
        let start = pairs(4, 6, 2);
        let loss = NegativeCosine::symmetric();
        let plain = setting.directions(&loss, &start, 0.0, 60);
        let right = setting.scaled(2.0);
        assert_eq!(bits(&plain), bits(&right.directions(&loss, &start, 2.0, 60)), "{name}");
        for wrong in [4.0, 0.25] {
            let scaled = Setting {
                inside: right.inside * wrong,
                epsilon: right.epsilon * wrong,
                beside: right.beside.map(|(decay, strength)| (decay, strength * wrong)),
                ..right.clone()
            };
            let distance = largest_distance(&plain, &scaled.directions(&loss, &start, 2.0, 60));
            assert!(distance > 1e-3, "{name} {setting:?}: {distance:e}");
        }
    }
}

#[test]
fn half_powers_of_grad_scale_need_more_than_a_whole_h_times_m() {
    // Adam's h is 1 under any GradScale, but its gradients scale by 2^(−m/2) under p = ½.
    let setting = Setting { power: 0.5, ..Setting::plain("adam", 0.01) };
    assert_eq!(setting.degree(), 1.0);
    let (start, loss) = (pairs(4, 6, 3), NegativeCosine::symmetric());
    let plain = setting.directions(&loss, &start, 0.0, 30);
    let by = |m: f64| setting.scaled(m).directions(&loss, &start, m, 30);
    assert!(!exact_in_binary(1.0, 1.0, 0.5) && exact_in_binary(2.0, 1.0, 0.5));
    assert_ne!(bits(&plain), bits(&by(1.0)));
    assert!(largest_distance(&plain, &by(1.0)) < 1e-12);
    assert_eq!(bits(&plain), bits(&by(2.0)));
}

#[test]
fn a_larger_rate_and_a_smaller_decay_are_a_change_of_norms() {
    // (γ, λ) → (kγ, λ/k) with norms times k^(1/h): k = 16 is 2^m with m = 4/h.
    let decays = [Decay::Decoupled, Decay::Coupled];
    for (rule, decay) in rules().iter().flat_map(|rule| decays.map(|decay| (rule, decay))) {
        if rules::scaling(rule).degree(0.0) == 0.0 {
            continue;
        }
        let setting = Setting { beside: Some((decay, 0.25)), ..Setting::plain(rule.name, 0.05) };
        let m = 4.0 / setting.degree();
        let needs_square = decay == Decay::Coupled && setting.degree() == 1.0;
        let weaker = if needs_square { 0.25 / 256.0 } else { 0.25 / 16.0 };
        let scaled = Setting { learning_rate: 16.0 * 0.05, beside: Some((decay, weaker)), ..setting.clone() };
        let (start, loss) = (pairs(4, 6, 4), NegativeCosine::symmetric());
        let plain = setting.directions(&loss, &start, 0.0, 60);
        assert_eq!(bits(&plain), bits(&scaled.directions(&loss, &start, m, 60)), "{} {decay:?}", rule.name);
    }
}

/// Steps until four pairs of this norm are aligned.
fn steps_until_aligned(optimizer: &dyn Optimizer, learning_rate: f64, norm: f64) -> f64 {
    let mut generator = generator(5, b"tests/scaling_laws", 0);
    let mut view = || uniform(4, 5, &mut generator).unwrap() * norm;
    let start = Start::pairs(view(), view());
    let stops = StopRules::budget(3_000_000).mean_cosine(1e-2).unwrap();
    let loss = NegativeCosine::symmetric();
    let outcome = Descent::new(&loss, optimizer, learning_rate).unwrap().run(start, &stops).unwrap();
    assert!(outcome.stop.is_goal(), "{} at {norm}: {:?}", optimizer.name(), outcome.stop);
    outcome.steps as f64
}

/// The slope of log steps against log norm between `norm` and `factor` times as much.
fn local_slope(optimizer: &dyn Optimizer, learning_rate: f64, norm: f64, factor: f64) -> f64 {
    let steps = |norm| steps_until_aligned(optimizer, learning_rate, norm);
    libm::log(steps(factor * norm) / steps(norm)) / libm::log(factor)
}

#[test]
fn steps_grow_with_the_norm_as_the_degree_and_the_time_exponent_say() {
    // Learning rate and norm in the asymptotic regime of each rule, and the settings that are not the defaults.
    let settings: [(&str, f64, f64, Option<f64>); 15] = [
        ("gradient-descent", 0.01, 2.0, None),
        ("heavy-ball", 0.01, 8.0, None),
        ("nesterov", 0.01, 8.0, None),
        ("sgdp", 0.01, 12.0, None),
        ("adam", 1e-3, 16.0, Some(0.99)),
        ("adamw", 1e-3, 16.0, Some(0.99)),
        ("adamp", 1e-3, 16.0, Some(0.99)),
        ("rmsprop", 1e-3, 16.0, None),
        ("adagrad", 0.01, 4.0, None),
        ("sign-descent", 1e-3, 1.0, None),
        ("lion", 1e-3, 20.0, None),
        ("normalized-gradient", 1e-3, 1.0, None),
        ("lars", 1e-3, 1.0, None),
        ("lamb", 1e-3, 1.0, None),
        ("riemannian", 1e-2, 1.0, None),
    ];
    for (name, learning_rate, norm, beta2) in settings {
        let setting = Setting::plain(name, learning_rate);
        let optimizer = setting.optimizer_with(beta2.map(|beta2| ("beta2", beta2)));
        let slope = local_slope(&*optimizer, learning_rate, norm, 2.0);
        let expected = rules::scaling(setting.rule).norm_exponent(0.0);
        assert!((slope - expected).abs() < 0.03, "{name}: steps grow with exponent {slope}, not {expected}");
    }
}

#[test]
fn adams_own_epsilon_ends_the_symmetry() {
    let slope = |epsilon_times_norm: f64| {
        let norm = 16.0;
        let adam =
            by_name("adam", &Parameters::defaults().with("beta2", 0.99).with("epsilon", epsilon_times_norm / norm));
        local_slope(&*adam.unwrap(), 1e-3, norm / 1.2, 1.44)
    };
    let slopes = [1e-3, 0.1, 1.0, 10.0].map(slope);
    assert!((slopes[0] - 1.0).abs() < 0.03 && (slopes[3] - 2.0).abs() < 0.05, "{slopes:?}");
    assert!(slopes.is_sorted() && slopes[1] > 1.1 && slopes[2] < 1.9, "{slopes:?}");
}
