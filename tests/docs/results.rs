//! Numbers of the chapters that stand in no claim: computed again from the tables of the gallery.

use std::collections::BTreeSet;

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::pages::read;
use crate::repository::root;

/// A table of results, by the names of its columns.
struct Results {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Results {
    fn read(path: &str) -> Self {
        let mut reader = csv::Reader::from_path(root().join(path)).unwrap();
        let names = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        Self { names, rows }
    }

    /// The values of a column in the rows that have these values in others.
    fn values(&self, column: &str, with: &[(&str, &str)]) -> Vec<f64> {
        let values: Vec<f64> = self.texts(column, with).iter().filter_map(|text| text.parse().ok()).collect();
        assert!(!values.is_empty(), "{column} where {with:?}");
        values
    }

    /// The texts of a column in such rows.
    fn texts(&self, column: &str, with: &[(&str, &str)]) -> Vec<String> {
        let place = |name: &str| self.names.iter().position(|other| other == name).unwrap_or_else(|| panic!("{name}"));
        let rows = self.rows.iter().filter(|row| with.iter().all(|(name, value)| row[place(name)] == *value));
        rows.map(|row| row[place(column)].clone()).collect()
    }

    fn mean(&self, column: &str, with: &[(&str, &str)]) -> f64 {
        mean(&self.values(column, with))
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

fn spread(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::MIN, f64::max) - values.iter().copied().fold(f64::MAX, f64::min)
}

fn minus(one: &[f64], other: &[f64]) -> Vec<f64> {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| one - other).collect()
}

/// A mean with its 95 % interval as the chapters show it: `+0.47 [+0.25, +0.69]`.
fn shown(values: &[f64], decimals: usize, signed: bool) -> String {
    let n = values.len() as f64;
    let half = StudentsT::new(0.0, 1.0, n - 1.0).unwrap().inverse_cdf(0.975) * deviation(values) / n.sqrt();
    let number = |value: f64| {
        let text = format!("{:.decimals$}", value.abs());
        let sign = if value < 0.0 {
            "−"
        } else if signed {
            "+"
        } else {
            ""
        };
        format!("{sign}{text}")
    };
    let mean = mean(values);
    format!("{} [{}, {}]", number(mean), number(mean - half), number(mean + half))
}

fn assert_says(page: &str, text: &str) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&read(page)).contains(&words(text)), "{page} does not say: {text}");
}

const GROWTH: &str = "docs/06-growth.md";
const ENCODERS: &str = "docs/07-encoders.md";
const SCALING: &str = "docs/04-scaling.md";

/// a of T = a x + b through two means.
fn line(x: [f64; 2], y: [f64; 2]) -> (f64, f64) {
    let slope = (y[1] - y[0]) / (x[1] - x[0]);
    (slope, y[0] - slope * x[0])
}

#[test]
fn offsets_of_optimizers_are_those_of_their_steps() {
    let laws = Results::read("plots/optimizer-laws.csv");
    let steps = |rule: &str, norm: &str| laws.mean("steps", &[("optimizer", rule), ("norm", norm)]);
    // T = A ρ² + B/(1 − β) with β = 0.9.
    let memories = |rule: &str| 0.1 * line([16.0, 64.0], [steps(rule, "4"), steps(rule, "8")]).1;
    for (rule, offset) in [("sgdp", -1.76), ("heavy-ball", 0.07), ("nesterov", 0.03)] {
        assert!((memories(rule) - offset).abs() < 0.01, "{rule}: {}", memories(rule));
    }
    assert_says(SCALING, "$B = -1.76$");
    assert_says(SCALING, "$B = 0.07$ and $0.03$");
    // AdaGrad: √T = A ρ + B.
    let root = |norm: &str| steps("adagrad", norm).sqrt();
    let offsets =
        [["0.25", "0.5"], ["4", "8"]].map(|norms| line(norms.map(|norm| norm.parse().unwrap()), norms.map(root)).1);
    assert!((offsets[0] - 0.71).abs() < 0.005 && (offsets[1] - 0.64).abs() < 0.005, "{offsets:?}");
    assert_says(SCALING, "0.71 at the shortest norms and 0.64 at the longest");
}

