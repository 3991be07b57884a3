//! The rules by their names on the command line, with formulas, sources and settings.

use std::collections::BTreeMap;

use super::known;
use super::{
    AdaGrad, Adam, AdamP, AdamW, Degrees, GradientDescent, HeavyBall, Lamb, Lars, Lion, Nesterov, NormalizedGradient,
    Optimizer, RiemannianDescent, RmsProp, Sgdp, SignDescent,
};
use crate::catalogue::{self, Alias, Known, Named};
use crate::setting::SettingError;
use crate::theory::equilibrium;
use crate::theory::scaling::{Decay, Rule};

/// A setting of a rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// The name on the command line.
    pub name: &'static str,
    /// The symbol in the rule's formula.
    pub symbol: &'static str,
    /// The value where none is given: PyTorch's default, or the publication's.
    pub default: f64,
    /// The values that it takes, in words.
    pub domain: &'static str,
}

impl Parameter {
    /// The value that is given, or the default.
    fn among(&self, parameters: &Parameters) -> f64 {
        parameters.values.get(self.name).copied().unwrap_or(self.default)
    }
}

/// Values for some of a rule's parameters, by name; those left out have their defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    values: BTreeMap<String, f64>,
}

impl Parameters {
    /// No value: every parameter has its default.
    pub fn defaults() -> Self {
        Self::default()
    }

    /// With this value for the parameter `name`; the last of several counts.
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// The names and values given, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.values.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

/// A rule in the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name on the command line.
    pub name: &'static str,
    /// The rule in one line.
    pub formula: &'static str,
    /// Where the rule was published, and where its conventions are taken from.
    pub source: &'static str,
    /// The settings.
    pub parameters: &'static [Parameter],
    /// Other names, and how well-known implementations differ.
    pub known: Known,
    /// What theory has to know of it (statement L6). The rule itself says its degrees in code; tests hold the two together.
    pub scaling: Rule,
    build: fn(&[f64]) -> Built,
}

/// A rule, or the setting that is in its way.
type Built = Result<Box<dyn Optimizer>, SettingError>;

/// A request that the catalogue cannot meet.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CatalogueError {
    /// There is no rule of this name.
    #[error("there is no optimizer `{name}`; there are {}", names())]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// The rule has no parameter of this name.
    #[error("{optimizer} has no parameter `{parameter}`; it has {}", parameter_names(optimizer))]
    Parameter {
        /// The rule.
        optimizer: &'static str,
        /// The parameter asked for.
        parameter: String,
    },
    /// A value outside its domain.
    #[error("{optimizer}: {error}")]
    Setting {
        /// The rule.
        optimizer: &'static str,
        /// What is wrong.
        error: SettingError,
    },
}

impl Entry {
    /// The rule with these settings.
    ///
    /// # Errors
    /// A parameter that the rule does not have, or a value outside its domain.
    pub fn build(&self, parameters: &Parameters) -> Result<Box<dyn Optimizer>, CatalogueError> {
        if let Some((unknown, _)) = parameters.iter().find(|(name, _)| self.parameters.iter().all(|p| p.name != *name))
        {
            return Err(CatalogueError::Parameter { optimizer: self.name, parameter: unknown.to_owned() });
        }
        let values: Vec<f64> = self.parameters.iter().map(|known| known.among(parameters)).collect();
        (self.build)(&values).map_err(|error| CatalogueError::Setting { optimizer: self.name, error })
    }

    /// The value of a setting among these, its default where none is given; `None` if the rule has no such setting.
    ///
    /// ```
    /// use embedding_norms::optimizer::{Parameters, entry};
    /// let adam = entry("adam")?;
    /// assert_eq!(adam.value("beta1", &Parameters::defaults()), Some(0.9));
    /// assert_eq!(adam.value("momentum", &Parameters::defaults()), None);
    /// # Ok::<(), embedding_norms::optimizer::CatalogueError>(())
    /// ```
    pub fn value(&self, name: &str, parameters: &Parameters) -> Option<f64> {
        self.parameters.iter().find(|known| known.name == name).map(|known| known.among(parameters))
    }

