//! How Adam's ε ends the scaling symmetry: at fixed ε, steps grow as ρ for ε ρ well below 1 and as ρ² above (L6).
//!
//! Steps depend on γ, ρ and ε only through γ/ρ and ερ, so each ερ can be tried at norms around 1 with a learning rate that
//! makes the run as long as its asymptotic window asks for, and no longer.

use clap::{ArgAction, Args};
use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::{Table, TableError, Value};
use embedding_norms::statistics::Estimate;
use embedding_norms::theory::scaling::degree;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::optimizer_laws::{
    Count, Goal, Pairs, Run, differences, local_exponents, nanoseconds, observations,
};
use crate::simulations::simulation::{Simulation, Tables};

/// The table of local exponents.
const EXPONENTS: &str = "exponents";
/// The table of runs whose norms were scaled.
const SYMMETRY: &str = "symmetry";
/// Neighbouring norms are apart by the square of this factor.
const SIDE: f64 = 1.2;
/// The claim of the curve between the two ends.
const CROSSOVER: &str = "between them k = 1 + ερ/(ερ + y), with one y for all ερ";
/// Norms are scaled by 2^m in the test of the exact statement.
const SCALED_BY: [i32; 2] = [-3, 4];
/// Steps that the exact statement is followed for.
const EXACT_STEPS: usize = 64;
/// How far from 1 and 2 the whole intervals at both ends may reach.
const MARGIN: f64 = 0.03;
/// How far from its curve the whole interval of any local exponent may reach.
const CURVE_MARGIN: f64 = 0.05;
/// Replicates below which exponents are not tested.
const ENOUGH: u64 = 8;

/// Settings.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamEpsilon {
    /// Products of ε and the norm at which the local exponent is measured
    #[arg(long, value_name = "ερ,…", value_delimiter = ',', action = ArgAction::Set, value_parser = values::positive,
          default_value = "0.001,0.003,0.01,0.03,0.1,0.2,0.5,1,3,10,30", num_args = 1)]
    products: Vec<f64>,

    /// Adam's β2; short memories reach their window in fewer steps
    #[arg(long, value_name = "β2", value_parser = values::positive, default_value_t = 0.95)]
    beta2: f64,

    /// Steps that a run should roughly take: 90/(1 − β2) and more
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 2500)]
    steps: usize,

    /// Number of pairs n
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 16)]
    pairs: usize,

    /// Dimension d of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 8)]
    dim: usize,

    /// Stop when the mean cosine is at least 1 − ε
    #[arg(long, value_name = "ε", value_parser = values::tolerance, default_value_t = 1e-3)]
    tolerance: f64,

    /// Steps after which a run is given up
    #[arg(long, value_name = "STEPS", value_parser = values::count, default_value_t = 10_000_000)]
    budget: usize,
}

/// One product ερ, or the exact statement.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    run: Run,
    pairs: usize,
    dimension: usize,
    work: Work,
}

/// What is done.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Work {
    /// Steps from norms on both sides of 1, where ε is ερ.
    Counts { product: f64, goal: Goal },
    /// Norms scaled by powers of two.
    Symmetry { product: f64 },
}

/// What a piece of work finds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Of runs from both norms.
    Counts(Vec<Count>),
    /// Of scaled norms: m, coordinates, how many differ, and how many differ with ε held fixed.
    Symmetry(Vec<(i32, u64, u64, u64)>),
}

/// About the steps of a run from norm 1 times its learning rate: coordinates travel for (1 + ε/|g|) steps where they
/// would for one.
fn travelled(product: f64) -> f64 {
    0.55 * (1.0 + product / LEVEL)
}

/// About ερ where k is 3/2.
const LEVEL: f64 = 0.3;

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        match self.work {
            Work::Counts { product, .. } => format!("ερ = {product}"),
            Work::Symmetry { product } => format!("ερ = {product}, scaled"),
        }
    }

    fn cost(&self) -> f64 {
        let steps = match &self.work {
            Work::Counts { product, goal } => {
                (2.0 * travelled(*product) / self.run.learning_rate).min(goal.budget as f64)
            }
            Work::Symmetry { .. } => (3 * (1 + 2 * SCALED_BY.len()) * EXACT_STEPS) as f64,
        };
        nanoseconds(2.0 * steps, self.pairs, self.dimension)
    }
}

