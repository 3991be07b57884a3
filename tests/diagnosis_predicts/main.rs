//! Whether what `diagnose` says of learning rates, cuts and GradScale comes true: one step of a training without a lever is
//! diagnosed, and the advice is held against trainings with another rate, with a cut and with GradScale.
//!
//! `UPDATE_DIAGNOSING=1 cargo test --release --test diagnosis_predicts` runs the whole trial, writes the tables and the figure
//! of docs/diagnosing.md (minutes), and says what the page has to say; with the value `summary` only the summary and the figure
//! are made again from the table. Without it one seed is run again and compared.

mod cell;
mod course;
#[path = "../files_support/mod.rs"]
mod files_support;
mod outcome;
mod report;
#[path = "../support/repository.rs"]
mod repository;
mod task;
mod trial;
mod verdict;

use embedding_norms::diagnosis::{Lever, Network, Side, Trial, forecast_trial, trial as told};
use embedding_norms::random::generator;
use outcome::{Advice, Outcome, STEPS, rule, try_out};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use task::{Kind, Task};
use verdict::{CHOSEN_ON, REPORTED_ON, is_reported, kinds, margins, share};

/// Every lever in every cell of a seed.
fn of_seed(seed: u64) -> Vec<Outcome> {
    let of = |kind: Kind| {
        let task = Task::draw(kind, STEPS, seed);
        let cells: Vec<_> = cell::all().into_iter().filter(|cell| cell.task == kind).collect();
        cells.par_iter().map(|cell| try_out(&task, cell, seed)).collect::<Vec<_>>().concat()
    };
    Kind::ALL.into_iter().flat_map(of).collect()
}

#[test]
fn the_docs_have_the_numbers_of_their_table() {
    match std::env::var("UPDATE_DIAGNOSING").as_deref() {
        Ok("summary") => report::write_summary(),
        Ok(_) => report::write(&(1..=15).flat_map(of_seed).collect::<Vec<_>>()),
        Err(_) => {}
    }
    report::check();
    report::check_halves();
}

/// What the first quarter of a course says of the rest, on the page.
#[test]
fn the_docs_have_the_numbers_of_the_courses() {
    if std::env::var("UPDATE_DIAGNOSING").is_ok_and(|part| part != "summary") {
        course::write(&(1..=10).flat_map(course::of_seed).collect::<Vec<_>>());
    }
    course::check();
}

/// One seed of every course, trained again.
#[test]
fn trainings_give_the_courses_of_the_table() {
    const SEED: u64 = REPORTED_ON[0];
    let known: Vec<course::Course> = course::read().into_iter().filter(|it| it.seed == SEED).collect();
    let found = course::of_seed(SEED);
    assert_eq!(found.len(), known.len());
    for (found, known) in found.iter().zip(&known) {
        assert!(course::is_same(found, known), "{found:?}\n{known:?}");
    }
}

/// The interval is the narrowest that holds 95 % on one half of the seeds, and the other half had no part in it.
#[test]
fn the_interval_of_courses_is_chosen_on_one_half_of_the_seeds() {
    let courses = course::read();
    let chosen = Some(course::chosen(&courses));
    assert_eq!(course::Counts::of(courses.iter(), chosen), course::Counts::of(courses.iter(), None), "{chosen:?}");
}

/// A control: the rest of another training would not pass.
#[test]
fn the_rest_of_another_course_is_not_taken_for_right() {
    let courses = course::read();
    let [own, dealt] = [&courses, &course::dealt(&courses)].map(|of| course::Counts::of(of.iter(), None));
    assert_eq!(own.predicted, dealt.predicted);
    assert!(own.share() > Some(0.9) && dealt.share() < Some(0.5), "{:?} {:?}", own.share(), dealt.share());
}

/// A curve is predicted where the trial says so.
#[test]
fn the_library_predicts_courses_where_the_trial_says_so() {
    let courses = course::read();
    for (rule_name, network) in kinds() {
        let cell = cell::Cell { task: Kind::Mixture, network, rule: rule_name };
        let kind = Network::named(network);
        let expected = course::trial(&courses, network, rule_name);
        assert_eq!(forecast_trial(Some(&rule(&cell)), kind.as_ref()), expected, "{rule_name} {network}");
    }
}

/// One seed of every cell, trained again.
#[test]
fn trainings_give_the_rows_of_the_table() {
    const SEED: u64 = REPORTED_ON[0];
    let known: Vec<Outcome> = report::read().into_iter().filter(|it| it.seed == SEED).collect();
    let found = of_seed(SEED);
    assert_eq!(found.len(), known.len());
    // The table keeps four digits, and of numbers near 0 at least four decimals.
    let near = |x: f64, y: f64, floor: f64| (x - y).abs() <= 1e-3 * x.abs().max(y.abs()) + floor;
    let same = |x: Option<f64>, y: Option<f64>| match (x, y) {
        (Some(x), Some(y)) => near(x, y, 1e-4),
        (x, y) => x == y,
    };
    for (found, known) in found.iter().zip(&known) {
        assert_eq!((found.cell, &found.lever, found.is_bound), (known.cell, &known.lever, known.is_bound));
        let first = near(found.angle, known.angle, 1e-5) && near(found.leg, known.leg, 1e-5);
        let numbers = first && near(found.rate, known.rate, 0.0);
        let levers = same(found.shift, known.shift) && same(found.measured, known.measured);
        assert!(numbers && levers && same(found.by_accuracy, known.by_accuracy), "{found:?}\n{known:?}");
    }
}

