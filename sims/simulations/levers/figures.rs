//! The levers as figures, from the tables alone.

use embedding_norms::statistics::{mean, mean_with_interval};
use embedding_norms_lab::figure::{Axis, Dash, Figure, Layer, Legend, Marker, Panel, Side, Style};

use super::analysis::{Accuracy, Speed, SpeedUp, Tuned};
use super::criterion::{Agreement, Predictor};
use super::lever::{Kind, Lever};
use super::runs::{Role, Run};
use super::shrinking::{Biases, Data, Shrunk};
use super::task::{Architecture, Data as Source, Task};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{distinct, grouped};
use crate::simulations::simulation::Tables;

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let is_plain = |task: Task| !task.is_normalized();
    let mut accuracies: Vec<Accuracy> = tables.rows()?;
    let (mut speeds, mut tuned): (Vec<Speed>, Vec<Tuned>) = (tables.rows()?, tables.rows()?);
    let runs = tables.rows::<Run>()?.into_iter().filter(|run| run.role == Role::Comparison);
    let mut runs: Vec<Run> = runs.collect();
    let arriving = arriving(&runs);
    runs.retain(|run| arriving.contains(&run.task));
    accuracies.retain(|row| is_plain(row.task));
    speeds.retain(|row| is_plain(row.task) && arriving.contains(&row.task));
    tuned.retain(|row| is_plain(row.task) && arriving.contains(&row.task));
    let (plain, normalized): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(|run| is_plain(run.task));
    let mut figures = Vec::new();
    // Without replicates beside those of the tuning there is nothing to compare.
    if !accuracies.is_empty() {
        figures.push(("", accuracy(&accuracies)));
    }
    if !plain.is_empty() {
        figures.extend([
            ("angle", angles(&plain)),
            ("prediction", predictions(&speeds, &tables.rows()?)),
            ("tuned", comparisons(&speeds, &tuned)),
        ]);
    }
    if !normalized.is_empty() {
        figures.push(("batch-norm", as_rates(&normalized)));
    }
    let shrunk: Vec<Shrunk> = tables.rows()?;
    if !shrunk.is_empty() {
        figures.push(("shrinking", shrinking(&shrunk)));
    }
    Ok(figures)
}

/// The tasks of which at least one lever at one learning rate reaches the target in most replicates. Where training does
/// not come above the untrained network there is nothing to reach, and no panel to draw.
fn arriving(runs: &[Run]) -> Vec<Task> {
    let settings = distinct(runs.iter().map(|run| (run.task, run.lever(), run.rate)));
    let arrives = |&(task, lever, rate): &(Task, Lever, f64)| {
        let of = runs.iter().filter(|run| (run.task, run.lever(), run.rate) == (task, lever, rate));
        2 * of.clone().filter(|run| run.epochs.is_some()).count() > of.count()
    };
    distinct(settings.into_iter().filter(arrives).map(|(task, ..)| task))
}

/// The kinds of levers in the order of the legend, with the names of their marks.
const KINDS: [(Kind, &str); 3] = [(Kind::Cut, "cut"), (Kind::GradScale, "GradScale"), (Kind::Decay, "weight decay")];

/// A task for a reader.
fn title(task: Task) -> String {
    let data = match task.data() {
        Source::Digits => "Digits",
        Source::Mixture => "Mixture",
        Source::Images => "Images",
    };
    let method = match (task.architecture(), task.is_contrastive()) {
        (Architecture::NoBiases, true) => "contrastive",
        (Architecture::NoBiases, false) => "non-contrastive",
        (Architecture::Biases, true) => "contrastive, biases",
        (Architecture::Biases, false) => "non-contrastive, biases",
        (Architecture::BatchNorm, true) => "SimCLR",
        (Architecture::BatchNorm, false) if task.has_target() => "BYOL",
        (Architecture::BatchNorm, false) => "SimSiam",
    };
    format!("{data}, {method}")
}

/// A task in a few letters: D, M or I, C or N, and b for biases.
fn short(task: Task) -> String {
    let data = match task.data() {
        Source::Digits => "D",
        Source::Mixture => "M",
        Source::Images => "I",
    };
    let method = if task.is_contrastive() { "C" } else { "N" };
    let biases = if task.architecture() == Architecture::Biases { "b" } else { "" };
    format!("{data}{method}{biases}")
}

