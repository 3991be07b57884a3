#!/bin/bash
# Computes simulations at small settings on an emulated processor without AVX and without fused products, and compares the
# bytes with those of this processor. Needs qemu-user, which root gets from Debian's packages.
#
#   tests/cluster/processors.sh [COMMAND=target/release/embedding-norms [PROCESSOR=Nehalem [SIMULATION…]]]
#
# Without names it takes every simulation, a quarter of an hour.
# Exit status: 0 the bytes are the same, 1 they are not, 77 the emulator cannot be had here.
set -eu
command=${1:-target/release/embedding-norms}
processor=${2:-Nehalem}
simulations=("${@:3}")
there() { command -v qemu-x86_64 >/dev/null; }
install() {
    [ "$(id -u)" = 0 ] && command -v apt-get || return
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update && apt-get -qq install --no-install-recommends qemu-user
}
there || install >/dev/null 2>&1 || true
there || { echo "not tested: qemu-user is not installed, and cannot be" >&2; exit 77; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
into() {
    local out=$1 name
    shift
    for name in "${simulations[@]:-}"; do "$@" "${name:-all}" --quick --quiet --out "$out"; done
}
into "$place/here" "$command"
into "$place/there" qemu-x86_64 -cpu "$processor" "$command"
diff -rq "$place/here" "$place/there"
echo "$processor leaves the same $(find "$place/here" -type f | wc -l) files"
