//! S3: where norms settle under weight decay and a fresh random target at every step, and how fast.

use embedding_norms::optimizer::{
    AdamW, GradientDescent, HeavyBall, NormalizedGradient, Optimizer, SignDescent, WeightDecay,
};
use embedding_norms::random::generator;
use embedding_norms::setting::SettingError;
use embedding_norms::simulation::{Averages, PersistentDescent, PersistentRun};
use embedding_norms::sphere::uniform;
use embedding_norms::theory::equilibrium::{Equilibrium, Persistent, Rule, fresh_targets};

const DECAY: f64 = 0.01;
const DIMENSION: usize = 32;
const EMBEDDINGS: usize = 32;

/// A rule with its decay, and what theory says of it.
struct Case {
    name: &'static str,
    optimizer: Box<dyn Optimizer>,
    decay: Option<WeightDecay>,
    learning_rate: f64,
    frequency: f64,
    degree: u32,
    expected: Equilibrium,
    next_order: f64,
    /// What is allowed beyond 0.2 % of norm and angle.
    more: f64,
}

impl Case {
    /// Averages over `spans` relaxations, after three of them.
    fn settled(&self, spans: f64) -> Averages {
        let mut draws = generator(3, b"tests/equilibrium", 0);
        let mut run = self.start(self.expected.norm, EMBEDDINGS);
        run.settle(steps(3.0 * self.expected.relaxation), &mut draws).unwrap();
        run.average(steps(spans * self.expected.relaxation), &mut draws).unwrap()
    }

    fn start(&self, norm: f64, embeddings: usize) -> PersistentRun<'_> {
        let points = uniform(embeddings, DIMENSION, &mut generator(2, b"tests/equilibrium", 0)).unwrap() * norm;
        let descent = PersistentDescent::new(&*self.optimizer, self.learning_rate).unwrap();
        let descent = descent.frequency(self.frequency).unwrap();
        self.decay.map_or(descent, |decay| descent.decay(decay)).start(points).unwrap()
    }

    /// Norm, with its next order, and angle, relative to theory.
    fn deviations(&self, averages: Averages) -> [f64; 2] {
        let norm = if self.degree == 2 { averages.fourth.sqrt().sqrt() } else { averages.square.sqrt() };
        let expected = self.expected.norm * (1.0 + self.next_order);
        [norm / expected - 1.0, averages.angle / self.expected.angle - 1.0]
    }
}

fn steps(x: f64) -> u64 {
    x.ceil() as u64
}

/// Every rule of S3 with γλ = `product`, averaged over `spans` relaxations.
///
/// Sign descent is allowed its 0.2/d of the angle and four standard errors of norms that wander by 0.42/√d and are
/// independent every other relaxation; heavy ball under coupled decay, whose relaxation is short, four of its own, and so
/// the normalized gradient, whose norm is noisy where updates come at random.
fn cases(product: f64, frequency: f64, spans: f64, beta2: f64) -> Vec<Case> {
    let learning_rate = product / DECAY;
    let settings = Persistent::new(learning_rate, DECAY).unwrap().frequency(frequency).unwrap();
    let (d, beta) = (DIMENSION as f64, 0.8);
    let decoupled = WeightDecay::decoupled(DECAY).ok();
    let coupled = WeightDecay::coupled(DECAY).ok();
    let independent = (EMBEDDINGS as f64 * spans / 2.0).sqrt();
    let wandering = 0.2 / d + 4.0 * 0.42 / (d.sqrt() * independent);
    // ν/4 of the variance of ρ⁴: γλ/(f(1 − β)) of it, so half its root for ρ² and a quarter for ρ.
    let restless = 4.0 * 0.5 * (0.5 * product / (frequency * (1.0 - beta))).sqrt() / independent;
    let random = 4.0 * 0.5 * (product * (1.0 / frequency - 1.0)).sqrt() / independent;
    let case = |name, optimizer, decay, rule: Rule, more| Case {
        name,
        optimizer,
        decay,
        learning_rate,
        frequency,
        degree: rule.degree(),
        expected: settings.equilibrium(rule, d).unwrap(),
        next_order: settings.next_order(rule, d).unwrap(),
        more,
    };
    let heavy_ball = || Box::new(HeavyBall::new(beta).unwrap());
    let adamw = Box::new(AdamW::new(beta, beta2, 0.0, DECAY).unwrap());
    let momentum = beta;
    vec![
        case("plain", Box::new(GradientDescent), decoupled, Rule::GradientDescent, 0.0),
        case("coupled", Box::new(GradientDescent), coupled, Rule::GradientDescent, 0.0),
        case("heavy-ball", heavy_ball(), decoupled, Rule::HeavyBallDecoupled { momentum }, 0.0),
        case("heavy-ball coupled", heavy_ball(), coupled, Rule::HeavyBallCoupled { momentum }, restless),
        case("normalized", Box::new(NormalizedGradient), decoupled, Rule::NormalizedGradient, random),
        case("sign", Box::new(SignDescent), decoupled, Rule::SignDescent, wandering),
        case("adamw", adamw, None, Rule::AdamW { beta1: beta, beta2 }, 0.0),
    ]
}

