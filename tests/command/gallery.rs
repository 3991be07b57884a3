//! The gallery at small settings, made once for all tests that read it.

use std::sync::LazyLock;

use assert_cmd::cargo::cargo_bin_cmd;
use tempfile::TempDir;

/// The folder.
pub static GALLERY: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    // Whether claims come out at these settings is another test's business.
    cargo_bin_cmd!("embedding-norms")
        .args(["all", "--quick", "--quiet", "--out"])
        .arg(folder.path())
        .assert()
        .code(&[0, 1][..]);
    folder
});
