//! An open file of embeddings, and its rows in chunks.

use ndarray::Array2;

use super::array::{RowReader, reserve};
use super::element::Element;
use super::error::{Problem, ReadError};
use super::faults::Faults;
use super::format::{self, Format};
use super::records::Records;
use super::selection::RowRange;
use super::storage::Opened;
use super::stored::StoredArray;
use super::table::{self, Layout, TableOptions};

/// Numbers that are read at a time where a whole file is.
const NUMBERS_AT_A_TIME: usize = 1 << 17;

/// An open file of embeddings, (n × d): shape and type are known, rows are read when they are asked for.
///
/// The file can be read as often as needed; every call of [`Source::chunks`] and [`Source::read`] begins with row 0.
pub struct Source {
    opened: Opened,
    content: Content,
    /// The first row that was asked for.
    first: usize,
    shape: (usize, usize),
}

enum Content {
    Array(StoredArray),
    Table(Layout),
}

/// The progress of a pass over the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows that have been read.
    pub rows: usize,
    /// Rows that there are.
    pub total: usize,
}

/// Some rows that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// The index of the first of them, counted from 0.
    pub first_row: usize,
    /// The rows, as they are in the file: zero ones and those that are not finite too.
    pub rows: Array2<f64>,
}

impl Source {
    pub(super) fn new(mut opened: Opened, options: &TableOptions) -> Result<Self, ReadError> {
        let name = opened.name.clone();
        let content = Content::of(&mut opened, options);
        let content = content.and_then(|content| {
            let (rows, columns) = content.shape()?;
            let (first, count) = RowRange::within(opened.rows, rows)?;
            Ok((content, first, (count, columns)))
        });
        let (content, first, shape) = content.map_err(|problem| problem.of(&name))?;
        Ok(Self { opened, content, first, shape })
    }

    /// The name of the file.
    pub fn name(&self) -> &str {
        &self.opened.name
    }

    /// The number of rows n and the dimension d.
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// The type of the elements in the file.
    pub fn element(&self) -> &Element {
        match &self.content {
            Content::Array(array) => &array.element,
            Content::Table(_) => &Element::Decimal,
        }
    }

    /// The columns of a table that are not coordinates: labels, and the index that pandas writes. None of an array.
    pub fn left_out(&self) -> Vec<String> {
        self.layout().map_or_else(Vec::new, Layout::left_out)
    }

    /// Those of [`Source::left_out`] that nobody asked to leave out: an index without a name, and whatever stands beside
    /// a column of lists.
    pub fn passed_over(&self) -> Vec<String> {
        self.layout().map_or_else(Vec::new, Layout::passed_over)
    }

    /// The names of a table's columns, or their numbers from 1. None of an array.
    pub fn columns(&self) -> &[String] {
        self.layout().map_or(&[], |layout| &layout.names)
    }

    /// Whether a text names columns of the table, as [`TableOptions`] have them.
    pub fn has_column(&self, item: &str) -> bool {
        table::find(self.columns(), item).is_some()
    }

    fn layout(&self) -> Option<&Layout> {
        match &self.content {
            Content::Array(_) => None,
            Content::Table(layout) => Some(layout),
        }
    }

