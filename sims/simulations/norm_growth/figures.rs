//! Growing norms as a figure, from the tables alone.

use embedding_norms::theory::growth::{heavy_ball_factor, nesterov_factor};
use embedding_norms_lab::figure::{Axis, Dash, Figure, Layer, Legend, Panel, Side, Style};

use super::LONG;
use super::budget::{BudgetRow, MomentumRow, Rule};
use super::persistent::PersistentRow;
use crate::cli::failure::Failure;
use crate::simulations::grouping::{ascending, averages, by};
use crate::simulations::simulation::Tables;

pub fn figure(tables: &Tables) -> Result<Figure, Failure> {
    let main: Vec<BudgetRow> = tables.rows()?;
    let text = "Four panels. The growth of the squared norms of pairs over the learning rate times the loss lost tends to 1 \
                as steps get small, along the first correction. The shorter member of a pair gets the larger share, as the \
                inverse ratio of the squared norms. Momentum multiplies growth. Under targets drawn anew at every update \
                norms grow as the fourth root of time.";
    let panels = [budget(&main), share(&main), momentum(&tables.rows()?), persistent(&tables.rows()?)];
    Ok(Figure::new(text).columns(2).panels(panels))
}

/// Growth over γ(L_0 − L_T), against the step size.
fn budget(main: &[BudgetRow]) -> Panel {
    let panel = Panel::new(
        Axis::logarithmic("step size γ/‖z‖² of the short member"),
        Axis::linear("growth of ‖·‖² over γ × loss lost"),
    )
    .title("Small plain steps: the loss pays for growth")
    .layer(Layer::horizontal_line("", 1.0))
    .legend(Legend::Inside);
    let mut ratios = by(main, |row| row.norm_ratio);
    ratios.retain(|(ratio, _)| [1.0, 2.0, 5.0].contains(ratio));
    let (mut marks, mut laws) = (Vec::new(), Vec::new());
    for (index, (ratio, rows)) in ratios.iter().enumerate() {
        let label = if *ratio == 1.0 { "‖w‖ = ‖z‖".to_owned() } else { format!("‖w‖ = {ratio} ‖z‖") };
        let found = averages(rows.iter().map(|row| (row.step_size, row.budget_ratio)));
        let law = averages(rows.iter().map(|row| (row.step_size, row.budget_law)));
        marks.push(Layer::markers(label, found).style(Style::ordered(index, ratios.len())));
        laws.push(Layer::line("first correction (S1)", from_one(&law)).style(Style::theory()));
    }
    panel.layers(marks).layers(laws)
}

/// The first correction is linear in the step size, with 1 at 0: a line through its last point.
fn from_one(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (Some(&(least, _)), Some(&(most, law))) = (points.first(), points.last()) else { return Vec::new() };
    let at = |part: u32| least * libm::pow(most / least, f64::from(part) / 60.0);
    (0..=60).map(at).map(|x| (x, 1.0 + (law - 1.0) * x / most)).collect()
}

/// The first member's share of the growth, against the ratio of norms.
fn share(main: &[BudgetRow]) -> Panel {
    let ratios = ascending(main.iter().map(|row| row.norm_ratio));
    let sizes = ascending(main.iter().map(|row| row.step_size));
    let mut panel = Panel::new(
        Axis::logarithmic("ratio of norms ‖w‖/‖z‖").ticks_at(ratios.iter().copied()),
        Axis::linear("share of z in the growth").range(0.45, 1.0),
    )
    .title("The short member takes the larger share")
    .legend(Legend::Inside);
    let (Some(&least), Some(&most)) = (ratios.first(), ratios.last()) else { return panel };
    let at = |part: u32| least * libm::pow(most / least, f64::from(part) / 80.0);
    let law = (0..=80).map(at).map(|ratio| (ratio, ratio * ratio / (1.0 + ratio * ratio))).collect();
    panel = panel.layer(Layer::line("‖w‖²/(‖z‖² + ‖w‖²)", law).style(Style::theory()));
    if let (Some(&small), Some(&large)) = (sizes.first(), sizes.last()) {
        for (size, style) in [(large, Style::ordered(1, 3).open().size(1.5)), (small, Style::ordered(0, 3))] {
            let rows = main.iter().filter(|row| row.step_size == size);
            let points = averages(rows.map(|row| (row.norm_ratio, row.first_share)));
            panel = panel.layer(Layer::markers(format!("simulated, γ/‖z‖² = {size}"), points).style(style));
        }
    }
    panel
}

