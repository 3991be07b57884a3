//! What the argument parser is told beside the options, and what is said where it refuses.

use std::path::PathBuf;

use clap::builder::{StyledStr, ValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use embedding_norms::catalogue::plain;

use crate::cli::elsewhere::stands_for;
use crate::cli::failure::Failure;
use crate::cli::suggestion::suggestion;

/// The command, with its subcommands, so that a negative number after an option of numbers is its value, and reaches the
/// check of its domain: -1, -1e-3, -inf, and lists such as -1,2.
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

/// What the parser refuses, with what was probably meant, in the words that all commands have for it.
pub fn explained(mut error: clap::Error, command: &Command) -> Failure {
    let text = |error: &clap::Error, kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    if let (ErrorKind::InvalidSubcommand, Some(name)) = (error.kind(), text(&error, ContextKind::InvalidSubcommand)) {
        return Failure::Refused(format!("there is no command '{name}'; {}", no_command(&name, command)));
    }
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
fn other_name(option: &str, command: &Command) -> Option<String> {
    let has = |name: &str| command.get_arguments().any(|argument| argument.get_long() == Some(name));
    let wanted = plain(option.split('=').next().unwrap_or(option));
    let all = OTHER_NAMES.iter().filter(|(name, others)| has(name) && others.contains(&wanted.as_str()));
    let names: Vec<String> = all.map(|(name, _)| format!("'--{name}'")).collect();
    if !names.is_empty() {
        return Some(format!("did you mean {}?", names.join(" or ")));
    }
    (has("set") && SETTINGS.contains(&wanted.as_str())).then(|| format!("did you mean '--set {wanted}=…'?"))
}

/// What to write in the place of a command that does not exist.
fn no_command(name: &str, command: &Command) -> String {
    if let Some(what) = stands_for(name) {
        return what;
    }
    if PathBuf::from(name).is_file() {
        return format!("to diagnose a file of embeddings: embedding-norms diagnose {name}");
    }
    suggestion(name, command.get_subcommands().map(Command::get_name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulations::registry;

    /// Every option of numbers in every command, with its command.
    fn numeric() -> Vec<(Command, String)> {
        let root = registry::command();
        let mut commands: Vec<Command> = root.get_subcommands().cloned().collect();
        commands.push(root);
        let options = |command: Command| {
            let longs: Vec<String> = command
                .get_arguments()
                .filter(|it| is_numeric(it))
                .filter_map(|it| it.get_long().map(str::to_owned))
                .collect();
            longs.into_iter().map(move |long| (command.clone(), long))
        };
        commands.into_iter().flat_map(options).collect()
    }

    #[test]
    fn negative_numbers_reach_the_check_of_every_option() {
        let all = numeric();
        assert!(all.len() > 200, "{} options", all.len());
        for (command, option) in all {
            for value in ["-1", "-1e-3", "-.5", "-inf", "-1,2", "-1/2"] {
                let line = ["x".to_owned(), format!("--{option}"), value.to_owned()];
                let Err(error) = command.clone().try_get_matches_from(line) else { continue };
                let place = format!("{} --{option} {value}: {error}", command.get_name());
                match error.kind() {
                    ErrorKind::MissingRequiredArgument => {}
                    ErrorKind::ValueValidation => {
                        assert!(error.to_string().contains(&format!("--{option}")), "{place}");
                        let says = error.to_string();
                        let is_bare =
                            ["invalid digit", "invalid float", "number would be"].iter().any(|it| says.contains(it));
                        assert!(!is_bare, "says nothing of the domain: {place}");
                    }
                    _ => panic!("not taken as a value: {place}"),
                }
            }
        }
    }

    #[test]
    fn names_of_other_programs_lead_to_an_option() {
        let root = registry::command();
        let tip = |command: &str, option: &str| other_name(option, root.find_subcommand(command).unwrap());
        assert_eq!(tip("predict", "--lr=0.1"), Some("did you mean '--learning-rate'?".to_owned()));
        assert_eq!(tip("simulate", "--momentum"), Some("did you mean '--set momentum=…'?".to_owned()));
        assert_eq!(tip("gradient", "--tau"), Some("did you mean '--temperature'?".to_owned()));
        assert_eq!(tip("gradient", "--lr"), None);
    }
}
