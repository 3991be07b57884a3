//! Embeddings before and after training as a figure, from the tables alone.

use std::f64::consts::PI;

use embedding_norms::lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};
use embedding_norms::lab::table::Table;
use embedding_norms::sphere::norm_of;
use ndarray::Array1;

use super::view::{Camera, Side, degrees, vectors};
use super::{AFTER, BEFORE, MEANS, POINTS};
use crate::cli::failure::Failure;
use crate::simulations::grouping::{levels, setting};
use crate::simulations::simulation::Tables;

const TEXT: &str = "Six panels, before training on the left and after training on the right. Embeddings in three dimensions, from two \
                    sides: before training classes lie beside each other, after training every class points into a \
                    direction of its own. The norm of an embedding against its angle to the mean of its class.";

pub fn figure(tables: &Tables) -> Result<Figure, Failure> {
    let (points, means) = (tables.get(POINTS)?, tables.get(MEANS)?);
    let all = vectors(points)?;
    let camera = Camera::on(&all);
    let edge = 1.08 * all.iter().map(|vector| norm_of(vector.view())).fold(0.0, f64::max);
    let shown = State { points, means, camera: &camera, edge };
    let states = [(BEFORE, "Before"), (AFTER, "After")];
    let mut panels = Vec::new();
    for (side, from) in [(Side::Front, "from the front"), (Side::Top, "from above")] {
        for (state, name) in states {
            panels.push(shown.picture(state, side, format!("{name}, {from}"))?);
        }
    }
    for (state, name) in states {
        panels.push(shown.norms(state, format!("{name}: norms"))?);
    }
    let norms: Vec<String> = rings(edge).iter().map(ToString::to_string).collect();
    let caption = format!(
        "Embeddings of one seed; in front is the plane in which they extend most. Lines lead from the origin to the mean of \
         each class. Rings are norms, {}: what lies in the plane of the picture is on its ring, what points towards the eye \
         is inside.",
        norms.join(" and ")
    );
    Ok(Figure::new(TEXT).columns(2).aspect(0.62).caption(caption).panels(panels))
}

/// What all panels are drawn from.
struct State<'a> {
    points: &'a Table,
    means: &'a Table,
    camera: &'a Camera,
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

    fn picture(&self, state: &str, side: Side, title: String) -> Result<Panel, Failure> {
        let mut panel = Panel::picture((-self.edge, self.edge), (-self.edge, self.edge)).title(title);
        for radius in rings(self.edge) {
            let at = |part: i32| 2.0 * PI * f64::from(part) / 90.0;
            let ring = (0..=90).map(|part| (radius * libm::cos(at(part)), radius * libm::sin(at(part)))).collect();
            panel = panel.layer(Layer::line("", ring).style(Style::reference().width(0.6)));
        }
        for (class, points, mean) in self.classes(state)? {
            let places = points.iter().map(|point| self.camera.seen(point, side)).collect();
            let end = self.camera.seen(&mean, side);
            panel = panel
                .layer(Layer::line("", vec![(0.0, 0.0), end]).style(solid(class).width(1.1)))
                .layer(Layer::markers(name(class), places).style(style(class).size(0.4).opacity(0.55)))
                .layer(Layer::markers("", vec![end]).style(style(class).size(1.3)));
        }
        Ok(panel)
    }

    fn norms(&self, state: &str, title: String) -> Result<Panel, Failure> {
        let mut panel =
            Panel::new(Axis::linear("angle to class mean, degrees"), Axis::linear("norm ‖z‖").range(0.0, self.edge))
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
    style(class).dash(embedding_norms::lab::figure::Dash::Solid)
}

/// One or two round norms below the largest one.
fn rings(edge: f64) -> Vec<f64> {
    let power = libm::pow(10.0, libm::log10(0.98 * edge).floor());
    let largest = [5.0, 2.0, 1.0].into_iter().map(|digit| digit * power).find(|&norm| norm < 0.98 * edge);
    let largest = largest.unwrap_or(power);
    vec![0.5 * largest, largest]
}
