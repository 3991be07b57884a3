//! Claims about embeddings in three dimensions.

use embedding_norms::statistics::mean;
use embedding_norms_lab::claim::Claim;

use super::space::{Measured, State};
use crate::simulations::mixtures::{Scope, differences, is_positive, over_seeds, shown};

/// Seeds below which no interval is tested.
pub const ENOUGH: u64 = 5;

const SHORTER: &str = "after training, embeddings far from the mean of their class are shorter: −r_s of norm and angle to it, within classes";
const SPREAD: &str = "training gives classes directions of their own: fall of the mean cosine of the classes' means";

pub fn claims(rows: &[Measured], scope: Scope) -> Vec<Claim> {
    let in_states = |quantity: fn(&Measured) -> f64| {
        [State::Before, State::After]
            .map(|state| -> Vec<f64> { rows.iter().filter(|row| row.state == state).map(quantity).collect() })
    };
    let [before, after] = in_states(|row| -row.within);
    let beyond = is_positive(over_seeds(&differences(&after, &before)));
    let untrained = format!("the untrained network: {}", shown(over_seeds(&before)));
    let shorter = scope.direction(SHORTER, &after, beyond, &untrained);
    let [before, after] = in_states(|row| row.cosine_of_means);
    let means = format!("from {:.3} to {:.3} on the average", mean(&before), mean(&after));
    vec![shorter, scope.above_zero(SPREAD, &differences(&before, &after), &means)]
}
