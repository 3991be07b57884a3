#!/usr/bin/env bash
# Builds the wheel, installs it in a clean environment and runs the tests of the package there. Exit status 77: the packages
# of Python that this needs cannot be had. PYTHON names another interpreter than python3.
set -euo pipefail
cd "$(dirname "$0")"
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
"${PYTHON:-python3}" -m venv "$environment" || exit 77
"$environment/bin/pip" install --quiet --retries 1 --timeout 10 'maturin>=1.7,<2' mypy numpy pytest safetensors || exit 77
# What is compiled for the crate above is not compiled again.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../target}"
cargo fmt --check
# The tests inside ../sims are the crate's above, and need its crates for tests.
cargo clippy --lib --examples -- -D warnings
"$environment/bin/maturin" build --release --interpreter "$environment/bin/python" --out "$environment/wheels"
"$environment/bin/pip" install --quiet --no-index --no-deps "$environment"/wheels/*.whl
"$environment/bin/pytest" tests
