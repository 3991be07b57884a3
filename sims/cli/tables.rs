//! How tables among the files are read: the options that every command on files shares.

use std::collections::BTreeSet;
use std::path::Path;

use clap::{Args, ValueEnum};
use embedding_norms::data::embeddings::{Embeddings, Source, TableOptions};

use crate::cli::failure::Failure;

/// Their heading in the help.
const HEADING: &str = "Tables (.csv, .tsv)";

/// What is known of tables beyond their text.
#[derive(Args, Clone, Debug, Default)]
pub struct Tables {
    /// Columns that are no coordinates, such as ids: names, numbers from 1, or FIRST-LAST
    #[arg(long, help_heading = HEADING, value_name = "NAME,...", value_delimiter = ',')]
    drop_columns: Vec<String>,

    /// Columns that are coordinates, even if they look like an index
    #[arg(long, help_heading = HEADING, value_name = "NAME,...", value_delimiter = ',')]
    keep_columns: Vec<String>,

    /// Whether the first line is a header [default: decided by what stands below]
    #[arg(long, help_heading = HEADING, value_name = "yes|no", hide_possible_values = true)]
    header: Option<Header>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Header {
    Yes,
    No,
}

impl Tables {
    /// The options of the readers.
    pub fn options(&self) -> TableOptions {
        TableOptions {
            header: self.header.map(|header| header == Header::Yes),
            drop: self.drop_columns.clone(),
            keep: self.keep_columns.clone(),
        }
    }

    /// Opens a file of embeddings.
    pub fn open(&self, path: &Path) -> Result<Source, Failure> {
        Ok(Embeddings::open_with(path, &self.options())?)
    }

    /// Says on stderr which columns of tables are left out without being asked for.
    pub fn tell<'a>(sources: impl IntoIterator<Item = &'a Source>) {
        let mut told = BTreeSet::new();
        for source in sources {
            let passed = source.passed_over();
            if !passed.is_empty() && told.insert(source.name()) {
                tell!("note: {}: no coordinates, and left out: {}", source.name(), passed.join(", "));
            }
        }
    }

    /// Refuses columns that no table has.
    pub fn check<'a>(&self, sources: impl IntoIterator<Item = &'a Source> + Clone) -> Result<(), Failure> {
        for (option, items) in [("--drop-columns", &self.drop_columns), ("--keep-columns", &self.keep_columns)] {
            for item in items {
                if sources.clone().into_iter().any(|source| source.has_column(item)) {
                    continue;
                }
                let there = match sources.clone().into_iter().find(|source| !source.columns().is_empty()) {
                    Some(table) => format!("{} has {}", table.name(), table.columns().join(", ")),
                    None => "none of the files of embeddings is a table".to_owned(),
                };
                return Err(Failure::Refused(format!("{option}: there is no column '{item}'; {there}")));
            }
        }
        Ok(())
    }
}

/// The remedy where one file holds two views of its samples, one after the other.
pub fn two_halves(path: &Path, rows: usize) -> String {
    let (path, half) = (path.display(), rows / 2);
    format!("{path}:0-{} {path}:{half}-{}", half - 1, 2 * half - 1)
}

/// What may be wrong with a list that has not one entry per row of this file.
pub fn hint_of_length(path: &Path, found: usize, rows: usize) -> String {
    if found == rows + 1 {
        " (if its first line is a header, name the column as FILE:COLUMN)".to_owned()
    } else if rows == 2 * found {
        format!(" (where the file holds two views of each sample, one after the other: {})", two_halves(path, rows))
    } else {
        String::new()
    }
}
