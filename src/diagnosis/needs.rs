//! What a diagnosis was not told, and how its answers name it.

use serde::Serialize;

/// Something that would have to be known for an answer, or for a better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Need {
    /// [`super::Subject::positives`].
    Positives,
    /// A second one in [`super::Subject::checkpoints`].
    SecondCheckpoint,
    /// [`super::Options::steps_between`].
    StepsBetween,
    /// [`super::Options::learning_rate`].
    LearningRate,
    /// [`super::Options::rule`].
    Rule,
    /// [`super::Options::parameters`].
    Parameters,
    /// [`super::Options::network`].
    Network,
    /// Two checkpoints between which embeddings turn, or a rule that L8 speaks of.
    Turns,
}

/// How answers name what they were not told: by the fields of this library, or by the names that a program has for its own
/// options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// [`super::Subject::positives`].
    pub positives: &'static str,
    /// [`super::Options::steps_between`].
    pub steps_between: &'static str,
    /// [`super::Options::learning_rate`].
    pub learning_rate: &'static str,
    /// [`super::Options::rule`].
    pub rule: &'static str,
    /// [`super::Parameters::Free`].
    pub free: &'static str,
    /// [`super::Options::network`].
    pub network: &'static str,
    /// [`super::Options::is_under_way`].
    pub is_under_way: &'static str,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            positives: "Subject::positives",
            steps_between: "Options::steps_between",
            learning_rate: "Options::learning_rate",
            rule: "Options::rule",
            free: "Parameters::Free",
            network: "Options::network",
            is_under_way: "Options::is_under_way",
        }
    }
}

impl Need {
    /// What it is, with its name where it is an option.
    pub(super) fn words(self, names: &Names) -> String {
        match self {
            Self::Positives => format!("the positives of the first checkpoint: {}", names.positives),
            Self::SecondCheckpoint => "a second checkpoint, one step or a few after the first".to_owned(),
            Self::StepsBetween => {
                format!("the number of steps between the first two checkpoints: {}", names.steps_between)
            }
            Self::LearningRate => format!("the learning rate: {}", names.learning_rate),
            Self::Rule => format!("the optimizer: {}", names.rule),
            Self::Parameters => format!("what is trained: {} for a table of embeddings", names.free),
            Self::Network => format!("the kind of network: {}", names.network),
            Self::Turns => {
                "two checkpoints between which embeddings turned, or an optimizer that L8 speaks of".to_owned()
            }
        }
    }

    /// Several in words.
    pub(super) fn list(needs: &[Self], names: &Names) -> String {
        needs.iter().map(|need| need.words(names)).collect::<Vec<_>>().join("; ")
    }
}
