//! Norms as confidence as figures, from the tables alone.

use embedding_norms::data::digits::SIDE;
use embedding_norms::statistics::{mean, mean_with_interval};
use embedding_norms_lab::figure::{Axis, Figure, Image as Picture, Layer, Legend, Panel, Side, Style};

use super::Source;
use super::images::{End, Image, Strip};
use super::unseen::Told;
use super::whole::{Space, Tenth};
use crate::cli::failure::Failure;
use crate::simulations::grouping::grouped;
use crate::simulations::simulation::Tables;

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let (unseen, images): (Vec<Told>, Vec<Image>) = (tables.rows()?, tables.rows()?);
    let mut figures = vec![("", tenths(&tables.rows()?, &tables.rows()?))];
    if !unseen.is_empty() {
        figures.push(("unseen", unseen_digits(&unseen)));
    }
    if !images.is_empty() {
        figures.push(("images", strips(&images)));
    }
    Ok(figures)
}

/// The sources with their names in the legend and how they look.
pub fn sources() -> [(Source, &'static str, Style); 3] {
    let named =
        [(Source::Trained, "trained network"), (Source::Untrained, "untrained network"), (Source::Input, "pixels")];
    [0, 1, 2].map(|index| (named[index].0, named[index].1, Style::series(index)))
}

/// Neighbourhoods by tenths of the norm.
fn tenths(rows: &[Tenth], main: &[Space]) -> Figure {
    let neighbours = main.first().map_or(f64::NAN, |row| row.neighbours as f64);
    let panel = |column: fn(&Tenth) -> Option<f64>, title: &str, y: String, largest: f64| {
        let x = Axis::linear("tenth of the images by norm, short to long")
            .range(0.6, 10.4)
            .ticks_at((1..=10).map(f64::from));
        let mut panel = Panel::new(x, Axis::linear(y)).title(title).legend(Legend::Below);
        for (source, name, look) in sources() {
            let rows = rows.iter().filter(|row| row.source == source);
            let found = grouped(rows.filter_map(|row| Some((row.tenth as f64, column(row)?))));
            let band = found.iter().filter_map(|(tenth, values)| {
                let interval = mean_with_interval(values, 0.95)?;
                Some((*tenth, interval.lower.max(0.0), interval.upper.min(largest)))
            });
            let points: Vec<(f64, f64)> = found.iter().map(|(tenth, values)| (*tenth, mean(values))).collect();
            panel = panel
                .layer(Layer::band("", band.collect()).style(look))
                .layer(Layer::line(name, points.clone()).style(look))
                .layer(Layer::markers(name, points).style(look));
        }
        panel
    };
    let text = "Two panels against the tenths of the images by norm, from the shortest to the longest, for the trained \
                network, the untrained network and the pixels. Left: after training the share of neighbours with the same \
                digit rises with the norm; before it does not. Right: the distance to the neighbours falls with the norm, \
                far more steeply after training.";
    let caption = "Means over trainings, with 95 % intervals cut at what is possible. Each space has its own norms and its own neighbours.";
    let agreement = panel(
        |row| row.agreement,
        "After training short embeddings have mixed neighbours",
        format!("share of the {neighbours} nearest with the same digit"),
        1.0,
    );
    let distance = panel(
        |row| row.distance,
        "After training short embeddings lie in sparse regions",
        format!("distance to neighbour {neighbours}"),
        2.0,
    );
    Figure::new(text).columns(2).caption(caption).panel(agreement).panel(distance)
}

/// How well a small norm identifies a digit that was left out of training.
fn unseen_digits(rows: &[Told]) -> Figure {
    let x = Axis::linear("digit left out of training").range(-0.6, 9.6).ticks_at((0..10).map(f64::from));
    let mut panel = Panel::new(x, Axis::linear("AUROC of a small norm").range(0.0, 1.0))
        .title("Are unseen digits recognized by small norms?")
        .layer(Layer::horizontal_line("", 0.5))
        .legend(Legend::Below);
    for (index, (source, name, look)) in sources().into_iter().enumerate() {
        let beside = 0.2 * (index as f64 - 1.0);
        let rows = rows.iter().filter(|row| row.source == source);
        let found = grouped(rows.map(|row| (row.digit as f64, row.auroc)));
        let bars = found.iter().filter_map(|(digit, values)| {
            mean_with_interval(values, 0.95)
                .map(|interval| (digit + beside, interval.lower.max(0.0), interval.upper.min(1.0)))
        });
        let points = found.iter().map(|(digit, values)| (digit + beside, mean(values))).collect();
        panel = panel
            .layer(Layer::error_bars(name, bars.collect()).style(look))
            .layer(Layer::markers(name, points).style(look));
    }
    let text = "For each of the ten digits, left out of training in turn: the area under the curve with which a small norm \
                separates its images from held-out images of the other digits, for the trained network, the untrained network \
                and the pixels, with intervals. Most digits are recognized after training, some are not.";
    let caption = "Means over trainings, with 95 % intervals cut at 0 and 1. The dashed line is chance; below it unseen digits have the larger norms.";
    Figure::new(text).caption(caption).aspect(0.42).panel(panel)
}

/// The strips of images.
const STRIPS: [(Strip, End, &str); 4] = [
    (Strip::All, End::Shortest, "The shortest embeddings of all"),
    (Strip::All, End::Longest, "The longest embeddings of all"),
    (Strip::Each, End::Shortest, "The shortest embedding of each digit"),
    (Strip::Each, End::Longest, "The longest embedding of each digit"),
];
/// The width of an image with the gap behind it.
const STEP: f64 = 1.25;

fn strips(images: &[Image]) -> Figure {
    let panels = STRIPS.map(|(strip, end, title)| {
        strip_of(images.iter().filter(|image| (image.strip, image.end) == (strip, end)), title)
    });
    let text = "Four strips of ten images of handwritten digits, each with its digit and the norm of its embedding after \
                training: those with the shortest and the longest embeddings of all, then the two ends of each digit.";
    let caption = "Below each image: its digit, and the norm of its embedding over the mean of all images.";
    Figure::new(text).caption(caption).panels(panels)
}

fn strip_of<'a>(images: impl Iterator<Item = &'a Image>, title: &str) -> Panel {
    let mut panel = Panel::picture((-0.25, 9.0 * STEP + 1.25), (-1.05, 1.05)).title(title);
    for image in images {
        let left = STEP * image.place as f64;
        panel = panel
            .layer(Layer::image(Picture::new(SIDE, image.pixels.clone(), (left, left + 1.0), (0.0, 1.0))))
            .note(left + 0.5, 0.0, image.digit.to_string(), Side::Below)
            .note(left + 0.5, -0.4, format!("{:.2}", image.norm), Side::Below);
    }
    panel
}
