//! Losses against references from the outside: automatic differentiation and multiple precision.

use crate::losses_support;

use embedding_norms::check::loss::{Slope, through_pullback};
use embedding_norms::simulation::Start;
use embedding_norms::sphere::{norm_of, normalize};
use losses_support::reference::{Case, Gradients, cases};
use losses_support::{build, names};
use ndarray::ArrayView1;

/// The differences of one row from its reference.
struct Difference {
    /// ‖Δ∇‖/‖∇‖, where there is a gradient.
    relative: f64,
    /// ‖Δ∇‖·ρ·τ, in units of the mean's gradient times n.
    scaled: f64,
    /// ‖∇‖·ρ·τ: whether the row has a gradient at all.
    size: f64,
}

fn difference(found: ArrayView1<f64>, expected: ArrayView1<f64>, point: ArrayView1<f64>, scale: f64) -> Difference {
    let error = norm_of((&found - &expected).view());
    let size = norm_of(expected);
    let relative = if size == 0.0 { 0.0 } else { error / size };
    Difference { relative, scaled: error * norm_of(point) * scale, size: size * norm_of(point) * scale }
}

fn differences(found: &Gradients, expected: &Gradients, start: &Start, scale: f64) -> Vec<Difference> {
    let points = std::iter::once(&start.first).chain(&start.second);
    let rows = found.views.iter().zip(&expected.views).zip(points);
    rows.flat_map(|((found, expected), points)| {
        let rows = found.rows().into_iter().zip(expected.rows()).zip(points.rows());
        rows.map(|((found, expected), point)| difference(found, expected, point, scale)).collect::<Vec<_>>()
    })
    .collect()
}

fn gradients(slope: Slope) -> Gradients {
    Gradients { total: slope.total, views: std::iter::once(slope.first).chain(slope.second).collect() }
}

fn ours(name: &str, case: &Case) -> Gradients {
    gradients(through_pullback(build(name, &case.parameters).as_ref(), &case.start).unwrap())
}

/// The temperature that the loss's gradients are inversely proportional to.
fn temperature(name: &str, case: &Case) -> f64 {
    match name {
        "cosine" | "simsiam" | "triplet" => 1.0,
        "align-uniform" => 0.5 / case.parameters[2],
        _ => case.parameters[0],
    }
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |largest, value| if value > largest || value.is_nan() { value } else { largest })
}

#[test]
fn gradients_agree_with_automatic_differentiation() {
    for name in names() {
        let (cases, versions) = cases(name);
        assert!(versions.contains("JAX") && versions.contains("mpmath"), "{versions}");
        assert!(cases.len() >= 20);
        let (mut rows, mut worst_relative, mut worst_scaled, mut worst_total) = (0, 0.0_f64, 0.0_f64, 0.0_f64);
        for case in cases.iter().filter(|case| case.precise.is_none()) {
            let found = ours(name, case);
            let differences = differences(&found, &case.automatic, &case.start, temperature(name, case));
            let well: Vec<_> = differences.iter().filter(|row| row.size > 0.1).collect();
            rows += well.len();
            worst_relative = worst_relative.max(largest(well.iter().map(|row| row.relative)));
            worst_scaled = worst_scaled.max(largest(differences.iter().map(|row| row.scaled)));
            worst_total =
                worst_total.max((found.total - case.automatic.total).abs() / (1.0 + case.automatic.total.abs()));
        }
        println!(
            "{name}: {rows} rows, relative {worst_relative:.1e}, scaled {worst_scaled:.1e}, total {worst_total:.1e}"
        );
        assert!(rows >= 100, "{name}: only {rows} rows are well conditioned");
        assert!(worst_relative <= 1e-12, "{name}: {worst_relative:e}");
        assert!(worst_scaled <= 1e-13, "{name}: {worst_scaled:e}");
        assert!(worst_total <= 1e-13, "{name}: {worst_total:e}");
    }
}

/// The smallest chord between two different embeddings' directions, or between one and the opposite of another.
fn smallest_chord(start: &Start) -> f64 {
    let units: Vec<_> = std::iter::once(&start.first)
        .chain(&start.second)
        .flat_map(|view| {
            normalize(view.view()).unwrap().units().rows().into_iter().map(|row| row.to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let pairs = units.iter().enumerate().flat_map(|(row, x)| units[..row].iter().map(move |y| (x, y)));
    let chords = pairs.flat_map(|(x, y)| [norm_of((x - y).view()), norm_of((x + y).view())]);
    chords.filter(|&chord| chord > 0.0).fold(1.0, f64::min)
}

#[test]
fn gradients_agree_with_multiple_precision_in_hard_cases() {
    for name in names() {
        let (cases, _) = cases(name);
        let mut hard = 0;
        let (mut worst_scaled, mut worst_relative, mut worst_total) = (0.0_f64, 0.0_f64, 0.0_f64);
        for case in &cases {
            let Some(precise) = &case.precise else { continue };
            hard += 1;
            let found = ours(name, case);
            let differences = differences(&found, precise, &case.start, temperature(name, case));
            // A direction that is rounded knows an angle s to 1e-16/s; nothing else may be lost.
            let known = 1.0 + 1e-3 / smallest_chord(&case.start);
            worst_relative = worst_relative.max(largest(differences.iter().map(|row| row.relative / known)));
            worst_scaled = worst_scaled.max(largest(differences.iter().map(|row| row.scaled)));
            worst_total = worst_total.max((found.total - precise.total).abs() / (1e-2_f64.max(precise.total.abs())));
            if CERTAIN.contains(&name) {
                assert!((found.total / precise.total - 1.0).abs() < 3e-14, "{name}, case {}", case.number);
            }
        }
        println!(
            "{name}: {hard} cases, scaled {worst_scaled:.1e}, relative {worst_relative:.1e}, total {worst_total:.1e}"
        );
        assert!(hard >= 14);
        assert!(worst_scaled <= 1e-13, "{name}: {worst_scaled:e}");
        assert!(worst_relative <= 5e-13, "{name}: {worst_relative:e}");
        assert!(worst_total <= 3e-14, "{name}: {worst_total:e}");
    }
}

/// The losses in which a positive can be nearly certain.
const CERTAIN: [&str; 6] = ["info-nce", "clip", "nt-xent", "sup-con", "infonce-all-positives", "infonce-one-positive"];

/// The evidence of statement G5: at τ = 0.01 with certain positives automatic differentiation of the textbook formula is
/// wrong in the first digit of whole rows, where this crate has thirteen digits.
#[test]
fn automatic_differentiation_is_wrong_where_positives_are_certain() {
    for name in CERTAIN {
        let (cases, _) = cases(name);
        let (mut wrong, mut worst) = (0, 0.0_f64);
        for case in &cases {
            let Some(precise) = &case.precise else { continue };
            let errors = |found: &Gradients| differences(found, precise, &case.start, temperature(name, case));
            for (automatic, ours) in errors(&case.automatic).into_iter().zip(errors(&ours(name, case))) {
                if automatic.relative > 0.5 {
                    wrong += 1;
                    worst = worst.max(ours.relative);
                }
                // By the scale of an uncertain row it is right to rounding; that is all it promises.
                assert!(automatic.scaled < 1e-13, "{name}, case {}", case.number);
            }
        }
        println!("{name}: automatic differentiation is wrong in {wrong} rows, ours there to {worst:.1e}");
        assert!(wrong >= 3 && worst < 1e-13, "{name}: {wrong} rows, ours {worst:e}");
    }
}
