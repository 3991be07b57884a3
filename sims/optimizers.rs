//! `embedding-norms optimizers`: the update rules that there are, with their degrees.

use std::process::ExitCode;

use clap::Command;
use embedding_norms::optimizer::{Entry, Parameter, Parameters, catalogue, entry};
use embedding_norms::theory::scaling::{degree, norm_exponent};

use crate::config::suggestion;
use crate::failure::Failure;

/// The command.
pub fn command() -> Command {
    Command::new("optimizers")
        .about("List the optimizers with formula, source, settings and degrees")
        .after_help("Example:\n  embedding-norms optimizers")
}

/// The optimizer of this name, or a suggestion.
pub fn find(name: &str) -> Result<&'static Entry, Failure> {
    entry(name).map_err(|_| {
        let advice = match name.to_lowercase().as_str() {
            // Nearer in letters to another rule, SGDP.
            "sgd" => "; PyTorch's SGD is gradient-descent, with momentum heavy-ball or nesterov".to_owned(),
            _ => suggestion(name, catalogue().iter().map(|entry| entry.name)),
        };
        Failure::Refused(format!("there is no optimizer '{name}'{advice}"))
    })
}

/// Settings that are options of the command itself.
const OPTIONS: [&str; 4] = ["learning-rate", "weight-decay", "grad-scale", "temperature"];

/// The settings NAME=VALUE of an optimizer; an unknown name is refused with a suggestion, two values of one too.
pub fn settings(entry: &Entry, given: &[(String, f64)]) -> Result<Parameters, Failure> {
    let names = || entry.parameters.iter().map(|parameter| parameter.name);
    if let Some((unknown, _)) = given.iter().find(|(name, _)| names().all(|known| known != name)) {
        let advice = match () {
            () if OPTIONS.contains(&unknown.as_str()) => format!("; it is an option of its own, --{unknown}"),
            () if entry.parameters.is_empty() => String::new(),
            () => suggestion(unknown, names()),
        };
        return Err(Failure::Refused(format!("{} has no setting '{unknown}'{advice}", entry.name)));
    }
    for (place, (name, value)) in given.iter().enumerate() {
        if let Some((_, before)) = given[..place].iter().find(|(other, before)| other == name && before != value) {
            return Err(Failure::Refused(format!("--set {name}={before} and --set {name}={value}: give one of them")));
        }
    }
    Ok(given.iter().fold(Parameters::defaults(), |settings, (name, value)| settings.with(name, *value)))
}

/// An optimizer with its settings, and the one place in which weights decay.
pub struct Method {
    /// The rule.
    pub entry: &'static Entry,
    /// Its settings, the strength of a decay inside it among them.
    pub parameters: Parameters,
    /// The strength of a decay that was asked for, inside the rule or beside it.
    pub decay: Option<f64>,
    /// The strength of a decay beside the rule.
    pub beside: Option<f64>,
}

/// The optimizer of this name. A rule with a weight decay of its own takes `--weight-decay` as its strength, so that
/// weights decay once.
pub fn method(name: &str, set: &[(String, f64)], weight_decay: Option<f64>, coupled: bool) -> Result<Method, Failure> {
    const DECAY: &str = "weight-decay";
    let entry = find(name).map_err(|failure| failure.at("--optimizer"))?;
    let parameters = settings(entry, set).map_err(|failure| failure.at("--set"))?;
    if entry.parameters.iter().all(|parameter| parameter.name != DECAY) {
        return Ok(Method { entry, parameters, decay: weight_decay, beside: weight_decay });
    }
    if coupled {
        return Err(Failure::Refused(format!(
            "--coupled: {name} has a weight decay of its own, inside the rule; leave --coupled out, or take adam or \
             heavy-ball, to whose gradients decay can be added"
        )));
    }
    let in_set = set.iter().find(|(name, _)| name == DECAY).map(|(_, value)| *value);
    match (weight_decay, in_set) {
        (Some(option), Some(setting)) if option != setting => Err(Failure::Refused(format!(
            "--weight-decay {option} and --set {DECAY}={setting}: {name} has one weight decay, its own; give one of them"
        ))),
        (Some(strength), _) => {
            let parameters = parameters.with(DECAY, strength);
            Ok(Method { entry, parameters, decay: weight_decay, beside: None })
        }
        (None, _) => Ok(Method { entry, parameters, decay: in_set, beside: None }),
    }
}

/// Prints the list.
pub fn run() -> Result<ExitCode, Failure> {
    for entry in catalogue() {
        let (degrees, time_exponent) = (entry.degrees(), entry.with_defaults().time_exponent());
        let h = degree(degrees.parameters, degrees.gradients, 0.0);
        say!("{:<20} {}", entry.name, entry.formula);
        let (r, q, k) = (degrees.parameters, degrees.gradients, norm_exponent(h, time_exponent));
        say!("{:20}   h = {h}, k = {k}   (r = {r}, q = {q})", "");
        if !entry.parameters.is_empty() {
            say!("{:20}   settings: {}", "", entry.parameters.iter().map(setting).collect::<Vec<_>>().join(", "));
        }
        say!("{:20}   {}", "", entry.source);
    }
    say!(
        "\nThe same directions follow from (c z, c^h γ) as from (z, γ); steps grow as ρ^k at a fixed learning rate (L6).\n\
         r and q are the degrees of the update in parameters and gradients; h = 1 − r + q(1 − p) under GradScale with \
         power p.\nA prediction:  embedding-norms predict --norm 8 --optimizer adam"
    );
    Ok(ExitCode::SUCCESS)
}

fn setting(parameter: &Parameter) -> String {
    format!("{} {} = {}", parameter.name, parameter.symbol, parameter.default)
}
