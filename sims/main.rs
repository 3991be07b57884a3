//! The program `embedding-norms`.

use std::process::ExitCode;

fn main() -> ExitCode {
    embedding_norms_command::run(std::env::args_os().collect())
}
