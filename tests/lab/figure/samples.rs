//! Figures that show every kind of layer.

use embedding_norms_lab::figure::{
    Axis, Colour, ColourMap, Figure, Image, Layer, Legend, Panel, Raster, Scale, Side, Style,
};

pub fn powers(from: f64, to: f64, count: usize) -> Vec<f64> {
    (0..count).map(|k| from * (to / from).powf(k as f64 / (count - 1) as f64)).collect()
}

pub fn law(norm: f64) -> f64 {
    20.0 + 53.0 * norm * norm
}

pub fn steps(x: Axis, y: Axis) -> Panel {
    let law_at = |count, factor: f64| powers(0.2, 9.0, count).into_iter().map(move |norm| (norm, factor * law(norm)));
    let band = law_at(50, 1.0).map(|(norm, steps)| (norm, 0.8 * steps, 1.25 * steps)).collect();
    let published = vec![(0.25, 20.0), (0.5, 33.0), (1.0, 74.0), (2.0, 231.0), (4.0, 870.0), (8.0, 3432.0)];
    Panel::new(x, y)
        .title("Steps grow with the square of the norm")
        .layer(Layer::band("95 % interval", band).like("simulated"))
        .layer(Layer::line("closed form", law_at(100, 1.0).collect()).style(Style::theory()))
        .layer(Layer::markers("simulated", law_at(9, 1.04).collect()))
        .layer(Layer::markers("published", published).style(Style::published()))
        .layer(Layer::vertical_line("ρ = 1", 1.0))
        .note(8.0, 3432.0, "3432", Side::Left)
}

pub fn two_panels() -> Figure {
    let (x, y) = ("initial norm ‖z‖", "steps to cosine 0.999");
    Figure::new("Steps against the initial norm, on linear and on logarithmic axes.")
        .columns(2)
        .panel(steps(Axis::linear(x), Axis::linear(y)))
        .panel(steps(Axis::logarithmic(x), Axis::logarithmic(y)))
}

pub fn small_multiples() -> Figure {
    let panel = |(index, name): (usize, &str)| {
        let line = |(place, norm): (usize, f64)| {
            let decay = |k: usize| (k as f64, 0.9 * (-(k as f64) / (norm * (10.0 + 3.0 * index as f64))).exp());
            let label = format!("‖z‖ = {norm}");
            Layer::line(label, (0..=100).map(decay).collect()).style(Style::ordered(place, 3))
        };
        Panel::new(Axis::linear("step"), Axis::logarithmic("1 − cos φ"))
            .title(name)
            .layers([0.5, 1.0, 2.0].into_iter().enumerate().map(line))
    };
    let names = ["gradient descent", "momentum", "RMSProp", "Adam", "LARS", "LAMB"];
    Figure::new("The loss of six optimizers.")
        .columns(3)
        .shared_axes()
        .panels(names.into_iter().enumerate().map(panel))
        .caption("Each line is the mean of ten runs from embeddings of one norm.")
}

pub fn raster(cells: usize) -> Raster {
    let (low, high) = (1e-2, 1e2);
    let values =
        |y: f64| powers(low, high, cells).into_iter().map(move |x| if x > 50.0 * y { f64::NAN } else { x / y });
    let grid = powers(low, high, cells).into_iter().flat_map(values).collect();
    Raster::new(cells, grid, (low, high), (low, high), Axis::logarithmic("ratio"))
}

pub fn heat_map() -> Figure {
    let raster = raster(60);
    let contour = raster.contour(1.0, Scale::Logarithmic, Scale::Logarithmic);
    Figure::new("A ratio over two scales.").panel(
        Panel::new(Axis::logarithmic("norm ‖z‖"), Axis::logarithmic("learning rate γ"))
            .layer(Layer::raster(raster))
            .layer(Layer::line("ratio 1", contour).style(Style::theory().colour(Colour::PAPER)))
            .note(0.1, 10.0, "small steps", Side::Above)
            .legend(Legend::Hidden),
    )
}

