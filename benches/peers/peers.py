"""The same work in PyTorch, JAX and NumPy, beside this crate: least times of rounds taken in turn, on one and two threads.

Every program is held to as many processors as it is said to have threads; the number behind a time is the processor time that it
spent over the wall time, at most the number of threads, and less where it waited.

Every round asks each program once, so that whatever else the machine does meets all of them; what it adds to a time the
least one has least of. Times are those of single calls of each program, this crate's through its own benchmarks (criterion);
of these rows the losses of many rows and SimCLR alone take a second thread here, which sweeps give to other work. A library
that is not installed, or has no program for a row, is left out of the table."""

import argparse
import os
import pathlib
import platform
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from table import benchmark, compiler, head, machine, pinned, row, shown, when

# What a worker measures, and how often it repeats that in a round.
WORK = {
    "full engine, n = 500, d = 20, one step": 200,
    "one-positive InfoNCE, n = 128, d = 10, f64": 100,
    "one class-imbalance training, 100 epochs": 1,
    "the same with batch normalization": 1,
    "SimCLR, 784-512-512-128, 12 steps of 512 images, f64": 1,
    "SimCLR, 784-512-512-128, 12 steps of 512 images, f32": 1,
    "pair engine, 500 pairs, one step": 1,
}
STEPS, ONE_POSITIVE, TRAINING, NORMALIZED, SIMCLR, SIMCLR_SINGLE, PAIRS = WORK
# InfoNCE of so many rows and columns in a precision.
LOSSES = {
    f"InfoNCE, value and gradient, n = {n}, d = {d}, {precision}": (n, d, precision)
    for n, d in ((256, 128), (1024, 128), (1024, 768), (4096, 128))
    for precision in ("f64", "f32")
}
WORK |= {name: max(10, 3000 // n) for name, (n, _, _) in LOSSES.items()}
# Who else has a program for a row, if not all: NumPy has no training, the recursion is this crate's.
PROGRAMS = {TRAINING: {"PyTorch", "JAX"}, PAIRS: set()}
PROGRAMS |= dict.fromkeys((NORMALIZED, SIMCLR, SIMCLR_SINGLE), {"PyTorch"})
# The benchmark of each row in this crate. In single precision it forms the products of matrices of a training, and nothing else.
OURS = {
    STEPS: ("engines", "full engine/steps/n = 500, d = 20"),
    ONE_POSITIVE: ("losses", "one positive, n = 128, d = 10"),
    TRAINING: ("training", "training/class imbalance"),
    NORMALIZED: ("training", "training/class imbalance, batch norm"),
    SIMCLR: ("training", "training/simclr, 12 steps of 512 images"),
    SIMCLR_SINGLE: ("training", "training/simclr, 12 steps of 512 images, single precision"),
    PAIRS: ("engines", "pair engine/steps/n = 500"),
}
OURS |= {
    name: ("losses", f"two views/info-nce/n = {n}, d = {d}")
    for name, (n, d, precision) in LOSSES.items()
    if precision == "f64"
}


def data(numpy, work):
    generator = numpy.random.default_rng(1)
    rows, columns = {STEPS: (500, 20), ONE_POSITIVE: (128, 10)}.get(work) or LOSSES[work][:2]
    kind = numpy.float32 if precision(work) == "f32" else numpy.float64
    return [generator.standard_normal((rows, columns)).astype(kind) for _ in range(2)]


def precision(work):
    return LOSSES[work][2] if work in LOSSES else "f64"


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

    return timed({STEPS: step, ONE_POSITIVE: one_positive}.get(work, info_nce), repeats)


def in_torch(work, repeats):
    import numpy
    import torch
    from torch.nn.functional import cosine_similarity, cross_entropy, normalize

    torch.set_num_threads(int(os.environ["PEERS_THREADS"]))
    if work in (TRAINING, NORMALIZED):
        return timed(lambda: train_in_torch(torch, normalize, work == NORMALIZED), repeats, warm=0)
    if work in (SIMCLR, SIMCLR_SINGLE):
        torch.set_default_dtype(torch.float64 if work == SIMCLR else torch.float32)
        return timed(simclr_in_torch(torch, normalize), repeats, warm=1)
    # A framework moves embeddings in single precision; losses are compared in double precision.
    kind = torch.float32 if work == STEPS or precision(work) == "f32" else torch.float64
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

    info_nce = lambda: cross_entropy(x @ y.T / 0.1, labels, reduction="sum")
    loss = {STEPS: lambda: -cosine_similarity(x, y).sum(), ONE_POSITIVE: one_positive}.get(work, info_nce)

    def evaluate():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        if work == STEPS:
            optimizer.step()
        return value.item()

    return timed(evaluate, repeats)


def train_in_torch(torch, normalize, normalized):
    """The paper's setting in single precision: four classes of frequencies 1 : 2 : 4 : 8, 2000 points in R^64."""
    torch.manual_seed(1)
    labels = torch.multinomial(torch.tensor([1.0, 2.0, 4.0, 8.0]), 2000, replacement=True)
    centres = normalize(torch.randn(4, 10))
    points = normalize(centres[labels] + torch.randn(2000, 10)) @ (10 * torch.randn(10, 64))
    layers = [torch.nn.Linear(64, 64, bias=not normalized), torch.nn.ReLU(), torch.nn.Linear(64, 10, bias=not normalized)]
    if normalized:
        layers = [layers[0], torch.nn.BatchNorm1d(64), layers[1], layers[2], torch.nn.BatchNorm1d(10)]
    network = torch.nn.Sequential(*layers)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    for _ in range(100):
        for rows in torch.randperm(2000).split(128):
            others = labels[rows, None] == labels[rows]
            others.fill_diagonal_(False)
            rows, others = rows[others.any(1)], others[others.any(1)][:, others.any(1)]
            own = torch.eye(len(rows), dtype=torch.bool)
            drawn = torch.zeros_like(others)
            drawn[torch.arange(len(rows)), torch.multinomial(others.float(), 1)[:, 0]] = True
            units = normalize(network(points[rows]))
            logits = (units @ units.T).masked_fill(own, -torch.inf)
            chosen = logits.masked_fill(~(drawn | drawn.T), -torch.inf)
            loss = (logits.logsumexp(1) - chosen.logsumexp(1)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def simclr_in_torch(torch, normalize):
    """SimCLR on views of 28 x 28 pixels: crop, mirror image, jitter, noise, a batch at a time."""
    from torch.nn.functional import affine_grid, cross_entropy, grid_sample

    torch.manual_seed(1)
    images = torch.rand(12 * 512, 1, 28, 28)
    layers = []
    for inputs, outputs in ((784, 512), (512, 512)):
        layers += [torch.nn.Linear(inputs, outputs, bias=False), torch.nn.BatchNorm1d(outputs), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(512, 128, bias=False))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    own = torch.eye(1024, dtype=torch.bool)
    partners = (torch.arange(1024) + 512) % 1024

    def view(batch):
        n = len(batch)
        uniform = lambda least, most: least + (most - least) * torch.rand(n)
        side = uniform(0.4, 1.0).sqrt()
        mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
        window = torch.zeros(n, 2, 3)
        window[:, 0, 0], window[:, 1, 1] = side * mirror, side
        window[:, :, 2] = (1 - side)[:, None] * (2 * torch.rand(n, 2) - 1)
        grid = affine_grid(window, batch.shape, align_corners=True)
        pixels = grid_sample(batch, grid, align_corners=True).flatten(1)
        mean = pixels.mean(1, keepdim=True)
        pixels = uniform(0.6, 1.4)[:, None] * (pixels - mean) + uniform(0.6, 1.4)[:, None] * mean
        return pixels + 0.1 * torch.randn_like(pixels)

    def epoch():
        for rows in torch.randperm(len(images)).split(512):
            # One pass for each view, as batch statistics are those of a view.
            units = normalize(torch.cat([network(view(images[rows])), network(view(images[rows]))]))
            logits = (units @ units.T / 0.5).masked_fill(own, -torch.inf)
            loss = cross_entropy(logits, partners)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert torch.isfinite(loss)

    return epoch


def train_in_jax(jax, numpy):
    """The same as [`train_in_torch`]; a row that is alone in its class counts 0, so that one shape serves all batches."""
    jnp = jax.numpy
    generator = numpy.random.default_rng(1)
    labels = jnp.asarray(generator.choice(4, 2000, p=numpy.array([1, 2, 4, 8]) / 15))
    unit = lambda z: z / jnp.linalg.norm(z, axis=-1, keepdims=True)
    centres = unit(jnp.asarray(generator.standard_normal((4, 10))))
    points = unit(centres[labels] + generator.standard_normal((2000, 10))) @ (10 * generator.standard_normal((10, 64)))
    points = points.astype(jnp.float32)
    uniform = lambda shape: jnp.asarray(generator.uniform(-1, 1, shape) / 8, jnp.float32)
    start = [uniform((64, 64)), uniform(64), uniform((64, 10)), uniform(10)]

    def loss(parameters, x, others, drawn):
        hidden = jax.nn.relu(x @ parameters[0] + parameters[1])
        units = unit(hidden @ parameters[2] + parameters[3])
        counts = others.any(1)
        logits = jnp.where(jnp.eye(len(x), dtype=bool) | ~counts[None, :], -jnp.inf, units @ units.T)
        chosen = jnp.where(drawn | drawn.T, logits, -jnp.inf)
        each = jax.nn.logsumexp(logits, 1) - jax.nn.logsumexp(jnp.where(counts[:, None], chosen, 0.0), 1)
        return jnp.where(counts, each, 0.0).sum() / counts.sum()

    @jax.jit
    def step(parameters, rows, key):
        others = (labels[rows, None] == labels[rows]) & ~jnp.eye(len(rows), dtype=bool)
        positives = jax.random.categorical(key, jnp.where(others, 0.0, -1e9))
        drawn = jax.nn.one_hot(positives, len(rows), dtype=bool) & others
        slopes = jax.grad(loss)(parameters, points[rows], others, drawn)
        return [value - 0.01 * slope for value, slope in zip(parameters, slopes)]

    def train():
        parameters, key = start, jax.random.key(1)
        for _ in range(100):
            order = generator.permutation(2000)
            for begin in range(0, 2000, 128):
                key, own = jax.random.split(key)
                parameters = step(parameters, order[begin : begin + 128], own)
        jax.block_until_ready(parameters)
        assert all(bool(jnp.isfinite(value).all()) for value in parameters)

    return train


def in_jax(work, repeats):
    import jax
    import numpy

    if work == TRAINING:
        return timed(train_in_jax(jax, numpy), repeats, warm=1)
    if work != STEPS and precision(work) == "f64":
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
    evaluate = jax.jit(jax.value_and_grad(info_nce if work in LOSSES else one_positive))
    return timed(lambda: jax.block_until_ready(evaluate(pair)), repeats)


def timed(function, repeats, warm=3):
    """The least seconds of one call, and the processor time over the wall time of all."""
    for _ in range(warm):
        function()
    least, busy, start = float("inf"), time.process_time(), time.perf_counter()
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        least = min(least, time.perf_counter() - begin)
    return least, (time.process_time() - busy) / (time.perf_counter() - start)


CRATE = "this crate"
WORKERS = {"NumPy": in_numpy, "PyTorch": in_torch, "JAX": in_jax}


def ask(program, work, threads):
    """Seconds of one operation in a process of its own, and the processors that it kept busy; None if there is no such program."""
    if program == CRATE:
        return ours(work, threads) if work in OURS else None
    if program not in PROGRAMS.get(work, WORKERS):
        return None
    environment = dict(os.environ, PEERS_THREADS=str(threads), OMP_NUM_THREADS=str(threads))
    # A current NumPy chooses its own kernels; settings for older ones would slow it.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        environment.pop(name, None)
    environment.update(OPENBLAS_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    if threads == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    command = [sys.executable, __file__, "--worker", program, "--work", work]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, preexec_fn=pinned(threads))
    if done.returncode == 3:
        return None
    if done.returncode != 0:
        sys.exit(f"{program} failed at {work}:\n{done.stderr}")
    return tuple(map(float, done.stdout.split()[-2:]))


def ours(work, threads):
    """Seconds of one operation of this crate, and the processors that it kept busy."""
    seconds, operations, busy = benchmark(*OURS[work], threads, single_calls=True)
    return seconds / (operations or 1), busy


def limits(rounds):
    """What one thread can do at most, by the benchmark `machine`."""
    for name in ("multiply and add", "fused multiply-add", "divide", "square root"):
        seconds, elements, _ = zip(*(benchmark("machine", f"arithmetic/{name}") for _ in range(rounds)))
        yield f"{name} {elements[0] / min(seconds) * 1e-9:.2f}"


def versions():
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for package in ("numpy", "torch", "jax"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    return ", ".join([*found, f"Python {platform.python_version()}", compiler()])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds over all programs (default 5)")
    parser.add_argument("--rows", default="", help="only rows whose name holds this")
    parser.add_argument("--worker", choices=WORKERS, help=argparse.SUPPRESS)
    parser.add_argument("--work", choices=WORK, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        try:
            print(*WORKERS[arguments.worker](arguments.work, WORK[arguments.work]))
        except ImportError:
            sys.exit(3)
        return
    columns = [(program, threads) for threads in (1, 2) for program in (CRATE, *WORKERS)]
    print(f"{machine()}; {versions()}; {when()}; least times of {arguments.rounds} rounds.\n")
    heads = [f"{program}, {threads} thread{'s' if threads > 1 else ''}" for program, threads in columns]
    head(["work", *heads])
    for work in filter(lambda name: arguments.rows in name, WORK):
        rounds = [[ask(program, work, threads) for program, threads in columns] for _ in range(arguments.rounds)]
        cells = [None if None in column else min(column) for column in zip(*rounds)]
        row([work, *("-" if cell is None else f"{shown(cell[0])} ({cell[1]:.1f})" for cell in cells)])
    print(f"\nOne thread, 10^9 operations on single numbers in a second: {', '.join(limits(arguments.rounds))}.")
    print(f"At the end: {when()}.")


if __name__ == "__main__":
    main()
