//! Norms against agreement, and the ladder of encoders, from the tables alone.

use embedding_norms::statistics::mean_with_interval;
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};

use super::claims::{Of, correlation};
use super::free::{Free, FreeRow, Rule};
use super::ladder::{LadderRow, Moment, Rung};
use super::negatives::NegativesRow;
use crate::cli::failure::Failure;
use crate::simulations::grouping::{ascending, averages, grouped};
use crate::simulations::simulation::Tables;
use crate::simulations::study::name_of;

/// Points of a curve.
const POINTS: u32 = 60;
/// The label of every law.
const LAW: &str = "S8";

pub fn free(tables: &Tables) -> Result<Figure, Failure> {
    let rows: Vec<FreeRow> = tables.rows()?;
    let text = "Four panels of norms or angles against the concentration of positives, for several frequencies, with the law as \
                lines. Under weight decay, without it and under InfoNCE norms fall with the concentration and rise with the \
                frequency; under AdamW they stay the same. The direction's distance from the mean of its positives falls with \
                the concentration.";
    let panels = [settled(&rows)?, grown(&rows)?, jitter(&rows)?, negatives(&tables.rows()?)];
    let caption =
        "Marks: means over replicates; their intervals are smaller than the marks. GD gradient descent, HB heavy ball.";
    Ok(Figure::new(text).columns(2).caption(caption).panels(panels))
}

fn concentration() -> Axis {
    Axis::logarithmic("concentration κ of the positives")
}

/// The rules that have a law, with their names and marks.
const RULES: [(Rule, &str); 2] = [(Rule::HeavyBall, "HB"), (Rule::GradientDescent, "GD")];

/// Marks of a rule at one frequency.
fn marks<'a>(
    rows: impl Iterator<Item = &'a FreeRow>,
    name: String,
    style: Style,
    of: impl Fn(&FreeRow) -> Option<f64>,
) -> Layer {
    let points = averages(rows.filter_map(|row| Some((row.concentration, of(row)?))));
    Layer::markers(name, points).style(style)
}

/// A curve of the law through the settings of these rows, over κ.
fn law(rows: &[&FreeRow], of: impl Fn(&Free) -> Result<f64, Failure>) -> Result<Layer, Failure> {
    let all = ascending(rows.iter().map(|row| row.concentration));
    let (Some(row), Some(&least), Some(&most)) = (rows.first(), all.first(), all.last()) else {
        return Ok(Layer::line(LAW, Vec::new()).style(Style::theory()));
    };
    let at = |part: u32| {
        let concentration = least * libm::pow(most / least, f64::from(part) / f64::from(POINTS));
        Ok((concentration, of(&row.settings(concentration))?))
    };
    Ok(Layer::line(LAW, (0..=POINTS).map(at).collect::<Result<_, Failure>>()?).style(Style::theory()))
}

/// Norms of plain descent and heavy ball at each frequency, with their laws.
fn norms(panel: Panel, rows: &[FreeRow], decays: bool) -> Result<Panel, Failure> {
    let (mut found, mut laws) = (Vec::new(), Vec::new());
    let frequencies = ascending(rows.iter().map(|row| row.frequency));
    for (index, &frequency) in frequencies.iter().rev().enumerate() {
        for (rule, name) in RULES {
            let of: Vec<&FreeRow> = rows
                .iter()
                .filter(|row| (row.optimizer, row.decay, row.frequency) == (rule, decays, frequency))
                .collect();
            let style = Style::series(index);
            let style = if rule == Rule::HeavyBall { style.open().size(1.4) } else { style.size(0.8) };
            found.push(marks(of.iter().copied(), format!("{name}, f = {frequency}"), style, |row| Some(row.norm)));
            laws.push(law(&of, Free::norm)?);
        }
    }
    Ok(panel.layers(found).layers(laws).legend(Legend::Inside))
}

fn settled(rows: &[FreeRow]) -> Result<Panel, Failure> {
    let panel = Panel::new(concentration(), Axis::logarithmic("norm ‖z‖ under decay"))
        .title("What agrees is shorter, what is frequent longer");
    norms(panel, rows, true)
}

fn grown(rows: &[FreeRow]) -> Result<Panel, Failure> {
    let panel = Panel::new(concentration(), Axis::logarithmic("norm ‖z‖ without decay"))
        .title("Without decay too, and AdamW hides both");
    let mut panel = norms(panel, rows, false)?;
    let frequencies = ascending(rows.iter().map(|row| row.frequency));
    // The rare ones around the frequent ones, as they lie on one another.
    for (index, &frequency) in frequencies.iter().enumerate() {
        let of = |row: &&FreeRow| row.optimizer == Rule::AdamW && !row.decay && row.frequency == frequency;
        let style = Style::series(frequencies.len() + index);
        let style = if index + 1 == frequencies.len() { style.size(0.8) } else { style.open().size(1.4) };
        let name = format!("AdamW, f = {frequency}");
        panel = panel.layer(marks(rows.iter().filter(of), name, style, |row| Some(row.norm)));
    }
    Ok(panel)
}

