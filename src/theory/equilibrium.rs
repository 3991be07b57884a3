//! Where norms settle under weight decay and gradients that never end (statement S3; chapter `docs/06-growth.md`).
//!
//! Decay takes 2γλρ² from the square of a norm at every step, and a step of length ℓ, on average orthogonal to the
//! embedding, adds ℓ². Where both are equal the norm is stationary, and since ℓ falls as ρ^(1−h) for a rule of degree h
//! (statement L6), deviations die out as exp(−2hγλt). At that norm the rotation per step does not depend on the size of
//! the gradient.
//!
//! All of it is the leading order in γλ, which has to be well below 1, and below 1 − β with momentum;
//! [`Persistent::next_order`] says what is left out. Sources: Wan et al., *Spherical Motion Dynamics*, NeurIPS 2021, for
//! gradient descent with and without momentum; the others, and the next orders, are derived for this project.

use crate::setting::{SettingError, positive, within};

/// Settings under which norms have an equilibrium, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Persistent {
    learning_rate: f64,
    decay: f64,
    frequency: f64,
}

/// The update rules whose equilibrium is known, with the settings that enter it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// Gradient descent, with coupled or decoupled decay: they are the same.
    GradientDescent,
    /// Heavy-ball momentum β with decay added to the gradient.
    HeavyBallCoupled {
        /// β.
        momentum: f64,
    },
    /// Heavy-ball momentum β with decoupled decay.
    HeavyBallDecoupled {
        /// β.
        momentum: f64,
    },
    /// AdamW with ε = 0; Adam with decoupled decay is the same.
    AdamW {
        /// The decay rate β1 of the average of gradients.
        beta1: f64,
        /// The decay rate β2 of the average of their squares.
        beta2: f64,
    },
    /// Normalized gradient descent with decoupled decay.
    NormalizedGradient,
    /// Sign descent with decoupled decay.
    SignDescent,
}

impl Rule {
    /// The degree h (statement L6): S3's norm is the 2h-th root of the mean of ρ^(2h).
    pub fn degree(self) -> u32 {
        match self {
            Self::GradientDescent | Self::HeavyBallCoupled { .. } | Self::HeavyBallDecoupled { .. } => 2,
            Self::AdamW { .. } | Self::NormalizedGradient | Self::SignDescent => 1,
        }
    }
}

/// Where a norm settles, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equilibrium {
    /// The norm ρ*. For rules of degree h it is the 2h-th root of the mean of ρ^(2h) over time.
    pub norm: f64,
    /// The root mean square of the rotation per step, in radians, over all steps, with an update or without.
    pub angle: f64,
    /// The steps in which a small deviation of the norm falls to 1/e of itself.
    pub relaxation: f64,
}

impl Equilibrium {
    /// The steps until the 2h-th root of the mean of ρ^(2h), ρ0 at first, lies within a share of ρ* (statement S3): its
    /// 2h-th power approaches ρ*^(2h) as exp(−t/τ), with τ the relaxation. 0 where it lies there already.
    ///
    /// # Errors
    /// A norm that is not positive, or a share outside (0, 1).
    ///
    /// ```
    /// use embedding_norms::theory::equilibrium::{Persistent, Rule};
    /// let settled = Persistent::new(0.1, 0.01)?.equilibrium(Rule::GradientDescent, 32.0)?;
    /// // τ = 1/(4γλ) = 250; (2⁴ − 1) e^(−t/τ) = 1.05⁴ − 1
    /// let steps = settled.steps_to(2.0 * settled.norm, Rule::GradientDescent, 0.05)?;
    /// assert!((steps - 250.0 * (15.0 / (1.05_f64.powi(4) - 1.0)).ln()).abs() < 1e-9);
    /// # Ok::<(), embedding_norms::setting::SettingError>(())
    /// ```
    pub fn steps_to(&self, start: f64, rule: Rule, share: f64) -> Result<f64, SettingError> {
        let exponent = 2.0 * f64::from(rule.degree());
        let ratio = libm::log(positive("the norm", start)?) - libm::log(self.norm);
        let share = within("the share", share, share > 0.0 && share < 1.0, "above 0 and below 1")?;
        let end = libm::log1p(if ratio > 0.0 { share } else { -share });
        // ln|e^x − 1|, for powers beyond the range of f64 too.
        let away = |x: f64| x.max(0.0) + libm::log(-libm::expm1(-x.abs()));
        Ok((self.relaxation * (away(exponent * ratio) - away(exponent * end))).max(0.0))
    }
}

