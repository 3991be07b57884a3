//! What the tables say of the levers, of the criterion, and of the cuts that the paper recommends.

use std::collections::BTreeMap;

use embedding_norms::lab::claim::{Claim, Source, Verdict, claim};
use embedding_norms::statistics::{mean, mean_with_interval};

use super::analysis::{Speed, SpeedUp, Tuned};
use super::criterion::{Agreement, Predictor};
use super::lever::Lever;
use super::shrinking::{Biases, Data, Shrunk};
use super::symmetry::Comparison;
use super::training::Run;
use crate::cli::failure::Failure;
use crate::cli::values;
use crate::simulations::simulation::Tables;

/// Replicates in a comparison below which no interval is tested.
const ENOUGH: u64 = 4;
/// A speed-up that is certainly less than twice, either way, is none.
const LITTLE: f64 = std::f64::consts::LN_2;
/// What intervals need.
const LACKS: &str = "needs 4 replicates beside those of the tuning";

const EXACT: &str =
    "without biases (W/4, η) follows the directions of (W, 4^(2−pL) η) bit for bit: GradScale p = 0, 1, 2, and decay";
const CONTROL: &str = "control: with 4^(1−pL) η or 4^(3−pL) η no run follows";
const POWER: &str = "without biases a cut by c shrinks the outputs of L layers by c^L: largest relative deviation";
const BIASED: &str = "with PyTorch's biases they shrink as c^k with a smaller k: digits, three layers, c = 3";
const AGREES: &str =
    "which levers help and which hurt, without biases: share that the angle of the first step tells right";
const RANKS: &str =
    "rank correlation of predicted and measured speed-ups over the levers and learning rates, without biases";
const SHUFFLED: &str = "control: permuted predictions have none";
const SHORTER: &str = "weight decay keeps norms shorter: ln of the final norm over that of plain training";
const CUT_3: &str = "cutting by 3 speeds up contrastive training, at the learning rates of the untuned comparison";
const CUT_9: &str = "cutting by 9 speeds up non-contrastive training, at the learning rates of the untuned comparison";
const TUNED_3: &str = "cutting by 3 speeds up contrastive training, each with the learning rate that is best for it";
const TUNED_9: &str =
    "cutting by 9 speeds up non-contrastive training, each with the learning rate that is best for it";

/// `compared` is how many replicates there are beside those of the tuning.
pub fn claims(tables: &Tables, compared: u64) -> Result<Vec<Claim>, Failure> {
    let untuned = tables.rows::<Speed>()?.into_iter().filter(|row| row.untuned);
    let untuned: Vec<SpeedUp> = untuned.map(|row| row.speed_up()).collect();
    let tuned: Vec<SpeedUp> = tables.rows::<Tuned>()?.iter().map(Tuned::speed_up).collect();
    let mut claims = exact(&tables.rows()?);
    claims.extend(shrinking(&tables.rows()?));
    claims.extend(criterion(&tables.rows()?, compared >= ENOUGH));
    claims.push(shorter(&tables.rows()?, compared >= ENOUGH));
    claims.extend(
        [
            (CUT_3, &untuned, 3.0, true),
            (CUT_9, &untuned, 9.0, false),
            (TUNED_3, &tuned, 3.0, true),
            (TUNED_9, &tuned, 9.0, false),
        ]
        .map(|(says, rows, cut, contrastive)| recommended(says, rows, cut, contrastive, compared >= ENOUGH)),
    );
    Ok(claims)
}

fn exact(rows: &[Comparison]) -> Vec<Claim> {
    let (controls, cases): (Vec<&Comparison>, Vec<&Comparison>) = rows.iter().partition(|row| row.control);
    vec![
        claim("S6", EXACT)
            .note(format!("coordinates of directions that differ, in {} runs", cases.len()))
            .no_exception_in(cases, |row| (row.different, row.coordinates)),
        claim("S6", CONTROL).none_of(controls, |row| row.different == 0),
    ]
}

