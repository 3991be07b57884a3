//! `embedding-norms optimizers`: the update rules with their degrees, and how known implementations differ.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use embedding_norms::optimizer::{self, Entry, Parameters};
use embedding_norms::theory::scaling::{degree, norm_exponent};
use serde::Serialize;

use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::known::{self, Implementation, Taken};
use crate::cli::suggestion::closest;
use crate::cli::wrapping::{labelled, width, wrapped};

/// The command.
pub fn command() -> Command {
    Command::new("optimizers")
        .about("List the optimizers with formula, source, settings, degrees, and known implementations")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the list as one JSON object"))
        .after_help(
            "Names are taken as people write them: AdamW, adam_w, SGD, momentum.\n\n\
             Examples:\n  embedding-norms optimizers\n  embedding-norms optimizers --json",
        )
}

/// Settings that are options of the command itself.
const OPTIONS: [&str; 4] = ["learning-rate", "weight-decay", "grad-scale", "temperature"];

/// The settings NAME=VALUE of an optimizer; an unknown name is refused with a suggestion, two values of one too.
pub fn settings(entry: &Entry, given: &[(String, f64)]) -> Result<Parameters, Failure> {
    let names = || entry.parameters.iter().map(|parameter| parameter.name);
    if let Some((unknown, _)) = given.iter().find(|(name, _)| names().all(|known| known != name)) {
        return Err(Failure::Refused(format!(
            "{} has no setting '{unknown}'{}",
            entry.name,
            other_setting(entry, unknown)
        )));
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
    /// How its name was interpreted, if it is ambiguous.
    pub note: Option<String>,
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
    let Taken { entry, note } = known::optimizer(name).map_err(|failure| failure.at("--optimizer"))?;
    let name = entry.name;
    let parameters = settings(entry, set).map_err(|failure| failure.at("--set"))?;
    if entry.parameters.iter().all(|parameter| parameter.name != DECAY) {
        return Ok(Method { entry, note, parameters, decay: weight_decay, beside: weight_decay });
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
            Ok(Method { entry, note, parameters, decay: weight_decay, beside: None })
        }
        (None, _) => Ok(Method { entry, note, parameters, decay: in_set, beside: None }),
    }
}

/// What to set instead of a setting that a rule does not have: one of its own, or a rule that has it.
fn other_setting(entry: &Entry, unknown: &str) -> String {
    if OPTIONS.contains(&unknown) {
        return format!("; it is an option of its own, --{unknown}");
    }
    let own = || entry.parameters.iter().map(|parameter| parameter.name);
    if let Some(name) = closest(unknown, own()) {
        return format!("; did you mean '{name}'?");
    }
    let has = |other: &&Entry| other.parameters.iter().any(|parameter| parameter.name == unknown);
    let others: Vec<&str> = optimizer::catalogue().iter().filter(has).map(|other| other.name).collect();
    match (others.as_slice(), entry.parameters.is_empty()) {
        ([], true) => "; it has none".to_owned(),
        ([], false) => format!("; there are {}", own().collect::<Vec<_>>().join(", ")),
        ([one], _) => format!("; {one} has it"),
        (several, _) => format!("; these have it: {}", several.join(", ")),
    }
}

/// The list as JSON has it.
#[derive(Serialize)]
pub struct List {
    optimizers: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    aliases: Vec<&'static str>,
    formula: &'static str,
    degree_h: f64,
    norm_exponent_k: f64,
    degree_r: f64,
    degree_q: f64,
    settings: Vec<Setting>,
    source: &'static str,
    implementations: Vec<Implementation>,
}

#[derive(Serialize)]
struct Setting {
    name: &'static str,
    symbol: &'static str,
    default: f64,
    domain: &'static str,
}

impl Listed {
    fn of(entry: &Entry) -> Self {
        let (degrees, time_exponent) = (entry.degrees(), entry.with_defaults().time_exponent());
        let h = degree(degrees.parameters, degrees.gradients, 0.0);
        let setting = |parameter: &optimizer::Parameter| {
            let optimizer::Parameter { name, symbol, default, domain } = *parameter;
            Setting { name, symbol, default, domain }
        };
        Self {
            name: entry.name,
            aliases: entry.known.aliases.iter().map(|alias| alias.name).collect(),
            formula: entry.formula,
            degree_h: h,
            norm_exponent_k: norm_exponent(h, time_exponent),
            degree_r: degrees.parameters,
            degree_q: degrees.gradients,
            settings: entry.parameters.iter().map(setting).collect(),
            source: entry.source,
            implementations: Implementation::all(&entry.known),
        }
    }

    fn text(&self, width: usize) -> String {
        let Self { degree_h: h, norm_exponent_k: k, degree_r: r, degree_q: q, .. } = self;
        let mut text = format!("{}\n{}", self.name, wrapped(self.formula, "    ", "      ", width));
        let mut line = |label: &str, content: &str| text += &labelled(&format!("    {label}"), 14, content, width);
        line("degrees", &format!("h = {h}, k = {k} (r = {r}, q = {q})"));
        if !self.settings.is_empty() {
            let setting = |setting: &Setting| format!("{} {} = {}", setting.name, setting.symbol, setting.default);
            line("settings", &self.settings.iter().map(setting).collect::<Vec<_>>().join(", "));
        }
        line("source", self.source);
        if !self.aliases.is_empty() {
            text += &wrapped(&self.aliases.join(", "), "    also ", "      ", width);
        }
        text + &Implementation::text(&self.implementations, width)
    }
}

const CLOSING: [&str; 3] = [
    "The same directions follow from (c z, c^h γ) as from (z, γ); steps grow as ρ^k at a fixed learning rate (L6).",
    "r and q are the degrees of the update in parameters and gradients; h = 1 − r + q(1 − p) under GradScale with power p.",
    "A prediction:  embedding-norms predict --norm 8 --optimizer adam",
];

/// The list.
pub fn list() -> List {
    List { optimizers: optimizer::catalogue().iter().map(Listed::of).collect() }
}

/// Prints the list.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let list = list();
    if matches.get_flag("json") {
        envelope::print("optimizers", &list)?;
    } else {
        let width = width();
        let all: Vec<String> = list.optimizers.iter().map(|listed| listed.text(width)).collect();
        let closing: String = CLOSING.iter().map(|sentence| wrapped(sentence, "", "  ", width)).collect();
        say!("{}\n{}", all.join("\n"), closing.trim_end());
    }
    Ok(ExitCode::SUCCESS)
}