/// The mean square G² = 1 − 1/d of the unit-norm gradient of −cos φ if every step has a fresh target, uniform on the
/// sphere in d dimensions.
///
/// # Errors
/// A dimension below 2.
pub fn fresh_targets(dimension: f64) -> Result<f64, SettingError> {
    Ok(1.0 - 1.0 / checked_dimension(dimension)?)
}

impl Persistent {
    /// With the learning rate γ and the strength λ of the decay.
    ///
    /// # Errors
    /// γ or λ that is not a finite number above 0, or a product γλ of 1 or more.
    pub fn new(learning_rate: f64, decay: f64) -> Result<Self, SettingError> {
        let learning_rate = positive("the learning rate γ", learning_rate)?;
        let decay = positive("the weight decay λ", decay)?;
        within("γλ", learning_rate * decay, learning_rate * decay < 1.0, "below 1, or decay overshoots zero")?;
        within("γλ", learning_rate * decay, learning_rate * decay >= 1e-250, "at least 1e-250")?;
        Ok(Self { learning_rate, decay, frequency: 1.0 })
    }

    /// With a gradient at a fraction f of the steps, at random; the gradient is zero at the others, where decay and
    /// momentum go on. 1 unless it is said.
    ///
    /// # Errors
    /// f outside (0, 1].
    pub fn frequency(self, frequency: f64) -> Result<Self, SettingError> {
        let inside = frequency > 0.0 && frequency <= 1.0;
        let frequency = within("the frequency of updates f", frequency, inside, "above 0 and at most 1")?;
        let frequency = within("the frequency of updates f", frequency, frequency >= 1e-100, "at least 1e-100")?;
        Ok(Self { frequency, ..self })
    }

    /// The frequency f.
    pub(super) fn visits(&self) -> f64 {
        self.frequency
    }

    /// The equilibrium of a rule under fresh targets, uniform on the sphere in d dimensions.
    ///
    /// ```
    /// use embedding_norms::theory::equilibrium::{Persistent, Rule};
    /// let settings = Persistent::new(0.1, 0.01)?;
    /// let adamw = settings.equilibrium(Rule::AdamW { beta1: 0.9, beta2: 0.999 }, 32.0)?;
    /// assert!((adamw.norm * adamw.norm - 160.0).abs() < 1e-9);
    /// # Ok::<(), embedding_norms::setting::SettingError>(())
    /// ```
    ///
    /// # Errors
    /// A dimension below 2; a β outside [0, 1).
    pub fn equilibrium(&self, rule: Rule, dimension: f64) -> Result<Equilibrium, SettingError> {
        let mean_square = fresh_targets(dimension)?;
        match rule {
            Rule::GradientDescent => self.gradient_descent(mean_square),
            Rule::HeavyBallCoupled { momentum } => self.heavy_ball_coupled(mean_square, momentum),
            Rule::HeavyBallDecoupled { momentum } => self.heavy_ball_decoupled(mean_square, momentum),
            Rule::AdamW { beta1, .. } => self.adamw(dimension, beta1),
            Rule::NormalizedGradient => self.normalized_gradient(),
            Rule::SignDescent => self.sign_descent(dimension),
        }
    }

