//! One training, with a look at every displacement at chosen steps.

use embedding_norms::data::mixture::{Drawn, Mixture};
use embedding_norms::encoder::{Encoder, Input, Network, Table};
use embedding_norms::lab::sweep::UnitContext;
use embedding_norms::loss::{Batch, Loss, SupervisedInfoNce};
use embedding_norms::normalization::pullback;
use embedding_norms::optimizer::{GradientDescent, HeavyBall, Optimizer, WeightDecay};
use embedding_norms::random::Generator;
use embedding_norms::sphere::{inner, norm_of, normalize};
use embedding_norms::training::{Labelled, Method, Source, Trainer, Views};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};
use statrs::statistics::{Data, OrderStatistics};

use crate::cli::failure::Failure;

/// How the features of points are made: standard normal entries times this, as in the paper's setting.
const GAIN: f64 = 10.0;
/// Class noise, as in the paper's setting.
const NOISE: f64 = 1.0;
/// The learning rate of the step that calibrates, small beside every other.
const PROBE: f64 = 1e-6;

/// An encoder, by how much its inputs share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Every embedding is a parameter of its own.
    Free,
    /// A linear encoder with a row per input.
    RowPerInput,
    /// A linear encoder of features, without biases.
    SharedLinear,
    /// A perceptron with one hidden layer, and biases.
    Perceptron,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Free, Self::RowPerInput, Self::SharedLinear, Self::Perceptron];

    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free embeddings",
            Self::RowPerInput => "a row per input",
            Self::SharedLinear => "shared linear",
            Self::Perceptron => "perceptron",
        }
    }
}

/// How it is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// Plain gradient descent.
    Plain,
    /// Heavy-ball momentum.
    Momentum,
    /// Plain descent with decoupled weight decay.
    Decay,
    /// Both.
    Both,
}

impl Rule {
    pub const ALL: [Self; 4] = [Self::Plain, Self::Momentum, Self::Decay, Self::Both];

    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Momentum => "momentum",
            Self::Decay => "decay",
            Self::Both => "momentum and decay",
        }
    }

    fn has_momentum(self) -> bool {
        matches!(self, Self::Momentum | Self::Both)
    }

    fn has_decay(self) -> bool {
        matches!(self, Self::Decay | Self::Both)
    }
}

/// One encoder under one rule.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    pub kind: Kind,
    pub rule: Rule,
    pub steps: Vec<usize>,
    pub samples: usize,
    pub classes: usize,
    pub dimension: usize,
    pub width: usize,
    pub turn: f64,
    pub momentum: f64,
    pub decay: f64,
    pub temperature: f64,
}

impl Cell {
    pub fn last_step(&self) -> usize {
        self.steps.last().copied().unwrap_or(0)
    }
}

/// What is seen of the displacements of one step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    pub step: u64,
    pub loss: f64,
    pub learning_rate: f64,
    pub median_norm: f64,
    /// The largest |z·Δz|/(‖z‖‖Δz‖).
    pub largest_share: f64,
    /// The root of the mean square of z·Δz/(‖z‖‖Δz‖).
    pub rms_share: f64,
    /// Its mean, with its sign.
    pub mean_share: f64,
    /// The share of embeddings that the step made shorter.
    pub shortened: f64,
    /// The 5, 25, 50, 75 and 95 % quantiles of the angle between z and Δz, in degrees.
    pub angles: [f64; 5],
    /// The largest difference of a displacement from −η Σ_j K_ij ∇_j, over the largest displacement.
    pub kernel_residual: Option<f64>,
    /// The largest |z·Δz + ηλ‖z‖²|/(‖z‖‖Δz‖).
    pub decay_residual: Option<f64>,
    /// θ·Δθ/(‖θ‖‖Δθ‖) for the weights and biases of the last layer.
    pub last_layer_share: Option<f64>,
    /// The same for the first layer.
    pub first_layer_share: Option<f64>,
}

