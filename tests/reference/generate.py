#!/usr/bin/env python3
"""References for the losses: totals and gradients by raw embeddings.

    python3 -m venv /somewhere && /somewhere/bin/pip install -r tests/reference/requirements.txt
    /somewhere/bin/python tests/reference/generate.py [LOSS ...]

Two kinds, both from the textbook formula of the loss:
  automatic   JAX in double precision, reverse mode, through the normalization of the embeddings;
  precise     mpmath with 220 digits, central differences with a step of 1e-70: nothing of it knows an
              analytic gradient.

One file per loss, <loss>.npz:
  versions    text as bytes: the versions of what made the file
  index       int64, a row per case: n, d, views, has labels, has positives, has a precise reference, parameters
  data        float64, the cases one after another: parameters; first view; second view; labels; positives; then total,
              gradient by the first view, gradient by the second view, automatic and then (where there is one) precise.
"""

import platform
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import mpmath
import numpy as np

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
mpmath.mp.dps = 220
STEP = mpmath.mpf(10) ** -70
NOTHING = mpmath.mpf(10) ** -120


class Automatic:
    """Double precision, differentiated by JAX."""

    exp, log, sqrt, held = staticmethod(jnp.exp), staticmethod(jnp.log), staticmethod(jnp.sqrt), jax.lax.stop_gradient
    softplus, ramp = staticmethod(jax.nn.softplus), staticmethod(jax.nn.relu)

    @staticmethod
    def log_sum_exp(logits, mask):
        return jax.nn.logsumexp(logits, axis=1, where=mask)

    @staticmethod
    def stack(rows):
        return jnp.concatenate(rows)


def each(function):
    return lambda values: np.vectorize(function, otypes=[object])(values)


class Precise:
    """Arrays of mpmath numbers, enough digits for the formulas as they stand."""

    exp, log, sqrt = staticmethod(each(mpmath.exp)), staticmethod(each(mpmath.log)), staticmethod(each(mpmath.sqrt))
    softplus = staticmethod(each(lambda x: mpmath.log1p(mpmath.exp(x))))
    ramp = staticmethod(each(lambda x: max(x, mpmath.mpf(0))))

    @staticmethod
    def held(values):
        return values

    @staticmethod
    def log_sum_exp(logits, mask):
        rows = []
        for row, members in zip(logits, mask):
            rows.append(mpmath.log(mpmath.fsum(mpmath.exp(x) for x, member in zip(row, members) if member)))
        return np.array(rows, dtype=object)

    @staticmethod
    def stack(rows):
        return np.concatenate(rows)


def unit(m, rows):
    return rows / m.sqrt((rows * rows).sum(axis=1))[:, None]


def rows_against_columns(m, logits, positives, others):
    return (m.log_sum_exp(logits, positives | others) - m.log_sum_exp(logits, positives)).sum()


def cosine(m, case, x, y):
    return -(x * y).sum()


def simsiam(m, case, x, y):
    return -(x * m.held(y)).sum()


def info_nce(m, case, x, y):
    eye = np.eye(len(x), dtype=bool)
    return rows_against_columns(m, x @ y.T / case.parameters[0], eye, ~eye)


def clip(m, case, x, y):
    return (info_nce(m, case, x, y) + info_nce(m, case, y, x)) / 2


def partners(n):
    return np.roll(np.eye(2 * n, dtype=bool), n, axis=1), ~np.eye(2 * n, dtype=bool)


def nt_xent(m, case, x, y):
    views = m.stack([x, y])
    positives, others = partners(len(x))
    return rows_against_columns(m, views @ views.T / case.parameters[0], positives, others)


def dcl(m, case, x, y):
    views = m.stack([x, y])
    positives, others = partners(len(x))
    logits = views @ views.T / case.parameters[0]
    return (m.log_sum_exp(logits, others & ~positives) - m.log_sum_exp(logits, positives)).sum()


def all_rows(m, case, x, y):
    rows = x if y is None else m.stack([x, y])
    labels = np.tile(case.labels, 1 if y is None else 2)
    others = ~np.eye(len(rows), dtype=bool)
    return rows @ rows.T / case.parameters[0], (labels[:, None] == labels[None, :]) & others, others


def sup_con(m, case, x, y):
    logits, positives, others = all_rows(m, case, x, y)
    shares = positives / positives.sum(axis=1)[:, None]
    if m is Precise:  # the share must be exact, not rounded to double precision
        shares = np.array([[mpmath.mpf(int(p)) / int(row.sum()) for p in row] for row in positives], dtype=object)
    return (m.log_sum_exp(logits, others) - (shares * logits).sum(axis=1)).sum()


