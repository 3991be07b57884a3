//! Every loss by the name it has on the command line.

use super::known;
use super::{
    AlignUniform, Clip, DecoupledContrastive, InfoNce, Loss, NegativeCosine, NtXent, SigLip, SupervisedContrastive,
    SupervisedInfoNce, Triplet,
};
use crate::catalogue::{self, CatalogueError, Kind, Parameter, Parameters};
use crate::setting::SettingError;

/// A loss in the catalogue; its formula is the mean over rows.
pub type Entry = catalogue::Entry<dyn Loss>;

impl Kind for dyn Loss {
    const NAME: &'static str = "loss";
}

/// A loss made of checked parameters.
type Built = Result<Box<dyn Loss>, SettingError>;

/// The catalogue's entry for a loss, by its name or an alias (see [`crate::catalogue`]).
///
/// # Errors
/// A name that is not in the catalogue.
pub fn entry(name: &str) -> Result<&'static Entry, CatalogueError> {
    catalogue::entry(&CATALOGUE, name)
}

/// The loss of this name or alias (see [`crate::catalogue`]) with these parameters, and defaults for the rest.
///
/// ```
/// use embedding_norms::loss::{Parameters, by_name};
/// let loss = by_name("nt-xent", &Parameters::default().with("temperature", 0.2))?;
/// assert_eq!(loss.name(), "nt-xent");
/// let wrong = by_name("nt-xent", &Parameters::default().with("margin", 0.2)).err().unwrap();
/// assert_eq!(wrong.to_string(), "nt-xent takes no margin; it takes temperature");
/// # Ok::<(), embedding_norms::loss::CatalogueError>(())
/// ```
///
/// # Errors
/// An unknown name, a parameter that the loss does not take, or a value outside its domain.
pub fn by_name(name: &str, parameters: &Parameters) -> Result<Box<dyn Loss>, CatalogueError> {
    entry(name)?.build(parameters)
}

/// Every loss, by name.
pub const fn catalogue() -> &'static [Entry] {
    &CATALOGUE
}

fn boxed<L: Loss + 'static>(loss: Result<L, SettingError>) -> Built {
    Ok(Box::new(loss?))
}

const fn temperature(default: f64) -> Parameter {
    Parameter { name: "temperature", symbol: "τ", default, domain: ABOVE_ZERO }
}

const ABOVE_ZERO: &str = "above 0";
const NOT_NEGATIVE: &str = "0 or larger";

