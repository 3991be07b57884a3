//! The remedies of errors, typed: tests/remedies/remedies.py makes a file of each kind, follows the error, and reads what
//! has come of it. It needs Python with NumPy; what else is missing, it skips aloud.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;

use crate::repository::root;

#[test]
fn every_remedy_works_when_it_is_typed() {
    let python = std::env::var("REMEDIES_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_numpy = Command::new(&python).args(["-c", "import numpy"]).output();
    if !has_numpy.is_ok_and(|output| output.status.success()) {
        println!("skipped: {python} has no NumPy; set REMEDIES_PYTHON to one that has");
        return;
    }
    let script = root().join("tests/remedies/remedies.py");
    let mut command = Command::new(&python);
    command.arg(script).env("EMBEDDING_NORMS", cargo_bin!("embedding-norms"));
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
