//! Images of a user's own to train on: the folder that an option names, samples of it, and the random changes that make
//! views of them.

use std::collections::BTreeMap;

use embedding_norms::data::digits::{Digits, SIDE};
use embedding_norms::data::images::{Half, ImageFolder, ImageSize, Images};
use embedding_norms::data::photo::PhotoViews;
use embedding_norms::random::Generator;
use embedding_norms::setting::SettingError;
use embedding_norms::training::{Source, TwoViews};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;

/// A folder of images. What is written down of it follows from the content, so that the same files are the same data
/// wherever they lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhotoData {
    /// BLAKE3 of the files.
    checksum: String,
    images: usize,
    test: usize,
    size: ImageSize,
    /// Where they lie; unknown when settings are read from a file.
    #[serde(skip)]
    folder: Option<ImageFolder>,
}

impl PhotoData {
    /// Reads the headers in the folder that an option names.
    pub fn parse(path: &str) -> Result<Self, String> {
        let folder = ImageFolder::find(path).map_err(|error| error.to_string())?;
        let checksum = folder.checksum().map_err(|error| error.to_string())?;
        let [images, test] = [Half::Training, Half::Test].map(|half| folder.images(half));
        Ok(Self { checksum, images, test, size: folder.size(), folder: Some(folder) })
    }

    /// How large the images are.
    pub fn size(&self) -> ImageSize {
        self.size
    }

    /// How many images a half has.
    pub fn images(&self, half: Half) -> usize {
        if half == Half::Training { self.images } else { self.test }
    }

    fn folder(&self) -> Result<&ImageFolder, Failure> {
        let lost = || Failure::Refused("the folder of the images is not known: give it with --data".to_owned());
        self.folder.as_ref().ok_or_else(lost)
    }

    /// How many images of each class a half has; nothing where the folder is not known.
    pub fn of_each_class(&self, half: Half) -> Result<Option<BTreeMap<usize, usize>>, Failure> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let mut there = BTreeMap::new();
        for label in folder.labels(half)? {
            *there.entry(label).or_default() += 1;
        }
        Ok(Some(there))
    }

    /// The classes of the images of a half.
    pub fn labels(&self, half: Half) -> Result<Vec<usize>, Failure> {
        Ok(self.folder()?.labels(half)?)
    }

    /// Some images of a half, in this order.
    pub fn select(&self, half: Half, images: &[usize]) -> Result<Images, Failure> {
        Ok(self.folder()?.select(half, images)?)
    }

    /// So many images of a half, drawn from those whose class is wanted; all of them if there are fewer.
    pub fn draw(
        &self,
        half: Half,
        count: usize,
        wanted: impl Fn(usize) -> bool,
        generator: &mut Generator,
    ) -> Result<Images, Failure> {
        let labels = self.labels(half)?;
        let mut places: Vec<usize> = (0..labels.len()).filter(|&place| wanted(labels[place])).collect();
        places.shuffle(generator);
        places.truncate(count);
        self.select(half, &places)
    }
}

/// The digits that come with this crate, enlarged to another size (bilinear, the corners kept), in every plane.
pub fn enlarged_digits(size: ImageSize) -> Result<Images, Failure> {
    let digits = Digits::load()?;
    let plane = size.height * size.width;
    let place = |pixel: usize, pixels: usize| {
        let place = (SIDE - 1) as f64 * pixel as f64 / (pixels.max(2) - 1) as f64;
        let whole = (place as usize).min(SIDE - 2);
        (whole, place - whole as f64)
    };
    let places: Vec<_> =
        (0..plane).map(|at| (place(at / size.width, size.height), place(at % size.width, size.width))).collect();
    let pixels = Array2::from_shape_fn((digits.labels().len(), size.pixels()), |(image, at)| {
        let ((row, below), (column, right)) = places[at % plane];
        let at = |row: usize, column: usize| digits.images()[[image, row * SIDE + column]];
        let blend = |row| (1.0 - right) * at(row, column) + right * at(row, column + 1);
        (1.0 - below) * blend(row) + below * blend(row + 1)
    });
    Ok(Images { pixels, labels: digits.labels().to_vec() })
}

/// How strongly views of a photograph differ from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// The least share of the area that a window keeps.
    pub crop: f64,
    pub flip: bool,
    /// The largest change of brightness, contrast and colours.
    pub jitter: f64,
    pub noise: f64,
}

impl Changes {
    /// The random change of images of this size.
    pub fn of(self, size: ImageSize) -> Result<PhotoViews, SettingError> {
        let views = PhotoViews::none(size.channels, size.height, size.width)?.crop(self.crop)?.flip(self.flip);
        views.brightness(self.jitter)?.contrast(self.jitter)?.colour(self.jitter)?.noise(self.noise)
    }

    /// Two views of each image.
    pub fn two_views<'a>(
        self,
        size: ImageSize,
        images: ArrayView2<'a, f64>,
    ) -> Result<Box<dyn Source + 'a>, SettingError> {
        let change = self.of(size)?;
        let view = move |image: ArrayView1<'_, f64>, view: ArrayViewMut1<'_, f64>, numbers: &mut Generator| {
            change.view(image, view, numbers);
        };
        Ok(Box::new(TwoViews::new(images, view)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enlarged_digits_keep_corners_and_are_the_same_in_each_plane() {
        let digits = Digits::load().unwrap();
        let same = enlarged_digits(ImageSize { channels: 1, height: SIDE, width: SIDE }).unwrap();
        assert!(same.pixels.iter().zip(digits.images()).all(|(ours, theirs)| (ours - theirs).abs() < 1e-12));
        let size = ImageSize { channels: 3, height: 28, width: 30 };
        let large = enlarged_digits(size).unwrap();
        for (corner, place) in [(0, 0), (29, 7), (27 * 30, 56), (27 * 30 + 29, 63)] {
            for plane in 0..3 {
                let (ours, theirs) = (large.pixels[[5, plane * 28 * 30 + corner]], digits.images()[[5, place]]);
                assert!((ours - theirs).abs() < 1e-12, "{corner}: {ours} {theirs}");
            }
        }
    }
}
