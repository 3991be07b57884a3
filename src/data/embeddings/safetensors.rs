//! Safetensors: the length of a header, the header as JSON, and the bytes of all arrays.

use std::io::Read;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::element::Element;
use super::error::Problem;
use super::key::{choose, place};
use super::listing::shown;
use super::storage::{Storage, go_to, interrupted};
use super::stored::{Bytes, StoredArray};

/// Bytes of the longest header that is read: some hundred thousand arrays.
const LONGEST: u64 = 1 << 24;

/// The bytes before the header, which say how long it is.
const LENGTH: u64 = 8;

const HEADER: &str = "the header";

/// The array of this name, or the only one.
pub(super) fn open(
    storage: &mut dyn Storage,
    length: u64,
    name: &str,
    key: Option<&str>,
) -> Result<StoredArray, Problem> {
    let (metadata, data) = read_header(storage, length)?;
    let (expected, found) = (metadata.data_len() as u128, length - data);
    let place_of_all = || "all arrays together".to_owned();
    if expected > u128::from(found) {
        return Err(Problem::Truncated { place: place_of_all(), expected, found });
    }
    if expected < u128::from(found) {
        return Err(Problem::Trailing { place: place_of_all(), expected, found });
    }
    let keys = metadata.offset_keys();
    let key = choose(&keys, key, name, "safetensors.torch.save_file({\"z\": z}, \"z.safetensors\")")?;
    let info = metadata.info(key).ok_or_else(|| Problem::corrupt(HEADER, format!("'{key}' is listed but missing")))?;
    let shape = info.shape.iter().map(|side| *side as u64).collect();
    let (from, to) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
    let load = format!("safetensors.numpy.load_file(\"{{file}}\")[\"{}\"]", shown(key));
    StoredArray::new((place(key), load), shape, element(info.dtype), Bytes::At(data + from), to - from)
}

/// The header and the place where the data begins.
pub(super) fn read_header(storage: &mut dyn Storage, length: u64) -> Result<(Metadata, u64), Problem> {
    let broken = |error| interrupted(HEADER, error);
    go_to(storage, 0, HEADER)?;
    let mut size = [0; LENGTH as usize];
    storage.read_exact(&mut size).map_err(broken)?;
    let size = u64::from_le_bytes(size);
    let room = length.saturating_sub(LENGTH);
    if size > room {
        return Err(Problem::Truncated { place: HEADER.to_owned(), expected: u128::from(size), found: room });
    }
    if size > LONGEST {
        return Err(Problem::corrupt(HEADER, format!("it has {size} bytes, where at most {LONGEST} are read")));
    }
    let mut text = Vec::new();
    storage.take(size).read_to_end(&mut text).map_err(broken)?;
    let metadata = serde_json::from_slice(&text).map_err(|error| Problem::corrupt(HEADER, error))?;
    Ok((metadata, LENGTH + size))
}

fn element(kind: Dtype) -> Element {
    match kind {
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::Bf16,
        Dtype::F32 => Element::F32,
        Dtype::F64 => Element::F64,
        Dtype::I8 => Element::Signed(1),
        Dtype::I16 => Element::Signed(2),
        Dtype::I32 => Element::Signed(4),
        Dtype::I64 => Element::Signed(8),
        Dtype::BOOL | Dtype::U8 => Element::Unsigned(1),
        Dtype::U16 => Element::Unsigned(2),
        Dtype::U32 => Element::Unsigned(4),
        Dtype::U64 => Element::Unsigned(8),
        other => Element::Other(format!("{other:?}")),
    }
}
