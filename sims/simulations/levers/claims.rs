//! What the tables say of the levers, of the criterion, and of the cuts that the paper recommends.

use std::collections::BTreeMap;

use embedding_norms::lab::claim::{Claim, Source, Verdict};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::{Estimate, mean_with_interval};

use super::{CRITERION, SHRINKING, SPEED, SYMMETRY, TUNED};
use crate::cli::failure::Failure;
use crate::simulations::grouping::mean;
use crate::simulations::simulation::Tables;

/// Replicates in a comparison below which no interval is tested.
const ENOUGH: u64 = 4;
/// Tasks whose networks have biases end so.
pub const BIASES: &str = "-biases";
/// A speed-up that is certainly less than twice, either way, is none.
const LITTLE: f64 = std::f64::consts::LN_2;
/// Tasks without negatives have this in their names.
const NON_CONTRASTIVE: &str = "non-contrastive";

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
    let mut claims = exact(tables.get(SYMMETRY)?)?.to_vec();
    claims.extend(shrinking(tables.get(SHRINKING)?)?);
    claims.extend(criterion(tables.get(CRITERION)?, compared)?);
    claims.push(shorter(tables.get("")?, compared)?);
    let (speed, tuned) = (tables.get(SPEED)?.with("untuned", "yes")?, tables.get(TUNED)?);
    for (says, table, cut, contrastive) in [
        (CUT_3, &speed, 3.0, true),
        (CUT_9, &speed, 9.0, false),
        (TUNED_3, tuned, 3.0, true),
        (TUNED_9, tuned, 9.0, false),
    ] {
        claims.push(recommended(says, table, cut, contrastive, compared)?);
    }
    Ok(claims)
}

fn exact(table: &Table) -> Result<[Claim; 2], TableError> {
    let sum = |rows: &Table, column: &str| -> Result<u64, TableError> {
        Ok(rows.numbers(column)?.into_iter().flatten().sum::<f64>() as u64)
    };
    let (cases, control) = (table.with("control", "no")?, table.with("control", "yes")?);
    let followed = control.numbers("different")?.into_iter().flatten().filter(|&different| different == 0.0).count();
    let note = format!("coordinates of directions that differ, in {} runs", cases.rows().len());
    Ok([
        Claim::without_exception("S6", EXACT, sum(&cases, "different")?, sum(&cases, "coordinates")?).noting(&note),
        Claim::without_exception("S6", CONTROL, followed as u64, control.rows().len() as u64),
    ])
}

fn shrinking(table: &Table) -> Result<[Claim; 2], TableError> {
    let plain = table.with("biases", "none")?.pairs("shrunk", "power")?;
    let deviation = plain.iter().fold(0.0, |worst: f64, (shrunk, power)| worst.max((shrunk / power - 1.0).abs()));
    let biased = table.with("biases", "biases")?;
    let three = |data: &str| -> Result<Vec<f64>, TableError> {
        let rows = biased.with("data", data)?.with("layers", 3.0)?.with("cut", 3.0)?;
        Ok(rows.numbers("shrunk")?.into_iter().flatten().collect())
    };
    let (digits, mixture) = (three("digits")?, three("mixture")?);
    let deep = biased.with("data", "digits")?.with("layers", 2.0)?.with("cut", 9.0)?;
    let cosines: Vec<f64> = deep.numbers("mean_cosine")?.into_iter().flatten().collect();
    let note = format!(
        "norm before over norm after, medians of samples: {} on digits, {} on the mixture, not 27; digits, two layers, \
         c = 9: the cosine of any two outputs is {:.3} in the mean",
        range(&digits),
        range(&mixture),
        mean(&cosines)
    );
    let exponents: Vec<f64> = digits.iter().map(|shrunk| libm::log(*shrunk) / libm::log(3.0)).collect();
    let biased = match mean_with_interval(&exponents, 0.95) {
        Some(estimate) => {
            with_interval("S6", BIASED, "below 2.5".to_owned(), estimate, estimate.upper < 2.5).noting(&note)
        }
        None => Claim::not_tested("S6", Source::Ours, BIASED, "needs 2 replicates"),
    };
    Ok([Claim::within("S6", POWER, 1e-12, deviation), biased])
}

