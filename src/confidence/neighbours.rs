//! Exact nearest neighbours among directions.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, Slice};
use rayon::prelude::*;

use super::ConfidenceError;
use super::error::{at_least, same_length};
use crate::numerics::product::{Precision, RightIn};
use crate::numerics::scaled::is_safe;
use crate::sphere::{Cosine, SphereError, chord, normalize};

/// Queries that are compared at once.
const QUERIES: usize = 128;

/// Points of the base that they are compared with at once.
const BASE: usize = 1024;

/// Cosines of which first the largest is looked at.
const GROUP: usize = 8;

/// The k nearest neighbours of each query, nearest first: exact, by the Euclidean distance ‖x̂ − ŷ‖ of directions, which
/// orders as the angle does. Equal distances are ordered by the place in the base.
///
/// Products of matrices in single precision find the candidates, with room for their rounding, and in double precision
/// where these are too many; the distances of candidates are formed as chords of double precision, so that near neighbours
/// are distinguished where cosines are all 1 (statement G5). Memory beside the points is a few megabytes, and time is that
/// of comparing all queries with all points.
///
/// ```
/// use embedding_norms::confidence::Neighbours;
/// use ndarray::array;
/// let points = array![[1.0, 0.0], [5.0, 5.0], [0.0, 2.0], [1.0, 0.1]];
/// let neighbours = Neighbours::among(points.view(), 2)?;
/// assert_eq!(neighbours.indices().row(0).to_vec(), [3, 1]);
/// assert_eq!(neighbours.agreement(&[0, 1, 1, 0], &[0, 1, 1, 0])?[0], 0.5);
/// # Ok::<(), embedding_norms::confidence::ConfidenceError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    indices: Array2<usize>,
    distances: Array2<f64>,
}

impl Neighbours {
    /// Of every row of an (n × d) matrix among the other rows.
    ///
    /// # Errors
    /// k = 0, not more than k points, a row that is zero or not finite.
    pub fn among(points: ArrayView2<'_, f64>, k: usize) -> Result<Self, ConfidenceError> {
        let rows: Vec<usize> = (0..points.nrows()).collect();
        Self::of(&rows, points, k)
    }

    /// Of some rows of an (n × d) matrix among all other rows: what a sample of a large set asks.
    ///
    /// # Errors
    /// k = 0, not more than k points, a row that does not exist, or is zero or not finite.
    pub fn of(rows: &[usize], points: ArrayView2<'_, f64>, k: usize) -> Result<Self, ConfidenceError> {
        at_least("neighbours, k", 1, k)?;
        at_least("points with k neighbours each", k + 1, points.nrows())?;
        if let Some(&row) = rows.iter().find(|&&row| row >= points.nrows()) {
            return Err(ConfidenceError::Row { row, rows: points.nrows() });
        }
        let queries = directions(points.select(Axis(0), rows).view(), 0).map_err(|error| of_row(error, rows))?;
        search(queries.view(), points, k, |query| Some(rows[query]))
    }

    /// Of the rows of `queries` (m × d) among the rows of `base` (n × d), as from training to test.
    ///
    /// # Errors
    /// k = 0, fewer than k points in the base, different dimensions, a row that is zero or not finite.
    pub fn between(queries: ArrayView2<'_, f64>, base: ArrayView2<'_, f64>, k: usize) -> Result<Self, ConfidenceError> {
        at_least("neighbours, k", 1, k)?;
        at_least("points of the base", k, base.nrows())?;
        if queries.ncols() != base.ncols() {
            return Err(ConfidenceError::Dimensions { queries: queries.ncols(), base: base.ncols() });
        }
        search(directions(queries, 0)?.view(), base, k, |_| None)
    }

