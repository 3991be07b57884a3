//! Randomness by name: ChaCha streams from (root seed, cell, replicate), and the normal distribution.
//!
//! ```
//! use embedding_norms::random::{StandardNormal, generator};
//! let mut draw = generator(1, b"a study and its settings", 0);
//! let mut values = [0.0; 4];
//! StandardNormal::fill(&mut values, &mut draw);
//! let mut again = [0.0; 4];
//! StandardNormal::fill(&mut again, &mut generator(1, b"a study and its settings", 0));
//! assert_eq!(values, again);
//! ```
//!
//! A stream is a function of what it is for, never of the thread or the order in which work happens to run, so any
//! cell can be simulated again by itself and gives the same bytes.

use pulp::Simd;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha12Rng;
use rand_distr::Distribution;

use crate::numerics::logarithm::log_of_normal;
use crate::numerics::vectorize::{Kernel, vectorize};

/// The generator of every random number in this crate: ChaCha with 12 rounds.
///
/// It is made by [`generator`], or with a key of your own by [`Generator::from_key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator(ChaCha12Rng);

impl Generator {
    /// The generator with this key.
    pub fn from_key(key: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(key))
    }

    /// How many words of 32 bits have been drawn.
    pub fn position(&self) -> u128 {
        self.0.get_word_pos()
    }

    /// Goes on as if so many words of 32 bits had been drawn.
    pub fn set_position(&mut self, words: u128) {
        self.0.set_word_pos(words);
    }
}

impl RngCore for Generator {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

/// The generator of one replicate of one cell.
///
/// The 256-bit key of the ChaCha stream is the BLAKE3 hash of the three parts, so that streams of different cells or
/// replicates are unrelated and the same parts always give the same stream.
///
/// ```
/// use embedding_norms::random::generator;
/// use rand::Rng;
/// let draw = |replicate| generator(1, b"norm-effect", replicate).random::<u64>();
/// assert_eq!(draw(0), draw(0));
/// assert_ne!(draw(0), draw(1));
/// ```
pub fn generator(root_seed: u64, cell: &[u8], replicate: u64) -> Generator {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&root_seed.to_le_bytes());
    hasher.update(&replicate.to_le_bytes());
    hasher.update(cell);
    Generator::from_key(*hasher.finalize().as_bytes())
}

/// The standard normal distribution, by Marsaglia's polar method.
///
/// The usual samplers take `exp` and `ln` from the platform, whose last bit depends on the processor. This one uses
/// only correctly rounded operations and the portable logarithm of `libm`, so a seed gives the same bytes on every machine.
#[derive(Clone, Copy, Debug)]
pub struct StandardNormal;

impl StandardNormal {
    /// Two independent values, for the price of one.
    pub fn pair<R: Rng + ?Sized>(generator: &mut R) -> (f64, f64) {
        loop {
            let point = Point::draw(generator);
            if point.is_in_disc() {
                return point.stretched();
            }
        }
    }

    /// Independent values in every place, two from each draw: those that [`Self::pair`] gives, in their order.
    pub fn fill(values: &mut [f64], generator: &mut dyn RngCore) {
        let mut points = Points::default();
        for values in values.chunks_mut(2 * BLOCK) {
            points.draw(values.len().div_ceil(2), generator);
            vectorize(Stretching { points: &points, values });
        }
    }
}

/// Points that are drawn before they are stretched, side by side.
const BLOCK: usize = 32;

/// A point in the square around the unit disc.
struct Point {
    x: f64,
    y: f64,
    /// x² + y².
    square: f64,
}

impl Point {
    fn draw<R: Rng + ?Sized>(generator: &mut R) -> Self {
        let x = 2.0 * generator.random::<f64>() - 1.0;
        let y = 2.0 * generator.random::<f64>() - 1.0;
        Self { x, y, square: x * x + y * y }
    }

    /// Without the centre, which has no direction.
    fn is_in_disc(&self) -> bool {
        self.square > 0.0 && self.square < 1.0
    }

    /// Two normal values from a point in the disc.
    fn stretched(&self) -> (f64, f64) {
        let length = stretch(self.square);
        (self.x * length, self.y * length)
    }
}

/// √(−2 log q/q): by what a point in the disc, with x² + y² = q, is stretched. q is a normal number, as coordinates are
/// multiples of 2⁻⁵².
#[inline(always)]
fn stretch(square: f64) -> f64 {
    (-2.0 * log_of_normal(square) / square).sqrt()
}

/// Points in the disc. Past those that were drawn stand points of before, at the start those of radius 1.
struct Points {
    x: [f64; BLOCK],
    y: [f64; BLOCK],
    squares: [f64; BLOCK],
}

impl Default for Points {
    fn default() -> Self {
        Self { x: [1.0; BLOCK], y: [0.0; BLOCK], squares: [1.0; BLOCK] }
    }
}

impl Points {
    fn draw(&mut self, wanted: usize, generator: &mut dyn RngCore) {
        // A point outside is overwritten: a branch on it could not be predicted.
        let mut found = 0;
        while found < wanted {
            let point = Point::draw(generator);
            (self.x[found], self.y[found], self.squares[found]) = (point.x, point.y, point.square);
            found += usize::from(point.is_in_disc());
        }
    }
}

/// Two values from each point, as many as there are places.
struct Stretching<'a> {
    points: &'a Points,
    values: &'a mut [f64],
}

impl Kernel for Stretching<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { points: Points { x, y, squares }, values } = self;
        let mut lengths = [0.0; BLOCK];
        for (length, square) in lengths.iter_mut().zip(squares) {
            *length = stretch(*square);
        }
        for (pair, ((x, y), length)) in values.chunks_mut(2).zip(x.iter().zip(y).zip(lengths)) {
            for (value, coordinate) in pair.iter_mut().zip([x, y]) {
                *value = coordinate * length;
            }
        }
    }
}

impl Distribution<f64> for StandardNormal {
    fn sample<R: Rng + ?Sized>(&self, generator: &mut R) -> f64 {
        Self::pair(generator).0
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, StandardNormal, generator};
    use rand::RngCore;

    #[test]
    fn filling_gives_the_pairs_in_their_order_and_leaves_the_generator_where_they_do() {
        for count in [0, 1, 2, 7, 2 * BLOCK, 4 * BLOCK + 3] {
            let (mut one_by_one, mut at_once) = (generator(1, b"normal", 0), generator(1, b"normal", 0));
            let pairs: Vec<[f64; 2]> =
                (0..count.div_ceil(2)).map(|_| StandardNormal::pair(&mut one_by_one).into()).collect();
            let mut filled = vec![0.0; count];
            StandardNormal::fill(&mut filled, &mut at_once);
            assert_eq!(filled, pairs.as_flattened()[..count]);
            assert_eq!(at_once.next_u64(), one_by_one.next_u64());
        }
    }
}
