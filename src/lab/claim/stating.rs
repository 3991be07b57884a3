//! Claims as sentences: who says what, what is needed to decide it, and how it is decided.

use super::{Claim, Source, brief};
use crate::statistics::Estimate;

/// A claim of ours that is still to be decided.
///
/// ```
/// use embedding_norms::lab::claim::{Verdict, claim};
/// use embedding_norms::statistics::Estimate;
///
/// let exponent = Estimate { value: 2.0001, lower: 1.9994, upper: 2.0008, replicates: 20 };
/// let decide = |replicates: usize| {
///     let stating = claim("L2", "steps grow as ρ^k with k = 2");
///     stating.needs(replicates >= 8, "needs 8 replicates").equivalent(2.0, 0.003, Some(exponent))
/// };
/// assert_eq!(decide(20).verdict, Verdict::AsStated);
/// assert_eq!(decide(3).verdict, Verdict::NotTested);
/// ```
#[derive(Clone, Debug)]
pub struct Stating {
    statement: String,
    says: String,
    note: String,
    lacks: Option<String>,
}

/// A claim of ours about a statement; decided by one of the methods that return a [`Claim`].
pub fn claim(statement: &str, says: &str) -> Stating {
    Stating { statement: statement.to_owned(), says: says.to_owned(), note: String::new(), lacks: None }
}

impl Stating {
    /// What these settings must have for a decision. Where they lack it, the claim is not tested, and this says why.
    pub fn needs(mut self, met: bool, why: &str) -> Self {
        if !met && self.lacks.is_none() {
            self.lacks = Some(why.to_owned());
        }
        self
    }

    /// A word on conditions, said where the claim is decided.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// An equivalence test: the *whole* interval lies within `margin` of the prediction. Without an estimate nothing is
    /// decided.
    pub fn equivalent(self, predicted: f64, margin: f64, estimate: Option<Estimate>) -> Claim {
        let lacks = estimate.is_none();
        let stating = self.needs(!lacks, "there is nothing to measure at these settings");
        stating.decide(|statement, says| {
            let estimate = estimate.expect("an estimate is needed");
            Claim::equivalence(statement, says, predicted, margin, estimate)
        })
    }

    /// The same at the setting whose interval reaches furthest from the prediction; the note names it and tells of all.
    pub fn equivalent_everywhere(self, predicted: f64, margin: f64, settings: &[(String, Estimate)]) -> Claim {
        let all: Vec<String> = settings.iter().map(|(name, found)| format!("{name} {}", brief(found.value))).collect();
        let worst = worst(predicted, settings);
        let name = worst.map_or(String::new(), |(name, _)| name.clone());
        let note = format!("the worst of {} is {name}: {}{}", settings.len(), all.join("; "), self.note);
        self.note(note).equivalent(predicted, margin, worst.map(|(_, estimate)| *estimate))
    }

    /// Nothing contradicts it, among at least one trial.
    pub fn no_exception(self, violations: u64, trials: u64) -> Claim {
        self.decide(|statement, says| Claim::without_exception(statement, says, violations, trials))
    }

    /// A measured number stays within a bound: |value| ≤ bound.
    pub fn within(self, bound: f64, value: f64) -> Claim {
        self.decide(|statement, says| Claim::within(statement, says, bound, value))
    }

    /// Prediction and measurement in words.
    pub fn holds(self, predicted: impl Into<String>, measured: impl Into<String>, holds: bool) -> Claim {
        self.decide(|statement, says| Claim::outcome(statement, says, predicted.into(), measured.into(), holds))
    }

    /// A condition on an estimate with its interval, in words. Without an estimate nothing is decided.
    ///
    /// ```
    /// use embedding_norms::lab::claim::{Verdict, claim};
    /// use embedding_norms::statistics::mean_with_interval;
    /// let decide = |values: &[f64]| {
    ///     claim("S6", "norms fall").estimated("below 0", mean_with_interval(values, 0.95), |found| found.upper < 0.0)
    /// };
    /// assert_eq!(decide(&[-0.2, -0.1, -0.2]).measured, "-0.167 [-0.310, -0.023]");
    /// assert_eq!(decide(&[-0.2, 0.1, -0.2]).verdict, Verdict::NotAsStated);
    /// assert_eq!(decide(&[-0.2]).verdict, Verdict::NotTested);
    /// ```
    pub fn estimated(
        self,
        predicted: &str,
        estimate: Option<Estimate>,
        holds: impl FnOnce(&Estimate) -> bool,
    ) -> Claim {
        let stating = self.needs(estimate.is_some(), "there is nothing to measure at these settings");
        stating.decide(|statement, says| {
            let estimate = estimate.expect("an estimate is needed");
            let Estimate { value, lower, upper, .. } = estimate;
            let measured = format!("{value:.3} [{lower:.3}, {upper:.3}]");
            let claim = Claim::outcome(statement, says, predicted.to_owned(), measured, holds(&estimate));
            Claim { value: Some(value), interval: Some((lower, upper)), ..claim }
        })
    }

    fn decide(self, claim: impl FnOnce(&str, &str) -> Claim) -> Claim {
        match self.lacks {
            Some(why) => Claim::not_tested(&self.statement, Source::Ours, &self.says, &why),
            None => claim(&self.statement, &self.says).noting(&self.note),
        }
    }
}

/// The setting whose interval reaches furthest from the prediction.
pub fn worst(predicted: f64, settings: &[(String, Estimate)]) -> Option<&(String, Estimate)> {
    let reach = |found: &Estimate| found.reach(predicted);
    settings.iter().max_by(|a, b| reach(&a.1).total_cmp(&reach(&b.1)))
}
