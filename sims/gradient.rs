//! `embedding-norms gradient`: the analytic gradient of a loss by the raw embeddings of a file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::loss::{Batch, Evaluation, Loss, LossError};
use embedding_norms::normalization::pullback;
use embedding_norms::simulation::{SimulationError, Start};
use embedding_norms::sphere::{norm_of, normalize};
use ndarray::Array2;
use serde_json::{Value, json};

use crate::arrays::ArrayFile;
use crate::embeddings::{Input, LossChoice};
use crate::failure::Failure;
use crate::run::SCHEMA;

/// What is asked for.
#[derive(Args, Debug)]
struct Question {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    loss: LossChoice,

    /// Write the gradient by Z, an array of Z's shape in f64
    #[arg(long, value_name = "G.npy")]
    write: Option<PathBuf>,

    /// Write the gradient by W
    #[arg(long, value_name = "H.npy", requires = "second")]
    write_second: Option<PathBuf>,

    /// Print the value and the lengths of the gradients as one JSON object
    #[arg(long)]
    json: bool,
}

/// The command.
pub fn command() -> Command {
    Question::augment_args(Command::new("gradient"))
        .about("Compute the gradient of a loss by the embeddings of a file, to check your own against")
        .long_about(None)
        .after_help(
            "The value is the mean over the rows, as frameworks report it (over 2n terms where n pairs are stacked).
The gradient is that of the mean by the raw embeddings, through their normalization (G1).

Examples:
  embedding-norms gradient --loss nt-xent --temperature 0.2 z.npy w.npy --write G.npy
  embedding-norms gradient --loss cosine views.npz:z views.npz:w --json
  embedding-norms gradient --loss cosine stacked.npy:0-511 stacked.npy:512-1023
  embedding-norms gradient --loss sup-con z.safetensors --labels labels.csv --write G.npy

In Python: numpy.load(\"G.npy\"). How to save embeddings from PyTorch: docs/your-own-embeddings.md",
        )
}

/// Computes, writes, prints.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let question = Question::from_arg_matches(matches).map_err(Failure::Usage)?;
    let chosen = question.loss.build()?;
    chosen.check_lists(&question.input)?;
    let outputs = Outputs::prepare(&question)?;
    let read = question.input.read(false)?;
    chosen.check_memory(&read.start)?;
    let found = gradient(&*chosen.loss, &read.start).map_err(|error| read.explain(&error))?;
    outputs.write(&found)?;
    if question.json {
        let record = json!({
            "schema": SCHEMA,
            "crate_version": env!("CARGO_PKG_VERSION"),
            "loss": chosen.record(),
            "rows": found.first.nrows(),
            "dimension": found.first.ncols(),
            "terms": found.terms,
            "value": found.value,
            "first": lengths(&found.first),
            "second": found.second.as_ref().map(lengths),
        });
        say!("{}", serde_json::to_string_pretty(&record)?);
        return Ok(ExitCode::SUCCESS);
    }
    say!("{:<22} {}   (mean of {} terms)", chosen.loss.name(), found.value, found.terms);
    for (name, gradient) in [("Z", Some(&found.first)), ("W", found.second.as_ref())] {
        let Some(gradient) = gradient else { continue };
        let (mean, largest) = mean_and_largest(gradient);
        say!("{:<22} {mean:.6e}   (largest {largest:.6e})", format!("‖∇‖ by a row of {name}"));
        if largest == 0.0 {
            say!("note: the gradient by {name} is zero: {} holds it still, or nothing pulls.", chosen.loss.name());
        }
    }
    for path in outputs.paths() {
        say!("{:<22} {}", "written", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Where gradients go.
struct Outputs {
    first: Option<ArrayFile>,
    second: Option<ArrayFile>,
}

impl Outputs {
    /// Everything is checked before anything is read.
    fn prepare(question: &Question) -> Result<Self, Failure> {
        if let (Some(first), Some(second)) = (&question.write, &question.write_second)
            && first == second
        {
            let path = first.display();
            return Err(Failure::Refused(format!("--write-second {path}: --write goes there too; give another file")));
        }
        let inputs = question.input.files();
        let prepare = |option: &str, path: &Option<PathBuf>| {
            path.as_ref().map(|path| ArrayFile::prepare(option, path, &inputs)).transpose()
        };
        Ok(Self {
            first: prepare("--write", &question.write)?,
            second: prepare("--write-second", &question.write_second)?,
        })
    }

    fn write(&self, found: &Gradient) -> Result<(), Failure> {
        if let Some(file) = &self.first {
            file.write(&found.first)?;
        }
        if let (Some(file), Some(gradient)) = (&self.second, &found.second) {
            file.write(gradient)?;
        }
        Ok(())
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        [&self.first, &self.second].into_iter().flatten().map(ArrayFile::path)
    }
}

/// The mean of a loss with its gradients by the raw embeddings.
struct Gradient {
    terms: usize,
    value: f64,
    first: Array2<f64>,
    second: Option<Array2<f64>>,
}

/// ∇_z of the mean loss: the pullback of G1, over the number of terms.
fn gradient(loss: &dyn Loss, start: &Start) -> Result<Gradient, SimulationError> {
    let first = normalize(start.first.view())?;
    let second = start.second.as_ref().map(|second| normalize(second.view())).transpose()?;
    let batch = match &second {
        Some(second) => Batch::two_views(&first, second)?,
        None => Batch::one_view(&first)?,
    };
    let evaluation = evaluate(loss, batch, start)?;
    let terms = evaluation.rows as f64;
    let by_second = second.as_ref().zip(evaluation.second.as_ref());
    Ok(Gradient {
        terms: evaluation.rows,
        value: evaluation.mean(),
        first: pullback(&first, evaluation.first.view()) / terms,
        second: by_second.map(|(directions, euclidean)| pullback(directions, euclidean.view()) / terms),
    })
}

fn evaluate<'a>(loss: &dyn Loss, mut batch: Batch<'a>, start: &'a Start) -> Result<Evaluation, LossError> {
    if let Some(labels) = &start.labels {
        batch = batch.with_labels(labels)?;
    }
    if let Some(positives) = &start.positives {
        batch = batch.with_positives(positives)?;
    }
    loss.evaluate(&batch)
}

fn mean_and_largest(gradient: &Array2<f64>) -> (f64, f64) {
    let lengths: Vec<f64> = gradient.rows().into_iter().map(norm_of).collect();
    let sum: f64 = lengths.iter().sum();
    (sum / lengths.len() as f64, lengths.iter().copied().fold(0.0, f64::max))
}

fn lengths(gradient: &Array2<f64>) -> Value {
    let (mean, largest) = mean_and_largest(gradient);
    json!({ "mean_length": mean, "largest_length": largest })
}
