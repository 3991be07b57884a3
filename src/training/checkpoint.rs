//! The state of a training between two steps.

use crate::encoder::Network;
use crate::training::method::TrainingError;
use crate::training::trainer::Trainer;

/// All that changes in the training of a network: the number of steps, parameters, running statistics, and what the
/// update rule remembers. A training that goes on from it takes the same steps, bit for bit, given the same batches.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The steps taken before.
    pub steps: u64,
    /// The numbers of the encoder, of the predictor, of the target and of the update rule.
    pub numbers: Vec<f64>,
}

impl Trainer<'_, Network> {
    /// The state as it is now.
    ///
    /// # Errors
    /// [`TrainingError::NoCheckpoints`] for a rule that does not tell what it remembers.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, TrainingError> {
        let (steps, state) = self.state_mut()?;
        Ok(Checkpoint {
            steps: *steps,
            numbers: state.into_iter().flat_map(|numbers| numbers.iter().copied()).collect(),
        })
    }

    /// Goes on from a state of a training with the same networks and the same method.
    ///
    /// # Errors
    /// [`TrainingError::Checkpoint`] unless it has as many numbers as this training; as [`Trainer::checkpoint`]. The
    /// training is then as before.
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainingError> {
        let (steps, state) = self.state_mut()?;
        let (found, needed) = (checkpoint.numbers.len(), state.iter().map(|numbers| numbers.len()).sum());
        if found != needed {
            return Err(TrainingError::Checkpoint { found, needed });
        }
        *steps = checkpoint.steps;
        let mut rest = checkpoint.numbers.as_slice();
        for numbers in state {
            let (own, behind) = rest.split_at(numbers.len());
            numbers.copy_from_slice(own);
            rest = behind;
        }
        Ok(())
    }
}
