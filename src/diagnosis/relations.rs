//! What norms say of samples (statement S5): crowded regions, classes of neighbours, another set.

use ndarray::{Array2, Axis};
use serde::Serialize;

use super::DiagnosisError;
use super::answer::{Answer, Quantity, Topic, Worth};
use super::norms::Shape;
use super::options::Options;
use super::snapshot::{Sample, Snapshot, common};
use super::subject::{Classes, Subject};
use crate::confidence::{
    ConfidenceError, Neighbours, ShuffleControl, Strata, auroc, bootstrap, group_means, quantile_groups,
    shuffle_control, spearman, spearman_given, spearman_within,
};
use crate::random::generator;
use crate::statistics::Estimate;
use crate::words::brief;

/// Norms beside what neighbours say, on the rows of the sample that have a direction in every checkpoint.
#[derive(Clone, Debug)]
pub struct Neighbourhood {
    /// The places in the sample.
    pub places: Vec<usize>,
    /// The norms.
    pub norms: Vec<f64>,
    /// The distance to the k-th neighbour.
    pub distances: Vec<f64>,
    /// The share of neighbours with the own label.
    pub agreement: Option<Vec<f64>>,
}

/// A tenth of the rows, ordered by norm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NormGroup {
    /// The mean norm.
    pub norm: f64,
    /// The mean distance to the k-th neighbour.
    pub distance: f64,
    /// The mean share of neighbours with the own label.
    pub agreement: Option<f64>,
}

impl Neighbourhood {
    /// Of a checkpoint; `None` where there are too few rows for neighbours.
    pub fn of(
        snapshot: &Snapshot,
        sample: &Sample,
        places: &[usize],
        classes: Option<&Classes>,
        k: usize,
    ) -> Result<Option<Self>, DiagnosisError> {
        if places.len() < k + 2 {
            return Ok(None);
        }
        let points = snapshot.sampled().select(Axis(0), places);
        let neighbours = Neighbours::among(points.view(), k)?;
        let labels: Option<Vec<usize>> =
            classes.map(|classes| places.iter().map(|&place| classes.of_rows[sample.rows()[place]]).collect());
        let agreement = labels.map(|labels| neighbours.agreement(&labels, &labels)).transpose()?;
        let norms = places.iter().map(|&place| snapshot.norms()[sample.rows()[place]]).collect();
        Ok(Some(Self { places: places.to_vec(), norms, distances: neighbours.farthest(), agreement }))
    }

    /// Rank correlation of norm and neighbour distance; `None` where one of them is constant.
    pub fn distance_correlation(&self) -> Option<f64> {
        spearman(&self.norms, &self.distances).ok()
    }

    /// Rank correlation of norm and label agreement.
    pub fn agreement_correlation(&self) -> Option<f64> {
        spearman(&self.norms, self.agreement.as_ref()?).ok()
    }

    /// The mean share of neighbours with the own label.
    pub fn mean_agreement(&self) -> Option<f64> {
        let agreement = self.agreement.as_ref()?;
        Some(agreement.iter().sum::<f64>() / agreement.len() as f64)
    }

    /// Means over tenths by norm, or fewer groups where there are few rows.
    pub fn groups(&self) -> Result<Vec<NormGroup>, DiagnosisError> {
        let number = (self.norms.len() / 10).clamp(1, 10);
        let groups = quantile_groups(&self.norms, number)?;
        let mean = |values: &[f64]| group_means(&groups, number, values);
        let (norms, distances) = (mean(&self.norms)?, mean(&self.distances)?);
        let agreement = self.agreement.as_ref().map(|agreement| mean(agreement)).transpose()?;
        let group = |place: usize| {
            Some(NormGroup {
                norm: norms[place]?,
                distance: distances[place]?,
                agreement: agreement.as_ref().and_then(|agreement| agreement[place]),
            })
        };
        Ok((0..number).filter_map(group).collect())
    }
}

/// The places of the sample at which every checkpoint has a direction.
pub fn places(subject: &Subject) -> Vec<usize> {
    common(&subject.sample, &subject.checkpoints.iter().collect::<Vec<_>>())
}

/// A rank correlation of norms with a measure, with all that guards against reading too much into it.
#[derive(Clone, Debug)]
struct Relation {
    value: Estimate,
    control: ShuffleControl,
    within: Option<f64>,
    given: Option<Result<Estimate, ConfidenceError>>,
    change: Option<Estimate>,
}

/// What a relation is looked at with.
struct View<'a> {
    options: &'a Options,
    labels: Option<Vec<usize>>,
    covariates: Option<Array2<f64>>,
}

/// The values at these places.
fn at(values: &[f64], places: &[usize]) -> Vec<f64> {
    places.iter().map(|&place| values[place]).collect()
}

