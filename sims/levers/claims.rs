//! What the tables say of the levers, of the criterion, and of the cuts that the paper recommends.

use std::collections::BTreeMap;

use embedding_norms::claim::{Claim, Source, Verdict};
use embedding_norms::law::{Estimate, mean_with_interval};
use embedding_norms::table::{Table, TableError};

use super::{CRITERION, SHRINKING, SPEED, SYMMETRY, TUNED};
use crate::failure::Failure;
use crate::simulation::Tables;

/// Replicates in a comparison below which no interval is tested.
const ENOUGH: u64 = 4;
/// Tasks whose networks have biases end so.
pub const BIASES: &str = "-biases";
/// Tasks without negatives have this in their names.
const NON_CONTRASTIVE: &str = "non-contrastive";

const EXACT: &str =
    "without biases (W/4, η) follows the directions of (W, 4^(2−pL) η) bit for bit: GradScale p = 0, 1, 2, and decay";
const CONTROL: &str = "control: with 4^(1−pL) η or 4^(3−pL) η no run follows";
const POWER: &str = "without biases a cut by c shrinks the outputs of L layers by c^L: largest relative deviation";
const BETWEEN: &str = "with PyTorch's biases, two and three layers: outputs shrink by more than c and by less than c^L";
const AGREES: &str = "which levers help and which hurt, without biases: share that the angle of the first step tells right";
const RANKS: &str = "rank correlation of predicted and measured speed-ups over the levers and learning rates, without biases";
const BETTER: &str = "it is larger than that of γρ^(p−2) alone, L8 without the measurement: difference";
const SHUFFLED: &str = "control: predictions dealt out at random have none";
const SHORTER: &str = "weight decay keeps norms shorter: ln of the final norm over that of plain training";
const CUT_3: &str = "cutting by 3 speeds up contrastive training, at the learning rates of the untuned comparison";
const CUT_9: &str = "cutting by 9 speeds up non-contrastive training, at the learning rates of the untuned comparison";
const TUNED_3: &str = "cutting by 3 speeds up contrastive training, each with the learning rate that is best for it";
const TUNED_9: &str = "cutting by 9 speeds up non-contrastive training, each with the learning rate that is best for it";

