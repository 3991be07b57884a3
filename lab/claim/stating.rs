//! Claims as sentences: whose they are, what is needed to decide them, and how they are decided.

use super::{Claim, Source, Verdict, brief};
use embedding_norms::statistics::Estimate;

/// Why a claim is not decided of which no trial, size or estimate was measured: any verdict would be about nothing.
const NOTHING: &str = "there is nothing to measure at these settings";

/// A claim of ours that is still to be decided.
///
/// ```
/// use embedding_norms_lab::claim::{Verdict, claim};
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
    source: Source,
    value: Option<f64>,
    interval: Option<(f64, f64)>,
}

/// A claim of ours about a statement; decided by one of the methods that return a [`Claim`].
pub fn claim(statement: &str, says: &str) -> Stating {
    let (statement, says) = (statement.to_owned(), says.to_owned());
    Stating { statement, says, note: String::new(), lacks: None, source: Source::Ours, value: None, interval: None }
}

/// A claim of the paper about a statement; decided by [`Stating::verdict`].
///
/// ```
/// use embedding_norms_lab::claim::{Source, Verdict, claim_of_paper};
/// let stating = claim_of_paper("S5", "rare classes have short embeddings").valued(37.0);
/// let claim = |seeds: u64| {
///     let stating = stating.clone().needs(seeds >= 20, "needs 20 seeds");
///     stating.verdict("every seed", "37 of 40 seeds", Verdict::Conditional)
/// };
/// assert_eq!((claim(40).verdict, claim(40).source, claim(40).value), (Verdict::Conditional, Source::Paper, Some(37.0)));
/// assert_eq!((claim(4).verdict, claim(4).source, claim(4).value), (Verdict::NotTested, Source::Paper, None));
/// ```
pub fn claim_of_paper(statement: &str, says: &str) -> Stating {
    Stating { source: Source::Paper, ..claim(statement, says) }
}

/// A claim of another publication about a statement, which it names; decided by [`Stating::verdict`].
///
/// ```
/// use embedding_norms_lab::claim::{Source, Verdict, claim_of_others};
/// let claim = claim_of_others("S8", "norms encode frequency (Somebody 2026)").verdict("always", "in part", Verdict::Conditional);
/// assert_eq!((claim.source, claim.verdict), (Source::Literature, Verdict::Conditional));
/// ```
pub fn claim_of_others(statement: &str, says: &str) -> Stating {
    Stating { source: Source::Literature, ..claim(statement, says) }
}

impl Stating {
    /// What these settings must have for a decision. Where they lack it, the claim is not tested, and this says why.
    pub fn needs(mut self, met: bool, why: &str) -> Self {
        if !met && self.lacks.is_none() {
            self.lacks = Some(why.to_owned());
        }
        self
    }

    /// Replicates below which nothing is decided.
    pub fn needs_replicates(self, replicates: u64, enough: u64) -> Self {
        self.needs(replicates >= enough, &format!("needs at least {enough} replicates"))
    }

    /// A note on conditions, attached when the claim is decided.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// An equivalence test: the *whole* interval lies within `margin` of the prediction. Without an estimate nothing is
    /// decided.
    pub fn equivalent(self, predicted: f64, margin: f64, estimate: Option<Estimate>) -> Claim {
        let lacks = estimate.is_none();
        let stating = self.needs(!lacks, NOTHING);
        stating.decide(|statement, says| {
            let estimate = estimate.expect("an estimate is needed");
            Claim::equivalence(statement, says, predicted, margin, estimate)
        })
    }

    /// The same at the setting whose interval reaches furthest from the prediction. The note is told the name of the setting.
    pub fn equivalent_at_worst(
        self,
        predicted: f64,
        margin: f64,
        settings: &[(String, Estimate)],
        note: impl FnOnce(&str) -> String,
    ) -> Claim {
        let reach = |found: &Estimate| found.reach(predicted);
        let worst = settings.iter().max_by(|a, b| reach(&a.1).total_cmp(&reach(&b.1)));
        let note = note(worst.map_or("", |(name, _)| name));
        self.note(note).equivalent(predicted, margin, worst.map(|(_, estimate)| *estimate))
    }

