//! The update rules: their trajectories against PyTorch and the publications, their degrees, settings and catalogue.

use embedding_norms::check::optimizer::{Fault, check};
use embedding_norms::loss::NegativeCosine;
use embedding_norms::optimizer::{
    Adam, Degrees, HeavyBall, Lars, Optimizer, Parameters, Update, WeightDecay, by_name, catalogue, entry,
};
use embedding_norms::random::generator;
use embedding_norms::rules;
use embedding_norms::simulation::{Cadence, Descent, Record, Start, StopRules};
use embedding_norms::sphere::uniform;
use ndarray::Array2;
use serde::Deserialize;
use std::collections::BTreeMap;

type Rows = Vec<Vec<f64>>;

/// `tests/reference/optimizers/trajectories.json`, made by `generate.py` beside it.
#[derive(Deserialize)]
struct Reference {
    steps: [u64; 2],
    start: [Rows; 2],
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    optimizer: String,
    settings: BTreeMap<String, f64>,
    decay: BTreeMap<String, f64>,
    learning_rate: f64,
    views: [[Rows; 2]; 2],
}

impl Case {
    fn optimizer(&self) -> Box<dyn Optimizer> {
        let parameters = self.settings.iter().fold(Parameters::defaults(), |all, (name, value)| all.with(name, *value));
        by_name(&self.optimizer, &parameters).unwrap()
    }

    fn decay(&self) -> Option<WeightDecay> {
        self.decay.iter().next().map(|(kind, strength)| match kind.as_str() {
            "coupled" => WeightDecay::coupled(*strength).unwrap(),
            "decoupled" => WeightDecay::decoupled(*strength).unwrap(),
            other => panic!("decay is coupled or decoupled, not {other}"),
        })
    }
}

fn matrix(rows: &Rows) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn largest_difference(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    x.iter().zip(y).fold(0.0, |largest, (x, y)| largest.max((x - y).abs()))
}

#[test]
fn trajectories_match_pytorch_and_the_publications() {
    let reference: Reference = serde_json::from_str(include_str!("../reference/optimizers/trajectories.json"))
        .expect("the reference is whole");
    let mut seen: Vec<&str> = Vec::new();
    for case in &reference.cases {
        let optimizer = case.optimizer();
        let loss = NegativeCosine::symmetric();
        let mut descent = Descent::new(&loss, &*optimizer, case.learning_rate).unwrap();
        if let Some(decay) = case.decay() {
            descent = descent.decay(decay);
        }
        let start = Start::pairs(matrix(&reference.start[0]), matrix(&reference.start[1]));
        let stops = StopRules::budget(reference.steps[1]).never_stationary();
        let outcome = descent.records(Cadence::every(1).unwrap()).record_positions().run(start, &stops).unwrap();
        for (step, views) in reference.steps.iter().zip(&case.views) {
            let record = &outcome.records[*step as usize];
            assert_eq!(record.step, *step);
            let (first, second) = record.positions.as_ref().unwrap();
            let second = second.as_ref().unwrap();
            let difference =
                largest_difference(first, &matrix(&views[0])).max(largest_difference(second, &matrix(&views[1])));
            assert!(difference < 1e-11, "{} {:?} is off by {difference:e} at step {step}", case.optimizer, case.decay);
        }
        seen.push(&case.optimizer);
    }
    for entry in catalogue() {
        assert!(seen.contains(&entry.name), "{} has no reference trajectory", entry.name);
    }
}

/// The rule of an entry with every ε and every decay inside it at 0.
fn homogeneous(name: &str) -> Box<dyn Optimizer> {
    let has = |parameter: &str| entry(name).unwrap().parameters.iter().any(|known| known.name == parameter);
    let zeros = ["epsilon", "weight-decay"].into_iter().filter(|parameter| has(parameter));
    by_name(name, &zeros.fold(Parameters::defaults(), |all, parameter| all.with(parameter, 0.0))).unwrap()
}

