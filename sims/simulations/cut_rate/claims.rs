//! Cuts beside learning rates, held against statement S7.

use embedding_norms::lab::claim::{Claim, Verdict, brief};
use embedding_norms::lab::table::{Table, TableError};

use crate::cli::failure::Failure;

/// What rounding comes to over a training, where the cut is no power of two.
const ROUNDING: f64 = 1e-10;
/// What is far apart.
const FAR: f64 = 1e-3;

pub fn claims(main: &Table) -> Result<Vec<Claim>, Failure> {
    let says = main.with("predicted", "yes")?;
    let (exact, mut rounded) =
        differences(&says.with("exact", "yes")?)?.into_iter().partition::<Vec<_>, _>(|(cut, _)| is_binary(*cut));
    rounded.extend(differences(&says.with("exact", "no")?)?);
    let largest = |rows: &[(f64, f64)]| rows.iter().fold(0.0, |far: f64, (_, apart)| far.max(*apart));
    let violations = exact.iter().filter(|(_, apart)| *apart != 0.0).count();
    let mut claims = vec![
        Claim::without_exception(
            "S7",
            "where a network is scale-free, training from θ/c is training from θ at c^h times the rate, bit for bit at powers of \
             two: trainings that differ",
            violations as u64,
            exact.len() as u64,
        ),
        Claim::within(
            "S7",
            "the same at other cuts, and with biases before batch normalization, up to rounding: largest difference of directions and losses",
            ROUNDING,
            largest(&rounded),
        ),
    ];
    let controls = differences(&ended(main)?)?;
    let nearest = controls.iter().fold(f64::INFINITY, |near: f64, (_, apart)| near.min(*apart));
    let says = "a last linear layer with a bias, biases without normalization and biases before layer normalization end it, \
                under every rule: least difference";
    let measured = if controls.is_empty() { "none".to_owned() } else { brief(nearest) };
    claims.push(Claim::outcome("S7", says, format!("above {FAR}"), measured, !controls.is_empty() && nearest > FAR));
    claims.push(lars(main)?);
    claims.extend(paper(main)?);
    Ok(claims)
}

fn is_binary(cut: f64) -> bool {
    cut > 0.0 && libm::log2(cut).fract() == 0.0
}

/// Rows of networks that are not scale-free, with everything scaled that can be.
fn ended(main: &Table) -> Result<Table, TableError> {
    main.with("scale_free", "no")
}

/// Cut, and the larger one of both differences.
fn differences(rows: &Table) -> Result<Vec<(f64, f64)>, TableError> {
    let columns = ["cut", "largest_difference", "largest_loss_difference", "steps"].map(|column| rows.numbers(column));
    let [cut, directions, losses, steps] = columns;
    let (cut, directions, losses, steps) = (cut?, directions?, losses?, steps?);
    // A missing difference is that of a training that ended before the other, and without a step nothing was compared.
    let apart = |row: usize| match (directions[row], losses[row], steps[row]) {
        (Some(directions), Some(losses), Some(steps)) if steps > 0.0 => directions.max(losses),
        _ => f64::INFINITY,
    };
    Ok((0..cut.len()).filter_map(|row| Some((cut[row]?, apart(row)))).collect())
}

fn lars(main: &Table) -> Result<Claim, Failure> {
    let rows = main.with("optimizer", "lars")?.with("predicted", "yes")?;
    let factors = rows.numbers("rate_factor")?;
    let worst = differences(&rows)?.iter().fold(0.0, |far: f64, (_, apart)| far.max(*apart));
    let holds = !factors.is_empty() && factors.iter().all(|factor| *factor == Some(1.0)) && worst <= ROUNDING;
    let says = "under LARS a cut changes nothing: largest difference at the same learning rate";
    Ok(Claim::outcome("S7", says, format!("at most {}", brief(ROUNDING)), brief(worst), holds))
}

/// The paper's cut by 3 of a network with batch normalization, under heavy ball.
fn paper(main: &Table) -> Result<Option<Claim>, Failure> {
    let rows = main.with("network", "batch-norm")?.with("optimizer", "heavy-ball")?.with("cut", 3.0)?;
    let apart = |epsilon: &str, decay: &str| -> Result<Option<f64>, TableError> {
        let rows = rows.with("epsilon_scaled", epsilon)?.with("decay_scaled", decay)?;
        let found = differences(&rows)?;
        Ok((!found.is_empty()).then(|| found.iter().fold(0.0, |far: f64, (_, apart)| far.max(*apart))))
    };
    let (Some(both), Some(epsilon), Some(decay), Some(neither)) =
        (apart("yes", "yes")?, apart("no", "yes")?, apart("yes", "no")?, apart("no", "no")?)
    else {
        return Ok(None);
    };
    let says = "cutting a network with batch normalization by 3 is a lever of its own";
    let measured = format!(
        "9 times the learning rate, {} apart; with its ε = 1e-5 as it is {}, with its weight decay 5e-4 as it is {}, with both \
         {}",
        brief(both),
        brief(epsilon),
        brief(decay),
        brief(neither)
    );
    let verdict = if both <= ROUNDING { Verdict::NotSupported } else { Verdict::Conditional };
    let claim = Claim::outcome("S7", says, "another course than at any learning rate".to_owned(), measured, true);
    Ok(Some(
        claim
            .of_the_paper(verdict)
            .noting("at the same γ, ε and decay what is left of the cut are ε and decay, relatively larger"),
    ))
}
