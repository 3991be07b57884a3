//! Adam: moving averages of the gradient and of its square, corrected for their start at zero.

use super::arithmetic::{Squares, decay_rate, descend, not_negative, ratio, zeros};
use super::{Degrees, Optimizer, Update, WeightDecay};
use crate::setting::SettingError;

/// The settings of Adam's moving averages, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Averages {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
}

impl Averages {
    pub fn new(beta1: f64, beta2: f64, epsilon: f64) -> Result<Self, SettingError> {
        Ok(Self {
            beta1: decay_rate("β1", beta1)?,
            beta2: decay_rate("β2", beta2)?,
            epsilon: not_negative("ε", epsilon)?,
        })
    }

    pub fn start(self, lengths: &[usize]) -> Moments {
        let group = |&length| Group { moments: vec![[0.0; 2]; length], powers: [1.0; 2] };
        let squares = Squares::new(self.beta2, 1.0 - self.beta2, lengths.len());
        Moments { averages: self, squares, groups: lengths.iter().map(group).collect(), updates: zeros(lengths) }
    }
}

/// m ← β1 m + (1 − β1) g and v ← β2 v + (1 − β2) g², coordinate by coordinate.
pub(super) struct Moments {
    averages: Averages,
    squares: Squares,
    groups: Vec<Group>,
    updates: Vec<Vec<f64>>,
}

struct Group {
    /// m and v of each coordinate.
    moments: Vec<[f64; 2]>,
    /// β1^t and β2^t after t steps.
    powers: [f64; 2],
}

impl Moments {
    /// Takes a gradient in and gives u = m̂/(√v̂ + ε), with m̂ = m/(1 − β1^t) and v̂ = v/(1 − β2^t).
    pub fn update(&mut self, group: usize, gradient: &[f64]) -> &mut [f64] {
        let Averages { beta1, beta2, epsilon } = self.averages;
        let are_plain = self.squares.are_plain(group, gradient);
        let Group { moments, powers } = &mut self.groups[group];
        *powers = [beta1 * powers[0], beta2 * powers[1]].map(unless_lost);
        let [first, second] = [1.0 - powers[0], (1.0 - powers[1]).sqrt()];
        let (squares, update) = (&self.squares, &mut self.updates[group]);
        let coordinates = update.iter_mut().zip(moments).zip(gradient);
        if are_plain {
            for ((u, [m, v]), g) in coordinates {
                *m = beta1 * *m + (1.0 - beta1) * g;
                *u = ratio(*m / first, squares.add(v, *g) / second + epsilon);
            }
        } else {
            for ((u, [m, v]), g) in coordinates {
                *m = beta1 * *m + (1.0 - beta1) * g;
                *u = ratio(*m / first, squares.add_any(v, *g) / second + epsilon);
            }
        }
        update
    }
}

/// β^t, or 0 where 1 − β^t is 1 already: processors are slow with the subnormal numbers that it comes to.
fn unless_lost(power: f64) -> f64 {
    if 1.0 - power == 1.0 { 0.0 } else { power }
}

/// Adam: m ← β1 m + (1 − β1) g, v ← β2 v + (1 − β2) g², z ← z − γ m̂/(√v̂ + ε) with m̂ = m/(1 − β1^t) and
/// v̂ = v/(1 − β2^t). Degrees r = 0 and q = 0 (ε = 0), hence h = 1.
///
/// PyTorch's `Adam`; its `weight_decay` is [`WeightDecay::coupled`]. Source: Kingma and Ba, *Adam: a method for
/// stochastic optimization*, ICLR 2015, arXiv 1412.6980.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    averages: Averages,
}

impl Adam {
    /// With decay rates β1 and β2 of the averages, and ε beside the root. PyTorch's defaults are 0.9, 0.999 and 1e-8.
    ///
    /// # Errors
    /// β1 or β2 outside [0, 1); an ε that is negative or not finite.
    pub fn new(beta1: f64, beta2: f64, epsilon: f64) -> Result<Self, SettingError> {
        Ok(Self { averages: Averages::new(beta1, beta2, epsilon)? })
    }
}

impl Optimizer for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 0.0 }
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(AdamUpdate { moments: self.averages.start(lengths), decay: None })
    }
}

/// AdamW: z ← (1 − γλ) z, then as [`Adam`]. Degrees r = 0 and q = 0 (ε = λ = 0), hence h = 1; λ scales as c⁻¹.
///
/// PyTorch's `AdamW`: [`Adam`] with [`WeightDecay::decoupled`] under one name. Source: Loshchilov and Hutter,
/// *Decoupled weight decay regularization*, ICLR 2019, arXiv 1711.05101.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    averages: Averages,
    decay: WeightDecay,
}

impl AdamW {
    /// With decay rates β1 and β2, ε, and the weight decay λ. PyTorch's defaults are 0.9, 0.999, 1e-8 and 0.01.
    ///
    /// # Errors
    /// β1 or β2 outside [0, 1); an ε or a λ that is negative or not finite.
    pub fn new(beta1: f64, beta2: f64, epsilon: f64, decay: f64) -> Result<Self, SettingError> {
        let strength = not_negative("the weight decay λ", decay)?;
        let decay = WeightDecay::decoupled(strength).expect("a strength that has just been checked");
        Ok(Self { averages: Averages::new(beta1, beta2, epsilon)?, decay })
    }
}

impl Optimizer for AdamW {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 0.0 }
    }

    fn inner_decay(&self) -> f64 {
        self.decay.strength()
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(AdamUpdate { moments: self.averages.start(lengths), decay: Some(self.decay) })
    }
}

struct AdamUpdate {
    moments: Moments,
    decay: Option<WeightDecay>,
}

impl Update for AdamUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        if let Some(decay) = self.decay {
            decay.shrink(learning_rate, parameters);
        }
        descend(parameters, learning_rate, self.moments.update(group, gradient).iter().copied());
    }
}
