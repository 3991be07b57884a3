//! The header of numpy's .npy: a magic number, a version, and a dictionary of Python that names type, order and shape.

use std::io::{self, Read, Write};

use ndarray::ArrayView2;

use super::element::Element;
use super::error::Problem;
use super::listing::shown;
use super::literal::{Value, parse};
use super::storage::interrupted;

/// The first bytes of every .npy file.
pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Bytes of the longest header that is read. Numpy's own are below 10 000 unless an array has hundreds of fields.
const LONGEST: usize = 65_536;

/// What the header says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    pub shape: Vec<u64>,
    pub element: Element,
    pub fortran: bool,
    pub big_endian: bool,
    /// Bytes of the header, where the data begins.
    pub length: u64,
}

/// Reads a header from the beginning of an array.
pub(super) fn read_header(reader: &mut dyn Read, place: &str) -> Result<Header, Problem> {
    let (text, length) = read_text(reader, place)?;
    let corrupt = |what: String| Problem::corrupt(place, what);
    let Some(Value::Dictionary(entries)) = parse(text.trim_end()) else {
        return Err(corrupt(format!("its header is not a dictionary: '{}'", shown(&text))));
    };
    let entry = |name: &str| {
        let found = entries.iter().rev().find(|(key, _)| matches!(key, Value::Text(key) if key == name));
        found.map(|(_, value)| value).ok_or_else(|| corrupt(format!("its header lacks '{name}'")))
    };
    let Value::Boolean(fortran) = *entry("fortran_order")? else {
        return Err(corrupt("'fortran_order' is neither True nor False".to_owned()));
    };
    let shape =
        shape(entry("shape")?).ok_or_else(|| corrupt("its shape is not a tuple of whole numbers".to_owned()))?;
    let (element, big_endian) = match entry("descr")? {
        Value::Text(code) => element(code, place)?,
        fields => (Element::Record(of_record(fields)), false),
    };
    Ok(Header { shape, element, fortran, big_endian, length })
}

/// The dictionary as text, and the bytes up to its end.
fn read_text(reader: &mut dyn Read, place: &str) -> Result<(String, u64), Problem> {
    let mut read = |bytes: &mut [u8]| reader.read_exact(bytes).map_err(|error| interrupted(place, error));
    let mut first = [0; 8];
    read(&mut first)?;
    if &first[..6] != MAGIC {
        return Err(Problem::corrupt(place, "it does not begin as a .npy file does"));
    }
    let (size, before) = match (first[6], first[7]) {
        (1, 0) => {
            let mut size = [0; 2];
            read(&mut size)?;
            (usize::from(u16::from_le_bytes(size)), 10)
        }
        (2 | 3, 0) => {
            let mut size = [0; 4];
            read(&mut size)?;
            (u32::from_le_bytes(size) as usize, 12)
        }
        (major, minor) => {
            return Err(Problem::corrupt(place, format!("version {major}.{minor} of the format is not known")));
        }
    };
    if size > LONGEST {
        return Err(Problem::corrupt(place, format!("a header of {size} bytes, where at most {LONGEST} are read")));
    }
    let mut text = vec![0; size];
    read(&mut text)?;
    let text = String::from_utf8(text).map_err(|_| Problem::corrupt(place, "its header is not text"))?;
    Ok((text, before + size as u64))
}

fn shape(value: &Value) -> Option<Vec<u64>> {
    let (Value::Tuple(sides) | Value::List(sides)) = value else { return None };
    sides.iter().map(|side| if let Value::Whole(side) = side { Some(*side) } else { None }).collect()
}

/// The expression of numpy that makes a matrix of an array of records, `z`.
fn of_record(fields: &Value) -> String {
    const JOIN: &str = "numpy.lib.recfunctions.structured_to_unstructured";
    let fields: Vec<(String, char, bool)> = match fields {
        Value::List(fields) => fields.iter().filter_map(field_of_record).collect(),
        _ => Vec::new(),
    };
    let is_float = |field: &&(String, char, bool)| field.1 == 'f';
    let vectors: Vec<_> = fields.iter().filter(is_float).filter(|field| field.2).collect();
    let floats: Vec<_> = fields.iter().filter(is_float).map(|field| format!("\"{}\"", field.0)).collect();
    match (vectors.as_slice(), floats.len()) {
        ([(name, ..)], _) => format!("z[\"{name}\"]"),
        (_, 0) => format!("{JOIN}(z)"),
        (_, count) if count == fields.len() => format!("{JOIN}(z)"),
        _ => format!("{JOIN}(z[[{}]])", floats.join(", ")),
    }
}

