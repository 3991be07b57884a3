//! How well-known implementations relate to the catalogue, as `losses` and `optimizers` say it: each of them is written
//! down here from its public description, in plain sums, and held against ours.

use approx::assert_relative_eq;
use embedding_norms::loss::{self, Batch, Parameters};
use embedding_norms::optimizer;
use embedding_norms::random::generator;
use embedding_norms::sphere::{Directions, normalize, uniform};
use ndarray::Array2;

const ROWS: usize = 6;
const LABELS: [usize; ROWS] = [0, 1, 0, 1, 2, 2];

/// Two views on the sphere.
fn views() -> [Directions; 2] {
    [1, 2].map(|seed| {
        let rows = uniform(ROWS, 4, &mut generator(seed, b"tests/relations", 0)).unwrap();
        normalize(rows.view()).unwrap()
    })
}

fn cosines(x: &Directions, y: &Directions) -> Array2<f64> {
    x.units().dot(&y.units().t())
}

/// Our mean loss of two views.
fn ours(name: &str, parameters: &[(&str, f64)]) -> f64 {
    let [x, y] = views();
    let parameters =
        parameters.iter().fold(Parameters::default(), |all, &(parameter, value)| all.with(parameter, value));
    loss::by_name(name, &parameters).unwrap().evaluate(&Batch::two_views(&x, &y).unwrap()).unwrap().mean()
}

/// Our mean loss of one view with classes.
fn ours_of_classes(name: &str, temperature: f64) -> f64 {
    let [x, _] = views();
    let batch = Batch::one_view(&x).unwrap().with_labels(&LABELS).unwrap();
    let parameters = Parameters::default().with("temperature", temperature);
    loss::by_name(name, &parameters).unwrap().evaluate(&batch).unwrap().mean()
}

/// What the catalogue says of an implementation.
fn said(name: &str, implementation: &str) -> &'static str {
    let losses = loss::catalogue().iter().map(|entry| (entry.name, entry.known));
    let optimizers = optimizer::catalogue().iter().map(|entry| (entry.name, entry.known));
    let (_, known) = losses.chain(optimizers).find(|(own, _)| *own == name).unwrap();
    known.relations.iter().find(|relation| relation.of.starts_with(implementation)).unwrap().says
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// −log of the share of `positive` among `all`.
fn cross_entropy(positive: f64, all: impl Iterator<Item = f64>) -> f64 {
    all.map(f64::exp).sum::<f64>().ln() - positive
}

/// Every cosine of the 2n stacked views.
fn stacked() -> Array2<f64> {
    let [x, y] = views();
    let rows = ndarray::concatenate![ndarray::Axis(0), x.units(), y.units()];
    rows.dot(&rows.t())
}

#[test]
fn cosine_losses() {
    let [x, y] = views();
    let c: Vec<f64> = cosines(&x, &y).diag().to_vec();
    let embedding_loss = mean(c.iter().map(|c| 1.0 - c));
    assert_relative_eq!(embedding_loss, 1.0 + ours("cosine", &[]), max_relative = 1e-14);
    assert!(said("cosine", "PyTorch CosineEmbeddingLoss").starts_with("1 + L"));
    // SimSiam: D(p1, z2)/2 + D(p2, z1)/2; BYOL: 2 − 2 cos for each.
    let sim_siam_direction = 0.5 * mean(c.iter().map(|c| -c));
    assert_relative_eq!(sim_siam_direction, 0.5 * ours("simsiam", &[]), max_relative = 1e-14);
    assert!(said("simsiam", "SimSiam").starts_with("L/2 for each of two directions"));
    let difference = &x.units() - &y.units();
    let byol_direction = mean(difference.rows().into_iter().map(|row| row.dot(&row)));
    assert_relative_eq!(byol_direction, 2.0 + 2.0 * ours("simsiam", &[]), max_relative = 1e-14);
    assert!(said("simsiam", "BYOL").starts_with("2 + 2L for each of two directions"));
}