/// Trains the encoder of a cell.
pub fn course(unit: &mut UnitContext<'_, Cell>) -> Result<Vec<Seen>, Failure> {
    let cell = unit.cell;
    let mixture = Mixture::new(&vec![1.0; cell.classes], NOISE, cell.dimension)?.observed(cell.width, GAIN)?;
    let drawn = mixture.draw(cell.samples, &mut unit.generator)?;
    let perceptron = Network::draw(&[cell.width, cell.width, cell.dimension], true, &mut unit.generator);
    let linear = Network::draw(&[cell.width, cell.dimension], false, &mut unit.generator);
    let start = perceptron.embed_features(drawn.features.view());
    let lengths = relative_lengths(&drawn);
    match cell.kind {
        Kind::Free => Course::new(&drawn, Some(Array2::eye(cell.samples))).run(Table::free(start), unit),
        Kind::RowPerInput => {
            let kernel = Array2::from_diag(&lengths.mapv(|length| length * length));
            Course::new(&drawn, Some(kernel)).run(Table::linear(start, lengths), unit)
        }
        Kind::SharedLinear => {
            let kernel = Array2::from_shape_fn((cell.samples, cell.samples), |(i, j)| {
                inner(drawn.features.row(i), drawn.features.row(j))
            });
            Course::new(&drawn, Some(kernel)).run(linear, unit)
        }
        Kind::Perceptron => Course::new(&drawn, None).run(perceptron, unit),
    }
}

/// ‖x_i‖ over the mean of them.
fn relative_lengths(drawn: &Drawn) -> Array1<f64> {
    let lengths = drawn.features.map_axis(Axis(1), norm_of);
    let mean = lengths.sum() / lengths.len() as f64;
    lengths / mean
}

/// What the trainings of all encoders have in common.
struct Course<'a> {
    drawn: &'a Drawn,
    /// K_ij, by which a plain step moves z_i for the gradient of z_j, where it is the same at every step.
    kernel: Option<Array2<f64>>,
}

impl<'a> Course<'a> {
    fn new(drawn: &'a Drawn, kernel: Option<Array2<f64>>) -> Self {
        Self { drawn, kernel }
    }

    fn run<E: Encoder + Clone>(&self, encoder: E, unit: &mut UnitContext<'_, Cell>) -> Result<Vec<Seen>, Failure> {
        let cell = unit.cell;
        let loss = SupervisedInfoNce::one_positive(cell.temperature)?;
        let source = Labelled::new(self.drawn.features.view(), &self.drawn.labels);
        let plain = self.calibrated(&encoder, &loss, &source, &mut unit.generator, cell.turn)?;
        let (rule, rate): (Box<dyn Optimizer>, f64) = match cell.rule.has_momentum() {
            true => (Box::new(HeavyBall::new(cell.momentum)?), plain * (1.0 - cell.momentum)),
            false => (Box::new(GradientDescent), plain),
        };
        let mut method = Method::new(&loss, &*rule, rate)?;
        if cell.rule.has_decay() {
            method = method.decay(WeightDecay::decoupled(cell.decay / rate)?);
        }
        let mut trainer = Trainer::new(encoder, method)?;
        let mut seen = Vec::with_capacity(cell.steps.len());
        for step in 1..=cell.last_step() {
            if unit.is_cancelled() {
                break;
            }
            let Some(views) = everything(&source, &mut unit.generator) else { break };
            if !cell.steps.contains(&step) {
                trainer.step(&views)?;
                continue;
            }
            let before = trainer.encoder().clone();
            let loss_before = trainer.step(&views)?;
            let look = Look { cell, loss: &loss, views: &views, rate };
            let looked = look.at(self.kernel.as_ref(), &before, trainer.encoder())?;
            seen.push(Seen { step: step as u64, loss: loss_before, ..looked });
        }
        Ok(seen)
    }

    /// The learning rate at which the first plain step turns embeddings by the wanted median angle: steps so small turn
    /// in proportion to the rate.
    fn calibrated<E: Encoder + Clone>(
        &self,
        encoder: &E,
        loss: &SupervisedInfoNce,
        source: &Labelled<'_>,
        generator: &mut Generator,
        turn: f64,
    ) -> Result<f64, Failure> {
        let nothing =
            || Failure::Refused("no two samples share a class; give more samples or fewer classes".to_owned());
        let views = everything(source, generator).ok_or_else(nothing)?;
        let input = Input { rows: &views.rows, features: views.first.view() };
        let before = normalize(encoder.embed(input).view())?;
        let mut trainer = Trainer::new(encoder.clone(), Method::new(loss, &GradientDescent, PROBE)?)?;
        trainer.step(&views)?;
        let after = normalize(trainer.encoder().embed(input).view())?;
        let chord = |(x, y): (ArrayView1<'_, f64>, ArrayView1<'_, f64>)| norm_of((&y - &x).view());
        let chords = before.units().rows().into_iter().zip(after.units().rows()).map(chord).collect::<Vec<_>>();
        Ok(PROBE * turn / Data::new(chords).median())
    }
}

