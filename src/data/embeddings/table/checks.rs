//! What makes a table unreadable: no coordinates, fields that are no numbers, columns that look like an index, lines that
//! were taken apart wrongly. Each is refused with its place and the option that decides it.

use super::Layout;
use crate::data::embeddings::column::{Column, Place};
use crate::data::embeddings::doubtful::{self, Candidate, Doubt};
use crate::data::embeddings::error::Problem;
use crate::data::embeddings::field::Notation;
use crate::data::embeddings::listing::{listed, shown};
use crate::data::embeddings::separator::{Reading, separated_line, separator_problem};

impl Layout {
    /// Checks that there are coordinates, that every one of them is a number, and that none looks like an index.
    pub fn check_coordinates(&self) -> Result<(), Problem> {
        self.check_numbers()?;
        self.refuse(doubtful::doubted(&self.candidates(), self.rows))
    }

    /// Checks that there are numbers in all columns of coordinates, and that none has the name of an index.
    pub fn check_covariates(&self) -> Result<(), Problem> {
        self.check_numbers()?;
        self.refuse(doubtful::named(&self.candidates()))
    }

    fn candidates(&self) -> Vec<Candidate<'_>> {
        let open = self.coordinates.iter().filter(|_| self.list.is_none());
        let candidate = |&place: &usize| {
            let name = self.header.then(|| self.names[place].as_str());
            Candidate { place, name, column: &self.columns[place] }
        };
        open.map(candidate).collect()
    }

    fn refuse(&self, doubted: Vec<(usize, Doubt)>) -> Result<(), Problem> {
        let doubted: Vec<(usize, Doubt)> =
            doubted.into_iter().filter(|(column, _)| !self.kept.contains(column)).collect();
        let Some(&(first, doubt)) = doubted.first() else { return Ok(()) };
        let columns: Vec<String> = doubted.iter().map(|(column, _)| self.option(*column)).collect();
        let examples: Vec<String> = self.columns[first].examples.iter().map(f64::to_string).collect();
        let more = if self.rows > examples.len() { ", …" } else { "" };
        Err(Problem::Index {
            column: self.place(first),
            examples: format!("{}{more}", examples.join(", ")),
            doubt,
            columns: columns.join(","),
        })
    }

    /// How an option names a column.
    fn option(&self, column: usize) -> String {
        let name = &self.names[column];
        let is_plain = |letter: char| letter.is_alphanumeric() || "_-.: ".contains(letter);
        let is_unique = self.names.iter().filter(|other| *other == name).count() == 1;
        if name.is_empty() || !is_unique || !name.chars().all(is_plain) {
            (column + 1).to_string()
        } else if name.contains(' ') {
            format!("\"{name}\"")
        } else {
            name.clone()
        }
    }

    /// A column as errors call it.
    fn place(&self, column: usize) -> String {
        let name = if self.header { format!(" '{}'", shown(&self.names[column])) } else { String::new() };
        format!("{}{name}", column + 1)
    }

    fn check_numbers(&self) -> Result<(), Problem> {
        if let Some(problem) = self.separated_otherwise() {
            return Err(problem);
        }
        if self.coordinates.is_empty() {
            return Err(Problem::NoCoordinates { there: listed(&self.names) });
        }
        if let [first, _, ..] = self.coordinates.as_slice()
            && self.columns[*first].is_of_lists()
        {
            let names = self.coordinates.iter().map(|column| self.names[*column].clone()).collect::<Vec<_>>();
            return Err(Problem::SeveralLists { example: shown(&names[0]), there: listed(&names) });
        }
        let is_empty = |column: &&usize| self.columns[**column].is_empty();
        if let Some(&column) = self.coordinates.iter().find(is_empty) {
            return Err(Problem::EmptyColumn {
                column: self.place(column),
                which: if column + 1 == self.names.len() { "an empty last column" } else { "an empty column" },
                option: self.option(column),
            });
        }
        let faults = self.coordinates.iter().filter_map(|column| self.fault(*column));
        faults.min_by_key(|(line, _)| *line).map_or(Ok(()), |(_, problem)| Err(problem))
    }

    /// The first field of a column that is not a coordinate, with its line.
    fn fault(&self, place: usize) -> Option<(u64, Problem)> {
        let column = &self.columns[place];
        let name = || self.place(place);
        let missing = column.missing.as_ref().map(|Place { line, found }| {
            (*line, Problem::MissingNumber { line: *line, column: name(), found: found.clone() })
        });
        let foreign = column.foreign.as_ref().map(|(Place { line, found }, notation)| {
            let (what, remedy) = notation.words();
            let remedy = match notation {
                Notation::Comma => {
                    let separator = if self.separator == Some(b'\t') { "\"\\t\"" } else { "\",\"" };
                    Reading { has_header: self.header, has_commas: true }.rewritten(separator)
                }
                _ => remedy.to_owned(),
            };
            (*line, Problem::Notation { line: *line, column: name(), found: found.clone(), what, remedy })
        });
        let bad_list = column
            .bad_list
            .as_ref()
            .map(|Place { line, found }| (*line, Problem::List { line: *line, column: name(), found: found.clone() }));
        // The rarer kind of field in a column is at fault.
        let is_text_at_fault = column.texts <= column.lists || column.lists == 0;
        let text = column.text.as_ref().filter(|_| is_text_at_fault).map(|Place { line, found }| {
            let remedy = self.remedy_of_text(place, found);
            (*line, Problem::Field { line: *line, column: name(), found: found.clone(), remedy })
        });
        let is_list_at_fault = column.numbers > 0 || !is_text_at_fault;
        let mixed = column.list.filter(|_| is_list_at_fault).map(|(line, _)| {
            let found = "a list in a column that holds something else too; give every row one".to_owned();
            (line, Problem::List { line, column: name(), found })
        });
        [missing, foreign, bad_list, text, mixed].into_iter().flatten().min_by_key(|(line, _)| *line)
    }

    fn remedy_of_text(&self, column: usize, found: &str) -> String {
        if found.starts_with(['[', '(']) || found.ends_with([']', ')']) {
            return "; a list within a table of commas needs quotes around it, \"[0.1, 0.2]\"".to_owned();
        }
        let option = self.option(column);
        match (self.columns[column].is_text(), self.label) {
            (false, _) => "; correct it, or if the column holds labels, name it as FILE:COLUMN".to_owned(),
            (true, Some(_)) => format!("; leave the column out with --drop-columns {option}"),
            (true, None) => {
                format!(
                    "; if the column holds labels, name it as FILE:COLUMN, or leave it out with --drop-columns {option}"
                )
            }
        }
    }

    /// Whether lines were taken apart wrongly, with something else between the fields.
    fn separated_otherwise(&self) -> Option<Problem> {
        let separated = self.coordinates.iter().find_map(|column| match &self.columns[*column].foreign {
            // Several names in the header were separated correctly, so that the field is at fault.
            Some((place, Notation::Separated(separator))) if !self.header || self.names.len() == 1 => {
                Some((place.line, *separator))
            }
            _ => None,
        });
        let holds_comma = |column: &Column| column.foreign.as_ref().is_some_and(|(place, _)| place.found.contains(','));
        // Where commas separate, those between numbers have taken lines apart already.
        let has_commas = self.separator == Some(b',') && self.names.len() > 1 || self.columns.iter().any(holds_comma);
        let text = Reading { has_header: self.header, has_commas };
        if let Some((line, separator)) = separated {
            return Some(separator_problem(line, separator, self.separator, &text));
        }
        let [only] = self.columns.as_slice() else { return None };
        let place = only.text.as_ref().or(only.foreign.as_ref().map(|(place, _)| place))?;
        separated_line(place.line, &place.found, self.separator, &text)
    }
}
