//! Growing norms as a figure, from the tables alone.

use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Side, Style};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::theory::growth::{heavy_ball_factor, nesterov_factor};

use super::{LONG, MOMENTUM, PERSISTENT};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{levels, means};
use crate::simulations::simulation::Tables;

pub fn figure(tables: &Tables) -> Result<Figure, Failure> {
    let main = tables.get("")?;
    let text = "Four panels. The growth of the squared norms of pairs over the learning rate times the loss lost tends to 1 \
                as steps get small, along the first correction. The shorter member of a pair gets the larger share, as the \
                inverse ratio of the squared norms. Momentum multiplies growth. Under targets drawn anew at every update \
                norms grow as the fourth root of time.";
    let panels = [budget(main)?, share(main)?, momentum(tables.get(MOMENTUM)?)?, persistent(tables.get(PERSISTENT)?)?];
    Ok(Figure::new(text).columns(2).panels(panels))
}

/// Growth over γ(L_0 − L_T), against the step size.
fn budget(main: &Table) -> Result<Panel, Failure> {
    let mut panel = Panel::new(
        Axis::logarithmic("step size γ/‖z‖² of the short member"),
        Axis::linear("growth of ‖·‖² over γ × loss lost"),
    )
    .title("Small plain steps: the loss pays for growth")
    .layer(Layer::horizontal_line("", 1.0))
    .legend(Legend::Inside);
    let ratios: Vec<f64> =
        levels(main, "norm_ratio")?.into_iter().filter(|ratio| [1.0, 2.0, 5.0].contains(ratio)).collect();
    let mut laws = Vec::new();
    for (index, &ratio) in ratios.iter().enumerate() {
        let rows = main.with("norm_ratio", ratio)?;
        let label = if ratio == 1.0 { "‖w‖ = ‖z‖".to_owned() } else { format!("‖w‖ = {ratio} ‖z‖") };
        let style = Style::ordered(index, ratios.len());
        panel = panel.layer(Layer::markers(label, means(&rows, "step_size", "budget_ratio")?).style(style));
        let law = means(&rows, "step_size", "budget_law")?;
        laws.push(Layer::line("first correction (S1)", from_one(&law)).style(Style::theory()));
    }
    Ok(panel.layers(laws))
}

/// The first correction is linear in the step size, with 1 at 0: a line through its last point.
fn from_one(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (Some(&(least, _)), Some(&(most, law))) = (points.first(), points.last()) else { return Vec::new() };
    let at = |part: u32| least * libm::pow(most / least, f64::from(part) / 60.0);
    (0..=60).map(at).map(|x| (x, 1.0 + (law - 1.0) * x / most)).collect()
}

/// The first member's share of the growth, against the ratio of norms.
fn share(main: &Table) -> Result<Panel, Failure> {
    let ratios = levels(main, "norm_ratio")?;
    let sizes = levels(main, "step_size")?;
    let mut panel = Panel::new(
        Axis::logarithmic("ratio of norms ‖w‖/‖z‖").ticks_at(ratios.iter().copied()),
        Axis::linear("share of z in the growth").range(0.45, 1.0),
    )
    .title("The short member takes the larger share")
    .legend(Legend::Inside);
    let (Some(&least), Some(&most)) = (ratios.first(), ratios.last()) else { return Ok(panel) };
    let at = |part: u32| least * libm::pow(most / least, f64::from(part) / 80.0);
    let law = (0..=80).map(at).map(|ratio| (ratio, ratio * ratio / (1.0 + ratio * ratio))).collect();
    panel = panel.layer(Layer::line("‖w‖²/(‖z‖² + ‖w‖²)", law).style(Style::theory()));
    if let (Some(&small), Some(&large)) = (sizes.first(), sizes.last()) {
        for (size, style) in [(large, Style::ordered(1, 3).open().size(1.5)), (small, Style::ordered(0, 3))] {
            let points = means(&main.with("step_size", size)?, "norm_ratio", "first_share")?;
            panel = panel.layer(Layer::markers(format!("simulated, γ/‖z‖² = {size}"), points).style(style));
        }
    }
    Ok(panel)
}

/// By what momentum multiplies the growth.
fn momentum(table: &Table) -> Result<Panel, Failure> {
    let mut panel = Panel::new(Axis::linear("momentum μ"), Axis::logarithmic("growth of ‖·‖² over γ × loss lost"))
        .title("Momentum multiplies growth")
        .legend(Legend::Inside);
    let most = levels(table, "momentum")?.last().copied().unwrap_or(0.0);
    let curve = |factor: &dyn Fn(f64) -> f64| {
        (0..=100).map(|part| most * f64::from(part) / 100.0).map(|momentum| (momentum, factor(momentum))).collect()
    };
    let heavy_ball = curve(&|momentum| heavy_ball_factor(momentum).unwrap_or(f64::NAN));
    let nesterov = curve(&|momentum| nesterov_factor(momentum).unwrap_or(f64::NAN));
    panel = panel.layer(Layer::line("(1 + μ)/(1 − μ)²", heavy_ball).style(Style::theory())).layer(
        Layer::line("(1 − μ + 2μ²)/(1 − μ)²", nesterov)
            .style(Style::theory().dash(embedding_norms::lab::figure::Dash::Dashed)),
    );
    for (rule, name, style) in [
        ("heavy-ball", "heavy ball, simulated", Style::series(0)),
        ("nesterov", "Nesterov, simulated", Style::series(1).open()),
    ] {
        let points = means(&table.with("rule", rule)?, "momentum", "budget_ratio")?;
        panel = panel.layer(Layer::markers(name, points).style(style));
    }
    Ok(panel)
}

/// ρ against updates under fresh targets.
fn persistent(table: &Table) -> Result<Panel, Failure> {
    let mut panel = Panel::new(Axis::logarithmic("updates"), Axis::logarithmic("norm ‖z‖ (fourth root of mean ‖z‖⁴)"))
        .title("Fresh targets: the fourth root of time")
        .legend(Legend::Inside);
    let runs = runs(table)?;
    let (mut laws, mut marks) = (Vec::new(), Vec::new());
    for (index, (dimension, step_size, rows)) in runs.iter().enumerate() {
        let label = format!("d = {dimension}, γ = {step_size}");
        let style = Style::ordered(index, runs.len());
        marks.push(Layer::markers(label, means(rows, "updates", "norm")?).style(style));
        let law: Vec<(f64, f64)> =
            means(rows, "updates", "law")?.into_iter().map(|(k, law)| (k, law.sqrt().sqrt())).collect();
        laws.push(Layer::line("S2, with the logarithm", law.clone()).style(Style::theory()));
        if let Some(&(last, norm)) = law.last().filter(|_| *step_size == LONG.1) {
            let slope = |k: f64| (k, 0.8 * norm * libm::pow(k / last, 0.25));
            laws.push(Layer::line("", vec![slope(last / 300.0), slope(last)]).style(Style::reference()));
            let (x, y) = slope(last / 12.0);
            panel = panel.note(x, 0.9 * y, "slope ¼", Side::Right);
        }
    }
    Ok(panel.layers(laws).layers(marks))
}

/// The runs of a table: dimension, step size, rows.
fn runs(table: &Table) -> Result<Vec<(f64, f64, Table)>, TableError> {
    let mut runs = Vec::new();
    for step_size in levels(table, "step_size")? {
        let rows = table.with("step_size", step_size)?;
        for dimension in levels(&rows, "dimension")? {
            runs.push((dimension, step_size, rows.with("dimension", dimension as u64)?));
        }
    }
    Ok(runs)
}
