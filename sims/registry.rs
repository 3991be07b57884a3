//! The command line: which simulations and commands there are, and what the arguments ask for.

use std::ffi::OsString;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::claim::Claim;
use embedding_norms::figure::Figure;

use crate::adam_epsilon::AdamEpsilon;
use crate::arguments::Common;
use crate::class_imbalance::ClassImbalance;
use crate::confidence::Confidence;
use crate::contrastive_losses::ContrastiveLosses;
use crate::convergence_map::ConvergenceMap;
use crate::cut_rate::CutRate;
use crate::failure::Failure;
use crate::gradscale::GradScale;
use crate::latent_space::LatentSpace;
use crate::levers::Levers;
use crate::local_density::LocalDensity;
use crate::norm_effect::NormEffect;
use crate::norm_growth::NormGrowth;
use crate::one_step_bound::OneStepBound;
use crate::opposite_halves::OppositeHalves;
use crate::optimizer_laws::OptimizerLaws;
use crate::orthogonality::Orthogonality;
use crate::rate_decay_equivalence::RateDecayEquivalence;
use crate::simulation::{Simulation, Tables};
use crate::sphere_trajectories::SphereTrajectories;
use crate::unequal_norms::UnequalNorms;
use crate::weight_decay::WeightDecay;
use crate::{
    arguments, completions, config, diagnose, explain, gradient, instructions, interrupt, list, losses, merge,
    optimizers, predict, redraw, report, run, simulate,
};

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
    /// Runs it into a folder.
    fn run(&self, matches: &ArgMatches, folder: &Path) -> Result<Option<Vec<Claim>>, Failure>;
    /// Draws its figures from tables.
    fn figures(&self, tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure>;
    /// Puts its shards together.
    fn merge(&self, journals: &[PathBuf], common: &Common, folder: &Path) -> Result<Vec<Claim>, Failure>;
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
        // earlier one, so that presets and files can stand in front of what the user wrote. A negative number is a wrong
        // value of the option before it, not an option of its own.
        let command = command.about(S::ABOUT).long_about(None).after_help(S::EXAMPLES).args_override_self(true);
        command.mut_args(|argument| argument.allow_negative_numbers(true))
    }

    fn presets(&self, common: &Common) -> &'static [&'static str] {
        match (common.quick, common.full) {
            (true, _) => S::QUICK,
            (_, true) => S::FULL,
            _ => &[],
        }
    }

    fn run(&self, matches: &ArgMatches, folder: &Path) -> Result<Option<Vec<Claim>>, Failure> {
        let settings = S::from_arg_matches(matches).map_err(Failure::Usage)?;
        run::run(&settings, &common(matches)?, folder)
    }

    fn figures(&self, tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        S::figures(tables)
    }

    fn merge(&self, journals: &[PathBuf], common: &Common, folder: &Path) -> Result<Vec<Claim>, Failure> {
        run::merge::<S>(journals, common, folder)
    }
}

fn common(matches: &ArgMatches) -> Result<Common, Failure> {
    Common::from_arg_matches(matches).map_err(Failure::Usage)
}

const ABOUT: &str = "Why the norm of an embedding governs how fast it trains under cosine similarity";

const EXAMPLES: &str = "\
Examples:
  embedding-norms                                 every simulation, with a report, into plots/
  embedding-norms --quick --out results           the same in seconds, at small settings
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
    Common::augment_args(Command::new("embedding-norms").version(env!("CARGO_PKG_VERSION")))
        .about(ABOUT)
        .long_about(None)
        .after_help(EXAMPLES)
        .args_conflicts_with_subcommands(true)
        .args_override_self(true)
        .subcommands(simulations)
        .subcommands(tools)
}

/// Does what the arguments ask for; the exit status.
pub fn dispatch(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    interrupt::install()?;
    let matches = command().try_get_matches_from(&arguments).map_err(Failure::Usage)?;
    instructions::install()?;
    match matches.subcommand() {
        None => run_some(SIMULATIONS, &common(&matches)?, arguments.get(1..).unwrap_or_default(), "plots"),
        Some(("list", _)) => list::run(),
        Some(("losses", _)) => losses::run(),
        Some(("optimizers", _)) => optimizers::run(),
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
    let mut all = Vec::new();
    for (entry, matches) in entries.iter().zip(&matches) {
        if let Some(claims) = entry.run(matches, &folder).map_err(|failure| failure.at(entry.name()))? {
            all.push((entry.name(), claims));
        }
    }
    // Of everything together there is a report; parts of the work, and plans of it, have none yet.
    let is_everything = entries.len() == SIMULATIONS.len() && all.len() == entries.len();
    if is_everything {
        report::write(&folder)?;
    }
    let code = conclude(&all, common);
    if is_everything && !common.quiet && !common.json {
        say!("\nreport   {}", folder.join(report::FILE).display());
    }
    Ok(code)
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
    command.try_get_matches_from(arguments).map_err(Failure::Usage)
}

/// Prints the claims; the exit status that they deserve.
pub fn conclude(all: &[(&str, Vec<Claim>)], common: &Common) -> ExitCode {
    if common.json {
        say!("{}", run::claims_object(all));
    } else if !common.quiet {
        for (name, claims) in all {
            report::print_claims(name, claims);
        }
    }
    let failed = all.iter().flat_map(|(_, claims)| claims).filter(|claim| claim.failed()).count();
    if failed > 0 {
        eprintln!("{failed} of our claims did not come out as stated");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
