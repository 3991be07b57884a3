//! The whole command line, and which code runs for it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command, FromArgMatches};

use crate::cli::arguments::{self, Common};
use crate::cli::config;
use crate::cli::earlier;
use crate::cli::failure::Failure;
use crate::cli::instructions;
use crate::cli::interrupt;
use crate::cli::rates;
use crate::cli::usage;
use crate::commands::all;
use crate::commands::completions;
use crate::commands::diagnose;
use crate::commands::elsewhere;
use crate::commands::explain;
use crate::commands::explore;
use crate::commands::gradient;
use crate::commands::list;
use crate::commands::losses;
use crate::commands::merge;
use crate::commands::optimizers;
use crate::commands::predict;
use crate::commands::redraw;
use crate::commands::report;
use crate::commands::simulate;
use crate::simulations::registry::{Entry, SIMULATIONS, find};

const EXAMPLES: &str = "\
Examples:
  embedding-norms all                             every simulation, with a report, into plots/
  embedding-norms all --quick --out results       the same in seconds, at small settings
  embedding-norms norm-effect --norms 0.5,1,2,4   one simulation at settings of your own, into results/
  embedding-norms predict --norm 8                the closed forms' answer
  embedding-norms explain L2                      a statement: formula, proof, test, figure

--learning-rate is γ per embedding. Simulations that train encoders have --mean-learning-rate, a framework's rate η on
the mean over a batch of n embeddings: γ = η/n.
Exit status: 0 every claim of ours came out as stated, 1 one did not, 2 wrong usage or input, 130 interrupted,
143 terminated; after the last two the same command goes on where it stopped.

In the environment: SLURM_ARRAY_TASK_ID and its kin, SLURM_CPUS_PER_TASK (docs/cluster.md);
EMBEDDING_NORMS_INSTRUCTIONS, the vector instructions to use: scalar, x86-v3 or x86-v4, with the same results.";

/// The whole command line.
pub fn command() -> Command {
    let simulations = SIMULATIONS.iter().map(|entry| entry.command());
    let tools = [
        all::command(),
        list::command(),
        losses::command(),
        optimizers::command(),
        predict::command(),
        gradient::command(),
        simulate::command(),
        diagnose::command(),
        explain::command(),
        explore::command(),
        redraw::command(),
        report::command(),
        merge::command(),
        completions::command(),
    ];
    let command = Command::new("embedding-norms")
        .version(env!("CARGO_PKG_VERSION"))
        .about(all::ABOUT)
        .after_help(EXAMPLES)
        .subcommands(simulations)
        .subcommands(tools);
    usage::taking_negative_numbers(command)
}

/// Runs what the arguments ask for and returns the exit status.
pub fn dispatch(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    interrupt::install()?;
    let mut whole = command();
    all::refuse_options_without_command(&arguments, &mut whole)?;
    let reading = whole.clone().mut_subcommands(rates::with_the_other);
    let matches = reading.try_get_matches_from(&arguments).map_err(|error| explained(error, &arguments, &whole))?;
    instructions::install()?;
    if let Some((name, matches)) = matches.subcommand().filter(|(name, _)| find(name).is_none()) {
        rates::refuse_the_other(name, matches, &rates::Averages::new())?;
    }
    match matches.subcommand() {
        None => Ok(all::first_things_to_do()),
        Some(("all", matches)) => {
            run_some(SIMULATIONS, &common(matches)?, arguments.get(2..).unwrap_or_default(), "plots")
        }
        Some(("list", matches)) => list::run(matches),
        Some(("losses", matches)) => losses::run(matches),
        Some(("optimizers", matches)) => optimizers::run(matches),
        Some(("predict", matches)) => predict::run(matches),
        Some(("gradient", matches)) => gradient::run(matches),
        Some(("simulate", matches)) => simulate::run(matches),
        Some(("diagnose", matches)) => diagnose::run(matches),
        Some(("explain", matches)) => explain::run(matches, &whole),
        Some(("explore", matches)) => explore::run(matches),
        Some(("redraw", matches)) => redraw::run(matches),
        Some(("report", matches)) => report::run(matches),
        Some(("merge", matches)) => merge::run(matches),
        Some(("completions", matches)) => completions::run(matches, &mut whole),
        Some((name, matches)) => {
            let entry = find(name).ok_or_else(|| Failure::Refused(format!("there is no simulation '{name}'")))?;
            run_some(&[entry], &common(matches)?, arguments.get(2..).unwrap_or_default(), "results")
        }
    }
}

/// Errors of the parser: a command that does not exist, or wrong arguments of one that does.
fn explained(error: clap::Error, arguments: &[OsString], whole: &Command) -> Failure {
    if let (ErrorKind::InvalidSubcommand, Some(ContextValue::String(name))) =
        (error.kind(), error.get(ContextKind::InvalidSubcommand))
    {
        return Failure::Refused(format!("there is no command '{name}'; {}", elsewhere::no_command(name, whole)));
    }
    let written = arguments.get(1).and_then(|name| name.to_str());
    usage::explained(error, written.and_then(|name| whole.find_subcommand(name)).unwrap_or(whole))
}

