//! Every loss by the name it has on the command line.

use std::collections::BTreeMap;
use std::fmt;

use super::known;
use super::{
    AlignUniform, Clip, DecoupledContrastive, InfoNce, Loss, NegativeCosine, NtXent, SigLip, SupervisedContrastive,
    SupervisedInfoNce, Triplet,
};
use crate::catalogue::{self, Alias, Known, Named};
use crate::setting::SettingError;

/// A number that a loss takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameter {
    /// The temperature τ that cosines are divided by; above 0.
    Temperature,
    /// The bias b added to a logit; finite.
    Bias,
    /// The margin m between cosines; above 0.
    Margin,
    /// The weight a of alignment; not negative.
    Alignment,
    /// The weight w of uniformity; not negative.
    Uniformity,
    /// The sharpness t of uniformity's kernel; above 0.
    Sharpness,
}

impl Parameter {
    /// Every parameter that a loss can take.
    pub const ALL: [Self; 6] =
        [Self::Temperature, Self::Bias, Self::Margin, Self::Alignment, Self::Uniformity, Self::Sharpness];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::Bias => "bias",
            Self::Margin => "margin",
            Self::Alignment => "alignment",
            Self::Uniformity => "uniformity",
            Self::Sharpness => "sharpness",
        }
    }

    /// The letter in formulas.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Temperature => "τ",
            Self::Bias => "b",
            Self::Margin => "m",
            Self::Alignment => "a",
            Self::Uniformity => "w",
            Self::Sharpness => "t",
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Chosen values of parameters. A parameter that is not chosen keeps the loss's default.
///
/// Values are checked by the loss that takes them: only it knows their domain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(BTreeMap<Parameter, f64>);

impl Parameters {
    /// The same parameters with one more, or another value of one.
    pub fn with(mut self, parameter: Parameter, value: f64) -> Self {
        self.0.insert(parameter, value);
        self
    }

    /// The chosen value, if there is one.
    pub fn get(&self, parameter: Parameter) -> Option<f64> {
        self.0.get(&parameter).copied()
    }
}

/// Why no loss can be made of a name and parameters.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CatalogueError {
    /// There is no loss of that name.
    #[error("there is no loss called {name:?}; there are {}", names().join(", "))]
    UnknownLoss {
        /// The name asked for.
        name: String,
    },
    /// The loss does not take a parameter that was chosen.
    #[error("{loss} takes no {parameter}; {}", taken(.loss))]
    NotTaken {
        /// The loss.
        loss: &'static str,
        /// The parameter that it does not take.
        parameter: Parameter,
    },
    /// A parameter outside its domain.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

/// A loss made of checked parameters.
type Built = Result<Box<dyn Loss>, SettingError>;

/// A loss as the catalogue lists it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name on the command line.
    pub name: &'static str,
    /// The mean over rows, in one line of plain text.
    pub formula: &'static str,
    /// Where it was published.
    pub source: &'static str,
    /// What the batch must have.
    pub needs: &'static str,
    /// The parameters that it takes, with their defaults.
    pub parameters: &'static [(Parameter, f64)],
    /// Other names, and how well-known implementations differ.
    pub known: Known,
    build: fn(&[f64]) -> Built,
}