fn assert_settled(product: f64, frequency: f64, spans: f64) {
    for case in cases(product, frequency, spans, 0.999) {
        let [norm, angle] = case.deviations(case.settled(spans));
        let (name, tolerance) = (case.name, 0.002 + case.more);
        println!("{name} γλ = {product:e} f = {frequency}: norm {norm:+.1e} angle {angle:+.1e} of {tolerance:.1e}");
        assert!(norm.abs() < tolerance, "{name} f = {frequency}: norm {norm:e} against {tolerance:e}");
        assert!(angle.abs() < tolerance, "{name} f = {frequency}: angle {angle:e} against {tolerance:e}");
    }
}

#[test]
fn s3_norms_and_angles_settle_where_theory_says() {
    assert_settled(5e-4, 1.0, 10.0);
}

#[test]
fn s3_frequent_embeddings_settle_at_larger_norms_and_turn_as_much() {
    assert_settled(2e-4, 0.5, 5.0);
}

/// At γλ = 1e-3 and β = 0.9 the norm of heavy ball is 0.2 % below the leading order: the next order is no decoration.
#[test]
fn s3_the_leading_order_alone_misses_the_norm_under_momentum() {
    let heavy_ball = cases(2e-3, 1.0, 40.0, 0.999).swap_remove(2);
    let [norm, _] = heavy_ball.deviations(heavy_ball.settled(40.0));
    assert!(heavy_ball.next_order < -0.001, "{}", heavy_ball.next_order);
    assert!(norm.abs() < 0.3 * heavy_ball.next_order.abs(), "{norm:e} against {:e}", heavy_ball.next_order);
}

/// The second moments of (z, v) close for a norm that stays: their fixed point by iteration, without any expansion.
#[test]
fn s3_closed_forms_are_the_fixed_points_of_the_second_moments() {
    let (product, beta) = (1e-6, 0.9);
    for coupled in [false, true] {
        let settings = Persistent::new(1.0, product).unwrap();
        let expected = match coupled {
            true => settings.heavy_ball_coupled(1.0, beta).unwrap(),
            false => settings.heavy_ball_decoupled(1.0, beta).unwrap(),
        };
        // ‖z‖², z·v and ‖v‖², with γ = 1, a gradient of length 1/‖z‖ and λ = γλ.
        let (mut a, mut b, mut c) = (expected.norm * expected.norm * 1.3, 0.0, 0.0);
        let (inside, outside) = if coupled { (product, 0.0) } else { (0.0, product) };
        for _ in 0..steps(12.0 * expected.relaxation) {
            // v ← βv + λz + g, then z ← (1 − γλ)z − γv.
            let along = beta * b + inside * a;
            c = beta * beta * c + 2.0 * beta * inside * b + inside * inside * a + 1.0 / a;
            let kept = 1.0 - outside;
            (a, b) = (kept * kept * a - 2.0 * kept * along + c, kept * along - c);
        }
        let ratio = a.sqrt() / expected.norm;
        assert!((ratio - 1.0).abs() < 1e-4, "coupled {coupled}: {ratio}");
    }
}

