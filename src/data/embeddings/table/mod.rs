//! Tables of text: which line is a header, and which column holds coordinates, labels or an index.
//!
//! All of it is decided on whole columns, from one pass over the file that keeps a few numbers per column. What is not
//! certain is refused, with the line, the field and the option that makes it certain.

mod checks;

use csv::ByteRecord;

use super::column::Column;
use super::doubtful::{self, is_nameless};
use super::error::Problem;
use super::field::{Field, read_list};
use super::header::FirstLine;
use super::listing::{listed, shown};
use super::records::{Records, text};
use super::separator::width;
use super::storage::Storage;

/// Names by which a column of labels is known.
const LABELS: [&str; 5] = ["label", "labels", "class", "classes", "target"];

/// What the user says about a table. The default says nothing, and reads only what is unambiguous.
///
/// A column is given by its name, by its number, counted from 1, where none has that name, or as `FIRST-LAST`, two
/// columns with all between.
///
/// ```
/// use embedding_norms::data::embeddings::{Embeddings, TableOptions};
/// let table = b"id,x,y\n7,0.5,1.5\n3,2.5,0.5\n9,1.5,1.5\n".to_vec();
/// assert!(Embeddings::from_bytes("z.csv", table.clone()).is_err());
/// let without = TableOptions { drop: vec!["id".to_owned()], ..TableOptions::default() };
/// assert_eq!(Embeddings::from_bytes_with("z.csv", table, &without)?.shape(), (3, 2));
/// # Ok::<(), embedding_norms::data::embeddings::ReadError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// Whether the first line is a header; none: decided by what stands in it and below.
    pub header: Option<bool>,
    /// Columns that are not coordinates.
    pub drop: Vec<String>,
    /// Columns that are coordinates, whatever they look like.
    pub keep: Vec<String>,
}

/// What stands in which column, and how many rows there are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    separator: Option<u8>,
    header: bool,
    /// The names of the header, or the columns counted from 1.
    pub names: Vec<String>,
    columns: Vec<Column>,
    /// The columns that hold coordinates.
    pub coordinates: Vec<usize>,
    /// The length of the lists in the only column of coordinates, where it holds lists.
    list: Option<usize>,
    /// The column that holds labels.
    pub label: Option<usize>,
    /// Columns that are an index without a name.
    index: Vec<usize>,
    /// Columns that are coordinates because their user says so.
    kept: Vec<usize>,
    /// Rows without the header.
    pub rows: usize,
}

/// What a pass over the file has found.
struct Survey {
    line: u64,
    first: Vec<String>,
    /// The columns from the second line on.
    below: Vec<Column>,
    lines_below: usize,
}

impl Survey {
    fn of(storage: &mut dyn Storage, separator: Option<u8>) -> Result<Self, Problem> {
        let mut records = Records::new(storage, separator)?;
        let (line, record) = records.next()?.ok_or(Problem::Empty)?;
        let first: Vec<String> = record.iter().map(text).collect();
        let mut below = vec![Column::default(); first.len()];
        let mut lines_below = 0;
        while let Some((line, record)) = records.next()? {
            if record.len() != first.len() {
                return Err(width(line, &first, record, lines_below == 0, separator));
            }
            for (column, field) in below.iter_mut().zip(record) {
                let field = std::str::from_utf8(field).unwrap_or_default().trim();
                column.add(line, field, Field::of(field));
            }
            lines_below += 1;
        }
        Ok(Self { line, first, below, lines_below })
    }

    fn has_header(&self, separator: Option<u8>, key: Option<&str>, wanted: Option<bool>) -> Result<bool, Problem> {
        // A name that was asked for stands in the header; a number may stand anywhere.
        let is_name = |key: &str| Field::of(key) == Field::Text && self.first.iter().any(|name| name == key);
        if key.is_some_and(is_name) {
            return Ok(true);
        }
        // Lines of labels have no header that could be distinguished from them.
        if separator.is_none() {
            return Ok(false);
        }
        if let Some(wanted) = wanted {
            return Ok(wanted);
        }
        let fields: Vec<Field> = self.first.iter().map(|field| Field::of(field)).collect();
        let line = FirstLine { line: self.line, texts: &self.first, fields: &fields, below: &self.below };
        line.is_header(|name| is_label(name) || is_nameless(name) || doubtful::is_index(name))
    }
}

impl Layout {
    /// Looks at the whole table. `key` names the column of labels, or that of lists.
    pub fn of(
        storage: &mut dyn Storage,
        separator: Option<u8>,
        key: Option<&str>,
        options: &TableOptions,
    ) -> Result<Self, Problem> {
        let survey = Survey::of(storage, separator)?;
        let header = survey.has_header(separator, key, options.header)?;
        let Survey { line, first, below, lines_below } = survey;
        let rows = lines_below + usize::from(!header);
        if rows == 0 {
            return Err(Problem::EmptyArray { place: "the table".to_owned(), found: vec![0, first.len() as u64] });
        }
        let (names, columns) = match header {
            true => (first, below),
            false => {
                let above = below.into_iter().zip(&first);
                let columns = above.map(|(column, field)| column.below(line, field, Field::of(field))).collect();
                ((1..=first.len()).map(|column| column.to_string()).collect(), columns)
            }
        };
        let mut layout = Self {
            separator,
            header,
            names,
            columns,
            coordinates: Vec::new(),
            list: None,
            label: None,
            index: Vec::new(),
            kept: Vec::new(),
            rows,
        };
        layout.assign(key, options)?;
        Ok(layout)
    }

