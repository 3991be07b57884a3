#!/usr/bin/env bash
# The same work in PyTorch, JAX, NumPy and this crate, in one run; prints a table in Markdown.
# Makes a virtual environment of its own in target/peers, or uses the Python named by PEERS_PYTHON.
set -euo pipefail
cd "$(dirname "$0")/../.."
python="${PEERS_PYTHON:-target/peers/bin/python}"
if [[ -z "${PEERS_PYTHON:-}" ]]; then
    [[ -x "$python" ]] || python3 -m venv target/peers
    "$python" -m pip install --quiet -r benches/peers/requirements.txt
fi
cargo bench --quiet --bench engines --bench losses --bench machine --bench training --no-run
exec "$python" benches/peers/peers.py "$@"
