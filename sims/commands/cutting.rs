//! What `predict --cut` says: whether dividing all parameters of a network by c equals a change of the learning rate
//! (statement S7).

use embedding_norms::optimizer::Entry;
use embedding_norms::rules;
use embedding_norms::theory::encoders::{Cut, NETWORKS, network};
use embedding_norms::theory::scaling::{Decay, Rule};

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::wrapping::valued;

/// The cut that is asked about.
pub struct Question<'a> {
    pub network: Option<&'a str>,
    pub optimizer: &'a Entry,
    pub cut: f64,
    pub grad_scale: f64,
    /// Where decay acts beside the rule, if it does.
    pub decay: Option<Decay>,
}

/// A line of the answer.
#[derive(Serialize)]
pub struct Line {
    statement: &'static str,
    what: String,
    text: String,
}

impl Line {
    fn new(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self { statement: "S7", what: what.into(), text: text.into() }
    }

    /// As it is printed.
    pub fn text(&self, width: usize) -> String {
        valued(&format!("{}  ", self.statement), &self.what, COLUMN, &self.text, width)
    }
}

/// The column of the values.
const COLUMN: usize = 52;

/// The answer.
pub fn answer(question: &Question<'_>) -> Result<Vec<Line>, Failure> {
    let kinds = NETWORKS.join(", ");
    let refused = |why: String| Failure::Refused(format!("{why}: say --network with one of {kinds}"));
    let kind = question.network.ok_or_else(|| refused("what a cut is depends on the network".to_owned()))?;
    let pieces = network(kind).ok_or_else(|| refused(format!("there is no kind of network '{kind}'")))?;
    let rule = &rules::scaling(question.optimizer);
    let c = question.cut;
    let cut = match Cut::of(&pieces) {
        Ok(cut) => cut,
        Err(why) => return Ok(vec![Line::new(format!("a cut by {c}"), format!("no learning rate: {why}"))]),
    };
    let mut lines = match cut.plain {
        Ok(()) => rate(question, &cut, rule),
        Err(why) => {
            let mut lines = vec![
                Line::new(format!("a cut by {c}"), format!("no learning rate: {why}")),
                Line::new("instead", "change the learning rate itself, or cut by layer:"),
            ];
            lines.extend(by_layer(question, &cut, rule));
            lines
        }
    };
    if !cut.epsilons.is_empty() {
        let divisors = each(&cut.epsilons, |power| libm::pow(c, f64::from(power)));
        lines.push(Line::new("ε of the normalizations, divided by", divisors));
    }
    Ok(lines)
}

/// The different values of powers, in order.
fn each(powers: &[u32], value: impl Fn(u32) -> f64) -> String {
    let mut powers = powers.to_vec();
    powers.dedup();
    powers.into_iter().map(|power| number(value(power))).collect::<Vec<_>>().join(", ")
}

fn number(value: f64) -> String {
    format!("{:.4}", value).trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn rate(question: &Question<'_>, cut: &Cut, rule: &Rule) -> Vec<Line> {
    let same = cut.equivalent(rule, question.grad_scale, question.decay);
    let factor = |exponent: f64| number(libm::pow(question.cut, exponent));
    let answer = match same.rate == 0.0 {
        true => "changes nothing: the degree h of the optimizer is 0".to_owned(),
        false => format!("the learning rate times {} = c^{}", factor(same.rate), same.rate),
    };
    let mut lines = vec![Line::new(format!("a cut by {}", question.cut), answer)];
    lines.extend(same.decay.map(|decay| Line::new("and weight decay times", format!("{} = c^{decay}", factor(decay)))));
    lines
}

fn by_layer(question: &Question<'_>, cut: &Cut, rule: &Rule) -> Vec<Line> {
    let c = question.cut;
    let same = cut.equivalent(rule, question.grad_scale, question.decay);
    let mut biases: Vec<u32> = cut.powers.iter().copied().filter(|&power| power > 1).collect();
    biases.dedup();
    let rates = |power: u32| libm::pow(c, same.rate_exponent_of(power));
    let rates: Vec<String> = biases.iter().map(|&power| format!("{:.4e}", rates(power))).collect();
    vec![
        Line::new("weights, gains, offsets, first bias divided by", number(c)),
        Line::new("later biases divided by", each(&biases, |power| libm::pow(c, f64::from(power)))),
        Line::new("and trained at the learning rate times", rates.join(", ")),
        Line::new("then the cut is the learning rate times", number(libm::pow(c, same.rate))),
    ]
}
