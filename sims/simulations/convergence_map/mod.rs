//! Steps of a pair over the plane of leg ratio us and initial angle: the map that is its own mirror image (statements
//! D1, L1, L7, L8).
//!
//! A point reflection (us, φ0) ↦ (1/us, π − φ0) leaves the counts unchanged: a norm can be too short exactly as it can be
//! too long. Between the two flanks lies the curve us = tan(φ0/2) on which one step aligns the pair.

mod claims;
mod figures;
mod grid;
mod landing;
mod survey;
mod tables;

use clap::Args;
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::Table;
use embedding_norms::random::Generator;
use embedding_norms::setting::within;
use embedding_norms::theory::convergence::half_tangent_at;
use embedding_norms::theory::duality::dual;
use embedding_norms::theory::one_step::Pair;
use embedding_norms::theory::pair::{steps_of_pair, steps_of_pairs};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use grid::Grid;
use survey::Map;

/// The table of the map, one row for each φ0.
const MAP: &str = "map";
/// The table of what each row of the full grid shows.
const ROWS: &str = "rows";
/// The table of random pairs of unequal norms.
const UNEQUAL: &str = "unequal";
/// Rows and columns of the table `map`, at most.
const DRAWN: usize = 251;
/// Rows and columns of the main table, at most.
const TIDY: usize = 51;
/// Rows of the grid that are counted together.
const ROWS_PER_CELL: usize = 16;

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvergenceMap {
    /// Cells of the grid along each axis; of a large grid evenly spaced cells are drawn and kept, all are compared
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 1001)]
    cells: usize,

    /// The map reaches from us = 1/R to R
    #[arg(long, value_name = "R", value_parser = range, default_value_t = 1000.0)]
    range: f64,

    /// A pair has converged when its cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = below_one, default_value_t = 1e-3)]
    tolerance: f64,

    /// Steps after which a pair is given up
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 100_000_000)]
    budget: usize,

    /// Random pairs of unequal norms that are held against their duals, per replicate
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 5_000)]
    unequal_pairs: usize,
}

/// A number above 1, at most 10⁹.
fn range(text: &str) -> Result<f64, String> {
    let value = values::positive(text)?;
    within("the range", value, value > 1.0 && value <= 1e9, "above 1 and at most 1e9")
        .map_err(|error| error.to_string())
}

/// A tolerance below 1: from 1 on, no pair and its mirror image both need a step.
fn below_one(text: &str) -> Result<f64, String> {
    let value = values::tolerance(text)?;
    let requirement = "below 1: from there on no pair and its mirror image both need a step";
    within("the tolerance", value, value < 1.0, requirement).map_err(|error| error.to_string())
}

/// A piece of work.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// Some rows of the map.
    Rows { cells: usize, range: f64, tolerance: f64, budget: usize, from: usize, to: usize },
    /// Random pairs of unequal norms and their duals.
    Unequal { trials: usize, tolerance: f64, budget: usize },
}

/// What a piece of work finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Steps of each cell, row after row; none where the budget was spent.
    Rows(Vec<Option<u64>>),
    /// Pairs that, or whose duals, converge within the budget, and those with another count than their dual.
    Unequal { trials: u64, mismatches: u64 },
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        match self {
            Self::Rows { from, to, .. } => format!("rows {from} to {}", to - 1),
            Self::Unequal { trials, .. } => format!("{trials} pairs of unequal norms"),
        }
    }

    fn cost(&self) -> f64 {
        match self {
            Self::Rows { cells, range, from, to, .. } => 0.4 * range * (cells * (to - from)) as f64,
            Self::Unequal { trials, .. } => 5_000.0 * *trials as f64,
        }
    }
}

