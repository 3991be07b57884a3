//! Images with their labels, in chunks, from one file after another.

use std::path::PathBuf;

use super::cifar::{Cifar, CifarKind, SIZE};
use super::error::{ImageError, ImageProblem};
use super::idx::{Idx, IdxElement, shown};
use super::image::{ImageSize, Images};

/// Images and labels in two files of IDX.
pub struct Labelled {
    images: Idx,
    labels: Idx,
    size: ImageSize,
    next: usize,
}

impl Labelled {
    /// Opens both files.
    ///
    /// # Errors
    /// A file that is not IDX, images that are not (n × h × w), labels that are not n whole numbers.
    pub fn open(images: &std::path::Path, labels: &std::path::Path) -> Result<Self, ImageError> {
        Self::new(Idx::open(images)?, Idx::open(labels)?)
    }

    /// As [`Labelled::open`], of files that are open already.
    ///
    /// # Errors
    /// As [`Labelled::open`].
    pub fn new(images: Idx, labels: Idx) -> Result<Self, ImageError> {
        let other = |idx: &Idx, wanted, remedy| {
            ImageProblem::Shape { shape: shown(idx.shape()), wanted, remedy }.of(idx.name())
        };
        let &[count, height, width] = images.shape() else {
            return Err(other(&images, "images × rows × columns", "give the file of images"));
        };
        if labels.shape().len() != 1 {
            return Err(other(&labels, "a single dimension, a label for each image", "give the file of labels"));
        }
        if !labels.element().is_whole() {
            return Err(ImageProblem::LabelType { found: labels.element().name() }.of(labels.name()));
        }
        if labels.rows() != count {
            let of = images.name().to_owned();
            return Err(ImageProblem::Count { labels: labels.rows(), images: count, of }.of(labels.name()));
        }
        Ok(Self { images, labels, size: ImageSize { channels: 1, height, width }, next: 0 })
    }

    /// How many images there are.
    pub fn images(&self) -> usize {
        self.images.rows()
    }

    /// How large they are.
    pub fn size(&self) -> ImageSize {
        self.size
    }

    /// The next images, at most so many; none at the end.
    ///
    /// # Errors
    /// As [`Idx::next_rows`]; a label below 0, a pixel that is not finite.
    pub fn next_images(&mut self, most: usize) -> Result<Images, ImageError> {
        let mut pixels = self.images.next_rows(most)?;
        let labels = self.labels.next_rows(most)?;
        if let Some(((image, pixel), &found)) = pixels.indexed_iter().find(|(_, pixel)| !pixel.is_finite()) {
            return Err(ImageProblem::Pixel { image: self.next + image, pixel, found }.of(self.images.name()));
        }
        if self.images.element() == IdxElement::U8 {
            pixels /= 255.0;
        }
        let mut classes = Vec::with_capacity(labels.len());
        for (image, &label) in labels.iter().enumerate() {
            if label < 0.0 {
                let problem = ImageProblem::Label {
                    image: self.next + image,
                    found: label.to_string(),
                    wanted: "0 or more".to_owned(),
                    remedy: "number the classes from 0",
                };
                return Err(problem.of(self.labels.name()));
            }
            classes.push(label as usize);
        }
        self.next += classes.len();
        Ok(Images { pixels, labels: classes })
    }
}

/// The files of one half of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Files {
    Idx { images: PathBuf, labels: PathBuf },
    Cifar { kind: CifarKind, files: Vec<PathBuf> },
}

impl Files {
    /// Every file, in the order in which they are read.
    pub fn paths(&self) -> Vec<&PathBuf> {
        match self {
            Self::Idx { images, labels } => vec![images, labels],
            Self::Cifar { files, .. } => files.iter().collect(),
        }
    }

    /// How many images there are, and how large they are: from headers and lengths.
    pub fn measure(&self) -> Result<(usize, ImageSize), ImageError> {
        match self {
            Self::Idx { images, labels } => {
                Labelled::open(images, labels).map(|source| (source.images(), source.size()))
            }
            Self::Cifar { kind, files } => {
                let mut count = 0;
                for file in files {
                    count += Cifar::open(file, *kind)?.images();
                }
                Ok((count, SIZE))
            }
        }
    }

    fn open(&self) -> Result<Vec<Open>, ImageError> {
        match self {
            Self::Idx { images, labels } => Ok(vec![Open::Idx(Box::new(Labelled::open(images, labels)?))]),
            Self::Cifar { kind, files } => {
                files.iter().map(|file| Ok(Open::Cifar(Box::new(Cifar::open(file, *kind)?)))).collect()
            }
        }
    }
}

enum Open {
    Idx(Box<Labelled>),
    Cifar(Box<Cifar>),
}

impl Open {
    fn next_images(&mut self, most: usize) -> Result<Images, ImageError> {
        match self {
            Self::Idx(source) => source.next_images(most),
            Self::Cifar(source) => source.next_images(most),
        }
    }
}

/// Images in chunks.
pub struct Chunks {
    /// The files that are not read yet, the next one last.
    files: Vec<Open>,
    most: usize,
}

impl Chunks {
    pub(super) fn of(files: &Files, most: usize) -> Result<Self, ImageError> {
        let mut files = files.open()?;
        files.reverse();
        Ok(Self { files, most: most.max(1) })
    }
}

impl Iterator for Chunks {
    type Item = Result<Images, ImageError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.files.last_mut()?.next_images(self.most) {
                Ok(images) if images.labels.is_empty() => drop(self.files.pop()),
                Ok(images) => return Some(Ok(images)),
                Err(error) => {
                    self.files.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}
