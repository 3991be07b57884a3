//! How norms grow (statements S1 and S2; chapter `docs/06-growth.md`).

use crate::field::Field;
use crate::numerics::power::whole_power;
use crate::setting::{SettingError, positive, within};
use crate::theory::one_step::step_size;

/// The total gain of the squared norms of the members of a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairGrowth {
    /// ρ_i² at the end minus ρ_i² at the start.
    pub first: f64,
    /// ρ_j² at the end minus ρ_j² at the start.
    pub second: f64,
}

/// The growth of a pair that converges from φ0 (statement S1): γ(1 − cos φ0) in all, shared as ρ_j² : ρ_i², with the
/// first correction of total and share in α = γ/ρ_i² and β = γ/ρ_j²:
///
/// total γ(1 − c){1 + (α + β)(1 + c)/4}, share (ρ_j²/ρ_i²){1 − (α − β)(1 − c)/2}.
///
/// # Errors
/// A learning rate or a norm that is not positive, an angle outside [0, π), steps so large that the correction of the
/// share is not below 1, or sizes with which the growth leaves f64.
pub fn pair_growth(
    learning_rate: f64,
    first_norm: f64,
    second_norm: f64,
    angle: f64,
) -> Result<PairGrowth, SettingError> {
    let gamma = positive("the learning rate", learning_rate)?;
    let first = positive("the first norm", first_norm)?;
    let second = positive("the second norm", second_norm)?;
    within("the angle", angle, (0.0..std::f64::consts::PI).contains(&angle), "from 0 to below π radians")?;
    let (alpha, beta) = (step_size(gamma, first)?, step_size(gamma, second)?);
    let half = libm::sin(0.5 * angle);
    let one_minus = 2.0 * half * half;
    // Every step lengthens both members (D2), so a share that is not positive is only a series beyond its range.
    let correction = 0.5 * (alpha - beta).abs() * one_minus;
    within("|γ/ρ_i² − γ/ρ_j²|(1 − cos φ0)/2", correction, correction < 1.0, "below 1 (take a smaller learning rate)")?;
    let [total, share] = total_and_share(gamma, [alpha, beta], one_minus);
    let grown = total * share;
    within("the growth of ‖z‖²", grown, grown.is_finite(), "a number of f64 (bring γ/ρ² nearer to 1)")?;
    Ok(PairGrowth { first: grown / (1.0 + share), second: total / (1.0 + share) })
}

/// Total and share of [`pair_growth`] over any field, from γ, α = γ/ρ_i², β = γ/ρ_j² and 1 − cos φ0.
#[inline]
pub fn total_and_share<F: Field>(gamma: F, [alpha, beta]: [F; 2], one_minus: F) -> [F; 2] {
    let n = |value| gamma.constant(value);
    [
        gamma * one_minus * (n(1.0) + n(0.25) * (alpha + beta) * (n(2.0) - one_minus)),
        alpha / beta * (n(1.0) - n(0.5) * (alpha - beta) * one_minus),
    ]
}

/// By what factor heavy-ball momentum μ multiplies the growth of S1: (1 + μ)/(1 − μ)².
///
/// # Errors
/// μ outside [0, 1).
pub fn heavy_ball_factor(momentum: f64) -> Result<f64, SettingError> {
    let mu = checked_momentum(momentum)?;
    Ok((1.0 + mu) / ((1.0 - mu) * (1.0 - mu)))
}

/// By what factor Nesterov momentum μ multiplies the growth of S1: (1 − μ + 2μ²)/(1 − μ)².
///
/// # Errors
/// μ outside [0, 1).
pub fn nesterov_factor(momentum: f64) -> Result<f64, SettingError> {
    let mu = checked_momentum(momentum)?;
    Ok((1.0 - mu + 2.0 * mu * mu) / ((1.0 - mu) * (1.0 - mu)))
}

/// By what factor momentum μ multiplies the growth of S1 where every step leaves out its part along the embedding, as
/// SGDP does: 1/(1 − μ).
///
/// ```
/// use embedding_norms::theory::growth::{heavy_ball_factor, projected_factor};
/// assert!((heavy_ball_factor(0.9)? / projected_factor(0.9)? - 19.0).abs() < 1e-12);
/// # Ok::<(), embedding_norms::setting::SettingError>(())
/// ```
///
/// # Errors
/// μ outside [0, 1).
pub fn projected_factor(momentum: f64) -> Result<f64, SettingError> {
    Ok(1.0 / (1.0 - checked_momentum(momentum)?))
}

fn checked_momentum(momentum: f64) -> Result<f64, SettingError> {
    within("the momentum", momentum, (0.0..1.0).contains(&momentum), "at least 0 and below 1")
}

/// The mean of ρ⁴ after k updates under persistent gradients (statement S2): ρ0⁴ + 2γ²G²k, with the next term
/// (γ²/2)(E\[G⁴\]/G²) ln(1 + 2γ²G²k/ρ0⁴).
///
/// `mean_square` is G², `mean_fourth` is E\[G⁴\] of the gradient at unit norm; see [`fresh_targets`].
///
/// # Errors
/// A learning rate, a norm or a moment that is not positive, or a ρ⁴ that is beyond f64.
pub fn persistent_fourth_power(
    learning_rate: f64,
    initial_norm: f64,
    mean_square: f64,
    mean_fourth: f64,
    updates: f64,
) -> Result<f64, SettingError> {
    let gamma = positive("the learning rate", learning_rate)?;
    let start = whole_power(positive("the initial norm", initial_norm)?, 4);
    let square = positive("the mean square of the gradient", mean_square)?;
    let fourth = positive("the mean fourth power of the gradient", mean_fourth)?;
    within("the number of updates", updates, updates >= 0.0, "0 or larger")?;
    let grown = 2.0 * gamma * gamma * square * updates;
    let mean = start + grown + 0.5 * gamma * gamma * fourth / square * libm::log1p(grown / start);
    let is_right = start.is_normal() && mean.is_finite();
    within("the fourth power of the norm", mean, is_right, "a number of f64 (bring the norm and the rate nearer to 1)")
}

/// The moments (G², E\[G⁴\]) of the gradient at unit norm under fresh random targets in R^d: 1 − 1/d and
/// 1 − 2/d + 3/(d(d + 2)).
pub fn fresh_targets(dimension: usize) -> (f64, f64) {
    let d = dimension as f64;
    (1.0 - 1.0 / d, 1.0 - 2.0 / d + 3.0 / (d * (d + 2.0)))
}
