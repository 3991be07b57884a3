//! What the claims of a run say, for figures that repeat it: a number that a claim states is computed once.

use embedding_norms_lab::claim::{Claim, Verdict};

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

    /// The number that stands behind a name in the note of the claim: `2.001` for `clip` in `the worst is dcl; dcl 2.002,
    /// clip 2.001`.
    pub fn noted(&self, says: &str, name: &str) -> Option<&str> {
        let named = |part: &'_ str| part.trim().rsplit_once(' ').is_some_and(|(before, _)| is_last(before, name));
        let part = self.tested(says)?.note.split([',', ';']).find(|part| named(part))?;
        part.rsplit(' ').next()
    }
}

/// Whether a text is this name or ends with it as words of their own.
fn is_last(text: &str, name: &str) -> bool {
    text.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with(' '))
}

#[cfg(test)]
mod tests {
    use embedding_norms_lab::claim::Source;

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

    #[test]
    fn notes_name_numbers() {
        let note = "the worst is dcl; sup-dcl 2.003, dcl 2.002, at y = 0.301".to_owned();
        let claim = Claim { note, ..Claim::outcome("L6", "k = 2", String::new(), String::new(), true) };
        let stated = Stated::from(vec![claim]);
        assert_eq!(stated.noted("k = 2", "dcl"), Some("2.002"));
        assert_eq!(stated.noted("k = 2", "y ="), Some("0.301"));
        assert_eq!(stated.noted("k = 2", "cosine"), None);
        assert_eq!(stated.noted("k = 3", "dcl"), None);
    }
}