def infonce_all_positives(m, case, x, y):
    logits, positives, others = all_rows(m, case, x, y)
    return rows_against_columns(m, logits, positives, others)


def infonce_one_positive(m, case, x, y):
    others = ~np.eye(len(x), dtype=bool)
    drawn = np.eye(len(x), dtype=bool)[case.positives]
    return rows_against_columns(m, x @ x.T / case.parameters[0], drawn | drawn.T, others)


def siglip(m, case, x, y):
    temperature, bias = case.parameters
    signs = 2 * np.eye(len(x), dtype=int) - 1
    return m.softplus(-signs * (x @ y.T / temperature + bias)).sum()


def triplet(m, case, x, y):
    similarities = x @ y.T
    excess = similarities - (x * y).sum(axis=1)[:, None] + case.parameters[0]
    if m is Automatic and not isinstance(excess, jax.core.Tracer):
        assert np.min(np.abs(excess)) > 1e-9, "a triplet at its kink"
    return (m.ramp(excess) * ~np.eye(len(x), dtype=bool)).sum() / (len(x) - 1)


def align_uniform(m, case, x, y):
    alignment, uniformity, sharpness = case.parameters
    below = np.tril(np.ones((len(x), len(x)), dtype=bool), -1)

    def uniform(rows):
        differences = rows[:, None, :] - rows[None, :, :]
        kernel = m.exp(-sharpness * (differences * differences).sum(axis=2))
        return m.log((kernel * below).sum() / int(below.sum()))

    aligned = ((x - y) * (x - y)).sum() / len(x)
    return len(x) * (alignment * aligned + uniformity * (uniform(x) + uniform(y)) / 2)


LOSSES = {
    function.__name__.replace("_", "-"): function
    for function in (
        cosine, simsiam, info_nce, clip, nt_xent, dcl, sup_con, infonce_all_positives, infonce_one_positive, siglip,
        triplet, align_uniform,
    )
}
SUPERVISED = ("sup-con", "infonce-all-positives", "infonce-one-positive")

# n, d, temperature, arrangement, its scale, precise
CASES = [
    (2, 3, 1.0, "random", 0, False),
    (2, 8, 0.5, "random", 0, False),
    (3, 4, 0.2, "random", 0, False),
    (5, 3, 1.0, "random", 0, False),
    (8, 5, 0.1, "random", 0, False),
    (16, 4, 0.5, "aligned", 0.5, False),
    (16, 6, 0.07, "random", 0, False),
    (32, 4, 0.2, "aligned", 1.0, False),
    (256, 3, 0.1, "random", 0, False),
    (256, 3, 0.01, "aligned", 0.2, False),
    (2, 3, 0.01, "aligned", 1e-2, True),
    (2, 3, 0.01, "aligned", 1e-5, True),
    (2, 4, 0.01, "aligned", 1e-8, True),
    (2, 3, 0.01, "duplicate", 0, True),
    (3, 3, 0.01, "duplicate", 0, True),
    (4, 4, 0.01, "antipodal", 1e-3, True),
    (2, 3, 0.01, "antipodal", 1e-8, True),
    (4, 3, 0.01, "cluster", 1e-3, True),
    (6, 3, 0.01, "random", 0, True),
    (3, 5, 0.02, "aligned", 1e-3, True),
    (5, 8, 0.05, "aligned", 1e-4, True),
    (2, 3, 0.1, "cluster", 1e-6, True),
    (6, 4, 1.0, "random", 0, True),
    (4, 3, 0.5, "duplicate", 0, True),
    (2, 3, 0.01, "certain", 0.7, True),
    (2, 4, 0.02, "certain", 0.7, True),
]


