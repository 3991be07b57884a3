//! Training runs of one task under the levers, side by side, and what is measured on the way.

use std::fs;
use std::path::{Path, PathBuf};

use embedding_norms::confidence::{ConfidenceError, Neighbours, effective_rank, mean_cosine};
use embedding_norms::encoder::Network;
use embedding_norms::sphere::{Directions, angle, normalize};
use embedding_norms::training::{Source, Trainer, TrainingError, Views, batches};
use embedding_norms_lab::files;
use ndarray::Array2;
use rand::Rng;
use rand::seq::SliceRandom;
use serde::Serialize;
use statrs::statistics::{Data, OrderStatistics};

use super::courses::{Course, Courses};
use super::curve::{self, Record};
use super::recipe::Recipe;
use super::runs::{Role, Run, Setting, Stop};
use super::seed::Seed;
use super::task::{Inputs, Samples, Size, Task};
use crate::cli::arrays;
use crate::cli::failure::Failure;
use crate::cli::output::{Folder, refused};
use crate::cli::values;
use crate::simulations::checkpoints::{Checkpoints, File};
use crate::simulations::photo_data::PhotoData;
use crate::simulations::photo_encoder::{ImageEncoder, Precision};
use crate::simulations::study::{Context, Study};

/// Neighbours that vote.
pub const NEIGHBOURS: usize = 10;
/// The ratio of successive numbers of steps after which accuracy is measured.
const SPACING: f64 = std::f64::consts::SQRT_2;

/// One task under several settings, all on the same batches, which are drawn once.
#[derive(Clone, Debug, Serialize)]
pub struct Training {
    pub task: Task,
    pub settings: Vec<Setting>,
    pub size: Size,
    pub epochs: usize,
    /// What tasks on images learn from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<PhotoData>,
    #[serde(skip_serializing_if = "ImageEncoder::is_default")]
    pub encoder: ImageEncoder,
    #[serde(skip_serializing_if = "Precision::is_default")]
    pub precision: Precision,
    /// Where embeddings are saved; no part of the result.
    #[serde(skip)]
    pub save: Option<Save>,
    #[serde(skip)]
    pub checkpoints: Checkpoints,
}

/// Where the embeddings of the probes are saved.
#[derive(Clone, Debug, PartialEq)]
pub struct Save {
    pub folder: PathBuf,
    /// After how many steps the second time.
    pub steps: u64,
}

impl Study for Training {
    type Rows = (Vec<Run>, (Vec<Record>, Vec<Seed>));

    fn label(&self) -> String {
        format!("{}, {} settings", values::name(self.task), self.settings.len())
    }

    fn cost(&self) -> f64 {
        let Size { samples, batch, hidden, .. } = self.size;
        let inner = if self.task.is_normalized() { 2 * hidden } else { 0 };
        let of_encoder = match &self.images {
            None => (hidden * (64 + self.task.dimension())) as f64,
            Some(images) if self.encoder == ImageEncoder::Convolution => {
                let widths = self.size.channels().into_iter().chain([self.task.dimension()]).collect::<Vec<_>>();
                self.encoder.multiplications(images.size(), &widths)
            }
            Some(images) => self.encoder.multiplications(images.size(), &[hidden, self.task.dimension()]),
        };
        let width = of_encoder + (hidden * inner) as f64;
        let comparisons = if self.task.is_contrastive() { 60.0 * batch as f64 } else { width };
        let views = if self.task.has_views() { 2.0 } else { 1.0 };
        let rows = (self.epochs * samples) as f64 * views;
        rows * (self.settings.len() as f64 * (3.0 * width + comparisons) + 5000.0 * (views - 1.0))
    }

    fn run(&self, unit: &mut Context<'_>) -> Result<Self::Rows, Failure> {
        let samples = self.task.draw(self.size, self.images.as_ref(), unit)?;
        let name = |part: &str| format!("levers/{part}/{}", values::name(self.task));
        let probes = samples.probes(&mut unit.shared_generator(name("probes").as_bytes()))?;
        let mut generator = unit.shared_generator(name("networks").as_bytes());
        let (encoder, predictor) = self.task.networks(self.inputs(&samples), self.size, &mut generator);
        let in_precision = |network: Network| network.in_precision(self.precision.into());
        let networks = (in_precision(encoder), predictor.map(in_precision));
        let loss = self.task.loss()?;
        let watch = Watch { training: self, samples: &samples, probes, unit };
        let recipe = Recipe::new(self.task, self.steps())?;
        let begin = |&setting: &Setting| {
            let (mut encoder, mut predictor) = networks.clone();
            setting.lever.prepare(std::iter::once(&mut encoder).chain(&mut predictor))?;
            watch.begin(setting, recipe.trainer(setting.lever, setting.rate, &*loss, (encoder, predictor))?)
        };
        let mut course = Courses {
            epochs: 0,
            generator: unit.shared_generator(name("training").as_bytes()),
            each: self.settings.iter().map(begin).collect::<Result<_, _>>()?,
        };
        let file = self.checkpoints.file(&unit.generator)?;
        if let Some(file) = &file {
            course.resume(file)?;
        }
        let (runs, records) = watch.follow(course, &*samples.source()?, file)?;
        let seed = Seed { task: self.task, replicate: unit.unit.replicate, seed: unit.generator.random() };
        Ok((runs, (records, vec![seed])))
    }
}

