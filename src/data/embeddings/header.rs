//! Whether the first line of a table is a header, decided on whole columns.

use super::column::Column;
use super::error::Problem;
use super::field::Field;
use super::listing::{listed, shown};

/// With this many columns, numbers counted from 0 above fractions can only be a header.
const COUNTED_FOR_SURE: usize = 8;

/// Fractions below, all of them, that show that the first line was not written as a row.
const FRACTIONS_FOR_SURE: usize = 12;

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

    /// The columns that can decide. One with text among its numbers counts only where there is no better one.
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

    /// Whether the numbers of the line count the columns from 0: certain beside a nameless index or known names, and where
    /// all below are fractions, or there are many columns.
    fn counts(&self, voices: &[(usize, Voice)], is_beside_names: bool) -> Result<bool, Problem> {
        let numbers = voices.iter().filter(|(_, voice)| *voice == Voice::Number).map(|(column, _)| *column);
        let numbers: Vec<usize> = numbers.collect();
        let unclear = || Problem::Counted { line: self.line, found: listed(self.texts) };
        let is_fraction = |column: &usize| self.below[*column].written_whole == 0;
        let are_fractions = numbers.iter().all(is_fraction);
        let Some(start) = self.first_count(&numbers) else { return Ok(false) };
        if start != 0 {
            // Counted from 1, as others do, or from anywhere. Whole numbers below may go on counting: a row.
            return if numbers.len() >= 2 && are_fractions { Err(unclear()) } else { Ok(false) };
        }
        let is_index = self.texts[0].is_empty() && (self.below[0].is_ramp() || self.below[0].is_text());
        let count = numbers.len();
        if is_index || (count >= 2 && is_beside_names) {
            return Ok(true);
        }
        let fields: usize = numbers.iter().map(|column| self.below[*column].fields).sum();
        if count >= 3 && are_fractions && fields >= FRACTIONS_FOR_SURE {
            return Ok(true);
        }
        if count >= COUNTED_FOR_SURE && numbers.iter().any(is_fraction) {
            return Ok(true);
        }
        // A single column below a 0 is not a matrix of anything.
        if count == 1 { Ok(false) } else { Err(unclear()) }
    }

    /// Where these fields begin to count, if they count by ones.
    fn first_count(&self, numbers: &[usize]) -> Option<u32> {
        let start: u32 = self.texts[*numbers.first()?].parse().ok()?;
        let is_counted = |(number, column): (u32, &usize)| self.texts[*column] == number.to_string();
        (start..).zip(numbers).all(is_counted).then_some(start)
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
