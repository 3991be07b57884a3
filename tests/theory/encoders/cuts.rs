//! A cut is a change of the learning rate (statement S7), on networks of every kind.

use crate::support;

use embedding_norms::encoder::{Convolutional, Encoder, Layer, Network, Perceptron, Precision, Shape};
use embedding_norms::loss::{Loss, NegativeCosine, NtXent};
use embedding_norms::optimizer::{Adam, GradientDescent, HeavyBall, Lars, Optimizer, entry};
use embedding_norms::random::generator;
use embedding_norms::rules;
use embedding_norms::sphere::normalize;
use embedding_norms::theory::encoders::{Broken, Cut, NETWORKS, Piece, network};
use embedding_norms::theory::scaling::Decay;
use embedding_norms::training::{Method, Trainer, Views};
use support::training::batch;

/// A rule with degrees of its own, its settings such that nothing but parameters and gradients has a scale.
pub fn rules() -> Vec<(&'static str, Box<dyn Optimizer>, f64)> {
    vec![
        ("gradient-descent", Box::new(GradientDescent), 0.02),
        ("heavy-ball", Box::new(HeavyBall::new(0.9).unwrap()), 0.02),
        ("adam", Box::new(Adam::new(0.9, 0.999, 0.0).unwrap()), 0.01),
        ("lars", Box::new(Lars::new(0.9, 0.01, 0.0).unwrap()), 1.0),
    ]
}

/// A network of each kind of the theory, with its predictor if it has one.
pub fn networks() -> Vec<(&'static str, Network, Option<Network>)> {
    let mut numbers = generator(14, b"encoders/kinds", 0);
    let plan = Perceptron::new(&[5, 16, 12, 4]);
    let throughout = plan.clone().without_biases().batch_norm().normalized_outputs();
    let predictor = |last: bool| Perceptron::new(&[4, 6, 4]).without_biases().batch_norm().last_bias(last);
    let residual = Perceptron::new(&[5, 16, 4]).without_biases().batch_norm().normalized_outputs().residual_blocks(1);
    let plans = [
        ("no-biases", plan.clone().without_biases(), None),
        ("biases", plan.clone(), None),
        ("batch-norm", throughout.clone(), None),
        ("batch-norm-last-linear", plan.clone().batch_norm(), None),
        ("layer-norm", plan.clone().without_biases().layer_norm().normalized_outputs(), None),
        ("layer-norm-biases", plan.layer_norm().normalized_outputs(), None),
        ("residual-batch-norm", residual, None),
        ("simsiam", throughout.clone(), Some(predictor(true))),
        ("simsiam-no-last-bias", throughout, Some(predictor(false))),
    ];
    plans.map(|(kind, plan, head)| (kind, plan.draw(&mut numbers), head.map(|head| head.draw(&mut numbers)))).into()
}

/// Convolutional networks of the kinds of the theory, to which a convolution is a linear layer, and a mean over places scales
/// as a rectifier does.
fn convolutional_networks() -> Vec<(&'static str, Network, Option<Network>)> {
    let mut numbers = generator(14, b"encoders/convolutions", 0);
    let plans = [
        ("no-biases", convolved().without_biases()),
        ("biases", convolved()),
        ("batch-norm", convolved().batch_norm().normalized_outputs()),
    ];
    plans.map(|(kind, plan)| (kind, plan.draw(&mut numbers), None)).into()
}

fn is_convolutional(network: &Network) -> bool {
    network.layers().iter().any(|layer| matches!(layer, Layer::Convolution(_)))
}

/// Two convolutions and a linear layer, for images of one row of five places.
pub fn convolved() -> Convolutional {
    Convolutional::new(Shape { channels: 1, height: 1, width: 5 }, &[8, 6], 4)
}

