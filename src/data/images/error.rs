//! What can be wrong with files of images: each error names the file, the place and the remedy.

use std::path::Path;

use super::image::Half;
use crate::data::embeddings::Problem;

/// A file or a folder of images that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct ImageError {
    /// The file or the folder, as it was named.
    pub file: String,
    /// What is wrong with it.
    #[source]
    pub problem: Box<ImageProblem>,
}

/// What is wrong with a file or a folder of images, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageProblem {
    /// What can be wrong with any file.
    #[error(transparent)]
    File(#[from] Problem),
    /// A file that does not begin as IDX does.
    #[error(
        "the header: {found}, where IDX begins with two zeros, a type of element and the number of dimensions; give the \
         file as it was published, or write it again"
    )]
    NotIdx {
        /// What stands there.
        found: String,
    },
    /// Data of another length than the header promises.
    #[error(
        "the header asks for {expected} bytes of data in the shape {shape}, and there are {found}; the file is cut short, \
         has something behind its data, or its header is forged: copy it again"
    )]
    Length {
        /// Bytes that shape and type ask for.
        expected: u128,
        /// Rows and what follows, as the header has them.
        shape: String,
        /// How many bytes there are, in words.
        found: String,
    },
    /// Dimensions that are not what the file is for.
    #[error("the header: the shape {shape}, where {wanted} is needed; {remedy}")]
    Shape {
        /// The shape that stands in the file.
        shape: String,
        /// The shape that is read.
        wanted: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Elements that cannot be labels.
    #[error("the header: elements of type {found}, where labels are whole numbers; give the file of labels")]
    LabelType {
        /// The type that stands in the file.
        found: &'static str,
    },
    /// A label out of range.
    #[error("image {image}: the label {found}, where {wanted} is needed; {remedy}")]
    Label {
        /// The image, counted from 0.
        image: usize,
        /// What stands there.
        found: String,
        /// The range.
        wanted: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A pixel without a value.
    #[error("image {image}, pixel {pixel}: {found}, where a finite number is needed; write the file again")]
    Pixel {
        /// The image, counted from 0.
        image: usize,
        /// The pixel, counted from 0.
        pixel: usize,
        /// What stands there.
        found: f64,
    },
    /// Not a whole number of records.
    #[error(
        "{length} bytes are not a whole number of records of {record} bytes, a label and 3 × 32 × 32 pixels each; the file \
         is cut short or of another kind: unpack it again from {archive}"
    )]
    Records {
        /// How long the file is.
        length: u64,
        /// How long a record is.
        record: u64,
        /// Where the file comes from.
        archive: &'static str,
    },
    /// Not one label for each image.
    #[error("{labels} labels for {images} images in {of}; give both files of one data set")]
    Count {
        /// How many labels there are.
        labels: usize,
        /// How many images there are.
        images: usize,
        /// The file of images.
        of: String,
    },
    /// Images of another size than those to train on.
    #[error("images of {found} pixels, where those to train on have {wanted}; give both files of one data set")]
    OtherSize {
        /// Height and width here.
        found: String,
        /// Height and width of the images to train on.
        wanted: String,
    },
    /// A file in the place of a folder.
    #[error("this is a file: give the folder that holds the images and their labels, as they are published")]
    NoFolder,
    /// A folder without images of a known kind.
    #[error(
        "no images are found in this folder: give one with train-images-idx3-ubyte and train-labels-idx1-ubyte (plain or \
         .gz: MNIST, Fashion-MNIST, KMNIST, EMNIST), with data_batch_1.bin to data_batch_5.bin (CIFAR-10, the binary \
         version) or with train.bin (CIFAR-100, the binary version){found}"
    )]
    NothingFound {
        /// What was found in their place.
        found: &'static str,
    },
    /// Several data sets in one folder.
    #[error("several data sets: {there}; name one of them, as in {example}")]
    Several {
        /// What their file names begin with.
        there: String,
        /// How one of them is named.
        example: String,
    },
    /// A file of the data set that is not there.
    #[error("{missing} is missing beside {present}; unpack the data set again")]
    Incomplete {
        /// The file that is wanted.
        missing: String,
        /// The file that is there.
        present: String,
    },
    /// A part of the data set that is not there.
    #[error("there are no images for the {half}; {remedy}")]
    NoHalf {
        /// Which part.
        half: Half,
        /// Which files have it.
        remedy: &'static str,
    },
    /// An image that is not there.
    #[error("image {image} is asked for, and there are {there}, counted from 0")]
    NoSuchImage {
        /// The image asked for.
        image: usize,
        /// How many there are.
        there: usize,
    },
}

impl ImageProblem {
    /// The problem of a file.
    pub(super) fn of(self, file: &str) -> ImageError {
        ImageError { file: file.to_owned(), problem: Box::new(self) }
    }
}

/// A file in errors.
pub(super) fn named(path: &Path) -> String {
    path.display().to_string()
}
