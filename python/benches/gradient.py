"""The gradient of a loss from Python, from Rust and by PyTorch's automatic differentiation, in one run.

    python benches/gradient.py [--loss info-nce] [--rows 1024] [--columns 128]

All are asked in turn, round after round, and the least time of each counts. The program in Rust is built by
``cargo build --release --example gradient`` first.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import embedding_norms as en

HERE = Path(__file__).parent
ROUNDS, REPEATS = 12, 10


def program():
    """The program in Rust, built."""
    line = ["cargo", "build", "--release", "--example", "gradient", "--message-format=json"]
    built = subprocess.run(line, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True).stdout
    messages = (json.loads(message) for message in built.splitlines())
    return next(message["executable"] for message in messages if message.get("executable"))


def least(work):
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loss", default="info-nce")
    parser.add_argument("--rows", type=int, default=1024)
    parser.add_argument("--columns", type=int, default=128)
    asked = parser.parse_args()
    rust = [program(), asked.loss, str(asked.rows), str(asked.columns), str(REPEATS)]
    z, w = np.random.default_rng(0).normal(size=(2, asked.rows, asked.columns))
    ways = {
        "Rust": lambda: float(subprocess.run(rust, stdout=subprocess.PIPE, check=True).stdout),
        "Python": lambda: least(lambda: en.gradient(asked.loss, z, w)),
    }
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed: it is left out", file=sys.stderr)
    else:
        sys.path.insert(0, str(HERE.parent / "tests"))
        import references

        views = [torch.tensor(view, requires_grad=True) for view in (z, w)]
        reference = getattr(references, asked.loss.replace("-", "_"))

        def differentiate():
            torch.autograd.grad(reference(*views), views)

        ways[f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"] = lambda: least(differentiate)
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, time_of in ways.items():
            best[name] = min(best[name], time_of())
    print(f"{asked.loss}, {asked.rows} x {asked.columns}, double precision")
    for name, seconds in best.items():
        print(f"  {name:<30} {1e3 * seconds:8.2f} ms   {seconds / best['Rust']:.3f} times Rust")


if __name__ == "__main__":
    main()