    /// The rule with its default settings.
    pub fn with_defaults(&self) -> Box<dyn Optimizer> {
        self.build(&Parameters::defaults()).expect("every default is in its domain")
    }

    /// The rule of statement S3 that this is with these settings and weight decay beside it, coupled (added to the gradient)
    /// or decoupled; `None` where no equilibrium is known.
    ///
    /// ```
    /// use embedding_norms::optimizer::{Parameters, entry};
    /// use embedding_norms::theory::equilibrium::Rule;
    /// let defaults = Parameters::defaults();
    /// assert_eq!(entry("heavy-ball")?.settling(true, &defaults), Some(Rule::HeavyBallCoupled { momentum: 0.9 }));
    /// assert_eq!(entry("lion")?.settling(false, &defaults), None);
    /// # Ok::<(), embedding_norms::optimizer::CatalogueError>(())
    /// ```
    pub fn settling(&self, coupled: bool, parameters: &Parameters) -> Option<equilibrium::Rule> {
        use equilibrium::Rule;
        let setting = |name: &str| self.value(name, parameters);
        match self.name {
            "gradient-descent" => Some(Rule::GradientDescent),
            "heavy-ball" if coupled => Some(Rule::HeavyBallCoupled { momentum: setting("momentum")? }),
            "heavy-ball" => Some(Rule::HeavyBallDecoupled { momentum: setting("momentum")? }),
            _ if coupled => None,
            "adam" | "adamw" => Some(Rule::AdamW { beta1: setting("beta1")?, beta2: setting("beta2")? }),
            "normalized-gradient" => Some(Rule::NormalizedGradient),
            "sign-descent" => Some(Rule::SignDescent),
            _ => None,
        }
    }

    /// The degrees (r, q) of the rule (statement L6).
    pub fn degrees(&self) -> Degrees {
        self.with_defaults().degrees()
    }
}

impl Named for Entry {
    fn name(&self) -> &'static str {
        self.name
    }

    fn aliases(&self) -> &'static [Alias] {
        self.known.aliases
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
    let found = catalogue::find(&CATALOGUE, name).map(|found| found.entry);
    found.ok_or_else(|| CatalogueError::Unknown { name: name.to_owned() })
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

fn names() -> String {
    CATALOGUE.map(|entry| entry.name).join(", ")
}

