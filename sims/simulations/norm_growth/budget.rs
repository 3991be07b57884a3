//! What the squared norms of pairs gain until they converge, against what the loss loses (statement S1).

use embedding_norms::loss::NegativeCosine;
use embedding_norms::optimizer::{HeavyBall, Nesterov, Optimizer};
use embedding_norms::simulation::{Descent, Outcome, PairDescent, Start, StopRules};
use embedding_norms::sphere::{Cosine, cosines, inner, normalize, uniform};
use embedding_norms::statistics::mean;
use embedding_norms::theory::growth::{heavy_ball_factor, nesterov_factor};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study, name_of};

/// More steps than any run takes.
const BUDGET: u64 = 100_000_000;
/// 1 − cos φ at which pairs under momentum stop: the velocity that is left is as small.
const MOMENTUM_TOLERANCE: f64 = 1e-6;

/// Pairs of two norms under plain descent.
#[derive(Clone, Debug, Serialize)]
pub struct Budget {
    pub norm: f64,
    pub ratio: f64,
    pub step_sizes: Vec<f64>,
    pub pairs: usize,
    pub dimension: usize,
    pub tolerance: f64,
}

/// What one run of them finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BudgetRow {
    pub norm: f64,
    pub norm_ratio: f64,
    pub step_size: f64,
    pub replicate: u64,
    learning_rate: f64,
    steps: u64,
    stop: String,
    spent: f64,
    growth: f64,
    pub relative_growth: f64,
    pub budget_ratio: f64,
    pub budget_law: f64,
    pub first_share: f64,
    pub share_relative: f64,
    pub share_law: f64,
    pairs: usize,
}

impl Row for BudgetRow {
    const TABLE: &'static str = "";
}

impl BudgetRow {
    /// Growth over γ(L_0 − L_T), over S1's first correction of it.
    pub fn budget_over_law(&self) -> f64 {
        self.budget_ratio / self.budget_law
    }

    /// What rows at all step sizes have in common.
    pub fn population(&self) -> (f64, f64, u64) {
        (self.norm, self.norm_ratio, self.replicate)
    }
}

/// A rule with momentum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    HeavyBall,
    Nesterov,
}

/// Pairs of norm 1 under momentum.
#[derive(Clone, Debug, Serialize)]
pub struct Momentum {
    pub rule: Rule,
    pub momentum: f64,
    /// γ/(ρ²(1 − μ)).
    pub step: f64,
    pub pairs: usize,
    pub dimension: usize,
}

/// What one run of them finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MomentumRow {
    pub rule: Rule,
    pub momentum: f64,
    pub replicate: u64,
    step: f64,
    steps: u64,
    stop: String,
    pub budget_ratio: f64,
    factor: f64,
    pub relative: f64,
    pairs: usize,
}

impl Row for MomentumRow {
    const TABLE: &'static str = "momentum";
}

impl Study for Budget {
    type Rows = Vec<BudgetRow>;

    fn label(&self) -> String {
        format!("budget, norms {} and {}", self.norm, self.norm * self.ratio)
    }