#[test]
fn adams_memory_of_squares_is_that_of_its_steps() {
    let dip = Results::read("plots/optimizer-laws.adam-dip.csv");
    let steps = |norm: &str| dip.mean("steps", &[("norm", norm)]);
    let (slope, offset) = line([128.0, 256.0], [steps("128"), steps("256")]);
    assert!((offset - 1266.0).abs() < 0.5, "{offset}");
    let laws = Results::read("plots/optimizer-laws.csv");
    let steps_95 = |norm: &str| laws.mean("steps", &[("optimizer", "adam"), ("norm", norm)]);
    let short = line([4.0, 8.0], [steps_95("4"), steps_95("8")]).1;
    assert!((short - 11.1).abs() < 0.05, "{short}");
    assert_says(SCALING, "1266 steps for $\\beta_2 = 0.999$ and 11.1 for $\\beta_2 = 0.95$");
    // ℓ: the offset over β2/(1 − β2) − β1/(1 − β1) = 990 and 10.
    assert!((offset / 990.0 - 1.28).abs() < 0.005 && (short / 10.0 - 1.11).abs() < 0.01);
    assert_says(SCALING, "$\\ell = 1.28$ and 1.11");
    // γ = 10⁻³: D of long runs, D' of short ones.
    let (long, early) = (1e-3 * slope, 1e-3 * steps("1"));
    assert!((long - 0.52).abs() < 0.005 && (early - 0.73).abs() < 0.005 && ((early / long).ln() - 0.33).abs() < 0.005);
    assert_says(SCALING, "$D' = 0.73$, $D = 0.52$, and the area is 0.33");
}

#[test]
fn growth_of_every_loss_is_that_of_its_table() {
    let growth = Results::read("plots/contrastive-losses.growth.csv");
    let losses: BTreeSet<&String> = growth.rows.iter().map(|row| &row[0]).collect();
    assert_eq!(losses.len(), 12);
    for loss in losses {
        let cells = ["1", "2", "4"].map(|norm| {
            let ratio = growth.mean("budget_ratio", &[("loss", loss), ("norm", norm)]);
            format!("{ratio:.4}")
        });
        assert_says(GROWTH, &format!("| `{loss}` | {} |", cells.join(" | ")));
    }
}

#[test]
fn the_excess_of_corners_is_that_of_its_table() {
    let hinge = Results::read("plots/contrastive-losses.hinge.csv");
    let excess = |rate: &str, rounded: &str| {
        let ratios = hinge.values("budget_ratio", &[("learning_rate", rate), ("rounded", rounded)]);
        (100.0 * (mean(&ratios) - 1.0), 100.0 * (ratios.iter().copied().fold(0.0, f64::max) - 1.0))
    };
    let [(coarse, worst), (fine, other)] = ["0.02", "0.005"].map(|rate| excess(rate, "0"));
    let [(round_coarse, _), (round_fine, _)] = ["0.02", "0.005"].map(|rate| excess(rate, "1"));
    let worst = worst.max(other);
    assert_says(GROWTH, &format!("{coarse:.1} to {fine:.1} % as $\\gamma$ goes from 0.02 to 0.005"));
    assert_says(GROWTH, &format!("up to {worst:.1} % in single draws"));
    assert_says(GROWTH, &format!("fall from {round_coarse:.1} to {round_fine:.1} %"));
}

/// Mean norms of a class along the seeds.
fn class_norms(results: &Results, class: &str, epoch: &str) -> Vec<f64> {
    results.values("mean_norm", &[("labels", "own"), ("class", class), ("epoch", epoch)])
}

