//! Randomness by name: ChaCha streams from (root seed, cell, replicate), and the normal distribution.
//!
//! A stream is a function of what it is for, never of the thread or the order in which work happens to run, so any
//! cell can be simulated again by itself and gives the same bytes.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use rand_distr::Distribution;

/// The generator of every random number in this crate: ChaCha with 12 rounds.
pub type Generator = ChaCha12Rng;

/// The generator of one replicate of one cell.
///
/// The 256-bit key of the ChaCha stream is the BLAKE3 hash of the three parts, so that streams of different cells or
/// replicates are unrelated and the same parts give the same stream for ever.
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
    Generator::from_seed(*hasher.finalize().as_bytes())
}

/// The standard normal distribution, by Marsaglia's polar method.
///
/// The usual samplers take `exp` and `ln` from the platform, whose last bit depends on the processor. This one uses
/// only correctly rounded operations and the portable `libm::log`, so a seed gives the same bytes on every machine.
#[derive(Clone, Copy, Debug)]
pub struct StandardNormal;

impl StandardNormal {
    /// Two independent values, for the price of one.
    pub fn pair<R: Rng + ?Sized>(generator: &mut R) -> (f64, f64) {
        loop {
            let x = 2.0 * generator.random::<f64>() - 1.0;
            let y = 2.0 * generator.random::<f64>() - 1.0;
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let length = (-2.0 * libm::log(square) / square).sqrt();
                return (x * length, y * length);
            }
        }
    }
}

impl Distribution<f64> for StandardNormal {
    fn sample<R: Rng + ?Sized>(&self, generator: &mut R) -> f64 {
        Self::pair(generator).0
    }
}