    fn cost(&self) -> f64 {
        self.step_sizes.iter().map(|u| 8.0 / u * self.pairs as f64 * 6.0).sum()
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<BudgetRow>, Failure> {
        let first = uniform(self.pairs, self.dimension, &mut unit.generator)?;
        let second = uniform(self.pairs, self.dimension, &mut unit.generator)?;
        let (first, second) = (first * self.norm, second * (self.norm * self.ratio));
        let cancelled = || unit.is_cancelled();
        let stops = StopRules::budget(BUDGET).every_pair(self.tolerance)?.cancelled_by(&cancelled);
        let mut rows = Vec::new();
        for &step_size in &self.step_sizes {
            let gamma = step_size * self.norm * self.norm;
            let descent = PairDescent::new(NegativeCosine::symmetric(), gamma)?;
            let outcome = descent.run(Start::pairs(first.clone(), second.clone()), &stops)?;
            let gains = Gains::of(&first, &second, &outcome)?;
            rows.push(self.account(step_size, unit.unit.replicate, &outcome, &gains));
        }
        Ok(rows)
    }
}

impl Budget {
    fn account(&self, step_size: f64, replicate: u64, outcome: &Outcome, gains: &Gains) -> BudgetRow {
        let learning_rate = step_size * self.norm * self.norm;
        let (alpha, beta) = (step_size, step_size / (self.ratio * self.ratio));
        let start = (self.norm * self.norm * (1.0 + self.ratio * self.ratio)) * self.pairs as f64;
        // A run that stops at c_T instead of 1 has c_T² − c_0² in place of 1 − c_0² in S1's correction, and so on.
        let corrected = |(before, after): &(Cosine, Cosine)| {
            let spent = before.one_minus - after.one_minus;
            spent * (1.0 + 0.25 * (alpha + beta) * (before.value() + after.value()))
        };
        let share_law =
            |(before, after): &(Cosine, Cosine)| 1.0 - 0.5 * (alpha - beta) * (before.one_minus - after.one_minus);
        let shares: Vec<f64> =
            gains.first.iter().zip(&gains.second).map(|(first, second)| first / second * beta / alpha).collect();
        let (growth, spent) = (gains.total(), gains.spent());
        BudgetRow {
            norm: self.norm,
            norm_ratio: self.ratio,
            step_size,
            replicate,
            learning_rate,
            steps: outcome.steps,
            stop: outcome.stop.name().to_owned(),
            spent,
            growth,
            relative_growth: growth / start,
            budget_ratio: growth / (learning_rate * spent),
            budget_law: gains.cosines.iter().map(corrected).sum::<f64>() / spent,
            first_share: gains.first.iter().sum::<f64>() / growth,
            share_relative: mean(&shares),
            share_law: mean(&gains.cosines.iter().map(share_law).collect::<Vec<_>>()),
            pairs: self.pairs,
        }
    }
}

/// What each member gained, and the cosines before and after.
struct Gains {
    first: Vec<f64>,
    second: Vec<f64>,
    cosines: Vec<(Cosine, Cosine)>,
}

impl Gains {
    fn of(first: &Array2<f64>, second: &Array2<f64>, outcome: &Outcome) -> Result<Self, Failure> {
        let last = outcome.second.as_ref().unwrap_or(second);
        let before = cosines(normalize(first.view())?.units(), normalize(second.view())?.units());
        let after = cosines(normalize(outcome.first.view())?.units(), normalize(last.view())?.units());
        Ok(Self {
            first: gains(first, &outcome.first),
            second: gains(second, last),
            cosines: before.into_iter().zip(after).collect(),
        })
    }

    fn total(&self) -> f64 {
        self.first.iter().chain(&self.second).sum()
    }

    /// L_0 − L_T.
    fn spent(&self) -> f64 {
        self.cosines.iter().map(|(before, after)| before.one_minus - after.one_minus).sum()
    }
}

/// ‖z_T‖² − ‖z_0‖² of each row.
fn gains(before: &Array2<f64>, after: &Array2<f64>) -> Vec<f64> {
    let rows = before.rows().into_iter().zip(after.rows());
    rows.map(|(before, after)| inner(after, after) - inner(before, before)).collect()
}

impl Rule {
    /// By what factor S1 says that it multiplies the budget.
    fn factor(self, momentum: f64) -> Result<f64, Failure> {
        Ok(match self {
            Self::HeavyBall => heavy_ball_factor(momentum)?,
            Self::Nesterov => nesterov_factor(momentum)?,
        })
    }

    fn optimizer(self, momentum: f64) -> Result<Box<dyn Optimizer>, Failure> {
        Ok(match self {
            Self::HeavyBall => Box::new(HeavyBall::new(momentum)?),
            Self::Nesterov => Box::new(Nesterov::new(momentum)?),
        })
    }
}

impl Study for Momentum {
    type Rows = Vec<MomentumRow>;

    fn label(&self) -> String {
        format!("{} momentum {}", name_of(&self.rule), self.momentum)
    }

    fn cost(&self) -> f64 {
        6.0 / self.step * self.pairs as f64 * 200.0
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<MomentumRow>, Failure> {
        let first = uniform(self.pairs, self.dimension, &mut unit.generator)?;
        let second = uniform(self.pairs, self.dimension, &mut unit.generator)?;
        let cancelled = || unit.is_cancelled();
        let stops = StopRules::budget(BUDGET).every_pair(MOMENTUM_TOLERANCE)?.cancelled_by(&cancelled);
        let gamma = self.step * (1.0 - self.momentum);
        let (loss, optimizer) = (NegativeCosine::symmetric(), self.rule.optimizer(self.momentum)?);
        let outcome =
            Descent::new(&loss, optimizer.as_ref(), gamma)?.run(Start::pairs(first.clone(), second.clone()), &stops)?;
        let gains = Gains::of(&first, &second, &outcome)?;
        let (budget_ratio, factor) = (gains.total() / (gamma * gains.spent()), self.rule.factor(self.momentum)?);
        Ok(vec![MomentumRow {
            rule: self.rule,
            momentum: self.momentum,
            replicate: unit.unit.replicate,
            step: self.step,
            steps: outcome.steps,
            stop: outcome.stop.name().to_owned(),
            budget_ratio,
            factor,
            relative: budget_ratio / factor,
            pairs: self.pairs,
        }])
    }
}
