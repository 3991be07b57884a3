//! The options that all simulations share.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::builder::{EnumValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use embedding_norms_lab::figure::{self, Size};
use embedding_norms_lab::sweep::Shard;

use crate::cli::failure::Failure;
use crate::cli::slurm::{Slurm, Task};
use crate::cli::values;

/// Options of every simulation.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every simulation")]
pub struct Common {
    /// Root of all random numbers: the same seed gives the same bytes
    #[arg(long, value_name = "N", value_parser = values::seed, default_value_t = 1)]
    pub seed: u64,

    /// Independent repetitions of every setting [default: what the simulation's claims need]
    #[arg(long, value_name = "N", value_parser = values::replicates)]
    pub replicates: Option<NonZeroU64>,

    /// Threads [default: SLURM_CPUS_PER_TASK in a Slurm job, else one per core]; never changes a result
    #[arg(long, value_name = "N", value_parser = values::threads)]
    pub threads: Option<NonZeroUsize>,

    /// Folder for tables and figures [default: plots/ for all of them, results/ for one]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// How figures are drawn.
    #[command(flatten)]
    pub drawing: Drawing,

    /// Small settings: seconds, for a first look; claims that they cannot decide are not tested
    #[arg(long, conflicts_with = "full")]
    pub quick: bool,

    /// Large settings: many seeds, minutes to hours
    #[arg(long)]
    pub full: bool,

    /// Settings from a TOML file: tables [common] and [<simulation>], keys are the long options; options win
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Do only part I of N of the work (`2/4`), for several machines; `embedding-norms merge` combines the parts
    /// [default: in a Slurm job array the part of the task; else, and with 1/1, all of it]
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,

    /// List the work with its predicted cost, without doing it
    #[arg(long, conflicts_with = "json")]
    pub dry_run: bool,

    /// Continue after a unit of work has failed
    #[arg(long)]
    pub keep_going: bool,

    /// Start over, whatever the folder holds: an interrupted run is not continued, one of other settings is replaced
    #[arg(long)]
    pub force: bool,

    /// Nothing on the terminal but errors
    #[arg(long)]
    pub quiet: bool,

    /// Print the claims as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// How figures are drawn.
#[derive(Args, Clone, Debug)]
pub struct Drawing {
    /// Formats of the figures
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "svg",
        value_parser = EnumValueParser::<Format>::new().try_map(Format::built))]
    pub format: Vec<Format>,

    /// Size that figures are drawn for
    #[arg(long, value_name = "SIZE", default_value = "two-columns")]
    pub size: FigureSize,
}

/// A format of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Scalable, for the web
    Svg,
    /// Pixels, 300 to the inch; needs a build with --features png
    Png,
    /// For papers; needs a build with --features pdf
    Pdf,
}

impl Format {
    /// This format if this build writes it.
    fn built(self) -> Result<Self, String> {
        let (written, format, feature) = match self {
            Self::Svg => return Ok(self),
            Self::Png => (figure::PNG, "PNG", "'png', or 'pdf' for both formats"),
            Self::Pdf => (figure::PDF, "PDF", "'pdf'"),
        };
        let name = format.to_lowercase();
        let refusal = format!(
            "this build writes no {format}, which needs the feature {feature}: \
             cargo run --release --features {name} -- …, or cargo install --path sims --features {name}"
        );
        written.then_some(self).ok_or(refusal)
    }
}

/// A size of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FigureSize {
    /// One column of a paper
    OneColumn,
    /// The width of a page
    TwoColumns,
    /// A slide
    Slides,
}

impl From<FigureSize> for Size {
    fn from(size: FigureSize) -> Self {
        match size {
            FigureSize::OneColumn => Self::OneColumn,
            FigureSize::TwoColumns => Self::TwoColumns,
            FigureSize::Slides => Self::Slides,
        }
    }
}

impl Common {
    /// The number of threads.
    pub fn threads(&self) -> Result<NonZeroUsize, Failure> {
        let told = self.threads.map_or_else(|| Slurm::here().threads(), |threads| Ok(Some(threads)))?;
        Ok(told.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN))
    }

    /// The part of the work to do.
    pub fn shard(&self) -> Result<Shard, Failure> {
        let task = self.task()?.map(|task| task.shard);
        Ok(self.shard.or(task).unwrap_or(Shard::WHOLE))
    }

    /// The task of a Slurm job array that says which part of the work to do, unless `--shard` does.
    pub fn task(&self) -> Result<Option<Task>, Failure> {
        if self.shard.is_some() { Ok(None) } else { Slurm::here().task() }
    }

    /// Whether to start over. A requeued task continues its own journal instead; otherwise it would never finish.
    pub fn force(&self) -> bool {
        self.force && !Slurm::here().is_requeued()
    }
}

/// Checks Slurm's variables before the first simulation starts, and reports once which part of the work this task does.
pub fn settle(all: &[Common]) -> Result<(), Failure> {
    let mut tasks = Vec::new();
    for common in all {
        common.threads()?;
        tasks.extend(common.task()?.filter(|_| !common.quiet));
    }
    if let Some(task) = tasks.first() {
        tell!("Slurm: {task}");
    }
    if all.iter().any(|common| common.force && !common.force() && !common.quiet) {
        tell!("Slurm: this task was requeued, so it goes on from its journal in spite of --force");
    }
    Ok(())
}