/// `compared` is how many replicates there are beside those of the tuning.
pub fn claims(tables: &Tables, compared: u64) -> Result<Vec<Claim>, Failure> {
    let mut claims = exact(tables.get(SYMMETRY)?)?;
    claims.extend(shrinking(tables.get(SHRINKING)?)?);
    claims.extend(criterion(tables.get(CRITERION)?, compared)?);
    claims.push(shorter(tables.get("")?, compared)?);
    let (speed, tuned) = (tables.get(SPEED)?.with("untuned", "yes")?, tables.get(TUNED)?);
    for (says, table, cut, contrastive) in
        [(CUT_3, &speed, 3.0, true), (CUT_9, &speed, 9.0, false), (TUNED_3, tuned, 3.0, true), (TUNED_9, tuned, 9.0, false)]
    {
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
    let rows = |biases: &str| -> Result<Vec<[f64; 5]>, TableError> {
        let rows = table.with("biases", biases)?;
        let columns = ["layers", "cut", "shrunk", "power", "mean_cosine"].map(|column| rows.numbers(column));
        let [layers, cuts, shrunk, powers, cosines] = columns;
        let (layers, cuts, shrunk, powers, cosines) = (layers?, cuts?, shrunk?, powers?, cosines?);
        let row = |row: usize| Some([layers[row]?, cuts[row]?, shrunk[row]?, powers[row]?, cosines[row]?]);
        Ok((0..layers.len()).filter_map(row).collect())
    };
    let plain = rows("none")?;
    let deviation =
        plain.iter().flat_map(|&[_, _, shrunk, power, _]| [(shrunk / power - 1.0).abs()]).fold(0.0, f64::max);
    let deep: Vec<[f64; 5]> = rows("biases")?.into_iter().filter(|row| row[0] > 1.0 && row[1] > 1.0).collect();
    let outside = deep.iter().filter(|[_, cut, shrunk, power, _]| !(cut < shrunk && shrunk < power)).count();
    let three: Vec<f64> = deep.iter().filter(|row| row[0] == 3.0 && row[1] == 3.0).map(|row| row[2]).collect();
    let ends = three.iter().fold((f64::INFINITY, 0.0_f64), |ends, &shrunk| (ends.0.min(shrunk), ends.1.max(shrunk)));
    let cosines: Vec<f64> = deep.iter().filter(|row| row[0] == 2.0 && row[1] == 9.0).map(|row| row[4]).collect();
    let note = format!(
        "medians over samples; three layers and c = 3: {:.2} to {:.2} in {} networks, not 27; two layers and c = 9: the \
         cosine of any two outputs is {:.3} in the mean",
        ends.0,
        ends.1,
        three.len(),
        cosines.iter().fold(0.0, |sum, cosine| sum + cosine) / cosines.len() as f64
    );
    Ok([
        Claim::within("S6", POWER, 1e-12, deviation),
        Claim::without_exception("S6", BETWEEN, outside as u64, deep.len() as u64).noting(&note),
    ])
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
    let (ranks, alone) = (by_replicate(table, "angle", "spearman")?, by_replicate(table, "step-size", "spearman")?);
    let better: Vec<f64> = ranks.iter().zip(&alone).map(|(angle, alone)| angle - alone).collect();
    let agrees = by_replicate(table, "angle", "agreement")?;
    let shuffled = by_replicate(table, "shuffled", "spearman")?;
    let above = |says: &str, values: &[f64], bound: f64| {
        let Some(estimate) = mean_with_interval(values, 0.95).filter(|_| compared >= ENOUGH) else {
            return Claim::not_tested("S6", Source::Ours, says, "needs 4 replicates beside those of the tuning");
        };
        with_interval("S6", says, format!("above {bound}"), estimate, estimate.lower > bound)
    };
    let control = match mean_with_interval(&shuffled, 0.95).filter(|_| compared >= ENOUGH) {
        // Three times its own uncertainty: one control in twenty would miss 0 by chance.
        Some(estimate) => {
            let half = 1.5 * (estimate.upper - estimate.lower);
            with_interval("S6", SHUFFLED, "0 within three half-widths".to_owned(), estimate, estimate.value.abs() <= half)
        }
        None => Claim::not_tested("S6", Source::Ours, SHUFFLED, "needs 4 replicates beside those of the tuning"),
    };
    let by_task = by_task(table)?;
    Ok(vec![
        above(AGREES, &agrees, 0.5).noting(&by_task),
        above(RANKS, &ranks, 0.0),
        above(BETTER, &better, 0.0),
        control,
    ])
}

/// The mean agreement of each task in words.
fn by_task(table: &Table) -> Result<String, TableError> {
    let rows = table.with("predictor", "angle")?;
    let mut means: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (task, value) in rows.texts("task")?.into_iter().zip(rows.numbers("agreement")?) {
        let sum = means.entry(task).or_default();
        *sum = (sum.0 + value.unwrap_or(0.0), sum.1 + f64::from(u8::from(value.is_some())));
    }
    let words = means.into_iter().map(|(task, (sum, count))| format!("{task} {:.2}", sum / count));
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
    let norms: BTreeMap<[String; 3], Option<f64>> = keys(&plain)?.into_iter().zip(plain.numbers("final_norm")?).collect();
    let mut logs: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (key, norm) in keys(&decayed)?.into_iter().zip(decayed.numbers("final_norm")?) {
        if let Some((norm, plain)) = norm.zip(norms.get(&key).copied().flatten()) {
            logs.entry(key[2].clone()).or_default().push(libm::log(norm / plain));
        }
    }
    let means: Vec<f64> =
        logs.values().map(|logs| logs.iter().fold(0.0, |sum, log| sum + log) / logs.len() as f64).collect();
    Ok(match mean_with_interval(&means, 0.95).filter(|_| compared >= ENOUGH) {
        Some(estimate) => with_interval("S6", SHORTER, "below 0".to_owned(), estimate, estimate.upper < 0.0)
            .noting("mean over tasks and learning rates"),
        None => Claim::not_tested("S6", Source::Ours, SHORTER, "needs decay, and 4 replicates beside those of the tuning"),
    })
}

/// A cut that the paper recommends, over the tasks of its kind.
fn recommended(says: &str, table: &Table, cut: f64, contrastive: bool, compared: u64) -> Result<Claim, TableError> {
    let rows = table.with("lever", "cut")?.with("strength", cut)?;
    let number = |column: &str| rows.numbers(column);
    let (values, lower, upper, bounds) = (number("log_speed")?, number("lower")?, number("upper")?, number("bounds")?);
    let (mut words, mut faster, mut slower, mut all) = (Vec::new(), 0, 0, 0);
    for (row, task) in rows.texts("task")?.iter().enumerate() {
        if task.contains(NON_CONTRASTIVE) == contrastive {
            continue;
        }
        let (Some(value), Some(lower), Some(upper)) = (values[row], lower[row], upper[row]) else { continue };
        all += 1;
        faster += usize::from(lower > 0.0);
        slower += usize::from(upper < 0.0);
        let bound = if bounds[row].unwrap_or(0.0) > 0.0 { ", some runs did not arrive" } else { "" };
        let [value, lower, upper] = [value, lower, upper].map(libm::exp);
        words.push(format!("{task}: {value:.2} times as fast [{lower:.2}, {upper:.2}]{bound}"));
    }
    if compared < ENOUGH || all == 0 {
        let why = format!("needs the cut {cut}, and 4 replicates beside those of the tuning");
        return Ok(Claim::not_tested("S6", Source::Paper, says, &why));
    }
    let verdict = match faster {
        0 => Verdict::NotSupported,
        faster if faster == all => Verdict::Supported,
        _ => Verdict::Conditional,
    };
    let measured = format!("faster in {faster}, slower in {slower} of {all} tasks");
    Ok(Claim::outcome("S6", says, "faster".to_owned(), measured, true).of_the_paper(verdict).noting(&words.join("; ")))
}
