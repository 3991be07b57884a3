//! Hinges over triplets, with and without their kinks, to test what needs a continuous gradient.

use embedding_norms::loss::{Batch, Evaluation, Loss, LossError, Needs, Views};
use embedding_norms::random::Generator;
use ndarray::Array2;
use rand::Rng;

/// Σ max(0, m − c_ap + c_an) over triplets of rows, or with its kink rounded off over a width w.
pub struct Triplets {
    pub triplets: Vec<[usize; 3]>,
    pub width: Option<f64>,
}

impl Triplets {
    const MARGIN: f64 = 0.5;

    /// So many triplets of different rows.
    pub fn random(rows: usize, count: usize, numbers: &mut Generator) -> Vec<[usize; 3]> {
        let mut other = |taken: &[usize]| loop {
            let row = numbers.random_range(0..rows);
            if !taken.contains(&row) {
                return row;
            }
        };
        let mut draw = || {
            let anchor = other(&[]);
            let positive = other(&[anchor]);
            [anchor, positive, other(&[anchor, positive])]
        };
        (0..count).map(|_| draw()).collect()
    }

    /// The value of one term and its derivative.
    fn term(&self, x: f64) -> (f64, f64) {
        match self.width {
            None => (x.max(0.0), if x > 0.0 { 1.0 } else { 0.0 }),
            Some(width) => {
                let share = 1.0 / (1.0 + (-x / width).exp());
                (x.max(0.0) + width * (-(x / width).abs()).exp().ln_1p(), share)
            }
        }
    }
}

impl Loss for Triplets {
    fn name(&self) -> &'static str {
        "triplets"
    }

    fn needs(&self) -> Needs {
        Needs { views: Views::One, rows: 2, list: None, compares_rows: false }
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let x = batch.first();
        let (mut total, mut first) = (0.0, Array2::zeros(x.dim()));
        for &[a, p, n] in &self.triplets {
            let (value, slope) = self.term(Self::MARGIN - x.row(a).dot(&x.row(p)) + x.row(a).dot(&x.row(n)));
            total += value;
            first.row_mut(a).scaled_add(slope, &(&x.row(n) - &x.row(p)));
            first.row_mut(p).scaled_add(-slope, &x.row(a));
            first.row_mut(n).scaled_add(slope, &x.row(a));
        }
        Ok(Evaluation { rows: x.nrows(), total, first, second: None })
    }
}
