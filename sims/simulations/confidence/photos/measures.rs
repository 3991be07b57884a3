//! What may tell that an image is new, or that its label is wrong: the norm, and what it is compared with.

use embedding_norms::confidence::{Neighbours, auroc};
use embedding_norms::data::images::Images;
use embedding_norms::encoder::Network;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::confidence::training::{Encoders, norms};

/// A measure of an image; the larger its score, the less is the image like those that were trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Minus the norm of its embedding.
    Norm,
    /// Minus that of the untrained network.
    UntrainedNorm,
    /// Minus the norm of its pixels.
    PixelNorm,
    /// The distance to the k-th neighbour among the pixels that were trained on.
    PixelDistance,
    /// That among embeddings.
    EmbeddingDistance,
    /// Minus the share of the commonest class among its neighbours, or of its own class where it has one.
    Agreement,
    /// The loss that training minimizes.
    Loss,
}

impl Measure {
    /// What can be asked of an image that training never saw.
    pub const OF_NEW: [Self; 6] = [
        Self::Norm,
        Self::UntrainedNorm,
        Self::PixelNorm,
        Self::PixelDistance,
        Self::EmbeddingDistance,
        Self::Agreement,
    ];

    /// How legends call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Norm => "norm",
            Self::UntrainedNorm => "norm, untrained",
            Self::PixelNorm => "norm of the pixels",
            Self::PixelDistance => "distance of pixels",
            Self::EmbeddingDistance => "distance of embeddings",
            Self::Agreement => "agreement of neighbours",
            Self::Loss => "loss",
        }
    }
}

/// Trained encoders with the images that they were trained on.
pub struct Known<'a> {
    encoders: &'a Encoders,
    trained_on: &'a Images,
    embeddings: ndarray::Array2<f64>,
    neighbours: usize,
}

/// The scores of some images, a list for each of [`Measure::OF_NEW`].
pub type Scores = [Vec<f64>; 6];

impl<'a> Known<'a> {
    pub fn new(encoders: &'a Encoders, trained_on: &'a Images, neighbours: usize) -> Self {
        let embeddings = encoders.trained.embed_features(trained_on.pixels.view());
        Self { encoders, trained_on, embeddings, neighbours }
    }

    /// The embeddings of the images that were trained on.
    pub fn embeddings(&self) -> ArrayView2<'_, f64> {
        self.embeddings.view()
    }

    /// The scores of images.
    pub fn scores(&self, images: ArrayView2<'_, f64>) -> Result<Scores, Failure> {
        let minus = |values: Vec<f64>| values.into_iter().map(|value| -value).collect::<Vec<_>>();
        let lengths = |network: &Network| Ok::<_, Failure>(minus(norms(network.embed_features(images).view())?));
        let embedded = self.encoders.trained.embed_features(images);
        let among = Neighbours::between(embedded.view(), self.embeddings.view(), self.neighbours)?;
        let pixels = Neighbours::between(images, self.trained_on.pixels.view(), self.neighbours)?;
        let commonest = among.classify(&self.trained_on.labels)?;
        Ok([
            minus(norms(embedded.view())?),
            lengths(&self.encoders.untrained)?,
            minus(norms(images)?),
            pixels.farthest(),
            among.farthest(),
            minus(among.agreement(&commonest, &self.trained_on.labels)?),
        ])
    }
}

/// How well each measure tells new images from others.
pub fn told(new: &Scores, known: &Scores) -> Result<Vec<(Measure, f64)>, Failure> {
    let each = Measure::OF_NEW.into_iter().zip(new.iter().zip(known));
    each.map(|(measure, (new, known))| Ok((measure, auroc(new, known)?))).collect()
}