/// Name, kind of element, and whether it has a shape of its own.
fn field_of_record(field: &Value) -> Option<(String, char, bool)> {
    let Value::Tuple(parts) = field else { return None };
    let [Value::Text(name), kind, shape @ ..] = parts.as_slice() else { return None };
    let kind = if let Value::Text(code) = kind { code.chars().find(char::is_ascii_alphabetic) } else { None };
    let kind = kind.unwrap_or('V');
    Some((shown(name), kind, !shape.is_empty()))
}

/// The type that a code such as `<f4` stands for, and whether its bytes come the largest first.
fn element(code: &str, place: &str) -> Result<(Element, bool), Problem> {
    let unknown = || Problem::corrupt(place, format!("its type '{}' is not known", shown(code)));
    let (order, kind, size) = parts_of(code).ok_or_else(unknown)?;
    let element = match (kind, size) {
        ('O', _) => Element::Object,
        ('c', 8 | 16 | 32) => Element::Complex(size),
        ('V', 1..) => Element::Raw(size),
        ('f', 2) => Element::F16,
        ('f', 4) => Element::F32,
        ('f', 8) => Element::F64,
        ('i', 1 | 2 | 4 | 8) => Element::Signed(size),
        ('u', 1 | 2 | 4 | 8) | ('b', 1) => Element::Unsigned(size),
        ('S' | 'a', 1..) => Element::Bytes(size),
        ('U', 1..) => Element::Unicode(size),
        ('b' | 'i' | 'u' | 'f' | 'c' | 'm' | 'M' | 'S' | 'a' | 'U' | 'V', _) => Element::Other(shown(code)),
        _ => return Err(unknown()),
    };
    Ok((element, order == '>'))
}

/// Order of bytes, kind and size of a type's code: of `<M8[ns]` <, M and 8. Objects have no size.
fn parts_of(code: &str) -> Option<(char, char, usize)> {
    let mut letters = code.chars();
    let order = letters.next().filter(|order| "<>|".contains(*order))?;
    let kind = letters.next()?;
    let size = letters.as_str().split('[').next()?;
    let size = if size.is_empty() && kind == 'O' { 0 } else { size.parse().ok()? };
    Some((order, kind, size))
}

/// Writes an array (rows × columns) as f64 in C order, version 1.0 of the format (<https://numpy.org/neps/nep-0001-npy-format.html>).
///
/// ```
/// use embedding_norms::data::embeddings::write_npy;
/// let mut file = Vec::new();
/// write_npy(&mut file, ndarray::array![[1.0, 2.0, 3.0]].view())?;
/// assert_eq!((&file[..6], file.len()), (b"\x93NUMPY".as_slice(), 128 + 3 * 8));
/// # std::io::Result::Ok(())
/// ```
///
/// # Errors
/// Those of the writer.
pub fn write_npy(writer: &mut dyn Write, array: ArrayView2<'_, f64>) -> io::Result<()> {
    let (rows, columns) = array.dim();
    let dictionary = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    // What is before the data ends with a new line, at a multiple of 64 bytes.
    let before = MAGIC.len() + 4;
    let length = (before + dictionary.len() + 1).next_multiple_of(64) - before;
    writer.write_all(MAGIC)?;
    writer.write_all(&[1, 0])?;
    writer.write_all(&u16::try_from(length).expect("a dictionary of two numbers").to_le_bytes())?;
    let width = length - 1;
    writeln!(writer, "{dictionary:<width$}")?;
    for row in array.rows() {
        let bytes: Vec<u8> = row.iter().flat_map(|number| number.to_le_bytes()).collect();
        writer.write_all(&bytes)?;
    }
    Ok(())
}
