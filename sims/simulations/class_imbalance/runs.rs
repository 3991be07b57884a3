//! The runs of a table: mean norms of all classes at one epoch of one replicate.

use std::collections::BTreeMap;

use embedding_norms::lab::table::{Table, TableError};

use crate::simulations::grouping::mean;

/// The mean norms of a class: of its embeddings and of its inputs, if it has points.
type Class = Option<(f64, f64)>;

/// Mean norms at one epoch of one replicate, from the first class to the last.
pub struct Run {
    pub epoch: u64,
    norms: Vec<f64>,
    inputs: Vec<f64>,
}

impl Run {
    /// All runs with these labels, by epoch and then by replicate. Runs in which a class has no point are left out.
    pub fn all(table: &Table, labels: &str) -> Result<Vec<Self>, TableError> {
        let rows = table.with("labels", labels)?;
        let [epochs, replicates, norms, inputs] =
            ["epoch", "replicate", "mean_norm", "mean_input_norm"].map(|column| rows.numbers(column));
        let (epochs, replicates, norms, inputs) = (epochs?, replicates?, norms?, inputs?);
        let mut runs: BTreeMap<(u64, u64), Vec<Class>> = BTreeMap::new();
        for row in 0..epochs.len() {
            if let (Some(epoch), Some(replicate)) = (epochs[row], replicates[row]) {
                runs.entry((epoch as u64, replicate as u64)).or_default().push(norms[row].zip(inputs[row]));
            }
        }
        let run = |((epoch, _), classes): ((u64, u64), Vec<Class>)| {
            let (norms, inputs) = classes.into_iter().collect::<Option<Vec<_>>>()?.into_iter().unzip();
            Some(Self { epoch, norms, inputs })
        };
        Ok(runs.into_iter().filter_map(run).collect())
    }

    /// The epochs, in order.
    pub fn epochs(runs: &[Self]) -> Vec<u64> {
        let mut epochs: Vec<u64> = runs.iter().map(|run| run.epoch).collect();
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
pub fn at(runs: &[Run], epoch: u64, quantity: impl Fn(&Run) -> f64) -> Vec<f64> {
    runs.iter().filter(|run| run.epoch == epoch).map(quantity).collect()
}
