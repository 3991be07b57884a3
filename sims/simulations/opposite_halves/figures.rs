//! The opposite halves as figures, from the tables alone.

use std::f64::consts::PI;

use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Side, Style};
use embedding_norms::lab::table::{Table, TableError};

use super::claims::differences;
use super::{DIVERGENCE, PUBLISHED, SMALL_STEP};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{means, setting};
use crate::simulations::pairs::{counted, published_counts};
use crate::simulations::simulation::Tables;

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let (main, single) = (tables.get("")?, tables.get(DIVERGENCE)?);
    let text = "Left: steps to convergence against the initial angle of the positives. They rise slowly to a right angle and \
                steeply towards opposite directions; simulated and published counts lie on the closed form. Right: single \
                pairs up to a hundred millionth from the antipode, where each tenfold approach costs the same number of \
                steps.";
    let figure = Figure::new(text)
        .columns(2)
        .panel(populations(main, tables.find(PUBLISHED).is_some())?)
        .panel(divergence(single)?);
    let mut figures = vec![("", figure)];
    figures.extend(first_step(main)?.map(|figure| ("first-step", figure)));
    Ok(figures)
}

/// An axis of angles from 0 to π.
fn angle_axis(label: &str) -> Axis {
    let quarters = [(0.0, "0"), (0.25, "π/4"), (0.5, "π/2"), (0.75, "3π/4"), (1.0, "π")];
    Axis::linear(label).range(0.0, PI).ticks(quarters.map(|(part, name)| (part * PI, name.to_owned())))
}

/// The mean of a column against the mean angle, at each interpolation.
fn against_angle(rows: &Table, column: &str) -> Result<Vec<(f64, f64)>, TableError> {
    let (angles, values) = (means(rows, "interpolation", "angle")?, means(rows, "interpolation", column)?);
    let angle_at = |t: f64| angles.iter().find(|(at, _)| *at == t).map(|(_, angle)| *angle);
    Ok(values.into_iter().filter_map(|(t, value)| Some((angle_at(t)?, value))).collect())
}

fn populations(main: &Table, with_published: bool) -> Result<Panel, Failure> {
    let (cosine, published) = (main.with("first_step", "cosine")?, main.with("first_step", "dot-product")?);
    let counted = counted(main)?;
    let tolerance = setting(main, "tolerance")?.unwrap_or(1e-3);
    let y = Axis::linear(format!("steps until the mean cosine is {}", 1.0 - tolerance));
    let mut panel =
        Panel::new(angle_axis("mean initial angle of positives"), y).title("Opposite halves converge slowly");
    if with_published {
        let counts = published_counts("angle").into_iter().map(|count| (count.x, count.steps)).collect();
        panel = panel
            .layer(Layer::markers("published, one run each", counts).style(Style::published().size(0.95).width(0.7)));
    }
    Ok(panel
        .layer(Layer::line("first step as published", against_angle(&published, counted)?).style(Style::series(1)))
        .layer(Layer::line("closed form (flow)", against_angle(&cosine, "flow_steps")?).style(Style::theory()))
        .layer(Layer::markers("simulated", against_angle(&cosine, counted)?).style(Style::series(0).size(0.7)))
        .legend(Legend::Below))
}

/// Steps of single pairs against ln tan(φ0/2), with ticks at angles.
fn divergence(single: &Table) -> Result<Panel, Failure> {
    let sizes = single.numbers("step_size")?.into_iter().flatten();
    let step_size = sizes.fold(SMALL_STEP, f64::max);
    let rows = single.with("step_size", step_size)?;
    let line = |column: &str| -> Result<Vec<(f64, f64)>, TableError> {
        let mut points = rows.pairs("half_tangent", column)?;
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(points)
    };
    // One replicate: enough points to see, and few enough to see them apart.
    let counts = rows.with("replicate", 0_u64)?.pairs("half_tangent", "steps")?;
    let distance = |power: i32| 1.0 / libm::tan(0.5 * libm::pow(10.0, -f64::from(power)));
    let names = [(2, "π − 10⁻²"), (4, "π − 10⁻⁴"), (6, "π − 10⁻⁶"), (8, "π − 10⁻⁸")];
    let ticks = names.map(|(power, name)| (distance(power), name.to_owned()));
    let x = Axis::logarithmic("initial angle φ₀, on the scale of tan(φ₀/2)")
        .range(1.0, 6.0 * distance(8))
        .ticks([(1.0, "π/2".to_owned())].into_iter().chain(ticks));
    Ok(Panel::new(x, Axis::linear("steps of a pair"))
        .title("The divergence is logarithmic")
        .layer(Layer::line("closed form (flow)", line("flow_steps")?).style(Style::theory()))
        .layer(Layer::line("closed form, finite steps", line("closed_form")?).style(Style::reference()))
        .layer(Layer::markers("simulated", counts).style(Style::series(0).size(0.7)))
        .note(
            3e2,
            line("flow_steps")?.last().map_or(100.0, |last| 0.8 * last.1),
            format!("γ/‖z‖² = {step_size}"),
            Side::Above,
        )
        .legend(Legend::Below))
}

/// What the first step of the published notebook does to the counts.
fn first_step(main: &Table) -> Result<Option<Figure>, Failure> {
    let differences = differences(main)?;
    let (Some(learning_rate), Some(norm)) = (setting(main, "learning_rate")?, setting(main, "norm")?) else {
        return Ok(None);
    };
    if differences.len() < 2 {
        return Ok(None);
    }
    let step_size = learning_rate / (norm * norm);
    let crossings = differences.iter().map(|found| (found.angle, found.crossings.value)).collect();
    let counts = differences.iter().map(|found| (found.angle, found.counts.value)).collect();
    let bars = differences.iter().map(|found| (found.angle, found.counts.lower, found.counts.upper)).collect();
    let law =
        |found: &super::claims::Difference| (found.angle, -2.0 * step_size * libm::cos(found.angle) * found.steps);
    let panel =
        Panel::new(angle_axis("mean initial angle of positives"), Axis::linear("steps minus those as published"))
            .title("The published first step hides steps near π")
            .layer(Layer::horizontal_line("", 0.0))
            .layer(
                Layer::line("−2u cos φ₀ of the steps, u = γ/‖z‖²", differences.iter().map(law).collect())
                    .style(Style::theory()),
            )
            .layer(Layer::error_bars("whole counts, mean and 95 % interval", bars))
            .layer(Layer::markers("whole counts, mean and 95 % interval", counts))
            .layer(Layer::line("crossing times", crossings))
            .legend(Legend::Inside);
    let text = "Steps with the cosine's gradient throughout minus steps with the published notebook's first step, from the \
                same directions: fewer at small angles and more near opposite directions.";
    Ok(Some(Figure::new(text).aspect(0.5).panel(panel)))
}