/// By what momentum multiplies the growth.
fn momentum(rows: &[MomentumRow]) -> Panel {
    let mut panel = Panel::new(Axis::linear("momentum μ"), Axis::logarithmic("growth of ‖·‖² over γ × loss lost"))
        .title("Momentum multiplies growth")
        .legend(Legend::Inside);
    let most = rows.iter().map(|row| row.momentum).fold(0.0, f64::max);
    let curve = |factor: &dyn Fn(f64) -> f64| {
        (0..=100).map(|part| most * f64::from(part) / 100.0).map(|momentum| (momentum, factor(momentum))).collect()
    };
    let heavy_ball = curve(&|momentum| heavy_ball_factor(momentum).unwrap_or(f64::NAN));
    let nesterov = curve(&|momentum| nesterov_factor(momentum).unwrap_or(f64::NAN));
    panel = panel
        .layer(Layer::line("(1 + μ)/(1 − μ)²", heavy_ball).style(Style::theory()))
        .layer(Layer::line("(1 − μ + 2μ²)/(1 − μ)²", nesterov).style(Style::theory().dash(Dash::Dashed)));
    for (rule, name, style) in [
        (Rule::HeavyBall, "heavy ball, simulated", Style::series(0)),
        (Rule::Nesterov, "Nesterov, simulated", Style::series(1).open()),
    ] {
        let rows = rows.iter().filter(|row| row.rule == rule);
        let points = averages(rows.map(|row| (row.momentum, row.budget_ratio)));
        panel = panel.layer(Layer::markers(name, points).style(style));
    }
    panel
}

/// ρ against updates under fresh targets.
fn persistent(rows: &[PersistentRow]) -> Panel {
    let mut panel = Panel::new(Axis::logarithmic("updates"), Axis::logarithmic("norm ‖z‖ (fourth root of mean ‖z‖⁴)"))
        .title("Fresh targets: the fourth root of time")
        .legend(Legend::Inside);
    let by_dimension = |(_, rows): (f64, Vec<_>)| by(rows, |row: &&PersistentRow| row.dimension as f64);
    let runs: Vec<_> = by(rows, |row| row.step_size).into_iter().flat_map(by_dimension).collect();
    let (mut laws, mut marks) = (Vec::new(), Vec::new());
    for (index, (dimension, rows)) in runs.iter().enumerate() {
        let step_size = rows[0].step_size;
        let label = format!("d = {dimension}, γ = {step_size}");
        let style = Style::ordered(index, runs.len());
        marks.push(Layer::markers(label, averages(rows.iter().map(|row| (row.updates as f64, row.norm)))).style(style));
        let law = averages(rows.iter().map(|row| (row.updates as f64, row.law)));
        let law: Vec<(f64, f64)> = law.into_iter().map(|(k, law)| (k, law.sqrt().sqrt())).collect();
        laws.push(Layer::line("S2, with the logarithm", law.clone()).style(Style::theory()));
        if let Some(&(last, norm)) = law.last().filter(|_| step_size == LONG.1) {
            let slope = |k: f64| (k, 0.8 * norm * libm::pow(k / last, 0.25));
            laws.push(Layer::line("", vec![slope(last / 300.0), slope(last)]).style(Style::reference()));
            let (x, y) = slope(last / 12.0);
            panel = panel.note(x, 0.9 * y, "slope ¼", Side::Right);
        }
    }
    panel.layers(laws).layers(marks)
}
