//! The answers about levers: the learning rate first, then what a cut of the initialization is, then GradScale.

use super::answer::{Answer, Quantity, Topic, Worth, told};
use super::needs::Need;
use super::network::Network;
use super::options::{Options, Parameters};
use super::standing::{Side, Standing};
use super::tested::{Lever, Trial, trial};
use crate::theory::encoders::{Broken, Cut};
use crate::words::brief;

/// Cuts that are spoken of: the paper's.
const CUTS: [f64; 2] = [3.0, 9.0];

/// What advice on a lever is worth; `None` where there is to be none.
pub fn worth(options: &Options, lever: Lever) -> Option<Worth> {
    if options.parameters == Parameters::Free {
        let is_plain = options.rule.is_some_and(|rule| rule.is_plain());
        return Some(if is_plain { Worth::Proved } else { Worth::Conditional });
    }
    match trial(options.rule.as_ref(), options.network.as_ref(), lever) {
        Trial::Right => Some(Worth::Tested),
        Trial::NotTried => Some(Worth::Untested),
        Trial::Failed => None,
    }
}

/// What stands behind a worth.
fn why(worth: Worth) -> &'static str {
    match worth {
        Worth::Tested => {
            "In the trial of docs/diagnosing.md at least four of five clear predictions had the right sign for this optimizer \
             and kind of network; training speeds up by less than predicted as a rule."
        }
        Worth::Untested => {
            "The trial of docs/diagnosing.md holds nothing on this optimizer and kind of network, or they are not known."
        }
        _ => "L1 far below the best step, its mirror image of L7 far above it; near it counts are small and uneven.",
    }
}

/// That the trial speaks against advice.
fn refused(key: &'static str, what: &str, options: &Options) -> Answer {
    let rule = options.rule.map_or("", |rule| rule.name);
    let network = options.network.as_ref().map_or("", Network::name);
    let finding = format!(
        "No advice on {what}: in the trial of docs/diagnosing.md fewer than four of five predictions had the right sign under \
         {rule} in networks of the kind {network}."
    );
    Answer::none(key, Topic::Step, finding)
}

/// A quantity from the bounds of its logarithm, with an interval where they differ.
pub fn ranged(name: impl Into<String>, (low, high): (f64, f64)) -> Quantity {
    let quantity = Quantity::new(name, libm::exp(0.5 * (low + high)));
    if low == high { quantity } else { quantity.between(libm::exp(low), libm::exp(high)) }
}

fn factor(log: f64) -> String {
    told(libm::exp(log))
}

/// Which change of the learning rate is spoken of.
pub fn rate_lever(standing: &Standing) -> Lever {
    if standing.side() == Side::Long { Lever::SmallerRate } else { Lever::LargerRate }
}

/// What advice on the learning rate rests on: L8 for free embeddings, S9 for networks.
fn statement(standing: &Standing) -> &'static str {
    if standing.is_proved { "L8" } else { "S9" }
}

/// What to do with the learning rate; `spread` are bounds on ln x that the sample leaves open, about its value.
pub fn learning_rate(standing: &Standing, spread: (f64, f64), options: &Options) -> Answer {
    let Some(worth) = worth(options, rate_lever(standing)) else {
        let what = if standing.side() == Side::Long { "a smaller learning rate" } else { "a larger learning rate" };
        return refused("learning-rate", what, options);
    };
    let Some(advised) = standing.advised() else { return stays(standing, worth, options) };
    let finding = match standing.side() {
        Side::Long if standing.is_proved => format!("Divide the learning rate by about {}.", factor(-advised)),
        Side::Long => format!(
            "Divide the learning rate of this step by about {}, save one step at that rate and ask again: a step that is too \
             long does not tell by how much.",
            factor(-advised)
        ),
        _ if standing.is_proved => format!(
            "Multiply the learning rate of this step by about {}: then a step turns embeddings by half the angle of positives.",
            factor(advised)
        ),
        _ => format!(
            "Multiply the learning rate of this step by about {}, to a third of where trainings of its kind were fastest.",
            factor(advised)
        ),
    };
    let quantity = match standing.side() {
        Side::Short => {
            let (low, high) = (-standing.excess.1 - spread.1, -standing.excess.0 - spread.0);
            let quantity = Quantity::new("factor of the learning rate", libm::exp(advised));
            if low == high { quantity } else { quantity.between(libm::exp(low), libm::exp(high)) }
        }
        _ => Quantity::new("factor of the learning rate", libm::exp(advised)),
    };
    Answer::measured("learning-rate", Topic::Step, finding)
        .with([quantity])
        .rests_on(
            statement(standing),
            "aim/x with x = tan α/tan(φ0/2): one step turns embeddings by α, and α goes as the rate while it is small",
        )
        .on(rate_meant(standing, options))
        .worth(worth, why(worth))
        .needs(unknown(options))
}

