//! What norms say of neighbourhoods, where all ten digits are trained on.

use embedding_norms::confidence::{
    Neighbours, Strata, group_means, mean_cosine, quantile_groups, shuffle_control, spearman, spearman_given,
    spearman_within,
};
use embedding_norms::data::digits::Digits;
use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::lab::table::Table;
use embedding_norms::random::Generator;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::training::{Training, norms};
use super::{Cell, SOURCES};
use crate::cli::failure::Failure;

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
    /// With the distances of neighbours among the pixels: no embedding's norm is in them.
    pixel_distance_within: f64,
    shuffle_p: Option<f64>,
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
        let embeddings =
            [&encoders.trained, &encoders.untrained].map(|network| network.embed_features(digits.images()));
        let pixels = Neighbours::among(digits.images(), self.neighbours)?;
        let known = Known { digits: &digits, pixel_norms: norms(digits.images())?, pixel_distances: pixels.farthest() };
        let trained = Neighbours::among(embeddings[0].view(), self.neighbours)?;
        let untrained = Neighbours::among(embeddings[1].view(), self.neighbours)?;
        let mut spaces = vec![
            known.space(embeddings[0].view(), &trained)?,
            known.space(embeddings[1].view(), &untrained)?,
            known.space(digits.images(), &pixels)?,
        ];
        let lengths = norms(embeddings[0].view())?;
        spaces[0].shuffle_p = Some(shuffled(&lengths, &trained.farthest(), digits.labels(), &mut generator)?);
        let mean = spaces[0].mean_norm;
        Ok(Found {
            spaces,
            norms: lengths.into_iter().map(|norm| norm / mean).collect(),
            agreement: trained.agreement(digits.labels(), digits.labels())?,
        })
    }
    /// The table of correlations.
    pub fn table() -> Table {
        Table::new(&[
            "source",
            "replicate",
            "distance",
            "distance_within",
            "pixel_distance_within",
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
                space.pixel_distance_within.into(),
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

/// What is known of the images before any network.
struct Known<'a> {
    digits: &'a Digits,
    pixel_norms: Vec<f64>,
    pixel_distances: Vec<f64>,
}

impl Known<'_> {
    fn space(&self, points: ArrayView2<'_, f64>, neighbours: &Neighbours) -> Result<Space, Failure> {
        let (labels, lengths) = (self.digits.labels(), norms(points)?);
        let (distance, agreement) = (neighbours.farthest(), neighbours.agreement(labels, labels)?);
        let pixel_norms = ArrayView2::from_shape((lengths.len(), 1), &self.pixel_norms)?;
        let tenths = quantile_groups(&lengths, TENTHS)?;
        let means = |values: &[f64]| group_means(&tenths, TENTHS, values);
        let columns = means(&lengths)?.into_iter().zip(means(&agreement)?).zip(means(&distance)?);
        Ok(Space {
            distance: spearman(&lengths, &distance)?,
            distance_within: spearman_within(&lengths, &distance, labels)?.mean,
            pixel_distance_within: spearman_within(&lengths, &self.pixel_distances, labels)?.mean,
            shuffle_p: None,
            agreement: spearman(&lengths, &agreement)?,
            agreement_within: spearman_within(&lengths, &agreement, labels)?.mean,
            // Of the pixels themselves nothing is left.
            agreement_given_input: spearman_given(&lengths, &agreement, pixel_norms).ok(),
            accuracy: neighbours.accuracy(labels, labels)?,
            mean_norm: lengths.iter().fold(0.0, |sum, norm| sum + norm) / lengths.len() as f64,
            mean_cosine: mean_cosine(points)?,
            tenths: columns.map(|((norm, agreement), distance)| Tenth { norm, agreement, distance }).collect(),
        })
    }
}

/// How likely norms that are shuffled among images of a digit follow distances as closely.
fn shuffled(lengths: &[f64], distances: &[f64], labels: &[usize], generator: &mut Generator) -> Result<f64, Failure> {
    let control = shuffle_control(&Strata::groups(labels), SHUFFLES, generator, |places| {
        let moved: Vec<f64> = places.iter().map(|&place| lengths[place]).collect();
        Ok(spearman_within(&moved, distances, labels)?.mean)
    })?;
    Ok(control.p)
}
