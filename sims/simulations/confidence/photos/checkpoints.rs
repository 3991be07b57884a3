//! Trainings that go on where they were killed: the state after each epoch in a file.

use std::path::PathBuf;

use embedding_norms::random::Generator;
use embedding_norms::training::Checkpoint;
use rand::RngCore;
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::output::{self, Folder};

/// Bytes of the checksum, and of the numbers before the state.
const CHECKSUM: usize = 32;
const HEAD: usize = 32;

/// The folder where states are kept; none if they are not. It is no part of the settings, as it changes no result.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Checkpoints(#[serde(skip)] Option<PathBuf>);

/// The file of one training, named by the random numbers that it is about to draw: these follow from the settings, the
/// seed and the replicate, and no two trainings have the same.
pub struct File {
    folder: Folder,
    name: String,
}

/// A training that was put down after an epoch.
#[derive(Debug, PartialEq)]
pub struct Saved {
    pub epochs: usize,
    /// Where its random numbers go on.
    pub position: u128,
    pub state: Checkpoint,
}

impl Checkpoints {
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    /// The file of the training that begins with these random numbers.
    pub fn file(&self, generator: &Generator) -> Result<Option<File>, Failure> {
        let Some(folder) = &self.0 else { return Ok(None) };
        let name = format!("{}-{:016x}.state", env!("CARGO_PKG_VERSION"), generator.clone().next_u64());
        Ok(Some(File { folder: Folder::prepare(folder)?, name }))
    }
}

impl File {
    /// What was saved; nothing if there is none, or if the file is not whole: then the training begins anew.
    pub fn read(&self) -> Result<Option<Saved>, Failure> {
        Ok(output::read(&self.folder.path().join(&self.name))?.and_then(|bytes| decoded(&bytes)))
    }

    pub fn write(&self, saved: &Saved) -> Result<(), Failure> {
        self.folder.write(&self.name, &encoded(saved))
    }
}

/// Checksum, epochs, position, steps, and the state as numbers of 8 bytes, the lowest first.
fn encoded(saved: &Saved) -> Vec<u8> {
    let Saved { epochs, position, state } = saved;
    let head = [&(*epochs as u64).to_le_bytes()[..], &position.to_le_bytes(), &state.steps.to_le_bytes()].concat();
    let body = [head, state.numbers.iter().flat_map(|number| number.to_le_bytes()).collect()].concat();
    [blake3::hash(&body).as_bytes().to_vec(), body].concat()
}

fn decoded(bytes: &[u8]) -> Option<Saved> {
    let (checksum, body) = bytes.split_at_checked(CHECKSUM)?;
    if blake3::hash(body).as_bytes() != checksum {
        return None;
    }
    let (head, numbers) = body.split_at_checked(HEAD)?;
    let eight = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_le_bytes);
    let numbers = numbers.chunks(8).map(|bytes| eight(bytes).map(f64::from_bits)).collect::<Option<_>>()?;
    Some(Saved {
        epochs: usize::try_from(eight(&head[..8])?).ok()?,
        position: u128::from_le_bytes(head[8..24].try_into().ok()?),
        state: Checkpoint { steps: eight(&head[24..])?, numbers },
    })
}

#[cfg(test)]
mod tests {
    use embedding_norms::random::generator;

    use super::*;

    #[test]
    fn states_are_read_as_they_were_written_and_a_file_that_is_not_whole_counts_as_none() {
        let state = Checkpoint { steps: 7, numbers: vec![1.5, -0.0, f64::MIN_POSITIVE] };
        let saved = Saved { epochs: 3, position: 1 << 70, state };
        let bytes = encoded(&saved);
        assert_eq!(decoded(&bytes), Some(saved));
        for length in 0..bytes.len() {
            assert_eq!(decoded(&bytes[..length]), None);
        }
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            assert_eq!(decoded(&other), None);
        }
    }

    #[test]
    fn each_training_has_a_file_of_its_own_and_without_a_folder_none() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(Some(folder.path().to_owned()));
        let mut numbers = generator(1, b"checkpoints", 0);
        let name = |generator: &Generator| checkpoints.file(generator).unwrap().unwrap().name;
        let first = name(&numbers);
        assert_eq!(first, name(&numbers.clone()));
        numbers.next_u64();
        assert_ne!(first, name(&numbers));
        assert_ne!(first, name(&generator(1, b"checkpoints", 1)));
        assert!(Checkpoints::default().file(&numbers).unwrap().is_none());
    }
}
