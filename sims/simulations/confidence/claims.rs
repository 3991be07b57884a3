//! Norms as confidence against statement S5, with controls.
//!
//! An interval is Student's t over replicates. The value of a replicate is a mean over digits or images, so that a few
//! replicates can decide; for single digits they cannot, and exceptions are named by their means.

use std::collections::BTreeSet;

use embedding_norms::statistics::{Estimate, mean, mean_with_interval};
use embedding_norms_lab::claim::{Claim, Stating, Verdict, brief, claim, claim_of_paper};

use super::Source;
use super::unseen::Told;
use super::whole::{Space, TENTHS, Tenth};
use crate::cli::failure::Failure;
use crate::simulations::grouping::grouped;
use crate::simulations::simulation::Tables;

/// Replicates below which nothing is tested.
const REPLICATES: u64 = 3;
/// Replicates from which an interval that contains 0 is a result and not a lack of data.
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
    let (main, unseen) = (tables.rows()?, tables.rows()?);
    let needing = |stating: Stating| enough(stating, replicates, epochs);
    let (papers, ours) = (|says| needing(claim_of_paper("S5", says)), |says| needing(claim("S5", says)));
    Ok(vec![
        sparse(papers(SPARSE), &main),
        mixed(papers(MIXED), &main, &tables.rows()?),
        new(papers(NEW), &unseen),
        beyond_chance(ours(BEYOND), &main),
        beyond_pixels(ours(PIXELS), &main),
        held_out(ours(HELD_OUT), &unseen),
    ])
}

/// A claim that a few replicates, or a network that is hardly trained, do not decide.
pub fn enough(stating: Stating, replicates: u64, epochs: usize) -> Stating {
    let why = format!("needs at least {REPLICATES} replicates and {EPOCHS} epochs");
    stating.needs(replicates >= REPLICATES && epochs >= EPOCHS, &why)
}

/// A row on one source in one replicate.
trait Sourced {
    fn place(&self) -> (Source, u64);
}

impl Sourced for Space {
    fn place(&self) -> (Source, u64) {
        (self.source, self.replicate)
    }
}

impl Sourced for Told {
    fn place(&self) -> (Source, u64) {
        (self.source, self.replicate)
    }
}

/// A quantity at each replicate, as a mean over whatever else there is.
fn by_replicate<R: Sourced, Q: Into<Option<f64>>>(rows: &[R], source: Source, quantity: impl Fn(&R) -> Q) -> Vec<f64> {
    let of_source = rows.iter().filter(|row| row.place().0 == source);
    let pairs = of_source.filter_map(|row| Some((row.place().1 as f64, quantity(row).into()?)));
    grouped(pairs).into_iter().map(|(_, values)| mean(&values)).collect()
}

/// The mean over replicates; without any there is no interval, and nothing is decided.
pub fn interval(values: &[f64]) -> Estimate {
    let unknown =
        Estimate { value: f64::NAN, lower: f64::NEG_INFINITY, upper: f64::INFINITY, replicates: values.len() };
    mean_with_interval(values, 0.95).unwrap_or(unknown)
}

/// The mean over replicates after training.
fn trained<R: Sourced, Q: Into<Option<f64>>>(rows: &[R], quantity: impl Fn(&R) -> Q) -> Estimate {
    interval(&by_replicate(rows, Source::Trained, quantity))
}

/// Replicate by replicate, trained minus another source.
fn gain<R: Sourced>(rows: &[R], quantity: impl Fn(&R) -> f64, control: Source) -> Estimate {
    let [trained, control] = [Source::Trained, control].map(|source| by_replicate(rows, source, &quantity));
    interval(&trained.iter().zip(control).map(|(trained, control)| trained - control).collect::<Vec<_>>())
}

pub fn shown(estimate: Estimate) -> String {
    estimate.to_decimals(3)
}

/// Whether a whole interval lies on the side of 0 that `sign` says.
fn beyond_zero(estimate: Estimate, sign: f64) -> bool {
    (sign * estimate.lower).min(sign * estimate.upper) > 0.0
}

/// A claim of the paper's on a correlation of the sign that `sign` has: conditional if it is there, but `controls` do not
/// have that sign too. Few replicates that leave a control open decide nothing.
fn correlation(stating: Stating, trained: Estimate, controls: &[Estimate], sign: f64) -> Claim {
    let open = |estimate: &Estimate| estimate.lower < 0.0 && estimate.upper > 0.0;
    let few = (trained.replicates as u64) < MANY && controls.iter().any(open);
    let verdict = match (beyond_zero(trained, sign), controls.iter().all(|&control| beyond_zero(control, sign))) {
        (true, true) => Verdict::Supported,
        (true, false) if few => Verdict::NotTested,
        (true, false) => Verdict::Conditional,
        (false, _) => Verdict::NotSupported,
    };
    let predicted = if sign > 0.0 { "above 0" } else { "below 0" };
    stating.estimated(trained).verdict(predicted, shown(trained), verdict)
}

