//! An open file of embeddings, and its rows in chunks.

use ndarray::Array2;

use super::array::{RowReader, StoredArray, reserve};
use super::element::Element;
use super::error::{Problem, ReadError};
use super::faults::Faults;
use super::format::{self, Format};
use super::storage::Opened;
use super::table::{Layout, Records};

/// Numbers that are read at a time where a whole file is.
const NUMBERS_AT_A_TIME: usize = 1 << 17;

/// An open file of embeddings, (n × d): shape and type are known, rows are read when they are asked for.
///
/// The file can be read as often as needed; every call of [`Source::chunks`] and [`Source::read`] begins with row 0.
pub struct Source {
    opened: Opened,
    content: Content,
    shape: (usize, usize),
}

enum Content {
    Array(StoredArray),
    Table(Layout),
}

/// How far a pass over the rows is.
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
    pub(super) fn new(mut opened: Opened) -> Result<Self, ReadError> {
        let name = opened.name.clone();
        let content = Content::of(&mut opened);
        let content = content.and_then(|content| {
            let shape = content.shape(&mut opened)?;
            Ok((content, shape))
        });
        let (content, shape) = content.map_err(|problem| problem.of(&name))?;
        Ok(Self { opened, content, shape })
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

    /// The columns of a table that are no coordinates: labels, and the index that pandas writes. None of an array.
    pub fn left_out(&self) -> Vec<String> {
        match &self.content {
            Content::Array(_) => Vec::new(),
            Content::Table(layout) => {
                let column = |(place, name): (usize, &String)| {
                    let is_left_out = !layout.coordinates.contains(&place);
                    is_left_out.then(|| if name.is_empty() { "(index)".to_owned() } else { name.clone() })
                };
                layout.names.iter().enumerate().filter_map(column).collect()
            }
        }
    }

    /// The rows from the first one on, at most `rows` at a time (at least one).
    ///
    /// # Errors
    /// A file that can no longer be read.
    pub fn chunks(&mut self, rows: usize) -> Result<Chunks<'_>, ReadError> {
        let reader = match &self.content {
            Content::Array(array) => array.rows(&mut *self.opened.storage).map(Reader::Array),
            Content::Table(layout) => {
                layout.records(&mut *self.opened.storage).map(|records| Reader::Table(layout, records))
            }
        };
        Ok(Chunks {
            reader: reader.map_err(|problem| problem.of(&self.opened.name))?,
            name: &self.opened.name,
            shape: self.shape,
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
        Ok(Array2::from_shape_vec(self.shape, numbers).expect("as many numbers as the shape says"))
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
    fn of(opened: &mut Opened) -> Result<Self, Problem> {
        match format::of_embeddings(opened)? {
            Format::Table(separator) => {
                let layout = Layout::of(&mut *opened.storage, Some(separator), opened.key.as_deref())?;
                Ok(Self::Table(layout))
            }
            format => super::array_of(opened, format).map(Self::Array),
        }
    }

    fn shape(&self, opened: &mut Opened) -> Result<(usize, usize), Problem> {
        match self {
            Self::Array(array) => array.matrix(),
            Self::Table(layout) => {
                layout.check_coordinates(&mut *opened.storage)?;
                Ok((layout.rows, layout.coordinates.len()))
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
    /// Tells after every chunk how far the pass is.
    pub fn with_progress(self, progress: impl FnMut(Progress) + 'a) -> Self {
        Self { progress: Some(Box::new(progress)), ..self }
    }

    fn read(&mut self) -> Result<Vec<f64>, Problem> {
        match &mut self.reader {
            Reader::Array(rows) => rows.next_rows(self.most),
            Reader::Table(layout, records) => {
                let mut numbers = Vec::new();
                for _ in 0..self.most {
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
