//! The library's own renderer of figures, compiled into the tests: the library that they test may be built without it.

pub use embedding_norms_lab::figure::{FAMILY, FigureError, plain_fonts};

#[path = "../../lab/figure/export.rs"]
mod export;

pub use export::{overlaps, png, text_boxes};
