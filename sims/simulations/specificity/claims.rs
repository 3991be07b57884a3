//! Claims about frequency and agreement (statement S8), from the tables.

use std::collections::BTreeMap;

use embedding_norms::statistics::{Estimate, mean, mean_with_interval};
use embedding_norms_lab::claim::{Claim, Stating, Verdict, claim, claim_of_others, claim_of_paper};

use super::free::{FreeRow, Rule};
use super::ladder::{LadderRow, Moment, Rung};
use super::negatives::NegativesRow;
use crate::cli::failure::Failure;
use crate::simulations::grouping::estimated;
use crate::simulations::simulation::Tables;
use crate::simulations::study::name_of;

/// Replicates below which no interval is tested.
const ENOUGH: u64 = 8;
/// How far norms may be from the law, relatively.
const MARGIN: f64 = 0.005;
/// The same under InfoNCE, whose G² is measured.
const MEASURED_MARGIN: f64 = 0.02;
/// How far norms under AdamW may be from S3's, relatively.
const ADAM: f64 = 0.04;
/// How far exponents may be from a quarter, and from 0 under AdamW.
const EXPONENT: f64 = 0.01;
/// How far sin²θ may be from the law, relatively.
const JITTER: f64 = 0.1;
/// The concentration from which directions settle soon enough for that.
const SHARP: f64 = 10.0;
/// How far what jitter adds to ρ⁴ may be from the law, as a part of itself.
const EXCESS: f64 = 0.2;

const SETTLED: &str = "under decay free embeddings settle at ρ*⁴ = γfG²/(2λ) with the jitter of their direction, under plain descent \
                       and heavy ball: norm over law";
const GROWN: &str = "without decay ρ⁴ = ρ0⁴ + 2γ²fG²t with the same jitter: norm over law";
const TURNS: &str =
    "the direction jitters as a von Mises-Fisher distribution of concentration 2κρ²/γ, κ ≥ 10: mean of sin²θ over law";
const ADDS: &str = "which adds ½A_{d+2}(κ)γ/ρ² to ρ⁴ under plain descent: what it adds over that";
pub const OF_FREQUENCY: &str = "frequency lengthens: norms under decay ∝ f^k with k = 1/4";
pub const OF_SQUARE: &str = "agreement shortens: norms under decay ∝ (G²)^k with k = 1/4";
const ADAM_NORM: &str = "AdamW's norms under decay know neither: norm over S3's";
const ADAM_EXPONENTS: &str = "and they have no power of f or G², with decay or without: exponents";
const NEGATIVES: &str =
    "under InfoNCE the same law holds with G² of the whole gradient, measured over batches: norm over law";
const NEGATIVES_SHORTER: &str = "and what agrees is shorter there too: norm at the largest κ over that at the smallest";
pub const ROWS: &str =
    "a row per class is a free embedding: partial correlation of its log norm with log G², given log f";
pub const ROWS_FREQUENCY: &str = "and with log f, given log G²";
const SHARED: &str =
    "sharing a linear map turns the sign once inputs scatter as their positives do: partial correlation with log G²";
const NETWORKS: &str =
    "and in perceptrons, with batch normalization or without: partial correlation with log G², the weaker of the two";
const BOTH_SIDES: &str = "embedding the positives too takes part of that back: partial correlation with log G² over that towards \
                          positives that stay, mean of the three encoders";
pub const PAPER: &str = "after training, what is unexpected is shorter: partial correlation of log norm with log G²";
pub const OTHERS: &str = "contrastive norms encode specificity and frequency (Su, Ren and Veitch 2026)";

pub fn claims(tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let free: Vec<FreeRow> = tables.rows()?;
    let negatives: Vec<NegativesRow> = tables.rows()?;
    let ladder: Vec<LadderRow> = tables.rows()?;
    let enough = |says| claim("S8", says).needs_replicates(replicates, ENOUGH);
    Ok(vec![
        worst(enough(SETTLED), MARGIN, over_law(&free, true)),
        worst(enough(GROWN), MARGIN, over_law(&free, false)),
        worst(enough(TURNS), JITTER, jitter(&free)),
        adds(enough(ADDS), &free),
        exponent(enough(OF_FREQUENCY), &free, Fitted::Frequency),
        exponent(enough(OF_SQUARE), &free, Fitted::Square),
        worst(enough(ADAM_NORM), ADAM, adam(&free)),
        adam_exponents(enough(ADAM_EXPONENTS), &free),
        worst(enough(NEGATIVES), MEASURED_MARGIN, negatives.iter().map(|row| (row.name(), row.norm / row.law))),
        shorter(enough(NEGATIVES_SHORTER), &negatives),
        partial(enough(ROWS), &ladder, Rung::Row, Of::Square, Sign::Positive),
        partial(enough(ROWS_FREQUENCY), &ladder, Rung::Row, Of::Frequency, Sign::Positive),
        partial(enough(SHARED), &ladder, Rung::Linear, Of::Square, Sign::Negative),
        networks(enough(NETWORKS), &ladder),
        both_sides(enough(BOTH_SIDES), &ladder),
        paper(claim_of_paper("S5", PAPER).needs_replicates(replicates, ENOUGH), &ladder),
        others(claim_of_others("S8", OTHERS).needs_replicates(replicates, ENOUGH), &ladder),
    ])
}

