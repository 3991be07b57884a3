//! Norms as confidence against statement S5, with controls.
//!
//! An interval is Student's t over replicates. The number of a replicate is a mean over digits or images, so that a few
//! replicates can decide; for single digits they cannot, and exceptions are named by their means.

use embedding_norms::lab::claim::{Claim, Source, Verdict, brief};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::{Estimate, mean_with_interval};

use super::whole::TENTHS;
use super::{SOURCES, TENTHS as TENTHS_TABLE, UNSEEN};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{groups, levels, mean, means};
use crate::simulations::simulation::Tables;

/// Replicates below which nothing is tested.
const REPLICATES: u64 = 3;
/// Replicates from which an interval that holds 0 is an answer, not a lack of them.
const MANY: u64 = 8;
/// Epochs below which a network is hardly trained.
const EPOCHS: usize = 10;
/// How far from ½ the control of held-out images may reach.
const CONTROL: f64 = 0.1;
/// The probability under shuffles that counts as beyond chance.
const CHANCE: f64 = 0.01;

const SPARSE: &str = "embeddings in sparse regions are shorter: within digits, norms fall with the distance to the neighbours, \
                      and more so than before training";
const MIXED: &str = "short embeddings have neighbours of other digits: norms rise with label agreement, and more so than \
                     before training";
const NEW: &str = "embeddings of a digit that training never saw are shorter, and not because the network or the images were \
                   so before";
const BEYOND: &str = "after every training the fall of norms with neighbour distance, within digits, is beyond chance";
const PIXELS: &str = "what norms say of label agreement after training is not what the images' own norms say";
const HELD_OUT: &str =
    "held-out images of digits that were trained on are not told from those trained on by their norms";

pub fn claims(tables: &Tables, replicates: u64, epochs: usize) -> Result<Vec<Claim>, Failure> {
    if replicates < REPLICATES || epochs < EPOCHS {
        let why = format!("needs at least {REPLICATES} replicates and {EPOCHS} epochs");
        let untested = |(source, says)| Claim::not_tested("S5", source, says, &why);
        let (paper, ours) = ([SPARSE, MIXED, NEW], [BEYOND, PIXELS, HELD_OUT]);
        let all = paper.map(|says| (Source::Paper, says)).into_iter().chain(ours.map(|says| (Source::Ours, says)));
        return Ok(all.map(untested).collect());
    }
    let (main, unseen) = (tables.get("")?, tables.get(UNSEEN)?);
    Ok(vec![
        sparse(main)?,
        mixed(main, tables.get(TENTHS_TABLE)?)?,
        new(unseen)?,
        beyond_chance(main)?,
        beyond_pixels(main)?,
        held_out(unseen)?,
    ])
}

/// A column at each replicate, as a mean over whatever else there is.
fn by_replicate(table: &Table, source: &str, column: &str) -> Result<Vec<f64>, TableError> {
    Ok(means(&table.with("source", source)?, "replicate", column)?.into_iter().map(|(_, value)| value).collect())
}

/// The mean over replicates; empty columns have no interval and decide nothing.
fn interval(values: &[f64]) -> Estimate {
    let unknown =
        Estimate { value: f64::NAN, lower: f64::NEG_INFINITY, upper: f64::INFINITY, replicates: values.len() };
    mean_with_interval(values, 0.95).unwrap_or(unknown)
}

/// Replicate by replicate, trained minus another source.
fn gain(table: &Table, column: &str, control: &str) -> Result<Estimate, TableError> {
    let pairs = by_replicate(table, SOURCES[0], column)?.into_iter().zip(by_replicate(table, control, column)?);
    Ok(interval(&pairs.map(|(trained, control)| trained - control).collect::<Vec<_>>()))
}

fn shown(estimate: Estimate) -> String {
    format!("{:.3} [{:.3}, {:.3}]", estimate.value, estimate.lower, estimate.upper)
}

/// Whether a whole interval lies on the side of 0 that `sign` says.
fn beyond_zero(estimate: Estimate, sign: f64) -> bool {
    (sign * estimate.lower).min(sign * estimate.upper) > 0.0
}

/// A claim of the paper's on a correlation of the sign that `sign` has: conditional if it is there, but `controls` do not
/// have that sign too. Few replicates that leave a control open decide nothing.
fn correlation(says: &str, trained: Estimate, controls: &[Estimate], sign: f64) -> Claim {
    let open = |estimate: &Estimate| estimate.lower < 0.0 && estimate.upper > 0.0;
    let few = (trained.replicates as u64) < MANY && controls.iter().any(open);
    let verdict = match (beyond_zero(trained, sign), controls.iter().all(|&control| beyond_zero(control, sign))) {
        (true, true) => Verdict::Supported,
        (true, false) if few => Verdict::NotTested,
        (true, false) => Verdict::Conditional,
        (false, _) => Verdict::NotSupported,
    };
    let predicted = if sign > 0.0 { "above 0" } else { "below 0" };
    let claim = Claim::outcome("S5", says, predicted.to_owned(), shown(trained), true).of_the_paper(verdict);
    Claim { value: Some(trained.value), interval: Some((trained.lower, trained.upper)), ..claim }
}

