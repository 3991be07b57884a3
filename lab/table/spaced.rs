//! Whole numbers in one text, separated by spaces, as a column of a table, for `#[serde(with = "embedding_norms_lab::table::spaced")]`:
//! so a row of thousands of numbers is one field.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// What stands for a missing number.
const MISSING: &str = "-";

/// Writes the numbers.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(numbers: &[Option<u64>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(numbers))
}

/// Reads the numbers.
///
/// # Errors
/// Those of the deserializer, and a word that is neither a whole number nor `-`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Option<u64>>, D::Error> {
    numbers(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn text(numbers: &[Option<u64>]) -> String {
    let mut text = String::new();
    for number in numbers {
        text += &number.map_or_else(|| MISSING.to_owned(), |number| number.to_string());
        text.push(' ');
    }
    text.pop();
    text
}

fn numbers(text: &str) -> Result<Vec<Option<u64>>, std::num::ParseIntError> {
    // Splitting an empty text gives one word.
    let words = text.split(' ').filter(|_| !text.is_empty());
    words.map(|word| if word == MISSING { Ok(None) } else { word.parse().map(Some) }).collect()
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use crate::table::Table;

    #[derive(Debug, Serialize, Deserialize)]
    struct Row {
        #[serde(with = "super")]
        steps: Vec<Option<u64>>,
    }

    #[test]
    fn no_number_is_an_empty_text() {
        assert_eq!(super::numbers(&super::text(&[])), Ok(Vec::new()));
        assert!(super::numbers("1  2").is_err());
    }

    #[test]
    fn numbers_come_back_from_the_file_with_those_that_are_missing() {
        let written = [vec![Some(3), None, Some(0)], vec![None], vec![Some(7)]];
        let mut table = Table::of_rows::<Row>();
        table.extend(&written.clone().map(|steps| Row { steps })).unwrap();
        let text = table.to_csv().unwrap();
        assert_eq!(text, "steps\n3 - 0\n-\n7\n");
        let read: Vec<Row> = Table::read_csv(text.as_bytes()).unwrap().typed().unwrap();
        assert_eq!(read.into_iter().map(|row| row.steps).collect::<Vec<_>>(), written);
        let broken = Table::read_csv("steps\n3 x\n".as_bytes()).unwrap().typed::<Row>().unwrap_err();
        assert!(broken.to_string().starts_with("row 1"), "{broken}");
    }
}
