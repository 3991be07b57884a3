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

    /// The number behind a name in the note of a claim: 1.984 of `dcl` in `clip 2.009, dcl 1.984`.
    pub fn noted(&self, says: &str, name: &str) -> Option<&str> {
        let note = &self.tested(says)?.note;
        note.match_indices(name).find_map(|(place, _)| {
            let begins = !note[..place].ends_with(|before: char| before.is_alphanumeric() || before == '-');
            let behind = note[place + name.len()..].strip_prefix(' ')?;
            let number = behind.split([' ', ',', ';']).next()?;
            (begins && number.parse::<f64>().is_ok()).then_some(number)
        })
    }
}

#[cfg(test)]
mod tests {
    use embedding_norms::lab::claim::Source;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_claim() {
        let says = "steps grow";
        let claim = Claim::outcome("L6", says, "2".into(), "1.984 [1.981, 1.986]".into(), true)
            .noting("the worst is dcl; nt-dcl 1.7, clip 2.009, dcl 1.984; y = 0.293; 12 draws");
        let untested = Claim::not_tested("L2", Source::Ours, "all is well", "y = 3");
        let stated = Stated::from(vec![untested, claim]);
        assert_eq!(stated.measured(says), Some("1.984 [1.981, 1.986]"));
        assert_eq!(stated.value(says), Some("1.984"));
        assert_eq!(
            ["dcl", "clip", "y =", "xent"].map(|name| stated.noted(says, name)),
            [Some("1.984"), Some("2.009"), Some("0.293"), None]
        );
        assert_eq!((stated.measured("all is well"), stated.noted("all is well", "y =")), (None, None));
    }
}
