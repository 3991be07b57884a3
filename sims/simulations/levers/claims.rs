//! What the tables say of the levers, of the criterion, and of the cuts that the paper recommends.

use std::collections::BTreeMap;

use embedding_norms::statistics::{Estimate, mean, mean_with_interval};
use embedding_norms_lab::claim::{Claim, Source, Verdict, claim};

use super::analysis::{Speed, SpeedUp, Tuned};
use super::criterion::{Agreement, Predictor};
use super::lever::Lever;
use super::runs::{Role, Run};
use super::shrinking::{Biases, Data, Shrunk};
use super::symmetry::Comparison;
use super::task::{Architecture, Task};
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
const AGREES: &str = "which levers help and which hurt, with negatives and without biases: share that the angle of the first step tells right";
const RANKS: &str = "rank correlation of predicted and measured speed-ups over the levers and learning rates, with negatives and without biases";
const SHUFFLED: &str = "control: permuted predictions have none";
const SHORTER: &str = "weight decay keeps norms shorter: ln of the final norm over that of plain training";
const CUT_3: &str = "cutting by 3 speeds up contrastive training, at the learning rates of the untuned comparison";
const CUT_9: &str = "cutting by 9 speeds up non-contrastive training, at the learning rates of the untuned comparison";
const TUNED_3: &str = "cutting by 3 speeds up contrastive training, each with the learning rate that is best for it";
const TUNED_9: &str =
    "cutting by 9 speeds up non-contrastive training, each with the learning rate that is best for it";
const NORMED_3: &str = "with batch normalization throughout, cutting by 3 speeds up SimCLR, at the learning rate of the untuned comparison";
const NORMED_9: &str = "with batch normalization throughout, cutting by 9 speeds up SimSiam and BYOL, at the learning rate of the untuned \
                        comparison";
const NORMED_TUNED_3: &str = "with batch normalization throughout, cutting by 3 speeds up SimCLR, each with the learning rate that is best for it";
const NORMED_TUNED_9: &str = "with batch normalization throughout, cutting by 9 speeds up SimSiam and BYOL, each with the learning rate \
                              that is best for it";
const AS_RATE: &str = "with batch normalization throughout, SimCLR cut by 3 takes as long as the whole network at 9 times the learning \
                       rate: mean of |ln of the ratio of epochs|";
const NOT_AS_RATE: &str = "control: at the same learning rate it does not";
/// Accuracy is measured after numbers of steps of this ratio, so that epochs nearer than that are the same.
const SAME: f64 = 0.5 * LITTLE;

/// `compared` is how many replicates there are beside those of the tuning.
pub fn claims(tables: &Tables, compared: u64) -> Result<Vec<Claim>, Failure> {
    let untuned = tables.rows::<Speed>()?.into_iter().filter(|row| row.untuned);
    let untuned: Vec<SpeedUp> = untuned.map(|row| row.speed_up()).collect();
    let tuned: Vec<SpeedUp> = tables.rows::<Tuned>()?.iter().map(Tuned::speed_up).collect();
    let mut claims = exact(&tables.rows()?);
    claims.extend(shrinking(&tables.rows()?));
    claims.extend(criterion(&tables.rows()?, compared >= ENOUGH));
    let runs: Vec<Run> = tables.rows()?;
    claims.push(shorter(&runs, compared >= ENOUGH));
    let paper = |normalized: bool, says: [&'static str; 4]| {
        let kinds = [(&untuned, 3.0, true), (&untuned, 9.0, false), (&tuned, 3.0, true), (&tuned, 9.0, false)];
        says.into_iter().zip(kinds).map(move |(says, (rows, cut, contrastive))| {
            let wanted = (normalized, contrastive, Lever::Cut(cut));
            let rows =
                rows.iter().filter(|row| (row.task.is_normalized(), row.task.is_contrastive(), row.lever) == wanted);
            recommended(says, cut, rows, compared >= ENOUGH)
        })
    };
    claims.extend(paper(false, [CUT_3, CUT_9, TUNED_3, TUNED_9]));
    if runs.iter().any(|run| run.task.is_normalized()) {
        claims.extend(paper(true, [NORMED_3, NORMED_9, NORMED_TUNED_3, NORMED_TUNED_9]).map(|claim| {
            let note = format!("heavy ball, weight decay 5e-4, cosine schedule with warm-up; {}", claim.note);
            claim.noting(&note)
        }));
        claims.extend(as_rates(&runs, compared >= ENOUGH));
    }
    Ok(claims)
}

