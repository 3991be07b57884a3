//! The tables and the figure of docs/diagnosing.md and of the report, and the numbers of its text.

use std::fs;
use std::path::PathBuf;

use embedding_norms::diagnosis::Trial;
use embedding_norms::statistics::median_with_interval;
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Size, Style};
use embedding_norms_lab::table::{Table, Value};

use super::cell::{Cell, NETWORKS, RULES};
use super::outcome::{Advice, Outcome};
use super::task::Kind;
use super::verdict::{CHOSEN_ON, Share, THRESHOLD, is_reported, share, trial};
use crate::repository::root;

fn file(name: &str) -> PathBuf {
    root().join("docs").join(name)
}

/// Four digits: what the table keeps.
pub fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap()
}

const COLUMNS: [&str; 12] = [
    "task",
    "network",
    "optimizer",
    "seed",
    "rate",
    "lever",
    "angle",
    "leg",
    "shift",
    "measured",
    "is_bound",
    "by_accuracy",
];

pub fn write(outcomes: &[Outcome]) {
    let mut table = Table::new(&COLUMNS);
    for it in outcomes {
        let number = |value: Option<f64>| Value::from(value.map(rounded));
        table.push([
            it.cell.task.name().into(),
            it.cell.network.into(),
            it.cell.rule.into(),
            it.seed.into(),
            rounded(it.rate).into(),
            it.lever.as_str().into(),
            rounded(it.angle).into(),
            rounded(it.leg).into(),
            number(it.shift),
            number(it.measured),
            usize::from(it.is_bound).into(),
            number(it.by_accuracy),
        ]);
    }
    fs::write(file("diagnosing.csv"), table.to_csv().unwrap()).unwrap();
    write_summary();
}

/// Summary and figure from the table: later checks see nothing else.
pub fn write_summary() {
    let outcomes = read();
    fs::write(file("diagnosing.summary.csv"), summary(&outcomes).to_csv().unwrap()).unwrap();
    fs::write(file("diagnosing.svg"), figure(&outcomes).to_svg(Size::TwoColumns).unwrap()).unwrap();
    println!("{}{}", rows(&outcomes), sentences(&outcomes).join("\n"));
}

pub fn read() -> Vec<Outcome> {
    let table = Table::read_csv(fs::File::open(file("diagnosing.csv")).unwrap()).unwrap();
    let texts = |name: &str| table.texts(name).unwrap();
    let (tasks, networks, rules, levers) = (texts("task"), texts("network"), texts("optimizer"), texts("lever"));
    let numbers = |name: &str| table.numbers(name).unwrap();
    let [seeds, rates, angles, legs] = ["seed", "rate", "angle", "leg"].map(numbers);
    let [shifts, measured, bounds, by_accuracy] = ["shift", "measured", "is_bound", "by_accuracy"].map(numbers);
    let outcome = |row: usize| Outcome {
        cell: Cell {
            task: Kind::ALL.into_iter().find(|task| task.name() == tasks[row]).unwrap(),
            network: NETWORKS.into_iter().find(|network| *network == networks[row]).unwrap(),
            rule: RULES.into_iter().find(|rule| *rule == rules[row]).unwrap(),
        },
        seed: seeds[row].unwrap() as u64,
        rate: rates[row].unwrap(),
        lever: levers[row].clone(),
        angle: angles[row].unwrap(),
        leg: legs[row].unwrap(),
        shift: shifts[row],
        measured: measured[row],
        is_bound: bounds[row] == Some(1.0),
        by_accuracy: by_accuracy[row],
    };
    (0..tasks.len()).map(outcome).collect()
}

/// Every advice in every cell, with what it was worth on the half of the seeds that is reported.
fn shares(outcomes: &[Outcome]) -> Vec<(Cell, Advice, Share)> {
    let cells = super::cell::all().into_iter();
    cells
        .flat_map(|cell| Advice::ALL.map(|advice| (cell, advice)))
        .map(|(cell, advice)| {
            let of = outcomes.iter().filter(|it| is_reported(it) && it.cell == cell && it.advice(None) == Some(advice));
            (cell, advice, share(of))
        })
        .collect()
}

