//! Claims about orthogonality (statement S4).

use embedding_norms::statistics::{Estimate, mean_with_interval};
use embedding_norms_lab::claim::{Claim, Verdict, claim, claim_of_paper};

use super::course::{Kind, Rule, Seen};
use crate::simulations::grouping::grouped;

/// Zero up to rounding: a displacement is a difference of embeddings a hundred times as long.
const ROUNDING: f64 = 1e-11;
/// More than any rounding error: the control of a measure that finds zero must find at least this.
const NO_ROUNDING: f64 = 1e-6;
/// Radial shares above this matter.
const CLEARLY: f64 = 0.02;
/// The claim of orthogonal steps, whose number the figure shows.
pub const OWN_PARAMETERS: &str =
    "plain steps are orthogonal to embeddings with parameters of their own: largest |z · Δz|/(‖z‖‖Δz‖)";
/// Replicates below which intervals are not looked at.
const ENOUGH: u64 = 4;

pub fn claims(rows: &[Seen], replicates: u64) -> Vec<Claim> {
    let mut claims = vec![own_parameters(rows), kernel(rows), decay(rows), last_layer(rows)];
    claims.extend(relaxed(rows, replicates));
    claims.push(only_grow(rows));
    claims
}

/// The rows of an encoder under a rule.
pub fn of(rows: &[Seen], kind: Kind, rule: Rule) -> impl Iterator<Item = &Seen> {
    rows.iter().filter(move |row| (row.encoder, row.rule) == (kind, rule))
}

/// The root mean square share of each replicate, over its steps, as an estimate.
pub fn rms_share(rows: &[Seen], kind: Kind, rule: Rule) -> Option<Estimate> {
    let of_replicate = |shares: Vec<f64>| {
        let squares = shares.iter().fold(0.0, |sum, share| sum + share * share);
        (squares / shares.len() as f64).sqrt()
    };
    let shares = of(rows, kind, rule).map(|row| (row.replicate as f64, row.rms_share));
    let each = grouped(shares).into_iter().map(|(_, shares)| of_replicate(shares));
    mean_with_interval(&each.collect::<Vec<_>>(), 0.95)
}

/// The largest size of a quantity in the rows of an encoder under a rule.
fn largest<Q: Into<Option<f64>>>(rows: &[Seen], kind: Kind, rule: Rule, quantity: impl Fn(&Seen) -> Q) -> f64 {
    of(rows, kind, rule).filter_map(|row| quantity(row).into()).map(f64::abs).fold(0.0, f64::max)
}

fn own_parameters(rows: &[Seen]) -> Claim {
    let [free, row] =
        [Kind::Free, Kind::RowPerInput].map(|kind| largest(rows, kind, Rule::Plain, |row| row.largest_share));
    let note = format!("free embeddings {free:.1e}, a linear encoder with a row per input {row:.1e}");
    claim("G3", OWN_PARAMETERS).note(note).within(ROUNDING, free.max(row))
}

fn kernel(rows: &[Seen]) -> Claim {
    let linear = [Kind::Free, Kind::RowPerInput, Kind::SharedLinear];
    let each = linear.map(|kind| largest(rows, kind, Rule::Plain, |row| row.kernel_residual));
    let says = "encoders linear in their parameters move by Δz_i = −η Σ_j K_ij ∇_j, K_ij = x_i · x_j: largest relative \
                difference";
    let note = "what is radial comes from the other inputs alone, as ∇_i is orthogonal to z_i";
    claim("S4", says).note(note).within(ROUNDING, each.into_iter().fold(0.0, f64::max))
}

fn decay(rows: &[Seen]) -> Claim {
    let says = "decay of free embeddings adds the radial share −ηλ‖z‖/‖Δz‖ and nothing else: largest difference";
    claim("S4", says).within(ROUNDING, largest(rows, Kind::Free, Rule::Decay, |row| row.decay_residual))
}

fn last_layer(rows: &[Seen]) -> Claim {
    let last = largest(rows, Kind::Perceptron, Rule::Plain, |row| row.last_layer_share);
    let first = largest(rows, Kind::Perceptron, Rule::Plain, |row| row.first_layer_share);
    let says = "in a perceptron orthogonality moves to the last layer, weights and biases together: largest \
                |θ · Δθ|/(‖θ‖‖Δθ‖)";
    let note = format!("control: the first layer, beside which b₂ reaches the output too, has {first:.1e}");
    let claim = claim("S4", says).note(note).within(ROUNDING, last);
    // A measure that cannot tell the two layers apart would show nothing.
    if first > NO_ROUNDING { claim } else { Claim { verdict: Verdict::NotAsStated, ..claim } }
}

/// One condition relaxed at a time: the radial share is then no rounding.
fn relaxed(rows: &[Seen], replicates: u64) -> [Claim; 4] {
    let cases = [
        (Kind::SharedLinear, Rule::Plain, "a shared linear encoder under plain descent"),
        (Kind::Perceptron, Rule::Plain, "a perceptron under plain descent"),
        (Kind::Free, Rule::Momentum, "free embeddings with momentum"),
        (Kind::Free, Rule::Decay, "free embeddings with weight decay"),
    ];
    cases.map(|(kind, rule, whose)| {
        let says = format!("displacements of {whose} are not orthogonal: root mean square radial share");
        let stating = claim("S4", &says).needs_replicates(replicates, ENOUGH);
        stating.above(CLEARLY, rms_share(rows, kind, rule), |found| found.to_decimals(3))
    })
}

/// The paper's consequence of orthogonality, where its condition holds and where it does not.
fn only_grow(rows: &[Seen]) -> Claim {
    let [free, linear, perceptron] = [Kind::Free, Kind::SharedLinear, Kind::Perceptron]
        .map(|kind| largest(rows, kind, Rule::Plain, |row| row.shortened));
    let verdict = match (free == 0.0, linear.max(perceptron) == 0.0) {
        (true, true) => Verdict::Supported,
        (true, false) => Verdict::Conditional,
        _ => Verdict::NotSupported,
    };
    let measured = format!(
        "shortened in one step: up to {:.0} % of free embeddings, {:.0} % of a shared linear encoder's, {:.0} % of a \
         perceptron's",
        100.0 * free,
        100.0 * linear,
        100.0 * perceptron
    );
    let note =
        "holds for embeddings with parameters of their own; shared parameters move embeddings radially, both ways";
    let stating = claim_of_paper("D2", "plain descent only lengthens embeddings").note(note);
    stating.verdict("no embedding shortened", measured, verdict)
}
