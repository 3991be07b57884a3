//! Rates that are best on average over the replicates of a cell, which single sweeps scatter around.

use embedding_norms::statistics::{Estimate, mean, mean_with_interval};
use embedding_norms_lab::claim::{Claim, claim};

use super::judged::{Case, Rate, Whose, means, same_cell};
use super::trial::{Advice, Swept};
use crate::simulations::grouping::{averages, by, distinct};

/// Replicates below which nothing is decided.
const ENOUGH: u64 = 6;

/// The claim of these rates.
const SAYS: &str = "within a factor of three of the rate that is best for the cell on average over replicates: share of cells of \
                    advice, mean over replicates";

/// Whether the rates of advice are near those that are best on average, in at least such a share of the cells.
pub fn claim_of_averages(advised: &[Case<'_>], rows: &[Advice], swept: &[Swept], share: f64, replicates: u64) -> Claim {
    let bests = Bests::of(advised, rows, swept);
    let near = |whose: Whose| move |row: &Advice| whose.of(row).rate;
    let found = bests.near(near(Whose::Advice));
    let shown = |found: Option<Estimate>| found.map_or(String::new(), |found| found.to_decimals(3));
    let note = format!(
        "the best rate of the sweep of the replicate itself {}, a range test's {}; advice by rule: {}; by network: {}; in less \
         than three of four: {}",
        shown(bests.near(|row| row.best_rate)),
        shown(bests.near(near(Whose::Tenth))),
        bests.told(|row| row.optimizer.clone(), |_| true),
        bests.told(|row| row.network.clone(), |_| true),
        bests.told(|row| format!("{} on {} on {}", row.optimizer, row.network, row.data), |share| share < 0.75),
    );
    let stating = claim("S9", SAYS).needs(replicates >= ENOUGH, "needs 6 replicates").note(note);
    stating.holds_for(&format!("at least {share}"), found, |found| found.lower >= share)
}

/// Cases with advice, each with the rate that is best on average over the replicates of its cell.
struct Bests<'a>(Vec<(&'a Case<'a>, f64)>);

impl<'a> Bests<'a> {
    fn of(advised: &'a [Case<'a>], rows: &[Advice], swept: &[Swept]) -> Self {
        let best = |case: &'a Case<'a>| Some((case, best_on_average(case[0], rows, swept)?));
        Self(advised.iter().filter_map(best).collect())
    }

    /// For each case, with what share of its starting rates the rates are near.
    fn shares(&self, rate: impl Fn(&Advice) -> Option<f64>) -> Vec<(&'a Advice, f64)> {
        let share = |(case, best): &(&'a Case<'a>, f64)| {
            let is_near = |row: &Advice| Some(f64::from(u8::from(Rate::at(rate(row)).is_near(*best))));
            (case[0], means(std::slice::from_ref(*case), is_near)[0])
        };
        self.0.iter().map(share).collect()
    }

    /// The share of cells, mean over replicates: cells of a replicate share their samples, so that they are not independent.
    fn near(&self, rate: impl Fn(&Advice) -> Option<f64>) -> Option<Estimate> {
        let shares = self.shares(rate).into_iter().map(|(row, share)| (row.replicate as f64, share));
        mean_with_interval(&averages(shares).into_iter().map(|(_, share)| share).collect::<Vec<_>>(), 0.95)
    }

    /// The shares of advice by name, those that are shown.
    fn told(&self, name: impl Fn(&Advice) -> String, is_shown: impl Fn(f64) -> bool) -> String {
        let shares = self.shares(|row| row.advised_rate);
        let names = distinct(shares.iter().map(|(row, _)| name(row)));
        let of = |wanted: &String| {
            mean(&shares.iter().filter(|(row, _)| name(row) == *wanted).map(|(_, share)| *share).collect::<Vec<_>>())
        };
        let told = names.iter().map(|name| (name, of(name))).filter(|(_, share)| is_shown(*share));
        told.map(|(name, share)| format!("{name} {share:.2}")).collect::<Vec<_>>().join(", ")
    }
}

/// The rate of the sweep with the least held-out loss, mean over the replicates of a cell. A training that ended, or made the
/// loss larger, counts as none.
fn best_on_average(cell: &Advice, rows: &[Advice], swept: &[Swept]) -> Option<f64> {
    let untrained = |at: &Swept| {
        let same = |row: &&Advice| same_cell(cell, row) && row.replicate == at.replicate;
        rows.iter().find(same).map(|row| row.untrained_loss)
    };
    let here = swept.iter().filter(|at| at.is_of(cell));
    let losses = here.filter_map(|at| {
        let untrained = untrained(at)?;
        Some((at.rate, at.mean_loss.map_or(untrained, |loss| loss.min(untrained)) - untrained))
    });
    let gains = by(losses, |pair| pair.0).into_iter();
    let gains = gains.map(|(rate, losses)| (rate, mean(&losses.into_iter().map(|(_, loss)| loss).collect::<Vec<_>>())));
    gains.min_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, gain)| *gain < 0.0).map(|(rate, _)| rate)
}
