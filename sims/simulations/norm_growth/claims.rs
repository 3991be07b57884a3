//! What the tables of growing norms say of the statements.

use std::collections::BTreeMap;

use embedding_norms::lab::claim::{Claim, Source};
use embedding_norms::lab::law::{Observation, fit_power_law};
use embedding_norms::lab::table::{Table, TableError};
use embedding_norms::statistics::{Estimate, mean_with_interval};

use super::lengthening::ROUNDING;
use super::{LENGTHENING, LONG, MOMENTUM, PERSISTENT};
use crate::cli::failure::Failure;
use crate::simulations::grouping::levels;
use crate::simulations::simulation::Tables;

/// Replicates below which no interval is tested.
const ENOUGH: u64 = 10;
/// The largest step size at which a first correction is compared: what it leaves is of the square of this.
const SMALL_STEP: f64 = 0.01;
/// How far a budget or a share may be from its first correction: (α + β)² at [`SMALL_STEP`].
const CORRECTED: f64 = 4.0 * SMALL_STEP * SMALL_STEP;
/// The largest step size in the fits of an order.
const LARGEST_STEP: f64 = 0.05;
/// How far momentum's factor may be from its value, relatively: five times the step γ/(ρ²(1 − μ)) of the defaults.
const FACTOR: f64 = 0.005;
/// The step size under fresh targets up to which the mean of ρ⁴ is compared.
const SMALL_FRESH_STEP: f64 = 0.1;
/// How far the mean of ρ⁴ may be from its value, relatively.
const FOURTH_POWER: f64 = 0.002;
/// Where ρ⁴ has grown by this many times what it was, the exponent of ρ is within a quarter of its inverse of 1/4.
const GROWN: f64 = 400.0;
/// How far from 1/4 the whole interval of that exponent may reach.
const QUARTER: f64 = 0.25 / GROWN;

/// A condition on the rows of a table.
type Chosen<'a> = (&'a str, &'a dyn Fn(f64) -> bool);

pub fn claims(tables: &Tables, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let (main, momentum) = (tables.get("")?, tables.get(MOMENTUM)?);
    let persistent = tables.get(PERSISTENT)?;
    let mut claims = lengthening(tables.get(LENGTHENING)?)?;
    for test in corrections() {
        claims.push(test.claim(main, replicates)?);
    }
    claims.extend(orders(main, replicates)?);
    for (rule, name) in [("heavy-ball", HEAVY_BALL), ("nesterov", NESTEROV)] {
        let test = Equivalence {
            statement: "S1",
            says: name,
            keys: &["momentum"],
            column: "relative",
            margin: FACTOR,
            chosen: None,
        };
        claims.push(test.claim(&momentum.with("rule", rule)?, replicates)?);
    }
    claims.push(fourth_power(persistent, replicates)?);
    claims.push(quarter(persistent, replicates)?);
    Ok(claims)
}

const HEAVY_BALL: &str = "heavy-ball momentum multiplies the budget by (1 + μ)/(1 − μ)²: measured factor over it";
const NESTEROV: &str = "Nesterov's multiplies it by (1 − μ + 2μ²)/(1 − μ)²: measured factor over it";

fn lengthening(table: &Table) -> Result<Vec<Claim>, TableError> {
    let column = |name: &str| table.numbers(name).map(|values| values.into_iter().flatten());
    let total = |name: &str| column(name).map(|values| values.sum::<f64>() as u64);
    let note = format!(
        "{} steps of single embeddings, step sizes from 2e-4 to 2, with and without stop-gradient",
        total("row_steps")?
    );
    let identity = "every plain step adds γ²‖∇‖² to the squared norm: largest difference, in units of rounding";
    let growing = "no plain step shortens a free embedding: steps above rounding that did not lengthen it";
    let radial = "the gradient is orthogonal to the embedding: largest z · ∇, in units of rounding";
    Ok(vec![
        Claim::within("G3", radial, ROUNDING, column("largest_radial")?.fold(0.0, f64::max)).noting(&note),
        Claim::within("D2", identity, ROUNDING, column("largest_error")?.fold(0.0, f64::max)).noting(&note),
        Claim::without_exception("D2", growing, total("not_lengthened")?, total("moved")?),
    ])
}

/// An equivalence test of a ratio with 1, at the setting where its interval reaches farthest.
struct Equivalence<'a> {
    statement: &'a str,
    says: &'a str,
    /// The columns that tell settings apart.
    keys: &'a [&'a str],
    column: &'a str,
    margin: f64,
    chosen: Option<Chosen<'a>>,
}

