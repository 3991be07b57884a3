//! Whether embeddings use the space that they have.

use ndarray::{Array1, ArrayView2};

use super::ConfidenceError;
use super::error::at_least;
use crate::numerics::product::product;
use crate::numerics::scaled::{exponent, shifted};
use crate::numerics::symmetric::eigenvalues;
use crate::sphere::{inner, normalize};

/// The effective rank of a set of embeddings (n × d): e^H with the entropy H = −Σ p_k ln p_k of their singular values as
/// shares p_k = σ_k/Σσ (Roy and Vetterli, 2007; RankMe, Garrido et al., 2023). Between 1, where all lie on one line
/// through the origin, and min(n, d).
///
/// Singular values come from a product of the embeddings with themselves, whose rounding hides the small ones: those up to
/// √(k ε) of the largest, with k = min(n, d) and ε = 2⁻⁵², count as nothing (4 · 10⁻⁷ for k = 768).
///
/// # Errors
/// No embedding, a row that is zero or not finite.
pub fn effective_rank(embeddings: ArrayView2<'_, f64>) -> Result<f64, ConfidenceError> {
    at_least("an effective rank", 1, embeddings.nrows())?;
    // Divided by the longest, so that squares stay within range.
    let longest = normalize(embeddings)?.norms().fold(0.0_f64, |longest, &norm| longest.max(norm));
    let scaled = if (1e-290..=1e290).contains(&longest) {
        embeddings.mapv(|value| value / longest)
    } else {
        // A norm near an end of the range is not a divisor with all its digits.
        let exponent = exponent(std::iter::once(longest)).unwrap_or(0);
        embeddings.mapv(|value| shifted(value, -exponent))
    };
    let gram = if scaled.nrows() < scaled.ncols() {
        product(scaled.view(), scaled.t())
    } else {
        product(scaled.t(), scaled.view())
    };
    let singular: Vec<f64> = eigenvalues(gram).into_iter().map(|square| square.max(0.0).sqrt()).collect();
    let floor = (singular.len() as f64 * f64::EPSILON).sqrt() * singular[0];
    let sum = singular.iter().filter(|&&value| value > floor).fold(0.0, |sum, value| sum + value);
    let shares = singular.iter().filter(|&&value| value > floor).map(|value| value / sum);
    Ok(libm::exp(shares.fold(0.0, |entropy, share| entropy - share * libm::log(share))))
}

/// The mean cosine over all pairs of different embeddings (n × d): near 0 where directions are spread, 1 where they have
/// collapsed to one.
///
/// # Errors
/// Fewer than 2 embeddings, a row that is zero or not finite.
pub fn mean_cosine(embeddings: ArrayView2<'_, f64>) -> Result<f64, ConfidenceError> {
    at_least("a mean cosine", 2, embeddings.nrows())?;
    let directions = normalize(embeddings)?;
    let sum = directions.units().rows().into_iter().fold(Array1::zeros(embeddings.ncols()), |sum, unit| sum + unit);
    let n = embeddings.nrows() as f64;
    // Σ_{i≠j} cos φ_ij = ‖Σ ẑ_i‖² − n.
    Ok((inner(sum.view(), sum.view()) - n) / (n * (n - 1.0)))
}
