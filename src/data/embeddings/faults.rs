//! Rows without a direction: zero ones and those that are not finite.

use std::fmt;

use ndarray::ArrayView2;

/// Indices that are kept of each kind.
const KEPT: usize = 5;

/// Rows of one kind: how many, and which the first are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// How many there are.
    pub count: usize,
    /// The first few, counted from 0.
    pub first: Vec<usize>,
}

impl Rows {
    fn add(&mut self, row: usize) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push(row);
        }
    }

    fn words(&self, kind: &str) -> Option<String> {
        let first: Vec<String> = self.first.iter().map(usize::to_string).collect();
        let more = if self.count > self.first.len() { ", …" } else { "" };
        let rows = if self.count == 1 { "row" } else { "rows" };
        (self.count > 0).then(|| format!("{} {kind} {rows} ({}{more})", self.count, first.join(", ")))
    }
}

/// What a pass over the rows has found: rows without a direction.
///
/// ```
/// use embedding_norms::data::embeddings::Faults;
/// use ndarray::array;
/// let mut faults = Faults::default();
/// faults.look_at(0, array![[0.0, 0.0], [3.0, 4.0], [f64::NAN, 1.0]].view());
/// assert_eq!((faults.zero.count, faults.not_finite.first.clone()), (1, vec![2]));
/// assert!(faults.check().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Rows that were looked at.
    pub rows: usize,
    /// Rows of zeros.
    pub zero: Rows,
    /// Rows with a coordinate that is NaN or infinite.
    pub not_finite: Rows,
}

impl Faults {
    /// Looks at more rows, the first of which has this index.
    pub fn look_at(&mut self, first_row: usize, rows: ArrayView2<'_, f64>) {
        for (place, row) in rows.rows().into_iter().enumerate() {
            if row.iter().any(|value| !value.is_finite()) {
                self.not_finite.add(first_row + place);
            } else if row.iter().all(|value| *value == 0.0) {
                self.zero.add(first_row + place);
            }
        }
        self.rows += rows.nrows();
    }

    /// Whether every row has a direction.
    pub fn is_empty(&self) -> bool {
        self.zero.count == 0 && self.not_finite.count == 0
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [self.zero.words("zero"), self.not_finite.words("non-finite")];
        let kinds: Vec<String> = kinds.into_iter().flatten().collect();
        if kinds.is_empty() {
            return write!(formatter, "every one of {} rows has a direction", self.rows);
        }
        let (kinds, rows) = (kinds.join(" and "), self.rows);
        write!(
            formatter,
            "{kinds} of {rows}, counted from 0, have no direction; remove them or find out where they arise"
        )
    }
}
