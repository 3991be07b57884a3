//! Norms as confidence on images of a user's own, against statement S5, with controls.

use embedding_norms::confidence::spearman;
use embedding_norms::statistics::{Estimate, mean};
use embedding_norms_lab::claim::{Claim, Stating, Verdict, claim, claim_of_paper};

use super::labels::{Finding, Wrong};
use super::measures::Measure;
use super::tail::{Frequency, Trained, paired};
use super::unseen::{Novelty, Unseen};
use super::whole::PhotoSpace;
use crate::cli::failure::Failure;
use crate::simulations::confidence::Source;
use crate::simulations::confidence::claims::{enough, interval, shown};
use crate::simulations::grouping::grouped;
use crate::simulations::simulation::Tables;

/// How far from ½ the AUROC of labels that are wrong at random may be.
const CHANCE: f64 = 0.05;

const RISES: &str = "neighbours classify held-out images with long embeddings more accurately than those with short ones, and \
                     the difference is larger than before training";
const CLASS: &str = "images of a class that training never saw have shorter embeddings, more so than before training and than \
                     their pixels";
const OTHER: &str =
    "images of another data set have shorter embeddings, more so than before training and than their pixels";
const BACK: &str = "the same the other way round: a network of the other data set";
const AMBIGUOUS: &str = "short embeddings find wrong labels of ambiguous images";
const AT_RANDOM: &str = "labels that are wrong at random are not found by norms, as training takes no label: AUROC";
const RARE: &str = "embeddings of rare classes are shorter: norms fall from frequent to rare classes, relative to a network of \
                    as many images of each class";

pub fn claims(tables: &Tables, replicates: u64, epochs: usize) -> Result<Vec<Claim>, Failure> {
    let (main, unseen): (Vec<PhotoSpace>, Vec<Novelty>) = (tables.rows()?, tables.rows()?);
    let (labels, tail): (Vec<Finding>, Vec<Frequency>) = (tables.rows()?, tables.rows()?);
    let papers = |says| enough(claim_of_paper("S5", says), replicates, epochs);
    Ok(vec![
        rises(papers(RISES), &main),
        told(papers(CLASS), &unseen, Unseen::Class),
        told(papers(OTHER), &unseen, Unseen::Reference),
        told(papers(BACK), &unseen, Unseen::Data),
        ambiguous(papers(AMBIGUOUS), &labels),
        enough(claim("S5", AT_RANDOM), replicates, epochs).equivalent(
            0.5,
            CHANCE,
            Some(interval(&found(&labels, Wrong::AtRandom, Measure::Norm))),
        ),
        rare(papers(RARE), &tail),
    ])
}

/// The mean of a quantity at each replicate.
fn by_replicate(pairs: impl Iterator<Item = (u64, f64)>) -> Vec<f64> {
    grouped(pairs.map(|(replicate, value)| (replicate as f64, value)))
        .into_iter()
        .map(|(_, values)| mean(&values))
        .collect()
}

/// Replicate by replicate, one minus the other.
fn minus(ours: &[f64], control: &[f64]) -> Estimate {
    interval(&ours.iter().zip(control).map(|(ours, control)| ours - control).collect::<Vec<_>>())
}

/// Supported if the quantity is above a bound and above each control, conditional if not above all of them.
fn above(stating: Stating, bound: f64, found: Estimate, gains: &[Estimate]) -> Claim {
    let verdict = match (found.lower > bound, gains.iter().all(|gain| gain.lower > 0.0)) {
        (true, true) => Verdict::Supported,
        (true, false) => Verdict::Conditional,
        (false, _) => Verdict::NotSupported,
    };
    stating.estimated(found).verdict(format!("above {bound}"), shown(found), verdict)
}

fn rises(stating: Stating, main: &[PhotoSpace]) -> Claim {
    let of = |source, quantity: fn(&PhotoSpace) -> f64| {
        by_replicate(main.iter().filter(|row| row.source == source).map(|row| (row.replicate, quantity(row))))
    };
    let rise = Source::ALL.map(|source| of(source, |row| row.rise));
    let gain = minus(&rise[0], &rise[1]);
    let accuracy = Source::ALL.map(|source| mean(&of(source, |row| row.accuracy)));
    let note = format!(
        "share classified correctly in the longest tenth minus that in the shortest, with 95 % interval; training adds {}; of \
         all held-out images {:.3}, before training {:.3}, among the pixels {:.3}",
        shown(gain),
        accuracy[0],
        accuracy[1],
        accuracy[2]
    );
    above(stating.note(note), 0.0, interval(&rise[0]), &[gain])
}

