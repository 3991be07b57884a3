//! S8: what norms of free embeddings encode, frequency and the agreement of positives.

use embedding_norms::loss::{Batch, InfoNce, Loss};
use embedding_norms::normalization::pullback;
use embedding_norms::optimizer::{GradientDescent, HeavyBall, Optimizer, WeightDecay};
use embedding_norms::random::generator;
use embedding_norms::simulation::PersistentDescent;
use embedding_norms::sphere::{Cosine, VonMisesFisher, normalize, uniform};
use embedding_norms::theory::equilibrium::{Persistent, Rule};
use embedding_norms::theory::specificity::{Growth, Positives, Settled, mean_square_of};
use embedding_norms_lab::table::Table;
use ndarray::Array2;

const DIMENSION: usize = 20;
const EMBEDDINGS: usize = 64;

#[test]
fn s8_mean_squares_have_the_digits_of_multiple_precision() {
    let table = Table::read_csv(include_bytes!("../reference/mean_resultant_length.csv").as_slice()).unwrap();
    let column = |name: &str| -> Vec<f64> { table.numbers(name).unwrap().into_iter().map(Option::unwrap).collect() };
    let (dimensions, concentrations, lengths) = (column("dimension"), column("kappa"), column("length"));
    for ((&d, &concentration), &length) in dimensions.iter().zip(&concentrations).zip(&lengths) {
        let exact = (d - 1.0) * length / concentration;
        let off = |d: f64| (Positives::new(d as usize, concentration).unwrap().mean_square() / exact - 1.0).abs();
        assert!(off(d) < 1e-13, "d = {d}, κ = {concentration}: {:e}", off(d));
        // Control: the neighbouring dimension.
        assert!(off(d + 1.0) > 1e-7, "d = {d}, κ = {concentration}");
    }
    for d in [2, 3, 20, 1024] {
        assert_eq!(Positives::new(d, 0.0).unwrap().mean_square(), (d as f64 - 1.0) / d as f64);
        assert!(Positives::new(d, 1e300).unwrap().mean_square() > 0.0);
    }
    assert!(
        Positives::new(1, 1.0).is_err() && Positives::new(3, -1.0).is_err() && Positives::new(3, f64::NAN).is_err()
    );
}

/// A rule with the settings of a run.
struct Case {
    momentum: f64,
    coupled: bool,
    concentration: f64,
    frequency: f64,
}

const GAMMA: f64 = 0.01;
const DECAY: f64 = 0.01;

impl Case {
    fn settled(&self) -> Settled {
        let (momentum, coupled) = (self.momentum, self.coupled);
        let rule = match (momentum > 0.0, coupled) {
            (false, _) => Rule::GradientDescent,
            (true, true) => Rule::HeavyBallCoupled { momentum },
            (true, false) => Rule::HeavyBallDecoupled { momentum },
        };
        let settings = Persistent::new(GAMMA, DECAY).unwrap().frequency(self.frequency).unwrap();
        Positives::new(DIMENSION, self.concentration).unwrap().settled(&settings, rule).unwrap()
    }

