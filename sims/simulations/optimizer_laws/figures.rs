//! Steps and exponents of every optimizer as figures, from the tables and what the claims say.

use embedding_norms::lab::claim::Verdict;
use embedding_norms::lab::figure::{Axis, Colour, Dash, Figure, Layer, Legend, Marker, Panel, Side, Style};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::Estimate;

use super::claims::{DIP, MARGIN, says};
use super::{EXPONENTS, LONG_MEMORY, local_exponents, observations, typical_steps};
use crate::cli::failure::Failure;
use crate::simulations::simulation::Tables;
use crate::simulations::stated::Stated;

/// The name of the measured exponents.
const MEASURED: &str = "measured, with 95 % interval";

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let (main, exponents) = (tables.get("")?, tables.get(EXPONENTS)?);
    let (laws, stated) = (laws(exponents)?, tables.stated());
    let mut figures = vec![("", steps(main, &laws, stated)?), ("exponents", dots(&laws, stated))];
    figures.push(("adam-dip", approaches(tables.get(LONG_MEMORY)?, main, stated.value(DIP))?));
    Ok(figures)
}

/// What the table of exponents says of a rule.
struct Law {
    name: String,
    /// The claim of its exponent.
    says: String,
    predicted: f64,
    degree: f64,
    fitted: Option<Estimate>,
    prefactor: Option<f64>,
    norms: Option<(f64, f64)>,
}

fn laws(table: &Table) -> Result<Vec<Law>, TableError> {
    let number = |column: &str| table.numbers(column);
    let (values, lower, upper) = (number("exponent")?, number("lower")?, number("upper")?);
    let (predicted, degrees, prefactors) = (number("predicted")?, number("degree")?, number("prefactor")?);
    let (shortest, longest) = (number("shortest")?, number("longest")?);
    let time = number("time_exponent")?;
    let law = |(row, name): (usize, String)| Law {
        says: says(&name, predicted[row].unwrap_or(f64::NAN), time[row]),
        name,
        predicted: predicted[row].unwrap_or(f64::NAN),
        degree: degrees[row].unwrap_or(f64::NAN),
        fitted: values[row].zip(lower[row]).zip(upper[row]).map(|((value, lower), upper)| Estimate {
            value,
            lower,
            upper,
            replicates: 0,
        }),
        prefactor: prefactors[row],
        norms: shortest[row].zip(longest[row]),
    };
    Ok(table.texts("optimizer")?.into_iter().enumerate().map(law).collect())
}

/// Small multiples: steps against norm for each rule.
fn steps(main: &Table, laws: &[Law], stated: &Stated) -> Result<Figure, Failure> {
    let tolerance = main.numbers("tolerance")?.into_iter().flatten().next().unwrap_or(1e-3);
    let mut panels = Vec::new();
    for law in laws {
        let counts = typical_steps(&observations(&main.with("optimizer", law.name.as_str())?)?);
        panels.push(panel(law, counts, stated));
    }
    let text = format!(
        "Steps until the mean cosine is {} against the initial norm, one panel for each of {} optimizers, on logarithmic \
         axes. In its window every optimizer follows a line with the predicted slope: 2 for gradient descent, momentum \
         and AdaGrad, 1 for sign-like rules, 0 for LARS, LAMB and Riemannian descent.",
        1.0 - tolerance,
        laws.len()
    );
    let caption = format!(
        "Steps until the mean cosine is {}; k is fitted to the filled points, in the asymptotic window of each rule. \
         Learning rates are such that windows begin at norm 1.",
        1.0 - tolerance
    );
    Ok(Figure::new(text).caption(caption).columns(5).aspect(0.95).shared_axes().panels(panels))
}

