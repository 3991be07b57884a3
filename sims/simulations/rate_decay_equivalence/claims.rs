//! Claims about the statement, from the comparisons.

use embedding_norms_lab::claim::{Claim, claim};

use super::Comparison;

/// The largest angle between runs that are the same but for rounding.
const ROUNDING: f64 = 1e-10;
/// The smallest angle between runs that count as diverging.
const APART: f64 = 1e-3;

pub fn claims(rows: &[Comparison]) -> Vec<Claim> {
    let all = |says: &str, chosen: &dyn Fn(&Comparison) -> bool, holds: &dyn Fn(&Comparison) -> bool| {
        let chosen: Vec<&Comparison> = rows.iter().filter(|row| chosen(row)).collect();
        let angles = chosen.iter().map(|row| row.angle());
        let (least, most) = (angles.clone().fold(f64::INFINITY, f64::min), angles.fold(0.0, f64::max));
        let note = format!(
            "largest angle between the two runs: {least:.1e} to {most:.1e} radians; RMSProp and rules of signs, which \
             amplify rounding, are held to it where nothing is rounded"
        );
        claim("L6", says).note(note).none_of(chosen, |row| !holds(row))
    };
    let same = |row: &Comparison| row.angle() <= ROUNDING;
    // Rounding can flip the sign of a coordinate that passes through 0; RMSProp's first steps, ten times as long as
    // later ones, lead to where rounding errors grow.
    let rough = ["sign-descent", "lion", "rmsprop"];
    let smooth = |row: &Comparison| row.exact || !rough.contains(&row.optimizer.as_str());
    let scale_free = |row: &Comparison| row.is_coupled() && row.grad_scale == 0.0 && !row.follows;
    let adam = |row: &Comparison| row.optimizer == "adam" && row.is_coupled() && row.grad_scale == 0.0;
    vec![
        all(
            "(kγ, λ/k) with norms × k^(1/h) follows (γ, λ): decoupled decay, or coupled decay where h = 2 − p; exceptions",
            &|row| row.is_inverse() && row.follows && smooth(row),
            &same,
        ),
        all("bit for bit where k^(1/h) is a power of two; exceptions", &|row| row.exact, &|row| row.identical),
        all(
            "after GradScale with power p > 0, coupled decay goes as λ/k too if h = 2 − p; exceptions",
            &|row| row.is_inverse() && row.follows && smooth(row) && row.is_coupled() && row.grad_scale > 0.0,
            &same,
        ),
        all(
            "negative control: Adam with coupled decay does NOT follow with λ/k; runs that did not part by 1e-3 radians",
            &|row| adam(row) && row.is_inverse(),
            &|row| row.angle() >= APART,
        ),
        all("Adam with coupled decay follows with λ/k²; exceptions", &|row| adam(row) && !row.is_inverse(), &same),
        all(
            "so do all rules with h = 1 under coupled decay: not with λ/k; runs that did not part by 1e-3 radians",
            &scale_free,
            &|row| row.angle() >= APART,
        ),
        all("but with λ scaled by L6, c^(p−2)λ; exceptions", &|row| !row.is_inverse() && smooth(row), &same),
    ]
}
