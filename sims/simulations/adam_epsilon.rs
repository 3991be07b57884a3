//! How Adam's ε breaks the scaling symmetry: at fixed ε, steps grow as ρ for ε ρ well below 1 and as ρ² above (L6).
//!
//! Steps depend on γ, ρ and ε only through γ/ρ and ερ, so each ερ can be tried at norms around 1 with a learning rate that
//! makes the run as long as its asymptotic window asks for, and no longer.

use clap::{ArgAction, Args};
use embedding_norms::statistics::Estimate;
use embedding_norms::theory::scaling::degree;
use embedding_norms_lab::claim::{Claim, claim};
use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};
use embedding_norms_lab::law::Observation;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::optimizer_laws::{Count, Goal, Run, Task, differences, local_exponents};
use crate::simulations::simulation::{Simulation, Tables};
use crate::simulations::study::{Context, Plan, Row, Study};

/// Neighbouring norms differ by the square of this factor.
const SIDE: f64 = 1.2;
/// The claim of the curve between the two ends.
const CROSSOVER: &str = "between them k = 1 + ερ/(ερ + y), with one y for all ερ";
/// Norms are scaled by 2^m in the test of the exact statement.
const SCALED_BY: [i32; 2] = [-3, 4];
/// Steps over which the exact statement is checked.
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

/// Steps from norms on both sides of 1, where ε is ερ.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Counting {
    Counts { product: f64, goal: Goal },
}

/// Norms scaled by powers of two.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Scaling {
    Symmetry { product: f64 },
}

/// Steps of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Steps {
    product: f64,
    norm: f64,
    replicate: u64,
    steps: Option<u64>,
    stop: String,
    epsilon: f64,
    beta2: f64,
    learning_rate: f64,
    tolerance: f64,
}

/// The local exponent at one product, with the curve 1 + ερ/(ερ + y) that is nearest to all of them, and its y.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Exponent {
    product: f64,
    exponent: f64,
    lower: f64,
    upper: f64,
    curve: Option<f64>,
    middle: Option<f64>,
}

/// Coordinates that differ when norms are scaled by 2^m.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Scaled {
    product: f64,
    replicate: u64,
    m: i32,
    coordinates: u64,
    different: u64,
    different_epsilon_fixed: u64,
}

impl Row for Steps {
    const TABLE: &'static str = "";
}

impl Row for Exponent {
    const TABLE: &'static str = "exponents";
}

impl Row for Scaled {
    const TABLE: &'static str = "symmetry";
}

/// About the steps of a run from norm 1 times its learning rate: coordinates travel for (1 + ε/|g|) steps where they
/// would for one.
fn travelled(product: f64) -> f64 {
    0.55 * (1.0 + product / LEVEL)
}

/// About ερ where k is 3/2.
const LEVEL: f64 = 0.3;

impl Study for Task<Counting> {
    type Rows = Vec<Steps>;

    fn label(&self) -> String {
        let Counting::Counts { product, .. } = self.work;
        format!("ερ = {product}")
    }

    fn cost(&self) -> f64 {
        let Counting::Counts { product, goal } = self.work;
        let steps = (2.0 * travelled(product) / self.run.learning_rate).min(goal.budget as f64);
        self.nanoseconds(2.0 * steps)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Steps>, Failure> {
        let Counting::Counts { product, goal } = self.work;
        let pairs = self.pairs(&mut unit.generator)?;
        let counts = self.run.counts(&pairs, &[1.0 / SIDE, SIDE], goal, &|| unit.is_cancelled())?;
        let row = |Count { norm, steps, stop }| Steps {
            product,
            norm,
            replicate: unit.unit.replicate,
            steps,
            stop,
            epsilon: self.run.parameter("epsilon"),
            beta2: self.run.parameter("beta2"),
            learning_rate: self.run.learning_rate,
            tolerance: goal.tolerance,
        };
        Ok(counts.into_iter().map(row).collect())
    }
}

impl Study for Task<Scaling> {
    type Rows = Vec<Scaled>;

    fn label(&self) -> String {
        let Scaling::Symmetry { product } = self.work;
        format!("ερ = {product}, scaled")
    }

    fn cost(&self) -> f64 {
        self.nanoseconds(2.0 * (3 * (1 + 2 * SCALED_BY.len()) * EXACT_STEPS) as f64)
    }

    /// Norms times 2^m with ε times 2^(−m), and with ε held fixed.
    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Scaled>, Failure> {
        let Scaling::Symmetry { product } = self.work;
        let pairs = self.pairs(&mut unit.generator)?;
        let path = self.run.path(&pairs, 1.0, EXACT_STEPS)?;
        let different = |run: &Run, m: i32| -> Result<u64, Failure> {
            Ok(differences(&path, &run.path(&pairs, libm::scalbn(1.0, m), EXACT_STEPS)?))
        };
        let scaled = |m: i32| {
            let scaled = self.run.scaled(m, degree(0.0, 0.0, 0.0))?;
            let fixed = Run { parameters: self.run.parameters.clone(), ..scaled.clone() };
            Ok(Scaled {
                product,
                replicate: unit.unit.replicate,
                m,
                coordinates: path.len() as u64,
                different: different(&scaled, m)?,
                different_epsilon_fixed: different(&fixed, m)?,
            })
        };
        SCALED_BY.into_iter().map(scaled).collect()
    }
}

impl Simulation for AdamEpsilon {
    const NAME: &'static str = "adam-epsilon";
    const ABOUT: &'static str = "How Adam's ε breaks the scaling symmetry: the exponent of the norm goes from 1 to 2";
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

