//! Figures for the page: the file that lies in the folder for wide windows, and one drawn from the tables for phones.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use embedding_norms_lab::figure::Size;
use embedding_norms_lab::files;
use roxmltree::{Document, Node};

use crate::cli::failure::Failure;
use crate::cli::output::{self, file_name};
use crate::commands::redraw::Source;
use crate::simulations::registry::Entry;

/// A figure in one or two widths.
pub struct Picture {
    /// The SVG for wide windows and for print.
    pub wide: String,
    /// The SVG for phones, where there are tables to draw it from.
    pub narrow: Option<String>,
    /// What it shows, for readers who cannot see it.
    pub description: String,
}

/// A looping animation, for readers who do not ask for reduced motion.
pub struct Animation {
    /// The file as a data URI.
    pub source: String,
}

/// The figures of a simulation in a folder, the main one first.
pub fn pictures(entry: &'static dyn Entry, folder: &Path, tables: &[String]) -> Result<Vec<Picture>, Failure> {
    if !tables.contains(&file_name(entry.name(), "", "csv")) {
        return parts(entry.name(), folder)?.iter().map(|part| picture(entry, folder, part, None)).collect();
    }
    let drawn = Source::of(entry, folder).draw()?;
    drawn
        .iter()
        .map(|(part, figure)| {
            let wide = || figure.to_svg(Size::TwoColumns);
            let narrow = figure.to_svg(Size::OneColumn)?;
            match files::is_there(&folder.join(file_name(entry.name(), part, "svg"))) {
                true => picture(entry, folder, part, Some(narrow)),
                false => Picture::new(wide()?, Some(narrow)),
            }
        })
        .collect()
}

/// The animation of a simulation, if there is one in the folder.
pub fn animation(entry: &'static dyn Entry, folder: &Path) -> Result<Option<Animation>, Failure> {
    let path = folder.join(file_name(entry.name(), "", "gif"));
    let Some(bytes) = output::read(&path)? else { return Ok(None) };
    Ok(Some(Animation { source: format!("data:image/gif;base64,{}", STANDARD.encode(bytes)) }))
}

/// A figure from its file.
fn picture(entry: &dyn Entry, folder: &Path, part: &str, narrow: Option<String>) -> Result<Picture, Failure> {
    let path = folder.join(file_name(entry.name(), part, "svg"));
    let place = path.display().to_string();
    let wide = files::read_to_string(&path).map_err(|error| output::refused(&path, &error))?;
    Picture::new(wide, narrow).map_err(|failure| failure.at(&place))
}

/// The parts of a simulation that have an SVG, in order; the main one comes first.
fn parts(simulation: &str, folder: &Path) -> Result<Vec<String>, Failure> {
    let mut parts = Vec::new();
    for file in fs::read_dir(folder)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        let rest = name.strip_prefix(simulation).and_then(|rest| rest.strip_suffix("svg"));
        parts.extend(rest.filter(|rest| rest.starts_with('.')).map(|rest| rest.trim_matches('.').to_owned()));
    }
    parts.sort();
    Ok(parts)
}

impl Picture {
    /// A figure from SVG, which becomes part of the page and thus must hold nothing but a picture.
    fn new(wide: String, narrow: Option<String>) -> Result<Self, Failure> {
        let document = Document::parse(&wide)
            .map_err(|error| Failure::Refused(format!("it cannot be read as SVG: {error}; draw it again")))?;
        if let Some(stranger) = document.descendants().find(|node| !is_picture(*node)) {
            let name = stranger.tag_name().name();
            return Err(Failure::Refused(format!("<{name}> is no part of a figure of this command; draw it again")));
        }
        let child = document.root_element().children().find(|node| node.has_tag_name("desc"));
        let description = child.and_then(|node| node.text()).unwrap_or_default().to_owned();
        Ok(Self { wide, narrow, description })
    }
}

/// Elements of the figures that this command draws.
const ELEMENTS: [&str; 20] = [
    "svg",
    "title",
    "desc",
    "style",
    "g",
    "defs",
    "clipPath",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "image",
    "use",
    "linearGradient",
    "stop",
];

/// Whether a node only draws: no scripts, no event handlers, nothing external.
fn is_picture(node: Node<'_, '_>) -> bool {
    let is_inside = |value: &str| value.starts_with('#') || value.starts_with("data:image/");
    let is_harmless = |(name, value): (&str, &str)| match name {
        "href" => is_inside(value),
        _ => !name.starts_with("on") && !value.contains("//"),
    };
    let is_style = node.has_tag_name("style");
    let fetches = is_style && node.text().is_some_and(|text| text.contains("://") || text.contains("@import"));
    !node.is_element()
        || (ELEMENTS.contains(&node.tag_name().name())
            && !fetches
            && node.attributes().all(|attribute| is_harmless((attribute.name(), attribute.value()))))
}
