//! The answers about the step: how far embeddings turn, whether that is too little or too much, what to do.

use super::DiagnosisError;
use super::answer::{Answer, Quantity, Topic, Worth, told};
use super::levers::{self, ranged};
use super::needs::{Names, Need};
use super::options::{Options, Parameters};
use super::pairs::{PositivePair, median_interval, quartiles};
use super::snapshot::{Sample, Snapshot, common};
use super::standing::{Side, Standing, leg};
use super::tested::aims;
use crate::numerics::scaled;
use crate::sphere::{angle, norm_of, normalize};
use crate::theory::encoders::{independent_steps, lasting_steps};
use crate::words::brief;
use ndarray::{ArrayView1, Axis};

/// How rows of the sample moved from one checkpoint to the next.
pub struct Moves {
    /// The angles that they turned.
    pub turns: Vec<f64>,
    /// The legs of these turns.
    pub legs: Vec<f64>,
    /// Rows that did not turn, and are not among them.
    pub still: usize,
}

/// How rows of the sample moved from one checkpoint to the next.
pub fn moves(sample: &Sample, from: &Snapshot, to: &Snapshot) -> Result<Moves, DiagnosisError> {
    let places = common(sample, &[from, to]);
    let rows = |snapshot: &Snapshot| snapshot.sampled().select(Axis(0), &places);
    let (before, after) = (rows(from), rows(to));
    let mut moves = Moves { turns: Vec::new(), legs: Vec::new(), still: 0 };
    let (x, y) = (normalize(before.view())?, normalize(after.view())?);
    for place in 0..places.len() {
        let turn = angle(x.units().row(place), y.units().row(place));
        if turn == 0.0 {
            moves.still += 1;
            continue;
        }
        moves.turns.push(turn);
        moves.legs.push(leg(turn, relative_way(before.row(place), after.row(place))));
    }
    Ok(moves)
}

/// ‖w − z‖/‖z‖, also for rows whose difference is beyond f64, or nothing beside its norm.
fn relative_way(z: ArrayView1<'_, f64>, w: ArrayView1<'_, f64>) -> f64 {
    let length = scaled::length(z.iter().copied());
    if length.exponent == 0 && scaled::is_safe(norm_of(w)) {
        return norm_of((&w - &z).view()) / length.digits;
    }
    let near = |x: &f64| scaled::shifted(*x, -length.exponent - 2);
    let way = w.iter().map(near).zip(z.iter().map(near)).map(|(w, z)| w - z);
    scaled::norm(way) / length.digits * 4.0
}

/// Bounds on what one step does, from what `steps` of them did altogether: the `steps`-th part if all go one way, the part
/// √`steps` if their directions are independent.
pub fn per_step(turn: f64, steps: u64) -> (f64, f64) {
    (turn / steps as f64, turn / (steps as f64).sqrt())
}

/// Where the step stands that turned embeddings by this leg in a number of steps.
pub fn standing(angle: f64, leg: f64, steps: u64, options: &Options) -> Standing {
    let standing = Standing::of_leg(angle, per_step(leg, steps));
    let standing = match options.rule {
        Some(rule) if !options.is_under_way => standing.lasting(growth(steps, rule.momentum)),
        _ => standing,
    };
    match options.parameters {
        Parameters::Free => standing.proved(),
        _ => standing.aiming_at(aims(options.rule.as_ref(), options.network.as_ref())),
    }
}

/// By how much a lasting step is longer than one of the first steps, under a momentum that was at rest before: if all of them
/// go one way, and if their directions are independent.
fn growth(steps: u64, momentum: f64) -> (f64, f64) {
    let n = steps as f64;
    (n / lasting_steps(steps, momentum), n.sqrt() / independent_steps(steps, momentum))
}

/// Where the step of free embeddings stands: the median over pairs of ln[γ(1 + cos φ0)/(ρ_i ρ_j)].
pub fn by_step_size(pairs: &[PositivePair], learning_rate: f64) -> Option<(Standing, [f64; 3])> {
    let excess = |pair: &PositivePair| {
        libm::log(learning_rate) + libm::log(pair.cosine.one_plus) - libm::log(pair.norm) - libm::log(pair.partner)
    };
    let excesses: Vec<f64> = pairs.iter().map(excess).filter(|value| value.is_finite()).collect();
    if excesses.is_empty() {
        return None;
    }
    let angles: Vec<f64> = pairs.iter().map(|pair| pair.cosine.angle()).collect();
    let [low, median, high] = quartiles(&excesses);
    Some((Standing::of_pairs(quartiles(&angles)[1], (median, median)), [low, median, high]))
}

