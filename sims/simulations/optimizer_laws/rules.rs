//! Where the asymptotic window of each rule begins.
//!
//! Steps depend on (γ, ρ) only through γ/ρ^h, so a learning rate can be chosen for each rule such that its window begins
//! at the norm 1: all rules share the norms. `docs/04-scaling.md` says where the windows come from.

use super::run::Run;

/// A rule with the learning rate that puts the beginning of its window at norm 1.
pub struct Placed {
    /// The name in the catalogue.
    pub optimizer: &'static str,
    /// The learning rate γ.
    pub learning_rate: f64,
    /// The settings that differ from the catalogue. Every ε is 0, as a fixed one breaks the symmetry.
    pub parameters: &'static [(&'static str, f64)],
    /// The window in words.
    pub window: &'static str,
    /// About how many steps are taken from norm 1, to foresee the cost.
    pub steps: f64,
}

/// Moving averages that forget within 20 steps, as is usual for language models: 0.999 needs runs 50 times as long.
const ADAM: &[(&str, f64)] = &[("beta2", 0.95), ("epsilon", 0.0)];
const ADAMW: &[(&str, f64)] = &[("beta2", 0.95), ("epsilon", 0.0), ("weight-decay", 0.0)];
const ADAM_WINDOW: &str = "at least 90/(1 − β2) steps";
const NO_EPSILON: &[(&str, f64)] = &[("epsilon", 0.0)];
const HEAVY: &str = "at least 30/(1 − β) steps";
const ALL: &str = "all norms: the count does not depend on them";

const fn placed(
    optimizer: &'static str,
    learning_rate: f64,
    parameters: &'static [(&'static str, f64)],
    window: &'static str,
    steps: f64,
) -> Placed {
    Placed { optimizer, learning_rate, parameters, window, steps }
}

/// Every rule of the catalogue.
pub const PLACED: [Placed; 15] = [
    placed("gradient-descent", 0.02, &[], "γ/ρ² ≤ 0.02", 97.0),
    placed("heavy-ball", 6.25e-4, &[], HEAVY, 310.0),
    placed("nesterov", 6.25e-4, &[], HEAVY, 310.0),
    placed("sgdp", 3.125e-4, &[], "at least 60/(1 − β) steps", 605.0),
    placed("adam", 3e-4, ADAM, ADAM_WINDOW, 1800.0),
    placed("adamw", 3e-4, ADAMW, ADAM_WINDOW, 1800.0),
    placed("adamp", 3e-4, ADAM, "at least 80/(1 − β2) steps", 1600.0),
    placed("rmsprop", 2.5e-4, NO_EPSILON, "at least 20/(1 − α) steps", 2200.0),
    placed("adagrad", 0.01, NO_EPSILON, "ρ/γ ≥ 100: √T ≥ 35", 1400.0),
    placed("sign-descent", 1e-3, &[], "ρ/γ ≥ 1000", 540.0),
    placed("lion", 2.5e-4, &[], "at least 20/(1 − β2) steps", 2200.0),
    placed("normalized-gradient", 1e-3, &[], "ρ/γ ≥ 1000", 1040.0),
    placed("lars", 1e-3, &[("trust", 1.0), ("weight-decay", 0.0)], ALL, 116.0),
    placed("lamb", 1e-3, &[("epsilon", 0.0), ("weight-decay", 0.0)], ALL, 1200.0),
    placed("riemannian", 0.02, &[], ALL, 97.0),
];

impl Placed {
    /// The rule at its learning rate.
    pub fn run(&self) -> Run {
        let Self { optimizer, learning_rate, parameters, .. } = *self;
        Run { optimizer, parameters: parameters.to_vec(), learning_rate, power: 0.0 }
    }
}

/// Adam with the defaults of frameworks but for ε = 0: its memory of 1000 steps bends the law at usual norms.
pub fn long_memory() -> Run {
    let parameters = vec![("beta2", 0.999), ("epsilon", 0.0)];
    Run { optimizer: "adam", parameters, learning_rate: 1e-3, power: 0.0 }
}
