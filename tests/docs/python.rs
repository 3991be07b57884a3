//! The Python package is built as the command is.

use toml::Table;

use crate::pages::read;

/// So that what was compiled for one is used for the other.
#[test]
fn the_python_package_is_built_as_the_command_is() {
    let release = |manifest| read(manifest).parse::<Table>().unwrap()["profile"]["release"].clone();
    assert_eq!(release("python/Cargo.toml"), release("Cargo.toml"));
}
