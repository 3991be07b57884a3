//! Safetensors in several files: an index in JSON says which of them holds which tensor.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::{Problem, ReadError};
use super::key::choose;
use super::listing::{listed, shown};
use super::selection::Selection;
use super::storage::{Opened, go_to, interrupted};

/// Bytes of the longest index that is read.
const LONGEST: u64 = 1 << 24;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Opened {
    /// Opens `FILE[:KEY][:ROWS]`. A file whose own name has a colon is taken as it is.
    pub fn open(spec: &Path) -> Result<Self, ReadError> {
        let selection = Selection::of(spec, |path| path.symlink_metadata().is_ok())?;
        let mut opened = Self::of_file(&selection)?;
        if !is_index(&selection.file) {
            return Ok(opened);
        }
        let shard = resolve(&mut opened, &selection).map_err(|problem| problem.of(&opened.name))?;
        Self::of_file(&shard)
    }
}

/// Whether a file is such an index, by its name.
fn is_index(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(".index.json"))
}

/// The file beside the index that holds the array which was asked for.
fn resolve(index: &mut Opened, selection: &Selection) -> Result<Selection, Problem> {
    const PLACE: &str = "the index";
    let mut text = Vec::new();
    go_to(&mut *index.storage, 0, PLACE)?;
    (&mut index.storage).take(LONGEST).read_to_end(&mut text).map_err(|error| interrupted(PLACE, error))?;
    let Index { weight_map } = serde_json::from_slice(&text).map_err(|error| Problem::corrupt(PLACE, error))?;
    let keys: Vec<String> = weight_map.keys().cloned().collect();
    let how = "save_pretrained, or save_file of one tensor";
    let key = choose(&keys, selection.key.as_deref(), &index.name, how)?;
    let shard = PathBuf::from(&weight_map[key]);
    let problem = |what: String, remedy: &str| Problem::Sharded { what, remedy: remedy.to_owned() };
    if shard.components().count() != 1 || shard.file_name().is_none() {
        let what =
            format!("'{}' is in '{}', which is not a file beside the index", shown(key), shown(&weight_map[key]));
        return Err(problem(what, "name the file that holds it as FILE:KEY"));
    }
    let file = selection.file.with_file_name(&shard);
    if !file.is_file() {
        let there = listed(std::slice::from_ref(&weight_map[key]));
        let what = format!("'{}' is in {there}, which is not beside the index", shown(key));
        return Err(problem(what, "fetch that file too, into the same folder"));
    }
    Ok(Selection { file, key: Some(key.clone()), rows: selection.rows })
}
