//! All losses as figures, from the tables and what the claims say.

use embedding_norms::statistics::{Estimate, mean, mean_with_interval};
use embedding_norms_lab::figure::{Axis, Dash, Figure, Layer, Legend, Panel, Side, Style};

use super::by_loss;
use super::claims::{BUDGET, EXPONENT, EXPONENTS, Fitted, KINKED, budgets, exponents, hinge_budgets};
use super::descents::{Growth, Steps};
use super::hinge::HingeRow;
use crate::cli::failure::Failure;
use crate::simulations::grouping::{ascending, averages};
use crate::simulations::simulation::Tables;
use crate::simulations::stated::Stated;

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let (main, growth): (Vec<Steps>, Vec<Growth>) = (tables.rows()?, tables.rows()?);
    let exponents = exponents(&main);
    Ok(vec![
        ("", steps(&main, &exponents, tables.stated())),
        ("exponents", intervals(&exponents, &growth)),
        ("growth", budget(&growth, &tables.rows()?)),
    ])
}

/// Steps against norm, a panel per loss, with the exponent that the claim states of it.
fn steps(main: &[Steps], exponents: &[Fitted], stated: &Stated) -> Figure {
    let norms = ascending(main.iter().map(|row| row.norm));
    let mut figure = Figure::new(
        "Steps of plain descent to one level of the loss against the norm of the embeddings, a panel for each loss, on \
         logarithmic axes, beside lines of slope 2: twice the norm takes four times the steps.",
    );
    for ((loss, exponent), (_, rows)) in exponents.iter().zip(by_loss(main, |row| &row.loss)) {
        let counts = averages(rows.iter().filter_map(|row| Some((row.norm, row.steps? as f64))));
        let mut panel =
            Panel::new(Axis::logarithmic("norm ‖z‖").ticks_at(norms.iter().copied()), Axis::logarithmic("steps"))
                .title(loss.clone())
                .layer(Layer::line("slope 2 from the smallest norm", slope_two(&counts)).style(Style::theory()))
                .layer(Layer::markers("simulated, mean of replicates", counts.clone()))
                .legend(Legend::Below);
        if let (Some(&(first, steps)), Some(&(last, _)), Ok(found)) = (counts.first(), counts.last(), exponent) {
            let exponent = match stated.noted(EXPONENTS, loss) {
                Some(k) => format!("k = {k}"),
                None => format!("fit: k = {:.2}", found.value),
            };
            // Below the line, where there are no data.
            panel = panel.note((first * last).sqrt(), 1.3 * steps, exponent, Side::Right);
        }
        figure = figure.panel(panel);
    }
    figure.columns(4).aspect(0.8).shared_axes()
}

fn slope_two(counts: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (Some(&(first, steps)), Some(&(last, _))) = (counts.first(), counts.last()) else { return Vec::new() };
    [first, last].map(|norm| (norm, steps * (norm / first) * (norm / first))).to_vec()
}

/// The exponent and the budget of every loss, with their intervals.
fn intervals(exponents: &[Fitted], growth: &[Growth]) -> Figure {
    let found = |(loss, found): &Fitted| (loss.clone(), found.as_ref().ok().copied());
    let exponents: Vec<Found> = exponents.iter().map(found).collect();
    let text = "Two panels with a line for each loss: the exponents of steps by norm beside 2, and the growth of the squared \
                norms over the learning rate times the loss lost beside 1, each with the margins of its claim.";
    let caption = "Bars: 95 % intervals over replicates, most of them narrower than the mark. Dashed lines: the law and the \
                   margins within which the whole interval must lie (not that of the triplet loss for growth: it has kinks).";
    let panels = [
        per_loss(&exponents, "exponent k in steps ∝ ‖z‖ᵏ", (2.0, EXPONENT), "The square of the norm"),
        per_loss(&budgets(growth), "growth of ‖·‖² over γ × loss lost", (1.0, BUDGET), "The budget of growth"),
    ];
    Figure::new(text).panels(panels).columns(2).aspect(0.95).shared_axes().caption(caption)
}

