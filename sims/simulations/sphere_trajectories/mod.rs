//! Pairs on their way over the sphere in three dimensions, for norms that are too short, best and too long
//! (statements D1, D2 and L8).
//!
//! The same pairs start three times at one learning rate. From the best norm √(γ(1 + cos φ0)) they meet in one step,
//! shorter ones pass each other, longer ones take many small steps. Random pairs back what the pictures show.

mod animation;
mod claims;
mod figures;
mod trials;
mod view;

use clap::{ArgAction, Args};
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::Table;
use embedding_norms::loss::NegativeCosine;
use embedding_norms::simulation::{Cadence, PairDescent, Start, StopRules};
use embedding_norms::sphere::norm_of;
use embedding_norms::theory::duality::best_norm;
use ndarray::{Array2, ArrayView1, array};
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use trials::Trials;

/// The table of random pairs.
const TRIALS: &str = "trials";

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
    #[arg(long, value_name = "γ", value_parser = values::positive, default_value_t = 0.02)]
    learning_rate: f64,

    /// Stop when the cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Random pairs behind the claims, per replicate
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 50)]
    trials: usize,
}

/// A length of embeddings, against the best one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Regime {
    Short,
    Best,
    Long,
}

/// All regimes, in the order of the panels.
pub const REGIMES: [Regime; 3] = [Regime::Short, Regime::Best, Regime::Long];

impl Regime {
    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Best => "best",
            Self::Long => "long",
        }
    }
}

/// A piece of work.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// One pair of the picture; the same in every replicate.
    Path { pair: usize, pairs: usize, angle: f64, regime: Regime, norm: f64, learning_rate: f64, tolerance: f64 },
    /// Random pairs.
    Trials { trials: usize },
}

/// What a piece of work finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Both members' positions after each step.
    Path { stop: String, first: Vec<[f64; 3]>, second: Vec<[f64; 3]> },
    /// Of random pairs.
    Trials(Trials),
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        match self {
            Self::Path { angle, regime, .. } => format!("{} norm from {angle} radians", regime.name()),
            Self::Trials { trials } => format!("{trials} random pairs"),
        }
    }

    fn cost(&self) -> f64 {
        match self {
            Self::Path { .. } => 1e5,
            Self::Trials { trials } => 1e6 * *trials as f64,
        }
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

    type Cell = Cell;
    type Finding = Finding;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let mut cells = Vec::new();
        for regime in REGIMES {
            for (pair, &angle) in self.angles.iter().enumerate() {
                cells.push(Cell::Path {
                    pair,
                    pairs: self.angles.len(),
                    angle,
                    regime,
                    norm: self.norm(regime, angle)?,
                    learning_rate: self.learning_rate,
                    tolerance: self.tolerance,
                });
            }
        }
        cells.push(Cell::Trials { trials: self.trials });
        Ok(cells)
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
        match *unit.cell {
            Cell::Trials { trials } => Ok(Finding::Trials(Trials::run(trials, unit)?)),
            Cell::Path { pair, pairs, angle, norm, learning_rate, tolerance, .. } => {
                let (first, second) = view::placed(pair, pairs, angle);
                let start = Start::pairs(row(first) * norm, row(second) * norm);
                let cancelled = || unit.is_cancelled();
                let stops = StopRules::budget(100_000).mean_cosine(tolerance)?.cancelled_by(&cancelled);
                let descent = PairDescent::new(NegativeCosine::symmetric(), learning_rate)?;
                let outcome = descent.records(Cadence::every(1)?).record_positions().run(start, &stops)?;
                let positions = outcome.records.iter().filter_map(|record| record.positions.as_ref());
                let (first, second) = positions
                    .filter_map(|(first, second)| Some((point(first.row(0)), point(second.as_ref()?.row(0)))))
                    .unzip();
                Ok(Finding::Path { stop: outcome.stop.name().to_owned(), first, second })
            }
        }
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Finding)>) -> Result<Tables, Failure> {
        let mut main =
            Table::new(&["regime", "pair", "angle", "member", "step", "x", "y", "z", "norm", "last_step", "stop"]);
        let mut trials = Trials::table();
        for (unit, finding) in found {
            match (&cells[unit.cell], finding) {
                // Every replicate of a path is the same.
                (Cell::Path { pair, angle, regime, .. }, Finding::Path { stop, first, second })
                    if unit.replicate == 0 =>
                {
                    for (member, points) in [("first", first), ("second", second)] {
                        for (step, &[x, y, z]) in points.iter().enumerate() {
                            let norm = norm_of(array![x, y, z].view());
                            main.push([
                                regime.name().into(),
                                (*pair).into(),
                                (*angle).into(),
                                member.into(),
                                step.into(),
                                x.into(),
                                y.into(),
                                z.into(),
                                norm.into(),
                                (points.len() - 1).into(),
                                stop.as_str().into(),
                            ]);
                        }
                    }
                }
                (_, Finding::Trials(found)) => trials.push(found.row(unit.replicate)),
                _ => {}
            }
        }
        Ok(Tables::new([("", main), (TRIALS, trials)]))
    }

    fn claims(&self, tables: &Tables, _replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok(claims::claims(tables.get(TRIALS)?)?)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables.get("")?)?)])
    }

    fn animations(tables: &Tables) -> Result<Vec<(&'static str, Vec<Figure>)>, Failure> {
        Ok(vec![("", animation::frames(tables.get("")?)?)])
    }
}

impl SphereTrajectories {
    /// The initial norm of both members.
    fn norm(&self, regime: Regime, angle: f64) -> Result<f64, Failure> {
        Ok(match regime {
            Regime::Short => self.short * best_norm(self.learning_rate, angle)?,
            Regime::Best => best_norm(self.learning_rate, angle)?,
            Regime::Long => self.long * (2.0 * self.learning_rate).sqrt(),
        })
    }
}

fn row(point: [f64; 3]) -> Array2<f64> {
    array![point]
}

fn point(row: ArrayView1<'_, f64>) -> [f64; 3] {
    [row[0], row[1], row[2]]
}
