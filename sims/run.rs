//! The way of every simulation: settings → sweep → tables → claims and figures → files.

use std::io::Write;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use embedding_norms::claim::Claim;
use embedding_norms::sweep::{Merge, Options, Shard, Sweep, Unit};
use serde_json::{Value, json};

use crate::arguments::Common;
use crate::failure::Failure;
use crate::output::Folder;
use crate::progress::Bar;
use crate::simulation::Simulation;
use crate::{interrupt, output};

/// The version of the layout of `<simulation>.json`.
pub const SCHEMA: u32 = 1;

/// Runs a simulation into a folder; its claims, or none if a shard or a dry run has none.
pub fn run<S: Simulation>(settings: &S, common: &Common, folder: &Path) -> Result<Option<Vec<Claim>>, Failure> {
    let cells = settings.cells()?;
    let replicates = common.replicates.or(NonZeroU64::new(S::REPLICATES)).unwrap_or(NonZeroU64::MIN);
    let sweep = Sweep::new(S::NAME, &cells, replicates, common.seed)?.with_settings(settings)?;
    let shard = common.shard()?;
    if common.dry_run {
        print_plan(&sweep.plan(shard).collect::<Vec<_>>());
        return Ok(None);
    }
    let folder = Folder::prepare(folder)?;
    let journal = journal_folder(folder.path(), S::NAME, shard);
    if common.task()?.is_some() {
        refuse_other_division(folder.path(), S::NAME, shard)?;
    }
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
    let outcome = sweep.run(&options, S::simulate)?;
    bar.finish();
    let summary = &outcome.summary;
    if !common.quiet {
        tell_of_resuming(S::NAME, summary.progress.skipped, summary.torn_bytes);
    }
    if summary.is_cancelled() {
        let (finished, total) = (summary.progress.finished, summary.progress.total);
        return Err(Failure::Interrupted(format!(
            "interrupted: {finished} of {total} units of {} are finished and kept in {}; run the same command again to go on",
            S::NAME,
            journal.display()
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
    let claims = finish(settings, &sweep_of(&cells, replicates.get(), common.seed), outcome.results, common, &folder)?;
    remove_journal(&journal);
    Ok(Some(claims))
}

/// Puts the shards of a simulation together, as one run would have left them.
pub fn merge<S: Simulation>(journals: &[PathBuf], common: &Common, folder: &Path) -> Result<Vec<Claim>, Failure> {
    let merged = Merge::open(journals)?;
    let header = merged.header();
    let settings: S = serde_json::from_value(header.settings.clone()).map_err(|error| {
        Failure::Refused(format!("{}: its settings cannot be read: {error}", journals[0].display()))
    })?;
    let cells = settings.cells()?;
    let replicates = NonZeroU64::new(header.replicates).unwrap_or(NonZeroU64::MIN);
    let sweep = Sweep::new(S::NAME, &cells, replicates, header.root_seed)?.with_settings(&settings)?;
    merged.refuse_other(&sweep)?;
    let seed = header.root_seed;
    let folder = Folder::prepare(folder)?;
    finish(&settings, &sweep_of(&cells, replicates.get(), seed), merged.results()?, common, &folder)
}

/// What the end of a run needs to know of its sweep.
struct Ran<'a, C> {
    cells: &'a [C],
    replicates: u64,
    seed: u64,
}

fn sweep_of<C>(cells: &[C], replicates: u64, seed: u64) -> Ran<'_, C> {
    Ran { cells, replicates, seed }
}

/// From results to files.
fn finish<S: Simulation>(
    settings: &S,
    ran: &Ran<'_, S::Cell>,
    results: Vec<(Unit, S::Finding)>,
    common: &Common,
    folder: &Folder,
) -> Result<Vec<Claim>, Failure> {
    let tables = settings.tables(ran.cells, results);
    folder.write_tables(S::NAME, &tables)?;
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
    folder.write_animations(S::NAME, &S::animations(&tables)?, common.threads()?)?;
    Ok(claims)
}

/// Where the journal of a shard lies: in the output folder, so that several shards can share one.
pub fn journal_folder(folder: &Path, simulation: &str, shard: Shard) -> PathBuf {
    folder.join(".journals").join(simulation).join(format!("{}-of-{}", shard.index(), shard.count()))
}

/// Refuses a division that a job array would make beside another one: a part of an array that is submitted again counts
/// its own tasks, and its shards would go with none of those that are there.
fn refuse_other_division(folder: &Path, simulation: &str, shard: Shard) -> Result<(), Failure> {
    let journals = journal_folder(folder, simulation, shard);
    let Some(Ok(others)) = journals.parent().map(std::fs::read_dir) else { return Ok(()) };
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

/// The results are in the tables now; a journal that cannot be removed does no harm.
fn remove_journal(journal: &Path) {
    let _ = std::fs::remove_dir_all(journal);
    for parent in journal.ancestors().skip(1).take(2) {
        let _ = std::fs::remove_dir(parent);
    }
}

fn tell_of_resuming(simulation: &str, skipped: usize, torn: u64) {
    if skipped > 0 {
        eprintln!("{simulation}: went on from an interrupted run; {skipped} units were finished already");
    }
    if torn > 0 {
        eprintln!("{simulation}: the last record of the journal was cut short ({torn} bytes); its unit was done again");
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

fn print_plan(plan: &[embedding_norms::sweep::PlannedUnit]) {
    let mut out = std::io::stdout().lock();
    let total: f64 = plan.iter().map(|unit| unit.cost).sum();
    let _ = writeln!(out, "{:<40} {:>9} {:>12} {:>7} {:>7}", "cell", "replicate", "cost", "share", "shard");
    for unit in plan {
        let share = 100.0 * unit.cost / total;
        let (label, replicate, cost, shard) = (&unit.label, unit.replicate, unit.cost, unit.shard);
        let _ = writeln!(out, "{label:<40} {replicate:>9} {cost:>12.3e} {share:>6.2}% {shard:>7}");
    }
    let _ = writeln!(out, "{} units", plan.len());
}

/// The claims of several simulations as one object.
pub fn claims_object(all: &[(&str, Vec<Claim>)]) -> Value {
    let simulations: serde_json::Map<String, Value> =
        all.iter().map(|(name, claims)| ((*name).to_owned(), json!(claims))).collect();
    json!({ "schema": SCHEMA, "crate_version": env!("CARGO_PKG_VERSION"), "claims": simulations })
}
