//! Steps and exponents of every optimizer as figures, from the tables and what the claims say.

use embedding_norms::statistics::Estimate;
use embedding_norms_lab::claim::Verdict;
use embedding_norms_lab::figure::{Axis, Colour, Dash, Figure, Layer, Legend, Marker, Panel, Side, Style};
use embedding_norms_lab::law::Observation;

use super::claims::{DIP, MARGIN};
use super::{Exponent, Steps, local_exponents, observations, remembered, typical_steps};
use crate::cli::failure::Failure;
use crate::simulations::simulation::Tables;
use crate::simulations::stated::Stated;

/// The name of the measured exponents.
const MEASURED: &str = "measured, with 95 % interval";

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let (main, laws): (Vec<Steps>, Vec<Exponent>) = (tables.rows()?, tables.rows()?);
    let stated = tables.stated();
    let dip = approaches(&remembered(&tables.rows()?), &main, stated.value(DIP));
    Ok(vec![("", steps(&main, &laws, stated)), ("exponents", dots(&laws, stated)), ("adam-dip", dip)])
}

/// Small multiples: steps against norm for each rule.
fn steps(main: &[Steps], laws: &[Exponent], stated: &Stated) -> Figure {
    let goal = 1.0 - main.first().map_or(1e-3, |row| row.tolerance);
    let panels = laws.iter().map(|law| panel(law, typical_steps(&observations(main, &law.optimizer)), stated));
    let text = format!(
        "Steps until the mean cosine is {goal} against the initial norm, one panel for each of {} optimizers, on logarithmic \
         axes. In its window every optimizer follows a line with the predicted slope: 2 for gradient descent, momentum \
         and AdaGrad, 1 for sign-like rules, 0 for LARS, LAMB and Riemannian descent.",
        laws.len()
    );
    let caption = format!(
        "Steps until the mean cosine is {goal}; k is fitted to the filled points, in the asymptotic window of each rule. \
         Learning rates are such that windows begin at norm 1."
    );
    Figure::new(text).caption(caption).columns(5).aspect(0.95).shared_axes().panels(panels)
}

fn panel(law: &Exponent, counts: Vec<(f64, f64)>, stated: &Stated) -> Panel {
    let is_inside = |norm: f64| law.norms().is_some_and(|(shortest, longest)| shortest <= norm && norm <= longest);
    let (inside, outside): (Vec<_>, Vec<_>) = counts.iter().copied().partition(|&(norm, _)| is_inside(norm));
    let ends = || counts.first().zip(counts.last()).map(|(first, last)| [first.0, last.0]);
    // The predicted slope goes through the longest norm, the fit through the norms that it was made of.
    let predicted = counts
        .last()
        .zip(ends())
        .map(|(&(norm, steps), ends)| ends.map(|at| (at, steps * libm::pow(at / norm, law.predicted))).to_vec());
    let fit = law.exponent.zip(law.prefactor).zip(law.norms());
    let fitted = fit.map(|((exponent, prefactor), (shortest, longest))| {
        [shortest, longest].map(|norm| (norm, prefactor * libm::pow(norm, exponent))).to_vec()
    });
    let exponent = match (stated.value(&law.says()), law.exponent) {
        (Some(claimed), Some(_)) => format!("k = {claimed}"),
        (None, Some(fitted)) => format!("fit: k = {fitted:.2}"),
        (_, None) => "no fit".to_owned(),
    };
    let shortest = counts.first().map_or(0.25, |first| first.0);
    let thin = Style::series(0).width(2.6).opacity(0.45);
    let blue = Style::series(0);
    Panel::new(
        Axis::logarithmic("initial norm ‖z‖").ticks_at([0.25, 1.0, 4.0]),
        Axis::logarithmic("steps").range(1.0, 4e5),
    )
    .title(law.optimizer.trim_end_matches("-gradient"))
    .layer(Layer::line("fit in the window", fitted.unwrap_or_default()).style(thin))
    .layer(Layer::line("predicted slope", predicted.unwrap_or_default()).style(Style::theory().dash(Dash::ShortDashed)))
    .layer(Layer::markers("counted, in the window", inside).style(blue.size(0.8)))
    .layer(Layer::markers("counted, before it", outside).style(blue.size(0.8).open()))
    .note(shortest, 1.2e5, exponent, Side::Right)
    .legend(Legend::Below)
}

/// Measured exponents with their intervals beside the predicted ones, and how far they are apart.
fn dots(laws: &[Exponent], stated: &Stated) -> Figure {
    let text = format!(
        "Measured exponents of steps against the norm for every optimizer beside the predicted ones, 2, 1 and 0, and their \
         differences with 95 % intervals beside lines at {MARGIN} on both sides of 0."
    );
    let panels = [exponents(laws), deviations(laws, stated)];
    Figure::new(text).columns(2).aspect(1.15).shared_axes().panels(panels)
}

/// The place of a row: the first rule stands on top.
fn place(laws: &[Exponent], row: usize) -> f64 {
    (laws.len() - 1 - row) as f64
}

/// The axis of the rules.
fn rules(laws: &[Exponent]) -> Axis {
    let ticks: Vec<(f64, String)> =
        laws.iter().enumerate().map(|(row, law)| (place(laws, row), law.optimizer.clone())).collect();
    Axis::linear("").range(-0.7, laws.len() as f64 - 0.3).ticks(ticks)
}

