//! Trainings that go on where they were killed: the state after each epoch in a file.

use std::path::PathBuf;

use embedding_norms::random::Generator;
use embedding_norms::training::Checkpoint;
use rand::RngCore;
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::output::{self, Folder};

/// Bytes of the checksum.
const CHECKSUM: usize = 32;

/// The folder where states are kept; none if they are not. It is no part of the settings, as it changes no result.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Checkpoints(#[serde(skip)] Option<PathBuf>);

/// The file of one unit of work, named by random numbers that follow from its settings, the seed and the replicate: no two
/// have the same.
pub struct File {
    folder: Folder,
    name: String,
}

/// Trainings that were put down after an epoch.
#[derive(Debug, PartialEq)]
pub struct Saved {
    pub epochs: usize,
    /// Where their random numbers go on.
    pub position: u128,
    /// What has been found on the way, in words of those who save it.
    pub notes: String,
    pub states: Vec<Checkpoint>,
}

impl Checkpoints {
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    /// The file of the unit whose next random numbers these are.
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

/// Checksum, epochs, position, the notes behind their length, and each state as its steps and its numbers behind their
/// count; all of 8 bytes, the lowest first.
fn encoded(saved: &Saved) -> Vec<u8> {
    let Saved { epochs, position, notes, states } = saved;
    let mut body = Vec::new();
    body.extend((*epochs as u64).to_le_bytes());
    body.extend(position.to_le_bytes());
    body.extend((notes.len() as u64).to_le_bytes());
    body.extend(notes.as_bytes());
    for Checkpoint { steps, numbers } in states {
        body.extend(steps.to_le_bytes());
        body.extend((numbers.len() as u64).to_le_bytes());
        body.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }
    [blake3::hash(&body).as_bytes().to_vec(), body].concat()
}

fn decoded(bytes: &[u8]) -> Option<Saved> {
    let (checksum, mut rest) = bytes.split_at_checked(CHECKSUM)?;
    if blake3::hash(rest).as_bytes() != checksum {
        return None;
    }
    let epochs = count(&mut rest)?;
    let position = u128::from_le_bytes(taken(&mut rest, 16)?.try_into().ok()?);
    let length = count(&mut rest)?;
    let notes = String::from_utf8(taken(&mut rest, length)?.to_vec()).ok()?;
    let mut states = Vec::new();
    while !rest.is_empty() {
        let steps = eight(&mut rest)?;
        let length = count(&mut rest)?.checked_mul(8)?;
        let mut numbers = taken(&mut rest, length)?;
        let numbers = (0..length / 8).map(|_| eight(&mut numbers).map(f64::from_bits)).collect::<Option<_>>()?;
        states.push(Checkpoint { steps, numbers });
    }
    Some(Saved { epochs, position, notes, states })
}

/// The next so many bytes.
fn taken<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(taken)
}

fn eight(rest: &mut &[u8]) -> Option<u64> {
    taken(rest, 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn count(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(eight(rest)?).ok()
}

#[cfg(test)]
mod tests {
    use embedding_norms::random::generator;

    use super::*;

    #[test]
    fn states_are_read_as_they_were_written_and_a_file_that_is_not_whole_counts_as_none() {
        let state = |steps: u64, numbers: &[f64]| Checkpoint { steps, numbers: numbers.to_vec() };
        let states = vec![state(7, &[1.5, -0.0, f64::MIN_POSITIVE]), state(0, &[])];
        let saved = Saved { epochs: 3, position: 1 << 70, notes: "found: α".to_owned(), states };
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
