//! Embeddings that never converge: a fresh random target at every step, with weight decay, averaged over time.

use ndarray::{Array2, ArrayViewMut1};
use rand::Rng;

use super::descent::SimulationError;
use super::rows::step_rows;
use crate::normalization::pullback;
use crate::optimizer::{Optimizer, Update, WeightDecay, check_decay};
use crate::random::{Generator, StandardNormal};
use crate::setting::{SettingError, positive, within};
use crate::sphere::{Cosine, Directions, SphereError, VonMisesFisher, norm_of, normalize};

/// Descent of −cos φ towards fresh targets at every step, uniform on the sphere, seen with a frequency f: the
/// setting of the equilibrium of norms (statement S3).
///
/// An embedding that sees no target at a step has a zero gradient there; decay and the optimizer's memory go on.
#[derive(Clone, Copy)]
pub struct PersistentDescent<'a> {
    optimizer: &'a dyn Optimizer,
    learning_rate: f64,
    decay: Option<WeightDecay>,
    frequency: f64,
    concentration: Option<f64>,
}

/// Averages over embeddings and time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Averages {
    /// The mean of ρ.
    pub norm: f64,
    /// The mean of ρ².
    pub square: f64,
    /// The mean of ρ⁴.
    pub fourth: f64,
    /// The root mean square of the rotation per step, in radians.
    pub angle: f64,
}

impl<'a> PersistentDescent<'a> {
    /// By `optimizer` with the learning rate γ per embedding.
    ///
    /// # Errors
    /// A learning rate that is not a finite number above 0.
    pub fn new(optimizer: &'a dyn Optimizer, learning_rate: f64) -> Result<Self, SettingError> {
        let learning_rate = positive("the learning rate", learning_rate)?;
        Ok(Self { optimizer, learning_rate, decay: None, frequency: 1.0, concentration: None })
    }

    /// With weight decay on the embeddings, at every step.
    pub fn decay(self, decay: WeightDecay) -> Self {
        Self { decay: Some(decay), ..self }
    }

    /// With a target at a fraction f of the steps, drawn for each embedding and step.
    ///
    /// # Errors
    /// f outside (0, 1].
    pub fn frequency(self, frequency: f64) -> Result<Self, SettingError> {
        let inside = frequency > 0.0 && frequency <= 1.0;
        Ok(Self {
            frequency: within("the frequency of updates f", frequency, inside, "above 0 and at most 1")?,
            ..self
        })
    }

    /// With targets from the von Mises-Fisher distribution of concentration κ around the direction in which each
    /// embedding starts, in place of uniform ones: the setting of specificity (statement S8).
    pub fn concentration(self, concentration: f64) -> Self {
        Self { concentration: Some(concentration), ..self }
    }

    /// Starts from these embeddings, (n × d).
    ///
    /// # Errors
    /// A zero or non-finite row, a concentration that is negative or not finite, or two weight decays above 0, inside the
    /// rule and beside it.
    pub fn start(self, points: Array2<f64>) -> Result<PersistentRun<'a>, SimulationError> {
        check_decay(self.optimizer, self.decay)?;
        let directions = normalize(points.view())?;
        let around = |concentration| VonMisesFisher::new(points.ncols(), concentration);
        let distribution = self.concentration.map(around).transpose()?;
        let targets = distribution.map(|distribution| (distribution, directions.units().to_owned()));
        let update = self.optimizer.start(&vec![points.ncols(); points.nrows()]);
        let points = points.as_standard_layout().into_owned();
        Ok(PersistentRun { settings: self, points, directions, targets, update })
    }
}

/// A run of [`PersistentDescent`] between two steps.
pub struct PersistentRun<'a> {
    settings: PersistentDescent<'a>,
    points: Array2<f64>,
    directions: Directions,
    /// The distribution of the targets around their means, (n × d); `None` where they are uniform.
    targets: Option<(VonMisesFisher, Array2<f64>)>,
    update: Box<dyn Update>,
}

impl PersistentRun<'_> {
    /// The directions and norms of the embeddings.
    pub fn directions(&self) -> &Directions {
        &self.directions
    }

    /// Takes one step.
    ///
    /// # Errors
    /// An embedding that left the finite numbers or became zero.
    pub fn step(&mut self, draws: &mut Generator) -> Result<(), SphereError> {
        let mut gradient = self.gradient(draws);
        let PersistentDescent { learning_rate, decay, .. } = self.settings;
        step_rows(&mut *self.update, learning_rate, decay, &mut self.points, &mut gradient);
        self.directions.update(self.points.view())
    }

    /// Takes `steps` steps, for the norms to settle.
    ///
    /// # Errors
    /// As for [`PersistentRun::step`].
    pub fn settle(&mut self, steps: u64, draws: &mut Generator) -> Result<(), SphereError> {
        (0..steps).try_for_each(|_| self.step(draws))
    }

    /// Takes `steps` steps, at least one, and averages over them.
    ///
    /// # Errors
    /// As for [`PersistentRun::step`], and norms whose fourth power is beyond f64.
    pub fn average(&mut self, steps: u64, draws: &mut Generator) -> Result<Averages, SphereError> {
        let mut sums = [0.0; 4];
        let mut before = self.directions.units().to_owned();
        for _ in 0..steps {
            before.assign(&self.directions.units());
            self.step(draws)?;
            let after = self.directions.units();
            for ((before, after), norm) in before.rows().into_iter().zip(after.rows()).zip(self.directions.norms()) {
                let (square, angle) = (norm * norm, Cosine::between(before, after).angle());
                for (sum, term) in sums.iter_mut().zip([*norm, square, square * square, angle * angle]) {
                    *sum += term;
                }
            }
        }
        let [norm, square, fourth, angle] = sums.map(|sum| sum / (steps * self.points.nrows() as u64) as f64);
        if !fourth.is_normal() {
            return Err(SphereError::FourthPower { norm });
        }
        Ok(Averages { norm, square, fourth, angle: angle.sqrt() })
    }

    /// ∇(−cos φ) towards the targets of this step, 0 where an embedding has none.
    fn gradient(&self, draws: &mut Generator) -> Array2<f64> {
        let mut pull = Array2::zeros(self.points.dim());
        let frequency = self.settings.frequency;
        for (index, mut row) in pull.rows_mut().into_iter().enumerate() {
            if frequency != 1.0 && draws.random::<f64>() >= frequency {
                continue;
            }
            match &self.targets {
                None => draw_direction(row, draws),
                Some((distribution, means)) => {
                    distribution.draw(means.row(index), row.view_mut(), draws);
                    row *= -1.0;
                }
            }
        }
        // The direction away from a uniform target is as uniform as the one towards it.
        pullback(&self.directions, pull.view())
    }
}

/// A direction, uniform on the sphere: a normalized Gaussian vector, two coordinates from each draw.
fn draw_direction(mut row: ArrayViewMut1<'_, f64>, draws: &mut Generator) {
    StandardNormal::fill(row.as_slice_mut().expect("rows of a new matrix are contiguous"), draws);
    let length = norm_of(row.view());
    row /= length;
}