#[test]
fn s3_coupled_and_decoupled_decay_differ_under_momentum() {
    let settings = Persistent::new(0.05, DECAY).unwrap();
    let [coupled, decoupled] =
        [settings.heavy_ball_coupled(1.0, 0.9).unwrap(), settings.heavy_ball_decoupled(1.0, 0.9).unwrap()];
    assert!((decoupled.norm / coupled.norm - libm::pow(10.0, 0.25)).abs() < 1e-12);
    assert!((coupled.angle / decoupled.angle - 10_f64.sqrt()).abs() < 1e-12);
    assert!((decoupled.relaxation / coupled.relaxation - 10.0).abs() < 1e-12);
    assert_eq!(settings.heavy_ball_coupled(1.0, 0.0), settings.heavy_ball_decoupled(1.0, 0.0));
    assert_eq!(settings.heavy_ball_coupled(1.0, 0.0), settings.gradient_descent(1.0));
}

#[test]
fn s3_deviations_die_out_in_the_time_that_theory_says() {
    // From twice the norm: (ρ/ρ*)^(2h) − 1 falls to 1/e of itself. Adam's memory has to be short against that time: with
    // β2 = 0.999 AdamW has 0.395 left here.
    for case in cases(2e-4, 1.0, 1.0, 0.99) {
        let mut draws = generator(4, b"tests/equilibrium", 0);
        let mut run = case.start(2.0 * case.expected.norm, 128);
        let excess = |norms: ndarray::ArrayView1<'_, f64>| {
            norms.iter().map(|norm| libm::pow(norm / case.expected.norm, f64::from(2 * case.degree)) - 1.0).sum::<f64>()
        };
        let before = excess(run.directions().norms());
        run.settle(steps(case.expected.relaxation), &mut draws).unwrap();
        let left = excess(run.directions().norms()) / before;
        assert!((left * std::f64::consts::E - 1.0).abs() < 0.06, "{}: {left} is left, not 1/e", case.name);
    }
}

/// The table of docs/06-growth.md: what the leading order leaves out, with every term at a size at which it counts.
#[test]
fn s3_next_orders_are_those_of_the_table() {
    let (product, frequency, d, beta, beta2) = (0.003, 0.25, 5.0, 0.6, 0.9);
    let settings = Persistent::new(0.03, 0.1).unwrap().frequency(frequency).unwrap();
    // κ = E[G⁴]/G⁴ of a target uniform on the sphere in R⁵: sin²φ has the mean 4/5 and the mean square 24/35.
    let kappa = (24.0 / 35.0) / (0.8 * 0.8);
    let variance = kappa / frequency - 1.0 + 4.0 * beta * beta / ((1.0 - beta * beta) * (d - 1.0));
    let expected = [
        (Rule::GradientDescent, product * (kappa / frequency - 0.5) / 4.0),
        (
            Rule::HeavyBallCoupled { momentum: beta },
            product * (1.0 / (8.0 * (1.0 + beta)) + variance / (4.0 * (1.0 - beta))),
        ),
        (
            Rule::HeavyBallDecoupled { momentum: beta },
            product * (1.0 / 8.0 - beta / (2.0 * (1.0 - beta * beta)) + variance / 4.0),
        ),
        (
            Rule::AdamW { beta1: beta, beta2 },
            product * (1.0 / 4.0 - beta / (1.0 - beta * beta))
                - (1.0 - beta2) * (3.0 * d / ((d + 2.0) * frequency) - 1.0) / 4.0,
        ),
        (Rule::NormalizedGradient, product / 4.0),
        (Rule::SignDescent, product / 4.0),
    ];
    for (rule, expected) in expected {
        let found = settings.next_order(rule, d).unwrap();
        assert!((found / expected - 1.0).abs() < 1e-13, "{rule:?}: {found} {expected}");
    }
}

