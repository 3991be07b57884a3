//! The ranges of the axes: from the data, from the caller, and shared between panels.

use super::axis::{Axis, Scale};
use super::layer::{Layer, Mark};
use super::{Figure, FigureError, Panel};

/// The ranges of the two axes of a panel, as positions on their scales.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranges {
    pub x: (f64, f64),
    pub y: (f64, f64),
}

/// The ranges of every panel.
pub fn ranges(figure: &Figure) -> Result<Vec<Ranges>, FigureError> {
    let name = |index: usize, panel: &Panel| panel.title.clone().unwrap_or_else(|| format!("{}", index + 1));
    let mut all = Vec::new();
    for (index, panel) in figure.panels.iter().enumerate() {
        let place = Place { panel: &name(index, panel), layers: &panel.layers };
        place.check_rasters()?;
        all.push(Ranges { x: place.range(&panel.x, "x", Layer::xs)?, y: place.range(&panel.y, "y", Layer::ys)? });
    }
    if figure.shared {
        let (xs, ys): (Vec<&Axis>, Vec<&Axis>) = figure.panels.iter().map(|panel| (&panel.x, &panel.y)).unzip();
        let x = united(&xs, &all.iter().map(|ranges| ranges.x).collect::<Vec<_>>());
        let y = united(&ys, &all.iter().map(|ranges| ranges.y).collect::<Vec<_>>());
        all = x.into_iter().zip(y).map(|(x, y)| Ranges { x, y }).collect();
    }
    Ok(all)
}

/// Every range widened to hold those of all axes that show the same quantity.
fn united(axes: &[&Axis], ranges: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let widened = |(axis, &own): (&&Axis, &(f64, f64))| {
        let like = axes.iter().zip(ranges).filter(|(other, _)| axis.same_quantity(other));
        like.fold(own, |(low, high), (_, other)| (low.min(other.0), high.max(other.1)))
    };
    axes.iter().zip(ranges).map(widened).collect()
}

struct Place<'a> {
    panel: &'a str,
    layers: &'a [Layer],
}

impl Place<'_> {
    fn range(
        &self,
        axis: &Axis,
        name: &'static str,
        values: fn(&Layer) -> Vec<f64>,
    ) -> Result<(f64, f64), FigureError> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for layer in self.layers {
            for value in values(layer).into_iter().filter(|value| value.is_finite()) {
                let at = axis.scale.position(value).ok_or_else(|| self.not_positive(layer, name, value))?;
                (low, high) = (low.min(at), high.max(at));
            }
        }
        if let Some((from, to)) = axis.range {
            return self.given(axis.scale, name, from, to);
        }
        if low > high {
            return Err(FigureError::NoData { panel: self.panel.to_owned(), axis: name });
        }
        Ok(self.padded(axis.scale, name, low, high))
    }

    fn given(&self, scale: Scale, axis: &'static str, from: f64, to: f64) -> Result<(f64, f64), FigureError> {
        let wrong = || FigureError::Range { panel: self.panel.to_owned(), axis, from, to };
        scale.position(from).zip(scale.position(to)).filter(|(low, high)| low < high).ok_or_else(wrong)
    }

    /// Some air around the data; 0 is kept in sight where it is near, and heat maps fill the panel.
    fn padded(&self, scale: Scale, axis: &str, low: f64, high: f64) -> (f64, f64) {
        if self.layers.iter().any(|layer| matches!(layer.mark, Mark::Raster(_))) && low < high {
            return (low, high);
        }
        let bars = self.layers.iter().any(|layer| matches!(layer.mark, Mark::Bars(_)));
        if low == high {
            let air = match scale {
                Scale::Logarithmic => libm::log10(2.0),
                Scale::Linear if low == 0.0 => 1.0,
                Scale::Linear => low.abs() / 2.0,
            };
            return (low - air, high + air);
        }
        let to_zero = scale == Scale::Linear && axis == "y" && (bars || (low >= 0.0 && low < 0.35 * high));
        let (low, high) = if to_zero { (low.min(0.0), high.max(0.0)) } else { (low, high) };
        let air = 0.045 * (high - low);
        let below = if to_zero && low == 0.0 { 0.0 } else { air };
        let above = if to_zero && high == 0.0 { 0.0 } else { air };
        (low - below, high + above)
    }

    fn check_rasters(&self) -> Result<(), FigureError> {
        for layer in self.layers {
            let incomplete = match &layer.mark {
                Mark::Raster(raster) => (!raster.whole()).then_some((raster.values.len(), raster.columns)),
                Mark::Image(image) => (!image.whole()).then_some((image.values.len(), image.columns)),
                _ => None,
            };
            if let Some((values, columns)) = incomplete {
                return Err(FigureError::Grid { panel: self.panel.to_owned(), values, columns });
            }
            let Mark::Raster(raster) = &layer.mark else { continue };
            let finite = raster.values.iter().filter(|value| value.is_finite());
            if let Some(&value) = finite.clone().find(|&&value| raster.axis.scale.position(value).is_none()) {
                return Err(self.not_positive(layer, "colour", value));
            }
            match raster.axis.range {
                Some((from, to)) => drop(self.given(raster.axis.scale, "colour", from, to)?),
                None if finite.count() == 0 => {
                    return Err(FigureError::NoData { panel: self.panel.to_owned(), axis: "colour" });
                }
                None => {}
            }
        }
        Ok(())
    }

    fn not_positive(&self, layer: &Layer, axis: &'static str, value: f64) -> FigureError {
        let layer = if layer.label.is_empty() { layer.kind() } else { &layer.label };
        FigureError::NotPositive { panel: self.panel.to_owned(), layer: layer.to_owned(), axis, value }
    }
}