/// All samples as one batch; none if no two of them share a class.
fn everything(source: &Labelled<'_>, generator: &mut Generator) -> Option<Views> {
    let all: Vec<usize> = (0..source.samples()).collect();
    source.views(&all, generator)
}

/// A look at the step from one state of an encoder to the next.
struct Look<'a> {
    cell: &'a Cell,
    loss: &'a SupervisedInfoNce,
    views: &'a Views,
    rate: f64,
}

impl Look<'_> {
    fn at<E: Encoder>(&self, kernel: Option<&Array2<f64>>, before: &E, after: &E) -> Result<Seen, Failure> {
        let input = Input { rows: &self.views.rows, features: self.views.first.view() };
        let (start, end) = (before.embed(input), after.embed(input));
        let displacements = &end - &start;
        let (origins, ways) = (normalize(start.view())?, normalize(displacements.view())?);
        let pairs = || origins.units().into_outer_iter().zip(ways.units().into_outer_iter());
        let shares: Vec<f64> = pairs().map(|(z, way)| inner(z, way)).collect();
        let angles = pairs().map(|(z, way)| embedding_norms::sphere::angle(z, way).to_degrees()).collect();
        let count = shares.len() as f64;
        let shorter = start.rows().into_iter().zip(end.rows()).filter(|(z, w)| norm_of(w.view()) < norm_of(z.view()));
        let is_plain = self.cell.rule == Rule::Plain;
        let layers = matches!(self.cell.kind, Kind::Perceptron) && is_plain;
        let share = |tensors: [usize; 2]| layers.then(|| parameter_share(before, after, tensors));
        Ok(Seen {
            step: 0,
            loss: 0.0,
            learning_rate: self.rate,
            median_norm: Data::new(origins.norms().to_vec()).median(),
            largest_share: shares.iter().fold(0.0, |largest, share| largest.max(share.abs())),
            rms_share: (shares.iter().fold(0.0, |sum, share| sum + share * share) / count).sqrt(),
            mean_share: shares.iter().fold(0.0, |sum, share| sum + share) / count,
            shortened: shorter.count() as f64 / count,
            angles: quantiles(angles),
            kernel_residual: match (kernel, is_plain) {
                (Some(kernel), true) => Some(self.kernel_residual(kernel, &start, &displacements)?),
                _ => None,
            },
            decay_residual: (self.cell.rule == Rule::Decay).then(|| {
                let pulls = shares.iter().zip(origins.norms()).zip(ways.norms());
                let left = |((share, norm), way): ((&f64, &f64), &f64)| (share + self.cell.decay * norm / way).abs();
                pulls.map(left).fold(0.0, f64::max)
            }),
            last_layer_share: share([2, 3]),
            first_layer_share: share([0, 1]),
        })
    }

    /// How far displacements are from −η Σ_j K_ij ∇_j.
    fn kernel_residual(
        &self,
        kernel: &Array2<f64>,
        start: &Array2<f64>,
        displacements: &Array2<f64>,
    ) -> Result<f64, Failure> {
        let directions = normalize(start.view())?;
        let mut batch = Batch::one_view(&directions)?;
        if let Some(positives) = &self.views.positives {
            batch = batch.with_positives(positives)?;
        }
        let evaluation = self.loss.evaluate(&batch)?;
        let gradients = pullback(&directions, evaluation.first.view()) * (self.rate / evaluation.rows as f64);
        let (mut worst, mut largest) = (0.0_f64, 0.0_f64);
        for (&row, displacement) in self.views.rows.iter().zip(displacements.rows()) {
            let mut left = displacement.to_owned();
            for (&other, gradient) in self.views.rows.iter().zip(gradients.rows()) {
                left.scaled_add(kernel[(row, other)], &gradient);
            }
            worst = worst.max(norm_of(left.view()));
            largest = largest.max(norm_of(displacement));
        }
        Ok(worst / largest)
    }
}

/// θ·Δθ/(‖θ‖‖Δθ‖) for some groups together.
fn parameter_share<E: Encoder>(before: &E, after: &E, groups: [usize; 2]) -> f64 {
    let together = |encoder: &E| {
        let all = encoder.groups();
        Array1::from(groups.map(|group| all[group]).concat())
    };
    let (start, end) = (together(before), together(after));
    let way = &end - &start;
    inner(start.view(), way.view()) / (norm_of(start.view()) * norm_of(way.view()))
}

fn quantiles(values: Vec<f64>) -> [f64; 5] {
    let mut values = Data::new(values);
    [0.05, 0.25, 0.5, 0.75, 0.95].map(|share| values.quantile(share))
}
