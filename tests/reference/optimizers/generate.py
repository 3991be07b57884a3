"""Reference trajectories for the update rules.

Eight pairs of embeddings in five dimensions descend the sum of their negative cosine similarities for 200 steps. Where
PyTorch has the rule, torch.optim takes the steps with gradients from automatic differentiation in float64. The others
are written here from their publications' algorithms, row by row in NumPy, with gradients from the formula.

    python3 -m venv VENV && VENV/bin/pip install torch numpy
    VENV/bin/python tests/reference/optimizers/generate.py

writes trajectories.json beside this file: versions, the start, and per case the rule, its settings, the weight decay
outside the rule, the learning rate, and both views after some of the steps.
"""

import json
import math
import pathlib
import platform

import numpy as np
import torch

PAIRS, DIMENSION, KEPT = 8, 5, (2, 200)


def start():
    """Both views, with norms between 0.7 and 1.4 and coordinates that are short in decimal."""
    generator = np.random.default_rng(20250215)
    views = generator.standard_normal((2, PAIRS, DIMENSION))
    norms = generator.uniform(0.7, 1.4, (2, PAIRS, 1))
    return np.round(views / np.linalg.norm(views, axis=2, keepdims=True) * norms, 4)


def by_torch(make):
    """The trajectory of a torch.optim optimizer."""
    views = [torch.tensor(view, dtype=torch.float64, requires_grad=True) for view in start()]
    optimizer = make(views)
    kept = []
    for step in range(1, KEPT[-1] + 1):
        optimizer.zero_grad()
        loss = -torch.nn.functional.cosine_similarity(views[0], views[1], dim=1, eps=0.0).sum()
        loss.backward()
        optimizer.step()
        if step in KEPT:
            kept.append([view.detach().numpy().tolist() for view in views])
    return kept


def tangent_gradient(z, w):
    """The gradient of -cos with respect to z."""
    x, y = z / math.sqrt(z @ z), w / math.sqrt(w @ w)
    return -(y - (x @ y) * x) / math.sqrt(z @ z)


def by_rows(make_rule, rate, coupled=0.0, decoupled=0.0):
    """The trajectory of a rule that takes (z, g, rate) of one row to the next z."""
    views = start()
    rules = [[make_rule() for _ in range(PAIRS)] for _ in range(2)]
    kept = []
    for step in range(1, KEPT[-1] + 1):
        new = np.empty_like(views)
        for side in range(2):
            for pair in range(PAIRS):
                z = views[side][pair]
                gradient = tangent_gradient(z, views[1 - side][pair]) + coupled * z
                new[side][pair] = rules[side][pair]((1.0 - rate * decoupled) * z, gradient, rate)
        views = new
        if step in KEPT:
            kept.append(views.tolist())
    return kept


def sign_descent():
    return lambda z, g, rate: z - rate * np.sign(g)


def normalized_gradient():
    return lambda z, g, rate: z - rate * g / np.linalg.norm(g)


def lion(beta1, beta2):
    """Chen et al. 2023, Program 1."""
    memory = np.zeros(DIMENSION)

    def rule(z, g, rate):
        nonlocal memory
        blend = beta1 * memory + (1.0 - beta1) * g
        memory = beta2 * memory + (1.0 - beta2) * g
        return z - rate * np.sign(blend)

    return rule


def lars(momentum, trust, decay):
    """You, Gitman, Ginsburg 2017, Algorithm 1."""
    velocity = np.zeros(DIMENSION)

    def rule(z, g, rate):
        nonlocal velocity
        size = np.linalg.norm(z)
        local = trust * size / (np.linalg.norm(g) + decay * size)
        velocity = momentum * velocity + rate * local * (g + decay * z)
        return z - velocity

    return rule


def adam_ratio(beta1, beta2, epsilon):
    """The bias-corrected ratio of Kingma and Ba 2015, Algorithm 1."""
    m, v, t = np.zeros(DIMENSION), np.zeros(DIMENSION), 0

    def ratio(g):
        nonlocal m, v, t
        t += 1
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g**2
        return (m / (1.0 - beta1**t)) / (np.sqrt(v / (1.0 - beta2**t)) + epsilon)

    return ratio


def lamb(beta1, beta2, epsilon, decay):
    """You et al. 2020, Algorithm 2, with the identity for phi."""
    ratio = adam_ratio(beta1, beta2, epsilon)

    def rule(z, g, rate):
        update = ratio(g) + decay * z
        return z - rate * np.linalg.norm(z) / np.linalg.norm(update) * update

    return rule


def projected(z, g, update, threshold):
    """Heo et al. 2021, Equation 12 and the condition of Algorithms 1 and 2."""
    cosine = abs(z @ g) / (np.linalg.norm(z) * np.linalg.norm(g))
    if cosine < threshold / math.sqrt(len(z)):
        unit = z / np.linalg.norm(z)
        return update - (unit @ update) * unit
    return update


def sgdp(momentum, threshold):
    """Heo et al. 2021, Algorithm 1."""
    velocity = np.zeros(DIMENSION)

    def rule(z, g, rate):
        nonlocal velocity
        velocity = momentum * velocity + g
        return z - rate * projected(z, g, velocity, threshold)

    return rule


