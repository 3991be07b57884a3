//! Embeddings before and after training as a figure, from the tables alone.

use std::f64::consts::PI;

use embedding_norms::figure::{Axis, Figure, Layer, Legend, Panel, Side, Style};
use embedding_norms::sphere::norm_of;
use embedding_norms::table::Table;
use ndarray::Array1;

use super::view::{Plane, degrees, vectors};
use super::{AFTER, BEFORE, MEANS, POINTS};
use crate::failure::Failure;
use crate::grouping::{levels, setting};
use crate::simulation::Tables;

const TEXT: &str = "Four panels. Above, embeddings in three dimensions as seen from the side on which they extend most: \
                    before training all point into a few neighbouring directions, after training every class has its own \
                    direction and is several times as long. Below, the norm of an embedding against its angle to the mean \
                    of its class.";
const CAPTION: &str = "Embeddings of one seed. Lines lead from the origin to the mean of each class. Rings are norms: what \
                       lies in the plane of the paper is on its ring, what points towards the eye is inside.";

pub fn figure(tables: &Tables) -> Result<Figure, Failure> {
    let (points, means) = (tables.get(POINTS)?, tables.get(MEANS)?);
    let all = vectors(points)?;
    let plane = Plane::of(&all);
    let edge = 1.08 * all.iter().map(|vector| norm_of(vector.view())).fold(0.0, f64::max);
    let shown = State { points, means, plane: &plane, edge };
    let panels = [
        shown.picture(BEFORE, "Before training")?,
        shown.picture(AFTER, "After training")?,
        shown.norms(BEFORE, "Before training")?,
        shown.norms(AFTER, "After training")?,
    ];
    Ok(Figure::new(TEXT).columns(2).aspect(0.8).caption(CAPTION).panels(panels))
}

/// What all panels are drawn from.
struct State<'a> {
    points: &'a Table,
    means: &'a Table,
    plane: &'a Plane,
    edge: f64,
}

/// A class: its number, its embeddings, their mean.
type Class = (usize, Vec<Array1<f64>>, Array1<f64>);

impl State<'_> {
    fn classes(&self, state: &str) -> Result<Vec<Class>, Failure> {
        let points = self.points.with("state", state)?;
        let means = self.means.with("state", state)?;
        let means = match setting(&points, "replicate")? {
            Some(replicate) => means.with("replicate", replicate as u64)?,
            None => means,
        };
        let numbers = levels(&points, "class")?;
        let class = |&number: &f64| {
            let own = vectors(&points.with("class", number as u64)?)?;
            let mean = vectors(&means.with("class", number as u64)?)?.into_iter().next();
            Ok((number as usize, own, mean.unwrap_or_else(|| Array1::from_elem(3, f64::NAN))))
        };
        numbers.iter().map(class).collect()
    }

    fn picture(&self, state: &str, title: &str) -> Result<Panel, Failure> {
        let mut panel = Panel::picture((-self.edge, self.edge), (-self.edge, self.edge)).title(title);
        for radius in rings(self.edge) {
            let at = |part: i32| 2.0 * PI * f64::from(part) / 90.0;
            let ring = (0..=90).map(|part| (radius * libm::cos(at(part)), radius * libm::sin(at(part)))).collect();
            panel = panel
                .layer(Layer::line("", ring).style(Style::reference().width(0.6)))
                .note(0.0, radius, format!("‖z‖ = {radius}"), Side::Above);
        }
        for (class, points, mean) in self.classes(state)? {
            let places = points.iter().map(|point| self.plane.seen(point)).collect();
            let end = self.plane.seen(&mean);
            panel = panel
                .layer(Layer::line("", vec![(0.0, 0.0), end]).style(solid(class).width(1.1)))
                .layer(Layer::markers(name(class), places).style(style(class).size(0.4).opacity(0.55)))
                .layer(Layer::markers("", vec![end]).style(style(class).size(1.3)));
        }
        Ok(panel)
    }

    fn norms(&self, state: &str, title: &str) -> Result<Panel, Failure> {
        let mut panel = Panel::new(
            Axis::linear("angle to the mean of the class, degrees"),
            Axis::linear("norm ‖z‖").range(0.0, self.edge),
        )
        .title(title)
        .legend(Legend::Hidden);
        for (class, points, mean) in self.classes(state)? {
            let places = points.iter().map(|point| (degrees(point, &mean), norm_of(point.view()))).collect();
            panel = panel.layer(Layer::markers(name(class), places).style(style(class).size(0.5).opacity(0.6)));
        }
        Ok(panel)
    }
}

fn name(class: usize) -> String {
    format!("class {class}")
}

/// Seven looks, and again with open markers.
fn style(class: usize) -> Style {
    let style = Style::series(class - 1);
    if class > 7 { style.open() } else { style }
}

fn solid(class: usize) -> Style {
    style(class).dash(embedding_norms::figure::Dash::Solid)
}

/// One or two round norms below the largest one.
fn rings(edge: f64) -> Vec<f64> {
    let power = libm::pow(10.0, libm::log10(0.98 * edge).floor());
    let largest = [5.0, 2.0, 1.0].into_iter().map(|digit| digit * power).find(|&norm| norm < 0.98 * edge);
    let largest = largest.unwrap_or(power);
    vec![0.5 * largest, largest]
}
