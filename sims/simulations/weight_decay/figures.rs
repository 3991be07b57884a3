//! Norms under weight decay as a figure, from the tables alone.

use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Side, Style};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::{Estimate, mean_with_interval};

use super::{APPROACH, PROJECTION};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{groups, levels, mean, means};
use crate::simulations::simulation::Tables;

pub fn figure(tables: &Tables) -> Result<Figure, Failure> {
    let main = tables.get("")?;
    let text = "Four panels. Norms from above and below approach one norm along the law, exponentially in their fourth or \
                second powers. For every update rule and kind of decay the deviation of the measured norm from the predicted \
                one. Over the frequency of updates norms rise with slope one quarter while the angle turned per \
                step stays the same. Heavy-ball momentum makes norms grow far more than the same momentum projected.";
    let panels = [
        approach(tables.get(APPROACH)?)?,
        rules(&main.with("sweep", "rules")?)?,
        frequencies(&main.with("sweep", "frequencies")?)?,
        projection(tables.get(PROJECTION)?)?,
    ];
    let caption = "GD gradient descent, HB heavy ball, Adam with decoupled decay is AdamW, NGD normalized gradient.";
    Ok(Figure::new(text).columns(2).caption(caption).panels(panels))
}

/// The norm against the step, from above and from below.
fn approach(table: &Table) -> Result<Panel, Failure> {
    let mut panel =
        Panel::new(Axis::logarithmic("step"), Axis::linear("norm over its equilibrium, ‖z‖/ρ*").range(0.0, 2.1))
            .title("Under decay every start leads to one norm")
            .layer(Layer::horizontal_line("", 1.0))
            .legend(Legend::Inside);
    let shown = [
        ("gradient-descent", "decoupled", "gradient descent", Style::series(0)),
        ("adamw", "decoupled", "AdamW", Style::series(1)),
    ];
    let mut laws = Vec::new();
    for (optimizer, decay, name, style) in shown {
        let rows = table.with("optimizer", optimizer)?.with("decay", decay)?;
        for start in levels(&rows, "start")? {
            let rows = rows.with("start", start)?;
            panel = panel.layer(Layer::markers(name, relative(&rows, "norm")?).style(style.size(0.8)));
            laws.push(Layer::line("S3", relative(&rows, "law")?).style(Style::theory()));
        }
    }
    Ok(panel.layers(laws))
}

/// The mean of a column over the equilibrium norm, by steps.
fn relative(rows: &Table, column: &str) -> Result<Vec<(f64, f64)>, TableError> {
    let settled = means(rows, "step", "predicted_norm")?;
    let points = means(rows, "step", column)?.into_iter().zip(settled);
    Ok(points.map(|((step, norm), (_, settled))| (step, norm / settled)).collect())
}

/// The columns of the comparison: rule and decay, and the name on the axis.
const COLUMNS: [(&str, &str, &str); 7] = [
    ("gradient-descent", "decoupled", "GD"),
    ("gradient-descent", "coupled", "GD*"),
    ("heavy-ball", "decoupled", "HB"),
    ("heavy-ball", "coupled", "HB*"),
    ("adamw", "decoupled", "Adam"),
    ("normalized-gradient", "decoupled", "NGD"),
    ("sign-descent", "decoupled", "sign"),
];

/// By how much the norm differs from S3 for each rule, in per cent.
fn rules(table: &Table) -> Result<Panel, Failure> {
    let ticks = COLUMNS.iter().enumerate().map(|(place, column)| (place as f64, column.2.to_owned()));
    let mut panel = Panel::new(
        Axis::linear("update rule (*: coupled decay)").range(-0.5, COLUMNS.len() as f64 - 0.5).ticks(ticks),
        Axis::linear("norm against S3, %").range(-0.6, 1.4),
    )
    .title("Norms settle where S3 says")
    .layer(Layer::horizontal_line("", 0.0))
    .legend(Legend::Inside);
    let frequencies = levels(table, "frequency")?;
    for (index, &frequency) in frequencies.iter().rev().enumerate() {
        let offset = 0.24 * (index as f64 - 0.5 * (frequencies.len() as f64 - 1.0));
        let rows = table.with("frequency", frequency)?;
        let (mut leading, mut intervals, mut points) = (Vec::new(), Vec::new(), Vec::new());
        for (place, (optimizer, decay, _)) in COLUMNS.iter().enumerate() {
            let rows = rows.with("optimizer", *optimizer)?.with("decay", *decay)?;
            let x = place as f64 + offset;
            if let Some((order, interval)) = deviation(&rows)? {
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
    Ok(panel)
}

/// The next order and the deviation from S3 with it, with the ends of its interval, in per cent.
fn deviation(rows: &Table) -> Result<Option<(f64, Estimate)>, TableError> {
    let (norms, laws, orders) = (rows.numbers("norm")?, rows.numbers("predicted_norm")?, rows.numbers("next_order")?);
    let ratio = |row: usize| Some(100.0 * (norms[row]? / (laws[row]? * (1.0 + orders[row]?)) - 1.0));
    let values: Vec<f64> = (0..norms.len()).filter_map(ratio).collect();
    let orders: Vec<f64> = orders.into_iter().flatten().collect();
    Ok(mean_with_interval(&values, 0.95).map(|interval| (100.0 * mean(&orders), interval)))
}

/// Norm and angle against the frequency of updates, over those of the largest.
fn frequencies(table: &Table) -> Result<Panel, Failure> {
    let mut panel = Panel::new(
        Axis::logarithmic("frequency of updates f"),
        Axis::logarithmic("over the value at the largest f").range(0.25, 1.5).ticks_at([0.25, 0.5, 1.0, 1.5]),
    )
    .title("Seen often: longer, and rotated as much")
    .legend(Legend::Inside);
    for (column, label, exponent, style) in [
        ("norm", "norm ‖z‖", 0.25, Style::series(0)),
        ("angle", "rms angle turned per step", 0.0, Style::series(1).open()),
    ] {
        let points = means(table, "frequency", column)?;
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
    Ok(panel)
}

/// The growth of the squared norms under momentum against the time of the flow.
fn projection(table: &Table) -> Result<Panel, Failure> {
    let mut panel = Panel::new(
        Axis::logarithmic("time of the flow, steps × γ/(1 − μ)"),
        Axis::logarithmic("growth of ‖z‖² + ‖w‖², over γ").range(1e-3, 1e5),
    )
    .title("Momentum lengthens, projection spares it")
    .legend(Legend::Inside);
    let momenta = levels(table, "momentum")?;
    let mut laws = Vec::new();
    for (rule, name, filled) in [("heavy-ball", "heavy ball", true), ("sgdp", "SGDP", false)] {
        for (index, &momentum) in momenta.iter().enumerate() {
            let rows = table.with("rule", rule)?.with("momentum", momentum)?;
            let style = Style::series(index);
            let style = if filled { style } else { style.open() };
            let points = together(&rows, "growth")?;
            panel = panel.layer(Layer::markers(format!("{name}, μ = {momentum}"), points).style(style.size(0.8)));
            laws.push(Layer::line("S1: factor × loss lost", together(&rows, "law")?).style(Style::theory()));
        }
    }
    Ok(panel.layers(laws))
}

/// The means of a column by the time of the flow, while all replicates last.
fn together(rows: &Table, column: &str) -> Result<Vec<(f64, f64)>, TableError> {
    let groups = groups(rows, "flow_time", column)?;
    let all = groups.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let whole = groups.into_iter().filter(|(time, values)| *time >= 0.02 && values.len() == all);
    Ok(whole.map(|(time, values)| (time, mean(&values))).collect())
}
