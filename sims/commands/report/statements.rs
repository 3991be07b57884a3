//! Statements on the page: each has one place, which carries its id as anchor.

use embedding_norms_lab::statement::{self, Evidence, STATEMENTS, Statement};
use maud::{Markup, html};

use crate::commands::report::formula;
use crate::commands::report::material::Material;

/// The name of a statement's anchor.
pub fn anchor(id: &str) -> String {
    id.to_lowercase()
}

/// The statements that a simulation speaks to, in its order.
pub fn of(material: &Material) -> Vec<&'static Statement> {
    let mut ids: Vec<&str> = material.entry.statements().to_vec();
    for claim in &material.record.claims {
        if !ids.contains(&claim.statement.as_str()) {
            ids.push(&claim.statement);
        }
    }
    ids.into_iter().filter_map(statement::find).collect()
}

/// The simulation in whose section a statement stands: the one that the register names, or else the first that speaks to
/// it.
fn home<'a>(id: &str, materials: &'a [Material]) -> Option<&'a Material> {
    let named = statement::find(id).and_then(|statement| statement.simulation);
    let by_register = materials.iter().find(|material| Some(material.entry.name()) == named);
    by_register.or_else(|| materials.iter().find(|material| of(material).iter().any(|other| other.id == id)))
}

/// The statements whose place is the section of a simulation.
pub fn at_home<'a>(material: &'a Material, materials: &'a [Material]) -> impl Iterator<Item = &'static Statement> + 'a {
    let mut here = of(material);
    here.extend(STATEMENTS.iter().filter(|statement| statement.simulation == Some(material.entry.name())));
    let mut seen: Vec<&str> = Vec::new();
    here.into_iter().filter(move |statement| {
        let is_new = !seen.contains(&statement.id);
        seen.push(statement.id);
        is_new && home(statement.id, materials).is_some_and(|home| home.entry.name() == material.entry.name())
    })
}

/// The statements that have no place in any section.
pub fn without_home(materials: &[Material]) -> Vec<&'static Statement> {
    STATEMENTS.iter().filter(|statement| home(statement.id, materials).is_none()).collect()
}

/// A statement with everything about it.
pub fn card(statement: &Statement) -> Markup {
    html! {
        article class="statement" id=(anchor(statement.id)) aria-labelledby={ (anchor(statement.id)) "-title" } {
            h4 id={ (anchor(statement.id)) "-title" } { span class="id" { (statement.id) } " " (statement.title) }
            @for formula in statement.formula.split(";  ") { p class="formula" { (formula::typeset(formula)) } }
            p { (formula::scripts(statement.meaning)) }
            p class="evidence" aria-label="What it rests on" {
                @for evidence in Evidence::ALL.into_iter().filter(|&evidence| statement.rests_on(evidence)) {
                    span { (evidence.words()) } " "
                }
            }
            p class="places" {
                "Source: " (statement.provenance.words()) ". Proof: " code { (statement.section()) } ". Test: "
                code { (statement.test_command()) }
            }
        }
    }
}

/// A link to a statement's place.
pub fn link(id: &str) -> Markup {
    match statement::find(id) {
        Some(statement) => html! { a href={ "#" (anchor(statement.id)) } { (statement.id) } },
        None => html! { (id) },
    }
}
