//! `embedding-norms gradient`: the analytic gradient of a loss with respect to the raw embeddings of a file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::simulation::{Gradient, gradient};
use embedding_norms::sphere::norm_of;
use embedding_norms::statistics::mean;
use ndarray::Array2;
use serde_json::{Value, json};

use crate::cli::arrays::ArrayFile;
use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::known;
use crate::cli::output;
use crate::cli::wrapping::{valued, width, wrapped};
use crate::commands::embeddings::{Chosen, Input, LossChoice};

/// What is asked for.
#[derive(Args, Debug)]
struct Question {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    loss: LossChoice,

    /// Write the gradient with respect to Z, an array of Z's shape in f64
    #[arg(long, value_name = "G.npy")]
    write: Option<PathBuf>,

    /// Write the gradient with respect to W
    #[arg(long, value_name = "H.npy", requires = "second")]
    write_second: Option<PathBuf>,

    /// Print the value and the lengths of the gradients as one JSON object
    #[arg(long)]
    json: bool,
}

/// The command.
pub fn command() -> Command {
    Question::augment_args(Command::new("gradient"))
        .about("Compute the gradient of a loss with respect to the embeddings of a file, to check your own against")
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
    question.input.check_lists(&chosen)?;
    let outputs = Outputs::prepare(&question)?;
    let read = question.input.read(false)?;
    chosen.check_memory(&read.start.views())?;
    let found = gradient(&*chosen.loss, read.start.views()).map_err(|error| read.explain(&error))?;
    outputs.write(&found)?;
    known::tell([&chosen.note], false);
    if question.json {
        let files: Vec<PathBuf> = outputs.paths().map(Path::to_owned).collect();
        let record = json!({
            "loss": chosen.record(),
            "rows": found.first.nrows(),
            "dimension": found.first.ncols(),
            "terms": found.terms,
            "value": found.value,
            "first": lengths(&found.first, found.notes[0].as_ref()),
            "second": found.second.as_ref().map(|second| lengths(second, found.notes[1].as_ref())),
            "files": output::listed(&files),
        });
        envelope::print("gradient", &record)?;
        return Ok(ExitCode::SUCCESS);
    }
    say!("{}", text(&chosen, &found, &outputs, width()).trim_end());
    Ok(ExitCode::SUCCESS)
}

/// The value, the lengths of the gradients, and where they are.
fn text(chosen: &Chosen, found: &Gradient, outputs: &Outputs, width: usize) -> String {
    let (name, value) = (chosen.loss.name(), json!(found.value));
    let mut text = valued("", name, COLUMN, &format!("{value}   (mean of {} terms)", found.terms), width);
    let gradients = [Some(&found.first), found.second.as_ref()];
    for ((view, gradient), note) in ["Z", "W"].into_iter().zip(gradients).zip(&found.notes) {
        let Some(gradient) = gradient else { continue };
        let (mean, largest) = mean_and_largest(gradient);
        let lengths = format!("{mean:.6e}   (largest {largest:.6e})");
        text += &valued("", &format!("‖∇‖ by a row of {view}"), COLUMN, &lengths, width);
        if let Some(note) = note {
            text += &wrapped(&format!("note: the gradient with respect to {view} {note}."), "", "  ", width);
        }
    }
    for path in outputs.paths() {
        text += &valued("", "written", COLUMN, &path.display().to_string(), width);
    }
    text
}

/// The column of the numbers.
const COLUMN: usize = 23;

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

fn mean_and_largest(gradient: &Array2<f64>) -> (f64, f64) {
    let lengths: Vec<f64> = gradient.rows().into_iter().map(norm_of).collect();
    (mean(&lengths), lengths.iter().copied().fold(0.0, f64::max))
}

fn lengths(gradient: &Array2<f64>, note: Option<&String>) -> Value {
    let (mean, largest) = mean_and_largest(gradient);
    let mut lengths = json!({ "mean_length": mean, "largest_length": largest });
    if let Some(note) = note {
        lengths["note"] = json!(note);
    }
    lengths
}
