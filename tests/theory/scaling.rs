//! Chapter 4: the scaling symmetry (statement L6), for gradient descent under GradScale and with weight decay.

use crate::support;

use embedding_norms::loss::{Loss, NegativeCosine};
use embedding_norms::normalization::{GradScale, pullback};
use embedding_norms::optimizer::{GradientDescent, Optimizer, WeightDecay, catalogue, entry};
use embedding_norms::rules;
use embedding_norms::simulation::{Cadence, Descent, Start, Stop, StopRules};
use embedding_norms::sphere::normalize;
use embedding_norms::theory::scaling::{degree, epsilon_exponent, norm_exponent};
use ndarray::Array2;
use proptest::prelude::*;
use support::embeddings::*;
use support::losses::SquaredCosines;
use support::seeds::seeded;

/// A run of 40 steps: start, learning rate, power of GradScale, decay and whether that is coupled.
#[derive(Clone, Debug)]
struct Run {
    first: Array2<f64>,
    second: Option<Array2<f64>>,
    rate: f64,
    power: f64,
    decay: f64,
    coupled: bool,
    stop_gradient: bool,
}

/// The embeddings of all records, view by view.
type Path = Vec<Array2<f64>>;

impl Run {
    /// The same run with embeddings times c, the learning rate times c^h and λ times c^l.
    fn scaled(&self, c: f64, h: f64, l: f64) -> Self {
        Self {
            first: &self.first * c,
            second: self.second.as_ref().map(|second| second * c),
            rate: self.rate * c.powf(h),
            decay: self.decay * c.powf(l),
            ..self.clone()
        }
    }

    fn path(&self) -> Path {
        let pairs = if self.stop_gradient { NegativeCosine::with_stop_gradient() } else { NegativeCosine::symmetric() };
        let loss: &dyn Loss = if self.second.is_some() { &pairs } else { &SquaredCosines };
        let decay = if self.coupled { WeightDecay::coupled(self.decay) } else { WeightDecay::decoupled(self.decay) };
        let descent = Descent::new(loss, &GradientDescent, self.rate)
            .unwrap()
            .grad_scale(GradScale::new(self.power).unwrap())
            .decay(decay.unwrap())
            .records(Cadence::every(1).unwrap())
            .record_positions();
        let start = match &self.second {
            Some(second) => Start::pairs(self.first.clone(), second.clone()),
            None => Start::one_view(self.first.clone()),
        };
        // Scaled wrongly, a run may leave the finite numbers before its 40 steps are over.
        let outcome = descent.run(start, &StopRules::budget(40).never_stationary()).unwrap();
        assert!(matches!(outcome.stop, Stop::Budget | Stop::NotFinite));
        let positions = outcome.records.into_iter().map(|record| record.positions.unwrap());
        positions.flat_map(|(first, second)| std::iter::once(first).chain(second)).collect()
    }

    /// The degree of λ: −h if decoupled, p − 2 if coupled (statement L6).
    fn decay_degree(&self) -> f64 {
        if self.coupled { self.power - 2.0 } else { -self.degree() }
    }

    fn degree(&self) -> f64 {
        let degrees = GradientDescent.degrees();
        degree(degrees.parameters, degrees.gradients, self.power)
    }
}

/// Whether one path is c times the other, bit for bit: a power of two moves no digit of any coordinate.
fn same_bits(path: &Path, scaled: &Path, c: f64) -> bool {
    let bits = |path: &Path, c: f64| -> Vec<u64> { path.iter().flatten().map(|x| (x * c).to_bits()).collect() };
    path.iter().flatten().all(|x| x.is_finite()) && bits(path, c) == bits(scaled, 1.0)
}

/// The largest difference of the paths over the largest coordinate of each state.
fn difference(path: &Path, scaled: &Path, c: f64) -> f64 {
    let largest = |state: &Array2<f64>| state.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    path.iter()
        .zip(scaled)
        .map(|(state, other)| largest(&(&(state * c) - other)) / (c * largest(state)))
        .fold(0.0, |worst: f64, next| if next.is_nan() { f64::INFINITY } else { worst.max(next) })
}

