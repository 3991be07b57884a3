//! Settings of the argument parser beside the options, and the messages for what it refuses.

use clap::builder::{StyledStr, ValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use embedding_norms::catalogue::plain;

use crate::cli::failure::Failure;

/// Lets options of numbers, in the command and its subcommands, take a negative number as their value, so that the
/// check of its domain sees it: -1, -1e-3, -inf, and lists such as -1,2.
pub fn taking_negative_numbers(command: Command) -> Command {
    command
        .mut_args(|argument| if is_numeric(&argument) { argument.allow_hyphen_values(true) } else { argument })
        .mut_subcommands(taking_negative_numbers)
}

/// Whether an option takes numbers: a value that is neither text, nor a path, nor one of a few words.
pub fn is_numeric(argument: &Arg) -> bool {
    let other = [ValueParser::string().type_id(), ValueParser::path_buf().type_id()];
    argument.get_action().takes_values()
        && !argument.is_positional()
        && argument.get_possible_values().is_empty()
        && !other.contains(&argument.get_value_parser().type_id())
}

/// Options under the names that other programs have for them, without case and punctuation.
const OTHER_NAMES: [(&str, &[&str]); 15] = [
    ("learning-rate", &["lr", "gamma", "eta", "rate", "stepsize"]),
    ("mean-learning-rate", &["lr", "eta"]),
    ("temperature", &["tau", "temp", "t"]),
    ("weight-decay", &["wd", "lambda", "decay", "l2"]),
    ("norm", &["rho", "radius", "norms", "length"]),
    ("norms", &["rho", "radius", "norm", "lengths"]),
    ("tolerance", &["eps", "epsilon", "tol"]),
    ("angle", &["phi", "theta"]),
    ("optimizer", &["opt", "optim", "optimiser"]),
    ("loss", &["criterion", "objective", "lossname"]),
    ("out", &["o", "output", "outdir", "outputdir", "savedir", "dir"]),
    ("threads", &["j", "jobs", "workers", "numworkers", "nthreads"]),
    ("replicates", &["n", "reps", "repeats", "repetitions", "runs", "seeds"]),
    ("max-steps", &["steps", "iterations", "iters", "epochs"]),
    ("quiet", &["q", "silent"]),
];

/// Settings of optimizers, which `--set` takes.
const SETTINGS: [&str; 8] = ["momentum", "beta", "beta1", "beta2", "epsilon", "eps", "trust", "alpha"];

/// The parser's error with a suggestion, in the wording that all commands share.
pub fn explained(mut error: clap::Error, command: &Command) -> Failure {
    let text = |error: &clap::Error, kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let meant = match (error.kind(), text(&error, ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(option)) => other_name(&option, command),
        _ => None,
    };
    let own = [ContextKind::SuggestedArg, ContextKind::SuggestedValue, ContextKind::SuggestedSubcommand]
        .into_iter()
        .find_map(|kind| {
            let name = text(&error, kind)?;
            error.remove(kind);
            Some(format!("did you mean '{name}'?"))
        });
    if let Some(tip) = meant.or(own) {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    Failure::Usage(error)
}

/// The option of a command that another program's option stands for.
pub fn other_name(option: &str, command: &Command) -> Option<String> {
    let shown = |argument: &&Arg| !argument.is_hide_set();
    let has = |name: &str| command.get_arguments().filter(shown).any(|argument| argument.get_long() == Some(name));
    let wanted = plain(option.split('=').next().unwrap_or(option));
    let all = OTHER_NAMES.iter().filter(|(name, others)| has(name) && others.contains(&wanted.as_str()));
    let names: Vec<String> = all.map(|(name, _)| format!("'--{name}'")).collect();
    if !names.is_empty() {
        return Some(format!("did you mean {}?", names.join(" or ")));
    }
    (has("set") && SETTINGS.contains(&wanted.as_str())).then(|| format!("did you mean '--set {wanted}=…'?"))
}
