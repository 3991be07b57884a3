//! Courses of trainings: how far positives have drawn nearer at each record, as the closed form of a population has it (L4),
//! and how often the rest lay where the first quarter of the steps says.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use embedding_norms::diagnosis::{Pace, Trial, alignment_progress};
use embedding_norms::loss::{Loss, NegativeCosine};
use embedding_norms::optimizer::{GradientDescent, entry};
use embedding_norms::random::{StandardNormal, generator};
use embedding_norms::simulation::{Cadence, Descent, Start, StopRules};
use embedding_norms::sphere::{cosines, normalize, uniform};
use embedding_norms::training::{Method, Trainer};
use embedding_norms_lab::table::{Table, Value};
use ndarray::{Array2, Axis};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::cell::{Cell, NETWORKS, RULES};
use super::report::{assert_in_docs, rounded};
use super::task::{Kind, Task};
use super::verdict::{CHOSEN_ON, REPORTED_ON, wilson};
use crate::repository::root;

/// Steps of a training.
const STEPS: u64 = 256;

/// Records per factor of ten in steps.
const RECORDS: f64 = 8.0;

/// What is trained where nothing is shared: pairs of free embeddings under plain descent of −cos φ.
const FREE: &str = "free";

/// Digits in two views that attract each other and repel nothing, −cos φ.
const ATTRACTION: &str = "digits, −cos";

/// The table beside the page.
const TABLE: &str = "diagnosing.course.csv";

/// Every task.
const TASKS: [&str; 4] = ["mixture", "digits", ATTRACTION, FREE];

/// One training.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub task: &'static str,
    pub network: &'static str,
    pub rule: &'static str,
    pub rate: f64,
    pub seed: u64,
    /// κt by L4 at each of [`steps`]; none after embeddings have stopped being numbers.
    pub progress: Vec<Option<f64>>,
}

/// The steps that are recorded.
pub fn steps() -> Vec<u64> {
    let cadence = Cadence::per_decade(RECORDS).unwrap();
    let mut steps = vec![0];
    while *steps.last().unwrap() < STEPS {
        steps.push(cadence.next_after(*steps.last().unwrap()).min(STEPS));
    }
    steps
}

/// Every training of a seed.
pub fn of_seed(seed: u64) -> Vec<Course> {
    let of = |kind: Kind| {
        let task = Task::draw(kind, STEPS as usize, seed);
        let cells: Vec<_> = super::cell::all().into_iter().filter(|cell| cell.task == kind).collect();
        let of = |loss: &dyn Loss, name: &'static str, cell: &Cell| -> Vec<Course> {
            cell.rates()[1..4].iter().map(|&rate| trained(&task, (loss, name), cell, rate, seed)).collect()
        };
        let trained = |cell: &Cell| {
            let contrastive = of(&*task.loss(), kind.name(), cell);
            let attraction = (kind == Kind::Digits).then(|| of(&NegativeCosine::symmetric(), ATTRACTION, cell));
            [contrastive, attraction.unwrap_or_default()].concat()
        };
        cells.par_iter().map(trained).collect::<Vec<Vec<_>>>().concat()
    };
    let mut courses: Vec<Course> = Kind::ALL.into_iter().flat_map(of).collect();
    courses.extend([0.002, 0.01, 0.05].map(|rate| free(rate, seed)));
    courses
}

/// The angles of positives at each record, as the mean of 1 − cos φ, and the half-tangents of the first.
#[derive(Default)]
struct Curve {
    half_tangents: Vec<f64>,
    alignment: Vec<f64>,
}

impl Curve {
    /// Adds a record; nothing where embeddings have stopped being numbers.
    fn add(&mut self, z: &Array2<f64>, w: &Array2<f64>) -> Option<()> {
        let (z, w) = (normalize(z.view()).ok()?, normalize(w.view()).ok()?);
        let cosines = cosines(z.units(), w.units());
        if self.alignment.is_empty() {
            self.half_tangents = cosines.iter().map(|cosine| cosine.half_tangent()).collect();
        }
        self.alignment.push(cosines.iter().map(|cosine| cosine.one_minus).sum::<f64>() / cosines.len() as f64);
        Some(())
    }