impl Training {
    fn inputs(&self, samples: &Samples) -> Inputs {
        match (&self.images, self.encoder) {
            (Some(images), ImageEncoder::Convolution) => Inputs::Convolved(images.size()),
            _ => Inputs::Features(samples.features()),
        }
    }

    fn steps(&self) -> u64 {
        (self.size.samples.div_ceil(self.size.batch) * self.epochs) as u64
    }

    /// The numbers of steps after which accuracy is measured: 1, then √2 times as many each.
    fn schedule(&self) -> Vec<u64> {
        let steps = self.steps();
        let mut schedule = vec![1];
        let mut next = 1.0;
        while next < steps as f64 {
            next *= SPACING;
            schedule.push((next.round() as u64).min(steps));
        }
        schedule.dedup();
        schedule
    }
}

/// The median of angles or norms.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    Data::new(values.into_iter().collect::<Vec<_>>()).median()
}

/// The median angle between the rows of two sets of directions.
fn median_angle(first: &Directions, second: &Directions) -> f64 {
    median(first.units().rows().into_iter().zip(second.units().rows()).map(|(x, y)| angle(x, y)))
}

/// Those who watch the runs.
struct Watch<'a, 'b> {
    training: &'a Training,
    samples: &'a Samples,
    probes: [Array2<f64>; 2],
    unit: &'a Context<'b>,
}

