//! The study of intervals: how far advice from few samples and few steps is from that of many.

use std::ops::Range;

use embedding_norms::sphere::Directions;
use embedding_norms::statistics::Estimate;
use embedding_norms::theory::encoders::over_steps;
use embedding_norms::training::Views;
use serde::{Deserialize, Serialize};

use super::bench::{Bench, angles};
use super::trial::{OUTPUTS, Place};
use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study, digit};

/// Samples that advice is taken from.
const SAMPLES: [usize; 3] = [16, 64, 256];
/// Other samples, and single steps on other batches, which together are the reference.
const REFERENCE: (usize, usize) = (256, 20);
/// How advice is measured: steps between the two snapshots, and how often, each time from the start on another batch.
const MEASURED: [(usize, usize); 6] = [(1, 1), (1, 3), (1, 10), (3, 1), (10, 1), (30, 1)];
/// Batches that are needed for them.
const BATCHES: usize = 30;
/// The probe: samples for advice, then those of the reference.
const PROBE: usize = 256 + REFERENCE.0;
/// The share of the middle rate of a sweep at which steps are taken.
const SMALL: f64 = 1e-4;

/// One network under one rule.
#[derive(Clone, Debug, Serialize)]
pub struct Spread {
    pub place: Place,
    pub width: usize,
}

/// Advice from some samples and some steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interval {
    pub network: String,
    pub optimizer: String,
    pub data: String,
    pub temperature: f64,
    pub batch_size: usize,
    pub cut: f64,
    pub replicate: u64,
    pub samples: usize,
    pub steps_between: usize,
    pub measurements: usize,
    pub advised_rate: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub reference: Option<f64>,
    #[serde(with = "digit")]
    pub holds_reference: bool,
}

impl Row for Interval {
    const TABLE: &'static str = "intervals";
}

impl Study for Spread {
    type Rows = Vec<Interval>;

    fn label(&self) -> String {
        format!("intervals: {}", self.place.label())
    }

    fn cost(&self) -> f64 {
        let weights = (self.width * (64 + self.width + OUTPUTS)) as f64;
        ((REFERENCE.1 + 2 * BATCHES) * self.place.batch + (REFERENCE.1 + 17) * PROBE) as f64 * (weights * 3.0 + 4000.0)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Interval>, Failure> {
        let Place { family, rule, material, temperature, batch, .. } = self.place;
        let mut numbers = unit.shared_generator(b"one-step-rate/spread/samples");
        let samples = material.draw(BATCHES + REFERENCE.1, batch, PROBE, &mut numbers)?;
        let mut numbers = unit.shared_generator(b"one-step-rate/spread/networks");
        let networks = self.place.networks(samples.probe[0].ncols(), self.width, &mut numbers)?;
        let bench = Bench { family, rule, temperature, samples: &samples, networks: &networks };
        let start = bench.directions(&networks.encoder)?;
        let rate = SMALL * libm::pow(10.0, f64::from(rule.middle()));
        let turns = Turns { positives: angles(&start[0], &start[1]), bench, start: &start[0], rate };
        let (own, other) = samples.training.split_at(BATCHES);
        let reference = turns.measured(other, 1, REFERENCE.1)?;
        let reference = turns.advice(PROBE - REFERENCE.0..PROBE, &reference, 1);
        let mut rows = Vec::new();
        for (between, measurements) in MEASURED {
            let turned = turns.measured(own, between, measurements)?;
            for samples in SAMPLES {
                let found = turns.advice(0..samples, &turned, between);
                rows.push(self.row(unit.unit.replicate, [samples, between, measurements], found, reference));
            }
        }
        Ok(rows)
    }
}

/// Turns of samples at one rate.
struct Turns<'a> {
    positives: Vec<f64>,
    bench: Bench<'a>,
    start: &'a Directions,
    rate: f64,
}

/// What all samples turned by, in each measurement; none where embeddings lost their directions.
type Measured = Option<Vec<Vec<f64>>>;

impl Turns<'_> {
    /// Measurements from the start, each over so many steps on batches of its own.
    fn measured(&self, batches: &[Views], between: usize, measurements: usize) -> Result<Measured, Failure> {
        let each = batches.chunks(between).take(measurements);
        each.map(|batches| self.bench.turned(self.rate, batches, self.start)).collect()
    }

    /// The advised rate with its interval: over samples from one measurement, over both from several.
    fn advice(&self, samples: Range<usize>, measured: &Measured, between: usize) -> Option<Estimate> {
        let factor = |turned: &Vec<f64>| {
            self.bench.factor(&self.positives[samples.clone()], &turned[samples.clone()], between).ok()
        };
        let factors: Vec<Estimate> = measured.as_ref()?.iter().map(factor).collect::<Option<_>>()?;
        let found = if factors.len() == 1 { factors.first().copied() } else { over_steps(&factors) };
        Some(found?.map(|factor| self.rate * factor))
    }
}

impl Spread {
    fn row(
        &self,
        replicate: u64,
        [samples, steps_between, measurements]: [usize; 3],
        found: Option<Estimate>,
        reference: Option<Estimate>,
    ) -> Interval {
        let [network, optimizer, data] = self.place.names();
        let reference = reference.map(|reference| reference.value);
        let holds = |found: Estimate| reference.is_some_and(|value| (found.lower..=found.upper).contains(&value));
        Interval {
            network,
            optimizer,
            data,
            temperature: self.place.temperature,
            batch_size: self.place.batch,
            cut: self.place.cut,
            replicate,
            samples,
            steps_between,
            measurements,
            advised_rate: found.map(|found| found.value),
            lower: found.map(|found| found.lower),
            upper: found.map(|found| found.upper).filter(|upper| upper.is_finite()),
            reference,
            holds_reference: found.is_some_and(holds),
        }
    }
}