#[test]
fn losses_of_a_query_and_its_key() {
    let [x, y] = views();
    let c = cosines(&x, &y);
    let tau = 0.2;
    let of =
        |c: &Array2<f64>| mean((0..ROWS).map(|i| cross_entropy(c[[i, i]] / tau, c.row(i).iter().map(|c| c / tau))));
    let temperature = [("temperature", tau)];
    // MoCo with the other keys as its queue, and MoCo v3's factor.
    assert_relative_eq!(of(&c), ours("info-nce", &temperature), max_relative = 1e-13);
    let direction = 2.0 * tau * of(&c);
    assert_relative_eq!(direction, 0.4 * ours("info-nce", &temperature), max_relative = 1e-13);
    assert!(
        said("info-nce", "MoCo v3").contains("2τ [L(q1, k2) + L(q2, k1)]")
            && said("info-nce", "MoCo v3").contains("0.4")
    );
    // open_clip averages the directions; its scale starts at 1/0.07.
    let both = 0.5 * (of(&c) + of(&c.t().to_owned()));
    assert_relative_eq!(both, ours("clip", &temperature), max_relative = 1e-13);
    assert!(said("clip", "open_clip").contains(&format!("1/0.07 = {:.1}", 1.0 / 0.07)));
}

#[test]
fn losses_of_stacked_views() {
    let c = stacked();
    let (n, tau) = (ROWS, 0.5);
    let partner = |i: usize| (i + n) % (2 * n);
    let others = |i: usize, without: usize| (0..2 * n).filter(move |&k| k != i && k != without);
    let row = |i: usize| cross_entropy(c[[i, partner(i)]] / tau, others(i, i).map(|k| c[[i, k]] / tau));
    // SimCLR's code: a mean over the n rows of each view, and their sum.
    let sim_clr = mean((0..n).map(row)) + mean((n..2 * n).map(row));
    let own = ours("nt-xent", &[("temperature", tau)]);
    assert_relative_eq!(sim_clr, 2.0 * own, max_relative = 1e-13);
    assert!(said("nt-xent", "SimCLR").starts_with("2L"));
    // lightly, and PyTorch Metric Learning with a label for each pair: one mean.
    assert_relative_eq!(mean((0..2 * n).map(row)), own, max_relative = 1e-13);
    // SupConLoss of SupContrast without labels.
    let base = (tau / 0.07) * mean((0..2 * n).map(row));
    assert_relative_eq!(base / own, 7.14, epsilon = 5e-3);
    assert!(said("nt-xent", "SupContrast").ends_with("7.14 L at τ = 0.5"));
    // DCL: one direction a call.
    let dcl = |from: usize| {
        mean(
            (from..from + n)
                .map(|i| cross_entropy(c[[i, partner(i)]] / tau, others(i, partner(i)).map(|k| c[[i, k]] / tau))),
        )
    };
    assert_relative_eq!(dcl(0) + dcl(n), 2.0 * ours("dcl", &[("temperature", tau)]), max_relative = 1e-13);
    assert!(said("dcl", "Decoupled").ends_with("is 2L"));
}

#[test]
fn losses_of_classes() {
    let [x, _] = views();
    let c = cosines(&x, &x);
    let tau = 0.1;
    let others = |i: usize| (0..ROWS).filter(move |&k| k != i);
    let positives = |i: usize| others(i).filter(move |&k| LABELS[k] == LABELS[i]);
    let row = |i: usize| mean(positives(i).map(|p| cross_entropy(c[[i, p]] / tau, others(i).map(|k| c[[i, k]] / tau))));
    let own = ours_of_classes("sup-con", tau);
    let sup_contrast = (tau / 0.07) * mean((0..ROWS).map(row));
    assert_relative_eq!(sup_contrast, tau / 0.07 * own, max_relative = 1e-13);
    assert_relative_eq!(sup_contrast / own, 1.43, epsilon = 5e-3);
    assert!(said("sup-con", "SupContrast").contains("1.43 L at τ = 0.1"));
    // L_in has the mean over positives inside of the logarithm.
    let inside = |i: usize| {
        let sum = |rows: Vec<usize>| rows.into_iter().map(|k| (c[[i, k]] / tau).exp()).sum::<f64>();
        let count = positives(i).count() as f64;
        -(sum(positives(i).collect()) / count / sum(others(i).collect())).ln()
    };
    let constant = mean((0..ROWS).map(|i| (positives(i).count() as f64).ln()));
    let in_loss = mean((0..ROWS).map(inside));
    assert_relative_eq!(in_loss, ours_of_classes("infonce-all-positives", tau) + constant, max_relative = 1e-13);
    assert!(said("infonce-all-positives", "Khosla").starts_with("L plus the mean of log |P(i)|"));
}

