//! Where everything lies: the tests of the command run in the folder of its package.

use std::path::Path;

/// The folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("sims/ lies in a folder")
}
