//! The tables and the figure of docs/diagnosing.md and of the report, and the numbers of its text.

use std::fs;
use std::path::{Path, PathBuf};

use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Size};
use embedding_norms::lab::table::Table;
use embedding_norms::statistics::Estimate;

use super::{Outcome, columns, correlation, is_clear, right_signs};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

pub fn write(outcomes: &[Outcome]) {
    let mut table =
        Table::new(&["task", "seed", "rate", "lever", "excess", "predicted", "advised", "measured", "is_bound"]);
    for it in outcomes {
        table.push([
            it.task.into(),
            it.seed.into(),
            it.rate.into(),
            it.lever.as_str().into(),
            it.excess.into(),
            it.predicted.into(),
            usize::from(it.is_advised).into(),
            it.measured.into(),
            usize::from(it.is_bound).into(),
        ]);
    }
    fs::write(file("diagnosing.csv"), table.to_csv().unwrap()).unwrap();
    // What is read back: later checks see nothing else.
    let outcomes = read();
    fs::write(file("diagnosing.summary.csv"), summary(&summaries(&outcomes)).to_csv().unwrap()).unwrap();
    fs::write(file("diagnosing.svg"), figure(&outcomes).to_svg(Size::TwoColumns).unwrap()).unwrap();
    println!("{}{}", rows(&outcomes), sentences(&outcomes).join("\n"));
}

fn read() -> Vec<Outcome> {
    let table = Table::read_csv(fs::File::open(file("diagnosing.csv")).unwrap()).unwrap();
    let numbers = |name: &str| table.numbers(name).unwrap().into_iter().map(Option::unwrap).collect::<Vec<_>>();
    let (tasks, levers) = (table.texts("task").unwrap(), table.texts("lever").unwrap());
    let [seeds, rates, excesses] = ["seed", "rate", "excess"].map(numbers);
    let [predicted, advised, measured, bounds] = ["predicted", "advised", "measured", "is_bound"].map(numbers);
    let outcome = |row: usize| Outcome {
        task: TASKS.into_iter().find(|task| *task == tasks[row]).unwrap(),
        seed: seeds[row] as u64,
        rate: rates[row],
        lever: levers[row].clone(),
        excess: excesses[row],
        predicted: predicted[row],
        is_advised: advised[row] > 0.0,
        measured: measured[row],
        is_bound: bounds[row] > 0.0,
    };
    (0..tasks.len()).map(outcome).collect()
}

const TASKS: [&str; 3] = ["mixture", "digits", "digits, biases"];

/// Settings from which a rank correlation has an interval.
const ENOUGH: usize = 15;

/// What is said of a lever in a task.
struct Summary {
    task: &'static str,
    lever: &'static str,
    settings: usize,
    /// Spearman's ρ of predicted and measured; `None` for few settings.
    found: Option<Estimate>,
    right: usize,
    clear: usize,
}

fn summaries(outcomes: &[Outcome]) -> Vec<Summary> {
    let of = |task: &'static str, lever: &'static str| {
        let of = outcomes.iter().filter(|it| it.task == task && it.lever.starts_with(lever) && it.is_advised);
        let some: Vec<Outcome> = of.cloned().collect();
        let (predicted, measured) = columns(&some);
        let found = (some.len() >= ENOUGH).then(|| correlation(&predicted, &measured));
        let (right, clear) = right_signs(&some);
        Summary { task, lever, settings: some.len(), found, right, clear }
    };
    TASKS.into_iter().flat_map(|task| ["cut", "GradScale"].map(|lever| of(task, lever))).collect()
}

/// The table of the report.
fn summary(summaries: &[Summary]) -> Table {
    let mut table = Table::new(&["task", "lever", "settings", "spearman", "lower", "upper", "right", "clear"]);
    for it in summaries {
        table.push([
            it.task.into(),
            it.lever.into(),
            it.settings.into(),
            it.found.map(|found| found.value).into(),
            it.found.map(|found| found.lower).into(),
            it.found.map(|found| found.upper).into(),
            it.right.into(),
            it.clear.into(),
        ]);
    }
    table
}