/// The answer where the step was measured.
pub fn measured(standing: &Standing, moves: &Moves, steps: u64, norm: f64, options: &Options) -> Vec<Answer> {
    let worth = levers::worth(options, levers::rate_lever(standing));
    let (low, high) = per_step(quartiles(&moves.turns)[1], steps);
    let range = if steps == 1 { brief(low) } else { format!("between {} and {}", brief(low), brief(high)) };
    let finding = format!(
        "Embeddings turn by {range} rad per step; {}. {}",
        where_best(standing),
        if worth.is_some() { words(standing) } else { FAILED.to_owned() }
    );
    // Between several steps the bounds are far wider than what the sample leaves open.
    let of_median = median_interval(&moves.legs).filter(|_| steps == 1);
    let spread = of_median.map_or((0.0, 0.0), |(lower, upper)| {
        let median = quartiles(&moves.legs)[1];
        (libm::log(lower / median), libm::log(upper / median))
    });
    let turned = [ranged("angle turned per step", (libm::log(low), libm::log(high))).unit("rad")];
    let turning = Answer::measured("step", Topic::Step, finding)
        .with(turned.into_iter().chain(over_aim(standing, spread)))
        .rests_on("L8", "x = tan α/tan(φ0/2) of a lasting step, beyond α = 1.2 rad ‖Δz‖/‖z‖ for tan α; good at x*/3 (S9), for free pairs at 1")
        .on("Two checkpoints close to each other, positives of the first one; any loss that pulls positives together.")
        .worth(worth.unwrap_or(Worth::Measured), what_it_rests_on(moves, steps, of_median.is_some(), options));
    let mut answers = levers(standing, spread, norm, options);
    answers.insert(1, turning);
    answers
}

/// Which step is aimed at.
fn where_best(standing: &Standing) -> String {
    let half = brief(0.5 * standing.angle);
    let (low, high) = standing.aim;
    match standing.is_proved {
        true => format!("the best turn is half the angle of positives, {half} rad"),
        false if low == high => format!(
            "half the angle of positives is {half} rad, and a good step of such a training is {} times the way there",
            brief(low)
        ),
        false => format!(
            "half the angle of positives is {half} rad, and a good step is {} to {} times the way there, by optimizer and kind \
             of network",
            brief(low),
            brief(high)
        ),
    }
}

/// The step that is aimed at, and the one that was taken over it; `spread` are bounds on its logarithm that the sample leaves
/// open.
fn over_aim(standing: &Standing, spread: (f64, f64)) -> Vec<Quantity> {
    let excess = (standing.excess.0 + spread.0, standing.excess.1 + spread.1);
    let over = |name: &str| {
        let over = Quantity::new(name, libm::exp(standing.middle()));
        if excess.0 == excess.1 { over } else { over.between(libm::exp(excess.0), libm::exp(excess.1)) }
    };
    let half = 0.5 * standing.angle;
    if standing.is_proved {
        let best = Quantity::new("best angle per step, φ0/2", half).unit("rad");
        return vec![best, over("step over the best step, x")];
    }
    let aim = (libm::log(standing.aim.0), libm::log(standing.aim.1));
    vec![
        Quantity::new("half the angle of positives, φ0/2", half).unit("rad"),
        ranged("good step over the best one of a free pair, x*/3", aim),
        over("step over the good step, x/(x*/3)"),
    ]
}

/// Why the answer about the step is worth what it is.
fn what_it_rests_on(moves: &Moves, steps: u64, has_interval: bool, options: &Options) -> String {
    let mut why = match options.parameters {
        Parameters::Free => "L8 is proved for a pair of free embeddings under plain gradient descent.",
        _ => "L8 is proved for a pair of free embeddings; that a network follows it, at a step of its own, is a criterion (S9), held \
              against trainings in docs/diagnosing.md with its failures.",
    }
    .to_owned();
    if steps > 1 {
        why +=
            " The turn of one step lies between the bounds: all steps in one direction, and all in independent ones.";
    }
    if has_interval {
        why += " The interval is that of the median over the rows.";
    }
    if moves.still > 0 {
        why += &format!(" {} rows of the sample did not move and are left out.", moves.still);
    }
    why
}

