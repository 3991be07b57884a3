#!/bin/bash
# Computes every simulation at small settings on an emulated processor without AVX and without fused products, and
# compares the bytes with those of this processor. Takes minutes; needs qemu-user (Debian's package of that name).
#
#   tests/cluster/processors.sh [COMMAND=target/release/embedding-norms] [PROCESSOR=Nehalem]
set -eu
command=${1:-target/release/embedding-norms}
processor=${2:-Nehalem}
command -v qemu-x86_64 >/dev/null || { echo "not tested: qemu-x86_64 is not installed" >&2; exit 77; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$command" --quick --quiet --out "$place/here"
qemu-x86_64 -cpu "$processor" "$command" --quick --quiet --out "$place/there"
diff -rq "$place/here" "$place/there"
echo "$processor leaves the same $(find "$place/here" -type f | wc -l) files"
