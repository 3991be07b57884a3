//! The norm effect as figures, from the tables and what the claims say.

use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};

use super::claims::EXPONENT;
use super::{DescentRow, PublishedRow};
use crate::cli::failure::Failure;
use crate::simulations::grouping::averages;
use crate::simulations::simulation::Tables;

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let rows: Vec<DescentRow> = tables.rows()?;
    let mut figures = vec![("", steps(&rows, &tables.rows_if_any()?, tables.stated().measured(EXPONENT)))];
    figures.extend(exponent(&rows).map(|figure| ("exponent", figure)));
    Ok(figures)
}

/// The mean of a value at each norm.
fn means(rows: &[DescentRow], value: fn(&DescentRow) -> Option<f64>) -> Vec<(f64, f64)> {
    averages(rows.iter().filter_map(|row| Some((row.norm, value(row)?))))
}

/// T = A ρ², with A from the flow at the longest norm, or from the counts where there is no flow.
fn closed_form(rows: &[DescentRow]) -> Vec<(f64, f64)> {
    let flow = means(rows, |row| row.flow_steps);
    let base = if flow.is_empty() { means(rows, DescentRow::counted) } else { flow };
    let (Some(&(first, _)), Some(&(last, steps))) = (base.first(), base.last()) else { return Vec::new() };
    let factor = steps / (last * last);
    let at = |part: usize| first * libm::pow(last / first, part as f64 / 100.0);
    (0..=100).map(at).map(|norm| (norm, factor * norm * norm)).collect()
}

fn steps(rows: &[DescentRow], published: &[PublishedRow], exponent: Option<&str>) -> Figure {
    let (counts, law) = (means(rows, DescentRow::counted), closed_form(rows));
    let reference: Vec<(f64, f64)> = published.iter().map(|row| (row.norm, row.published_steps)).collect();
    let tolerance = rows.first().map_or(1e-3, |row| row.tolerance);
    let y = format!("steps until the mean cosine is {}", 1.0 - tolerance);
    let panel = |x: Axis, y: Axis, title: String| {
        let mut panel = Panel::new(x, y)
            .title(title)
            .layer(Layer::line("closed form, T ∝ ‖z‖²", law.clone()).style(Style::theory()));
        if !reference.is_empty() {
            panel = panel.layer(Layer::markers("published, one run each", reference.clone()).style(Style::published()));
        }
        panel = panel.layer(Layer::markers("simulated, mean of replicates", counts.clone()));
        panel.legend(Legend::Below)
    };
    let slope =
        exponent.map_or("On logarithmic axes".to_owned(), |exponent| format!("Fitted exponent {exponent} (L2)"));
    let title = "Plain descent: twice the norm, four times the steps".to_owned();
    let linear = panel(Axis::linear("initial norm ‖z‖"), Axis::linear(y.clone()), title);
    let logarithmic = panel(Axis::logarithmic("initial norm ‖z‖"), Axis::logarithmic(y), slope);
    let text = "Steps of plain descent to convergence against the initial norm of the embeddings, on linear and on \
                logarithmic axes. Simulated and published counts lie on a parabola: twice the norm takes four times the steps.";
    Figure::new(text).columns(2).panel(linear).panel(logarithmic)
}

/// Steps over the law at each norm, for the three ways of counting: the effect of finite steps and whole counts on it.
fn exponent(rows: &[DescentRow]) -> Option<Figure> {
    let (norm, steps) = *closed_form(rows).last()?;
    let factor = steps / (norm * norm);
    let mut panel =
        Panel::new(Axis::logarithmic("initial norm ‖z‖"), Axis::linear("steps over the law A‖z‖²").range(0.965, 1.005))
            .title("Finite steps need fewer, whole counts round up")
            .legend(Legend::Inside);
    for (label, means, style) in [
        ("gradient flow (L4)", means(rows, |row| row.flow_steps), Style::theory()),
        ("crossing time, finite steps", means(rows, |row| row.pair_crossing), Style::series(0)),
        ("whole counts", means(rows, DescentRow::counted), Style::series(1)),
    ] {
        let relative = |(norm, steps): (f64, f64)| (norm, steps / (factor * norm * norm));
        let points: Vec<(f64, f64)> = means.into_iter().map(relative).collect();
        // One engine alone leaves the other's column empty.
        if !points.is_empty() {
            panel = panel.layer(Layer::line(label, points).style(style));
        }
    }
    let text = "Steps divided by the quadratic law against the initial norm. The flow stays at 1; crossing times of finite \
                steps fall below it at small norms, and rounding up to whole counts lifts them again.";
    Some(Figure::new(text).aspect(0.5).panel(panel))
}