    /// The places of the neighbours in the base (queries × k), nearest first.
    pub fn indices(&self) -> ArrayView2<'_, usize> {
        self.indices.view()
    }

    /// The distances ‖x̂ − ŷ‖ in [0, 2] (queries × k), ascending.
    pub fn distances(&self) -> ArrayView2<'_, f64> {
        self.distances.view()
    }

    /// The distance to the k-th neighbour, for each query: small in crowded regions.
    pub fn farthest(&self) -> Vec<f64> {
        self.distances.column(self.distances.ncols() - 1).to_vec()
    }

    /// The share of the k neighbours that have the query's own label, for each query.
    ///
    /// # Errors
    /// Not one label per query, or fewer labels than the base has points.
    pub fn agreement(&self, labels: &[usize], base_labels: &[usize]) -> Result<Vec<f64>, ConfidenceError> {
        same_length("labels of the queries", self.indices.nrows(), labels.len())?;
        self.check_base(base_labels)?;
        let share = |(neighbours, &label): (ArrayView1<'_, usize>, &usize)| {
            let same = neighbours.iter().filter(|&&neighbour| base_labels[neighbour] == label).count();
            same as f64 / neighbours.len() as f64
        };
        Ok(self.indices.rows().into_iter().zip(labels).map(share).collect())
    }

    /// The label that most of the k neighbours have, for each query; among labels with equally many, that of the
    /// nearest neighbour.
    ///
    /// # Errors
    /// Fewer labels than the base has points.
    pub fn classify(&self, base_labels: &[usize]) -> Result<Vec<usize>, ConfidenceError> {
        self.check_base(base_labels)?;
        let vote = |neighbours: ArrayView1<'_, usize>| {
            let labels: Vec<usize> = neighbours.iter().map(|&neighbour| base_labels[neighbour]).collect();
            let votes = |label: usize| labels.iter().filter(|&&other| other == label).count();
            // The last of several largest: from the end, that is the nearest.
            labels.iter().rev().copied().max_by_key(|&label| votes(label)).unwrap_or_default()
        };
        Ok(self.indices.rows().into_iter().map(vote).collect())
    }

    /// The share of queries that [`Self::classify`] gets right.
    ///
    /// # Errors
    /// As for [`Self::agreement`], or no query.
    pub fn accuracy(&self, labels: &[usize], base_labels: &[usize]) -> Result<f64, ConfidenceError> {
        same_length("labels of the queries", self.indices.nrows(), labels.len())?;
        at_least("queries", 1, labels.len())?;
        let right = self.classify(base_labels)?.iter().zip(labels).filter(|(found, label)| found == label).count();
        Ok(right as f64 / labels.len() as f64)
    }

    fn check_base(&self, base_labels: &[usize]) -> Result<(), ConfidenceError> {
        let needed = self.indices.iter().max().map_or(0, |&last| last + 1);
        if base_labels.len() < needed {
            return Err(ConfidenceError::Lengths {
                what: "labels of the base",
                expected: needed,
                found: base_labels.len(),
            });
        }
        Ok(())
    }
}

/// The directions of rows that begin at row `first` of the user's matrix.
fn directions(points: ArrayView2<'_, f64>, first: usize) -> Result<Array2<f64>, SphereError> {
    let place = |error: SphereError| error.with_row(|row| row + first);
    Ok(normalize(points).map_err(place)?.into_units())
}

/// The error in terms of the rows that were selected.
fn of_row(error: SphereError, rows: &[usize]) -> SphereError {
    error.with_row(|row| rows[row])
}

/// The k nearest of the base to each query, without the one point that `own` names.
fn search(
    queries: ArrayView2<'_, f64>,
    base: ArrayView2<'_, f64>,
    k: usize,
    own: impl Fn(usize) -> Option<usize> + Sync,
) -> Result<Neighbours, ConfidenceError> {
    let mut found = nearest(queries, base, (k, Precision::Single), &own)?;
    // Where more points are equally near than single precision tells apart, double precision does.
    let crowded: Vec<usize> = (0..found.len()).filter(|&query| found[query].is_none()).collect();
    if !crowded.is_empty() {
        let again = queries.select(Axis(0), &crowded);
        let told_apart = nearest(again.view(), base, (k, Precision::Double), &|place| own(crowded[place]))?;
        for (query, nearest) in crowded.iter().zip(told_apart) {
            found[*query] = nearest;
        }
    }
    let (distances, indices): (Vec<f64>, Vec<usize>) = found.into_iter().flatten().flatten().unzip();
    let shape = (queries.nrows(), k);
    Ok(Neighbours {
        indices: Array2::from_shape_vec(shape, indices).expect("k neighbours for each query"),
        distances: Array2::from_shape_vec(shape, distances).expect("k neighbours for each query"),
    })
}

/// Distance and place of the nearest, nearest first.
type Nearest = Vec<(f64, usize)>;