/// What to do, the learning rate first.
fn levers(standing: &Standing, spread: (f64, f64), norm: f64, options: &Options) -> Vec<Answer> {
    vec![
        levers::learning_rate(standing, spread, options),
        levers::cutting(standing, options),
        levers::grad_scale(standing, norm, options),
    ]
}

/// In the place of these words where the trial speaks against them.
const FAILED: &str = "Whether that is too little or too much is not said: in the trial of docs/diagnosing.md the criterion failed \
                      for this optimizer and kind of network.";

fn words(standing: &Standing) -> String {
    match standing.side() {
        Side::Short => "Steps are too short: the norms are too large for this learning rate.".to_owned(),
        Side::Near if standing.is_proved => "That is within a factor of two of the best step.".to_owned(),
        Side::Near => "That is a good step, as far as the criterion tells.".to_owned(),
        Side::Long => "Steps overshoot: the norms are too small for this learning rate.".to_owned(),
        Side::Unclear => format!("Whether that is too little or too much is not known: {}.", standing.undecided()),
    }
}

/// The answer where only γ/ρ² is known.
pub fn computed(standing: &Standing, quartiles: [f64; 3], norm: f64, options: &Options) -> Vec<Answer> {
    let is_free = options.parameters == Parameters::Free;
    let is_known = options.rule.is_some_and(|rule| rule.is_plain());
    let worth = if is_free && is_known { Worth::Proved } else { Worth::Conditional };
    let [low, median, high] = quartiles.map(libm::exp);
    let advice = if is_free { words(standing) } else { "For a network this says nothing.".to_owned() };
    let finding = format!(
        "If every embedding is a parameter of its own, a step is {} times the best one (the middle half of the pairs: {} to \
         {}). {advice}",
        told(median),
        told(low),
        told(high)
    );
    let step = Answer::measured("step", Topic::Step, finding)
        .with([
            Quantity::new("step over the best step, x", median).between(low, high),
            Quantity::new("best angle per step, φ0/2", 0.5 * standing.angle).unit("rad"),
        ])
        .rests_on("L8", "best at ρ_i ρ_j = γ(1 + cos φ0); x = γ(1 + cos φ0)/(ρ_i ρ_j)")
        .on("Free embeddings, plain gradient descent, L = −cos φ, nearly equal norms in a pair.")
        .worth(worth, "The interval holds the middle half of the pairs.");
    if !is_free {
        let Names { steps_between, positives, free, .. } = options.names;
        let why = format!(
            "No advice on cutting: for a network γ/ρ² is not the step (S4, S6). Give two checkpoints a known number of steps \
             apart, with {steps_between} and {positives}; or {free} for a table of embeddings."
        );
        let cut = Answer::none("cut", Topic::Step, why);
        return vec![step, cut.needs([Need::SecondCheckpoint, Need::StepsBetween, Need::Parameters])];
    }
    let mut answers = levers(standing, (0.0, 0.0), norm, options);
    answers.insert(1, step);
    answers
}

/// What is missing for an answer about the step.
pub fn missing(options: &Options, has_positives: bool, checkpoints: usize) -> Vec<Need> {
    let mut missing = Vec::new();
    if !has_positives {
        missing.push(Need::Positives);
    }
    match options.parameters {
        Parameters::Free if options.learning_rate.is_none() => missing.push(Need::LearningRate),
        Parameters::Free => {}
        _ if checkpoints < 2 => missing.push(Need::SecondCheckpoint),
        _ if options.steps_between.is_none() => missing.push(Need::StepsBetween),
        _ => {}
    }
    if missing.is_empty() {
        missing.push(Need::Turns);
    }
    missing
}

/// The answer where nothing about the step is known.
pub fn unknown(options: &Options, has_positives: bool, checkpoints: usize) -> Answer {
    let missing = missing(options, has_positives, checkpoints);
    let list = Need::list(&missing, &options.names);
    let why = format!("Whether steps are too short or too long, and so which learning rate is right, needs {list}.");
    Answer::none("step", Topic::Step, why).needs(missing)
}