/// A panel for each task, with its rows.
fn by_task<R>(rows: &[R], task: impl Fn(&R) -> Task, panel: impl Fn(&[&R]) -> Panel) -> Vec<Panel> {
    let of = |wanted: Task| {
        let rows: Vec<&R> = rows.iter().filter(|row| task(row) == wanted).collect();
        panel(&rows).title(title(wanted)).legend(Legend::Below)
    };
    distinct(rows.iter().map(&task)).into_iter().map(of).collect()
}

/// Accuracy against epochs at the learning rate of the untuned comparison.
fn accuracy(rows: &[Accuracy]) -> Figure {
    let rows: Vec<&Accuracy> = rows.iter().filter(|row| row.untuned).collect();
    let panels = by_task(
        &rows,
        |row| row.task,
        |rows| {
            let mut panel = Panel::new(Axis::logarithmic("epochs"), Axis::linear("10-NN accuracy"));
            let levers = distinct(rows.iter().map(|row| row.lever())).into_iter().filter(is_shown);
            for (index, lever) in levers.enumerate() {
                let later = rows.iter().filter(|row| row.lever() == lever && row.epoch > 0.0);
                let style = Style::series(index);
                // Without an effect at first, decay lies on the curve of plain training.
                let style = if matches!(lever, Lever::Decay(_)) { style.dash(Dash::ShortDashed) } else { style };
                if index == 0 {
                    let edges = later.clone().filter_map(|row| Some((row.epoch, row.lower?, row.upper?))).collect();
                    panel = panel.layer(Layer::band(lever.label(), edges).style(style.opacity(0.2)));
                }
                let points = later.map(|row| (row.epoch, row.accuracy)).collect();
                panel = panel.layer(Layer::line(lever.label(), points).style(style));
            }
            match rows.iter().find(|row| row.lever() == Lever::None && row.epoch == 0.0) {
                Some(untrained) => panel.layer(Layer::horizontal_line("untrained", untrained.accuracy)),
                None => panel,
            }
        },
    );
    let text = "Accuracy of ten nearest neighbours against epochs on a logarithmic axis, one panel per task, at one \
                learning rate: without a lever, cut by 3, by 9 and by a quarter, under GradScale and under weight decay. \
                Where cuts slow training down and where they speed it up depends on the task.";
    let caption = "Means over the replicates of the comparison, all with the learning rate of the untuned one; the \
                   band is the 95 % interval of the mean without a lever, those of the others are in the table.";
    Figure::new(text).caption(caption).columns(3).panels(panels)
}

/// The levers whose curves are drawn: more would hide each other.
fn is_shown(lever: &Lever) -> bool {
    match *lever {
        Lever::None => true,
        Lever::Cut(factor) => [0.25, 3.0, 9.0].contains(&factor),
        Lever::GradScale(power) => power == 1.0,
        Lever::Decay(strength) => strength == 0.01,
    }
}

/// Epochs to the target against the angle of the first step over the best one.
fn angles(runs: &[Run]) -> Figure {
    let panel = |runs: &[&Run]| {
        let axes = (Axis::logarithmic("first angle over best, α/α*"), Axis::logarithmic("epochs to the target"));
        let mut panel = Panel::new(axes.0, axes.1).layer(Layer::vertical_line("L8", 1.0));
        for (index, (kind, name)) in KINDS.into_iter().chain([(Kind::None, "no lever")]).enumerate() {
            let runs: Vec<&Run> = runs.iter().copied().filter(|run| run.lever().columns().0 == kind).collect();
            panel = arrivals(panel, name, &runs, first_angle, Style::series((index + 1) % (KINDS.len() + 1)));
        }
        panel
    };
    let text = "Epochs to the target against the measured angle of the first step over the best one, both logarithmic, one \
                mark for each lever and learning rate. Epochs are fewest near the best angle and grow on both sides.";
    let caption = "Geometric means of the replicates in which the target was reached, where these are more than half, with \
                   95 % intervals; levers at every learning rate of the grid. L8, the line: the best angle, φ₀/2.";
    Figure::new(text).caption(caption).columns(3).panels(by_task(runs, |run| run.task, panel))
}