/// The k nearest to each query; nothing where this precision leaves too many candidates.
fn nearest(
    queries: ArrayView2<'_, f64>,
    base: ArrayView2<'_, f64>,
    (k, precision): (usize, Precision),
    own: &(impl Fn(usize) -> Option<usize> + Sync),
) -> Result<Vec<Option<Nearest>>, ConfidenceError> {
    let mut candidates = vec![Candidates::new(k, queries.ncols(), precision); queries.nrows()];
    for points in blocks(base.nrows(), BASE) {
        let units = directions(rows_of(base, points.clone()), points.start)?;
        let units = RightIn::of(units.t(), precision);
        candidates.par_chunks_mut(QUERIES).enumerate().for_each(|(block, candidates)| {
            let first = block * QUERIES;
            let mut cosines = vec![0.0; candidates.len() * points.len()];
            units.product(rows_of(queries, first..first + candidates.len()), &mut cosines);
            for ((query, candidates), cosines) in (first..).zip(candidates).zip(cosines.chunks_exact(points.len())) {
                candidates.offer(cosines, points.start, own(query));
            }
        });
    }
    let nearest = |(query, candidates): (usize, Candidates)| candidates.nearest(queries, query, base);
    Ok(candidates.into_par_iter().enumerate().map(nearest).collect::<Result<_, SphereError>>()?)
}

fn rows_of(matrix: ArrayView2<'_, f64>, rows: Range<usize>) -> ArrayView2<'_, f64> {
    matrix.slice_axis_move(Axis(0), Slice::from(rows))
}

fn blocks(rows: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(size).map(move |start| start..rows.min(start + size))
}

/// The largest of numbers.
fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(f64::NEG_INFINITY, |largest, &number| if number > largest { number } else { largest })
}

/// The points that may be among the k nearest to one query, by their cosines, which are right to rounding.
#[derive(Clone)]
struct Candidates {
    k: usize,
    /// How much two cosines may seem to differ, or to be ordered wrongly, by rounding alone.
    slack: f64,
    /// How many are worth a closer look.
    most: usize,
    /// Whether there were more at any time; no further ones are then taken.
    are_crowded: bool,
    /// No cosine below this can be among the k largest.
    threshold: f64,
    kept: Vec<(f64, usize)>,
    /// How many are kept before those that are out of the question are dropped.
    room: usize,
}

impl Candidates {
    fn new(k: usize, dimension: usize, precision: Precision) -> Self {
        let (epsilon, most) = match precision {
            Precision::Single => (f64::from(f32::EPSILON), 16 * k + 256),
            Precision::Double => (f64::EPSILON, usize::MAX),
        };
        let slack = 4.0 * (dimension as f64 + 4.0) * epsilon;
        Self { k, slack, most, are_crowded: false, threshold: f64::NEG_INFINITY, kept: Vec::new(), room: 4 * k + 64 }
    }

    fn offer(&mut self, cosines: &[f64], first: usize, own: Option<usize>) {
        if self.are_crowded {
            return;
        }
        let peaks: Vec<f64> = cosines.chunks(GROUP).map(largest).collect();
        self.raise_threshold(&peaks, self.k + usize::from(own.is_some()));
        for (group, (cosines, peak)) in cosines.chunks(GROUP).zip(peaks).enumerate() {
            if peak < self.threshold {
                continue;
            }
            let places = (first + group * GROUP..).zip(cosines).filter(|&(place, _)| own != Some(place));
            self.kept.extend(
                places.filter(|&(_, &cosine)| cosine >= self.threshold).map(|(place, &cosine)| (cosine, place)),
            );
            if self.kept.len() >= self.room {
                self.prune();
            }
        }
    }

    /// Groups that reach so far hold as many points that do: `needed` is k, and one more for the query's own.
    fn raise_threshold(&mut self, peaks: &[f64], needed: usize) {
        let mut high = peaks.to_vec();
        high.retain(|&peak| peak >= self.threshold);
        if high.len() >= needed {
            let (_, &mut lowest, _) = high.select_nth_unstable_by(needed - 1, |a, b| b.total_cmp(a));
            self.threshold = self.threshold.max(lowest - self.slack);
        }
    }

    fn prune(&mut self) {
        let (_, &mut (kth, _), _) = self.kept.select_nth_unstable_by(self.k - 1, |a, b| b.0.total_cmp(&a.0));
        self.threshold = self.threshold.max(kth - self.slack);
        self.kept.retain(|&(cosine, _)| cosine >= self.threshold);
        self.are_crowded |= self.kept.len() > self.most;
        self.room = (4 * self.k + 64).max(2 * self.kept.len());
    }

