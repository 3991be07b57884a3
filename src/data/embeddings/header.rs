//! Whether the first line of a table is a header, decided on whole columns.

use super::column::Column;
use super::error::{Problem, listed, shown};
use super::field::Field;

/// Columns that are counted from 0 and can be nothing but a header: no row of data does that by chance.
const COUNTED_FOR_SURE: usize = 8;

/// The first line of a table with what stands below.
pub(super) struct FirstLine<'a> {
    pub line: u64,
    pub texts: &'a [String],
    pub fields: &'a [Field],
    /// The columns from the second line on.
    pub below: &'a [Column],
}

/// What the first line says about a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// A name above numbers.
    Name,
    /// A number above numbers.
    Number,
}

impl FirstLine<'_> {
    /// Whether it is a header: if every column of numbers has a name above, it is; if none has, it is none, unless it
    /// counts the columns from 0 as pandas does. Everything between is refused.
    pub fn is_header(&self, known: impl Fn(&str) -> bool) -> Result<bool, Problem> {
        let voices = self.voices();
        let first = |wanted: Voice| voices.iter().find(|(_, voice)| *voice == wanted).map(|(column, _)| *column);
        match (first(Voice::Name), first(Voice::Number)) {
            (Some(_), None) => Ok(true),
            (None, Some(_)) => self.counts(&voices, false),
            (Some(name), Some(number)) => {
                let names = voices.iter().filter(|(_, voice)| *voice == Voice::Name);
                let all_known = names.map(|(column, _)| &self.texts[*column]).all(|name| known(name));
                let unclear = |_| self.mixed(name, number);
                match self.counts(&voices, all_known).map_err(unclear)? {
                    true => Ok(true),
                    false => Err(self.mixed(name, number)),
                }
            }
            (None, None) => Ok(self.is_of_names(known)),
        }
    }

    /// The columns that can tell. One with text among its numbers can, where there is no better one.
    fn voices(&self) -> Vec<(usize, Voice)> {
        let of = |is_telling: &dyn Fn(&Column) -> bool| -> Vec<(usize, Voice)> {
            let columns = self.below.iter().enumerate().filter(|(_, column)| is_telling(column));
            let voice = |(column, _)| match self.fields[column] {
                Field::Text => Some((column, Voice::Name)),
                Field::Number { .. } | Field::Foreign(_) | Field::List => Some((column, Voice::Number)),
                Field::Missing => None,
            };
            columns.filter_map(voice).collect()
        };
        let sure = of(&|column| column.is_numeric() || column.is_of_lists());
        if sure.is_empty() { of(&|column| column.numbers > 0 || column.lists > 0) } else { sure }
    }

    /// Whether the numbers of the line count the columns from 0: certain below a nameless index, beside known names,
    /// where all below are fractions, or where there are many.
    fn counts(&self, voices: &[(usize, Voice)], is_beside_names: bool) -> Result<bool, Problem> {
        let numbers = voices.iter().filter(|(_, voice)| *voice == Voice::Number).map(|(column, _)| *column);
        let numbers: Vec<usize> = numbers.collect();
        let is_counted = |(place, column): (usize, &usize)| self.texts[*column] == place.to_string();
        if !numbers.iter().enumerate().all(is_counted) {
            return Ok(false);
        }
        let is_index = self.texts[0].is_empty() && (self.below[0].is_ramp() || self.below[0].is_text());
        let is_fraction = |column: &usize| self.below[*column].written_whole == 0;
        let count = numbers.len();
        if is_index || count >= COUNTED_FOR_SURE || (count >= 2 && is_beside_names) {
            return Ok(true);
        }
        if count >= 3 && numbers.iter().all(is_fraction) {
            return Ok(true);
        }
        // A single column below a 0 is no matrix of anything.
        if count == 1 {
            return Ok(false);
        }
        Err(Problem::Counted { line: self.line, found: listed(self.texts) })
    }

    /// Whether a table without numbers begins with names.
    fn is_of_names(&self, known: impl Fn(&str) -> bool) -> bool {
        let is_name = |field: &Field| *field == Field::Text;
        match self.texts {
            [only] => known(only),
            _ => self.fields.iter().all(is_name),
        }
    }

    fn mixed(&self, name: usize, number: usize) -> Problem {
        Problem::FirstLine {
            line: self.line,
            column: name + 1,
            found: shown(&self.texts[name]),
            number: shown(&self.texts[number]),
        }
    }
}
