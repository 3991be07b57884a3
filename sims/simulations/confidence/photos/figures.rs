//! The paper's figures beside ours, from the tables alone.

use embedding_norms::statistics::{mean, mean_with_interval};
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};

use super::labels::{Finding, Wrong};
use super::measures::Measure;
use super::tail::{Frequency, paired};
use super::unseen::{Novelty, Unseen};
use super::whole::{Bucket, PhotoSpace, PhotoTenth};
use crate::cli::failure::Failure;
use crate::simulations::confidence::figures::sources;
use crate::simulations::grouping::grouped;
use crate::simulations::simulation::Tables;
use crate::simulations::study::Row;

/// Buckets of fewer images than this are not drawn: their shares are hardly any of the norm's doing.
const FEW: usize = 5;

/// Whether the tables are those of images of a user's own.
pub fn is_of_photos(tables: &Tables) -> bool {
    tables.find(Bucket::TABLE).is_some()
}

pub fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
    let mut figures = vec![("", accuracy(&tables.rows()?, &tables.rows()?, &tables.rows()?))];
    let (unseen, labels): (Vec<Novelty>, Vec<Finding>) = (tables.rows()?, tables.rows()?);
    if !unseen.is_empty() {
        figures.push(("unseen", novelty(&unseen)));
    }
    if !labels.is_empty() {
        figures.push(("labels", wrong_labels(&labels)));
    }
    let tail: Vec<Frequency> = tables.rows()?;
    if !tail.is_empty() {
        figures.push(("tail", long_tail(&tail)));
    }
    Ok(figures)
}

/// Means with their 95 % intervals, which are cut at what is possible.
fn series(name: &str, look: Style, found: &[(f64, Vec<f64>)], possible: (f64, f64)) -> [Layer; 3] {
    let interval = |(x, values): &(f64, Vec<f64>)| {
        let interval = mean_with_interval(values, 0.95)?;
        Some((*x, interval.lower.max(possible.0), interval.upper.min(possible.1)))
    };
    let points: Vec<(f64, f64)> = found.iter().map(|(x, values)| (*x, mean(values))).collect();
    [
        Layer::band("", found.iter().filter_map(interval).collect()).style(look),
        Layer::line(name, points.clone()).style(look),
        Layer::markers(name, points).style(look),
    ]
}

fn accuracy(buckets: &[Bucket], tenths: &[PhotoTenth], main: &[PhotoSpace]) -> Figure {
    let neighbours = main.first().map_or(0, |row| row.neighbours);
    let y = || Axis::linear(format!("share that {neighbours} neighbours classify correctly")).range(0.0, 1.02);
    let x = Axis::linear("norm over its largest, upper end of 20 buckets").range(0.0, 1.03);
    let mut published = Panel::new(x, y()).title("By bucket of the norm, as published").legend(Legend::Below);
    let x =
        Axis::linear("tenth of the images by norm, short to long").range(0.6, 10.4).ticks_at((1..=10).map(f64::from));
    let mut even = Panel::new(x, y()).title("By tenth of the images").legend(Legend::Below);
    for (source, name, look) in sources() {
        let of_source = buckets.iter().filter(|row| row.source == source && row.images >= FEW);
        let found = grouped(of_source.filter_map(|row| Some((row.norm, row.accuracy?))));
        published = published.layers(series(name, look, &found, (0.0, 1.0)));
        let of_source = tenths.iter().filter(|row| row.source == source);
        let found = grouped(of_source.filter_map(|row| Some((row.tenth as f64, row.accuracy?))));
        even = even.layers(series(name, look, &found, (0.0, 1.0)));
    }
    let text = "Two panels for the trained network, the untrained network and the pixels: the share of held-out images that \
                their neighbours classify correctly, by twenty equal parts of the norm over its largest value, and by tenths \
                of the images.";
    let caption = "Means over trainings with 95 % intervals, cut at what is possible. Buckets of fewer than five images are left out.";
    Figure::new(text).columns(2).caption(caption).panel(published).panel(even)
}

