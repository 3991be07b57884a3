//! `embedding-norms diagnose`: what the norms of a user's own embeddings say, and what they do to training.

mod figures;
mod html;
mod options;
mod order;
mod page;
mod reading;
mod record;

use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::diagnosis::{Diagnosis, Options, Subject, diagnose};
use serde_json::json;

use crate::cli::earlier;
use crate::cli::failure::Failure;
use crate::cli::known;
use crate::cli::output;
use crate::cli::output::Folder;
use crate::cli::progress::Bar;
use options::Question;

/// The command's name, and that of its files.
const NAME: &str = "diagnose";

/// All that was read and found.
struct Case<'a> {
    question: &'a Question,
    options: Options,
    subject: Subject,
    diagnosis: Diagnosis,
}

/// The command.
pub fn command() -> Command {
    let command = Question::augment_args(Command::new(NAME));
    // Without a folder there is no figure that they could speak of.
    ["format", "size"]
        .into_iter()
        .fold(command, |command, drawing| command.mut_arg(drawing, |option| option.requires("out")))
        .about("Diagnose embeddings: do their norms mean anything, is the learning rate right, what is a cut?")
        .long_about(None)
        .after_help(
            "The first lines say what matters: do the norms mean anything, are the steps right, what to do next. With --verbose\n\
             every answer names the statement it rests on (embedding-norms explain L8), its conditions and what it is worth.\n\
             Save embeddings *before* they are normalized. Whether steps are too short or too long for a network is told from\n\
             the angle that embeddings turn: save them for the same samples before training and after one step, and the\n\
             positives (other views of these samples) before training.\n\
             \n\
             Examples:
  embedding-norms diagnose z.npy --labels labels.npy --out diagnosis
  embedding-norms diagnose step0.npy step1.npy --positives views0.npy --steps-between 1 --optimizer adamw --network biases
  embedding-norms diagnose epoch0.npy epoch10.npy epoch100.npy --labels labels.txt --reference unseen.npy
  embedding-norms diagnose table.npy --positives other.npy --parameters free --learning-rate 0.02 --weight-decay 1e-4

How to save embeddings from PyTorch: docs/your-own-embeddings.md; how to read the answers: docs/diagnosing.md",
        )
}

/// Reads, diagnoses, tells.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let mut question = Question::from_arg_matches(matches).map_err(Failure::Usage)?;
    question.order();
    let (options, note) = question.options()?;
    let asked = earlier::question(&question.record(&options));
    let replaces = |out| earlier::replaces(out, NAME, &asked, question.force);
    let replaces = question.out.as_deref().map(replaces).transpose()? == Some(true);
    known::tell([&note], question.quiet);
    let folder = question.out.as_deref().map(Folder::prepare).transpose()?;
    let bar = Bar::new(NAME, question.quiet);
    let subject = reading::read(&question, &bar)?;
    let mut progress = |done: usize, total: usize| bar.show_share(done as u64, total as u64, "questions");
    let diagnosis = diagnose(&subject, &options, &mut progress)?;
    bar.finish();
    let case = Case { question: &question, options, subject, diagnosis };
    let mut record = record::record(&case)?;
    if let Some(folder) = &folder {
        record::write(folder, &case, &record)?;
        let figures = figures::figures(&case);
        folder.write_figures(NAME, &figures, &question.drawing)?;
        folder.write("diagnose.html", html::page(&case, &figures)?.into_string().as_bytes())?;
        if replaces {
            folder.remove_others(NAME)?;
        }
    }
    if question.json {
        record["files"] = json!(folder.as_ref().map(|folder| output::listed(&folder.written())).unwrap_or_default());
        say!("{}", serde_json::to_string_pretty(&record)?);
    } else if !question.quiet {
        page::print(&case, folder.as_ref());
    }
    Ok(ExitCode::SUCCESS)
}
