//! Font files, table by table: a subset that browsers accept, and a copy without kerning and ligatures.

use std::collections::BTreeSet;

use subsetter::GlyphRemapper;
use ttf_parser::{Face, RawFace, Tag};

type Table = ([u8; 4], Vec<u8>);

/// The tables that move or replace letters.
const LAYOUT: [&[u8; 4]; 4] = [b"GSUB", b"GPOS", b"GDEF", b"kern"];

/// The font without the tables that move or replace letters.
pub fn without_layout_tables(font: &[u8]) -> Option<Vec<u8>> {
    let kept = tables(font)?.into_iter().filter(|(tag, _)| !LAYOUT.contains(&tag)).collect();
    assemble(kept)
}

/// The part of the font that shows these letters.
///
/// The subsetter writes for PDF, where letters are addressed by glyph; a browser looks them up, so the table that
/// leads from letters to glyphs is put back, and the table of metrics that browsers ask for is copied.
pub fn subset(font: &[u8], letters: &BTreeSet<char>) -> Option<Vec<u8>> {
    let face = Face::parse(font, 0).ok()?;
    let mut mapper = GlyphRemapper::new();
    let known: Vec<(char, u16)> =
        letters.iter().filter_map(|&letter| Some((letter, mapper.remap(face.glyph_index(letter)?.0)))).collect();
    let mut kept = tables(&subsetter::subset(font, 0, &mapper).ok()?)?;
    kept.retain(|(tag, _)| !matches!(tag, b"cmap" | b"OS/2" | b"post" | b"name"));
    kept.push((*b"cmap", letter_table(&known)));
    kept.push((*b"OS/2", face.raw_face().table(Tag::from_bytes(b"OS/2"))?.to_vec()));
    kept.push((*b"name", vec![0, 0, 0, 0, 0, 6]));
    kept.push((*b"post", [&[0, 3, 0, 0][..], &[0; 28]].concat()));
    assemble(kept)
}

fn tables(font: &[u8]) -> Option<Vec<Table>> {
    let raw = RawFace::parse(font, 0).ok()?;
    let tags = raw.table_records.into_iter().map(|record| record.tag);
    tags.map(|tag| Some((tag.to_bytes(), raw.table(tag)?.to_vec()))).collect()
}

/// A `cmap` table of format 12 with one group per letter.
fn letter_table(letters: &[(char, u16)]) -> Vec<u8> {
    let mut table = Vec::new();
    for word in [0_u16, 1, 3, 10] {
        table.extend(word.to_be_bytes());
    }
    table.extend(12_u32.to_be_bytes());
    table.extend([0, 12, 0, 0]);
    for word in [16 + 12 * letters.len() as u32, 0, letters.len() as u32] {
        table.extend(word.to_be_bytes());
    }
    for &(letter, glyph) in letters {
        for word in [u32::from(letter), u32::from(letter), u32::from(glyph)] {
            table.extend(word.to_be_bytes());
        }
    }
    table
}

/// A font file of these tables, with the checksums that the format wants.
fn assemble(mut tables: Vec<Table>) -> Option<Vec<u8>> {
    const CHECKSUM_OF_A_FILE: u32 = 0xb1b0_afba;
    tables.sort();
    let count = u16::try_from(tables.len()).ok()?;
    let power = count.checked_ilog2()?;
    let search = 16_u16 << power;
    let mut file = vec![0, 1, 0, 0];
    for word in [count, search, u16::try_from(power).ok()?, count * 16 - search] {
        file.extend(word.to_be_bytes());
    }
    let mut offset = file.len() + 16 * tables.len();
    let mut body = Vec::new();
    let mut head = None;
    for (tag, data) in &mut tables {
        if tag == b"head" {
            data.get_mut(8..12)?.fill(0);
            head = Some(offset);
        }
        let length = data.len();
        data.resize(length.next_multiple_of(4), 0);
        file.extend(*tag);
        for word in [checksum(data), u32::try_from(offset).ok()?, u32::try_from(length).ok()?] {
            file.extend(word.to_be_bytes());
        }
        offset += data.len();
        body.append(data);
    }
    file.append(&mut body);
    let adjustment = CHECKSUM_OF_A_FILE.wrapping_sub(checksum(&file));
    file.get_mut(head? + 8..head? + 12)?.copy_from_slice(&adjustment.to_be_bytes());
    Some(file)
}

fn checksum(data: &[u8]) -> u32 {
    let word = |bytes: &[u8]| bytes.iter().fold(0_u32, |word, &byte| word << 8 | u32::from(byte));
    data.chunks(4).map(word).fold(0, u32::wrapping_add)
}
