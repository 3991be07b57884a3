//! Checks of settings: a value that has passed is valid, one that has not is named with what to change.
//!
//! ```
//! use embedding_norms::setting::positive;
//! assert_eq!(positive("the temperature", 0.5), Ok(0.5));
//! let refused = positive("the temperature", -1.0).unwrap_err();
//! assert_eq!(refused.to_string(), "the temperature must be a finite number above 0, not -1");
//! ```

/// A setting outside its domain.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name} must be {requirement}, not {}", in_digits(*.value))]
pub struct SettingError {
    /// The name of the setting, in words.
    pub name: &'static str,
    /// The value that was given.
    pub value: f64,
    /// What it has to be.
    pub requirement: &'static str,
}

/// Which gradient the very first step of a pair follows: a setting of every engine that counts steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstStep {
    /// The cosine's, like all later steps.
    Cosine,
    /// The inner product's, as in the authors' public notebook.
    DotProduct,
}

/// A value as it was given; in powers of ten where it has hundreds of digits.
fn in_digits(value: f64) -> String {
    match value.abs() {
        f64::INFINITY => format!("{}infinity", if value < 0.0 { "-" } else { "" }),
        size if size == 0.0 || size.is_nan() || (1e-20..1e20).contains(&size) => value.to_string(),
        _ => format!("{value:e}"),
    }
}

/// A finite number above 0.
///
/// # Errors
/// Zero, a negative number, NaN or an infinity, under the given name.
///
/// ```
/// use embedding_norms::setting::positive;
/// assert_eq!(positive("the norm", 0.5), Ok(0.5));
/// assert_eq!(positive("the norm", -1.0).unwrap_err().to_string(), "the norm must be a finite number above 0, not -1");
/// ```
pub fn positive(name: &'static str, value: f64) -> Result<f64, SettingError> {
    within(name, value, value.is_finite() && value > 0.0, "a finite number above 0")
}

/// A tolerance ε on 1 − cos φ, between 0 and 2.
///
/// # Errors
/// A number outside (0, 2), or NaN, under the given name.
pub fn tolerance(name: &'static str, value: f64) -> Result<f64, SettingError> {
    within(name, value, value > 0.0 && value < 2.0, "above 0 and below 2, as 1 − cos φ is")
}

/// An angle strictly between 0 and π radians.
///
/// # Errors
/// An angle outside, or NaN.
pub fn open_angle(value: f64) -> Result<f64, SettingError> {
    let inside = value > 0.0 && value < std::f64::consts::PI;
    within("the angle", value, inside, "above 0 and below π radians (an antipodal pair never moves)")
}

/// Passes a value for which `valid` holds.
///
/// # Errors
/// The value under its name, with the requirement, if it does not hold.
pub fn within(name: &'static str, value: f64, valid: bool, requirement: &'static str) -> Result<f64, SettingError> {
    if valid { Ok(value) } else { Err(SettingError { name, value, requirement }) }
}
