//! All losses as figures, from the tables alone.

use embedding_norms::figure::{Axis, Figure, Layer, Legend, Panel, Style};
use embedding_norms::law::{Estimate, mean_with_interval};
use embedding_norms::table::{Table, TableError};

use super::claims::{budgets, exponents, losses};
use super::{GROWTH, HINGE};
use crate::failure::Failure;
use crate::grouping::{groups, levels, means};
use crate::simulation::Tables;

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let (main, growth) = (tables.get("")?, tables.get(GROWTH)?);
    let mut figures = vec![("", steps(main)?), ("exponents", intervals(main, growth)?)];
    figures.push((GROWTH, budget(growth, tables.get(HINGE)?)?));
    Ok(figures)
}

/// Steps against norm, a panel per loss.
fn steps(main: &Table) -> Result<Figure, Failure> {
    let exponents = exponents(main)?;
    let norms = levels(main, "norm")?;
    let mut figure = Figure::new(
        "Steps to one level of the loss against the norm of the embeddings, a panel for each loss, on logarithmic axes. \
         All lie on lines of slope 2: twice the norm takes four times the steps.",
    );
    for (loss, exponent) in exponents {
        let title = match exponent {
            Ok(found) => format!("{loss}: k = {:.3}", found.value),
            Err(_) => loss.clone(),
        };
        let counts = means(&main.with("loss", loss.as_str())?, "norm", "steps")?;
        figure = figure.panel(
            Panel::new(Axis::logarithmic("norm ‖z‖").ticks_at(norms.iter().copied()), Axis::logarithmic("steps"))
                .title(title)
                .layer(Layer::line("slope 2 from the smallest norm", slope_two(&counts)).style(Style::theory()))
                .layer(Layer::markers("simulated, mean of replicates", counts))
                .legend(Legend::Below),
        );
    }
    Ok(figure.columns(4).aspect(0.8).shared_axes())
}

fn slope_two(counts: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (Some(&(first, steps)), Some(&(last, _))) = (counts.first(), counts.last()) else { return Vec::new() };
    [first, last].map(|norm| (norm, steps * (norm / first) * (norm / first))).to_vec()
}

/// The exponent and the budget of every loss, with their intervals.
fn intervals(main: &Table, growth: &Table) -> Result<Figure, Failure> {
    let exponents = exponents(main)?.into_iter().map(|(loss, found)| (loss, found.ok())).collect();
    let text = "Two panels with a place for each loss. The exponents of steps by norm lie within two hundredths of 2. The \
                growth of the squared norms over the learning rate times the loss lost lies within a few thousandths of 1.";
    let panels = [
        per_loss(exponents, "exponent k of steps ∝ ‖z‖^k", 2.0, "Steps grow as the square of the norm"),
        per_loss(budgets(growth)?, "growth of ‖·‖² over γ × loss lost", 1.0, "Growth is paid for by the loss"),
    ];
    Ok(Figure::new(text).panels(panels).columns(1).aspect(0.3))
}

fn per_loss(found: Vec<(String, Option<Estimate>)>, label: &str, law: f64, title: &str) -> Panel {
    let ticks: Vec<(f64, String)> = (0..).map(f64::from).zip(found.iter().map(|(loss, _)| loss.clone())).collect();
    let places = (0..).map(f64::from).zip(found.iter().map(|(_, found)| *found));
    let present: Vec<(f64, Estimate)> = places.filter_map(|(place, found)| Some((place, found?))).collect();
    let bars = present.iter().map(|(place, found)| (*place, found.lower, found.upper)).collect();
    let values = present.iter().map(|(place, found)| (*place, found.value)).collect();
    let end = ticks.len() as f64 - 0.5;
    Panel::new(Axis::linear("loss").range(-0.5, end.max(0.5)).ticks(ticks), Axis::linear(label))
        .title(title)
        .layer(Layer::horizontal_line("", law))
        .layer(Layer::error_bars("", bars).style(Style::series(0)))
        .layer(Layer::markers("", values).style(Style::series(0)))
        .legend(Legend::Hidden)
}

/// What is left of the budget against the step size, and the excess along kinks.
fn budget(growth: &Table, hinge: &Table) -> Result<Figure, Failure> {
    let text = "Left: the distance of growth over budget from 1 falls with the first power of the step for every loss. Right: \
                for a few triplets the excess stays as the step falls; with rounded corners it vanishes.";
    let mut panel =
        Panel::new(Axis::logarithmic("step size γ/(τ‖z‖²)"), Axis::logarithmic("growth over γ × loss lost, minus 1"))
            .title("What finite steps add falls with the step")
            .legend(Legend::Below);
    let losses = losses(growth)?;
    for (index, loss) in losses.iter().enumerate() {
        let ratios = means(&growth.with("loss", loss.as_str())?, "step_size", "budget_ratio")?;
        let excess: Vec<(f64, f64)> = ratios.into_iter().map(|(step, ratio)| (step, (ratio - 1.0).abs())).collect();
        let style = Style::ordered(index, losses.len());
        panel = panel.layer(Layer::line(loss.clone(), excess).style(style));
    }
    let mut figure = Figure::new(text).columns(2).panel(panel);
    if !hinge.rows().is_empty() {
        figure = figure.panel(kinks(hinge)?);
    }
    Ok(figure)
}

fn kinks(hinge: &Table) -> Result<Panel, TableError> {
    let mut panel =
        Panel::new(Axis::logarithmic("learning rate γ at norm 1"), Axis::linear("growth over γ × loss lost"))
            .title("What kinks add does not")
            .layer(Layer::horizontal_line("", 1.0))
            .legend(Legend::Below);
    for (rounded, label, style) in
        [(0_u64, "few triplets", Style::series(0)), (1, "corners rounded off", Style::series(1).open())]
    {
        let found = groups(&hinge.with("rounded", rounded)?, "learning_rate", "budget_ratio")?;
        let values = found.iter().map(|(rate, ratios)| (*rate, crate::grouping::mean(ratios))).collect();
        let bars = found.iter().filter_map(|(rate, ratios)| {
            mean_with_interval(ratios, 0.95).map(|found| (*rate, found.lower, found.upper))
        });
        panel = panel
            .layer(Layer::error_bars("", bars.collect()).style(style))
            .layer(Layer::markers(label, values).style(style));
    }
    Ok(panel)
}
