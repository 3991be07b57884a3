//! What the library knows of optimizers, networks and statements, for the page: nothing of it is written there twice.

use embedding_norms::diagnosis::{Lever, Network, Trial, UpdateRule, aims, trial};
use embedding_norms::optimizer::{Entry, Parameters, catalogue};
use embedding_norms::rules;
use embedding_norms::theory::encoders::{LARGEST_TURN, NETWORKS, SMALLEST_ANGLE, SMALLEST_TURN};
use embedding_norms::theory::equilibrium::Rule as Settling;
use embedding_norms::theory::scaling::{Decay, decay_exponent};
use embedding_norms_lab::statement::STATEMENTS;
use serde_json::{Map, Value, json};

use crate::cli::failure::Failure;

/// Everything as one JSON object, safe inside an element of a page.
pub fn json() -> Result<String, Failure> {
    let optimizers = catalogue().iter().map(optimizer).collect::<Result<Vec<_>, _>>()?;
    let facts = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "optimizers": optimizers,
        "oneStep": {
            "smallestAngle": SMALLEST_ANGLE, "smallestTurn": SMALLEST_TURN, "largestTurn": LARGEST_TURN,
            "aims": aims(None, None),
        },
        "networks": NETWORKS.iter().filter_map(|kind| network(kind)).collect::<Vec<_>>(),
        "statements": STATEMENTS.iter().map(|it| json!({
            "id": it.id, "title": it.title, "formula": it.formula, "meaning": it.meaning, "proof": it.section(),
        })).collect::<Vec<_>>(),
    });
    Ok(facts.to_string().replace('<', "\\u003c"))
}

fn optimizer(entry: &Entry) -> Result<Value, Failure> {
    let parameters = Parameters::defaults();
    let rule = rules::scaling(entry);
    let (h, k) = (rule.degree(0.0), rule.norm_exponent(0.0));
    let exponent = |decay: Decay| decay_exponent(rule.decay.unwrap_or(decay), h, 0.0);
    let settles = |coupled: bool| rules::settling(entry, coupled, &parameters).and_then(settling);
    let update = UpdateRule::named(entry.name, &parameters, false)?;
    let defaults = entry.parameters.iter().map(|it| (it.name.to_owned(), json!(it.default)));
    Ok(json!({
        "name": entry.name,
        "formula": entry.formula,
        "parameters": defaults.collect::<Map<_, _>>(),
        "h": h,
        "k": k,
        "q": rule.q,
        "isPlain": update.is_plain(),
        "momentum": update.momentum,
        "ownDecay": rule.decay.is_some(),
        "cutDecay": { "decoupled": exponent(Decay::Decoupled), "coupled": exponent(Decay::Coupled) },
        "settles": { "decoupled": settles(false), "coupled": settles(true) },
        "aims": NETWORKS.iter().map(|kind| (kind.to_string(), aim(&update, kind))).collect::<Map<_, _>>(),
        "trials": NETWORKS.iter().map(|kind| (kind.to_string(), trials(&update, kind))).collect::<Map<_, _>>(),
    }))
}

/// The name of a rule of S3, as `page/numerics.js` takes it.
fn settling(rule: Settling) -> Option<&'static str> {
    match rule {
        Settling::GradientDescent => Some("gradient-descent"),
        Settling::HeavyBallCoupled { .. } => Some("heavy-ball-coupled"),
        Settling::HeavyBallDecoupled { .. } => Some("heavy-ball-decoupled"),
        Settling::AdamW { .. } => Some("adamw"),
        Settling::NormalizedGradient => Some("normalized-gradient"),
        Settling::SignDescent => Some("sign-descent"),
        _ => None,
    }
}

/// Bounds on the step to aim at.
fn aim(rule: &UpdateRule, kind: &str) -> Value {
    json!(aims(Some(rule), Network::named(kind).as_ref()))
}

/// What the trial of the advice says of each lever.
fn trials(rule: &UpdateRule, kind: &str) -> Value {
    let network = Network::named(kind);
    let said = |lever: Lever| match trial(Some(rule), network.as_ref(), lever) {
        Trial::Right => "right",
        Trial::Failed => "failed",
        _ => "not-tried",
    };
    json!({ "larger": said(Lever::LargerRate), "smaller": said(Lever::SmallerRate), "cut": said(Lever::Cut) })
}

fn network(kind: &str) -> Option<Value> {
    let network = Network::named(kind)?;
    Some(match network.cut() {
        Ok(cut) => json!({
            "name": kind,
            "broken": cut.plain.err().map(|why| why.to_string()),
            "biases": cut.powers.iter().filter(|&&power| power > 1).collect::<Vec<_>>(),
            "epsilons": cut.epsilons,
        }),
        Err(why) => json!({ "name": kind, "broken": why.to_string(), "biases": [], "epsilons": [] }),
    })
}