    /// The means of ρ⁴ and of sin²θ in a run: settled for three relaxations, averaged over eight.
    fn measured(&self) -> [f64; 2] {
        let expected = self.settled();
        let mut draws = generator(5, b"tests/specificity", (self.concentration + 1000.0 * self.frequency) as u64);
        let means = uniform(EMBEDDINGS, DIMENSION, &mut draws).unwrap();
        let optimizer: Box<dyn Optimizer> = match self.momentum {
            0.0 => Box::new(GradientDescent),
            momentum => Box::new(HeavyBall::new(momentum).unwrap()),
        };
        let decay = if self.coupled { WeightDecay::coupled(DECAY) } else { WeightDecay::decoupled(DECAY) };
        let descent = PersistentDescent::new(&*optimizer, GAMMA).unwrap().decay(decay.unwrap());
        let descent = descent.frequency(self.frequency).unwrap().concentration(self.concentration);
        let mut run = descent.start(&means * expected.equilibrium.norm).unwrap();
        run.settle((3.0 * expected.equilibrium.relaxation) as u64, &mut draws).unwrap();
        let steps = (8.0 * expected.equilibrium.relaxation) as u64;
        let mut sums = [0.0; 2];
        for _ in 0..steps {
            run.step(&mut draws).unwrap();
            let now = run.directions();
            for ((unit, mean), norm) in now.units().rows().into_iter().zip(means.rows()).zip(now.norms()) {
                let sine = Cosine::between(unit, mean).sine();
                sums = [sums[0] + norm.powi(4), sums[1] + sine * sine];
            }
        }
        sums.map(|sum| sum / (steps * EMBEDDINGS as u64) as f64)
    }
}

/// The law with its next order meets the run; without it, with the wrong sign and with twice its size it does not.
#[test]
fn s8_norms_settle_with_frequency_and_agreement() {
    let plain = |concentration, frequency| Case { momentum: 0.0, coupled: false, concentration, frequency };
    let cases = [
        (plain(100.0, 1.0), 0.002),
        (plain(100.0, 0.2), 0.006),
        (plain(5.0, 1.0), 0.002),
        (Case { momentum: 0.5, ..plain(200.0, 1.0) }, 0.002),
        (Case { momentum: 0.5, coupled: true, ..plain(200.0, 1.0) }, 0.003),
    ];
    for (case, tolerance) in cases {
        let expected = case.settled();
        let leading = expected.equilibrium.norm.powi(4);
        let [fourth, sine_square] = case.measured();
        let off = |excess: f64| (fourth / (leading * (1.0 + excess)) - 1.0).abs();
        let name = format!("β = {}, κ = {}, f = {}", case.momentum, case.concentration, case.frequency);
        println!("{name}: measured over leading {:.4}, excess {:.4}", fourth / leading, expected.excess);
        assert!(off(expected.excess) < tolerance, "{name}: {:e}", off(expected.excess));
        if expected.excess > 2.0 * tolerance {
            for wrong in [0.0, -expected.excess, 2.0 * expected.excess] {
                assert!(off(wrong) > tolerance, "{name}: {wrong}");
            }
        }
        let jitter = sine_square / expected.sine_square;
        assert!((jitter - 1.0).abs() < 0.03, "{name}: sin²θ over law {jitter}");
    }
}

#[test]
fn s8_agreement_shortens_and_frequency_lengthens() {
    let norm = |concentration: f64, frequency: f64| {
        let settings = Persistent::new(1e-6, 1e-6).unwrap().frequency(frequency).unwrap();
        let positives = Positives::new(DIMENSION, concentration).unwrap();
        (positives.settled(&settings, Rule::GradientDescent).unwrap().norm(), positives.mean_square())
    };
    let concentrations = [0.0, 0.01, 0.3, 1.0, 10.0, 100.0, 1e4];
    for pair in concentrations.windows(2) {
        let ([shorter, longer], ratio) = ([norm(pair[1], 1.0), norm(pair[0], 1.0)], 4.0);
        assert!(shorter.0 < longer.0, "κ = {}", pair[1]);
        // ρ⁴ ∝ G² and ∝ f as γλ → 0.
        assert!(((shorter.0 / longer.0).powf(ratio) / (shorter.1 / longer.1) - 1.0).abs() < 1e-4);
        assert!(((norm(pair[1], 0.1).0 / shorter.0).powf(ratio) / 0.1 - 1.0).abs() < 1e-4);
    }
    // The next order of plain descent where the direction is sharp: ½ A_{d+2}(κ) γ/ρ*².
    let settled = Case { momentum: 0.0, coupled: false, concentration: 1e5, frequency: 1.0 }.settled();
    let higher = embedding_norms::sphere::mean_resultant_length(DIMENSION + 2, 1e5).unwrap();
    let short = 0.5 * higher * GAMMA / settled.equilibrium.norm.powi(2);
    assert!((settled.excess / short - 1.0).abs() < 1e-3, "{} {short}", settled.excess);
}

