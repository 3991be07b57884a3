//! Trainings on classes of different size: mean norms of all classes at some epochs of each replicate.

use std::collections::BTreeMap;

use embedding_norms::confidence::group_means;
use embedding_norms::statistics::mean;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::mixtures::{Training, norms};
use crate::simulations::study::{Context, Row, Study};

/// Trainings on the labels of the points, or on permuted ones.
#[derive(Clone, Debug, Serialize)]
pub struct Imbalance {
    pub training: Training,
    pub every: usize,
    /// Replicates from this one on are left out.
    pub until: Option<u64>,
}

/// What labels an encoder is trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Labels {
    /// As they were drawn.
    Own,
    /// Permuted.
    Permuted,
}

/// A class at one epoch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClassRow {
    labels: Labels,
    pub class: usize,
    pub weight: f64,
    replicate: u64,
    epoch: usize,
    points: usize,
    mean_norm: Option<f64>,
    mean_input_norm: Option<f64>,
    loss: Option<f64>,
}

impl Row for ClassRow {
    const TABLE: &'static str = "";
}

impl Study for Imbalance {
    type Rows = Vec<ClassRow>;

    fn label(&self) -> String {
        (if self.training.is_permuted() { "permuted labels" } else { "labels as they are" }).to_owned()
    }

    fn cost(&self) -> f64 {
        self.training.cost()
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<ClassRow>, Failure> {
        let weights = self.training.weights();
        let replicate = self.training.replicate(unit.unit.replicate);
        let labels = if self.training.is_permuted() { Labels::Permuted } else { Labels::Own };
        let (mut inputs, mut rows) = (Vec::new(), Vec::new());
        if self.until.is_some_and(|until| replicate >= until) {
            return Ok(rows);
        }
        self.training.run(unit, self.every, |moment| {
            let of_classes = |values: &[f64]| group_means(&moment.drawn.labels, weights.len(), values);
            if moment.epoch == 0 {
                inputs = of_classes(&norms(moment.drawn.features.view()))?;
            }
            let (means, counts) = (of_classes(&norms(moment.embeddings))?, moment.drawn.counts());
            rows.extend(weights.iter().enumerate().map(|(class, &weight)| ClassRow {
                labels,
                class: class + 1,
                weight,
                replicate,
                epoch: moment.epoch,
                points: counts[class],
                mean_norm: means[class],
                mean_input_norm: inputs[class],
                loss: moment.loss,
            }));
            Ok(())
        })?;
        Ok(rows)
    }
}

/// The mean norms of a class: of its embeddings and of its inputs, if it has points.
type Class = Option<(f64, f64)>;

/// Mean norms at one epoch of one replicate, from the first class to the last.
pub struct Run {
    pub epoch: usize,
    norms: Vec<f64>,
    inputs: Vec<f64>,
}

impl Run {
    /// All runs with these labels, by epoch and then by replicate. Runs in which a class has no point are left out.
    pub fn all(rows: &[ClassRow], labels: Labels) -> Vec<Self> {
        let mut runs: BTreeMap<(usize, u64), Vec<Class>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.labels == labels) {
            runs.entry((row.epoch, row.replicate)).or_default().push(row.mean_norm.zip(row.mean_input_norm));
        }
        let run = |((epoch, _), classes): ((usize, u64), Vec<Class>)| {
            let (norms, inputs) = classes.into_iter().collect::<Option<Vec<_>>>()?.into_iter().unzip();
            Some(Self { epoch, norms, inputs })
        };
        runs.into_iter().filter_map(run).collect()
    }

    /// The epochs, in order.
    pub fn epochs(runs: &[Self]) -> Vec<usize> {
        let mut epochs: Vec<usize> = runs.iter().map(|run| run.epoch).collect();
        epochs.dedup();
        epochs
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.norms.len()
    }

    /// The mean norm of a class.
    pub fn norm(&self, class: usize) -> f64 {
        self.norms[class]
    }

    /// By how much the last class is longer than the first.
    pub fn difference(&self) -> f64 {
        self.norms[self.norms.len() - 1] - self.norms[0]
    }

    /// The same as a share of the mean over classes.
    pub fn share(&self) -> f64 {
        self.difference() / mean(&self.norms)
    }

    /// The same for the inputs.
    pub fn input_share(&self) -> f64 {
        (self.inputs[self.inputs.len() - 1] - self.inputs[0]) / mean(&self.inputs)
    }

    /// Whether norms rise from class to class.
    pub fn is_ordered(&self) -> bool {
        is_ordered(&self.norms)
    }
}

/// Whether values rise.
pub fn is_ordered(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1])
}

/// A quantity of all runs at an epoch.
pub fn at(runs: &[Run], epoch: usize, quantity: impl Fn(&Run) -> f64) -> Vec<f64> {
    runs.iter().filter(|run| run.epoch == epoch).map(quantity).collect()
}