    /// Assigns every column its role.
    fn assign(&mut self, key: Option<&str>, options: &TableOptions) -> Result<(), Problem> {
        let all =
            |items: &[String]| items.iter().flat_map(|item| find(&self.names, item)).flatten().collect::<Vec<_>>();
        let (dropped, kept) = (all(&options.drop), all(&options.keep));
        let is_index = |column: &usize| {
            let found = &self.columns[*column];
            let is_names = *column == 0 && found.is_text();
            self.header
                && self.names.len() > 1
                && is_nameless(&self.names[*column])
                && (found.is_ramp() || is_names)
                && !kept.contains(column)
        };
        let index: Vec<usize> = (0..self.names.len()).filter(is_index).collect();
        let free = |column: &usize| !dropped.contains(column) && !index.contains(column);
        let free: Vec<usize> = (0..self.names.len()).filter(free).collect();
        let asked = match key {
            Some(key) => {
                let found = self.names.iter().position(|name| name == key);
                let lacks = || Problem::NoSuchColumn { key: shown(key), there: listed(&self.names) };
                Some(found.ok_or_else(lacks)?)
            }
            None => None,
        };
        let label = asked.or_else(|| self.find_label(&free, &kept));
        let is_of_lists = |column: &usize| self.columns[*column].is_of_lists();
        let lists: Vec<usize> = match asked.filter(is_of_lists) {
            Some(asked) => vec![asked],
            None => free.iter().copied().filter(is_of_lists).collect(),
        };
        let coordinates = match lists.is_empty() {
            true => free.into_iter().filter(|column| Some(*column) != label).collect(),
            false => lists,
        };
        if let &[only] = coordinates.as_slice() {
            self.take(only);
        }
        (self.coordinates, self.label, self.index, self.kept) = (coordinates, label, index, kept);
        Ok(())
    }

    /// The column of labels: the one that has such a name, or the only one with text.
    fn find_label(&self, free: &[usize], kept: &[usize]) -> Option<usize> {
        let mut free = free.iter().copied().filter(|column| !kept.contains(column));
        let named = |column: &usize| self.header && is_label(&self.names[*column]);
        if let Some(found) = free.clone().find(named) {
            return Some(found);
        }
        let mut texts = free.by_ref().filter(|column| self.columns[*column].is_text());
        match (texts.next(), texts.next()) {
            (Some(only), None) if self.names.len() > 1 => Some(only),
            _ => None,
        }
    }

    /// Takes this column as the only one with numbers.
    pub fn take(&mut self, column: usize) {
        let found = &self.columns[column];
        self.list = found.list.filter(|_| found.is_of_lists()).map(|(_, length)| length);
        (self.coordinates, self.label) = (vec![column], None);
    }

    /// The number of coordinates of a row.
    pub fn width(&self) -> usize {
        self.list.unwrap_or(self.coordinates.len())
    }

    /// The columns that are left out because they are an index without a name, or stand beside a column of lists.
    pub fn passed_over(&self) -> Vec<String> {
        let is_beside_lists =
            |column: &usize| self.list.is_some() && !self.coordinates.contains(column) && Some(*column) != self.label;
        let is_passed = |column: &usize| self.index.contains(column) || is_beside_lists(column);
        (0..self.names.len()).filter(is_passed).map(|column| self.called(column)).collect()
    }

    /// All columns that are not coordinates.
    pub fn left_out(&self) -> Vec<String> {
        let others = (0..self.names.len()).filter(|column| !self.coordinates.contains(column));
        others.map(|column| self.called(column)).collect()
    }

    fn called(&self, column: usize) -> String {
        if self.names[column].is_empty() { "(index)".to_owned() } else { self.names[column].clone() }
    }

    /// The rows from the first one on.
    pub fn records<'a>(&self, storage: &'a mut dyn Storage) -> Result<Records<'a>, Problem> {
        let mut records = Records::new(storage, self.separator)?;
        if self.header {
            records.next()?;
        }
        Ok(records)
    }

    /// The rows from this one on.
    pub fn records_from<'a>(&self, storage: &'a mut dyn Storage, first: usize) -> Result<Records<'a>, Problem> {
        let mut records = self.records(storage)?;
        for _ in 0..first {
            records.next()?;
        }
        Ok(records)
    }

    /// Appends the coordinates of a record, which were numbers when the file was opened.
    pub fn read(&self, line: u64, record: &ByteRecord, numbers: &mut Vec<f64>) -> Result<(), Problem> {
        let changed = |_| Problem::corrupt(&format!("line {line}"), "it has changed since the file was opened");
        for &column in &self.coordinates {
            let field = record.get(column).unwrap_or_default();
            let field = std::str::from_utf8(field).unwrap_or_default().trim();
            match self.list {
                Some(length) => {
                    let found = read_list(field, numbers).map_err(|_| changed(()))?;
                    if found != length {
                        return Err(changed(()));
                    }
                }
                None => numbers.push(field.parse().map_err(|_| changed(()))?),
            }
        }
        Ok(())
    }
}

fn is_label(name: &str) -> bool {
    LABELS.contains(&name.to_lowercase().as_str())
}

/// The columns that a text names: a name, two names with all between, or numbers from 1 in the place of names.
pub(super) fn find(names: &[String], item: &str) -> Option<Vec<usize>> {
    let item = item.trim();
    let named: Vec<usize> = (0..names.len()).filter(|column| names[*column] == item).collect();
    if !named.is_empty() {
        return Some(named);
    }
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| (1..=names.len()).contains(number));
    let one = |text: &str| names.iter().position(|name| name == text).or_else(|| number(text).map(|number| number - 1));
    if let Some(column) = number(item) {
        return Some(vec![column - 1]);
    }
    let ends = item.match_indices('-').map(|(place, _)| (&item[..place], &item[place + 1..]));
    let found = ends.filter_map(|(first, last)| Some((one(first.trim())?, one(last.trim())?)));
    found.into_iter().find(|(first, last)| first <= last).map(|(first, last)| (first..=last).collect())
}
