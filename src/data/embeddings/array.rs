//! An array as it lies in a file, and its rows in the order in which they are asked for.

use std::io::{Cursor, Read};

use super::error::Problem;
use super::remedy::{self, Use};
use super::storage::{Storage, go_to, interrupted};
use super::stored::{Bytes, StoredArray};

/// The largest archived array in Fortran order that is unpacked into memory.
const LARGEST_UNPACKED: u64 = 1 << 30;

impl StoredArray {
    /// Rows and columns of an array of embeddings.
    pub fn matrix(&self) -> Result<(usize, usize), Problem> {
        if !self.element.is_real() {
            return Err(remedy::of_elements(self, Use::Embeddings));
        }
        let &[rows, columns] = self.shape.as_slice() else { return Err(remedy::of_shape(self, Use::Embeddings)) };
        self.not_empty()?;
        // Not empty and no larger than the file, so both fit.
        Ok((rows as usize, columns as usize))
    }

    /// Rows and columns of an array of numbers, one or several per row.
    pub fn numbers(&self) -> Result<(usize, usize), Problem> {
        if !self.element.is_real() && !self.element.is_integer() {
            return Err(remedy::of_elements(self, Use::Numbers));
        }
        self.not_empty()?;
        match *self.shape.as_slice() {
            [rows] => Ok((rows as usize, 1)),
            [rows, columns] => Ok((rows as usize, columns as usize)),
            _ => Err(remedy::of_shape(self, Use::Numbers)),
        }
    }

    /// The length of a single column of labels.
    pub fn column(&self) -> Result<usize, Problem> {
        if !self.element.is_integer() && !self.element.is_text() {
            return Err(remedy::of_elements(self, Use::Labels));
        }
        let (&[rows] | &[rows, 1]) = self.shape.as_slice() else { return Err(remedy::of_shape(self, Use::Labels)) };
        self.not_empty()?;
        Ok(rows as usize)
    }

    fn not_empty(&self) -> Result<(), Problem> {
        if self.shape.contains(&0) {
            return Err(Problem::EmptyArray { place: self.place.clone(), found: self.shape.clone() });
        }
        Ok(())
    }

    /// The elements in the order of the file.
    pub fn sequential<'a>(&self, storage: &'a mut dyn Storage) -> Result<Box<dyn Read + 'a>, Problem> {
        match &self.bytes {
            Bytes::At(start) => {
                go_to(storage, *start, &self.place)?;
                Ok(Box::new(storage))
            }
            Bytes::Entry { entry, skipped } => {
                let mut reader = entry.reader(storage)?;
                let passed = std::io::copy(&mut (&mut reader).take(*skipped), &mut std::io::sink());
                passed.map_err(|error| interrupted(&self.place, error))?;
                Ok(reader)
            }
        }
    }

    /// Some rows of a matrix of this shape in their order, however they lie.
    pub fn rows<'a>(
        &self,
        storage: &'a mut dyn Storage,
        (rows, columns): (usize, usize),
        (first, count): (usize, usize),
    ) -> Result<RowReader<'a>, Problem> {
        let source = match (&self.bytes, self.fortran && rows > 1 && columns > 1) {
            (_, false) => {
                let mut reader = self.sequential(storage)?;
                let passed = (first * columns * self.element.size().unwrap_or(0)) as u64;
                let passing = std::io::copy(&mut (&mut reader).take(passed), &mut std::io::sink());
                passing.map_err(|error| interrupted(&self.place, error))?;
                Way::Forwards(reader)
            }
            (Bytes::At(start), true) => Way::Across { storage: Across::Borrowed(storage), start: *start },
            (Bytes::Entry { entry, .. }, true) => {
                Way::Across { storage: Across::Owned(Cursor::new(self.unpack(storage, entry.size)?)), start: 0 }
            }
        };
        Ok(RowReader {
            array: self.clone(),
            rows,
            columns,
            next: first,
            end: first + count,
            source,
            buffer: Vec::new(),
        })
    }

    /// The whole array in memory, which an archive in Fortran order needs, as it can only be read forwards.
    fn unpack(&self, storage: &mut dyn Storage, size: u64) -> Result<Vec<u8>, Problem> {
        if size > LARGEST_UNPACKED {
            return Err(Problem::Memory {
                place: format!("{}, archived in Fortran order,", self.place),
                bytes: u128::from(size),
                remedy: "save it in C order, np.ascontiguousarray(z), or as .npy",
            });
        }
        let mut bytes = Vec::new();
        self.sequential(storage)?.read_to_end(&mut bytes).map_err(|error| interrupted(&self.place, error))?;
        Ok(bytes)
    }
}

/// Rows of an array, some at a time.
pub(super) struct RowReader<'a> {
    array: StoredArray,
    rows: usize,
    columns: usize,
    next: usize,
    /// The row behind the last one that is read.
    end: usize,
    source: Way<'a>,
    buffer: Vec<u8>,
}

enum Way<'a> {
    /// Rows lie one after another.
    Forwards(Box<dyn Read + 'a>),
    /// Columns lie one after another.
    Across { storage: Across<'a>, start: u64 },
}

enum Across<'a> {
    Borrowed(&'a mut dyn Storage),
    Owned(Cursor<Vec<u8>>),
}

impl Across<'_> {
    fn get(&mut self) -> &mut dyn Storage {
        match self {
            Self::Borrowed(storage) => *storage,
            Self::Owned(cursor) => cursor,
        }
    }
}

impl RowReader<'_> {
    /// The numbers of the next rows, at most so many, row by row; none at the end.
    pub fn next_rows(&mut self, most: usize) -> Result<Vec<f64>, Problem> {
        let count = most.min(self.end - self.next);
        if count == 0 {
            return Ok(Vec::new());
        }
        let element = self.array.element.clone();
        let size = element.size().expect("embeddings have elements of one size");
        let place = format!("{}, row {}", self.array.place, self.next);
        let broken = |error| interrupted(&place, error);
        let mut numbers = reserve(count as u128 * self.columns as u128, &place)?;
        match &mut self.source {
            Way::Forwards(reader) => {
                self.buffer.resize(count * self.columns * size, 0);
                reader.read_exact(&mut self.buffer).map_err(broken)?;
                element.decode(&self.buffer, self.array.big_endian, &mut numbers);
            }
            Way::Across { storage, start } => {
                numbers.resize(count * self.columns, 0.0);
                self.buffer.resize(count * size, 0);
                let mut column_numbers = Vec::with_capacity(count);
                for column in 0..self.columns {
                    let offset = (column * self.rows + self.next) * size;
                    go_to(storage.get(), *start + offset as u64, &place)?;
                    storage.get().read_exact(&mut self.buffer).map_err(broken)?;
                    column_numbers.clear();
                    element.decode(&self.buffer, self.array.big_endian, &mut column_numbers);
                    for (row, number) in column_numbers.iter().enumerate() {
                        numbers[row * self.columns + column] = *number;
                    }
                }
            }
        }
        self.next += count;
        Ok(numbers)
    }
}

/// Room for so many numbers, or an error instead of an end of the process.
pub(super) fn reserve(count: u128, place: &str) -> Result<Vec<f64>, Problem> {
    let full = || Problem::Memory {
        place: place.to_owned(),
        bytes: count.saturating_mul(8),
        remedy: "read fewer rows at a time, or save fewer rows",
    };
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(usize::try_from(count).map_err(|_| full())?).map_err(|_| full())?;
    Ok(numbers)
}
