//! Where everything lies: the tests of the laboratory and of the command run in the folder of their package.

use std::path::Path;

/// The folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("lab/ and sims/ lie in a folder")
}