/// The smallest and the largest.
fn range(values: &[f64]) -> String {
    let ends = values.iter().fold((f64::INFINITY, 0.0_f64), |ends, &value| (ends.0.min(value), ends.1.max(value)));
    format!("{:.2} to {:.2}", ends.0, ends.1)
}

/// The means over the tasks without biases, by replicates, of a column of a predictor.
fn by_replicate(table: &Table, predictor: &str, column: &str) -> Result<Vec<f64>, TableError> {
    let rows = table.with("predictor", predictor)?;
    let (tasks, replicates, values) = (rows.texts("task")?, rows.numbers("replicate")?, rows.numbers(column)?);
    let mut sums: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for ((task, replicate), value) in tasks.iter().zip(replicates).zip(values) {
        if let (Some(replicate), Some(value)) = (replicate, value)
            && !task.ends_with(BIASES)
        {
            let sum = sums.entry(replicate as u64).or_default();
            *sum = (sum.0 + value, sum.1 + 1.0);
        }
    }
    Ok(sums.into_values().map(|(sum, count)| sum / count).collect())
}

fn criterion(table: &Table, compared: u64) -> Result<Vec<Claim>, TableError> {
    let above_0 = |says: &str, column: &str, values: &[f64]| -> Result<Claim, TableError> {
        let Some(estimate) = mean_with_interval(values, 0.95).filter(|_| compared >= ENOUGH) else {
            return Ok(Claim::not_tested("S6", Source::Ours, says, "needs 4 replicates beside those of the tuning"));
        };
        let alone = mean(&by_replicate(table, "step-size", column)?);
        let by_task = by_task(table, column)?;
        let note = format!("{column} by task: {by_task}; γρ^(p−2) alone, L8 without the measurement, has {alone:.2}");
        let claim = with_interval("S6", says, "above 0".to_owned(), estimate, estimate.lower > 0.0);
        Ok(claim.noting(&note))
    };
    let ranks = by_replicate(table, "angle", "spearman")?;
    // Most levers hurt, so that even a random prediction is right in more than half of the cases.
    let chance = by_replicate(table, "shuffled", "agreement")?;
    let right: Vec<f64> =
        by_replicate(table, "angle", "agreement")?.iter().zip(&chance).map(|(right, chance)| right - chance).collect();
    let shuffled = by_replicate(table, "shuffled", "spearman")?;
    let control = match mean_with_interval(&shuffled, 0.95).filter(|_| compared >= ENOUGH) {
        // Three times its own uncertainty: one control in twenty would miss 0 by chance.
        Some(estimate) => {
            let half = 1.5 * (estimate.upper - estimate.lower);
            with_interval(
                "S6",
                SHUFFLED,
                "0 within three half-widths".to_owned(),
                estimate,
                estimate.value.abs() <= half,
            )
        }
        None => Claim::not_tested("S6", Source::Ours, SHUFFLED, "needs 4 replicates beside those of the tuning"),
    };
    Ok(vec![above_0(AGREES, "agreement", &right)?, above_0(RANKS, "spearman", &ranks)?, control])
}

/// The mean of a column for each task, in words.
fn by_task(table: &Table, column: &str) -> Result<String, TableError> {
    let rows = table.with("predictor", "angle")?;
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (task, value) in rows.texts("task")?.into_iter().zip(rows.numbers(column)?) {
        values.entry(task).or_default().extend(value);
    }
    let words = values.into_iter().map(|(task, values)| format!("{task} {:.2}", mean(&values)));
    Ok(words.collect::<Vec<_>>().join(", "))
}

fn with_interval(statement: &str, says: &str, predicted: String, estimate: Estimate, holds: bool) -> Claim {
    Claim {
        value: Some(estimate.value),
        interval: Some((estimate.lower, estimate.upper)),
        ..Claim::outcome(
            statement,
            says,
            predicted,
            format!("{:.3} [{:.3}, {:.3}]", estimate.value, estimate.lower, estimate.upper),
            holds,
        )
    }
}

