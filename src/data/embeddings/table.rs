//! Tables of text: a row per line, with or without a header, a column of labels, an index that pandas wrote.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::error::{Problem, listed, shown};
use super::storage::{Storage, go_to, interrupted};

/// Bytes of the longest line that is read.
const LONGEST_LINE: u64 = 1 << 24;

/// Names by which a column of labels is known.
const LABELS: [&str; 5] = ["label", "labels", "class", "classes", "target"];

/// What stands in which column, and how many rows there are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    separator: Option<u8>,
    header: bool,
    /// The names of the header, or the columns counted from 1.
    pub names: Vec<String>,
    /// The columns that hold coordinates.
    pub coordinates: Vec<usize>,
    /// The column that holds labels.
    pub label: Option<usize>,
    /// Rows without the header.
    pub rows: usize,
}

/// Records of a table, none of them longer than a line may be.
pub(super) struct Records<'a> {
    reader: csv::Reader<Bounded<'a>>,
    record: ByteRecord,
}

/// Bytes of which no more are given than one more line may have.
struct Bounded<'a> {
    storage: &'a mut dyn Storage,
    given: u64,
    allowed: u64,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = self.allowed.saturating_sub(self.given).min(buffer.len() as u64) as usize;
        if room == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let count = self.storage.read(&mut buffer[..room])?;
        self.given += count as u64;
        Ok(count)
    }
}

impl<'a> Records<'a> {
    /// All lines from the beginning; a whole line is a field where no byte separates them.
    fn new(storage: &'a mut dyn Storage, separator: Option<u8>) -> Result<Self, Problem> {
        go_to(storage, 0, "the beginning")?;
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(separator.map(|_| b'#'))
            // A byte that no text holds.
            .delimiter(separator.unwrap_or(0xff))
            .quoting(separator.is_some())
            .from_reader(Bounded { storage, given: 0, allowed: LONGEST_LINE });
        Ok(Self { reader, record: ByteRecord::new() })
    }

    /// The next record and its line, counted from 1.
    pub fn next(&mut self) -> Result<Option<(u64, &ByteRecord)>, Problem> {
        let done = self.reader.position().byte();
        self.reader.get_mut().allowed = done + LONGEST_LINE;
        let line = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some((self.record.position().map_or(line, csv::Position::line), &self.record))),
            Err(error) => Err(match error.into_kind() {
                csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    Problem::LongLine { line, limit: LONGEST_LINE }
                }
                csv::ErrorKind::Io(error) => interrupted(&format!("line {line}"), error),
                other => Problem::corrupt(&format!("line {line}"), format!("{other:?}")),
            }),
        }
    }
}

impl Layout {
    /// Looks at the first two lines, then counts the rows and their fields.
    ///
    /// `key` names the column of labels. A first line is a header if the second has a number where it has a name, if it
    /// is all names, or if it counts the columns from 0 as pandas does.
    pub fn of(storage: &mut dyn Storage, separator: Option<u8>, key: Option<&str>) -> Result<Self, Problem> {
        let mut records = Records::new(storage, separator)?;
        let mut fields = || Ok(records.next()?.map(|(_, record)| record.iter().map(text).collect::<Vec<_>>()));
        let first = fields()?.ok_or(Problem::Empty)?;
        let second = fields()?.unwrap_or_default();
        if first.len() == 1
            && second.len() > 1
            && let Some(problem) = separated_otherwise(1, &first[0], separator)
        {
            return Err(problem);
        }
        let key_is_name = key.is_some_and(|key| first.iter().any(|name| name == key));
        let header = separator.is_some() && (key_is_name || is_header(&first, &second));
        let names = if header { first.clone() } else { (1..=first.len()).map(|column| column.to_string()).collect() };
        let sample = if header { &second } else { &first };
        let index = header && names[0].is_empty() && names.len() > 1;
        let label = label(&names, sample, key, header, index)?;
        let coordinates = (usize::from(index)..names.len()).filter(|column| Some(*column) != label).collect();
        let mut layout = Self { separator, header, names, coordinates, label, rows: 0 };
        layout.rows = layout.count(storage)?;
        Ok(layout)
    }

    fn count(&self, storage: &mut dyn Storage) -> Result<usize, Problem> {
        let mut records = self.records(storage)?;
        let mut rows = 0;
        while let Some((line, record)) = records.next()? {
            if record.len() != self.names.len() {
                return Err(Problem::Width { line, expected: self.names.len(), found: record.len() });
            }
            rows += 1;
        }
        if rows == 0 {
            let found = vec![0, self.coordinates.len() as u64];
            return Err(Problem::EmptyArray { place: "the table".to_owned(), found });
        }
        Ok(rows)
    }

