//! `embedding-norms redraw TABLE.csv…`: figures again from their tables, without simulating. Numbers that claims state come
//! from `<table>.json` beside a table; where there is none, figures leave them out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use embedding_norms_lab::files;
use embedding_norms_lab::table::{Table, TableError};

use crate::cli::arguments::Drawing;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Folder, file_name, refused};
use crate::cli::suggestion::suggestion;
use crate::commands::report::record;
use crate::simulations::registry::{Entry, SIMULATIONS, find};
use crate::simulations::simulation::Tables;

const EXAMPLES: &str = "\
Examples:
  embedding-norms redraw plots --out slides --size slides --format pdf
  embedding-norms redraw results/norm-effect.csv
  embedding-norms redraw mine.csv --as norm-effect     (a table of your own with the same columns)";

/// The command.
pub fn command() -> Command {
    let paths = Arg::new("paths").value_name("TABLE.csv|DIR").required(true).action(ArgAction::Append).num_args(1..);
    let simulation = Arg::new("as").long("as").value_name("SIMULATION");
    let out = Arg::new("out").long("out").value_name("DIR").default_value("results");
    let force = Arg::new("force").long("force").action(ArgAction::SetTrue);
    let quiet = Arg::new("quiet").long("quiet").action(ArgAction::SetTrue);
    let names = PossibleValuesParser::new(SIMULATIONS.iter().map(|entry| entry.name()));
    let command = Command::new("redraw")
        .arg(
            paths
                .value_parser(value_parser!(PathBuf))
                .help("Tables, or folders of them; parts beside a table are found, and its claims in TABLE.json"),
        )
        .arg(
            simulation
                .value_parser(names)
                .help("Simulation whose figures to draw, if the name of the file does not say it"),
        )
        .arg(out.value_parser(value_parser!(PathBuf)).help("Where the figures go"))
        .arg(force.help("Replace the figures of another table"))
        .arg(quiet.help("Nothing on the terminal but errors"));
    Drawing::augment_args(command)
        .about("Draw figures again from their tables, without simulating")
        .long_about(None)
        .after_help(EXAMPLES)
}

/// Draws what the tables hold.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let drawing = Drawing::from_arg_matches(matches).map_err(Failure::Usage)?;
    let entry = matches.get_one::<String>("as").and_then(|name| find(name));
    let paths: Vec<&PathBuf> = matches.get_many("paths").into_iter().flatten().collect();
    let sources = sources(&paths, entry)?;
    // Everything is drawn before anything is written.
    let drawn = sources
        .iter()
        .map(|source| Ok((source, source.draw()?)))
        .collect::<Result<Vec<(&Source, Vec<(&str, Figure)>)>, Failure>>()?;
    let out = matches.get_one::<PathBuf>("out").map_or(Path::new("results"), PathBuf::as_path);
    if !matches.get_flag("force") {
        sources.iter().try_for_each(|source| source.refuse_other(out))?;
    }
    let folder = Folder::prepare(out)?;
    for (source, figures) in &drawn {
        folder.write_figures(&source.stem, figures, &drawing)?;
    }
    if !matches.get_flag("quiet") {
        output::tell_of(&folder.written());
    }
    Ok(ExitCode::SUCCESS)
}

/// The tables of one run: `<stem>.csv` and the parts `<stem>.<part>.csv` beside it.
pub struct Source {
    entry: &'static dyn Entry,
    stem: String,
    folder: PathBuf,
    /// Whether the user named the main table itself, which may then be a link; what is found in a folder may not.
    named: bool,
}

impl Source {
    /// The tables of a simulation in a folder, under the simulation's name.
    pub fn of(entry: &'static dyn Entry, folder: &Path) -> Self {
        Self { entry, stem: entry.name().to_owned(), folder: folder.to_owned(), named: false }
    }

    /// Where a table lies; the main one has the empty name.
    pub fn path(&self, part: &str) -> PathBuf {
        self.folder.join(file_name(&self.stem, part, "csv"))
    }

