//! Vector instructions other than the widest, from the environment, as the command takes them.

use embedding_norms::instructions::{InstructionSet, choose};

/// The set that EMBEDDING_NORMS_INSTRUCTIONS names, `x86-v3` for AVX2, used from now on.
pub fn chosen() -> Option<InstructionSet> {
    let name = std::env::var("EMBEDDING_NORMS_INSTRUCTIONS").ok()?;
    let set = name.parse().expect("EMBEDDING_NORMS_INSTRUCTIONS names an instruction set of this processor");
    choose(set).expect("nothing is computed before");
    Some(set)
}
