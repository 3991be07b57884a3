//! The compiled part of the Python package `embedding_norms`: arrays in, arrays out, and the command.
//!
//! Nothing is computed or worded here. What the library does not have itself is asked of the command, so that one wheel
//! carries both.

mod arguments;
mod command;
mod descent;
mod diagnosis;
mod errors;
mod forms;
mod losses;
mod records;

use pyo3::prelude::*;

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(command::command, module)?)?;
    module.add_function(wrap_pyfunction!(losses::gradient, module)?)?;
    module.add_function(wrap_pyfunction!(losses::losses, module)?)?;
    module.add_function(wrap_pyfunction!(losses::optimizers, module)?)?;
    module.add_function(wrap_pyfunction!(descent::simulate, module)?)?;
    module.add_function(wrap_pyfunction!(forms::predict, module)?)?;
    module.add_function(wrap_pyfunction!(records::angles, module)?)?;
    module.add_function(wrap_pyfunction!(records::next_record, module)?)?;
    module.add_class::<diagnosis::Diagnosis>()?;
    forms::register(module)
}
