//! What norms encode where embeddings are free: how often they are visited and how well their positives agree (statement
//! S8; chapter `docs/08-specificity.md`).
//!
//! An embedding whose positives scatter around a mean direction μ keeps a gradient however well it is placed. Its mean
//! square G² falls with the agreement, so that under decay (statement S3), and without it (statement S2), what agrees is
//! *shorter*. All of it is about free embeddings: encoders share parameters.

use ndarray::ArrayView2;

use crate::setting::{SettingError, positive, within};
use crate::sphere::{SphereError, inner, mean_resultant_length};
use crate::theory::equilibrium::{Equilibrium, Persistent, Rule};

/// Positives drawn afresh at every visit from a von Mises-Fisher distribution around a mean direction μ in R^d, with what
/// the closed forms need of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Positives {
    dimension: usize,
    concentration: f64,
    agreement: f64,
    /// A_{d+2}(κ).
    higher: f64,
}

/// Where norm and direction settle under decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settled {
    /// The leading order, as γλ → 0: the norm, the rms angle per step and the relaxation of S3.
    pub equilibrium: Equilibrium,
    /// What the direction's own jitter adds to ρ⁴, as a part of it.
    pub excess: f64,
    /// The mean of sin²θ, θ the angle between the embedding and μ.
    pub sine_square: f64,
}

/// Conditions under which norms grow without decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// γ.
    pub learning_rate: f64,
    /// β of heavy ball; 0 is plain descent.
    pub momentum: f64,
    /// The frequency f of visits.
    pub frequency: f64,
    /// ρ0.
    pub initial_norm: f64,
}

impl Settled {
    /// The fourth root of the mean of ρ⁴, with the jitter.
    pub fn norm(&self) -> f64 {
        self.equilibrium.norm * (1.0 + self.excess).sqrt().sqrt()
    }
}

impl Positives {
    /// In d dimensions with the concentration κ; 0 is the uniform distribution, fresh targets everywhere.
    ///
    /// # Errors
    /// A dimension below 2, or a concentration that is negative or not finite.
    pub fn new(dimension: usize, concentration: f64) -> Result<Self, SphereError> {
        let agreement = mean_resultant_length(dimension, concentration)?;
        let higher = mean_resultant_length(dimension + 2, concentration)?;
        Ok(Self { dimension, concentration, agreement, higher })
    }

    /// The agreement A_d(κ) = I_{d/2}(κ)/I_{d/2−1}(κ): the mean cosine of a positive with μ, in [0, 1].
    pub fn agreement(&self) -> f64 {
        self.agreement
    }

    /// The mean square G² = 1 − E(μ·y)² = (d − 1)A_d(κ)/κ of the unit-norm gradient of −cos φ at μ, formed as
    /// (d − 1)/(d + κ A_{d+2}(κ)), which needs no limit at κ = 0.
    ///
    /// ```
    /// use embedding_norms::theory::specificity::Positives;
    /// assert!((Positives::new(20, 0.0)?.mean_square() - 0.95).abs() < 1e-15); // 1 − 1/d
    /// assert!(Positives::new(20, 100.0)?.mean_square() < 0.18);
    /// # Ok::<(), embedding_norms::sphere::SphereError>(())
    /// ```
    pub fn mean_square(&self) -> f64 {
        (self.dimension - 1) as f64 / (self.dimension as f64 + self.concentration * self.higher)
    }