impl Simulation for AdamEpsilon {
    const NAME: &'static str = "adam-epsilon";
    const ABOUT: &'static str = "How Adam's ε ends the scaling symmetry: the exponent of the norm goes from 1 to 2";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms adam-epsilon
  embedding-norms adam-epsilon --products 0.01,0.1,1,10 --beta2 0.99 --steps 12000";
    const STATEMENTS: &'static [&'static str] = &["L6"];
    const REPLICATES: u64 = 16;
    const QUICK: &'static [&'static str] = &["--products=0.01,0.2,10", "--steps=800", "--pairs=8", "--replicates=2"];
    const FULL: &'static [&'static str] = &[
        "--products=0.001,0.002,0.005,0.01,0.02,0.05,0.1,0.2,0.3,0.5,1,2,3,5,10,20,30,100",
        "--beta2=0.99",
        "--steps=15000",
        "--pairs=32",
        "--replicates=32",
    ];

    type Cell = Cell;
    type Finding = Finding;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let goal = Goal { tolerance: self.tolerance, budget: self.budget };
        let cell = |product: f64, work: Work| {
            let parameters = vec![("beta2", self.beta2), ("epsilon", product)];
            let learning_rate = travelled(product) / self.steps as f64;
            let run = Run { optimizer: "adam", parameters, learning_rate, power: 0.0 };
            Cell { run, pairs: self.pairs, dimension: self.dim, work }
        };
        let counts = self.products.iter().map(|&product| cell(product, Work::Counts { product, goal }));
        let symmetries = self.products.iter().map(|&product| cell(product, Work::Symmetry { product }));
        Ok(counts.chain(symmetries).collect())
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
        let cell = unit.cell;
        let pairs = Pairs::draw(cell.pairs, cell.dimension, &mut unit.generator)?;
        let cancelled = || unit.is_cancelled();
        match &cell.work {
            Work::Counts { goal, .. } => {
                Ok(Finding::Counts(cell.run.counts(&pairs, &[1.0 / SIDE, SIDE], *goal, &cancelled)?))
            }
            Work::Symmetry { .. } => Ok(Finding::Symmetry(scaled_runs(&cell.run, &pairs)?)),
        }
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Finding)>) -> Tables {
        let mut main = Table::new(&[
            "product",
            "norm",
            "replicate",
            "steps",
            "stop",
            "epsilon",
            "beta2",
            "learning_rate",
            "tolerance",
        ]);
        let mut symmetry =
            Table::new(&["product", "replicate", "m", "coordinates", "different", "different_epsilon_fixed"]);
        for (unit, finding) in found {
            let cell = &cells[unit.cell];
            match (&cell.work, finding) {
                (Work::Counts { product, .. }, Finding::Counts(counts)) => {
                    counts.into_iter().for_each(|count| main.push(self.row(cell, *product, unit, count)));
                }
                (Work::Symmetry { product }, Finding::Symmetry(found)) => {
                    found.into_iter().for_each(|scaled| symmetry.push(symmetry_row(*product, unit, scaled)))
                }
                _ => {}
            }
        }
        let exponents = exponents(&main, &self.products).expect("columns that have just been made");
        Tables::new([("", main), (EXPONENTS, exponents), (SYMMETRY, symmetry)])
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        let mut claims = exact(tables.get(SYMMETRY)?)?;
        claims.extend(ends(tables.get(EXPONENTS)?, replicates)?);
        Ok(claims)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figure(tables.get(EXPONENTS)?, tables.stated().noted(CROSSOVER, "y ="))?)])
    }
}

impl AdamEpsilon {
    fn row(&self, cell: &Cell, product: f64, unit: Unit, count: Count) -> [Value; 9] {
        [
            product.into(),
            count.norm.into(),
            unit.replicate.into(),
            count.steps.into(),
            count.stop.into(),
            product.into(),
            self.beta2.into(),
            cell.run.learning_rate.into(),
            self.tolerance.into(),
        ]
    }
}

