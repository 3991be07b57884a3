"""The same work in PyTorch, JAX and NumPy, beside this crate: medians of rounds taken in turn, on one thread and on two.

Every round asks each program once, so that whatever else the machine does meets all of them. This crate is asked
through its own benchmarks (criterion). A library that is not installed is left out of the table."""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What a worker measures, and how often it repeats that in a round.
WORK = {
    "full engine, n = 500, d = 20, one step": 200,
    "InfoNCE, value and gradient, n = 1024, d = 128, f64": 3,
    "one-positive InfoNCE, n = 128, d = 10, f64": 100,
}
STEPS, LOSS, ONE_POSITIVE = WORK
# The benchmark of each row in this crate, with the number of operations in one iteration.
OURS = {
    STEPS: ("engines", "full engine/steps/n = 500, d = 20", 1000),
    LOSS: ("losses", "two views/info-nce/n = 1024, d = 128", 1),
    ONE_POSITIVE: ("losses", "one positive, n = 128, d = 10", 1),
}


def data(numpy, work):
    generator = numpy.random.default_rng(1)
    rows, columns = {STEPS: (500, 20), LOSS: (1024, 128), ONE_POSITIVE: (128, 10)}[work]
    return [generator.standard_normal((rows, columns)) for _ in range(2)]


def mask(numpy):
    """The drawn positives of 128 rows, made symmetric."""
    drawn = numpy.zeros((128, 128))
    drawn[numpy.arange(128), (numpy.arange(128) + 10) % 128] = 1
    return numpy.maximum(drawn, drawn.T)


def in_numpy(work, repeats):
    import numpy

    x, y = data(numpy, work)
    unit = lambda z: z / numpy.linalg.norm(z, axis=1, keepdims=True)

    def step():
        nonlocal x, y
        norms = [numpy.linalg.norm(z, axis=1, keepdims=True) for z in (x, y)]
        u, v = x / norms[0], y / norms[1]
        c = (u * v).sum(1, keepdims=True)
        x, y = x + 1e-9 * (v - c * u) / norms[0], y + 1e-9 * (u - c * v) / norms[1]
        return c.mean()

    u, v = unit(x), unit(y)

    def info_nce():
        logits = u @ v.T / 0.1
        logits -= logits.max(1, keepdims=True)
        terms = numpy.exp(logits)
        sums = terms.sum(1, keepdims=True)
        slopes = terms / sums
        slopes[numpy.diag_indices(len(u))] -= 1
        return (numpy.log(sums[:, 0]) - logits.diagonal()).sum(), slopes @ v / 0.1, slopes.T @ u / 0.1

    positives = mask(numpy)

    def one_positive():
        terms = numpy.exp(u @ u.T)
        numpy.fill_diagonal(terms, 0)
        inside = terms * positives
        slopes = terms / terms.sum(1, keepdims=True) - inside / inside.sum(1, keepdims=True)
        return numpy.log(terms.sum(1) / inside.sum(1)).sum(), (slopes + slopes.T) @ u

    return timed({STEPS: step, LOSS: info_nce, ONE_POSITIVE: one_positive}[work], repeats)


def in_torch(work, repeats):
    import numpy
    import torch
    from torch.nn.functional import cosine_similarity, cross_entropy, normalize

    torch.set_num_threads(int(os.environ["PEERS_THREADS"]))
    # A framework moves embeddings in single precision; losses are compared in double precision.
    kind = torch.float32 if work == STEPS else torch.float64
    x, y = [torch.tensor(z, dtype=kind) for z in data(numpy, work)]
    if work != STEPS:
        x, y = normalize(x), normalize(y)
    x.requires_grad_(), y.requires_grad_()
    optimizer = torch.optim.SGD([x, y], lr=1e-9)
    labels = torch.arange(len(x))
    positives = torch.tensor(mask(numpy), dtype=kind)
    own = torch.eye(128, dtype=torch.bool)

    def one_positive():
        logits = (x @ x.T).masked_fill(own, -torch.inf)
        chosen = logits.masked_fill(positives == 0, -torch.inf)
        return (logits.logsumexp(1) - chosen.logsumexp(1)).sum()

    loss = {
        STEPS: lambda: -cosine_similarity(x, y).sum(),
        LOSS: lambda: cross_entropy(x @ y.T / 0.1, labels, reduction="sum"),
        ONE_POSITIVE: one_positive,
    }[work]

    def evaluate():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        if work == STEPS:
            optimizer.step()
        return value.item()

    return timed(evaluate, repeats)