def adamp(beta1, beta2, epsilon, threshold):
    """Heo et al. 2021, Algorithm 2."""
    ratio = adam_ratio(beta1, beta2, epsilon)
    return lambda z, g, rate: z - rate * projected(z, g, ratio(g), threshold)


def riemannian(momentum):
    """Bonnabel 2013 on the unit sphere. Momentum is carried by the rotation in the plane of the step."""
    velocity = np.zeros(DIMENSION)

    def rule(z, g, rate):
        nonlocal velocity
        size = np.linalg.norm(z)
        x = z / size
        slope = size * (g - (g @ x) * x)
        velocity = momentum * velocity + slope
        speed = np.linalg.norm(velocity)
        turn = rate * speed
        ahead = -velocity / speed
        velocity = -speed * (math.cos(turn) * ahead - math.sin(turn) * x)
        return size * (math.cos(turn) * x + math.sin(turn) * ahead)

    return rule


def torch_cases():
    optim = torch.optim
    one_eight = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    for decay in (0.0, 0.05):
        outside = {"coupled": decay}
        for name, nesterov in (("heavy-ball", False), ("nesterov", True)):
            yield name, {"momentum": 0.9}, outside, 0.01, lambda p, n=nesterov, d=decay: optim.SGD(
                p, 0.01, momentum=0.9, nesterov=n, weight_decay=d
            )
        yield "adam", one_eight, outside, 0.01, lambda p, d=decay: optim.Adam(p, 0.01, weight_decay=d)
        yield "rmsprop", {"alpha": 0.99, "epsilon": 1e-8}, outside, 3e-4, lambda p, d=decay: optim.RMSprop(
            p, 3e-4, weight_decay=d
        )
        yield "adagrad", {"epsilon": 1e-10}, outside, 0.01, lambda p, d=decay: optim.Adagrad(p, 0.01, weight_decay=d)
    yield "gradient-descent", {}, {"coupled": 0.05}, 0.02, lambda p: optim.SGD(p, 0.02, weight_decay=0.05)
    yield "adamw", {**one_eight, "weight-decay": 0.5}, {}, 0.005, lambda p: optim.AdamW(p, 0.005, weight_decay=0.5)
    other = {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3}
    yield "adam", other, {}, 0.005, lambda p: optim.Adam(p, 0.005, betas=(0.8, 0.95), eps=1e-3)
    # Decoupled decay beside Adam's update is AdamW.
    yield "adam", one_eight, {"decoupled": 0.5}, 0.005, lambda p: optim.AdamW(p, 0.005, weight_decay=0.5)


def publication_cases():
    adam = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    arguments = (0.9, 0.999, 1e-8)
    yield "sign-descent", {}, {}, 1e-3, sign_descent
    yield "sign-descent", {}, {"decoupled": 0.2}, 1e-3, sign_descent
    yield "normalized-gradient", {}, {}, 2e-3, normalized_gradient
    yield "lion", {"beta1": 0.9, "beta2": 0.99}, {}, 1e-3, lambda: lion(0.9, 0.99)
    yield "lion", {"beta1": 0.9, "beta2": 0.99}, {"decoupled": 0.2}, 1e-3, lambda: lion(0.9, 0.99)
    yield "lars", {"momentum": 0.9, "trust": 0.001, "weight-decay": 0.05}, {}, 0.2, lambda: lars(0.9, 0.001, 0.05)
    yield "lamb", {**adam, "weight-decay": 0.1}, {}, 1e-3, lambda: lamb(*arguments, 0.1)
    yield "sgdp", {"momentum": 0.9, "threshold": 0.1}, {}, 0.02, lambda: sgdp(0.9, 0.1)
    # Strong coupled decay leaves the gradient anything but tangent: no projection at first.
    yield "sgdp", {"momentum": 0.9, "threshold": 0.1}, {"coupled": 0.2}, 0.005, lambda: sgdp(0.9, 0.1)
    yield "adamp", {**adam, "threshold": 0.1}, {}, 0.01, lambda: adamp(*arguments, 0.1)
    yield "adamp", {**adam, "threshold": 0.1}, {"decoupled": 0.5}, 0.01, lambda: adamp(*arguments, 0.1)
    yield "riemannian", {"momentum": 0.0}, {}, 0.02, lambda: riemannian(0.0)
    yield "riemannian", {"momentum": 0.9}, {}, 0.02, lambda: riemannian(0.9)


def main():
    cases = []
    for name, settings, outside, rate, make in torch_cases():
        cases.append(case("torch", name, settings, outside, rate, by_torch(make)))
    for name, settings, outside, rate, make in publication_cases():
        cases.append(case("publication", name, settings, outside, rate, by_rows(make, rate, **outside)))
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    head = {"versions": versions, "steps": KEPT, "start": start().tolist()}
    lines = [json.dumps(entry, separators=(",", ":")) for entry in cases]
    text = json.dumps(head, separators=(",", ":"))[:-1] + ',\n"cases":[\n' + ",\n".join(lines) + "\n]}\n"
    (pathlib.Path(__file__).parent / "trajectories.json").write_text(text)


def case(reference, optimizer, settings, outside, rate, views):
    return {
        "reference": reference,
        "optimizer": optimizer,
        "settings": settings,
        "decay": outside,
        "learning_rate": rate,
        "views": views,
    }


main()
