//! The answers about the step: how far embeddings turn, whether that is too little or too much, what to do.

use super::DiagnosisError;
use super::answer::{Answer, Quantity, Topic, Worth, told};
use super::needs::{Names, Need};
use super::options::{Options, Parameters, UpdateRule};
use super::pairs::{PositivePair, median_interval, quartiles};
use super::snapshot::{Sample, Snapshot, common};
use super::standing::{Side, Standing, leg};
use crate::numerics::scaled;
use crate::sphere::{angle, norm_of, normalize};
use crate::words::brief;
use ndarray::{ArrayView1, Axis};

/// Cuts that are spoken of: the paper's.
const CUTS: [f64; 2] = [3.0, 9.0];

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
    let best = 0.5 * standing.angle;
    let (low, high) = per_step(quartiles(&moves.turns)[1], steps);
    let range = if steps == 1 { brief(low) } else { format!("between {} and {}", brief(low), brief(high)) };
    let finding = format!(
        "Embeddings turn by {range} rad per step; the best turn is half the angle of positives, {} rad. {}",
        brief(best),
        words(standing.side())
    );
    // Between several steps the bounds are far wider than what the sample leaves open.
    let of_median = median_interval(&moves.legs).filter(|_| steps == 1);
    let mut over = ranged("step over the best step, x", standing.excess);
    if let (Some((lower, upper)), Some(x)) = (of_median, over.value) {
        let median = quartiles(&moves.legs)[1];
        over = over.between(x * lower / median, x * upper / median);
    }
    let still = moves.still;
    let mut why = "L8 is proved for a pair of free embeddings; that a network follows it is a criterion, tested in \
                   docs/diagnosing.md with its failures."
        .to_owned();
    if steps > 1 {
        why +=
            " The turn of one step lies between the bounds: all steps in one direction, and all in independent ones.";
    }
    if of_median.is_some() {
        why += " The interval is that of the median over the rows.";
    }
    if still > 0 {
        why += &format!(" {still} rows of the sample did not move and are left out.");
    }
    let turning = Answer::measured("step", Topic::Step, finding)
        .with([
            ranged("angle turned per step", (libm::log(low), libm::log(high))).unit("rad"),
            Quantity::new("best angle per step, φ0/2", best).unit("rad"),
            over,
        ])
        .rests_on("L8", "best at a turn of φ0/2 per member; x = tan α/tan(φ0/2), beyond α = 1.2 rad ‖Δz‖/‖z‖ for tan α")
        .on("Two checkpoints close to each other, positives of the first one; any loss that pulls positives together.")
        .worth(Worth::Tested, why);
    vec![turning, cutting(standing, options, Worth::Tested), grad_scale(standing, norm, options, Worth::Tested)]
}

fn words(side: Side) -> &'static str {
    match side {
        Side::Short => "Steps are too short: the norms are too large for this learning rate.",
        Side::Near => "That is within a factor of two of the best step.",
        Side::Long => "Steps overshoot: the norms are too small for this learning rate.",
        Side::Unclear => {
            "The bounds do not tell which side of the best step this is; save checkpoints fewer steps apart."
        }
    }
}

/// What a cut would do.
fn cutting(standing: &Standing, options: &Options, worth: Worth) -> Answer {
    let degree = options.rule.map_or(2.0, |rule| rule.degree);
    let Some((low, high)) = standing.best_cut(degree) else {
        let name = options.rule.map_or("", |rule| rule.name);
        let finding = format!("Cutting changes nothing under {name}: its steps scale with the norms (h = 0).");
        return Answer::measured("cut", Topic::Step, finding)
            .rests_on("L6", "(c z, c^h γ) follows the directions of (z, γ)")
            .on("A network without biases and normalization layers; every ε is 0.")
            .worth(Worth::Proved, "h = 0.");
    };
    let factor = |log: f64| told(libm::exp(log));
    let finding = match standing.side() {
        Side::Short => format!(
            "Cutting the initialization should speed training up, by the criterion best by c ≈ {}; the same as {} times the \
             learning rate.",
            factor(0.5 * (low + high)),
            factor(-standing.middle())
        ),
        Side::Near => "The criterion sees nothing to gain in cutting the initialization; leave it.".to_owned(),
        Side::Long => format!(
            "Cutting the initialization would slow training down. The step should be shorter: by the criterion the learning \
             rate divided by {}, or the initialization multiplied by {}.",
            factor(standing.middle()),
            factor(-0.5 * (low + high))
        ),
        Side::Unclear => "No advice on cutting: the bounds on the step lie on both sides of the best one.".to_owned(),
    };
    let cuts = CUTS.map(|cut| {
        let (low, high) = standing.speed_up(degree * libm::log(cut));
        speed_up(format!("speed-up of a cut by {cut}"), (low, high))
    });
    let best = ranged("best cut c (below 1: lengthen)", (low, high));
    let optimizer = match options.rule {
        Some(rule) => format!("{} with h = {degree}", rule.name),
        None => format!("plain gradient descent, h = 2 ({} for another)", options.names.rule),
    };
    Answer::measured("cut", Topic::Step, finding)
        .with([best])
        .with(cuts)
        .rests_on("S6", "ln(speed-up) = |ln x| − |ln x + h ln c|; a cut by c is a learning rate times c^h (L6)")
        .on(format!(
            "{optimizer}; no biases and no normalization layers before the embedding, which end the equivalence."
        ))
        .worth(worth, size(worth))
}