    fn progress(&self) -> Vec<Option<f64>> {
        let found = alignment_progress(&self.half_tangents, &self.alignment).unwrap();
        let mut found: Vec<_> = found.into_iter().map(Some).collect();
        found.resize(steps().len(), None);
        found
    }
}

fn trained(task: &Task, (loss, name): (&dyn Loss, &'static str), cell: &Cell, rate: f64, seed: u64) -> Course {
    let rule = entry(cell.rule).unwrap().with_defaults();
    let [probes, positives] = task.probes();
    let method = Method::new(loss, &*rule, rate).unwrap();
    let mut trainer = Trainer::new(cell.draw(seed), method).unwrap();
    let mut curve = Curve::default();
    let steps = steps();
    for (place, pair) in std::iter::once(&[0, 0][..]).chain(steps.windows(2)).enumerate() {
        let batches = &task.batches[pair[0] as usize..pair[1] as usize];
        if batches.iter().any(|views| trainer.step(views).is_err()) {
            break;
        }
        let embed = |rows: &Array2<f64>| trainer.encoder().embed_batch(rows.view());
        if curve.add(&embed(&probes), &embed(&positives)).is_none() {
            assert!(place > 0, "a network starts with directions");
            break;
        }
    }
    let (network, rule) = (cell.network, cell.rule);
    Course { task: name, network, rule, rate, seed, progress: curve.progress() }
}

/// Pairs of free embeddings whose norms differ, at a learning rate in units of the square of the typical norm.
fn free(rate: f64, seed: u64) -> Course {
    let (pairs, dimension) = (128, 16);
    let mut random = generator(seed, b"diagnosing/free", 0);
    let mut draw = || {
        let mut rows = uniform(pairs, dimension, &mut random).unwrap();
        let mut norms = vec![0.0; pairs];
        StandardNormal::fill(&mut norms, &mut random);
        rows.axis_iter_mut(Axis(0)).zip(norms).for_each(|(mut row, ln)| row *= (0.3 * ln).exp());
        rows
    };
    let start = Start::pairs(draw(), draw());
    let loss = NegativeCosine::symmetric();
    let descent = Descent::new(&loss, &GradientDescent, rate).unwrap().records(Cadence::per_decade(RECORDS).unwrap());
    let stops = StopRules::budget(STEPS).never_stationary();
    let outcome = descent.record_positions().run(start, &stops).unwrap();
    let mut curve = Curve::default();
    for record in &outcome.records {
        let (z, w) = record.positions.as_ref().unwrap();
        curve.add(z, w.as_ref().unwrap()).unwrap();
    }
    Course { task: FREE, network: FREE, rule: "gradient-descent", rate, seed, progress: curve.progress() }
}

fn file(name: &str) -> PathBuf {
    root().join("docs").join(name)
}

pub fn write(courses: &[Course]) {
    let steps: Vec<String> = steps().iter().map(|step| format!("step {step}")).collect();
    let mut columns = vec!["task", "network", "optimizer", "rate", "seed"];
    columns.extend(steps.iter().map(String::as_str));
    let mut table = Table::new(&columns);
    for course in courses {
        let named = [course.task, course.network, course.rule].map(Value::from);
        let numbers = course.progress.iter().map(|value| Value::from(value.map(rounded)));
        let settings = [rounded(course.rate).into(), course.seed.into()];
        table.push(named.into_iter().chain(settings).chain(numbers));
    }
    fs::write(file(TABLE), table.to_csv().unwrap()).unwrap();
}

pub fn read() -> Vec<Course> {
    let table = Table::read_csv(fs::File::open(file(TABLE)).unwrap()).unwrap();
    let known = |names: &[&'static str], column: &str| -> Vec<&'static str> {
        let texts = table.texts(column).unwrap();
        texts.iter().map(|text| *names.iter().find(|name| *name == text).unwrap()).collect()
    };
    let tasks = known(&TASKS, "task");
    let networks = known(&[NETWORKS[0], NETWORKS[1], NETWORKS[2], FREE], "network");
    let rules = known(&RULES, "optimizer");
    let [rates, seeds] = ["rate", "seed"].map(|column| table.numbers(column).unwrap());
    let progress: Vec<Vec<Option<f64>>> =
        steps().iter().map(|step| table.numbers(&format!("step {step}")).unwrap()).collect();
    let course = |row: usize| Course {
        task: tasks[row],
        network: networks[row],
        rule: rules[row],
        rate: rates[row].unwrap(),
        seed: seeds[row].unwrap() as u64,
        progress: progress.iter().map(|column| column[row]).collect(),
    };
    (0..tasks.len()).map(course).collect()
}

/// How predictions came out, over trainings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Trainings, and those that were predicted.
    pub trainings: usize,
    pub predicted: usize,
    /// Later checkpoints, and those within their interval, by seed.
    seeds: BTreeMap<u64, (usize, usize)>,
    /// The sum of the half-widths of the logarithm of the progress.
    width: f64,
}

impl Counts {
    /// Of courses, with an interval of the power of the step; that of the library where none is given.
    pub fn of<'a>(courses: impl Iterator<Item = &'a Course>, width: Option<(f64, f64)>) -> Self {
        let mut counts = Self::default();
        for course in courses {
            counts.trainings += 1;
            // As `diagnose` sees it: a course ends where embeddings stop being numbers.
            let progress: Vec<f64> = course.progress.iter().map_while(|value| *value).collect();
            let steps = &steps()[..progress.len()];
            let pace = match width {
                Some(width) => Pace::within(steps, &progress, width),
                None => Pace::of(steps, &progress),
            };
            let Ok(pace) = pace else { continue };
            counts.predicted += 1;
            for (step, progress) in steps.iter().zip(&progress).skip(pace.last + 1) {
                let (low, high) = pace.at(*step as f64);
                let seed = counts.seeds.entry(course.seed).or_default();
                *seed = (seed.0 + usize::from(low <= *progress && *progress <= high), seed.1 + 1);
                counts.width += 0.5 * (high / low).ln();
            }
        }
        counts
    }

    pub fn points(&self) -> (usize, usize) {
        self.seeds.values().fold((0, 0), |sum, seed| (sum.0 + seed.0, sum.1 + seed.1))
    }

    /// The share of later checkpoints within their interval.
    pub fn share(&self) -> Option<f64> {
        let (inside, all) = self.points();
        (all > 0).then(|| inside as f64 / all as f64)
    }

    /// Its interval, each seed counted once.
    pub fn interval(&self) -> Option<(f64, f64)> {
        Some(wilson(self.share()?, self.seeds.len()))
    }

    /// The mean half-width of an interval, in the logarithm of the progress.
    pub fn mean_width(&self) -> f64 {
        self.width / self.points().1.max(1) as f64
    }
}

