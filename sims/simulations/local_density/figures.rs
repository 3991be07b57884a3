//! Norms against neighbour distances as a figure, from the tables alone.

use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};
use embedding_norms::lab::table::Table;
use embedding_norms::statistics::mean_with_interval;

use super::{INPUT, LATENT, OWN, POINTS, TRAINED, UNTRAINED, correlations};
use crate::cli::failure::Failure;
use crate::simulations::grouping::levels;
use crate::simulations::simulation::Tables;

const TEXT: &str = "Three panels. Norms against the distance to the tenth nearest neighbour slope down in the trained \
                    network, and in the untrained one too. Rank correlations over seeds, for inputs, untrained and \
                    trained network, over all points, within classes, with norms shuffled, and with neighbours among the \
                    points before they were observed.";
const CAPTION: &str = "First two panels: points of one seed; distances are those of directions, to neighbour k (10 if not said \
                       otherwise). Last panel: Spearman's rₛ, means over seeds with 95 % intervals. Latent: neighbours among the points \
                       before they are observed. Shuffled: norms permuted within classes.";

pub fn figure(tables: &Tables) -> Result<Figure, Failure> {
    let points = tables.get(POINTS)?;
    let panels = [
        scatter(points, UNTRAINED, "Untrained network")?,
        scatter(points, TRAINED, "Trained network")?,
        over_seeds(tables.get("")?)?,
    ];
    Ok(Figure::new(TEXT).columns(3).aspect(0.95).caption(CAPTION).panels(panels))
}

fn scatter(points: &Table, encoder: &str, title: &str) -> Result<Panel, Failure> {
    let rows = points.with("norm_of", encoder)?;
    let mut panel = Panel::new(Axis::linear("distance to the k-th neighbour"), Axis::linear("norm ‖z‖"))
        .title(title)
        .legend(Legend::Below);
    for class in levels(&rows, "class")? {
        let places = rows.with("class", class as u64)?.pairs("distance", "norm")?;
        let style = Style::series(class as usize - 1).size(0.5).opacity(0.7);
        panel = panel.layer(Layer::markers(format!("class {class}"), places).style(style));
    }
    Ok(panel)
}

/// What is correlated: label, neighbours among, column.
const SERIES: [(&str, &str, &str); 4] = [
    ("all points", OWN, "overall"),
    ("within classes", OWN, "within"),
    ("within, latent", LATENT, "within"),
    ("within, shuffled", OWN, "shuffled"),
];

fn over_seeds(main: &Table) -> Result<Panel, Failure> {
    let encoders = [INPUT, UNTRAINED, TRAINED];
    let ticks = encoders.iter().enumerate().map(|(place, name)| (place as f64, (*name).to_owned()));
    let axis = Axis::linear("norm of").range(-0.5, 2.5).ticks(ticks.collect::<Vec<_>>());
    let mut panel = Panel::new(axis, Axis::linear("rank correlation rₛ"))
        .title("Correlation over seeds")
        .layer(Layer::horizontal_line("", 0.0))
        .legend(Legend::Below);
    for (series, (label, among, column)) in SERIES.iter().enumerate() {
        let (mut means, mut bars) = (Vec::new(), Vec::new());
        for (place, encoder) in encoders.iter().enumerate() {
            let values = correlations(main, encoder, among, column)?;
            let x = place as f64 + 0.18 * (series as f64 - 1.5);
            if let Some(mean) = mean_with_interval(&values, 0.95) {
                means.push((x, mean.value));
                bars.push((x, mean.lower, mean.upper));
            }
        }
        // The classes have the first colours; these are other things.
        let style = Style::series(series + 3);
        panel =
            panel.layer(Layer::error_bars(*label, bars).style(style)).layer(Layer::markers(*label, means).style(style));
    }
    Ok(panel)
}
