//! L6 beyond its own test files: how many steps GradScale takes to the next order, how AdaGrad's steps add up, and the
//! quick runs of the three simulations.

use std::process::Command;

use assert_cmd::prelude::*;
use embedding_norms::loss::NegativeCosine;
use embedding_norms::normalization::GradScale;
use embedding_norms::optimizer::{AdaGrad, GradientDescent, Optimizer};
use embedding_norms::simulation::{Descent, Start, StopRules};
use ndarray::array;

/// Steps of one pair at this angle and norm until 1 − cos φ = ε.
fn steps(optimizer: &dyn Optimizer, rate: f64, power: f64, norm: f64, angle: f64, epsilon: f64) -> u64 {
    let start = Start::pairs(array![[norm, 0.0]], array![[norm * angle.cos(), norm * angle.sin()]]);
    let stops = StopRules::budget(10_000_000).mean_cosine(epsilon).unwrap();
    let loss = NegativeCosine::symmetric();
    let descent = Descent::new(&loss, optimizer, rate).unwrap().grad_scale(GradScale::new(power).unwrap());
    let outcome = descent.run(start, &stops).unwrap();
    assert!(outcome.stop.is_goal());
    outcome.steps
}

/// Λ/2u − q cos φ0 Λ + (q − ½) ln(sin φ0/sin φ_ε) with q = (2 − p)/8, before it is rounded up.
fn predicted(step_size: f64, power: f64, angle: f64, epsilon: f64) -> f64 {
    let end = (1.0 - epsilon).acos();
    let lambda = ((0.5 * angle).tan() / (0.5 * end).tan()).ln();
    let q = (2.0 - power) / 8.0;
    lambda / (2.0 * step_size) - q * angle.cos() * lambda + (q - 0.5) * (angle.sin() / end.sin()).ln()
}

#[test]
fn l6_grad_scale_takes_the_steps_of_l1_to_the_next_order() {
    for power in [-1.0, 0.0, 0.5, 1.0, 1.7, 2.0, 3.0, 4.0] {
        for (norm, angle) in [(0.5, 2.9), (2.0, 1.6), (1.3, 0.7)] {
            let (step_size, epsilon) = (0.003, 1e-4);
            let rate = step_size * f64::powf(norm, 2.0 - power);
            let counted = steps(&GradientDescent, rate, power, norm, angle, epsilon) as f64;
            let above = counted - predicted(step_size, power, angle, epsilon);
            assert!((-0.02..1.02).contains(&above), "p = {power} from {angle}: {above}");
        }
    }
}

#[test]
fn l6_the_root_of_adagrads_steps_grows_by_equal_amounts() {
    // √T = A ρ + B, with B near −ζ(½)/2 = 0.73: the sum of 1/√t to T is 2√T − 1.46.
    let root = |norm: f64| (steps(&AdaGrad::new(0.0).unwrap(), 0.01, 0.0, norm, 1.4, 1e-3) as f64).sqrt();
    let [first, second, third] = [2.0, 4.0, 8.0].map(root);
    let slope = (third - second) / 4.0;
    assert!(((second - first) / 2.0 / slope - 1.0).abs() < 2e-3, "{first} {second} {third}");
    let offset = third - 8.0 * slope;
    assert!((0.5..0.9).contains(&offset), "{offset}");
}

#[test]
fn l6_quick_runs_decide_nothing_that_they_cannot() {
    for simulation in ["optimizer-laws", "gradscale", "adam-epsilon"] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::cargo_bin("embedding-norms").unwrap();
        let run = command.args([simulation, "--quick", "--out"]).arg(folder.path()).assert().success();
        let said = String::from_utf8(run.get_output().stdout.clone()).unwrap();
        assert!(said.contains("bit for bit") && said.contains("not tested"), "{said}");
        assert!(folder.path().join(format!("{simulation}.svg")).is_file());
    }
}