/// The table of the report.
fn summary(outcomes: &[Outcome]) -> Table {
    let columns = ["task", "network", "optimizer", "advice", "right", "clear", "share", "lower", "upper"];
    let mut table = Table::new(&columns);
    for (cell, advice, found) in shares(outcomes) {
        let interval = found.interval();
        table.push([
            cell.task.name().into(),
            cell.network.into(),
            cell.rule.into(),
            advice.name().into(),
            found.right.into(),
            found.clear.into(),
            found.value().map(rounded).into(),
            interval.map(|(lower, _)| rounded(lower)).into(),
            interval.map(|(_, upper)| rounded(upper)).into(),
        ]);
    }
    table
}

/// The rows of the table in the docs.
fn rows(outcomes: &[Outcome]) -> String {
    let shares = shares(outcomes);
    let told = |found: &Share| match (found.value(), found.interval()) {
        (Some(value), Some((lower, upper))) => format!("{value:.2} [{lower:.2}, {upper:.2}] of {}", found.clear),
        _ => "–".to_owned(),
    };
    let row = |cells: &[(Cell, Advice, Share)]| {
        let cell = cells[0].0;
        let shares: Vec<String> = cells.iter().map(|(_, _, found)| told(found)).collect();
        format!("| {} | {} | {} | {} |\n", cell.network, cell.rule, cell.task.name(), shares.join(" | "))
    };
    shares.chunks(Advice::ALL.len()).map(row).collect()
}

/// The sentences of the docs that have numbers of the table in them.
fn sentences(outcomes: &[Outcome]) -> Vec<String> {
    let reported: Vec<&Outcome> = outcomes.iter().filter(|it| is_reported(it)).collect();
    let of = |advice: Advice| share(reported.iter().copied().filter(|it| it.advice(None) == Some(advice)));
    let by_accuracy = |advice: Advice| {
        let of = reported.iter().filter(|it| it.advice(None) == Some(advice));
        let right: Vec<bool> = of.filter_map(|it| it.is_right(it.by_accuracy)).collect();
        format!("{} of {}", right.iter().filter(|right| **right).count(), right.len())
    };
    let counts = |advice: Advice| format!("{} of {}", of(advice).right, of(advice).clear);
    let as_advised = |advice: Advice| {
        let is_given = |it: &Outcome| trial(outcomes, it.cell.network, it.cell.rule, advice) == Trial::Right;
        let of = reported.iter().filter(|it| it.lever == "rate as advised" && it.advice(None) == Some(advice));
        let of: Vec<f64> = of.filter(|it| is_given(it)).filter_map(|it| it.measured).collect();
        let faster = of.iter().filter(|ln| **ln > 0.0).count();
        let middle = median_with_interval(&of, 0.95).unwrap();
        format!("{faster} of {}, at the median by a factor of {:.1}", of.len(), middle.value.exp())
    };
    let plain = reported.iter().filter(|it| it.lever == "cut 3" && it.shift.is_none());
    let plain: Vec<f64> = plain.filter_map(|it| it.measured).filter(|ln| *ln != 0.0).collect();
    let slower = plain.iter().filter(|ln| **ln < 0.0).count();
    let smaller = reported.iter().filter(|it| it.advice(None).is_some() && it.is_right(it.measured).is_some());
    let (less, all) = smaller.fold((0, 0), |(less, all), it| {
        let is_less = it.measured.unwrap().abs() < it.predicted().unwrap().abs();
        (less + usize::from(is_less), all + 1)
    });
    vec![
        format!(
            "a larger rate was right in {}, a smaller one in {}, a cut in {}, GradScale in {} clear predictions",
            counts(Advice::Larger),
            counts(Advice::Smaller),
            counts(Advice::Cut),
            counts(Advice::GradScale)
        ),
        format!(
            "By 10-NN accuracy, where it rises, the larger rate was right in {}, the smaller one in {}",
            by_accuracy(Advice::Larger),
            by_accuracy(Advice::Smaller)
        ),
        format!(
            "Training at the advised rate was faster than at the own one in {} where it was larger, in {} where it was smaller",
            as_advised(Advice::Larger),
            as_advised(Advice::Smaller)
        ),
        format!("A plain cut by 3 of a network with biases made training slower in {slower} of {}", plain.len()),
        format!("In {less} of {all} the measured change is smaller than the predicted one"),
    ]
}

