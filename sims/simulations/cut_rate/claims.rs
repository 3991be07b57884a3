//! Cuts beside learning rates, held against statement S7.

use embedding_norms_lab::claim::{Claim, Verdict, brief, claim};

use super::family::Family;
use super::path::{Along, Compared, Rule};

/// What rounding comes to over a training, where the cut is no power of two.
const ROUNDING: f64 = 1e-10;
/// What is far apart.
const FAR: f64 = 1e-3;

const EXACT: &str = "where a network is scale-free, training from θ/c is training from θ at c^h times the rate, bit for bit at powers of \
                     two: trainings that differ";
const ROUNDED: &str = "the same at other cuts, and with biases before batch normalization, up to rounding: largest difference of directions and losses";
const ENDED: &str = "a last linear layer with a bias, biases without normalization and biases before layer normalization end it, \
                     under every rule: least difference";
const LARS: &str = "under LARS a cut changes nothing: largest difference at the same learning rate";
const PAPER: &str = "cutting a network with batch normalization by 3 is a lever of its own";

pub fn claims(rows: &[Compared]) -> Vec<Claim> {
    let (exact, rounded): (Vec<&Compared>, Vec<&Compared>) =
        rows.iter().filter(|row| row.predicted).partition(|row| row.exact && is_binary(row.cut));
    let mut claims = vec![
        claim("S7", EXACT).none_of(exact, |row| row.apart() != 0.0),
        claim("S7", ROUNDED).all_within(ROUNDING, rounded.into_iter().map(Compared::apart)),
        ended(rows),
        lars(rows),
    ];
    claims.extend(paper(rows));
    claims
}

fn is_binary(cut: f64) -> bool {
    cut > 0.0 && libm::log2(cut).fract() == 0.0
}

/// Networks that are not scale-free, whatever is scaled along.
fn ended(rows: &[Compared]) -> Claim {
    let controls = rows.iter().filter(|row| !row.scale_free).map(Compared::apart);
    let nearest = controls.reduce(f64::min);
    let measured = nearest.map_or("none".to_owned(), brief);
    claim("S7", ENDED).holds(format!("above {FAR}"), measured, nearest.is_some_and(|nearest| nearest > FAR))
}

fn lars(rows: &[Compared]) -> Claim {
    let rows: Vec<&Compared> = rows.iter().filter(|row| row.optimizer == Rule::Lars && row.predicted).collect();
    let same_rate = !rows.is_empty() && rows.iter().all(|row| row.rate_factor == 1.0);
    let worst = rows.into_iter().map(Compared::apart).fold(0.0, f64::max);
    claim("S7", LARS).holds(format!("at most {}", brief(ROUNDING)), brief(worst), same_rate && worst <= ROUNDING)
}

/// The paper's cut by 3 of a network with batch normalization, under heavy ball.
fn paper(rows: &[Compared]) -> Option<Claim> {
    let of_paper = |row: &&Compared| (row.network, row.optimizer, row.cut) == (Family::BatchNorm, Rule::HeavyBall, 3.0);
    let apart = |epsilon: Along, decay: Along| {
        let rows = rows.iter().filter(of_paper);
        let rows = rows.filter(|row| (row.epsilon_scaled, row.decay_scaled) == (epsilon, decay));
        rows.map(Compared::apart).reduce(f64::max)
    };
    let (yes, no) = (Along::Yes, Along::No);
    let (both, epsilon, decay, neither) = (apart(yes, yes)?, apart(no, yes)?, apart(yes, no)?, apart(no, no)?);
    let measured = format!(
        "9 times the learning rate, {} apart; with its ε = 1e-5 as it is {}, with its weight decay 5e-4 as it is {}, with both \
         {}",
        brief(both),
        brief(epsilon),
        brief(decay),
        brief(neither)
    );
    let verdict = if both <= ROUNDING { Verdict::NotSupported } else { Verdict::Conditional };
    let stating = claim("S7", PAPER)
        .note("at the same γ, ε and decay what is left of the cut are ε and decay, relatively larger");
    Some(stating.holds("another course than at any learning rate", measured, true).of_the_paper(verdict))
}