#[test]
fn rare_classes_are_as_short_as_their_table_says() {
    let results = Results::read("plots/class-imbalance.csv");
    let difference = |epoch: &str| minus(&class_norms(&results, "4", epoch), &class_norms(&results, "1", epoch));
    let (before, after) = (difference("0"), difference("100"));
    let above = |values: &[f64]| values.iter().filter(|value| **value > 0.0).count();
    for (name, values) in [
        ("untrained network", before.clone()),
        ("after 100 epochs", after.clone()),
        ("gained in training, seed by seed", minus(&after, &before)),
    ] {
        assert_says(ENCODERS, &format!("| {name} | {} | {} of 40 |", shown(&values, 2, true), above(&values)));
    }
    let share = after.iter().enumerate().map(|(seed, difference)| {
        let all = ["1", "2", "3", "4"].map(|class| class_norms(&results, class, "100")[seed]);
        100.0 * difference / mean(&all)
    });
    assert_says(ENCODERS, &format!("it is {} after training", shown(&share.collect::<Vec<_>>(), 1, true)));
    // What the text says of the course: a spread of a tenth before training, a summit at epoch 40.
    let all = |epoch: &str| mean(&["1", "2", "3", "4"].map(|class| mean(&class_norms(&results, class, epoch))));
    let share = deviation(&before) / all("0");
    assert!((0.07..0.12).contains(&share), "{share}");
    let epochs: Vec<String> = (0..=20).map(|five| (5 * five).to_string()).collect();
    for class in ["1", "2", "3", "4"] {
        let norms: Vec<f64> = epochs.iter().map(|epoch| mean(&class_norms(&results, class, epoch))).collect();
        let summit = (0..norms.len()).max_by(|&a, &b| norms[a].total_cmp(&norms[b])).unwrap();
        assert!((6..=10).contains(&summit), "class {class} is longest at epoch {}", 5 * summit);
    }
    let gained = |epoch: &str| mean(&minus(&difference(epoch), &before));
    assert!(gained("20") > 0.6 * gained("100"), "{} {}", gained("20"), gained("100"));
}

#[test]
fn sparse_regions_are_as_short_as_their_table_says() {
    let results = Results::read("plots/local-density.csv");
    for (name, source) in [("inputs", "input"), ("untrained network", "untrained"), ("trained network", "trained")] {
        let cells = [("overall", "same"), ("within", "same"), ("within", "latent")].map(|(column, among)| {
            shown(&results.values(column, &[("norm_of", source), ("neighbours_among", among)]), 2, true)
        });
        assert_says(ENCODERS, &format!("| {name} | {} |", cells.join(" | ")));
    }
}

#[test]
fn unseen_digits_are_told_as_their_tables_say() {
    let digits: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
    let row = |results: &Results, name: &str, source: &str| {
        let mean = |digit: &String| format!("{:.2}", results.mean("auroc", &[("digit", digit), ("source", source)]));
        assert_says(ENCODERS, &format!("| {name} | {} |", digits.iter().map(mean).collect::<Vec<_>>().join(" | ")));
    };
    let spreads = |results: &Results| -> Vec<f64> {
        let each =
            digits.iter().map(|digit| spread(&results.values("auroc", &[("digit", digit), ("source", "trained")])));
        each.collect()
    };
    let gallery = Results::read("plots/confidence.unseen.csv");
    row(&gallery, "trained", "trained");
    row(&gallery, "untrained", "untrained");
    row(&gallery, "images", "input");
    assert_eq!(spreads(&gallery).into_iter().filter(|spread| *spread >= 0.2).count(), 7);
    let full = Results::read("plots/full/confidence.unseen.csv");
    row(&full, "trained for 100 epochs", "trained");
    let widest = spreads(&full).into_iter().fold(0.0, f64::max);
    assert!((widest - 0.16).abs() < 0.005, "{widest}");
    // The images' own norms among the pixels.
    let images = Results::read("plots/confidence.csv").mean("pixel_distance_within", &[("source", "input")]);
    assert!((images + 0.28).abs() < 0.005, "{images}");
}

