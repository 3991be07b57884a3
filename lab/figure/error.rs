//! What can be wrong with a figure.

/// What can be wrong with a figure. Panels go by their title, or by their place if they have none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// There is nothing to draw.
    #[error("the figure '{figure}' has no panels")]
    NoPanels {
        /// The title of the figure, or its alternative text.
        figure: String,
    },
    /// No layer says what an axis should span, and no range is given.
    #[error("panel '{panel}': no finite data along the {axis} axis; add data or give the axis a range")]
    NoData {
        /// The panel.
        panel: String,
        /// `x`, `y` or `colour`.
        axis: &'static str,
    },
    /// A logarithmic axis cannot show this value.
    #[error(
        "panel '{panel}', layer '{layer}': {value} on the logarithmic {axis} axis; only positive values have a place"
    )]
    NotPositive {
        /// The panel.
        panel: String,
        /// The label of the layer, or its kind.
        layer: String,
        /// `x`, `y` or `colour`.
        axis: &'static str,
        /// The value.
        value: f64,
    },
    /// A range that is empty, reversed, not finite, or not positive on a logarithmic axis.
    #[error("panel '{panel}': the {axis} axis cannot span {from} to {to}")]
    Range {
        /// The panel.
        panel: String,
        /// `x`, `y` or `colour`.
        axis: &'static str,
        /// The low end.
        from: f64,
        /// The high end.
        to: f64,
    },
    /// The values of a heat map or a picture do not fill whole rows.
    #[error("panel '{panel}': {values} values do not fill rows of {columns} cells")]
    Grid {
        /// The panel.
        panel: String,
        /// How many values there are.
        values: usize,
        /// How many cells a row has.
        columns: usize,
    },
    /// The font has no such letter.
    #[error("'{text}': the font of the figures has no letter '{letter}'")]
    Letter {
        /// The text.
        text: String,
        /// The letter.
        letter: char,
    },
    /// The size has another name.
    #[error("unknown size '{0}': expected one-column, two-columns or slides")]
    Size(String),
    /// The font could not be read or cut down.
    #[error("the font of the figures could not be read")]
    Font,
    /// The drawing library failed.
    #[error("cannot draw: {0}")]
    Drawing(String),
    /// An image could not be encoded.
    #[error("cannot encode an image: {0}")]
    Image(String),
    /// An SVG could not be read back.
    #[error("cannot read the SVG: {0}")]
    Svg(String),
    /// A PDF could not be written.
    #[error("cannot write the PDF: {0}")]
    Pdf(String),
    /// The crate is built without what writes files of this format.
    #[error("this build writes no {format}: build it with `--features {feature}`")]
    LeftOut {
        /// The format.
        format: &'static str,
        /// The feature that it needs.
        feature: &'static str,
    },
    /// The frames of an animation are missing or differ in size.
    #[error("an animation needs frames of one size: {0}")]
    Frames(String),
}