    /// What the leading order leaves out of the norm, as a part of it, to the next order in γλ (and for AdamW in 1 − β2):
    /// under fresh targets the 2h-th root of the mean of ρ^(2h) is ρ*(1 + next order).
    ///
    /// With σ² = κ/f − 1 + 4β²/((1 − β²)(d − 1)), the noise of the growth (κ = `E[G⁴]/G⁴`):
    ///
    /// | rule | next order |
    /// |---|---|
    /// | gradient descent | γλ(κ/f − ½)/4 |
    /// | heavy-ball, coupled | γλ{1/(8(1 + β)) + σ²/(4(1 − β))} |
    /// | heavy-ball, decoupled | γλ{⅛ − β/(2(1 − β²)) + σ²/4} |
    /// | AdamW | γλ{¼ − β1/(1 − β1²)} − (1 − β2){3d/((d + 2)f) − 1}/4 |
    /// | normalized gradient, sign | γλ/4 |
    ///
    /// # Errors
    /// A dimension below 2; a β outside [0, 1).
    pub fn next_order(&self, rule: Rule, dimension: f64) -> Result<f64, SettingError> {
        let d = checked_dimension(dimension)?;
        let slow = |beta: f64| beta / (1.0 - beta * beta);
        let noise = |beta: f64| self.spread(d) + 4.0 * beta * slow(beta) / (d - 1.0);
        Ok(match rule {
            Rule::GradientDescent => self.product() * (0.125 + 0.25 * noise(0.0)),
            Rule::HeavyBallCoupled { momentum } => {
                let beta = checked_rate("the momentum β", momentum)?;
                self.product() * (0.125 / (1.0 + beta) + 0.25 * noise(beta) / (1.0 - beta))
            }
            Rule::HeavyBallDecoupled { momentum } => {
                let beta = checked_rate("the momentum β", momentum)?;
                self.product() * (0.125 - 0.5 * slow(beta) + 0.25 * noise(beta))
            }
            Rule::AdamW { beta1, beta2 } => {
                let (beta1, beta2) = (checked_rate("β1", beta1)?, checked_rate("β2", beta2)?);
                let memory = (1.0 - beta2) * (3.0 * d / ((d + 2.0) * self.frequency) - 1.0);
                self.product() * (0.25 - slow(beta1)) - 0.25 * memory
            }
            Rule::NormalizedGradient | Rule::SignDescent => 0.25 * self.product(),
        })
    }

    /// κ/f − 1: the variance of the squared length of the unit-norm gradient over the square of its mean, steps without a
    /// gradient among them.
    fn spread(&self, d: f64) -> f64 {
        let (square, fourth) = (1.0 - 1.0 / d, 1.0 - 2.0 / d + 3.0 / (d * (d + 2.0)));
        fourth / (square * square * self.frequency) - 1.0
    }

    /// Gradient descent: ρ*⁴ = γfG²/(2λ), angle √(2γλ), relaxation 1/(4γλ) steps, coupled or decoupled decay.
    ///
    /// The angle is the same for every f and G²: what is seen often settles at a larger norm, as f^(1/4), and rotates
    /// by as much altogether. `mean_square` is G², as from [`fresh_targets`].
    ///
    /// ```
    /// use embedding_norms::theory::equilibrium::{Persistent, fresh_targets};
    /// let often = Persistent::new(0.02, 0.01)?.gradient_descent(fresh_targets(64.0)?)?;
    /// let rarely = Persistent::new(0.02, 0.01)?.frequency(1.0 / 16.0)?.gradient_descent(fresh_targets(64.0)?)?;
    /// assert!((often.norm / rarely.norm - 2.0).abs() < 1e-12);
    /// assert_eq!(often.angle, rarely.angle);
    /// # Ok::<(), embedding_norms::setting::SettingError>(())
    /// ```
    ///
    /// # Errors
    /// A G² that is not a finite number above 0.
    pub fn gradient_descent(&self, mean_square: f64) -> Result<Equilibrium, SettingError> {
        self.heavy_ball_decoupled(mean_square, 0.0)
    }

    /// Heavy-ball momentum with decay added to the gradient: ρ*⁴ = γfG²/(2λ(1 − β)), angle √(2γλ/(1 + β)), relaxation
    /// (1 − β)/(4γλ) steps, for γλ well below (1 − β)².
    ///
    /// # Errors
    /// A G² that is not a finite number above 0; β outside [0, 1).
    pub fn heavy_ball_coupled(&self, mean_square: f64, momentum: f64) -> Result<Equilibrium, SettingError> {
        let memory = 1.0 - checked_rate("the momentum β", momentum)?;
        let strength = self.product() / memory;
        let fourth = self.linear_fourth(mean_square)? / memory;
        self.settled(2.0, fourth, 2.0 * self.product() / (1.0 + momentum), strength)
    }

