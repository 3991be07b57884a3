//! PNG from the SVG of a figure, and what can be asked of its text (feature `png`). The tests compile this file too.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Group, Node, Options, Tree, fontdb};

use super::{FAMILY, FigureError, plain_fonts};

/// CSS pixels in a point.
pub(crate) const PIXELS: f64 = 96.0 / 72.0;

/// The fonts, for rendering an SVG of this house.
fn fonts() -> Arc<fontdb::Database> {
    static DATABASE: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
        let mut database = fontdb::Database::new();
        plain_fonts().into_iter().for_each(|font| database.load_font_data(font));
        database.set_sans_serif_family(FAMILY);
        Arc::new(database)
    });
    Arc::clone(&DATABASE)
}

/// Reads an SVG with the font of the house, which is thus needed on no machine.
pub(crate) fn read(svg: &str) -> Result<Tree, FigureError> {
    let options = Options { fontdb: fonts(), font_family: FAMILY.to_owned(), ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| FigureError::Svg(error.to_string()))
}

/// An SVG as pixels, this many to a point.
pub(crate) fn pixels(svg: &str, per_point: f64) -> Result<Pixmap, FigureError> {
    let tree = read(svg)?;
    let scale = per_point / PIXELS;
    let count = |length: f32| libm::round(f64::from(length) * scale) as u32;
    let mut pixels = Pixmap::new(count(tree.size().width()), count(tree.size().height()))
        .ok_or_else(|| FigureError::Image(format!("no image of {per_point} pixels to a point")))?;
    // A last row or column that the page covers in part is paper all the same.
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixels.as_mut());
    Ok(pixels)
}

/// An SVG of [`super::Figure::to_svg`] as PNG, with this many pixels to a point (1/72 inch): 4 is right for print.
///
/// # Errors
/// A text that is not SVG, or a size that has no pixels.
pub fn png(svg: &str, pixels_per_point: f64) -> Result<Vec<u8>, FigureError> {
    pixels(svg, pixels_per_point)?.encode_png().map_err(|error| FigureError::Image(error.to_string()))
}

/// A text of a figure and the box of its ink, in points from the upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub struct TextBox {
    /// The text.
    pub text: String,
    /// The left edge.
    pub left: f64,
    /// The upper edge.
    pub top: f64,
    /// The right edge.
    pub right: f64,
    /// The lower edge.
    pub bottom: f64,
}

impl TextBox {
    fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }
}

/// Every text of an SVG with the box of its ink, as it will be rendered.
///
/// # Errors
/// A text that is not SVG.
pub fn text_boxes(svg: &str) -> Result<Vec<TextBox>, FigureError> {
    let mut boxes = Vec::new();
    collect(read(svg)?.root(), &mut boxes);
    Ok(boxes)
}

fn collect(group: &Group, boxes: &mut Vec<TextBox>) {
    for node in group.children() {
        match node {
            Node::Group(inner) => collect(inner, boxes),
            Node::Text(text) => {
                // The outlines do not include the rotation of the text yet.
                let ink = text.flattened().bounding_box();
                let ink = ink.transform(text.abs_transform()).unwrap_or(ink);
                let points = |pixels: f32| f64::from(pixels) / PIXELS;
                boxes.push(TextBox {
                    text: text.chunks().iter().map(|chunk| chunk.text()).collect(),
                    left: points(ink.left()),
                    top: points(ink.top()),
                    right: points(ink.right()),
                    bottom: points(ink.bottom()),
                });
            }
            Node::Path(_) | Node::Image(_) => {}
        }
    }
}

/// What is wrong with the texts of an SVG: pairs that overlap, and texts that leave the page. Empty if all is well.
///
/// # Errors
/// A text that is not SVG.
pub fn overlaps(svg: &str) -> Result<Vec<String>, FigureError> {
    let size = read(svg)?.size();
    let (width, height) = (f64::from(size.width()) / PIXELS, f64::from(size.height()) / PIXELS);
    let boxes = text_boxes(svg)?;
    let mut found = Vec::new();
    for (index, one) in boxes.iter().enumerate() {
        if one.left < 0.0 || one.top < 0.0 || one.right > width || one.bottom > height {
            found.push(format!("'{}' leaves the page", one.text));
        }
        for other in boxes[index + 1..].iter().filter(|other| one.meets(other)) {
            found.push(format!("'{}' overlaps '{}'", one.text, other.text));
        }
    }
    Ok(found)
}