impl FreeRow {
    fn name(&self) -> String {
        format!("{} κ = {} f = {}", name_of(&self.optimizer), self.concentration, self.frequency)
    }

    fn is_adam(&self) -> bool {
        self.optimizer == Rule::AdamW
    }
}

impl NegativesRow {
    fn name(&self) -> String {
        format!("κ = {} f = {}", self.concentration, self.frequency)
    }
}

/// An equivalence test with 1 at the setting that is farthest off; all of them in the note.
fn worst(claim: Stating, margin: f64, values: impl Iterator<Item = (String, f64)>) -> Claim {
    let named = estimated(values);
    let percent = |(name, found): &(String, Estimate)| format!("{name} {:+.2} %", 100.0 * (found.value - 1.0));
    let all: Vec<String> = named.iter().map(percent).collect();
    claim
        .needs(!named.is_empty(), "there is nothing to compare")
        .equivalent_at_worst(1.0, margin, &named, |name| format!("the worst, {name}, of {}", all.join("; ")))
}

/// Norms over the law, of the rules that have one.
fn over_law(rows: &[FreeRow], decays: bool) -> impl Iterator<Item = (String, f64)> {
    let rows = rows.iter().filter(move |row| row.decay == decays && !row.is_adam());
    rows.map(|row| (row.name(), row.norm / row.law))
}

fn adam(rows: &[FreeRow]) -> impl Iterator<Item = (String, f64)> {
    let rows = rows.iter().filter(|row| row.is_adam() && row.decay);
    rows.map(|row| (row.name(), row.norm / row.law))
}

fn jitter(rows: &[FreeRow]) -> impl Iterator<Item = (String, f64)> {
    let rows = rows.iter().filter(|row| row.concentration >= SHARP);
    rows.filter_map(|row| Some((row.name(), row.sine_square? / row.predicted_sine_square?)))
}

/// What jitter adds to ρ⁴ over the law of it, where it adds most among the most frequent, whose norms are the steadiest.
fn adds(claim: Stating, rows: &[FreeRow]) -> Claim {
    let often = rows.iter().map(|row| row.frequency).fold(0.0, f64::max);
    let is_chosen = |row: &&FreeRow| row.decay && row.frequency == often && row.optimizer == Rule::GradientDescent;
    let rows = || rows.iter().filter(is_chosen);
    let excess = |of: f64, row: &FreeRow| libm::pow(of / row.leading, 4.0) - 1.0;
    let most = rows().map(|row| excess(row.law, row)).fold(0.0, f64::max);
    let chosen: Vec<&FreeRow> = rows().filter(|row| excess(row.law, row) == most).collect();
    let ratios: Vec<f64> = chosen.iter().map(|row| excess(row.norm, row) / most).collect();
    let name = chosen.first().map_or_else(String::new, |row| row.name());
    let note = format!("{name}, where the law says {:.2} % of ρ⁴", 100.0 * most);
    claim.note(note).equivalent(1.0, EXCESS, mean_with_interval(&ratios, 0.95))
}

/// What an exponent belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Fitted {
    Frequency,
    Square,
}

/// The exponents of f and G² in the norms of one replicate under a rule, by least squares of both together.
fn exponents(rows: &[&FreeRow]) -> Option<[f64; 2]> {
    let column = |of: &dyn Fn(&FreeRow) -> f64| {
        let logs: Vec<f64> = rows.iter().map(|row| libm::log(of(row))).collect();
        let centre = mean(&logs);
        logs.into_iter().map(|log| log - centre).collect::<Vec<f64>>()
    };
    let (norms, f, g) = (column(&|row| row.norm), column(&|row| row.frequency), column(&|row| row.mean_square));
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y);
    let (ff, gg, fg) = (product(&f, &f), product(&g, &g), product(&f, &g));
    let (nf, ng) = (product(&norms, &f), product(&norms, &g));
    let determinant = ff * gg - fg * fg;
    (determinant > 1e-9 * ff * gg).then(|| [(nf * gg - ng * fg) / determinant, (ng * ff - nf * fg) / determinant])
}