#[test]
fn losses_of_pairs_and_triplets() {
    let [x, y] = views();
    let c = cosines(&x, &y);
    // big_vision: logits exp(t') c + b, minus the mean over rows of the sums of log σ(± logit).
    let (t, b) = (10.0_f64.ln(), -10.0);
    let log_sigmoid = |value: f64| -(1.0 + (-value).exp()).ln();
    let sign = |i: usize, k: usize| if i == k { 1.0 } else { -1.0 };
    let big_vision =
        -mean((0..ROWS).map(|i| (0..ROWS).map(|k| log_sigmoid(sign(i, k) * (t.exp() * c[[i, k]] + b))).sum()));
    assert_relative_eq!(big_vision, ours("siglip", &[]), max_relative = 1e-12);
    assert!(said("siglip", "big_vision").contains("t' = log 10, which is τ = 0.1, and b = −10"));
    // FaceNet's squared distances with α = 2m; PyTorch's distance 1 − cos with margin m.
    let m = 0.3;
    let square = |i: usize, k: usize| {
        let difference = &x.units().row(i) - &y.units().row(k);
        difference.dot(&difference)
    };
    let triplets = || (0..ROWS).flat_map(|i| (0..ROWS).filter(move |&k| k != i).map(move |k| (i, k)));
    let face_net = mean(triplets().map(|(i, k)| (square(i, i) - square(i, k) + 2.0 * m).max(0.0)));
    let with_distance = mean(triplets().map(|(i, k)| ((1.0 - c[[i, i]]) - (1.0 - c[[i, k]]) + m).max(0.0)));
    let own = ours("triplet", &[("margin", m)]);
    assert!(own > 0.1);
    assert_relative_eq!(face_net, 2.0 * own, max_relative = 1e-12);
    assert_relative_eq!(with_distance, own, max_relative = 1e-12);
    assert!(said("triplet", "FaceNet").contains("2L at α = 2m"));
    // Wang and Isola.
    let align = mean((0..ROWS).map(|i| square(i, i)));
    let uniformity = |view: &Directions| {
        let pairs = (0..ROWS).flat_map(|i| (i + 1..ROWS).map(move |k| (i, k)));
        let distance = |(i, k): (usize, usize)| {
            let difference = &view.units().row(i) - &view.units().row(k);
            (-2.0 * difference.dot(&difference)).exp()
        };
        mean(pairs.map(distance)).ln()
    };
    assert_relative_eq!(
        align + 0.5 * (uniformity(&x) + uniformity(&y)),
        ours("align-uniform", &[]),
        max_relative = 1e-12
    );
}

/// A few gradients, one per step.
const GRADIENTS: [[f64; 2]; 4] = [[0.3, -0.2], [0.1, 0.5], [-0.4, 0.2], [0.2, 0.2]];
const RATE: f64 = 0.1;
const START: [f64; 2] = [1.0, -2.0];

/// Where our rule goes under the gradients.
fn goes(name: &str, settings: &[(&str, f64)], rate: f64, gradients: &[[f64; 2]]) -> [f64; 2] {
    let settings = settings.iter().fold(optimizer::Parameters::defaults(), |all, (name, value)| all.with(name, *value));
    let mut update = optimizer::by_name(name, &settings).unwrap().start(&[2]);
    let mut z = START;
    for gradient in gradients {
        update.step(0, rate, &mut z, gradient);
    }
    z
}

