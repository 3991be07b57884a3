//! Free embeddings under InfoNCE: their batch mates' positives are the negatives, and frequencies and agreements differ
//! within a batch.

use embedding_norms::loss::{Batch, InfoNce, Loss};
use embedding_norms::normalization::pullback;
use embedding_norms::random::Generator;
use embedding_norms::sphere::{VonMisesFisher, inner, normalize, uniform};
use embedding_norms::theory::equilibrium::Persistent;
use embedding_norms::theory::specificity::{Positives, mean_square_of};
use ndarray::{Array2, Axis};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study};

/// Relaxations in which norms and directions settle.
const SETTLING: f64 = 2.0;
/// Relaxations in which G² is measured, before norms are.
const MEASURING: f64 = 1.0;

/// A batch of free embeddings of every agreement and frequency.
#[derive(Clone, Debug, Serialize)]
pub struct Negatives {
    pub concentrations: Vec<f64>,
    pub frequencies: Vec<f64>,
    /// Embeddings of each agreement and frequency.
    pub each: usize,
    pub temperature: f64,
    pub learning_rate: f64,
    pub weight_decay: f64,
    pub dimension: usize,
    /// Relaxations that the average of norms covers.
    pub span: f64,
}

/// The embeddings of one agreement and frequency.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NegativesRow {
    pub concentration: f64,
    pub frequency: f64,
    pub replicate: u64,
    /// G² of the whole gradient, from batches before norms were averaged.
    pub mean_square: f64,
    /// (d − 1)A_d(κ)/(κτ²), without what negatives do.
    positives_alone: f64,
    pub norm: f64,
    pub law: f64,
    temperature: f64,
    learning_rate: f64,
    weight_decay: f64,
    dimension: usize,
    embeddings: usize,
}

impl Row for NegativesRow {
    const TABLE: &'static str = "negatives";
}

/// One kind of embeddings: how well its positives agree, and how often it is visited.
struct Group {
    concentration: f64,
    frequency: f64,
    distribution: VonMisesFisher,
    /// Sums of G² over visits, of visits, and of ρ⁴ over embeddings and steps.
    squares: f64,
    visits: u64,
    fourth: f64,
}

struct Run<'a> {
    study: &'a Negatives,
    loss: InfoNce,
    means: Array2<f64>,
    points: Array2<f64>,
    groups: Vec<Group>,
}

impl Run<'_> {
    fn group(&self, embedding: usize) -> usize {
        embedding % self.groups.len()
    }

    /// One step; whether G² is measured at it.
    fn step(&mut self, measuring: bool, draws: &mut Generator) -> Result<(), Failure> {
        let visited: Vec<usize> = (0..self.points.nrows())
            .filter(|&place| draws.random::<f64>() < self.groups[self.group(place)].frequency)
            .collect();
        let gradient = if visited.len() > 1 { Some(self.gradient(&visited, measuring, draws)?) } else { None };
        let Negatives { learning_rate, weight_decay, .. } = *self.study;
        self.points *= 1.0 - learning_rate * weight_decay;
        for (place, slope) in visited.iter().zip(gradient.iter().flat_map(|gradient| gradient.rows())) {
            self.points.row_mut(*place).scaled_add(-learning_rate, &slope);
        }
        Ok(())
    }

    fn gradient(&mut self, visited: &[usize], measuring: bool, draws: &mut Generator) -> Result<Array2<f64>, Failure> {
        let queries = normalize(self.points.select(Axis(0), visited).view())?;
        let mut keys = Array2::zeros((visited.len(), self.points.ncols()));
        for (&place, key) in visited.iter().zip(keys.rows_mut()) {
            let group = &self.groups[self.group(place)];
            group.distribution.draw(self.means.row(place), key, draws);
        }
        let keys = normalize(keys.view())?;
        let slopes = self.loss.evaluate(&Batch::two_views(&queries, &keys)?)?.first;
        let gradient = pullback(&queries, slopes.view());
        if measuring {
            for ((&place, slope), norm) in visited.iter().zip(gradient.rows()).zip(queries.norms()) {
                let at_unit_norm = (&slope * *norm).insert_axis(Axis(0));
                let place = self.group(place);
                let group = &mut self.groups[place];
                group.squares += mean_square_of(at_unit_norm.view())?;
                group.visits += 1;
            }
        }
        Ok(gradient)
    }

    /// Adds ρ⁴ of every embedding to its group.
    fn look(&mut self) {
        for place in 0..self.points.nrows() {
            let row = self.points.row(place);
            let square = inner(row, row);
            let group = self.group(place);
            self.groups[group].fourth += square * square;
        }
    }
}