fn common(matches: &ArgMatches) -> Result<Common, Failure> {
    Common::from_arg_matches(matches).map_err(Failure::Usage)
}

/// Runs simulations one after another, and reports their results.
fn run_some(
    entries: &[&dyn Entry],
    shared: &Common,
    written: &[OsString],
    default_folder: &str,
) -> Result<ExitCode, Failure> {
    let folder = shared.out.clone().unwrap_or_else(|| PathBuf::from(default_folder));
    // All settings are read before the first simulation starts.
    let matches = entries.iter().map(|entry| settings(*entry, shared, written)).collect::<Result<Vec<_>, _>>()?;
    arguments::settle(&matches.iter().map(common).collect::<Result<Vec<_>, _>>()?)?;
    let conflicts = entries
        .iter()
        .zip(&matches)
        .map(|(entry, matches)| entry.conflict(matches, &folder).map_err(|failure| failure.at(entry.name())));
    earlier::refuse(&conflicts.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?)?;
    let mut all = Vec::new();
    for (entry, matches) in entries.iter().zip(&matches) {
        if let Some(finished) = entry.run(matches, &folder).map_err(|failure| failure.at(entry.name()))? {
            all.push((entry.name(), finished));
        }
    }
    // Only a complete run writes the pages; shards and dry runs do not.
    let is_everything = entries.len() == SIMULATIONS.len() && all.len() == entries.len();
    let pages = is_everything.then(|| all::write_pages(&folder)).transpose()?;
    let command = if let [entry] = entries { entry.name() } else { "all" };
    report::conclude(command, &all, pages, shared)
}

/// The arguments of one simulation: presets, then the file, then what the user wrote.
fn settings(entry: &dyn Entry, common: &Common, written: &[OsString]) -> Result<ArgMatches, Failure> {
    let command = entry.command();
    let reading = rates::with_the_other(command.clone());
    let mut arguments: Vec<OsString> = vec![entry.name().into()];
    arguments.extend(entry.presets(common).iter().map(OsString::from));
    if let Some(path) = &common.config {
        let known: Vec<&str> = SIMULATIONS.iter().map(|entry| entry.name()).collect();
        arguments.extend(config::options(path, &reading, &known)?.into_iter().map(OsString::from));
    }
    arguments.extend(written.iter().cloned());
    let matches = reading.try_get_matches_from(arguments).map_err(|error| usage::explained(error, &command))?;
    entry.refuse_other_rate(&matches)?;
    Ok(matches)
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;
    use crate::cli::rates::{OF_MEAN, PER_EMBEDDING};
    use crate::cli::usage::{is_numeric, other_name};

    /// Every option of numbers in every command, with its command.
    fn numeric() -> Vec<(Command, String)> {
        let root = command();
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
        let root = command();
        let tip = |command: &str, option: &str| other_name(option, root.find_subcommand(command).unwrap());
        assert_eq!(tip("predict", "--lr=0.1"), Some("did you mean '--learning-rate'?".to_owned()));
        assert_eq!(tip("simulate", "--momentum"), Some("did you mean '--set momentum=…'?".to_owned()));
        assert_eq!(tip("gradient", "--tau"), Some("did you mean '--temperature'?".to_owned()));
        assert_eq!(tip("gradient", "--lr"), None);
        assert_eq!(tip("confidence", "--lr=0.1"), Some("did you mean '--mean-learning-rate'?".to_owned()));
    }

    /// Every option of a rate is one of the two, in name and in the sign of its value, and both are read.
    #[test]
    fn every_rate_of_every_command_is_one_of_the_two() {
        let (mut of_mean, mut per_embedding) = (Vec::new(), Vec::new());
        for command in command().get_subcommands() {
            let own = command.get_arguments();
            for argument in own.filter(|argument| argument.get_long().is_some_and(|long| long.contains("rate"))) {
                let (name, long) = (command.get_name(), argument.get_long().unwrap_or_default());
                let sign = argument.get_value_names().unwrap_or_default().concat();
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                match long.ends_with(OF_MEAN) {
                    true => assert!(sign.starts_with('η') && help.contains("on the mean"), "{name} --{long}: {help}"),
                    false => {
                        assert!(sign.starts_with('γ') && !help.contains("on the mean of"), "{name} --{long}: {help}")
                    }
                }
                if long.ends_with(PER_EMBEDDING) {
                    (if long.ends_with(OF_MEAN) { &mut of_mean } else { &mut per_embedding }).push(name.to_owned());
                }
            }
        }
        per_embedding.sort();
        of_mean.sort();
        of_mean.dedup();
        assert_eq!(of_mean, ["class-imbalance", "confidence", "latent-space", "levers", "local-density"]);
        assert!(per_embedding.iter().all(|name| !of_mean.contains(name)), "{per_embedding:?}");
        assert!(per_embedding.len() > 8, "{per_embedding:?}");
    }
}