class Case:
    """The embeddings of one case, with what the loss needs."""

    def __init__(self, loss, number):
        n, d, temperature, arrangement, scale, self.precise = CASES[number]
        draw = np.random.Generator(np.random.PCG64([number, 7]))
        x, y = arrange(draw, n, d, arrangement, scale)
        self.labels = np.arange(n) % max(2, n // 2)
        self.positives = None
        self.parameters = parameters(loss, temperature)
        # Supervised losses take the views as one on odd numbers (the drawn positives always).
        if loss in SUPERVISED and (number % 2 == 1 or loss == "infonce-one-positive"):
            x, y = np.concatenate([x, y]), None
            self.labels = np.tile(self.labels, 2)
        if loss == "infonce-one-positive":
            self.positives = np.array([draw_positive(draw, self.labels, row) for row in range(len(x))])
        if loss not in SUPERVISED:
            self.labels = None
        self.views = [x] if y is None else [x, y]


def draw_positive(draw, labels, row):
    return draw.choice([k for k in range(len(labels)) if labels[k] == labels[row] and k != row])


def parameters(loss, temperature):
    if loss in ("cosine", "simsiam"):
        return []
    if loss == "triplet":
        return [0.5 * temperature + 0.03]
    if loss == "siglip":
        return [temperature, -0.9 / temperature]
    if loss == "align-uniform":
        return [0.75, 1.5, 0.5 / temperature]
    return [temperature]


def arrange(draw, n, d, arrangement, scale):
    """Directions of two views, each row with a norm between 1e-3 and 1e3."""
    x = draw.standard_normal((n, d))
    x /= np.linalg.norm(x, axis=1)[:, None]
    noise = draw.standard_normal((n, d)) * scale / np.sqrt(d)
    if arrangement == "random":
        y = draw.standard_normal((n, d))
    elif arrangement == "certain":  # partners some way apart, other rows on the far side
        x[1] = -x[0] + 0.2 * draw.standard_normal(d)
        y = x + noise
    elif arrangement == "aligned":
        y = x + noise
    elif arrangement == "antipodal":
        y = -x + noise
    elif arrangement == "cluster":
        y = x[:1] + noise
        x = x[:1] + scale / np.sqrt(d) * draw.standard_normal((n, d))
    elif arrangement == "duplicate":
        x[1] = x[0]
        y = x.copy()
        return x * 2.0 ** draw.integers(-9, 9, (n, 1)), y * 2.0 ** draw.integers(-9, 9, (n, 1))
    norms = 10 ** draw.uniform(-3, 3, (2, n, 1))
    return x * norms[0], y * norms[1]


def evaluate(m, loss, case, views):
    units = [unit(m, view) for view in views]
    return LOSSES[loss](m, case, units[0], units[1] if len(units) == 2 else None)


def automatic(loss, case):
    views = [jnp.array(view) for view in case.views]
    evaluate(Automatic, loss, case, views)  # once untraced, for what can be asserted about values
    total, gradients = jax.value_and_grad(lambda views: evaluate(Automatic, loss, case, views))(views)
    return [float(total)], [np.asarray(gradient) for gradient in gradients]


def precise(loss, case):
    views = [np.vectorize(mpmath.mpf, otypes=[object])(view) for view in case.views]
    total = evaluate(Precise, loss, case, views)
    gradients = [np.zeros(view.shape) for view in case.views]
    for number, view in enumerate(views):
        if loss == "simsiam" and number == 1:
            continue  # held still
        for place in np.ndindex(view.shape):
            here = view[place]
            step = STEP * abs(here)
            view[place] = here + step
            above = evaluate(Precise, loss, case, views)
            view[place] = here - step
            below = evaluate(Precise, loss, case, views)
            view[place] = here
            slope = (above - below) / (2 * step)
            # What is left of a slope that is zero are the errors of the difference quotient.
            gradients[number][place] = float(slope) if abs(slope * here) > NOTHING else 0.0
    return [float(total)], gradients


def flat(total, gradients):
    return np.concatenate([total] + [gradient.ravel() for gradient in gradients])


def write(loss):
    index, data = [], []
    for number in range(len(CASES)):
        case = Case(loss, number)
        lists = [values for values in (case.labels, case.positives) if values is not None]
        data += [np.array(case.parameters), *(view.ravel() for view in case.views), *lists]
        data.append(flat(*automatic(loss, case)))
        if case.precise:
            data.append(flat(*precise(loss, case)))
        n, d = case.views[0].shape
        has = [case.labels is not None, case.positives is not None, case.precise]
        index.append([n, d, len(case.views), *has, len(case.parameters)])
    libraries = [("JAX", jax), ("NumPy", np), ("mpmath", mpmath)]
    versions = [f"Python {platform.python_version()}"] + [f"{name} {library.__version__}" for name, library in libraries]
    np.savez(
        Path(__file__).with_name(f"{loss}.npz"),
        versions=np.frombuffer(", ".join(versions).encode(), dtype=np.uint8),
        index=np.array(index, dtype=np.int64),
        data=np.concatenate(data).astype(np.float64),
    )
    print(loss, "written")


if __name__ == "__main__":
    for name in sys.argv[1:] or LOSSES:
        write(name)
