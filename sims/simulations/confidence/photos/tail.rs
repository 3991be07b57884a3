//! Long-tailed data: some classes have a hundred times as many images as others. Are the embeddings of rare classes shorter,
//! and do their directions collapse?

use std::collections::BTreeSet;

use embedding_norms::confidence::{Neighbours, mean_cosine};
use embedding_norms::data::images::{Half, Images};
use embedding_norms::encoder::Network;
use embedding_norms::random::Generator;
use embedding_norms::statistics::mean;
use ndarray::Axis;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::sample::Sample;
use super::training::PhotoTraining;
use crate::cli::failure::Failure;
use crate::simulations::confidence::training::norms;
use crate::simulations::photo_data::PhotoData;
use crate::simulations::study::{Context, Row, Study};

/// A training on as many images in a long tail, and one on as many of each class.
#[derive(Clone, Debug, Serialize)]
pub struct Tail {
    pub data: PhotoData,
    pub sample: Sample,
    pub training: PhotoTraining,
    pub neighbours: usize,
    /// How many times as frequent the commonest class is as the rarest.
    pub imbalance: f64,
}

/// What a network was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trained {
    LongTail,
    Balanced,
    /// The long tail's, before its training.
    Untrained,
}

impl Trained {
    pub const ALL: [Self; 3] = [Self::LongTail, Self::Balanced, Self::Untrained];
}

/// Held-out images of one class.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Frequency {
    pub trained: Trained,
    pub replicate: u64,
    /// The place of the class by its frequency, 1 for the commonest.
    pub place: usize,
    class: usize,
    /// Images of the class in the long tail.
    pub images: usize,
    /// Their mean norm over that of all.
    pub norm: f64,
    /// The mean cosine within the class.
    pub cosine: f64,
    pub accuracy: f64,
}

impl Row for Frequency {
    const TABLE: &'static str = "tail";
}

/// Each class of the long tail's network beside that of the balanced one in the same replicate.
pub fn paired(rows: &[Frequency]) -> impl Iterator<Item = (&Frequency, &Frequency)> {
    let of = |trained| rows.iter().filter(move |row| row.trained == trained);
    let balanced = of(Trained::Balanced);
    of(Trained::LongTail).filter_map(move |row| {
        let same = |other: &&Frequency| (other.replicate, other.place) == (row.replicate, row.place);
        balanced.clone().find(same).map(|other| (row, other))
    })
}

/// How many images each of so many classes has, the commonest first: a geometric series with so many in all.
pub fn frequencies(classes: usize, images: usize, imbalance: f64) -> Vec<usize> {
    let share = |place: usize| libm::pow(imbalance, -(place as f64) / (classes.max(2) - 1) as f64);
    let all: f64 = (0..classes).map(share).sum();
    (0..classes).map(|place| ((images as f64 * share(place) / all).round() as usize).max(1)).collect()
}

/// As many images, or as many fewer as leave the commonest of so many classes no more than `most`.
fn with_at_most(most: usize, classes: usize, images: usize, imbalance: f64) -> usize {
    let commonest = frequencies(classes, images, imbalance).first().copied().unwrap_or_default();
    if commonest <= most { images } else { (images as f64 * most as f64 / commonest as f64) as usize }
}

impl Study for Tail {
    type Rows = Vec<Frequency>;

    fn label(&self) -> String {
        format!("long tail, 1 : {}", self.imbalance)
    }

    fn cost(&self) -> f64 {
        2.0 * self.training.cost(self.data.size(), self.sample.images)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Frequency>, Failure> {
        let mut generator = unit.generator.clone();
        let (long, counts) = self.long_tail(&mut generator)?;
        let each = vec![self.sample.images / counts.len(); counts.len()];
        let order: Vec<usize> = counts.iter().map(|&(class, _)| class).collect();
        let balanced = self.of_classes(&order, &each, &mut generator)?;
        let test = self.data.draw(Half::Test, self.sample.test, |_| true, &mut generator)?;
        let cancelled = || unit.is_cancelled();
        let [tail, other] = [&long, &balanced]
            .map(|images| self.training.run(self.data.size(), images.pixels.view(), &mut generator, &cancelled));
        let (tail, other) = (tail?, other?);
        if cancelled() {
            return Ok(Vec::new());
        }
        let networks = [&tail.trained, &other.trained, &tail.untrained];
        let rows = Trained::ALL
            .into_iter()
            .zip(networks)
            .map(|(trained, network)| self.rows((trained, unit.unit.replicate), network, &counts, (&balanced, &test)));
        Ok(rows.collect::<Result<Vec<_>, _>>()?.concat())
    }
}

impl Tail {
    /// How many images a long tail of these data can have, at most `images`: any class has enough to be the commonest, as
    /// which one is is drawn in each replicate.
    pub fn images_that_fit(data: &PhotoData, images: usize, imbalance: f64) -> Result<usize, Failure> {
        let there = data.of_each_class(Half::Training)?.unwrap_or_default();
        Ok(there.values().min().map_or(images, |&fewest| with_at_most(fewest, there.len(), images, imbalance)))
    }