fn told(stating: Stating, unseen: &[Novelty], kind: Unseen) -> Claim {
    let of = |measure| {
        let rows = unseen.iter().filter(|row| (row.unseen, row.measure) == (kind, measure));
        by_replicate(rows.map(|row| (row.replicate, row.auroc)))
    };
    let norm = of(Measure::Norm);
    let gains = [Measure::UntrainedNorm, Measure::PixelNorm].map(|measure| minus(&norm, &of(measure)));
    let others = [Measure::PixelDistance, Measure::EmbeddingDistance, Measure::Agreement];
    let others = others.map(|measure| format!("{} {:.3}", measure.words(), mean(&of(measure))));
    let note = format!(
        "AUROC with 95 % interval; above the untrained network by {}, above the pixels' norms by {}; {}",
        shown(gains[0]),
        shown(gains[1]),
        others.join(", ")
    );
    above(stating.note(note), 0.5, interval(&norm), &gains)
}

fn found(labels: &[Finding], wrong: Wrong, measure: Measure) -> Vec<f64> {
    let rows = labels.iter().filter(|row| (row.wrong, row.measure) == (wrong, measure));
    by_replicate(rows.map(|row| (row.replicate, row.auroc)))
}

fn ambiguous(stating: Stating, labels: &[Finding]) -> Claim {
    let of = |measure| found(labels, Wrong::Ambiguous, measure);
    let norm = of(Measure::Norm);
    let gain = minus(&norm, &of(Measure::UntrainedNorm));
    let rates = labels.iter().filter(|row| row.wrong == Wrong::Ambiguous).map(|row| row.rate).collect::<Vec<_>>();
    let note = format!(
        "AUROC with 95 % interval, of a share of {:.3} that is wrong; above the untrained network by {}; the loss {:.3}, \
         agreement of neighbours with the label {:.3}",
        mean(&rates),
        shown(gain),
        mean(&of(Measure::Loss)),
        mean(&of(Measure::Agreement))
    );
    above(stating.note(note), 0.5, interval(&norm), &[gain])
}

/// The rank correlation, over classes, of the frequency with a quantity of the long tail's network relative to that of the
/// balanced one, in each replicate.
fn by_frequency(tail: &[Frequency], quantity: fn(&Frequency) -> f64) -> Vec<f64> {
    let pair = |(row, other): (&Frequency, &Frequency)| {
        (row.replicate as f64, row.images as f64, quantity(row) - quantity(other))
    };
    let pairs: Vec<_> = paired(tail).map(pair).collect();
    let groups = crate::simulations::grouping::by(pairs, |pair| pair.0);
    let correlation = |(_, pairs): (f64, Vec<(f64, f64, f64)>)| {
        let (images, values): (Vec<f64>, Vec<f64>) =
            pairs.into_iter().map(|(_, images, value)| (images, value)).unzip();
        spearman(&images, &values).ok()
    };
    groups.into_iter().filter_map(correlation).collect()
}

fn rare(stating: Stating, tail: &[Frequency]) -> Claim {
    let norms = interval(&by_frequency(tail, |row| row.norm));
    let ends = |quantity: fn(&Frequency) -> f64| {
        let last = tail.iter().map(|row| row.place).max().unwrap_or_default();
        let at = |trained, place| {
            let rows = tail.iter().filter(|row| (row.trained, row.place) == (trained, place));
            mean(&rows.map(quantity).collect::<Vec<_>>())
        };
        let [long, balanced] =
            [Trained::LongTail, Trained::Balanced].map(|trained| (at(trained, 1), at(trained, last)));
        format!("{:.2} and {:.2} (balanced {:.2} and {:.2})", long.0, long.1, balanced.0, balanced.1)
    };
    let note = format!(
        "Spearman's r_s over classes of frequency and norm, relative to the balanced network, with 95 % interval; of the cosine \
         within classes {}, of accuracy {}; in the commonest and the rarest class norms over their mean {}, cosines {}, \
         accuracies {}",
        shown(interval(&by_frequency(tail, |row| row.cosine))),
        shown(interval(&by_frequency(tail, |row| row.accuracy))),
        ends(|row| row.norm),
        ends(|row| row.cosine),
        ends(|row| row.accuracy)
    );
    above(stating.note(note), 0.0, norms, &[])
}
