//! The header of numpy's .npy: a magic number, a version, and a dictionary of Python that names type, order and shape.

use std::io::Read;

use npyz::{Endianness, TypeChar, TypeStr};
use py_literal::Value;

use super::element::Element;
use super::error::Problem;
use super::listing::shown;
use super::storage::interrupted;

/// The first bytes of every .npy file.
pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Bytes of the longest header that is read. Numpy's own are below 10 000 unless an array has hundreds of fields.
const LONGEST: usize = 65_536;

/// Brackets within brackets of the deepest header that is read; the parser's time doubles with each.
const DEEPEST: usize = 8;

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
    let value: Value =
        text.trim_end().parse().map_err(|_| corrupt(format!("its header is not a dictionary: '{}'", shown(&text))))?;
    let Value::Dict(entries) = value else {
        return Err(corrupt(format!("its header is not a dictionary: '{}'", shown(&text))));
    };
    let entry = |name: &str| {
        let found = entries.iter().find(|(key, _)| key.as_string().is_some_and(|key| key == name));
        found.map(|(_, value)| value).ok_or_else(|| corrupt(format!("its header lacks '{name}'")))
    };
    let fortran = entry("fortran_order")?.as_boolean();
    let fortran = fortran.ok_or_else(|| corrupt("'fortran_order' is neither True nor False".to_owned()))?;
    let shape =
        shape(entry("shape")?).ok_or_else(|| corrupt("its shape is not a tuple of whole numbers".to_owned()))?;
    let (element, big_endian) = match entry("descr")? {
        Value::String(code) => element(code, place)?,
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
    if depth(&text) > DEEPEST {
        return Err(Problem::corrupt(place, format!("brackets more than {DEEPEST} deep in its header")));
    }
    Ok((text, before + size as u64))
}

fn depth(text: &str) -> usize {
    let mut deepest = 0;
    let mut depth = 0_usize;
    for letter in text.bytes() {
        match letter {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn shape(value: &Value) -> Option<Vec<u64>> {
    let (Value::Tuple(sides) | Value::List(sides)) = value else { return None };
    sides.iter().map(|side| u64::try_from(side.as_integer()?).ok()).collect()
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
    let [Value::String(name), kind, shape @ ..] = parts.as_slice() else { return None };
    let kind = kind.as_string().and_then(|code| code.chars().find(char::is_ascii_alphabetic)).unwrap_or('V');
    Some((shown(name), kind, !shape.is_empty()))
}

/// The type that a code such as `<f4` stands for, and whether its bytes come the largest first.
fn element(code: &str, place: &str) -> Result<(Element, bool), Problem> {
    let kind: TypeStr =
        code.parse().map_err(|_| Problem::corrupt(place, format!("its type '{}' is not known", shown(code))))?;
    let size = usize::try_from(kind.size_field()).unwrap_or(usize::MAX);
    let element = match (kind.type_char(), size) {
        (TypeChar::Object, _) => Element::Object,
        (TypeChar::Complex, 1..) => Element::Complex(size),
        (TypeChar::RawData, 1..) => Element::Raw(size),
        (TypeChar::Float, 2) => Element::F16,
        (TypeChar::Float, 4) => Element::F32,
        (TypeChar::Float, 8) => Element::F64,
        (TypeChar::Int, 1 | 2 | 4 | 8) => Element::Signed(size),
        (TypeChar::Uint, 1 | 2 | 4 | 8) | (TypeChar::Bool, 1) => Element::Unsigned(size),
        (TypeChar::ByteStr, 1..) => Element::Bytes(size),
        (TypeChar::UnicodeStr, 1..) => Element::Unicode(size),
        _ => Element::Other(shown(code)),
    };
    Ok((element, kind.endianness() == Endianness::Big))
}
