//! Trainings under way, side by side on the same batches, and their state between two epochs.

use embedding_norms::encoder::Network;
use embedding_norms::random::Generator;
use embedding_norms::sphere::Directions;
use embedding_norms::training::{Trainer, TrainingError};
use serde::{Deserialize, Serialize};

use super::curve::Record;
use super::runs::{Run, Setting};
use crate::cli::failure::Failure;
use crate::simulations::checkpoints::{File, Saved};

/// A training under way.
pub struct Course<'a> {
    pub setting: Setting,
    pub trainer: Trainer<'a, Network>,
    /// The probes before training.
    pub start: Directions,
    pub run: Run,
    pub records: Vec<Record>,
    pub diverged: bool,
}

/// All settings of a task.
pub struct Courses<'a> {
    /// The epochs gone through.
    pub epochs: usize,
    /// What the next batches are drawn from.
    pub generator: Generator,
    pub each: Vec<Course<'a>>,
}

/// What has been found on one course.
#[derive(Serialize, Deserialize)]
struct Found {
    turned: Option<f64>,
    records: Vec<Record>,
    diverged: bool,
}

impl Courses<'_> {
    /// Goes on from what was saved, if that is whole.
    pub fn resume(&mut self, file: &File) -> Result<(), Failure> {
        let Some(Saved { epochs, position, notes, states }) = file.read()? else { return Ok(()) };
        let Ok(found) = serde_json::from_str::<Vec<Found>>(&notes) else { return Ok(()) };
        for (course, (state, found)) in self.each.iter_mut().zip(states.iter().zip(found)) {
            course.trainer.resume(state)?;
            course.run.turned = found.turned;
            course.records = found.records;
            course.diverged = found.diverged;
        }
        self.epochs = epochs;
        self.generator.set_position(position);
        Ok(())
    }

    pub fn save(&mut self, file: &File) -> Result<(), Failure> {
        let found: Vec<Found> = self
            .each
            .iter()
            .map(|course| Found {
                turned: course.run.turned,
                records: course.records.clone(),
                diverged: course.diverged,
            })
            .collect();
        let states = self.each.iter_mut().map(|course| course.trainer.checkpoint());
        let states = states.collect::<Result<_, TrainingError>>()?;
        let notes = serde_json::to_string(&found)?;
        file.write(&Saved { epochs: self.epochs, position: self.generator.position(), notes, states })
    }
}
