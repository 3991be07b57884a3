//! Lines of a table of text, none of them longer than a line may be.

use std::collections::BTreeMap;
use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::error::Problem;
use super::listing::shown;
use super::storage::{Storage, go_to, interrupted};

/// Bytes of the longest line that is read.
const LONGEST_LINE: u64 = 1 << 24;

/// Records of a table without its comments.
pub(super) struct Records<'a> {
    reader: csv::Reader<Bounded<'a>>,
    record: ByteRecord,
    /// Whether lines that begin with `#` are comments.
    has_comments: bool,
    /// Fields of the first record.
    width: Option<usize>,
    /// Comments before the first record that could be rows of a table of this width: the line and the first field.
    like_rows: BTreeMap<usize, (u64, String)>,
}

/// A reader that gives no more bytes than one more line may have.
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
    pub fn new(storage: &'a mut dyn Storage, separator: Option<u8>) -> Result<Self, Problem> {
        go_to(storage, 0, "the beginning")?;
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // A byte that no text holds.
            .delimiter(separator.unwrap_or(0xff))
            .quoting(separator.is_some())
            .from_reader(Bounded { storage, given: 0, allowed: LONGEST_LINE });
        let has_comments = separator.is_some();
        Ok(Self { reader, record: ByteRecord::new(), has_comments, width: None, like_rows: BTreeMap::new() })
    }

    /// The next record and its line, counted from 1. Every field is UTF-8.
    pub fn next(&mut self) -> Result<Option<(u64, &ByteRecord)>, Problem> {
        loop {
            let Some(line) = self.advance()? else { return Ok(None) };
            check_text(line, &self.record)?;
            if !(self.has_comments && self.record.get(0).is_some_and(|field| field.starts_with(b"#"))) {
                let width = *self.width.get_or_insert(self.record.len());
                if let Some((line, found)) = std::mem::take(&mut self.like_rows).remove(&width) {
                    return Err(Problem::Comment { line, found });
                }
                return Ok(Some((line, &self.record)));
            }
            if is_like_a_row(&self.record) {
                let found = shown(&text(&self.record[0]));
                match self.width {
                    Some(width) if width == self.record.len() => return Err(Problem::Comment { line, found }),
                    Some(_) => {}
                    None => drop(self.like_rows.entry(self.record.len()).or_insert((line, found))),
                }
            }
        }
    }

    /// Reads one more record, a comment or not; its line.
    fn advance(&mut self) -> Result<Option<u64>, Problem> {
        let done = self.reader.position().byte();
        self.reader.get_mut().allowed = done + LONGEST_LINE;
        let line = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some(self.record.position().map_or(line, csv::Position::line))),
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

/// Whether a line that begins with `#` could be a row whose first field does, such as `#DIV/0!`. A comment of numpy has
/// a space after the sign.
fn is_like_a_row(record: &ByteRecord) -> bool {
    let is_number = |field: &[u8]| text(field).parse::<f64>().is_ok();
    let has_space = record[0].get(1).is_none_or(u8::is_ascii_whitespace);
    !has_space && (record.len() == 1 || record.iter().skip(1).any(is_number))
}

/// Refuses bytes that are not text: replacing them could make two different fields equal.
fn check_text(line: u64, record: &ByteRecord) -> Result<(), Problem> {
    if std::str::from_utf8(record.as_slice()).is_ok() && !record.as_slice().contains(&0) {
        return Ok(());
    }
    let is_bad = |field: &[u8]| std::str::from_utf8(field).is_err() || field.contains(&0);
    let column = record.iter().position(is_bad).unwrap_or(0);
    let field = record.get(column).unwrap_or_default();
    let found: String = field.escape_ascii().map(char::from).take(60).collect();
    let column = column + 1;
    if field.contains(&0) {
        return Err(Problem::Nul { line, column, found });
    }
    // Windows-1252 has printable characters where Latin-1 has none.
    let (encoding, codec) = match field.iter().any(|byte| (0x80..0xa0).contains(byte)) {
        true => ("Windows-1252", "cp1252"),
        false => ("Latin-1", "latin-1"),
    };
    Err(Problem::Encoding { line, column, found, encoding, codec })
}

/// A field as text. Records are UTF-8, so that nothing is replaced.
pub(super) fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim().to_owned()
}
