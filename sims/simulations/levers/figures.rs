//! The levers as figures, from the tables alone.

use embedding_norms::lab::figure::{Axis, Dash, Figure, Layer, Legend, Marker, Panel, Side, Style};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::mean_with_interval;

use super::lever::Lever;
use super::{ACCURACY, CRITERION, SHRINKING, SPEED, TUNED};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{groups, levels, mean};
use crate::simulations::simulation::Tables;

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let (main, accuracies) = (tables.get("")?, tables.get(ACCURACY)?);
    let outputs = ("shrinking", shrinking(tables.get(SHRINKING)?)?);
    // Without replicates beside those of the tuning there is nothing to compare.
    if accuracies.rows().is_empty() {
        return Ok(vec![outputs]);
    }
    Ok(vec![
        ("", accuracy(accuracies)?),
        ("angle", angles(main)?),
        ("prediction", predictions(tables.get(SPEED)?, tables.get(CRITERION)?)?),
        ("tuned", comparisons(tables.get(SPEED)?, tables.get(TUNED)?)?),
        outputs,
    ])
}

/// The kinds of levers in the order of the legend, with the names of their marks.
const KINDS: [(&str, &str); 3] = [("cut", "cut"), ("gradscale", "GradScale"), ("decay", "weight decay")];

/// A task for a reader.
fn title(task: &str) -> String {
    let (task, biases) = task.strip_suffix("-biases").map_or((task, ""), |task| (task, ", biases"));
    let (data, method) = task.split_once('-').unwrap_or((task, ""));
    let data = if data == "digits" { "Digits" } else { "Mixture" };
    format!("{data}, {method}{biases}")
}

/// The tasks of a table, in the order of its rows.
fn tasks(table: &Table) -> Result<Vec<String>, TableError> {
    let mut tasks = table.texts("task")?;
    let mut seen = Vec::new();
    tasks.retain(|task| {
        !seen.contains(task) && {
            seen.push(task.clone());
            true
        }
    });
    Ok(tasks)
}

/// The levers of a table with their strengths, in the order of its rows.
fn settings(table: &Table) -> Result<Vec<(String, Option<f64>)>, TableError> {
    let mut settings: Vec<(String, Option<f64>)> = Vec::new();
    for setting in table.texts("lever")?.into_iter().zip(table.numbers("strength")?) {
        if !settings.contains(&setting) {
            settings.push(setting);
        }
    }
    Ok(settings)
}

fn of(table: &Table, setting: &(String, Option<f64>)) -> Result<Table, TableError> {
    table.with("lever", setting.0.as_str())?.with("strength", setting.1)
}

/// Accuracy against epochs at the learning rate of the untuned comparison.
fn accuracy(table: &Table) -> Result<Figure, TableError> {
    let table = table.with("untuned", "yes")?;
    let mut panels = Vec::new();
    for task in tasks(&table)? {
        let rows = table.with("task", task.as_str())?;
        let mut panel = Panel::new(Axis::logarithmic("epochs"), Axis::linear("10-NN accuracy"))
            .title(title(&task))
            .legend(Legend::Below);
        let shown: Vec<_> = settings(&rows)?.into_iter().filter(is_shown).collect();
        for (index, setting) in shown.iter().enumerate() {
            let rows = of(&rows, setting)?;
            let (epochs, lower, upper) = (rows.numbers("epoch")?, rows.numbers("lower")?, rows.numbers("upper")?);
            let later = |row: &usize| epochs[*row].is_some_and(|epoch| epoch > 0.0);
            let edge = |row: usize| Some((epochs[row]?, lower[row]?, upper[row]?));
            let edges: Vec<_> = (0..epochs.len()).filter(later).filter_map(edge).collect();
            let points = rows.pairs("epoch", "accuracy")?.into_iter().filter(|(epoch, _)| *epoch > 0.0).collect();
            let name = Lever::label(&setting.0, setting.1);
            let style = Style::series(index);
            // Without an effect at first, decay lies on the curve of plain training.
            let style = if setting.0 == "decay" { style.dash(Dash::ShortDashed) } else { style };
            if index == 0 {
                panel = panel.layer(Layer::band(name.clone(), edges).style(style.opacity(0.2)));
            }
            panel = panel.layer(Layer::line(name.clone(), points).style(style));
        }
        let untrained = of(&rows, &("none".to_owned(), None))?.with("epoch", 0.0)?.numbers("accuracy")?;
        if let Some(&Some(untrained)) = untrained.first() {
            panel = panel.layer(Layer::horizontal_line("untrained", untrained));
        }
        panels.push(panel);
    }
    let text = "Accuracy of ten nearest neighbours against epochs on a logarithmic axis, one panel per task, at one \
                learning rate: without a lever, cut by 3, by 9 and by a quarter, under GradScale and under weight decay. \
                Where cuts slow training down and where they speed it up depends on the task.";
    let caption = "Means over the replicates of the comparison, all with the learning rate of the untuned one; the \
                   band is the 95 % interval of the mean without a lever, those of the others are in the table.";
    Ok(Figure::new(text).caption(caption).columns(3).panels(panels))
}

