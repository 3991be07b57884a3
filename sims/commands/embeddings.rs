//! Embeddings from files, and the loss that is evaluated on them: the input of `gradient` and `simulate`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use embedding_norms::data::embeddings::{Labels, Source, read_indices};
use embedding_norms::loss::{Entry, List, Loss, LossError, Parameters};
use embedding_norms::simulation::{SimulationError, Start, StartView};
use embedding_norms::sphere::normalize;
use ndarray::Array2;
use serde_json::{Map, Value, json};

use crate::cli::failure::Failure;
use crate::cli::known::{self, Taken};
use crate::cli::tables::{self, Tables};
use crate::cli::values;

/// Files of embeddings with what a loss needs beside them.
#[derive(Args, Clone, Debug)]
pub struct Input {
    /// Raw embeddings, before any normalization, one a row: FILE[:KEY][:ROWS] (.npy, .npz, .safetensors, .csv, .tsv).
    /// KEY is an array of several, ROWS are the first and the last one from 0: z.npy:0-511
    #[arg(value_name = "Z", value_parser = values::file())]
    first: PathBuf,

    /// The second view: row i is the positive of row i of Z. Where one file holds both, one after the other:
    /// z.npy:0-511 z.npy:512-1023
    #[arg(value_name = "W", value_parser = values::file())]
    second: Option<PathBuf>,

    /// A class per row, integers or text: FILE[:KEY][:ROWS] (an array, .txt, or a column of .csv)
    #[arg(long, value_name = "FILE", value_parser = values::file())]
    labels: Option<PathBuf>,

    /// A drawn positive per row, the index of another row counted from 0: FILE[:KEY][:ROWS]
    #[arg(long, value_name = "FILE", value_parser = values::file())]
    positives: Option<PathBuf>,

    #[command(flatten)]
    tables: Tables,
}

/// A loss with its parameters.
#[derive(Args, Clone, Debug)]
pub struct LossChoice {
    /// Loss, always needed; `embedding-norms losses` lists them with their parameters and what they need
    #[arg(long = "loss", value_name = "NAME")]
    name: Option<String>,

    /// Temperature τ
    #[arg(long, value_name = "τ", value_parser = values::number)]
    temperature: Option<f64>,

    /// Bias b of SigLIP's logits
    #[arg(long, value_name = "b", value_parser = values::number)]
    bias: Option<f64>,

    /// Margin m between cosines
    #[arg(long, value_name = "m", value_parser = values::number)]
    margin: Option<f64>,

    /// Weight a of alignment
    #[arg(long, value_name = "a", value_parser = values::number)]
    alignment: Option<f64>,

    /// Weight w of uniformity
    #[arg(long, value_name = "w", value_parser = values::number)]
    uniformity: Option<f64>,

    /// Sharpness t of uniformity's kernel
    #[arg(long, value_name = "t", value_parser = values::number)]
    sharpness: Option<f64>,
}

/// A loss that was asked for.
pub struct Chosen {
    entry: &'static Entry,
    parameters: Parameters,
    /// The loss itself.
    pub loss: Box<dyn Loss>,
    /// How its name was interpreted, if it is ambiguous.
    pub note: Option<String>,
}

impl LossChoice {
    /// The loss, its parameters checked.
    pub fn build(&self) -> Result<Chosen, Failure> {
        let name = self.name.as_deref().ok_or_else(|| {
            Failure::Refused(
                "which loss? Say it with --loss, such as --loss cosine for pairs or --loss nt-xent --temperature 0.5 for \
                 SimCLR's (embedding-norms losses)"
                    .to_owned(),
            )
        })?;
        let chosen = [
            ("temperature", self.temperature),
            ("bias", self.bias),
            ("margin", self.margin),
            ("alignment", self.alignment),
            ("uniformity", self.uniformity),
            ("sharpness", self.sharpness),
        ];
        let parameters = chosen
            .into_iter()
            .filter_map(|(parameter, value)| Some((parameter, value?)))
            .fold(Parameters::default(), |parameters, (parameter, value)| parameters.with(parameter, value));
        Chosen::named(known::loss(name).map_err(|failure| failure.at("--loss"))?, parameters)
    }
}

