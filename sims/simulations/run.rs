//! The course of every simulation: settings → sweep → tables → claims and figures → files.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::sweep::journal::header_of;
use embedding_norms_lab::sweep::{Merge, Options, Shard, Sweep, Unit};
use embedding_norms_lab::{figure, files};
use serde_json::{Map, Value, json};

use crate::cli::arguments::Common;
use crate::cli::earlier;
use crate::cli::envelope::SCHEMA;
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::output;
use crate::cli::output::Folder;
use crate::cli::progress::Bar;
use crate::simulations::simulation::{self, Simulation};
use crate::simulations::study::{Found, Work};

/// What a simulation found, and the files that hold it.
pub struct Finished {
    /// Its claims.
    pub claims: Vec<Claim>,
    /// The files that it wrote.
    pub files: Vec<PathBuf>,
}

/// How often each cell is repeated.
fn replicates<S: Simulation>(common: &Common) -> NonZeroU64 {
    common.replicates.or(NonZeroU64::new(S::REPLICATES)).unwrap_or(NonZeroU64::MIN)
}

/// What keeps a run from a folder: a journal of another run is an error, its record is returned in words.
///
/// If the journal of this same run is there, the user has already decided: it may continue.
pub fn conflict<S: Simulation>(settings: &S, common: &Common, folder: &Path) -> Result<Option<String>, Failure> {
    if common.dry_run {
        return Ok(None);
    }
    let (replicates, shard) = (replicates::<S>(common), common.shard()?);
    let journal = files::find_subfolder(folder, &journal_below(S::NAME, shard));
    let journal = journal.map_err(|(path, error)| output::refused(&path, &error))?;
    if let Some(journal) = journal.filter(|_| !common.force()) {
        let cells = settings.plan()?.into_cells();
        let sweep = Sweep::new(S::NAME, &cells, replicates, common.seed)?.with_settings(settings)?;
        if sweep.has_begun(&journal, shard)? {
            return Ok(None);
        }
    }
    if common.force {
        return Ok(None);
    }
    earlier::conflict(folder, S::NAME, &identity(common.seed, replicates.get(), &json!(settings)))
}

/// What keeps the run of these shards from a folder.
pub fn conflict_of_shards(
    simulation: &str,
    journals: &[PathBuf],
    common: &Common,
    folder: &Path,
) -> Result<Option<String>, Failure> {
    let Some(first) = journals.first().filter(|_| !common.force) else { return Ok(None) };
    let header = header_of(first)?;
    earlier::conflict(folder, simulation, &identity(header.root_seed, header.replicates, &header.settings))
}

