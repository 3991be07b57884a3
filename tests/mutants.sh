#!/usr/bin/env bash
# Whether the tests of a room notice a wrong formula: cargo-mutants changes one thing at a time, an operator, a constant, a
# returned value, and runs the tests of the chapters that belong to the room. What they do not notice is listed.
#
# usage: tests/mutants.sh [ROOM [SHARD]]
#   ROOM   theory, loss, normalization, optimizer, simulation, encoder, sphere, law, claim, sweep, confidence, diagnosis;
#          all of them without it.
#   SHARD  which part of the mutants: 0/20 is every twentieth from the first on. A number alone, such as 10, is a sample of
#          so many, always the same. All of them without it.
#
# Needs cargo-mutants: cargo install --locked cargo-mutants. A mutant takes from ten seconds to a minute.
set -euo pipefail
cd "$(dirname "$0")/.."

# The tests of a room, the quick ones that speak of it.
tests_of() {
    case $1 in
        theory) echo convergence duality equilibrium exact growth one_step scaling ;;
        loss) echo contrastive_losses gradient losses losses_reference ;;
        normalization) echo gradient one_step scaling sphere ;;
        optimizer) echo optimizers scaling scaling_laws ;;
        simulation) echo convergence equilibrium one_step scaling simulation ;;
        encoder) echo encoders ;;
        sphere) echo duality gradient one_step sphere ;;
        law) echo convergence law ;;
        claim) echo claim ;;
        sweep) echo sweep ;;
        confidence) echo confidence ;;
        diagnosis) echo diagnosis ;;
        *) echo "there is no room $1; see the head of tests/mutants.sh" >&2; exit 2 ;;
    esac
}

mutate() {
    local room=$1 shard=${2:-} arguments=() test
    for test in $(tests_of "$room"); do arguments+=("--cargo-arg=--test=$test"); done
    local files=(--file "src/$room.rs" --file "src/$room/**" --file "src/lab/$room.rs" --file "src/lab/$room/**")
    if [[ $shard =~ ^[0-9]+$ ]]; then
        local mutants
        mutants=$(cargo mutants --list "${files[@]}" | wc -l)
        shard=0/$(((mutants + shard - 1) / shard))
    fi
    if [ -n "$shard" ]; then arguments+=(--shard "$shard" --sharding round-robin); fi
    printf '\n== %s\n' "$room"
    # 2: some were missed, 3: some took too long, which is to be noticed, too.
    cargo mutants "${files[@]}" --no-shuffle --profile mutants --cargo-arg=--no-default-features --cargo-arg=--lib \
        "${arguments[@]}" --timeout 300 --jobs 1 --output "target/mutants-of-$room" ${MUTANTS_OPTIONS:-} || case $? in
        2 | 3) missed=1 ;;
        *) exit 1 ;;
    esac
}

missed=0
if [ $# -eq 0 ]; then
    for room in theory loss normalization optimizer simulation encoder sphere law claim sweep confidence diagnosis; do
        mutate "$room"
    done
else
    mutate "$@"
fi
exit "$missed"