impl Equivalence<'_> {
    fn claim(&self, table: &Table, replicates: u64) -> Result<Claim, TableError> {
        let estimates = estimates(table, self.keys, self.column, self.chosen)?;
        let reach = |estimate: &Estimate| (1.0 - estimate.lower).max(estimate.upper - 1.0);
        let settings = estimates.len();
        match estimates.into_iter().max_by(|a, b| reach(a).total_cmp(&reach(b))) {
            Some(worst) if replicates >= ENOUGH => {
                let measured = format!("{:.5} [{:.5}, {:.5}]", worst.value, worst.lower, worst.upper);
                let claim = Claim::equivalence(self.statement, self.says, 1.0, self.margin, worst);
                Ok(Claim { measured, ..claim }.noting(&format!("the worst of {settings} settings")))
            }
            _ => Ok(Claim::not_tested(self.statement, Source::Ours, self.says, "needs 10 replicates and small steps")),
        }
    }
}

/// The two equivalences of plain descent.
fn corrections() -> [Equivalence<'static>; 2] {
    let small: Option<Chosen<'static>> = Some(("step_size", &|step: f64| step <= SMALL_STEP));
    let total = "growth is γ(L_0 − L_T){1 + (α + β)(1 + cos φ0)/4}: measured over it, for γ/ρ² ≤ 0.01";
    let share = "the members share it as (ρ_j²/ρ_i²){1 − (α − β)(1 − cos φ0)/2}: measured over it, for γ/ρ² ≤ 0.01";
    let keys = &["norm", "norm_ratio", "step_size"];
    let test = |says, column| Equivalence { statement: "S1", says, keys, column, margin: CORRECTED, chosen: small };
    [test(total, "budget_over_law"), test(share, "share_over_law")]
}

/// The mean of a column over the replicates of each setting, with its interval. A name `a_over_law` is the quotient of
/// the columns that it speaks of.
fn estimates(
    table: &Table,
    keys: &[&str],
    column: &str,
    chosen: Option<Chosen<'_>>,
) -> Result<Vec<Estimate>, TableError> {
    let values = quotients(table, column)?;
    let keys = keys.iter().map(|key| table.numbers(key)).collect::<Result<Vec<_>, _>>()?;
    let filter = chosen.map(|(column, holds)| table.numbers(column).map(|values| (values, holds))).transpose()?;
    let mut groups: BTreeMap<Vec<u64>, Vec<f64>> = BTreeMap::new();
    for (row, value) in values.into_iter().enumerate() {
        let wanted = filter.as_ref().is_none_or(|(values, holds)| values[row].is_some_and(holds));
        if let Some(value) = value.filter(|_| wanted) {
            // Positive numbers are ordered as their bits are.
            let key = keys.iter().map(|key| key[row].unwrap_or(0.0).to_bits()).collect();
            groups.entry(key).or_default().push(value);
        }
    }
    Ok(groups.values().filter_map(|values| mean_with_interval(values, 0.95)).collect())
}

fn quotients(table: &Table, column: &str) -> Result<Vec<Option<f64>>, TableError> {
    let (above, below) = match column {
        "budget_over_law" => ("budget_ratio", "budget_law"),
        "share_over_law" => ("share_relative", "share_law"),
        plain => return table.numbers(plain),
    };
    let rows = table.numbers(above)?.into_iter().zip(table.numbers(below)?);
    Ok(rows.map(|(above, below)| Some(above? / below?)).collect())
}

/// In which order of the step the budget tends to its limit, to its correction, and growth to nothing.
fn orders(main: &Table, replicates: u64) -> Result<Vec<Claim>, Failure> {
    let limit = "growth/(γ(L_0 − L_T)) tends to 1 with the first power of the step: fitted order";
    let law = "with S1's first correction what is left falls with the square of the step: fitted order";
    let flow = "gradient flow conserves norms: relative growth falls with the first power of the step: fitted order";
    let column = |name: &str| quotients(main, name);
    let distance = |values: Vec<Option<f64>>| values.into_iter().map(|value| Some((value? - 1.0).abs())).collect();
    Ok(vec![
        order(main, limit, 1.0, distance(column("budget_ratio")?), replicates)?,
        order(main, law, 2.0, distance(column("budget_over_law")?), replicates)?,
        order(main, flow, 1.0, column("relative_growth")?, replicates)?,
    ])
}

