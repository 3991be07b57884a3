//! PDF from the SVG of a figure (feature `pdf`).

use krilla::geom::Size as PageSize;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt, SvgSettings};
use resvg::usvg::roxmltree;

use super::FigureError;
use super::export::{PIXELS, read};

/// An SVG of [`super::Figure::to_svg`] as a PDF page of the same size, with fonts embedded and text that can be searched.
///
/// # Errors
/// A text that is not SVG, or what the PDF writer reports.
pub fn pdf(svg: &str) -> Result<Vec<u8>, FigureError> {
    let tree = read(svg)?;
    let points = |length: f32| (f64::from(length) / PIXELS) as f32;
    let size = PageSize::from_wh(points(tree.size().width()), points(tree.size().height()));
    let size = size.ok_or_else(|| FigureError::Pdf("a page without size".to_owned()))?;
    let mut document = krilla::Document::new();
    document.set_metadata(metadata(svg)?);
    let mut page = document.start_page_with(PageSettings::new(size));
    let mut surface = page.surface();
    surface.draw_svg(&tree, size, SvgSettings::default());
    surface.finish();
    page.finish();
    document.finish().map_err(|error| FigureError::Pdf(format!("{error:?}")))
}

/// The title and the alternative text of an SVG.
fn metadata(svg: &str) -> Result<Metadata, FigureError> {
    let document = roxmltree::Document::parse(svg).map_err(|error| FigureError::Svg(error.to_string()))?;
    let child = |name: &str| {
        let found = document.root_element().children().find(|node| node.has_tag_name(name));
        found.and_then(|node| node.text()).map(str::to_owned)
    };
    let metadata = Metadata::new().language("en".to_owned()).creator("embedding-norms".to_owned());
    let metadata = child("title").into_iter().fold(metadata, Metadata::title);
    Ok(child("desc").into_iter().fold(metadata, Metadata::description))
}
