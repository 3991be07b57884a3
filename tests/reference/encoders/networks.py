"""Reference trainings of normalized networks: PyTorch's BatchNorm1d, LayerNorm, schedulers and clipping in float64.

    VENV/bin/python tests/reference/encoders/networks.py

writes networks.json beside this file: per case the layers, all parameters at the start, the batches, the settings, the
mean loss of each step, and after the last one all parameters, the running statistics of every batch normalization and
the embeddings of the last batch at inference. The losses are those of generate.py.
"""

import copy
import json
import pathlib
import platform

import numpy as np
import torch

import generate
from generate import nt_xent, unit

# So many rows that statistics are no noise: among a few, batch normalization makes trainings chaotic.
ROWS = generate.ROWS = 24
STEPS = 20
# A change of a parameter by this at the start moves no loss by a thousand times as much: what rounding does stays rounding.
CHANGE = 1e-14


class Residual(torch.nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.inner = torch.nn.Sequential(*layers)

    def forward(self, x):
        return x + self.inner(x)


class Images(torch.nn.Module):
    """A module of images whose features come in rows, plane after plane."""

    def __init__(self, images, inner):
        super().__init__()
        self.images, self.inner = images, inner

    def forward(self, x):
        return self.inner(x.unflatten(1, self.images)).flatten(1)


def linear(inputs, outputs, bias=True):
    return {"kind": "linear", "inputs": inputs, "outputs": outputs, "bias": bias}


def batch_norm(width):
    return {"kind": "batch-norm", "width": width}


def layer_norm(width):
    return {"kind": "layer-norm", "width": width}


def convolution(images, outputs, step, bias=True, planes=False):
    return {"kind": "convolution", "images": images, "outputs": outputs, "step": step, "bias": bias, "planes": planes}


def average_pool(images):
    return {"kind": "average-pool", "images": images}


def channel_norm(images):
    return {"kind": "channel-norm", "images": images}


RELU = {"kind": "rectifier"}


def residual(*layers):
    return {"kind": "residual", "layers": list(layers)}


def module(layer):
    match layer["kind"]:
        case "linear":
            return torch.nn.Linear(layer["inputs"], layer["outputs"], bias=layer["bias"])
        case "batch-norm":
            return torch.nn.BatchNorm1d(layer["width"])
        case "layer-norm":
            return torch.nn.LayerNorm(layer["width"])
        case "convolution":
            inner = torch.nn.Conv2d(layer["images"][0], layer["outputs"], 3, layer["step"], 1, bias=layer["bias"])
            return Images(layer["images"], inner)
        case "average-pool":
            return Images(layer["images"], torch.nn.AdaptiveAvgPool2d(1))
        case "channel-norm":
            return Images(layer["images"], torch.nn.BatchNorm2d(layer["images"][0]))
        case "rectifier":
            return torch.nn.ReLU()
        case "residual":
            return Residual([module(inner) for inner in layer["layers"]])


def network(layers):
    return torch.nn.Sequential(*[module(layer) for layer in layers])


def parameters(net):
    """Weights of convolutions with the channels of a place side by side."""
    by_places = lambda tensor: tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor
    return [by_places(tensor.detach()).flatten().tolist() for tensor in net.parameters()]


def running(net):
    norms = [part for part in net.modules() if isinstance(part, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d))]
    return [[norm.running_mean.tolist(), norm.running_var.tolist()] for norm in norms]


def predicted(encoder, target, predictor, views):
    """SimSiam's loss, and BYOL's where the target is another network."""
    embeddings = [encoder(view) for view in views]
    predictions = [unit(predictor(z)) for z in embeddings]
    with torch.no_grad():
        targets = [unit(target(view)) for view in views] if target else [unit(z.detach()) for z in embeddings]
    cosine = lambda p, z: (p * z).sum(dim=1).mean()
    return -(cosine(predictions[0], targets[1]) + cosine(predictions[1], targets[0])) / 2


def train(encoder, head, inputs, optimizer, settings, target, schedule, clip):
    """The losses, and the target, if there is one."""
    follower = copy.deepcopy(encoder) if target else None
    both = list(encoder.parameters()) + (list(head.parameters()) if head else [])
    rule = getattr(torch.optim, optimizer)(both, **settings)
    planned = scheduler(rule, schedule) if schedule else None
    losses = []
    for batch in inputs:
        views = [torch.tensor(view) for view in batch]
        rule.zero_grad()
        loss = predicted(encoder, follower, head, views) if head else nt_xent([encoder(view) for view in views], 0.5)
        loss.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(both, clip)
        rule.step()
        if planned:
            planned.step()
        if follower:
            with torch.no_grad():
                for own, other in zip(follower.parameters(), encoder.parameters()):
                    own.mul_(target).add_(other, alpha=1 - target)
        losses.append(loss.item())
    return losses, follower


