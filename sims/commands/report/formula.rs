//! Formulas on the page: `ρ_i` and `∇_{z_i}` of the register and its powers, set as such.

use maud::{Markup, html};

/// A formula of plain text, with its primes, subscripts and powers set as such.
pub fn typeset(formula: &str) -> Markup {
    scripts(&formula.replace('\'', "′"))
}

/// A text, with the subscripts and powers in it set as such.
pub fn scripts(text: &str) -> Markup {
    let Some((before, rest)) = text.find(['_', '^']).map(|place| text.split_at(place)) else {
        return html! { (text) };
    };
    let is_power = rest.starts_with('^');
    let (raised, after) = script(&rest[1..]);
    html! {
        (before)
        @if is_power { sup { (scripts(raised)) } } @else { sub { (scripts(raised)) } }
        (scripts(after))
    }
}

/// What stands below or above the line, be it in braces, in brackets or a run of letters and digits, and what follows it.
fn script(text: &str) -> (&str, &str) {
    for (open, close) in [('{', '}'), ('(', ')')] {
        if let Some((inside, after)) = text.strip_prefix(open).and_then(|inner| inner.split_once(close)) {
            return (inside, after);
        }
    }
    let end = text.find(|letter: char| !letter.is_alphabetic() && !letter.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscripts_and_powers_are_set_as_such() {
        let page = |formula| typeset(formula).into_string();
        assert_eq!(page("T ∝ ρ²"), "T ∝ ρ²");
        assert_eq!(page("c^h γ = γ/ρ^(p−2)"), "c<sup>h</sup> γ = γ/ρ<sup>p−2</sup>");
        assert_eq!(page("ρ_i'² = ρ_i²(1 + a²)"), "ρ<sub>i</sub>′² = ρ<sub>i</sub>²(1 + a²)");
        assert_eq!(page("∇_{z_i} L_i < p_ik"), "∇<sub>z<sub>i</sub></sub> L<sub>i</sub> &lt; p<sub>ik</sub>");
    }
}
