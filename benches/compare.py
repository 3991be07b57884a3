#!/usr/bin/env python3
"""The key benchmarks of two checkouts in turn: how many times as long the second one takes, with an interval.

    benches/compare.py OLD NEW [--rounds 7] [--rows NAME] [--threads 1]

Each round runs every benchmark once in either checkout, the order reversed from round to round, held to as many processors as
threads; what else the machine does meets both. A ratio is the geometric mean of the rounds' ratios with its 95 % interval by
Student's t; it is marked where the interval leaves out 1. A row that one of them does not have is left out. Exit status 1 if a
row is slower beyond its interval by more than `--allowed`. Needs Python's standard library."""

import argparse
import math
import pathlib
import statistics
import subprocess
import sys

from table import NoBenchmark, benchmark, head, machine, row, shown, when

ROWS = {
    "full engine, n = 500, d = 20": ("engines", "full engine/steps/n = 500, d = 20"),
    "pair engine, n = 500": ("engines", "pair engine/steps/n = 500"),
    "InfoNCE, n = 1024, d = 128": ("losses", "two views/info-nce/n = 1024, d = 128"),
    "InfoNCE, n = 1024, d = 768": ("losses", "two views/info-nce/n = 1024, d = 768"),
    "NT-Xent, n = 1024, d = 128": ("losses", "two views/nt-xent/n = 1024, d = 128"),
    "InfoNCE, n = 512, d = 128, all pairs near": ("losses", "near rows/info-nce/n = 512, d = 128"),
    "NT-Xent, n = 512, d = 128, all pairs near": ("losses", "near rows/nt-xent/n = 512, d = 128"),
    "one-positive InfoNCE, n = 128, d = 10": ("losses", "one positive, n = 128, d = 10"),
    "class-imbalance training": ("training", "training/class imbalance"),
    "the same with batch normalization": ("training", "training/class imbalance, batch norm"),
    "SimCLR, 12 steps of 512 images": ("training", "training/simclr, 12 steps of 512 images"),
    "the same in single precision": ("training", "training/simclr, 12 steps of 512 images, single precision"),
}
# Student's t at 97.5 % for 2 to 11 degrees of freedom.
QUANTILES = [4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201]


def interval(logarithms):
    """The mean of at least three numbers and half the length of its interval."""
    freedom = len(logarithms) - 1
    quantile = QUANTILES[min(freedom - 2, len(QUANTILES) - 1)]
    return statistics.mean(logarithms), quantile * statistics.stdev(logarithms) / math.sqrt(len(logarithms))


def compared(name, checkouts, rounds, threads):
    """Least seconds of either checkout, the ratio, and the ends of its interval."""
    times = [[], []]
    for number in range(rounds):
        for place in (0, 1) if number % 2 == 0 else (1, 0):
            times[place].append(benchmark(*ROWS[name], threads, checkouts[place])[0])
    mean, half = interval([math.log(new / old) for old, new in zip(*times)])
    return min(times[0]), min(times[1]), *map(math.exp, (mean, mean - half, mean + half))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=pathlib.Path, help="a checkout of this crate")
    parser.add_argument("new", type=pathlib.Path, help="another one")
    parser.add_argument("--rounds", type=int, default=7, help="rounds, at least 3 (default 7)")
    parser.add_argument("--rows", default="", help="only rows whose name holds this")
    parser.add_argument("--threads", type=int, default=1, help="threads, each with a processor of its own (default 1)")
    parser.add_argument("--allowed", type=float, default=0.05, help="a slow-down that is no failure (default 0.05)")
    asked = parser.parse_args()
    if asked.rounds < 3:
        parser.error(f"--rounds {asked.rounds}: an interval needs at least 3")
    if asked.threads < 1:
        parser.error(f"--threads {asked.threads}: at least 1")
    checkouts = [asked.old.resolve(), asked.new.resolve()]
    for checkout in checkouts:
        if not (checkout / "benches" / "engines.rs").is_file():
            parser.error(f"{checkout} is no checkout of this crate: it has no benches/engines.rs")
    names = [name for name in ROWS if asked.rows in name]
    if not names:
        parser.error(f"--rows {asked.rows!r}: no row has this in its name; there are {', '.join(ROWS)}")
    for checkout in checkouts:
        benches = [part for bench in sorted({ROWS[name][0] for name in names}) for part in ("--bench", bench)]
        subprocess.run(["cargo", "bench", "--quiet", *benches, "--no-run"], cwd=checkout, check=True)
    print(f"{machine()}; {when()}; {asked.rounds} rounds.\n")
    head([f"work, {asked.threads} thread{'s'[: asked.threads - 1]}", "old, at best", "new, at best", "new over old", ""])
    slower = False
    for name in names:
        try:
            old, new, ratio, low, high = compared(name, checkouts, asked.rounds, asked.threads)
        except NoBenchmark:
            row([name, "-", "-", "-", "not in both"])
            continue
        word = "slower" if low > 1.0 else "faster" if high < 1.0 else ""
        slower |= low > 1.0 + asked.allowed
        row([name, shown(old), shown(new), f"{ratio:.3f} [{low:.3f}, {high:.3f}]", word])
    sys.exit(1 if slower else 0)


if __name__ == "__main__":
    main()
