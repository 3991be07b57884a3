//! Files made of parts, right and wrong ones.

use std::io::Write;

/// A .npy file of version 1.0 with this dictionary, padded as numpy does.
pub fn npy(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let padding = 64 - (10 + dictionary.len() + 1) % 64;
    let header = format!("{dictionary}{}\n", " ".repeat(padding));
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00".as_slice(), &length, header.as_bytes(), data].concat()
}

/// The dictionary of a .npy file.
pub fn dictionary(descr: &str, fortran: bool, shape: &str) -> String {
    let order = if fortran { "True" } else { "False" };
    format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}")
}

/// A .safetensors file with this header.
pub fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [(header.len() as u64).to_le_bytes().as_slice(), header.as_bytes(), data].concat()
}

/// A part of a zip archive: name, content, and whether it is deflated.
pub struct Part<'a> {
    pub name: &'a str,
    pub content: &'a [u8],
    pub deflated: bool,
    pub method: u16,
    pub size: Option<u32>,
    pub checksum: Option<u32>,
    pub flags: u16,
}

impl<'a> Part<'a> {
    pub fn stored(name: &'a str, content: &'a [u8]) -> Self {
        Self { name, content, deflated: false, method: 0, size: None, checksum: None, flags: 0 }
    }

    pub fn deflated(name: &'a str, content: &'a [u8]) -> Self {
        Self { deflated: true, method: 8, ..Self::stored(name, content) }
    }
}

/// A zip archive, field by field, so that each can be wrong.
pub fn zip(parts: &[Part<'_>]) -> Vec<u8> {
    let (mut file, mut list) = (Vec::new(), Vec::new());
    for part in parts {
        let content = if part.deflated { deflate(part.content) } else { part.content.to_vec() };
        let mut sum = flate2::Crc::new();
        sum.update(part.content);
        let common = [
            20_u16.to_le_bytes().as_slice(),
            &part.flags.to_le_bytes(),
            &part.method.to_le_bytes(),
            &[0; 4],
            &part.checksum.unwrap_or(sum.sum()).to_le_bytes(),
            &(content.len() as u32).to_le_bytes(),
            &part.size.unwrap_or(part.content.len() as u32).to_le_bytes(),
            &(part.name.len() as u16).to_le_bytes(),
            &[0; 2],
        ]
        .concat();
        let start = file.len() as u32;
        file.extend([b"PK\x03\x04".as_slice(), &common, part.name.as_bytes(), &content].concat());
        let place = [[0; 10].as_slice(), &start.to_le_bytes()].concat();
        list.extend([b"PK\x01\x02\x14\x00".as_slice(), &common, &place, part.name.as_bytes()].concat());
    }
    let (start, count) = (file.len() as u32, (parts.len() as u16).to_le_bytes());
    let length = (list.len() as u32).to_le_bytes();
    file.extend(list);
    file.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &length, &start.to_le_bytes(), &[0; 2]].concat());
    file
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
