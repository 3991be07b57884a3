//! `embedding-norms redraw TABLE.csv…`: figures again from their tables, without simulating. Numbers that claims state come
//! from `<table>.json` beside a table; where there is none, figures leave them out.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use embedding_norms::claim::Claim;
use embedding_norms::figure::Figure;
use embedding_norms::table::{Table, TableError};

use crate::arguments::Drawing;
use crate::config::suggestion;
use crate::failure::Failure;
use crate::output::{Folder, file_name};
use crate::registry::{Entry, SIMULATIONS, find};
use crate::report::record;
use crate::simulation::Tables;

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
    let quiet = Arg::new("quiet").long("quiet").action(ArgAction::SetTrue);
    let names = PossibleValuesParser::new(SIMULATIONS.iter().map(|entry| entry.name()));
    let command = Command::new("redraw")
        .arg(
            paths
                .value_parser(value_parser!(PathBuf))
                .help("Tables, or folders of them; parts beside a table are found, and its claims in TABLE.json"),
        )
        .arg(simulation.value_parser(names).help("Whose figures to draw, where the name of the file does not say it"))
        .arg(out.value_parser(value_parser!(PathBuf)).help("Where the figures go"))
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
    let folder = Folder::prepare(out)?;
    for (source, figures) in &drawn {
        folder.write_figures(&source.stem, figures, &drawing)?;
        if !matches.get_flag("quiet") {
            let (figures, from) = (figures.len(), source.path(""));
            let plural = if figures == 1 { "" } else { "s" };
            say!("{}: {figures} figure{plural} into {}", from.display(), out.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The tables of one run: `<stem>.csv` and the parts `<stem>.<part>.csv` beside it.
pub struct Source {
    entry: &'static dyn Entry,
    stem: String,
    folder: PathBuf,
}

impl Source {
    /// The tables of a simulation in a folder, under the simulation's name.
    pub fn of(entry: &'static dyn Entry, folder: &Path) -> Self {
        Self { entry, stem: entry.name().to_owned(), folder: folder.to_owned() }
    }

    /// Where a table lies; the main one has the empty name.
    pub fn path(&self, part: &str) -> PathBuf {
        self.folder.join(file_name(&self.stem, part, "csv"))
    }

    /// The figures, from the tables and, for numbers that claims state, from the claims beside them. What is wrong with a table is said with the file's name.
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
        parts.map(|part| Ok((part.clone(), read(&self.path(&part))?))).collect()
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

fn read(path: &Path) -> Result<Table, Failure> {
    let refuse = |error: String| Failure::Refused(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| refuse(error.to_string()))?;
    Table::read_csv(file).map_err(|error| refuse(error.to_string()))
}

/// The runs that the paths name, each once.
fn sources(paths: &[&PathBuf], entry: Option<&'static dyn Entry>) -> Result<Vec<Source>, Failure> {
    let mut sources: Vec<Source> = Vec::new();
    for path in paths {
        let found = match (path.is_dir(), entry) {
            (true, None) => in_folder(path)?,
            (true, Some(_)) => {
                return Err(Failure::Refused(format!("{}: --as speaks of a table, not of a folder", path.display())));
            }
            (false, Some(entry)) if !is_part_of_another(path, paths) => {
                vec![Source { entry, stem: stem(path)?, folder: parent(path) }]
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
    let found: Vec<Source> = all.filter(|source| source.path("").is_file()).collect();
    if found.is_empty() {
        return Err(Failure::Refused(format!("{}: no table of a simulation in it", folder.display())));
    }
    Ok(found)
}

/// The run that a file belongs to by its name, be it the main table or a part.
fn by_name(path: &Path) -> Result<Source, Failure> {
    let stem = stem(path)?;
    let name = stem.split('.').next().unwrap_or_default();
    let names = SIMULATIONS.iter().map(|entry| entry.name());
    let entry = find(name).ok_or_else(|| {
        Failure::Refused(format!(
            "{}: there is no simulation '{name}'{}; say whose figures to draw with --as",
            path.display(),
            suggestion(name, names)
        ))
    })?;
    Ok(Source::of(entry, &parent(path)))
}

/// The name of a CSV file without its ending.
fn stem(path: &Path) -> Result<String, Failure> {
    if !path.exists() {
        return Err(Failure::Refused(format!("{}: no such file", path.display())));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.strip_suffix(".csv").filter(|stem| !stem.is_empty());
    stem.map(str::to_owned).ok_or_else(|| Failure::Refused(format!("{}: a table ends in .csv", path.display())))
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
