//! Points of sparse regions have short embeddings (statement S5): norms against the distance to the k-th neighbour.
//!
//! Normalization itself spreads short embeddings, so the two go together without any learning. The untrained network is
//! therefore the control, correlations are taken within classes too, and neighbours are looked up both among the
//! embeddings and among the points before they were observed, where nothing is normalized by the norm in question.

mod claims;
mod figures;

use clap::Args;
use embedding_norms::confidence::{Neighbours, Strata, shuffle_control, spearman, spearman_within};
use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::figure::Figure;
use embedding_norms::lab::sweep::{self, Unit, UnitContext};
use embedding_norms::lab::table::{Table, TableError, Value};
use embedding_norms::random::Generator;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::mixtures::{EncoderOptions, Moment, Points, Training, norms};
use crate::simulations::simulation::{Simulation, Tables};

/// The table of correlations within each class.
const CLASSES: &str = "classes";
/// The table of points of the first replicate.
const POINTS: &str = "points";
/// How many points of the first replicate it has, for each encoder.
const SHOWN: usize = 400;
/// Shuffles behind the control of a correlation.
const SHUFFLES: usize = 20;

/// Settings; the defaults are the paper's.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocalDensity {
    /// Classes, equally frequent
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 4)]
    classes: usize,

    /// Points
    #[arg(long, value_name = "N", value_parser = values::count, default_value_t = 2000)]
    samples: usize,

    /// Class noise σ: a point is the direction of centre + σ N(0, I)
    #[arg(long, value_name = "σ", value_parser = values::positive, default_value_t = 0.1)]
    noise: f64,

    /// Dimension of the points before they are observed
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 10)]
    latent_dim: usize,

    /// Dimension of the embeddings
    #[arg(long, value_name = "D", value_parser = values::dimension, default_value_t = 10)]
    dim: usize,

    /// Which nearest neighbour k the distance is measured to
    #[arg(long, value_name = "K", value_parser = values::count, default_value_t = 10)]
    neighbours: usize,

    #[command(flatten)]
    #[serde(flatten)]
    encoder: EncoderOptions,
}

/// A piece of work.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    training: Training,
    neighbours: usize,
}

/// Correlations of norms and distances.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Correlation {
    norm_of: String,
    neighbours_among: String,
    overall: f64,
    within: f64,
    shuffled: f64,
    classes: Vec<(usize, usize, Option<f64>)>,
}

/// A point with what its embedding says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    norm_of: String,
    class: usize,
    norm: f64,
    distance: f64,
}

/// What one training finds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Finding {
    correlations: Vec<Correlation>,
    points: Vec<Shown>,
}

impl sweep::Cell for Cell {
    fn label(&self) -> String {
        format!("neighbour {}", self.neighbours)
    }

    fn cost(&self) -> f64 {
        self.training.cost()
    }
}