impl View<'_> {
    fn interval(
        &self,
        n: usize,
        name: &[u8],
        statistic: impl FnMut(&[usize]) -> Result<f64, ConfidenceError>,
    ) -> Result<Estimate, ConfidenceError> {
        let mut random = generator(self.options.seed, name, 0);
        bootstrap(&Strata::whole(n), self.options.resamples, 0.95, &mut random, statistic)
    }

    /// Of norms and a measure, and of the same in the first checkpoint where there are several.
    fn relation(
        &self,
        norms: &[f64],
        measure: &[f64],
        first: Option<(&[f64], &[f64])>,
    ) -> Result<Relation, ConfidenceError> {
        let n = norms.len();
        let of = |places: &[usize]| spearman(&at(norms, places), &at(measure, places));
        let value = self.interval(n, b"diagnosis/bootstrap", of)?;
        let mut random = generator(self.options.seed, b"diagnosis/shuffle", 0);
        let shuffled = |places: &[usize]| spearman(&at(norms, places), measure);
        let control = shuffle_control(&Strata::whole(n), self.options.resamples, &mut random, shuffled)?;
        let within = self.labels.as_ref().and_then(|labels| spearman_within(norms, measure, labels).ok());
        let given = self.covariates.as_ref().map(|covariates| {
            self.interval(n, b"diagnosis/partial", |places| {
                spearman_given(&at(norms, places), &at(measure, places), covariates.select(Axis(0), places).view())
            })
        });
        let change = match first {
            Some((before, of_before)) => self
                .interval(n, b"diagnosis/change", |places| {
                    Ok(of(places)? - spearman(&at(before, places), &at(of_before, places))?)
                })
                .ok(),
            None => None,
        };
        Ok(Relation { value, control, within: within.map(|within| within.mean), given, change })
    }
}

impl Relation {
    /// Whether neither chance nor the shuffle explains it.
    fn is_shown(&self) -> bool {
        self.control.p <= 0.05 && self.value.lower * self.value.upper > 0.0
    }

    fn quantities(&self, name: &str) -> Vec<Quantity> {
        let mut quantities = vec![
            Quantity::estimate(format!("Spearman of norm and {name}"), self.value),
            Quantity::new("the same with shuffled norms", self.control.mean)
                .between(self.control.lower, self.control.upper),
            Quantity::new("p of the shuffle", self.control.p),
        ];
        quantities.extend(self.within.map(|within| Quantity::new("the same within classes, mean", within)));
        if let Some(Ok(given)) = self.given {
            quantities.push(Quantity::estimate("the same given the covariates", given));
        }
        quantities.extend(self.change.map(|change| Quantity::estimate("last minus first checkpoint", change)));
        quantities
    }

    /// What to make of the covariates and of the first checkpoint.
    fn remarks(&self) -> String {
        let mut text = String::new();
        let excludes = |estimate: &Estimate| estimate.lower * estimate.upper > 0.0;
        match &self.given {
            Some(Err(error)) => text += &format!(" Given the covariates there is no value: {error}."),
            Some(Ok(given)) if self.is_shown() && excludes(given) => text += " It stays given the covariates.",
            Some(Ok(_)) if self.is_shown() => {
                text += " Given the covariates nothing is shown to be left of it: they may explain the norms.";
            }
            _ => {}
        }
        if let Some(change) = &self.change {
            if excludes(change) {
                text +=
                    &format!(" In the first checkpoint the relation was {}.", brief(self.value.value - change.value));
            } else {
                text += " No change since the first checkpoint is shown.";
            }
        }
        text
    }
}

/// The answers about the last checkpoint, `first` being the first one where there are several.
pub fn answers(
    subject: &Subject,
    options: &Options,
    shape: Shape,
    last: Option<&Neighbourhood>,
    first: Option<&Neighbourhood>,
) -> Result<Vec<Answer>, DiagnosisError> {
    let none = |why: String| Ok(vec![Answer::none("neighbour-distance", Topic::Confidence, why)]);
    if shape != Shape::Varied {
        return none("What norms say of samples cannot be asked: all norms are the same here.".to_owned());
    }
    let Some(last) = last else {
        return none(format!("Neighbours need at least {} rows with a direction.", options.neighbours + 2));
    };
    let rows = |place: &usize| subject.sample.rows()[*place];
    let kept: Vec<usize> = last.places.iter().map(rows).collect();
    let view = View {
        options,
        labels: subject.classes.as_ref().map(|classes| kept.iter().map(|&row| classes.of_rows[row]).collect()),
        covariates: subject.covariates.as_ref().map(|covariates| covariates.select(Axis(0), &kept)),
    };
    let rows = if subject.sample.is_everything() {
        format!("{} rows", kept.len())
    } else {
        format!("a random subset of {} rows, neighbours within it (seed {})", kept.len(), options.seed)
    };
    let mut answers = vec![distance(&view, last, first, &rows)];
    if let Some(agreement) = &last.agreement {
        let before = first.and_then(|first| Some((&first.norms[..], &first.agreement.as_ref()?[..])));
        answers.push(agreement_answer(&view, last, agreement, before, &rows));
    }
    Ok(answers)
}