def case(name, layers, optimizer, settings, predictor=None, target=None, schedule=None, clip=None):
    encoder, head = network(layers), network(predictor) if predictor else None
    for net in filter(None, [encoder, head]):
        with torch.no_grad():
            for tensor in net.parameters():
                tensor += 0.05 * torch.randn_like(tensor)
    start = {"encoder": parameters(encoder), "predictor": parameters(head) if head else None}
    width = layers[0]["inputs"] if "inputs" in layers[0] else int(np.prod(layers[0]["images"]))
    inputs = [[np.round(numbers.standard_normal((ROWS, width)), 2) for _ in range(2)] for _ in range(STEPS)]
    how = (inputs, optimizer, settings, target, schedule, clip)
    changed, changed_head = copy.deepcopy(encoder), copy.deepcopy(head)
    with torch.no_grad():
        for tensor in changed.parameters():
            tensor += CHANGE * torch.randn_like(tensor)
    losses, follower = train(encoder, head, *how)
    others, _ = train(changed, changed_head, *how)
    moved = max(abs(a - b) for a, b in zip(losses, others))
    assert moved < 1000 * CHANGE, f"{name} is chaotic: {moved}"
    print(name, moved)
    nets = {"encoder": encoder, "predictor": head, "target": follower}
    end = {key: {"parameters": parameters(net), "running": running(net)} if net else None for key, net in nets.items()}
    encoder.eval()
    return {
        "name": name, "layers": layers, "predictor": predictor, "optimizer": optimizer, "settings": settings,
        "target": target, "schedule": schedule, "clip": clip,
        "inputs": [[view.tolist() for view in batch] for batch in inputs],
        "start": start, "losses": losses, "end": end, "inference": encoder(torch.tensor(inputs[-1][0])).tolist(),
    }


def scheduler(rule, schedule):
    """Linear warm-up, then PyTorch's own cosine."""
    warm, steps, least = schedule["warm_up"], schedule["steps"], schedule["least"]
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(rule, steps - warm, eta_min=least * rule.defaults["lr"])
    if not warm:
        return cosine
    ramp = torch.optim.lr_scheduler.LinearLR(rule, 1 / warm, 1.0, warm - 1)
    return torch.optim.lr_scheduler.SequentialLR(rule, [ramp, cosine], [warm])


numbers = np.random.default_rng(20250218)
torch.manual_seed(20250218)
throughout = [linear(5, 7), batch_norm(7), RELU, linear(7, 6), batch_norm(6), RELU, linear(6, 4), batch_norm(4)]
without = [dict(layer, bias=False) if layer["kind"] == "linear" else layer for layer in throughout]
# Under Adam no bias stands before batch normalization: its gradient is rounding alone, and divided by itself.
layered = [layer_norm(layer["width"]) if layer["kind"] == "batch-norm" else layer for layer in throughout]
block = residual(linear(7, 7, False), batch_norm(7), RELU, linear(7, 7, False), batch_norm(7))
heavy_ball = {"lr": 0.005, "momentum": 0.9, "weight_decay": 5e-4}
head = [linear(4, 3, False), batch_norm(3), RELU, linear(3, 4)]
grey = [
    convolution([1, 5, 4], 3, 2, False, True), channel_norm([3, 3, 2]), RELU,
    convolution([3, 3, 2], 4, 2, False), channel_norm([4, 2, 1]), RELU,
    average_pool([4, 2, 1]), linear(4, 4, False), batch_norm(4),
]
coloured = [
    convolution([2, 4, 5], 3, 1, True, True), RELU, convolution([3, 4, 5], 4, 2), RELU, average_pool([4, 2, 3]), linear(4, 4),
]
result = {
    "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
    "cases": [
        case("throughout", without, "SGD", {"lr": 0.02}),
        case("throughout-biases", throughout, "SGD", heavy_ball),
        case("schedule", without, "SGD", heavy_ball, schedule={"warm_up": 5, "steps": 20, "least": 0.0}),
        case("cosine", without, "SGD", heavy_ball, schedule={"warm_up": 0, "steps": 20, "least": 0.1}),
        case("last-linear", without[:-2] + [linear(6, 4)], "AdamW", {"lr": 0.002, "weight_decay": 0.1}),
        case("clipped", throughout[:-1], "SGD", {"lr": 0.1}, clip=0.2),
        case("layer-norm", layered, "SGD", {"lr": 0.02}),
        case("residual", without[:3] + [block, RELU, linear(7, 4, False), batch_norm(4)], "SGD", heavy_ball),
        case("residual-plain", [linear(5, 7), RELU, residual(linear(7, 7)), RELU, linear(7, 4)], "SGD", {"lr": 0.02}),
        case("simsiam", without, "SGD", heavy_ball, predictor=head),
        case("byol", without, "SGD", heavy_ball, predictor=head, target=0.9),
        case("convolutions", grey, "SGD", heavy_ball),
        case("convolutions-biases", coloured, "SGD", {"lr": 0.02}),
    ],
}
pathlib.Path(__file__).with_name("networks.json").write_text(json.dumps(result) + "\n")