/// Losses and embeddings of 12 steps of a network whose tensors are divided by c^power, whose ε are divided by c^power too,
/// and whose tensors are trained at rates times c^exponent.
fn scaled_path(
    (encoder, predictor): (&Network, &Option<Network>),
    rule: &dyn Optimizer,
    rate: f64,
    c: f64,
    powers: &[u32],
    epsilons: &[u32],
    exponents: &[f64],
) -> Vec<f64> {
    let divided = |powers: &[u32]| powers.iter().map(|&power| c.powi(power as i32)).collect::<Vec<f64>>();
    let (mut encoder, mut predictor) = (encoder.clone(), predictor.clone());
    let split = encoder.groups().len();
    let norms = |network: &Network| network.layers().iter().map(normalizations).sum::<usize>();
    let inverse = divided(epsilons).iter().map(|divisor| 1.0 / divisor).collect::<Vec<f64>>();
    let own = norms(&encoder);
    encoder.scale_epsilons(&inverse[..own]).unwrap();
    encoder.cut_each(&divided(&powers[..split])).unwrap();
    if let Some(predictor) = &mut predictor {
        predictor.scale_epsilons(&inverse[own..]).unwrap();
        predictor.cut_each(&divided(&powers[split..])).unwrap();
    }
    let (contrastive, cosine) = (NtXent::new(0.5).unwrap(), NegativeCosine::with_stop_gradient());
    let loss: &dyn Loss = if predictor.is_some() { &cosine } else { &contrastive };
    let method = Method::new(loss, rule, rate).unwrap();
    let trainer = match predictor {
        None => Trainer::new(encoder, method),
        Some(predictor) => Trainer::with_predictor(encoder, predictor, method),
    };
    let factors: Vec<f64> = exponents.iter().map(|&exponent| c.powf(exponent)).collect();
    let mut trainer = trainer.unwrap().rate_factors(&factors).unwrap();
    let mut path = Vec::new();
    for seed in 0..12 {
        let [first, second] = [0, 100].map(|view| batch(12, 5, seed + view).first);
        let views = Views { rows: (0..12).collect(), first, second: Some(second), labels: None, positives: None };
        path.push(trainer.step(&views).unwrap());
        path.extend(normalize(trainer.encoder().embed_batch(views.first.view()).view()).unwrap().units().iter());
    }
    path
}

fn normalizations(layer: &Layer) -> usize {
    match layer {
        Layer::BatchNorm(_) | Layer::LayerNorm(_) => 1,
        Layer::Residual(layers) => layers.iter().map(normalizations).sum(),
        _ => 0,
    }
}

fn far(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).fold(0.0, |far: f64, (x, y)| far.max((x - y).abs()))
}

#[test]
fn s7_a_cut_is_a_learning_rate_bit_for_bit_exactly_where_the_theory_says_so() {
    const CUT: f64 = 4.0;
    let rounded = networks().into_iter().chain(convolutional_networks()).map(|(kind, encoder, predictor)| {
        let single = |network: Network| network.in_precision(Precision::Single);
        (kind, single(encoder), predictor.map(single))
    });
    for (kind, encoder, predictor) in networks().into_iter().chain(convolutional_networks()).chain(rounded) {
        let cut = Cut::of(&network(kind).unwrap()).unwrap();
        let layers = std::iter::once(&encoder).chain(&predictor).flat_map(Network::layers).cloned();
        let pieces = rules::pieces(&layers.collect::<Vec<_>>());
        assert!(pieces == network(kind).unwrap() || is_convolutional(&encoder), "{kind}: {pieces:?}");
        assert_eq!(Cut::of(&pieces).unwrap(), cut, "{kind}");
        let (tensors, none) = (cut.powers.len(), vec![0; cut.epsilons.len()]);
        let ones = vec![1; tensors];
        for (name, rule, rate) in rules() {
            let path = |c: f64, rate: f64, powers: &[u32], epsilons: &[u32], exponents: &[f64]| {
                scaled_path((&encoder, &predictor), &*rule, rate, c, powers, epsilons, exponents)
            };
            let same = cut.equivalent(&rules::scaling(entry(name).unwrap()), 0.0, None);
            let flat = vec![0.0; tensors];
            let whole = path(1.0, rate * CUT.powf(same.rate), &ones, &none, &flat);
            let plain = path(CUT, rate, &ones, &cut.epsilons, &flat);
            assert_eq!(plain == whole, cut.plain.is_ok(), "{kind} under {name}: {:e} apart", far(&plain, &whole));
            // The cut by layer follows everywhere, with rates of its own.
            let exponents: Vec<f64> = cut.powers.iter().map(|&power| same.rate_exponent_of(power)).collect();
            assert!(path(CUT, rate, &cut.powers, &cut.epsilons, &exponents) == whole, "{kind} under {name}, by layer");
            // Controls: the plain cut of what it is no rate for is far away; another rate is, too; and so are the biases of a
            // cut by layer without rates of their own, unless the rule does without.
            if cut.plain.is_err() {
                assert!(far(&plain, &whole) > 1e-3, "{kind} under {name}");
                let common = path(CUT, rate, &cut.powers, &cut.epsilons, &flat);
                assert_eq!(common == whole, same.rate == 0.0, "{kind} under {name}");
            }
            let other = path(1.0, rate * CUT.powf(same.rate + 1.0), &ones, &none, &flat);
            assert!(far(&other, &whole) > 1e-3, "{kind} under {name}");
        }
    }
}

