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
    ("gradient-descent", "biases", [Right, Failed, Failed, Right]),
    ("heavy-ball", "no-biases", [Right, Failed, Right, Right]),
    ("heavy-ball", "batch-norm", [Right, NotTried, Right, Right]),
    ("heavy-ball", "biases", [Failed, Failed, Failed, Failed]),
    ("adamw", "no-biases", [Right, Failed, Right, NotTried]),
    ("adamw", "batch-norm", [Right, NotTried, Right, NotTried]),
    ("adamw", "biases", [Right, Failed, Right, NotTried]),
    ("lars", "no-biases", [Right, Failed, NotTried, NotTried]),
    ("lars", "batch-norm", [Right, Right, NotTried, NotTried]),
    ("lars", "biases", [Right, Right, NotTried, NotTried]),
];

/// x\*, the best step over that of a free pair, in lasting steps: at which networks of the simulation `one-step-rate` were
/// trained fastest under a rule of the catalogue, with batch normalization or without it (statement S9).
///
/// Rounded geometric means over the cells of seeds 2, 4 and 6, of which no result is reported. `None` for another rule.
///
/// ```
/// use embedding_norms::diagnosis::best_step;
/// assert_eq!(best_step("adamw", false), Some(4.0));
/// assert_eq!(best_step("lion", false), None);
/// ```
pub fn best_step(rule: &str, has_batch_norm: bool) -> Option<f64> {
    let (_, steps) = BEST_STEPS.into_iter().find(|(name, _)| *name == rule)?;
    Some(steps[usize::from(has_batch_norm)])
}

/// x\* of each rule without batch normalization and with it.
const BEST_STEPS: [(&str, [f64; 2]); 4] =
    [("gradient-descent", [2.5, 12.0]), ("heavy-ball", [25.0, 40.0]), ("adamw", [4.0, 4.0]), ("lars", [8.0, 8.0])];

/// How far below x\* a diagnosis stays. Losses are flat below the best rate and steep above it, and x\* is known within a factor of
/// three: at a third of it trainings were nearly as fast, and seldom slower than before.
const CAUTION: f64 = 3.0;

/// Bounds on the step to aim at where x\* is not known: a third of all that the simulation found.
fn unknown() -> (f64, f64) {
    let steps = BEST_STEPS.into_iter().flat_map(|(_, steps)| steps);
    let (least, most) = steps.fold((f64::INFINITY, 0.0_f64), |(least, most), step| (least.min(step), most.max(step)));
    (least / CAUTION, most / CAUTION)
}

/// Bounds on the step to aim at over that of a free pair, in lasting steps, for an optimizer and a kind of network: x\*/3 for
/// those that the simulation tells, else a third of all x\* that it found.
///
/// ```
/// use embedding_norms::diagnosis::{Network, UpdateRule, aims};
/// use embedding_norms::optimizer::Parameters;
/// let rule = UpdateRule::named("heavy-ball", &Parameters::defaults(), false)?;
/// assert_eq!(aims(Some(&rule), Network::named("biases").as_ref()), (25.0 / 3.0, 25.0 / 3.0));
/// assert_eq!(aims(Some(&rule), None), (2.5 / 3.0, 40.0 / 3.0));
/// # Ok::<(), embedding_norms::optimizer::CatalogueError>(())
/// ```
pub fn aims(rule: Option<&UpdateRule>, network: Option<&Network>) -> (f64, f64) {
    let (Some(rule), Some(network)) = (rule, network) else { return unknown() };
    let has_batch_norm = match network.name() {
        // The simulation refuses: its number advises less than half of what was best there.
        "biases" if rule.name == "lars" => return unknown(),
        "no-biases" | "biases" => false,
        "batch-norm" | "residual-batch-norm" => true,
        _ => return unknown(),
    };
    best_step(rule.name, has_batch_norm).map_or_else(unknown, |best| (best / CAUTION, best / CAUTION))
}

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
