//! The one loop that drives every simulation: look, record, stop or step.

use ndarray::Array2;

use super::motion::Motion;
use super::record::{Cadence, Record};
use super::stop::{Stop, StopRules};
use crate::sphere::{Directions, angles, normalize};

/// How a run ended, with its records and final embeddings.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The rule that ended the run.
    pub stop: Stop,
    /// The number of steps taken.
    pub steps: u64,
    /// The recorded states, the first and the last among them.
    pub records: Vec<Record>,
    /// The embeddings of the first view at the end, (n × d).
    pub first: Array2<f64>,
    /// The embeddings of the second view at the end, (n × d), if there is one.
    pub second: Option<Array2<f64>>,
}

pub(super) fn run(mut motion: impl Motion, stops: &StopRules<'_>, cadence: Cadence, positions: bool) -> Outcome {
    let (mut step, mut due) = (0, 0);
    let mut records = Vec::new();
    loop {
        let stop = stops.check(step, &motion);
        if step == due || stop.is_some() {
            records.push(record(step, motion.loss(), motion.positions(), positions));
            due = cadence.next_after(step);
        }
        if let Some(stop) = stop {
            let (first, second) = motion.positions();
            return Outcome { stop, steps: step, records, first, second };
        }
        motion.advance();
        step += 1;
    }
}

/// Angles and norms of a state; not-a-number where a run left the finite numbers.
fn record(step: u64, loss: f64, state: (Array2<f64>, Option<Array2<f64>>), keep: bool) -> Record {
    let first = normalize(state.0.view()).ok();
    let second = state.1.as_ref().and_then(|second| normalize(second.view()).ok());
    let angles = match (&first, &second) {
        (Some(first), Some(second)) => angles(first.units(), second.units()),
        _ => Vec::new(),
    };
    let norms = |directions: Option<Directions>| directions.map_or_else(Vec::new, |found| found.norms().to_vec());
    Record {
        step,
        loss,
        angles,
        first_norms: norms(first),
        second_norms: norms(second),
        positions: keep.then_some(state),
    }
}
