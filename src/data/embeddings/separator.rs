//! Lines that were taken apart wrongly: what stands between the fields, and how pandas reads it.

use csv::ByteRecord;

use super::error::Problem;
use super::field::Field;

/// A line of another number of fields than the first.
pub(super) fn width(
    line: u64,
    first: &[String],
    record: &ByteRecord,
    is_second: bool,
    separator: Option<u8>,
) -> Problem {
    let (expected, found) = (first.len(), record.len());
    if expected == 1 {
        // A header has no comma, and rows have: decimal ones.
        let has_header = first[0].contains(char::is_alphabetic);
        let text = Reading { has_header, has_commas: separator == Some(b',') };
        if let Some(problem) = separated_line(1, &first[0], separator, &text) {
            return problem;
        }
    }
    let is_name = |name: &String| Field::of(name) == Field::Text;
    let remedy = if is_second && found == expected + 1 && first.iter().all(is_name) {
        "the header lacks a field: row names of R, a last comma on every line, or decimal commas; write the table with \
         decimal points and without row names, in R write.csv(z, \"z.csv\", row.names = FALSE)"
    } else {
        "complete or remove it"
    };
    Problem::Width { line, expected, found, remedy }
}

/// Whether a line that was taken for one field has several, with something else between them.
pub(super) fn separated_line(line: u64, field: &str, wanted: Option<u8>, text: &Reading) -> Option<Problem> {
    let separator = [';', '\t', ',', '|', ' '].into_iter().find(|separator| field.trim().contains(*separator))?;
    Some(separator_problem(line, separator, wanted, text))
}

/// Fields with this between them, where another separator is wanted.
pub(super) fn separator_problem(line: u64, separator: char, wanted: Option<u8>, text: &Reading) -> Problem {
    let decimal = if text.has_commas { " and decimal commas" } else { "" };
    let read = |separator: &str| text.rewritten(separator);
    let (separator, remedy) = match separator {
        ';' => ("semicolons", read("\";\"")),
        '\t' if text.has_commas => ("tabs", read("\"\\t\"")),
        '\t' => ("tabs", "call it .tsv".to_owned()),
        ',' => ("commas", "call it .csv".to_owned()),
        '|' => ("bars", read("\"|\"")),
        _ => ("spaces", read("r\"\\s+\"")),
    };
    let decimal = if separator == "commas" { "" } else { decimal };
    let wanted = if wanted == Some(b'\t') { "a tab" } else { "a comma" };
    Problem::Separator { line, separator: format!("{separator} between the fields{decimal}"), wanted, remedy }
}

/// How a table that others wrote is read by pandas.
pub(super) struct Reading {
    pub has_header: bool,
    pub has_commas: bool,
}

impl Reading {
    /// The line of Python that writes it as it is read here.
    pub fn rewritten(&self, separator: &str) -> String {
        let decimal = if self.has_commas { ", decimal=\",\"" } else { "" };
        let (read, write) = if self.has_header { ("", "") } else { (", header=None", ", header=False") };
        format!(
            "save it with sep=\",\" and decimal=\".\", in Python: pd.read_csv(\"{{file}}\", \
             sep={separator}{decimal}{read}).to_csv(\"new.csv\", index=False{write})"
        )
    }
}
