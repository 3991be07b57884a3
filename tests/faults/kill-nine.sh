#!/bin/sh
# Kills a short sweep with kill -9 at random moments, again and again, lets it go on each time, and compares what it
# leaves in the end with what a run leaves that nobody disturbed.
#
#   tests/faults/kill-nine.sh [KILLS=100] [COMMAND=target/release/embedding-norms] [SEED=1]
set -eu

kills=${1:-100}
command=${2:-target/release/embedding-norms}
seed=${3:-1}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

sweep() { "$command" norm-effect --norms 2,3,4,5 --replicates 6 --published-runs 0 --threads 2 --quiet --out "$1"; }

# A number from 0 to 999 from the seed and a count, the same on every machine.
random() { awk -v seed="$seed" -v count="$1" 'BEGIN { srand(seed * 100003 + count); rand(); print int(1000 * rand()) }'; }

same() {
    if ! diff -r "$place/whole" "$place/cut" >"$place/difference"; then
        echo "after $done kills the files differ:" >&2
        head -5 "$place/difference" >&2
        exit 1
    fi
}

sweep "$place/whole"
done=0 tried=0 finished=0
while [ "$done" -lt "$kills" ]; do
    tried=$((tried + 1))
    "$command" norm-effect --norms 2,3,4,5 --replicates 6 --published-runs 0 --threads 2 --quiet --out "$place/cut" &
    process=$!
    sleep "$(random "$tried" | awk '{ printf "%.3f", 0.01 + 0.15 * $1 / 1000 }')"
    kill -9 "$process" 2>/dev/null || true
    if wait "$process" 2>/dev/null; then
        # It was faster: what it left is compared, and the next one starts anew.
        same
        finished=$((finished + 1))
        rm -rf "$place/cut"
    else
        done=$((done + 1))
    fi
done
sweep "$place/cut"
same
echo "$done kills, $((finished + 1)) sweeps finished, all with the bytes of an undisturbed one"