/// Epochs to the target against c² times the learning rate, by cuts.
fn as_rates(runs: &[Run]) -> Figure {
    let panel = |runs: &[&Run]| {
        let axes = (Axis::logarithmic("c² times the learning rate, c²η"), Axis::logarithmic("epochs to the target"));
        let mut panel = Panel::new(axes.0, axes.1);
        for (index, lever) in distinct(runs.iter().map(|run| run.lever())).into_iter().enumerate() {
            let runs: Vec<&Run> = runs.iter().copied().filter(|run| run.lever() == lever).collect();
            let factor = if let Lever::Cut(factor) = lever { factor } else { 1.0 };
            // Marks of one place stand side by side.
            let aside = libm::pow(1.2, index as f64 - 1.0);
            let x = |runs: &[&Run]| Some(aside * factor * factor * runs[0].rate);
            panel = arrivals(panel, &lever.label(), &runs, x, Style::series(index));
        }
        panel
    };
    let text = "Epochs to the target against the learning rate times c², both logarithmic, one panel per task: networks with \
                batch normalization throughout, whole and cut. Where a cut is a learning rate, marks at one place agree.";
    let caption = "Heavy ball with weight decay and a cosine schedule with warm-up, both the same for all. Geometric means of the \
                   replicates in which the target was reached, where these are more than half, with 95 % intervals; marks of \
                   one place are drawn side by side.";
    Figure::new(text).caption(caption).columns(3).panels(by_task(runs, |run| run.task, panel))
}

/// Marks of the epochs to the target for every lever and learning rate among these runs, where most of them arrive.
fn arrivals(panel: Panel, name: &str, runs: &[&Run], x: impl Fn(&[&Run]) -> Option<f64>, style: Style) -> Panel {
    let (mut points, mut bars) = (Vec::new(), Vec::new());
    for setting in distinct(runs.iter().map(|run| (run.lever(), run.rate))) {
        let runs: Vec<&Run> = runs.iter().copied().filter(|run| (run.lever(), run.rate) == setting).collect();
        let logs: Vec<f64> = runs.iter().filter_map(|run| run.epochs.map(libm::log)).collect();
        let Some(x) = x(&runs).filter(|_| 2 * logs.len() > runs.len()) else { continue };
        points.push((x, libm::exp(mean(&logs))));
        bars.extend(mean_with_interval(&logs, 0.95).map(|found| (x, libm::exp(found.lower), libm::exp(found.upper))));
    }
    panel
        .layer(Layer::error_bars(name, bars).style(style.opacity(0.5)))
        .layer(Layer::markers(name, points).style(style.size(0.8)))
}

/// The angle of the first step over the best one, the geometric mean over replicates.
fn first_angle(runs: &[&Run]) -> Option<f64> {
    let ratios: Vec<f64> = runs.iter().filter_map(|run| Some(run.turned? / run.best_angle)).collect();
    let positive = ratios.iter().all(|&ratio| ratio > 0.0) && !ratios.is_empty();
    positive.then(|| libm::exp(mean(&ratios.iter().map(|&ratio| libm::log(ratio)).collect::<Vec<_>>())))
}

