//! The opposite halves as figures, from the tables alone.

use embedding_norms::statistics::mean;
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Side, Style};

use super::SMALL_STEP;
use super::claims::{Difference, differences};
use super::populations::{DescentRow, PublishedRow};
use super::single::SinglePair;
use crate::cli::failure::Failure;
use crate::simulations::grouping::by;
use crate::simulations::pairs::{FirstGradient, angle_axis};
use crate::simulations::simulation::Tables;

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let main: Vec<DescentRow> = tables.rows()?;
    let text = "Left: steps to convergence against the initial angle of the positives. They rise slowly to a right angle and \
                steeply towards opposite directions; simulated and published counts lie on the closed form. Right: single \
                pairs up to a hundred millionth from the antipode, where each tenfold approach costs the same number of \
                steps.";
    let panels = [populations(&main, &tables.rows_if_any()?), divergence(&tables.rows()?)];
    let mut figures = vec![("", Figure::new(text).columns(2).panels(panels))];
    figures.extend(first_step(&main).map(|figure| ("first-step", figure)));
    Ok(figures)
}

/// The mean of a value against the mean angle, at each interpolation.
fn against_angle(
    main: &[DescentRow],
    first_step: FirstGradient,
    value: fn(&DescentRow) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let point = |(_, rows): (f64, Vec<&DescentRow>)| {
        let values: Vec<f64> = rows.iter().filter_map(|row| value(row)).collect();
        let angles: Vec<f64> = rows.iter().map(|row| row.angle).collect();
        (!values.is_empty()).then(|| (mean(&angles), mean(&values)))
    };
    let rows = main.iter().filter(|row| row.first_step == first_step);
    by(rows, |row| row.interpolation).into_iter().filter_map(point).collect()
}

fn populations(main: &[DescentRow], published: &[PublishedRow]) -> Panel {
    let tolerance = main.first().map_or(1e-3, |row| row.tolerance);
    let y = Axis::linear(format!("steps until the mean cosine is {}", 1.0 - tolerance));
    let mut panel =
        Panel::new(angle_axis("mean initial angle of positives"), y).title("Opposite halves converge slowly");
    if !published.is_empty() {
        let counts = published.iter().map(|row| (row.angle, row.published_steps)).collect();
        panel = panel
            .layer(Layer::markers("published, one run each", counts).style(Style::published().size(0.95).width(0.7)));
    }
    let counts = |first_step| against_angle(main, first_step, DescentRow::counted);
    let flow = against_angle(main, FirstGradient::Cosine, |row| row.flow_steps);
    panel
        .layer(Layer::line("first step as published", counts(FirstGradient::DotProduct)).style(Style::series(1)))
        .layer(Layer::line("closed form (flow)", flow).style(Style::theory()))
        .layer(Layer::markers("simulated", counts(FirstGradient::Cosine)).style(Style::series(0).size(0.7)))
        .legend(Legend::Below)
}

/// Steps of single pairs against ln tan(φ0/2), with ticks at angles.
fn divergence(single: &[SinglePair]) -> Panel {
    let step_size = single.iter().map(|row| row.step_size).fold(SMALL_STEP, f64::max);
    let rows: Vec<&SinglePair> = single.iter().filter(|row| row.step_size == step_size).collect();
    let line = |value: fn(&SinglePair) -> Option<f64>| {
        let points = rows.iter().filter_map(|row| Some((row.half_tangent?, value(row)?)));
        let mut points: Vec<(f64, f64)> = points.collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    };
    let flow = line(|row| row.flow_steps);
    // One replicate: enough points to see, and few enough to see them apart.
    let first = rows.iter().filter(|row| row.replicate == 0);
    let counts = first.filter_map(|row| Some((row.half_tangent?, row.steps? as f64))).collect();
    let distance = |power: i32| 1.0 / libm::tan(0.5 * libm::pow(10.0, -f64::from(power)));
    let names = [(2, "π − 10⁻²"), (4, "π − 10⁻⁴"), (6, "π − 10⁻⁶"), (8, "π − 10⁻⁸")];
    let ticks = names.map(|(power, name)| (distance(power), name.to_owned()));
    let x = Axis::logarithmic("initial angle φ₀, on the scale of tan(φ₀/2)")
        .range(1.0, 6.0 * distance(8))
        .ticks([(1.0, "π/2".to_owned())].into_iter().chain(ticks));
    let height = flow.last().map_or(100.0, |last| 0.8 * last.1);
    Panel::new(x, Axis::linear("steps of a pair"))
        .title("The divergence is logarithmic")
        .layer(Layer::line("closed form (flow)", flow).style(Style::theory()))
        .layer(Layer::line("closed form, finite steps", line(|row| row.closed_form)).style(Style::reference()))
        .layer(Layer::markers("simulated", counts).style(Style::series(0).size(0.7)))
        .note(3e2, height, format!("γ/‖z‖² = {step_size}"), Side::Above)
        .legend(Legend::Below)
}

/// What the first step of the published notebook does to the counts.
fn first_step(main: &[DescentRow]) -> Option<Figure> {
    let differences = differences(main);
    let row = main.first().filter(|_| differences.len() >= 2)?;
    let step_size = row.learning_rate / (row.norm * row.norm);
    let crossings = differences.iter().map(|found| (found.angle, found.crossings.value)).collect();
    let counts = differences.iter().map(|found| (found.angle, found.counts.value)).collect();
    let bars = differences.iter().map(|found| (found.angle, found.counts.lower, found.counts.upper)).collect();
    let law = |found: &Difference| (found.angle, -2.0 * step_size * libm::cos(found.angle) * found.steps);
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
    Some(Figure::new(text).aspect(0.5).panel(panel))
}