fn shrinking(rows: &[Shrunk]) -> [Claim; 2] {
    let plain = rows.iter().filter(|row| row.biases == Biases::None);
    let of = |data: Data, layers: usize, cut: f64| {
        let wanted = (Biases::Biases, data, layers, cut);
        rows.iter().filter(move |row| (row.biases, row.data, row.layers, row.cut) == wanted)
    };
    let three = |data: Data| of(data, 3, 3.0).map(|row| row.shrunk).collect::<Vec<f64>>();
    let (digits, mixture) = (three(Data::Digits), three(Data::Mixture));
    let cosines: Vec<f64> = of(Data::Digits, 2, 9.0).map(|row| row.mean_cosine).collect();
    let note = format!(
        "norm before over norm after, medians of samples: {} on digits, {} on the mixture, not 27; digits, two layers, \
         c = 9: the cosine of any two outputs is {:.3} in the mean",
        range(&digits),
        range(&mixture),
        mean(&cosines)
    );
    let exponents: Vec<f64> = digits.iter().map(|shrunk| libm::log(*shrunk) / libm::log(3.0)).collect();
    let exponent = mean_with_interval(&exponents, 0.95);
    let stating = claim("S6", BIASED).needs(exponent.is_some(), "needs 2 replicates").note(note);
    [
        claim("S6", POWER).all_within(1e-12, plain.map(|row| (row.shrunk / row.power - 1.0).abs())),
        stating.holds_for("below 2.5", exponent, |exponent| exponent.upper < 2.5),
    ]
}

/// The smallest and the largest.
fn range(values: &[f64]) -> String {
    let ends = values.iter().fold((f64::INFINITY, 0.0_f64), |ends, &value| (ends.0.min(value), ends.1.max(value)));
    format!("{:.2} to {:.2}", ends.0, ends.1)
}

/// A measure of agreement.
type Measure = fn(&Agreement) -> Option<f64>;

/// The means over the tasks without biases, by replicates.
fn by_replicate(rows: &[Agreement], predictor: Predictor, measure: Measure) -> Vec<f64> {
    let rows = rows.iter().filter(|row| row.predictor == predictor && !row.task.has_biases());
    by_key(rows.filter_map(|row| Some((row.replicate, measure(row)?))))
        .into_values()
        .map(|values| mean(&values))
        .collect()
}

fn by_key<K: Ord>(pairs: impl IntoIterator<Item = (K, f64)>) -> BTreeMap<K, Vec<f64>> {
    let mut groups: BTreeMap<K, Vec<f64>> = BTreeMap::new();
    pairs.into_iter().for_each(|(key, value)| groups.entry(key).or_default().push(value));
    groups
}

fn criterion(rows: &[Agreement], enough: bool) -> [Claim; 3] {
    let spearman: Measure = |row| row.spearman;
    let agreement: Measure = |row| row.agreement;
    let above_0 = |says, name, measure: Measure, values: &[f64]| {
        let alone = mean(&by_replicate(rows, Predictor::StepSize, measure));
        let tasks = by_task(rows, measure);
        claim("S6", says)
            .needs(enough, LACKS)
            .note(format!("{name} by task: {tasks}; γρ^(p−2) alone, L8 without the measurement, has {alone:.2}"))
            .holds_for("above 0", mean_with_interval(values, 0.95), |estimate| estimate.lower > 0.0)
    };
    // Most levers hurt, so that even a random prediction is right in more than half of the cases.
    let chance = by_replicate(rows, Predictor::Shuffled, agreement);
    let right: Vec<f64> = by_replicate(rows, Predictor::Angle, agreement)
        .iter()
        .zip(&chance)
        .map(|(right, chance)| right - chance)
        .collect();
    let ranks = by_replicate(rows, Predictor::Angle, spearman);
    let shuffled = mean_with_interval(&by_replicate(rows, Predictor::Shuffled, spearman), 0.95);
    [
        above_0(AGREES, "agreement", agreement, &right),
        above_0(RANKS, "spearman", spearman, &ranks),
        // Three times its own uncertainty: one control in twenty would miss 0 by chance.
        claim("S6", SHUFFLED).needs(enough, LACKS).holds_for("0 within three half-widths", shuffled, |estimate| {
            estimate.value.abs() <= 1.5 * (estimate.upper - estimate.lower)
        }),
    ]
}

