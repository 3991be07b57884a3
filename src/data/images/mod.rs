//! A user's own images: readers of the files that MNIST and its kin (IDX) and CIFAR (the binary version) are published as.
//! Nothing is downloaded.
//!
//! | data | files | pixels |
//! |---|---|---|
//! | MNIST, Fashion-MNIST, KMNIST, EMNIST | `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and `t10k-…` or `test-…` for the test; plain or `.gz` | grey, h × w |
//! | CIFAR-10 | `data_batch_1.bin` to `data_batch_5.bin`, `test_batch.bin` | red, green, blue planes of 32 × 32 |
//! | CIFAR-100 | `train.bin`, `test.bin`; labels are the fine ones | the same |
//!
//! [`ImageFolder::find`] finds them in a folder, or in the subfolder that their archives and torchvision make, and reads
//! headers only. Images come in chunks, or those that are asked for, and memory is that of what comes out. A header is
//! compared with the length of its file before memory is reserved.
//!
//! ```no_run
//! use embedding_norms::data::images::{Half, ImageFolder};
//! let folder = ImageFolder::find("/usr/share/datasets/fashion-mnist")?;
//! println!("{} images of {}", folder.images(Half::Training), folder.size());
//! for chunk in folder.chunks(Half::Training, 1000)? {
//!     let chunk = chunk?;
//!     println!("{} images, the first one of class {}", chunk.pixels.nrows(), chunk.labels[0]);
//! }
//! # Ok::<(), embedding_norms::data::images::ImageError>(())
//! ```

mod cifar;
mod error;
mod files;
mod folder;
mod idx;
mod image;
mod opened;
mod stream;

pub use cifar::{Cifar, CifarKind};
pub use error::{ImageError, ImageProblem};
pub use folder::ImageFolder;
pub use idx::{Idx, IdxElement};
pub use image::{Half, ImageSize, Images};
pub use stream::{Chunks, Labelled};
