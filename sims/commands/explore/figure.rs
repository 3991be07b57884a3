//! What a reader sees without JavaScript: one pair, its norm and the count of its steps.

use std::f64::consts::FRAC_PI_2;

use embedding_norms::theory::convergence::second_order_steps;
use embedding_norms::theory::duality::best_norm;
use embedding_norms::theory::one_step::{Pair, step_size};
use embedding_norms::theory::pair::steps_of_pair;
use embedding_norms_lab::figure::{Axis, Figure, Layer, Panel, Style};

use crate::cli::failure::Failure;

/// Learning rate and tolerance of the figure.
const LEARNING_RATE: f64 = 0.02;
const TOLERANCE: f64 = 1e-3;

/// What it shows, in words.
pub const CAPTION: &str = "Steps of plain descent until a pair that starts at a right angle is aligned (1 − cos φ ≤ 0.001, γ = 0.02), \
                           against its norm: counted, and by the closed form where steps are small. At the best norm, √γ, one \
                           step is enough; shorter and longer norms need more.";

/// The figure.
pub fn figure() -> Result<Figure, Failure> {
    let best = best_norm(LEARNING_RATE, FRAC_PI_2)?;
    let mut norms: Vec<f64> = (-20..=40).map(|tenth| libm::pow(10.0, f64::from(tenth) / 20.0) / 3.0).collect();
    // The caption speaks of it, and it lies between two of the others.
    norms.push(best);
    norms.sort_by(f64::total_cmp);
    let (mut counted, mut closed) = (Vec::new(), Vec::new());
    for norm in norms {
        let size = step_size(LEARNING_RATE, norm)?;
        let pair = Pair { half_tangent: 1.0, first: size, second: size };
        if let Some(steps) = steps_of_pair(pair, TOLERANCE, 1_000_000)?.steps() {
            counted.push((norm, steps as f64));
        }
        if size <= 0.1 {
            closed.push((norm, second_order_steps(1.0, size, size, TOLERANCE)?));
        }
    }
    let panel = Panel::new(Axis::logarithmic("norm ρ of both embeddings"), Axis::logarithmic("steps until aligned"))
        .layer(Layer::line("closed form (L1)", closed).style(Style::theory()))
        .layer(Layer::markers("counted (D1)", counted))
        .layer(Layer::vertical_line("best norm (L8)", best));
    Ok(Figure::new(CAPTION).panel(panel.title("A norm can be too long, and too short")).aspect(0.5))
}