/// Whether a cut of networks with batch normalization throughout is a learning rate.
fn as_rates(runs: &[Run], enough: bool) -> [Claim; 2] {
    let named = |name: &str, found: Option<Estimate>| {
        found.map_or(String::new(), |found| format!("; {name}: {:.3}", found.value))
    };
    let note = format!(
        "ε and weight decay stay as they are, so that ε is up to c⁴ times as large beside variances{}{}",
        named("SimCLR cut by 9", apart(runs, true, 9.0, true)),
        named("SimSiam and BYOL, whose predictors end in a bias, cut by 3", apart(runs, false, 3.0, true))
    );
    let lacks = "needs 4 replicates beside those of the tuning, and learning rates 9 times as large as others";
    let (as_rate, control) = (apart(runs, true, 3.0, true), apart(runs, true, 3.0, false));
    let stating = |says, found: Option<Estimate>| claim("S7", says).needs(enough && found.is_some(), lacks);
    let same = "below ln √2, the ratio of successive measurements";
    [
        stating(AS_RATE, as_rate).note(note).holds_for(same, as_rate, |found| found.upper < SAME),
        stating(NOT_AS_RATE, control).holds_for("above ln √2", control, |found| found.lower > SAME),
    ]
}

/// How far the epochs of networks that are cut by c are from those of whole ones at the same learning rate, or at c²
/// times it: the mean of |ln of the ratio| over tasks and rates, with its interval over replicates.
fn apart(runs: &[Run], contrastive: bool, cut: f64, as_rate: bool) -> Option<Estimate> {
    let compared = |run: &&Run| {
        let wanted = (true, contrastive, Lever::Cut(cut));
        run.role == Role::Comparison && (run.task.is_normalized(), run.task.is_contrastive(), run.lever()) == wanted
    };
    let distance = |run: &Run| {
        let rate = if as_rate { cut * cut * run.rate } else { run.rate };
        let is_whole = |plain: &&Run| {
            let wanted = (run.task, Lever::None, run.replicate);
            (plain.task, plain.lever(), plain.replicate) == wanted && (plain.rate / rate - 1.0).abs() < 1e-9
        };
        let whole = runs.iter().find(is_whole)?;
        Some((run.replicate, libm::log(run.epochs? / whole.epochs?).abs()))
    };
    let distances = by_key(runs.iter().filter(compared).filter_map(distance));
    mean_with_interval(&distances.values().map(|values| mean(values)).collect::<Vec<_>>(), 0.95)
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

/// Nothing where only images of a user's own were learned from.
fn shrinking(rows: &[Shrunk]) -> Vec<Claim> {
    if rows.is_empty() {
        return Vec::new();
    }
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
    vec![
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

/// The means over the tasks with negatives and without biases, by replicates: without negatives the criterion tells little (S9).
fn by_replicate(rows: &[Agreement], predictor: Predictor, measure: Measure) -> Vec<f64> {
    let is_told = |task: Task| task.is_contrastive() && task.architecture() == Architecture::NoBiases;
    let rows = rows.iter().filter(|row| row.predictor == predictor && is_told(row.task));
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
fn recommended<'a>(says: &str, cut: f64, rows: impl Iterator<Item = &'a SpeedUp>, enough: bool) -> Claim {
    let (mut words, mut faster, mut slower, mut same) = (Vec::new(), 0, 0, 0);
    for row in rows {
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
