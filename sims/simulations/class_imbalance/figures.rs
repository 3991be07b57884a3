//! Norms by class as a figure, from the table alone.

use std::collections::BTreeMap;

use embedding_norms::statistics::mean;
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};

use super::runs::{ClassRow, Labels, Run, at};
use crate::simulations::mixtures::over_seeds;

const TEXT: &str = "Three panels. Mean norms of the classes against the epoch: they start alike and drift apart in the order \
                    of frequency. The difference of the most frequent to the rarest class rises early in training and stays; \
                    with permuted labels it stays near zero. The same difference in every seed: only the trained \
                    network's is above zero on the average, and not in every seed.";
const CAPTION: &str = "Bands and bars: 95 % confidence of the mean over seeds. Permuted labels, the control: as many of \
                       each class, given to points at random. Last panel: norms of the inputs, and of \
                       embeddings before training, after it, and in the control; small marks are single seeds.";

pub fn figure(rows: &[ClassRow]) -> Figure {
    let (own, permuted) = (Run::all(rows, Labels::Own), Run::all(rows, Labels::Permuted));
    let panels = [classes(rows, &own), differences(&own, &permuted), seeds(&own, &permuted)];
    Figure::new(TEXT).columns(3).aspect(0.95).caption(CAPTION).panels(panels)
}

/// Means over seeds by epoch, and the ends of their intervals.
type Course = (Vec<(f64, f64)>, Vec<(f64, f64, f64)>);

/// A quantity against the epoch: its mean over seeds, and the interval of the mean.
fn course(runs: &[Run], quantity: impl Fn(&Run) -> f64) -> Course {
    let (mut means, mut band) = (Vec::new(), Vec::new());
    for epoch in Run::epochs(runs) {
        let values = at(runs, epoch, &quantity);
        means.push((epoch as f64, mean(&values)));
        band.extend(over_seeds(&values).map(|mean| (epoch as f64, mean.lower, mean.upper)));
    }
    (means, band)
}

fn classes(rows: &[ClassRow], own: &[Run]) -> Panel {
    let weights: BTreeMap<usize, f64> = rows.iter().map(|row| (row.class, row.weight)).collect();
    let mut panel = Panel::new(Axis::linear("epoch"), Axis::linear("mean norm ‖z‖ of a class"))
        .title("Norms by class frequency")
        .legend(Legend::Below);
    for (class, weight) in weights.values().enumerate() {
        let (means, band) = course(own, |run| run.norm(class));
        let (label, style) = (format!("frequency {weight}"), Style::ordered(class, weights.len()));
        panel =
            panel.layer(Layer::band("", band).style(style.opacity(0.5))).layer(Layer::line(label, means).style(style));
    }
    panel
}

/// How the own labels and the control look.
const LABELS: [(&str, usize); 2] = [("labels as they are", 0), ("permuted labels", 1)];

fn differences(own: &[Run], permuted: &[Run]) -> Panel {
    let mut panel = Panel::new(Axis::linear("epoch"), Axis::linear("most frequent − rarest class"))
        .title("Difference of mean norms")
        .layer(Layer::horizontal_line("", 0.0))
        .legend(Legend::Below);
    for (runs, (label, series)) in [own, permuted].into_iter().zip(LABELS) {
        let (means, band) = course(runs, Run::difference);
        let style = Style::series(series);
        panel = panel.layer(Layer::band("", band).style(style)).layer(Layer::line(label, means).style(style));
    }
    panel
}

/// The difference in every seed, as a share of the mean norm: of the inputs, before and after training, and of the
/// control.
fn seeds(own: &[Run], permuted: &[Run]) -> Panel {
    let last = Run::epochs(own).last().copied().unwrap_or(0);
    let columns = [
        ("input", at(own, last, Run::input_share)),
        ("start", at(own, 0, Run::share)),
        ("end", at(own, last, Run::share)),
        ("control", at(permuted, last, Run::share)),
    ];
    let ticks = columns.iter().enumerate().map(|(place, (name, _))| (place as f64, (*name).to_owned()));
    let axis = Axis::linear("norms of input or embedding")
        .range(-0.6, columns.len() as f64 - 0.4)
        .ticks(ticks.collect::<Vec<_>>());
    let mut panel = Panel::new(axis, Axis::linear("difference, % of mean norm"))
        .title("The same, seed by seed")
        .layer(Layer::horizontal_line("", 0.0))
        .legend(Legend::Hidden);
    for (place, (_, values)) in columns.iter().enumerate() {
        let (x, count) = (place as f64, values.len().max(2) as f64 - 1.0);
        let percent: Vec<f64> = values.iter().map(|value| 100.0 * value).collect();
        let spread = |(seed, &value): (usize, &f64)| (x - 0.28 + 0.4 * seed as f64 / count, value);
        let style = Style::series(usize::from(place != 2));
        panel = panel.layer(
            Layer::markers("", percent.iter().enumerate().map(spread).collect()).style(style.size(0.45).opacity(0.55)),
        );
        if let Some(mean) = over_seeds(&percent) {
            panel = panel
                .layer(Layer::error_bars("", vec![(x + 0.27, mean.lower, mean.upper)]).style(style))
                .layer(Layer::markers("", vec![(x + 0.27, mean.value)]).style(style));
        }
    }
    panel
}
