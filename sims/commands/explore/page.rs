//! One file from the sources of the page.

use embedding_norms_lab::figure::Size;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::cli::failure::Failure;
use crate::commands::explore::{facts, figure};
use crate::commands::report::STYLE;

const TITLE: &str = "Move the norms of a pair yourself";
const LEAD: &str = "How many steps two embeddings need until they agree, which norm is the best one, and what your own settings do: \
                    change a number and see.";
const OWN_STYLE: &str = include_str!("page/style.css");
const BODY: &str = include_str!("page/body.html");

/// The modules, each after those that it imports from.
const MODULES: [(&str, &str); 13] = [
    ("numerics.js", include_str!("page/numerics.js")),
    ("descent.js", include_str!("page/descent.js")),
    ("words.js", include_str!("page/words.js")),
    ("state.js", include_str!("page/state.js")),
    ("svg.js", include_str!("page/svg.js")),
    ("sphere.js", include_str!("page/sphere.js")),
    ("map.js", include_str!("page/map.js")),
    ("course.js", include_str!("page/course.js")),
    ("pair.js", include_str!("page/pair.js")),
    ("account.js", include_str!("page/account.js")),
    ("training.js", include_str!("page/training.js")),
    ("sharing.js", include_str!("page/sharing.js")),
    ("main.js", include_str!("page/main.js")),
];

/// The page.
pub fn page() -> Result<Markup, Failure> {
    let still = figure::figure()?.to_svg(Size::TwoColumns)?;
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="embedding-norms";
                meta name="description" content=(LEAD);
                title { (TITLE) }
                // An empty icon, so that browsers do not ask a server for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) (PreEscaped(OWN_STYLE)) }
            }
            body {
                header {
                    h1 { (TITLE) }
                    p class="lead" { (LEAD) }
                }
                noscript {
                    p {
                        "This page computes in your browser and needs JavaScript, which is switched off here. What it would \
                         show for one pair stands below; " code { "embedding-norms predict --norm 0.5" }
                        " prints the same numbers for any norm."
                    }
                    figure { div class="card" { (PreEscaped(still)) } figcaption { (figure::CAPTION) } }
                }
                (PreEscaped(BODY))
                script type="application/json" id="facts" { (PreEscaped(facts::json()?)) }
                script type="module" { (PreEscaped(joined())) }
            }
        }
    })
}

/// The modules as one: browsers load no module from another file of a disk. Imports go, since what they name stands in the
/// same script, and exports become plain declarations.
fn joined() -> String {
    let mut text = String::new();
    for (name, source) in MODULES {
        text += &format!("\n// {name}\n");
        for line in source.lines().filter(|line| !line.starts_with("import ")) {
            text += line.strip_prefix("export ").unwrap_or(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The names that a line at the left margin declares or imports.
    fn names(line: &str) -> Vec<&str> {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let rest = ["function ", "async function ", "const ", "let ", "class "]
            .iter()
            .find_map(|word| line.strip_prefix(word));
        let Some(rest) = rest else { return Vec::new() };
        let declared = match rest.strip_prefix(['[', '{']) {
            Some(list) => list.split([']', '}']).next().unwrap(),
            None => rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next().unwrap(),
        };
        declared.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
    }

    #[test]
    fn no_two_modules_declare_the_same_name() {
        let mut seen = BTreeSet::new();
        for (module, source) in MODULES {
            for name in source.lines().flat_map(names) {
                assert!(seen.insert(name), "{module} declares {name} again");
            }
        }
        assert!(seen.len() > 60 && seen.contains("stepsOfPair") && seen.contains("STATIONARY"), "{seen:?}");
    }

    #[test]
    fn modules_import_what_those_before_them_export() {
        let mut exported: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (module, source) in MODULES {
            for line in source.lines().filter(|line| line.starts_with("import ")) {
                let (list, from) =
                    line.strip_prefix("import {").and_then(|rest| rest.split_once("} from \"./")).unwrap();
                let from = from.strip_suffix("\";").unwrap();
                for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                    assert!(exported.contains(&(from, name)), "{module} imports {name} from {from}");
                }
            }
            let own = source.lines().filter(|line| line.starts_with("export ")).flat_map(names);
            exported.extend(own.map(|name| (module, name)));
        }
    }

    #[test]
    fn nothing_ends_the_script_early_or_reaches_outside() {
        let text = joined();
        assert!(!text.contains("</script") && !text.contains("<!--"), "it would end the element");
        for way in ["fetch(", "XMLHttpRequest", "import(", "WebSocket", "sendBeacon", "localStorage", "innerHTML"] {
            assert!(!text.contains(way), "{way}");
        }
        let outside: Vec<&str> = text.lines().filter(|line| line.contains("://")).collect();
        assert!(outside.iter().all(|line| line.contains("http://www.w3.org/2000/svg")), "{outside:?}");
    }
}
