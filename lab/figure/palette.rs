//! Colours, dash patterns and markers: distinguishable for a colour-blind reader, and in a grey print.

/// An opaque colour: red, green and blue from 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// The colour of text and axes.
    pub const INK: Self = Self(0x33, 0x33, 0x33);
    /// The colour of reference lines and of side remarks.
    pub const ASIDE: Self = Self(0x70, 0x70, 0x70);
    /// The background of every figure.
    pub const PAPER: Self = Self(0xff, 0xff, 0xff);
    /// The lines of the grid.
    pub(crate) const GRID: Self = Self(0xe2, 0xe2, 0xe2);
    /// The lines of the grid between the labelled ones.
    pub(crate) const FAINT_GRID: Self = Self(0xf1, 0xf1, 0xf1);
    /// A cell of a heat map without a value.
    pub(crate) const MISSING: Self = Self(0xd0, 0xd0, 0xd0);

    /// A mixture: 0 is this colour, 1 the other.
    #[must_use]
    pub fn mix(self, other: Self, share: f64) -> Self {
        let channel = |from: u8, to: u8| {
            libm::round(f64::from(from) + (f64::from(to) - f64::from(from)) * share.clamp(0.0, 1.0)) as u8
        };
        Self(channel(self.0, other.0), channel(self.1, other.1), channel(self.2, other.2))
    }

    /// Lightness as the eye sees it (CIE L*), from 0 (black) to 100 (white): what is left of a colour on a grey print.
    pub fn lightness(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) }
        };
        let luminance = 0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2);
        if luminance <= 0.008856 { 903.3 * luminance } else { 116.0 * libm::cbrt(luminance) - 16.0 }
    }

    /// This colour, dark enough to be read as text on white.
    #[must_use]
    pub(crate) fn for_text(self) -> Self {
        let mut colour = self;
        while colour.lightness() > 50.0 {
            colour = colour.mix(Self(0, 0, 0), 0.08);
        }
        colour
    }
}

/// The pattern of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Without gaps.
    Solid,
    /// Long dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Dashes and dots in turn.
    DashDotted,
    /// Short dashes.
    ShortDashed,
}

impl Dash {
    /// Lengths of marks and gaps, in multiples of the width of the line.
    pub(crate) fn pattern(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[5.0, 2.2],
            Self::Dotted => &[1.1, 1.7],
            Self::DashDotted => &[5.0, 1.8, 1.1, 1.8],
            Self::ShortDashed => &[2.6, 1.6],
        }
    }
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A triangle that stands on its base.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A triangle that stands on its tip.
    TriangleDown,
    /// Two crossed strokes.
    Cross,
}

impl Marker {
    /// The corners, on a disc of radius 1, y downwards; `None` for a circle and a cross.
    pub(crate) fn corners(self) -> Option<&'static [(f64, f64)]> {
        match self {
            Self::Circle | Self::Cross => None,
            Self::Square => Some(&[(-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86)]),
            Self::Triangle => Some(&[(0.0, -1.2), (1.08, 0.72), (-1.08, 0.72)]),
            Self::Diamond => Some(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
            Self::TriangleDown => Some(&[(0.0, 1.2), (1.08, -0.72), (-1.08, -0.72)]),
        }
    }
}

/// How a series looks. Most figures never name one: each label gets its own from [`Style::series`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    pub(crate) colour: Colour,
    pub(crate) dash: Dash,
    pub(crate) marker: Marker,
    pub(crate) filled: bool,
    pub(crate) width: f64,
    pub(crate) size: f64,
    pub(crate) opacity: f64,
}

/// After Okabe and Ito, in an order in which neighbours differ in lightness; orange and green a little darker, so that a
/// thin line of them stands on white.
const SERIES: [(Colour, Dash, Marker); 7] = [
    (Colour(0x00, 0x72, 0xb2), Dash::Solid, Marker::Circle),
    (Colour(0xe0, 0x8e, 0x00), Dash::Dashed, Marker::Square),
    (Colour(0x6b, 0x1d, 0x5b), Dash::ShortDashed, Marker::Triangle),
    (Colour(0x00, 0xa8, 0x7e), Dash::DashDotted, Marker::TriangleDown),
    (Colour(0xc4, 0x47, 0x00), Dash::Dotted, Marker::Diamond),
    (Colour(0x56, 0xb4, 0xe9), Dash::Solid, Marker::Square),
    (Colour(0x26, 0x26, 0x26), Dash::Dashed, Marker::Circle),
];

impl Style {
    /// The house style of the series of this index; after seven they repeat.
    pub fn series(index: usize) -> Self {
        let (colour, dash, marker) = SERIES[index % SERIES.len()];
        Self { colour, dash, marker, filled: true, width: 1.4, size: 1.0, opacity: 1.0 }
    }

    /// One of `count` series that stand in an order (norms, temperatures): from dark to light, all lines solid.
    pub fn ordered(index: usize, count: usize) -> Self {
        let share = index as f64 / (count.max(2) - 1) as f64;
        let markers = [Marker::Circle, Marker::Square, Marker::Triangle, Marker::TriangleDown, Marker::Diamond];
        Self {
            colour: ColourMap::Sequential.colour(0.82 * share),
            dash: Dash::Solid,
            marker: markers[index % markers.len()],
            ..Self::series(0)
        }
    }