/// A loss and what was found of it.
type Found = (String, Option<Estimate>);

/// A line for every loss, the first on top.
fn per_loss(found: &[Found], label: &str, (law, margin): (f64, f64), title: &str) -> Panel {
    let places: Vec<f64> = (1..=found.len()).rev().map(|place| place as f64).collect();
    let ticks: Vec<(f64, String)> = places.iter().copied().zip(found.iter().map(|(loss, _)| loss.clone())).collect();
    let estimates: Vec<(f64, Estimate)> =
        places.iter().zip(found).filter_map(|(place, (_, found))| Some((*place, (*found)?))).collect();
    let bar = |(place, found): &(f64, Estimate)| [(found.lower, *place), (found.upper, *place), (f64::NAN, f64::NAN)];
    let values = estimates.iter().map(|(place, found)| (found.value, *place)).collect();
    let y = Axis::linear("").range(0.4, found.len() as f64 + 0.6).ticks(ticks);
    Panel::new(Axis::linear(label), y)
        .title(title)
        .layers([law - margin, law, law + margin].map(|x| Layer::vertical_line("", x)))
        .layer(Layer::line("", estimates.iter().flat_map(bar).collect()).style(Style::series(0)))
        .layer(Layer::markers("", values).style(Style::series(0)))
        .legend(Legend::Hidden)
}

/// What growth exceeds its budget by, against the step size: of all losses, and of a few triplets whose kinks meet.
fn budget(growth: &[Growth], hinge: &[HingeRow]) -> Figure {
    let text = "What growth exceeds its budget by, against the step size, on logarithmic axes. For every loss it falls with \
                the first power of the step. For a few triplets whose kinks meet it stays at several per cent, and with \
                their corners rounded off it falls again.";
    let mut panel =
        Panel::new(Axis::logarithmic("step size γ/(τ‖z‖²)"), Axis::logarithmic("growth over γ × loss lost, minus 1"))
            .title("What finite steps add vanishes, what kinks add stays")
            .legend(Legend::Below);
    let losses = by_loss(growth, |row| &row.loss);
    let (kinked, smooth): (Vec<_>, Vec<_>) = losses.into_iter().partition(|(loss, _)| *loss == KINKED);
    let label = format!("{} smooth losses", smooth.len());
    let excess_of = |rows: &[Growth]| excess(averages(rows.iter().filter_map(Growth::point)));
    for (_, rows) in smooth {
        panel = panel.layer(Layer::line(&label, excess_of(rows)).style(Style::series(0).width(0.8)));
    }
    for (_, rows) in kinked {
        let style = Style::series(1).dash(Dash::Dashed);
        panel = panel.layer(Layer::line("triplet, all embeddings", excess_of(rows)).style(style));
    }
    for (rounded, label, style) in [
        (false, "a few triplets", Style::series(1)),
        (true, "a few triplets, corners rounded off", Style::series(2).open()),
    ] {
        panel = panel.layers(with_bars(label, &hinge_budgets(hinge, rounded), style));
    }
    Figure::new(text).panel(panel).aspect(0.5)
}

fn excess(ratios: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    ratios.into_iter().map(|(step, ratio)| (step, (ratio - 1.0).abs())).collect()
}

/// The mean excess over 1 at every step with its interval.
fn with_bars(label: &str, found: &[(f64, Vec<f64>)], style: Style) -> Vec<Layer> {
    let means = excess(found.iter().map(|(step, ratios)| (*step, mean(ratios))).collect());
    let bar = |(step, ratios): &(f64, Vec<f64>)| {
        let found = mean_with_interval(ratios, 0.95).filter(|found| found.lower > 1.0)?;
        Some((*step, found.lower - 1.0, found.upper - 1.0))
    };
    if means.is_empty() {
        return Vec::new();
    }
    let bars = found.iter().filter_map(bar).collect();
    vec![Layer::error_bars("", bars).style(style), Layer::markers(label, means).style(style)]
}
