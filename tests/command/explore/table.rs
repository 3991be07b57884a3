//! Random settings with what the library makes of them: the table that the page's functions are held against.

use std::f64::consts::PI;

use embedding_norms::diagnosis::{Side, Standing};
use embedding_norms::loss::NegativeCosine;
use embedding_norms::optimizer::WeightDecay;
use embedding_norms::optimizer::{Parameters, entry};
use embedding_norms::random::{Generator, generator};
use embedding_norms::simulation::{Descent, Start, Stop, StopRules};
use embedding_norms::sphere::uniform;
use embedding_norms::theory::convergence::{flow_half_tangent, flow_steps, half_tangent_at, second_order_steps};
use embedding_norms::theory::duality::{best_norm, both_need_a_step, dual, one_step_band};
use embedding_norms::theory::equilibrium::{Persistent, Rule};
use embedding_norms::theory::growth::pair_growth;
use embedding_norms::theory::one_step::{Pair, one_minus_cosine, step_size};
use embedding_norms::theory::pair::{Count, steps_of_pair};
use rand::Rng;
use serde_json::{Value, json};

/// Settings of each kind; 10,000 altogether.
const PAIRS: usize = 5_000;
const DESCENTS: usize = 2_500;
const TRAININGS: usize = 2_500;

/// Steps of a pair, and of vectors, that are counted.
const BUDGET: u64 = 20_000;
const BY_VECTORS: u64 = 2_000;

/// All settings, each with its results.
pub fn table() -> Value {
    let mut random = generator(1, b"tests/command/explore", 0);
    let mut rows = |count: usize, row: fn(&mut Generator) -> Value| -> Vec<Value> {
        (0..count).map(|_| row(&mut random)).collect()
    };
    json!({ "pairs": rows(PAIRS, pair), "descents": rows(DESCENTS, descent), "trainings": rows(TRAININGS, training) })
}

/// A number from one end to the other, even in its logarithm.
fn log_uniform(random: &mut Generator, low: f64, high: f64) -> f64 {
    (low.ln() + random.random::<f64>() * (high / low).ln()).exp()
}

fn pair(random: &mut Generator) -> Value {
    let gamma = log_uniform(random, 1e-4, 10.0);
    let norm = log_uniform(random, 1e-2, 10.0);
    let second = if random.random_bool(0.5) { norm } else { log_uniform(random, 1e-2, 10.0) };
    let held = random.random_bool(0.2);
    let epsilon = log_uniform(random, 1e-6, 0.5);
    // Where the logarithm of L1 is nearly 0 its digits are those of the rounding of tan(φ/2).
    let angle = loop {
        let angle = 0.01 + 3.13 * random.random::<f64>();
        if ((0.5 * angle).tan() / half_tangent_at(epsilon)).ln().abs() > 0.02 {
            break angle;
        }
    };
    let alpha = step_size(gamma, norm).unwrap();
    let beta = if held { 0.0 } else { step_size(gamma, second).unwrap() };
    let k = libm::tan(0.5 * angle);
    let pair = Pair { half_tangent: k, first: alpha, second: beta };
    let flat = |pair: Pair| [pair.half_tangent, pair.first, pair.second];
    let (stop, steps, crossing) = match steps_of_pair(pair, epsilon, BUDGET).unwrap() {
        Count::Reached { steps, crossing } => ("reached", Some(steps), Some(crossing)),
        Count::Stationary => ("stationary", None, None),
        Count::Budget => ("budget", None, None),
    };
    let growth = if held { None } else { pair_growth(gamma, norm, second, angle).ok() };
    json!({
        "gamma": gamma, "norm": norm, "second": second, "held": held, "angle": angle, "epsilon": epsilon, "budget": BUDGET,
        "expected": {
            "stop": stop, "steps": steps, "crossing": crossing,
            "step": flat(pair.step()),
            "oneMinus": one_minus_cosine(k),
            "flow": flow_steps(k, alpha, beta, epsilon).unwrap(),
            "flowing": flow_half_tangent(k, alpha, beta, 1.0),
            "orders": second_order_steps(k, alpha, beta, epsilon).unwrap(),
            "dual": (!held).then(|| flat(dual(pair).unwrap())),
            "bothNeed": both_need_a_step(k, epsilon),
            "best": best_norm(gamma, angle).unwrap(),
            "band": <[f64; 2]>::from(one_step_band(k, epsilon)),
            "growth": growth.map(|growth| [growth.first, growth.second]),
        },
    })
}

/// The five optimizers of the page with settings of each, for a learning rate.
fn optimizer(random: &mut Generator, gamma: f64, held: bool) -> (&'static str, Parameters, Value) {
    let momentum = 0.95 * random.random::<f64>();
    let defaults = Parameters::defaults;
    match random.random_range(0..5) {
        0 => ("gradient-descent", defaults(), json!({})),
        1 => ("heavy-ball", defaults().with("momentum", momentum), json!({ "momentum": momentum })),
        2 => {
            let beta2 = 0.9 + 0.099 * random.random::<f64>();
            let parameters = defaults().with("beta1", momentum).with("beta2", beta2).with("epsilon", 1e-8);
            ("adam", parameters, json!({ "beta1": momentum, "beta2": beta2, "epsilon": 1e-8 }))
        }
        3 => ("sign-descent", defaults(), json!({})),
        _ => {
            let trust = log_uniform(random, 0.005, 0.1) / gamma;
            // A member that is held still has no gradient but this decay, which takes it out of the range of f64.
            let inner = if held || random.random_bool(0.5) { 0.0 } else { log_uniform(random, 1e-4, 1e-1) };
            let parameters = defaults().with("momentum", momentum).with("trust", trust).with("weight-decay", inner);
            ("lars", parameters, json!({ "momentum": momentum, "trust": trust, "innerDecay": inner }))
        }
    }
}

