//! Alignment and uniformity.

use ndarray::{Array2, ArrayView2};
use pulp::Simd;

use super::blocks::{self, Rows};
use super::similarity::{Largest, Similarity, pairwise};
use super::softmax::Temperature;
use super::{Batch, Evaluation, Loss, LossError, Needs, pull};
use crate::numerics::vectorize::{Kernel, RunningSum, Vector, vectorize};
use crate::setting::{SettingError, positive, within};

/// Alignment of partners plus uniformity of each view, weighted.
///
/// L = a · mean_i ‖x̂_i − ŷ_i‖² + w · ½ [ U(x̂) + U(ŷ) ] with U(x̂) = log mean_{i<k} exp(−t ‖x̂_i − x̂_k‖²). On unit
/// vectors ‖x̂ − ŷ‖² = 2(1 − c). n rows, although U is not a mean over rows; the total is n L.
///
/// Gradient: ∂(nL)/∂c_ii = −2a between partners, and ∂(nL)/∂c_ik = n w t q_ik within a view, q the softmax of 2 t c
/// over its pairs i < k.
/// Needs two views of at least two rows. Source: Wang and Isola 2020, *Understanding Contrastive Representation
/// Learning through Alignment and Uniformity on the Hypersphere*, with α = 2, and the published code's mean of both
/// views' uniformity; a = w = 1 and t = 2 there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlignUniform {
    alignment: f64,
    uniformity: f64,
    sharpness: f64,
}

impl AlignUniform {
    /// With the weights a of alignment and w of uniformity, and the sharpness t of the uniformity's kernel.
    ///
    /// # Errors
    /// A weight that is negative or not finite, or a sharpness that is not a finite number above 0.
    pub fn new(alignment: f64, uniformity: f64, sharpness: f64) -> Result<Self, SettingError> {
        let weight =
            |name, value: f64| within(name, value, value.is_finite() && value >= 0.0, "finite and not negative");
        Ok(Self {
            alignment: weight("the weight of alignment", alignment)?,
            uniformity: weight("the weight of uniformity", uniformity)?,
            sharpness: positive("the sharpness", sharpness)?,
        })
    }

    /// n U(x) and the gradient of that; `rows` is n.
    fn uniformity_of(&self, x: ArrayView2<'_, f64>) -> (f64, Array2<f64>) {
        let rows = x.nrows() as f64;
        let temperature = (0.5 / self.sharpness).min(f64::MAX);
        let mut terms = PairTerms { top: largest(x), factor: 1.0, temperature: Temperature::new(temperature) };
        let mut sum = RunningSum::default();
        let work = |entries: &mut [f64]| vectorize(InTerms { terms, entries });
        blocks::visit_in_order(x, x, work, |row, terms| sum.add(&terms[..row]));
        let log_mean = libm::log(sum.total() / (rows * (rows - 1.0) / 2.0)) - terms.top.one_minus() / temperature;
        terms.factor = rows / sum.total() / temperature;
        let (_, gradient) = blocks::within(x, &terms);
        (rows * log_mean, gradient)
    }
}

/// The largest cosine of two rows.
fn largest(x: ArrayView2<'_, f64>) -> Similarity {
    let of_rows = blocks::visit(x, x, |first_row, entries, largest: &mut [f64]| {
        let rows = entries.chunks_exact(x.nrows()).zip(largest);
        (first_row..).zip(rows).for_each(|(row, (entries, largest))| *largest = vectorize(Largest(&entries[..row])));
    });
    Similarity(vectorize(Largest(&of_rows)))
}

/// The derivative with respect to the cosine c of a pair, factor · exp((c − top)/τ).
#[derive(Clone, Copy)]
struct PairTerms {
    top: Similarity,
    factor: f64,
    temperature: Temperature,
}

impl Rows for PairTerms {
    fn slopes(&self, first_row: usize, entries: &mut [f64], losses: &mut [f64]) {
        let columns = entries.len() / losses.len();
        vectorize(InTerms { terms: *self, entries: &mut *entries });
        (first_row..).zip(entries.chunks_exact_mut(columns)).for_each(|(row, entries)| entries[row] = 0.0);
    }
}

/// Similarities become terms.
struct InTerms<'a> {
    terms: PairTerms,
    entries: &'a mut [f64],
}

impl Kernel for InTerms<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let PairTerms { top, factor, temperature } = self.terms;
        let (vectors, rest) = S::as_mut_simd_f64s(self.entries);
        let (tops, factors) = (Similarity(Vector::splat(simd, top.0)), Vector::splat(simd, factor));
        for entry in vectors {
            let similarity = Similarity(Vector::new(simd, *entry));
            *entry = (factors * temperature.term(similarity.minus(tops))).value;
        }
        for entry in rest {
            *entry = factor * temperature.term(Similarity(*entry).minus(top));
        }
    }
}

impl Loss for AlignUniform {
    fn name(&self) -> &'static str {
        "align-uniform"
    }

    fn needs(&self) -> Needs {
        Needs::TWO_VIEWS
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let views = batch.views_of_several_rows(self.name())?;
        let half = 0.5 * self.uniformity;
        let [(uniform_first, first), (uniform_second, second)] = views.map(|view| self.uniformity_of(view));
        let (mut first, mut second) = (first * half, second * half);
        let pairs = pairwise(views[0], views[1]);
        pull::add_pairs(-2.0 * self.alignment, &pairs, views, [&mut first, &mut second]);
        let distances = pairs.iter().fold(0.0, |sum, pair| sum + 2.0 * pair.one_minus());
        let total = self.alignment * distances + half * (uniform_first + uniform_second);
        let settings = [("alignment", self.alignment), ("uniformity", self.uniformity), ("sharpness", self.sharpness)];
        Evaluation { rows: batch.rows(), total, first, second: Some(second) }.finite(self.name(), &settings)
    }
}

#[cfg(test)]
mod tests {
    use super::AlignUniform;
    use crate::loss::{Batch, Loss};
    use crate::random::{StandardNormal, generator};
    use crate::sphere::normalize;
    use ndarray::Array2;
    use ndarray_rand::RandomExt;

    #[test]
    fn uniformity_is_the_same_bytes_on_any_number_of_threads_and_agrees_with_a_sum_over_pairs() {
        let (rows, sharpness) = (600, 2.0); // On one thread in two blocks.
        let views = [0, 1].map(|view| {
            let points = Array2::random_using((rows, 24), StandardNormal, &mut generator(1, b"uniform", view));
            normalize(points.view()).expect("directions")
        });
        let batch = Batch::two_views(&views[0], &views[1]).expect("two views");
        let loss = AlignUniform::new(0.0, 1.0, sharpness).expect("weights");
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| loss.evaluate(&batch).expect("two views"))
        };
        let expected = on(1);
        assert!([2, 3].map(on).iter().all(|found| *found == expected));
        let of_view = |view: usize| {
            let x = views[view].units();
            let square = |i, k| (&x.row(i) - &x.row(k)).iter().map(|difference| difference * difference).sum::<f64>();
            let pairs = (0..rows).flat_map(|i| (0..i).map(move |k| (i, k)));
            let terms: Vec<f64> = pairs.map(|(i, k)| libm::exp(-sharpness * square(i, k))).collect();
            libm::log(terms.iter().sum::<f64>() / terms.len() as f64)
        };
        let direct = 0.5 * (of_view(0) + of_view(1));
        assert!((expected.mean() / direct - 1.0).abs() < 1e-12, "{} and {direct}", expected.mean());
    }
}
