//! Trajectories of pairs on the sphere in three dimensions, for norms that are too short, best and too long
//! (statements D1, D2 and L8).
//!
//! The same pairs start three times at one learning rate. From the best norm √(γ(1 + cos φ0)) they meet in one step,
//! shorter ones pass each other, longer ones take many small steps. Random pairs support what the pictures show.

mod animation;
mod claims;
mod figures;
mod trials;
mod view;

use clap::{ArgAction, Args};
use embedding_norms::loss::NegativeCosine;
use embedding_norms::simulation::{Cadence, PairDescent, Start, StopRules};
use embedding_norms::sphere::norm_of;
use embedding_norms::theory::duality::best_norm;
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use ndarray::{ArrayView1, array};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::rates::{self, PerEmbedding};
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::{Context, Plan, Row, Study};
use trials::Trials;

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SphereTrajectories {
    /// Initial angles of the pairs, in radians
    #[arg(long, value_name = "φ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::angle,
          default_value = "1,1.8,2.9", num_args = 1)]
    angles: Vec<f64>,

    /// The shorter norm, in units of the best one
    #[arg(long, value_name = "FACTOR", value_parser = values::positive, default_value_t = 0.5)]
    short: f64,

    /// The longer norm, in units of √(2γ): the best norm of close pairs, above which no pair ever overshoots
    #[arg(long, value_name = "FACTOR", value_parser = values::positive, default_value_t = 2.0)]
    long: f64,

    /// Learning rate γ per pair
    #[arg(long, value_name = "γ", value_parser = rates::read_per_embedding, default_value = "0.02")]
    learning_rate: PerEmbedding,

    /// Stop when the cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Random pairs behind the claims, per replicate
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 50)]
    trials: usize,
}

/// A length of embeddings, against the best one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Regime {
    Short,
    Best,
    Long,
}

/// All regimes, in the order of the panels.
const REGIMES: [Regime; 3] = [Regime::Short, Regime::Best, Regime::Long];

/// One pair of the picture.
#[derive(Debug, Serialize)]
struct Path {
    pair: usize,
    pairs: usize,
    angle: f64,
    regime: Regime,
    norm: f64,
    learning_rate: f64,
    tolerance: f64,
}

/// A member of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Member {
    First,
    Second,
}

/// Where a member is after a step.
#[derive(Debug, Serialize, Deserialize)]
struct PointRow {
    regime: Regime,
    pair: usize,
    angle: f64,
    member: Member,
    step: usize,
    x: f64,
    y: f64,
    z: f64,
    norm: f64,
    last_step: usize,
    stop: String,
}

impl Row for PointRow {
    const TABLE: &'static str = "";
}

impl Study for Path {
    type Rows = Vec<PointRow>;

    fn label(&self) -> String {
        let regime = match self.regime {
            Regime::Short => "short",
            Regime::Best => "best",
            Regime::Long => "long",
        };
        format!("{regime} norm from {} radians", self.angle)
    }

    fn cost(&self) -> f64 {
        1e5
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<PointRow>, Failure> {
        // Nothing is random: one replicate is enough.
        if unit.unit.replicate > 0 {
            return Ok(Vec::new());
        }
        let (first, second) = view::placed(self.pair, self.pairs, self.angle);
        let start = Start::pairs(array![first] * self.norm, array![second] * self.norm);
        let cancelled = || unit.is_cancelled();
        let stops = StopRules::budget(100_000).mean_cosine(self.tolerance)?.cancelled_by(&cancelled);
        let descent = PairDescent::new(NegativeCosine::symmetric(), self.learning_rate)?;
        let outcome = descent.records(Cadence::every(1)?).record_positions().run(start, &stops)?;
        let positions: Vec<_> = outcome.records.iter().filter_map(|record| record.positions.as_ref()).collect();
        let last_step = positions.len() - 1;
        let row = |member, step, point: ArrayView1<'_, f64>| PointRow {
            regime: self.regime,
            pair: self.pair,
            angle: self.angle,
            member,
            step,
            x: point[0],
            y: point[1],
            z: point[2],
            norm: norm_of(point),
            last_step,
            stop: outcome.stop.name().to_owned(),
        };
        let firsts = positions.iter().enumerate().map(|(step, (first, _))| row(Member::First, step, first.row(0)));
        let seconds = positions.iter().enumerate().filter_map(|(step, (_, second))| Some((step, second.as_ref()?)));
        Ok(firsts.chain(seconds.map(|(step, second)| row(Member::Second, step, second.row(0)))).collect())
    }
}

impl Simulation for SphereTrajectories {
    const NAME: &'static str = "sphere-trajectories";
    const ABOUT: &'static str = "Pairs on the sphere: norms that are too short, best and too long";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms sphere-trajectories
  embedding-norms sphere-trajectories --angles 0.5,3 --short 0.3 --long 3";
    const STATEMENTS: &'static [&'static str] = &["D1", "D2", "L8"];
    const REPLICATES: u64 = 4;
    const QUICK: &'static [&'static str] = &["--trials=10", "--replicates=2"];
    const FULL: &'static [&'static str] = &["--trials=1000"];

    fn plan(&self) -> Result<Plan, Failure> {
        let mut paths = Vec::new();
        for regime in REGIMES {
            for (pair, &angle) in self.angles.iter().enumerate() {
                let (pairs, norm) = (self.angles.len(), self.norm(regime, angle)?);
                let (learning_rate, tolerance) = (self.learning_rate.get(), self.tolerance);
                paths.push(Path { pair, pairs, angle, regime, norm, learning_rate, tolerance });
            }
        }
        Plan::default().kind("path", paths)?.kind("trials", [Trials { trials: self.trials }])
    }

    fn claims(&self, tables: &Tables, _replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok(claims::claims(&tables.rows()?))
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(&tables.rows()?))])
    }

    fn animations(tables: &Tables) -> Result<Vec<(&'static str, Vec<Figure>)>, Failure> {
        Ok(vec![("", animation::frames(&tables.rows()?))])
    }
}

impl SphereTrajectories {
    /// The initial norm of both members.
    fn norm(&self, regime: Regime, angle: f64) -> Result<f64, Failure> {
        Ok(match regime {
            Regime::Short => self.short * best_norm(self.learning_rate.get(), angle)?,
            Regime::Best => best_norm(self.learning_rate.get(), angle)?,
            Regime::Long => self.long * (2.0 * self.learning_rate.get()).sqrt(),
        })
    }
}