#[test]
fn theory_and_optimizers_agree_on_every_degree() {
    for entry in catalogue() {
        let (theory, optimizer) = (rules::scaling(entry), entry.with_defaults());
        assert_eq!(optimizer.name(), entry.name);
        assert_eq!(optimizer.degrees(), Degrees { parameters: theory.r, gradients: theory.q }, "{}", entry.name);
        assert_eq!(optimizer.time_exponent(), theory.time_exponent, "{}", entry.name);
        assert_eq!(theory.decay.is_some(), entry.parameters.iter().any(|p| p.name == "weight-decay"), "{}", entry.name);
    }
    let table = [
        ("gradient-descent", 2.0, 2.0),
        ("heavy-ball", 2.0, 2.0),
        ("nesterov", 2.0, 2.0),
        ("sgdp", 2.0, 2.0),
        ("adam", 1.0, 1.0),
        ("adamw", 1.0, 1.0),
        ("adamp", 1.0, 1.0),
        ("rmsprop", 1.0, 1.0),
        ("adagrad", 1.0, 2.0),
        ("sign-descent", 1.0, 1.0),
        ("lion", 1.0, 1.0),
        ("normalized-gradient", 1.0, 1.0),
        ("lars", 0.0, 0.0),
        ("lamb", 0.0, 0.0),
        ("riemannian", 0.0, 0.0),
    ];
    for (name, h, k) in table {
        let rule = rules::scaling(entry(name).unwrap());
        assert_eq!((rule.degree(0.0), rule.norm_exponent(0.0)), (h, k), "{name}");
    }
}

/// Theory is about degrees: it names no optimizer, and it and what simulates share nothing but settings and numbers.
#[test]
fn theory_knows_neither_optimizers_by_name_nor_simulations() {
    let files = |folder: &str| {
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.display().to_string(), std::fs::read_to_string(path).unwrap()));
                }
            }
        }
        files
    };
    let code = |text: &str| {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let theory = files("theory");
    assert!(theory.len() > 5);
    for (path, text) in theory {
        for entry in catalogue() {
            assert!(!code(&text).contains(&format!("\"{}\"", entry.name)), "{path} names {}", entry.name);
        }
        for room in ["simulation", "optimizer", "loss", "training"] {
            assert!(!code(&text).contains(&format!("crate::{room}")), "{path} uses {room}");
        }
    }
    for (path, text) in files("simulation") {
        assert!(!code(&text).contains("crate::theory"), "{path} uses theory");
    }
}

/// A rule that states other degrees than its own.
struct Misstated {
    rule: Box<dyn Optimizer>,
    degrees: Degrees,
}

impl Optimizer for Misstated {
    fn name(&self) -> &'static str {
        "misstated"
    }

    fn degrees(&self) -> Degrees {
        self.degrees
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        self.rule.start(lengths)
    }
}

#[test]
fn every_rule_has_its_degrees_and_no_others() {
    for entry in catalogue() {
        check(&*homogeneous(entry.name)).unwrap_or_else(|fault| panic!("{}: {fault}", entry.name));
        // The last two leave h as it is and are wrong all the same.
        for (r, q) in [(0.5, 0.0), (-0.5, 0.0), (0.0, 0.5), (0.0, -0.5), (1.0, 1.0), (-0.5, -0.5), (0.01, 0.0)] {
            let rule = homogeneous(entry.name);
            let Degrees { parameters, gradients } = rule.degrees();
            let degrees = Degrees { parameters: parameters + r, gradients: gradients + q };
            let fault = check(&Misstated { rule, degrees }).expect_err(entry.name);
            let (variable, stated, true_degree) = if r != 0.0 {
                ("parameters", degrees.parameters, parameters)
            } else {
                ("gradients", degrees.gradients, gradients)
            };
            match fault {
                Fault::Degree { variable: found, stated: said, measured } => {
                    assert_eq!((found, said), (variable, stated), "{}", entry.name);
                    assert!((measured - true_degree).abs() < 1e-4, "{}: {measured}", entry.name);
                }
                other => panic!("{}: {other}", entry.name),
            }
        }
    }
}

#[test]
fn an_epsilon_or_a_decay_inside_ends_homogeneity() {
    for (name, parameter, value) in
        [("adam", "epsilon", 1e-3), ("rmsprop", "epsilon", 1e-3), ("adagrad", "epsilon", 1e-3)]
    {
        let rule = by_name(name, &Parameters::defaults().with(parameter, value)).unwrap();
        assert!(matches!(check(&*rule), Err(Fault::Degree { variable: "gradients", .. })), "{name}");
    }
    for name in ["lars", "lamb", "adamw"] {
        let parameters = Parameters::defaults().with("weight-decay", 0.5);
        assert!(matches!(check(&*by_name(name, &parameters).unwrap()), Err(Fault::Degree { .. })), "{name}");
    }
}

