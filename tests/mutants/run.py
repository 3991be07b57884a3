"""Whether the tests of the chapters notice a wrong formula. `tests/mutants.sh --help` says how to use it."""

import argparse
import json
import os
import random
import resource
import selectors
import subprocess
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import harmless
import plant

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "target/mutants"
TREE = FOLDER / "tree"
RESULTS = FOLDER / "results.json"
MODULES = "theory loss normalization optimizer simulation encoder sphere law claim sweep confidence diagnosis".split()
# What tests the library and the laboratory: their unit tests and the chapters, not the command, its gallery or the pages.
TARGETS = ["--lib"] + [f"--test={name}" for name in ("theory", "library", "diagnosis", "lab", "sweep")]
PACKAGES = ["--package", "embedding-norms", "--package", "embedding-norms-lab"]
CARGO = [*PACKAGES, "--profile", "mutants", "--target-dir", str(FOLDER / "build")]
# Of address space for a test, and of mutated bodies in one build.
MEMORY = 6 << 30
LINES = 6000


@dataclass(frozen=True)
class Test:
    binary: str
    name: str


def cargo(command, targets):
    """The lines of JSON of a cargo command on the tree, and whether it was done."""
    environment = dict(os.environ, RUSTFLAGS="--cap-lints=allow")
    environment.pop("CARGO_TARGET_DIR", None)
    arguments = ["cargo", *command, *CARGO, *targets, "--quiet", "--message-format=json"]
    run = subprocess.run(arguments, cwd=TREE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    wrong = [line["message"] for line in lines if line["reason"] == "compiler-message" and line["message"]["level"] == "error"]
    if run.returncode != 0 and not wrong:
        sys.exit(f"cargo {command[0]} failed:\n{run.stderr}")
    return lines, [message for message in wrong if message["spans"]], run.returncode == 0


def plant_batch(mutants, batch):
    """Writes the tree with those of a batch that compile side by side; returns the numbers of those that do not."""
    chosen, unviable = {mutant.number for mutant in batch}, set()
    while True:
        texts, lines = plant.plant(ROOT, mutants, chosen - unviable)
        plant.copy(ROOT, TREE, texts)
        _, wrong, done = cargo(["check"], ["--lib"])
        if done:
            return unviable
        unviable |= plant.mutants_at(lines, wrong)


def build():
    """The test binaries of the tree, or nothing if it does not compile."""
    lines, _, done = cargo(["test", "--no-run"], TARGETS)
    binaries = [line["executable"] for line in lines if line["reason"] == "compiler-artifact" and line["executable"]]
    return [binary for binary in binaries if "embedding-norms" not in Path(binary).name] if done else None


def start(binary, arguments, **variables):
    environment = dict(os.environ, PROPTEST_DISABLE_FAILURE_PERSISTENCE="true", PROPTEST_MAX_SHRINK_ITERS="0", RUST_BACKTRACE="0")
    environment |= variables
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    return subprocess.Popen(
        [binary, *arguments],
        cwd=TREE,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=limit,
    )


def tests_of(binary):
    listing = start(binary, ["--list", "--format", "terse"]).communicate()[0].decode()
    return [Test(binary, line.removesuffix(": test")) for line in listing.splitlines() if line.endswith(": test")]


def reach(test):
    """The functions that a test reaches, and its seconds; it has to pass while nothing is mutated."""
    path = FOLDER / f"reached-{os.getpid()}-{abs(hash(test))}"
    begun = time.monotonic()
    process = start(test.binary, ["--exact", test.name], MUTANT_LIST=str(path))
    output = process.communicate()[0].decode()
    if process.returncode != 0:
        sys.exit(f"{test.name} fails without a mutant:\n{output}")
    functions = [int(line) for line in path.read_text().split()] if path.exists() else []
    path.unlink(missing_ok=True)
    return test, time.monotonic() - begun, functions


def rounds(tests, seconds):
    """The tests, quick ones first, in groups of one binary: a few at first, as most mutants are noticed at once."""
    ordered = sorted(tests, key=lambda test: seconds[test])
    size = 8
    while ordered:
        group, ordered = ordered[:size], ordered[size:]
        size *= 2
        by_binary = defaultdict(list)
        for test in group:
            by_binary[test.binary].append(test)
        yield from by_binary.values()


def failing(group, limit, number):
    """The first test of a group that fails under the mutant of this number, or that takes too long."""
    process = start(group[0].binary, ["--exact", "--test-threads=1", *(test.name for test in group)], MUTANT=str(number))
    end = time.monotonic() + limit
    watch = selectors.DefaultSelector()
    watch.register(process.stdout, selectors.EVENT_READ)
    seen = b""
    try:
        while time.monotonic() < end:
            if not watch.select(timeout=1):
                continue
            part = os.read(process.stdout.fileno(), 1 << 16)
            seen += part
            if b"... FAILED" in seen:
                line = next(line for line in seen.split(b"\n") if b"... FAILED" in line)
                return line.decode().removeprefix("test ").split(" ...")[0]
            if not part:
                return None if process.wait() == 0 else "an abort"
        return "time"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def noticed_by(tests, seconds, number):
    for group in rounds(tests, seconds):
        limit = 20 + 20 * sum(seconds[test] for test in group)
        if test := failing(group, limit, number):
            return test
    return None


def reached_functions(mutants, pool):
    """The tests that reach each function, in the names that a build of any batch gives them, and the seconds of each."""
    plant.copy(ROOT, TREE, plant.plant(ROOT, mutants, set())[0])
    tests = [test for binary in build() for test in tests_of(binary)]
    reached, seconds = defaultdict(list), {}
    for test, taken, functions in pool.map(reach, tests):
        seconds[test] = taken
        for function in functions:
            reached[function].append(test)
    print(f"{len(tests)} tests, {sum(seconds.values()):.0f} s in all", file=sys.stderr)
    return reached, seconds


def together(mutants, results, jobs):
    """Tries mutants that can stand side by side, as many in one build as a compiler has the memory for."""
    function_of = {
        mutant.number: function for function, held in enumerate(plant.functions(mutants).values()) for mutant in held
    }
    done = 0
    with ThreadPoolExecutor(jobs) as pool:
        reached, seconds = reached_functions(mutants, pool)
        for batch in plant.batches(mutants, LINES):
            unviable = plant_batch(mutants, batch)
            if build() is None:
                sys.exit("a batch passes cargo check, but not cargo test --no-run")

            def try_one(mutant):
                if mutant.number in unviable:
                    return {"outcome": "does not compile"}
                return outcome(noticed_by(reached[function_of[mutant.number]], seconds, mutant.number))

            for mutant, found in zip(batch, pool.map(try_one, batch)):
                results[mutant.name] = {"module": mutant.module, **found}
            save(results)
            done += len(batch)
            print(f"{done} of {len(mutants)} tried", file=sys.stderr)


def alone(mutants, results):
    """Tries mutants that need a build of their own: of constants, constant functions, and types that hang on the body."""
    for mutant in mutants:
        source = plant.Source((ROOT / mutant.file).read_text())
        texts = plant.plant(ROOT, [], set())[0]
        texts[mutant.file] = plant.replaced(source, 0, len(source.text), mutant)
        plant.copy(ROOT, TREE, texts)
        binaries = build()
        if binaries is None:
            found = {"outcome": "does not compile"}
        else:
            found = outcome(next(filter(None, (failing(tests_of(binary), 900, 0) for binary in binaries)), None))
        results[mutant.name] = {"module": mutant.module, **found}
        save(results)


def outcome(test):
    return {"outcome": "noticed", "by": test} if test else {"outcome": "not noticed"}


def save(results):
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    partial = RESULTS.with_suffix(".partial")
    partial.write_text(json.dumps(results, indent=1, ensure_ascii=False))
    partial.replace(RESULTS)


def sample(mutants, size):
    """So many mutants of each module, always the same."""
    chosen = []
    for module in MODULES:
        members = [mutant for mutant in mutants if mutant.module == module]
        chosen += random.Random(1).sample(members, min(size, len(members)))
    return chosen


def report(mutants, results):
    """Prints what was noticed by module, and every mutant that was not and ought to be; returns how many these are."""
    reasoned, idle = harmless.harmless(mutants)
    print("| module | mutants | compiled | noticed | harmless | share |\n|---|---|---|---|---|---|")
    is_missed = lambda mutant: results.get(mutant.name, {}).get("outcome") == "not noticed"
    for module in [*MODULES, "all"]:
        tried = [mutant for mutant in mutants if module in (mutant.module, "all") and mutant.name in results]
        counts = Counter(results[mutant.name]["outcome"] for mutant in tried)
        viable = len(tried) - counts["does not compile"]
        if viable:
            share = 100 * counts["noticed"] / viable
            known = sum(mutant.name in reasoned for mutant in tried if is_missed(mutant))
            print(f"| `{module}` | {len(tried)} | {viable} | {counts['noticed']} | {known} | {share:.1f} % |")
    missed = [mutant.name for mutant in mutants if is_missed(mutant) and mutant.name not in reasoned]
    for name in missed:
        print(f"not noticed: {name}")
    for row in idle:
        print(f"docs/testing.md speaks of no mutant: {row}")
    return len(missed)


def arguments():
    parser = argparse.ArgumentParser(
        prog="tests/mutants.sh",
        description="Changes the library in one place at a time, an operator, a constant, a returned value, and runs the tests of "
        "the chapters that reach the place, quick ones first. What they do not notice is listed. Needs cargo-mutants "
        "(cargo install --locked cargo-mutants). Exit status 1 if one was not noticed that docs/testing.md gives no reason for.",
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"{', '.join(MODULES)}; all of them without it")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants of each module, always the same")
    parser.add_argument("--again", action="store_true", help="only those that were not tried the last time, or not noticed without a reason")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="mutants at a time (default: processors)")
    options = parser.parse_args()
    if unknown := set(options.modules) - set(MODULES):
        parser.error(f"there is no module {', '.join(sorted(unknown))}: {', '.join(MODULES)}")
    return options


def main():
    options = arguments()
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = json.loads(RESULTS.read_text()) if options.again and RESULTS.exists() else {}
    mutants = plant.listed(ROOT, options.modules or MODULES)
    if options.sample:
        mutants = sample(mutants, options.sample)
    reasoned = harmless.harmless(mutants)[0] if options.again else set()
    is_open = lambda name: name not in results or results[name]["outcome"] == "not noticed" and name not in reasoned
    untried = [mutant for mutant in mutants if is_open(mutant.name)]
    sources = {mutant.file: plant.Source((ROOT / mutant.file).read_text()) for mutant in untried}
    shared = [mutant for mutant in untried if plant.shares_a_build(sources[mutant.file], mutant)]
    together(shared, results, options.jobs)
    alone([mutant for mutant in untried if mutant not in shared], results)
    sys.exit(1 if report(mutants, results) else 0)


if __name__ == "__main__":
    main()