/// Norms times 2^m with ε times 2^(−m), and with ε held fixed.
fn scaled_runs(run: &Run, pairs: &Pairs) -> Result<Vec<(i32, u64, u64, u64)>, Failure> {
    let path = run.path(pairs, 1.0, EXACT_STEPS)?;
    let scaled = |m: i32| {
        let scaled = run.scaled(m, degree(0.0, 0.0, 0.0))?;
        let fixed = Run { parameters: run.parameters.clone(), ..scaled.clone() };
        let different = |run: &Run| -> Result<u64, Failure> {
            Ok(differences(&path, &run.path(pairs, libm::scalbn(1.0, m), EXACT_STEPS)?))
        };
        Ok((m, path.len() as u64, different(&scaled)?, different(&fixed)?))
    };
    SCALED_BY.into_iter().map(scaled).collect()
}

fn symmetry_row(product: f64, unit: Unit, (m, coordinates, different, fixed): (i32, u64, u64, u64)) -> [Value; 6] {
    [product.into(), unit.replicate.into(), f64::from(m).into(), coordinates.into(), different.into(), fixed.into()]
}

/// The local exponent at each ερ, and the curve 1 + ερ/(ερ + y) that is nearest to all of them.
fn exponents(main: &Table, products: &[f64]) -> Result<Table, TableError> {
    let mut found = Vec::new();
    for &product in products {
        let local = local_exponents(&observations(&main.with("product", product)?)?);
        found.extend(local.first().map(|(_, estimate)| (product, *estimate)));
    }
    let middle = middle(&found);
    let mut table = Table::new(&["product", "exponent", "lower", "upper", "curve", "middle"]);
    for (product, estimate) in found {
        let curve = middle.map(|middle| crossover(product, middle));
        let Estimate { value, lower, upper, .. } = estimate;
        table.push([product.into(), value.into(), lower.into(), upper.into(), curve.into(), middle.into()]);
    }
    Ok(table)
}

/// k at ερ where T ∝ ρ(1 + ερ/y): 1 + ερ/(ερ + y).
fn crossover(product: f64, middle: f64) -> f64 {
    1.0 + product / (product + middle)
}

/// The ερ at which k is 3/2: k − 1 = ερ/(ερ + y) solved for y, the geometric mean over exponents between 1.2 and 1.8.
fn middle(found: &[(f64, Estimate)]) -> Option<f64> {
    let between = found.iter().filter(|(_, estimate)| (1.2..=1.8).contains(&estimate.value));
    let logs: Vec<f64> = between.map(|(product, k)| libm::log(product * (2.0 - k.value) / (k.value - 1.0))).collect();
    (!logs.is_empty()).then(|| libm::exp(logs.iter().sum::<f64>() / logs.len() as f64))
}

fn exact(table: &Table) -> Result<Vec<Claim>, Failure> {
    let sum =
        |column: &str| -> Result<u64, Failure> { Ok(table.numbers(column)?.into_iter().flatten().sum::<f64>() as u64) };
    let says = "Adam with (c z, c γ, ε/c) follows the directions of (z, γ, ε) bit for bit, for c = 2^m";
    let note = format!("coordinates that differ, over {EXACT_STEPS} steps of {} runs", table.rows().len());
    let symmetry = Claim::without_exception("L6", says, sum("different")?, sum("coordinates")?).noting(&note);
    let blind = table.numbers("different_epsilon_fixed")?.into_iter().flatten().filter(|&different| different == 0.0);
    let says = "control: with ε held fixed no run follows the same directions";
    Ok(vec![symmetry, Claim::without_exception("L6", says, blind.count() as u64, table.rows().len() as u64)])
}

/// The local exponents of the table.
fn local(table: &Table) -> Result<Vec<(f64, Estimate, Option<f64>)>, TableError> {
    let values = table.numbers("exponent")?.into_iter().zip(table.numbers("lower")?).zip(table.numbers("upper")?);
    let rows = table.numbers("product")?.into_iter().zip(values).zip(table.numbers("curve")?);
    let row = |((product, ((value, lower), upper)), curve): ((Option<f64>, _), Option<f64>)| {
        let ((value, lower), upper): ((Option<f64>, Option<f64>), Option<f64>) = ((value, lower), upper);
        Some((product?, Estimate { value: value?, lower: lower?, upper: upper?, replicates: 0 }, curve))
    };
    Ok(rows.filter_map(row).collect())
}