/// Normalization spreads short embeddings, so that distances among embeddings fall with norms without any learning;
/// those among pixels do not depend on norms, and have to agree.
fn sparse(stating: Stating, main: &[Space]) -> Claim {
    let columns: [fn(&Space) -> f64; 2] = [|row| row.distance_within, |row| row.pixel_distance_within];
    let [here, apart] = columns.map(|column| trained(main, column));
    let [more, more_apart] = columns.map(|column| gain(main, column, Source::Untrained));
    let note = format!(
        "Spearman's r_s with 95 % interval; training adds {}. With distances among the pixels, which no norm of an embedding \
         is part of, {}; training adds {}",
        shown(more),
        shown(apart),
        shown(more_apart)
    );
    correlation(stating.note(note), here, &[more, apart, more_apart], -1.0)
}

fn mixed(stating: Stating, main: &[Space], tenths: &[Tenth]) -> Claim {
    let gain = gain(main, |row| row.agreement, Source::Untrained);
    let ends = |source| {
        let at = |tenth| {
            let rows = tenths.iter().filter(|row| (row.source, row.tenth) == (source, tenth));
            mean(&rows.filter_map(|row| row.agreement).collect::<Vec<_>>())
        };
        format!("{:.2} and {:.2}", at(1), at(TENTHS))
    };
    let note = format!(
        "Spearman's r_s with 95 % interval; training adds {}; agreement in the shortest and the longest tenth {}, before \
         training {}",
        shown(gain),
        ends(Source::Trained),
        ends(Source::Untrained)
    );
    correlation(stating.note(note), trained(main, |row| row.agreement), &[gain], 1.0)
}

/// Supported if the mean over digits is above ½ and above both controls and so is every digit's; conditional if digits
/// are exceptions.
fn new(stating: Stating, unseen: &[Told]) -> Claim {
    let told = trained(unseen, |row| row.auroc);
    let gains = [Source::Untrained, Source::Input].map(|control| gain(unseen, |row| row.auroc, control));
    let digits: BTreeSet<usize> = unseen.iter().map(|row| row.digit).collect();
    let of_digit = |digit: usize| {
        let [told, untrained, input] = Source::ALL.map(|source| {
            let rows = unseen.iter().filter(|row| (row.digit, row.source) == (digit, source));
            mean(&rows.map(|row| row.auroc).collect::<Vec<_>>())
        });
        (digit, told, untrained.max(input).max(0.5))
    };
    let found: Vec<(usize, f64, f64)> = digits.into_iter().map(of_digit).collect();
    let exceptions = found.iter().filter(|(_, told, control)| told.is_nan() || told <= control);
    let exceptions: Vec<String> =
        exceptions.map(|(digit, told, control)| format!("{digit} ({told:.2}, control {control:.2})")).collect();
    let above = told.lower > 0.5 && gains.iter().all(|gain| gain.lower > 0.0);
    let verdict = match (above, exceptions.is_empty()) {
        (true, true) => Verdict::Supported,
        (true, false) => Verdict::Conditional,
        (false, _) => Verdict::NotSupported,
    };
    let named = match (exceptions.is_empty(), found.iter().min_by(|a, b| a.1.total_cmp(&b.1))) {
        (false, _) => format!("not for {}", exceptions.join(", ")),
        (true, Some((digit, auroc, _))) => format!("least for the digit {digit}, {auroc:.2}"),
        (true, None) => "no digit was left out".to_owned(),
    };
    let note = format!(
        "mean AUROC over digits with 95 % interval; above the untrained network by {}, above the images' norms by {}; {named}",
        shown(gains[0]),
        shown(gains[1])
    );
    stating.note(note).estimated(told).verdict("above 0.5", shown(told), verdict)
}

fn beyond_chance(stating: Stating, main: &[Space]) -> Claim {
    let trained = main.iter().filter(|row| row.source == Source::Trained);
    let is_beyond = |row: &Space| row.shuffle_p.is_some_and(|p| p <= CHANCE) && row.distance_within < 0.0;
    let note = format!("norms shuffled among images of a digit reach it with p ≤ {}", brief(CHANCE));
    stating.note(note).none_of(trained, |row| !is_beyond(row))
}

fn beyond_pixels(stating: Stating, main: &[Space]) -> Claim {
    let given = trained(main, |row| row.agreement_given_input);
    let plain = shown(trained(main, |row| row.agreement));
    let note = format!("partial rank correlation given the images' norms; without that {plain}");
    stating.note(note).above(0.0, Some(given), shown)
}

fn held_out(stating: Stating, unseen: &[Told]) -> Claim {
    let told = shown(trained(unseen, |row| row.auroc));
    let note = format!("mean AUROC over trainings; that of unseen digits is {told}");
    stating.note(note).equivalent(0.5, CONTROL, Some(trained(unseen, |row| row.held_out_auroc)))
}