impl Negatives {
    fn relaxation(&self) -> f64 {
        1.0 / (4.0 * self.learning_rate * self.weight_decay)
    }

    fn embeddings(&self) -> usize {
        self.each * self.concentrations.len() * self.frequencies.len()
    }

    /// G² without negatives.
    fn positives_alone(&self, group: &Group) -> Result<f64, Failure> {
        let positives = Positives::new(self.dimension, group.concentration)?;
        Ok(positives.mean_square() / (self.temperature * self.temperature))
    }

    /// Where a group settles with this G².
    fn law(&self, group: &Group, mean_square: f64) -> Result<f64, Failure> {
        let settings = Persistent::new(self.learning_rate, self.weight_decay)?.frequency(group.frequency)?;
        Ok(settings.gradient_descent(mean_square)?.norm)
    }

    /// The norm at which embeddings start, so that they are soon where they settle.
    fn start(&self, group: &Group) -> Result<f64, Failure> {
        self.law(group, self.positives_alone(group)?)
    }

    fn groups(&self) -> Result<Vec<Group>, Failure> {
        let kinds = self.concentrations.iter().flat_map(|&c| self.frequencies.iter().map(move |&f| (c, f)));
        kinds
            .map(|(concentration, frequency)| {
                let distribution = VonMisesFisher::new(self.dimension, concentration)?;
                Ok(Group { concentration, frequency, distribution, squares: 0.0, visits: 0, fourth: 0.0 })
            })
            .collect()
    }
}

impl Study for Negatives {
    type Rows = Vec<NegativesRow>;

    fn label(&self) -> String {
        "InfoNCE with negatives".to_owned()
    }

    fn cost(&self) -> f64 {
        let n = self.embeddings() as f64;
        let per_step = n * (600.0 + 40.0 * self.dimension as f64) + n * n * (15.0 + self.dimension as f64);
        (SETTLING + MEASURING + self.span) * self.relaxation() * per_step
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<NegativesRow>, Failure> {
        let means = uniform(self.embeddings(), self.dimension, &mut unit.generator)?;
        let groups = self.groups()?;
        let mut points = means.clone();
        for (place, mut point) in points.rows_mut().into_iter().enumerate() {
            point *= self.start(&groups[place % groups.len()])?;
        }
        let mut run = Run { study: self, loss: InfoNce::new(self.temperature)?, points, means, groups };
        let steps = |relaxations: f64| (relaxations * self.relaxation()).ceil() as u64;
        let averaged = steps(self.span);
        for (count, measuring, looking) in
            [(steps(SETTLING), false, false), (steps(MEASURING), true, false), (averaged, false, true)]
        {
            for _ in 0..count {
                run.step(measuring, &mut unit.generator)?;
                if looking {
                    run.look();
                }
            }
        }
        let row = |group: &Group| {
            let mean_square = group.squares / group.visits as f64;
            Ok(NegativesRow {
                concentration: group.concentration,
                frequency: group.frequency,
                replicate: unit.unit.replicate,
                mean_square,
                positives_alone: self.positives_alone(group)?,
                norm: (group.fourth / (averaged * self.each as u64) as f64).sqrt().sqrt(),
                law: self.law(group, mean_square)?,
                temperature: self.temperature,
                learning_rate: self.learning_rate,
                weight_decay: self.weight_decay,
                dimension: self.dimension,
                embeddings: self.each,
            })
        };
        run.groups.iter().map(row).collect()
    }
}
