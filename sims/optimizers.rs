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

/// The settings NAME=VALUE of an optimizer; an unknown name is refused with a suggestion.
pub fn settings(entry: &Entry, given: &[(String, f64)]) -> Result<Parameters, Failure> {
    let names = || entry.parameters.iter().map(|parameter| parameter.name);
    if let Some((unknown, _)) = given.iter().find(|(name, _)| names().all(|known| known != name)) {
        let advice = if entry.parameters.is_empty() { String::new() } else { suggestion(unknown, names()) };
        return Err(Failure::Refused(format!("{} has no setting '{unknown}'{advice}", entry.name)));
    }
    Ok(given.iter().fold(Parameters::defaults(), |settings, (name, value)| settings.with(name, *value)))
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
