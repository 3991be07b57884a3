//! The norm effect as figures, from the tables and what the claims say.

use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};
use embedding_norms::lab::table::{Table, TableError};

use super::PUBLISHED;
use super::claims::EXPONENT;
use crate::cli::failure::Failure;
use crate::simulations::grouping::{means, setting};
use crate::simulations::pairs::{counted, published_counts};
use crate::simulations::simulation::Tables;

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let main = tables.get("")?;
    let exponent_found = tables.stated().measured(EXPONENT);
    let mut figures = vec![("", steps(main, tables.find(PUBLISHED), exponent_found)?)];
    if let Some(figure) = exponent(main)? {
        figures.push(("exponent", figure));
    }
    Ok(figures)
}

/// T = A ρ², with A from the flow at the longest norm, or from the counts where there is no flow.
fn closed_form(main: &Table) -> Result<Vec<(f64, f64)>, TableError> {
    let flow = means(main, "norm", "flow_steps")?;
    let base = if flow.is_empty() { means(main, "norm", counted(main)?)? } else { flow };
    let (Some(&(first, _)), Some(&(last, steps))) = (base.first(), base.last()) else { return Ok(Vec::new()) };
    let factor = steps / (last * last);
    let at = |part: usize| first * libm::pow(last / first, part as f64 / 100.0);
    Ok((0..=100).map(at).map(|norm| (norm, factor * norm * norm)).collect())
}

fn steps(main: &Table, ours: Option<&Table>, exponent: Option<&str>) -> Result<Figure, Failure> {
    let (counts, law) = (means(main, "norm", counted(main)?)?, closed_form(main)?);
    let reference: Vec<(f64, f64)> = match ours {
        Some(_) => published_counts("norm").into_iter().map(|count| (count.x, count.steps)).collect(),
        None => Vec::new(),
    };
    let tolerance = setting(main, "tolerance")?.unwrap_or(1e-3);
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
    Ok(Figure::new(text).columns(2).panel(linear).panel(logarithmic))
}

/// Steps over the law at each norm, for the three ways of counting: what finite steps and whole counts do to it.
fn exponent(main: &Table) -> Result<Option<Figure>, Failure> {
    let law = closed_form(main)?;
    let Some(&(norm, steps)) = law.last() else { return Ok(None) };
    let factor = steps / (norm * norm);
    let mut panel =
        Panel::new(Axis::logarithmic("initial norm ‖z‖"), Axis::linear("steps over the law A‖z‖²").range(0.965, 1.005))
            .title("Finite steps need fewer, whole counts round up")
            .legend(Legend::Inside);
    for (label, column, style) in [
        ("gradient flow (L4)", "flow_steps", Style::theory()),
        ("crossing time, finite steps", "pair_crossing", Style::series(0)),
        ("whole counts", counted(main)?, Style::series(1)),
    ] {
        let relative = |(norm, steps): (f64, f64)| (norm, steps / (factor * norm * norm));
        let points: Vec<(f64, f64)> = means(main, "norm", column)?.into_iter().map(relative).collect();
        // One engine alone leaves the other's column empty.
        if !points.is_empty() {
            panel = panel.layer(Layer::line(label, points).style(style));
        }
    }
    let text = "Steps divided by the quadratic law against the initial norm. The flow stays at 1; crossing times of finite \
                steps fall below it at small norms, and rounding up to whole counts lifts them again.";
    Ok(Some(Figure::new(text).aspect(0.5).panel(panel)))
}
