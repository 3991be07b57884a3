//! Looping GIF animations from SVG frames.

use std::collections::BTreeMap;

use gif::{DisposalMethod, Encoder, Frame, Repeat};
use rayon::prelude::*;

use super::FigureError;
use super::export;

/// Colours of the palette; one index is kept for pixels that stay as they were.
const COLOURS: usize = 255;
const UNCHANGED: u8 = 255;

type Rgb = [u8; 3];

/// Colours, each with the number of its pixels.
type Colours = Vec<(Rgb, u64)>;

/// The pixels of a frame.
struct Image {
    width: u32,
    height: u32,
    colours: Vec<Rgb>,
}

impl Image {
    fn draw(svg: &str, pixels_per_point: f64) -> Result<Self, FigureError> {
        let image = export::pixels(svg, pixels_per_point)?;
        // The paper is opaque, so the colours need no alpha.
        let colours = image.pixels().iter().map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
        Ok(Self { width: image.width(), height: image.height(), colours })
    }
}

/// A looping GIF of SVG frames of one size, with this many pixels to a point and hundredths of a second per frame.
///
/// All frames share one palette, and each writes only what differs from the one before, so that a still background
/// costs nothing and does not flicker. Frames are drawn on all threads of the present pool.
///
/// # Errors
/// No frames, frames of different sizes, or a text that is not SVG.
pub fn animation(frames: &[String], pixels_per_point: f64, hundredths_per_frame: u16) -> Result<Vec<u8>, FigureError> {
    let failed = |error: gif::EncodingError| FigureError::Image(error.to_string());
    let images = frames.par_iter().map(|svg| Image::draw(svg, pixels_per_point)).collect::<Result<Vec<_>, _>>()?;
    let first = images.first().ok_or_else(|| FigureError::Frames("there are none".to_owned()))?;
    let (width, height) = (first.width, first.height);
    if let Some(other) = images.iter().find(|image| (image.width, image.height) != (width, height)) {
        let sizes = format!("{width} × {height} and {} × {} pixels", other.width, other.height);
        return Err(FigureError::Frames(sizes));
    }
    let side = |length: u32| u16::try_from(length).map_err(|_| FigureError::Frames(format!("{length} pixels wide")));
    let (width, height) = (side(width)?, side(height)?);
    let rgb: Vec<Vec<Rgb>> = images.into_iter().map(|image| image.colours).collect();
    let (palette, index) = palette(&rgb);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height, &palette.concat()).map_err(failed)?;
    encoder.set_repeat(Repeat::Infinite).map_err(failed)?;
    let mut before: Option<Vec<u8>> = None;
    for image in &rgb {
        let indices: Vec<u8> =
            stretches(image).flat_map(|(colour, pixels)| std::iter::repeat_n(index[&colour], pixels)).collect();
        encoder.write_frame(&changes(&indices, before.as_deref(), width, hundredths_per_frame)).map_err(failed)?;
        before = Some(indices);
    }
    drop(encoder);
    Ok(file)
}

/// The smallest frame that turns the image before into this one.
fn changes(image: &[u8], before: Option<&[u8]>, width: u16, delay: u16) -> Frame<'static> {
    let columns = usize::from(width);
    let differs = |place: usize| before.is_none_or(|before| before[place] != image[place]);
    let changed = (0..image.len()).filter(|&place| differs(place));
    let empty = (usize::MAX, 0, usize::MAX, 0);
    let (left, right, top, bottom) = changed.fold(empty, |(left, right, top, bottom), place| {
        let (x, y) = (place % columns, place / columns);
        (left.min(x), right.max(x), top.min(y), bottom.max(y))
    });
    // A frame must have a pixel, also if nothing changed.
    let (left, top) = if left > right { (0, 0) } else { (left, top) };
    let places = (top..=bottom).flat_map(|y| (left..=right).map(move |x| y * columns + x));
    let buffer: Vec<u8> = places.map(|place| if differs(place) { image[place] } else { UNCHANGED }).collect();
    let size = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
    Frame {
        delay,
        dispose: DisposalMethod::Keep,
        transparent: Some(UNCHANGED),
        left: size(left),
        top: size(top),
        width: size(right - left + 1),
        height: size(bottom - top + 1),
        buffer: buffer.into(),
        ..Frame::default()
    }
}

/// Stretches of one colour: looking a colour up costs more than a comparison with the one before.
fn stretches(image: &[Rgb]) -> impl Iterator<Item = (Rgb, usize)> {
    image.chunk_by(|one, next| one == next).map(|pixels| (pixels[0], pixels.len()))
}

/// A palette for all frames, and the entry of each colour in it: median cut.
fn palette(frames: &[Vec<Rgb>]) -> (Vec<Rgb>, BTreeMap<Rgb, u8>) {
    let mut counts: BTreeMap<Rgb, u64> = BTreeMap::new();
    for (colour, pixels) in frames.iter().flat_map(|frame| stretches(frame)) {
        *counts.entry(colour).or_default() += pixels as u64;
    }
    let mut boxes = vec![counts.into_iter().collect::<Colours>()];
    while boxes.len() < COLOURS {
        let widest =
            (0..boxes.len()).filter(|&index| boxes[index].len() > 1).max_by_key(|&index| weight(&boxes[index]));
        let Some(widest) = widest else { break };
        let (low, high) = halves(boxes.swap_remove(widest));
        boxes.extend([low, high]);
    }
    let mut palette = Vec::with_capacity(COLOURS);
    let mut index = BTreeMap::new();
    for (entry, colours) in boxes.iter().enumerate() {
        palette.push(mean(colours));
        // There are at most 255 boxes.
        index.extend(colours.iter().map(|(colour, _)| (*colour, u8::try_from(entry).unwrap_or(UNCHANGED))));
    }
    (palette, index)
}

/// The channel in which the colours of a box differ most, and by how much.
fn spread(colours: &[(Rgb, u64)]) -> (usize, u8) {
    let range = |channel: usize| {
        let values = colours.iter().map(|(colour, _)| colour[channel]);
        values.clone().max().unwrap_or(0) - values.min().unwrap_or(0)
    };
    (0..3).map(|channel| (channel, range(channel))).max_by_key(|&(_, range)| range).unwrap_or((0, 0))
}

/// How much a box is worth splitting: wide boxes of many pixels first.
fn weight(colours: &[(Rgb, u64)]) -> u64 {
    let pixels: u64 = colours.iter().map(|(_, count)| count).sum();
    u64::from(spread(colours).1).pow(2) * pixels.isqrt().max(1)
}

/// A box, cut where half of its pixels lie on each side.
fn halves(mut colours: Colours) -> (Colours, Colours) {
    let (channel, _) = spread(&colours);
    colours.sort_by_key(|(colour, _)| (colour[channel], *colour));
    let total: u64 = colours.iter().map(|(_, count)| count).sum();
    let mut seen = 0;
    let cut = colours.iter().position(|(_, count)| {
        seen += count;
        2 * seen >= total
    });
    let cut = (cut.unwrap_or(0) + 1).clamp(1, colours.len() - 1);
    let high = colours.split_off(cut);
    (colours, high)
}

fn mean(colours: &[(Rgb, u64)]) -> Rgb {
    let total: u64 = colours.iter().map(|(_, count)| count).sum::<u64>().max(1);
    [0, 1, 2].map(|channel| {
        let sum: u64 = colours.iter().map(|(colour, count)| u64::from(colour[channel]) * count).sum();
        u8::try_from((sum + total / 2) / total).unwrap_or(u8::MAX)
    })
}
