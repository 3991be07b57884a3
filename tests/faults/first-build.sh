#!/bin/sh
# What a newcomer builds first has fewer features than what the tests build: it draws, and says what it leaves out and how
# to have it, before any work.
#
#   tests/faults/first-build.sh [COMMAND=target/release/embedding-norms]
set -eu

command=${1:-target/release/embedding-norms}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
    echo "$*" >&2
    exit 1
}

"$command" norm-effect --quick --quiet --out "$place/drawn"
test -s "$place/drawn/norm-effect.svg" || fail "norm-effect.svg is not drawn"

for format in png pdf; do
    status=0
    "$command" norm-effect --quick --out "$place/refused" --format "svg,$format" 2>"$place/said" || status=$?
    test "$status" = 2 || fail "--format $format ends with status $status, not 2"
    grep -q -- "cargo run --release --features $format -- " "$place/said" || fail "--format $format: $(cat "$place/said")"
    test ! -e "$place/refused" || fail "--format $format is refused after work was done"
done

"$command" sphere-trajectories --quick --out "$place/drawn" >"$place/told" 2>"$place/said"
grep -q "sphere-trajectories.gif is not drawn" "$place/said" || fail "nothing is said of the animation"
grep -q -- "--features png" "$place/said" || fail "the remedy is missing: $(cat "$place/said")"
test ! -e "$place/drawn/sphere-trajectories.gif" || fail "the animation is there all the same"
"$command" sphere-trajectories --quick --quiet --force --out "$place/drawn" 2>"$place/said"
test ! -s "$place/said" || fail "--quiet says: $(cat "$place/said")"
echo "the first build draws, and says what it leaves out"
