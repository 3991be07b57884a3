//! From embeddings with parameters of their own to encoders, one condition relaxed at a time, on classes whose frequency and
//! agreement are known.

use embedding_norms::confidence::spearman_given;
use embedding_norms::encoder::{Encoder, Input, Network, Pass, Perceptron, Table};
use embedding_norms::loss::{Batch, InfoNce, Loss, NegativeCosine};
use embedding_norms::matrix::product;
use embedding_norms::normalization::pullback;
use embedding_norms::optimizer::{GradientDescent, Optimizer};
use embedding_norms::random::{Generator, StandardNormal};
use embedding_norms::sphere::{VonMisesFisher, norm_of, normalize, uniform};
use embedding_norms::theory::specificity::Positives;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use ndarray_rand::RandomExt;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study, name_of};

/// Inputs of a class whose norms are averaged.
const SEEN: usize = 16;
/// Batches that running statistics have seen before training.
const WARMING: usize = 40;

/// A rung of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rung {
    /// An embedding for each class; its positives are directions that stay.
    #[serde(rename = "a row per class")]
    Row,
    /// A linear encoder of one input for each class.
    #[serde(rename = "shared linear, an input per class")]
    LinearOfClasses,
    /// The same of inputs that scatter as positives do.
    #[serde(rename = "shared linear, scattered inputs")]
    Linear,
    #[serde(rename = "perceptron, scattered inputs")]
    Perceptron,
    #[serde(rename = "batch norm, scattered inputs")]
    BatchNorm,
    /// Positives are embedded by the same encoder, which is trained on both sides by InfoNCE.
    #[serde(rename = "shared linear, embedded positives")]
    LinearBothSides,
    #[serde(rename = "perceptron, embedded positives")]
    PerceptronBothSides,
    #[serde(rename = "batch norm, embedded positives")]
    BatchNormBothSides,
}

impl Rung {
    pub const ALL: [Self; 8] = [
        Self::Row,
        Self::LinearOfClasses,
        Self::Linear,
        Self::Perceptron,
        Self::BatchNorm,
        Self::LinearBothSides,
        Self::PerceptronBothSides,
        Self::BatchNormBothSides,
    ];

    /// Whether every input of a class is the same.
    fn has_an_input_per_class(self) -> bool {
        matches!(self, Self::Row | Self::LinearOfClasses)
    }

    /// Whether positives are embedded too.
    pub fn embeds_positives(self) -> bool {
        matches!(self, Self::LinearBothSides | Self::PerceptronBothSides | Self::BatchNormBothSides)
    }

    fn has_batch_norm(self) -> bool {
        matches!(self, Self::BatchNorm | Self::BatchNormBothSides)
    }
}

/// One encoder in training.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ladder {
    pub rung: Rung,
    pub classes: usize,
    pub dimension: usize,
    pub width: usize,
    pub batch: usize,
    pub steps: usize,
    /// η on the mean over a batch.
    pub mean_learning_rate: f64,
    pub temperature: f64,
    /// κ of classes is drawn between these, evenly in its logarithm.
    pub least_concentration: f64,
    pub most_concentration: f64,
    /// Frequencies of classes are drawn over this factor, evenly in their logarithm.
    pub frequencies: f64,
}

/// When norms are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// The untrained control.
    Before,
    After,
}

/// Norms at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LadderRow {
    pub rung: Rung,
    pub moment: Moment,
    pub replicate: u64,
    /// The partial rank correlation of the mean ln ρ of classes with ln f, given ln G².
    pub frequency: f64,
    /// The same with ln G², given ln f.
    pub mean_square: f64,
    mean_norm: f64,
    loss: Option<f64>,
    classes: usize,
    steps: usize,
    mean_learning_rate: f64,
}

impl Row for LadderRow {
    const TABLE: &'static str = "ladder";
}

/// Classes with what is known of them.
struct Classes {
    means: Array2<f64>,
    distributions: Vec<VonMisesFisher>,
    log_squares: Vec<f64>,
    frequencies: Vec<f64>,
    /// The sums of the frequencies up to each class.
    cumulative: Vec<f64>,
    /// What an input shows of each coordinate of a direction, (d × width).
    matrix: Array2<f64>,
}

