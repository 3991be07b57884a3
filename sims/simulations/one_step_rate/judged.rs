//! Rates of a row, and how right each is.

use super::trial::{AS_GOOD, Advice};

/// Rates within this factor of a good one are right.
pub const FACTOR: f64 = 3.0;

/// Whose rates are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// What one step advises
    Advice,
    /// Where the loss of a range test falls most steeply
    Steepest,
    /// A tenth of the rate of a range test's least loss
    Tenth,
    /// The rate that one starts from
    Unchanged,
}

/// A rate and the mean held-out loss at it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    pub rate: Option<f64>,
    loss: Option<f64>,
    steps: Option<f64>,
}

impl Whose {
    pub fn of(self, row: &Advice) -> Rate {
        let (rate, loss, steps) = match self {
            Self::Advice => (row.advised_rate, row.advised_loss, row.advised_steps),
            Self::Steepest => (row.range_steepest_rate, row.range_steepest_loss, row.range_steepest_steps),
            Self::Tenth => (row.range_tenth_rate, row.range_tenth_loss, row.range_tenth_steps),
            Self::Unchanged => (Some(row.starting_rate), row.unchanged_loss, row.unchanged_steps),
        };
        Rate { rate, loss, steps }
    }
}

impl Rate {
    /// Another rate, whose losses are not known.
    pub fn at(rate: Option<f64>) -> Self {
        Self { rate, ..Self::default() }
    }

    /// Whether it is within the factor of the best rate of the sweep.
    pub fn is_near_best(&self, row: &Advice) -> bool {
        row.best_rate.is_some_and(|best| self.is_near(best))
    }

    /// Whether it is within the factor of another.
    pub fn is_near(&self, other: f64) -> bool {
        self.rate.is_some_and(|rate| libm::log(rate / other).abs() <= libm::log(FACTOR))
    }

    /// ln of the rate over the best.
    pub fn over_best(&self, row: &Advice) -> Option<f64> {
        Some(libm::log(self.rate? / row.best_rate?))
    }

    /// Whether it is within the factor of a rate that is as good as the best.
    pub fn is_right(&self, row: &Advice) -> bool {
        let right = || Some((row.good_from? / FACTOR..=row.good_to? * FACTOR).contains(&self.rate?));
        right().unwrap_or(false)
    }

    /// Whether training at it gains nine tenths of what it gains at the best.
    pub fn is_as_good(&self, row: &Advice) -> Option<bool> {
        Some(self.lost(row)? <= 1.0 - AS_GOOD)
    }

    /// The share of what the best rate gains that is lost at this one, all of it where training ended or made the loss
    /// larger.
    pub fn lost(&self, row: &Advice) -> Option<f64> {
        let best = row.best_loss?;
        let loss = self.loss.unwrap_or(row.untrained_loss).min(row.untrained_loss);
        Some((loss - best) / (row.untrained_loss - best))
    }

    /// ln of the steps to the level over those at the best rate; `None` where the level was not reached.
    pub fn slower(&self, row: &Advice) -> Option<f64> {
        Some(libm::log(self.steps? / row.best_steps?))
    }
}

/// A network under one rule in one replicate: its rows have different starting rates.
pub type Case<'a> = Vec<&'a Advice>;

/// The rows of each case, in the order of the table, those that `keep` keeps; cases without any are left out.
pub fn cases(rows: &[Advice], keep: impl Fn(&Advice) -> bool) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    for row in rows.iter().filter(|row| keep(row)) {
        match cases.last_mut() {
            Some(case) if same(case[0], row) => case.push(row),
            _ => cases.push(vec![row]),
        }
    }
    cases
}

/// Whether rows differ in nothing but their starting rates.
fn same(one: &Advice, other: &Advice) -> bool {
    same_cell(one, other) && one.replicate == other.replicate
}

/// Whether rows are of the same setting and differ in the cut alone, but for starting rates.
pub fn cut_otherwise(one: &Advice, other: &Advice) -> bool {
    same_setting(one, other) && one.replicate == other.replicate && one.cut != other.cut
}

/// Whether rows are of the same cell in two replicates: other initial parameters and other samples.
pub fn drawn_otherwise(one: &Advice, other: &Advice) -> bool {
    same_cell(one, other) && one.replicate != other.replicate
}

/// Whether rows are of the same cell, in whatever replicate.
pub fn same_cell(one: &Advice, other: &Advice) -> bool {
    same_setting(one, other) && one.cut == other.cut
}

fn same_setting(one: &Advice, other: &Advice) -> bool {
    let key = |row: &Advice| (row.temperature, row.batch_size);
    (&one.network, &one.optimizer, &one.data) == (&other.network, &other.optimizer, &other.data)
        && key(one) == key(other)
}

/// The mean over the rows of each case, where there is one.
pub fn means(cases: &[Case<'_>], value: impl Fn(&Advice) -> Option<f64>) -> Vec<f64> {
    let mean = |case: &Case<'_>| mean_of(&case.iter().filter_map(|row| value(row)).collect::<Vec<_>>());
    cases.iter().filter_map(mean).collect()
}

/// The mean; `None` of nothing.
pub fn mean_of(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
