//! `embedding-norms diagnose`: what the norms of a user's own embeddings say, and what they do to training.

mod course;
mod figures;
mod html;
mod options;
mod order;
mod page;
pub mod reading;
mod record;

use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use embedding_norms::diagnosis::{Diagnosis, Options, Subject, diagnose};
use embedding_norms_lab::figure::Figure;
use serde_json::{Value, json};

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
pub struct Case {
    question: Question,
    options: Options,
    subject: Subject,
    diagnosis: Diagnosis,
    words: Words,
}

/// What is said of how the answers were asked for.
#[derive(Clone, Copy)]
pub struct Words {
    /// What the order of the checkpoints follows, where there are several.
    pub order: Option<&'static str>,
    /// Where there is more than the page of the terminal says.
    pub more: &'static str,
}

/// Where the command says more.
const MORE: &str = "Numbers, formulas, conditions and what each answer is worth: --verbose, --json, or --out DIR.";

impl Case {
    /// The answers about what was read.
    pub fn of(
        question: Question,
        options: Options,
        subject: Subject,
        words: Words,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, Failure> {
        let diagnosis = diagnose(&subject, &options, progress)?;
        Ok(Self { question, options, subject, diagnosis, words })
    }

    /// Everything as one object.
    pub fn record(&self) -> Result<Value, Failure> {
        record::record(self)
    }

    /// The page of the terminal.
    pub fn text(&self, width: usize) -> String {
        page::page(self, width)
    }

    /// The figures that the data allow, with their names.
    pub fn figures(&self) -> Vec<(&'static str, Figure)> {
        figures::figures(self)
    }

    /// The page of a browser, with the figures in it.
    pub fn html(&self) -> Result<String, Failure> {
        Ok(html::page(self, &self.figures())?.into_string())
    }

    /// Fills a folder with record, tables, figures and the page of a browser.
    pub fn write(&self, folder: &Folder, record: &Value) -> Result<(), Failure> {
        record::write(folder, self, record)?;
        folder.write_figures(NAME, &self.figures(), &self.question.drawing)?;
        folder.write("diagnose.html", self.html()?.as_bytes())
    }
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

/// What the arguments ask, the options of the library that it comes to, and what was taken for the optimizer's name.
/// `files` says whether checkpoints are the names of files, or of what is in memory.
pub fn asked(matches: &ArgMatches, files: bool) -> Result<(Question, Options, Option<String>), Failure> {
    let mut question = Question::from_arg_matches(matches).map_err(Failure::Usage)?;
    if files {
        question.unfold();
    }
    question.order();
    let (options, note) = question.options()?;
    Ok((question, options, note))
}

/// Reads, diagnoses, tells.
pub fn run(matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let (question, options, note) = asked(matches, true)?;
    let words = Words { order: question.order_in_words(), more: MORE };
    let asked = earlier::question(&question.record(&options, words.order));
    let replaces = |out| earlier::replaces(out, NAME, &asked, question.force);
    let replaces = question.out.as_deref().map(replaces).transpose()? == Some(true);
    known::tell([&note], question.quiet);
    let folder = question.out.as_deref().map(Folder::prepare).transpose()?;
    let bar = Bar::new(NAME, question.quiet);
    let subject = reading::read(&question, &bar)?;
    let mut progress = |done: usize, total: usize| bar.show_share(done as u64, total as u64, "questions");
    let case = Case::of(question, options, subject, words, &mut progress)?;
    bar.finish();
    let question = &case.question;
    let mut record = case.record()?;
    if let Some(folder) = &folder {
        case.write(folder, &record)?;
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
