//! One training, with a look at every displacement at chosen steps.

use embedding_norms::data::mixture::{Drawn, Mixture};
use embedding_norms::encoder::{Encoder, Input, Network, Table};
use embedding_norms::loss::{Batch, Loss, SupervisedInfoNce};
use embedding_norms::normalization::pullback;
use embedding_norms::optimizer::{GradientDescent, HeavyBall, Optimizer, WeightDecay};
use embedding_norms::random::Generator;
use embedding_norms::sphere::{inner, norm_of, normalize};
use embedding_norms::statistics::mean;
use embedding_norms::training::{Labelled, Method, Source, Trainer, Views};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize, Serializer};
use statrs::statistics::{Data, OrderStatistics};

use crate::cli::failure::Failure;
use crate::simulations::study::{Context, Row, Study, name_of};

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
    #[serde(rename = "free embeddings")]
    Free,
    /// A linear encoder with a row per input.
    #[serde(rename = "a row per input")]
    RowPerInput,
    /// A linear encoder of features, without biases.
    #[serde(rename = "shared linear")]
    SharedLinear,
    /// A perceptron with one hidden layer, and biases.
    #[serde(rename = "perceptron")]
    Perceptron,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Free, Self::RowPerInput, Self::SharedLinear, Self::Perceptron];
}

/// How it is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Plain gradient descent.
    Plain,
    /// Heavy-ball momentum.
    Momentum,
    /// Plain descent with decoupled weight decay.
    Decay,
    /// Both.
    #[serde(rename = "momentum and decay")]
    Both,
}

impl Rule {
    pub const ALL: [Self; 4] = [Self::Plain, Self::Momentum, Self::Decay, Self::Both];

    fn has_momentum(self) -> bool {
        matches!(self, Self::Momentum | Self::Both)
    }

    fn has_decay(self) -> bool {
        matches!(self, Self::Decay | Self::Both)
    }
}

/// One encoder under one rule.
#[derive(Clone, Debug, Serialize)]
pub struct Condition {
    #[serde(serialize_with = "variant")]
    pub kind: Kind,
    #[serde(serialize_with = "variant")]
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

/// Random numbers depend on the names of variants in the code, not on those in tables.
fn variant<S: Serializer>(variant: &impl std::fmt::Debug, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{variant:?}"))
}

/// What is seen of the displacements of one step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    pub encoder: Kind,
    pub rule: Rule,
    pub replicate: u64,
    pub step: usize,
    loss: f64,
    learning_rate: f64,
    median_norm: f64,
    /// The largest |z·Δz|/(‖z‖‖Δz‖).
    pub largest_share: f64,
    /// The root of the mean square of z·Δz/(‖z‖‖Δz‖).
    pub rms_share: f64,
    /// Its mean, with its sign.
    mean_share: f64,
    /// The share of embeddings that the step made shorter.
    pub shortened: f64,
    /// The 5 % quantile of the angle between z and Δz, in degrees.
    pub angle_05: f64,
    angle_25: f64,
    pub angle_50: f64,
    angle_75: f64,
    pub angle_95: f64,
    /// The largest difference of a displacement from −η Σ_j K_ij ∇_j, over the largest displacement.
    pub kernel_residual: Option<f64>,
    /// The largest |z·Δz + ηλ‖z‖²|/(‖z‖‖Δz‖).
    pub decay_residual: Option<f64>,
    /// θ·Δθ/(‖θ‖‖Δθ‖) for the weights and biases of the last layer.
    pub last_layer_share: Option<f64>,
    /// The same for the first layer.
    pub first_layer_share: Option<f64>,
    stop: String,
}

impl Row for Seen {
    const TABLE: &'static str = "";
}

impl Study for Condition {
    type Rows = Vec<Seen>;

    fn label(&self) -> String {
        format!("{}, {}", name_of(&self.kind), name_of(&self.rule))
    }

