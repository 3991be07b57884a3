//! What a diagnosis leaves behind: a record and tables.

use embedding_norms::lab::table::{Table, Value as Field};
use serde_json::{Value, json};

use super::{Case, NAME};
use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::output::{Folder, file_name};

/// Everything as one object.
pub fn record(case: &Case<'_>) -> Result<Value, Failure> {
    let diagnosis = &case.diagnosis;
    let sample = &case.subject.sample;
    let content = json!({
        "verdict": diagnosis.verdict,
        "settings": case.question.record(&case.options),
        "rows": sample.total(),
        "dimension": case.subject.last().dimension(),
        "looked_at": sample.rows().len(),
        "answers": diagnosis.answers,
        "course": diagnosis.course,
        "classes": diagnosis.classes,
        "norm_groups": diagnosis.groups,
        "standing": diagnosis.standing.map(|standing| json!({
            "side": standing.side(),
            "angle": standing.angle,
            "leg": standing.leg,
            "excess": standing.excess,
        })),
    });
    envelope::object(NAME, &content)
}

/// Writes the record and the tables.
pub fn write(folder: &Folder, case: &Case<'_>, record: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(record)? + "\n";
    folder.write(&file_name(NAME, "", "json"), text.as_bytes())?;
    let mut tables = vec![("", answers(case)), ("course", course(case))];
    if !case.diagnosis.classes.is_empty() {
        tables.push(("classes", classes(case)));
    }
    if !case.diagnosis.groups.is_empty() {
        tables.push(("norm-groups", groups(case)));
    }
    let left_out = left_out(case);
    if !left_out.rows().is_empty() {
        tables.push(("left-out", left_out));
    }
    for (part, table) in tables {
        folder.write(&file_name(NAME, part, "csv"), table.to_csv()?.as_bytes())?;
    }
    Ok(())
}

/// A row per number of an answer.
fn answers(case: &Case<'_>) -> Table {
    let mut table = Table::new(&["answer", "statement", "worth", "quantity", "value", "lower", "upper", "unit"]);
    for answer in &case.diagnosis.answers {
        for quantity in &answer.quantities {
            table.push([
                answer.key.into(),
                answer.statement.into(),
                answer.worth.words().into(),
                quantity.name.as_str().into(),
                quantity.value.into(),
                quantity.interval.map(|interval| interval.0).into(),
                quantity.interval.map(|interval| interval.1).into(),
                quantity.unit.into(),
            ]);
        }
    }
    table
}

/// A row per checkpoint.
fn course(case: &Case<'_>) -> Table {
    let mut table = Table::new(&[
        "checkpoint",
        "file",
        "left_out",
        "mean_norm",
        "median_norm",
        "variation",
        "effective_rank",
        "mean_cosine",
        "positive_angle",
        "opposite",
        "distance_correlation",
        "agreement_correlation",
        "agreement",
        "auroc",
        "turned",
        "turned_per_step_lower",
        "turned_per_step_upper",
    ]);
    for (index, state) in case.diagnosis.course.iter().enumerate() {
        table.push([
            index.into(),
            state.name.as_str().into(),
            state.left_out.into(),
            state.norms.mean.into(),
            state.norms.median().into(),
            state.norms.variation.into(),
            state.effective_rank.into(),
            state.mean_cosine.into(),
            state.positive_angle.into(),
            state.opposite.into(),
            state.distance_correlation.into(),
            state.agreement_correlation.into(),
            state.agreement.into(),
            state.auroc.into(),
            state.turned.into(),
            state.turned_per_step.map(|bounds| bounds.0).into(),
            state.turned_per_step.map(|bounds| bounds.1).into(),
        ]);
    }
    table
}

fn classes(case: &Case<'_>) -> Table {
    let mut table = Table::new(&["class", "count", "mean", "lower", "upper", "median"]);
    for class in &case.diagnosis.classes {
        table.push([
            class.class.as_str().into(),
            class.count.into(),
            class.mean.into(),
            class.interval.map(|interval| interval.0).into(),
            class.interval.map(|interval| interval.1).into(),
            class.median.into(),
        ]);
    }
    table
}

fn groups(case: &Case<'_>) -> Table {
    let mut table = Table::new(&["group", "norm", "neighbour_distance", "label_agreement"]);
    for (index, group) in case.diagnosis.groups.iter().enumerate() {
        table.push([index.into(), group.norm.into(), group.distance.into(), Field::from(group.agreement)]);
    }
    table
}

/// Every row without a direction.
fn left_out(case: &Case<'_>) -> Table {
    let mut table = Table::new(&["file", "row", "fault"]);
    let subject = &case.subject;
    for set in subject.checkpoints.iter().chain(&subject.positives).chain(&subject.reference) {
        for (row, fault) in set.left_out() {
            table.push([set.name().into(), (*row).into(), fault.name().into()]);
        }
    }
    table
}
