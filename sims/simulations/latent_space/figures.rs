//! Embeddings before and after training as a figure, from the tables alone.

use std::f64::consts::PI;

use embedding_norms::sphere::norm_of;
use embedding_norms_lab::figure::{Axis, Dash, Figure, Layer, Legend, Panel, Style};
use ndarray::Array1;

use super::space::{Mean, Place, Point, State};
use super::view::{Camera, Side, degrees};

const TEXT: &str = "Six panels, before training on the left and after training on the right. Embeddings in three dimensions, from two \
                    sides: before training classes lie beside each other, after training every class points into a \
                    direction of its own. The norm of an embedding against its angle to the mean of its class.";

pub fn figure(points: &[Point], means: &[Mean]) -> Figure {
    let all: Vec<Array1<f64>> = points.iter().map(|Point(place)| place.vector()).collect();
    let camera = Camera::on(&all);
    let edge = 1.08 * all.iter().map(|vector| norm_of(vector.view())).fold(0.0, f64::max);
    let shown = Shown { points, means, camera: &camera, edge };
    let states = [(State::Before, "Before"), (State::After, "After")];
    let mut panels = Vec::new();
    for (side, from) in [(Side::Front, "from the front"), (Side::Top, "from above")] {
        panels.extend(states.map(|(state, name)| shown.picture(state, side, format!("{name}, {from}"))));
    }
    panels.extend(states.map(|(state, name)| shown.norms(state, format!("{name}: norms"))));
    let norms: Vec<String> = rings(edge).iter().map(ToString::to_string).collect();
    let caption = format!(
        "Embeddings of one seed; in front is the plane in which they extend most. Lines lead from the origin to the mean of \
         each class. Rings are norms, {}: what lies in the plane of the picture is on its ring, what points towards the eye \
         is inside.",
        norms.join(" and ")
    );
    Figure::new(TEXT).columns(2).aspect(0.62).caption(caption).panels(panels)
}

/// What all panels are drawn from.
struct Shown<'a> {
    points: &'a [Point],
    means: &'a [Mean],
    camera: &'a Camera,
    edge: f64,
}

/// A class: its number, its embeddings, their mean.
type Class = (usize, Vec<Array1<f64>>, Array1<f64>);

impl Shown<'_> {
    /// The classes that have a mean, in their order.
    fn classes(&self, state: State) -> Vec<Class> {
        let replicate = self.points.first().map(|Point(place)| place.replicate);
        let means = self.means.iter().map(|Mean(mean)| mean);
        let means = means.filter(|mean| mean.state == state && Some(mean.replicate) == replicate);
        let class = |mean: &Place| {
            let own = self.points.iter().map(|Point(place)| place);
            let own = own.filter(|place| place.state == state && place.class == mean.class);
            (mean.class, own.map(Place::vector).collect(), mean.vector())
        };
        means.map(class).collect()
    }

    fn picture(&self, state: State, side: Side, title: String) -> Panel {
        let mut panel = Panel::picture((-self.edge, self.edge), (-self.edge, self.edge)).title(title);
        for radius in rings(self.edge) {
            let at = |part: i32| 2.0 * PI * f64::from(part) / 90.0;
            let ring = (0..=90).map(|part| (radius * libm::cos(at(part)), radius * libm::sin(at(part)))).collect();
            panel = panel.layer(Layer::line("", ring).style(Style::reference().width(0.6)));
        }
        for (class, points, mean) in self.classes(state) {
            let places = points.iter().map(|point| self.camera.seen(point, side)).collect();
            let end = self.camera.seen(&mean, side);
            panel = panel
                .layer(Layer::line("", vec![(0.0, 0.0), end]).style(solid(class).width(1.1)))
                .layer(Layer::markers(name(class), places).style(style(class).size(0.4).opacity(0.55)))
                .layer(Layer::markers("", vec![end]).style(style(class).size(1.3)));
        }
        panel
    }

    fn norms(&self, state: State, title: String) -> Panel {
        let mut panel =
            Panel::new(Axis::linear("angle to class mean, degrees"), Axis::linear("norm ‖z‖").range(0.0, self.edge))
                .title(title)
                .legend(Legend::Hidden);
        for (class, points, mean) in self.classes(state) {
            let places = points.iter().map(|point| (degrees(point, &mean), norm_of(point.view()))).collect();
            panel = panel.layer(Layer::markers(name(class), places).style(style(class).size(0.5).opacity(0.6)));
        }
        panel
    }
}

fn name(class: usize) -> String {
    format!("class {class}")
}

/// Seven styles, and the same with open markers.
fn style(class: usize) -> Style {
    let style = Style::series(class - 1);
    if class > 7 { style.open() } else { style }
}

fn solid(class: usize) -> Style {
    style(class).dash(Dash::Solid)
}

/// One or two round norms below the largest one.
fn rings(edge: f64) -> Vec<f64> {
    let power = libm::pow(10.0, libm::log10(0.98 * edge).floor());
    let largest = [5.0, 2.0, 1.0].into_iter().map(|digit| digit * power).find(|&norm| norm < 0.98 * edge);
    let largest = largest.unwrap_or(power);
    vec![0.5 * largest, largest]
}
