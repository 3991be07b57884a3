//! A shard: the part of a sweep that one machine takes.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One of `count` parts of a sweep, counted from 1 and written `index/count`.
///
/// ```
/// use embedding_norms_lab::sweep::Shard;
/// let shard: Shard = "2/7".parse()?;
/// assert_eq!((shard.index(), shard.count()), (2, 7));
/// assert!("0/7".parse::<Shard>().is_err());
/// assert_eq!(Shard::default(), Shard::WHOLE);
/// # Ok::<(), embedding_norms_lab::sweep::ShardError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    index: u32,
    count: u32,
}

/// A text or an index that is not a shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// The text has another form.
    #[error("'{text}' is not a shard: write index/count, for instance 2/7 for the second of seven")]
    Form {
        /// The text.
        text: String,
    },
    /// The index is not one of 1 to count.
    #[error("there is no shard {index} of {count}: the index is counted from 1 and is at most the count")]
    Range {
        /// The index asked for.
        index: u32,
        /// The number of shards asked for.
        count: u32,
    },
}

impl Shard {
    /// The only shard of a sweep that is not divided.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Shard `index` of `count`, counted from 1.
    ///
    /// # Errors
    /// [`ShardError::Range`] unless 1 ≤ index ≤ count.
    pub fn new(index: u32, count: u32) -> Result<Self, ShardError> {
        if (1..=count).contains(&index) { Ok(Self { index, count }) } else { Err(ShardError::Range { index, count }) }
    }

    /// Which shard this is, counted from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many shards there are.
    pub fn count(self) -> u32 {
        self.count
    }

    /// All shards of a sweep divided like this one.
    pub fn siblings(self) -> impl Iterator<Item = Self> {
        (1..=self.count).map(move |index| self.sibling(index))
    }

    /// The shard of the same division with another index, which must be one of 1 to count.
    pub(super) fn sibling(self, index: u32) -> Self {
        Self { index, ..self }
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl Display for Shard {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let numbers = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        let (index, count) = numbers.ok_or_else(|| ShardError::Form { text: text.to_owned() })?;
        Self::new(index, count)
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = ShardError;

    fn try_from(text: String) -> Result<Self, ShardError> {
        text.parse()
    }
}