fn ends(table: &Table, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let found = local(table)?;
    let says = ["at fixed ε, steps grow as ρ^k with k = 1 where ερ is small", "k = 2 where ερ is large", CROSSOVER];
    let reaches = found.first().is_some_and(|first| first.0 <= 1e-3) && found.last().is_some_and(|last| last.0 >= 10.0);
    if replicates < ENOUGH || !reaches {
        let why = "needs at least 8 replicates and ερ from 0.001 to 10";
        return Ok(says.map(|says| Claim::not_tested("L6", Source::Ours, says, why)).to_vec());
    }
    let at = |row: &(f64, Estimate, Option<f64>)| format!("at ερ = {}", row.0);
    let [first, last] = [&found[0], &found[found.len() - 1]];
    let off = |row: &(f64, Estimate, Option<f64>)| {
        let curve = row.2.unwrap_or(f64::NAN);
        (row.1.lower - curve).abs().max((row.1.upper - curve).abs())
    };
    let worst =
        found.iter().map(off).fold(0.0, |worst: f64, off| if off.is_nan() { f64::INFINITY } else { worst.max(off) });
    let middle = table.numbers("middle")?.into_iter().flatten().next().unwrap_or(f64::NAN);
    let shown: Vec<String> = found.iter().map(|(product, k, _)| format!("{product}: {:.3}", k.value)).collect();
    Ok(vec![
        Claim::equivalence("L6", says[0], 1.0, MARGIN, first.1).noting(&at(first)),
        Claim::equivalence("L6", says[1], 2.0, MARGIN, last.1).noting(&at(last)),
        Claim::within("L6", says[2], CURVE_MARGIN, worst).noting(&format!(
            "end of a 95 % interval furthest from the curve with y = {middle:.3}; k at each ερ: {}",
            shown.join(", ")
        )),
    ])
}

/// `middle_found` is what the claim says of the curve's middle.
fn figure(table: &Table, middle_found: Option<&str>) -> Result<Figure, Failure> {
    let found = local(table)?;
    let points = found.iter().map(|(product, k, _)| (*product, k.value)).collect();
    let intervals = found.iter().map(|(product, k, _)| (*product, k.lower, k.upper)).collect();
    let mut panel =
        Panel::new(Axis::logarithmic("ε ‖z‖"), Axis::linear("local exponent k of steps in ‖z‖").range(0.9, 2.1))
            .title("Adam's ε takes k from 1 to 2")
            .layer(Layer::horizontal_line("k = 1: ε is nothing beside √v", 1.0))
            .layer(Layer::horizontal_line("k = 2: ε is all of the denominator", 2.0));
    let ends = found.first().zip(found.last()).zip(table.numbers("middle")?.into_iter().flatten().next());
    if let Some(((first, last), middle)) = ends {
        let at = |part: usize| first.0 * libm::pow(last.0 / first.0, part as f64 / 200.0);
        let curve = (0..=200).map(at).map(|product| (product, crossover(product, middle))).collect();
        let name = match middle_found {
            Some(middle) => format!("1 + ε‖z‖/(ε‖z‖ + {middle})"),
            None => "1 + ε‖z‖/(ε‖z‖ + y), y fitted".to_owned(),
        };
        panel = panel.layer(Layer::line(name, curve).style(Style::theory()));
    }
    panel = panel
        .layer(Layer::error_bars("", intervals).style(Style::series(0)))
        .layer(Layer::markers("measured, with 95 % interval", points).style(Style::series(0)))
        .legend(Legend::Inside);
    let text = "Local exponent of the steps of Adam in the norm against ε times the norm, on a logarithmic axis: it rises from 1 \
                where ε is small beside the gradient to 2 where it is large, along a logistic curve.";
    Ok(Figure::new(text).aspect(0.5).panel(panel))
}
