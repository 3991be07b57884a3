//! What stands for the formats whose features this crate is built without: it refuses and names the feature.

use super::FigureError;

/// Refuses: the feature `png` is off.
///
/// # Errors
/// [`FigureError::LeftOut`], always.
#[cfg(not(feature = "png"))]
pub fn png(_svg: &str, _pixels_per_point: f64) -> Result<Vec<u8>, FigureError> {
    Err(FigureError::LeftOut { format: "PNG", feature: "png" })
}

/// Refuses: the feature `png` is off.
///
/// # Errors
/// [`FigureError::LeftOut`], always.
#[cfg(not(feature = "png"))]
pub fn animation(_frames: &[String], _pixels_per_point: f64, _hundredths: u16) -> Result<Vec<u8>, FigureError> {
    Err(FigureError::LeftOut { format: "GIF", feature: "png" })
}

/// Refuses: the feature `pdf` is off.
///
/// # Errors
/// [`FigureError::LeftOut`], always.
pub fn pdf(_svg: &str) -> Result<Vec<u8>, FigureError> {
    Err(FigureError::LeftOut { format: "PDF", feature: "pdf" })
}
