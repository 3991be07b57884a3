//! What of a file is asked for: `FILE[:KEY][:ROWS]`.

use std::path::{Path, PathBuf};

use super::error::{Problem, ReadError};

/// Rows that are asked for, counted from 0, both ends among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowRange {
    pub first: usize,
    pub last: usize,
}

impl RowRange {
    /// `FIRST-LAST`; none for any other text.
    fn of(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        let is_count = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_count(first) || !is_count(last) {
            return None;
        }
        // More rows than can be counted are more than any file has.
        let count = |text: &str| text.parse().unwrap_or(usize::MAX);
        Some(Self { first: count(first), last: count(last) })
    }

    /// The first row and how many there are, in a file of so many rows; all of them where no range is asked for.
    pub fn within(range: Option<Self>, rows: usize) -> Result<(usize, usize), Problem> {
        let Some(Self { first, last }) = range else { return Ok((0, rows)) };
        if first > last || last >= rows {
            return Err(Problem::NoSuchRows { first, last, there: rows });
        }
        Ok((first, last - first + 1))
    }
}

/// A file, the array or column in it, and its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub file: PathBuf,
    pub key: Option<String>,
    pub rows: Option<RowRange>,
}

impl Selection {
    /// Takes a text apart; `is_file` says which part of it names a file. A file whose own name has a colon is taken as
    /// it is. What follows the file is a range of rows if it looks like one; a key that looks like one is written with
    /// a colon behind it, `FILE:0-5:`.
    pub fn of(spec: &Path, is_file: impl Fn(&Path) -> bool) -> Result<Self, ReadError> {
        let whole = || Self { file: spec.to_owned(), key: None, rows: None };
        let Some(text) = spec.to_str().filter(|_| !is_file(spec)) else { return Ok(whole()) };
        let parts = text.match_indices(':').map(|(place, _)| (&text[..place], &text[place + 1..]));
        // The longest name that is one of a file.
        let found = parts.rev().find(|(file, _)| !file.is_empty() && is_file(Path::new(file)));
        let Some((file, rest)) = found else { return Ok(whole()) };
        let file = PathBuf::from(file);
        if let Some(rows) = RowRange::of(rest) {
            return Ok(Self { file, key: None, rows: Some(rows) });
        }
        let (key, rows) = match rest.rsplit_once(':') {
            Some((key, "")) => (key, None),
            Some((key, rows)) if RowRange::of(rows).is_some() => (key, RowRange::of(rows)),
            Some((first, last)) if is_slice(first) && is_slice(last) => {
                let found = rest.to_owned();
                return Err(Problem::Slice { found }.of(&file.display().to_string()));
            }
            _ => (rest, None),
        };
        Ok(Self { file, key: Some(key.to_owned()), rows })
    }
}

/// A side of a slice of Python, `0:512`.
fn is_slice(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The file of `FILE[:KEY][:ROWS]`.
pub fn file_of(spec: &Path) -> PathBuf {
    let found = Selection::of(spec, |path| path.symlink_metadata().is_ok());
    found.map_or_else(|_| spec.to_owned(), |selection| selection.file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(spec: &str) -> (String, Option<String>, Option<(usize, usize)>) {
        let files = ["z.npz", "step:10.npy"];
        let selection =
            Selection::of(Path::new(spec), |path| files.iter().any(|file| path == Path::new(file))).unwrap();
        let rows = selection.rows.map(|rows| (rows.first, rows.last));
        (selection.file.display().to_string(), selection.key, rows)
    }

    #[test]
    fn a_name_is_taken_apart_into_file_key_and_rows() {
        let key = |key: &str| Some(key.to_owned());
        assert_eq!(parts("z.npz"), ("z.npz".to_owned(), None, None));
        assert_eq!(parts("z.npz:z"), ("z.npz".to_owned(), key("z"), None));
        assert_eq!(parts("z.npz:0-511"), ("z.npz".to_owned(), None, Some((0, 511))));
        assert_eq!(parts("z.npz:z:512-1023"), ("z.npz".to_owned(), key("z"), Some((512, 1023))));
        assert_eq!(parts("z.npz:0-5:"), ("z.npz".to_owned(), key("0-5"), None));
        assert_eq!(parts("z.npz:a:b"), ("z.npz".to_owned(), key("a:b"), None));
        assert_eq!(parts("z.npz:-3"), ("z.npz".to_owned(), key("-3"), None));
        assert_eq!(parts("step:10.npy"), ("step:10.npy".to_owned(), None, None));
        assert_eq!(parts("step:10.npy:2-3"), ("step:10.npy".to_owned(), None, Some((2, 3))));
        assert_eq!(parts("no.npz:z"), ("no.npz:z".to_owned(), None, None));
    }

    #[test]
    fn a_slice_of_python_is_told_how_rows_are_written() {
        let error = Selection::of(Path::new("z.npy:0:512"), |path| path == Path::new("z.npy")).unwrap_err();
        assert!(error.to_string().contains("':0:512'") && error.to_string().contains("z.npy:0-511"), "{error}");
    }

    #[test]
    fn a_range_lies_within_the_rows_of_the_file() {
        let range = |first, last| Some(RowRange { first, last });
        assert_eq!(RowRange::within(None, 7).unwrap(), (0, 7));
        assert_eq!(RowRange::within(range(2, 4), 7).unwrap(), (2, 3));
        assert!(RowRange::within(range(2, 7), 7).is_err() && RowRange::within(range(4, 2), 7).is_err());
    }
}
