//! What norms say of neighbourhoods, where all ten digits are trained on.

use embedding_norms::confidence::{
    Neighbours, Strata, group_means, mean_cosine, quantile_groups, shuffle_control, spearman, spearman_given,
    spearman_within,
};
use embedding_norms::data::digits::{Digits, IMAGES};
use embedding_norms::random::Generator;
use embedding_norms::statistics::mean;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::Source;
use super::images::Embedded;
use super::training::{Training, norms};
use crate::cli::failure::Failure;
use crate::cli::rates::OfMean;
use crate::simulations::study::{Context, Row, Study};

/// Groups of equally many images, from the shortest norm to the longest.
pub const TENTHS: usize = 10;
/// Shuffles that a correlation is compared with.
const SHUFFLES: usize = 199;

/// A training on all digits.
#[derive(Clone, Debug, Serialize)]
pub struct Whole {
    pub training: Training,
    pub neighbours: usize,
}

/// What norms say in one space.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Space {
    pub source: Source,
    pub replicate: u64,
    distance: f64,
    pub distance_within: f64,
    /// With the distances of neighbours among the pixels: no embedding's norm is in them.
    pub pixel_distance_within: f64,
    pub shuffle_p: Option<f64>,
    pub agreement: f64,
    agreement_within: f64,
    pub agreement_given_input: Option<f64>,
    accuracy: f64,
    mean_norm: f64,
    mean_cosine: f64,
    pub neighbours: usize,
    epochs: usize,
    learning_rate: OfMean,
    temperature: f64,
}

/// The means over a tenth of the images.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tenth {
    pub source: Source,
    pub replicate: u64,
    pub tenth: usize,
    norm: Option<f64>,
    pub agreement: Option<f64>,
    pub distance: Option<f64>,
}

impl Row for Space {
    const TABLE: &'static str = "";
}

impl Row for Tenth {
    const TABLE: &'static str = "tenths";
}

impl Study for Whole {
    type Rows = (Vec<Space>, (Vec<Tenth>, Vec<Embedded>));

    fn label(&self) -> String {
        "all digits".to_owned()
    }

    fn cost(&self) -> f64 {
        self.training.cost(IMAGES)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Self::Rows, Failure> {
        let digits = Digits::load()?;
        let mut generator = unit.generator.clone();
        let encoders = self.training.run(digits.images(), &mut generator, &|| unit.is_cancelled())?;
        let embeddings =
            [&encoders.trained, &encoders.untrained].map(|network| network.embed_features(digits.images()));
        let [trained, untrained, pixels] = [embeddings[0].view(), embeddings[1].view(), digits.images()]
            .map(|points| self.look(points, digits.labels()));
        let looks = [trained?, untrained?, pixels?];
        let (replicate, labels) = (unit.unit.replicate, digits.labels());
        let (mut spaces, mut tenths) = (Vec::new(), Vec::new());
        for (source, look) in Source::ALL.into_iter().zip(&looks) {
            spaces.push(self.space((source, replicate), look, &looks[2], labels)?);
            tenths.extend(look.tenths((source, replicate))?);
        }
        let Look { norms, distances, agreement, .. } = &looks[0];
        spaces[0].shuffle_p = Some(shuffled(norms, distances, labels, &mut generator)?);
        let mean_norm = spaces[0].mean_norm;
        let image =
            |(image, norm): (usize, &f64)| Embedded { image, norm: norm / mean_norm, agreement: agreement[image] };
        Ok((spaces, (tenths, norms.iter().enumerate().map(image).collect())))
    }
}

/// Points, their norms, and what their neighbours say.
struct Look<'a> {
    points: ArrayView2<'a, f64>,
    norms: Vec<f64>,
    distances: Vec<f64>,
    agreement: Vec<f64>,
    accuracy: f64,
}

impl Whole {
    fn look<'a>(&self, points: ArrayView2<'a, f64>, labels: &[usize]) -> Result<Look<'a>, Failure> {
        let neighbours = Neighbours::among(points, self.neighbours)?;
        let (distances, agreement) = (neighbours.farthest(), neighbours.agreement(labels, labels)?);
        Ok(Look { points, norms: norms(points)?, distances, agreement, accuracy: neighbours.accuracy(labels, labels)? })
    }

    fn space(
        &self,
        (source, replicate): (Source, u64),
        Look { points, norms, distances, agreement, accuracy }: &Look<'_>,
        pixels: &Look<'_>,
        labels: &[usize],
    ) -> Result<Space, Failure> {
        let pixel_norms = ArrayView2::from_shape((norms.len(), 1), &pixels.norms)?;
        Ok(Space {
            source,
            replicate,
            distance: spearman(norms, distances)?,
            distance_within: spearman_within(norms, distances, labels)?.mean,
            pixel_distance_within: spearman_within(norms, &pixels.distances, labels)?.mean,
            shuffle_p: None,
            agreement: spearman(norms, agreement)?,
            agreement_within: spearman_within(norms, agreement, labels)?.mean,
            // Of the pixels themselves nothing is left.
            agreement_given_input: spearman_given(norms, agreement, pixel_norms).ok(),
            accuracy: *accuracy,
            mean_norm: mean(norms),
            mean_cosine: mean_cosine(*points)?,
            neighbours: self.neighbours,
            epochs: self.training.epochs,
            learning_rate: self.training.learning_rate,
            temperature: self.training.temperature,
        })
    }
}

impl Look<'_> {
    fn tenths(&self, (source, replicate): (Source, u64)) -> Result<Vec<Tenth>, Failure> {
        let tenths = quantile_groups(&self.norms, TENTHS)?;
        let means = |values: &[f64]| group_means(&tenths, TENTHS, values);
        let columns = means(&self.norms)?.into_iter().zip(means(&self.agreement)?).zip(means(&self.distances)?);
        let row =
            |(tenth, ((norm, agreement), distance))| Tenth { source, replicate, tenth, norm, agreement, distance };
        Ok((1..).zip(columns).map(row).collect())
    }
}

/// How likely norms that are permuted among images of a digit correlate with distances as closely.
fn shuffled(lengths: &[f64], distances: &[f64], labels: &[usize], generator: &mut Generator) -> Result<f64, Failure> {
    let control = shuffle_control(&Strata::groups(labels), SHUFFLES, generator, |places| {
        let moved: Vec<f64> = places.iter().map(|&place| lengths[place]).collect();
        Ok(spearman_within(&moved, distances, labels)?.mean)
    })?;
    Ok(control.p)
}
