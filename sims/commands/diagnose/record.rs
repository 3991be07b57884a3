//! What a diagnosis leaves behind: a record and tables.

use embedding_norms::diagnosis::{ClassNorms, Fault, NormGroup, State};
use embedding_norms_lab::table::Table;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Case, NAME};
use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::output::{Folder, file_name};

/// Everything as one object.
pub fn record(case: &Case) -> Result<Value, Failure> {
    let diagnosis = &case.diagnosis;
    let sample = &case.subject.sample;
    let content = json!({
        "verdict": diagnosis.verdict,
        "settings": case.question.record(&case.options, case.words.order),
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
            "aim": standing.aim,
            "excess": standing.excess,
        })),
        "forecast": diagnosis.forecast,
    });
    envelope::object(NAME, &content)
}

/// Writes the record and the tables.
pub fn write(folder: &Folder, case: &Case, record: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(record)? + "\n";
    folder.write(&file_name(NAME, "", "json"), text.as_bytes())?;
    let mut tables = vec![("", Table::from_rows(&numbers(case))?), ("course", Table::from_rows(&course(case))?)];
    let (classes, groups, left_out) = (classes(case), groups(case), left_out(case));
    if !classes.is_empty() {
        tables.push(("classes", Table::from_rows(&classes)?));
    }
    if !groups.is_empty() {
        tables.push(("norm-groups", Table::from_rows(&groups)?));
    }
    if !left_out.is_empty() {
        tables.push(("left-out", Table::from_rows(&left_out)?));
    }
    for (part, table) in tables {
        folder.write(&file_name(NAME, part, "csv"), table.to_csv()?.as_bytes())?;
    }
    Ok(())
}

/// A number of an answer.
#[derive(Serialize, Deserialize)]
struct Number {
    answer: String,
    statement: Option<String>,
    worth: String,
    quantity: String,
    value: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    unit: String,
}

fn numbers(case: &Case) -> Vec<Number> {
    let numbers = case.diagnosis.answers.iter().flat_map(|answer| {
        answer.quantities.iter().map(|quantity| {
            let (lower, upper) = quantity.interval.unzip();
            Number {
                answer: answer.key.to_owned(),
                statement: answer.statement.map(str::to_owned),
                worth: answer.worth.words().to_owned(),
                quantity: quantity.name.clone(),
                value: quantity.value,
                lower,
                upper,
                unit: quantity.unit.to_owned(),
            }
        })
    });
    numbers.collect()
}

/// A checkpoint.
#[derive(Serialize, Deserialize)]
struct Checkpoint {
    checkpoint: usize,
    file: String,
    step: Option<u64>,
    left_out: usize,
    mean_norm: f64,
    median_norm: f64,
    variation: f64,
    effective_rank: f64,
    mean_cosine: Option<f64>,
    positive_angle: Option<f64>,
    alignment: Option<f64>,
    opposite: Option<f64>,
    distance_correlation: Option<f64>,
    distance_lower: Option<f64>,
    distance_upper: Option<f64>,
    agreement_correlation: Option<f64>,
    agreement_lower: Option<f64>,
    agreement_upper: Option<f64>,
    agreement: Option<f64>,
    auroc: Option<f64>,
    turned: Option<f64>,
    turned_per_step_lower: Option<f64>,
    turned_per_step_upper: Option<f64>,
    best_turn: Option<f64>,
    over_best_lower: Option<f64>,
    over_best_upper: Option<f64>,
    growth: Option<f64>,
    rotations_lower: Option<f64>,
    rotations_upper: Option<f64>,
    budget: Option<f64>,
    predicted: Option<f64>,
    predicted_lower: Option<f64>,
    predicted_upper: Option<f64>,
}

fn course(case: &Case) -> Vec<Checkpoint> {
    let row = |(checkpoint, state): (usize, &State)| {
        let (turned_per_step_lower, turned_per_step_upper) = state.turned_per_step.unzip();
        let (distance_lower, distance_upper) = state.distance_interval.unzip();
        let (agreement_lower, agreement_upper) = state.agreement_interval.unzip();
        let (over_best_lower, over_best_upper) = state.over_best.unzip();
        let (rotations_lower, rotations_upper) = state.ledger.and_then(|ledger| ledger.rotations).unzip();
        let predicted = case.diagnosis.forecast.iter().flat_map(|forecast| &forecast.rest);
        let predicted = predicted.copied().find(|it| it.checkpoint == checkpoint);
        Checkpoint {
            checkpoint,
            file: state.name.clone(),
            step: state.step,
            left_out: state.left_out,
            mean_norm: state.norms.mean,
            median_norm: state.norms.median(),
            variation: state.norms.variation,
            effective_rank: state.effective_rank,
            mean_cosine: state.mean_cosine,
            positive_angle: state.positive_angle,
            alignment: state.alignment,
            opposite: state.opposite,
            distance_correlation: state.distance_correlation,
            distance_lower,
            distance_upper,
            agreement_correlation: state.agreement_correlation,
            agreement_lower,
            agreement_upper,
            agreement: state.agreement,
            auroc: state.auroc,
            turned: state.turned,
            turned_per_step_lower,
            turned_per_step_upper,
            best_turn: state.best_turn,
            over_best_lower,
            over_best_upper,
            growth: state.ledger.map(|ledger| ledger.growth),
            rotations_lower,
            rotations_upper,
            budget: state.ledger.and_then(|ledger| ledger.budget),
            predicted: predicted.map(|it| it.predicted),
            predicted_lower: predicted.map(|it| it.interval.0),
            predicted_upper: predicted.map(|it| it.interval.1),
        }
    };
    case.diagnosis.course.iter().enumerate().map(row).collect()
}

/// The norms of a class.
#[derive(Serialize, Deserialize)]
struct Class {
    class: String,
    count: usize,
    mean: f64,
    lower: Option<f64>,
    upper: Option<f64>,
    median: f64,
}

fn classes(case: &Case) -> Vec<Class> {
    let row = |found: &ClassNorms| {
        let (lower, upper) = found.interval.unzip();
        Class { class: found.class.clone(), count: found.count, mean: found.mean, lower, upper, median: found.median }
    };
    case.diagnosis.classes.iter().map(row).collect()
}

/// Embeddings of about the same norm.
#[derive(Serialize, Deserialize)]
struct Group {
    group: usize,
    norm: f64,
    neighbour_distance: f64,
    label_agreement: Option<f64>,
}

fn groups(case: &Case) -> Vec<Group> {
    let groups = case.diagnosis.groups.iter().enumerate();
    let row = |(group, found): (usize, &NormGroup)| Group {
        group,
        norm: found.norm,
        neighbour_distance: found.distance,
        label_agreement: found.agreement,
    };
    groups.map(row).collect()
}

/// A row of a file without a direction.
#[derive(Serialize, Deserialize)]
struct LeftOut {
    file: String,
    row: usize,
    fault: String,
}

fn left_out(case: &Case) -> Vec<LeftOut> {
    let subject = &case.subject;
    let sets = subject.checkpoints.iter().chain(&subject.positives).chain(&subject.reference);
    let rows = sets.flat_map(|set| {
        let row = |(row, fault): &(usize, Fault)| LeftOut {
            file: set.name().to_owned(),
            row: *row,
            fault: fault.name().to_owned(),
        };
        set.left_out().iter().map(row)
    });
    rows.collect()
}