    fn cost(&self) -> f64 {
        self.last_step() as f64 * (self.samples * self.samples) as f64
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Vec<Seen>, Failure> {
        let mixture = Mixture::new(&vec![1.0; self.classes], NOISE, self.dimension)?.observed(self.width, GAIN)?;
        let drawn = mixture.draw(self.samples, &mut unit.generator)?;
        let perceptron = Network::draw(&[self.width, self.width, self.dimension], true, &mut unit.generator);
        let linear = Network::draw(&[self.width, self.dimension], false, &mut unit.generator);
        let start = perceptron.embed_features(drawn.features.view());
        let lengths = relative_lengths(&drawn);
        let course = |kernel| Course { condition: self, drawn: &drawn, kernel };
        match self.kind {
            Kind::Free => course(Some(Array2::eye(self.samples))).run(Table::free(start), unit),
            Kind::RowPerInput => {
                let kernel = Array2::from_diag(&lengths.mapv(|length| length * length));
                course(Some(kernel)).run(Table::linear(start, lengths), unit)
            }
            Kind::SharedLinear => {
                let kernel = Array2::from_shape_fn((self.samples, self.samples), |(i, j)| {
                    inner(drawn.features.row(i), drawn.features.row(j))
                });
                course(Some(kernel)).run(linear, unit)
            }
            Kind::Perceptron => course(None).run(perceptron, unit),
        }
    }
}

impl Condition {
    fn last_step(&self) -> usize {
        self.steps.last().copied().unwrap_or(0)
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
    condition: &'a Condition,
    drawn: &'a Drawn,
    /// K_ij, by which a plain step moves z_i for the gradient of z_j, where it is the same at every step.
    kernel: Option<Array2<f64>>,
}

impl Course<'_> {
    fn run<E: Encoder + Clone>(&self, encoder: E, unit: &mut Context<'_>) -> Result<Vec<Seen>, Failure> {
        let condition = self.condition;
        let loss = SupervisedInfoNce::one_positive(condition.temperature)?;
        let source = Labelled::new(self.drawn.features.view(), &self.drawn.labels);
        let plain = self.calibrated(&encoder, &loss, &source, &mut unit.generator)?;
        let (rule, rate): (Box<dyn Optimizer>, f64) = match condition.rule.has_momentum() {
            true => (Box::new(HeavyBall::new(condition.momentum)?), plain * (1.0 - condition.momentum)),
            false => (Box::new(GradientDescent), plain),
        };
        let mut method = Method::new(&loss, &*rule, rate)?;
        if condition.rule.has_decay() {
            method = method.decay(WeightDecay::decoupled(condition.decay / rate)?);
        }
        let mut trainer = Trainer::new(encoder, method)?;
        let mut seen = Vec::with_capacity(condition.steps.len());
        for step in 1..=condition.last_step() {
            if unit.is_cancelled() {
                break;
            }
            let Some(views) = everything(&source, &mut unit.generator) else { break };
            if !condition.steps.contains(&step) {
                trainer.step(&views)?;
                continue;
            }
            let before = trainer.encoder().clone();
            let loss_before = trainer.step(&views)?;
            let look = Look { condition, loss: &loss, views: &views, rate, kernel: self.kernel.as_ref() };
            let seen_here = look.at((unit.unit.replicate, step, loss_before), &before, trainer.encoder())?;
            seen.push(seen_here);
        }
        Ok(seen)
    }

    /// The learning rate at which the first plain step rotates embeddings by the wanted median angle: at steps so small
    /// the angle is proportional to the rate.
    fn calibrated<E: Encoder + Clone>(
        &self,
        encoder: &E,
        loss: &SupervisedInfoNce,
        source: &Labelled<'_>,
        generator: &mut Generator,
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
        Ok(PROBE * self.condition.turn / Data::new(chords).median())
    }
}

/// All samples as one batch; none if no two of them share a class.
fn everything(source: &Labelled<'_>, generator: &mut Generator) -> Option<Views> {
    let all: Vec<usize> = (0..source.samples()).collect();
    source.views(&all, generator)
}

/// A look at the step from one state of an encoder to the next.
struct Look<'a> {
    condition: &'a Condition,
    loss: &'a SupervisedInfoNce,
    views: &'a Views,
    rate: f64,
    kernel: Option<&'a Array2<f64>>,
}

impl Look<'_> {
    fn at<E: Encoder>(
        &self,
        (replicate, step, loss): (u64, usize, f64),
        before: &E,
        after: &E,
    ) -> Result<Seen, Failure> {
        let input = Input { rows: &self.views.rows, features: self.views.first.view() };
        let (start, end) = (before.embed(input), after.embed(input));
        let displacements = &end - &start;
        let (origins, ways) = (normalize(start.view())?, normalize(displacements.view())?);
        let pairs = || origins.units().into_outer_iter().zip(ways.units().into_outer_iter());
        let shares: Vec<f64> = pairs().map(|(z, way)| inner(z, way)).collect();
        let angles = pairs().map(|(z, way)| embedding_norms::sphere::angle(z, way).to_degrees()).collect();
        let count = shares.len() as f64;
        let shorter = start.rows().into_iter().zip(end.rows()).filter(|(z, w)| norm_of(w.view()) < norm_of(z.view()));
        let Condition { kind: encoder, rule, decay, .. } = *self.condition;
        let is_plain = rule == Rule::Plain;
        let layers = encoder == Kind::Perceptron && is_plain;
        let [angle_05, angle_25, angle_50, angle_75, angle_95] = quantiles(angles);
        let share = |tensors: [usize; 2]| layers.then(|| parameter_share(before, after, tensors));
        Ok(Seen {
            encoder,
            rule,
            replicate,
            step,
            loss,
            learning_rate: self.rate,
            median_norm: Data::new(origins.norms().to_vec()).median(),
            largest_share: shares.iter().fold(0.0, |largest, share| largest.max(share.abs())),
            rms_share: (shares.iter().fold(0.0, |sum, share| sum + share * share) / count).sqrt(),
            mean_share: mean(&shares),
            shortened: shorter.count() as f64 / count,
            angle_05,
            angle_25,
            angle_50,
            angle_75,
            angle_95,
            kernel_residual: self
                .kernel
                .filter(|_| is_plain)
                .map(|kernel| self.kernel_residual(kernel, &start, &displacements))
                .transpose()?,
            decay_residual: (rule == Rule::Decay).then(|| {
                let pulls = shares.iter().zip(origins.norms()).zip(ways.norms());
                let left = |((share, norm), way): ((&f64, &f64), &f64)| (share + decay * norm / way).abs();
                pulls.map(left).fold(0.0, f64::max)
            }),
            last_layer_share: share([2, 3]),
            first_layer_share: share([0, 1]),
            stop: "steps".to_owned(),
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
