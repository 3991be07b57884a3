//! Figures and claims agree: a number in a title, note, legend, caption or alternative text of a figure is that of a claim of
//! its simulation, or a setting or another named quantity that stands on the list below with its reason.
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use embedding_norms_lab::table::Table;
use roxmltree::{Document, Node};
use scraper::Html;
use serde_json::Value;

use crate::repository::root;

/// Numbers that are no claim's.
struct Named {
    /// The figures that have them: the beginning of their names.
    figures: &'static str,
    /// What stands around them, with `#` for each; the whole text after a `^`.
    text: &'static str,
    why: &'static str,
}

const fn named(figures: &'static str, text: &'static str, why: &'static str) -> Named {
    Named { figures, text, why }
}

const LEVEL: &str = "the level of intervals";
const SETTING: &str = "a setting of the run";
const FORMULA: &str = "part of a formula";
const PREDICTED: &str = "what is predicted";
const DRAWN: &str = "what is drawn";

const NAMED: &[Named] = &[
    named("", "# % interval", LEVEL),
    named("", "# % confidence", LEVEL),
    named("adam-epsilon", "k from # to #", PREDICTED),
    named("adam-epsilon", "k = #: ε", PREDICTED),
    named("adam-epsilon", "# + ε‖z‖/(", FORMULA),
    named("adam-epsilon", "rises from # where", PREDICTED),
    named("adam-epsilon", "to # where it is large", PREDICTED),
    named("class-imbalance", "frequency #", SETTING),
    named("confidence.images", "^#", DRAWN),
    named("confidence.unseen", "cut at # and #", "the range of an AUROC"),
    named("contrastive-losses.exponents", "beside #", PREDICTED),
    named("contrastive-losses.growth", "# smooth losses", DRAWN),
    named("contrastive-losses", "slope #", PREDICTED),
    named("contrastive-losses", "lines of slope #", PREDICTED),
    named("convergence-map", "π/#", FORMULA),
    named("convergence-map", "tan(φ₀/#)", FORMULA),
    named("convergence-map", "tan(φ/#)", FORMULA),
    named("convergence-map", "us = # and", FORMULA),
    named("cut-rate", "drawn at #", DRAWN),
    named(
        "cut-rate",
        "Networks: # no-biases, # batch-norm, # batch-norm-biases, # residual-batch-norm, # layer-norm, # \
         simsiam-no-last-bias, # biases-by-layer, # batch-norm-last-linear, # layer-norm-biases, # biases, # simsiam.",
        DRAWN,
    ),
    named("gradscale", "p = #", SETTING),
    named("gradscale", "# − p", PREDICTED),
    named("gradscale", "below #: longer", PREDICTED),
    named("gradscale", "norm #; steps", SETTING),
    named("gradscale", "p below #, do not depend on it at #", PREDICTED),
    named("latent-space", "class #", DRAWN),
    named("latent-space", "norms, # and #", DRAWN),
    named("levers.angle", "φ₀/#", FORMULA),
    named("levers.prediction", "above # a lever", "where both are as fast"),
    named("levers.prediction", "cut at −# and #", "the range of a correlation"),
    named("levers.shrinking", "# layer", SETTING),
    named("levers", "c = #", SETTING),
    named("levers", "p = #", SETTING),
    named("levers", "λ = #", SETTING),
    named("levers", "cut by #, by # and", SETTING),
    named("local-density", "class #", DRAWN),
    named("local-density", "neighbour k (# if", SETTING),
    named("norm-effect.exponent", "stays at #;", PREDICTED),
    named("norm-growth", "= # ‖z‖", SETTING),
    named("norm-growth", "γ/‖z‖² = #", SETTING),
    named("norm-growth", "(# + μ)/(# − μ)²", FORMULA),
    named("norm-growth", "(# − μ + #μ²)/(# − μ)²", FORMULA),
    named("norm-growth", "d = #, γ = #", SETTING),
    named("norm-growth", "tends to # as", PREDICTED),
    named("one-step-bound", "u = # − √#", "D3 at a right angle after the step"),
    named("one-step-bound", "φ = #π/#", SETTING),
    named("one-step-bound", "angle of # degrees", SETTING),
    named("opposite-halves.first-step", "−#u cos φ₀", FORMULA),
    named("opposite-halves", "γ/‖z‖² = #", SETTING),
    named("optimizer-laws.adam-dip", "β₂ = #, γ = #", SETTING),
    named("optimizer-laws.adam-dip", "β = #, γ = #", SETTING),
    named("optimizer-laws.adam-dip", "^k = #", PREDICTED),
    named("optimizer-laws.adam-dip", "memory of # steps is near #", SETTING),
    named("optimizer-laws.adam-dip", "back towards #", PREDICTED),
    named("optimizer-laws.adam-dip", "far below #, overshoots and settles at #", PREDICTED),
    named("optimizer-laws.exponents", "h = #, steps fall as #/√t", FORMULA),
    named("optimizer-laws.exponents", "within # of the prediction", "the margin of the claims"),
    named("optimizer-laws.exponents", "predicted ones, #, # and #", PREDICTED),
    named("optimizer-laws.exponents", "lines at # on both sides of #", "the margin of the claims"),
    named("optimizer-laws", "mean cosine is #", SETTING),
    named("optimizer-laws", "begin at norm #", SETTING),
    named("optimizer-laws", "each of # optimizers", DRAWN),
    named("optimizer-laws", "slope: # for gradient descent", PREDICTED),
    named("optimizer-laws", "# for sign-like rules, # for LARS", PREDICTED),
    named("orthogonality", "Marks at # are", DRAWN),
    named("orthogonality", "with # to # % of the embeddings", DRAWN),
    named("orthogonality", "at # degrees displacements", "a right angle"),
    named("orthogonality", "displacements is # but", PREDICTED),
    named("orthogonality", "displacement are # degrees", "a right angle"),
    named("rate-decay-equivalence", "p = #", SETTING),
    named("rate-decay-equivalence", "#: bit for bit", "a label of an axis"),
    named("specificity", "f = #", SETTING),
    named(
        "specificity.ladder",
        "Encoders: # a row per class; # shared linear, an input per class; # shared linear, scattered inputs; # perceptron, \
         scattered inputs; # batch norm, scattered inputs; # shared linear, embedded positives; # perceptron, embedded \
         positives; # batch norm, embedded positives.",
        DRAWN,
    ),
    named("sphere-trajectories", "# to # steps", DRAWN),
    named("sphere-trajectories", "meet in # step", DRAWN),
    named("sphere-trajectories", "φ₀ = # rad", SETTING),
    named("unequal-norms", "^#", DRAWN),
    named("unequal-norms", "= # ‖z‖", SETTING),
    named("unequal-norms", "slope #", PREDICTED),
    named("unequal-norms", "tends to # as", PREDICTED),
    named("weight-decay", "f = #", SETTING),
    named("weight-decay", "μ = #", SETTING),
];