/// Measured against predicted speed-ups, and how well their orders agree.
fn predictions(speeds: &[Speed], agreements: &[Agreement]) -> Figure {
    let mut panels = by_task(
        speeds,
        |row| row.task,
        |rows| {
            let axes =
                (Axis::linear("predicted: |ln\u{a0}α/α*| − |ln\u{a0}α′/α*|"), Axis::linear("measured: ln(speed-up)"));
            let mut panel =
                Panel::new(axes.0, axes.1).layer(Layer::horizontal_line("", 0.0)).layer(Layer::vertical_line("", 0.0));
            for (index, (kind, name)) in KINDS.into_iter().enumerate() {
                let found: Vec<(f64, SpeedUp)> =
                    rows.iter().filter_map(|row| Some((row.predicted?, row.speed_up()))).collect();
                let found: Vec<_> = found.into_iter().filter(|(_, found)| found.lever.columns().0 == kind).collect();
                let bars =
                    found.iter().filter_map(|(x, found)| found.interval.map(|(lower, upper)| (*x, lower, upper)));
                let points = found.iter().filter_map(|(x, found)| Some((*x, found.log?)));
                let style = Style::series(index + 1);
                panel = panel
                    .layer(Layer::error_bars(name, bars.collect()).style(style.opacity(0.5)))
                    .layer(Layer::markers(name, points.collect()).style(style.size(0.8)));
            }
            panel
        },
    );
    panels.push(ranks(agreements));
    let text = "Measured against predicted logarithms of the speed-up for every lever and learning rate, one panel per \
                task; a last panel with their rank correlations by task, beside those of the step size alone and of \
                permuted predictions.";
    let caption = "Means over the replicates with 95 % intervals; above 0 a lever is faster than plain training at the same \
                   learning rate. A run that does not arrive counts with the last epoch. Last panel: D digits, M mixture, C \
                   contrastive, N non-contrastive, b with biases; intervals cut at −1 and 1.";
    Figure::new(text).caption(caption).columns(3).panels(panels)
}

/// Rank correlations by task.
fn ranks(rows: &[Agreement]) -> Panel {
    let tasks = distinct(rows.iter().map(|row| row.task));
    let ticks = tasks.iter().enumerate().map(|(place, &task)| (place as f64, short(task)));
    let mut panel = Panel::new(
        Axis::linear("task").range(-0.6, tasks.len() as f64 - 0.4).ticks(ticks),
        Axis::linear("rank correlation rₛ").range(-1.05, 1.05),
    )
    .title("Rank correlations")
    .layer(Layer::horizontal_line("", 0.0))
    .legend(Legend::Below);
    let marks = [
        (Predictor::Angle, "by the measured angle", Style::series(0).marker(Marker::Circle)),
        (Predictor::StepSize, "by γ/ρ² alone", Style::series(4).open()),
        (Predictor::Shuffled, "permuted", Style::reference().marker(Marker::Square)),
    ];
    for (index, (predictor, name, style)) in marks.into_iter().enumerate() {
        let at = |row: &Agreement| {
            let place = tasks.iter().position(|&task| task == row.task)?;
            Some((place as f64 + 0.22 * (index as f64 - 1.0), row.spearman?))
        };
        let found = grouped(rows.iter().filter(|row| row.predictor == predictor).filter_map(at));
        let bar = |(x, values): &(f64, Vec<f64>)| {
            mean_with_interval(values, 0.95).map(|found| (*x, found.lower.max(-1.0), found.upper.min(1.0)))
        };
        panel = panel
            .layer(Layer::error_bars(name, found.iter().filter_map(bar).collect()).style(style))
            .layer(Layer::markers(name, found.iter().map(|(x, values)| (*x, mean(values))).collect()).style(style));
    }
    panel
}

/// Speed-ups of every lever at the same learning rate, and each at its own.
fn comparisons(speeds: &[Speed], tuned: &[Tuned]) -> Figure {
    let untuned: Vec<SpeedUp> = speeds.iter().filter(|row| row.untuned).map(Speed::speed_up).collect();
    let tuned: Vec<SpeedUp> = tuned.iter().map(Tuned::speed_up).collect();
    let panels = by_task(
        &tuned,
        |row| row.task,
        |tuned| {
            let task = tuned[0].task;
            let levers = distinct(tuned.iter().map(|row| row.lever));
            let ticks = levers.iter().enumerate().map(|(place, lever)| (place as f64, lever.mark()));
            let mut panel = Panel::new(
                Axis::linear("lever").range(-0.6, levers.len() as f64 - 0.4).ticks(ticks),
                Axis::logarithmic("times as fast as without"),
            )
            .layer(Layer::horizontal_line("", 1.0));
            let untuned: Vec<&SpeedUp> = untuned.iter().filter(|row| row.task == task).collect();
            let kinds = [
                (&untuned[..], "at the same learning rate", -0.14, Style::series(1).open()),
                (tuned, "each at its own, tuned", 0.14, Style::series(0)),
            ];
            for (rows, name, offset, style) in kinds {
                let place = |row: &SpeedUp| Some(levers.iter().position(|&lever| lever == row.lever)? as f64 + offset);
                let bar = |row: &&SpeedUp| {
                    row.interval.and_then(|(lower, upper)| Some((place(row)?, libm::exp(lower), libm::exp(upper))))
                };
                let point = |row: &&SpeedUp| Some((place(row)?, libm::exp(row.log?)));
                panel = panel
                    .layer(Layer::error_bars(name, rows.iter().filter_map(bar).collect()).style(style))
                    .layer(Layer::markers(name, rows.iter().filter_map(point).collect()).style(style.size(0.8)));
            }
            panel
        },
    );
    let text = "How many times as fast as plain training each lever reaches the target, one panel per task: open marks at \
                the same learning rate, filled ones with a learning rate tuned for each, after which little is left.";
    let caption = "/c: cut by c; Gp: GradScale with power p; λ: weight decay. 95 % intervals of the geometric mean.";
    Figure::new(text).caption(caption).columns(2).aspect(0.5).panels(panels)
}