def in_jax(work, repeats):
    import jax
    import numpy

    if work != STEPS:
        jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    x, y = [jnp.asarray(z) for z in data(numpy, work)]
    unit = lambda z: z / jnp.linalg.norm(z, axis=1, keepdims=True)
    positives = jnp.asarray(mask(numpy))

    def cosine(pair):
        return -(unit(pair[0]) * unit(pair[1])).sum()

    def info_nce(pair):
        logits = pair[0] @ pair[1].T / 0.1
        return (jax.nn.logsumexp(logits, 1) - logits.diagonal()).sum()

    def one_positive(pair):
        logits = jnp.where(jnp.eye(128, dtype=bool), -jnp.inf, pair[0] @ pair[0].T)
        chosen = jnp.where(positives == 0, -jnp.inf, logits)
        return (jax.nn.logsumexp(logits, 1) - jax.nn.logsumexp(chosen, 1)).sum()

    if work == STEPS:
        pair = (x, y)

        @jax.jit
        def step(pair):
            value, slopes = jax.value_and_grad(cosine)(pair)
            return value, jax.tree.map(lambda z, slope: z - 1e-9 * slope, pair, slopes)

        def run():
            nonlocal pair
            value, pair = step(pair)
            return float(value)

        return timed(run, repeats)
    pair = (unit(x), unit(y))
    evaluate = jax.jit(jax.value_and_grad(info_nce if work == LOSS else one_positive))
    return timed(lambda: jax.block_until_ready(evaluate(pair)), repeats)


def timed(function, repeats):
    for _ in range(3):
        function()
    begin = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - begin) / repeats


WORKERS = {"NumPy": in_numpy, "PyTorch": in_torch, "JAX": in_jax}


def ask(program, work, threads):
    """Seconds of one operation in a process of its own; None if the program is not there."""
    environment = dict(os.environ, PEERS_THREADS=str(threads), OMP_NUM_THREADS=str(threads))
    # A current NumPy chooses its own kernels; settings for older ones would slow it.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        environment.pop(name, None)
    environment.update(OPENBLAS_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    if threads == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    command = [sys.executable, __file__, "--worker", program, "--work", work]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode == 3:
        return None
    if done.returncode != 0:
        sys.exit(f"{program} failed at {work}:\n{done.stderr}")
    return float(done.stdout.split()[-1])


def ours(work):
    """Seconds of one operation of this crate: the median that criterion estimates."""
    bench, name, operations = OURS[work]
    command = ["cargo", "bench", "--quiet", "--bench", bench, "--", "--exact", name]
    command += ["--measurement-time", "2", "--warm-up-time", "0.5"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "criterion"
    for path in target.glob("**/new/benchmark.json"):
        if json.loads(path.read_text())["full_id"] == name:
            estimates = json.loads((path.parent / "estimates.json").read_text())
            return estimates["median"]["point_estimate"] * 1e-9 / operations
    sys.exit(f"no benchmark of this crate is called {name!r}; see cargo bench --bench {bench} -- --list")


def shown(seconds):
    if seconds is None:
        return "-"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} µs"


def versions():
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for package in ("numpy", "torch", "jax"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    compiler = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.strip()
    return ", ".join([*found, f"Python {platform.python_version()}", compiler])


def machine():
    facts = pathlib.Path("/proc/cpuinfo").read_text() if pathlib.Path("/proc/cpuinfo").exists() else ""
    names = [line.split(":", 1)[1].strip() for line in facts.splitlines() if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} processors, {platform.system()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds over all programs (default 5)")
    parser.add_argument("--worker", choices=WORKERS, help=argparse.SUPPRESS)
    parser.add_argument("--work", choices=WORK, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        try:
            print(WORKERS[arguments.worker](arguments.work, WORK[arguments.work]))
        except ImportError:
            sys.exit(3)
        return
    columns = [(program, threads) for threads in (1, 2) for program in WORKERS]
    print(f"{machine()}; {versions()}; medians of {arguments.rounds} rounds.\n")
    heads = [f"{program}, {threads} thread{'s' if threads > 1 else ''}" for program, threads in columns]
    print("| work | this crate, 1 thread | " + " | ".join(heads) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for work in WORK:
        rounds = [[ours(work)] + [ask(program, work, threads) for program, threads in columns]
                  for _ in range(arguments.rounds)]
        cells = [None if None in column else statistics.median(column) for column in zip(*rounds)]
        print(f"| {work} | " + " | ".join(shown(cell) for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