/// An estimate with its interval.
fn interval(found: Estimate) -> String {
    format!("{:.2} [{:.2}, {:.2}]", found.value, found.lower, found.upper)
}

/// The rows of the table in the docs.
fn rows(outcomes: &[Outcome]) -> String {
    let row = |it: &Summary| {
        let found = it.found.map_or("too few".to_owned(), interval);
        format!("| {} | {} | {} | {found} | {} of {} |\n", it.task, it.lever, it.settings, it.right, it.clear)
    };
    summaries(outcomes).iter().map(row).collect::<String>() + &silent(outcomes)
}

/// What GradScale did where no advice on it is given.
fn silent(outcomes: &[Outcome]) -> String {
    let silent: Vec<&Outcome> = outcomes.iter().filter(|it| !it.is_advised).collect();
    let slower = silent.iter().filter(|it| it.measured < 0.0).count();
    format!("| all | GradScale where steps overshoot: no advice | {} | – | slower in {slower} |\n", silent.len())
}

/// The sentences of the docs that have numbers of the table in them.
fn sentences(outcomes: &[Outcome]) -> [String; 3] {
    let advised: Vec<Outcome> = outcomes.iter().filter(|it| it.is_advised).cloned().collect();
    let (far, near): (Vec<Outcome>, Vec<Outcome>) =
        advised.iter().cloned().partition(|it| it.excess.abs() > 10.0_f64.ln());
    let ((right, clear), (right_far, far), (right_near, near)) =
        (right_signs(&advised), right_signs(&far), right_signs(&near));
    let smaller = advised.iter().filter(|it| is_clear(it) && it.measured.abs() < it.predicted.abs()).count();
    [
        format!(
            "of {clear} clear predictions {right} have the right sign, {right_far} of {far} where x is more than a factor of \
             ten away from 1"
        ),
        format!("{} of the {} wrong signs lie at x between 0.1 and 10", near - right_near, clear - right),
        format!("In {smaller} of the {clear} the measured change is smaller than the predicted one"),
    ]
}

/// Passes if the docs say this, wherever lines end.
fn assert_in_docs(words: &str) {
    let docs = fs::read_to_string(file("diagnosing.md")).unwrap();
    let in_one_line = docs.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(in_one_line.contains(words), "docs/diagnosing.md should say: {words}");
}

/// The docs say what the smaller setting shows.
pub fn check_smaller(found: Estimate, right: usize, clear: usize) {
    assert_in_docs(&format!("Spearman {}, {right} of {clear} signs", interval(found)));
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
    is("diagnosing.summary.csv", summary(&summaries(&outcomes)).to_csv().unwrap());
    is("diagnosing.svg", figure(&outcomes).to_svg(Size::TwoColumns).unwrap());
}

fn figure(outcomes: &[Outcome]) -> Figure {
    let panels = TASKS.into_iter().map(|task| {
        let mut panel = Panel::new(Axis::linear("predicted ln(speed-up)"), Axis::linear("measured ln(speed-up)"))
            .title(task)
            .layer(Layer::horizontal_line("", 0.0))
            .layer(Layer::vertical_line("", 0.0))
            .layer(Layer::line("as predicted", vec![(-4.0, -4.0), (3.0, 3.0)]))
            .legend(Legend::Below);
        for (name, kind) in [("cut, lengthened", "cut"), ("GradScale", "GradScale")] {
            let points = |is_bound: bool| {
                let of = outcomes.iter().filter(|it| it.task == task && it.lever.starts_with(kind) && it.is_advised);
                of.filter(|it| it.is_bound == is_bound).map(|it| (it.predicted, it.measured)).collect::<Vec<_>>()
            };
            panel = panel.layer(Layer::markers(name, points(false)));
            let bounds = points(true);
            if !bounds.is_empty() {
                panel = panel.layer(Layer::markers(format!("{name}, one did not arrive"), bounds));
            }
        }
        panel
    });
    let text = "Measured against predicted logarithms of the speed-up that a cut or GradScale brings, one panel per task. \
                Points in the upper right and the lower left quarter have the predicted sign.";
    Figure::new(text).columns(3).panels(panels.collect::<Vec<_>>())
}