/// The exponents of a rule, by replicate.
fn by_replicate(rows: &[FreeRow], rule: Rule, decays: bool) -> Vec<[f64; 2]> {
    let mut of: BTreeMap<u64, Vec<&FreeRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| (row.decay, row.optimizer) == (decays, rule)) {
        of.entry(row.replicate).or_default().push(row);
    }
    of.values().filter_map(|rows| exponents(rows)).collect()
}

fn fitted(rows: &[FreeRow], rule: Rule, decays: bool, which: Fitted) -> Option<Estimate> {
    let place = usize::from(which == Fitted::Square);
    let values: Vec<f64> = by_replicate(rows, rule, decays).iter().map(|found| found[place]).collect();
    mean_with_interval(&values, 0.95)
}

fn exponent(claim: Stating, rows: &[FreeRow], which: Fitted) -> Claim {
    let rules = [Rule::GradientDescent, Rule::HeavyBall];
    let named = rules.into_iter().filter_map(|rule| Some((name_of(&rule), fitted(rows, rule, true, which)?)));
    let named: Vec<(String, Estimate)> = named.collect();
    let all: Vec<String> = named.iter().map(|(name, found)| format!("{name} {}", found.to_decimals(4))).collect();
    claim.equivalent_at_worst(0.25, EXPONENT, &named, |_| all.join("; "))
}

fn adam_exponents(claim: Stating, rows: &[FreeRow]) -> Claim {
    let each = [(Fitted::Frequency, "of f"), (Fitted::Square, "of G²")];
    let named = [(true, "with decay"), (false, "without")].into_iter().flat_map(|(decays, how)| {
        each.map(|(which, name)| Some((format!("{name} {how}"), fitted(rows, Rule::AdamW, decays, which)?)))
    });
    let named: Vec<(String, Estimate)> = named.flatten().collect();
    let all: Vec<String> = named.iter().map(|(name, found)| format!("{name} {}", found.to_decimals(4))).collect();
    claim.equivalent_at_worst(0.0, EXPONENT, &named, |_| all.join("; "))
}

/// Norms at the largest agreement over those at the smallest, at each frequency, by replicate.
fn shorter(claim: Stating, rows: &[NegativesRow]) -> Claim {
    let least = rows.iter().map(|row| row.concentration).fold(f64::INFINITY, f64::min);
    let most = rows.iter().map(|row| row.concentration).fold(0.0, f64::max);
    let at = |concentration: f64, other: &NegativesRow| {
        let same = |row: &&NegativesRow| (row.replicate, row.frequency) == (other.replicate, other.frequency);
        rows.iter().filter(same).find(|row| row.concentration == concentration).map(|row| row.norm)
    };
    let ratio = |row: &NegativesRow| Some((format!("f = {}", row.frequency), row.norm / at(least, row)?));
    let named = estimated(rows.iter().filter(|row| row.concentration == most).filter_map(ratio));
    let nearest = named.into_iter().max_by(|a, b| a.1.upper.total_cmp(&b.1.upper));
    let note = nearest.as_ref().map_or_else(String::new, |(name, _)| format!("{name}, where it is nearest to 1"));
    claim.needs(least < most, "needs two agreements").note(note).holds_for(
        "below 1",
        nearest.map(|(_, found)| found),
        |found| found.upper < 1.0,
    )
}

/// Which of the two partial correlations.
#[derive(Clone, Copy)]
pub enum Of {
    Frequency,
    Square,
}

#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Positive,
    Negative,
}

impl Sign {
    const fn words(self) -> &'static str {
        match self {
            Self::Positive => "above 0",
            Self::Negative => "below 0",
        }
    }

    fn is_of(self, found: &Estimate) -> bool {
        match self {
            Self::Positive => found.lower > 0.0,
            Self::Negative => found.upper < 0.0,
        }
    }
}

/// The mean partial correlation of a rung over seeds.
pub fn correlation(rows: &[LadderRow], rung: Rung, moment: Moment, of: Of) -> Option<Estimate> {
    let rows = rows.iter().filter(|row| (row.rung, row.moment) == (rung, moment));
    let value = |row: &LadderRow| match of {
        Of::Frequency => row.frequency,
        Of::Square => row.mean_square,
    };
    mean_with_interval(&rows.map(value).collect::<Vec<_>>(), 0.95)
}

fn shown(found: Option<Estimate>) -> String {
    found.map_or_else(|| "nothing".to_owned(), |found| found.to_decimals(2))
}

fn untrained(rows: &[LadderRow], rung: Rung, of: Of) -> String {
    format!("untrained {}", shown(correlation(rows, rung, Moment::Before, of)))
}

fn partial(claim: Stating, rows: &[LadderRow], rung: Rung, of: Of, sign: Sign) -> Claim {
    let found = correlation(rows, rung, Moment::After, of);
    claim.note(untrained(rows, rung, of)).holds_for(sign.words(), found, |found| sign.is_of(found))
}

