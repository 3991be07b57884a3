//! What norms say where all classes are trained on: neighbourhoods, another data set, wrong labels.

use embedding_norms::confidence::{Neighbours, group_means, mean_cosine, quantile_groups, spearman};
use embedding_norms::data::images::{Half, Images};
use embedding_norms::encoder::Network;
use embedding_norms::statistics::mean;
use serde::{Deserialize, Serialize};

use super::labels::{Finding, Wrong, findings};
use super::measures::{Known, Measure};
use super::sample::Sample;
use super::training::PhotoTraining;
use super::unseen::{Novelty, Reference, Unseen, rows};
use crate::cli::failure::Failure;
use crate::cli::rates::OfMean;
use crate::simulations::confidence::Source;
use crate::simulations::confidence::training::{Encoders, norms};
use crate::simulations::photo_data::PhotoData;
use crate::simulations::study::{Context, Row, Study};

/// Groups of equally many images, from the shortest norm to the longest.
pub const TENTHS: usize = 10;
/// Parts of equal width of the norm over its largest value, as published.
pub const BUCKETS: usize = 20;

/// A training on all classes.
#[derive(Clone, Debug, Serialize)]
pub struct PhotoWhole {
    pub data: PhotoData,
    pub reference: Reference,
    pub sample: Sample,
    pub training: PhotoTraining,
    pub neighbours: usize,
    /// The share of labels that is made wrong.
    pub label_noise: f64,
}

/// What norms of held-out images say in one space.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PhotoSpace {
    pub source: Source,
    pub replicate: u64,
    /// The share that the neighbours classify correctly.
    pub accuracy: f64,
    /// Spearman's r_s of norm and the share of neighbours with the same label; nothing where that is the same for all.
    pub agreement: Option<f64>,
    /// The accuracy in the longest tenth minus that in the shortest.
    pub rise: f64,
    mean_norm: f64,
    mean_cosine: f64,
    pub neighbours: usize,
    images: usize,
    test: usize,
    epochs: usize,
    batch: usize,
    learning_rate: OfMean,
    temperature: f64,
}

/// The held-out images of one bucket of the norm over its largest value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    pub source: Source,
    pub replicate: u64,
    /// The upper end.
    pub norm: f64,
    pub images: usize,
    pub accuracy: Option<f64>,
}

/// The means over a tenth of the held-out images.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PhotoTenth {
    pub source: Source,
    pub replicate: u64,
    pub tenth: usize,
    norm: Option<f64>,
    pub accuracy: Option<f64>,
}

impl Row for PhotoSpace {
    const TABLE: &'static str = "";
}

impl Row for Bucket {
    const TABLE: &'static str = "buckets";
}

impl Row for PhotoTenth {
    const TABLE: &'static str = "tenths";
}

/// Rows about one space.
type Looked = (PhotoSpace, Vec<Bucket>, Vec<PhotoTenth>);

impl Study for PhotoWhole {
    type Rows = (Vec<PhotoSpace>, (Vec<Bucket>, (Vec<PhotoTenth>, (Vec<Novelty>, Vec<Finding>))));

    fn label(&self) -> String {
        "all classes".to_owned()
    }

