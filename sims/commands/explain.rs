//! `embedding-norms explain ID`: a statement and everything about it.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use embedding_norms::catalogue::plain;
use embedding_norms_lab::statement::{STATEMENTS, Statement, find};
use serde::Serialize;

use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::suggestion::suggestion;
use crate::cli::wrapping::{labelled, width, wrapped};
use crate::commands::elsewhere::stands_for;

/// The command.
pub fn command() -> Command {
    let ids: Vec<&str> = STATEMENTS.iter().map(|statement| statement.id).collect();
    Command::new("explain")
        .about("Explain a statement: what it means, formula, proof, test, figure")
        .arg(Arg::new("id").required(true).value_name("ID").help(format!("One of {}", ids.join(", "))))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print everything as one JSON object"))
        .after_help("Examples:\n  embedding-norms explain L2\n  embedding-norms explain L2 --json")
}

/// A statement as JSON has it.
#[derive(Serialize)]
struct Explanation {
    id: &'static str,
    title: &'static str,
    meaning: &'static str,
    formula: &'static str,
    source: &'static str,
    proof: String,
    test: String,
    /// `null` where no simulation shows it, like the next two.
    simulation: Option<&'static str>,
    figure: Option<String>,
    run: Option<String>,
    report: String,
}

impl Explanation {
    fn of(statement: &Statement) -> Self {
        let Statement { id, title, meaning, formula, simulation, .. } = *statement;
        Self {
            id,
            title,
            meaning,
            formula,
            source: statement.provenance.words(),
            proof: statement.section(),
            test: statement.test_command(),
            simulation,
            figure: simulation.map(|simulation| format!("plots/{simulation}.svg")),
            run: simulation.map(|simulation| format!("embedding-norms {simulation}")),
            report: format!("plots/report.html#{}", id.to_lowercase()),
        }
    }

    /// First what it means, then the formula and where to find everything.
    fn text(&self, width: usize) -> String {
        let mut text = labelled(self.id, 4, self.title, width);
        text += &format!("\n{}\n", wrapped(self.meaning, "  ", "  ", width));
        for formula in self.formula.split(";  ") {
            text += &wrapped(formula, "  ", "    ", width);
        }
        text.push('\n');
        text += &labelled("source", COLUMN, self.source, width);
        let places = [
            ("proof", Some(&self.proof)),
            ("test", Some(&self.test)),
            ("figure", self.figure.as_ref()),
            ("run", self.run.as_ref()),
            ("report", Some(&self.report)),
        ];
        for (name, place) in places {
            // Paths and commands are meant to be copied, so they are not wrapped.
            text += &place.map_or_else(String::new, |place| format!("{name:<COLUMN$}{place}\n"));
        }
        text
    }
}

/// The column in which places begin.
const COLUMN: usize = 9;

/// Prints the statement.
pub fn run(matches: &ArgMatches, whole: &Command) -> Result<ExitCode, Failure> {
    let wanted = matches.get_one::<String>("id").map_or("", String::as_str);
    let explanation = Explanation::of(look_up(wanted, whole)?);
    if matches.get_flag("json") {
        envelope::print("explain", &explanation)?;
    } else {
        say!("{}", explanation.text(width()).trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

/// The statement with this id, in any spelling, or with this title; else what the name stands for, and what to ask for.
fn look_up(wanted: &str, whole: &Command) -> Result<&'static Statement, Failure> {
    let same = |statement: &&Statement| plain(statement.title) == plain(wanted);
    let found = find(&plain(wanted)).or_else(|| STATEMENTS.iter().find(same));
    found.ok_or_else(|| Failure::Refused(format!("there is no statement '{wanted}'; {}", advice(wanted, whole))))
}

/// What to ask for instead of something that is not a statement.
fn advice(wanted: &str, whole: &Command) -> String {
    if let Some(what) = stands_for(wanted, whole) {
        return what;
    }
    let ids = || STATEMENTS.iter().map(|statement| statement.id);
    let mut letters = wanted.chars();
    let letter = letters.next().map(|letter| letter.to_ascii_uppercase());
    let kin: Vec<&str> = ids().filter(|id| id.chars().next() == letter).collect();
    match (kin.as_slice(), letters.all(|digit| digit.is_ascii_digit())) {
        ([first, .., last], true) => format!("those of this letter are {first} to {last}"),
        _ => suggestion(wanted, ids()),
    }
}
