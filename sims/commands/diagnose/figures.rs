//! The answers as figures.

use embedding_norms::diagnosis::{Shape, Snapshot};
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};

use super::Case;
use super::course;

/// Bars of a histogram.
const BARS: usize = 40;

/// The figures that the data allow.
pub fn figures(case: &Case) -> Vec<(&'static str, Figure)> {
    let mut figures = Vec::new();
    let diagnosis = &case.diagnosis;
    let varied = diagnosis.course.last().is_some_and(|state| state.norms.shape == Shape::Varied);
    if varied {
        figures.push(("norms", norms(case)));
    }
    if diagnosis.standing.is_some() {
        figures.extend(rates(case).map(|figure| ("step", figure)));
    }
    if varied && diagnosis.groups.len() > 1 {
        figures.push(("confidence", confidence(case)));
    }
    if diagnosis.course.len() > 1 {
        figures.push(("course", course::figure(diagnosis)));
    }
    figures
}

/// The share of rows in each of equal parts of the logarithmic range, as bars.
fn histogram(snapshot: &Snapshot, (low, high): (f64, f64)) -> Vec<(f64, f64, f64)> {
    let norms = snapshot.finite_norms();
    let width = libm::log(high / low) / BARS as f64;
    let mut counts = [0_usize; BARS];
    for norm in norms.iter().filter(|norm| (low..=high).contains(*norm)) {
        counts[((libm::log(norm / low) / width) as usize).min(BARS - 1)] += 1;
    }
    let edge = |place: usize| low * libm::exp(place as f64 * width);
    let bar =
        |(place, &count): (usize, &usize)| (edge(place), edge(place + 1), 100.0 * count as f64 / norms.len() as f64);
    counts.iter().enumerate().map(bar).collect()
}

/// The outline of a histogram, which leaves room for another one.
fn outline(bars: &[(f64, f64, f64)]) -> Vec<(f64, f64)> {
    bars.iter().flat_map(|&(left, right, height)| [(left, height), (right, height)]).collect()
}

/// Where nearly all norms of a set lie: a few very long rows would hide the others.
fn span(snapshot: &Snapshot) -> (f64, f64) {
    let mut norms = snapshot.finite_norms();
    norms.sort_by(f64::total_cmp);
    let at = |share: f64| norms[((norms.len() - 1) as f64 * share) as usize];
    (at(0.001), at(0.999))
}

fn norms(case: &Case) -> Figure {
    let subject = &case.subject;
    let last = subject.last();
    let others = subject.reference.iter().map(|set| ("reference", set));
    let first = (subject.checkpoints.len() > 1).then(|| ("first checkpoint", &subject.checkpoints[0]));
    let sets: Vec<(&str, &Snapshot)> = others.chain(first).collect();
    let range = sets
        .iter()
        .map(|(_, set)| *set)
        .chain([last])
        .map(span)
        .fold((f64::INFINITY, 0.0_f64), |range, span| (range.0.min(span.0), range.1.max(span.1)));
    let range = if range.1 > range.0 { range } else { (0.5 * range.0, 1.5 * range.0) };
    let name = if sets.is_empty() { "embeddings" } else { "last checkpoint" };
    let own = if subject.reference.is_some() && subject.checkpoints.len() == 1 { "embeddings" } else { name };
    let mut panel = Panel::new(Axis::logarithmic("norm ‖z‖"), Axis::linear("share of the rows (%)"))
        .title("How long the embeddings are")
        .layer(Layer::bars(own, histogram(last, range)).style(Style::series(0).opacity(0.45)));
    for (index, (name, set)) in sets.into_iter().enumerate() {
        let line = outline(&histogram(set, range));
        panel = panel.layer(Layer::line(name, line).style(Style::series(index + 1)));
    }
    let mut panels = vec![panel.legend(Legend::Below)];
    panels.extend(classes(case));
    let text = "Histogram of the norms of the embeddings; where labels are given, the mean norm of each class with its \
                interval beside it.";
    Figure::new(text).columns(2).panels(panels)
}

