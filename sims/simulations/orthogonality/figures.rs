//! Radial shares and angles of displacements as a figure, from the table and what the claims say.

use embedding_norms::statistics::{mean, mean_with_interval};
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Side, Style};

use super::claims::{OWN_PARAMETERS, of, rms_share};
use super::course::{Kind, Rule, Seen};
use crate::simulations::grouping::grouped;
use crate::simulations::stated::Stated;
use crate::simulations::study::name_of;

pub fn figure(rows: &[Seen], stated: &Stated) -> Figure {
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
    Figure::new(text).aspect(0.5).columns(1).panels([shares(rows), angles(rows), along(rows)]).caption(caption)
}

/// The place of an encoder's rule on the axis of encoders.
fn place(kind: usize, rule: usize) -> f64 {
    kind as f64 + 0.18 * (rule as f64 - 0.5 * (Rule::ALL.len() as f64 - 1.0))
}

fn encoders() -> Axis {
    let ticks = Kind::ALL.iter().enumerate().map(|(index, kind)| (index as f64, name_of(kind)));
    Axis::linear("encoder").range(-0.5, Kind::ALL.len() as f64 - 0.5).ticks(ticks)
}

fn shares(rows: &[Seen]) -> Panel {
    let mut panel = Panel::new(encoders(), Axis::linear("radial share of Δz").range(-0.09, 0.7))
        .title("Only plain steps of embeddings with parameters of their own are tangent")
        .legend(Legend::Inside);
    panel = over_encoders(panel, |kind, rule| {
        let found = rms_share(rows, kind, rule)?;
        Some((found.value, (found.lower > 0.0).then_some((found.lower, found.upper))))
    });
    let middle = 0.5 * (place(0, 0) + place(1, 0));
    panel.note(middle, -0.08, "only rounding", Side::Above)
}

/// Adds marks with intervals, from the value and the ends of the interval at each encoder and rule.
type Marked = (f64, Option<(f64, f64)>);

fn over_encoders(mut panel: Panel, marked: impl Fn(Kind, Rule) -> Option<Marked>) -> Panel {
    for (index, rule) in Rule::ALL.into_iter().enumerate() {
        let (mut points, mut intervals) = (Vec::new(), Vec::new());
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            let Some((value, interval)) = marked(kind, rule) else { continue };
            let x = place(number, index);
            points.push((x, value));
            intervals.extend(interval.map(|(lower, upper)| (x, lower, upper)));
        }
        let style = Style::series(index);
        panel = panel
            .layer(Layer::error_bars(name_of(&rule), intervals).style(style))
            .layer(Layer::markers(name_of(&rule), points).style(style));
    }
    panel
}

fn angles(rows: &[Seen]) -> Panel {
    let panel = Panel::new(
        encoders(),
        Axis::linear("angle of z and Δz, degrees").range(0.0, 180.0).ticks_at([0.0, 45.0, 90.0, 135.0, 180.0]),
    )
    .title("Otherwise displacements point outwards and inwards")
    .layer(Layer::horizontal_line("", 90.0))
    .legend(Legend::Inside);
    over_encoders(panel, |kind, rule| {
        // Means over replicates and steps.
        let angle = |quantile: fn(&Seen) -> f64| mean(&of(rows, kind, rule).map(quantile).collect::<Vec<_>>());
        of(rows, kind, rule).next()?;
        Some((angle(|row| row.angle_50), Some((angle(|row| row.angle_05), angle(|row| row.angle_95)))))
    })
}

/// The conditions one after another, along training.
const PATH: [(Kind, Rule, &str); 5] = [
    (Kind::Free, Rule::Momentum, "free, momentum"),
    (Kind::SharedLinear, Rule::Plain, "shared linear, plain"),
    (Kind::Perceptron, Rule::Plain, "perceptron, plain"),
    (Kind::Perceptron, Rule::Momentum, "perceptron, momentum"),
    (Kind::Perceptron, Rule::Both, "perceptron, momentum and decay"),
];

fn along(rows: &[Seen]) -> Panel {
    let mut panel = Panel::new(Axis::logarithmic("step"), Axis::linear("radial share of Δz").range(0.0, 1.0))
        .title("Along training")
        .legend(Legend::Inside);
    for (index, (kind, rule, label)) in PATH.into_iter().enumerate() {
        let (mut line, mut band) = (Vec::new(), Vec::new());
        for (step, values) in grouped(of(rows, kind, rule).map(|row| (row.step as f64, row.rms_share))) {
            line.push((step, mean(&values)));
            if let Some(interval) = mean_with_interval(&values, 0.95) {
                band.push((step, interval.lower.max(0.0), interval.upper.min(1.0)));
            }
        }
        let style = Style::series(index);
        panel = panel.layer(Layer::band(label, band).style(style)).layer(Layer::line(label, line).style(style));
    }
    panel
}
