"""The gradient of a loss from Python, from Rust and by PyTorch's automatic differentiation, in one run.

    python benches/gradient.py [--loss info-nce] [--rows 1024] [--columns 128]

All are asked in turn, round after round, on one thread each, and the least processor time of each counts: what else runs on
the machine changes it little. The program in Rust is built by ``cargo build --release --example gradient`` first.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

# Before the library makes its threads.
os.environ["RAYON_NUM_THREADS"] = "1"

import numpy as np

import embedding_norms as en

HERE = Path(__file__).parent
ROUNDS, REPEATS = 8, 25


def program():
    """The program in Rust, built."""
    line = ["cargo", "build", "--release", "--example", "gradient", "--message-format=json"]
    built = subprocess.run(line, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True).stdout
    messages = (json.loads(message) for message in built.splitlines())
    return next(message["executable"] for message in messages if message.get("executable"))


def processor_time(work):
    """The processor time of a call, on the average of some."""
    begin = time.process_time()
    for _ in range(REPEATS):
        work()
    return (time.process_time() - begin) / REPEATS


def processor_time_of(line):
    """That of a call in the program in Rust: what more calls take it."""

    def whole(calls):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*line, str(calls)], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return (whole(REPEATS + 1) - whole(1)) / REPEATS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loss", default="info-nce")
    parser.add_argument("--rows", type=int, default=1024)
    parser.add_argument("--columns", type=int, default=128)
    asked = parser.parse_args()
    rust = [program(), asked.loss, str(asked.rows), str(asked.columns)]
    z, w = np.random.default_rng(0).normal(size=(2, asked.rows, asked.columns))
    ways = {
        "Rust": lambda: processor_time_of(rust),
        "Python": lambda: processor_time(lambda: en.gradient(asked.loss, z, w)),
    }
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed: it is left out", file=sys.stderr)
    else:
        sys.path.insert(0, str(HERE.parent / "tests"))
        import references

        torch.set_num_threads(1)
        views = [torch.tensor(view, requires_grad=True) for view in (z, w)]
        reference = getattr(references, asked.loss.replace("-", "_"))

        def differentiate():
            torch.autograd.grad(reference(*views), views)

        ways[f"PyTorch {torch.__version__}"] = lambda: processor_time(differentiate)
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, time_of in ways.items():
            best[name] = min(best[name], time_of())
    print(f"{asked.loss}, {asked.rows} x {asked.columns}, double precision, one thread")
    for name, seconds in best.items():
        print(f"  {name:<30} {1e3 * seconds:8.2f} ms   {seconds / best['Rust']:.3f} times Rust")


if __name__ == "__main__":
    main()
