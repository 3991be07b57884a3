//! What becomes of orthogonality, held against statement S4.

use embedding_norms::lab::claim::{Claim, Source, Verdict};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::{Estimate, mean_with_interval};

use super::{Kind, Rule};
use crate::cli::failure::Failure;
use crate::simulations::grouping::groups;

/// What is zero but for rounding: a displacement is a difference of embeddings a hundred times as long.
const ROUNDING: f64 = 1e-11;
/// What no rounding reaches: the control of a measure that finds zero must find at least this.
const NO_ROUNDING: f64 = 1e-6;
/// Radial shares above this matter.
const CLEARLY: f64 = 0.02;
/// The claim of orthogonal steps, whose number the figure shows.
pub const OWN_PARAMETERS: &str =
    "plain steps are orthogonal to embeddings with parameters of their own: largest |z · Δz|/(‖z‖‖Δz‖)";
/// Replicates below which intervals are not looked at.
const ENOUGH: u64 = 4;

pub fn claims(main: &Table, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let mut claims = vec![own_parameters(main)?, kernel(main)?, decay(main)?, last_layer(main)?];
    claims.extend(relaxed(main, replicates)?);
    claims.push(only_grow(main)?);
    Ok(claims)
}

/// The rows of an encoder under a rule.
pub fn rows_of(main: &Table, kind: Kind, rule: Rule) -> Result<Table, TableError> {
    main.with("encoder", kind.name())?.with("rule", rule.name())
}

/// The root mean square share of each replicate, over its steps, as an estimate.
pub fn rms_share(rows: &Table) -> Result<Option<Estimate>, TableError> {
    let of_replicate = |shares: Vec<f64>| {
        let squares = shares.iter().fold(0.0, |sum, share| sum + share * share);
        (squares / shares.len() as f64).sqrt()
    };
    let each = groups(rows, "replicate", "rms_share")?.into_iter().map(|(_, shares)| of_replicate(shares));
    Ok(mean_with_interval(&each.collect::<Vec<_>>(), 0.95))
}

fn largest(rows: &Table, column: &str) -> Result<f64, TableError> {
    let values = rows.numbers(column)?;
    Ok(values
        .into_iter()
        .flatten()
        .fold(0.0, |largest, value| if value.is_nan() { value } else { value.abs().max(largest) }))
}

fn own_parameters(main: &Table) -> Result<Claim, Failure> {
    let free = largest(&rows_of(main, Kind::Free, Rule::Plain)?, "largest_share")?;
    let row = largest(&rows_of(main, Kind::RowPerInput, Rule::Plain)?, "largest_share")?;
    let note = format!("free embeddings {free:.1e}, a linear encoder with a row per input {row:.1e}");
    Ok(Claim::within("G3", OWN_PARAMETERS, ROUNDING, free.max(row)).noting(&note))
}

fn kernel(main: &Table) -> Result<Claim, Failure> {
    let linear = [Kind::Free, Kind::RowPerInput, Kind::SharedLinear];
    let each = linear.map(|kind| largest(&rows_of(main, kind, Rule::Plain)?, "kernel_residual"));
    let worst = each.into_iter().try_fold(0.0_f64, |worst, found| found.map(|found| worst.max(found)))?;
    let says = "encoders linear in their parameters move by Δz_i = −η Σ_j K_ij ∇_j, K_ij = x_i · x_j: largest relative \
                difference";
    let note = "what is radial comes from the other inputs alone, as ∇_i is orthogonal to z_i";
    Ok(Claim::within("S4", says, ROUNDING, worst).noting(note))
}

fn decay(main: &Table) -> Result<Claim, Failure> {
    let worst = largest(&rows_of(main, Kind::Free, Rule::Decay)?, "decay_residual")?;
    let says = "decay of free embeddings adds the radial share −ηλ‖z‖/‖Δz‖ and nothing else: largest difference";
    Ok(Claim::within("S4", says, ROUNDING, worst))
}

fn last_layer(main: &Table) -> Result<Claim, Failure> {
    let rows = rows_of(main, Kind::Perceptron, Rule::Plain)?;
    let (last, first) = (largest(&rows, "last_layer_share")?, largest(&rows, "first_layer_share")?);
    let says = "in a perceptron orthogonality moves to the last layer, weights and biases together: largest \
                |θ · Δθ|/(‖θ‖‖Δθ‖)";
    let note = format!("control: the first layer, beside which b₂ reaches the output too, has {first:.1e}");
    let claim = Claim::within("S4", says, ROUNDING, last).noting(&note);
    // A measure that cannot tell the two layers apart would say nothing.
    Ok(if first > NO_ROUNDING { claim } else { Claim { verdict: Verdict::NotAsStated, ..claim } })
}

/// One condition relaxed at a time: the radial share is then no rounding.
fn relaxed(main: &Table, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let cases = [
        (Kind::SharedLinear, Rule::Plain, "a shared linear encoder under plain descent"),
        (Kind::Perceptron, Rule::Plain, "a perceptron under plain descent"),
        (Kind::Free, Rule::Momentum, "free embeddings with momentum"),
        (Kind::Free, Rule::Decay, "free embeddings with weight decay"),
    ];
    let claim = |(kind, rule, whose): (Kind, Rule, &str)| {
        let says = format!("displacements of {whose} are not orthogonal: root mean square radial share");
        let found = rms_share(&rows_of(main, kind, rule)?)?;
        let Some(found) = found.filter(|_| replicates >= ENOUGH) else {
            return Ok(Claim::not_tested("S4", Source::Ours, &says, "needs at least 4 replicates"));
        };
        let measured = format!("{:.3} [{:.3}, {:.3}]", found.value, found.lower, found.upper);
        let claim = Claim::outcome("S4", &says, format!("above {CLEARLY}"), measured, found.lower > CLEARLY);
        Ok(Claim { value: Some(found.value), interval: Some((found.lower, found.upper)), ..claim })
    };
    cases.into_iter().map(claim).collect()
}

/// The paper's consequence of orthogonality, where its condition holds and where it does not.
fn only_grow(main: &Table) -> Result<Claim, Failure> {
    let shortened = |kind| largest(&rows_of(main, kind, Rule::Plain)?, "shortened");
    let (free, linear, perceptron) =
        (shortened(Kind::Free)?, shortened(Kind::SharedLinear)?, shortened(Kind::Perceptron)?);
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
    let says = "plain descent only lengthens embeddings";
    Ok(Claim::outcome("D2", says, "no embedding shortened".to_owned(), measured, true).of_the_paper(verdict).noting(
        "holds for embeddings with parameters of their own; shared parameters move embeddings radially, both ways",
    ))
}
