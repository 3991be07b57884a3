//! Formulas on the page: `ρ_i` and `∇_{z_i}` of the register as subscripts.

use maud::{Markup, html};

/// A formula of plain text, with its subscripts set as such.
pub fn typeset(formula: &str) -> Markup {
    let mut pieces = formula.split('_');
    let first = pieces.next().unwrap_or_default();
    // A brace that holds a subscript of its own was split; it is put together again.
    let mut rest: Vec<String> = Vec::new();
    for piece in pieces {
        match rest.last_mut() {
            Some(open) if open.starts_with('{') && !open.contains('}') => {
                *open += "_";
                *open += piece;
            }
            _ => rest.push(piece.to_owned()),
        }
    }
    html! {
        (prime(first))
        @for piece in &rest {
            @let (lower, after) = subscript(piece);
            sub { (typeset(lower)) } (prime(after))
        }
    }
}

/// What stands below the line, and what follows it.
fn subscript(text: &str) -> (&str, &str) {
    if let Some((lower, after)) = text.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        return (lower, after);
    }
    let end = text.find(|letter: char| !letter.is_alphabetic() && !letter.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn prime(text: &str) -> String {
    text.replace('\'', "′")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscripts_are_set_below_the_line() {
        let page = |formula| typeset(formula).into_string();
        assert_eq!(page("T ∝ ρ²"), "T ∝ ρ²");
        assert_eq!(page("ρ_i'² = ρ_i²(1 + a²)"), "ρ<sub>i</sub>′² = ρ<sub>i</sub>²(1 + a²)");
        assert_eq!(page("∇_{z_i} L_i < p_ik"), "∇<sub>z<sub>i</sub></sub> L<sub>i</sub> &lt; p<sub>ik</sub>");
    }
}
