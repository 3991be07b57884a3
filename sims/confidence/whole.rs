//! What norms say of neighbourhoods, where all ten digits are trained on.

use embedding_norms::confidence::{
    Neighbours, Strata, group_means, mean_cosine, quantile_groups, shuffle_control, spearman, spearman_given,
    spearman_within,
};
use embedding_norms::data::digits::Digits;
use embedding_norms::random::Generator;
use embedding_norms::sweep::UnitContext;
use embedding_norms::table::Table;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::training::{Training, embed, norms};
use super::{Cell, SOURCES};
use crate::failure::Failure;

/// Groups of equally many images, from the shortest norm to the longest.
pub const TENTHS: usize = 10;
/// Shuffles that a correlation is held against.
const SHUFFLES: usize = 199;

/// A training on all digits.
#[derive(Clone, Debug, Serialize)]
pub struct Whole {
    pub training: Training,
    pub neighbours: usize,
}

/// What norms say in one space: that of the trained or the untrained network, or that of the pixels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Space {
    distance: f64,
    distance_within: f64,
    shuffle_p: f64,
    agreement: f64,
    agreement_within: f64,
    agreement_given_input: Option<f64>,
    accuracy: f64,
    mean_norm: f64,
    mean_cosine: f64,
    tenths: Vec<Tenth>,
}

/// The means over a tenth of the images.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tenth {
    norm: Option<f64>,
    agreement: Option<f64>,
    distance: Option<f64>,
}

/// What one training finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    /// In the order of [`SOURCES`].
    spaces: Vec<Space>,
    /// The norm of every image's embedding after training, over their mean.
    pub norms: Vec<f64>,
    /// The label agreement of every image after training.
    pub agreement: Vec<f64>,
}

impl Whole {
    pub fn run(&self, unit: &mut UnitContext<'_, Cell>) -> Result<Found, Failure> {
        let digits = Digits::load()?;
        let mut generator = unit.generator.clone();
        let encoders = self.training.run(digits.images(), &mut generator, &|| unit.is_cancelled())?;
        let embeddings = [&encoders.trained, &encoders.untrained].map(|network| embed(network, digits.images()));
        let mut spaces = Vec::new();
        for points in [embeddings[0].view(), embeddings[1].view(), digits.images()] {
            spaces.push(self.space(points, &digits, &mut generator)?);
        }
        let norms = norms(embeddings[0].view())?;
        let mean = spaces[0].mean_norm;
        let neighbours = Neighbours::among(embeddings[0].view(), self.neighbours)?;
        let agreement = neighbours.agreement(digits.labels(), digits.labels())?;
        Ok(Found { spaces, norms: norms.into_iter().map(|norm| norm / mean).collect(), agreement })
    }

    fn space(&self, points: ArrayView2<'_, f64>, digits: &Digits, generator: &mut Generator) -> Result<Space, Failure> {
        let (labels, length) = (digits.labels(), norms(points)?);
        let neighbours = Neighbours::among(points, self.neighbours)?;
        let (distance, agreement) = (neighbours.farthest(), neighbours.agreement(labels, labels)?);
        let shuffled = shuffle_control(&Strata::groups(labels), SHUFFLES, generator, |places| {
            let norms: Vec<f64> = places.iter().map(|&place| length[place]).collect();
            Ok(spearman_within(&norms, &distance, labels)?.mean)
        })?;
        let input = norms(digits.images())?;
        let input = ArrayView2::from_shape((input.len(), 1), &input)?;
        let tenths = quantile_groups(&length, TENTHS)?;
        let means = |values: &[f64]| group_means(&tenths, TENTHS, values);
        let columns = means(&length)?.into_iter().zip(means(&agreement)?).zip(means(&distance)?);
        Ok(Space {
            distance: spearman(&length, &distance)?,
            distance_within: shuffled.value,
            shuffle_p: shuffled.p,
            agreement: spearman(&length, &agreement)?,
            agreement_within: spearman_within(&length, &agreement, labels)?.mean,
            // Of the pixels themselves nothing is left.
            agreement_given_input: spearman_given(&length, &agreement, input).ok(),
            accuracy: neighbours.accuracy(labels, labels)?,
            mean_norm: length.iter().fold(0.0, |sum, norm| sum + norm) / length.len() as f64,
            mean_cosine: mean_cosine(points)?,
            tenths: columns.map(|((norm, agreement), distance)| Tenth { norm, agreement, distance }).collect(),
        })
    }

    /// The table of correlations.
    pub fn table() -> Table {
        Table::new(&[
            "source",
            "replicate",
            "distance",
            "distance_within",
            "shuffle_p",
            "agreement",
            "agreement_within",
            "agreement_given_input",
            "accuracy",
            "mean_norm",
            "mean_cosine",
            "neighbours",
            "epochs",
            "learning_rate",
            "temperature",
        ])
    }

    /// The table of tenths.
    pub fn tenths_table() -> Table {
        Table::new(&["source", "replicate", "tenth", "norm", "agreement", "distance"])
    }

    /// Lays out what one training found.
    pub fn push(&self, found: &Found, replicate: u64, main: &mut Table, tenths: &mut Table) {
        for (source, space) in SOURCES.into_iter().zip(&found.spaces) {
            main.push([
                source.into(),
                replicate.into(),
                space.distance.into(),
                space.distance_within.into(),
                space.shuffle_p.into(),
                space.agreement.into(),
                space.agreement_within.into(),
                space.agreement_given_input.into(),
                space.accuracy.into(),
                space.mean_norm.into(),
                space.mean_cosine.into(),
                self.neighbours.into(),
                self.training.epochs.into(),
                self.training.learning_rate.into(),
                self.training.temperature.into(),
            ]);
            for (place, tenth) in space.tenths.iter().enumerate() {
                let [norm, agreement, distance] = [tenth.norm, tenth.agreement, tenth.distance].map(Into::into);
                tenths.push([source.into(), replicate.into(), (place + 1).into(), norm, agreement, distance]);
            }
        }
    }
}
