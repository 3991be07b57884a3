//! Alignment and uniformity.

use ndarray::{Array2, ArrayView2};
use pulp::Simd;

use super::pull::Slopes;
use super::similarity::{pairwise, similarities_within};
use super::softmax::{LogSum, Terms};
use super::{Batch, Evaluation, Loss, LossError, Needs, pull};
use crate::numerics::vectorize::{Kernel, vectorize};
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

    /// n U(x) and n times the derivative of U with respect to every cosine; `rows` is n.
    fn uniformity_of(&self, x: ArrayView2<'_, f64>) -> (f64, Array2<f64>) {
        let rows = x.nrows();
        let similarities = similarities_within(x);
        let rows_below = similarities.rows().into_iter().enumerate();
        let mut terms = Terms::default();
        terms.gather(
            rows_below.map(|(row, pairs)| &pairs.to_slice().expect("similarities are in standard layout")[..row]),
        );
        let temperature = (0.5 / self.sharpness).min(f64::MAX);
        let all = vectorize(Summed { terms: &mut terms, temperature });
        let factor = rows as f64 / all.sum / temperature;
        let mut slopes = Array2::zeros((rows, rows));
        let mut rest = terms.values();
        for (row, mut slopes) in slopes.rows_mut().into_iter().enumerate() {
            let (these, others) = rest.split_at(row);
            slopes.iter_mut().zip(these).for_each(|(slope, term)| *slope = factor * term);
            rest = others;
        }
        let pairs = terms.values().len() as f64;
        let log_mean = libm::log(all.sum / pairs) - all.top.one_minus() / temperature;
        (rows as f64 * log_mean, pull::within(Slopes::new(slopes, &similarities), x))
    }
}

struct Summed<'a> {
    terms: &'a mut Terms,
    temperature: f64,
}

impl Kernel for Summed<'_> {
    type Output = LogSum;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> LogSum {
        self.terms.log_sum(simd, self.temperature).expect("two rows make at least one pair")
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
