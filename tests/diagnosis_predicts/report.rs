//! The table and the figure of docs/diagnosing.md.

use std::fs;
use std::path::{Path, PathBuf};

use embedding_norms::figure::{Axis, Figure, Layer, Legend, Panel, Size};
use embedding_norms::table::Table;

use super::{Outcome, columns, correlation, right_signs};

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
    fs::write(file("diagnosing.svg"), figure(&read()).to_svg(Size::TwoColumns).unwrap()).unwrap();
    println!("{}", rows(&read()));
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

fn interval(predicted: &[f64], measured: &[f64]) -> String {
    let found = correlation(predicted, measured);
    format!("{:.2} [{:.2}, {:.2}]", found.value, found.lower, found.upper)
}

/// The rows of the table in the docs.
fn rows(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for task in TASKS {
        for kind in ["cut", "GradScale"] {
            let of = outcomes.iter().filter(|it| it.task == task && it.lever.starts_with(kind) && it.is_advised);
            let some: Vec<Outcome> = of.cloned().collect();
            let (predicted, measured) = columns(&some);
            let found = if some.len() < ENOUGH { "too few".to_owned() } else { interval(&predicted, &measured) };
            let (right, clear) = right_signs(&some);
            text += &format!("| {task} | {kind} | {} | {found} | {right} of {clear} |\n", some.len());
        }
    }
    text + &silent(outcomes)
}

/// What GradScale did where no advice on it is given.
fn silent(outcomes: &[Outcome]) -> String {
    let silent: Vec<&Outcome> = outcomes.iter().filter(|it| !it.is_advised).collect();
    let slower = silent.iter().filter(|it| it.measured < 0.0).count();
    format!("| all | GradScale where steps overshoot: no advice | {} | – | slower in {slower} |\n", silent.len())
}

/// The docs say what the table says, and the figure is made from it.
pub fn check() {
    let outcomes = read();
    let docs = fs::read_to_string(file("diagnosing.md")).unwrap();
    let rows = rows(&outcomes);
    assert!(docs.contains(&rows), "docs/diagnosing.md should say\n{rows}");
    let drawn = figure(&outcomes).to_svg(Size::TwoColumns).unwrap();
    assert_eq!(fs::read_to_string(file("diagnosing.svg")).unwrap(), drawn, "UPDATE_DIAGNOSING=1 draws it again");
}

fn figure(outcomes: &[Outcome]) -> Figure {
    let panels = TASKS.into_iter().map(|task| {
        let mut panel = Panel::new(Axis::linear("predicted ln(speed-up)"), Axis::linear("measured ln(speed-up)"))
            .title(task)
            .layer(Layer::line("as predicted", vec![(-3.0, -3.0), (3.0, 3.0)]))
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
