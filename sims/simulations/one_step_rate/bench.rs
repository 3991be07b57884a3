//! One network under one rule: what a step at a rate turns, and how a training at a rate goes.

use embedding_norms::encoder::Network;
use embedding_norms::loss::{Batch, Loss, NtXent};
use embedding_norms::sphere::{Directions, angle, normalize};
use embedding_norms::statistics::Estimate;
use embedding_norms::theory::encoders::{NoRate, Rotation};
use embedding_norms::training::{Method, Trainer, TrainingError, Views};
use statrs::statistics::{Data, OrderStatistics};

use super::setting::{Rule, Samples};
use crate::cli::failure::Failure;
use crate::simulations::cut_rate::{Family, Networks};

/// Steps of a training between two looks at the held-out loss, from the tenth on.
const APART: usize = 2;

/// What is trained, from the same start on the same batches each time.
pub struct Bench<'a> {
    pub family: Family,
    pub rule: Rule,
    pub temperature: f64,
    pub samples: &'a Samples,
    pub networks: &'a Networks,
}

/// The held-out loss along a training; empty if embeddings lost their directions.
pub struct Course {
    /// Steps and losses, from before the first step.
    points: Vec<(usize, f64)>,
}

impl Course {
    /// The mean over the steps, by trapezoids.
    pub fn mean(&self) -> Option<f64> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        let area = |pair: &[(usize, f64)]| 0.5 * (pair[0].1 + pair[1].1) * (pair[1].0 - pair[0].0) as f64;
        let total: f64 = self.points.windows(2).map(area).sum();
        (last.0 > first.0).then(|| total / (last.0 - first.0) as f64)
    }

    /// The loss after the last step.
    pub fn end(&self) -> Option<f64> {
        self.points.last().map(|point| point.1)
    }

    /// The least loss.
    pub fn least(&self) -> Option<f64> {
        self.points.iter().map(|point| point.1).min_by(f64::total_cmp)
    }

    /// After how many steps the loss is first at a level or below it, between two looks by a straight line.
    pub fn steps_to(&self, level: f64) -> Option<f64> {
        let place = self.points.iter().position(|point| point.1 <= level)?;
        let (steps, loss) = self.points[place];
        let Some(&(before, above)) = place.checked_sub(1).and_then(|place| self.points.get(place)) else {
            return Some(0.0);
        };
        Some(before as f64 + (above - level) / (above - loss) * (steps - before) as f64)
    }
}

impl Bench<'_> {
    pub fn directions(&self, encoder: &Network) -> Result<[Directions; 2], Failure> {
        Ok([self.first_directions(encoder)?, normalize(encoder.embed_batch(self.samples.probe[1].view()).view())?])
    }

    /// Those of the first views alone.
    fn first_directions(&self, encoder: &Network) -> Result<Directions, Failure> {
        Ok(normalize(encoder.embed_batch(self.samples.probe[0].view()).view())?)
    }

    /// NT-Xent of the held-out pairs; none where embeddings have no direction any more.
    pub fn held_out(&self, encoder: &Network) -> Result<Option<f64>, Failure> {
        let Ok([first, second]) = self.directions(encoder) else { return Ok(None) };
        let loss = NtXent::new(self.temperature)?.evaluate(&Batch::two_views(&first, &second)?)?.mean();
        Ok(Some(loss).filter(|loss| loss.is_finite()))
    }

    /// Does something with a training that begins at a rate.
    pub fn with_trainer<R>(
        &self,
        rate: f64,
        with: impl FnOnce(Trainer<'_, Network>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let (loss, rule) = (self.family.loss_at(self.temperature)?, self.rule.build()?);
        let method = Method::new(&*loss, &*rule, rate)?;
        let Networks { encoder, predictor } = self.networks.clone();
        with(match predictor {
            None => Trainer::new(encoder, method)?,
            Some(predictor) => Trainer::with_predictor(encoder, predictor, method)?,
        })
    }

    /// The angles that held-out samples turn by in some steps at a rate; none where they lose their directions.
    pub fn turned(&self, rate: f64, batches: &[Views], start: &Directions) -> Result<Option<Vec<f64>>, Failure> {
        self.with_trainer(rate, |mut trainer| {
            for views in batches {
                if !step(&mut trainer, views)? {
                    return Ok(None);
                }
            }
            let now = self.first_directions(trainer.encoder()).ok();
            Ok(now.map(|now| angles(start, &now)))
        })
    }

    /// What steps at a rate say of the right one: the factor to multiply it by.
    pub fn factor(&self, positives: &[f64], turned: &[f64], steps: usize) -> Result<Estimate, NoRate> {
        let step = Rotation { positives, turned, steps: steps as u64, memory: self.rule.memory() };
        step.rate_factor(self.rule.target(self.family))
    }

    /// A training at a rate.
    pub fn course(&self, rate: f64, batches: &[Views], untrained: f64) -> Result<Course, Failure> {
        self.with_trainer(rate, |mut trainer| {
            let mut points = vec![(0, untrained)];
            for (index, views) in batches.iter().enumerate() {
                let (taken, last) = (index + 1, index + 1 == batches.len());
                if !step(&mut trainer, views)? {
                    return Ok(Course { points: Vec::new() });
                }
                if taken <= 10 || taken % APART == 0 || last {
                    let Some(loss) = self.held_out(trainer.encoder())? else {
                        return Ok(Course { points: Vec::new() });
                    };
                    points.push((taken, loss));
                }
            }
            Ok(Course { points })
        })
    }
}

/// Takes a step; whether embeddings still have directions.
fn step(trainer: &mut Trainer<'_, Network>, views: &Views) -> Result<bool, Failure> {
    match trainer.step(views) {
        Ok(loss) => Ok(loss.is_finite()),
        Err(TrainingError::NoDirection { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The angles between the rows of two sets of directions.
pub fn angles(first: &Directions, second: &Directions) -> Vec<f64> {
    first.units().rows().into_iter().zip(second.units().rows()).map(|(x, y)| angle(x, y)).collect()
}

/// The median.
pub fn middle(values: &[f64]) -> f64 {
    Data::new(values.to_vec()).median()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_has_its_mean_and_its_levels() {
        let course = Course { points: vec![(0, 4.0), (1, 2.0), (3, 1.0)] };
        // (4 + 2)/2 over one step, (2 + 1)/2 over two.
        assert_eq!(course.mean(), Some(2.0));
        assert_eq!((course.end(), course.least()), (Some(1.0), Some(1.0)));
        assert_eq!([5.0, 3.0, 1.5, 0.5].map(|level| course.steps_to(level)), [Some(0.0), Some(0.5), Some(2.0), None]);
        let ended = Course { points: Vec::new() };
        assert_eq!((ended.mean(), ended.end(), ended.steps_to(1.0)), (None, None, None));
    }
}