/// Mean norms of classes, shortest first.
fn classes(case: &Case) -> Option<Panel> {
    let mut classes: Vec<_> = case.diagnosis.classes.iter().collect();
    if classes.is_empty() || classes.len() > 30 {
        return None;
    }
    classes.sort_by(|a, b| a.mean.total_cmp(&b.mean));
    let ticks = classes.iter().enumerate().map(|(place, class)| (place as f64, class.class.chars().take(12).collect()));
    let axis = Axis::linear("class, by mean norm").ticks(ticks.collect::<Vec<(f64, String)>>());
    let points = classes.iter().enumerate().map(|(place, class)| (place as f64, class.mean)).collect();
    let bars = classes
        .iter()
        .enumerate()
        .filter_map(|(place, class)| class.interval.map(|(lower, upper)| (place as f64, lower, upper)));
    let panel = Panel::new(axis, Axis::linear("mean norm")).title("Classes").legend(Legend::Hidden);
    Some(panel.layer(Layer::error_bars("class", bars.collect())).layer(Layer::markers("class", points)))
}

/// Predicted speed-up over the factor of the learning rate.
fn rates(case: &Case) -> Option<Figure> {
    let standing = case.diagnosis.standing?;
    let (low, high) = (-standing.excess.1, -standing.excess.0);
    let reach = libm::log(10.0).max(1.3 * low.abs().max(high.abs()));
    // The peaks belong to the curve, wherever the grid falls.
    let mut shifts: Vec<f64> = (0..=200).map(|place| (2.0 * place as f64 / 200.0 - 1.0) * reach).collect();
    shifts.extend([low, high]);
    shifts.sort_by(f64::total_cmp);
    let curve = shifts.into_iter().map(|shift| {
        let (lower, upper) = standing.speed_up(shift);
        (libm::exp(shift), libm::exp(lower), libm::exp(upper))
    });
    let curve: Vec<(f64, f64, f64)> = curve.collect();
    let middle = curve.iter().map(|&(factor, lower, upper)| (factor, (lower * upper).sqrt())).collect();
    let panel = Panel::new(Axis::logarithmic("factor of the learning rate"), Axis::logarithmic("predicted speed-up"))
        .title("What another learning rate would do, by the criterion")
        .layer(Layer::band("bounds", curve).style(Style::series(0).opacity(0.25)))
        .layer(Layer::line("prediction", middle).style(Style::series(0)))
        .layer(Layer::horizontal_line("no change", 1.0))
        .layer(Layer::vertical_line("as it is", 1.0))
        .legend(Legend::Hidden);
    let text = "Predicted speed-up of training over the factor by which the learning rate is multiplied, both logarithmic: it \
                rises to the best rate and falls beyond it.";
    let caption = "A cut by c is the learning rate times cʰ where a network is said to be scale-free. For a network a criterion: \
                   docs/diagnosing.md says where it was tested.";
    Some(Figure::new(text).caption(caption).aspect(0.5).panel(panel))
}

/// What is true of short embeddings and of long ones.
fn confidence(case: &Case) -> Figure {
    let groups = &case.diagnosis.groups;
    let distances = groups.iter().map(|group| (group.norm, group.distance)).collect::<Vec<_>>();
    let k = case.options.neighbours;
    let x = || Axis::linear("mean norm of a tenth of the rows");
    let both = |name: &str, points: Vec<(f64, f64)>, index: usize| {
        let style = Style::series(index);
        [Layer::line(name, points.clone()).style(style), Layer::markers(name, points).style(style)]
    };
    let crowding = Panel::new(x(), Axis::linear(format!("distance to neighbour {k}")))
        .title("Crowding")
        .layers(both("distance", distances, 0))
        .legend(Legend::Hidden);
    let agreement: Vec<(f64, f64)> =
        groups.iter().filter_map(|group| Some((group.norm, 100.0 * group.agreement?))).collect();
    let mut panels = vec![crowding];
    if !agreement.is_empty() {
        let labels = Panel::new(x(), Axis::linear(format!("of {k} neighbours, own label (%)")))
            .title("Label agreement")
            .layers(both("agreement", agreement, 1))
            .legend(Legend::Hidden);
        panels.push(labels);
    }
    let text = "Mean distance to the neighbours, and mean share of neighbours with the own label, for tenths of the rows \
                ordered by norm, against their mean norm.";
    Figure::new(text).columns(2).panels(panels)
}
