//! A loss and an optimizer that the crate does not have, written outside of it: everything that takes losses and
//! optimizers takes them, and nothing else has to change.

use embedding_norms::catalogue::{self, Entry, Known, Parameter, Parameters, also};
use embedding_norms::check;
use embedding_norms::encoder::Network;
use embedding_norms::loss::{Batch, Evaluation, Loss, LossError, Needs};
use embedding_norms::optimizer::{Degrees, GradientDescent, Optimizer, Update};
use embedding_norms::random::{Generator, generator};
use embedding_norms::setting::{SettingError, positive};
use embedding_norms::simulation::{Descent, Start, StopRules};
use embedding_norms::sphere::{cosines, normalize, uniform};
use embedding_norms::training::{Method, Trainer, TwoViews};
use ndarray::{Array1, ArrayView1, ArrayViewMut1};

/// L = (1/n) Σ_i e^(s(1 − c_i)), a loss of pairs.
struct Exponential {
    sharpness: f64,
}

impl Exponential {
    fn new(sharpness: f64) -> Result<Self, SettingError> {
        Ok(Self { sharpness: positive("sharpness", sharpness)? })
    }
}

impl Loss for Exponential {
    fn name(&self) -> &'static str {
        "exponential"
    }

    fn needs(&self) -> Needs {
        Needs::PAIRS
    }

    fn evaluate(&self, batch: &Batch<'_>) -> Result<Evaluation, LossError> {
        let second = batch.second().ok_or(LossError::NeedsTwoViews { loss: self.name() })?;
        let values: Array1<f64> =
            cosines(batch.first(), second).iter().map(|pair| libm::exp(self.sharpness * pair.one_minus)).collect();
        let slopes = (&values * -self.sharpness).insert_axis(ndarray::Axis(1));
        Ok(Evaluation {
            rows: batch.rows(),
            total: values.sum(),
            first: &slopes * &(&second - &batch.first()),
            second: Some(&slopes * &(&batch.first() - &second)),
        })
    }
}

/// z ← z − γ g ‖g‖: degree 2 in the gradient.
struct Quadratic;

impl Optimizer for Quadratic {
    fn name(&self) -> &'static str {
        "quadratic"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 2.0 }
    }

    fn start(&self, _lengths: &[usize]) -> Box<dyn Update> {
        Box::new(Quadratic)
    }
}

impl Update for Quadratic {
    fn step(&mut self, _group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        parameters.iter_mut().zip(gradient).for_each(|(z, g)| *z -= learning_rate * norm * g);
    }
}

/// A catalogue of one's own.
static LOSSES: [Entry<dyn Loss>; 1] = [Entry {
    name: "exponential",
    formula: "L = (1/n) sum_i e^(s (1 - c_i))",
    source: "this test",
    parameters: &[Parameter { name: "sharpness", symbol: "s", default: 2.0, domain: "above 0" }],
    known: Known { aliases: &[also("exp-pairs")], relations: &[] },
    build: |values| Ok(Box::new(Exponential::new(values[0])?)),
}];

fn start() -> Start {
    let mut generator = generator(1, b"tests/outside", 0);
    Start::pairs(uniform(6, 4, &mut generator).unwrap() * 2.0, uniform(6, 4, &mut generator).unwrap() * 0.5)
}

#[test]
fn both_pass_the_checks_and_a_wrong_one_does_not() {
    let loss = Exponential::new(1.5).unwrap();
    check::loss::check(&loss, &start(), 1).unwrap();
    check::optimizer::check(&Quadratic).unwrap();

    /// The same with a degree that is not its own.
    struct Misstated;
    impl Optimizer for Misstated {
        fn name(&self) -> &'static str {
            "misstated"
        }
        fn degrees(&self) -> Degrees {
            Degrees { parameters: 0.0, gradients: 1.0 }
        }
        fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
            Quadratic.start(lengths)
        }
    }
    assert!(check::optimizer::check(&Misstated).is_err());
}

#[test]
fn both_descend_and_train() {
    let loss = Exponential::new(1.5).unwrap();
    let stops = StopRules::budget(10_000).every_pair(1e-3).unwrap();
    for (optimizer, rate) in [(&GradientDescent as &dyn Optimizer, 0.05), (&Quadratic, 0.05)] {
        let outcome = Descent::new(&loss, optimizer, rate).unwrap().run(start(), &stops).unwrap();
        assert!(outcome.stop.is_goal(), "{}: {:?}", optimizer.name(), outcome.stop);

        let mut random = generator(2, b"tests/outside", 0);
        let features = uniform(16, 4, &mut random).unwrap();
        let noisy = |row: ArrayView1<'_, f64>, mut view: ArrayViewMut1<'_, f64>, random: &mut Generator| {
            view.assign(&(&row + &(0.1 * &uniform(1, row.len(), random).unwrap().row(0))));
        };
        let source = TwoViews::new(features.view(), noisy);
        let method = Method::new(&loss, optimizer, 0.2).unwrap();
        let mut trainer = Trainer::new(Network::draw(&[4, 8, 3], true, &mut random), method).unwrap();
        let before = trainer.epoch(&source, 16, &mut random).unwrap().unwrap();
        for _ in 0..50 {
            trainer.epoch(&source, 16, &mut random).unwrap();
        }
        let after = trainer.epoch(&source, 16, &mut random).unwrap().unwrap();
        assert!(after < before, "{}: {before} to {after}", optimizer.name());
    }
}

#[test]
fn a_catalogue_of_ones_own_finds_builds_and_refuses_as_this_crates_do() {
    let found = catalogue::find(&LOSSES, "Exp Pairs").unwrap();
    assert_eq!((found.entry.name, found.note), ("exponential", ""));
    let loss = found.entry.build(&Parameters::defaults().with("sharpness", 1.0)).unwrap();
    let rows = normalize(start().first.view()).unwrap();
    assert_eq!(loss.evaluate(&Batch::two_views(&rows, &rows).unwrap()).unwrap().mean(), 1.0);
    let wrong = |name: &str, value: f64| {
        found.entry.build(&Parameters::defaults().with(name, value)).err().unwrap().to_string()
    };
    assert_eq!(wrong("margin", 1.0), "exponential takes no margin; it takes sharpness");
    assert_eq!(wrong("sharpness", 0.0), "exponential: sharpness must be a finite number above 0, not 0");
    let unknown = catalogue::entry(&LOSSES, "hinge").unwrap_err().to_string();
    assert_eq!(unknown, "there is no loss called \"hinge\"; there are exponential");
}
