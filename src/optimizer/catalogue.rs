//! The rules by their names on the command line, with formulas, sources and settings.

use super::known;
use super::{
    AdaGrad, Adam, AdamP, AdamW, Degrees, GradientDescent, HeavyBall, Lamb, Lars, Lion, Nesterov, NormalizedGradient,
    Optimizer, RiemannianDescent, RmsProp, Sgdp, SignDescent,
};
use crate::catalogue::{self, CatalogueError, Kind, Parameter, Parameters};
use crate::setting::SettingError;

/// A rule in the catalogue.
pub type Entry = catalogue::Entry<dyn Optimizer>;

impl Kind for dyn Optimizer {
    const NAME: &'static str = "optimizer";
}

/// A rule, or the setting that is not valid.
type Built = Result<Box<dyn Optimizer>, SettingError>;

impl Entry {
    /// The degrees (r, q) of the rule (statement L6).
    pub fn degrees(&self) -> Degrees {
        self.with_defaults().degrees()
    }
}

/// Every rule of this crate.
///
/// ```
/// for entry in embedding_norms::optimizer::catalogue() {
///     let degrees = entry.degrees();
///     println!("{}: {} (r = {}, q = {})", entry.name, entry.formula, degrees.parameters, degrees.gradients);
/// }
/// ```
pub fn catalogue() -> &'static [Entry] {
    &CATALOGUE
}

/// The catalogue's entry for a rule, by its name or an alias (see [`crate::catalogue`]).
///
/// # Errors
/// A name that is not in the catalogue.
pub fn entry(name: &str) -> Result<&'static Entry, CatalogueError> {
    catalogue::entry(&CATALOGUE, name)
}

/// A rule by its name on the command line, with these settings.
///
/// ```
/// use embedding_norms::optimizer::{Parameters, by_name};
/// let adam = by_name("adam", &Parameters::defaults().with("epsilon", 0.0))?;
/// assert_eq!(adam.degrees().gradients, 0.0);
/// let refused = by_name("adam", &Parameters::defaults().with("beta1", 1.0)).err().unwrap();
/// assert_eq!(refused.to_string(), "adam: β1 must be 0 or larger and below 1, not 1");
/// # Ok::<(), embedding_norms::optimizer::CatalogueError>(())
/// ```
///
/// # Errors
/// An unknown name, a parameter that the rule does not have, or a value outside its domain.
pub fn by_name(name: &str, parameters: &Parameters) -> Result<Box<dyn Optimizer>, CatalogueError> {
    entry(name)?.build(parameters)
}

const fn rate(name: &'static str, symbol: &'static str, default: f64) -> Parameter {
    Parameter { name, symbol, default, domain: "0 or larger, below 1" }
}

const fn size(name: &'static str, symbol: &'static str, default: f64) -> Parameter {
    Parameter { name, symbol, default, domain: "0 or larger" }
}

const MOMENTUM: Parameter = rate("momentum", "β", 0.9);
const BETA1: Parameter = rate("beta1", "β1", 0.9);
const BETA2: Parameter = rate("beta2", "β2", 0.999);
const EPSILON: Parameter = size("epsilon", "ε", 1e-8);
const THRESHOLD: Parameter = size("threshold", "δ", 0.1);

/// A builder in a box.
fn boxed<O: Optimizer + 'static>(rule: Result<O, SettingError>) -> Built {
    Ok(Box::new(rule?))
}

