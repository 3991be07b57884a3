//! What a framework's backward pass leaves in raw embeddings: the gradient of the mean of a loss.

use embedding_norms::loss::{InfoNce, NegativeCosine, SupervisedContrastive, Triplet};
use embedding_norms::random::generator;
use embedding_norms::simulation::{SimulationError, StartView, gradient};
use embedding_norms::sphere::uniform;
use ndarray::{Array2, array};

fn views<'a>(first: &'a Array2<f64>, second: &'a Array2<f64>) -> StartView<'a> {
    StartView { first: first.view(), second: Some(second.view()), labels: None, positives: None }
}

#[test]
fn the_gradient_is_that_of_the_mean_for_both_views() {
    let mut numbers = generator(1, b"gradients", 0);
    let [first, second] = [0, 1].map(|_| uniform(7, 5, &mut numbers).unwrap() * 2.5);
    let loss = InfoNce::new(0.4).unwrap();
    let mean = |first: &Array2<f64>, second: &Array2<f64>| gradient(&loss, views(first, second)).unwrap().value;
    let found = gradient(&loss, views(&first, &second)).unwrap();
    assert_eq!(found.terms, 7);
    assert_eq!(found.notes, [None, None]);
    // The central difference of step 10⁻⁵ is right to 10⁻¹⁰, rounding included.
    for row in 0..7 {
        for column in 0..5 {
            let moved = |matrix: &Array2<f64>, by: f64| {
                let mut moved = matrix.clone();
                moved[(row, column)] += by;
                moved
            };
            let of_first = mean(&moved(&first, 1e-5), &second) - mean(&moved(&first, -1e-5), &second);
            assert!((found.first[(row, column)] - of_first / 2e-5).abs() < 1e-9);
            let of_second = mean(&first, &moved(&second, 1e-5)) - mean(&first, &moved(&second, -1e-5));
            assert!((found.second.as_ref().unwrap()[(row, column)] - of_second / 2e-5).abs() < 1e-9);
        }
    }
}

#[test]
fn the_mean_of_many_terms_is_found_where_their_total_is_beyond_f64() {
    // Orthogonal rows of this norm: each gradient is 1/‖z‖, and the total over the copies of a row is not formed.
    let (short, across) = (array![[5e-309, 0.0], [5e-309, 0.0]], array![[0.0, 1.0], [0.0, 1.0]]);
    let found = gradient(&NegativeCosine::symmetric(), views(&short, &across)).unwrap();
    assert!((found.first[(0, 1)] / (-0.5 / 5e-309) - 1.0).abs() < 1e-12, "{}", found.first[(0, 1)]);
    // Beyond f64 in the mean, too.
    let shorter = &short * 1e-3;
    let refused = gradient(&NegativeCosine::symmetric(), views(&shorter, &across)).unwrap_err();
    assert!(matches!(refused, SimulationError::Gradient { view: "first", .. }), "{refused:?}");
}

#[test]
fn notes_say_why_a_gradient_is_zero() {
    let (first, second) = (array![[1.0, 0.0], [0.0, 2.0]], array![[0.0, 1.0], [3.0, 0.0]]);
    let notes = |loss: &dyn embedding_norms::loss::Loss, first: &Array2<f64>, second: &Array2<f64>| {
        gradient(loss, views(first, second)).unwrap().notes.map(|note| note.unwrap_or_default())
    };
    let [moves, held] = notes(&NegativeCosine::with_stop_gradient(), &first, &second);
    assert!(moves.is_empty() && held.contains("is zero: simsiam holds it still"), "{moves} {held}");
    // Of opposite views nothing pulls, under the loss that holds one still as well.
    let [opposite, _] = notes(&NegativeCosine::with_stop_gradient(), &first, &(-1.0 * &first));
    assert!(opposite.contains("rounds to zero"), "{opposite}");
    let symmetric = notes(&NegativeCosine::symmetric(), &first, &(-1.0 * &first));
    assert!(symmetric.iter().all(|note| note.contains("rounds to zero")), "{symmetric:?}");
    // No triplet is active: there is no pull at all.
    let apart = array![[1.0, 0.0], [0.0, 1.0]];
    let inactive = notes(&Triplet::new(0.5).unwrap(), &apart, &(3.0 * &apart));
    assert!(inactive.iter().all(|note| note.contains("nothing pulls")), "{inactive:?}");
    // Negatives at right angles pull by e^(−1/τ)/τ ≈ 10⁻⁴² on the sphere, and by 10⁻³⁴² on embeddings of norm 10³⁰⁰.
    let axes = array![[1.0, 0.0], [0.0, 1.0]];
    let [long, _] = notes(&InfoNce::new(0.01).unwrap(), &(&axes * 1e300), &axes);
    assert!(long.contains("is not zero, but below 4.9e-324"), "{long}");
}

#[test]
fn labels_and_the_second_view_are_handed_on() {
    let mut numbers = generator(2, b"gradients", 0);
    let rows = uniform(6, 4, &mut numbers).unwrap();
    let loss = SupervisedContrastive::new(0.5).unwrap();
    let labelled = |labels: Option<&[usize]>| {
        gradient(&loss, StartView { first: rows.view(), second: None, labels, positives: None })
    };
    let found = labelled(Some(&[0, 1, 0, 1, 0, 1])).unwrap();
    assert!(found.second.is_none() && found.terms == 6);
    assert!(labelled(None).is_err());
}
