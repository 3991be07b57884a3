//! What whole diagnoses say, word by word and with their numbers to six digits, as kept in the files beside this one: every
//! branch of the levers, of the steps and of what norms mean. The closed forms behind the numbers are tests of their own.

mod levers;
mod norms;
mod steps;

use std::fmt::Write;

use embedding_norms::diagnosis::{Answer, Diagnosis, Quantity, Topic};

/// The variable of the environment that asks for new records.
const UPDATE: &str = "UPDATE_SNAPSHOTS";

/// Passes if the text is that of the kept file.
fn compare(name: &str, found: &str) {
    let path = format!("{}/tests/diagnosis/record/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os(UPDATE).is_some() {
        return std::fs::write(path, found).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    let case = |line: usize| found.lines().take(line + 1).filter(|line| line.starts_with("# ")).last();
    for (number, (found, kept)) in found.lines().zip(kept.lines()).enumerate() {
        assert_eq!(
            found,
            kept,
            "line {} of {name}.txt, {:?}; {UPDATE}=1 keeps what is found",
            number + 1,
            case(number)
        );
    }
    assert_eq!(found.lines().count(), kept.lines().count(), "{name}.txt; {UPDATE}=1 keeps what is found");
}

fn digits(value: f64) -> String {
    let text = format!("{value:.5e}");
    // Rounding leaves something or nothing of what is nothing.
    if value.abs() < 1e-12 { "0".to_owned() } else { text }
}

fn number(quantity: &Quantity) -> String {
    let value = quantity.value.map_or_else(|| quantity.missing.unwrap_or("no value").to_owned(), digits);
    let interval = quantity.interval.map(|(low, high)| format!(" [{}, {}]", digits(low), digits(high)));
    let unit = if quantity.unit.is_empty() { String::new() } else { format!(" {}", quantity.unit) };
    format!("  {} = {value}{}{unit}\n", quantity.name, interval.unwrap_or_default())
}

/// An answer in words and numbers.
fn told(answer: &Answer) -> String {
    let Answer { key, finding, statement, formula, conditions, worth, why, needs, .. } = answer;
    let mut text = format!("[{key}] {worth:?} {}\n  {finding}\n", statement.unwrap_or_default());
    for (name, words) in [("formula", *formula), ("on", conditions), ("why", why)] {
        if !words.is_empty() {
            writeln!(text, "  {name}: {words}").unwrap();
        }
    }
    if !needs.is_empty() {
        writeln!(text, "  needs: {needs:?}").unwrap();
    }
    text.extend(answer.quantities.iter().map(number));
    text
}

/// The numbers of a value in JSON with six digits.
fn rounded(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) if number.is_f64() => Value::String(digits(number.as_f64().unwrap())),
        Value::Array(values) => values.into_iter().map(rounded).collect(),
        Value::Object(values) => values.into_iter().map(|(key, value)| (key, rounded(value))).collect(),
        value => value,
    }
}

/// The verdict, and the answers on these topics.
fn record(name: &str, diagnosis: &Diagnosis, topics: &[Topic]) -> String {
    let verdict = &diagnosis.verdict;
    let mut text = format!("# {name}\nnorms: {}\nsteps: {}\nnext: {}\n", verdict.norms, verdict.steps, verdict.next);
    text.extend(diagnosis.answers.iter().filter(|answer| topics.contains(&answer.topic)).map(told));
    text + "\n"
}
