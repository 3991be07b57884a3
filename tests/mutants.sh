#!/usr/bin/env bash
# Whether the tests of a module notice a wrong formula: cargo-mutants changes one thing at a time, an operator, a constant, a
# returned value, and runs the tests of the chapters that belong to the module. What they do not notice is listed.
#
# usage: tests/mutants.sh [MODULE [SHARD]]
#   MODULE theory, loss, normalization, optimizer, simulation, encoder, sphere, law, claim, sweep, confidence, diagnosis;
#          all of them without it.
#   SHARD  which part of the mutants: 0/20 is every twentieth from the first on. A number alone, such as 10, is a sample of
#          so many, always the same. All of them without it.
#
# Needs cargo-mutants: cargo install --locked cargo-mutants. A mutant takes from ten seconds to a minute.
set -euo pipefail
cd "$(dirname "$0")/.."

# The test binaries of a module, and the modules in them that speak of it.
tests_of() {
    case $1 in
        theory) echo theory : convergence:: duality exact growth one_step scaling:: scaling_laws equilibrium specificity whole_range encoders::cuts:: encoders::advised_rates:: ;;
        loss) echo library theory : losses gradient ;;
        normalization) echo library theory : gradient one_step scaling:: sphere ;;
        optimizer) echo library theory : optimizers scaling ;;
        simulation) echo library theory : convergence:: equilibrium one_step scaling:: simulation ;;
        encoder) echo library theory : encoders networks training ;;
        sphere) echo library theory : duality gradient one_step sphere ;;
        law) echo library theory : convergence:: law ;;
        claim) echo library : claim ;;
        sweep) echo sweep : ;;
        confidence) echo library : confidence ;;
        diagnosis) echo diagnosis : ;;
        *) echo "there is no module $1; see the head of tests/mutants.sh" >&2; exit 2 ;;
    esac
}

mutate() {
    local module=$1 shard=${2:-} arguments=() test tests
    tests=$(tests_of "$module")
    for test in ${tests%%:*}; do arguments+=("--cargo-arg=--test=$test"); done
    local files=(--file "src/$module.rs" --file "src/$module/**" --file "src/lab/$module.rs" --file "src/lab/$module/**")
    if [[ $shard =~ ^[0-9]+$ ]]; then
        local mutants
        mutants=$(cargo mutants --list "${files[@]}" | wc -l)
        shard=0/$(((mutants + shard - 1) / shard))
    fi
    if [ -n "$shard" ]; then arguments+=(--shard "$shard" --sharding round-robin); fi
    printf '\n== %s\n' "$module"
    mkdir -p "target/mutants-of-$module"
    # 2: some were missed, 3: some took too long, which is to be noticed, too.
    # shellcheck disable=SC2086 # the names of tests are words
    cargo mutants "${files[@]}" --no-shuffle --profile mutants --cargo-arg=--no-default-features \
        --cargo-arg=--features=lab,readers --cargo-arg=--lib "${arguments[@]}" --timeout 300 \
        --output "target/mutants-of-$module" ${MUTANTS_OPTIONS:-} -- -- ${tests#*:} || case $? in
        2 | 3) missed=1 ;;
        *) exit 1 ;;
    esac
}

missed=0
if [ $# -eq 0 ]; then
    for module in theory loss normalization optimizer simulation encoder sphere law claim sweep confidence diagnosis; do
        mutate "$module"
    done
else
    mutate "$@"
fi
exit "$missed"