fn descent(random: &mut Generator) -> Value {
    let held = random.random_bool(0.3);
    let gamma = log_uniform(random, 1e-3, 1.0);
    let (name, parameters, settings) = optimizer(random, gamma, held);
    let optimizer = entry(name).unwrap().build(&parameters).unwrap();
    // Where LARS misses, its steps lengthen embeddings by a factor each, soon beyond f64.
    let budget = if name == "lars" { BY_VECTORS / 10 } else { BY_VECTORS };
    let first = uniform(1, 3, random).unwrap() * log_uniform(random, 0.1, 5.0);
    let second = uniform(1, 3, random).unwrap() * log_uniform(random, 0.1, 5.0);
    let coupled = random.random_bool(0.5);
    let decay = if name == "lars" || random.random_bool(0.5) { 0.0 } else { log_uniform(random, 1e-4, 1e-1) };
    let epsilon = log_uniform(random, 1e-5, 0.3);
    let loss = if held { NegativeCosine::with_stop_gradient() } else { NegativeCosine::symmetric() };
    let mut descent = Descent::new(&loss, &*optimizer, gamma).unwrap();
    if decay > 0.0 {
        let kind = if coupled { WeightDecay::coupled } else { WeightDecay::decoupled };
        descent = descent.decay(kind(decay).unwrap());
    }
    let stops = StopRules::budget(budget).every_pair(epsilon).unwrap();
    let (z, w) = (first.row(0).to_vec(), second.row(0).to_vec());
    let outcome = descent.run(Start::pairs(first, second), &stops).unwrap();
    let stop = match outcome.stop {
        Stop::EveryPair => "reached",
        Stop::Stationary => "stationary",
        Stop::Budget => "budget",
        _ => "not-finite",
    };
    json!({
        "optimizer": name, "settings": settings, "gamma": gamma, "first": z, "second": w, "stopGradient": held,
        "decay": decay, "coupled": coupled, "epsilon": epsilon, "budget": budget,
        "expected": {
            "stop": stop, "steps": outcome.steps,
            "first": outcome.first.row(0).to_vec(), "second": outcome.second.unwrap().row(0).to_vec(),
        },
    })
}

fn training(random: &mut Generator) -> Value {
    let (momentum, beta2) = (0.99 * random.random::<f64>(), 0.9 + 0.0999 * random.random::<f64>());
    let (rule, kind) = match random.random_range(0..6) {
        0 => (Rule::GradientDescent, "gradient-descent"),
        1 => (Rule::HeavyBallCoupled { momentum }, "heavy-ball-coupled"),
        2 => (Rule::HeavyBallDecoupled { momentum }, "heavy-ball-decoupled"),
        3 => (Rule::AdamW { beta1: momentum, beta2 }, "adamw"),
        4 => (Rule::NormalizedGradient, "normalized-gradient"),
        _ => (Rule::SignDescent, "sign-descent"),
    };
    let (gamma, decay) = (log_uniform(random, 1e-5, 1.0), log_uniform(random, 1e-6, 0.5));
    let (frequency, dimension) = (log_uniform(random, 1e-2, 1.0), f64::from(random.random_range(2..2000)));
    let persistent = Persistent::new(gamma, decay).unwrap().frequency(frequency).unwrap();
    let settled = persistent.equilibrium(rule, dimension).unwrap();
    let (turn, angle) = (log_uniform(random, 1e-5, PI), 0.01 + 3.13 * random.random::<f64>());
    let (first, second) = (log_uniform(random, 1e-2, 1e2), log_uniform(random, 1e-2, 1e2));
    let leg = libm::tan(f64::min(turn, 1.2));
    let of_turn = Standing::of_leg(angle, (leg, leg));
    let least = log_uniform(random, 0.5, 20.0);
    let aim = (least, if random.random() { least } else { least * log_uniform(random, 1.0, 20.0) });
    // The best norm says the same in other words: x = (best norm)²/(ρ_i ρ_j).
    let best = best_norm(gamma, angle).unwrap();
    let excess = (best / first).ln() + (best / second).ln();
    let told = |standing: Standing| json!({ "excess": standing.excess, "side": side(standing.side()), "advised": standing.advised().map(f64::exp) });
    json!({
        "rule": kind, "gamma": gamma, "decay": decay, "frequency": frequency, "dimension": dimension,
        "momentum": momentum, "beta1": momentum, "beta2": beta2,
        "turn": turn, "angle": angle, "aim": aim, "first": first, "second": second,
        "expected": {
            "settled": [settled.norm, settled.angle, settled.relaxation, persistent.next_order(rule, dimension).unwrap()],
            "network": told(of_turn.aiming_at(aim)), "free": told(of_turn.proved()),
            "computed": told(Standing::of_pairs(angle, (excess, excess)).proved()),
        },
    })
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Short => "short",
        Side::Near => "near",
        Side::Long => "long",
        Side::Unclear => "unclear",
    }
}
