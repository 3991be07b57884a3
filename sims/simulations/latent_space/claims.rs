//! What embeddings in three dimensions say.

use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::mean_with_interval;

use super::{AFTER, BEFORE};
use crate::cli::failure::Failure;
use crate::simulations::grouping::mean;
use crate::simulations::mixtures::{Control, above_zero, shown, stated_direction, untested};

/// Seeds below which no interval is tested.
const ENOUGH: u64 = 5;

const SHORTER: &str = "after training, embeddings far from the mean of their class are shorter: −r_s of norm and angle to it, within classes";
const SPREAD: &str = "training gives classes directions of their own: fall of the mean cosine of the classes' means";

pub fn claims(table: &Table, published: bool, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let ours = untested(published, replicates, ENOUGH);
    let mut claims = vec![if replicates < ENOUGH {
        Claim::not_tested("S5", Source::Paper, SHORTER, ours.as_deref().unwrap_or_default())
    } else {
        shorter(table)?
    }];
    claims.push(match &ours {
        Some(why) => Claim::not_tested("S5", Source::Ours, SPREAD, why),
        None => spread(table)?,
    });
    Ok(claims)
}

/// The values of a column in one state, by replicate.
fn values(table: &Table, state: &str, column: &str) -> Result<Vec<f64>, TableError> {
    Ok(table.with("state", state)?.numbers(column)?.into_iter().flatten().collect())
}

fn spread(table: &Table) -> Result<Claim, TableError> {
    let (before, after) = (values(table, BEFORE, "cosine_of_means")?, values(table, AFTER, "cosine_of_means")?);
    let falls: Vec<f64> = before.iter().zip(&after).map(|(before, after)| before - after).collect();
    let note = format!("from {:.3} to {:.3} on the average", mean(&before), mean(&after));
    Ok(above_zero(SPREAD, &falls, &note))
}

fn shorter(table: &Table) -> Result<Claim, TableError> {
    let negated = |state| Ok::<Vec<f64>, TableError>(values(table, state, "within")?.iter().map(|rho| -rho).collect());
    let (before, after) = (negated(BEFORE)?, negated(AFTER)?);
    let more: Vec<f64> = after.iter().zip(&before).map(|(after, before)| after - before).collect();
    let beyond = mean_with_interval(&more, 0.95).is_some_and(|more| more.lower > 0.0);
    let untrained = mean_with_interval(&before, 0.95).map_or_else(String::new, |mean| shown(&mean));
    let says = format!("the untrained network: {untrained}");
    Ok(stated_direction(SHORTER, &after, &Control { beyond, says }))
}
