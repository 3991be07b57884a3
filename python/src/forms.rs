//! The closed forms over arrays, element by element, and `predict`.

use embedding_norms::catalogue::Parameters;
use embedding_norms::optimizer::entry;
use embedding_norms::rules;
use embedding_norms::setting::{SettingError, open_angle};
use embedding_norms::theory::convergence;
use embedding_norms::theory::duality;
use embedding_norms::theory::equilibrium::Persistent;
use embedding_norms::theory::growth;
use embedding_norms::theory::one_step::{Pair, step_size};
use embedding_norms::theory::pair::{Count, steps_of_pair, steps_of_pairs};
use embedding_norms_command::python::{self as asked, width};
use ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::prelude::*;

use crate::arguments::{loaded, parsed};
use crate::errors::{failed, refused};
use crate::losses::tell;

/// One array for each input, all of one length.
type Column<'py> = PyReadonlyArray1<'py, f64>;

/// One array for each number that a form gives.
type Columns<'py> = Vec<Bound<'py, PyArray1<f64>>>;

/// What closed forms of a pair take first: norms, learning rate and angle, and whether the second member is held still.
const PAIR: usize = 4;

/// Registers every form.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(steps, module)?)?;
    module.add_function(wrap_pyfunction!(convergence_map, module)?)?;
    module.add_function(wrap_pyfunction!(step, module)?)?;
    module.add_function(wrap_pyfunction!(flow_steps, module)?)?;
    module.add_function(wrap_pyfunction!(flow_angle, module)?)?;
    module.add_function(wrap_pyfunction!(population_steps, module)?)?;
    module.add_function(wrap_pyfunction!(turned_ratio, module)?)?;
    module.add_function(wrap_pyfunction!(best_norm, module)?)?;
    module.add_function(wrap_pyfunction!(pair_growth, module)?)?;
    module.add_function(wrap_pyfunction!(persistent_norm, module)?)?;
    module.add_function(wrap_pyfunction!(equilibrium, module)?)
}

/// A form for each element of arrays of one length, without the interpreter; the first refusal with its place.
fn each<'py, const N: usize, const M: usize>(
    py: Python<'py>,
    inputs: [Column<'py>; N],
    form: impl Fn([f64; N]) -> Result<[f64; M], SettingError> + Send + Sync,
) -> PyResult<Columns<'py>> {
    let slices = inputs.iter().map(|input| input.as_slice()).collect::<Result<Vec<_>, _>>()?;
    let elements = slices[0].len();
    let computed = py.detach(|| {
        let one =
            |place: usize| form(std::array::from_fn(|input| slices[input][place])).map_err(|error| (place, error));
        (0..elements).into_par_iter().with_min_len(64).map(one).collect::<Result<Vec<_>, _>>()
    });
    let computed = computed.map_err(|(place, error)| {
        let place = if elements > 1 { format!("element {place}: ") } else { String::new() };
        PyValueError::new_err(format!("{place}{error}"))
    })?;
    let output = |output: usize| computed.iter().map(|all| all[output]).collect::<Vec<_>>().into_pyarray(py);
    Ok((0..M).map(output).collect())
}

/// A pair as D1 sees it, from both norms, γ and φ.
fn pair([first, second, gamma, angle]: [f64; PAIR], still: bool) -> Result<Pair, SettingError> {
    Ok(Pair {
        half_tangent: libm::tan(0.5 * open_angle(angle)?),
        first: step_size(gamma, first)?,
        second: if still { 0.0 } else { step_size(gamma, second)? },
    })
}

/// The steps that D1 counts: infinite for a pair that stands, NaN where the budget was spent first.
#[pyfunction]
#[pyo3(signature = (norm, second, gamma, angle, tolerance, *, still, budget))]
#[expect(clippy::too_many_arguments, reason = "the Python function has them by name")]
fn steps<'py>(
    py: Python<'py>,
    norm: Column<'py>,
    second: Column<'py>,
    gamma: Column<'py>,
    angle: Column<'py>,
    tolerance: Column<'py>,
    still: bool,
    budget: u64,
) -> PyResult<Columns<'py>> {
    each(py, [norm, second, gamma, angle, tolerance], |[first, second, gamma, angle, epsilon]| {
        let count = steps_of_pair(pair([first, second, gamma, angle], still)?, epsilon, budget)?;
        Ok([match count {
            Count::Reached { steps, .. } => steps as f64,
            Count::Stationary => f64::INFINITY,
            Count::Budget => f64::NAN,
        }])
    })
}