    /// The rows from the first one on.
    pub fn records<'a>(&self, storage: &'a mut dyn Storage) -> Result<Records<'a>, Problem> {
        let mut records = Records::new(storage, self.separator)?;
        if self.header {
            records.next()?;
        }
        Ok(records)
    }

    /// Checks that there are coordinates, and that the table was taken apart at all.
    pub fn check_coordinates(&self, storage: &mut dyn Storage) -> Result<(), Problem> {
        if self.names.len() == 1
            && let Some((line, record)) = Records::new(storage, self.separator)?.next()?
            && let Some(problem) = separated_otherwise(line, &text(&record[0]), self.separator)
        {
            return Err(problem);
        }
        if self.coordinates.is_empty() {
            return Err(Problem::NoCoordinates { there: listed(&self.names) });
        }
        Ok(())
    }

    /// Appends the coordinates of a record. An empty field is a missing number, NaN, as pandas writes it.
    pub fn read(&self, line: u64, record: &ByteRecord, numbers: &mut Vec<f64>) -> Result<(), Problem> {
        for &column in &self.coordinates {
            let field = record.get(column).unwrap_or_default();
            let value = std::str::from_utf8(field).ok().map(str::trim);
            let value = value.and_then(|value| if value.is_empty() { Some(f64::NAN) } else { value.parse().ok() });
            numbers.push(value.ok_or_else(|| self.no_number(line, column, field))?);
        }
        Ok(())
    }

    fn no_number(&self, line: u64, column: usize, field: &[u8]) -> Problem {
        let name = if self.header { format!(" '{}'", shown(&self.names[column])) } else { String::new() };
        let remedy = match self.label {
            Some(_) => "; of the other columns, only labels may be text: remove this one",
            None => "; if the column holds labels, name it as FILE:COLUMN",
        };
        Problem::Field {
            line,
            column: format!("{}{name}", column + 1),
            found: format!("'{}'", shown(&text(field))),
            remedy,
        }
    }
}

/// A field as text; bytes that are none are replaced, and so never a number.
pub(super) fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim().to_owned()
}

fn is_number(field: &str) -> bool {
    field.parse::<f64>().is_ok()
}

fn is_header(first: &[String], second: &[String]) -> bool {
    let is_name = |field: &String| !field.is_empty() && !is_number(field);
    if first.iter().zip(second).any(|(above, below)| is_name(above) && is_number(below)) {
        return true;
    }
    if first.len() == 1 && LABELS.contains(&first[0].to_lowercase().as_str()) {
        return true;
    }
    if first.len() > 1 && first.iter().all(is_name) {
        return true;
    }
    // pandas names columns without names 0, 1, 2, …
    let counted: Vec<&String> = first.iter().filter(|name| is_number(name)).collect();
    counted.len() >= 2 && counted.iter().enumerate().all(|(place, name)| **name == place.to_string())
}

/// The column of labels: the one that is named, the one that has such a name, or the only one with text.
fn label(
    names: &[String],
    sample: &[String],
    key: Option<&str>,
    header: bool,
    index: bool,
) -> Result<Option<usize>, Problem> {
    if let Some(key) = key {
        let found = names.iter().position(|name| name == key);
        return found.map(Some).ok_or_else(|| Problem::NoSuchColumn { key: shown(key), there: listed(names) });
    }
    let named = |name: &String| header && LABELS.contains(&name.to_lowercase().as_str());
    if let Some(found) = names.iter().position(named) {
        return Ok(Some(found));
    }
    let is_text = |(column, field): &(usize, &String)| !(index && *column == 0 || field.is_empty() || is_number(field));
    let mut texts = sample.iter().enumerate().filter(is_text).map(|(column, _)| column);
    match (texts.next(), texts.next()) {
        (Some(only), None) if names.len() > 1 => Ok(Some(only)),
        _ => Ok(None),
    }
}

/// Whether a line that was taken for one field has several, with something else between them.
fn separated_otherwise(line: u64, field: &str, separator: Option<u8>) -> Option<Problem> {
    let wanted = if separator == Some(b'\t') { "a tab" } else { "a comma" };
    let (separator, remedy) = if field.contains(';') {
        ("a semicolon", "save it with sep=\",\" and a decimal point")
    } else if field.contains('\t') {
        ("a tab", "call it .tsv")
    } else if field.contains(',') {
        ("a comma", "call it .csv")
    } else if field.contains(' ') {
        ("a space", "save it with np.savetxt(\"z.csv\", z, delimiter=\",\")")
    } else {
        return None;
    };
    Some(Problem::Separator { line, separator, wanted, remedy })
}