/// The margins around the step that is aimed at are those that half of the seeds prefer; the other half had no part in it.
#[test]
fn margins_are_chosen_on_one_half_of_the_seeds() {
    let outcomes = report::read();
    let seeds = |of: &[u64], half: bool| {
        assert!(outcomes.iter().filter(|it| is_reported(it) == half).all(|it| of.contains(&it.seed)));
    };
    seeds(&CHOSEN_ON, false);
    seeds(&REPORTED_ON, true);
    let (below, above) = margins(&outcomes);
    let side = |x: f64| {
        let angle: f64 = 0.1;
        let leg = x * (0.5 * angle).tan();
        embedding_norms::diagnosis::Standing::of_leg(angle, (leg, leg)).side()
    };
    assert_eq!((side(0.999 / below), side(1.001 / below)), (Side::Short, Side::Near), "{below}");
    assert_eq!((side(1.001 * above), side(0.999 * above)), (Side::Long, Side::Near), "{above}");
}

/// The library gives advice where at least four of five clear predictions had the right sign, and calls it tested only there.
#[test]
fn the_library_advises_where_the_trial_says_so() {
    let outcomes = report::read();
    let of = [
        (Advice::Larger, Lever::LargerRate),
        (Advice::Smaller, Lever::SmallerRate),
        (Advice::Cut, Lever::Cut),
        (Advice::GradScale, Lever::GradScale),
    ];
    let (mut said, mut expected) = (Vec::new(), Vec::new());
    for (rule_name, network) in kinds() {
        let rule = rule(&cell::Cell { task: Kind::Mixture, network, rule: rule_name });
        let kind = Network::named(network);
        said.push((rule_name, network, of.map(|(_, lever)| told(Some(&rule), kind.as_ref(), lever))));
        expected.push((
            rule_name,
            network,
            of.map(|(advice, _)| verdict::trial(&outcomes, network, rule_name, advice)),
        ));
        for (_, lever) in of {
            assert_eq!(told(Some(&rule), None, lever), Trial::NotTried);
        }
    }
    assert!(
        said == expected,
        "the library should say\n{}",
        expected.iter().map(|it| format!("{it:?},\n")).collect::<String>()
    );
}

/// Controls: advice of the other sign, and advice dealt to other settings, would not pass.
#[test]
fn other_advice_is_not_taken_for_right() {
    let outcomes: Vec<Outcome> = report::read().into_iter().filter(is_reported).collect();
    for advice in [Advice::Larger, Advice::Smaller] {
        let is_given = |it: &Outcome| verdict::trial(&outcomes, it.cell.network, it.cell.rule, advice) == Trial::Right;
        let of: Vec<&Outcome> = outcomes.iter().filter(|it| it.advice(None) == Some(advice) && is_given(it)).collect();
        let right = share(of.iter().copied()).value().unwrap();
        assert!(right >= verdict::THRESHOLD, "{advice:?}: {right}");
        let reversed: Vec<Outcome> =
            of.iter().map(|it| Outcome { measured: it.measured.map(|ln| -ln), ..(*it).clone() }).collect();
        assert!(share(reversed.iter()).value().unwrap() < 1.0 - verdict::THRESHOLD);
    }
    // Changes of the rate, dealt to settings of any standing.
    let rates: Vec<&Outcome> = outcomes.iter().filter(|it| it.lever.starts_with("rate ")).collect();
    let mut dealt: Vec<Option<f64>> = rates.iter().map(|it| it.measured).collect();
    dealt.shuffle(&mut generator(1, b"diagnosing/control", 0));
    let dealt: Vec<Outcome> =
        rates.iter().zip(dealt).map(|(it, measured)| Outcome { measured, ..(*it).clone() }).collect();
    let found = share(dealt.iter().filter(|it| it.advice(None).is_some())).value().unwrap();
    assert!(found < 0.7, "{found}");
}

/// The command says of the files what the library says of the matrices.
#[test]
fn the_command_says_what_the_library_says() {
    use files_support::{json, save};
    use outcome::seen;
    let cell = cell::Cell { task: Kind::Digits, network: "batch-norm", rule: "adamw" };
    let task = Task::draw(cell.task, 1, 2);
    let run = trial::train(&task, &cell, trial::Lever::None, 1e-4, 2);
    let (standing, _) = seen(&cell, &run);
    let folder = tempfile::tempdir().unwrap();
    for (name, rows) in ["step0.npy", "step1.npy", "views0.npy"].into_iter().zip(&run.checkpoints) {
        save(folder.path(), name, rows);
    }
    let line = "diagnose step0.npy step1.npy --positives views0.npy --steps-between 1 --network batch-norm --optimizer adamw \
                --json";
    let record = json(folder.path(), line);
    let excess = record["standing"]["excess"][0].as_f64().unwrap();
    assert!((excess - standing.excess.0).abs() < 1e-12, "{excess} {standing:?}");
    let answer = record["answers"].as_array().unwrap().iter().find(|it| it["key"] == "learning-rate").unwrap();
    assert_eq!(answer["worth"], "tested");
    let factor = answer["quantities"][0]["value"].as_f64().unwrap();
    assert!((factor.ln() + standing.middle()).abs() < 1e-12, "{factor}");
}