/// The mean for each task, in words.
fn by_task(rows: &[Agreement], measure: Measure) -> String {
    let rows = rows.iter().filter(|row| row.predictor == Predictor::Angle);
    let values = by_key(rows.filter_map(|row| Some((values::name(row.task), measure(row)?))));
    let words = values.into_iter().map(|(task, values)| format!("{task} {:.2}", mean(&values)));
    words.collect::<Vec<_>>().join(", ")
}

/// The final norm under decay over that of plain training with the same task, learning rate and replicate.
fn shorter(runs: &[Run], enough: bool) -> Claim {
    let log = |run: &Run| {
        let wanted = (run.task, Lever::None, run.rate, run.replicate);
        let plain = runs.iter().find(|plain| (plain.task, plain.lever(), plain.rate, plain.replicate) == wanted)?;
        Some((run.replicate, libm::log(run.final_norm? / plain.final_norm?)))
    };
    let decayed = runs.iter().filter(|run| matches!(run.lever(), Lever::Decay(_)));
    let means: Vec<f64> = by_key(decayed.filter_map(log)).values().map(|logs| mean(logs)).collect();
    let estimate = mean_with_interval(&means, 0.95);
    claim("S6", SHORTER)
        .needs(enough && estimate.is_some(), "needs decay, and 4 replicates beside those of the tuning")
        .note("mean over tasks and learning rates")
        .holds_for("below 0", estimate, |estimate| estimate.upper < 0.0)
}

/// A cut that the paper recommends, over the tasks of its kind.
fn recommended(says: &str, rows: &[SpeedUp], cut: f64, contrastive: bool, enough: bool) -> Claim {
    let (mut words, mut faster, mut slower, mut same) = (Vec::new(), 0, 0, 0);
    for row in rows.iter().filter(|row| row.lever == Lever::Cut(cut) && row.task.is_contrastive() == contrastive) {
        let (Some(value), Some((lower, upper))) = (row.log, row.interval) else { continue };
        faster += usize::from(lower > 0.0);
        slower += usize::from(upper < 0.0);
        same += usize::from(lower <= 0.0 && upper >= 0.0 && -lower < LITTLE && upper < LITTLE);
        let bound = if row.bounds > 0 { ", some runs did not arrive" } else { "" };
        let (task, [value, lower, upper]) = (values::name(row.task), [value, lower, upper].map(libm::exp));
        words.push(format!("{task}: {value:.2} times as fast [{lower:.2}, {upper:.2}]{bound}"));
    }
    let all = words.len();
    if !enough || all == 0 {
        let why = format!("needs the cut {cut}, and 4 replicates beside those of the tuning");
        return Claim::not_tested("S6", Source::Paper, says, &why);
    }
    let verdict = match faster {
        faster if faster == all => Verdict::Supported,
        // One that is faster and one that is not is all it takes.
        faster if faster > 0 && slower + same > 0 => Verdict::Conditional,
        0 if slower + same == all => Verdict::NotSupported,
        _ => Verdict::NotTested,
    };
    let few = if verdict == Verdict::NotTested { "too few replicates to tell; " } else { "" };
    let measured = format!("faster in {faster}, slower in {slower}, neither in {same} of {all} tasks");
    claim("S6", says).note(format!("{few}{}", words.join("; "))).holds("faster", measured, true).of_the_paper(verdict)
}
