//! The comparisons as a figure, from the table alone.

use embedding_norms_lab::figure::{Axis, Figure, Layer, Legend, Panel, Style};

use super::{Comparison, DecayRule};
use crate::simulations::decay::Decay;
use crate::simulations::grouping::ascending;

/// The names on the axis.
const NAMES: [(&str, &str); 12] = [
    ("gradient-descent", "GD"),
    ("heavy-ball", "HB"),
    ("nesterov", "NAG"),
    ("sgdp", "SGDP"),
    ("adam", "Adam"),
    ("adamw", "AdW"),
    ("adamp", "AdP"),
    ("rmsprop", "RMS"),
    ("adagrad", "AdaG"),
    ("sign-descent", "sign"),
    ("lion", "Lion"),
    ("normalized-gradient", "NGD"),
];

/// Where "bit for bit the same" stands on the axis of angles.
const FLOOR: f64 = 1e-19;

/// The largest angle between the two runs for every rule, without GradScale and with it.
pub fn figure(rows: &[Comparison]) -> Figure {
    let text = "For every update rule, the largest angle between a run and its counterpart with k times the learning rate \
                and decay divided by k. With decoupled decay it is at the level of rounding, or zero, for all rules. With \
                coupled decay this holds only for rules of degree two; Adam and related rules diverge from their \
                counterparts by up to radians, unless decay is divided by the square of k.";
    let panels = ascending(rows.iter().map(|row| row.grad_scale)).into_iter().map(|power| panel(rows, power));
    let caption = "HB heavy ball, NAG Nesterov, AdW AdamW, AdP AdamP, AdaG AdaGrad, NGD normalized gradient; 0: bit for bit the \
                   same. RMSProp amplifies rounding.";
    Figure::new(text).aspect(0.42).caption(caption).panels(panels)
}

fn panel(rows: &[Comparison], power: f64) -> Panel {
    let ticks = NAMES.iter().enumerate().map(|(place, (_, name))| (place as f64, (*name).to_owned()));
    let y_ticks = [
        (FLOOR, "0".to_owned()),
        (f64::EPSILON, "rounding".to_owned()),
        (1e-12, "10⁻¹²".to_owned()),
        (1e-8, "10⁻⁸".to_owned()),
    ];
    let title = if power == 0.0 { "Without GradScale".to_owned() } else { format!("After GradScale with p = {power}") };
    let mut panel = Panel::new(
        Axis::linear("update rule").range(-0.6, NAMES.len() as f64 - 0.4).ticks(ticks),
        Axis::logarithmic("largest angle, radians")
            .range(2e-20, 10.0)
            .ticks(y_ticks.into_iter().chain([(1e-4, "10⁻⁴".to_owned()), (1.0, "1".to_owned())])),
    )
    .title(title)
    .layer(Layer::horizontal_line("", f64::EPSILON))
    .legend(Legend::Below);
    let kinds = [
        (Decay::Decoupled, DecayRule::Inverse, "decoupled, λ/k"),
        (Decay::Coupled, DecayRule::Inverse, "coupled, λ/k"),
        (Decay::Coupled, DecayRule::Law, "coupled, λ as L6 says"),
    ];
    for (index, (decay, rule, name)) in kinds.into_iter().enumerate() {
        for (binary, style) in [(false, Style::series(index)), (true, Style::series(index).open())] {
            let is_binary = |row: &Comparison| libm::log2(row.factor).fract() == 0.0;
            let kind = |row: &&Comparison| (row.decay, row.decay_rule, is_binary(row)) == (decay, rule, binary);
            let chosen: Vec<&Comparison> = rows.iter().filter(|row| row.grad_scale == power).filter(kind).collect();
            let offset = 0.2 * (index as f64 - 1.0) + if binary { 0.05 } else { -0.05 };
            let point = |(place, (optimizer, _)): (usize, &(&str, &str))| {
                let angles = chosen.iter().filter(|row| row.optimizer == *optimizer).map(|row| row.angle());
                let largest = angles.fold(f64::NAN, f64::max);
                largest.is_finite().then_some((place as f64 + offset, largest.max(FLOOR)))
            };
            let points: Vec<(f64, f64)> = NAMES.iter().enumerate().filter_map(point).collect();
            let factors = if binary { "k a power of two" } else { "other k" };
            if !points.is_empty() {
                panel = panel.layer(Layer::markers(format!("{name}, {factors}"), points).style(style));
            }
        }
    }
    panel
}
