//! The random choices of a training: the order of the samples, and which positive.

use rand::Rng;
use rand::seq::SliceRandom;

use crate::numerics::groups::Groups;
use crate::random::Generator;

/// The samples of one epoch: all of them, shuffled, in batches of `size`, the last one with what is left.
///
/// # Panics
/// If `size` is 0.
pub fn batches(samples: usize, size: usize, generator: &mut Generator) -> Vec<Vec<usize>> {
    assert!(size > 0, "a batch needs a row");
    let mut order: Vec<usize> = (0..samples).collect();
    order.shuffle(generator);
    order.chunks(size).map(<[usize]>::to_vec).collect()
}

/// A random other row of the same class for every row; `None` for a row that is alone in its class.
///
/// ```
/// use embedding_norms::{random::generator, training::draw_positives};
/// let drawn = draw_positives(&[3, 8, 3], &mut generator(0, b"example", 0));
/// assert_eq!(drawn, vec![Some(2), None, Some(0)]);
/// ```
pub fn draw_positives(labels: &[usize], generator: &mut Generator) -> Vec<Option<usize>> {
    let classes = Groups::of(labels);
    let draw = |row| {
        let class = classes.with(row);
        // One of the others: a draw among one fewer, past the row itself.
        (class.len() > 1).then(|| {
            let other = generator.random_range(0..class.len() - 1);
            class[other + usize::from(class[other] >= row)]
        })
    };
    (0..labels.len()).map(draw).collect()
}