impl Entry {
    /// The loss with these parameters, and defaults for the rest.
    ///
    /// # Errors
    /// A parameter that the loss does not take, or a value outside its domain.
    pub fn build(&self, parameters: &Parameters) -> Result<Box<dyn Loss>, CatalogueError> {
        let takes = |parameter| self.parameters.iter().any(|&(taken, _)| taken == parameter);
        if let Some(&parameter) = parameters.0.keys().find(|&&parameter| !takes(parameter)) {
            return Err(CatalogueError::NotTaken { loss: self.name, parameter });
        }
        let value = |&(parameter, default): &(Parameter, f64)| parameters.get(parameter).unwrap_or(default);
        Ok((self.build)(&self.parameters.iter().map(value).collect::<Vec<_>>())?)
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

/// The loss of this name or alias (see [`crate::catalogue`]) with these parameters, and defaults for the rest.
///
/// ```
/// use embedding_norms::loss::{Parameter, Parameters, by_name};
/// let loss = by_name("nt-xent", &Parameters::default().with(Parameter::Temperature, 0.2))?;
/// assert_eq!(loss.name(), "nt-xent");
/// let wrong = by_name("nt-xent", &Parameters::default().with(Parameter::Margin, 0.2)).err().unwrap();
/// assert_eq!(wrong.to_string(), "nt-xent takes no margin; it takes temperature");
/// # Ok::<(), embedding_norms::loss::CatalogueError>(())
/// ```
///
/// # Errors
/// An unknown name, a parameter that the loss does not take, or a value outside its domain.
pub fn by_name(name: &str, parameters: &Parameters) -> Result<Box<dyn Loss>, CatalogueError> {
    let found = catalogue::find(&CATALOGUE, name);
    found.ok_or_else(|| CatalogueError::UnknownLoss { name: name.to_owned() })?.entry.build(parameters)
}

/// Every loss, by name.
pub const fn catalogue() -> &'static [Entry] {
    &CATALOGUE
}

fn names() -> Vec<&'static str> {
    CATALOGUE.iter().map(|entry| entry.name).collect()
}

fn taken(loss: &str) -> String {
    let entry = CATALOGUE.iter().find(|entry| entry.name == loss);
    let names: Vec<_> =
        entry.iter().flat_map(|entry| entry.parameters).map(|(parameter, _)| parameter.name()).collect();
    if names.is_empty() { "it takes no parameters".to_owned() } else { format!("it takes {}", names.join(", ")) }
}

fn boxed<L: Loss + 'static>(loss: Result<L, SettingError>) -> Built {
    Ok(Box::new(loss?))
}

const TWO_VIEWS: &str = "two views, row i of the second the positive of row i of the first";
const SEVERAL_ROWS: &str = "two views of at least two rows, row i of the second the positive of row i of the first";
const LABELS: &str = "a class per row and a second row in each class; one view, or two that are stacked";