/// What a cut does to outputs: their norms, and the cosine of any two.
fn shrinking(rows: &[Shrunk]) -> Figure {
    let axis = || Axis::logarithmic("factor c that parameters are divided by").ticks_at([0.25, 1.0, 3.0, 9.0]);
    let mut norms = Panel::new(axis(), Axis::logarithmic("norm before over norm after"))
        .title("With biases outputs shrink less")
        .legend(Legend::Below);
    let mut cosines = Panel::new(axis(), Axis::linear("mean cosine of two outputs").range(-0.05, 1.05))
        .title("With biases outputs turn to one direction")
        .legend(Legend::Below);
    let mut layers = distinct(rows.iter().map(|row| row.layers));
    layers.sort_unstable();
    for (index, &layers) in layers.iter().enumerate() {
        let rows = || rows.iter().filter(move |row| row.layers == layers);
        let count = if layers == 1 { "1 layer".to_owned() } else { format!("{layers} layers") };
        let kinds =
            [(Data::Digits, "digits", Style::series(index)), (Data::Mixture, "mixture", Style::series(index).open())];
        for (data, name, style) in kinds {
            let rows = || rows().filter(move |row| (row.data, row.biases) == (data, Biases::Biases));
            let label = format!("{count}, {name}");
            norms = marked(norms, &label, &grouped(rows().map(|row| (row.cut, row.shrunk))), style);
            cosines = marked(cosines, &label, &grouped(rows().map(|row| (row.cut, row.mean_cosine))), style);
        }
        let law: Vec<(f64, f64)> =
            grouped(rows().map(|row| (row.cut, row.power))).into_iter().map(|(cut, powers)| (cut, powers[0])).collect();
        if let Some(&(cut, power)) = law.last() {
            norms = norms.note(cut, power, ["c", "c²", "c³"].get(index).copied().unwrap_or("c^L"), Side::Left);
        }
        norms = norms.layer(Layer::line("without biases: c to the power L", law).style(Style::theory()));
    }
    let text = "What dividing every initial parameter by c does to the outputs of networks with one to three layers: without \
                biases norms fall as c to the power of the number of layers and directions stay; with biases norms fall \
                less, and the outputs of all inputs turn into one direction.";
    Figure::new(text)
        .columns(2)
        .caption("Networks with PyTorch's biases before training; 95 % intervals over networks.")
        .panels([norms, cosines])
}

/// Means with their intervals.
fn marked(panel: Panel, label: &str, groups: &[(f64, Vec<f64>)], style: Style) -> Panel {
    let bar = |(x, values): &(f64, Vec<f64>)| {
        mean_with_interval(values, 0.95).map(|estimate| (*x, estimate.lower.max(1e-9), estimate.upper))
    };
    panel.layer(Layer::error_bars(label, groups.iter().filter_map(bar).collect()).style(style)).layer(
        Layer::markers(label, groups.iter().map(|(x, values)| (*x, mean(values))).collect()).style(style.size(0.8)),
    )
}