/// The intervals that can be chosen: what is always left open, and how many times the measured distance from 1.
const WIDTHS: ([f64; 6], [f64; 5]) = ([0.02, 0.05, 0.1, 0.15, 0.2, 0.3], [0.0, 0.5, 1.0, 1.5, 2.0]);

/// The share of later checkpoints that intervals are to hold.
const NOMINAL: f64 = 0.95;

/// The narrowest interval that holds so many on the half of the seeds that it is chosen on.
pub fn chosen(courses: &[Course]) -> (f64, f64) {
    let of = |width| Counts::of(courses.iter().filter(|it| CHOSEN_ON.contains(&it.seed)), Some(width));
    let all = WIDTHS.0.into_iter().flat_map(|always| WIDTHS.1.map(|times| (always, times)));
    let enough = all.filter(|&width| of(width).share().is_some_and(|share| share >= NOMINAL));
    enough.min_by(|&a, &b| of(a).mean_width().total_cmp(&of(b).mean_width())).unwrap()
}

fn is_reported(course: &&Course) -> bool {
    REPORTED_ON.contains(&course.seed)
}

/// Later checkpoints from which a share says something.
const ENOUGH: usize = 10;

/// What the trial says of predictions under an optimizer for a kind of network, on every task that has some.
pub fn trial(courses: &[Course], network: &str, rule: &str) -> Trial {
    let of = |task: &str| {
        let of = courses.iter().filter(is_reported);
        Counts::of(of.filter(|it| (it.network, it.rule, it.task) == (network, rule, task)), None)
    };
    let tried: Vec<Counts> = TASKS.iter().map(|task| of(task)).filter(|counts| counts.points().1 >= ENOUGH).collect();
    match () {
        () if tried.is_empty() => Trial::NotTried,
        () if tried.iter().all(|counts| counts.share() >= Some(super::verdict::THRESHOLD)) => Trial::Right,
        () => Trial::Failed,
    }
}