    fn cost(&self) -> f64 {
        let images = self.sample.images as f64;
        self.training.cost(self.data.size(), self.sample.images)
            + images * images * 0.1 * self.data.size().pixels() as f64
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Self::Rows, Failure> {
        let (mut generator, size) = (unit.generator.clone(), self.data.size());
        let trained_on = self.data.draw(Half::Training, self.sample.images, |_| true, &mut generator)?;
        let test = self.data.draw(Half::Test, self.sample.test, |_| true, &mut generator)?;
        let cancelled = || unit.is_cancelled();
        let encoders = self.training.run(size, trained_on.pixels.view(), &mut generator, &cancelled)?;
        let (mut spaces, mut buckets, mut tenths) = (Vec::new(), Vec::new(), Vec::new());
        for source in Source::ALL {
            if cancelled() {
                return Ok(Self::Rows::default());
            }
            let (space, of_buckets, of_tenths) =
                self.look((source, unit.unit.replicate), &encoders, &trained_on, &test)?;
            spaces.push(space);
            buckets.extend(of_buckets);
            tenths.extend(of_tenths);
        }
        let known = Known::new(&encoders, &trained_on, self.neighbours);
        let (_, other) = self.reference.draw(self.sample, &mut generator)?;
        let [new, old] = [&other, &test].map(|images| known.scores(images.pixels.view()));
        let novelty = rows((Unseen::Reference, None), unit.unit.replicate, (&new?, &old?))?;
        if cancelled() {
            return Ok(Self::Rows::default());
        }
        let mut wrong = Vec::new();
        let pixels = Neighbours::among(trained_on.pixels.view(), self.neighbours)?;
        let among = Neighbours::among(known.embeddings(), self.neighbours)?;
        let losses = self.training.losses(size, &encoders.trained, trained_on.pixels.view(), &mut generator)?;
        let minus = |values: Vec<f64>| values.into_iter().map(|value| -value).collect::<Vec<_>>();
        let lengths = |network: &Network| norms(network.embed_features(trained_on.pixels.view()).view()).map(minus);
        let (short, untrained) = (lengths(&encoders.trained)?, lengths(&encoders.untrained)?);
        for kind in Wrong::ALL {
            let planted = kind.plant(&trained_on, &pixels, self.label_noise, &mut generator);
            let measures = [
                (Measure::Norm, short.clone()),
                (Measure::UntrainedNorm, untrained.clone()),
                (Measure::Loss, losses.clone()),
                (Measure::Agreement, minus(among.agreement(&planted, &planted)?)),
            ];
            wrong.extend(findings(kind, unit.unit.replicate, (&trained_on.labels, &planted), &measures)?);
        }
        Ok((spaces, (buckets, (tenths, (novelty, wrong)))))
    }
}

impl PhotoWhole {
    /// What the norms of held-out images say of their neighbours among those that were trained on.
    fn look(
        &self,
        (source, replicate): (Source, u64),
        encoders: &Encoders,
        trained_on: &Images,
        test: &Images,
    ) -> Result<Looked, Failure> {
        let points = |images: &Images| match source {
            Source::Trained => encoders.trained.embed_features(images.pixels.view()),
            Source::Untrained => encoders.untrained.embed_features(images.pixels.view()),
            Source::Input => images.pixels.clone(),
        };
        let (queries, base) = (points(test), points(trained_on));
        let neighbours = Neighbours::between(queries.view(), base.view(), self.neighbours)?;
        let found = neighbours.classify(&trained_on.labels)?;
        let right: Vec<f64> =
            found.iter().zip(&test.labels).map(|(found, label)| f64::from(u8::from(found == label))).collect();
        let lengths = norms(queries.view())?;
        let tenths = tenths((source, replicate), &lengths, &right)?;
        let at = |tenth: usize| tenths[tenth - 1].accuracy.unwrap_or_default();
        let space = PhotoSpace {
            source,
            replicate,
            accuracy: mean(&right),
            agreement: spearman(&lengths, &neighbours.agreement(&test.labels, &trained_on.labels)?).ok(),
            rise: at(TENTHS) - at(1),
            mean_norm: mean(&lengths),
            mean_cosine: mean_cosine(queries.view())?,
            neighbours: self.neighbours,
            images: trained_on.labels.len(),
            test: test.labels.len(),
            epochs: self.training.epochs,
            batch: self.training.batch,
            learning_rate: self.training.learning_rate,
            temperature: self.training.temperature,
        };
        Ok((space, buckets((source, replicate), &lengths, &right)?, tenths))
    }
}

/// Which of the buckets a norm over the largest one is in: the first one ends at 1/20, the last one at 1.
fn bucket(norm: f64, largest: f64) -> usize {
    ((norm / largest * BUCKETS as f64).ceil() as usize).clamp(1, BUCKETS) - 1
}

fn buckets((source, replicate): (Source, u64), norms: &[f64], right: &[f64]) -> Result<Vec<Bucket>, Failure> {
    let largest = norms.iter().copied().fold(0.0, f64::max);
    let places: Vec<usize> = norms.iter().map(|&norm| bucket(norm, largest)).collect();
    let accuracies = group_means(&places, BUCKETS, right)?;
    let row = |(place, accuracy)| {
        let images = places.iter().filter(|&&other| other == place).count();
        Bucket { source, replicate, norm: (place + 1) as f64 / BUCKETS as f64, images, accuracy }
    };
    Ok(accuracies.into_iter().enumerate().map(row).collect())
}

fn tenths((source, replicate): (Source, u64), norms: &[f64], right: &[f64]) -> Result<Vec<PhotoTenth>, Failure> {
    let groups = quantile_groups(norms, TENTHS)?;
    let columns = group_means(&groups, TENTHS, norms)?.into_iter().zip(group_means(&groups, TENTHS, right)?);
    let row = |(tenth, (norm, accuracy))| PhotoTenth { source, replicate, tenth, norm, accuracy };
    Ok((1..).zip(columns).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_parts_of_the_largest_norm_and_keep_those_without_images() {
        assert_eq!([0.0, 0.05, 0.051, 0.5, 0.99, 1.0].map(|norm| bucket(4.0 * norm, 4.0)), [0, 0, 1, 9, 19, 19]);
        let found = buckets((Source::Trained, 0), &[1.0, 2.0, 2.0], &[0.0, 1.0, 0.0]).unwrap();
        assert_eq!(found.len(), BUCKETS);
        let with: Vec<_> = found.iter().filter(|row| row.images > 0).map(|row| (row.norm, row.accuracy)).collect();
        assert_eq!(with, [(0.5, Some(0.0)), (1.0, Some(0.5))]);
    }
}