    /// No exception among at least one trial; without any nothing is decided.
    pub fn no_exception(self, violations: u64, trials: u64) -> Claim {
        self.needs(trials > 0, NOTHING)
            .decide(|statement, says| Claim::without_exception(statement, says, violations, trials))
    }

    /// The same of all items together; `counts` gives violations and trials of each.
    ///
    /// ```
    /// use embedding_norms_lab::claim::claim;
    /// let runs = [(0, 40), (1, 60)];
    /// let claim = claim("L7", "counts agree").no_exception_in(&runs, |run| *run);
    /// assert!(claim.failed() && claim.measured == "1 of 100");
    /// ```
    pub fn no_exception_in<T>(self, items: impl IntoIterator<Item = T>, counts: impl Fn(T) -> (u64, u64)) -> Claim {
        let add = |sum: (u64, u64), found: (u64, u64)| (sum.0 + found.0, sum.1 + found.1);
        let (violations, trials) = items.into_iter().map(counts).fold((0, 0), add);
        self.no_exception(violations, trials)
    }

    /// None of the items violates it; without any nothing is decided.
    ///
    /// ```
    /// use embedding_norms_lab::claim::{Verdict, claim};
    /// let decide = |norms: &[f64]| claim("D2", "norms grow").none_of(norms, |growth| *growth <= 0.0).verdict;
    /// assert_eq!((decide(&[0.1]), decide(&[])), (Verdict::AsStated, Verdict::NotTested));
    /// assert_eq!(decide(&[0.1, -0.1]), Verdict::NotAsStated);
    /// ```
    pub fn none_of<T>(self, items: impl IntoIterator<Item = T>, violates: impl Fn(T) -> bool) -> Claim {
        self.no_exception_in(items, |item| (u64::from(violates(item)), 1))
    }

    /// A measured number stays within a bound: |value| ≤ bound.
    pub fn within(self, bound: f64, value: f64) -> Claim {
        self.decide(|statement, says| Claim::within(statement, says, bound, value))
    }

    /// All sizes, of which none is negative, stay within a bound: the largest is what was measured. One that is not a
    /// number is within no bound. Without any nothing is decided.
    ///
    /// ```
    /// use embedding_norms_lab::claim::claim;
    /// let decide = |deviations: &[f64]| claim("G2", "lengths agree").all_within(1e-12, deviations.iter().copied());
    /// assert_eq!(decide(&[1e-15, 3e-14]).value, Some(3e-14));
    /// assert!(decide(&[1e-15, 1e-9]).failed() && decide(&[f64::NAN, 1e-15]).failed());
    /// assert_eq!(decide(&[]).verdict, embedding_norms_lab::claim::Verdict::NotTested);
    /// ```
    pub fn all_within(self, bound: f64, sizes: impl IntoIterator<Item = f64>) -> Claim {
        let larger = |largest: f64, size: f64| if size <= largest || largest.is_nan() { largest } else { size };
        let largest = sizes.into_iter().reduce(larger);
        self.needs(largest.is_some(), NOTHING).within(bound, largest.unwrap_or(f64::NAN))
    }

    /// Prediction and measurement in words.
    pub fn holds(self, predicted: impl Into<String>, measured: impl Into<String>, holds: bool) -> Claim {
        self.decide(|statement, says| Claim::outcome(statement, says, predicted.into(), measured.into(), holds))
    }

    /// An equivalence test of what was fitted. Where no law fits, the claim does not hold, and the refusal says why.
    pub fn fitted(self, predicted: f64, margin: f64, fit: Result<Estimate, impl ToString>) -> Claim {
        match fit {
            Ok(estimate) => self.equivalent(predicted, margin, Some(estimate)),
            Err(refusal) => self.holds(format!("{} ± {}", brief(predicted), brief(margin)), refusal.to_string(), false),
        }
    }

