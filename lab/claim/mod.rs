//! Claims: what a statement predicts, what was measured, and the verdict. Knows nothing of drawing.

mod stating;

use serde::{Deserialize, Serialize};

pub use self::stating::{Stating, claim, claim_of_others, claim_of_paper};
use embedding_norms::statistics::Estimate;
pub use embedding_norms::words::brief;

/// The origin of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// This project; a claim that fails is a failure of the run.
    Ours,
    /// Draganov et al., ICML 2025; tested here with controls of ours.
    Paper,
    /// Another publication, which the claim names; compared as a statement.
    Literature,
}

impl Source {
    /// Whose claim it is, in one word to stand before it; nothing for ours.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Ours => None,
            Self::Paper => Some("paper"),
            Self::Literature => Some("others"),
        }
    }
}

/// The outcome of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Ours: it came out as stated.
    AsStated,
    /// Ours: it did not come out as stated.
    NotAsStated,
    /// The paper's, or of others: supported by the measurement.
    Supported,
    /// The paper's, or of others: true under a condition that the statement does not name.
    Conditional,
    /// The paper's, or of others: not supported by the measurement.
    NotSupported,
    /// The settings are too small, or not those that the claim is about.
    NotTested,
}

impl Verdict {
    /// The verdict in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::AsStated => "as stated",
            Self::NotAsStated => "NOT as stated",
            Self::Supported => "supported",
            Self::Conditional => "conditional",
            Self::NotSupported => "not supported",
            Self::NotTested => "not tested",
        }
    }
}

/// A prediction with what was measured of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The id of the statement, such as `L2`.
    pub statement: String,
    /// Its origin.
    pub source: Source,
    /// The claim in one sentence.
    pub says: String,
    /// What is predicted, in words or numbers.
    pub predicted: String,
    /// What was measured, in words or numbers.
    pub measured: String,
    /// The measured value, where it is a number.
    pub value: Option<f64>,
    /// The ends of its interval, where it has one.
    pub interval: Option<(f64, f64)>,
    /// The verdict.
    pub verdict: Verdict,
    /// Under what conditions, or why not tested.
    pub note: String,
}

impl Claim {
    /// An equivalence test: the claim holds if the *whole* interval of the estimate lies within `margin` of the
    /// prediction. Failing to find a difference is not enough.
    ///
    /// ```
    /// use embedding_norms::statistics::Estimate;
    /// use embedding_norms_lab::claim::{Claim, Verdict};
    /// let wide = Estimate { value: 2.0, lower: 1.5, upper: 2.5, replicates: 3 };
    /// assert_eq!(Claim::equivalence("L2", "steps grow as ρ²", 2.0, 0.003, wide).verdict, Verdict::NotAsStated);
    /// ```
    pub fn equivalence(statement: &str, says: &str, predicted: f64, margin: f64, estimate: Estimate) -> Self {
        let inside = estimate.lower >= predicted - margin && estimate.upper <= predicted + margin;
        Self {
            value: Some(estimate.value),
            interval: Some((estimate.lower, estimate.upper)),
            ..Self::outcome(
                statement,
                says,
                format!("{} ± {}", brief(predicted), brief(margin)),
                estimate.to_decimals(4),
                inside,
            )
        }
    }

    /// A claim without exception: it holds if there is no violation among at least one trial.
    pub fn without_exception(statement: &str, says: &str, violations: u64, trials: u64) -> Self {
        Self {
            value: Some(violations as f64),
            ..Self::outcome(
                statement,
                says,
                "no exception".to_owned(),
                format!("{violations} of {trials}"),
                violations == 0 && trials > 0,
            )
        }
    }

    /// A claim that a measured number stays within a bound: |value| ≤ bound.
    pub fn within(statement: &str, says: &str, bound: f64, value: f64) -> Self {
        Self {
            value: Some(value),
            ..Self::outcome(statement, says, format!("at most {}", brief(bound)), brief(value), value.abs() <= bound)
        }
    }

    /// A claim of ours with its prediction and measurement in words.
    pub fn outcome(statement: &str, says: &str, predicted: String, measured: String, holds: bool) -> Self {
        Self {
            statement: statement.to_owned(),
            source: Source::Ours,
            says: says.to_owned(),
            predicted,
            measured,
            value: None,
            interval: None,
            verdict: if holds { Verdict::AsStated } else { Verdict::NotAsStated },
            note: String::new(),
        }
    }

    /// The same measurement as a claim of the paper's, with the verdict it deserves.
    pub fn of_the_paper(self, verdict: Verdict) -> Self {
        Self { source: Source::Paper, verdict, ..self }
    }

    /// A claim that these settings cannot decide, and why.
    pub fn not_tested(statement: &str, source: Source, says: &str, why: &str) -> Self {
        Self {
            source,
            verdict: Verdict::NotTested,
            note: why.to_owned(),
            ..Self::outcome(statement, says, String::new(), String::new(), false)
        }
    }

    /// The same claim with a note on its conditions.
    pub fn noting(self, note: &str) -> Self {
        Self { note: note.to_owned(), ..self }
    }

    /// Whether it is ours and failed.
    pub fn failed(&self) -> bool {
        self.source == Source::Ours && self.verdict == Verdict::NotAsStated
    }
}
