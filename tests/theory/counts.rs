//! Counts of steps of whole populations: those of a loop over the pairs, at the ends of their domains too.

use embedding_norms::theory::convergence::half_tangent_at;
use embedding_norms::theory::duality::both_need_a_step;
use embedding_norms::theory::one_step::{EqualPair, Pair, step_size};
use embedding_norms::theory::pair::{Count, EqualPopulation, FirstStep, steps_of_pair, steps_of_pairs};

/// The mean of 1 − cos φ of some pairs before each step, pair after pair.
fn means(half_tangents: &[f64], step_size: f64, first: FirstStep, steps: usize) -> Vec<f64> {
    let mut pairs: Vec<_> = half_tangents.iter().map(|&half_tangent| EqualPair { half_tangent, step_size }).collect();
    (0..=steps)
        .map(|step| {
            let mean = pairs.iter().map(|pair| pair.one_minus_cosine()).sum::<f64>() / pairs.len() as f64;
            let dot_product = step == 0 && first == FirstStep::DotProduct;
            for pair in &mut pairs {
                *pair = if dot_product { pair.inner_product_step() } else { pair.step() };
            }
            mean
        })
        .collect()
}

#[test]
fn l4_a_population_is_counted_as_its_pairs_are() {
    // One line of pairs that are stepped side by side, two, and some of a third.
    for pairs in [1, 7, 8, 9, 16, 19, 40] {
        // The later ones have the farthest to go, so that none of them can be left out.
        let half_tangents: Vec<f64> = (0..pairs).map(|pair| 0.05 + 0.37 * f64::from(pair)).collect();
        for first in [FirstStep::Cosine, FirstStep::DotProduct] {
            let means = means(&half_tangents, 0.07, first, 60);
            for step in [0, 1, 2, 13, 60] {
                let count = |epsilon: f64, budget: u64| {
                    let population = EqualPopulation::new(&half_tangents, 0.07).unwrap();
                    population.steps_until_mean(epsilon, first, budget).unwrap()
                };
                // A tolerance just above a mean is met by this step, one just below it is not.
                let (above, below) = (means[step] * (1.0 + 1e-9), means[step] * (1.0 - 1e-9));
                if above < 2.0 {
                    assert_eq!(count(above, 1000).steps(), Some(step as u64), "{pairs} pairs, step {step}");
                }
                assert_eq!(count(below, step as u64), Count::Budget, "{pairs} pairs, step {step}");
                let Count::Reached { steps, crossing } = count(below, 1000) else { panic!("{pairs} pairs") };
                assert_eq!(steps, step as u64 + 1);
                // The logarithm of the mean falls evenly within the step.
                if step < 60 {
                    let part = (means[step] / below).ln() / (means[step] / means[step + 1]).ln();
                    assert!((crossing - step as f64 - part).abs() < 1e-12, "{crossing} {part}");
                }
            }
        }
    }
}

/// Halfway through the first step of several pairs: their mean, not their sum, is where it begins.
#[test]
fn l4_the_crossing_is_told_from_the_first_step_on() {
    let (half_tangents, u) = ([0.3, 0.9, 2.1, 0.4], 0.11);
    let means = means(&half_tangents, u, FirstStep::Cosine, 1);
    let epsilon = (means[0] * means[1]).sqrt();
    let population = EqualPopulation::new(&half_tangents, u).unwrap();
    let count = population.steps_until_mean(epsilon, FirstStep::Cosine, 10).unwrap();
    let Count::Reached { steps: 1, crossing } = count else { panic!("{count:?}") };
    assert!((crossing - 0.5).abs() < 1e-12, "{crossing}");
}

#[test]
fn counts_end_where_steps_change_no_digit() {
    let at_rest = |half_tangents: &[f64], u: f64| {
        let population = EqualPopulation::new(half_tangents, u).unwrap();
        population.steps_until_mean(1e-3, FirstStep::Cosine, u64::MAX).unwrap()
    };
    // Steps lost in rounding need more than any budget; an opposite pair stands.
    assert_eq!(at_rest(&[1.0, 0.5], 1e-30), Count::Budget);
    assert_eq!(at_rest(&[1.0, f64::INFINITY], 0.1), Count::Stationary);
    // Nobody waits for an opposite pair, nor for those that have arrived.
    let counts = steps_of_pairs(&[f64::INFINITY, 1.0, 0.0], &[0.1; 3], 1e-3, u64::MAX).unwrap();
    assert!(matches!(counts[..], [None, Some(1..), Some(0)]), "{counts:?}");
}

#[test]
fn pairs_outside_of_their_domains_are_refused() {
    for u in [0.0, -0.1, 2e30, f64::NAN] {
        assert!(steps_of_pairs(&[1.0], &[u], 0.1, 10).is_err(), "{u}");
    }
    assert!(steps_of_pairs(&[1.0], &[1e30], 0.1, 10).is_ok());
    let second = |second: f64| steps_of_pair(Pair { half_tangent: 1.0, first: 0.1, second }, 0.1, 1000);
    for step_size in [-0.1, 2e30, f64::NAN] {
        assert!(second(step_size).is_err(), "{step_size}");
    }
    assert!(second(0.0).is_ok() && second(1e30).is_ok());
}

#[test]
fn l7_speaks_of_pairs_between_the_tolerance_and_its_mirror_image() {
    assert_eq!(half_tangent_at(0.4), 0.5);
    for (half_tangent, needs) in [(0.5, false), (0.51, true), (1.99, true), (2.0, false), (2.1, false), (0.1, false)] {
        assert_eq!(both_need_a_step(half_tangent, 0.4), needs, "{half_tangent}");
    }
}

#[test]
fn step_sizes_are_quotients_where_the_square_of_a_norm_is_no_number_too() {
    assert_eq!(step_size(0.75, 0.5), Ok(3.0));
    for (rate, norm, expected) in [(3e-250, 2e-200, 0.75e150), (3e250, 2e200, 0.75e-150), (3e-90, 5e-170, 0.12e250)] {
        assert!((step_size(rate, norm).unwrap() / expected - 1.0).abs() < 1e-14, "{rate} {norm}");
    }
}

/// An opposite pair stays one; along the inner product its members shorten by 1 − u.
#[test]
fn the_published_first_step_keeps_an_opposite_pair_opposite() {
    let opposite = |step_size| EqualPair { half_tangent: f64::INFINITY, step_size };
    for u in [0.3, 0.5, 7.0] {
        let after = opposite(u).inner_product_step();
        assert_eq!(after.half_tangent, f64::INFINITY);
        assert!((after.step_size / (u / (1.0 - u).powi(2)) - 1.0).abs() < 1e-14, "{u}: {after:?}");
        assert_eq!(opposite(u).step(), opposite(u));
    }
}
