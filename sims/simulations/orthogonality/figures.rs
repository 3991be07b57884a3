//! Radial shares and angles of displacements as a figure, from the table and what the claims say.

use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Side, Style};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::mean_with_interval;

use super::claims::{OWN_PARAMETERS, rms_share, rows_of};
use super::{Kind, Rule};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{groups, mean};
use crate::simulations::stated::Stated;

pub fn figure(main: &Table, stated: &Stated) -> Result<Figure, Failure> {
    let text = "Three panels. The radial share of displacements is 0 but for rounding for free embeddings and a row per input \
                under plain descent, and no longer where parameters are shared or momentum or weight decay are added. The \
                angles between embedding and displacement are 90 degrees in the first case and spread widely in the others. \
                Along training the share stays.";
    let rounding = match stated.value(OWN_PARAMETERS) {
        Some(largest) => format!("Marks at 0 are rounding, at most {largest} (G3). "),
        None => String::new(),
    };
    let caption = format!(
        "{rounding}Shares: root mean squares, means over seeds with 95 % intervals. Angles: medians, with 5 to 95 % of the \
         embeddings; at 90 degrees displacements are tangent, below they point outwards, above inwards."
    );
    Ok(Figure::new(text).aspect(0.5).columns(1).panels([shares(main)?, angles(main)?, along(main)?]).caption(caption))
}

/// The place of an encoder's rule on the axis of encoders.
fn place(kind: usize, rule: usize) -> f64 {
    kind as f64 + 0.18 * (rule as f64 - 0.5 * (Rule::ALL.len() as f64 - 1.0))
}

fn encoders() -> Axis {
    let ticks = Kind::ALL.iter().enumerate().map(|(index, kind)| (index as f64, kind.name().to_owned()));
    Axis::linear("encoder").range(-0.5, Kind::ALL.len() as f64 - 0.5).ticks(ticks)
}

fn shares(main: &Table) -> Result<Panel, Failure> {
    let mut panel = Panel::new(encoders(), Axis::linear("radial share of Δz").range(-0.09, 0.7))
        .title("Only plain steps of embeddings with parameters of their own are tangent")
        .legend(Legend::Inside);
    for (index, rule) in Rule::ALL.into_iter().enumerate() {
        let (mut points, mut intervals) = (Vec::new(), Vec::new());
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            let Some(found) = rms_share(&rows_of(main, kind, rule)?)? else { continue };
            let x = place(number, index);
            points.push((x, found.value));
            if found.lower > 0.0 {
                intervals.push((x, found.lower, found.upper));
            }
        }
        let style = Style::series(index);
        panel = panel
            .layer(Layer::error_bars(rule.name(), intervals).style(style))
            .layer(Layer::markers(rule.name(), points).style(style));
    }
    let middle = 0.5 * (place(0, 0) + place(1, 0));
    Ok(panel.note(middle, -0.08, "only rounding", Side::Above))
}

fn angles(main: &Table) -> Result<Panel, Failure> {
    let mut panel = Panel::new(
        encoders(),
        Axis::linear("angle of z and Δz, degrees").range(0.0, 180.0).ticks_at([0.0, 45.0, 90.0, 135.0, 180.0]),
    )
    .title("Otherwise displacements point outwards and inwards")
    .layer(Layer::horizontal_line("", 90.0))
    .legend(Legend::Inside);
    for (index, rule) in Rule::ALL.into_iter().enumerate() {
        let (mut points, mut intervals) = (Vec::new(), Vec::new());
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            let rows = rows_of(main, kind, rule)?;
            let Some([low, median, high]) = angle_quantiles(&rows)? else { continue };
            let x = place(number, index);
            points.push((x, median));
            intervals.push((x, low, high));
        }
        let style = Style::series(index);
        panel = panel
            .layer(Layer::error_bars(rule.name(), intervals).style(style))
            .layer(Layer::markers(rule.name(), points).style(style));
    }
    Ok(panel)
}

/// The 5, 50 and 95 % quantiles of the angle, each the mean over replicates and steps.
fn angle_quantiles(rows: &Table) -> Result<Option<[f64; 3]>, TableError> {
    let mut quantiles = [0.0; 3];
    for (quantile, column) in quantiles.iter_mut().zip(["angle_05", "angle_50", "angle_95"]) {
        let values: Vec<f64> = rows.numbers(column)?.into_iter().flatten().collect();
        if values.is_empty() {
            return Ok(None);
        }
        *quantile = mean(&values);
    }
    Ok(Some(quantiles))
}

/// The conditions one after another, along training.
const PATH: [(Kind, Rule, &str); 5] = [
    (Kind::Free, Rule::Momentum, "free, momentum"),
    (Kind::SharedLinear, Rule::Plain, "shared linear, plain"),
    (Kind::Perceptron, Rule::Plain, "perceptron, plain"),
    (Kind::Perceptron, Rule::Momentum, "perceptron, momentum"),
    (Kind::Perceptron, Rule::Both, "perceptron, momentum and decay"),
];

fn along(main: &Table) -> Result<Panel, Failure> {
    let mut panel = Panel::new(Axis::logarithmic("step"), Axis::linear("radial share of Δz").range(0.0, 1.0))
        .title("Along training")
        .legend(Legend::Inside);
    for (index, (kind, rule, label)) in PATH.into_iter().enumerate() {
        let (mut line, mut band) = (Vec::new(), Vec::new());
        for (step, values) in groups(&rows_of(main, kind, rule)?, "step", "rms_share")? {
            line.push((step, mean(&values)));
            if let Some(interval) = mean_with_interval(&values, 0.95) {
                band.push((step, interval.lower.max(0.0), interval.upper.min(1.0)));
            }
        }
        let style = Style::series(index);
        panel = panel.layer(Layer::band(label, band).style(style)).layer(Layer::line(label, line).style(style));
    }
    Ok(panel)
}