#[test]
fn s8_norms_grow_without_decay_by_what_disagrees() {
    let (gamma, visits, concentration) = (0.05, 4000, 100.0);
    let mut draws = generator(6, b"tests/specificity", 0);
    let means = uniform(400, DIMENSION, &mut draws).unwrap();
    let descent = PersistentDescent::new(&GradientDescent, gamma).unwrap().concentration(concentration);
    let mut run = descent.start(means).unwrap();
    run.settle(visits, &mut draws).unwrap();
    let fourth = run.directions().norms().iter().map(|norm| norm.powi(4)).sum::<f64>() / 400.0;
    let positives = Positives::new(DIMENSION, concentration).unwrap();
    let off = |law: f64| (fourth / law - 1.0).abs();
    let growth = Growth { learning_rate: gamma, momentum: 0.0, frequency: 1.0, initial_norm: 1.0 };
    let law = positives.grown(&growth, visits as f64).unwrap();
    println!("{fourth} {law}");
    assert!(off(law) < 0.003, "{:e}", off(law));
    // Controls: without the jitter, and fresh uniform targets.
    assert!(off(1.0 + 2.0 * gamma * gamma * positives.mean_square() * visits as f64) > 0.006);
    assert!(off(Positives::new(DIMENSION, 0.0).unwrap().grown(&growth, visits as f64).unwrap()) > 0.5);
}

#[test]
fn s8_norms_grow_under_momentum_by_what_it_remembers_too() {
    let (gamma, beta, visited, steps, initial) = (0.04, 0.8, 0.8, 1200, 1.3_f64);
    let mut draws = generator(8, b"tests/specificity", 0);
    let points = initial * uniform(600, DIMENSION, &mut draws).unwrap();
    let rule = HeavyBall::new(beta).unwrap();
    let descent = PersistentDescent::new(&rule, gamma).unwrap().concentration(100.0).frequency(visited).unwrap();
    let mut run = descent.start(points).unwrap();
    run.settle(steps, &mut draws).unwrap();
    let fourth = run.directions().norms().iter().map(|norm| norm.powi(4)).sum::<f64>() / 600.0;
    let positives = Positives::new(DIMENSION, 100.0).unwrap();
    let growth = Growth { learning_rate: gamma, momentum: beta, frequency: visited, initial_norm: initial };
    let off = |growth: Growth| (fourth / positives.grown(&growth, steps as f64).unwrap() - 1.0).abs();
    println!("{fourth}, off by {:e}", off(growth));
    assert!(off(growth) < 0.006, "{:e}", off(growth));
    // Controls: a larger rate instead of momentum, that is without what it remembers; every step; another start.
    let alike = Growth { learning_rate: gamma / (1.0 - beta), momentum: 0.0, ..growth };
    for wrong in [alike, Growth { frequency: 1.0, ..growth }, Growth { initial_norm: 1.0, ..growth }] {
        println!("{wrong:?}: off by {:e}", off(wrong));
        assert!(off(wrong) > 0.012);
    }
}

