//! Which vector instructions the kernels use. Results are the same bytes with each of them: a wider set is only faster.
//!
//! By default the widest set of this processor is taken. [`choose`] takes another one, for instance to see on one
//! machine what machines of other kinds compute:
//!
//! ```
//! use embedding_norms::instructions::{InstructionSet, choose};
//!
//! choose(InstructionSet::Scalar)?; // before anything is computed
//! assert!(choose(InstructionSet::Scalar).is_err(), "once and for all");
//! # Ok::<(), embedding_norms::instructions::InstructionsError>(())
//! ```

use std::fmt::{Display, Formatter};
use std::str::FromStr;
use std::sync::OnceLock;

use pulp::Arch;

/// What the kernels use, from the first of them on.
static CHOSEN: OnceLock<Arch> = OnceLock::new();

/// A set of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum InstructionSet {
    /// `scalar`: no vectors; every processor has it.
    Scalar,
    /// `x86-v3`: 256 bits, four numbers at once (AVX2; x86-64 processors from about 2013 on).
    X86V3,
    /// `x86-v4`: 512 bits, eight numbers at once (AVX-512).
    X86V4,
}

/// Why an instruction set cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstructionsError {
    /// There is no set of this name.
    #[error("'{name}' is not an instruction set: this processor has {}", listed())]
    Unknown {
        /// The name.
        name: String,
    },
    /// The processor has no such instructions.
    #[error("this processor has no {set} instructions: it has {}", listed())]
    Unavailable {
        /// The set.
        set: InstructionSet,
    },
    /// Something was computed, or another choice made, before.
    #[error("the instruction set is chosen once, before anything is computed: {set} comes too late")]
    TooLate {
        /// The set.
        set: InstructionSet,
    },
}

impl InstructionSet {
    /// All sets, from the narrowest to the widest.
    pub const ALL: [Self; 3] = [Self::Scalar, Self::X86V3, Self::X86V4];

    /// The sets that this processor has, from the narrowest to the widest.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|set| set.arch().is_some())
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::X86V3 => "x86-v3",
            Self::X86V4 => "x86-v4",
        }
    }

    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    pub(crate) fn arch(self) -> Option<Arch> {
        match self {
            Self::Scalar => Some(Arch::Scalar),
            Self::X86V3 => pulp::x86::V3::try_new().map(Arch::V3),
            Self::X86V4 => pulp::x86::V4::try_new().map(Arch::V4),
        }
    }

    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    pub(crate) fn arch(self) -> Option<Arch> {
        (self == Self::Scalar).then_some(Arch::Scalar)
    }
}

impl Display for InstructionSet {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for InstructionSet {
    type Err = InstructionsError;

    fn from_str(name: &str) -> Result<Self, InstructionsError> {
        let known = Self::ALL.into_iter().find(|set| set.name() == name);
        known.ok_or_else(|| InstructionsError::Unknown { name: name.to_owned() })
    }
}

/// Takes these instructions for all that this process computes.
///
/// # Errors
/// [`InstructionsError`]: the processor does not have them, or they are in use or chosen already.
pub fn choose(set: InstructionSet) -> Result<(), InstructionsError> {
    let arch = set.arch().ok_or(InstructionsError::Unavailable { set })?;
    CHOSEN.set(arch).map_err(|_| InstructionsError::TooLate { set })
}

/// What kernels are dispatched to: what was chosen, else the widest set of this processor.
#[inline]
pub(crate) fn chosen() -> Arch {
    *CHOSEN.get_or_init(Arch::new)
}

fn listed() -> String {
    let names: Vec<&str> = InstructionSet::available().map(InstructionSet::name).collect();
    names.join(", ")
}