/// Pairs or a batch that couples all rows, at norms where 40 steps move well and do not leave the numbers.
fn runs() -> impl Strategy<Value = Run> {
    let shape = (1_usize..8, (1.0..6.0_f64).prop_map(|log| log.exp2() as usize));
    let powers = prop_oneof![Just(0.0), Just(0.5), Just(1.0), Just(2.0)];
    (shape, powers, log_uniform(-3.0, -1.0), log_uniform(-4.0, -1.0), any::<[bool; 3]>(), any::<u64>()).prop_map(
        |((n, d), power, rate, decay, [coupled, stop_gradient, pairs], seed)| {
            let mut numbers = random_numbers("scaling", seed);
            let n = if pairs { n } else { n + 1 };
            let first = embeddings(n, d, (-0.5, 0.5), &mut numbers);
            let second = pairs.then(|| embeddings(n, d, (-0.5, 0.5), &mut numbers));
            Run { first, second, rate, power, decay, coupled, stop_gradient }
        },
    )
}

proptest! {
    #![proptest_config(seeded(300))]

    #[test]
    fn l6_scaled_runs_are_the_same_run_bit_for_bit(run in runs(), with_decay: bool, exponent in -10_i32..=10) {
        // h may be 3/2: an even exponent m keeps h·m whole, and all factors powers of two.
        let c = 4.0_f64.powi(exponent);
        let run = if with_decay { run } else { Run { decay: 0.0, ..run } };
        let path = run.path();
        let (h, l) = (run.degree(), run.decay_degree());
        prop_assert_eq!(h, 2.0 - run.power);
        prop_assert!(same_bits(&path, &run.scaled(c, h, l).path(), c));
        if exponent != 0 {
            // Controls: every other degree, and decay that scales otherwise.
            for other in [0.0, 0.5, 1.0, 1.5, 2.0, 3.0] {
                prop_assert_eq!(same_bits(&path, &run.scaled(c, other, l).path(), c), other == h, "h = {}", other);
            }
            for wrong in [-1.0, 1.0] {
                let same = same_bits(&path, &run.scaled(c, h, l + wrong).path(), c);
                prop_assert_eq!(same, !with_decay);
            }
        }
    }

    #[test]
    fn l6_any_factor_scales_to_rounding(run in runs(), log_factor in -2.0..2.0_f64) {
        let c = 10.0_f64.powf(log_factor);
        let path = run.path();
        let (h, l) = (run.degree(), run.decay_degree());
        // 40 steps of a few EPS each. A difference of angles grows at most as sin φ does on the way from near the antipode,
        // which in these draws is a factor of hundreds: 40 · 4 EPS · 100.
        prop_assert!(difference(&path, &run.scaled(c, h, l).path(), c) < 2e-12);
        prop_assert!(log_factor.abs() < 0.01 || difference(&path, &run.scaled(c, h + 0.5, l).path(), c) > 1e-9);
    }
}

#[test]
fn l6_an_odd_power_of_two_is_not_exact_at_half_powers() {
    // c = 2 with h = 3/2 takes γ·2^(3/2), which is no power of two: the bits differ, the run does not.
    let mut numbers = random_numbers("scaling", 1);
    let (first, second) = (embeddings(5, 8, (0.0, 0.0), &mut numbers), embeddings(5, 8, (0.0, 0.0), &mut numbers));
    let run =
        Run { first, second: Some(second), rate: 0.1, power: 0.5, decay: 0.0, coupled: false, stop_gradient: false };
    let (path, scaled) = (run.path(), run.scaled(2.0, 1.5, 0.0).path());
    assert!(!same_bits(&path, &scaled, 2.0) && difference(&path, &scaled, 2.0) < 1e-13);
}