    /// The embedding settled under decay: ρ⁴ = γfG²/(2λ)·(1 + excess) for plain descent, and S3's forms under heavy ball.
    ///
    /// With w = γ/ρ*² (under heavy ball γ/((1 − β)ρ*²)), which is √(2γλ/(fG²)) (under coupled heavy ball
    /// √(2γλ/((1 − β)fG²))), the direction is itself von Mises-Fisher around μ with the concentration k = 2κ/w, and to the
    /// first order in w
    ///
    /// excess = A_d(κ) A_{d+2}(κ) E\[sin²θ\]/G² − w f A_d(κ) A_d(k) β/(1 + β), E\[sin²θ\] = (d − 1)A_d(k)/k,
    ///
    /// which is ½ w A_{d+2}(κ) for plain descent where k is large. The norms of rules of degree 1 know neither G² nor,
    /// for AdamW, f; they are refused.
    ///
    /// ```
    /// use embedding_norms::theory::{equilibrium::{Persistent, Rule}, specificity::Positives};
    /// let settings = Persistent::new(0.01, 0.01)?;
    /// let [vague, sharp] = [Positives::new(20, 1.0)?, Positives::new(20, 100.0)?]
    ///     .map(|positives| positives.settled(&settings, Rule::GradientDescent).map(|settled| settled.norm()));
    /// assert!(sharp? < 0.7 * vague?); // what agrees is shorter
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A rule of degree 1; β outside [0, 1); a norm beyond f64.
    pub fn settled(&self, settings: &Persistent, rule: Rule) -> Result<Settled, SettingError> {
        let square = self.mean_square();
        let (equilibrium, momentum) = match rule {
            Rule::GradientDescent => (settings.gradient_descent(square)?, 0.0),
            Rule::HeavyBallCoupled { momentum } => (settings.heavy_ball_coupled(square, momentum)?, momentum),
            Rule::HeavyBallDecoupled { momentum } => (settings.heavy_ball_decoupled(square, momentum)?, momentum),
            _ => {
                let degree = f64::from(rule.degree());
                within(
                    "the degree h of the rule",
                    degree,
                    false,
                    "2: rules of degree 1 divide by the gradient's size",
                )?;
                unreachable!("it was refused")
            }
        };
        // Decay takes 1/(4·relaxation) of the norm per step in the long run.
        let visits = settings.visits();
        let step = 1.0 / (2.0 * equilibrium.relaxation * visits * square).sqrt();
        let direction = self.direction(step)?;
        let sine_square = direction.mean_square();
        let spread = self.agreement * self.higher * sine_square / square;
        let memory = step * visits * self.agreement * direction.agreement * momentum / (1.0 + momentum);
        Ok(Settled { equilibrium, excess: spread - memory, sine_square })
    }

    /// The distribution of the embedding's own direction around μ at the step size w: concentration 2κ/w.
    fn direction(&self, step: f64) -> Result<Self, SettingError> {
        let concentration = 2.0 * self.concentration / step;
        let refusal = || within("2κρ²/γ", concentration, false, "a number of f64 (take a smaller κ or a larger γ/ρ²)");
        Self::new(self.dimension, concentration).map_err(|_| refusal().expect_err("it is refused"))
    }

    /// The mean of ρ⁴ without decay, after a number of steps from the norm ρ0 with the direction at μ (statement S2 with its
    /// jitter): with γ' = γ/(1 − β) and R = ρ0⁴ + 2γ'²fG²·steps,
    ///
    /// ρ⁴ = R + γ'{A_{d+2}(κ) − 2fA_d(κ)β/(1 + β)}(√R − ρ0²).
    ///
    /// Right to the first order in γ'/ρ², where the direction settles faster than the norm grows.
    ///
    /// # Errors
    /// A learning rate or a norm that is not positive, β outside [0, 1), f outside (0, 1], steps below 0, or a ρ⁴ that is
    /// beyond f64.
    pub fn grown(&self, growth: &Growth, steps: f64) -> Result<f64, SettingError> {
        let Growth { learning_rate, momentum, frequency, initial_norm } = *growth;
        let momentum = within("the momentum β", momentum, (0.0..1.0).contains(&momentum), "0 or larger and below 1")?;
        let inside = frequency > 0.0 && frequency <= 1.0;
        let visits = within("the frequency of updates f", frequency, inside, "above 0 and at most 1")?;
        let gamma = positive("the learning rate", learning_rate)? / (1.0 - momentum);
        let start = positive("the initial norm", initial_norm)?;
        let start = start * start;
        within("the number of steps", steps, steps >= 0.0, "0 or larger")?;
        let grown = start * start + 2.0 * gamma * gamma * visits * self.mean_square() * steps;
        let jitter = self.higher - 2.0 * visits * self.agreement * momentum / (1.0 + momentum);
        let mean = grown + gamma * jitter * (grown.sqrt() - start);
        let is_right = mean.is_normal();
        within(
            "the fourth power of the norm",
            mean,
            is_right,
            "a number of f64 (bring the norm and the rate nearer to 1)",
        )
    }
}

/// The mean square G² of unit-norm gradients, (n × d), the rows of a batch: what S3 takes for a loss whose G² has no closed
/// form, such as InfoNCE with its negatives. A row is the whole gradient P_z(∂L/∂ẑ) of an embedding that was visited.
///
/// With many uniform negatives InfoNCE at temperature τ has G²/τ² of [`Positives::mean_square`]: what negatives pull on the
/// average points along the embedding, and the projection removes it.
///
/// # Errors
/// No row, or a mean that is not a positive finite number.
pub fn mean_square_of(gradients: ArrayView2<'_, f64>) -> Result<f64, SettingError> {
    let sum = gradients.rows().into_iter().fold(0.0, |sum, row| sum + inner(row, row));
    positive("the mean square of the unit-norm gradient", sum / gradients.nrows() as f64)
}
