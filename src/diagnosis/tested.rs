//! For which optimizers and kinds of networks the criterion has been held against trainings (`docs/diagnosing.md`).
//!
//! The table below is that of the page: the test `diagnosis_predicts` computes it from the trial and compares.

use super::network::Network;
use super::options::UpdateRule;

/// What can be done to a training so that its steps become longer or shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lever {
    /// A larger learning rate, where steps are too short.
    LargerRate,
    /// A smaller one, where they are too long.
    SmallerRate,
    /// All parameters divided by a factor; in a network that is not scale-free, by layer.
    Cut,
    /// Gradients multiplied by ‖z‖, where steps are too short.
    GradScale,
}

/// What the trial says of a lever under an optimizer, for a kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trial {
    /// At least four of five clear predictions had the right sign, on every data set of the trial.
    Right,
    /// Fewer had: there is no advice.
    Failed,
    /// Not tried, or too few clear predictions to tell.
    NotTried,
}

use Trial::{Failed, NotTried, Right};

/// What the trial says: optimizer, kind of network, and for a larger rate, a smaller one, a cut and GradScale.
const TRIED: [(&str, &str, [Trial; 4]); 12] = [
    ("gradient-descent", "no-biases", [Right, Failed, Right, Right]),
    ("gradient-descent", "batch-norm", [Right, NotTried, Right, Right]),
    ("gradient-descent", "biases", [Failed, Failed, Failed, Failed]),
    ("heavy-ball", "no-biases", [Right, Right, Right, Right]),
    ("heavy-ball", "batch-norm", [Right, NotTried, Right, Right]),
    ("heavy-ball", "biases", [Failed, Failed, Failed, Right]),
    ("adamw", "no-biases", [Right, Right, Right, NotTried]),
    ("adamw", "batch-norm", [Right, NotTried, Right, NotTried]),
    ("adamw", "biases", [Right, Right, Right, NotTried]),
    ("lars", "no-biases", [Right, Right, NotTried, NotTried]),
    ("lars", "batch-norm", [Right, NotTried, NotTried, NotTried]),
    ("lars", "biases", [Right, Right, NotTried, NotTried]),
];

/// What the trial says of the intervals of a predicted alignment curve: optimizer and kind of network.
const FORECAST: [(&str, &str, Trial); 6] = [
    ("gradient-descent", "batch-norm", Right),
    ("heavy-ball", "batch-norm", Right),
    ("adamw", "batch-norm", Right),
    ("lars", "no-biases", Right),
    ("lars", "batch-norm", Failed),
    ("lars", "biases", Right),
];

/// What the trial says of the intervals in which the rest of an alignment curve is predicted to lie; not tried where the
/// optimizer or the network is not known.
pub fn forecast_trial(rule: Option<&UpdateRule>, network: Option<&Network>) -> Trial {
    let (Some(rule), Some(network)) = (rule, network) else { return NotTried };
    let found = FORECAST.iter().find(|(name, kind, _)| *name == rule.name && *kind == network.name());
    found.map_or(NotTried, |(_, _, trial)| *trial)
}

/// What the trial says of a lever; not tried where the optimizer or the network is not known.
///
/// ```
/// use embedding_norms::diagnosis::{Lever, Network, Trial, UpdateRule, trial};
/// use embedding_norms::optimizer::Parameters;
/// let lion = UpdateRule::named("lion", &Parameters::defaults(), false)?;
/// assert_eq!(trial(Some(&lion), Network::named("biases").as_ref(), Lever::LargerRate), Trial::NotTried);
/// # Ok::<(), embedding_norms::optimizer::CatalogueError>(())
/// ```
pub fn trial(rule: Option<&UpdateRule>, network: Option<&Network>, lever: Lever) -> Trial {
    let (Some(rule), Some(network)) = (rule, network) else { return NotTried };
    let found = TRIED.iter().find(|(name, kind, _)| *name == rule.name && *kind == network.name());
    found.map_or(NotTried, |(_, _, levers)| match lever {
        Lever::LargerRate => levers[0],
        Lever::SmallerRate => levers[1],
        Lever::Cut => levers[2],
        Lever::GradScale => levers[3],
    })
}