    /// The rows from the first one on, at most `rows` at a time (at least one).
    ///
    /// # Errors
    /// A file that can no longer be read.
    pub fn chunks(&mut self, rows: usize) -> Result<Chunks<'_>, ReadError> {
        let (count, columns) = self.shape;
        let range = (self.first, count);
        let storage = &mut *self.opened.storage;
        let reader = match &self.content {
            Content::Array(array) => {
                array.matrix().and_then(|shape| array.rows(storage, shape, range)).map(Reader::Array)
            }
            Content::Table(layout) => {
                layout.records_from(storage, self.first).map(|records| Reader::Table(layout, records))
            }
        };
        Ok(Chunks {
            reader: reader.map_err(|problem| problem.of(&self.opened.name))?,
            name: &self.opened.name,
            shape: (count, columns),
            next: 0,
            most: rows.max(1),
            progress: None,
            is_over: false,
        })
    }

    /// All rows as they are, (n × d).
    ///
    /// # Errors
    /// Rows that cannot be read, or more than fit into memory.
    pub fn read(&mut self) -> Result<Array2<f64>, ReadError> {
        let (rows, columns) = self.shape;
        let name = self.opened.name.clone();
        let count = rows as u128 * columns as u128;
        let mut numbers = reserve(count, "all rows").map_err(|problem| problem.of(&name))?;
        for chunk in self.chunks(NUMBERS_AT_A_TIME / columns)? {
            numbers.extend_from_slice(chunk?.rows.as_slice().expect("chunks are in standard layout"));
        }
        // A table can grow between the pass that counts its rows and this one.
        let changed = |_| Problem::corrupt("the rows", "their number has changed since the file was opened").of(&name);
        Array2::from_shape_vec(self.shape, numbers).map_err(changed)
    }

    /// All rows, each of which has a direction.
    ///
    /// # Errors
    /// As for [`Source::read`], and [`Problem::NoDirection`] if a row is zero or not finite, with the first few indices.
    pub fn read_with_directions(&mut self) -> Result<Array2<f64>, ReadError> {
        let rows = self.read()?;
        let mut faults = Faults::default();
        faults.look_at(0, rows.view());
        faults.check().map_err(|problem| problem.of(&self.opened.name))?;
        Ok(rows)
    }
}

impl Content {
    fn of(opened: &mut Opened, options: &TableOptions) -> Result<Self, Problem> {
        match format::of_embeddings(opened)? {
            Format::Table(separator) => {
                let layout = Layout::of(&mut *opened.storage, Some(separator), opened.key.as_deref(), options)?;
                Ok(Self::Table(layout))
            }
            format => super::array_of(opened, format).map(Self::Array),
        }
    }

    fn shape(&self) -> Result<(usize, usize), Problem> {
        match self {
            Self::Array(array) => array.matrix(),
            Self::Table(layout) => {
                layout.check_coordinates()?;
                Ok((layout.rows, layout.width()))
            }
        }
    }
}

/// The rows of a file, some at a time, in order.
pub struct Chunks<'a> {
    reader: Reader<'a>,
    name: &'a str,
    shape: (usize, usize),
    next: usize,
    most: usize,
    progress: Option<Box<dyn FnMut(Progress) + 'a>>,
    is_over: bool,
}

enum Reader<'a> {
    Array(RowReader<'a>),
    Table(&'a Layout, Records<'a>),
}

impl<'a> Chunks<'a> {
    /// Reports the progress of the pass after every chunk.
    pub fn with_progress(self, progress: impl FnMut(Progress) + 'a) -> Self {
        Self { progress: Some(Box::new(progress)), ..self }
    }

    fn read(&mut self) -> Result<Vec<f64>, Problem> {
        match &mut self.reader {
            Reader::Array(rows) => rows.next_rows(self.most),
            Reader::Table(layout, records) => {
                let mut numbers = Vec::new();
                for _ in 0..self.most.min(self.shape.0 - self.next) {
                    let Some((line, record)) = records.next()? else { break };
                    layout.read(line, record, &mut numbers)?;
                }
                Ok(numbers)
            }
        }
    }
}

impl Iterator for Chunks<'_> {
    type Item = Result<Chunk, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let numbers = match self.read() {
            Ok(numbers) => numbers,
            Err(problem) => {
                self.is_over = true;
                return Some(Err(problem.of(self.name)));
            }
        };
        let (total, columns) = self.shape;
        let rows = numbers.len() / columns;
        if rows == 0 {
            self.is_over = true;
            return None;
        }
        let first_row = self.next;
        self.next += rows;
        if let Some(progress) = &mut self.progress {
            progress(Progress { rows: self.next, total });
        }
        let rows = Array2::from_shape_vec((rows, columns), numbers).expect("whole rows are read");
        Some(Ok(Chunk { first_row, rows }))
    }
}
