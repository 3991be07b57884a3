//! Which simulations there are, and what each of them can be asked for.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms_lab::figure::Figure;

use crate::cli::arguments::Common;
use crate::cli::failure::Failure;
use crate::cli::rates;
use crate::cli::usage;
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
use crate::simulations::specificity::Specificity;
use crate::simulations::sphere_trajectories::SphereTrajectories;
use crate::simulations::unequal_norms::UnequalNorms;
use crate::simulations::weight_decay::WeightDecay;

/// All simulations, in the order of the report.
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
    &Of::<Specificity>::ENTRY,
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
    /// Refuses a learning rate of the kind that it does not have.
    fn refuse_other_rate(&self, matches: &ArgMatches) -> Result<(), Failure>;
    /// What of another run keeps it from a folder, in words.
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

    fn refuse_other_rate(&self, matches: &ArgMatches) -> Result<(), Failure> {
        let settings = S::from_arg_matches(matches).map_err(Failure::Usage)?;
        rates::refuse_the_other(S::NAME, matches, &settings.averages())
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

/// The simulation of this name.
pub fn find(name: &str) -> Option<&'static dyn Entry> {
    SIMULATIONS.iter().find(|entry| entry.name() == name).copied()
}