fn plots() -> PathBuf {
    root().join("plots")
}

/// Whether a letter belongs to a word, so that the digit behind it is no number: `S3`, `β₂`, `10⁻³`.
fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || "_⁰¹²³⁴⁵⁶⁷⁸⁹⁻‖".contains(letter)
}

/// A text in pieces: what is no number, and numbers as they are written.
fn pieces(text: &str) -> Vec<(String, bool)> {
    let letters: Vec<char> = text.replace('\u{2009}', "").chars().collect();
    let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    let mut pieces: Vec<(String, bool)> = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        if !digit(at) || (at > 0 && is_word(letters[at - 1])) {
            match pieces.last_mut() {
                Some((words, false)) => words.push(letters[at]),
                _ => pieces.push((letters[at].to_string(), false)),
            }
            at += 1;
            continue;
        }
        let start = at;
        while digit(at) || (letters.get(at) == Some(&'.') && digit(at + 1)) {
            at += 1;
        }
        if letters.get(at) == Some(&'e') && (digit(at + 1) || (letters.get(at + 1) == Some(&'-') && digit(at + 2))) {
            at += 2;
            while digit(at) {
                at += 1;
            }
        }
        pieces.push((letters[start..at].iter().collect(), true));
    }
    pieces
}

fn numbers(text: &str) -> Vec<String> {
    pieces(text).into_iter().filter(|(_, number)| *number).map(|(piece, _)| piece).collect()
}

