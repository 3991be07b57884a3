//! The Python package compiles the files of the command: its manifest names the crates that they use, as the manifest here does.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use crate::architecture::{code, modules, root};

fn section(manifest: &str, name: &str) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest);
    let table: Table = fs::read_to_string(path).unwrap().parse().unwrap();
    let Some(Value::Table(section)) = table.get(name) else { panic!("{manifest} has no {name}") };
    section.clone()
}

/// The dependencies of a manifest; whether one is optional does not matter.
fn dependencies(manifest: &str) -> Table {
    let mut dependencies = section(manifest, "dependencies");
    for value in dependencies.iter_mut().map(|(_, value)| value) {
        if let Value::Table(table) = value {
            table.remove("optional");
            if let (1, Some(version)) = (table.len(), table.get("version").cloned()) {
                *value = version;
            }
        }
    }
    dependencies
}

/// Whether a path in the code begins with this crate.
fn uses(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::")).any(|(place, _)| {
        let before = code[..place].chars().next_back();
        !before.is_some_and(|before| before.is_alphanumeric() || "_:".contains(before))
    })
}

#[test]
fn the_python_package_has_the_crates_of_the_command() {
    let files: Vec<String> =
        modules(&root("sims")).values().map(|file| code(&fs::read_to_string(file).unwrap())).collect();
    let (here, there) = (dependencies("Cargo.toml"), dependencies("python/Cargo.toml"));
    let needed = here.iter().filter(|(name, _)| files.iter().any(|code| uses(code, &name.replace('-', "_"))));
    let checked = needed.inspect(|(name, value)| {
        assert_eq!(there.get(*name), Some(*value), "python/Cargo.toml: {name} is not as Cargo.toml has it");
    });
    assert!(checked.count() > 10);
}

/// So that what was compiled for one is used for the other.
#[test]
fn the_python_package_is_built_as_the_command_is() {
    let release = |manifest| section(manifest, "profile")["release"].clone();
    assert_eq!(release("python/Cargo.toml"), release("Cargo.toml"));
}
