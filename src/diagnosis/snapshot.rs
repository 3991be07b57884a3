//! What is kept of a file of embeddings: every norm, and the rows of a random sample.

use ndarray::{Array2, ArrayView2};
use rand::seq::index;

use super::DiagnosisError;
use crate::random::generator;
use crate::sphere::norm_of;

/// The rows that are looked at closely, the same ones in every file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    rows: Vec<usize>,
    total: usize,
}

impl Sample {
    /// At most `most` of `total` rows, without replacement, in their order.
    pub fn draw(total: usize, most: usize, seed: u64) -> Self {
        if most >= total {
            return Self { rows: (0..total).collect(), total };
        }
        let mut rows = index::sample(&mut generator(seed, b"diagnosis/sample", 0), total, most).into_vec();
        rows.sort_unstable();
        Self { rows, total }
    }

    /// The rows, ascending.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The number of rows from which they were drawn.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Whether these are all rows.
    pub fn is_everything(&self) -> bool {
        self.rows.len() == self.total
    }
}

/// Why a row has no direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// All coordinates are 0.
    Zero,
    /// A coordinate is NaN or infinite.
    NotFinite,
    /// The norm is above the largest number of f64.
    TooLong,
}

impl Fault {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::NotFinite => "non-finite",
            Self::TooLong => "longer than 1.8e308",
        }
    }
}

/// A set of embeddings: the norm of every row, the rows of the sample, and the rows that have no direction.
///
/// ```
/// use embedding_norms::diagnosis::{Sample, Snapshot};
/// use ndarray::array;
/// let sample = Sample::draw(3, 10, 0);
/// let snapshot = Snapshot::of("z.npy", array![[3.0, 4.0], [0.0, 0.0], [0.0, 2.0]].view(), &sample)?;
/// assert_eq!(snapshot.finite_norms(), vec![5.0, 2.0]);
/// assert_eq!(snapshot.left_out()[0].0, 1);
/// # Ok::<(), embedding_norms::diagnosis::DiagnosisError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Snapshot {
    name: String,
    norms: Vec<f64>,
    left_out: Vec<(usize, Fault)>,
    sampled: Array2<f64>,
}

/// Takes a snapshot chunk by chunk.
#[derive(Debug)]
pub struct Collector<'a> {
    sample: &'a Sample,
    snapshot: Snapshot,
    kept: usize,
}

impl<'a> Collector<'a> {
    /// Of rows of so many coordinates; `name` is what answers call it.
    ///
    /// # Errors
    /// Fewer than 2 dimensions.
    pub fn new(name: &str, dimension: usize, sample: &'a Sample) -> Result<Self, DiagnosisError> {
        if dimension < 2 {
            return Err(DiagnosisError::OneDimension { name: name.to_owned() });
        }
        let sampled = Array2::zeros((sample.rows.len(), dimension));
        let norms = Vec::with_capacity(sample.total);
        let snapshot = Snapshot { name: name.to_owned(), norms, left_out: Vec::new(), sampled };
        Ok(Self { sample, snapshot, kept: 0 })
    }

    /// Takes the next rows, in the order of the file.
    ///
    /// # Panics
    /// If they have another number of coordinates.
    pub fn add(&mut self, rows: ArrayView2<'_, f64>) {
        for row in rows.rows() {
            let index = self.snapshot.norms.len();
            if self.sample.rows.get(self.kept) == Some(&index) {
                self.snapshot.sampled.row_mut(self.kept).assign(&row);
                self.kept += 1;
            }
            let norm = norm_of(row);
            let fault = match () {
                () if norm == 0.0 => Some(Fault::Zero),
                () if norm.is_finite() => None,
                () if row.iter().all(|value| value.is_finite()) => Some(Fault::TooLong),
                () => Some(Fault::NotFinite),
            };
            self.snapshot.left_out.extend(fault.map(|fault| (index, fault)));
            let norm = if fault.is_some() { f64::NAN } else { norm };
            self.snapshot.norms.push(norm);
        }
    }

    /// The snapshot.
    ///
    /// # Errors
    /// Another number of rows than the sample was drawn from, or no row with a direction.
    pub fn finish(self) -> Result<Snapshot, DiagnosisError> {
        let snapshot = self.snapshot;
        if snapshot.norms.len() != self.sample.total {
            let (name, found, expected) = (snapshot.name, snapshot.norms.len(), self.sample.total);
            return Err(DiagnosisError::Rows { name, found, expected });
        }
        if snapshot.left_out.len() == snapshot.norms.len() {
            return Err(DiagnosisError::NoDirections { name: snapshot.name, rows: snapshot.norms.len() });
        }
        Ok(snapshot)
    }
}

impl Snapshot {
    /// Of a matrix (n × d) in memory.
    ///
    /// # Errors
    /// As for [`Collector::new`] and [`Collector::finish`].
    pub fn of(name: &str, rows: ArrayView2<'_, f64>, sample: &Sample) -> Result<Self, DiagnosisError> {
        let mut collector = Collector::new(name, rows.ncols(), sample)?;
        collector.add(rows);
        collector.finish()
    }

    /// What answers call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The norm of each row; NaN for a row without a direction.
    pub fn norms(&self) -> &[f64] {
        &self.norms
    }

    /// The norms of the rows that have a direction.
    pub fn finite_norms(&self) -> Vec<f64> {
        self.norms.iter().copied().filter(|norm| norm.is_finite()).collect()
    }

    /// The rows without a direction, counted from 0.
    pub fn left_out(&self) -> &[(usize, Fault)] {
        &self.left_out
    }

    /// The number of coordinates.
    pub fn dimension(&self) -> usize {
        self.sampled.ncols()
    }

    /// The rows of the sample (sample × d), as they are.
    pub fn sampled(&self) -> ArrayView2<'_, f64> {
        self.sampled.view()
    }

    /// Whether the row at this place of the sample has a direction.
    pub(super) fn has_direction(&self, sample: &Sample, place: usize) -> bool {
        self.norms[sample.rows[place]].is_finite()
    }
}

/// The places of the sample at which every one of these sets has a direction.
pub(super) fn common(sample: &Sample, snapshots: &[&Snapshot]) -> Vec<usize> {
    let whole = |place: &usize| snapshots.iter().all(|snapshot| snapshot.has_direction(sample, *place));
    (0..sample.rows.len()).filter(whole).collect()
}