/// The text with `#` for every number.
fn pattern(text: &str) -> String {
    pieces(text).into_iter().map(|(piece, number)| if number { "#".to_owned() } else { piece }).collect()
}

/// Intervals in brackets.
fn intervals(text: &str) -> Vec<&str> {
    let parts = text.split('[').skip(1).filter_map(|rest| rest.split_once(']')).map(|(inner, _)| inner);
    parts.filter(|inner| numbers(inner).len() == 2 && inner.contains(',')).collect()
}

/// Whether a number is too long to be another one by chance: three digits that say something, or three decimals.
fn is_precise(number: &str) -> bool {
    let mantissa = number.split('e').next().unwrap_or_default();
    let digits = mantissa.replace('.', "");
    digits.trim_start_matches('0').len() >= 3
        || mantissa.split_once('.').is_some_and(|(_, decimals)| decimals.len() >= 3)
}

/// What the claims of a simulation say in numbers, as one text for each claim.
fn claimed(record: &Value) -> Vec<String> {
    let said = |claim: &Value| {
        let parts = ["predicted", "measured", "note"].map(|part| claim[part].as_str().unwrap_or_default().to_owned());
        parts.join("; ")
    };
    record["claims"].as_array().unwrap().iter().map(said).collect()
}

/// The texts of a figure that are no labels of axes, titles and captions as a whole, and its alternative text.
fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let class =
        |node: Node<'_, '_>, wanted: &[&str]| node.attribute("class").is_some_and(|class| wanted.contains(&class));
    let within = |node: Node<'_, '_>, wanted: &[&str]| node.ancestors().any(|group| class(group, wanted));
    let words = |node: Node<'_, '_>| {
        let lines = node.descendants().filter(|inner| inner.is_text()).filter_map(|inner| inner.text());
        lines.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let whole = document.descendants().filter(|node| class(*node, &["title", "caption"]));
    let single = document
        .descendants()
        .filter(|node| node.has_tag_name("text") && !within(*node, &["axes", "title", "caption"]));
    let said = document.root_element().children().filter(|node| node.has_tag_name("desc"));
    whole.chain(single).chain(said).map(words).collect()
}

/// Numbers of a text that neither a claim nor the list knows; `used` learns which entries of the list were needed.
fn unknown(figure: &str, text: &str, claims: &[String], used: &mut BTreeSet<usize>) -> Vec<String> {
    let strangers = intervals(text).into_iter().map(|interval| format!("[{interval}]"));
    let mut found: Vec<String> =
        strangers.filter(|bracket| !claims.iter().any(|claim| claim.contains(bracket))).collect();
    let pattern = pattern(text);
    let mut named = BTreeSet::new();
    for (place, entry) in NAMED.iter().enumerate().filter(|(_, entry)| figure.starts_with(entry.figures)) {
        let (words, whole) = entry.text.strip_prefix('^').map_or((entry.text, false), |words| (words, true));
        for (start, _) in pattern.match_indices(words).filter(|_| !whole || pattern == words) {
            used.insert(place);
            let before = pattern[..start].matches('#').count();
            named.extend(before..before + words.matches('#').count());
        }
    }
    let known = |number: &String| is_precise(number) && claims.iter().any(|claim| numbers(claim).contains(number));
    let rest = numbers(text).into_iter().enumerate().filter(|(place, _)| !named.contains(place));
    found.extend(rest.map(|(_, number)| number).filter(|number| !known(number)));
    found
}

fn record(simulation: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(plots().join(format!("{simulation}.json"))).unwrap()).unwrap()
}