/// Normalization spreads short embeddings, so that distances among embeddings fall with norms without any learning; those
/// among pixels know nothing of norms, and decide with them.
fn sparse(main: &Table) -> Result<Claim, Failure> {
    let [here, apart] = ["distance_within", "pixel_distance_within"];
    let [trained, trained_apart] =
        [interval(&by_replicate(main, SOURCES[0], here)?), interval(&by_replicate(main, SOURCES[0], apart)?)];
    let [more, more_apart] = [gain(main, here, SOURCES[1])?, gain(main, apart, SOURCES[1])?];
    let note = format!(
        "Spearman's r_s with 95 % interval; training adds {}. With distances among the pixels, which no norm of an embedding \
         is part of, {}; training adds {}",
        shown(more),
        shown(trained_apart),
        shown(more_apart)
    );
    Ok(correlation(SPARSE, trained, &[more, trained_apart, more_apart], -1.0).noting(&note))
}

fn mixed(main: &Table, tenths: &Table) -> Result<Claim, Failure> {
    let trained = interval(&by_replicate(main, SOURCES[0], "agreement")?);
    let gain = gain(main, "agreement", SOURCES[1])?;
    let ends = |source: &str| -> Result<String, TableError> {
        let rows = tenths.with("source", source)?;
        let at =
            |tenth: usize| Ok::<_, TableError>(mean(&by_replicate(&rows.with("tenth", tenth)?, source, "agreement")?));
        Ok(format!("{:.2} and {:.2}", at(1)?, at(TENTHS)?))
    };
    let note = format!(
        "Spearman's r_s with 95 % interval; training adds {}; agreement in the shortest and the longest tenth {}, before \
         training {}",
        shown(gain),
        ends(SOURCES[0])?,
        ends(SOURCES[1])?
    );
    Ok(correlation(MIXED, trained, &[gain], 1.0).noting(&note))
}

/// Supported if the mean over digits is above ½ and above both controls and so is every digit's; conditional if digits
/// are exceptions.
fn new(unseen: &Table) -> Result<Claim, Failure> {
    let trained = interval(&by_replicate(unseen, SOURCES[0], "auroc")?);
    let gains = [gain(unseen, "auroc", SOURCES[1])?, gain(unseen, "auroc", SOURCES[2])?];
    let mut exceptions = Vec::new();
    for digit in levels(unseen, "digit")? {
        let rows = unseen.with("digit", digit as u64)?;
        let found: Vec<f64> = SOURCES
            .iter()
            .map(|source| Ok(mean(&by_replicate(&rows, source, "auroc")?)))
            .collect::<Result<_, TableError>>()?;
        let control = found[1].max(found[2]).max(0.5);
        if found[0].is_nan() || found[0] <= control {
            exceptions.push(format!("{digit} ({:.2}, control {control:.2})", found[0]));
        }
    }
    let above = trained.lower > 0.5 && gains.iter().all(|gain| gain.lower > 0.0);
    let verdict = match (above, exceptions.is_empty()) {
        (true, true) => Verdict::Supported,
        (true, false) => Verdict::Conditional,
        (false, _) => Verdict::NotSupported,
    };
    let worst = groups(&unseen.with("source", SOURCES[0])?, "digit", "auroc")?;
    let worst = worst.iter().map(|(digit, values)| (mean(values), *digit)).min_by(|a, b| a.0.total_cmp(&b.0));
    let named = match (exceptions.is_empty(), worst) {
        (false, _) => format!("not for {}", exceptions.join(", ")),
        (true, Some((auroc, digit))) => format!("least for the digit {digit}, {auroc:.2}"),
        (true, None) => "no digit was left out".to_owned(),
    };
    let note = format!(
        "mean AUROC over digits with 95 % interval; above the untrained network by {}, above the images' norms by {}; {named}",
        shown(gains[0]),
        shown(gains[1])
    );
    let claim = Claim::outcome("S5", NEW, "above 0.5".to_owned(), shown(trained), true).of_the_paper(verdict);
    Ok(Claim { value: Some(trained.value), interval: Some((trained.lower, trained.upper)), ..claim }.noting(&note))
}

fn beyond_chance(main: &Table) -> Result<Claim, Failure> {
    let trained = main.with("source", SOURCES[0])?;
    let found = trained.pairs("shuffle_p", "distance_within")?;
    let exceptions = trained.rows().len() - found.iter().filter(|(p, rho)| *p <= CHANCE && *rho < 0.0).count();
    let note = format!("norms shuffled among images of a digit reach it with p ≤ {}", brief(CHANCE));
    Ok(Claim::without_exception("S5", BEYOND, exceptions as u64, trained.rows().len() as u64).noting(&note))
}

fn beyond_pixels(main: &Table) -> Result<Claim, Failure> {
    let given = interval(&by_replicate(main, SOURCES[0], "agreement_given_input")?);
    let plain = interval(&by_replicate(main, SOURCES[0], "agreement")?);
    let claim = Claim::outcome("S5", PIXELS, "above 0".to_owned(), shown(given), given.lower > 0.0);
    let claim = Claim { value: Some(given.value), interval: Some((given.lower, given.upper)), ..claim };
    Ok(claim.noting(&format!("partial rank correlation given the images' norms; without that {}", shown(plain))))
}

fn held_out(unseen: &Table) -> Result<Claim, Failure> {
    let control = interval(&by_replicate(unseen, SOURCES[0], "held_out_auroc")?);
    let told = interval(&by_replicate(unseen, SOURCES[0], "auroc")?);
    let note = format!("mean AUROC over trainings; that of unseen digits is {}", shown(told));
    Ok(Claim::equivalence("S5", HELD_OUT, 0.5, CONTROL, control).noting(&note))
}
