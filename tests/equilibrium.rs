//! S3: where norms settle under weight decay and a fresh random target at every step, and how fast.

use embedding_norms::optimizer::{
    AdamW, GradientDescent, HeavyBall, NormalizedGradient, Optimizer, SignDescent, WeightDecay,
};
use embedding_norms::random::generator;
use embedding_norms::simulation::{Averages, PersistentDescent, PersistentRun};
use embedding_norms::sphere::uniform;
use embedding_norms::theory::equilibrium::{Equilibrium, Persistent, fresh_targets};

const DECAY: f64 = 0.01;
const DIMENSION: usize = 32;
const EMBEDDINGS: usize = 32;

/// A rule with its decay, the degree h, and what theory says of it.
struct Case {
    name: &'static str,
    rule: Box<dyn Optimizer>,
    decay: Option<WeightDecay>,
    learning_rate: f64,
    frequency: f64,
    degree: i32,
    expected: Equilibrium,
    /// Of norm and angle, relative.
    tolerance: f64,
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
        let descent = PersistentDescent::new(&*self.rule, self.learning_rate).unwrap();
        let descent = descent.frequency(self.frequency).unwrap();
        self.decay.map_or(descent, |decay| descent.decay(decay)).start(points).unwrap()
    }

    /// Norm and angle, relative to theory.
    fn deviations(&self, averages: Averages) -> [f64; 2] {
        let norm = if self.degree == 2 { averages.fourth.sqrt().sqrt() } else { averages.square.sqrt() };
        [norm / self.expected.norm - 1.0, averages.angle / self.expected.angle - 1.0]
    }
}

fn steps(x: f64) -> u64 {
    x.ceil() as u64
}

/// Every rule of S3 with γλ = `product`, averaged over `spans` relaxations.
///
/// Tolerances: 0.2 % where a step turns less than 0.05, and what the leading order leaves out: γλβ/(4(1 − β)) of the
/// norm for momentum (half as much again for good measure), and for sign descent its 0.2/d of the angle and four standard
/// errors of norms that wander by 0.42/√d and are independent every other relaxation.
fn cases(product: f64, frequency: f64, spans: f64, beta2: f64) -> Vec<Case> {
    let learning_rate = product / DECAY;
    let settings = Persistent::new(learning_rate, DECAY).unwrap().frequency(frequency).unwrap();
    let (d, g2) = (DIMENSION as f64, fresh_targets(DIMENSION as f64).unwrap());
    let decoupled = WeightDecay::decoupled(DECAY).ok();
    let coupled = WeightDecay::coupled(DECAY).ok();
    let beta = 0.8;
    let momentum = 1.5 * product * beta / (4.0 * (1.0 - beta));
    let wandering = 0.2 / d + 4.0 * 0.42 / (d * EMBEDDINGS as f64 * spans / 2.0).sqrt();
    let case = |name, rule, decay, degree, expected, more: f64| Case {
        name,
        rule,
        decay,
        learning_rate,
        frequency,
        degree,
        expected,
        tolerance: 0.002 + more,
    };
    let heavy_ball = || Box::new(HeavyBall::new(beta).unwrap());
    vec![
        case("plain", Box::new(GradientDescent), decoupled, 2, settings.gradient_descent(g2).unwrap(), 0.0),
        case("coupled", Box::new(GradientDescent), coupled, 2, settings.gradient_descent(g2).unwrap(), 0.0),
        case("heavy-ball", heavy_ball(), decoupled, 2, settings.heavy_ball_decoupled(g2, beta).unwrap(), momentum),
        case("heavy-ball coupled", heavy_ball(), coupled, 2, settings.heavy_ball_coupled(g2, beta).unwrap(), momentum),
        case("normalized", Box::new(NormalizedGradient), decoupled, 1, settings.normalized_gradient(), 0.0),
        case("sign", Box::new(SignDescent), decoupled, 1, settings.sign_descent(d).unwrap(), wandering),
        case(
            "adamw",
            Box::new(AdamW::new(beta, beta2, 0.0, DECAY).unwrap()),
            None,
            1,
            settings.adamw(d, beta).unwrap(),
            // Adam's own average of squares takes (3/f − 1)(1 − β2)/2 of ρ*².
            momentum * 2.0 + 0.25 * (1.0 - beta2) * (3.0 / frequency - 1.0),
        ),
    ]
}

fn assert_settled(product: f64, frequency: f64, spans: f64) {
    for case in cases(product, frequency, spans, 0.999) {
        let [norm, angle] = case.deviations(case.settled(spans));
        let name = case.name;
        println!(
            "{name} γλ = {product:e} f = {frequency}: norm {norm:+.1e} angle {angle:+.1e} of {:.1e}",
            case.tolerance
        );
        assert!(norm.abs() < case.tolerance, "{name} f = {frequency}: norm {norm:e} against {:e}", case.tolerance);
        assert!(angle.abs() < case.tolerance, "{name} f = {frequency}: angle {angle:e} against {:e}", case.tolerance);
    }
}

#[test]
fn norms_and_angles_settle_where_theory_says() {
    assert_settled(5e-4, 1.0, 10.0);
}

#[test]
fn frequent_embeddings_settle_at_larger_norms_and_turn_as_much() {
    assert_settled(2e-4, 0.5, 5.0);
}

/// Norm and angle came within 0.03 % for gradient descent and the normalized gradient at f = 1, 0.13 % for heavy-ball and
/// 0.23 % for AdamW at γλ = 1e-3, and 0.05 % for all of them at γλ = 1e-4. At f = ¼ AdamW's norm was 0.26 % low, as its
/// average of squares has it, and heavy-ball's under coupled decay 0.08 % high.
#[test]
#[ignore = "takes two minutes"]
fn long_runs_settle_closer() {
    for (product, frequency) in [(1e-3, 1.0), (1e-4, 1.0), (1e-4, 0.25)] {
        assert_settled(product, frequency, 40.0);
    }
}

#[test]
fn coupled_and_decoupled_decay_differ_under_momentum() {
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
fn deviations_die_out_in_the_time_that_theory_says() {
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

#[test]
fn settings_outside_their_domain_are_refused_by_name() {
    let refused = |result: Result<Equilibrium, embedding_norms::setting::SettingError>| result.unwrap_err().to_string();
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
    }
    for bad in [1.0, 0.0, f64::NAN, f64::INFINITY] {
        assert!(refused(settings.adamw(bad, 0.9)).contains("the dimension"));
        assert!(refused(settings.sign_descent(bad)).contains("the dimension"));
        assert!(fresh_targets(bad).is_err());
    }
    assert!(Persistent::new(2.0, 0.5).unwrap_err().to_string().contains("γλ must be below 1"));
    assert!(PersistentDescent::new(&GradientDescent, 0.0).is_err());
    assert!(PersistentDescent::new(&GradientDescent, 0.1).unwrap().frequency(1.5).is_err());
}