/// A rule with something wrong in it.
#[derive(Clone, Copy, PartialEq)]
enum Broken {
    /// One memory for all groups.
    Shared,
    /// A memory that is cut off at a fixed size.
    Clipped,
    /// 0/0 where the gradient is zero.
    NotANumber,
    Still,
}

struct BrokenUpdate(Broken, Vec<Vec<f64>>);

impl Optimizer for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn degrees(&self) -> Degrees {
        Degrees { parameters: 0.0, gradients: 1.0 }
    }

    fn start(&self, lengths: &[usize]) -> Box<dyn Update> {
        Box::new(BrokenUpdate(*self, lengths.iter().map(|length| vec![0.0; *length]).collect()))
    }
}

impl Update for BrokenUpdate {
    fn step(&mut self, group: usize, learning_rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let BrokenUpdate(broken, memories) = self;
        let memory = &mut memories[if *broken == Broken::Shared { 0 } else { group }];
        for ((z, v), g) in parameters.iter_mut().zip(memory).zip(gradient) {
            *z -= learning_rate
                * match broken {
                    Broken::Shared | Broken::Clipped => g + *v,
                    Broken::NotANumber => g / g.abs() * g.abs(),
                    Broken::Still => 0.0,
                };
            *v = if *broken == Broken::Clipped { g.clamp(-0.1, 0.1) } else { *g };
        }
    }
}

#[test]
fn broken_rules_are_refused_by_what_is_wrong_with_them() {
    assert!(matches!(check(&Broken::Shared), Err(Fault::Groups { .. })));
    assert_eq!(check(&Broken::Clipped), Err(Fault::Memory { variable: "gradients", step: 2 }));
    assert!(matches!(check(&Broken::NotANumber), Err(Fault::ZeroGradient { value }) if value.is_nan()));
    assert_eq!(check(&Broken::Still), Err(Fault::Still));
}

#[test]
fn settings_outside_their_domain_are_refused_by_name() {
    let refused =
        |name: &str, parameter: &str, value: f64| by_name(name, &Parameters::defaults().with(parameter, value)).err();
    for entry in catalogue() {
        for parameter in entry.parameters {
            let bad: &[f64] = match parameter.domain {
                "0 or larger, below 1" => &[-0.1, 1.0, 2.0, f64::NAN, f64::INFINITY],
                "0 or larger" => &[-1e-9, f64::NAN, f64::INFINITY],
                "above 0" => &[0.0, -1.0, f64::NAN, f64::INFINITY],
                other => panic!("a domain without a test: {other}"),
            };
            for value in bad {
                let message = refused(entry.name, parameter.name, *value).expect(entry.name).to_string();
                let named = message.starts_with(entry.name) && message.contains(parameter.symbol);
                assert!(named && message.contains("must be"), "{message}");
            }
            assert!(refused(entry.name, parameter.name, parameter.default).is_none());
            let zero_is_fine = parameter.domain != "above 0";
            assert_eq!(refused(entry.name, parameter.name, 0.0).is_none(), zero_is_fine);
        }
    }
    assert!(
        HeavyBall::new(1.0).unwrap_err().to_string().contains("the momentum β must be 0 or larger and below 1, not 1")
    );
}

#[test]
fn the_catalogue_says_what_it_has() {
    let message = by_name("adamax", &Parameters::defaults()).err().unwrap().to_string();
    assert!(message.contains("no optimizer called \"adamax\"; there are gradient-descent, heavy-ball"), "{message}");
    let message = by_name("lion", &Parameters::defaults().with("epsilon", 0.0)).err().unwrap().to_string();
    assert_eq!(message, "lion takes no epsilon; it takes beta1, beta2");
    let message = by_name("sign-descent", &Parameters::defaults().with("beta1", 0.0)).err().unwrap().to_string();
    assert_eq!(message, "sign-descent takes no beta1; it takes no parameters");
    for entry in catalogue() {
        for parameter in entry.parameters {
            assert!(entry.formula.contains(parameter.symbol) || ["β1", "β2", "δ"].contains(&parameter.symbol));
        }
    }
}