impl Classes {
    fn draw(settings: &Ladder, draws: &mut Generator) -> Result<Self, Failure> {
        let Ladder { classes, dimension, width, .. } = *settings;
        let between = |from: f64, to: f64, draws: &mut Generator| from * libm::pow(to / from, draws.random::<f64>());
        let (mut distributions, mut log_squares, mut frequencies) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..classes {
            let concentration = between(settings.least_concentration, settings.most_concentration, draws);
            distributions.push(VonMisesFisher::new(dimension, concentration)?);
            log_squares.push(libm::log(Positives::new(dimension, concentration)?.mean_square()));
            frequencies.push(between(1.0 / settings.frequencies, 1.0, draws));
        }
        let sum = |sum: &mut f64, frequency: &f64| {
            *sum += frequency;
            Some(*sum)
        };
        let cumulative = frequencies.iter().scan(0.0, sum).collect();
        let means = uniform(classes, dimension, draws)?;
        let matrix = Array2::random_using((dimension, width), StandardNormal, draws);
        Ok(Self { means, distributions, log_squares, frequencies, cumulative, matrix })
    }

    /// The classes of a batch, drawn by frequency.
    fn batch(&self, size: usize, draws: &mut Generator) -> Vec<usize> {
        let total = self.cumulative[self.cumulative.len() - 1];
        let draw = |_| {
            let point = total * draws.random::<f64>();
            self.cumulative.partition_point(|&sum| sum <= point).min(self.cumulative.len() - 1)
        };
        (0..size).map(draw).collect()
    }

    /// A direction of each class, scattered around its mean.
    fn scattered(&self, classes: &[usize], draws: &mut Generator) -> Array2<f64> {
        let mut points = Array2::zeros((classes.len(), self.means.ncols()));
        for (&class, row) in classes.iter().zip(points.rows_mut()) {
            self.distributions[class].draw(self.means.row(class), row, draws);
        }
        points
    }

    /// An input of each class.
    fn inputs(&self, rung: Rung, classes: &[usize], draws: &mut Generator) -> Array2<f64> {
        let shown = match rung.has_an_input_per_class() {
            true => self.means.select(Axis(0), classes),
            false => self.scattered(classes, draws),
        };
        product(shown.view(), self.matrix.view())
    }
}

/// An encoder in training, whatever it is.
struct Course<'a, E> {
    settings: &'a Ladder,
    classes: &'a Classes,
    encoder: E,
}

/// The mean loss of a batch and its gradients at the embeddings of each side.
struct Compared {
    loss: f64,
    upstream: Vec<Array2<f64>>,
}

impl<E: Encoder> Course<'_, E> {
    fn run(mut self, replicate: u64, draws: &mut Generator) -> Result<Vec<LadderRow>, Failure> {
        if self.settings.rung.has_batch_norm() {
            for _ in 0..WARMING {
                let (classes, inputs) = self.draw(draws);
                let pass = self.encoder.forward(Input { rows: &classes, features: inputs.view() });
                self.encoder.remember(&pass);
            }
        }
        let before = self.look(Moment::Before, replicate, None, draws)?;
        let lengths: Vec<usize> = self.encoder.groups().into_iter().map(<[f64]>::len).collect();
        let mut update = GradientDescent.start(&lengths);
        let mut gradients: Vec<Vec<f64>> = lengths.iter().map(|&length| vec![0.0; length]).collect();
        let mut loss = 0.0;
        for _ in 0..self.settings.steps {
            gradients.iter_mut().for_each(|gradient| gradient.fill(0.0));
            loss = self.gradients(&mut gradients, draws)?;
            for (group, (parameters, gradient)) in self.encoder.groups_mut().into_iter().zip(&gradients).enumerate() {
                update.step(group, self.settings.mean_learning_rate, parameters, gradient);
            }
        }
        Ok(vec![before, self.look(Moment::After, replicate, Some(loss), draws)?])
    }

    /// A batch of classes with an input of each.
    fn draw(&self, draws: &mut Generator) -> (Vec<usize>, Array2<f64>) {
        let classes = self.classes.batch(self.settings.batch, draws);
        let inputs = self.classes.inputs(self.settings.rung, &classes, draws);
        (classes, inputs)
    }

    /// The loss of one batch; its gradients are added.
    fn gradients(&mut self, gradients: &mut [Vec<f64>], draws: &mut Generator) -> Result<f64, Failure> {
        let (classes, first) = self.draw(draws);
        let mut sides = vec![first];
        let mut fixed = None;
        match self.settings.rung.embeds_positives() {
            true => sides.push(self.classes.inputs(self.settings.rung, &classes, draws)),
            false => fixed = Some(self.classes.scattered(&classes, draws)),
        }
        let inputs = || sides.iter().map(|side| Input { rows: &classes, features: side.view() });
        let passes: Vec<Pass> = inputs().map(|input| self.encoder.forward(input)).collect();
        let compared = self.compared(&passes, fixed.as_ref())?;
        for ((input, pass), upstream) in inputs().zip(&passes).zip(&compared.upstream) {
            self.encoder.backward(input, pass, upstream.view(), gradients);
        }
        passes.iter().for_each(|pass| self.encoder.remember(pass));
        Ok(compared.loss)
    }

    /// Of embeddings with directions that stay −cos φ, of embeddings with embeddings InfoNCE.
    fn compared(&self, passes: &[Pass], fixed: Option<&Array2<f64>>) -> Result<Compared, Failure> {
        let first = normalize(passes[0].embeddings.view())?;
        let second = fixed.unwrap_or_else(|| &passes[passes.len() - 1].embeddings);
        let second = normalize(second.view())?;
        let batch = Batch::two_views(&first, &second)?;
        let found = match fixed {
            Some(_) => NegativeCosine::symmetric().evaluate(&batch)?,
            None => InfoNce::new(self.settings.temperature)?.evaluate(&batch)?,
        };
        let weight = 1.0 / found.rows as f64;
        let slopes = std::iter::once(&found.first).chain(&found.second).take(passes.len());
        let upstream = [&first, &second].into_iter().zip(slopes);
        let upstream = upstream.map(|(directions, slope)| pullback(directions, slope.view()) * weight).collect();
        Ok(Compared { loss: found.mean(), upstream })
    }

    fn look(
        &self,
        moment: Moment,
        replicate: u64,
        loss: Option<f64>,
        draws: &mut Generator,
    ) -> Result<LadderRow, Failure> {
        let Ladder { rung, classes, steps, mean_learning_rate, .. } = *self.settings;
        let rows: Vec<usize> = (0..classes * SEEN).map(|place| place / SEEN).collect();
        let inputs = self.classes.inputs(rung, &rows, draws);
        let norms = self.encoder.embed(Input { rows: &rows, features: inputs.view() }).map_axis(Axis(1), norm_of);
        let logs = norms.mapv(libm::log);
        let means: Vec<f64> =
            logs.as_slice().expect("a new array").chunks(SEEN).map(|of| of.iter().sum::<f64>() / SEEN as f64).collect();
        let frequencies: Vec<f64> = self.classes.frequencies.iter().map(|&frequency| libm::log(frequency)).collect();
        let squares = &self.classes.log_squares;
        Ok(LadderRow {
            rung,
            moment,
            replicate,
            frequency: spearman_given(&means, &frequencies, column(squares))?,
            mean_square: spearman_given(&means, squares, column(&frequencies))?,
            mean_norm: norms.sum() / norms.len() as f64,
            loss,
            classes,
            steps,
            mean_learning_rate,
        })
    }
}

