//! What a run leaves behind: tables, a record, final positions.

use embedding_norms::simulation::{Outcome, Record};
use embedding_norms::statistics;
use embedding_norms_lab::table::{Table, Value as Field};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::NAME;
use crate::cli::arrays;
use crate::cli::envelope;
use crate::cli::failure::Failure;
use crate::cli::output::{Folder, file_name};

/// Writes every file of a run; the record as it stands in `simulate.json`.
pub fn write(folder: &Folder, settings: &Value, outcome: &Outcome) -> Result<Value, Failure> {
    folder.write(&file_name(NAME, "", "csv"), Table::from_rows(&summary(outcome))?.to_csv()?.as_bytes())?;
    folder.write(&file_name(NAME, "embeddings", "csv"), &embeddings(outcome)?)?;
    arrays::write(folder, &file_name(NAME, "first", "npy"), &outcome.first)?;
    if let Some(second) = &outcome.second {
        arrays::write(folder, &file_name(NAME, "second", "npy"), second)?;
    }
    let last = outcome.records.last().map(|last| last.loss);
    let content = json!({
        "settings": settings,
        "stop": outcome.stop.name(),
        "reached_goal": outcome.stop.is_goal(),
        "steps": outcome.steps,
        "initial_loss": outcome.records.first().map(|first| first.loss),
        "final_loss": last,
    });
    let record = envelope::object(NAME, &content)?;
    let text = serde_json::to_string_pretty(&record)? + "\n";
    folder.write(&file_name(NAME, "", "json"), text.as_bytes())?;
    Ok(record)
}

/// Means over the embeddings of one record.
#[derive(Serialize, Deserialize)]
struct Means {
    step: u64,
    loss: f64,
    mean_one_minus_cosine: Option<f64>,
    mean_angle: Option<f64>,
    mean_first_norm: Option<f64>,
    mean_second_norm: Option<f64>,
}

fn summary(outcome: &Outcome) -> Vec<Means> {
    // 1 − cos φ = 2 sin²(φ/2), which a difference from 1 could not resolve.
    let chord = |angle: &f64| {
        let sine = libm::sin(0.5 * angle);
        2.0 * sine * sine
    };
    let means = |record: &Record| Means {
        step: record.step,
        loss: record.loss,
        mean_one_minus_cosine: mean(&record.angles.iter().map(chord).collect::<Vec<_>>()),
        mean_angle: mean(&record.angles),
        mean_first_norm: mean(&record.first_norms),
        mean_second_norm: mean(&record.second_norms),
    };
    outcome.records.iter().map(means).collect()
}

/// A row per record and embedding, as CSV; written row by row, as there may be millions.
fn embeddings(outcome: &Outcome) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["step", "row", "angle", "first_norm", "second_norm"])?;
    for record in &outcome.records {
        for row in 0..outcome.first.nrows() {
            writer.write_record(fields(record, row))?;
        }
    }
    writer.into_inner().map_err(|error| Failure::Refused(error.to_string()))
}

fn fields(record: &Record, row: usize) -> [String; 5] {
    let number = |numbers: &[f64]| Field::from(numbers.get(row).copied()).field();
    [
        record.step.to_string(),
        row.to_string(),
        number(&record.angles),
        number(&record.first_norms),
        number(&record.second_norms),
    ]
}

/// The mean of numbers; none of no numbers.
fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| statistics::mean(numbers))
}
