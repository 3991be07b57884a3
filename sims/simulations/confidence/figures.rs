//! Norms as confidence as figures, from the tables alone.

use embedding_norms::data::digits::SIDE;
use embedding_norms::lab::figure::{Axis, Figure, Image, Layer, Legend, Panel, Side, Style};
use embedding_norms::lab::table::Table;
use embedding_norms::statistics::mean_with_interval;

use super::images::pixels;
use super::{IMAGES_TABLE, SOURCES, TENTHS, UNSEEN};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{groups, mean, setting};
use crate::simulations::simulation::Tables;

/// What the legend calls the sources.
const NAMES: [&str; 3] = ["trained network", "untrained network", "pixels"];

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let mut figures = vec![("", tenths(tables.get(TENTHS)?, tables.get("")?)?)];
    let (unseen, images) = (tables.get(UNSEEN)?, tables.get(IMAGES_TABLE)?);
    if !unseen.rows().is_empty() {
        figures.push(("unseen", unseen_digits(unseen)?));
    }
    if !images.rows().is_empty() {
        figures.push(("images", strips(images)?));
    }
    Ok(figures)
}

fn look(source: usize) -> Style {
    Style::series(source)
}

/// Neighbourhoods by tenths of the norm.
fn tenths(table: &Table, main: &Table) -> Result<Figure, Failure> {
    let neighbours = setting(main, "neighbours")?.unwrap_or(f64::NAN);
    let panel = |column: &str, title: &str, y: String, largest: f64| -> Result<Panel, Failure> {
        let x = Axis::linear("tenth of the images by norm, short to long")
            .range(0.6, 10.4)
            .ticks_at((1..=10).map(f64::from));
        let mut panel = Panel::new(x, Axis::linear(y)).title(title).legend(Legend::Below);
        for (index, (source, name)) in SOURCES.into_iter().zip(NAMES).enumerate() {
            let found = groups(&table.with("source", source)?, "tenth", column)?;
            let band = found.iter().filter_map(|(tenth, values)| {
                let interval = mean_with_interval(values, 0.95)?;
                Some((*tenth, interval.lower.max(0.0), interval.upper.min(largest)))
            });
            let points: Vec<(f64, f64)> = found.iter().map(|(tenth, values)| (*tenth, mean(values))).collect();
            panel = panel
                .layer(Layer::band("", band.collect()).style(look(index)))
                .layer(Layer::line(name, points.clone()).style(look(index)))
                .layer(Layer::markers(name, points).style(look(index)));
        }
        Ok(panel)
    };
    let text = "Two panels against the tenths of the images by norm, from the shortest to the longest, for the trained \
                network, the untrained network and the pixels. Left: after training the share of neighbours with the same \
                digit rises with the norm; before it does not. Right: the distance to the neighbours falls with the norm, \
                far more steeply after training.";
    let caption = "Means over trainings, with 95 % intervals cut at what is possible. Each space has its own norms and its own neighbours.";
    let agreement = panel(
        "agreement",
        "After training short embeddings have mixed neighbours",
        format!("share of the {neighbours} nearest with the same digit"),
        1.0,
    )?;
    let distance = panel(
        "distance",
        "After training short embeddings lie in sparse regions",
        format!("distance to neighbour {neighbours}"),
        2.0,
    )?;
    Ok(Figure::new(text).columns(2).caption(caption).panel(agreement).panel(distance))
}

/// How well a small norm tells a digit that was left out.
fn unseen_digits(table: &Table) -> Result<Figure, Failure> {
    let x = Axis::linear("digit left out of training").range(-0.6, 9.6).ticks_at((0..10).map(f64::from));
    let mut panel = Panel::new(x, Axis::linear("AUROC of a small norm").range(0.0, 1.0))
        .title("Are unseen digits told apart by small norms?")
        .layer(Layer::horizontal_line("", 0.5))
        .legend(Legend::Below);
    for (index, (source, name)) in SOURCES.into_iter().zip(NAMES).enumerate() {
        let beside = 0.2 * (index as f64 - 1.0);
        let found = groups(&table.with("source", source)?, "digit", "auroc")?;
        let bars = found.iter().filter_map(|(digit, values)| {
            mean_with_interval(values, 0.95)
                .map(|interval| (digit + beside, interval.lower.max(0.0), interval.upper.min(1.0)))
        });
        let points = found.iter().map(|(digit, values)| (digit + beside, mean(values))).collect();
        panel = panel
            .layer(Layer::error_bars(name, bars.collect()).style(look(index)))
            .layer(Layer::markers(name, points).style(look(index)));
    }
    let text = "For each of the ten digits, left out of training in turn: the area under the curve with which a small norm \
                tells its images from held-out images of the other digits, for the trained network, the untrained network \
                and the pixels, with intervals. Most digits are told apart after training, some are not.";
    let caption = "Means over trainings, with 95 % intervals cut at 0 and 1. At the dashed line a norm says nothing, below it the opposite.";
    Ok(Figure::new(text).caption(caption).aspect(0.42).panel(panel))
}

/// The strips of images.
const STRIPS: [(&str, &str, &str); 4] = [
    ("all", "shortest", "The shortest embeddings of all"),
    ("all", "longest", "The longest embeddings of all"),
    ("each", "shortest", "The shortest embedding of each digit"),
    ("each", "longest", "The longest embedding of each digit"),
];
/// The width of an image with the gap behind it.
const STEP: f64 = 1.25;

fn strips(table: &Table) -> Result<Figure, Failure> {
    let panels = STRIPS.into_iter().map(|(strip, end, title)| strip_of(table, strip, end, title));
    let text = "Four strips of ten images of handwritten digits, each with its digit and the norm of its embedding after \
                training: those with the shortest and the longest embeddings of all, then the two ends of each digit.";
    let caption = "Below each image: its digit, and the norm of its embedding over the mean of all images.";
    let panels = panels.collect::<Result<Vec<Panel>, Failure>>()?;
    Ok(Figure::new(text).caption(caption).panels(panels))
}

fn strip_of(table: &Table, strip: &str, end: &str, title: &str) -> Result<Panel, Failure> {
    let rows = table.with("strip", strip)?.with("end", end)?;
    let mut panel = Panel::picture((-0.25, 9.0 * STEP + 1.25), (-1.05, 1.05)).title(title);
    let fields = rows.texts("pixels")?;
    let numbers = rows.numbers("place")?.into_iter().zip(rows.numbers("digit")?).zip(rows.numbers("norm")?);
    for (((place, digit), norm), field) in numbers.zip(fields) {
        let (Some(place), Some(digit), Some(norm)) = (place, digit, norm) else { continue };
        let shown = pixels(&field).ok_or_else(|| {
            Failure::Refused(format!("column 'pixels': expected {} numbers, found '{field}'", SIDE * SIDE))
        })?;
        let left = STEP * place;
        panel = panel
            .layer(Layer::image(Image::new(SIDE, shown, (left, left + 1.0), (0.0, 1.0))))
            .note(left + 0.5, 0.0, digit.to_string(), Side::Below)
            .note(left + 0.5, -0.4, format!("{norm:.2}"), Side::Below);
    }
    Ok(panel)
}