    /// Refuses to draw beside a different table of the same name, whose figures would be replaced.
    fn refuse_other(&self, out: &Path) -> Result<(), Failure> {
        for part in std::iter::once(String::new()).chain(self.parts()?) {
            let (ours, there) = (self.path(&part), out.join(file_name(&self.stem, &part, "csv")));
            if output::read(&there)?.is_some_and(|table| fs::read(&ours).is_ok_and(|ours| ours != table)) {
                return Err(Failure::Refused(format!(
                    "{} is another table than {}, and its figures would be replaced: write to another folder with --out, \
                     or replace them with --force",
                    there.display(),
                    ours.display()
                )));
            }
        }
        Ok(())
    }

    /// The figures, from the tables and, for numbers that claims state, from the claims beside them. What is wrong with a
    /// table is said with the file's name.
    pub fn draw(&self) -> Result<Vec<(&'static str, Figure)>, Failure> {
        let tables = self.tables()?.with_claims(self.claims()?);
        self.entry.figures(&tables).map_err(|failure| match failure {
            Failure::Table(TableError::MissingTable { wanted, .. }) => Failure::Refused(format!(
                "{}: the figures of {} need this table too, and it is not there",
                self.path(&wanted).display(),
                self.entry.name()
            )),
            Failure::Table(error) => self.blame(&tables, &error),
            other => other.at(&self.path("").display().to_string()),
        })
    }

    /// The tables.
    fn tables(&self) -> Result<Tables, Failure> {
        let parts = std::iter::once(String::new()).chain(self.parts()?);
        parts
            .map(|part| {
                let path = self.path(&part);
                let file = if self.named && part.is_empty() { files::open_named(&path) } else { files::open(&path) };
                let table = Table::read_csv(file.map_err(|error| refused(&path, &error))?);
                Ok((part, table.map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))?))
            })
            .collect()
    }

    /// The claims beside the main table, if they are there. A file of a name of the user's own may be anything.
    fn claims(&self) -> Result<Vec<Claim>, Failure> {
        match record::read(&self.folder, &self.stem) {
            Ok(record) => Ok(record.map(|record| record.claims).unwrap_or_default()),
            Err(_) if self.stem != self.entry.name() => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    /// The names of the parts that lie beside the main table, in order.
    fn parts(&self) -> Result<Vec<String>, Failure> {
        let mut parts = Vec::new();
        let folder = if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder };
        for file in fs::read_dir(folder)? {
            let name = file?.file_name().to_string_lossy().into_owned();
            let part = name.strip_prefix(&self.stem).and_then(|rest| rest.strip_prefix('.'));
            parts.extend(part.and_then(|rest| rest.strip_suffix(".csv")).map(str::to_owned));
        }
        parts.sort();
        Ok(parts)
    }

    /// The error with the name of the file that it is about: the one that has these columns.
    fn blame(&self, tables: &Tables, error: &TableError) -> Failure {
        let is_it = |table: &Table| match error {
            TableError::MissingColumn { present, .. } => table.columns().join(", ") == *present,
            TableError::NotANumber { column, .. } => table.columns().contains(column),
            _ => true,
        };
        let part = tables.each().find(|(_, table)| is_it(table)).map_or("", |(part, _)| part);
        Failure::Refused(format!("{}: {error}", self.path(part).display()))
    }
}

/// The runs that the paths name, each once.
fn sources(paths: &[&PathBuf], entry: Option<&'static dyn Entry>) -> Result<Vec<Source>, Failure> {
    let mut sources: Vec<Source> = Vec::new();
    for path in paths {
        let found = match (path.is_dir(), entry) {
            (true, None) => in_folder(path)?,
            (true, Some(_)) => {
                return Err(Failure::Refused(format!("{}: --as is for a table, not for a folder", path.display())));
            }
            (false, Some(entry)) if !is_part_of_another(path, paths) => {
                vec![Source { entry, stem: stem(path)?, folder: parent(path), named: true }]
            }
            (false, Some(_)) => Vec::new(),
            (false, None) => vec![by_name(path)?],
        };
        for source in found {
            if !sources.iter().any(|known| known.stem == source.stem && known.folder == source.folder) {
                sources.push(source);
            }
        }
    }
    if let Some(twice) = (1..sources.len()).find(|&at| sources[..at].iter().any(|one| one.stem == sources[at].stem)) {
        let path = sources[twice].path("");
        return Err(Failure::Refused(format!(
            "{}: another table of this name is drawn too, into the same folder; give them one at a time",
            path.display()
        )));
    }
    Ok(sources)
}