impl Watch<'_, '_> {
    fn begin<'a>(&self, setting: Setting, trainer: Trainer<'a, Network>) -> Result<Course<'a>, Failure> {
        let [first, second] = self.embed_probes(trainer.encoder());
        self.save(setting, 0, &first, &second)?;
        let (start, partners) = (normalize(first.view())?, normalize(second.view())?);
        let (record, chance) = self.untrained(setting, trainer.encoder())?;
        let (norm, angle) = (median(start.norms().to_vec()), median_angle(&start, &partners));
        let (lever, strength) = setting.lever.columns();
        let run = Run {
            task: self.training.task,
            lever,
            strength,
            rate: setting.rate,
            replicate: self.unit.unit.replicate,
            role: Role::Comparison,
            norm,
            final_norm: None,
            angle,
            turned: None,
            best_angle: 0.5 * angle,
            step_size: setting.rate / self.training.size.batch as f64 * libm::pow(norm, setting.lever.power() - 2.0),
            effective_rank: effective_rank(first.view())?,
            final_rank: None,
            mean_cosine: mean_cosine(first.view())?,
            chance,
            untrained: record.accuracy,
            best: 0.0,
            mean_accuracy: 0.0,
            target: None,
            epochs: None,
            stop: Stop::Diverged,
        };
        Ok(Course { setting, trainer, start, run, records: vec![record], diverged: false })
    }

    fn follow(
        &self,
        mut courses: Courses<'_>,
        source: &dyn Source,
        file: Option<File>,
    ) -> Result<(Vec<Run>, Vec<Record>), Failure> {
        let schedule = self.training.schedule();
        for epoch in courses.epochs..self.training.epochs {
            for rows in batches(source.samples(), self.training.size.batch, &mut courses.generator) {
                if self.unit.is_cancelled() {
                    return Ok((Vec::new(), Vec::new()));
                }
                let views = source.views(&rows, &mut courses.generator);
                for course in courses.each.iter_mut().filter(|course| !course.diverged) {
                    course.diverged = !self.advance(course, views.as_ref(), &schedule)?;
                }
            }
            courses.epochs = epoch + 1;
            if let Some(file) = &file {
                courses.save(file)?;
            }
        }
        let ended: Vec<_> = courses.each.into_iter().map(|course| self.end(course)).collect::<Result<_, _>>()?;
        let (runs, records): (Vec<Run>, Vec<Vec<Record>>) = ended.into_iter().unzip();
        Ok((runs, records.concat()))
    }

    /// Takes a step, if the batch holds a pair, and looks at the run; whether it still has embeddings.
    fn advance(&self, course: &mut Course<'_>, views: Option<&Views>, schedule: &[u64]) -> Result<bool, Failure> {
        match views.map(|views| course.trainer.step(views)) {
            Some(Err(TrainingError::NoDirection { .. })) => Ok(false),
            Some(Err(error)) => Err(error.into()),
            Some(Ok(_)) | None => self.observe(course, schedule),
        }
    }

    /// Looks at a run after a step; whether it still has embeddings.
    fn observe(&self, course: &mut Course<'_>, schedule: &[u64]) -> Result<bool, Failure> {
        let Course { setting, trainer, start, run, records, .. } = course;
        let step = trainer.steps();
        let saved = self.training.save.as_ref().is_some_and(|save| save.steps == step);
        if step == 1 || saved {
            let [first, second] = self.embed_probes(trainer.encoder());
            if saved {
                self.save(*setting, step, &first, &second)?;
            }
            let Ok(now) = normalize(first.view()) else { return Ok(false) };
            if step == 1 {
                run.turned = Some(median_angle(start, &now));
            }
        }
        // A batch without a pair takes no step, and the same number is not recorded again.
        let recorded = records.last().is_some_and(|record| record.step == step);
        if schedule.binary_search(&step).is_ok() && !recorded {
            match self.record(*setting, trainer.encoder(), step) {
                Ok(record) => records.push(record),
                Err(ConfidenceError::Direction(_)) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    fn end(&self, course: Course<'_>) -> Result<(Run, Vec<Record>), Failure> {
        let Course { trainer, mut run, records, diverged, .. } = course;
        run.best = curve::best(&records);
        if !diverged {
            let [first, _] = self.embed_probes(trainer.encoder());
            run.final_norm = Some(median(normalize(first.view())?.norms().to_vec()));
            run.final_rank = Some(effective_rank(first.view())?);
            // A run that diverges has no neighbours from there on, and none of their accuracy.
            run.mean_accuracy = curve::mean_accuracy(&records);
            run.stop = Stop::Budget;
        }
        Ok((run, records))
    }

    fn embed_probes(&self, encoder: &Network) -> [Array2<f64>; 2] {
        self.probes.each_ref().map(|probe| encoder.embed_batch(probe.view()))
    }

    fn neighbours(&self, encoder: &Network) -> Result<(Neighbours, f64), ConfidenceError> {
        let test = encoder.embed_batch(self.samples.test());
        let norms = normalize(test.view())?.norms().to_vec();
        let base = encoder.embed_batch(self.samples.training());
        Ok((Neighbours::between(test.view(), base.view(), NEIGHBOURS)?, median(norms)))
    }

    fn record(&self, setting: Setting, encoder: &Network, step: u64) -> Result<Record, ConfidenceError> {
        let (neighbours, norm) = self.neighbours(encoder)?;
        let accuracy = neighbours.accuracy(self.samples.test_labels(), self.samples.training_labels())?;
        let (lever, strength) = setting.lever.columns();
        let (task, rate, replicate) = (self.training.task, setting.rate, self.unit.unit.replicate);
        Ok(Record { task, lever, strength, rate, replicate, step, accuracy, norm })
    }

    /// The first record, and the accuracy where labels know nothing of their samples.
    fn untrained(&self, setting: Setting, encoder: &Network) -> Result<(Record, f64), ConfidenceError> {
        let mut shuffled = self.samples.training_labels().to_vec();
        shuffled.shuffle(&mut self.unit.shared_generator(b"levers/shuffled"));
        let (neighbours, _) = self.neighbours(encoder)?;
        Ok((self.record(setting, encoder, 0)?, neighbours.accuracy(self.samples.test_labels(), &shuffled)?))
    }

    fn save(&self, setting: Setting, step: u64, first: &Array2<f64>, second: &Array2<f64>) -> Result<(), Failure> {
        let Some(save) = &self.training.save else { return Ok(()) };
        let (kind, strength) = setting.lever.columns();
        let lever = values::name(kind) + &strength.map_or(String::new(), |strength| format!("-{strength}"));
        let (task, rate, replicate) = (values::name(self.training.task), setting.rate, self.unit.unit.replicate);
        let setting = format!("{task}.{lever}.rate-{rate}.replicate-{replicate}");
        // One folder each: threads that make ready the same one would be in each other's way.
        fs::create_dir_all(&save.folder)?;
        let below = files::subfolder(&save.folder, Path::new(&setting));
        let folder = Folder::prepare(&below.map_err(|(path, error)| refused(&path, &error))?)?;
        for (view, rows) in [("first", first), ("second", second)] {
            arrays::write(&folder, &format!("{view}.step-{step}.npy"), rows)?;
        }
        Ok(())
    }
}