    /// The images in a long tail, with the classes and how many images each has, the commonest first.
    fn long_tail(&self, generator: &mut Generator) -> Result<(Images, Vec<(usize, usize)>), Failure> {
        let classes: BTreeSet<usize> = self.data.labels(Half::Training)?.into_iter().collect();
        let mut order: Vec<usize> = classes.into_iter().collect();
        order.shuffle(generator);
        let counts = frequencies(order.len(), self.sample.images, self.imbalance);
        let images = self.of_classes(&order, &counts, generator)?;
        Ok((images, order.into_iter().zip(counts).collect()))
    }

    fn of_classes(&self, classes: &[usize], counts: &[usize], generator: &mut Generator) -> Result<Images, Failure> {
        let labels = self.data.labels(Half::Training)?;
        let mut places: Vec<usize> = (0..labels.len()).collect();
        places.shuffle(generator);
        let of = |(&class, &count): (&usize, &usize)| {
            places.iter().copied().filter(|&place| labels[place] == class).take(count).collect::<Vec<_>>()
        };
        let chosen: Vec<usize> = classes.iter().zip(counts).flat_map(of).collect();
        self.data.select(Half::Training, &chosen)
    }

    /// What a network makes of held-out images of each class; their neighbours are among as many images of each class.
    fn rows(
        &self,
        (trained, replicate): (Trained, u64),
        network: &Network,
        counts: &[(usize, usize)],
        (base, test): (&Images, &Images),
    ) -> Result<Vec<Frequency>, Failure> {
        let [base_points, points] = [base, test].map(|images| network.embed_features(images.pixels.view()));
        let lengths = norms(points.view())?;
        let found = Neighbours::between(points.view(), base_points.view(), self.neighbours)?.classify(&base.labels)?;
        let all = mean(&lengths);
        let mut rows = Vec::new();
        for (place, &(class, images)) in (1..).zip(counts) {
            let own: Vec<usize> = (0..lengths.len()).filter(|&row| test.labels[row] == class).collect();
            if own.len() < 2 {
                continue;
            }
            let norm = mean(&own.iter().map(|&row| lengths[row]).collect::<Vec<_>>()) / all;
            let right = own.iter().filter(|&&row| found[row] == class).count();
            let cosine = mean_cosine(points.select(Axis(0), &own).view())?;
            let accuracy = right as f64 / own.len() as f64;
            rows.push(Frequency { trained, replicate, place, class, images, norm, cosine, accuracy });
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::{frequencies, with_at_most};

    #[test]
    fn frequencies_fall_by_one_factor_from_class_to_class() {
        let found = frequencies(10, 4000, 100.0);
        assert!(found[0] / 100 == found[9] && found.iter().sum::<usize>().abs_diff(4000) < 10, "{found:?}");
        let factors: Vec<f64> = found.windows(2).map(|pair| pair[0] as f64 / pair[1] as f64).collect();
        assert!(factors.iter().all(|factor| (factor / 1.668 - 1.0).abs() < 0.03), "{factors:?}");
        assert_eq!(frequencies(1, 7, 100.0), [7]);
        assert_eq!(frequencies(2, 10, 1.0), [5, 5]);
    }

    #[test]
    fn fewer_images_leave_the_commonest_class_as_many_as_there_are() {
        assert_eq!(with_at_most(2000, 10, 4000, 100.0), 4000);
        for (images, most) in [(15_000, 6000), (15_000, 17), (100, 10)] {
            let fits = with_at_most(most, 10, images, 100.0);
            let found = frequencies(10, fits, 100.0)[0];
            assert!(fits < images && found <= most && found + 1 >= most, "{images}: {found} of {most}");
        }
    }
}