/// Where another rule goes: `step` is given the position, the gradient and the number of the step from 1.
fn other(gradients: &[[f64; 2]], mut step: impl FnMut(&mut [f64; 2], [f64; 2], usize)) -> [f64; 2] {
    let mut z = START;
    for (number, gradient) in gradients.iter().enumerate() {
        step(&mut z, *gradient, number + 1);
    }
    z
}

fn same(found: [f64; 2], expected: [f64; 2]) {
    for (found, expected) in found.into_iter().zip(expected) {
        assert_relative_eq!(found, expected, max_relative = 1e-13);
    }
}

fn length(vector: [f64; 2]) -> f64 {
    vector[0].hypot(vector[1])
}

#[test]
fn forms_of_momentum() {
    let beta = 0.9;
    // PyTorch: the buffer begins as the first gradient; with dampening later ones count 1 − d times.
    let dampened = |d: f64| {
        let mut v = [0.0; 2];
        other(&GRADIENTS, move |z, g, number| {
            for i in 0..2 {
                v[i] = if number == 1 { g[i] } else { beta * v[i] + (1.0 - d) * g[i] };
                z[i] -= RATE * v[i];
            }
        })
    };
    same(dampened(0.0), goes("heavy-ball", &[], RATE, &GRADIENTS));
    let scaled: Vec<[f64; 2]> =
        GRADIENTS.iter().enumerate().map(|(at, g)| if at == 0 { *g } else { g.map(|g| 0.7 * g) }).collect();
    same(dampened(0.3), goes("heavy-ball", &[], RATE, &scaled));
    assert!(said("heavy-ball", "PyTorch").ends_with("every gradient after the first counts 1 − d times"));
    // Averages; rates inside the velocity; Nesterov as Keras has it.
    let mut v = [0.0; 2];
    let averaged = other(&GRADIENTS, |z, g, _| {
        for i in 0..2 {
            v[i] = beta * v[i] + (1.0 - beta) * g[i];
            z[i] -= RATE / (1.0 - beta) * v[i];
        }
    });
    same(averaged, goes("heavy-ball", &[], RATE, &GRADIENTS));
    assert!(said("heavy-ball", "averaged form").starts_with("the same at the rate γ/(1 − β): ten times γ at β = 0.9"));
    let keras = |nesterov: bool| {
        let mut v = [0.0; 2];
        other(&GRADIENTS, move |z, g, _| {
            for i in 0..2 {
                v[i] = beta * v[i] - RATE * g[i];
                z[i] += if nesterov { beta * v[i] - RATE * g[i] } else { v[i] };
            }
        })
    };
    same(keras(false), goes("heavy-ball", &[], RATE, &GRADIENTS));
    same(keras(true), goes("nesterov", &[], RATE, &GRADIENTS));
}

#[test]
fn places_of_epsilon_and_of_decay() {
    let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-2_f64);
    // Keras' Adam, one step: ε beside √v before the correction.
    let keras = other(&GRADIENTS[..1], |z, g, _| {
        for i in 0..2 {
            let (m, v) = ((1.0 - beta1) * g[i], (1.0 - beta2) * g[i] * g[i]);
            z[i] -= RATE * (1.0 - beta2).sqrt() / (1.0 - beta1) * m / (v.sqrt() + epsilon);
        }
    });
    let factor = 1.0 / (1.0 - beta2).sqrt();
    same(keras, goes("adam", &[("epsilon", epsilon * factor)], RATE, &GRADIENTS[..1]));
    assert_relative_eq!(factor, 31.6, epsilon = 0.05);
    assert!(said("adam", "Keras").contains("31.6 ε at the first step"));
    // AdamW, from Adam's own step u: the publication's decay has no rate, transformers decays what has stepped.
    let lambda = 0.05;
    let stepped = goes("adam", &[], RATE, &GRADIENTS[..1]);
    let own = goes("adamw", &[("weight-decay", lambda)], RATE, &GRADIENTS[..1]);
    let u = [0, 1].map(|i| START[i] - stepped[i]);
    same(own, [0, 1].map(|i| (1.0 - RATE * lambda) * START[i] - u[i]));
    same([0, 1].map(|i| (1.0 - RATE * lambda) * stepped[i]), [0, 1].map(|i| own[i] + RATE * lambda * u[i]));
    assert!(said("adamw", "the publication").ends_with("λ' = γλ"));
    assert!(said("adamw", "Hugging Face").ends_with("its step is multiplied by 1 − γλ too"));
}

