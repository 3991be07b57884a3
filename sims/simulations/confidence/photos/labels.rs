//! Wrong labels planted at a known rate, for what is said of people's wrong labels: do short embeddings find them?
//!
//! Training takes no label. Wrong labels that do not depend on the image can therefore be found by no norm; those of
//! ambiguous images may. Ambiguous are images whose neighbours among the *pixels*, which no network has to do with, are of
//! other classes.

use embedding_norms::confidence::{Neighbours, auroc};
use embedding_norms::data::images::Images;
use embedding_norms::random::Generator;
use embedding_norms::statistics::mean;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::measures::Measure;
use crate::cli::failure::Failure;
use crate::simulations::study::Row;

/// Which labels are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wrong {
    /// Those of images drawn at random; any other class.
    AtRandom,
    /// Those of images in proportion to the share of other classes among their neighbours in pixels; the class of one of
    /// these.
    Ambiguous,
}

/// How well a measure finds wrong labels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finding {
    pub wrong: Wrong,
    pub measure: Measure,
    pub replicate: u64,
    /// The share of the labels that is wrong.
    pub rate: f64,
    pub auroc: f64,
}

impl Row for Finding {
    const TABLE: &'static str = "labels";
}

impl Wrong {
    pub const ALL: [Self; 2] = [Self::AtRandom, Self::Ambiguous];

    /// The labels with wrong ones among them, a share of about `rate`.
    pub fn plant(self, images: &Images, pixels: &Neighbours, rate: f64, generator: &mut Generator) -> Vec<usize> {
        let classes = images.labels.iter().max().map_or(0, |last| last + 1);
        let others = |image: usize| -> Vec<usize> {
            let classes =
                pixels.indices().row(image).into_iter().map(|&place| images.labels[place]).collect::<Vec<_>>();
            classes.into_iter().filter(|&class| class != images.labels[image]).collect()
        };
        let shares: Vec<f64> = match self {
            Self::AtRandom => vec![1.0; images.labels.len()],
            Self::Ambiguous => (0..images.labels.len()).map(|image| others(image).len() as f64).collect(),
        };
        let scale = rate / mean(&shares).max(f64::MIN_POSITIVE);
        let mut plant = |image: usize| {
            let own = images.labels[image];
            if generator.random::<f64>() >= scale * shares[image] {
                return own;
            }
            match self {
                Self::AtRandom if classes > 1 => {
                    let other = generator.random_range(0..classes - 1);
                    other + usize::from(other >= own)
                }
                Self::AtRandom => own,
                Self::Ambiguous => {
                    let others = others(image);
                    others[generator.random_range(0..others.len())]
                }
            }
        };
        (0..images.labels.len()).map(&mut plant).collect()
    }
}

/// How well measures find the wrong ones among planted labels; nothing where none is wrong, or all.
pub fn findings(
    wrong: Wrong,
    replicate: u64,
    (labels, planted): (&[usize], &[usize]),
    measures: &[(Measure, Vec<f64>)],
) -> Result<Vec<Finding>, Failure> {
    let (bad, good): (Vec<usize>, Vec<usize>) = (0..labels.len()).partition(|&image| labels[image] != planted[image]);
    if bad.is_empty() || good.is_empty() {
        return Ok(Vec::new());
    }
    let rate = bad.len() as f64 / labels.len() as f64;
    let row = |(measure, scores): &(Measure, Vec<f64>)| {
        let [bad, good] = [&bad, &good].map(|images| images.iter().map(|&image| scores[image]).collect::<Vec<_>>());
        Ok(Finding { wrong, measure: *measure, replicate, rate, auroc: auroc(&bad, &good)? })
    };
    measures.iter().map(row).collect()
}
