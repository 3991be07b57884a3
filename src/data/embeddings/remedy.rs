//! What to do about an array that is not a matrix of numbers: a line of Python that can be typed as it stands.

use super::element::Element;
use super::error::Problem;
use super::stored::StoredArray;

/// What an array is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A row of real numbers per embedding.
    Embeddings,
    /// A class per row.
    Labels,
    /// A number or several per row.
    Numbers,
}

impl Use {
    fn elements(self) -> &'static str {
        match self {
            Self::Embeddings => "f16, bf16, f32 or f64",
            Self::Labels => "integers or text",
            Self::Numbers => "numbers",
        }
    }

    fn shape(self) -> &'static str {
        match self {
            Self::Embeddings => "(rows, columns)",
            Self::Labels => "(rows,)",
            Self::Numbers => "(rows,) or (rows, columns)",
        }
    }
}

/// Elements of another type than needed.
pub(super) fn of_elements(array: &StoredArray, wanted: Use) -> Problem {
    if array.element == Element::Object || !array.shape.is_empty() {
        return Problem::Elements {
            place: array.place.clone(),
            found: array.element.to_string(),
            wanted: wanted.elements(),
            remedy: elements(array, wanted),
        };
    }
    of_shape(array, wanted)
}

/// An array of another number of dimensions than needed.
pub(super) fn of_shape(array: &StoredArray, wanted: Use) -> Problem {
    let remedy = match wanted {
        Use::Embeddings => shape(array),
        Use::Labels => format!("give one label per row; of scores, {}", saved(array, "z.argmax(1)")),
        Use::Numbers => format!("give numbers per row, {}", saved(array, "z.reshape(len(z), -1)")),
    };
    Problem::Dimensions { place: array.place.clone(), found: array.shape.clone(), wanted: wanted.shape(), remedy }
}

/// A line of Python that saves an expression of `z`.
fn saved(array: &StoredArray, expression: &str) -> String {
    python(&array.load, &format!("np.save(\"new.npy\", {expression})"))
}

/// A line of Python that loads `z` and does something with it.
fn python(load: &str, does: &str) -> String {
    let modules = ["safetensors.numpy", "safetensors.torch", "ml_dtypes", "numpy.lib.recfunctions"];
    let is_used = |module: &str| load.contains(module) || does.contains(module);
    let used = modules.into_iter().filter(|module| is_used(module));
    let imports: String = used.map(|module| format!("import {module}; ")).collect();
    format!("in Python: {imports}z = {load}; {does}")
}

fn elements(array: &StoredArray, wanted: Use) -> String {
    match (&array.element, wanted) {
        (Element::Object, _) => objects(array, wanted),
        (Element::Record(expression), _) => format!("save its numbers, {}", saved(array, expression)),
        (Element::Raw(2), _) => {
            let bfloats = saved(array, "z.view(ml_dtypes.bfloat16).astype(np.float32)");
            format!("numpy stores bfloat16 so; if they are, {bfloats}")
        }
        (Element::Raw(1), _) => {
            let floats = saved(array, "z.view(ml_dtypes.float8_e4m3fn).astype(np.float32)");
            format!("numpy stores float8 so; if they are of the kind e4m3fn, {floats}")
        }
        (Element::Raw(_), _) => "their type is not known; save them as float32".to_owned(),
        (Element::Complex(_), Use::Embeddings | Use::Numbers) => {
            format!("give real and imaginary parts, {}", saved(array, "np.hstack([z.real, z.imag])"))
        }
        (Element::Other(name), _) if name.starts_with(['F', 'C']) => {
            let (what, expression) = match name.starts_with('F') {
                true => ("widen them", "z.float().numpy()"),
                false => ("give real and imaginary parts", "torch.view_as_real(z).flatten(1).numpy()"),
            };
            format!("{what}, {}", python(&array.torch(), &format!("np.save(\"new.npy\", {expression})")))
        }
        (Element::Other(name), _) if name.contains("M8") || name.contains("m8") => {
            "these are dates or spans of time, not numbers".to_owned()
        }
        (element, Use::Embeddings) if element.is_text() => {
            "these seem to be labels: give them with --labels, and here the embeddings".to_owned()
        }
        (_, Use::Labels) => {
            format!("for a class per value, {}", saved(array, "np.unique(z.ravel(), return_inverse=True)[1]"))
        }
        _ => format!("convert them, {}", saved(array, "z.astype(np.float64)")),
    }
}

/// Objects are a pickle, which runs as a program when Python loads it.
fn objects(array: &StoredArray, wanted: Use) -> String {
    let load = array.load.replacen("{file}\")", "{file}\", allow_pickle=True)", 1);
    let trusted =
        |does: &str| format!("if you trust the file, as loading it runs what is in it, {}", python(&load, does));
    match (array.shape.len(), wanted) {
        (0, _) => format!("np.save makes one of a dict; {}", trusted("np.savez(\"new.npz\", **z.item())")),
        (_, Use::Labels) => trusted("np.save(\"new.npy\", z.astype(str))"),
        (1, Use::Embeddings) => {
            format!("of rows of one length, {}", trusted("np.save(\"new.npy\", np.stack(list(z)).astype(np.float64))"))
        }
        _ => trusted("np.save(\"new.npy\", z.astype(np.float64))"),
    }
}

/// A matrix of an array of other dimensions.
fn shape(array: &StoredArray) -> String {
    let views = |first: &str, second: &str| {
        let does = format!("np.savez(\"views.npz\", z={first}, w={second})");
        format!("of two views of the same samples, {}", python(&array.load, &does))
    };
    match *array.shape.as_slice() {
        [] => "a scalar is not a set of embeddings; give an array with a row for each".to_owned(),
        [_] => format!("give every embedding a row, with its dimension d, {}", saved(array, "z.reshape(-1, d)")),
        [_, .., 1] => format!("remove the axes of length 1, {}", saved(array, "z.reshape(len(z), -1)")),
        [_, 1, _] => format!("remove the axis of length 1, {}", saved(array, "z[:, 0]")),
        [2, rows, _] if rows != 2 => views("z[0]", "z[1]"),
        [_, 2, _] => views("z[:, 0]", "z[:, 1]"),
        [_, _, _] => format!("of tokens take one or their mean, z.mean(1); {}", views("z[:, 0]", "z[:, 1]")),
        _ => format!("average over the places of a map, {}", saved(array, "z.reshape(*z.shape[:2], -1).mean(2)")),
    }
}
