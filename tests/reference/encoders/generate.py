"""Reference trainings of small encoders: PyTorch's modules, automatic differentiation and optimizers in float64.

    python3 -m venv VENV && VENV/bin/pip install torch numpy
    VENV/bin/python tests/reference/encoders/generate.py

writes trainings.json beside this file: per case the layers at the start, the batches, the settings, and the mean loss
of each step with all parameters after the last one. Each loss is written here from its definition.
"""

import json
import pathlib
import platform

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
ROWS, STEPS = 9, 6
LABELS = [0, 1, 2, 0, 1, 2, 0, 1, 1]
POSITIVES = [3, 4, 5, 6, 1, 2, 0, 8, 7]


def unit(z):
    return z / z.norm(dim=1, keepdim=True)


def one_positive(views, temperature):
    """Supervised InfoNCE with the drawn positive of each row, the mask made symmetric."""
    x = unit(views[0])
    similarities = torch.exp(x @ x.T / temperature)
    mask = torch.zeros(ROWS, ROWS, dtype=torch.bool)
    for row, positive in enumerate(POSITIVES):
        mask[row, positive] = mask[positive, row] = True
    others = ~torch.eye(ROWS, dtype=torch.bool)
    chosen, every = (similarities * mask).sum(dim=1), (similarities * others).sum(dim=1)
    return -torch.log(chosen / every).mean()


def nt_xent(views, temperature):
    x = unit(torch.cat(views))
    logits = (x @ x.T / temperature).masked_fill(torch.eye(2 * ROWS, dtype=torch.bool), -torch.inf)
    return torch.nn.functional.cross_entropy(logits, (torch.arange(2 * ROWS) + ROWS) % (2 * ROWS))


def simsiam(views, predictor):
    targets = [unit(view).detach() for view in views]
    predictions = [unit(predictor(view)) for view in views]
    cosine = lambda p, z: (p * z).sum(dim=1).mean()
    return -(cosine(predictions[0], targets[1]) + cosine(predictions[1], targets[0])) / 2


def network(widths, bias=True):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(inputs, outputs, bias=bias), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def parameters(module):
    return [tensor.detach().numpy().tolist() for tensor in module.parameters()]


def case(name, widths, views, optimizer, settings, bias=True, predictor=None, grad_scale=0.0):
    encoder = network(widths, bias)
    head = network(predictor) if predictor else None
    inputs = [[np.round(numbers.standard_normal((ROWS, widths[0])), 3) for _ in range(views)] for _ in range(STEPS)]
    both = list(encoder.parameters()) + (list(head.parameters()) if head else [])
    rule = getattr(torch.optim, optimizer)(both, **settings)
    start = {"encoder": parameters(encoder), "predictor": parameters(head) if head else None}
    losses = []
    for batch in inputs:
        rule.zero_grad()
        embeddings = [encoder(torch.tensor(view)) for view in batch]
        if grad_scale:
            for z in embeddings:
                z.register_hook(lambda g, n=z.detach().norm(dim=1, keepdim=True): g * n**grad_scale)
        loss = simsiam(embeddings, head) if head else (one_positive if views == 1 else nt_xent)(embeddings, 0.5)
        loss.backward()
        rule.step()
        losses.append(loss.item())
    end = {"encoder": parameters(encoder), "predictor": parameters(head) if head else None}
    return {
        "name": name, "bias": bias, "optimizer": optimizer, "settings": settings, "grad_scale": grad_scale,
        "inputs": [[view.tolist() for view in batch] for batch in inputs],
        "start": start, "losses": losses, "end": end,
    }


numbers = np.random.default_rng(20250217)


def main():
    torch.manual_seed(20250217)
    widths = [5, 7, 6, 4]
    result = {
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "labels": LABELS,
        "positives": POSITIVES,
        "cases": [
            case("supervised", widths, 1, "SGD", {"lr": 0.3}),
            case("linear", [5, 4], 1, "SGD", {"lr": 0.3}, bias=False),
            case("momentum-decay", widths, 1, "SGD", {"lr": 0.2, "momentum": 0.9, "weight_decay": 0.01}),
            case("adamw", widths, 2, "AdamW", {"lr": 0.01, "weight_decay": 0.1}),
            case("nt-xent", widths, 2, "SGD", {"lr": 0.3}),
            case("gradscale", widths, 2, "SGD", {"lr": 0.3}, grad_scale=1.0),
            case("simsiam", widths, 2, "SGD", {"lr": 0.3}, predictor=[4, 3, 4]),
        ],
    }
    pathlib.Path(__file__).with_name("trainings.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
