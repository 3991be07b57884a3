//! The file of a recorder: embeddings of the same samples at several steps of a training, beside what is known of them.

use std::path::{Path, PathBuf};

use super::safetensors::read_header;
use super::selection::Selection;
use super::storage::Opened;

/// The entry of a safetensors header that marks such a file, with its layout.
const MARK: (&str, &str) = ("embedding-norms-recording", "1");

/// The modes that a module is recorded in, the more telling one first.
const MODES: [&str; 2] = ["eval", "train"];

/// What a recorder of a training has left, each array as `FILE:KEY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The steps at which embeddings were recorded, ascending.
    pub steps: Vec<u64>,
    /// The embeddings at each step.
    pub embeddings: Vec<PathBuf>,
    /// Their positives at each step; empty where none were recorded.
    pub positives: Vec<PathBuf>,
    /// A class for each sample, where it was given.
    pub labels: Option<PathBuf>,
}

impl Recording {
    /// The recording in a file, in evaluation mode if there is that one; none where the file is no recording of embeddings,
    /// or cannot be read: whoever opens it as another file is told why.
    pub fn of(file: &Path) -> Option<Self> {
        let selection = Selection::of(file, |path| path.symlink_metadata().is_ok()).ok()?;
        if selection.key.is_some() || selection.rows.is_some() {
            return None;
        }
        let mut opened = Opened::open(file).ok()?;
        let (metadata, _) = read_header(&mut *opened.storage, opened.length).ok()?;
        if metadata.metadata().as_ref()?.get(MARK.0)? != MARK.1 {
            return None;
        }
        let keys = metadata.offset_keys();
        MODES.into_iter().find_map(|mode| Self::in_mode(file, &keys, mode))
    }

    fn in_mode(file: &Path, keys: &[String], mode: &str) -> Option<Self> {
        let steps_of = |what: &str| {
            let begin = format!("{what}.{mode}.");
            let mut steps: Vec<u64> = keys.iter().filter_map(|key| key.strip_prefix(&begin)?.parse().ok()).collect();
            steps.sort_unstable();
            steps
        };
        let array = |key: &str| PathBuf::from(format!("{}:{key}", file.display()));
        let all =
            |what: &str, steps: &[u64]| steps.iter().map(|step| array(&format!("{what}.{mode}.{step}"))).collect();
        let (steps, positives) = (steps_of("z"), steps_of("positives"));
        if steps.is_empty() {
            return None;
        }
        let labels = keys.iter().any(|key| key == "labels").then(|| array("labels"));
        Some(Self { embeddings: all("z", &steps), positives: all("positives", &positives), labels, steps })
    }
}