/// Passes if the docs say this, wherever lines end.
pub fn assert_in_docs(words: &str) {
    let docs = fs::read_to_string(file("diagnosing.md")).unwrap();
    let in_one_line = docs.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(in_one_line.contains(words), "docs/diagnosing.md should say: {words}");
}

/// The docs say what the table says, and the summary and the figure are made from it.
pub fn check() {
    let outcomes = read();
    for line in rows(&outcomes).lines().chain(sentences(&outcomes).iter().map(String::as_str)) {
        assert_in_docs(line);
    }
    let is = |name: &str, expected: String| {
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::write(file(name), &expected).unwrap();
        }
        let found = fs::read_to_string(file(name)).unwrap();
        assert!(found == expected, "docs/{name} is another; UPDATE_SNAPSHOTS=1 makes it from the table again");
    };
    is("diagnosing.summary.csv", summary(&outcomes).to_csv().unwrap());
    is("diagnosing.svg", figure(&outcomes).to_svg(Size::TwoColumns).unwrap());
}

fn figure(outcomes: &[Outcome]) -> Figure {
    let shares = shares(outcomes);
    let panels = NETWORKS.into_iter().map(|network| {
        let ticks = RULES.into_iter().enumerate().map(|(place, rule)| (place as f64, rule.to_owned()));
        let x = Axis::linear("optimizer").range(-0.5, 3.5).ticks(ticks);
        let mut panel = Panel::new(x, Axis::linear("share of right signs").range(-0.03, 1.03))
            .title(network)
            .layer(Layer::horizontal_line("", THRESHOLD))
            .legend(Legend::Below);
        let shown = [(Advice::Larger, "larger rate"), (Advice::Smaller, "smaller rate"), (Advice::Cut, "cut")];
        for (index, (advice, name)) in shown.into_iter().enumerate() {
            let of = shares.iter().filter(|it| it.0.network == network && it.1 == advice);
            let points: Vec<(f64, f64, (f64, f64))> = of
                .filter_map(|(cell, _, found)| {
                    let place = RULES.into_iter().position(|rule| rule == cell.rule)? as f64;
                    let beside = if cell.task == Kind::Mixture { -0.06 } else { 0.06 };
                    Some((place + 0.25 * (index as f64 - 1.0) + beside, found.value()?, found.interval()?))
                })
                .collect();
            let style = Style::series(index);
            let bars = points.iter().map(|(x, _, (lower, upper))| (*x, *lower, *upper)).collect();
            let values = points.iter().map(|(x, value, _)| (*x, *value)).collect();
            panel = panel
                .layer(Layer::error_bars(name, bars).style(style))
                .layer(Layer::markers(name, values).style(style));
        }
        panel
    });
    let text = "Share of clear predictions with the right sign, with intervals over seeds: one panel per kind of network, and \
                beside each other the optimizers; of two marks of one colour the left is the mixture, the right the digits. \
                The line is at four of five, below which there is no advice.";
    Figure::new(text).columns(3).panels(panels.collect::<Vec<_>>())
}

/// The seeds on which margins are chosen, in words, so that the docs say the same.
pub fn check_halves() {
    assert_in_docs(&format!("seeds {}", CHOSEN_ON.map(|seed| seed.to_string()).join(", ")));
}