/// The levers whose curves are drawn: more would hide each other.
fn is_shown(setting: &(String, Option<f64>)) -> bool {
    match (setting.0.as_str(), setting.1) {
        ("none", _) => true,
        ("cut", Some(strength)) => [0.25, 3.0, 9.0].contains(&strength),
        ("gradscale", Some(strength)) => strength == 1.0,
        ("decay", Some(strength)) => strength == 0.01,
        _ => false,
    }
}

/// Epochs to the target against the angle of the first step over the best one.
fn angles(main: &Table) -> Result<Figure, TableError> {
    let main = main.with("role", "comparison")?;
    let mut panels = Vec::new();
    for task in tasks(&main)? {
        let rows = main.with("task", task.as_str())?;
        let mut panel =
            Panel::new(Axis::logarithmic("first angle over best, α/α*"), Axis::logarithmic("epochs to the target"))
                .title(title(&task))
                .layer(Layer::vertical_line("L8", 1.0))
                .legend(Legend::Below);
        for (index, (kind, name)) in KINDS.into_iter().chain([("none", "no lever")]).enumerate() {
            let (mut points, mut intervals) = (Vec::new(), Vec::new());
            let rows = rows.with("lever", kind)?;
            for setting in settings(&rows)? {
                let rows = of(&rows, &setting)?;
                for rate in levels(&rows, "rate")? {
                    let Some((x, y)) = arrival(&rows.with("rate", rate)?)? else { continue };
                    points.push((x, libm::exp(y.0)));
                    intervals.extend(y.1.map(|(lower, upper)| (x, libm::exp(lower), libm::exp(upper))));
                }
            }
            let style = Style::series((index + 1) % (KINDS.len() + 1));
            panel = panel
                .layer(Layer::error_bars(name, intervals).style(style.opacity(0.5)))
                .layer(Layer::markers(name, points).style(style.size(0.8)));
        }
        panels.push(panel);
    }
    let text = "Epochs to the target against the measured angle of the first step over the best one, both logarithmic, one \
                mark for each lever and learning rate. Epochs are fewest near the best angle and grow on both sides.";
    let caption = "Geometric means of the replicates in which the target was reached, where these are more than half, with \
                   95 % intervals; levers at every learning rate of the grid. L8, the line: the best angle, φ₀/2.";
    Ok(Figure::new(text).caption(caption).columns(3).panels(panels))
}

/// The mean over the replicates: turned over best, and ln of the epochs with its interval.
type Arrival = (f64, (f64, Option<(f64, f64)>));

fn arrival(rows: &Table) -> Result<Option<Arrival>, TableError> {
    let ratios: Vec<f64> =
        rows.pairs("turned", "best_angle")?.into_iter().map(|(turned, best)| turned / best).collect();
    let logs: Vec<f64> = rows.numbers("epochs")?.into_iter().flatten().map(libm::log).collect();
    let positive = ratios.iter().all(|&ratio| ratio > 0.0) && !ratios.is_empty();
    if !positive || 2 * logs.len() <= rows.rows().len() {
        return Ok(None);
    }
    let ratio = libm::exp(mean(&ratios.iter().map(|&ratio| libm::log(ratio)).collect::<Vec<_>>()));
    let interval = mean_with_interval(&logs, 0.95).map(|estimate| (estimate.lower, estimate.upper));
    Ok(Some((ratio, (mean(&logs), interval))))
}