/// The simulations whose main table lies in a folder.
fn in_folder(folder: &Path) -> Result<Vec<Source>, Failure> {
    let all = SIMULATIONS.iter().map(|entry| Source::of(*entry, folder));
    let found: Vec<Source> = all.filter(|source| files::is_there(&source.path(""))).collect();
    if found.is_empty() {
        return Err(Failure::Refused(format!(
            "{}: no table of a simulation in it, such as norm-effect.csv{}",
            folder.display(),
            other_tables(folder)
        )));
    }
    Ok(found)
}

/// What lies in a folder without a table of a simulation: tables further below, or those of other commands.
fn other_tables(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut below: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    below.sort();
    let has_one =
        |path: &&PathBuf| path.is_dir() && SIMULATIONS.iter().any(|entry| Source::of(*entry, path).path("").is_file());
    if let Some(path) = below.iter().find(has_one) {
        return format!("; there is one in {}, so give that folder", path.display());
    }
    let stems = below.iter().filter_map(|path| path.file_stem()?.to_str());
    stems.filter_map(of_another_command).next().map_or(String::new(), |what| format!("; {what}"))
}

/// What to do with the tables of a command that draws no figures of simulations.
fn of_another_command(stem: &str) -> Option<&'static str> {
    match stem.split('.').next()? {
        "simulate" => Some(
            "the tables of embedding-norms simulate have no figure of their own: plot them as docs/your-own-embeddings.md \
             shows, or take embedding-norms diagnose with --out for figures of the final positions",
        ),
        "diagnose" => {
            Some("embedding-norms diagnose draws its figures itself: run it again with --out, --format and --size")
        }
        _ => None,
    }
}

/// The run that a file belongs to by its name, be it the main table or a part.
fn by_name(path: &Path) -> Result<Source, Failure> {
    let stem = stem(path)?;
    let name = stem.split('.').next().unwrap_or_default();
    let names = SIMULATIONS.iter().map(|entry| entry.name());
    if let Some(what) = of_another_command(&stem) {
        return Err(Failure::Refused(format!("{}: {what}", path.display())));
    }
    let entry = find(name).ok_or_else(|| {
        Failure::Refused(format!(
            "{}: there is no simulation '{name}'; {}; say whose figures to draw with --as",
            path.display(),
            suggestion(name, names)
        ))
    })?;
    let source = Source::of(entry, &parent(path));
    Ok(Source { named: source.path("").file_name() == path.file_name(), ..source })
}

/// The name of a CSV file without its ending.
fn stem(path: &Path) -> Result<String, Failure> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if !path.exists() {
        return Err(Failure::Refused(format!("{}: no such file or folder{}", path.display(), meant(path, &name))));
    }
    let stem = name.strip_suffix(".csv").filter(|stem| !stem.is_empty());
    stem.map(str::to_owned).ok_or_else(|| {
        let table = path.with_extension("csv");
        let instead = if table.is_file() { format!("; give {}", table.display()) } else { String::new() };
        Failure::Refused(format!("{}: figures are drawn from tables, which end in .csv{instead}", path.display()))
    })
}

/// What was probably meant by a path that does not exist: the table of a simulation that was named.
fn meant(path: &Path, name: &str) -> String {
    if path == Path::new("-") {
        return "; standard input is not read, so save the table as a file and name its simulation with --as"
            .to_owned();
    }
    let name = name.strip_suffix(".csv").unwrap_or(name);
    let Some(entry) = find(name) else {
        return "; give a table, such as results/norm-effect.csv, or its folder".to_owned();
    };
    let table = ["results", "plots"].map(|folder| Source::of(entry, Path::new(folder)).path(""));
    match table.iter().find(|table| table.is_file()) {
        Some(table) => format!("; did you mean {}?", table.display()),
        None => format!("; give the table of a run, such as results/{name}.csv, or make it: embedding-norms {name}"),
    }
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

/// Whether a file is `<other>.<part>.csv` of another one given.
fn is_part_of_another(path: &Path, others: &[&PathBuf]) -> bool {
    others.iter().any(|other| {
        let main = other.with_extension("");
        path.to_string_lossy()
            .strip_prefix(&*main.to_string_lossy())
            .is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".csv") && rest.len() > ".csv".len())
    })
}
