//! A loss with its embeddings, labels and positives, all drawn before the descent.

use std::sync::OnceLock;

use embedding_norms::loss::{Entry, List, Loss, Parameters, catalogue};
use embedding_norms::random::Generator;
use embedding_norms::simulation::Start;
use embedding_norms::sphere::{uniform, von_mises_fisher};
use ndarray::{Array2, Axis};
use rand::Rng;
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::known;

/// A loss by name, with the number of embeddings and how they are drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Bodies {
    pub loss: String,
    pub temperature: f64,
    pub embeddings: usize,
    pub dimension: usize,
    pub concentration: f64,
    pub classes: usize,
}

/// The names of all losses, as the command line lists them.
pub fn names() -> &'static str {
    static NAMES: OnceLock<String> = OnceLock::new();
    NAMES.get_or_init(|| catalogue().iter().map(|entry| entry.name).collect::<Vec<_>>().join(","))
}

/// The loss of this name, in any spelling, in the catalogue.
pub fn entry(name: &str) -> Result<&'static Entry, Failure> {
    known::loss(name).map(|taken| taken.entry)
}

/// The temperature of a loss: the chosen one or its default where it has one, 1 where it has none. The kernel of
/// uniformity, exp(−t ‖x − y‖²) = exp(2t(c − 1)), has the temperature 1/(2t).
pub fn temperature(entry: &Entry, chosen: Option<f64>) -> f64 {
    let default = |parameter| entry.value(parameter, &Parameters::defaults());
    let own = default("temperature").map(|default| chosen.unwrap_or(default));
    own.or_else(|| default("sharpness").map(|sharpness| 0.5 / sharpness)).unwrap_or(1.0)
}

impl Bodies {
    /// The loss.
    pub fn loss(&self) -> Result<Box<dyn Loss>, Failure> {
        let entry = entry(&self.loss)?;
        let parameters = Parameters::default();
        let takes = entry.takes("temperature");
        let chosen = if takes { parameters.with("temperature", self.temperature) } else { parameters };
        Ok(entry.build(&chosen)?)
    }

    /// Directions with what the loss needs beside them: two views of n/2 rows each, or n rows in classes of equal size,
    /// with a drawn positive per row.
    pub fn start(&self, generator: &mut Generator) -> Result<Start, Failure> {
        match self.loss()?.needs().list {
            Some(List::Labels) => {
                let first = uniform(self.embeddings, self.dimension, generator)?;
                Ok(Start { labels: Some(self.labels()), ..Start::one_view(first) })
            }
            Some(List::Positives) => {
                let first = uniform(self.embeddings, self.dimension, generator)?;
                let positives = Some(self.positives(generator));
                Ok(Start { labels: Some(self.labels()), positives, ..Start::one_view(first) })
            }
            _ => {
                let first = uniform(self.embeddings.div_ceil(2), self.dimension, generator)?;
                let second = self.second_view(&first, generator)?;
                Ok(Start::pairs(first, second))
            }
        }
    }

    /// Directions around those of the first view.
    fn second_view(&self, first: &Array2<f64>, generator: &mut Generator) -> Result<Array2<f64>, Failure> {
        let mut second = Array2::zeros(first.dim());
        for (row, mut target) in first.rows().into_iter().zip(second.rows_mut()) {
            target.assign(&von_mises_fisher(row, self.concentration, 1, generator)?.index_axis(Axis(0), 0));
        }
        Ok(second)
    }

    /// Classes in turn. Every class has at least two rows.
    fn labels(&self) -> Vec<usize> {
        let classes = self.classes.min(self.embeddings / 2).max(1);
        (0..self.embeddings).map(|row| row % classes).collect()
    }

    /// Another row of the same class for every row.
    fn positives(&self, generator: &mut Generator) -> Vec<usize> {
        let labels = self.labels();
        let draw = |(row, label): (usize, &usize)| {
            let others: Vec<usize> =
                (0..labels.len()).filter(|&other| other != row && labels[other] == *label).collect();
            others[generator.random_range(0..others.len())]
        };
        labels.iter().enumerate().map(draw).collect()
    }
}

/// The same start at other norms: every embedding times `factor`.
pub fn scaled(start: &Start, factor: f64) -> Start {
    Start { first: &start.first * factor, second: start.second.as_ref().map(|second| second * factor), ..start.clone() }
}

/// The same start with a norm of its own for every embedding, evenly in the logarithm between 1/10 and 10.
pub fn with_random_norms(start: &Start, generator: &mut Generator) -> Start {
    let mut stretch = |points: &Array2<f64>| {
        let mut points = points.clone();
        points.rows_mut().into_iter().for_each(|mut row| row *= libm::exp10(generator.random_range(-1.0..1.0)));
        points
    };
    Start { first: stretch(&start.first), second: start.second.as_ref().map(stretch), ..start.clone() }
}