/// Measured against predicted speed-ups, and how well their orders agree.
fn predictions(speed: &Table, criterion: &Table) -> Result<Figure, TableError> {
    let mut panels = Vec::new();
    for task in tasks(speed)? {
        let rows = speed.with("task", task.as_str())?;
        let mut panel = Panel::new(
            Axis::linear("predicted: |ln\u{a0}α/α*| − |ln\u{a0}α′/α*|"),
            Axis::linear("measured: ln(speed-up)"),
        )
        .title(title(&task))
        .layer(Layer::horizontal_line("", 0.0))
        .layer(Layer::vertical_line("", 0.0))
        .legend(Legend::Below);
        for (index, (kind, name)) in KINDS.into_iter().enumerate() {
            let rows = rows.with("lever", kind)?;
            let bars = intervals(&rows, "predicted")?;
            let style = Style::series(index + 1);
            panel = panel
                .layer(Layer::error_bars(name, bars).style(style.opacity(0.5)))
                .layer(Layer::markers(name, rows.pairs("predicted", "log_speed")?).style(style.size(0.8)));
        }
        panels.push(panel);
    }
    panels.push(ranks(criterion)?);
    let text = "Measured against predicted logarithms of the speed-up for every lever and learning rate, one panel per \
                task; a last panel with their rank correlations by task, beside those of the step size alone and of \
                permuted predictions.";
    let caption = "Means over the replicates with 95 % intervals; above 0 a lever is faster than plain training at the same \
                   learning rate. A run that does not arrive counts with the last epoch. Last panel: D digits, M mixture, C \
                   contrastive, N non-contrastive, b with biases; intervals cut at −1 and 1.";
    Ok(Figure::new(text).caption(caption).columns(3).panels(panels))
}

/// The intervals of the logarithms of speed-ups at a column.
fn intervals(rows: &Table, x: &str) -> Result<Vec<(f64, f64, f64)>, TableError> {
    let (x, lower, upper) = (rows.numbers(x)?, rows.numbers("lower")?, rows.numbers("upper")?);
    Ok((0..x.len()).filter_map(|row| Some((x[row]?, lower[row]?, upper[row]?))).collect())
}

/// Rank correlations by task.
fn ranks(table: &Table) -> Result<Panel, TableError> {
    let tasks = tasks(table)?;
    let ticks = tasks.iter().enumerate().map(|(place, task)| (place as f64, short(task)));
    let mut panel = Panel::new(
        Axis::linear("task").range(-0.6, tasks.len() as f64 - 0.4).ticks(ticks),
        Axis::linear("rank correlation rₛ").range(-1.05, 1.05),
    )
    .title("Rank correlations")
    .layer(Layer::horizontal_line("", 0.0))
    .legend(Legend::Below);
    let marks = [
        ("angle", "by the measured angle", Style::series(0).marker(Marker::Circle)),
        ("step-size", "by γ/ρ² alone", Style::series(4).open()),
        ("shuffled", "permuted", Style::reference().marker(Marker::Square)),
    ];
    for (index, (predictor, name, style)) in marks.into_iter().enumerate() {
        let rows = table.with("predictor", predictor)?;
        let (mut points, mut bars) = (Vec::new(), Vec::new());
        for (place, task) in tasks.iter().enumerate() {
            let values: Vec<f64> =
                rows.with("task", task.as_str())?.numbers("spearman")?.into_iter().flatten().collect();
            let x = place as f64 + 0.22 * (index as f64 - 1.0);
            if !values.is_empty() {
                points.push((x, mean(&values)));
            }
            bars.extend(
                mean_with_interval(&values, 0.95)
                    .map(|estimate| (x, estimate.lower.max(-1.0), estimate.upper.min(1.0))),
            );
        }
        panel =
            panel.layer(Layer::error_bars(name, bars).style(style)).layer(Layer::markers(name, points).style(style));
    }
    Ok(panel)
}

/// A task in a few letters: D or M, C or N, and b for biases.
fn short(task: &str) -> String {
    let data = if task.starts_with("digits") { "D" } else { "M" };
    let method = if task.contains("non-contrastive") { "N" } else { "C" };
    let biases = if task.ends_with("-biases") { "b" } else { "" };
    format!("{data}{method}{biases}")
}