impl Simulation for LocalDensity {
    const NAME: &'static str = "local-density";
    const ABOUT: &'static str = "Whether sparse regions get short embeddings, and what normalization alone does";
    const EXAMPLES: &'static str = "\
Examples:
  embedding-norms local-density
  embedding-norms local-density --noise 0.3 --neighbours 5 --replicates 40
  embedding-norms local-density --first-replicate 7 --replicates 1";
    const STATEMENTS: &'static [&'static str] = &["S5"];
    const REPLICATES: u64 = 20;
    const QUICK: &'static [&'static str] = &["--samples=400", "--epochs=20", "--replicates=3"];
    const FULL: &'static [&'static str] = &["--replicates=200"];

    type Cell = Cell;
    type Finding = Finding;

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        if self.samples <= self.neighbours {
            return Err(Failure::Refused(format!(
                "--samples {} are too few for neighbour {}: each point needs that many others",
                self.samples, self.neighbours
            )));
        }
        let training = self.encoder.on(Points {
            weights: vec![1.0; self.classes],
            noise: self.noise,
            samples: self.samples,
            even: false,
            latent: self.latent_dim,
            embedding: self.dim,
        });
        Ok(vec![Cell { training, neighbours: self.neighbours }])
    }

    fn simulate(unit: &mut UnitContext<'_, Cell>) -> Result<Finding, Failure> {
        let Cell { training, neighbours } = unit.cell;
        // Shuffles have random numbers of their own, so that the training is that of the replicate.
        let mut shuffles = unit.generator_of(u64::MAX - training.replicate(unit.unit.replicate));
        let mut finding = Finding::default();
        let mut latent = Vec::new();
        training.run(unit, usize::MAX, |moment| {
            if moment.epoch == 0 {
                latent = Neighbours::among(moment.drawn.latent.view(), *neighbours)?.farthest();
                finding.add(INPUT, moment.drawn.features.view(), &moment, (*neighbours, &latent), &mut shuffles)?;
            }
            let name = if moment.epoch == 0 { UNTRAINED } else { TRAINED };
            finding.add(name, moment.embeddings, &moment, (*neighbours, &latent), &mut shuffles)
        })?;
        if unit.unit.replicate > 0 {
            finding.points.clear();
        }
        Ok(finding)
    }

    fn tables(&self, cells: &[Cell], found: Vec<(Unit, Finding)>) -> Result<Tables, Failure> {
        let mut main = Table::new(&["norm_of", "neighbours_among", "replicate", "overall", "within", "shuffled"]);
        let mut classes = Table::new(&["norm_of", "neighbours_among", "replicate", "class", "points", "correlation"]);
        let mut points = Table::new(&["norm_of", "replicate", "class", "norm", "distance"]);
        for (unit, finding) in found {
            let replicate = cells[unit.cell].training.replicate(unit.replicate);
            for found in &finding.correlations {
                let names =
                    || [Value::from(found.norm_of.as_str()), found.neighbours_among.as_str().into(), replicate.into()];
                let numbers = [found.overall, found.within, found.shuffled].map(Value::from);
                main.push(names().into_iter().chain(numbers));
                for &(class, count, rho) in &found.classes {
                    classes.push(names().into_iter().chain([(class + 1).into(), count.into(), rho.into()]));
                }
            }
            for point in &finding.points {
                points.push([
                    Value::from(point.norm_of.as_str()),
                    replicate.into(),
                    (point.class + 1).into(),
                    point.norm.into(),
                    point.distance.into(),
                ]);
            }
        }
        Ok(Tables::new([("", main), (CLASSES, classes), (POINTS, points)]))
    }

    fn claims(&self, tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
        claims::claims(tables.get("")?, self.is_published(), replicates)
    }

    fn figures(tables: &Tables) -> Result<Vec<(&'static str, Figure)>, Failure> {
        Ok(vec![("", figures::figure(tables)?)])
    }
}

impl LocalDensity {
    /// Whether points and training are the paper's.
    fn is_published(&self) -> bool {
        let counts = (self.classes, self.samples, self.latent_dim, self.dim, self.neighbours) == (4, 2000, 10, 10, 10);
        counts && self.noise == 0.1 && self.encoder.is_published()
    }
}

/// A column of correlations, by replicate.
fn correlations(main: &Table, norm_of: &str, among: &str, column: &str) -> Result<Vec<f64>, TableError> {
    let rows = main.with("norm_of", norm_of)?.with("neighbours_among", among)?;
    Ok(rows.numbers(column)?.into_iter().flatten().collect())
}

/// Norms of what goes into the encoder.
const INPUT: &str = "input";
/// Norms of the embeddings before training.
const UNTRAINED: &str = "untrained";
/// Norms of the embeddings after training.
const TRAINED: &str = "trained";
/// Neighbours among the vectors whose norm it is.
const OWN: &str = "same";
/// Neighbours among the points before they were observed.
const LATENT: &str = "latent";

impl Finding {
    /// Adds the correlations of the norms of `vectors` with both distances, and the points to be shown.
    fn add(
        &mut self,
        name: &str,
        vectors: ArrayView2<'_, f64>,
        moment: &Moment<'_>,
        (k, latent): (usize, &[f64]),
        shuffles: &mut Generator,
    ) -> Result<(), Failure> {
        let (norms, labels) = (norms(vectors), &moment.drawn.labels);
        let own = Neighbours::among(vectors, k)?.farthest();
        for (among, distances) in [(OWN, own.as_slice()), (LATENT, latent)] {
            let within = spearman_within(&norms, distances, labels)?;
            let statistic = |places: &[usize]| {
                let shuffled: Vec<f64> = places.iter().map(|&place| norms[place]).collect();
                Ok(spearman_within(&shuffled, distances, labels)?.mean)
            };
            let shuffled = shuffle_control(&Strata::groups(labels), SHUFFLES, shuffles, statistic)?;
            self.correlations.push(Correlation {
                norm_of: name.to_owned(),
                neighbours_among: among.to_owned(),
                overall: spearman(&norms, distances)?,
                within: within.mean,
                shuffled: shuffled.mean,
                classes: within.groups,
            });
        }
        let points = norms.iter().zip(&own).zip(labels).take(SHOWN);
        let shown = |((&norm, &distance), &class)| Shown { norm_of: name.to_owned(), class, norm, distance };
        self.points.extend(points.map(shown));
        Ok(())
    }
}