fn order(
    main: &Table,
    says: &str,
    expected: f64,
    values: Vec<Option<f64>>,
    replicates: u64,
) -> Result<Claim, TableError> {
    let observations = per_setting(main, values)?;
    if replicates < ENOUGH || observations.is_empty() {
        let why = "needs 10 replicates and three step sizes up to 0.05";
        return Ok(Claim::not_tested("S1", Source::Ours, says, why));
    }
    Ok(match fit_power_law(&observations, 0.95) {
        Ok(law) => Claim::equivalence("S1", says, expected, LARGEST_STEP, law.exponent)
            .noting("the margin is the largest step in the fit, by which the next order is smaller"),
        Err(refusal) => Claim::outcome("S1", says, format!("{expected} ± {LARGEST_STEP}"), refusal.to_string(), false),
    })
}

/// Values against the step size; every population at every two norms is a replicate.
fn per_setting(main: &Table, values: Vec<Option<f64>>) -> Result<Vec<Observation>, TableError> {
    let keys = ["norm", "norm_ratio", "replicate"].map(|key| main.numbers(key));
    let [norms, ratios, replicates] = keys;
    let (norms, ratios, replicates) = (norms?, ratios?, replicates?);
    let mut names: BTreeMap<[u64; 3], u64> = BTreeMap::new();
    let mut observations = Vec::new();
    for (row, (x, y)) in main.numbers("step_size")?.into_iter().zip(values).enumerate() {
        let (Some(x), Some(y)) = (x, y) else { continue };
        if x <= LARGEST_STEP {
            let next = names.len() as u64;
            let name = [norms[row], ratios[row], replicates[row]].map(|key| key.unwrap_or(0.0).to_bits());
            observations.push(Observation { x, y, replicate: *names.entry(name).or_insert(next) });
        }
    }
    Ok(observations)
}

/// The mean of ρ⁴ at the end of the runs that start with small steps.
fn fourth_power(persistent: &Table, replicates: u64) -> Result<Claim, Failure> {
    let says = "under fresh random targets the mean of ρ⁴ is ρ0⁴ + 2γ²G²k and its logarithm: measured over it";
    let small = levels(persistent, "step_size")?.into_iter().find(|step| *step <= SMALL_FRESH_STEP);
    let steps = persistent.with("step_size", small)?;
    let last = steps.numbers("updates")?.into_iter().flatten().fold(0.0, f64::max);
    let test = Equivalence {
        statement: "S2",
        says,
        keys: &["dimension"],
        column: "relative",
        margin: FOURTH_POWER,
        chosen: None,
    };
    let claim = test.claim(&steps.with("updates", last as u64)?, replicates)?;
    let note = format!("{} after {last} updates, in the worst dimension", claim.note);
    Ok(claim.noting(&note))
}

/// The exponent of ρ in the number of updates, once the start is forgotten.
fn quarter(persistent: &Table, replicates: u64) -> Result<Claim, Failure> {
    let says = "under fresh targets norms grow as the fourth root of time: fitted exponent of (mean ρ⁴)^¼";
    let long = persistent.with("dimension", LONG.0 as u64)?.with("step_size", LONG.1)?;
    let column = |name: &str| long.numbers(name).map(|values| values.into_iter().map(|x| x.unwrap_or(f64::NAN)));
    let grown = column("law")?.map(|law| law >= GROWN);
    let points = column("updates")?.zip(column("norm")?).zip(column("replicate")?);
    let observations: Vec<Observation> = points
        .zip(grown)
        .filter(|(_, grown)| *grown)
        .map(|(((x, y), replicate), _)| Observation { x, y, replicate: replicate as u64 })
        .collect();
    if replicates < ENOUGH || observations.is_empty() {
        return Ok(Claim::not_tested(
            "S2",
            Source::Ours,
            says,
            "needs 10 replicates and a mean of ρ⁴ 400 times the first",
        ));
    }
    Ok(match fit_power_law(&observations, 0.95) {
        Ok(law) => {
            let found = law.exponent;
            let measured = format!("{:.5} [{:.5}, {:.5}]", found.value, found.lower, found.upper);
            let note = format!(
                "where ρ⁴ is at least {GROWN} times what it was, so that what it was changes the exponent by at most {QUARTER}"
            );
            Claim { measured, ..Claim::equivalence("S2", says, 0.25, QUARTER, found) }.noting(&note)
        }
        Err(refusal) => Claim::outcome("S2", says, format!("0.25 ± {QUARTER}"), refusal.to_string(), false),
    })
}
