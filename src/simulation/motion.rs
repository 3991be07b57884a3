//! What moves, as the loop and the stop rules see it.

use ndarray::Array2;

/// What the loop needs of the thing that moves.
pub(super) trait Motion {
    /// The mean loss of the present state.
    fn loss(&self) -> f64;

    /// Whether the mean of 1 − cos φ over the pairs may be at most this. No is certain, and may be known without the
    /// closer look that [`Self::one_minus`] takes.
    fn may_reach(&self, _tolerance: f64) -> bool {
        true
    }

    /// 1 − cos φ of each pair of the present state; empty without pairs.
    fn one_minus(&self) -> Vec<f64>;

    /// The largest ‖z‖·‖∇‖ over all rows of the present state: the rotation per unit of γ/ρ².
    fn largest_slope(&self) -> f64;

    /// Goes to the next state.
    fn advance(&mut self);

    /// The embeddings of the present state.
    fn positions(&self) -> (Array2<f64>, Option<Array2<f64>>);
}