impl Chosen {
    /// The loss that was found by a name, its parameters checked.
    pub fn named(taken: Taken<dyn Loss>, parameters: Parameters) -> Result<Self, Failure> {
        let loss = taken.entry.build(&parameters)?;
        Ok(Self { entry: taken.entry, parameters, loss, note: taken.note })
    }

    /// Refuses lists that the loss does not use, named by where they were given: whoever gives them expects them to matter.
    pub fn check_lists(&self, labels: Option<&str>, positives: Option<&str>) -> Result<(), Failure> {
        let takes = |list| self.loss.needs().list == Some(list);
        let lists = [("labels", labels, takes(List::Labels)), ("positives", positives, takes(List::Positives))];
        for (name, given, is_taken) in lists {
            if let (Some(place), false) = (given, is_taken) {
                let loss = self.entry.name;
                return Err(Failure::Refused(format!("{place}: {loss} takes no {name}; leave this out")));
            }
        }
        Ok(())
    }

    /// The name and every parameter, the defaults among them.
    pub fn record(&self) -> Value {
        let values =
            self.entry.values(&self.parameters).map(|(parameter, value)| (parameter.name.to_owned(), json!(value)));
        json!({ "name": self.entry.name, "parameters": values.collect::<Map<_, _>>() })
    }

    /// Refuses what would not fit into memory: all losses except those of pairs compare each row with all others.
    pub fn check_memory(&self, views: &StartView<'_>) -> Result<(), Failure> {
        if !self.loss.needs().compares_rows {
            return Ok(());
        }
        let rows = views.first.nrows() * if views.second.is_some() { 2 } else { 1 };
        // Cosines, weights, and a temporary copy between the two.
        let needed = 3.0 * 8.0 * rows as f64 * rows as f64;
        match available_memory() {
            Some(free) if needed > free => Err(Failure::Refused(format!(
                "{} compares {rows} rows with each other, which takes about {:.0} GB, and {:.0} GB are free; give the rows \
                 of one batch",
                self.entry.name,
                needed / 1e9,
                free / 1e9
            ))),
            _ => Ok(()),
        }
    }
}

/// Bytes of free memory, where the system reports them.
fn available_memory() -> Option<f64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(1024.0 * line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()?)
}

/// Everything that was read.
pub struct Read {
    /// The files of the views.
    views: [String; 2],
    /// The embeddings with labels and positives.
    pub start: Start,
    /// The file of the first view, as it was named.
    first: PathBuf,
    /// The file of labels, and the names that it has for classes.
    labels: String,
    names: Vec<String>,
}

impl Input {
    /// The files that are read.
    pub fn files(&self) -> Vec<&Path> {
        let others = [&self.second, &self.labels, &self.positives];
        std::iter::once(self.first.as_path()).chain(others.into_iter().flatten().map(PathBuf::as_path)).collect()
    }

    /// Refuses lists that the loss does not look at.
    pub fn check_lists(&self, chosen: &Chosen) -> Result<(), Failure> {
        let place =
            |option: &str, path: &Option<PathBuf>| path.as_ref().map(|path| format!("{option} {}", path.display()));
        let (labels, positives) = (place("--labels", &self.labels), place("--positives", &self.positives));
        chosen.check_lists(labels.as_deref(), positives.as_deref())
    }

    /// Whether there is a second view.
    pub fn has_second(&self) -> bool {
        self.second.is_some()
    }

