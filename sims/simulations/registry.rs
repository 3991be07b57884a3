//! The command line: which simulations and commands there are, and what the arguments ask for.

use std::ffi::OsString;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;

use crate::cli::arguments;
use crate::cli::arguments::Common;
use crate::cli::config;
use crate::cli::earlier;
use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::instructions;
use crate::cli::interrupt;
use crate::cli::output;
use crate::cli::usage;
use crate::commands::all;
use crate::commands::completions;
use crate::commands::diagnose;
use crate::commands::explain;
use crate::commands::gradient;
use crate::commands::list;
use crate::commands::losses;
use crate::commands::merge;
use crate::commands::optimizers;
use crate::commands::predict;
use crate::commands::redraw;
use crate::commands::report;
use crate::commands::simulate;
use crate::simulations::adam_epsilon::AdamEpsilon;
use crate::simulations::class_imbalance::ClassImbalance;
use crate::simulations::confidence::Confidence;
use crate::simulations::contrastive_losses::ContrastiveLosses;
use crate::simulations::convergence_map::ConvergenceMap;
use crate::simulations::cut_rate::CutRate;
use crate::simulations::gradscale::GradScale;
use crate::simulations::latent_space::LatentSpace;
use crate::simulations::levers::Levers;
use crate::simulations::local_density::LocalDensity;
use crate::simulations::norm_effect::NormEffect;
use crate::simulations::norm_growth::NormGrowth;
use crate::simulations::one_step_bound::OneStepBound;
use crate::simulations::one_step_rate::OneStepRate;
use crate::simulations::opposite_halves::OppositeHalves;
use crate::simulations::optimizer_laws::OptimizerLaws;
use crate::simulations::orthogonality::Orthogonality;
use crate::simulations::rate_decay_equivalence::RateDecayEquivalence;
use crate::simulations::run;
use crate::simulations::run::Finished;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::sphere_trajectories::SphereTrajectories;
use crate::simulations::unequal_norms::UnequalNorms;
use crate::simulations::weight_decay::WeightDecay;

/// All simulations, in the order in which the report tells them.
pub const SIMULATIONS: &[&dyn Entry] = &[
    &Of::<NormEffect>::ENTRY,
    &Of::<OppositeHalves>::ENTRY,
    &Of::<ConvergenceMap>::ENTRY,
    &Of::<SphereTrajectories>::ENTRY,
    &Of::<OneStepBound>::ENTRY,
    &Of::<UnequalNorms>::ENTRY,
    &Of::<NormGrowth>::ENTRY,
    &Of::<ContrastiveLosses>::ENTRY,
    &Of::<OptimizerLaws>::ENTRY,
    &Of::<GradScale>::ENTRY,
    &Of::<AdamEpsilon>::ENTRY,
    &Of::<WeightDecay>::ENTRY,
    &Of::<RateDecayEquivalence>::ENTRY,
    &Of::<Orthogonality>::ENTRY,
    &Of::<ClassImbalance>::ENTRY,
    &Of::<LocalDensity>::ENTRY,
    &Of::<LatentSpace>::ENTRY,
    &Of::<Confidence>::ENTRY,
    &Of::<Levers>::ENTRY,
    &Of::<CutRate>::ENTRY,
    &Of::<OneStepRate>::ENTRY,
];

/// A simulation, whatever its settings are.
pub trait Entry: Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// What it shows, in one line.
    fn about(&self) -> &'static str;
    /// The ids of its statements.
    fn statements(&self) -> &'static [&'static str];
    /// Its options.
    fn command(&self) -> Command;
    /// The options that `--quick` and `--full` stand for.
    fn presets(&self, common: &Common) -> &'static [&'static str];
    /// What of another run stands in its way in a folder, in words.
    fn conflict(&self, matches: &ArgMatches, folder: &Path) -> Result<Option<String>, Failure>;
    /// Runs it into a folder.
    fn run(&self, matches: &ArgMatches, folder: &Path) -> Result<Option<Finished>, Failure>;
    /// Draws its figures from tables.
    fn figures(&self, tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure>;
    /// Puts its shards together.
    fn merge(&self, journals: &[PathBuf], common: &Common, folder: &Path) -> Result<Finished, Failure>;
}

/// The entry of a simulation.
struct Of<S>(PhantomData<fn() -> S>);

impl<S> Of<S> {
    const ENTRY: Self = Self(PhantomData);
}

impl<S: Simulation> Entry for Of<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn about(&self) -> &'static str {
        S::ABOUT
    }

    fn statements(&self) -> &'static [&'static str] {
        S::STATEMENTS
    }

    fn command(&self) -> Command {
        let command = Common::augment_args(S::augment_args(Command::new(S::NAME)));
        // The options bring a description of their own, so that of the simulation comes last. A later option replaces an
        // earlier one, so that presets and files can stand in front of what the user wrote.
        let command = command.about(S::ABOUT).long_about(None).after_help(S::EXAMPLES).args_override_self(true);
        usage::taking_negative_numbers(command)
    }

    fn presets(&self, common: &Common) -> &'static [&'static str] {
        match (common.quick, common.full) {
            (true, _) => S::QUICK,
            (_, true) => S::FULL,
            _ => &[],
        }
    }

    fn conflict(&self, matches: &ArgMatches, folder: &Path) -> Result<Option<String>, Failure> {
        let settings = S::from_arg_matches(matches).map_err(Failure::Usage)?;
        run::conflict(&settings, &common(matches)?, folder)
    }

    fn run(&self, matches: &ArgMatches, folder: &Path) -> Result<Option<Finished>, Failure> {
        let settings = S::from_arg_matches(matches).map_err(Failure::Usage)?;
        run::run(&settings, &common(matches)?, folder)
    }

    fn figures(&self, tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        S::figures(tables)
    }

    fn merge(&self, journals: &[PathBuf], common: &Common, folder: &Path) -> Result<Finished, Failure> {
        run::merge::<S>(journals, common, folder)
    }
}

