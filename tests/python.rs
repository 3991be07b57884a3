//! The Python package: its own tests, where an interpreter that has it is named.

use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Names the interpreter, such as that of an environment in which `pip install ./python[test]` was run on this tree.
const VARIABLE: &str = "EMBEDDING_NORMS_PYTHON";

#[test]
fn the_tests_of_the_python_package_pass() {
    let Some(interpreter) = std::env::var_os(VARIABLE) else {
        // Not captured as `eprintln!` is, so that it is seen.
        let said = format!("python: the tests of the Python package were NOT run: {VARIABLE} names no interpreter\n");
        return std::io::stderr().write_all(said.as_bytes()).unwrap();
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/tests");
    // Elsewhere than in python/, whose folder of the package has nothing compiled in it.
    let status = Command::new(&interpreter).args(["-m", "pytest", "-q"]).arg(&folder).current_dir(&folder).status();
    assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{}: {status:?}", interpreter.display());
}
