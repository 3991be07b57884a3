//! Norms under weight decay as a figure, from the tables alone.

use embedding_norms::statistics::{Estimate, mean, mean_with_interval};
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Side, Style};

use super::approach::ApproachRow;
use super::projection::{ProjectionRow, Rule};
use super::settling::{SettlingRow, Sweep};
use crate::cli::failure::Failure;
use crate::simulations::decay::Decay;
use crate::simulations::grouping::{ascending, averages, grouped};
use crate::simulations::simulation::Tables;

pub fn figure(tables: &Tables) -> Result<Figure, Failure> {
    let rows: Vec<SettlingRow> = tables.rows()?;
    let text = "Four panels. Norms from above and below approach one norm along the law, exponentially in their fourth or \
                second powers. For every update rule and kind of decay the deviation of the measured norm from the predicted \
                one. Over the frequency of updates norms rise with slope one quarter while the rotation per step \
                stays the same. Heavy-ball momentum makes norms grow far more than the same momentum projected.";
    let panels = [
        approach(&tables.rows()?),
        rules(rows.iter().filter(|row| row.sweep == Sweep::Rules)),
        frequencies(rows.iter().filter(|row| row.sweep == Sweep::Frequencies)),
        projection(&tables.rows()?),
    ];
    let caption = "GD gradient descent, HB heavy ball, Adam with decoupled decay is AdamW, NGD normalized gradient.";
    Ok(Figure::new(text).columns(2).caption(caption).panels(panels))
}

/// The norm against the step, from above and from below.
fn approach(rows: &[ApproachRow]) -> Panel {
    let mut panel =
        Panel::new(Axis::logarithmic("step"), Axis::linear("norm over its equilibrium, ‖z‖/ρ*").range(0.0, 2.1))
            .title("Under decay every start leads to one norm")
            .layer(Layer::horizontal_line("", 1.0))
            .legend(Legend::Inside);
    let shown = [("gradient-descent", "gradient descent", Style::series(0)), ("adamw", "AdamW", Style::series(1))];
    let mut laws = Vec::new();
    for (optimizer, name, style) in shown {
        let of_rule = || rows.iter().filter(|row| row.optimizer == optimizer && row.decay == Decay::Decoupled);
        for start in ascending(of_rule().map(|row| row.start)) {
            // The mean over the replicates over the equilibrium norm, by steps.
            let relative = |of: fn(&ApproachRow) -> f64| {
                let rows = of_rule().filter(|row| row.start == start);
                let settled = averages(rows.clone().map(|row| (row.step as f64, row.predicted_norm)));
                let points = averages(rows.map(|row| (row.step as f64, of(row)))).into_iter().zip(settled);
                points.map(|((step, norm), (_, settled))| (step, norm / settled)).collect()
            };
            panel = panel.layer(Layer::markers(name, relative(|row| row.norm)).style(style.size(0.8)));
            laws.push(Layer::line("S3", relative(|row| row.law)).style(Style::theory()));
        }
    }
    panel.layers(laws)
}

/// The columns of the comparison: rule and decay, and the name on the axis.
const COLUMNS: [(&str, Decay, &str); 7] = [
    ("gradient-descent", Decay::Decoupled, "GD"),
    ("gradient-descent", Decay::Coupled, "GD*"),
    ("heavy-ball", Decay::Decoupled, "HB"),
    ("heavy-ball", Decay::Coupled, "HB*"),
    ("adamw", Decay::Decoupled, "Adam"),
    ("normalized-gradient", Decay::Decoupled, "NGD"),
    ("sign-descent", Decay::Decoupled, "sign"),
];

/// By how much the norm differs from S3 for each rule, in per cent.
fn rules<'a>(rows: impl Iterator<Item = &'a SettlingRow> + Clone) -> Panel {
    let ticks = COLUMNS.iter().enumerate().map(|(place, column)| (place as f64, column.2.to_owned()));
    let mut panel = Panel::new(
        Axis::linear("update rule (*: coupled decay)").range(-0.5, COLUMNS.len() as f64 - 0.5).ticks(ticks),
        Axis::linear("norm against S3, %").range(-0.6, 1.4),
    )
    .title("Norms settle where S3 says")
    .layer(Layer::horizontal_line("", 0.0))
    .legend(Legend::Inside);
    let frequencies = ascending(rows.clone().map(|row| row.frequency));
    for (index, &frequency) in frequencies.iter().rev().enumerate() {
        let offset = 0.24 * (index as f64 - 0.5 * (frequencies.len() as f64 - 1.0));
        let (mut leading, mut intervals, mut points) = (Vec::new(), Vec::new(), Vec::new());
        for (place, (optimizer, decay, _)) in COLUMNS.iter().enumerate() {
            let is_chosen = |row: &&SettlingRow| row.optimizer == *optimizer && row.decay == *decay;
            let rows = rows.clone().filter(|row| row.frequency == frequency).filter(is_chosen);
            let x = place as f64 + offset;
            if let Some((order, interval)) = deviation(rows) {
                leading.push((x, interval.value + order));
                intervals.push((x, interval.lower, interval.upper));
                points.push((x, interval.value));
            }
        }
        let label = format!("next order, f = {frequency}");
        let style = Style::series(index);
        panel = panel
            .layer(Layer::markers("leading order only", leading).style(Style::reference().open()))
            .layer(Layer::error_bars(label.clone(), intervals).style(style))
            .layer(Layer::markers(label, points).style(style));
    }
    panel
}