fn distance(view: &View<'_>, last: &Neighbourhood, first: Option<&Neighbourhood>, rows: &str) -> Answer {
    let before = first.map(|first| (&first.norms[..], &first.distances[..]));
    let k = view.options.neighbours;
    let relation = match view.relation(&last.norms, &last.distances, before) {
        Ok(relation) => relation,
        Err(error) => return unanswered("neighbour-distance", &error),
    };
    let finding = match (relation.is_shown(), relation.value.value < 0.0) {
        (true, true) => "Longer embeddings lie in more crowded regions",
        (true, false) => "Longer embeddings lie in emptier regions",
        (false, _) => "No relation of norm and crowding is shown",
    };
    let finding = format!(
        "{finding}: Spearman {} with the distance to neighbour {k}.{}",
        brief(relation.value.value),
        relation.remarks()
    );
    let control = if before.is_some() {
        "The first checkpoint is the control if it is untrained."
    } else {
        "Short embeddings are spread by normalization even without training: give the untrained checkpoint first as control."
    };
    Answer::measured("neighbour-distance", Topic::Confidence, finding)
        .with(relation.quantities("neighbour distance"))
        .rests_on("S5", "Spearman's ρ of ‖z‖ and ‖ẑ − ẑ_k‖, bootstrap 95 %, shuffle control")
        .on(format!("Measured on {rows}."))
        .worth(Worth::Measured, control)
}

fn agreement_answer(
    view: &View<'_>,
    last: &Neighbourhood,
    agreement: &[f64],
    before: Option<(&[f64], &[f64])>,
    rows: &str,
) -> Answer {
    let relation = match view.relation(&last.norms, agreement, before) {
        Ok(relation) => relation,
        Err(error) => return unanswered("label-agreement", &error),
    };
    let finding = match (relation.is_shown(), relation.value.value > 0.0) {
        (true, true) => "Longer embeddings are surrounded by more of their own class",
        (true, false) => "Longer embeddings are surrounded by less of their own class",
        (false, _) => "No relation of norm and label agreement is shown",
    };
    let finding = format!(
        "{finding}: Spearman {}; {:.1} % of {} neighbours have the own label on average.{}",
        brief(relation.value.value),
        100.0 * last.mean_agreement().unwrap_or(f64::NAN),
        view.options.neighbours,
        relation.remarks()
    );
    Answer::measured("label-agreement", Topic::Confidence, finding)
        .with(relation.quantities("label agreement"))
        .rests_on(
            "S5",
            "Spearman's ρ of ‖z‖ and the share of neighbours of the own label, bootstrap 95 %, shuffle control",
        )
        .on(format!("Measured on {rows}."))
        .worth(Worth::Measured, "A norm is a sign of confidence where this is positive, here and for these labels.")
}

fn unanswered(key: &'static str, error: &ConfidenceError) -> Answer {
    Answer::none(key, Topic::Confidence, format!("No rank correlation with the norm: {error}."))
}

/// Whether the norm tells the last checkpoint from another set.
pub fn separation(subject: &Subject, options: &Options) -> Result<Option<Answer>, DiagnosisError> {
    let Some(reference) = &subject.reference else { return Ok(None) };
    let (own, other) = (thinned(subject.last(), options.seed), thinned(reference, options.seed));
    let estimate = area(&own, &other, options)?;
    let shown = (estimate.lower - 0.5) * (estimate.upper - 0.5) > 0.0;
    let finding = match (shown, estimate.value > 0.5) {
        (true, true) => "Norms are longer than those of the reference set",
        (true, false) => "Norms are shorter than those of the reference set",
        (false, _) => "Norms do not tell the two sets apart",
    };
    let finding = format!(
        "{finding}: an embedding here is longer than one there with probability {} (AUROC; ½ tells nothing).",
        brief(estimate.value)
    );
    let answer = Answer::measured("reference", Topic::Confidence, finding)
        .with([Quantity::estimate("AUROC of the norm", estimate)])
        .rests_on("S5", "P(‖z‖ > ‖z_ref‖) + ½ P(=)")
        .on(format!("{} rows here, {} in {}.", own.len(), other.len(), reference.name()))
        .worth(Worth::Measured, "Norms of a set that the model has seen are larger where it learned from them (S5).");
    Ok(Some(answer))
}

fn area(own: &[f64], other: &[f64], options: &Options) -> Result<Estimate, ConfidenceError> {
    let all = [own, other].concat();
    let labels: Vec<usize> = (0..all.len()).map(|place| usize::from(place >= own.len())).collect();
    let mut random = generator(options.seed, b"diagnosis/auroc", 0);
    bootstrap(&Strata::groups(&labels), options.resamples, 0.95, &mut random, |places| {
        let values = at(&all, places);
        auroc(&values[..own.len()], &values[own.len()..])
    })
}

/// The norms of at most ten thousand rows: an area of more has no interval worth its time.
fn thinned(snapshot: &Snapshot, seed: u64) -> Vec<f64> {
    const MOST: usize = 10_000;
    let norms = snapshot.finite_norms();
    Sample::draw(norms.len(), MOST, seed).rows().iter().map(|&row| norms[row]).collect()
}

/// The area under the curve of a checkpoint against the reference set.
pub fn area_of(snapshot: &Snapshot, reference: &Snapshot) -> Option<f64> {
    auroc(&snapshot.finite_norms(), &reference.finite_norms()).ok()
}
