//! Embeddings with parameters of their own.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::{Encoder, Input, Pass};

/// A row of parameters per input: nothing is shared between inputs.
///
/// Inputs that are not in a batch have no gradient at its step; momentum and weight decay act on them all the same, as
/// on every parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    rows: Array2<f64>,
    /// a_i, the length of input i; 1 for free embeddings.
    lengths: Array1<f64>,
    /// Whether a group is a row, not the whole table.
    free: bool,
}

impl Table {
    /// Free embeddings: z_i is row i of `embeddings`, (n × d), and a group of its own.
    pub fn free(embeddings: Array2<f64>) -> Self {
        let lengths = Array1::ones(embeddings.nrows());
        Self { rows: embeddings.as_standard_layout().into_owned(), lengths, free: true }
    }

    /// A linear encoder with a row per input: input i is a_i e_i, so that z_i = a_i W_i with W (n × d), one tensor.
    ///
    /// A step of plain descent moves z_i by −γ a_i² ∇_{z_i}: the direction of free embeddings, at a rate of its own.
    /// `embeddings` are the z_i at the start.
    ///
    /// # Panics
    /// Unless there is one finite length above 0 per embedding.
    pub fn linear(embeddings: Array2<f64>, lengths: Array1<f64>) -> Self {
        assert_eq!(embeddings.nrows(), lengths.len(), "one length per input");
        assert!(lengths.iter().all(|length| length.is_finite() && *length > 0.0), "an input needs a length above 0");
        let rows = embeddings / lengths.view().insert_axis(Axis(1));
        Self { rows: rows.as_standard_layout().into_owned(), lengths, free: false }
    }
}

impl Encoder for Table {
    fn forward(&self, input: Input<'_>) -> Pass {
        let mut embeddings = self.rows.select(Axis(0), input.rows);
        for (mut embedding, &row) in embeddings.rows_mut().into_iter().zip(input.rows) {
            embedding *= self.lengths[row];
        }
        Pass { embeddings, steps: Vec::new() }
    }

    fn backward(&self, input: Input<'_>, _pass: &Pass, upstream: ArrayView2<'_, f64>, gradients: &mut [Vec<f64>]) {
        let dimension = self.rows.ncols();
        for (slope, &row) in upstream.rows().into_iter().zip(input.rows) {
            let gradient = match self.free {
                true => &mut gradients[row][..],
                false => &mut gradients[0][row * dimension..(row + 1) * dimension],
            };
            for (sum, value) in gradient.iter_mut().zip(slope) {
                *sum += self.lengths[row] * value;
            }
        }
    }

    fn groups(&self) -> Vec<&[f64]> {
        let all = self.rows.as_slice().expect(STANDARD);
        if self.free { all.chunks(self.rows.ncols()).collect() } else { vec![all] }
    }

    fn groups_mut(&mut self) -> Vec<&mut [f64]> {
        let dimension = self.rows.ncols();
        let all = self.rows.as_slice_mut().expect(STANDARD);
        if self.free { all.chunks_mut(dimension).collect() } else { vec![all] }
    }

    fn groups_are_embeddings(&self) -> bool {
        self.free
    }
}

const STANDARD: &str = "parameters are kept in standard layout";