    /// Reads all files and checks that they fit each other.
    pub fn read(&self, quiet: bool) -> Result<Read, Failure> {
        let views = std::iter::once(&self.first).chain(&self.second);
        let mut sources = views.map(|path| Ok((path, self.tables.open(path)?))).collect::<Result<Vec<_>, Failure>>()?;
        self.tables.check(sources.iter().map(|(_, source)| source))?;
        if !quiet {
            Tables::tell(sources.iter().map(|(_, source)| source));
        }
        let mut views = sources.iter_mut().map(|(path, source)| embeddings(path, source));
        let (first, second) = (views.next().expect("there is a first view")?, views.next().transpose()?);
        if let (Some(path), Some(second)) = (&self.second, &second)
            && second.dim() != first.dim()
        {
            return Err(Failure::Refused(format!(
                "{}: shape {:?}, where {} has {:?}; row i of one belongs to row i of the other, so save both from the same \
                 batch",
                path.display(),
                second.dim(),
                self.first.display(),
                first.dim()
            )));
        }
        let options = self.tables.options();
        let labels = self.labels.as_ref().map(|path| Labels::open_with(path, &options)).transpose()?;
        let positives = self.positives.as_ref().map(|path| read_indices(path, &options)).transpose()?;
        if let (Some(path), Some(labels)) = (&self.labels, &labels) {
            self.check_length(path, "labels", labels.classes().len(), first.nrows())?;
        }
        if let (Some(path), Some(positives)) = (&self.positives, &positives) {
            self.check_length(path, "positives", positives.len(), first.nrows())?;
        }
        let names = labels.as_ref().map(|labels| labels.names().to_vec()).unwrap_or_default();
        let classes = labels.map(|labels| labels.classes().to_vec());
        let labels = self.labels.as_ref().map_or_else(String::new, |path| path.display().to_string());
        let views = [Some(&self.first), self.second.as_ref()]
            .map(|path| path.map_or_else(String::new, |path| path.display().to_string()));
        let start = Start { first, second, labels: classes, positives };
        Ok(Read { views, start, first: self.first.clone(), labels, names })
    }

    fn check_length(&self, path: &Path, what: &str, found: usize, rows: usize) -> Result<(), Failure> {
        if found == rows {
            return Ok(());
        }
        let hint = tables::hint_of_length(&self.first, found, rows);
        let (path, first) = (path.display(), self.first.display());
        Err(Failure::Refused(format!(
            "{path}: {found} {what} for the {rows} rows of {first}; there must be one per row{hint}"
        )))
    }
}

impl Read {
    /// An error of the loss, in terms of the command line.
    pub fn explain(&self, error: &SimulationError) -> Failure {
        let rows = self.start.first.nrows();
        let option = |error: &LossError| match error {
            LossError::NeedsTwoViews { .. } if rows > 0 && rows.is_multiple_of(2) => format!(
                " (give W after Z; where Z holds both views, one after the other: {})",
                tables::two_halves(&self.first, rows)
            ),
            LossError::NeedsTwoViews { .. } => " (give W after Z)".to_owned(),
            LossError::NeedsLabels { .. } => " with --labels FILE".to_owned(),
            LossError::NeedsPositives { .. } => ", and give them with --positives FILE".to_owned(),
            LossError::OwnPositive { .. } | LossError::NoSuchPositive { .. } => " (in --positives)".to_owned(),
            _ => String::new(),
        };
        Failure::Refused(match error {
            SimulationError::Loss(error @ LossError::NoPositive { .. }) => {
                format!("{}: {}", self.labels, error.with_names(&self.names))
            }
            SimulationError::Loss(error) => format!("{error}{}", option(error)),
            SimulationError::Gradient { view, error } => {
                format!("{}: {error}", self.views[usize::from(*view == "second")])
            }
            error => error.to_string(),
        })
    }
}

/// The rows of a file, each with a direction.
fn embeddings(path: &Path, source: &mut Source) -> Result<Array2<f64>, Failure> {
    if source.shape().1 < 2 {
        return Err(Failure::Refused(format!(
            "{}: one column; directions need at least 2 dimensions, so give the embeddings themselves",
            path.display()
        )));
    }
    let rows = source.read_with_directions()?;
    normalize(rows.view()).map_err(|error| Failure::from(error).at(&path.display().to_string()))?;
    Ok(rows)
}