    /// Numbers that others published: open black diamonds.
    pub fn published() -> Self {
        Self {
            colour: Colour(0, 0, 0),
            dash: Dash::Solid,
            marker: Marker::Diamond,
            filled: false,
            size: 1.35,
            width: 1.1,
            ..Self::series(0)
        }
    }

    /// A closed form that measurements are held against: a thin black line.
    pub fn theory() -> Self {
        Self { colour: Colour(0, 0, 0), dash: Dash::Solid, width: 0.9, ..Self::series(0) }
    }

    /// A reference value: a thin grey dashed line.
    pub fn reference() -> Self {
        Self { colour: Colour::ASIDE, dash: Dash::ShortDashed, width: 0.9, ..Self::series(0) }
    }

    /// Another colour.
    #[must_use]
    pub fn colour(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    /// Another dash pattern.
    #[must_use]
    pub fn dash(self, dash: Dash) -> Self {
        Self { dash, ..self }
    }

    /// Another marker.
    #[must_use]
    pub fn marker(self, marker: Marker) -> Self {
        Self { marker, ..self }
    }

    /// Markers as outlines filled with the colour of the paper.
    #[must_use]
    pub fn open(self) -> Self {
        Self { filled: false, ..self }
    }

    /// Another width of lines, in points at the sizes of a paper (the usual width is 1.4).
    #[must_use]
    pub fn width(self, width: f64) -> Self {
        Self { width, ..self }
    }

    /// Markers larger or smaller by this factor.
    #[must_use]
    pub fn size(self, size: f64) -> Self {
        Self { size, ..self }
    }

    /// From 0 (invisible) to 1.
    #[must_use]
    pub fn opacity(self, opacity: f64) -> Self {
        Self { opacity: opacity.clamp(0.0, 1.0), ..self }
    }
}

/// The colours of a heat map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourMap {
    /// From dark to light, even in lightness (viridis): for a quantity that only grows.
    Sequential,
    /// From blue through near-white to orange-brown: for a quantity on both sides of a middle. On a grey print both
    /// ends are dark: use it where the sign is clear from the place.
    Diverging,
}

const SEQUENTIAL: [Colour; 9] = [
    Colour(0x44, 0x01, 0x54),
    Colour(0x47, 0x2d, 0x7b),
    Colour(0x3b, 0x52, 0x8b),
    Colour(0x2c, 0x72, 0x8e),
    Colour(0x21, 0x91, 0x8c),
    Colour(0x28, 0xae, 0x80),
    Colour(0x5e, 0xc9, 0x62),
    Colour(0xad, 0xdc, 0x30),
    Colour(0xfd, 0xe7, 0x25),
];

const DIVERGING: [Colour; 9] = [
    Colour(0x08, 0x30, 0x6b),
    Colour(0x21, 0x71, 0xb5),
    Colour(0x6b, 0xae, 0xd6),
    Colour(0xc6, 0xdb, 0xef),
    Colour(0xf7, 0xf7, 0xf7),
    Colour(0xfd, 0xd0, 0xa2),
    Colour(0xfd, 0x8d, 0x3c),
    Colour(0xd9, 0x48, 0x01),
    Colour(0x7f, 0x27, 0x04),
];

impl ColourMap {
    /// The colour at a share from 0 (the low end) to 1 (the high end).
    pub fn colour(self, share: f64) -> Colour {
        let anchors = match self {
            Self::Sequential => &SEQUENTIAL,
            Self::Diverging => &DIVERGING,
        };
        let place = share.clamp(0.0, 1.0) * (anchors.len() - 1) as f64;
        let below = (libm::floor(place) as usize).min(anchors.len() - 2);
        anchors[below].mix(anchors[below + 1], place - below as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_series_differ_in_lightness_and_in_pattern() {
        for index in 0..SERIES.len() - 1 {
            let (this, next) = (Style::series(index), Style::series(index + 1));
            assert!((this.colour.lightness() - next.colour.lightness()).abs() > 10.0, "series {index} in grey");
            assert_ne!((this.dash, this.marker), (next.dash, next.marker));
        }
    }

    #[test]
    fn every_series_stands_on_white_and_reads_as_text() {
        for index in 0..SERIES.len() {
            let colour = Style::series(index).colour;
            assert!(colour.lightness() < 72.0, "series {index}: {}", colour.lightness());
            assert!(colour.for_text().lightness() <= 50.0);
        }
    }

    #[test]
    fn a_sequential_map_grows_lighter_all_the_way() {
        let lightness: Vec<f64> =
            (0..=100).map(|step| ColourMap::Sequential.colour(f64::from(step) / 100.0).lightness()).collect();
        assert!(lightness.windows(2).all(|pair| pair[1] > pair[0] - 0.35), "{lightness:?}");
        assert!(lightness[100] - lightness[0] > 70.0);
    }
}