/// The steps of pairs of equal norms, a row for each norm and a column for each angle; NaN where the budget was spent first.
#[pyfunction]
fn convergence_map<'py>(
    py: Python<'py>,
    norms: Column<'py>,
    angles: Column<'py>,
    gamma: f64,
    tolerance: f64,
    budget: u64,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let (norms, angles) = (norms.as_slice()?, angles.as_slice()?);
    let half = |angle: &f64| Ok(libm::tan(0.5 * open_angle(*angle)?));
    let half_tangents = angles.iter().map(half).collect::<Result<Vec<_>, SettingError>>().map_err(refused)?;
    let row = |norm: &f64| {
        let sizes = vec![step_size(gamma, *norm)?; half_tangents.len()];
        let counts = steps_of_pairs(&half_tangents, &sizes, tolerance, budget)?;
        Ok(counts.into_iter().map(|count| count.map_or(f64::NAN, |steps| steps as f64)).collect::<Vec<_>>())
    };
    let rows = py.detach(|| norms.par_iter().map(row).collect::<Result<Vec<_>, SettingError>>()).map_err(refused)?;
    let map = Array2::from_shape_vec((norms.len(), angles.len()), rows.concat()).map_err(refused)?;
    Ok(map.into_pyarray(py))
}

/// Angle and norms after one step (D1).
#[pyfunction]
#[pyo3(signature = (norm, second, gamma, angle, *, still))]
fn step<'py>(
    py: Python<'py>,
    norm: Column<'py>,
    second: Column<'py>,
    gamma: Column<'py>,
    angle: Column<'py>,
    still: bool,
) -> PyResult<Columns<'py>> {
    each(py, [norm, second, gamma, angle], |[first, second, gamma, angle]| {
        let after = pair([first, second, gamma, angle], still)?.step();
        let norm = |size: f64| (gamma / size).sqrt();
        let second = if still { second } else { norm(after.second) };
        Ok([2.0 * libm::atan(after.half_tangent), norm(after.first), second])
    })
}

/// Steps of the gradient flow (L1), and those with one and with two more orders.
#[pyfunction]
#[pyo3(signature = (norm, second, gamma, angle, tolerance, *, still))]
fn flow_steps<'py>(
    py: Python<'py>,
    norm: Column<'py>,
    second: Column<'py>,
    gamma: Column<'py>,
    angle: Column<'py>,
    tolerance: Column<'py>,
    still: bool,
) -> PyResult<Columns<'py>> {
    each(py, [norm, second, gamma, angle, tolerance], |[first, second, gamma, angle, epsilon]| {
        let Pair { half_tangent: k, first: alpha, second: beta } = pair([first, second, gamma, angle], still)?;
        Ok([
            convergence::flow_steps(k, alpha, beta, epsilon)?,
            convergence::next_order_steps(k, alpha, beta, epsilon)?,
            convergence::second_order_steps(k, alpha, beta, epsilon)?,
        ])
    })
}

/// The angle after a time of so many steps of gradient flow (L1).
#[pyfunction]
#[pyo3(signature = (norm, second, gamma, angle, steps, *, still))]
fn flow_angle<'py>(
    py: Python<'py>,
    norm: Column<'py>,
    second: Column<'py>,
    gamma: Column<'py>,
    angle: Column<'py>,
    steps: Column<'py>,
    still: bool,
) -> PyResult<Columns<'py>> {
    each(py, [norm, second, gamma, angle, steps], |[first, second, gamma, angle, steps]| {
        let Pair { half_tangent: k, first: alpha, second: beta } = pair([first, second, gamma, angle], still)?;
        Ok([2.0 * libm::atan(convergence::flow_half_tangent(k, alpha, beta, steps))])
    })
}

/// Steps of gradient flow until the mean of 1 − cos φ over a population is ε (L4); infinite where it never gets there.
#[pyfunction]
fn population_steps(
    py: Python<'_>,
    angles: Column<'_>,
    norms: [f64; 2],
    gamma: f64,
    tolerance: f64,
    still: bool,
) -> PyResult<f64> {
    let angles = angles.as_slice()?;
    let found = py.detach(|| {
        let half = |angle: &f64| Ok(libm::tan(0.5 * open_angle(*angle)?));
        let half_tangents = angles.iter().map(half).collect::<Result<Vec<_>, SettingError>>()?;
        let [alpha, beta] = [step_size(gamma, norms[0])?, if still { 0.0 } else { step_size(gamma, norms[1])? }];
        convergence::population_flow_steps(&half_tangents, alpha, beta, tolerance)
    });
    Ok(found.map_err(refused)?.unwrap_or(f64::INFINITY))
}

