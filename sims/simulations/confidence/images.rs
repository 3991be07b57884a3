//! Which images have the shortest and the longest embeddings.

use embedding_norms::data::digits::{CLASSES, Digits};
use embedding_norms::statistics::mean;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::grouping::grouped;
use crate::simulations::study::Row;

/// Images in a strip.
const STRIP: usize = 10;

/// An image after one training.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Embedded {
    pub image: usize,
    /// The norm of its embedding, over the mean of all.
    pub norm: f64,
    pub agreement: f64,
}

/// Images are taken from all, or one of each digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strip {
    All,
    Each,
}

/// Which embeddings they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    Shortest,
    Longest,
}

/// An image in a strip, with means over trainings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Image {
    pub strip: Strip,
    pub end: End,
    pub place: usize,
    image: usize,
    pub digit: usize,
    pub norm: f64,
    agreement: f64,
    #[serde(with = "sixteenths")]
    pub pixels: Vec<f64>,
}

impl Row for Embedded {
    const TABLE: &'static str = "embedded";
}

impl Row for Image {
    const TABLE: &'static str = "images";
}

/// The images at both ends, over all digits and of each digit, by the mean over trainings of the norm over its mean.
pub fn strips(found: &[Embedded]) -> Result<Vec<Image>, Failure> {
    let digits = Digits::load()?;
    let means = |value: fn(&Embedded) -> f64| -> Vec<f64> {
        let groups = grouped(found.iter().map(|one| (one.image as f64, value(one))));
        groups.into_iter().map(|(_, values)| mean(&values)).collect()
    };
    let (norms, agreements) = (means(|one| one.norm), means(|one| one.agreement));
    let row = |strip, end, place, &image: &usize| {
        let (digit, pixels) = (digits.labels()[image], digits.images().row(image).to_vec());
        Image { strip, end, place, image, digit, norm: norms[image], agreement: agreements[image], pixels }
    };
    let mut order: Vec<usize> = (0..norms.len()).collect();
    order.sort_by(|&a, &b| norms[a].total_cmp(&norms[b]));
    let shortest = order.iter().enumerate().map(|(place, image)| row(Strip::All, End::Shortest, place, image));
    let longest = order.iter().rev().enumerate().map(|(place, image)| row(Strip::All, End::Longest, place, image));
    let each = (0..CLASSES).flat_map(|digit| {
        let mut of_digit = order.iter().filter(|&&image| digits.labels()[image] == digit);
        let ends = [(End::Shortest, of_digit.next()), (End::Longest, of_digit.next_back())];
        ends.map(|(end, image)| Some(row(Strip::Each, end, digit, image?)))
    });
    Ok(shortest.take(STRIP).chain(longest.take(STRIP)).chain(each.flatten()).collect())
}

/// Pixels, from 0 for paper to 1 for ink, in sixteenths with spaces between them.
mod sixteenths {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(pixels: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        let fields: Vec<String> = pixels.iter().map(|pixel| (16.0 * pixel).to_string()).collect();
        serializer.serialize_str(&fields.join(" "))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let field = String::deserialize(deserializer)?;
        let pixel = |number: &str| number.parse::<f64>().map(|ink| ink / 16.0);
        field
            .split(' ')
            .map(pixel)
            .collect::<Result<_, _>>()
            .map_err(|_| D::Error::custom(format!("expected numbers, found '{field}'")))
    }
}
