//! Differences between cut and whole networks as a figure, from the table alone.

use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};
use embedding_norms::lab::table::{Table, TableError};

/// Where a difference of 0 is drawn.
const ZERO: f64 = 1e-17;

pub fn figure(main: &Table) -> Result<Figure, TableError> {
    let mut optimizers = main.texts("optimizer")?;
    let mut seen = Vec::new();
    optimizers.retain(|name| {
        !seen.contains(name) && {
            seen.push(name.clone());
            true
        }
    });
    let mut networks: Vec<String> = Vec::new();
    for network in main.texts("network")? {
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    let ticks = || networks.iter().enumerate().map(|(place, _)| (place as f64, (place + 1).to_string()));
    let mut panels = Vec::new();
    for optimizer in &optimizers {
        let rows = main.with("optimizer", optimizer.as_str())?;
        let mut panel = Panel::new(
            Axis::linear("network").range(-0.6, networks.len() as f64 - 0.4).ticks(ticks()),
            Axis::logarithmic("largest difference").range(0.3 * ZERO, 10.0),
        )
        .title(optimizer.clone())
        .legend(Legend::Below);
        let kinds = [("yes", "a learning rate, says S7"), ("no", "not")];
        for (index, (predicted, name)) in kinds.into_iter().enumerate() {
            let rows = rows.with("predicted", predicted)?;
            let places =
                rows.texts("network")?.into_iter().map(|name| networks.iter().position(|known| *known == name));
            let apart = rows.numbers("largest_difference")?;
            let points = places.zip(apart).filter_map(|(place, apart)| Some((place? as f64, apart?.max(ZERO))));
            let style = Style::series(index).size(0.8);
            panel = panel.layer(Layer::markers(name, points.collect()).style(style));
        }
        panels.push(panel);
    }
    let names: Vec<String> = networks.iter().enumerate().map(|(place, name)| format!("{} {name}", place + 1)).collect();
    let text = "Largest difference of directions between networks cut by c and whole networks at c^h times the learning rate, \
                logarithmic, one panel per optimizer, one column per kind of network: zero or rounding where S7 says so, above \
                a thousandth where biases end it.";
    let caption = format!(
        "Every mark is a training at one cut. Zero is drawn at 1e-17. Marks of \"not\" in columns of scale-free networks are \
         those whose ε or weight decay did not go with the cut. Networks: {}.",
        names.join(", ")
    );
    Ok(Figure::new(text).caption(caption).columns(3).panels(panels))
}