fn networks(claim: Stating, rows: &[LadderRow]) -> Claim {
    let both = [Rung::Perceptron, Rung::BatchNorm];
    let found = both.map(|rung| correlation(rows, rung, Moment::After, Of::Square));
    let each = both
        .iter()
        .zip(&found)
        .map(|(rung, &found)| format!("{}: {}, {}", name_of(rung), shown(found), untrained(rows, *rung, Of::Square)));
    let note = each.collect::<Vec<_>>().join("; ");
    let weaker = found.into_iter().flatten().max_by(|a, b| a.upper.total_cmp(&b.upper));
    claim.note(note).holds_for(Sign::Negative.words(), weaker, |found| Sign::Negative.is_of(found))
}

/// How much larger the correlation is where positives are embedded too, seed by seed.
fn both_sides(claim: Stating, rows: &[LadderRow]) -> Claim {
    let trained = |rung: Rung| {
        let rows = rows.iter().filter(move |row| (row.rung, row.moment) == (rung, Moment::After));
        rows.map(|row| row.mean_square).collect::<Vec<f64>>()
    };
    let pairs = [
        (Rung::LinearBothSides, Rung::Linear),
        (Rung::PerceptronBothSides, Rung::Perceptron),
        (Rung::BatchNormBothSides, Rung::BatchNorm),
    ];
    let more = pairs.map(|(both, fixed)| {
        let differences = trained(both).into_iter().zip(trained(fixed)).map(|(both, fixed)| both - fixed);
        differences.collect::<Vec<f64>>()
    });
    let each = pairs
        .iter()
        .zip(&more)
        .map(|((_, fixed), found)| format!("{}: {}", name_of(fixed), shown(mean_with_interval(found, 0.95))));
    let seeds = more.iter().map(Vec::len).min().unwrap_or(0);
    let of_all: Vec<f64> = (0..seeds).map(|seed| mean(&more.each_ref().map(|found| found[seed]))).collect();
    let note = each.collect::<Vec<_>>().join("; ");
    let found = mean_with_interval(&of_all, 0.95);
    claim.note(note).holds_for(Sign::Positive.words(), found, |found| Sign::Positive.is_of(found))
}

/// All rungs after training, in words.
fn rungs(rows: &[LadderRow], of: Of) -> String {
    let each =
        Rung::ALL.map(|rung| format!("{} {}", name_of(&rung), shown(correlation(rows, rung, Moment::After, of))));
    each.join("; ")
}

fn count(rows: &[LadderRow], of: Of, sign: Sign) -> usize {
    let has = |rung: &Rung| correlation(rows, *rung, Moment::After, of).is_some_and(|found| sign.is_of(&found));
    Rung::ALL.iter().filter(|rung| has(rung)).count()
}

/// The paper's: shorter norms for the unexpected. Here the unexpected is a class whose positives disagree.
fn paper(claim: Stating, rows: &[LadderRow]) -> Claim {
    let (shorter, longer) = (count(rows, Of::Square, Sign::Negative), count(rows, Of::Square, Sign::Positive));
    let verdict = match (shorter, longer) {
        (0, _) => Verdict::NotSupported,
        (_, 0) if shorter == Rung::ALL.len() => Verdict::Supported,
        _ => Verdict::Conditional,
    };
    let measured = format!("shorter on {shorter} of {} rungs, longer on {longer}", Rung::ALL.len());
    let note = format!(
        "holds for encoders whose inputs scatter, the more so towards positives that stay where they are; the opposite for \
         free embeddings: {}",
        rungs(rows, Of::Square)
    );
    claim.note(note).verdict("below 0 on every rung", measured, verdict)
}

/// That norms encode both, which says nothing of the sign; compared as a statement, from the abstract alone.
fn others(claim: Stating, rows: &[LadderRow]) -> Claim {
    let of = |of: Of| [Sign::Positive, Sign::Negative].map(|sign| count(rows, of, sign));
    let ([longer, shorter], [often, rarely]) = (of(Of::Square), of(Of::Frequency));
    let all = Rung::ALL.len();
    let verdict = match (longer + shorter, often + rarely) {
        (g, f) if g == all && f == all && (longer == all || shorter == all) => Verdict::Supported,
        (0, 0) => Verdict::NotSupported,
        _ => Verdict::Conditional,
    };
    let measured = format!("specificity on {} of {all} rungs, frequency on {}", longer + shorter, often + rarely);
    let note = format!(
        "free embeddings encode both under plain descent and heavy ball, as power laws, and neither under AdamW; along the \
         ladder the sign of specificity turns ({longer} with G², {shorter} against it); with frequency: {}. Only the \
         abstract of that work was at hand",
        rungs(rows, Of::Frequency)
    );
    claim.note(note).verdict("on every rung, with one sign", measured, verdict)
}
