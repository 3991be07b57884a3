//! Proptest with one fixed seed, so that a run of the tests is a function of the code alone.

use proptest::test_runner::{Config, FileFailurePersistence, RngSeed};

/// So many cases from a fixed seed, or from a fresh one if `EMBEDDING_NORMS_FRESH_SEEDS` is set to anything but 0.
///
/// A failing case is kept beside the test, in `tests/<file>.regressions`, and tried first from then on.
pub fn seeded(cases: u32) -> Config {
    let fresh = std::env::var("EMBEDDING_NORMS_FRESH_SEEDS").is_ok_and(|value| !value.is_empty() && value != "0");
    Config {
        cases,
        rng_seed: if fresh { RngSeed::Random } else { RngSeed::Fixed(20_250_214) },
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..Config::default()
    }
}