#[test]
fn s7_the_epsilon_of_a_normalization_goes_with_the_square_of_its_inputs() {
    let (_, encoder, predictor) = networks().swap_remove(2);
    let cut = Cut::of(&network("batch-norm").unwrap()).unwrap();
    // Behind the first layer inputs shrink as c, behind later ones as c²: a normalized layer and weights.
    assert_eq!(cut.epsilons, [2, 4, 4]);
    let flat = vec![0.0; cut.powers.len()];
    let path = |c: f64, rate: f64, epsilons: &[u32]| {
        scaled_path((&encoder, &predictor), &GradientDescent, rate, c, &cut.powers, epsilons, &flat)
    };
    let whole = path(1.0, 0.32, &[0, 0, 0]);
    assert!(path(4.0, 0.02, &cut.epsilons) == whole);
    for wrong in [[0, 0, 0], [2, 2, 2], [4, 4, 4]] {
        assert!(path(4.0, 0.02, &wrong) != whole, "{wrong:?}");
    }
    // At a cut that is no power of two it is rounding that is left.
    assert!(far(&path(3.0, 0.32 / 9.0, &cut.epsilons), &whole) < 1e-9);
}

#[test]
fn s7_what_decay_and_gradscale_become() {
    let cut = |kind: &str| Cut::of(&network(kind).unwrap()).unwrap();
    let exponents = |rule: &str, p: f64, decay: Option<Decay>| {
        let found = cut("no-biases").rate(&rules::scaling(entry(rule).unwrap()), p, decay).unwrap();
        (found.rate, found.decay, found.epsilon)
    };
    assert_eq!(exponents("heavy-ball", 0.0, Some(Decay::Coupled)), (2.0, Some(-2.0), -1.0));
    assert_eq!(exponents("heavy-ball", 0.0, Some(Decay::Decoupled)), (2.0, Some(-2.0), -1.0));
    assert_eq!(exponents("adamw", 0.0, None), (1.0, Some(-1.0), -1.0));
    assert_eq!(exponents("adam", 0.0, Some(Decay::Coupled)), (1.0, Some(-2.0), -1.0));
    assert_eq!(exponents("lars", 0.0, None), (0.0, Some(-2.0), -1.0));
    assert_eq!(exponents("lamb", 0.0, None), (0.0, Some(-1.0), -1.0));
    // Three layers under GradScale with p = 1: S6's 2 − pl. Behind a last normalization outputs shrink as c alone.
    assert_eq!(exponents("gradient-descent", 1.0, None).0, -1.0);
    let normalized = cut("batch-norm").rate(&rules::scaling(entry("gradient-descent").unwrap()), 1.0, None).unwrap();
    assert_eq!(normalized.rate, 1.0);
    let rule = &rules::scaling(entry("adam").unwrap());
    assert_eq!(cut("biases").rate(rule, 0.0, None), Err(Broken::Bias { layer: 2, power: 2 }));
    assert_eq!(cut("simsiam").rate(rule, 0.0, None), Err(Broken::Bias { layer: 5, power: 2 }));
    let block = [Piece::Linear { bias: false }, Piece::Residual(vec![Piece::Linear { bias: false }])];
    assert_eq!(Cut::of(&block), Err(Broken::Residual { inner: 2, outer: 1 }));
    assert!(NETWORKS.iter().all(|kind| network(kind).is_some()) && network("transformer").is_none());
}
