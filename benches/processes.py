#!/usr/bin/env python3
"""Whole processes of the command, from start to figures: what a user waits for, and the memory it takes.

Prints a table in Markdown: the least wall time and the least processor time of the rounds, and the largest peak of the
resident size. With --everything also a profile of all simulations, each simulation by itself; with --build what a
build from nothing costs, and the number of crates. Needs Python's standard library on a Unix, and cargo."""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

from table import ROOT, compiler, head, machine, row, shown, when

COMMAND = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release" / "embedding-norms"
# The unit of a resident size, in bytes.
KIBIBYTE = 1 if sys.platform == "darwin" else 1024
# The paper's norms: 37,200 steps.
SWEEP = "norm-effect --norms 1,2,3,4,5,6,7,8,9,10 --replicates 1 --published-runs 0"
# What is run, and on how many threads.
PROCESSES = [
    (f"{SWEEP} --engine full", (1,)),
    (f"{SWEEP} --engine pair", (1,)),
    ("convergence-map --cells 1000", (1, 2)),
    ("class-imbalance --replicates 1 --controls 0", (1,)),
    ("list", (None,)),
    ("all --quick", (2,)),
]


def measured(arguments, threads):
    """Seconds of wall and of processor, and peak resident bytes, of one process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [COMMAND, *arguments.split()]
        if threads is not None:
            command += ["--threads", str(threads), "--out", folder]
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    # 1: a claim did not hold, as may be at settings of one replicate.
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))} ended with status {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * KIBIBYTE


def report(arguments, threads, rounds):
    walls, processors, peaks = zip(*(measured(arguments, threads) for _ in range(rounds)))
    # A process begins as a copy of this one, whose size counts in its peak.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE
    size = f"{'below ' if max(peaks) <= own else ''}{max(peaks) / 2**20:.0f} MiB"
    row([f"`{arguments}`", "-" if threads is None else str(threads), shown(min(walls)), shown(min(processors)), size])


def simulations():
    """The names that `list` begins its lines with, up to the words after them."""
    listed = subprocess.run([COMMAND, "list"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^([a-z]+(?:-[a-z]+)*) ", listed, re.MULTILINE)


def crates(package, *features):
    command = ["cargo", "tree", "--package", package, "--edges", "normal,build", "--prefix", "none", *features]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    # A crate that was listed before is marked.
    return len({line.replace(" (*)", "") for line in listed.splitlines() if line}) - 1


def build():
    with tempfile.TemporaryDirectory() as folder:
        command = ["cargo", "build", "--release", "--quiet", "--target-dir", folder]
        before, begin = os.times(), time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True)
        wall, after = time.perf_counter() - begin, os.times()
        processor = after.children_user + after.children_system - before.children_user - before.children_system
        size = os.path.getsize(os.path.join(folder, "release", "embedding-norms")) / 2**20
    head(["build from nothing, `cargo build --release`", ""])
    row(["wall time", shown(wall)])
    row(["processor time", shown(processor)])
    row(["size of the command", f"{size:.1f} MiB"])
    row(["crates it depends on", str(crates("embedding-norms-command"))])
    row(["crates that the library depends on without default features", str(crates("embedding-norms", "--no-default-features"))])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each process is run (default 5)")
    parser.add_argument("--everything", action="store_true", help="all simulations together and each by itself, once")
    parser.add_argument("--build", action="store_true", help="a build from nothing, and the crates")
    arguments = parser.parse_args()
    print(f"{machine()}; {compiler()}; {when()}; least times of {arguments.rounds} rounds.\n")
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    columns = ["process", "threads", "wall time", "processor time", "peak resident size"]
    head(columns)
    for process, threads in PROCESSES:
        for number in threads:
            report(process, number, arguments.rounds)
    if arguments.everything:
        print("\nAll simulations together and each by itself, once:\n")
        head(columns)
        for name in ["all", *simulations()]:
            report(name, 2, 1)
    if arguments.build:
        print()
        build()
    print(f"\nAt the end: {when()}.")


if __name__ == "__main__":
    main()