pub fn line_ends() -> Figure {
    let line = |(index, name): (usize, &str)| {
        let fall = |k: usize| (k as f64, 2.0 + 0.05 * index as f64 + 3.0 * (-(k as f64) / 20.0).exp());
        Layer::line(name, (0..100).map(fall).collect())
    };
    let names = ["InfoNCE", "NT-Xent", "SimSiam", "BYOL", "cosine"];
    Figure::new("Five losses.").panel(
        Panel::new(Axis::linear("step"), Axis::linear("loss (nats)"))
            .layers(names.into_iter().enumerate().map(line))
            .legend(Legend::LineEnds),
    )
}

pub fn intervals() -> Figure {
    let measured = powers(1e-3, 1e-1, 6).into_iter().enumerate().map(|(k, x)| (x, 0.9 - 0.05 * k as f64, 1.2));
    let middle = measured.clone().map(|(x, low, high)| (x, (low + high) / 2.0)).collect();
    Figure::new("Slopes with intervals.").panel(
        Panel::new(Axis::logarithmic("temperature τ"), Axis::linear("slope"))
            .layer(Layer::error_bars("measured", measured.collect()))
            .layer(Layer::markers("measured", middle))
            .layer(Layer::horizontal_line("predicted", 1.0)),
    )
}

pub fn histogram() -> Figure {
    let bar = |k: i32| (0.2 * f64::from(k), 0.2 * f64::from(k + 1), 400.0 * (-0.02 * f64::from(k * k)).exp());
    Figure::new("A histogram of norms.").panel(
        Panel::new(Axis::linear("log₂ norm"), Axis::linear("embeddings"))
            .layer(Layer::bars("", (-15..15).map(bar).collect())),
    )
}

pub fn few_cells() -> Figure {
    let values = (0..36).map(|k| f64::from(k % 6) * 0.1 - f64::from(k / 6) * 0.13).collect();
    let raster = Raster::new(6, values, (0.0, 6.0), (0.0, 6.0), Axis::linear("cosine").range(-0.7, 0.7));
    Figure::new("Cosines of six embeddings.").panel(
        Panel::new(Axis::linear("column"), Axis::linear("row"))
            .layer(Layer::raster(raster.colours(ColourMap::Diverging))),
    )
}

pub fn ball(turn: f64) -> Figure {
    let point = |k: usize| {
        let angle = 0.06 * k as f64 + turn;
        (angle.cos(), 0.4 * angle.sin(), if angle.sin() > 0.0 { 0.3 } else { 1.0 })
    };
    Figure::new("A circle on a ball.").panel(
        Panel::picture((-1.1, 1.1), (-1.1, 1.1))
            .title("Directions")
            .layer(Layer::disc((0.0, 0.0), 1.0))
            .layer(Layer::area("wedge", vec![(0.0, 0.0), (0.9, -0.2), (0.6, -0.5)]))
            .layer(Layer::path("path", (0..=105).map(point).collect()))
            .layer(Layer::markers("path", vec![(turn.cos(), 0.4 * turn.sin())])),
    )
}

/// Three pictures of 2 × 3 pixels with names below, the last one with a pixel that is not a number.
pub fn pictures() -> Figure {
    let picture = |place: usize| {
        let left = 1.3 * place as f64;
        let last = if place == 2 { f64::NAN } else { 0.2 };
        let values = vec![0.0, 1.0, 0.5, 0.25 * place as f64, 0.75, last];
        Layer::image(Image::new(2, values, (left, left + 1.0), (0.0, 1.5)))
    };
    let panel = Panel::picture((-0.1, 3.7), (-0.5, 1.6)).title("Pictures").layers((0..3).map(picture));
    Figure::new("Three small pictures.").panel(
        (0..3).fold(panel, |panel, place| panel.note(1.3 * place as f64 + 0.5, 0.0, place.to_string(), Side::Below)),
    )
}

/// Every kind of layer and of legend.
pub fn figures() -> [(&'static str, Figure); 9] {
    [
        ("two_panels", two_panels()),
        ("small_multiples", small_multiples()),
        ("heat_map", heat_map()),
        ("line_ends", line_ends()),
        ("intervals", intervals()),
        ("histogram", histogram()),
        ("few_cells", few_cells()),
        ("ball", ball(0.4)),
        ("pictures", pictures()),
    ]
}