/// The fields of a record that identify a run. Not the version of the crate: a newer one may repeat a run.
fn identity(seed: u64, replicates: u64, settings: &Value) -> Map<String, Value> {
    let fields = [
        ("schema", json!(SCHEMA)),
        ("seed", json!(seed)),
        ("replicates", json!(replicates)),
        ("settings", settings.clone()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Runs a simulation into a folder; nothing is finished by a shard or a dry run.
pub fn run<S: Simulation>(settings: &S, common: &Common, folder: &Path) -> Result<Option<Finished>, Failure> {
    let cells = settings.plan()?.into_cells();
    let replicates = replicates::<S>(common);
    let sweep = Sweep::new(S::NAME, &cells, replicates, common.seed)?.with_settings(settings)?;
    let shard = common.shard()?;
    if common.dry_run {
        print_plan(&sweep.plan(shard).collect::<Vec<_>>());
        return Ok(None);
    }
    let folder = Folder::prepare(folder)?;
    if common.task()?.is_some() {
        refuse_other_division(folder.path(), S::NAME, shard)?;
    }
    let journal = folder.subfolder(&journal_below(S::NAME, shard))?;
    let bar = Bar::new(S::NAME, common.quiet);
    let options = Options {
        threads: common.threads()?,
        shard,
        journal: Some(&journal),
        force: common.force(),
        keep_going: common.keep_going,
        progress: &|progress| bar.show(progress),
        cancelled: interrupt::flag(),
    };
    let outcome = sweep.run(&options, Work::run)?;
    bar.finish();
    let summary = &outcome.summary;
    if !common.quiet {
        tell_of_resuming(S::NAME, summary.progress.skipped, summary.torn_bytes);
    }
    if summary.is_cancelled() {
        let (finished, total) = (summary.progress.finished, summary.progress.total);
        return Err(Failure::Interrupted(format!(
            "interrupted: {finished} of {total} units of {} are finished and kept in {}; run the same command again to go \
             on{}",
            S::NAME,
            journal.display(),
            if common.force { " (without --force, which would start over)" } else { "" }
        )));
    }
    if !summary.failures.is_empty() {
        let list: Vec<String> = summary.failures.iter().map(|failure| format!("  {failure}")).collect();
        return Err(Failure::Refused(format!(
            "{} of {} units failed; the others are kept in {}:\n{}",
            list.len(),
            summary.progress.total,
            journal.display(),
            list.join("\n")
        )));
    }
    if shard != Shard::WHOLE {
        announce_shard(S::NAME, common, shard, folder.path(), summary.progress.total);
        return Ok(None);
    }
    let ran = Ran { replicates: replicates.get(), seed: common.seed };
    let finished = finish(settings, &ran, outcome.results, common, &folder)?;
    remove_journal(&journal);
    Ok(Some(finished))
}

/// Puts the shards of a simulation together, as one run would have left them.
pub fn merge<S: Simulation>(journals: &[PathBuf], common: &Common, folder: &Path) -> Result<Finished, Failure> {
    let merged = Merge::open(journals)?;
    let header = merged.header();
    let settings: S = serde_json::from_value(header.settings.clone()).map_err(|error| {
        Failure::Refused(format!("{}: its settings cannot be read: {error}", journals[0].display()))
    })?;
    let cells = settings.plan()?.into_cells();
    let replicates = NonZeroU64::new(header.replicates).unwrap_or(NonZeroU64::MIN);
    let sweep = Sweep::new(S::NAME, &cells, replicates, header.root_seed)?.with_settings(&settings)?;
    merged.refuse_other(&sweep)?;
    let ran = Ran { replicates: replicates.get(), seed: header.root_seed };
    let folder = Folder::prepare(folder)?;
    finish(&settings, &ran, merged.results()?, common, &folder)
}

/// How often each cell was computed, and from which seed.
struct Ran {
    replicates: u64,
    seed: u64,
}

/// From results to files.
fn finish<S: Simulation>(
    settings: &S,
    ran: &Ran,
    results: Vec<(Unit, Found)>,
    common: &Common,
    folder: &Folder,
) -> Result<Finished, Failure> {
    let run = identity(ran.seed, ran.replicates, &json!(settings));
    // At this point it may replace a run: --force was given, now or when an interrupted run began.
    let replaces = earlier::replaces(folder.path(), S::NAME, &run, true)?;
    let tables = simulation::tables(settings, results)?;
    folder.write_tables(S::NAME, tables.each())?;
    let claims = settings.claims(&tables, ran.replicates)?;
    let record = json!({
        "schema": SCHEMA,
        "crate_version": env!("CARGO_PKG_VERSION"),
        "simulation": S::NAME,
        "seed": ran.seed,
        "replicates": ran.replicates,
        "settings": settings,
        "claims": claims,
    });
    let text = serde_json::to_string_pretty(&record)? + "\n";
    folder.write(&output::file_name(S::NAME, "", "json"), text.as_bytes())?;
    let tables = tables.with_claims(claims.clone());
    folder.write_figures(S::NAME, &S::figures(&tables)?, &common.drawing)?;
    let animations = S::animations(&tables)?;
    if figure::PNG {
        folder.write_animations(S::NAME, &animations, common.threads()?)?;
    } else if !common.quiet {
        animations.iter().for_each(|(part, _)| tell_of_animation(&output::file_name(S::NAME, part, "gif")));
    }
    if replaces {
        folder.remove_others(S::NAME)?;
    }
    Ok(Finished { claims, files: folder.written() })
}

/// Says that this build cannot draw an animation, and which one can.
fn tell_of_animation(file: &str) {
    tell!(
        "note: {file} is not drawn; a build with the feature 'png' draws it: cargo run --release --features png -- …"
    );
}

/// The folder of journals in an output folder, so that several shards can share one.
pub const JOURNALS: &str = ".journals";

/// Where the journal of a shard lies within an output folder.
fn journal_below(simulation: &str, shard: Shard) -> PathBuf {
    Path::new(JOURNALS).join(simulation).join(format!("{}-of-{}", shard.index(), shard.count()))
}

/// Refuses to let a job array divide the work differently from the shards that are there: a part of an array that is
/// submitted again counts its own tasks, and its shards would not fit the others.
fn refuse_other_division(folder: &Path, simulation: &str, shard: Shard) -> Result<(), Failure> {
    let Ok(others) = std::fs::read_dir(folder.join(JOURNALS).join(simulation)) else { return Ok(()) };
    let names = others.flatten().map(|other| other.file_name().to_string_lossy().into_owned());
    let counts = names.filter_map(|name| name.split_once("-of-").and_then(|(_, count)| count.parse::<u32>().ok()));
    let Some(count) = counts.filter(|&count| count != shard.count()).min() else { return Ok(()) };
    Err(Failure::Refused(format!(
        "{} holds work that is divided into {count} parts, and this job array divides it into {}: submit the whole \
         array again (tasks that are done end at once), say with --shard I/{count} which part to do, or give another \
         folder with --out",
        folder.display(),
        shard.count()
    )))
}

/// The results are in the tables now; a journal that cannot be removed is harmless.
fn remove_journal(journal: &Path) {
    let _ = std::fs::remove_dir_all(journal);
    for parent in journal.ancestors().skip(1).take(2) {
        let _ = std::fs::remove_dir(parent);
    }
}

fn tell_of_resuming(simulation: &str, skipped: usize, torn: u64) {
    if skipped > 0 {
        tell!("{simulation}: went on from an interrupted run; {skipped} units were finished already");
    }
    if torn > 0 {
        tell!("{simulation}: the last record of the journal was cut short ({torn} bytes); its unit was done again");
    }
}

fn announce_shard(simulation: &str, common: &Common, shard: Shard, folder: &Path, units: usize) {
    if !common.quiet && !common.json {
        say!(
            "{simulation}: shard {shard} is done ({units} units). When all are: embedding-norms merge {}",
            folder.display()
        );
    }
}

fn print_plan(plan: &[embedding_norms_lab::sweep::PlannedUnit]) {
    let total: f64 = plan.iter().map(|unit| unit.cost).sum();
    say!("{:<40} {:>9} {:>12} {:>7} {:>7}", "cell", "replicate", "cost", "share", "shard");
    for unit in plan {
        let share = 100.0 * unit.cost / total;
        let (label, replicate, cost, shard) = (&unit.label, unit.replicate, unit.cost, unit.shard);
        say!("{label:<40} {replicate:>9} {cost:>12.3e} {share:>6.2}% {shard:>7}");
    }
    say!("{} units", plan.len());
}

/// The claims of several simulations by their names, with the files that were written.
pub fn claims_object(all: &[(&str, Finished)], files: &[PathBuf]) -> Value {
    let simulations: Map<String, Value> =
        all.iter().map(|(name, finished)| ((*name).to_owned(), json!(finished.claims))).collect();
    json!({ "claims": simulations, "files": output::listed(files) })
}
