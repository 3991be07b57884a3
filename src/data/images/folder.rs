//! A folder with the files of a data set.

use std::io::Read;
use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis};

use super::error::{ImageError, ImageProblem, named};
use super::files::{Found, find};
use super::image::{Half, ImageSize, Images};
use super::stream::{Chunks, Files};
use crate::data::embeddings::{Problem, interrupted};

/// Images that are read at once where only some are wanted.
const CHUNK: usize = 1024;

/// The images of a folder, of which only headers are read until they are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFolder {
    path: PathBuf,
    size: ImageSize,
    training: (Files, usize),
    test: Option<(Files, usize)>,
}

impl ImageFolder {
    /// Finds the files of a data set by the names under which they are published, in this folder or in the subfolder that
    /// their archive or torchvision makes (`raw`, `cifar-10-batches-bin`, `cifar-100-binary`). Where file names of several
    /// data sets begin differently, as those of EMNIST do, `FOLDER/BEGINNING` names one: `gzip/emnist-letters`.
    ///
    /// # Errors
    /// A folder without such files, or with several data sets or parts of one; files that cannot be what their names say.
    pub fn find(path: impl AsRef<Path>) -> Result<Self, ImageError> {
        let path = path.as_ref();
        let Found { training, test } = find(path)?;
        let (images, size) = training.measure()?;
        let test = test.map(|files| {
            let (images, found) = files.measure()?;
            if found == size {
                return Ok((files, images));
            }
            let problem = ImageProblem::OtherSize { found: found.to_string(), wanted: size.to_string() };
            Err(problem.of(&named(files.paths()[0])))
        });
        Ok(Self { path: path.to_owned(), size, training: (training, images), test: test.transpose()? })
    }

    /// The folder, as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How large the images are.
    pub fn size(&self) -> ImageSize {
        self.size
    }

    /// How many images a half has; 0 if it is not there.
    pub fn images(&self, half: Half) -> usize {
        match half {
            Half::Training => self.training.1,
            Half::Test => self.test.as_ref().map_or(0, |(_, images)| *images),
        }
    }

    fn files(&self, half: Half) -> Result<&Files, ImageError> {
        let missing = || {
            let remedy = "add t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, test_batch.bin, or test.bin";
            ImageProblem::NoHalf { half, remedy }.of(&named(&self.path))
        };
        match half {
            Half::Training => Ok(&self.training.0),
            Half::Test => self.test.as_ref().map(|(files, _)| files).ok_or_else(missing),
        }
    }

    /// The images of a half, at most so many at a time.
    ///
    /// # Errors
    /// A half that is not there; each chunk can be an error of its own, after which none follows.
    pub fn chunks(&self, half: Half, most: usize) -> Result<Chunks, ImageError> {
        Chunks::of(self.files(half)?, most)
    }

    /// The classes of all images of a half.
    ///
    /// # Errors
    /// As [`ImageFolder::chunks`].
    pub fn labels(&self, half: Half) -> Result<Vec<usize>, ImageError> {
        let mut labels = Vec::new();
        for chunk in self.chunks(half, CHUNK)? {
            labels.extend(chunk?.labels);
        }
        Ok(labels)
    }

    /// Some images of a half, in this order; an image may be asked for more than once. Only they are kept in memory.
    ///
    /// # Errors
    /// As [`ImageFolder::chunks`]; an image that is not there.
    pub fn select(&self, half: Half, images: &[usize]) -> Result<Images, ImageError> {
        let there = self.images(half);
        if let Some(&image) = images.iter().find(|&&image| image >= there) {
            self.files(half)?;
            return Err(ImageProblem::NoSuchImage { image, there }.of(&named(&self.path)));
        }
        let mut order: Vec<usize> = (0..images.len()).collect();
        order.sort_by_key(|&place| images[place]);
        let mut wanted = order.into_iter().peekable();
        let (mut pixels, mut labels) = (Array2::zeros((images.len(), self.size.pixels())), vec![0; images.len()]);
        let mut first = 0;
        for chunk in self.chunks(half, CHUNK)? {
            let chunk = chunk?;
            let end = first + chunk.labels.len();
            while let Some(place) = wanted.next_if(|&place| images[place] < end) {
                let row = images[place] - first;
                pixels.row_mut(place).assign(&chunk.pixels.index_axis(Axis(0), row));
                labels[place] = chunk.labels[row];
            }
            first = end;
        }
        Ok(Images { pixels, labels })
    }

    /// BLAKE3 of all files, one after another: the identity of the data, wherever they lie.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn checksum(&self) -> Result<String, ImageError> {
        let mut hasher = blake3::Hasher::new();
        let test = self.test.iter().flat_map(|(files, _)| files.paths());
        for path in self.training.0.paths().into_iter().chain(test) {
            let of = |problem: Problem| ImageProblem::from(problem).of(&named(path));
            let mut file = std::fs::File::open(path).map_err(|error| of(Problem::Refused(error)))?;
            let mut buffer = vec![0; 1 << 16];
            loop {
                match file.read(&mut buffer).map_err(|error| of(interrupted("the file", error)))? {
                    0 => break,
                    count => hasher.update(&buffer[..count]),
                };
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}