#[test]
fn displacements_of_encoders_turn_as_the_chapter_says() {
    let results = Results::read("plots/orthogonality.csv");
    for (encoder, ends) in [("shared linear", [43.4, 135.7]), ("perceptron", [50.7, 131.2])] {
        let with = [("encoder", encoder), ("rule", "plain")];
        let found = ["angle_05", "angle_95"].map(|column| results.mean(column, &with));
        assert!(found.iter().zip(ends).all(|(found, end)| (found - end).abs() < 0.06), "{encoder}: {found:?}");
    }
    assert_says(ENCODERS, "between 43° and 136°, or 51° and 131°,");
    let momentum = ["1", "2", "5", "10", "20", "50", "100", "200"]
        .map(|step| results.mean("rms_share", &[("encoder", "free embeddings"), ("rule", "momentum"), ("step", step)]));
    let largest = momentum.iter().copied().fold(0.0, f64::max);
    assert!((largest - 0.12).abs() < 0.005 && largest == momentum[5], "{momentum:?}");
}

/// The angle of the first plain step over the best one, of every replicate.
fn turned(levers: &Results, task: &str, rate: &str) -> Vec<f64> {
    let with = [("task", task), ("lever", "none"), ("rate", rate)];
    let (turned, best) = (levers.values("turned", &with), levers.values("best_angle", &with));
    turned.iter().zip(best).map(|(turned, best)| turned / best).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    0.5 * (values[(values.len() - 1) / 2] + values[values.len() / 2])
}

#[test]
fn first_steps_of_the_levers_turn_as_the_chapter_says() {
    let levers = Results::read("plots/full/levers.csv");
    let mixture = median(turned(&levers, "mixture-contrastive", "0.01"));
    let digits = median(turned(&levers, "digits-contrastive", "0.5"));
    assert!((mixture - 0.05).abs() < 0.005 && (digits - 3.0).abs() < 0.5, "{mixture} {digits}");
    // The learning rate that arrives first, the smaller one where two arrive together.
    let at_best = |task: &str| -> Vec<f64> {
        let plain = [("task", task), ("lever", "none")];
        let [rates, replicates] = ["rate", "replicate"].map(|column| levers.values(column, &plain));
        let runs: BTreeSet<(u64, u64)> = rates.iter().zip(&replicates).map(|(a, b)| (a.to_bits(), *b as u64)).collect();
        let first = |replicate: u64| {
            let arrived = runs.iter().filter(|run| run.1 == replicate).filter_map(|(rate, _)| {
                let rate = f64::from_bits(*rate).to_string();
                let replicate = replicate.to_string();
                let with = [("task", task), ("lever", "none"), ("rate", &*rate), ("replicate", &*replicate)];
                let stopped = levers.texts("stop", &with) == ["reached"];
                stopped.then(|| {
                    (levers.mean("epochs", &with), levers.mean("turned", &with) / levers.mean("best_angle", &with))
                })
            });
            arrived.min_by(|one, other| one.0.total_cmp(&other.0)).unwrap().1
        };
        (0..6).map(first).collect()
    };
    let (mixture, digits) = (at_best("mixture-contrastive"), at_best("digits-contrastive"));
    println!("{mixture:?} {digits:?}");
    assert!(mixture.iter().all(|ratio| (1.45..2.75).contains(ratio)), "{mixture:?}");
    assert_eq!(digits.iter().filter(|ratio| (2.75..4.75).contains(*ratio)).count(), 5, "{digits:?}");
    // After a cut by 9, with biases, at the rate of the comparison.
    let cut = [("task", "digits-contrastive-biases"), ("lever", "cut"), ("strength", "9"), ("rate", "0.5")];
    assert_eq!(levers.texts("stop", &cut).iter().filter(|stop| *stop == "budget").count(), 5);
}