#[test]
fn l6_counts_depend_on_rate_and_norm_through_their_quotient_alone() {
    let mut numbers = random_numbers("scaling", 2);
    let (x, y) = (embeddings(20, 8, (-0.3, 0.3), &mut numbers), embeddings(20, 8, (-0.3, 0.3), &mut numbers));
    let loss = NegativeCosine::symmetric();
    for power in [0.0, 0.5, 1.0, 2.0] {
        let steps = |c: f64, rate: f64| {
            let stops = StopRules::budget(100_000).mean_cosine(1e-3).unwrap();
            let descent = Descent::new(&loss, &GradientDescent, rate).unwrap();
            let start = Start::pairs(&x * c, &y * c);
            descent.grad_scale(GradScale::new(power).unwrap()).run(start, &stops).unwrap().steps
        };
        let h = degree(0.0, 1.0, power);
        let counted = steps(1.0, 0.02);
        for c in [4.0_f64, 0.25, 16.0] {
            assert_eq!(steps(c, 0.02 * c.powf(h)), counted, "p = {power}, c = {c}");
            assert_ne!(steps(c, 0.02 * c.powf(h + 0.5)), counted);
        }
        // At a fixed rate: steps ∝ ρ^h to leading order, and exactly as many where h = 0.
        let exponent = (steps(4.0, 0.02) as f64 / counted as f64).ln() / 4.0_f64.ln();
        assert!((exponent - norm_exponent(h, 1.0)).abs() < 0.02, "p = {power}: {exponent}");
        assert_eq!(steps(4.0, 0.02) == counted, h == 0.0);
    }
}

/// The table of the chapter, with and without GradScale: k = h × time exponent for every rule.
#[test]
fn l6_exponents_of_every_rule_are_degree_times_time_exponent() {
    for (name, without, under_one) in [
        ("gradient-descent", 2.0, 1.0),
        ("heavy-ball", 2.0, 1.0),
        ("nesterov", 2.0, 1.0),
        ("sgdp", 2.0, 1.0),
        ("adam", 1.0, 1.0),
        ("adamw", 1.0, 1.0),
        ("adamp", 1.0, 1.0),
        ("rmsprop", 1.0, 1.0),
        ("adagrad", 2.0, 2.0),
        ("sign-descent", 1.0, 1.0),
        ("lion", 1.0, 1.0),
        ("normalized-gradient", 1.0, 1.0),
        ("lars", 0.0, 0.0),
        ("lamb", 0.0, 0.0),
        ("riemannian", 0.0, -1.0),
    ] {
        let rule = rules::scaling(entry(name).unwrap());
        assert_eq!((rule.norm_exponent(0.0), rule.norm_exponent(1.0)), (without, under_one), "{name}");
    }
    assert_eq!(catalogue().len(), 15);
}

#[test]
fn l6_degrees_follow_the_table() {
    let table =
        [(0.0, 1.0, 0.0, 2.0), (0.0, 1.0, 0.5, 1.5), (0.0, 1.0, 2.0, 0.0), (0.0, 0.0, 1.0, 1.0), (1.0, 0.0, 0.0, 0.0)];
    for (r, q, p, h) in table {
        assert_eq!(degree(r, q, p), h);
    }
    // AdaGrad: h = 1 with steps that fall as 1/√t.
    assert_eq!((norm_exponent(1.0, 2.0), norm_exponent(2.0, 1.0)), (2.0, 2.0));
    let degrees = GradientDescent.degrees();
    assert_eq!((degrees.parameters, degrees.gradients), (0.0, 1.0));
}

#[test]
fn l6_an_epsilon_scales_as_the_gradients_beside_it() {
    let z = Array2::from_shape_vec((1, 3), vec![1.0, -2.0, 0.5]).unwrap();
    let euclidean = Array2::from_shape_vec((1, 3), vec![0.7, 0.1, -1.3]).unwrap();
    for p in [0.0, 0.5, 1.0, 2.0] {
        let length = |c: f64| {
            let directions = normalize((&z * c).view()).unwrap();
            let mut gradient = pullback(&directions, euclidean.view());
            GradScale::new(p).unwrap().apply(&directions, &mut gradient);
            gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
        };
        let measured = (length(4.0) / length(1.0)).log(4.0);
        assert!((measured - epsilon_exponent(p)).abs() < 1e-14, "p = {p}: {measured}");
        assert!((measured - epsilon_exponent(p + 1.0)).abs() > 0.5, "control");
    }
}