impl Simulation for ConvergenceMap {
    const NAME: &'static str = "convergence-map";
    const ABOUT: &'static str =
        "Steps of a pair over norm and angle: the map is its own mirror image, with a best norm between";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms convergence-map
  embedding-norms convergence-map --tolerance 0.01 --cells 501
  embedding-norms convergence-map --range 1e5 --cells 301   (further into both flanks)";
    const STATEMENTS: &'static [&'static str] = &["D1", "L1", "L7", "L8"];
    const REPLICATES: u64 = 4;
    const QUICK: &'static [&'static str] = &["--cells=151", "--range=100", "--unequal-pairs=500"];
    const FULL: &'static [&'static str] = &["--cells=4001", "--unequal-pairs=100000", "--replicates=20"];

    type Cell = Cell;
    type Finding = Finding;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let rows = |from: usize| Cell::Rows {
            cells: self.cells,
            range: self.range,
            tolerance: self.tolerance,
            budget: self.budget,
            from,
            to: (from + ROWS_PER_CELL).min(self.cells),
        };
        let mut cells: Vec<Cell> = (0..self.cells).step_by(ROWS_PER_CELL).map(rows).collect();
        cells.push(Cell::Unequal { trials: self.unequal_pairs, tolerance: self.tolerance, budget: self.budget });
        Ok(cells)
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
        match *unit.cell {
            // The map has nothing random: the first replicate is all.
            Cell::Rows { .. } if unit.unit.replicate > 0 => Ok(Finding::Rows(Vec::new())),
            Cell::Rows { cells, range, tolerance, budget, from, to } => {
                let grid = Grid::new(cells, range);
                let mut counts = Vec::with_capacity(cells * (to - from));
                for row in (from..to).take_while(|_| !unit.is_cancelled()) {
                    let step_sizes: Vec<f64> = (0..cells).map(|column| grid.step_size(row, column)).collect();
                    let half_tangents = vec![grid.half_tangents[row]; cells];
                    counts.extend(steps_of_pairs(&half_tangents, &step_sizes, tolerance, budget as u64)?);
                }
                Ok(Finding::Rows(counts))
            }
            Cell::Unequal { trials, tolerance, budget } => {
                unequal_pairs(trials, tolerance, budget as u64, &mut unit.generator)
            }
        }
    }

    fn tables(&self, _cells: &[Cell], found: Vec<(Unit, Finding)>) -> Result<Tables, Failure> {
        let mut counts: Vec<Option<u64>> = Vec::with_capacity(self.cells * self.cells);
        let mut unequal = Table::new(&["replicate", "trials", "mismatches"]);
        for (unit, finding) in found {
            match finding {
                Finding::Rows(rows) => counts.extend(rows),
                Finding::Unequal { trials, mismatches } => {
                    unequal.push([unit.replicate.into(), trials.into(), mismatches.into()]);
                }
            }
        }
        let grid = Grid::new(self.cells, self.range);
        let map = Map { grid: &grid, counts: &counts, tolerance: self.tolerance };
        Ok(Tables::new([("", map.tidy(TIDY)), (MAP, map.compact(DRAWN)), (ROWS, map.rows()), (UNEQUAL, unequal)]))
    }

    fn claims(&self, tables: &Tables, _replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        figures::figures(tables)
    }
}

/// Pairs of random angles and leg ratios, √(ab) from 1/100 to 100 and a/b from 1/100 to 100, against their duals.
fn unequal_pairs(trials: usize, tolerance: f64, budget: u64, generator: &mut Generator) -> Result<Finding, Failure> {
    let (mut counted, mut mismatches) = (0, 0);
    // φ0 between φ_ε and π − φ_ε.
    let nearest = 2.0 * libm::atan(half_tangent_at(tolerance));
    for _ in 0..trials {
        let angle = generator.random_range(nearest..std::f64::consts::PI - nearest);
        let mut decades = |range: f64| libm::pow(10.0, generator.random_range(-range..range));
        let (mean, ratio) = (decades(2.0), decades(1.0));
        let sine = libm::sin(angle);
        let pair =
            Pair { half_tangent: libm::tan(0.5 * angle), first: mean * ratio / sine, second: mean / (ratio * sine) };
        let here = steps_of_pair(pair, tolerance, budget)?.steps();
        let there = steps_of_pair(dual(pair)?, tolerance, budget)?.steps();
        counted += u64::from(here.or(there).is_some());
        mismatches += u64::from(here != there);
    }
    Ok(Finding::Unequal { trials: counted, mismatches })
}
