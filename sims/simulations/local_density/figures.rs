//! Norms against neighbour distances as a figure, from the tables alone.

use std::collections::BTreeMap;

use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};

use super::density::{Among, Correlation, NormOf, Point, of};
use crate::simulations::mixtures::over_seeds;
use crate::simulations::study::name_of;

const TEXT: &str = "Three panels. Norms against the distance to the tenth nearest neighbour slope down in the trained \
                    network, and in the untrained one too. Rank correlations over seeds, for inputs, untrained and \
                    trained network, over all points, within classes, with norms shuffled, and with neighbours among the \
                    points before they were observed.";
const CAPTION: &str = "First two panels: points of one seed; distances are those of directions, to neighbour k (10 if not said \
                       otherwise). Last panel: Spearman's rₛ, means over seeds with 95 % intervals. Latent: neighbours among the points \
                       before they are observed. Shuffled: norms permuted within classes.";

pub fn figure(points: &[Point], correlations: &[Correlation]) -> Figure {
    let panels = [
        scatter(points, NormOf::Untrained, "Untrained network"),
        scatter(points, NormOf::Trained, "Trained network"),
        averages(correlations),
    ];
    Figure::new(TEXT).columns(3).aspect(0.95).caption(CAPTION).panels(panels)
}

fn scatter(points: &[Point], encoder: NormOf, title: &str) -> Panel {
    let mut panel = Panel::new(Axis::linear("distance to the k-th neighbour"), Axis::linear("norm ‖z‖"))
        .title(title)
        .legend(Legend::Below);
    let mut classes: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
    for point in points.iter().filter(|point| point.norm_of == encoder) {
        classes.entry(point.class).or_default().push((point.distance, point.norm));
    }
    for (class, places) in classes {
        let style = Style::series(class - 1).size(0.5).opacity(0.7);
        panel = panel.layer(Layer::markers(format!("class {class}"), places).style(style));
    }
    panel
}

/// What is correlated: label, neighbours among, column.
type Series = (&'static str, Among, fn(&Correlation) -> f64);

const SERIES: [Series; 4] = [
    ("all points", Among::Same, |row| row.overall),
    ("within classes", Among::Same, |row| row.within),
    ("within, latent", Among::Latent, |row| row.within),
    ("within, shuffled", Among::Same, |row| row.shuffled),
];

fn averages(rows: &[Correlation]) -> Panel {
    let encoders = [NormOf::Input, NormOf::Untrained, NormOf::Trained];
    let ticks = encoders.iter().enumerate().map(|(place, name)| (place as f64, name_of(name)));
    let axis = Axis::linear("norm of").range(-0.5, 2.5).ticks(ticks.collect::<Vec<_>>());
    let mut panel = Panel::new(axis, Axis::linear("rank correlation rₛ"))
        .title("Correlation over seeds")
        .layer(Layer::horizontal_line("", 0.0))
        .legend(Legend::Below);
    for (series, (label, among, column)) in SERIES.into_iter().enumerate() {
        let (mut means, mut bars) = (Vec::new(), Vec::new());
        for (place, encoder) in encoders.into_iter().enumerate() {
            let x = place as f64 + 0.18 * (series as f64 - 1.5);
            if let Some(mean) = over_seeds(&of(rows, encoder, among, column)) {
                means.push((x, mean.value));
                bars.push((x, mean.lower, mean.upper));
            }
        }
        // The classes have the first colours; these are other things.
        let style = Style::series(series + 3);
        panel =
            panel.layer(Layer::error_bars(label, bars).style(style)).layer(Layer::markers(label, means).style(style));
    }
    panel
}