#[test]
fn s3_settings_outside_their_domain_are_refused_by_name() {
    let refused = |result: Result<Equilibrium, SettingError>| result.unwrap_err().to_string();
    let settings = Persistent::new(0.1, 0.01).unwrap();
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Persistent::new(bad, 0.01).unwrap_err().to_string().contains("the learning rate γ"));
        assert!(Persistent::new(0.1, bad).unwrap_err().to_string().contains("the weight decay λ"));
        assert!(settings.frequency(bad).unwrap_err().to_string().contains("the frequency of updates f"));
        assert!(refused(settings.gradient_descent(bad)).contains("the mean square"));
    }
    for bad in [-0.1, 1.0, f64::NAN] {
        assert!(refused(settings.heavy_ball_coupled(1.0, bad)).contains("the momentum β"));
        assert!(refused(settings.heavy_ball_decoupled(1.0, bad)).contains("the momentum β"));
        assert!(refused(settings.adamw(8.0, bad)).contains("β1"));
        let order = settings.next_order(Rule::AdamW { beta1: 0.9, beta2: bad }, 8.0);
        assert!(order.unwrap_err().to_string().contains("β2"));
    }
    for bad in [1.0, 0.0, f64::NAN, f64::INFINITY] {
        assert!(refused(settings.adamw(bad, 0.9)).contains("the dimension"));
        assert!(refused(settings.sign_descent(bad)).contains("the dimension"));
        assert!(fresh_targets(bad).is_err());
    }
    assert!(Persistent::new(2.0, 0.5).unwrap_err().to_string().contains("γλ must be below 1"));
    assert!(PersistentDescent::new(&GradientDescent, 0.0).is_err());
    for bad in [1.5, 0.0, -0.5, f64::NAN] {
        assert!(PersistentDescent::new(&GradientDescent, 0.1).unwrap().frequency(bad).is_err(), "{bad}");
    }
}

/// The next orders that docs/06-growth.md gives for heavy ball, in per cent.
#[test]
fn s3_the_next_orders_of_the_chapter() {
    let settings = Persistent::new(0.1, 0.01).unwrap();
    let order = |rule: Rule| settings.next_order(rule, 16.0).unwrap();
    let decoupled = order(Rule::HeavyBallDecoupled { momentum: 0.9 });
    let coupled = order(Rule::HeavyBallCoupled { momentum: 0.9 });
    assert!((decoupled + 0.0020).abs() < 5e-5 && (coupled - 0.0029).abs() < 5e-5, "{decoupled} {coupled}");
}

#[test]
fn s3_a_norm_from_below_settles_as_one_from_above() {
    let settled = Persistent::new(0.1, 0.01).unwrap().equilibrium(Rule::GradientDescent, 32.0).unwrap();
    // Its fourth power approaches that of ρ* as exp(−t/τ): 1 − 1/16 falls to 1 − 0.95⁴, 15 to 1.05⁴ − 1.
    for (start, away, end) in [(0.5, 15.0 / 16.0, 1.0 - 0.95_f64.powi(4)), (2.0, 15.0, 1.05_f64.powi(4) - 1.0)] {
        let steps = settled.steps_to(start * settled.norm, Rule::GradientDescent, 0.05).unwrap();
        let expected = settled.relaxation * (away / end).ln();
        assert!((steps / expected - 1.0).abs() < 1e-12, "{steps} and {expected} from {start} ρ*");
    }
    // The square of a norm under a rule of degree 1: 3 falls to 1.05² − 1.
    let short = settled.steps_to(2.0 * settled.norm, Rule::SignDescent, 0.05).unwrap();
    let expected = settled.relaxation * (3.0_f64 / (1.05 * 1.05 - 1.0)).ln();
    assert!((short / expected - 1.0).abs() < 1e-12, "{short} {expected}");
    for share in [0.0, 1.0, -0.1, f64::NAN] {
        assert!(settled.steps_to(2.0, Rule::GradientDescent, share).is_err(), "{share}");
    }
    for start in [0.96, 1.0, 1.04] {
        assert_eq!(settled.steps_to(start * settled.norm, Rule::GradientDescent, 0.05), Ok(0.0));
    }
}
