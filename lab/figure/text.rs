//! The font of the figures: measuring, and the part of it that travels inside an SVG.
//!
//! Kerning and ligatures are left out of the font, so that the width of a text is the sum of the widths of its letters
//! in a browser, in a PNG, in a PDF and here, and all of them lay a figure out alike.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine;
use ttf_parser::Face;

use super::FigureError;
use super::font_file;

/// The family, as font files and style sheets call it.
pub const FAMILY: &str = "DejaVu Sans";

/// The two cuts that the house style uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// For everything but titles.
    Regular,
    /// For titles.
    Bold,
}

impl Weight {
    fn file(self) -> &'static [u8] {
        match self {
            Self::Regular => dejavu::sans::regular(),
            Self::Bold => dejavu::sans::bold(),
        }
    }

    fn css(self) -> &'static str {
        match self {
            Self::Regular => "normal",
            Self::Bold => "bold",
        }
    }

    fn face(self) -> Option<&'static Face<'static>> {
        static FACES: LazyLock<[Option<Face<'static>>; 2]> =
            LazyLock::new(|| [Weight::Regular, Weight::Bold].map(|weight| Face::parse(weight.file(), 0).ok()));
        FACES[usize::from(self == Self::Bold)].as_ref()
    }
}

/// The height of a capital letter, as a share of the font size.
pub const CAPITAL: f64 = 0.729;

/// The width of a text, in the unit of the font size.
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let Some(face) = weight.face() else { return 0.6 * size * text.chars().count() as f64 };
    let advance = |letter| face.glyph_hor_advance(face.glyph_index(letter).unwrap_or_default()).unwrap_or(0);
    let units: f64 = text.chars().map(|letter| f64::from(advance(letter))).sum();
    units * size / f64::from(face.units_per_em())
}

/// Breaks a text into lines that are no wider than this and about equally long; a single longer word stays whole.
pub fn wrap(text: &str, size: f64, weight: Weight, limit: f64) -> Vec<String> {
    let full = filled(text, size, weight, limit);
    let narrower = (0..40).map(|step| limit * (1.0 - f64::from(step) / 50.0));
    let even = narrower.map(|limit| filled(text, size, weight, limit));
    let fits =
        |lines: &Vec<String>| lines.len() == full.len() && lines.iter().all(|line| width(line, size, weight) <= limit);
    even.take_while(fits).last().unwrap_or(full.clone())
}

/// Breaks a text into lines, each as full as it can be.
pub fn filled(text: &str, size: f64, weight: Weight, limit: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|line| width(line, size, weight) <= limit) {
            Some(line) => *lines.last_mut().expect("a longer line has a line before it") = line,
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The letters of a text that the font cannot show.
pub fn unknown_letters(text: &str) -> Option<char> {
    let face = Weight::Regular.face()?;
    text.chars().find(|&letter| face.glyph_index(letter).is_none())
}

/// The font files of the house without kerning and ligatures, for what renders an SVG of it.
pub fn plain_fonts() -> [Vec<u8>; 2] {
    let plain = |file: &[u8]| font_file::without_layout_tables(file).unwrap_or_else(|| file.to_vec());
    [Weight::Regular, Weight::Bold].map(|weight| plain(weight.file()))
}

/// The letters of a figure, by weight: what its font must hold.
#[derive(Clone, Debug, Default)]
pub struct Letters {
    regular: BTreeSet<char>,
    bold: BTreeSet<char>,
}

impl Letters {
    /// Takes note of the letters of a text.
    pub fn add(&mut self, text: &str, weight: Weight) {
        match weight {
            Weight::Regular => self.regular.extend(text.chars()),
            Weight::Bold => self.bold.extend(text.chars()),
        }
    }

    /// The family name and the style sheet of a font that holds these letters and no others.
    ///
    /// The name is made from the letters, so that two figures inlined in one page keep to their own fonts.
    pub fn style_sheet(&self) -> Result<(String, String), FigureError> {
        let mut identity = blake3::Hasher::new();
        let parts = [(Weight::Regular, &self.regular), (Weight::Bold, &self.bold)];
        for (_, letters) in parts {
            identity.update(letters.iter().collect::<String>().as_bytes()).update(b"\0");
        }
        let family = format!("figure-{}", &identity.finalize().to_hex()[..8]);
        let mut sheet = String::new();
        for (weight, letters) in parts.into_iter().filter(|(_, letters)| !letters.is_empty()) {
            let font = font_file::subset(weight.file(), letters).ok_or(FigureError::Font)?;
            let data = base64::engine::general_purpose::STANDARD.encode(font);
            sheet.push_str(&format!(
                "@font-face{{font-family:\"{family}\";font-weight:{};src:url(data:font/ttf;base64,{data})}}",
                weight.css()
            ));
        }
        Ok((family, sheet))
    }
}
