//! The network that embeddings come out of, as far as a diagnosis needs it.

use crate::theory::encoders::{Broken, Cut, NETWORKS, network};

/// A kind of network: how it scales when its parameters are divided by powers of a factor (statement S7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    name: &'static str,
    cut: Result<Cut, Broken>,
}

impl Network {
    /// The kind of this name, one of [`NETWORKS`]; `None` for another name.
    ///
    /// ```
    /// use embedding_norms::diagnosis::Network;
    /// assert!(Network::named("batch-norm").unwrap().is_scale_free());
    /// assert!(!Network::named("biases").unwrap().is_scale_free());
    /// ```
    pub fn named(kind: &str) -> Option<Self> {
        let name = NETWORKS.into_iter().find(|name| *name == kind)?;
        Some(Self { name, cut: Cut::of(&network(name)?) })
    }

    /// The name of the kind.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How it scales.
    ///
    /// # Errors
    /// Why no cut keeps its proportions.
    pub fn cut(&self) -> Result<&Cut, Broken> {
        self.cut.as_ref().map_err(|why| *why)
    }

    /// Whether its loss is the same when all its parameters are multiplied by any factor above 0, so that a plain cut is a
    /// learning rate.
    pub fn is_scale_free(&self) -> bool {
        self.cut().is_ok_and(|cut| cut.plain.is_ok())
    }
}
