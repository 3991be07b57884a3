//! What a cut of all parameters is for a model (statement S7), and which learning rate one step advises (S9); chapter
//! `docs/07-encoders.md`.
//!
//! A model is said by its pieces. Dividing its parameters by c divides the activations behind each piece by a power of c,
//! if by anything at all; [`Cut::of`] follows these powers and says where they end.

mod rate;

pub use rate::{
    LARGEST_TURN, NoRate, Rotation, SMALLEST_ANGLE, SMALLEST_TURN, cut_for, independent_steps, lasting_steps,
    over_steps, rate_factor,
};

use super::scaling::{Decay, Rule, decay_exponent, degree, epsilon_exponent};

/// A piece of a model, as it scales.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Piece {
    /// W h, or W h + b; a convolution too.
    Linear {
        /// Whether there is a bias b.
        bias: bool,
    },
    /// Batch normalization with gain and offset: what is added to all rows of a feature, it takes out again.
    BatchNorm,
    /// Layer normalization with gain and offset.
    LayerNorm,
    /// max(0, h), or another map that scales with h and has no parameters, as the mean over the places of an image.
    Rectifier,
    /// h + f(h), with f these pieces.
    Residual(Vec<Piece>),
}

/// Why a plain cut is no learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// A bias beside activations that shrink by another power.
    #[error(
        "the bias of linear layer {layer} is divided by c, but what it is added to shrinks as c^{power}; so it stays too \
         large, and outputs turn to one direction"
    )]
    Bias {
        /// The linear layer, counted from 1.
        layer: usize,
        /// The power by which W h shrinks.
        power: u32,
    },
    /// A residual sum of activations that shrink by different powers.
    #[error("a residual sum adds what shrinks as c^{inner} to what shrinks as c^{outer}: normalize inside the block")]
    Residual {
        /// The power of f(h).
        inner: u32,
        /// The power of h.
        outer: u32,
    },
}

/// How a model scales when its parameters are divided by powers of c.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// For each tensor, in order, the power of c that it is divided by in the cut by layer: 1 for weights, gains and
    /// offsets, and for a bias that of what it is added to. Where all are 1 the plain cut is the cut by layer, and exact in
    /// binary arithmetic if c is a power of two; where batch normalization takes a bias out, it is equal to rounding.
    pub powers: Vec<u32>,
    /// For each normalization, in order, the power of c that its ε must be divided by: twice that of its inputs.
    pub epsilons: Vec<u32>,
    /// The power of c that the outputs are divided by.
    pub outputs: u32,
    /// What ends the plain cut first.
    pub plain: Result<(), Broken>,
}

impl Cut {
    /// Of a model with these pieces one after another; behind an encoder those of its predictor, if it has one.
    ///
    /// # Errors
    /// [`Broken::Residual`] where no cut keeps the proportions.
    ///
    /// ```
    /// use embedding_norms::theory::encoders::{Broken, Cut, Piece::*};
    /// let biases = [Linear { bias: true }, Rectifier, Linear { bias: true }];
    /// let cut = Cut::of(&biases)?;
    /// assert_eq!(cut.powers, [1, 1, 1, 2]); // W_1, b_1, W_2, b_2
    /// assert_eq!(cut.plain, Err(Broken::Bias { layer: 2, power: 2 }));
    /// // Batch normalization takes biases out.
    /// let normalized = [Linear { bias: true }, BatchNorm, Rectifier, Linear { bias: true }, BatchNorm];
    /// assert!(Cut::of(&normalized)?.plain.is_ok());
    /// # Ok::<(), Broken>(())
    /// ```
    pub fn of(pieces: &[Piece]) -> Result<Self, Broken> {
        let mut walk = Walk { powers: Vec::new(), epsilons: Vec::new(), layers: 0, plain: Ok(()) };
        let outputs = walk.through(pieces, 0)?;
        Ok(Self { powers: walk.powers, epsilons: walk.epsilons, outputs, plain: walk.plain })
    }

    /// What the plain cut by c is under a rule, with GradScale of power p on the outputs (0: none) and the decay that acts.
    ///
    /// # Errors
    /// Why it is no learning rate.
    pub fn rate(&self, rule: &Rule, p: f64, decay: Option<Decay>) -> Result<Equivalent, Broken> {
        self.plain?;
        Ok(self.equivalent(rule, p, decay))
    }

    /// What the cut by layer is; the rates of its tensors go with [`Equivalent::rate_exponent_of`].
    pub fn equivalent(&self, rule: &Rule, p: f64, decay: Option<Decay>) -> Equivalent {
        // ‖z‖^p goes as the outputs to the power p.
        let p = p * f64::from(self.outputs);
        let h = degree(rule.r, rule.q, p);
        Equivalent {
            rate: h,
            decay: decay.or(rule.decay).map(|decay| decay_exponent(decay, h, p)),
            epsilon: epsilon_exponent(p),
            per_power: degree(rule.r, rule.q, 0.0),
        }
    }
}