/// Every cell in the order of the page.
fn cells() -> Vec<(&'static str, &'static str, &'static str)> {
    let of = |task| {
        let networks = NETWORKS.into_iter();
        networks.flat_map(move |network| RULES.into_iter().map(move |rule| (task, network, rule)))
    };
    let networks = ["mixture", "digits", ATTRACTION].into_iter().flat_map(of);
    std::iter::once((FREE, FREE, "gradient-descent")).chain(networks).collect()
}

/// The rows of the table in the docs: every cell that has predictions.
fn rows(courses: &[Course]) -> Vec<String> {
    let row = |(task, network, rule): (&str, &str, &str)| {
        let of = courses.iter().filter(is_reported);
        let counts = Counts::of(of.filter(|it| (it.task, it.network, it.rule) == (task, network, rule)), None);
        let (share, (lower, upper)) = counts.share().zip(counts.interval())?;
        let inside = format!("{share:.2} [{lower:.2}, {upper:.2}] of {}", counts.points().1);
        Some(format!("| {task} | {network} | {rule} | {} of {} | {inside} |", counts.predicted, counts.trainings))
    };
    cells().into_iter().filter_map(row).collect()
}

/// The sentences of the docs that have numbers of the table in them.
fn sentences(courses: &[Course]) -> Vec<String> {
    let of =
        |names: &[&str]| Counts::of(courses.iter().filter(is_reported).filter(|it| names.contains(&it.task)), None);
    let told = |counts: &Counts| {
        let (inside, all) = counts.points();
        format!("{} of {} trainings, and {inside} of {all} later checkpoints", counts.predicted, counts.trainings)
    };
    let (free, attraction, contrastive) = (of(&[FREE]), of(&[ATTRACTION]), of(&["mixture", "digits"]));
    vec![
        format!("Free embeddings: {}", told(&free)),
        format!("Networks that only attract: {}", told(&attraction)),
        format!("Contrastive trainings: {} of {}", contrastive.predicted, contrastive.trainings),
        format!("a factor of {:.1} either way", attraction.mean_width().exp()),
    ]
}

/// The docs say what the table says.
pub fn check() {
    let courses = read();
    let says: Vec<String> = rows(&courses).into_iter().chain(sentences(&courses)).collect();
    if std::env::var_os("UPDATE_DIAGNOSING").is_some() {
        println!("{}", says.join("\n"));
    }
    for words in says {
        assert_in_docs(&words);
    }
}

/// Courses whose rest is that of another training: a control.
pub fn dealt(courses: &[Course]) -> Vec<Course> {
    let mut rests: Vec<&Course> = courses.iter().collect();
    rests.shuffle(&mut generator(1, b"diagnosing/courses", 0));
    let first = |step: &&u64| **step <= STEPS / 4;
    let kept = steps().iter().filter(first).count();
    let dealt = |(own, other): (&Course, &Course)| {
        let progress = [&own.progress[..kept], &other.progress[kept..]].concat();
        Course { progress, ..own.clone() }
    };
    courses.iter().zip(rests).map(dealt).collect()
}

/// Whether two courses of the same training are the same, as far as the table keeps digits.
pub fn is_same(found: &Course, known: &Course) -> bool {
    let near = |x: f64, y: f64| (x - y).abs() <= 2e-3 * x.abs().max(y.abs()) + 1e-4;
    let progress = found.progress.iter().zip(&known.progress).all(|(x, y)| match (x, y) {
        (Some(x), Some(y)) => near(*x, *y),
        (x, y) => x == y,
    });
    let named = |it: &Course| (it.task, it.network, it.rule, it.seed);
    named(found) == named(known) && near(found.rate, known.rate) && progress
}