    /// Heavy-ball momentum with decoupled decay: ρ*⁴ = γfG²/(2λ(1 − β)²), angle √(2γλ(1 − β)/(1 + β)), relaxation
    /// 1/(4γλ) steps.
    ///
    /// # Errors
    /// A G² that is not a finite number above 0; β outside [0, 1).
    pub fn heavy_ball_decoupled(&self, mean_square: f64, momentum: f64) -> Result<Equilibrium, SettingError> {
        let memory = 1.0 - checked_rate("the momentum β", momentum)?;
        let fourth = self.linear_fourth(mean_square)? / (memory * memory);
        self.settled(2.0, fourth, 2.0 * self.product() * memory / (1.0 + momentum), self.product())
    }

    /// AdamW in d dimensions: ρ*² = γd/(2λ), angle √(2γλ(1 − β1)/(1 + β1)), relaxation 1/(2γλ) steps.
    ///
    /// Adam divides by the root mean square of the gradient, so neither its size nor the frequency f of updates matters, as
    /// long as the average of squares sees many updates: about (3/f − 1)(1 − β2)/2 of ρ*² is missing (see
    /// [`Persistent::next_order`]), as a large gradient is part of the average that it is divided by. The relaxation is
    /// right where Adam's memory of 1/(1 − β2) steps is much shorter; near the equilibrium it is longer by 2γλ/(1 − β2) of
    /// itself.
    ///
    /// # Errors
    /// A dimension below 2; β1 outside [0, 1).
    pub fn adamw(&self, dimension: f64, beta1: f64) -> Result<Equilibrium, SettingError> {
        let memory = (1.0 - checked_rate("β1", beta1)?) / (1.0 + beta1);
        let square = self.learning_rate * checked_dimension(dimension)? / (2.0 * self.decay);
        self.settled(1.0, square, 2.0 * self.product() * memory, self.product())
    }

    /// Normalized gradient descent with decoupled decay: ρ*² = γf/(2λ), angle √(2γλ), relaxation 1/(2γλ) steps.
    pub fn normalized_gradient(&self) -> Result<Equilibrium, SettingError> {
        let square = self.learning_rate * self.frequency / (2.0 * self.decay);
        self.settled(1.0, square, 2.0 * self.product(), self.product())
    }

    /// Sign descent in d dimensions with decoupled decay: ρ*² = γfd/(2λ), angle √(2γλ), relaxation 1/(2γλ) steps.
    ///
    /// A step of signs has length γ√d and a part along z that is 0 on average and 1 − (1 − Σẑ⁴)·2/π on mean square, 0.36
    /// in many dimensions. It makes norms fluctuate by about 0.42/√d of themselves, so the mean of ρ lies about 0.09/d
    /// below ρ*, and the angle is above the formula by about 0.2/d of itself.
    ///
    /// # Errors
    /// A dimension below 2.
    pub fn sign_descent(&self, dimension: f64) -> Result<Equilibrium, SettingError> {
        let square = self.learning_rate * self.frequency * checked_dimension(dimension)? / (2.0 * self.decay);
        self.settled(1.0, square, 2.0 * self.product(), self.product())
    }

    /// γλ, the part of the norm that decay takes per step.
    fn product(&self) -> f64 {
        self.learning_rate * self.decay
    }

    /// ρ*⁴ of plain gradient descent.
    fn linear_fourth(&self, mean_square: f64) -> Result<f64, SettingError> {
        let mean_square = positive("the mean square of the unit-norm gradient", mean_square)?;
        Ok(self.learning_rate * self.frequency * mean_square / (2.0 * self.decay))
    }

    /// From ρ*^(2h), the square of the angle, and the part of the norm that decay takes per step in the long run.
    fn settled(&self, degree: f64, power: f64, angle_square: f64, shrinkage: f64) -> Result<Equilibrium, SettingError> {
        within("ρ^2h at equilibrium", power, power.is_normal(), "a number of f64 (bring γ/λ nearer to 1)")?;
        let norm = if degree == 2.0 { power.sqrt().sqrt() } else { power.sqrt() };
        Ok(Equilibrium { norm, angle: angle_square.sqrt(), relaxation: 1.0 / (2.0 * degree * shrinkage) })
    }
}

fn checked_dimension(dimension: f64) -> Result<f64, SettingError> {
    within("the dimension", dimension, dimension >= 2.0 && dimension.is_finite(), "at least 2")
}

fn checked_rate(name: &'static str, value: f64) -> Result<f64, SettingError> {
    within(name, value, (0.0..1.0).contains(&value), "0 or larger and below 1")
}