/// Of InfoNCE with many uniform negatives: G²/τ², as what they pull on the average is radial.
#[test]
fn s8_the_mean_square_of_info_nce_is_that_of_a_batch() {
    let (n, d, temperature) = (1500, 12, 1.0);
    let mut draws = generator(7, b"tests/specificity", 0);
    let anchors = normalize(uniform(n, d, &mut draws).unwrap().view()).unwrap();
    for concentration in [3.0, 30.0] {
        let mut positives = Array2::zeros((n, d));
        let distribution = VonMisesFisher::new(d, concentration).unwrap();
        for (mean, row) in anchors.units().rows().into_iter().zip(positives.rows_mut()) {
            distribution.draw(mean, row, &mut draws);
        }
        let keys = normalize(positives.view()).unwrap();
        let batch = Batch::two_views(&anchors, &keys).unwrap();
        let slopes = InfoNce::new(temperature).unwrap().evaluate(&batch).unwrap().first;
        let found = mean_square_of(pullback(&anchors, slopes.view()).view()).unwrap();
        let law = |d| Positives::new(d, concentration).unwrap().mean_square() / (temperature * temperature);
        println!("κ = {concentration}: {found} {}", law(d));
        assert!((found / law(d) - 1.0).abs() < 0.03, "κ = {concentration}: {found} {}", law(d));
        // Controls: the gradient that is not projected, and another agreement.
        assert!((mean_square_of(slopes.view()).unwrap() / law(d) - 1.0).abs() > 0.1);
        assert!((found / Positives::new(d, 2.0 * concentration).unwrap().mean_square() - 1.0).abs() > 0.1);
    }
    assert!(mean_square_of(Array2::zeros((0, 3)).view()).is_err());
}

#[test]
fn s8_rules_of_degree_one_are_refused() {
    let settings = Persistent::new(0.01, 0.01).unwrap();
    let positives = Positives::new(DIMENSION, 10.0).unwrap();
    for rule in [Rule::AdamW { beta1: 0.9, beta2: 0.999 }, Rule::NormalizedGradient, Rule::SignDescent] {
        let refusal = positives.settled(&settings, rule).unwrap_err().to_string();
        assert!(refusal.contains("degree"), "{refusal}");
    }
    assert!(positives.settled(&settings, Rule::HeavyBallCoupled { momentum: 1.0 }).is_err());
    let growth = Growth { learning_rate: 0.1, momentum: 0.5, frequency: 0.5, initial_norm: 1.0 };
    assert!(positives.grown(&growth, 1.0).is_ok() && positives.grown(&growth, -1.0).is_err());
    for wrong in [
        Growth { learning_rate: 0.0, ..growth },
        Growth { momentum: 1.0, ..growth },
        Growth { frequency: 0.0, ..growth },
        Growth { initial_norm: f64::NAN, ..growth },
    ] {
        assert!(positives.grown(&wrong, 1.0).is_err());
    }
}

/// The excess of the chapter in three dimensions, where A₃(κ) = coth κ − 1/κ and A₅(κ) = 1/A₃(κ) − 3/κ.
#[test]
fn s8_the_excess_is_that_of_the_closed_forms_in_three_dimensions() {
    let length = |kappa: f64| 1.0 / kappa.tanh() - 1.0 / kappa;
    let (kappa, gamma, decay, frequency, momentum) = (3.0, 0.02, 0.01, 0.3, 0.7);
    let positives = Positives::new(3, kappa).unwrap();
    assert!((positives.agreement() - length(kappa)).abs() < 1e-14);
    let settings = Persistent::new(gamma, decay).unwrap().frequency(frequency).unwrap();
    let rule = Rule::HeavyBallDecoupled { momentum };
    let settled = positives.settled(&settings, rule).unwrap();
    let (agreement, higher) = (length(kappa), 1.0 / length(kappa) - 3.0 / kappa);
    let square = 2.0 * agreement / kappa;
    let step = gamma / ((1.0 - momentum) * settled.equilibrium.norm.powi(2));
    let own = 2.0 * kappa / step;
    let sine_square = 2.0 * length(own) / own;
    let memory = step * frequency * agreement * length(own) * momentum / (1.0 + momentum);
    let excess = agreement * higher * sine_square / square - memory;
    assert!((settled.excess / excess - 1.0).abs() < 1e-9, "{} {excess}", settled.excess);
    let fourth = settled.equilibrium.norm.powi(4) * (1.0 + settled.excess);
    assert!((settled.norm().powi(4) / fourth - 1.0).abs() < 1e-14);
}