#[test]
fn riemannian_descent_keeps_norms_and_turns_by_the_angle_it_says() {
    let start = Start::pairs(ndarray::array![[3.0, 4.0]], ndarray::array![[-0.2, 0.1]]);
    let loss = NegativeCosine::with_stop_gradient();
    let rule = by_name("riemannian", &Parameters::defaults()).unwrap();
    let stops = StopRules::budget(1);
    let outcome = Descent::new(&loss, &*rule, 0.3).unwrap().run(start, &stops).unwrap();
    let angle = outcome.records[0].angles[0];
    // The gradient with respect to the direction has length sin φ, whatever the norm.
    assert!((outcome.records[1].angles[0] - (angle - 0.3 * angle.sin())).abs() < 1e-14);
    assert!((outcome.records[1].first_norms[0] - 5.0).abs() < 1e-14);
}

#[test]
fn momentum_multiplies_the_growth_of_norms_and_projection_keeps_a_part_of_it_away() {
    // S1: the total growth of the squared norms, over γ times the fall of the total loss, as the step gets small.
    let loss = NegativeCosine::symmetric();
    let growth = |name: &str, momentum: Option<f64>| {
        let parameters = momentum.iter().fold(Parameters::defaults(), |all, beta| all.with("momentum", *beta));
        let rule = by_name(name, &parameters).unwrap();
        let mut generator = generator(1, b"tests/optimizers", 0);
        let mut view = || uniform(8, 5, &mut generator).unwrap() * 10.0;
        let start = Start::pairs(view(), view());
        let stops = StopRules::budget(1_000_000).mean_cosine(1e-4).unwrap();
        let records = Descent::new(&loss, &*rule, 0.01).unwrap().run(start, &stops).unwrap().records;
        let (first, last) = (&records[0], records.last().unwrap());
        let squares =
            |record: &Record| record.first_norms.iter().chain(&record.second_norms).map(|x| x * x).sum::<f64>();
        (squares(last) - squares(first)) / (0.01 * 8.0 * (first.loss - last.loss))
    };
    for beta in [0.0_f64, 0.5, 0.9] {
        let rest = 1.0 - beta;
        for (name, expected) in [
            ("heavy-ball", (1.0 + beta) / (rest * rest)),
            ("nesterov", (1.0 - beta + 2.0 * beta * beta) / (rest * rest)),
            ("sgdp", 1.0 / rest),
        ] {
            let measured = growth(name, Some(beta));
            assert!((measured / expected - 1.0).abs() < 2e-3, "{name} β = {beta}: {measured} against {expected}");
        }
    }
    assert!((growth("gradient-descent", None) - 1.0).abs() < 2e-3);
    assert!(growth("riemannian", None).abs() < 1e-9);
}

/// Without ε the update of Adam is the same for gradients of any size, where their squares leave the range of f64 too.
#[test]
fn adam_without_epsilon_takes_the_same_steps_whatever_the_size_of_gradients() {
    let path = |size: f64| -> [f64; 2] {
        let mut update = Adam::new(0.9, 0.999, 0.0).unwrap().start(&[2]);
        let mut parameters = [1.0, -1.0];
        for gradient in [[1.0, -2.0], [0.5, 3.0], [-4.0, 1.0]] {
            update.step(0, 0.1, &mut parameters, &gradient.map(|g| g * size));
        }
        parameters
    };
    let expected = path(1.0);
    for size in [2.0_f64.powi(-700), 2.0_f64.powi(700)] {
        for (found, expected) in path(size).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-14, "{size:e}: {found}, {expected}");
        }
    }
}

#[test]
fn rules_say_which_decay_they_have_inside() {
    assert_eq!(Lars::new(0.9, 0.001, 0.1).unwrap().inner_decay(), 0.1);
    assert_eq!(Lars::new(0.9, 0.001, 0.0).unwrap().inner_decay(), 0.0);
    assert_eq!(HeavyBall::new(0.9).unwrap().inner_decay(), 0.0);
}