/// The final norm under decay over that of plain training with the same task, learning rate and replicate.
fn shorter(main: &Table, compared: u64) -> Result<Claim, TableError> {
    let keys = |rows: &Table| -> Result<Vec<[String; 3]>, TableError> {
        let keys = rows.texts("task")?.into_iter().zip(rows.texts("rate")?).zip(rows.texts("replicate")?);
        Ok(keys.map(|((task, rate), replicate)| [task, rate, replicate]).collect())
    };
    let (plain, decayed) = (main.with("lever", "none")?, main.with("lever", "decay")?);
    let norms: BTreeMap<[String; 3], Option<f64>> =
        keys(&plain)?.into_iter().zip(plain.numbers("final_norm")?).collect();
    let mut logs: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (key, norm) in keys(&decayed)?.into_iter().zip(decayed.numbers("final_norm")?) {
        if let Some((norm, plain)) = norm.zip(norms.get(&key).copied().flatten()) {
            logs.entry(key[2].clone()).or_default().push(libm::log(norm / plain));
        }
    }
    let means: Vec<f64> = logs.values().map(|logs| mean(logs)).collect();
    Ok(match mean_with_interval(&means, 0.95).filter(|_| compared >= ENOUGH) {
        Some(estimate) => with_interval("S6", SHORTER, "below 0".to_owned(), estimate, estimate.upper < 0.0)
            .noting("mean over tasks and learning rates"),
        None => {
            Claim::not_tested("S6", Source::Ours, SHORTER, "needs decay, and 4 replicates beside those of the tuning")
        }
    })
}

/// A cut that the paper recommends, over the tasks of its kind.
fn recommended(says: &str, table: &Table, cut: f64, contrastive: bool, compared: u64) -> Result<Claim, TableError> {
    let rows = table.with("lever", "cut")?.with("strength", cut)?;
    let number = |column: &str| rows.numbers(column);
    let (values, lower, upper, bounds) = (number("log_speed")?, number("lower")?, number("upper")?, number("bounds")?);
    let (mut words, mut faster, mut slower, mut same, mut all) = (Vec::new(), 0, 0, 0, 0);
    for (row, task) in rows.texts("task")?.iter().enumerate() {
        if task.contains(NON_CONTRASTIVE) == contrastive {
            continue;
        }
        let (Some(value), Some(lower), Some(upper)) = (values[row], lower[row], upper[row]) else { continue };
        all += 1;
        faster += usize::from(lower > 0.0);
        slower += usize::from(upper < 0.0);
        same += usize::from(lower <= 0.0 && upper >= 0.0 && -lower < LITTLE && upper < LITTLE);
        let bound = if bounds[row].unwrap_or(0.0) > 0.0 { ", some runs did not arrive" } else { "" };
        let [value, lower, upper] = [value, lower, upper].map(libm::exp);
        words.push(format!("{task}: {value:.2} times as fast [{lower:.2}, {upper:.2}]{bound}"));
    }
    if compared < ENOUGH || all == 0 {
        let why = format!("needs the cut {cut}, and 4 replicates beside those of the tuning");
        return Ok(Claim::not_tested("S6", Source::Paper, says, &why));
    }
    let measured = format!("faster in {faster}, slower in {slower}, neither in {same} of {all} tasks");
    let undecided = all - faster - slower - same;
    let verdict = match faster {
        faster if faster == all => Verdict::Supported,
        // One that is faster and one that is not is all it takes.
        faster if faster > 0 && slower + same > 0 => Verdict::Conditional,
        0 if undecided == 0 => Verdict::NotSupported,
        _ => Verdict::NotTested,
    };
    let note = if verdict == Verdict::NotTested { "too few replicates to tell; " } else { "" };
    let note = format!("{note}{}", words.join("; "));
    Ok(Claim::outcome("S6", says, "faster".to_owned(), measured, true).of_the_paper(verdict).noting(&note))
}
