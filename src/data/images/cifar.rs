//! CIFAR-10 and CIFAR-100, the binary version: records of a label or two and 3072 bytes, a file after another.

use std::path::Path;

use ndarray::Array2;

use super::error::{ImageError, ImageProblem};
use super::image::{ImageSize, Images};
use super::opened::Opened;
use crate::data::embeddings::Problem;

/// The size of the images of CIFAR.
pub(super) const SIZE: ImageSize = ImageSize { channels: 3, height: 32, width: 32 };

/// Bytes of pixels in a record.
const PIXELS: usize = 3 * 32 * 32;

/// Which CIFAR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CifarKind {
    /// CIFAR-10: one label, from 0 to 9.
    Ten,
    /// CIFAR-100: the label of one of 20 groups, which is checked and left out, and one from 0 to 99.
    Hundred,
}

impl CifarKind {
    /// How many values each label of a record has.
    fn labels(self) -> &'static [u8] {
        match self {
            Self::Ten => &[10],
            Self::Hundred => &[20, 100],
        }
    }

    /// Bytes of a record.
    pub fn record(self) -> usize {
        self.labels().len() + PIXELS
    }

    /// The archive as it is published.
    pub fn archive(self) -> &'static str {
        match self {
            Self::Ten => "cifar-10-binary.tar.gz",
            Self::Hundred => "cifar-100-binary.tar.gz",
        }
    }
}

/// An open file of CIFAR, whose images are read in their order.
///
/// ```
/// use embedding_norms::data::images::{Cifar, CifarKind};
/// let record = [vec![7], vec![255; 3072]].concat();
/// let mut file = Cifar::from_bytes("data_batch_1.bin", record, CifarKind::Ten)?;
/// let images = file.next_images(10)?;
/// assert_eq!((images.labels[0], images.pixels[[0, 3071]]), (7, 1.0));
/// # Ok::<(), embedding_norms::data::images::ImageError>(())
/// ```
pub struct Cifar {
    opened: Opened,
    kind: CifarKind,
    images: usize,
    next: usize,
    buffer: Vec<u8>,
}

impl Cifar {
    /// Opens a file, whose length says how many images it has.
    ///
    /// # Errors
    /// A file that cannot be read, or that does not have a whole number of records.
    pub fn open(path: impl AsRef<Path>, kind: CifarKind) -> Result<Self, ImageError> {
        Self::new(Opened::open(path.as_ref())?, kind)
    }

    /// Takes a file that is in memory; `name` stands for it in errors.
    ///
    /// # Errors
    /// As [`Cifar::open`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>, kind: CifarKind) -> Result<Self, ImageError> {
        Self::new(Opened::from_bytes(name, bytes)?, kind)
    }

    fn new(opened: Opened, kind: CifarKind) -> Result<Self, ImageError> {
        if opened.packed {
            let remedy = format!("unpack the archive, tar -xzf {}, and give the folder that it makes", kind.archive());
            let problem = Problem::OtherFormat { format: "a gzip archive", remedy };
            return Err(ImageProblem::from(problem).of(&opened.name));
        }
        let (length, record) = (opened.length, kind.record() as u64);
        if !length.is_multiple_of(record) {
            return Err(ImageProblem::Records { length, record, archive: kind.archive() }.of(&opened.name));
        }
        let images = usize::try_from(length / record).unwrap_or(usize::MAX);
        Ok(Self { opened, kind, images, next: 0, buffer: Vec::new() })
    }

    /// How many images there are.
    pub fn images(&self) -> usize {
        self.images
    }

    /// The next images, at most so many; none at the end.
    ///
    /// # Errors
    /// A file that has become shorter, or a label out of range.
    pub fn next_images(&mut self, most: usize) -> Result<Images, ImageError> {
        let (count, record) = (most.min(self.images - self.next), self.kind.record());
        self.opened.next(count * record, &mut self.buffer, &format!("image {}", self.next))?;
        let ranges = self.kind.labels();
        let (mut pixels, mut labels) = (Vec::with_capacity(count * PIXELS), Vec::with_capacity(count));
        for (place, record) in self.buffer.chunks_exact(record).enumerate() {
            let (own, colours) = record.split_at(ranges.len());
            if let Some((found, range)) = own.iter().zip(ranges).find(|(label, range)| label >= range) {
                let problem = ImageProblem::Label {
                    image: self.next + place,
                    found: found.to_string(),
                    wanted: format!("one from 0 to {}", range - 1),
                    remedy: "the file is of another kind, or corrupt: unpack it again",
                };
                return Err(problem.of(&self.opened.name));
            }
            labels.push(usize::from(own[own.len() - 1]));
            pixels.extend(colours.iter().map(|byte| f64::from(*byte) / 255.0));
        }
        self.next += count;
        let pixels = Array2::from_shape_vec((count, PIXELS), pixels).expect("whole records are read");
        Ok(Images { pixels, labels })
    }
}