#[test]
fn forms_of_lars() {
    let (beta, trust) = (0.9, 0.001);
    // SimCLR and MoCo v3: the norm of the sum, and in MoCo v3 the rate outside of the momentum.
    let public = |lambda: f64, gradients: &[[f64; 2]]| {
        let mut v = [0.0; 2];
        other(gradients, move |z, g, _| {
            let sum = [0, 1].map(|i| g[i] + lambda * z[i]);
            let q = trust * length(*z) / length(sum);
            for i in 0..2 {
                v[i] = beta * v[i] + q * sum[i];
                z[i] -= RATE * v[i];
            }
        })
    };
    same(public(0.0, &GRADIENTS), goes("lars", &[("weight-decay", 0.0)], RATE, &GRADIENTS));
    // At right angles, as gradients of directions are: the ratio of steps is (a + b)/√(a² + b²), at most √2, at a = b.
    let lambda = 0.2;
    let moved = |end: [f64; 2]| length([end[0] - START[0], end[1] - START[1]]);
    let ratio = |size: f64| {
        let gradient = [[2.0 * size, 1.0 * size]];
        assert_eq!(gradient[0][0] * START[0] + gradient[0][1] * START[1], 0.0);
        moved(public(lambda, &gradient)) / moved(goes("lars", &[("weight-decay", lambda)], RATE, &gradient))
    };
    assert_relative_eq!(ratio(lambda), 2.0_f64.sqrt(), max_relative = 1e-10);
    for size in [0.01, 0.1, 0.5, 5.0] {
        assert!((1.0..2.0_f64.sqrt()).contains(&ratio(size)), "{size}: {}", ratio(size));
    }
    assert!(said("lars", "LARS of SimCLR").ends_with("up to √2 times as long"));
}

#[test]
fn rules_that_are_others_with_a_setting() {
    // Lion without its first memory; normalized gradients as clipped ones.
    let sign = goes("sign-descent", &[], RATE, &GRADIENTS);
    same(sign, goes("lion", &[("beta1", 0.0)], RATE, &GRADIENTS));
    let bound = 1e-3;
    let clipped = other(&GRADIENTS, |z, g, _| {
        for i in 0..2 {
            z[i] -= RATE / bound * (bound / length(g)) * g[i];
        }
    });
    same(clipped, goes("normalized-gradient", &[], RATE, &GRADIENTS));
    // RMSprop with ε inside of the root, and Adagrad that starts at 0.1: without ε and from 0 they are ours.
    let keras_rms = other(&GRADIENTS[..1], |z, g, _| {
        for i in 0..2 {
            z[i] -= RATE * g[i] / (0.1 * g[i] * g[i]).sqrt();
        }
    });
    same(keras_rms, goes("rmsprop", &[("alpha", 0.9), ("epsilon", 0.0)], RATE, &GRADIENTS[..1]));
}

#[test]
fn every_relation_is_one_sentence_and_names_an_implementation() {
    let losses = loss::catalogue().iter().map(|entry| (entry.name, entry.known));
    let optimizers = optimizer::catalogue().iter().map(|entry| (entry.name, entry.known));
    for (name, known) in losses.chain(optimizers) {
        assert_eq!(known.relations.is_empty(), name == "infonce-one-positive", "{name}");
        for relation in known.relations {
            assert!(
                !relation.of.is_empty() && !relation.says.contains('\n') && !relation.says.ends_with('.'),
                "{name}"
            );
        }
    }
}