/// Which rate is meant, and what is assumed of momentum.
fn rate_meant(standing: &Standing, options: &Options) -> String {
    if standing.is_proved {
        return "The rate at that step.".to_owned();
    }
    let mut text =
        "The rate is the one at that step: under a schedule with warm-up or decay multiply the whole schedule by the \
                    factor."
            .to_owned();
    if options.rule.is_some_and(|rule| rule.momentum > 0.0) && !options.is_under_way {
        text += &format!(
            " Momentum is taken to start from rest at the first checkpoint, so that lasting steps are longer; if it has built up \
             before: {}.",
            options.names.is_under_way
        );
    }
    text
}

/// What would have to be known for the trial to say something.
fn unknown(options: &Options) -> Vec<Need> {
    if options.parameters == Parameters::Free {
        return Vec::new();
    }
    let rule = options.rule.is_none().then_some(Need::Rule);
    let network = options.network.is_none().then_some(Need::Network);
    rule.into_iter().chain(network).collect()
}

/// Where there is no other rate to advise.
fn stays(standing: &Standing, worth: Worth, options: &Options) -> Answer {
    if standing.side() == Side::Near {
        let finding = "Leave the learning rate: the criterion sees nothing to gain by another one.";
        return Answer::measured("learning-rate", Topic::Step, finding)
            .rests_on(statement(standing), "aim/x with x = tan α/tan(φ0/2)")
            .worth(worth, why(worth));
    }
    let finding = format!("No advice on the learning rate: {}.", standing.undecided());
    Answer::none("learning-rate", Topic::Step, finding).needs(unknown(options))
}

/// What a cut of the initialization is.
pub fn cutting(standing: &Standing, options: &Options) -> Answer {
    if options.parameters == Parameters::Free {
        return as_rate(standing, options, "Free embeddings; every ε is 0.", "L6");
    }
    let Some(network) = &options.network else {
        let finding = format!(
            "Whether a cut of the initialization is a learning rate depends on the kind of network: say {}.",
            options.names.network
        );
        return Answer::none("cut", Topic::Step, finding).needs([Need::Network]);
    };
    match network.cut() {
        Ok(cut) => match cut.plain {
            Ok(()) => as_rate(standing, options, &conditions(network, cut), "S7"),
            Err(why) => by_layer(network, cut, why, options),
        },
        Err(why) => {
            let finding =
                format!("A cut of the initialization is no learning rate here: {why}. Change the rate itself.");
            Answer::measured("cut", Topic::Step, finding)
                .rests_on(
                    "S7",
                    "a cut by c is a learning rate where the loss is the same for all multiples of the parameters",
                )
                .on(format!("A network of the kind {}.", network.name()))
                .worth(Worth::Proved, "S7 is exact.")
        }
    }
}

fn conditions(network: &Network, cut: &Cut) -> String {
    let mut powers = cut.epsilons.clone();
    powers.dedup();
    let powers: Vec<String> = powers.iter().map(|power| format!("c^{power}")).collect();
    let epsilons = match powers.is_empty() {
        true => String::new(),
        false => format!("; to be exact, the ε of its normalizations is divided by {} too", powers.join(", ")),
    };
    format!(
        "A network of the kind {}, all parameters divided by c, weight decay and ε going along{epsilons}.",
        network.name()
    )
}

/// A cut where it is a learning rate.
fn as_rate(standing: &Standing, options: &Options, conditions: &str, statement: &'static str) -> Answer {
    let degree = options.rule.map_or(2.0, |rule| rule.degree());
    let formula = "the cut by c follows the directions of the learning rate times c^h";
    let basis = |answer: Answer| answer.rests_on(statement, formula).on(with_rule(options, degree, conditions));
    let Some((low, high)) = standing.best_cut(degree) else {
        let name = options.rule.map_or("", |rule| rule.name);
        let finding = format!("Cutting changes nothing under {name}: its steps scale with the norms (h = 0).");
        return basis(Answer::measured("cut", Topic::Step, finding)).worth(Worth::Proved, "h = 0.");
    };
    let Some(worth) = worth(options, Lever::Cut) else {
        return refused("cut", "a cut of the initialization", options);
    };
    let same = format!("A cut of the initialization by c is the same thing as the learning rate times c^{degree}");
    let finding = match (standing.side(), standing.advised()) {
        (Side::Short, _) => format!("{same}: c ≈ {} in the place of the factor above.", factor(0.5 * (low + high))),
        (Side::Long, Some(advised)) => format!(
            "{same}, and would slow training down: the step should be shorter. The initialization multiplied by {} does what \
             the division above does.",
            factor(-advised / degree)
        ),
        (Side::Near, _) => format!("{same}; the criterion sees nothing to gain, so leave it."),
        _ => format!("{same}; no advice on either."),
    };
    let cuts = CUTS.map(|cut| {
        let name = format!("speed-up of a cut by {cut}");
        ranged(name, standing.speed_up(degree * libm::log(cut))).unit("times as fast")
    });
    let best = ranged("best cut c (below 1: lengthen)", (low, high));
    let shown = matches!(standing.side(), Side::Short | Side::Near) || standing.is_proved;
    let numbers = std::iter::once(best).chain(cuts).filter(|_| shown);
    basis(Answer::measured("cut", Topic::Step, finding)).with(numbers).worth(worth, why(worth))
}

