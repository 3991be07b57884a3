//! A number per row, or several: what `--covariate` takes.

use std::path::Path;

use ndarray::Array2;

use super::array_of;
use super::error::{Problem, ReadError};
use super::format::{self, Format};
use super::labels::each_label;
use super::listing::shown;
use super::selection::RowRange;
use super::storage::Opened;
use super::table::{Layout, TableOptions};

/// Reads numbers per row, (n × k): an array of any kind of number, (n,) or (n, k), a .txt with one a line, or columns of
/// a table. `FILE:COLUMN` names one of a table; without it, they are all that are neither labels nor an index.
///
/// # Errors
/// A file that cannot be read, or that holds something else than numbers, with the place and the remedy. Values that are
/// not finite are read from an array as they are.
pub fn read_numbers(spec: impl AsRef<Path>, options: &TableOptions) -> Result<Array2<f64>, ReadError> {
    let mut opened = Opened::open(spec.as_ref())?;
    let name = opened.name.clone();
    let read = format::of(&mut opened).and_then(|format| match format {
        Format::Table(separator) => of_table(opened, Some(separator), options),
        Format::Lines => of_table(opened, None, options),
        format => of_array(opened, format),
    });
    read.map_err(|problem| problem.of(&name))
}

fn of_array(mut opened: Opened, format: Format) -> Result<Array2<f64>, Problem> {
    let array = array_of(&mut opened, format)?;
    if array.element.is_text() {
        return of_texts(opened);
    }
    let (rows, columns) = array.numbers()?;
    let range = RowRange::within(opened.rows, rows)?;
    let numbers = array.rows(&mut *opened.storage, (rows, columns), range)?.next_rows(range.1)?;
    Ok(Array2::from_shape_vec((range.1, columns), numbers).expect("whole rows are read"))
}

/// Numbers that an array holds as text.
fn of_texts(opened: Opened) -> Result<Array2<f64>, Problem> {
    let mut numbers = Vec::new();
    let read = each_label(opened, &TableOptions::default(), |row, text| {
        let not = || Problem::NotANumber { row, found: shown(&text) };
        numbers.push(text.trim().parse::<f64>().map_err(|_| not())?);
        Ok(())
    });
    read.map_err(|error| *error.problem)?;
    Ok(Array2::from_shape_vec((numbers.len(), 1), numbers).expect("a column has a number per row"))
}

fn of_table(mut opened: Opened, separator: Option<u8>, options: &TableOptions) -> Result<Array2<f64>, Problem> {
    let key = opened.key.take();
    let mut layout = Layout::of(&mut *opened.storage, separator, key.as_deref(), options)?;
    if let (Some(_), Some(asked)) = (&key, layout.label) {
        layout.take(asked);
    }
    layout.check_covariates()?;
    let (first, count) = RowRange::within(opened.rows, layout.rows)?;
    let mut records = layout.records_from(&mut *opened.storage, first)?;
    let mut numbers = Vec::new();
    for _ in 0..count {
        let Some((line, record)) = records.next()? else { break };
        layout.read(line, record, &mut numbers)?;
    }
    let shape = (numbers.len() / layout.width(), layout.width());
    let changed = |_| Problem::corrupt("the rows", "their number has changed since the file was opened");
    Array2::from_shape_vec(shape, numbers).map_err(changed)
}
