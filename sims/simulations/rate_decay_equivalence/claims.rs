//! What the comparisons say of the statement.

use embedding_norms::lab::claim::Claim;
use embedding_norms::lab::table::{Table, TableError};

/// The largest angle between runs that are the same but for rounding.
const ROUNDING: f64 = 1e-10;
/// The smallest angle between runs that are said to part.
const APART: f64 = 1e-3;

/// What one row of the table holds for claims and figure.
pub struct Row {
    pub optimizer: String,
    pub coupled: bool,
    pub grad_scale: f64,
    pub binary: bool,
    pub inverse: bool,
    pub follows: bool,
    pub exact: bool,
    pub identical: bool,
    pub angle: f64,
}

pub fn rows(table: &Table) -> Result<Vec<Row>, TableError> {
    let number = |column: &str| {
        table.numbers(column).map(|values| values.into_iter().map(|x| x.unwrap_or(f64::NAN)).collect::<Vec<_>>())
    };
    let (optimizers, decays, rules) = (table.texts("optimizer")?, table.texts("decay")?, table.texts("decay_rule")?);
    let (grad_scales, factors) = (number("grad_scale")?, number("factor")?);
    let (follows, exact, identical) = (number("follows")?, number("exact")?, number("identical")?);
    let angles = number("largest_angle")?;
    let row = |at: usize| Row {
        optimizer: optimizers[at].clone(),
        coupled: decays[at] == "coupled",
        grad_scale: grad_scales[at],
        binary: libm::log2(factors[at]).fract() == 0.0,
        inverse: rules[at] == "inverse",
        follows: follows[at] == 1.0,
        exact: exact[at] == 1.0,
        identical: identical[at] == 1.0,
        angle: angles[at],
    };
    Ok((0..angles.len()).map(row).collect())
}

pub fn claims(table: &Table) -> Result<Vec<Claim>, TableError> {
    let rows = rows(table)?;
    let claim = |says: &str, chosen: &dyn Fn(&Row) -> bool, holds: &dyn Fn(&Row) -> bool| {
        let chosen: Vec<&Row> = rows.iter().filter(|row| chosen(row)).collect();
        let failing = chosen.iter().filter(|row| !holds(row)).count();
        let (least, most) = chosen
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(least, most), row| (least.min(row.angle), most.max(row.angle)));
        let note = format!(
            "largest angle between the two runs: {least:.1e} to {most:.1e} radians; RMSProp and rules of signs, which \
             amplify rounding, are held to it where nothing is rounded"
        );
        Claim::without_exception("L6", says, failing as u64, chosen.len() as u64).noting(&note)
    };
    let same = |row: &Row| row.angle <= ROUNDING;
    // Rounding can turn the sign of a coordinate that passes through 0; RMSProp's first steps, ten times as long as later
    // ones, lead where rounding grows.
    let rough = ["sign-descent", "lion", "rmsprop"];
    let smooth = |row: &Row| row.exact || !rough.contains(&row.optimizer.as_str());
    let scale_free = |row: &Row| row.coupled && row.grad_scale == 0.0 && !row.follows;
    let adam = |row: &Row| row.optimizer == "adam" && row.coupled && row.grad_scale == 0.0;
    Ok(vec![
        claim(
            "(kγ, λ/k) with norms × k^(1/h) follows (γ, λ): decoupled decay, or coupled decay where h = 2 − p; exceptions",
            &|row| row.inverse && row.follows && smooth(row),
            &same,
        ),
        claim("bit for bit where k^(1/h) is a power of two; exceptions", &|row| row.exact, &|row| row.identical),
        claim(
            "after GradScale with power p > 0, coupled decay goes as λ/k too if h = 2 − p; exceptions",
            &|row| row.inverse && row.follows && smooth(row) && row.coupled && row.grad_scale > 0.0,
            &same,
        ),
        claim(
            "negative control: Adam with coupled decay does NOT follow with λ/k; runs that did not part by 1e-3 radians",
            &|row| adam(row) && row.inverse,
            &|row| row.angle >= APART,
        ),
        claim("Adam with coupled decay follows with λ/k²; exceptions", &|row| adam(row) && !row.inverse, &same),
        claim(
            "so do all rules with h = 1 under coupled decay: not with λ/k; runs that did not part by 1e-3 radians",
            &scale_free,
            &|row| row.angle >= APART,
        ),
        claim("but with λ scaled by L6, c^(p−2)λ; exceptions", &|row| !row.inverse && smooth(row), &same),
    ])
}