fn exponents(laws: &[Exponent]) -> Panel {
    let predicted = laws.iter().enumerate().map(|(row, law)| (law.predicted, place(laws, row))).collect();
    let measured = laws.iter().enumerate().filter_map(|(row, law)| Some((law.exponent?, place(laws, row)))).collect();
    let panel = Panel::new(Axis::linear("exponent k of steps in ‖z‖").range(-0.25, 2.25), rules(laws))
        .title("Three classes of optimizers")
        .layer(Layer::markers("predicted", predicted).style(ring()))
        .layer(Layer::markers(MEASURED, measured).style(Style::series(0).size(0.8)))
        .legend(Legend::Below);
    let decaying = laws.iter().enumerate().filter(|(_, law)| law.degree != law.predicted);
    decaying.fold(panel, |panel, (row, law)| {
        panel.note(law.predicted, place(laws, row), "h = 1, steps fall as 1/√t", Side::Left)
    })
}

fn deviations(laws: &[Exponent], stated: &Stated) -> Panel {
    let intervals: Vec<(f64, [f64; 3])> = laws
        .iter()
        .enumerate()
        .filter_map(|(row, law)| {
            let Estimate { lower, value, upper, .. } = law.estimate()?;
            Some((place(laws, row), [lower, value, upper].map(|end| end - law.predicted)))
        })
        .collect();
    let furthest = intervals.iter().flat_map(|(_, ends)| ends).fold(0.0, |most: f64, end| most.max(end.abs()));
    let reach = 1.2 * furthest.max(MARGIN);
    let verdicts: Vec<Option<Verdict>> =
        laws.iter().map(|law| stated.tested(&law.says()).map(|claim| claim.verdict)).collect();
    let title = match verdicts.iter().all(|verdict| *verdict == Some(Verdict::AsStated)) {
        true => format!("All within {MARGIN} of the prediction"),
        false if verdicts.contains(&Some(Verdict::NotAsStated)) => "Not all are near the prediction".to_owned(),
        false => "Measured minus predicted".to_owned(),
    };
    let points = intervals.iter().map(|(place, [_, value, _])| (*value, *place)).collect();
    let axis = Axis::linear("measured − predicted k").range(-reach, reach);
    let panel = Panel::new(axis.ticks_at([-MARGIN, 0.0, MARGIN]), rules(laws))
        .title(title)
        .layer(Layer::vertical_line("", -MARGIN))
        .layer(Layer::vertical_line("", MARGIN))
        .layer(Layer::vertical_line("", 0.0).style(Style::theory()))
        .layer(Layer::markers(MEASURED, points).style(Style::series(0).size(0.8)))
        .legend(Legend::Below);
    intervals.into_iter().fold(panel, |panel, (place, [lower, _, upper])| {
        panel.layer(Layer::line("", vec![(lower, place), (upper, place)]).style(Style::series(0).width(2.2)))
    })
}

fn ring() -> Style {
    Style::theory().marker(Marker::Circle).size(1.7).open()
}

/// Local exponents on the approach to the window: Adam with a long memory, and momentum.
///
/// `dip` is the least exponent, as the claim has it.
fn approaches(long: &[Observation], main: &[Steps], dip: Option<&str>) -> Figure {
    let adam = local_exponents(long);
    let momentum = local_exponents(&observations(main, "heavy-ball"));
    let scale = main.iter().find(|row| row.optimizer == "heavy-ball").map(|row| row.learning_rate);
    // L6: norms at the rate γ are those at the rate 0.01 times √(γ/0.01).
    let stretch = (0.01 / scale.unwrap_or(0.01)).sqrt();
    let panel = |title: &str, series: &str, points: Vec<(f64, Estimate)>| {
        let line = points.iter().map(|(norm, estimate)| (*norm, estimate.value)).collect();
        let bars = points.iter().map(|(norm, estimate)| (*norm, estimate.lower, estimate.upper)).collect();
        Panel::new(Axis::logarithmic("norm ‖z‖ (between two neighbours)"), Axis::linear("local exponent of steps"))
            .title(title)
            .layer(Layer::line(series, line).style(Style::series(0)))
            .layer(Layer::error_bars("", bars).style(Style::series(0)))
            .layer(
                Layer::markers("", points.iter().map(|(norm, e)| (*norm, e.value)).collect()).style(Style::series(0)),
            )
            .legend(Legend::Hidden)
    };
    let left = panel("Adam, β₂ = 0.999, γ = 0.001", "Adam", adam)
        .layer(Layer::horizontal_line("k = 1", 1.0).style(Style::reference().colour(Colour::INK)));
    let stretched = momentum.into_iter().map(|(norm, estimate)| (norm * stretch, estimate)).collect();
    let right = panel("Heavy ball, β = 0.9, γ = 0.01", "heavy ball", stretched)
        .layer(Layer::horizontal_line("k = 2", 2.0).style(Style::reference().colour(Colour::INK)));
    let depth = dip.map(|dip| format!(" to {dip}")).unwrap_or_default();
    let text = format!(
        "Local exponents of steps against the norm. Left: Adam with a memory of 1000 steps is near 1 for short runs, dips\
         {depth} and climbs back towards 1. Right: heavy-ball momentum starts far below 2, overshoots and settles at 2."
    );
    Figure::new(text).columns(2).panel(left).panel(right)
}