fn panel(law: &Law, counts: Vec<(f64, f64)>, stated: &Stated) -> Panel {
    let is_inside = |norm: f64| law.norms.is_some_and(|(shortest, longest)| shortest <= norm && norm <= longest);
    let (inside, outside): (Vec<_>, Vec<_>) = counts.iter().copied().partition(|&(norm, _)| is_inside(norm));
    let ends = || counts.first().zip(counts.last()).map(|(first, last)| [first.0, last.0]);
    // The predicted slope goes through the longest norm, the fit through the norms that it was made of.
    let predicted = counts
        .last()
        .zip(ends())
        .map(|(&(norm, steps), ends)| ends.map(|at| (at, steps * libm::pow(at / norm, law.predicted))).to_vec());
    let fit = law.fitted.zip(law.prefactor).zip(law.norms);
    let fitted = fit.map(|((fitted, prefactor), (shortest, longest))| {
        [shortest, longest].map(|norm| (norm, prefactor * libm::pow(norm, fitted.value))).to_vec()
    });
    let exponent = match (stated.value(&law.says), law.fitted) {
        (Some(claimed), Some(_)) => format!("k = {claimed}"),
        (None, Some(fitted)) => format!("fit: k = {:.2}", fitted.value),
        (_, None) => "no fit".to_owned(),
    };
    let shortest = counts.first().map_or(0.25, |first| first.0);
    let thin = Style::series(0).width(2.6).opacity(0.45);
    let blue = Style::series(0);
    Panel::new(
        Axis::logarithmic("initial norm ‖z‖").ticks_at([0.25, 1.0, 4.0]),
        Axis::logarithmic("steps").range(1.0, 4e5),
    )
    .title(law.name.trim_end_matches("-gradient"))
    .layer(Layer::line("fit in the window", fitted.unwrap_or_default()).style(thin))
    .layer(Layer::line("predicted slope", predicted.unwrap_or_default()).style(Style::theory().dash(Dash::ShortDashed)))
    .layer(Layer::markers("counted, in the window", inside).style(blue.size(0.8)))
    .layer(Layer::markers("counted, before it", outside).style(blue.size(0.8).open()))
    .note(shortest, 1.2e5, exponent, Side::Right)
    .legend(Legend::Below)
}

/// Measured exponents with their intervals beside the predicted ones, and how far they are apart.
fn dots(laws: &[Law], stated: &Stated) -> Figure {
    let text = format!(
        "Measured exponents of steps against the norm for every optimizer beside the predicted ones, 2, 1 and 0, and their \
         differences with 95 % intervals beside lines at {MARGIN} on both sides of 0."
    );
    let panels = [exponents(laws), deviations(laws, stated)];
    Figure::new(text).columns(2).aspect(1.15).shared_axes().panels(panels)
}

/// The place of a row: the first rule stands on top.
fn place(laws: &[Law], row: usize) -> f64 {
    (laws.len() - 1 - row) as f64
}

/// The axis of the rules.
fn rules(laws: &[Law]) -> Axis {
    let ticks: Vec<(f64, String)> =
        laws.iter().enumerate().map(|(row, law)| (place(laws, row), law.name.clone())).collect();
    Axis::linear("").range(-0.7, laws.len() as f64 - 0.3).ticks(ticks)
}

fn exponents(laws: &[Law]) -> Panel {
    let predicted = laws.iter().enumerate().map(|(row, law)| (law.predicted, place(laws, row))).collect();
    let measured =
        laws.iter().enumerate().filter_map(|(row, law)| Some((law.fitted?.value, place(laws, row)))).collect();
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

fn deviations(laws: &[Law], stated: &Stated) -> Panel {
    let intervals: Vec<(f64, [f64; 3])> = laws
        .iter()
        .enumerate()
        .filter_map(|(row, law)| {
            let Estimate { lower, value, upper, .. } = law.fitted?;
            Some((place(laws, row), [lower, value, upper].map(|end| end - law.predicted)))
        })
        .collect();
    let furthest = intervals.iter().flat_map(|(_, ends)| ends).fold(0.0, |most: f64, end| most.max(end.abs()));
    let reach = 1.2 * furthest.max(MARGIN);
    let verdicts: Vec<Option<Verdict>> =
        laws.iter().map(|law| stated.tested(&law.says).map(|claim| claim.verdict)).collect();
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

/// Local exponents on the way into the window: Adam with a long memory, and momentum.
///
/// `dip` is the least exponent, as the claim has it.
fn approaches(long: &Table, main: &Table, dip: Option<&str>) -> Result<Figure, Failure> {
    let adam = local_exponents(&observations(long)?);
    let momentum = local_exponents(&observations(&main.with("optimizer", "heavy-ball")?)?);
    let scale = main.with("optimizer", "heavy-ball")?.numbers("learning_rate")?.into_iter().flatten().next();
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
    Ok(Figure::new(text).columns(2).panel(left).panel(right))
}
