//! Differences between cut and whole networks as a figure, from the table alone.

use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};

use super::family::Family;
use super::path::{Compared, Rule};
use crate::cli::values;
use crate::simulations::grouping::distinct;

/// Where a difference of 0 is drawn.
const ZERO: f64 = 1e-17;

pub fn figure(rows: &[Compared]) -> Figure {
    let networks: Vec<Family> = distinct(rows.iter().map(|row| row.network));
    let panels = distinct(rows.iter().map(|row| row.optimizer)).into_iter().map(|rule| panel(rows, rule, &networks));
    let names: Vec<String> =
        networks.iter().enumerate().map(|(place, &name)| format!("{} {}", place + 1, values::name(name))).collect();
    let text = "Largest difference of directions between networks cut by c and whole networks at c^h times the learning rate, \
                logarithmic, one panel per optimizer, one column per kind of network: zero or rounding where S7 says so, above \
                a thousandth where biases end it.";
    let caption = format!(
        "Every mark is a training at one cut. Zero is drawn at 1e-17. Marks of \"not\" in columns of scale-free networks are \
         those whose ε or weight decay did not go with the cut. Networks: {}.",
        names.join(", ")
    );
    Figure::new(text).caption(caption).columns(3).panels(panels)
}

fn panel(rows: &[Compared], rule: Rule, networks: &[Family]) -> Panel {
    let ticks = networks.iter().enumerate().map(|(place, _)| (place as f64, (place + 1).to_string()));
    let panel = Panel::new(
        Axis::linear("network").range(-0.6, networks.len() as f64 - 0.4).ticks(ticks),
        Axis::logarithmic("largest difference").range(0.3 * ZERO, 10.0),
    );
    let kinds = [(true, "a learning rate, says S7"), (false, "not")];
    let marks = kinds.into_iter().enumerate().map(|(index, (predicted, name))| {
        let point = |row: &Compared| {
            let place = networks.iter().position(|&known| known == row.network)?;
            Some((place as f64, row.largest_difference?.max(ZERO)))
        };
        let rows = rows.iter().filter(|row| row.optimizer == rule && row.predicted == predicted);
        Layer::markers(name, rows.filter_map(point).collect()).style(Style::series(index).size(0.8))
    });
    marks.fold(panel.title(values::name(rule)).legend(Legend::Below), Panel::layer)
}