/// The next order and the deviation from S3 with it, with the ends of its interval, in per cent.
fn deviation<'a>(rows: impl Iterator<Item = &'a SettlingRow> + Clone) -> Option<(f64, Estimate)> {
    let values: Vec<f64> = rows.clone().map(|row| 100.0 * (row.over_law() - 1.0)).collect();
    let orders: Vec<f64> = rows.map(|row| row.next_order).collect();
    mean_with_interval(&values, 0.95).map(|interval| (100.0 * mean(&orders), interval))
}

/// Norm and angle against the frequency of updates, over those of the largest.
fn frequencies<'a>(rows: impl Iterator<Item = &'a SettlingRow> + Clone) -> Panel {
    let mut panel = Panel::new(
        Axis::logarithmic("frequency of updates f"),
        Axis::logarithmic("over the value at the largest f").range(0.25, 1.5).ticks_at([0.25, 0.5, 1.0, 1.5]),
    )
    .title("Seen often: longer, and rotated as much")
    .legend(Legend::Inside);
    let norms = averages(rows.clone().map(|row| (row.frequency, row.norm)));
    let angles = averages(rows.map(|row| (row.frequency, row.angle)));
    for (points, label, exponent, style) in
        [(norms, "norm ‖z‖", 0.25, Style::series(0)), (angles, "rms rotation per step", 0.0, Style::series(1).open())]
    {
        let (Some(&(least, _)), Some(&(most, last))) = (points.first(), points.last()) else { continue };
        let law = [least, most].map(|f| (f, libm::pow(f / most, exponent))).to_vec();
        panel = panel.layer(Layer::line(if exponent == 0.0 { "" } else { "S3" }, law).style(Style::theory())).layer(
            Layer::markers(label, points.into_iter().map(|(f, value)| (f, value / last)).collect()).style(style),
        );
        if exponent > 0.0 {
            let middle = (least * most).sqrt();
            panel = panel.note(1.2 * middle, 0.9 * libm::pow(middle / most, exponent), "slope ¼", Side::Right);
        }
    }
    panel
}

/// The growth of the squared norms under momentum against the time of the flow.
fn projection(rows: &[ProjectionRow]) -> Panel {
    let mut panel = Panel::new(
        Axis::logarithmic("time of the flow, steps × γ/(1 − μ)"),
        Axis::logarithmic("growth of ‖z‖² + ‖w‖², over γ").range(1e-3, 1e5),
    )
    .title("Projected momentum lengthens embeddings far less")
    .legend(Legend::Inside);
    let momenta = ascending(rows.iter().map(|row| row.momentum));
    let mut laws = Vec::new();
    for (rule, name, filled) in [(Rule::HeavyBall, "heavy ball", true), (Rule::Sgdp, "SGDP", false)] {
        for (index, &momentum) in momenta.iter().enumerate() {
            let rows = rows.iter().filter(|row| (row.rule, row.momentum) == (rule, momentum));
            let style = if filled { Style::series(index) } else { Style::series(index).open() };
            let points = together(rows.clone().map(|row| (row.flow_time, row.growth)));
            panel = panel.layer(Layer::markers(format!("{name}, μ = {momentum}"), points).style(style.size(0.8)));
            let law = together(rows.map(|row| (row.flow_time, row.law)));
            laws.push(Layer::line("S1: factor × loss lost", law).style(Style::theory()));
        }
    }
    panel.layers(laws)
}

/// The means by the time of the flow, while all replicates last.
fn together(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let groups = grouped(points);
    let all = groups.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let whole = groups.into_iter().filter(|(time, values)| *time >= 0.02 && values.len() == all);
    whole.map(|(time, values)| (time, mean(&values))).collect()
}
