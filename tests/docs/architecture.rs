//! The arrows between modules: no circle of imports, and no arrow against the direction that docs/architecture.md names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::repository::root;

/// A module by the names that lead to it from the root of its crate.
pub type Module = Vec<String>;

/// Which modules a module imports from.
type Arrows = BTreeMap<Module, BTreeSet<Module>>;

/// All files of a crate with the modules that they are.
pub fn modules(root: &Path) -> BTreeMap<Module, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let names = path.strip_prefix(root).unwrap().with_extension("");
                let mut module: Module = names.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
                if module.last().is_some_and(|last| ["mod", "lib"].contains(&last.as_str())) {
                    module.pop();
                }
                found.insert(module, path);
            }
        }
    }
    found
}

/// The text of a file without comments, and without the tests at its end.
pub fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// All paths that begin with `crate`, `self` or `super`, with the groups of `use` written out.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "self::", "super::"] {
        for (place, _) in code.match_indices(start) {
            let before = code[..place].chars().next_back();
            if !before.is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':' || before == '$')
            {
                branches(&code[place..], &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

/// Reads one path, or each of a group; returns what is behind it.
fn branches<'a>(text: &'a str, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let length = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(length);
    before.push(name.to_owned());
    let behind = match rest.strip_prefix("::") {
        Some(group) if group.starts_with('{') => {
            let mut rest = &group[1..];
            loop {
                rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
                match rest.strip_prefix('}') {
                    Some(behind) => break behind,
                    None if rest.is_empty() => break rest,
                    None => {
                        rest = branches(rest, before, found);
                        // A rename or a glob ends where the next entry begins.
                        rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
                    }
                }
            }
        }
        Some(next) => branches(next, before, found),
        None => {
            found.push(before.clone());
            rest
        }
    };
    before.pop();
    behind
}

/// The module that a path in a module leads to: the longest beginning of it that is one.
fn target(of: &Module, path: &[String], known: &BTreeMap<Module, PathBuf>) -> Option<Module> {
    let mut place = if path[0] == "crate" { Vec::new() } else { of.clone() };
    for name in path {
        match name.as_str() {
            "crate" | "self" => {}
            "super" => drop(place.pop()),
            name => {
                place.push(name.to_owned());
                if !known.contains_key(&place) {
                    place.pop();
                    break;
                }
            }
        }
    }
    known.contains_key(&place).then_some(place)
}

/// The arrows between the modules of a crate. What a module has from the modules that hold it, and they from it, is
/// theirs together: no arrow.
fn arrows(root: &Path) -> Arrows {
    let known = modules(root);
    let mut arrows = Arrows::new();
    for (module, path) in &known {
        let text = code(&fs::read_to_string(path).unwrap());
        let targets = paths(&text).into_iter().filter_map(|path| target(module, &path, &known));
        let others = targets.filter(|target| !module.starts_with(target) && !target.starts_with(module));
        arrows.insert(module.clone(), others.collect());
    }
    arrows
}

/// Sets of two and more modules that all reach one another.
fn circles(arrows: &Arrows) -> Vec<BTreeSet<Module>> {
    let reached = |from: &Module| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&Module> = arrows[from].iter().collect();
        while let Some(module) = open.pop() {
            if seen.insert(module.clone()) {
                open.extend(&arrows[module]);
            }
        }
        seen
    };
    let reach: BTreeMap<&Module, BTreeSet<Module>> = arrows.keys().map(|module| (module, reached(module))).collect();
    let mut found = BTreeSet::new();
    for (module, others) in &reach {
        let circle: BTreeSet<Module> = others.iter().filter(|other| reach[other].contains(*module)).cloned().collect();
        if !circle.is_empty() {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn shown(modules: &BTreeSet<Module>) -> String {
    modules.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(", ")
}

#[test]
fn no_module_imports_from_one_that_imports_from_it() {
    for crate_of in ["src", "lab", "sims"] {
        let found: Vec<String> = circles(&arrows(&root().join(crate_of))).iter().map(shown).collect();
        assert!(found.is_empty(), "circles of imports in {crate_of}/:\n{}", found.join("\n"));
    }
}

/// What must not be imported: from the modules on the left, those on the right.
const FORBIDDEN: [(&str, &[&str], &[&str]); 8] = [
    ("src", &["simulation"], &["theory"]),
    // What should happen and what does happen are written apart from each other, so that their agreement means something.
    ("src", &["theory"], &["loss", "optimizer", "simulation", "encoder", "training"]),
    ("src", &["loss", "optimizer", "encoder"], &["theory", "simulation", "training"]),
    ("src", &["numerics", "sphere"], &["loss", "optimizer", "simulation", "theory", "encoder", "training", "data"]),
    // Laws and claims know nothing of drawing, and a table nothing of what is claimed of it.
    ("lab", &["law", "claim", "table"], &["figure"]),
    ("lab", &["law", "table", "sweep"], &["claim"]),
    ("sims", &["simulations"], &["commands"]),
    ("sims", &["commands"], &["cli::dispatch"]),
];

#[test]
fn no_arrow_goes_against_the_direction() {
    let is_in = |module: &Module, names: &[&str]| {
        let name = module.join("::");
        names
            .iter()
            .any(|within| name.strip_prefix(within).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
    };
    for (crate_of, from, to) in FORBIDDEN {
        let arrows = arrows(&root().join(crate_of));
        for name in from.iter().chain(to) {
            assert!(arrows.keys().any(|module| is_in(module, &[name])), "there is no module {name} in {crate_of}/");
        }
        for (module, others) in arrows.iter().filter(|(module, _)| is_in(module, from)) {
            let against: BTreeSet<Module> = others.iter().filter(|other| is_in(other, to)).cloned().collect();
            assert!(against.is_empty(), "{} imports from {}", module.join("::"), shown(&against));
        }
    }
}

/// Laws never see what is expected; the laboratory serves whatever is measured, and takes nothing of it.
#[test]
fn the_laboratory_has_only_numbers_of_the_library() {
    let allowed = ["random", "statistics", "words"];
    for path in modules(&root().join("lab")).values() {
        let text = code(&fs::read_to_string(path).unwrap());
        for place in text.split("embedding_norms::").skip(1) {
            let module = place.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            assert!(allowed.contains(&module), "{} has {module} of the library", path.display());
        }
    }
}

#[test]
fn arrows_are_read_from_the_code() {
    let code = code(
        "use crate::{a, b::{self, c::D as E}};\nfn f() -> crate::g::H { super::super::i() } // crate::no\n\
         macro_rules! m { () => { $crate::n } }\n#[cfg(test)]\nmod tests { use crate::tests; }",
    );
    let found: BTreeSet<String> = paths(&code).iter().map(|path| path.join("::")).collect();
    let expected = ["crate::a", "crate::b::self", "crate::b::c::D", "crate::g::H", "super::super::i"];
    assert_eq!(found, expected.map(str::to_owned).into());
    let module = |name: &str| -> Module { name.split("::").map(str::to_owned).collect() };
    let arrows: Arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]
        .map(|(from, to)| (module(from), BTreeSet::from([module(to)])))
        .into();
    assert_eq!(circles(&arrows).iter().map(shown).collect::<Vec<_>>(), ["a, b, c"]);
}

/// The public modules of the library.
fn public_modules() -> Vec<String> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let names = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

#[test]
fn the_list_of_modules_has_all_that_is_public_and_nothing_else() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | [`")?.split('`').next());
    let listed: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert_eq!(listed, public_modules().into_iter().collect());
}

#[test]
fn every_public_module_begins_with_an_example() {
    for name in public_modules() {
        let files = [format!("{name}.rs"), format!("{name}/mod.rs")];
        let text = files.iter().find_map(|file| fs::read_to_string(root().join("src").join(file)).ok()).unwrap();
        let docs: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(docs.contains(&"//! ```"), "{name} has no example");
    }
}