fn common(matches: &ArgMatches) -> Result<Common, Failure> {
    Common::from_arg_matches(matches).map_err(Failure::Usage)
}

/// What the command is about.
pub const ABOUT: &str = "Why the norm of an embedding governs how fast it trains under cosine similarity";

const EXAMPLES: &str = "\
Examples:
  embedding-norms all                             every simulation, with a report, into plots/
  embedding-norms all --quick --out results       the same in seconds, at small settings
  embedding-norms norm-effect --norms 0.5,1,2,4   one simulation at settings of your own, into results/
  embedding-norms predict --norm 8                the closed forms' answer
  embedding-norms explain L2                      a statement: formula, proof, test, figure

The learning rate is γ per embedding: a framework's rate η on the mean over n embeddings is γ = η/n.
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
        redraw::command(),
        report::command(),
        merge::command(),
        completions::command(),
    ];
    let command = Command::new("embedding-norms")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(EXAMPLES)
        .subcommands(simulations)
        .subcommands(tools);
    usage::taking_negative_numbers(command)
}

/// Does what the arguments ask for; the exit status.
pub fn dispatch(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    interrupt::install()?;
    all::refuse_options_without_command(&arguments)?;
    let whole = command();
    let matches = whole.clone().try_get_matches_from(&arguments).map_err(|error| {
        let written = arguments.get(1).and_then(|name| name.to_str());
        usage::explained(error, written.and_then(|name| whole.find_subcommand(name)).unwrap_or(&whole))
    })?;
    instructions::install()?;
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
        Some(("explain", matches)) => explain::run(matches),
        Some(("redraw", matches)) => redraw::run(matches),
        Some(("report", matches)) => report::run(matches),
        Some(("merge", matches)) => merge::run(matches),
        Some(("completions", matches)) => completions::run(matches),
        Some((name, matches)) => {
            let entry = find(name).ok_or_else(|| Failure::Refused(format!("there is no simulation '{name}'")))?;
            run_some(&[entry], &common(matches)?, arguments.get(2..).unwrap_or_default(), "results")
        }
    }
}

/// The simulation of this name.
pub fn find(name: &str) -> Option<&'static dyn Entry> {
    SIMULATIONS.iter().find(|entry| entry.name() == name).copied()
}

/// Runs simulations one after another, and tells what came of them.
fn run_some(
    entries: &[&dyn Entry],
    common: &Common,
    written: &[OsString],
    default_folder: &str,
) -> Result<ExitCode, Failure> {
    let folder = common.out.clone().unwrap_or_else(|| PathBuf::from(default_folder));
    // All settings are read before the first simulation starts.
    let matches = entries.iter().map(|entry| settings(*entry, common, written)).collect::<Result<Vec<_>, _>>()?;
    arguments::settle(&matches.iter().map(self::common).collect::<Result<Vec<_>, _>>()?)?;
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
    // Of everything together there is a report; parts of the work, and plans of it, have none yet.
    let is_everything = entries.len() == SIMULATIONS.len() && all.len() == entries.len();
    let report = is_everything.then(|| report::write(&folder)).transpose()?;
    let command = if let [entry] = entries { entry.name() } else { "all" };
    conclude(command, &all, report, common)
}

/// The arguments of one simulation: presets, then the file, then what the user wrote.
fn settings(entry: &dyn Entry, common: &Common, written: &[OsString]) -> Result<ArgMatches, Failure> {
    let command = entry.command();
    let mut arguments: Vec<OsString> = vec![entry.name().into()];
    arguments.extend(entry.presets(common).iter().map(OsString::from));
    if let Some(path) = &common.config {
        let known: Vec<&str> = SIMULATIONS.iter().map(|entry| entry.name()).collect();
        arguments.extend(config::options(path, &command, &known)?.into_iter().map(OsString::from));
    }
    arguments.extend(written.iter().cloned());
    command.clone().try_get_matches_from(arguments).map_err(|error| usage::explained(error, &command))
}

/// Prints the claims and the files that were written; the exit status that the claims deserve.
pub fn conclude(
    command: &str,
    all: &[(&str, Finished)],
    report: Option<PathBuf>,
    common: &Common,
) -> Result<ExitCode, Failure> {
    let mut files: Vec<PathBuf> = all.iter().flat_map(|(_, finished)| finished.files.clone()).collect();
    files.extend(report.clone());
    if common.json {
        envelope::print(command, &run::claims_object(all, &files))?;
    } else if !common.quiet {
        let claims: Vec<(&str, &[Claim])> = all.iter().map(|(name, finished)| (*name, &*finished.claims)).collect();
        report::print_claims(&claims);
        output::tell_of(&files);
        if let Some(report) = report {
            output::tell_path("report", &report);
        }
    }
    let failed = all.iter().flat_map(|(_, finished)| &finished.claims).filter(|claim| claim.failed()).count();
    if failed > 0 {
        tell!("{failed} of our claims did not come out as stated");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