static CATALOGUE: [Entry; 12] = [
    Entry {
        name: "cosine",
        formula: "L = -(1/n) sum_i cos(x_i, y_i)",
        source: "the pair loss of Draganov et al. 2025, arXiv 2502.09252",
        parameters: &[],
        known: known::COSINE,
        build: |_| boxed(Ok(NegativeCosine::symmetric())),
    },
    Entry {
        name: "simsiam",
        formula: "L = -(1/n) sum_i cos(x_i, y_i), y held still",
        source: "Chen and He 2021, arXiv 2011.10566; Grill et al. 2020, arXiv 2006.07733",
        parameters: &[],
        known: known::SIMSIAM,
        build: |_| boxed(Ok(NegativeCosine::with_stop_gradient())),
    },
    Entry {
        name: "info-nce",
        formula: "L = -(1/n) sum_i log( e^(c_ii/τ) / sum_k e^(c_ik/τ) ), c_ik = cos(x_i, y_k)",
        source: "van den Oord, Li and Vinyals 2018, arXiv 1807.03748, Eq. 4",
        parameters: &[temperature(0.1)],
        known: known::INFO_NCE,
        build: |values| boxed(InfoNce::new(values[0])),
    },
    Entry {
        name: "clip",
        formula: "L = (1/2) [ info-nce(x, y) + info-nce(y, x) ]",
        source: "Radford et al. 2021, arXiv 2103.00020, Figure 3",
        parameters: &[temperature(0.07)],
        known: known::CLIP,
        build: |values| boxed(Clip::new(values[0])),
    },
    Entry {
        name: "nt-xent",
        formula: "L = -(1/2n) sum_i log( e^(c_ii'/τ) / sum_(k≠i) e^(c_ik/τ) ), i, k over 2n views, i' the partner",
        source: "Chen, Kornblith, Norouzi and Hinton 2020, arXiv 2002.05709, Eq. 1",
        parameters: &[temperature(0.5)],
        known: known::NT_XENT,
        build: |values| boxed(NtXent::new(values[0])),
    },
    Entry {
        name: "dcl",
        formula: "L = -(1/2n) sum_i log( e^(c_ii'/τ) / sum_(k≠i,i') e^(c_ik/τ) ), i and k over the 2n stacked views",
        source: "Yeh et al. 2022, arXiv 2110.06848",
        parameters: &[temperature(0.1)],
        known: known::DCL,
        build: |values| boxed(DecoupledContrastive::new(values[0])),
    },
    Entry {
        name: "sup-con",
        formula: "L = -(1/n) sum_i mean_(p in class of i, p≠i) log( e^(c_ip/τ) / sum_(k≠i) e^(c_ik/τ) )",
        source: "Khosla et al. 2020, arXiv 2004.11362, Eq. 2",
        parameters: &[temperature(0.1)],
        known: known::SUP_CON,
        build: |values| boxed(SupervisedContrastive::new(values[0])),
    },
    Entry {
        name: "infonce-all-positives",
        formula: "L = -(1/n) sum_i log( sum_(p in class of i, p≠i) e^(c_ip/τ) / sum_(k≠i) e^(c_ik/τ) )",
        source: "Draganov et al. 2025, arXiv 2502.09252",
        parameters: &[temperature(1.0)],
        known: known::ALL_POSITIVES,
        build: |values| boxed(SupervisedInfoNce::all_positives(values[0])),
    },
    Entry {
        name: "infonce-one-positive",
        formula: "L = -(1/n) sum_i log( sum_(p drawn for i, or i for p) e^(c_ip/τ) / sum_(k≠i) e^(c_ik/τ) )",
        source: "Draganov et al. 2025, arXiv 2502.09252",
        parameters: &[temperature(1.0)],
        known: known::ONE_POSITIVE,
        build: |values| boxed(SupervisedInfoNce::one_positive(values[0])),
    },
    Entry {
        name: "siglip",
        formula: "L = (1/n) sum_ik log(1 + e^(-s_ik (c_ik/τ + b))), s_ik = 1 for i = k, else -1",
        source: "Zhai, Mustafa, Kolesnikov and Beyer 2023, arXiv 2303.15343",
        parameters: &[temperature(0.1), Parameter { name: "bias", symbol: "b", default: -10.0, domain: "finite" }],
        known: known::SIGLIP,
        build: |values| boxed(SigLip::new(values[0], values[1])),
    },
    Entry {
        name: "triplet",
        formula: "L = (1/n) sum_i (1/(n-1)) sum_(k≠i) max(0, c_ik - c_ii + m)",
        source: "Schroff, Kalenichenko and Philbin 2015, arXiv 1503.03832 (its margin is 2m)",
        parameters: &[Parameter { name: "margin", symbol: "m", default: 0.1, domain: ABOVE_ZERO }],
        known: known::TRIPLET,
        build: |values| boxed(Triplet::new(values[0])),
    },
    Entry {
        name: "align-uniform",
        formula: "L = a mean_i |x_i - y_i|^2 + (w/2) sum_(v = x, y) log mean_(i<k) e^(-t |v_i - v_k|^2)",
        source: "Wang and Isola 2020, arXiv 2005.10242",
        parameters: &[
            Parameter { name: "alignment", symbol: "a", default: 1.0, domain: NOT_NEGATIVE },
            Parameter { name: "uniformity", symbol: "w", default: 1.0, domain: NOT_NEGATIVE },
            Parameter { name: "sharpness", symbol: "t", default: 2.0, domain: ABOVE_ZERO },
        ],
        known: known::ALIGN_UNIFORM,
        build: |values| boxed(AlignUniform::new(values[0], values[1], values[2])),
    },
];