fn jitter(rows: &[FreeRow]) -> Result<Panel, Failure> {
    let mut panel = Panel::new(concentration(), Axis::logarithmic("mean of sin²θ to the mean positive"))
        .title("The direction jitters by what it steps")
        .legend(Legend::Inside);
    let frequencies = ascending(rows.iter().map(|row| row.frequency));
    let mut laws = Vec::new();
    for (index, &frequency) in frequencies.iter().rev().enumerate() {
        let of: Vec<&FreeRow> = rows
            .iter()
            .filter(|row| row.decay && row.optimizer == Rule::GradientDescent && row.frequency == frequency)
            .collect();
        let name = format!("GD, f = {frequency}");
        panel = panel.layer(marks(of.iter().copied(), name, Style::series(index), |row| row.sine_square));
        laws.push(law(&of, |free| Ok(free.sine_square()?.unwrap_or(f64::NAN)))?);
    }
    Ok(panel.layers(laws))
}

fn negatives(rows: &[NegativesRow]) -> Panel {
    let mut panel = Panel::new(concentration(), Axis::logarithmic("norm ‖z‖ under InfoNCE and decay"))
        .title("The same with negatives")
        .legend(Legend::Inside);
    let frequencies = ascending(rows.iter().map(|row| row.frequency));
    let mut laws = Vec::new();
    for (index, &frequency) in frequencies.iter().rev().enumerate() {
        let of = || rows.iter().filter(move |row| row.frequency == frequency);
        let (mut points, mut intervals) = (Vec::new(), Vec::new());
        for (concentration, values) in grouped(of().map(|row| (row.concentration, row.norm))) {
            let Some(found) = mean_with_interval(&values, 0.95) else { continue };
            points.push((concentration, found.value));
            intervals.push((concentration, found.lower, found.upper));
        }
        let (name, style) = (format!("InfoNCE, f = {frequency}"), Style::series(index));
        panel = panel
            .layer(Layer::error_bars(name.clone(), intervals).style(style))
            .layer(Layer::markers(name, points).style(style));
        laws.push(
            Layer::line("S8, G² of batches", averages(of().map(|row| (row.concentration, row.law))))
                .style(Style::theory()),
        );
    }
    panel.layers(laws)
}

pub fn ladder(tables: &Tables) -> Result<Figure, Failure> {
    let rows: Vec<LadderRow> = tables.rows()?;
    let text = "Two panels of partial rank correlations of the mean log norm of classes along a ladder of encoders, before and \
                after training, with intervals over seeds. With the mean square gradient, which is large where positives \
                disagree, a row per class is correlated almost perfectly; encoders with scattered inputs have the opposite \
                sign. With frequency the correlation is positive wherever it is not near zero.";
    let names: Vec<String> =
        Rung::ALL.iter().enumerate().map(|(place, rung)| format!("{} {}", place + 1, name_of(rung))).collect();
    let caption = format!(
        "Means over seeds with their intervals. Above zero: longer where positives disagree, or where visits are frequent. \
         Encoders: {}.",
        names.join("; ")
    );
    let panels = [
        panel(&rows, Of::Square, "correlation with ln G², given ln f").title("Specificity: encoders turn the sign"),
        panel(&rows, Of::Frequency, "correlation with ln f, given ln G²").title("Frequency"),
    ];
    Ok(Figure::new(text).columns(2).caption(caption).panels(panels))
}

fn panel(rows: &[LadderRow], of: Of, label: &str) -> Panel {
    let ticks = Rung::ALL.iter().enumerate().map(|(place, _)| (place as f64, (place + 1).to_string()));
    let mut panel = Panel::new(
        Axis::linear("encoder, from parameters of its own to shared ones")
            .range(-0.5, Rung::ALL.len() as f64 - 0.5)
            .ticks(ticks),
        Axis::linear(label).range(-1.0, 1.1),
    )
    .layer(Layer::horizontal_line("", 0.0))
    .legend(Legend::Below);
    let moments =
        [(Moment::After, "trained", Style::series(0)), (Moment::Before, "untrained", Style::series(1).open())];
    for (index, (moment, name, style)) in moments.into_iter().enumerate() {
        let (mut points, mut intervals) = (Vec::new(), Vec::new());
        for (place, rung) in Rung::ALL.into_iter().enumerate() {
            let Some(found) = correlation(rows, rung, moment, of) else { continue };
            let x = place as f64 + 0.24 * (index as f64 - 0.5);
            points.push((x, found.value));
            intervals.push((x, found.lower, found.upper));
        }
        panel = panel
            .layer(Layer::error_bars(name, intervals).style(style))
            .layer(Layer::markers(name, points).style(style));
    }
    panel
}