/// What the size of a predicted speed-up is worth.
fn size(worth: Worth) -> &'static str {
    if worth == Worth::Tested {
        "For a network trust the direction and not the size, and the direction only where x is far from 1: in the trials of \
         docs/diagnosing.md most signs were right, and most failures lay where x was within a factor of ten of 1."
    } else {
        "L1 far below the best step, its mirror image of L7 far above it; near it counts are small and uneven."
    }
}

fn speed_up(name: String, bounds: (f64, f64)) -> Quantity {
    ranged(name, bounds).unit("times as fast")
}

/// A quantity from the bounds of its logarithm, with an interval where they differ.
fn ranged(name: impl Into<String>, (low, high): (f64, f64)) -> Quantity {
    let quantity = Quantity::new(name, libm::exp(0.5 * (low + high)));
    if low == high { quantity } else { quantity.between(libm::exp(low), libm::exp(high)) }
}

/// What GradScale with p = 1 would do: it multiplies gradients by the norm, and so steps by ρ^(pq).
fn grad_scale(standing: &Standing, norm: f64, options: &Options, worth: Worth) -> Answer {
    let linear = options.rule.is_none_or(|rule| rule.gradients != 0.0);
    let basis = |answer: Answer| {
        answer
            .rests_on("S6", "gradients times ‖z‖^p: ln x changes by p ln ρ")
            .on("Norms that differ little, at their typical size ρ, at the same learning rate.")
    };
    if !linear {
        let name = options.rule.map_or("", |rule: UpdateRule| rule.name);
        let finding = format!(
            "GradScale does not change the length of steps under {name}, which does not look at the size of gradients; it \
             changes only how much each embedding counts."
        );
        return basis(Answer::measured("grad-scale", Topic::Step, finding)).worth(worth, "q = 0 (L6).");
    }
    if matches!(standing.side(), Side::Long | Side::Unclear) {
        // Above the best step growing norms are what brakes plain descent, and GradScale takes that away.
        let finding = "No advice to take GradScale: where steps overshoot, growing norms shorten them again, and GradScale \
                       takes that brake away. In the trials of docs/diagnosing.md it slowed most such trainings.";
        return Answer::none("grad-scale", Topic::Step, finding);
    }
    let (low, high) = standing.speed_up(libm::log(norm));
    let finding = match () {
        () if low > 0.1 => "GradScale with p = 1 should speed training up at this learning rate.",
        () if high < -0.1 => "GradScale with p = 1 would slow training down at this learning rate.",
        () if low > -0.1 && high < 0.1 => "GradScale with p = 1 changes next to nothing in speed.",
        () => "No advice on GradScale: the bounds lie on both sides.",
    };
    basis(Answer::measured("grad-scale", Topic::Step, finding))
        .with([speed_up("speed-up of GradScale with p = 1".to_owned(), (low, high))])
        .worth(worth, "It is a change of the learning rate by ρ^p, to first order.")
}

/// The answer where only γ/ρ² is known.
pub fn computed(standing: &Standing, quartiles: [f64; 3], norm: f64, options: &Options) -> Vec<Answer> {
    let is_free = options.parameters == Parameters::Free;
    let is_known = options.rule.is_some_and(|rule| rule.is_plain());
    let worth = if is_free && is_known { Worth::Proved } else { Worth::Conditional };
    let [low, median, high] = quartiles.map(libm::exp);
    let advice = if is_free { words(standing.side()) } else { "For a network this says nothing." };
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
    vec![step, cutting(standing, options, worth), grad_scale(standing, norm, options, worth)]
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
    let why = format!("Whether steps are too short or too long, and so whether cutting helps, needs {list}.");
    Answer::none("step", Topic::Step, why).needs(missing)
}