fn column(values: &[f64]) -> ArrayView2<'_, f64> {
    ArrayView2::from_shape((values.len(), 1), values).expect("one column")
}

impl Study for Ladder {
    type Rows = Vec<LadderRow>;

    fn label(&self) -> String {
        name_of(&self.rung)
    }

    fn cost(&self) -> f64 {
        let Self { rung, dimension, width, batch, steps, .. } = *self;
        let products = match rung {
            Rung::Row => dimension,
            Rung::LinearOfClasses | Rung::Linear | Rung::LinearBothSides => width * dimension,
            _ => width * (width + dimension),
        };
        let sides = if rung.embeds_positives() { 2.0 } else { 1.0 };
        let compared = if rung.embeds_positives() { 40.0 * batch as f64 } else { 0.0 };
        steps as f64 * batch as f64 * (sides * (4.0 * products as f64 + 1500.0) + compared)
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<LadderRow>, Failure> {
        let (replicate, draws) = (unit.unit.replicate, &mut unit.generator);
        let classes = Classes::draw(self, draws)?;
        let Self { width, dimension, .. } = *self;
        let network = |layers: &[usize], bias: bool, draws: &mut Generator| Network::draw(layers, bias, draws);
        let encoder = match self.rung {
            Rung::Row => {
                // As a linear encoder of inputs that are 1 in one place and 0 elsewhere.
                let start = Network::draw(&[self.classes, dimension], false, draws);
                let start = start.embed_features(Array2::eye(self.classes).view());
                let table = Table::linear(start, Array1::ones(self.classes));
                return Course { settings: self, classes: &classes, encoder: table }.run(replicate, draws);
            }
            Rung::LinearOfClasses | Rung::Linear | Rung::LinearBothSides => network(&[width, dimension], false, draws),
            Rung::Perceptron | Rung::PerceptronBothSides => network(&[width, width, dimension], true, draws),
            Rung::BatchNorm | Rung::BatchNormBothSides => {
                Perceptron::new(&[width, width, dimension]).batch_norm().draw(draws)
            }
        };
        Course { settings: self, classes: &classes, encoder }.run(replicate, draws)
    }
}
