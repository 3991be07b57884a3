//! What the claims of a run say, for figures that repeat it: a number that a claim states is computed once.

use embedding_norms::lab::claim::{Claim, Verdict};

/// The claims of a run; none where they are not known, and then figures show none of their numbers.
#[derive(Clone, Debug, Default)]
pub struct Stated(Vec<Claim>);

impl From<Vec<Claim>> for Stated {
    fn from(claims: Vec<Claim>) -> Self {
        Self(claims)
    }
}

impl Stated {
    /// The claim with this text, if it was tested.
    pub fn tested(&self, says: &str) -> Option<&Claim> {
        self.0.iter().find(|claim| claim.says == says && claim.verdict != Verdict::NotTested)
    }

    /// What was measured, in the words of the claim: `2.0001 [1.9994, 2.0008]`.
    pub fn measured(&self, says: &str) -> Option<&str> {
        self.tested(says).map(|claim| claim.measured.as_str())
    }

    /// The measured number without its interval: `2.0001`.
    pub fn value(&self, says: &str) -> Option<&str> {
        self.measured(says).and_then(|measured| measured.split(' ').next())
    }
}

#[cfg(test)]
mod tests {
    use embedding_norms::lab::claim::Source;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_claim() {
        let says = "steps grow";
        let claim = Claim::outcome("L6", says, "2".into(), "1.984 [1.981, 1.986]".into(), true);
        let untested = Claim::not_tested("L2", Source::Ours, "all is well", "needs 8 replicates");
        let stated = Stated::from(vec![untested, claim]);
        assert_eq!(stated.measured(says), Some("1.984 [1.981, 1.986]"));
        assert_eq!(stated.value(says), Some("1.984"));
        assert!(stated.tested(says).is_some() && stated.tested("all is well").is_none());
        assert_eq!(stated.measured("all is well"), None);
    }
}