fn with_rule(options: &Options, degree: f64, conditions: &str) -> String {
    let rule = match options.rule {
        Some(rule) => format!("{} with h = {degree}", rule.name),
        None => format!("plain gradient descent, h = 2 ({} for another)", options.names.rule),
    };
    format!("{rule}. {conditions}")
}

/// A cut where biases end it: by layer.
fn by_layer(network: &Network, cut: &Cut, why: Broken, options: &Options) -> Answer {
    let rule = options.rule.map_or(crate::theory::scaling::Rule::LINEAR, |rule| rule.scaling);
    let decay = options.rule.zip(options.weight_decay).map(|(rule, _)| rule.decay);
    let same = cut.equivalent(&rule, 0.0, decay);
    let mut powers: Vec<u32> = cut.powers.iter().copied().filter(|&power| power > 1).collect();
    powers.dedup();
    let biases = powers.iter().map(|&power| {
        let rate = same.rate_exponent_of(power);
        let rate =
            if rate == 0.0 { String::new() } else { format!(" and trained at the rate times c^{}", brief(rate)) };
        format!("c^{power}{rate}")
    });
    let biases: Vec<String> = biases.collect();
    let result = match same.rate == 0.0 {
        true => "it then changes nothing".to_owned(),
        false => format!("it then is the learning rate times c^{}", brief(same.rate)),
    };
    let finding = format!(
        "Do not cut the initialization: {why}. Change the learning rate, or cut by layer, which is the same thing: weights \
         divided by c, the biases of later layers by {}; {result}.",
        biases.join(", then ")
    );
    Answer::measured("cut", Topic::Step, finding)
        .rests_on("S7", "weights of layer l by c, its bias by c^l, at the rate times c^(h(1−l)): the rate times c^h")
        .on(with_rule(options, same.rate, &format!("A network of the kind {}, every ε 0.", network.name())))
        .worth(Worth::Proved, "S7 is exact; what another rate does is the answer above.")
}

/// What GradScale with p = 1 would do: it multiplies gradients by the norm, and so steps by ρ^(pq).
pub fn grad_scale(standing: &Standing, norm: f64, options: &Options) -> Answer {
    let q = options.rule.map_or(1.0, |rule| rule.scaling.q);
    let basis = |answer: Answer| {
        answer
            .rests_on("S6", "gradients times ‖z‖^p: ln x changes by p ln ρ")
            .on("Norms that differ little, at their typical size ρ, at the same learning rate.")
    };
    if q == 0.0 {
        let name = options.rule.map_or("", |rule| rule.name);
        let finding = format!(
            "GradScale does not change the length of steps under {name}, which does not look at the size of gradients; it \
             changes only how much each embedding counts."
        );
        return basis(Answer::measured("grad-scale", Topic::Step, finding)).worth(Worth::Conditional, "q = 0 (L6).");
    }
    if standing.side() == Side::Unclear {
        let finding = format!("No advice on GradScale: {}.", standing.undecided());
        return Answer::none("grad-scale", Topic::Step, finding).needs(unknown(options));
    }
    if standing.side() == Side::Long {
        // Above the best step growing norms are what brakes plain descent, and GradScale takes that away.
        let finding = "No advice to take GradScale: where steps overshoot, growing norms shorten them again, and GradScale \
                       takes that brake away. In the trials of docs/diagnosing.md it slowed most such trainings.";
        return Answer::none("grad-scale", Topic::Step, finding);
    }
    let Some(worth) = worth(options, Lever::GradScale) else { return refused("grad-scale", "GradScale", options) };
    if standing.side() == Side::Near && !standing.is_proved {
        return Answer::none("grad-scale", Topic::Step, "No advice on GradScale: the step is near the best one.");
    }
    let (low, high) = standing.speed_up(q * libm::log(norm));
    let finding = match () {
        () if low > 0.1 => "GradScale with p = 1 should speed training up at this learning rate.",
        () if high < -0.1 => "GradScale with p = 1 would slow training down at this learning rate.",
        () if low > -0.1 && high < 0.1 => "GradScale with p = 1 changes next to nothing in speed.",
        () => "No advice on GradScale: the bounds lie on both sides.",
    };
    basis(Answer::measured("grad-scale", Topic::Step, finding))
        .with([ranged("speed-up of GradScale with p = 1", (low, high)).unit("times as fast")])
        .worth(worth, format!("It is a change of the learning rate by ρ^p, to first order. {}", why(worth)))
}
