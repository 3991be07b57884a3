//! What norms and neighbour distances say of each other.

use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::{Estimate, mean_with_interval};

use super::{INPUT, LATENT, OWN, TRAINED, UNTRAINED, correlations};
use crate::cli::failure::Failure;
use crate::simulations::mixtures::{Control, above_zero, reach, shown, stated_direction, untested};

/// Seeds below which no interval is tested.
const ENOUGH: u64 = 10;
/// How far the correlation of shuffled norms may be from 0.
const SHUFFLED: f64 = 0.02;
/// How far that of norms which cannot know the density may be from 0.
const UNKNOWING: f64 = 0.1;

const OVERALL: &str = "embeddings in sparse regions are shorter, over all points: −r_s of norm and neighbour distance";
const WITHIN: &str = "embeddings in sparse regions are shorter, within classes: −r_s of norm and neighbour distance";
const NORMALIZES: &str =
    "normalization alone spreads short embeddings: −r_s over all points of an untrained network is above 0";
const LEARNED: &str = "training writes density into norms: −r_s within classes, neighbours among the points before they are \
                       observed, trained beyond untrained";
const CANNOT_KNOW: &str = "norms of inputs and of untrained embeddings say nothing of that density: ρ within classes";
const CHANCE: &str = "norms shuffled among the points of a class show nothing: ρ within classes";

pub fn claims(main: &Table, published: bool, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let papers = [(OVERALL, "overall"), (WITHIN, "within")];
    let ours = untested(published, replicates, ENOUGH);
    let mut claims = Vec::new();
    for (says, column) in papers {
        claims.push(if replicates < ENOUGH {
            Claim::not_tested("S5", Source::Paper, says, ours.as_deref().unwrap_or_default())
        } else {
            sparse(main, says, column)?
        });
    }
    if let Some(why) = ours {
        let says = [NORMALIZES, LEARNED, CANNOT_KNOW, CHANCE];
        claims.extend(says.map(|says| Claim::not_tested("S5", Source::Ours, says, &why)));
        return Ok(claims);
    }
    let normalizes = negated(correlations(main, UNTRAINED, OWN, "overall")?);
    claims.push(above_zero(NORMALIZES, &normalizes, "no training has taken place"));
    claims.push(learned(main)?);
    let unknowing = named(main, &[INPUT, UNTRAINED], &[LATENT], "within")?;
    claims.extend(equivalence(CANNOT_KNOW, UNKNOWING, unknowing));
    let shuffled = named(main, &[INPUT, UNTRAINED, TRAINED], &[OWN, LATENT], "shuffled")?;
    claims.extend(equivalence(CHANCE, SHUFFLED, shuffled));
    Ok(claims)
}

fn negated(values: Vec<f64>) -> Vec<f64> {
    values.into_iter().map(|value| -value).collect()
}

/// A correlation and its interval, in words.
fn text(values: &[f64]) -> String {
    mean_with_interval(values, 0.95).map_or_else(String::new, |mean| shown(&mean))
}

/// By how much the trained network's −ρ is above that of the untrained one, seed by seed.
fn beyond(main: &Table, among: &str, column: &str) -> Result<Vec<f64>, TableError> {
    let (untrained, trained) =
        (correlations(main, UNTRAINED, among, column)?, correlations(main, TRAINED, among, column)?);
    Ok(untrained.iter().zip(trained).map(|(untrained, trained)| untrained - trained).collect())
}

fn sparse(main: &Table, says: &str, column: &str) -> Result<Claim, TableError> {
    let trained = negated(correlations(main, TRAINED, OWN, column)?);
    let untrained = negated(correlations(main, UNTRAINED, OWN, column)?);
    let difference = beyond(main, OWN, column)?;
    let beyond = mean_with_interval(&difference, 0.95).is_some_and(|mean| mean.lower > 0.0);
    let verdict = if beyond { "less" } else { "no less" };
    let difference = text(&difference);
    let says_control =
        format!("the untrained network shows it {verdict}: {}; trained minus untrained {difference}", text(&untrained));
    Ok(stated_direction(says, &trained, &Control { beyond, says: says_control }))
}

fn learned(main: &Table) -> Result<Claim, TableError> {
    let [trained, untrained] = [TRAINED, UNTRAINED].map(|encoder| correlations(main, encoder, LATENT, "within"));
    let note = format!("trained {}, untrained {}", text(&negated(trained?)), text(&negated(untrained?)));
    Ok(above_zero(LEARNED, &beyond(main, LATENT, "within")?, &note))
}

/// The means of a column for each of these norms and neighbours.
fn named(main: &Table, norms: &[&str], among: &[&str], column: &str) -> Result<Vec<(String, Estimate)>, TableError> {
    let mut named = Vec::new();
    for norm_of in norms {
        for among in among {
            let mean = mean_with_interval(&correlations(main, norm_of, among, column)?, 0.95);
            named.extend(mean.map(|mean| (format!("{norm_of}, neighbours among {among}"), mean)));
        }
    }
    Ok(named)
}

/// An equivalence test with 0 where the interval reaches farthest; all of them in the note.
fn equivalence(says: &str, margin: f64, named: Vec<(String, Estimate)>) -> Option<Claim> {
    let (_, worst) = named.iter().max_by(|a, b| reach(&a.1).total_cmp(&reach(&b.1)))?;
    let all: Vec<String> = named.iter().map(|(name, estimate)| format!("{name} {:+.3}", estimate.value)).collect();
    Some(Claim::equivalence("S5", says, 0.0, margin, *worst).noting(&format!("the worst of {}", all.join("; "))))
}
