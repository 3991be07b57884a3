//! Steps of a pair over the plane of leg ratio us and initial angle: the map that is its own mirror image (statements
//! D1, L1, L7, L8).
//!
//! A point reflection (us, φ0) ↦ (1/us, π − φ0) leaves the counts unchanged: a norm can be too short exactly as it can be
//! too long. Between the two flanks lies the curve us = tan(φ0/2) on which one step aligns the pair.

mod claims;
mod figures;
mod landing;
mod rows;
mod survey;

use clap::Args;
use embedding_norms::setting::within;
use embedding_norms::theory::convergence::half_tangent_at;
use embedding_norms::theory::duality::dual;
use embedding_norms::theory::map::{Grid, Map};
use embedding_norms::theory::one_step::Pair;
use embedding_norms::theory::pair::steps_of_pair;
use embedding_norms_lab::claim::Claim;
use embedding_norms_lab::figure::Figure;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::{Context, Plan, Study};
use rows::{CountsRow, UnequalRow};

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

    /// Random pairs of unequal norms that are compared with their duals, per replicate
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

/// Some rows of the map.
#[derive(Debug, Serialize)]
struct Band {
    cells: usize,
    range: f64,
    tolerance: f64,
    budget: usize,
    from: usize,
    to: usize,
}

/// Random pairs of unequal norms and their duals.
#[derive(Debug, Serialize)]
struct Unequal {
    trials: usize,
    tolerance: f64,
    budget: usize,
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

    fn plan(&self) -> Result<Plan, Failure> {
        let (cells, range, tolerance, budget) = (self.cells, self.range, self.tolerance, self.budget);
        let band = |from: usize| Band { cells, range, tolerance, budget, from, to: (from + ROWS_PER_CELL).min(cells) };
        Plan::default()
            .kind("rows", (0..cells).step_by(ROWS_PER_CELL).map(band))?
            .kind("unequal", [Unequal { trials: self.unequal_pairs, tolerance, budget }])
    }

    fn derive(&self, tables: &mut Tables) -> Result<(), Failure> {
        let (grid, rows) = (Grid::new(self.cells, self.range), tables.take::<CountsRow>()?);
        let counts = rows.iter().map(|row| row.steps.as_slice()).collect();
        let map = Map { grid: &grid, counts, tolerance: self.tolerance };
        tables.push_rows(&survey::tidy(&map, TIDY))?;
        tables.push_rows(&survey::compact(&map, DRAWN))?;
        Ok(tables.push_rows(&survey::survey(&map))?)
    }

    fn claims(&self, tables: &Tables, _replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok(claims::claims(&tables.rows()?, &tables.rows()?))
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(figures::figure(&tables.rows()?)?.map(|figure| ("", figure)).into_iter().collect())
    }
}

impl Study for Band {
    type Rows = Vec<CountsRow>;

    fn label(&self) -> String {
        format!("rows {} to {}", self.from, self.to - 1)
    }

    fn cost(&self) -> f64 {
        0.4 * self.range * (self.cells * (self.to - self.from)) as f64
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<CountsRow>, Failure> {
        // The map is deterministic: one replicate is enough.
        if unit.unit.replicate > 0 {
            return Ok(Vec::new());
        }
        let grid = Grid::new(self.cells, self.range);
        let row = |row: usize| Ok(CountsRow { steps: grid.steps(row, self.tolerance, self.budget as u64)? });
        (self.from..self.to).take_while(|_| !unit.is_cancelled()).map(row).collect()
    }
}

impl Study for Unequal {
    type Rows = Vec<UnequalRow>;

    fn label(&self) -> String {
        format!("{} pairs of unequal norms", self.trials)
    }

    fn cost(&self) -> f64 {
        5_000.0 * self.trials as f64
    }

    /// Pairs of random angles and leg ratios, √(ab) from 1/100 to 100 and a/b from 1/100 to 100, against their duals.
    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<UnequalRow>, Failure> {
        let (generator, tolerance, budget) = (&mut unit.generator, self.tolerance, self.budget as u64);
        let mut row = UnequalRow { replicate: unit.unit.replicate, trials: 0, mismatches: 0 };
        // φ0 between φ_ε and π − φ_ε.
        let nearest = 2.0 * libm::atan(half_tangent_at(tolerance));
        for _ in 0..self.trials {
            let angle = generator.random_range(nearest..std::f64::consts::PI - nearest);
            let mut decades = |range: f64| libm::pow(10.0, generator.random_range(-range..range));
            let (mean, ratio) = (decades(2.0), decades(1.0));
            let sine = libm::sin(angle);
            let (first, second) = (mean * ratio / sine, mean / (ratio * sine));
            let pair = Pair { half_tangent: libm::tan(0.5 * angle), first, second };
            let here = steps_of_pair(pair, tolerance, budget)?.steps();
            let there = steps_of_pair(dual(pair)?, tolerance, budget)?.steps();
            row.trials += u64::from(here.or(there).is_some());
            row.mismatches += u64::from(here != there);
        }
        Ok(vec![row])
    }
}