fn parameter_names(optimizer: &str) -> String {
    let names: Vec<&str> = entry(optimizer).iter().flat_map(|entry| entry.parameters).map(|p| p.name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
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
        scaling: Rule::LINEAR,
        known: known::GRADIENT_DESCENT,
        build: |_| boxed(Ok(GradientDescent)),
    },
    Entry {
        name: "heavy-ball",
        formula: "v ← βv + g, z ← z − γ v",
        source: "Polyak 1964; PyTorch SGD(momentum)",
        parameters: &[MOMENTUM],
        scaling: Rule::LINEAR,
        known: known::HEAVY_BALL,
        build: |values| boxed(HeavyBall::new(values[0])),
    },
    Entry {
        name: "nesterov",
        formula: "v ← βv + g, z ← z − γ (g + βv)",
        source: "Nesterov 1983, Sutskever et al. 2013; PyTorch SGD(nesterov)",
        parameters: &[MOMENTUM],
        scaling: Rule::LINEAR,
        known: known::NESTEROV,
        build: |values| boxed(Nesterov::new(values[0])),
    },
    Entry {
        name: "sgdp",
        formula: "v ← βv + g, z ← z − γ Πv, Π takes out the part along z",
        source: "Heo et al. 2021, Algorithm 1",
        parameters: &[MOMENTUM, THRESHOLD],
        scaling: Rule::LINEAR,
        known: known::SGDP,
        build: |values| boxed(Sgdp::new(values[0], values[1])),
    },
    Entry {
        name: "adam",
        formula: "z ← z − γ m̂/(√v̂ + ε), m and v averages of g and g²",
        source: "Kingma and Ba 2015; PyTorch Adam",
        parameters: &[BETA1, BETA2, EPSILON],
        scaling: Rule::NORMALIZING,
        known: known::ADAM,
        build: |values| boxed(Adam::new(values[0], values[1], values[2])),
    },
    Entry {
        name: "adamw",
        formula: "z ← (1 − γλ) z − γ m̂/(√v̂ + ε), m and v averages of g and g²",
        source: "Loshchilov and Hutter 2019; PyTorch AdamW",
        parameters: &[BETA1, BETA2, EPSILON, size("weight-decay", "λ", 0.01)],
        scaling: Rule { decay: Some(Decay::Decoupled), ..Rule::NORMALIZING },
        known: known::ADAMW,
        build: |values| boxed(AdamW::new(values[0], values[1], values[2], values[3])),
    },
    Entry {
        name: "adamp",
        formula: "z ← z − γ Π m̂/(√v̂ + ε), Π takes out the part along z",
        source: "Heo et al. 2021, Algorithm 2",
        parameters: &[BETA1, BETA2, EPSILON, THRESHOLD],
        scaling: Rule::NORMALIZING,
        known: known::ADAMP,
        build: |values| boxed(AdamP::new(values[0], values[1], values[2], values[3])),
    },
    Entry {
        name: "rmsprop",
        formula: "v ← αv + (1 − α) g², z ← z − γ g/(√v + ε)",
        source: "Tieleman and Hinton 2012; PyTorch RMSprop",
        parameters: &[rate("alpha", "α", 0.99), EPSILON],
        scaling: Rule::NORMALIZING,
        known: known::RMSPROP,
        build: |values| boxed(RmsProp::new(values[0], values[1])),
    },
    Entry {
        name: "adagrad",
        formula: "s ← s + g², z ← z − γ g/(√s + ε)",
        source: "Duchi, Hazan and Singer 2011; PyTorch Adagrad",
        parameters: &[size("epsilon", "ε", 1e-10)],
        scaling: Rule { time_exponent: 2.0, ..Rule::NORMALIZING },
        known: known::ADAGRAD,
        build: |values| boxed(AdaGrad::new(values[0])),
    },
    Entry {
        name: "sign-descent",
        formula: "z ← z − γ sign g",
        source: "Bernstein et al. 2018",
        parameters: &[],
        scaling: Rule::NORMALIZING,
        known: known::SIGN_DESCENT,
        build: |_| boxed(Ok(SignDescent)),
    },
    Entry {
        name: "lion",
        formula: "z ← z − γ sign(β1 m + (1 − β1) g), m ← β2 m + (1 − β2) g",
        source: "Chen et al. 2023",
        parameters: &[BETA1, rate("beta2", "β2", 0.99)],
        scaling: Rule::NORMALIZING,
        known: known::LION,
        build: |values| boxed(Lion::new(values[0], values[1])),
    },
    Entry {
        name: "normalized-gradient",
        formula: "z ← z − γ g/‖g‖",
        source: "Hazan, Levy and Shalev-Shwartz 2015",
        parameters: &[],
        scaling: Rule::NORMALIZING,
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
        scaling: Rule { decay: Some(Decay::InsideLars), ..Rule::LAYERWISE },
        known: known::LARS,
        build: |values| boxed(Lars::new(values[0], values[1], values[2])),
    },
    Entry {
        name: "lamb",
        formula: "u = m̂/(√v̂ + ε) + λz, z ← z − γ ‖z‖ u/‖u‖",
        source: "You et al. 2020, Algorithm 2",
        parameters: &[BETA1, BETA2, size("epsilon", "ε", 1e-6), size("weight-decay", "λ", 0.01)],
        scaling: Rule { decay: Some(Decay::InsideLamb), ..Rule::LAYERWISE },
        known: known::LAMB,
        build: |values| boxed(Lamb::new(values[0], values[1], values[2], values[3])),
    },
    Entry {
        name: "riemannian",
        formula: "x = z/‖z‖, v ← βv + ‖z‖ P g, x ← exp(−γv) at x, ‖z‖ kept, v carried along",
        source: "Bonnabel 2013; Bécigneul and Ganea 2019",
        parameters: &[rate("momentum", "β", 0.0)],
        scaling: Rule::RIEMANNIAN,
        known: known::RIEMANNIAN,
        build: |values| boxed(RiemannianDescent::new(values[0])),
    },
];