    /// The k nearest by their chords: distance and place; nothing where there are too many candidates.
    fn nearest(
        mut self,
        queries: ArrayView2<'_, f64>,
        query: usize,
        base: ArrayView2<'_, f64>,
    ) -> Result<Option<Nearest>, SphereError> {
        self.prune();
        if self.are_crowded {
            return Ok(None);
        }
        let places: Vec<usize> = self.kept.into_iter().map(|(_, place)| place).collect();
        let mut points = Array2::zeros((places.len(), base.ncols()));
        points.rows_mut().into_iter().zip(&places).for_each(|(mut point, &place)| point.assign(&base.row(place)));
        let units = directions(points.view(), 0).map_err(|error| of_row(error, &places))?;
        let far = |unit| {
            let one_minus = Cosine::between(queries.row(query), unit).one_minus;
            // Where squares are lost the distance distinguishes neighbours.
            let distance = if is_safe(one_minus) { (2.0 * one_minus).sqrt() } else { chord(queries.row(query), unit) };
            (one_minus, distance)
        };
        let mut nearest: Vec<_> = units.rows().into_iter().map(far).zip(places).collect();
        let key = |a: &((f64, f64), usize), b: &((f64, f64), usize)| {
            a.0.0.total_cmp(&b.0.0).then(a.0.1.total_cmp(&b.0.1)).then(a.1.cmp(&b.1))
        };
        nearest.sort_by(key);
        nearest.truncate(self.k);
        Ok(Some(nearest.into_iter().map(|((_, distance), index)| (distance, index)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three groups of eight cosines, the largest of each at its end.
    fn cosines(peaks: [f64; 3]) -> Vec<f64> {
        peaks.iter().flat_map(|peak| (1..=GROUP).map(move |place| peak - 0.01 * (GROUP - place) as f64)).collect()
    }

    #[test]
    fn cosines_below_as_many_peaks_as_are_needed_are_not_kept() {
        let mut candidates = Candidates::new(2, 5, Precision::Double);
        // Four roundings for each of 5 + 4.
        assert_eq!(candidates.slack, 36.0 * f64::EPSILON);
        candidates.offer(&cosines([0.5, 0.9, 0.7]), 40, None);
        assert_eq!(candidates.threshold, 0.7 - candidates.slack);
        let kept_places = |candidates: &Candidates| candidates.kept.iter().map(|kept| kept.1).collect::<Vec<_>>();
        assert_eq!(kept_places(&candidates), [48, 49, 50, 51, 52, 53, 54, 55, 63]);
        // What reaches the threshold and no further is kept.
        let threshold = candidates.threshold;
        candidates.offer(&[threshold.next_down(), threshold], 70, None);
        candidates.offer(&[threshold.next_down()], 80, None);
        assert_eq!(kept_places(&candidates)[9..], [71]);
        // Where the query's own point is among them it takes one more, and that point is not kept.
        let mut candidates = Candidates::new(2, 5, Precision::Double);
        candidates.offer(&cosines([0.5, 0.9, 0.7]), 40, Some(55));
        assert_eq!(candidates.threshold, 0.5 - candidates.slack);
        assert!(candidates.kept.contains(&(0.5, 47)) && !kept_places(&candidates).contains(&55));
    }

    #[test]
    fn pruning_keeps_the_nearest_and_what_rounding_may_have_put_behind_them() {
        let mut candidates = Candidates::new(3, 5, Precision::Single);
        let slack = candidates.slack;
        let cosines = [0.2, 0.8, 0.6, 0.6 - 2.0 * slack, 0.7, 0.6 - slack, 0.6 - 0.5 * slack];
        candidates.kept = cosines.into_iter().zip(10..).collect();
        candidates.prune();
        assert_eq!(candidates.threshold, 0.6 - slack);
        let mut places: Vec<usize> = candidates.kept.iter().map(|kept| kept.1).collect();
        places.sort_unstable();
        assert_eq!(places, [11, 12, 14, 15, 16]);
        // Room for 4 · 3 + 64, or for twice as many as are left.
        assert_eq!(candidates.room, 76);
        candidates.kept = (0..50).map(|place| (0.9, place)).collect();
        candidates.prune();
        assert_eq!((candidates.kept.len(), candidates.room), (50, 100));
    }

    #[test]
    fn more_candidates_than_are_worth_a_closer_look_are_a_crowd_from_then_on() {
        let mut candidates = Candidates::new(3, 5, Precision::Single);
        let equal = |count: usize| (0..count).map(|place| (0.9, place)).collect::<Vec<_>>();
        for (count, crowded) in [(candidates.most, false), (candidates.most + 1, true), (5, true)] {
            candidates.kept = equal(count);
            candidates.prune();
            assert_eq!((candidates.kept.len(), candidates.are_crowded), (count, crowded));
        }
        candidates.offer(&[1.0], 900, None);
        assert_eq!(candidates.kept.len(), 5, "no further ones are taken");
    }
}
