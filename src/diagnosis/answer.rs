//! An answer: what was found, what it rests on, on which conditions, and what it is worth.

use serde::Serialize;

use super::needs::Need;
use crate::statistics::Estimate;
use crate::words::brief;

/// The parts of a diagnosis, in the order of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Whether the files hold what can be diagnosed.
    Input,
    /// How long embeddings are.
    Norms,
    /// Whether they use the space.
    Collapse,
    /// What norms do to gradients.
    Gradient,
    /// Positive pairs and how long they take.
    Positives,
    /// Where the step stands against the best one.
    Step,
    /// Where norms settle.
    Equilibrium,
    /// What norms say of samples.
    Confidence,
    /// What changes over checkpoints.
    Course,
}

impl Topic {
    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Input => "The files",
            Self::Norms => "How long are the embeddings?",
            Self::Collapse => "Do they use the space?",
            Self::Gradient => "What do the norms do to the gradient?",
            Self::Positives => "How far apart are positives, and how long do they take?",
            Self::Step => "Are the steps too short or too long?",
            Self::Equilibrium => "Where do norms settle under weight decay?",
            Self::Confidence => "Do the norms mean anything?",
            Self::Course => "What changes over the checkpoints?",
        }
    }
}

/// How far an answer can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worth {
    /// Counted or measured in the files; it needs no theory.
    Measured,
    /// Follows from a statement whose conditions are met.
    Proved,
    /// Follows from a statement if conditions hold that the files do not show.
    Conditional,
    /// Rests on a criterion that is tested for this optimizer and kind of network, and not proved.
    Tested,
    /// Rests on the criterion where it is not tested.
    Untested,
    /// There is no answer, and the text says what is missing.
    Unanswered,
}

impl Worth {
    /// In a word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Proved => "proved",
            Self::Conditional => "if the conditions hold",
            Self::Tested => "tested, not proved",
            Self::Untested => "a criterion, not tested here",
            Self::Unanswered => "no answer",
        }
    }
}

/// A number of an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quantity {
    /// What it is.
    pub name: String,
    /// The value; `None` where it has none.
    pub value: Option<f64>,
    /// The 95 % interval.
    pub interval: Option<(f64, f64)>,
    /// The unit; empty for a pure number.
    pub unit: &'static str,
    /// Why there is no value, where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<&'static str>,
}

/// A number in words of a finding: in brief, or what is known of one that is beyond f64.
pub(super) fn told(value: f64) -> String {
    match () {
        () if value.is_finite() => brief(value),
        () if value.is_nan() => "an unknown number of".to_owned(),
        () => "more than 1.8e308".to_owned(),
    }
}

impl Quantity {
    /// A pure number without an interval.
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        let missing = match () {
            () if value.is_finite() => None,
            () if value.is_nan() => Some("it is not defined for these numbers"),
            () => Some("it is beyond the largest number of f64, 1.8e308"),
        };
        Self { name: name.into(), value: value.is_finite().then_some(value), interval: None, unit: "", missing }
    }

    /// With an interval.
    pub fn estimate(name: impl Into<String>, estimate: Estimate) -> Self {
        Self::new(name, estimate.value).between(estimate.lower, estimate.upper)
    }

    /// With an interval between these ends, if both are finite.
    #[must_use]
    pub fn between(self, lower: f64, upper: f64) -> Self {
        let is_finite = lower.is_finite() && upper.is_finite();
        Self { interval: is_finite.then_some((lower, upper)), ..self }
    }

    /// Without a value, for this reason.
    pub fn missing(name: impl Into<String>, why: &'static str) -> Self {
        Self { missing: Some(why), ..Self::new(name, f64::NAN) }
    }

    /// In this unit.
    #[must_use]
    pub fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Its name in records.
    pub key: &'static str,
    /// Where it belongs.
    pub topic: Topic,
    /// What was found, in a sentence or two.
    pub finding: String,
    /// The numbers behind it.
    pub quantities: Vec<Quantity>,
    /// The id of the statement that it rests on; `None` where nothing but counting is behind it.
    pub statement: Option<&'static str>,
    /// The formula.
    pub formula: &'static str,
    /// On which conditions it holds.
    pub conditions: String,
    /// How far it can be trusted.
    pub worth: Worth,
    /// Why.
    pub why: String,
    /// What was not told, and would give an answer or a better one.
    pub needs: Vec<Need>,
}

impl Answer {
    /// An answer that is measured: what was found.
    pub fn measured(key: &'static str, topic: Topic, finding: impl Into<String>) -> Self {
        Self {
            key,
            topic,
            finding: finding.into(),
            quantities: Vec::new(),
            statement: None,
            formula: "",
            conditions: String::new(),
            worth: Worth::Measured,
            why: String::new(),
            needs: Vec::new(),
        }
    }

    /// A question without an answer: why, and what to do about it.
    pub fn none(key: &'static str, topic: Topic, why: impl Into<String>) -> Self {
        Self { worth: Worth::Unanswered, ..Self::measured(key, topic, why) }
    }

    /// With numbers.
    #[must_use]
    pub fn with(mut self, quantities: impl IntoIterator<Item = Quantity>) -> Self {
        self.quantities.extend(quantities);
        self
    }

    /// With the statement that it rests on.
    #[must_use]
    pub fn rests_on(self, statement: &'static str, formula: &'static str) -> Self {
        Self { statement: Some(statement), formula, ..self }
    }

    /// With conditions.
    #[must_use]
    pub fn on(self, conditions: impl Into<String>) -> Self {
        Self { conditions: conditions.into(), ..self }
    }

    /// With what was not told.
    #[must_use]
    pub fn needs(mut self, needs: impl IntoIterator<Item = Need>) -> Self {
        self.needs.extend(needs);
        self
    }

    /// With its worth, and why.
    #[must_use]
    pub fn worth(self, worth: Worth, why: impl Into<String>) -> Self {
        Self { worth, why: why.into(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn what_is_no_number_is_told_in_words() {
        let told = [1.5, f64::NAN, f64::INFINITY].map(told);
        assert_eq!(told, ["1.5", "an unknown number of", "more than 1.8e308"]);
    }
}