    /// A condition on an estimate with its interval, in words. Without an estimate nothing is decided.
    ///
    /// ```
    /// use embedding_norms_lab::claim::{Verdict, claim};
    /// use embedding_norms::statistics::mean_with_interval;
    /// let decide = |values: &[f64]| {
    ///     claim("S6", "norms fall").holds_for("below 0", mean_with_interval(values, 0.95), |found| found.upper < 0.0)
    /// };
    /// assert_eq!(decide(&[-0.2, -0.1, -0.2]).measured, "-0.167 [-0.310, -0.023]");
    /// assert_eq!(decide(&[-0.2, 0.1, -0.2]).verdict, Verdict::NotAsStated);
    /// assert_eq!(decide(&[-0.2]).verdict, Verdict::NotTested);
    /// ```
    pub fn holds_for(
        self,
        predicted: &str,
        estimate: Option<Estimate>,
        holds: impl FnOnce(&Estimate) -> bool,
    ) -> Claim {
        let stating = self.needs(estimate.is_some(), NOTHING);
        stating.decide(|statement, says| {
            let estimate = estimate.expect("an estimate is needed");
            let Estimate { value, lower, upper, .. } = estimate;
            let measured = estimate.to_decimals(3);
            let claim = Claim::outcome(statement, says, predicted.to_owned(), measured, holds(&estimate));
            Claim { value: Some(value), interval: Some((lower, upper)), ..claim }
        })
    }

    fn decide(self, claim: impl FnOnce(&str, &str) -> Claim) -> Claim {
        match self.lacks {
            Some(why) => Claim::not_tested(&self.statement, self.source, &self.says, &why),
            None => {
                let claim = claim(&self.statement, &self.says).noting(&self.note);
                Claim { value: self.value.or(claim.value), interval: self.interval.or(claim.interval), ..claim }
            }
        }
    }

    /// The whole interval lies above a bound; `shown` puts the estimate in words. Without one nothing is decided.
    ///
    /// ```
    /// use embedding_norms_lab::claim::{Verdict, claim};
    /// use embedding_norms::statistics::Estimate;
    /// let decide = |lower| {
    ///     let found = Estimate { value: 0.3, lower, upper: 0.5, replicates: 8 };
    ///     claim("S4", "steps are not orthogonal").above(0.02, Some(found), |found| found.value.to_string())
    /// };
    /// assert_eq!((decide(0.1).verdict, decide(0.1).interval), (Verdict::AsStated, Some((0.1, 0.5))));
    /// assert_eq!(decide(0.01).verdict, Verdict::NotAsStated);
    /// ```
    pub fn above(self, bound: f64, found: Option<Estimate>, shown: impl Fn(Estimate) -> String) -> Claim {
        let stating = self.needs(found.is_some(), NOTHING);
        let Some(found) = found else { return stating.within(bound, f64::NAN) };
        stating.estimated(found).holds(format!("above {bound}"), shown(found), found.lower > bound)
    }

    /// The number that [`Stating::holds`] or [`Stating::verdict`] speak of.
    pub fn valued(self, value: f64) -> Self {
        Self { value: Some(value), ..self }
    }

    /// The same with its interval.
    pub fn estimated(self, found: Estimate) -> Self {
        Self { interval: Some((found.lower, found.upper)), ..self.valued(found.value) }
    }

    /// Prediction and measurement of a claim of the paper or of others in words, with the verdict that it deserves.
    pub fn verdict(self, predicted: impl Into<String>, measured: impl Into<String>, verdict: Verdict) -> Claim {
        let source = if self.source == Source::Literature { Source::Literature } else { Source::Paper };
        self.decide(|statement, says| {
            let outcome = Claim::outcome(statement, says, predicted.into(), measured.into(), true);
            Claim { source, verdict, ..outcome }
        })
    }
}

impl Claim {
    /// The same claim with so many decimals of its value and interval, where it has both.
    pub fn to_decimals(self, decimals: usize) -> Self {
        let measured = match (self.value, self.interval) {
            (Some(value), Some((lower, upper))) => {
                format!("{value:.decimals$} [{lower:.decimals$}, {upper:.decimals$}]")
            }
            _ => self.measured.clone(),
        };
        Self { measured, ..self }
    }
}
