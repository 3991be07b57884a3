//! A class per row, and other columns of whole numbers.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use super::error::{Problem, ReadError};
use super::field::is_no_label;
use super::format::{self, Format};
use super::listing::{listed, shown};
use super::records::text;
use super::selection::RowRange;
use super::storage::{Opened, interrupted};
use super::stored::StoredArray;
use super::table::{Layout, TableOptions};
use super::{array_of, element};

/// A class per row: numbers from 0 in the order in which the classes appear, and the names that the file has for them.
///
/// Integers or text, from a column of .npy, .npz, .safetensors, .txt (one a line), .csv or .tsv. `FILE:KEY` names an
/// array of an archive, or a column of a table; without it, a table's column of labels is the one called `label`,
/// `labels`, `class`, `classes` or `target`, the only one with text, or the only one.
///
/// ```
/// use embedding_norms::data::embeddings::Labels;
/// let labels = Labels::from_bytes("pets.csv", b"label,x,y\ncat,1,2\ndog,3,4\ncat,5,6\n".to_vec())?;
/// assert_eq!(labels.classes(), [0, 1, 0]);
/// assert_eq!(labels.names(), ["cat", "dog"]);
/// # Ok::<(), embedding_norms::data::embeddings::ReadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    classes: Vec<usize>,
    names: Vec<String>,
}

impl Labels {
    /// Reads the labels of `FILE` or `FILE:KEY`.
    ///
    /// # Errors
    /// A file that cannot be read, or that has no single column of integers or text, with the place and the remedy.
    pub fn open(spec: impl AsRef<Path>) -> Result<Self, ReadError> {
        Self::open_with(spec, &TableOptions::default())
    }

    /// As [`Labels::open`], with what is known of a table.
    ///
    /// # Errors
    /// As for [`Labels::open`].
    pub fn open_with(spec: impl AsRef<Path>, options: &TableOptions) -> Result<Self, ReadError> {
        Self::read(Opened::open(spec.as_ref())?, options)
    }

    /// Reads labels that are in memory; `spec` names them as a file, and so their format.
    ///
    /// # Errors
    /// As for [`Labels::open`].
    pub fn from_bytes(spec: &str, bytes: Vec<u8>) -> Result<Self, ReadError> {
        Self::read(Opened::from_bytes(spec, bytes)?, &TableOptions::default())
    }

    fn read(opened: Opened, options: &TableOptions) -> Result<Self, ReadError> {
        let mut known = BTreeMap::new();
        let mut labels = Self { classes: Vec::new(), names: Vec::new() };
        each_label(opened, options, |_, name| {
            let class = *known.entry(name).or_insert_with_key(|name: &String| {
                labels.names.push(name.clone());
                labels.names.len() - 1
            });
            labels.classes.push(class);
            Ok(())
        })?;
        Ok(labels)
    }

    /// The class of each row, counted from 0.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// The name of each class in the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// Reads a column of row indices, counted from 0, in any format of [`Labels`].
///
/// # Errors
/// As for [`Labels::open`], and a label that is not a whole number from 0.
pub fn read_indices(spec: impl AsRef<Path>, options: &TableOptions) -> Result<Vec<usize>, ReadError> {
    let mut indices = Vec::new();
    each_label(Opened::open(spec.as_ref())?, options, |row, name| {
        let index = name.parse().map_err(|_| Problem::NotAnIndex { row, found: shown(&name) })?;
        indices.push(index);
        Ok(())
    })?;
    Ok(indices)
}

/// Calls a function with every row that was asked for, counted from 0, and its label.
pub(super) fn each_label(
    mut opened: Opened,
    options: &TableOptions,
    each: impl FnMut(usize, String) -> Result<(), Problem>,
) -> Result<(), ReadError> {
    let name = opened.name.clone();
    let format = format::of(&mut opened);
    let read = format.and_then(|format| match format {
        Format::Table(separator) => of_table(opened, Some(separator), options, each),
        Format::Lines => of_table(opened, None, options, each),
        format => of_array(opened, format, each),
    });
    read.map_err(|problem| problem.of(&name))
}

fn of_array(
    mut opened: Opened,
    format: Format,
    mut each: impl FnMut(usize, String) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let array: StoredArray = array_of(&mut opened, format)?;
    let rows = array.column()?;
    let (first, count) = RowRange::within(opened.rows, rows)?;
    let mut bytes = vec![0; element_size(&array.element)];
    let mut reader = array.sequential(&mut *opened.storage)?;
    for row in 0..first + count {
        let place = || format!("{}, row {row}", array.place);
        reader.read_exact(&mut bytes).map_err(|error| interrupted(&place(), error))?;
        if row < first {
            continue;
        }
        let label = array.element.label(&bytes, array.big_endian);
        let label = label.ok_or_else(|| Problem::LabelBytes { place: place(), load: array.load.clone() })?;
        if array.element.is_text() && is_no_label(&label) {
            return Err(Problem::MissingLabel { place: place(), found: shown(&label) });
        }
        each(row - first, label)?;
    }
    Ok(())
}

/// Columns of labels have elements of one size, and the header was compared with the file.
fn element_size(element: &element::Element) -> usize {
    element.size().unwrap_or(0)
}

fn of_table(
    mut opened: Opened,
    separator: Option<u8>,
    options: &TableOptions,
    mut each: impl FnMut(usize, String) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let key = opened.key.take();
    let layout = Layout::of(&mut *opened.storage, separator, key.as_deref(), options)?;
    let column = match (layout.label, layout.coordinates.as_slice()) {
        (Some(column), _) => column,
        (None, [only]) => *only,
        _ => return Err(Problem::NoLabels { there: listed(&layout.names) }),
    };
    let (first, count) = RowRange::within(opened.rows, layout.rows)?;
    let mut records = layout.records_from(&mut *opened.storage, first)?;
    for row in 0..count {
        let Some((line, record)) = records.next()? else { break };
        let label = text(record.get(column).unwrap_or_default());
        if is_no_label(&label) {
            return Err(Problem::MissingLabel { place: format!("line {line}"), found: shown(&label) });
        }
        each(row, label)?;
    }
    Ok(())
}
