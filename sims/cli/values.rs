//! Readers of option values: what the parser accepts is valid, and what it refuses says why.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PathBufValueParser, TypedValueParser};
use embedding_norms::setting;

/// The name of a choice, as it is given on the command line and written in tables.
pub fn name(choice: impl ValueEnum) -> String {
    choice.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// A number, whose domain is checked by what takes it.
pub fn number(text: &str) -> Result<f64, String> {
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

/// Whether a text is a negative number, which a whole number that is asked for cannot be.
fn is_negative(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok_and(|value| value < 0.0)
}

/// A whole number for which `valid` holds, or what is required of it.
fn whole<T: std::str::FromStr>(text: &str, valid: impl Fn(&T) -> bool, requirement: &str) -> Result<T, String> {
    match text.trim().parse::<T>() {
        Ok(value) if valid(&value) => Ok(value),
        Ok(_) => Err(requirement.to_owned()),
        Err(_) if is_negative(text) => Err(format!("{requirement}, not {}", text.trim())),
        Err(_) => Err(format!("'{text}' is not a whole number")),
    }
}

/// A whole number of at least 0.
pub fn seed(text: &str) -> Result<u64, String> {
    whole(text, |_| true, "it must be at least 0")
}

/// The number of a step, from 0 on.
pub fn step(text: &str) -> Result<u64, String> {
    whole(text, |_| true, "a step is numbered from 0 on")
}

/// A count that may be 0: a whole number of at least 0.
pub fn amount(text: &str) -> Result<usize, String> {
    whole(text, |_| true, "it must be at least 0")
}

/// A whole number of at least 1.
pub fn count(text: &str) -> Result<usize, String> {
    whole(text, |value| *value > 0, "it must be at least 1")
}

/// How many replicates: a whole number of at least 1.
pub fn replicates(text: &str) -> Result<NonZeroU64, String> {
    let value = whole(text, |value: &u64| *value > 0, "it must be at least 1")?;
    NonZeroU64::new(value).ok_or_else(|| "it must be at least 1".to_owned())
}

/// How many threads: a whole number of at least 1.
pub fn threads(text: &str) -> Result<NonZeroUsize, String> {
    NonZeroUsize::new(count(text)?).ok_or_else(|| "it must be at least 1".to_owned())
}

/// A dimension of at least 2.
pub fn dimension(text: &str) -> Result<usize, String> {
    whole(text, |value| *value > 1, "directions need at least 2 dimensions")
}

/// A file to read. `-` (stdin) is refused: every file is read more than once.
pub fn file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        if path.as_os_str() == "-" {
            return Err(
                "standard input is not read; save it as a file (.npy, .npz, .safetensors, .csv) and give its name",
            );
        }
        Ok(path)
    })
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
