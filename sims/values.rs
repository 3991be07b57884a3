//! Readers of option values: what the parser accepts is valid, and what it refuses says why.

use embedding_norms::setting;

fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| format!("'{text}' is not a number"))
}

/// A finite number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    setting::positive("the value", number(text)?).map_err(|error| error.to_string())
}

/// A tolerance on 1 − cos φ.
pub fn tolerance(text: &str) -> Result<f64, String> {
    setting::tolerance("the tolerance", number(text)?).map_err(|error| error.to_string())
}

/// An angle strictly between 0 and π radians.
pub fn angle(text: &str) -> Result<f64, String> {
    setting::open_angle(number(text)?).map_err(|error| error.to_string())
}

/// A whole number of at least 1.
pub fn count(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(0) => Err("it must be at least 1".to_owned()),
        Ok(value) => Ok(value),
        Err(_) => Err(format!("'{text}' is not a whole number")),
    }
}

/// A dimension of at least 2.
pub fn dimension(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(0 | 1) => Err("directions need at least 2 dimensions".to_owned()),
        Ok(value) => Ok(value),
        Err(_) => Err(format!("'{text}' is not a whole number")),
    }
}

/// A number of at least 0 and below 1.
pub fn share(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    setting::within("the value", value, (0.0..1.0).contains(&value), "at least 0 and below 1")
        .map_err(|error| error.to_string())
}

/// A frequency of updates, above 0 and at most 1.
pub fn frequency(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    setting::within("the value", value, value > 0.0 && value <= 1.0, "above 0 and at most 1")
        .map_err(|error| error.to_string())
}
