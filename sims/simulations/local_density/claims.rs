//! Claims about norms and neighbour distances.

use embedding_norms_lab::claim::Claim;

use super::density::{Among, Correlation, NormOf, of};
use crate::simulations::mixtures::{Scope, differences, is_positive, over_seeds, shown};
use crate::simulations::study::name_of;

/// Seeds below which no interval is tested.
pub const ENOUGH: u64 = 10;
/// How far the correlation of permuted norms may be from 0.
const SHUFFLED: f64 = 0.02;
/// How far that of norms which do not depend on the density may be from 0.
const UNKNOWING: f64 = 0.1;

const OVERALL: &str =
    "embeddings in sparse regions are shorter, over all points: −r_s (Spearman) of norm and neighbour distance";
const WITHIN: &str = "embeddings in sparse regions are shorter, within classes: −r_s of norm and neighbour distance";
const NORMALIZES: &str =
    "normalization alone spreads short embeddings: −r_s over all points of an untrained network is above 0";
const LEARNED: &str = "training writes density into norms: −r_s within classes, neighbours among the points before they are \
                       observed, trained beyond untrained";
const CANNOT_KNOW: &str =
    "norms of inputs and of untrained embeddings are uncorrelated with that density: r_s within classes";
const CHANCE: &str = "norms permuted within classes are uncorrelated with density: r_s within classes";

/// One of the columns of correlations.
type Column = fn(&Correlation) -> f64;

pub fn claims(rows: &[Correlation], scope: Scope) -> Vec<Claim> {
    let (unlearned, every) = ([NormOf::Input, NormOf::Untrained], [NormOf::Input, NormOf::Untrained, NormOf::Trained]);
    let normalizes = negated(rows, NormOf::Untrained, Among::Same, |row| row.overall);
    vec![
        sparse(scope, rows, OVERALL, |row| row.overall),
        sparse(scope, rows, WITHIN, |row| row.within),
        scope.above_zero(NORMALIZES, &normalizes, "no training has taken place"),
        learned(scope, rows),
        nothing(scope, rows, CANNOT_KNOW, UNKNOWING, (&unlearned, &[Among::Latent], |row| row.within)),
        nothing(scope, rows, CHANCE, SHUFFLED, (&every, &[Among::Same, Among::Latent], |row| row.shuffled)),
    ]
}

fn negated(rows: &[Correlation], norm_of: NormOf, among: Among, column: Column) -> Vec<f64> {
    of(rows, norm_of, among, |row| -column(row))
}

fn sparse(scope: Scope, rows: &[Correlation], says: &str, column: Column) -> Claim {
    let [trained, untrained] =
        [NormOf::Trained, NormOf::Untrained].map(|norms| negated(rows, norms, Among::Same, column));
    let difference = over_seeds(&differences(&trained, &untrained));
    let beyond = is_positive(difference);
    let note = format!(
        "the untrained network shows it {}: {}; trained minus untrained {}",
        if beyond { "less" } else { "no less" },
        shown(over_seeds(&untrained)),
        shown(difference)
    );
    scope.direction(says, &trained, beyond, &note)
}

fn learned(scope: Scope, rows: &[Correlation]) -> Claim {
    let [trained, untrained] =
        [NormOf::Trained, NormOf::Untrained].map(|norms| negated(rows, norms, Among::Latent, |row| row.within));
    let note = format!("trained {}, untrained {}", shown(over_seeds(&trained)), shown(over_seeds(&untrained)));
    scope.above_zero(LEARNED, &differences(&trained, &untrained), &note)
}

/// An equivalence test with 0 for each of these norms and neighbours, where the interval reaches farthest.
fn nothing(
    scope: Scope,
    rows: &[Correlation],
    says: &str,
    margin: f64,
    (norms, among, column): (&[NormOf], &[Among], Column),
) -> Claim {
    let pairs = norms.iter().flat_map(|&norm_of| among.iter().map(move |&among| (norm_of, among)));
    let found: Vec<_> = pairs
        .filter_map(|(norm_of, among)| {
            let mean = over_seeds(&of(rows, norm_of, among, column))?;
            Some((format!("{}, neighbours among {}", name_of(&norm_of), name_of(&among)), mean))
        })
        .collect();
    let all: Vec<String> = found.iter().map(|(name, mean)| format!("{name} {:+.3}", mean.value)).collect();
    scope.ours(says).equivalent_at_worst(0.0, margin, &found, |_| format!("the worst of {}", all.join("; ")))
}