static CATALOGUE: [Entry; 12] = [
    Entry {
        name: "cosine",
        formula: "L = -(1/n) sum_i cos(x_i, y_i)",
        source: "the pair loss of Draganov et al. 2025, arXiv 2502.09252",
        needs: TWO_VIEWS,
        parameters: &[],
        known: known::COSINE,
        build: |_| boxed(Ok(NegativeCosine::symmetric())),
    },
    Entry {
        name: "simsiam",
        formula: "L = -(1/n) sum_i cos(x_i, y_i), y held still",
        source: "Chen and He 2021, arXiv 2011.10566; Grill et al. 2020, arXiv 2006.07733",
        needs: TWO_VIEWS,
        parameters: &[],
        known: known::SIMSIAM,
        build: |_| boxed(Ok(NegativeCosine::with_stop_gradient())),
    },
    Entry {
        name: "info-nce",
        formula: "L = -(1/n) sum_i log( e^(c_ii/τ) / sum_k e^(c_ik/τ) ), c_ik = cos(x_i, y_k)",
        source: "van den Oord, Li and Vinyals 2018, arXiv 1807.03748, Eq. 4",
        needs: SEVERAL_ROWS,
        parameters: &[(Parameter::Temperature, 0.1)],
        known: known::INFO_NCE,
        build: |values| boxed(InfoNce::new(values[0])),
    },
    Entry {
        name: "clip",
        formula: "L = (1/2) [ info-nce(x, y) + info-nce(y, x) ]",
        source: "Radford et al. 2021, arXiv 2103.00020, Figure 3",
        needs: SEVERAL_ROWS,
        parameters: &[(Parameter::Temperature, 0.07)],
        known: known::CLIP,
        build: |values| boxed(Clip::new(values[0])),
    },
    Entry {
        name: "nt-xent",
        formula: "L = -(1/2n) sum_i log( e^(c_ii'/τ) / sum_(k≠i) e^(c_ik/τ) ), i, k over 2n views, i' the partner",
        source: "Chen, Kornblith, Norouzi and Hinton 2020, arXiv 2002.05709, Eq. 1",
        needs: SEVERAL_ROWS,
        parameters: &[(Parameter::Temperature, 0.5)],
        known: known::NT_XENT,
        build: |values| boxed(NtXent::new(values[0])),
    },
    Entry {
        name: "dcl",
        formula: "L = -(1/2n) sum_i log( e^(c_ii'/τ) / sum_(k≠i,i') e^(c_ik/τ) ), i and k over the 2n stacked views",
        source: "Yeh et al. 2022, arXiv 2110.06848",
        needs: SEVERAL_ROWS,
        parameters: &[(Parameter::Temperature, 0.1)],
        known: known::DCL,
        build: |values| boxed(DecoupledContrastive::new(values[0])),
    },
    Entry {
        name: "sup-con",
        formula: "L = -(1/n) sum_i mean_(p in class of i, p≠i) log( e^(c_ip/τ) / sum_(k≠i) e^(c_ik/τ) )",
        source: "Khosla et al. 2020, arXiv 2004.11362, Eq. 2",
        needs: LABELS,
        parameters: &[(Parameter::Temperature, 0.1)],
        known: known::SUP_CON,
        build: |values| boxed(SupervisedContrastive::new(values[0])),
    },
    Entry {
        name: "infonce-all-positives",
        formula: "L = -(1/n) sum_i log( sum_(p in class of i, p≠i) e^(c_ip/τ) / sum_(k≠i) e^(c_ik/τ) )",
        source: "Draganov et al. 2025, arXiv 2502.09252",
        needs: LABELS,
        parameters: &[(Parameter::Temperature, 1.0)],
        known: known::ALL_POSITIVES,
        build: |values| boxed(SupervisedInfoNce::all_positives(values[0])),
    },
    Entry {
        name: "infonce-one-positive",
        formula: "L = -(1/n) sum_i log( sum_(p drawn for i, or i for p) e^(c_ip/τ) / sum_(k≠i) e^(c_ik/τ) )",
        source: "Draganov et al. 2025, arXiv 2502.09252",
        needs: "one view with a drawn positive per row",
        parameters: &[(Parameter::Temperature, 1.0)],
        known: known::ONE_POSITIVE,
        build: |values| boxed(SupervisedInfoNce::one_positive(values[0])),
    },
    Entry {
        name: "siglip",
        formula: "L = (1/n) sum_ik log(1 + e^(-s_ik (c_ik/τ + b))), s_ik = 1 for i = k, else -1",
        source: "Zhai, Mustafa, Kolesnikov and Beyer 2023, arXiv 2303.15343",
        needs: TWO_VIEWS,
        parameters: &[(Parameter::Temperature, 0.1), (Parameter::Bias, -10.0)],
        known: known::SIGLIP,
        build: |values| boxed(SigLip::new(values[0], values[1])),
    },
    Entry {
        name: "triplet",
        formula: "L = (1/n) sum_i (1/(n-1)) sum_(k≠i) max(0, c_ik - c_ii + m)",
        source: "Schroff, Kalenichenko and Philbin 2015, arXiv 1503.03832 (its margin is 2m)",
        needs: SEVERAL_ROWS,
        parameters: &[(Parameter::Margin, 0.1)],
        known: known::TRIPLET,
        build: |values| boxed(Triplet::new(values[0])),
    },
    Entry {
        name: "align-uniform",
        formula: "L = a mean_i |x_i - y_i|^2 + (w/2) sum_(v = x, y) log mean_(i<k) e^(-t |v_i - v_k|^2)",
        source: "Wang and Isola 2020, arXiv 2005.10242",
        needs: SEVERAL_ROWS,
        parameters: &[(Parameter::Alignment, 1.0), (Parameter::Uniformity, 1.0), (Parameter::Sharpness, 2.0)],
        known: known::ALIGN_UNIFORM,
        build: |values| boxed(AlignUniform::new(values[0], values[1], values[2])),
    },
];
