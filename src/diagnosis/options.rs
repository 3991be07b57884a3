//! What is known of the training that the embeddings come from.

use super::needs::Names;
use super::network::Network;
use crate::optimizer::{CatalogueError, Parameters as Settings, entry};
use crate::rules;
use crate::theory::equilibrium::Rule;
use crate::theory::scaling::{self, Decay};

/// What is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parameters {
    /// Every embedding is a parameter of its own, as in a table of embeddings.
    Free,
    /// Embeddings come out of a network, whose parameters they share.
    Shared,
    /// It is not known.
    #[default]
    Unknown,
}

impl Parameters {
    /// In a word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Free => "free embeddings",
            Self::Shared => "shared parameters",
            Self::Unknown => "unknown",
        }
    }
}

/// An optimizer as far as a diagnosis needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateRule {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// What theory has to know of it (statement L6).
    pub scaling: scaling::Rule,
    /// Where weight decay acts beside the rule.
    pub decay: Decay,
    /// The rule of statement S3 that it is, with weight decay.
    pub settling: Option<Rule>,
    /// The momentum β that builds up from rest, 0 if there is none; averages of Adam's kind are corrected for it.
    pub momentum: f64,
}

impl UpdateRule {
    /// The rule of the catalogue with these settings; `coupled` says that weight decay is added to the gradient.
    ///
    /// # Errors
    /// An unknown name or setting, or a value outside its domain.
    pub fn named(name: &str, settings: &Settings, coupled: bool) -> Result<Self, CatalogueError> {
        let entry = entry(name)?;
        entry.build(settings)?;
        Ok(Self {
            name: entry.name,
            scaling: rules::scaling(entry),
            decay: if coupled { Decay::Coupled } else { Decay::Decoupled },
            settling: rules::settling(entry, coupled, settings),
            momentum: entry.value("momentum", settings).unwrap_or(0.0),
        })
    }

    /// The degree h (statement L6).
    pub fn degree(&self) -> f64 {
        self.scaling.degree(0.0)
    }

    /// Whether this is plain gradient descent, of which the closed forms of a pair speak.
    pub fn is_plain(&self) -> bool {
        self.settling == Some(Rule::GradientDescent)
    }
}

/// What is known, and how closely to look.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The learning rate γ per embedding.
    pub learning_rate: Option<f64>,
    /// The optimizer.
    pub rule: Option<UpdateRule>,
    /// The kind of network, where embeddings come out of one.
    pub network: Option<Network>,
    /// Whether the first checkpoint is from the middle of training, so that momentum has built up before.
    pub is_under_way: bool,
    /// Weight decay λ.
    pub weight_decay: Option<f64>,
    /// What is trained.
    pub parameters: Parameters,
    /// Steps from the first checkpoint to the second.
    pub steps_between: Option<u64>,
    /// Neighbours that are asked.
    pub neighbours: usize,
    /// Resamples of a bootstrap, and shuffles of a control.
    pub resamples: usize,
    /// A pair counts as aligned at 1 − cos φ ≤ ε.
    pub tolerance: f64,
    /// The root of the random numbers.
    pub seed: u64,
    /// How answers name what they were not told.
    pub names: Names,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            learning_rate: None,
            rule: None,
            network: None,
            is_under_way: false,
            weight_decay: None,
            parameters: Parameters::Unknown,
            steps_between: None,
            neighbours: 10,
            resamples: 499,
            tolerance: 1e-3,
            seed: 0,
            names: Names::default(),
        }
    }
}