static CATALOGUE: [Entry; 15] = [
    Entry {
        name: "gradient-descent",
        formula: "z ← z − γ g",
        source: "Cauchy 1847; PyTorch SGD",
        parameters: &[],
        known: known::GRADIENT_DESCENT,
        build: |_| boxed(Ok(GradientDescent)),
    },
    Entry {
        name: "heavy-ball",
        formula: "v ← βv + g, z ← z − γ v",
        source: "Polyak 1964; PyTorch SGD(momentum)",
        parameters: &[MOMENTUM],
        known: known::HEAVY_BALL,
        build: |values| boxed(HeavyBall::new(values[0])),
    },
    Entry {
        name: "nesterov",
        formula: "v ← βv + g, z ← z − γ (g + βv)",
        source: "Nesterov 1983, Sutskever et al. 2013; PyTorch SGD(nesterov)",
        parameters: &[MOMENTUM],
        known: known::NESTEROV,
        build: |values| boxed(Nesterov::new(values[0])),
    },
    Entry {
        name: "sgdp",
        formula: "v ← βv + g, z ← z − γ Πv, Π takes out the part along z",
        source: "Heo et al. 2021, Algorithm 1",
        parameters: &[MOMENTUM, THRESHOLD],
        known: known::SGDP,
        build: |values| boxed(Sgdp::new(values[0], values[1])),
    },
    Entry {
        name: "adam",
        formula: "z ← z − γ m̂/(√v̂ + ε), m and v averages of g and g²",
        source: "Kingma and Ba 2015; PyTorch Adam",
        parameters: &[BETA1, BETA2, EPSILON],
        known: known::ADAM,
        build: |values| boxed(Adam::new(values[0], values[1], values[2])),
    },
    Entry {
        name: "adamw",
        formula: "z ← (1 − γλ) z − γ m̂/(√v̂ + ε), m and v averages of g and g²",
        source: "Loshchilov and Hutter 2019; PyTorch AdamW",
        parameters: &[BETA1, BETA2, EPSILON, size("weight-decay", "λ", 0.01)],
        known: known::ADAMW,
        build: |values| boxed(AdamW::new(values[0], values[1], values[2], values[3])),
    },
    Entry {
        name: "adamp",
        formula: "z ← z − γ Π m̂/(√v̂ + ε), Π takes out the part along z",
        source: "Heo et al. 2021, Algorithm 2",
        parameters: &[BETA1, BETA2, EPSILON, THRESHOLD],
        known: known::ADAMP,
        build: |values| boxed(AdamP::new(values[0], values[1], values[2], values[3])),
    },
    Entry {
        name: "rmsprop",
        formula: "v ← αv + (1 − α) g², z ← z − γ g/(√v + ε)",
        source: "Tieleman and Hinton 2012; PyTorch RMSprop",
        parameters: &[rate("alpha", "α", 0.99), EPSILON],
        known: known::RMSPROP,
        build: |values| boxed(RmsProp::new(values[0], values[1])),
    },
    Entry {
        name: "adagrad",
        formula: "s ← s + g², z ← z − γ g/(√s + ε)",
        source: "Duchi, Hazan and Singer 2011; PyTorch Adagrad",
        parameters: &[size("epsilon", "ε", 1e-10)],
        known: known::ADAGRAD,
        build: |values| boxed(AdaGrad::new(values[0])),
    },
    Entry {
        name: "sign-descent",
        formula: "z ← z − γ sign g",
        source: "Bernstein et al. 2018",
        parameters: &[],
        known: known::SIGN_DESCENT,
        build: |_| boxed(Ok(SignDescent)),
    },
    Entry {
        name: "lion",
        formula: "z ← z − γ sign(β1 m + (1 − β1) g), m ← β2 m + (1 − β2) g",
        source: "Chen et al. 2023",
        parameters: &[BETA1, rate("beta2", "β2", 0.99)],
        known: known::LION,
        build: |values| boxed(Lion::new(values[0], values[1])),
    },
    Entry {
        name: "normalized-gradient",
        formula: "z ← z − γ g/‖g‖",
        source: "Hazan, Levy and Shalev-Shwartz 2015",
        parameters: &[],
        known: known::NORMALIZED_GRADIENT,
        build: |_| boxed(Ok(NormalizedGradient)),
    },
    Entry {
        name: "lars",
        formula: "v ← βv + γκ‖z‖/(‖g‖ + λ‖z‖) (g + λz), z ← z − v",
        source: "You, Gitman and Ginsburg 2017, Algorithm 1",
        parameters: &[
            MOMENTUM,
            Parameter { name: "trust", symbol: "κ", default: 0.001, domain: "above 0" },
            size("weight-decay", "λ", 5e-4),
        ],
        known: known::LARS,
        build: |values| boxed(Lars::new(values[0], values[1], values[2])),
    },
    Entry {
        name: "lamb",
        formula: "u = m̂/(√v̂ + ε) + λz, z ← z − γ ‖z‖ u/‖u‖",
        source: "You et al. 2020, Algorithm 2",
        parameters: &[BETA1, BETA2, size("epsilon", "ε", 1e-6), size("weight-decay", "λ", 0.01)],
        known: known::LAMB,
        build: |values| boxed(Lamb::new(values[0], values[1], values[2], values[3])),
    },
    Entry {
        name: "riemannian",
        formula: "x = z/‖z‖, v ← βv + ‖z‖ P g, x ← exp(−γv) at x, ‖z‖ kept, v carried along",
        source: "Bonnabel 2013; Bécigneul and Ganea 2019",
        parameters: &[rate("momentum", "β", 0.0)],
        known: known::RIEMANNIAN,
        build: |values| boxed(RiemannianDescent::new(values[0])),
    },
];
