//! Advised against best rates as a figure, from the tables and what the claims say.

use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};

use super::claims::ITSELF;
use super::judged::{FACTOR, Whose};
use super::setting::RULES;
use super::trial::Advice;
use crate::cli::failure::Failure;
use crate::simulations::simulation::Tables;

pub fn figure(tables: &Tables) -> Result<Figure, Failure> {
    let rows: Vec<Advice> = tables.rows()?;
    let rows: Vec<&Advice> = rows.iter().filter(|row| row.refusal.is_empty()).collect();
    let ends = ends(rows.iter().filter_map(|row| row.best_rate));
    let advice = match tables.stated().measured(ITSELF) {
        Some(share) => format!("One step: in the band in {share}"),
        None => "One step".to_owned(),
    };
    let panels = [
        panel(&rows, ends, &advice, Whose::Advice),
        panel(&rows, ends, "Range test of a hundred steps", Whose::Tenth),
        panel(&rows, ends, "Leaving the rate as it is", Whose::Unchanged),
    ];
    let text = "Three panels of rates against the best rate of a sweep, both logarithmic, with the identity and a band of a \
                factor of three around it. The rates that one step advises lie along the identity under every rule, those \
                of a range test scatter more, and starting rates lie in rows over five decades.";
    let caption = "One mark per network, data, cut, replicate and starting rate with advice. The band is a factor of three around the \
                   best rate; losses are flat there: rates at which training gains nine tenths of what it gains at the best span a \
                   decade or more in many cells.";
    Ok(Figure::new(text).caption(caption).columns(3).shared_axes().panels(panels))
}

/// The least and the largest of some rates.
fn ends(rates: impl Iterator<Item = f64>) -> (f64, f64) {
    rates.fold((f64::INFINITY, 0.0), |(low, high), rate| (rate.min(low), rate.max(high)))
}

fn panel(rows: &[&Advice], (low, high): (f64, f64), title: &str, whose: Whose) -> Panel {
    let mut panel =
        Panel::new(Axis::logarithmic("best learning rate of the sweep"), Axis::logarithmic("learning rate"))
            .title(title)
            .legend(Legend::Below);
    if low < high {
        let edge = |rate: f64| (rate, rate / FACTOR, rate * FACTOR);
        panel = panel
            .layer(Layer::band("", vec![edge(low), edge(high)]).style(Style::theory()))
            .layer(Layer::line("the best rate", vec![(low, low), (high, high)]).style(Style::reference()));
    }
    for (index, rule) in RULES.into_iter().enumerate() {
        let of_rule = rows.iter().filter(|row| row.optimizer == rule);
        let mut points: Vec<(f64, f64)> =
            of_rule.filter_map(|row| Some((row.best_rate?, whose.of(row).rate?))).collect();
        // Starting rates of a cell share most of what is drawn.
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        points.dedup();
        panel = panel.layer(Layer::markers(rule, points).style(Style::series(index).size(0.75)));
    }
    panel
}