/// Bars of several measures beside each other at each place.
fn measured(panel: Panel, measures: &[Measure], rows: &[(usize, Measure, u64, f64)]) -> Panel {
    let mut panel = panel.layer(Layer::horizontal_line("", 0.5));
    for (index, &measure) in measures.iter().enumerate() {
        let beside = 0.12 * (index as f64 - 0.5 * (measures.len() - 1) as f64);
        let look = Style::series(index);
        let of_measure = rows.iter().filter(|row| row.1 == measure);
        // A replicate counts once, as its mean.
        let means =
            |rows: Vec<(f64, f64)>| grouped(rows).into_iter().map(|(_, values)| mean(&values)).collect::<Vec<_>>();
        let places = crate::simulations::grouping::by(of_measure, |row| row.0 as f64);
        let found: Vec<(f64, Vec<f64>)> = places
            .into_iter()
            .map(|(place, rows)| (place + beside, means(rows.iter().map(|row| (row.2 as f64, row.3)).collect())))
            .collect();
        let bars = found.iter().filter_map(|(x, values)| {
            mean_with_interval(values, 0.95).map(|interval| (*x, interval.lower.max(0.0), interval.upper.min(1.0)))
        });
        let points = found.iter().map(|(x, values)| (*x, mean(values))).collect();
        panel = panel
            .layer(Layer::error_bars(measure.words(), bars.collect()).style(look))
            .layer(Layer::markers(measure.words(), points).style(look));
    }
    panel.legend(Legend::Below)
}

fn novelty(rows: &[Novelty]) -> Figure {
    let kinds = [
        (Unseen::Class, "a class left out"),
        (Unseen::Reference, "another data set"),
        (Unseen::Data, "the other way round"),
    ];
    let names = kinds.iter().enumerate().map(|(place, (_, name))| (place as f64, (*name).to_owned()));
    let place = |unseen| kinds.iter().position(|(kind, _)| *kind == unseen).unwrap_or_default();
    let points: Vec<_> = rows.iter().map(|row| (place(row.unseen), row.measure, row.replicate, row.auroc)).collect();
    let x = Axis::linear("what training never saw").range(-0.6, 2.6).ticks(names);
    let panel = Panel::new(x, Axis::linear("AUROC against held-out images").range(0.0, 1.02))
        .title("What tells unseen images?");
    let text = "For images of a class left out of training, of another data set, and of the data for a network trained on \
                the other data set: how well small norms, distances of pixels and of embeddings, and the agreement of \
                neighbours tell them from held-out images of what was trained on.";
    let caption = "Means over trainings with 95 % intervals; classes that were left out count together. At 0.5 nothing is told apart.";
    Figure::new(text).caption(caption).panel(measured(panel, &Measure::OF_NEW, &points))
}

fn wrong_labels(rows: &[Finding]) -> Figure {
    let kinds = [(Wrong::AtRandom, "at random"), (Wrong::Ambiguous, "of ambiguous images")];
    let names = kinds.iter().enumerate().map(|(place, (_, name))| (place as f64, (*name).to_owned()));
    let place = |wrong| kinds.iter().position(|(kind, _)| *kind == wrong).unwrap_or_default();
    let points: Vec<_> = rows.iter().map(|row| (place(row.wrong), row.measure, row.replicate, row.auroc)).collect();
    let x = Axis::linear("which labels are wrong").range(-0.6, 1.6).ticks(names);
    let panel =
        Panel::new(x, Axis::linear("AUROC against right labels").range(0.0, 1.02)).title("What finds wrong labels?");
    let measures = [Measure::Norm, Measure::UntrainedNorm, Measure::Loss, Measure::Agreement];
    let text = "For labels that are wrong at random and for wrong labels of ambiguous images: how well short embeddings, the \
                loss that training minimizes, and neighbours with other labels find them.";
    let caption = "Means over trainings with 95 % intervals. Training takes no label, so labels wrong at random can be found by neither norm nor loss.";
    Figure::new(text).caption(caption).panel(measured(panel, &measures, &points))
}

fn long_tail(rows: &[Frequency]) -> Figure {
    let last = rows.iter().map(|row| row.place).max().unwrap_or(1) as f64;
    let panel = |title: &str, y: &str, quantity: fn(&Frequency) -> f64| {
        let x = Axis::linear("class by frequency, common to rare").range(0.6, last + 0.4);
        let x = if last <= 20.0 { x.ticks_at((1..=last as u32).map(f64::from)) } else { x };
        let found = grouped(paired(rows).map(|(row, other)| (row.place as f64, quantity(row) - quantity(other))));
        Panel::new(x, Axis::linear(y)).title(title).layer(Layer::horizontal_line("", 0.0)).layers(series(
            "",
            Style::series(0),
            &found,
            (f64::NEG_INFINITY, f64::INFINITY),
        ))
    };
    let text = "Two panels against the classes from the commonest to the rarest: how much the mean norm of held-out images of \
                the class, and the mean cosine between them, differ between a network trained on the long tail and one \
                trained on as many images of each class.";
    let caption = "Held-out images, the same classes in both networks; means over trainings with 95 % intervals. Which class is rare is drawn anew.";
    Figure::new(text)
        .columns(2)
        .caption(caption)
        .panel(panel("Norms: long tail minus balanced", "norm over that of all, difference", |row| row.norm))
        .panel(panel("Collapse: long tail minus balanced", "cosine within the class, difference", |row| row.cosine))
}