/// The exponents of c with which (θ/c, η, λ, ε) follows (θ, c^a η, c^b λ, c^e ε).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalent {
    /// a = h, the degree of the optimizer.
    pub rate: f64,
    /// b, if there is decay: −h decoupled, −2 coupled and inside LARS, −1 inside LAMB (without GradScale).
    pub decay: Option<f64>,
    /// e, of the optimizer's own ε.
    pub epsilon: f64,
    per_power: f64,
}

impl Equivalent {
    /// For the cut by layer, the exponent of c in the factor of the learning rate of a tensor that is divided by c^power:
    /// (1 − r + q)(1 − power), which is h(1 − power) without GradScale.
    ///
    /// A step of θ/c^power must be c^(−power) times that of θ, and its update scales as c^((q − r) power).
    pub fn rate_exponent_of(&self, power: u32) -> f64 {
        self.per_power * (1.0 - f64::from(power))
    }
}

/// On the way through a model.
struct Walk {
    powers: Vec<u32>,
    epsilons: Vec<u32>,
    layers: usize,
    plain: Result<(), Broken>,
}

impl Walk {
    /// The power behind these pieces, of inputs that shrink by the power `inputs`.
    fn through(&mut self, pieces: &[Piece], inputs: u32) -> Result<u32, Broken> {
        let mut power = inputs;
        for (place, piece) in pieces.iter().enumerate() {
            power = match piece {
                Piece::Linear { bias } => {
                    let taken_out = matches!(pieces.get(place + 1), Some(Piece::BatchNorm));
                    self.linear(*bias, power + 1, taken_out)
                }
                Piece::BatchNorm | Piece::LayerNorm => {
                    self.powers.extend([1, 1]);
                    self.epsilons.push(2 * power);
                    1
                }
                Piece::Rectifier => power,
                Piece::Residual(inner) => {
                    let own = self.through(inner, power)?;
                    if own != power {
                        return Err(Broken::Residual { inner: own, outer: power });
                    }
                    power
                }
            };
        }
        Ok(power)
    }

    fn linear(&mut self, bias: bool, power: u32, taken_out: bool) -> u32 {
        self.layers += 1;
        self.powers.push(1);
        if bias {
            self.powers.push(power);
            if power != 1 && !taken_out {
                self.plain = self.plain.and(Err(Broken::Bias { layer: self.layers, power }));
            }
        }
        power
    }
}

/// Kinds of networks by name, as [`network`] takes them.
pub const NETWORKS: [&str; 9] = [
    "no-biases",
    "biases",
    "batch-norm",
    "batch-norm-last-linear",
    "layer-norm",
    "layer-norm-biases",
    "residual-batch-norm",
    "simsiam",
    "simsiam-no-last-bias",
];

/// The pieces of a network of a kind with three linear layers; `None` for a kind that is not in [`NETWORKS`].
///
/// Of `batch-norm` the outputs are normalized too; `simsiam` is that with a predictor of two layers, the last with a bias.
pub fn network(kind: &str) -> Option<Vec<Piece>> {
    let linear = |bias| Piece::Linear { bias };
    let perceptron = |bias: bool, norm: Option<Piece>, outputs: bool| {
        let mut pieces = Vec::new();
        for layer in 0..3 {
            pieces.push(linear(bias));
            pieces.extend(norm.clone().filter(|_| layer < 2 || outputs));
            if layer < 2 {
                pieces.push(Piece::Rectifier);
            }
        }
        pieces
    };
    let throughout = || perceptron(false, Some(Piece::BatchNorm), true);
    let simsiam = |bias| {
        let predictor = [linear(false), Piece::BatchNorm, Piece::Rectifier, linear(bias)];
        throughout().into_iter().chain(predictor).collect()
    };
    Some(match kind {
        "no-biases" => perceptron(false, None, false),
        "biases" => perceptron(true, None, false),
        "batch-norm" => throughout(),
        "batch-norm-last-linear" => perceptron(true, Some(Piece::BatchNorm), false),
        "layer-norm" => perceptron(false, Some(Piece::LayerNorm), true),
        "layer-norm-biases" => perceptron(true, Some(Piece::LayerNorm), true),
        "residual-batch-norm" => {
            let block = vec![linear(false), Piece::BatchNorm, Piece::Rectifier, linear(false), Piece::BatchNorm];
            let mut pieces = vec![linear(false), Piece::BatchNorm, Piece::Rectifier, Piece::Residual(block)];
            pieces.extend([Piece::Rectifier, linear(false), Piece::BatchNorm]);
            pieces
        }
        "simsiam" => simsiam(true),
        "simsiam-no-last-bias" => simsiam(false),
        _ => return None,
    })
}
