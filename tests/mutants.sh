#!/usr/bin/env bash
# Whether the tests of the chapters notice a wrong formula: tests/mutants.sh --help
set -euo pipefail
cd "$(dirname "$0")/.."
if ! cargo mutants --version > /dev/null 2>&1; then
    echo "cargo-mutants is missing: cargo install --locked cargo-mutants" >&2
    exit 2
fi
exec python3 tests/mutants/run.py "$@"