/// The ratio of the angles that both members turn altogether (L5).
#[pyfunction]
fn turned_ratio<'py>(
    py: Python<'py>,
    norm: Column<'py>,
    second: Column<'py>,
    gamma: Column<'py>,
    angle: Column<'py>,
    tolerance: Column<'py>,
) -> PyResult<Columns<'py>> {
    each(py, [norm, second, gamma, angle, tolerance], |[first, second, gamma, angle, epsilon]| {
        let Pair { first: alpha, second: beta, .. } = pair([first, second, gamma, angle], false)?;
        Ok([convergence::turned_ratio(alpha, beta, angle, epsilon)?])
    })
}

/// The best norm of a pair (L8).
#[pyfunction]
fn best_norm<'py>(py: Python<'py>, gamma: Column<'py>, angle: Column<'py>) -> PyResult<Columns<'py>> {
    each(py, [gamma, angle], |[gamma, angle]| Ok([duality::best_norm(gamma, angle)?]))
}

/// The growth of both squared norms of a pair that converges (S1).
#[pyfunction]
fn pair_growth<'py>(
    py: Python<'py>,
    norm: Column<'py>,
    second: Column<'py>,
    gamma: Column<'py>,
    angle: Column<'py>,
) -> PyResult<Columns<'py>> {
    each(py, [norm, second, gamma, angle], |[first, second, gamma, angle]| {
        let growth = growth::pair_growth(gamma, first, second, angle)?;
        Ok([growth.first, growth.second])
    })
}

/// The norm after so many updates under fresh random targets (S2): the fourth root of the mean of ρ⁴.
#[pyfunction]
#[pyo3(signature = (norm, gamma, updates, *, dimension))]
fn persistent_norm<'py>(
    py: Python<'py>,
    norm: Column<'py>,
    gamma: Column<'py>,
    updates: Column<'py>,
    dimension: usize,
) -> PyResult<Columns<'py>> {
    let (square, fourth) = growth::fresh_targets(dimension);
    each(py, [norm, gamma, updates], |[norm, gamma, updates]| {
        Ok([growth::persistent_fourth_power(gamma, norm, square, fourth, updates)?.sqrt().sqrt()])
    })
}

/// Where norms settle under weight decay (S3): norm, angle per step, steps of relaxation, next order of the norm.
#[pyfunction]
#[pyo3(signature = (gamma, decay, dimension, frequency, *, optimizer, settings, coupled))]
#[expect(clippy::too_many_arguments, reason = "the Python function has them by name")]
fn equilibrium<'py>(
    py: Python<'py>,
    gamma: Column<'py>,
    decay: Column<'py>,
    dimension: Column<'py>,
    frequency: Column<'py>,
    optimizer: &str,
    settings: Vec<(String, f64)>,
    coupled: bool,
) -> PyResult<Columns<'py>> {
    let entry = entry(optimizer).map_err(refused)?;
    let settings = settings.iter().fold(Parameters::defaults(), |all, (name, value)| all.with(name, *value));
    entry.build(&settings).map_err(refused)?;
    let rule = rules::settling(entry, coupled, &settings).ok_or_else(|| {
        let kind = if coupled { "coupled" } else { "decoupled" };
        PyValueError::new_err(format!("S3 knows no equilibrium of {} with {kind} decay", entry.name))
    })?;
    each(py, [gamma, decay, dimension, frequency], |[gamma, decay, dimension, frequency]| {
        let persistent = Persistent::new(gamma, decay)?.frequency(frequency)?;
        let settled = persistent.equilibrium(rule, dimension)?;
        Ok([settled.norm, settled.angle, settled.relaxation, persistent.next_order(rule, dimension)?])
    })
}

/// What the closed forms say of one pair and of an optimizer, as a record and as a page.
#[pyfunction]
pub fn predict(py: Python<'_>, arguments: Vec<String>) -> PyResult<(Bound<'_, PyAny>, String)> {
    let matches = parsed(asked::predict::command(), &arguments)?;
    let said = asked::predict::said(&matches, width()).map_err(failed)?;
    tell(py, &[&said.note])?;
    Ok((loaded(py, &said.record)?, said.text.trim_end().to_owned()))
}