#[test]
fn every_number_of_a_figure_is_a_claims_or_named() {
    let mut figures: Vec<PathBuf> = fs::read_dir(plots()).unwrap().map(|file| file.unwrap().path()).collect();
    figures.retain(|path| path.extension().is_some_and(|extension| extension == "svg"));
    figures.sort();
    assert_eq!(figures.len(), 36);
    let (mut used, mut strangers) = (BTreeSet::new(), Vec::new());
    for path in figures {
        let figure = path.file_stem().unwrap().to_string_lossy().into_owned();
        let claims = claimed(&record(figure.split('.').next().unwrap()));
        for text in texts(&fs::read_to_string(&path).unwrap()) {
            let found = unknown(&figure, &text, &claims, &mut used);
            if !found.is_empty() {
                strangers.push(format!("{figure}: {} in '{text}', pattern '{}'", found.join(", "), pattern(&text)));
            }
        }
    }
    assert!(
        strangers.is_empty(),
        "no claim says these numbers, and the list does not name them:\n{}",
        strangers.join("\n")
    );
    let idle: Vec<&str> =
        (0..NAMED.len()).filter(|place| !used.contains(place)).map(|place| NAMED[place].text).collect();
    assert!(idle.is_empty(), "no figure has these texts any more: {idle:?}");
    assert!(NAMED.iter().all(|named| !named.why.is_empty()));
}

/// The intervals of the trial of the advice, which has a table of its own.
fn of_the_trial() -> Vec<String> {
    let path = root().join("docs/diagnosing.summary.csv");
    let table = Table::read_csv(fs::File::open(path).unwrap()).unwrap();
    let ends = table.numbers("lower").unwrap().into_iter().zip(table.numbers("upper").unwrap());
    ends.filter_map(|(lower, upper)| Some(format!("{:.2}, {:.2}", lower?, upper?))).collect()
}

#[test]
fn every_interval_of_the_report_is_a_claims() {
    let page = fs::read_to_string(plots().join("report.html")).unwrap();
    let records = fs::read_dir(plots()).unwrap().map(|file| file.unwrap().path());
    let records = records.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let claims: Vec<String> = records
        .flat_map(|path| claimed(&serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()))
        .chain(of_the_trial().into_iter().map(|interval| format!("[{interval}]")))
        .collect();
    let page = Html::parse_document(&page);
    let words = page.root_element().descendants().filter_map(|node| node.value().as_text());
    let mut checked = 0;
    for text in words {
        for interval in intervals(text) {
            checked += 1;
            let bracket = format!("[{interval}]");
            assert!(claims.iter().any(|claim| claim.contains(&bracket)), "no claim says {bracket}, in '{}'", &**text);
        }
    }
    assert!(checked > 50, "only {checked} intervals were found");
}

#[test]
fn a_number_that_a_claim_does_not_say_is_found() {
    let claims = claimed(&record("norm-effect"));
    let said = record("norm-effect")["claims"][3]["measured"].as_str().unwrap().to_owned();
    let find = |text: &str| unknown("norm-effect", text, &claims, &mut BTreeSet::new());
    assert_eq!(find(&format!("Fitted exponent {said} (L2)")), Vec::<String>::new());
    // The exponent of another window, as the figure once had it.
    let other = find("Fitted exponent 2.0008 [2.0003, 2.0013]");
    assert!(other.contains(&"[2.0003, 2.0013]".to_owned()), "{other:?}");
    assert_eq!(find("k = 2.003, with 95 % interval"), ["2.003"]);
    assert_eq!(find("about 4 times"), ["4"]);
}

#[test]
fn numbers_are_told_from_names() {
    assert_eq!(numbers("S3, β₂ = 0.999, at most 1.372e-13 in 12\u{2009}500 ‖z‖²"), ["0.999", "1.372e-13", "12500"]);
    assert_eq!(pattern("k = 2 − p, L2"), "k = # − p, L2");
    assert_eq!(intervals("2.0 [1.9, 2.1] of [a, b] and [1]"), ["1.9, 2.1"]);
    assert_eq!(["0.03", "95", "1.372e-13", "1000", "0.000"].map(is_precise), [false, false, true, true, true]);
}
