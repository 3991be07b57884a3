//! The page's functions against the library, setting by setting, and faults in them that must be noticed.

use std::fs;

use serde_json::{Value, json};

use super::engine::Engine;
use super::table::table;
use crate::repository::root;

/// Faults, each a text of the functions and what stands in its place: a coefficient, a sign, an order.
const FAULTS: [(&str, &str); 17] = [
    ("1 - 2 * u + square", "1 - 2.000001 * u + square"),
    ("u / (1 + turned * turned), beta", "u / (1 + 0.999999 * turned * turned), beta"),
    ("2 + difference", "2 - difference"),
    ("- (sum - Math.max(alpha, beta))", "- (sum - Math.min(alpha, beta))"),
    ("steps - 1 + within", "steps + within"),
    ("lambda / 12", "lambda / 12.00001"),
    ("(q - 0.5) * sines", "(q - 0.50001) * sines"),
    ("1 / (alpha * (s * s))", "1 / (alpha * s)"),
    ("Math.sqrt(2 * gamma)", "Math.sqrt(2.000001 * gamma)"),
    ("(k + stop) / (1 - k * stop)", "(k + stop) / (1 + k * stop)"),
    ("0.25 * (alpha + beta)", "0.26 * (alpha + beta)"),
    ("linear / (memory * memory)", "linear / memory"),
    ("0.25 - slow(beta1)", "0.25 + slow(beta1)"),
    ("Math.LN10]", "Math.LN2]"),
    ("momentum * velocity[i] + g[i]", "momentum * velocity[i] + (1 - momentum) * g[i]"),
    ("(1 - beta2) * g[i] * g[i]", "(1 - beta2) * g[i]"),
    ("trust * size", "trust * length(g)"),
];

/// What is called of the modules.
const EXPORTS: &str = "export { oneMinusCosine, pairStep, stepsOfPair, flowSteps, flowHalfTangent, secondOrderSteps, dual, \
                       bothNeedAStep, bestNorm, oneStepBand, pairGrowth, equilibrium, standing, standingOfPair, descend };";

/// The page's functions as one module.
fn functions() -> String {
    let folder = root().join("sims/commands/explore/page");
    let mut text = String::new();
    for name in ["numerics.js", "descent.js"] {
        let source = fs::read_to_string(folder.join(name)).unwrap();
        assert!(source.lines().all(|line| !line.starts_with("import ")), "{name} stands alone");
        text += &source.replace("\nexport ", "\n");
    }
    text + EXPORTS
}

#[test]
fn every_line_of_the_tested_functions_is_on_the_page() {
    let page = super::written();
    let functions = functions();
    let lines: Vec<&str> = functions.strip_suffix(EXPORTS).unwrap().lines().collect();
    assert!(lines.len() > 300, "{}", lines.len());
    for line in lines {
        assert!(page.contains(line), "{line}");
    }
}

#[test]
fn the_pages_numbers_are_the_librarys() {
    let Some(engine) = Engine::any() else { return };
    let functions = functions();
    for (from, _) in FAULTS {
        assert!(functions.contains(from), "the fault in '{from}' cannot be planted");
    }
    let input = json!({ "functions": functions, "faults": FAULTS, "table": table() });
    let harness = include_str!("../../browser/numbers.js");
    let input = input.to_string().replace("</", "<\\/");
    let report: Value = serde_json::from_str(&engine.run(&format!("const input = {input};\n{harness}"))).unwrap();
    assert_eq!(report["settings"], 10_000, "{report}");
    assert_eq!(report["differences"], json!([]), "largest relative difference {}", report["largest"]);
    assert!(report["numbers"].as_u64().unwrap() > 100_000, "{report}");
    println!("{} numbers, largest relative difference {}", report["numbers"], report["largest"]);
    let unnoticed: Vec<&Value> =
        report["faults"].as_array().unwrap().iter().filter(|fault| fault["noticed"] == 0).collect();
    assert!(unnoticed.is_empty(), "faults that nothing notices: {unnoticed:?}");
    assert_eq!(report["faults"].as_array().unwrap().len(), FAULTS.len());
}