/// Speed-ups of every lever at the same learning rate, and each at its own.
fn comparisons(speed: &Table, tuned: &Table) -> Result<Figure, TableError> {
    let untuned = speed.with("untuned", "yes")?;
    let mut panels = Vec::new();
    for task in tasks(tuned)? {
        let (untuned, tuned) = (untuned.with("task", task.as_str())?, tuned.with("task", task.as_str())?);
        let settings = settings(&tuned)?;
        let ticks = settings.iter().enumerate().map(|(place, setting)| (place as f64, mark(setting)));
        let mut panel = Panel::new(
            Axis::linear("lever").range(-0.6, settings.len() as f64 - 0.4).ticks(ticks.collect::<Vec<_>>()),
            Axis::logarithmic("times as fast as without"),
        )
        .title(title(&task))
        .layer(Layer::horizontal_line("", 1.0))
        .legend(Legend::Below);
        let kinds = [
            (&untuned, "at the same learning rate", -0.14, Style::series(1).open()),
            (&tuned, "each at its own, tuned", 0.14, Style::series(0)),
        ];
        for (table, name, offset, style) in kinds {
            let (mut points, mut bars) = (Vec::new(), Vec::new());
            for (place, setting) in settings.iter().enumerate() {
                let rows = of(table, setting)?;
                let x = place as f64 + offset;
                points.extend(rows.numbers("log_speed")?.into_iter().flatten().map(|log| (x, libm::exp(log))));
                let ends = rows.numbers("lower")?.into_iter().zip(rows.numbers("upper")?);
                bars.extend(ends.filter_map(|(lower, upper)| Some((x, libm::exp(lower?), libm::exp(upper?)))));
            }
            panel = panel
                .layer(Layer::error_bars(name, bars).style(style))
                .layer(Layer::markers(name, points).style(style.size(0.8)));
        }
        panels.push(panel);
    }
    let text = "How many times as fast as plain training each lever reaches the target, one panel per task: open marks at \
                the same learning rate, filled ones with a learning rate tuned for each, after which little is left.";
    let caption = "/c: cut by c; Gp: GradScale with power p; λ: weight decay. 95 % intervals of the geometric mean.";
    Ok(Figure::new(text).caption(caption).columns(2).aspect(0.5).panels(panels))
}

/// A lever in a few letters.
fn mark(setting: &(String, Option<f64>)) -> String {
    let strength = setting.1.unwrap_or(f64::NAN);
    match setting.0.as_str() {
        "cut" if strength < 1.0 => format!("×{}", 1.0 / strength),
        "cut" => format!("/{strength}"),
        "gradscale" => format!("G{strength}"),
        _ => format!("λ{strength}"),
    }
}

/// What a cut does to outputs: their norms, and the cosine of any two.
fn shrinking(table: &Table) -> Result<Figure, TableError> {
    let axis = || Axis::logarithmic("factor c that parameters are divided by").ticks_at([0.25, 1.0, 3.0, 9.0]);
    let mut norms = Panel::new(axis(), Axis::logarithmic("norm before over norm after"))
        .title("With biases outputs shrink less")
        .legend(Legend::Below);
    let mut cosines = Panel::new(axis(), Axis::linear("mean cosine of two outputs").range(-0.05, 1.05))
        .title("With biases outputs turn to one direction")
        .legend(Legend::Below);
    for (index, layers) in levels(table, "layers")?.into_iter().enumerate() {
        let rows = table.with("layers", layers)?;
        let count = if layers == 1.0 { "1 layer".to_owned() } else { format!("{layers} layers") };
        for (data, style) in [("digits", Style::series(index)), ("mixture", Style::series(index).open())] {
            let rows = rows.with("data", data)?.with("biases", "biases")?;
            let label = format!("{count}, {data}");
            norms = marked(norms, &label, &groups(&rows, "cut", "shrunk")?, style);
            cosines = marked(cosines, &label, &groups(&rows, "cut", "mean_cosine")?, style);
        }
        let law: Vec<(f64, f64)> =
            groups(&rows, "cut", "power")?.into_iter().map(|(cut, powers)| (cut, powers[0])).collect();
        if let Some(&(cut, power)) = law.last() {
            norms = norms.note(cut, power, ["c", "c²", "c³"].get(index).copied().unwrap_or("c^L"), Side::Left);
        }
        norms = norms.layer(Layer::line("without biases: c to the power L", law).style(Style::theory()));
    }
    let text = "What dividing every initial parameter by c does to the outputs of networks with one to three layers: without \
                biases norms fall as c to the power of the number of layers and directions stay; with biases norms fall \
                less, and the outputs of all inputs turn into one direction.";
    Ok(Figure::new(text)
        .columns(2)
        .caption("Networks with PyTorch's biases before training; 95 % intervals over networks.")
        .panels([norms, cosines]))
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