    fn plan(&self) -> Result<Plan, Failure> {
        let goal = Goal { tolerance: self.tolerance, budget: self.budget };
        let counts = self.products.iter().map(|&product| self.at(product, Counting::Counts { product, goal }));
        let symmetries = self.products.iter().map(|&product| self.at(product, Scaling::Symmetry { product }));
        Plan::default().cells(counts)?.cells(symmetries)
    }

    fn derive(&self, tables: &mut Tables) -> Result<(), Failure> {
        let exponents = exponents(&tables.rows()?, &self.products);
        Ok(tables.push_rows::<Exponent>(&exponents)?)
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        Ok([exact(&tables.rows()?), ends(&tables.rows()?, replicates)].concat())
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figure(&tables.rows()?, tables.stated().noted(CROSSOVER, "y =")))])
    }
}

impl AdamEpsilon {
    fn at<W>(&self, product: f64, work: W) -> Task<W> {
        let parameters = vec![("beta2", self.beta2), ("epsilon", product)];
        let learning_rate = travelled(product) / self.steps as f64;
        let run = Run { optimizer: "adam", parameters, learning_rate, power: 0.0 };
        Task { run, pairs: self.pairs, dimension: self.dim, work }
    }
}

/// The local exponent at each ερ, and the curve 1 + ερ/(ερ + y) that is nearest to all of them.
fn exponents(rows: &[Steps], products: &[f64]) -> Vec<Exponent> {
    let at = |product: f64| -> Option<(f64, Estimate)> {
        let rows = rows.iter().filter(|row| row.product == product);
        let observations: Vec<Observation> = rows
            .filter_map(|row| Some(Observation { x: row.norm, y: row.steps? as f64, replicate: row.replicate }))
            .collect();
        Some((product, local_exponents(&observations).first()?.1))
    };
    let found: Vec<(f64, Estimate)> = products.iter().filter_map(|&product| at(product)).collect();
    let middle = middle(&found);
    let row = |&(product, Estimate { value, lower, upper, .. }): &(f64, Estimate)| Exponent {
        product,
        exponent: value,
        lower,
        upper,
        curve: middle.map(|middle| crossover(product, middle)),
        middle,
    };
    found.iter().map(row).collect()
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

fn exact(rows: &[Scaled]) -> Vec<Claim> {
    vec![
        claim("L6", "Adam with (c z, c γ, ε/c) follows the directions of (z, γ, ε) bit for bit, for c = 2^m")
            .note(format!("coordinates that differ, over {EXACT_STEPS} steps of {} runs", rows.len()))
            .no_exception_in(rows, |row| (row.different, row.coordinates)),
        claim("L6", "control: with ε held fixed no run follows the same directions")
            .none_of(rows, |row| row.different_epsilon_fixed == 0),
    ]
}

impl Exponent {
    fn estimate(&self) -> Estimate {
        Estimate { value: self.exponent, lower: self.lower, upper: self.upper, replicates: 0 }
    }

    fn at(&self) -> String {
        format!("at ερ = {}", self.product)
    }

    /// How far its interval reaches from the curve; infinite without one.
    fn off(&self) -> f64 {
        let curve = self.curve.unwrap_or(f64::INFINITY);
        (self.lower - curve).abs().max((self.upper - curve).abs())
    }
}

fn ends(rows: &[Exponent], replicates: u64) -> Vec<Claim> {
    let (first, last) = (rows.first(), rows.last());
    let reaches = first.is_some_and(|row| row.product <= 1e-3) && last.is_some_and(|row| row.product >= 10.0);
    let stating =
        |says| claim("L6", says).needs_replicates(replicates, ENOUGH).needs(reaches, "needs ερ from 0.001 to 10");
    let end = |says, row: Option<&Exponent>, k: f64| {
        stating(says).note(row.map_or(String::new(), Exponent::at)).equivalent(k, MARGIN, row.map(Exponent::estimate))
    };
    let middle = first.and_then(|row| row.middle).unwrap_or(f64::NAN);
    let shown: Vec<String> = rows.iter().map(|row| format!("{}: {:.3}", row.product, row.exponent)).collect();
    vec![
        end("at fixed ε, steps grow as ρ^k with k = 1 where ερ is small", first, 1.0),
        end("k = 2 where ερ is large", last, 2.0),
        stating(CROSSOVER)
            .note(format!(
                "end of a 95 % interval furthest from the curve with y = {middle:.3}; k at each ερ: {}",
                shown.join(", ")
            ))
            .all_within(CURVE_MARGIN, rows.iter().map(Exponent::off)),
    ]
}

/// With the middle of the curve that the claim names.
fn figure(rows: &[Exponent], claimed: Option<&str>) -> Figure {
    let points = rows.iter().map(|row| (row.product, row.exponent)).collect();
    let intervals = rows.iter().map(|row| (row.product, row.lower, row.upper)).collect();
    let mut panel =
        Panel::new(Axis::logarithmic("ε ‖z‖"), Axis::linear("local exponent k of steps in ‖z‖").range(0.9, 2.1))
            .title("Adam's ε takes k from 1 to 2")
            .layer(Layer::horizontal_line("k = 1: ε is negligible beside √v", 1.0))
            .layer(Layer::horizontal_line("k = 2: ε is all of the denominator", 2.0));
    if let (Some(first), Some(last), Some(middle)) =
        (rows.first(), rows.last(), rows.first().and_then(|row| row.middle))
    {
        let at = |part: usize| first.product * libm::pow(last.product / first.product, part as f64 / 200.0);
        let curve = (0..=200).map(at).map(|product| (product, crossover(product, middle))).collect();
        let name = match claimed {
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
    Figure::new(text).aspect(0.5).panel(panel)
}
