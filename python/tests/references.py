"""The losses as their publications write them, in PyTorch: what gradients are held against."""

import torch
from torch.nn.functional import cross_entropy, logsigmoid, normalize, relu


def _units(*views):
    return [normalize(view, dim=1) for view in views]


def cosine(z, w):
    x, y = _units(z, w)
    return -(x * y).sum(1).mean()


def simsiam(z, w):
    return cosine(z, w.detach())


def info_nce(z, w, temperature=0.1):
    x, y = _units(z, w)
    return cross_entropy(x @ y.T / temperature, torch.arange(len(x)))


def clip(z, w, temperature=0.07):
    return 0.5 * (info_nce(z, w, temperature) + info_nce(w, z, temperature))


def _stacked(z, w, temperature):
    views = torch.cat(_units(z, w))
    partner = torch.arange(len(views)).roll(len(z))
    return views @ views.T / temperature, partner, torch.eye(len(views), dtype=torch.bool)


def nt_xent(z, w, temperature=0.5):
    logits, partner, own = _stacked(z, w, temperature)
    return cross_entropy(logits.masked_fill(own, -torch.inf), partner)


def dcl(z, w, temperature=0.1):
    logits, partner, own = _stacked(z, w, temperature)
    rows = torch.arange(len(logits))
    others = logits.masked_fill(own | own[partner], -torch.inf)
    return (torch.logsumexp(others, 1) - logits[rows, partner]).mean()


def _of_classes(z, labels, temperature):
    (x,) = _units(z)
    own = torch.eye(len(x), dtype=torch.bool)
    positives = (labels[:, None] == labels[None, :]) & ~own
    logits = x @ x.T / temperature
    return logits, positives, torch.logsumexp(logits.masked_fill(own, -torch.inf), 1)


def sup_con(z, labels, temperature=0.1):
    logits, positives, denominator = _of_classes(z, labels, temperature)
    terms = (denominator[:, None] - logits).masked_fill(~positives, 0.0)
    return (terms.sum(1) / positives.sum(1)).mean()


def infonce_all_positives(z, labels, temperature=1.0):
    logits, positives, denominator = _of_classes(z, labels, temperature)
    return (denominator - torch.logsumexp(logits.masked_fill(~positives, -torch.inf), 1)).mean()


def infonce_one_positive(z, drawn, temperature=1.0):
    (x,) = _units(z)
    own, rows = torch.eye(len(x), dtype=torch.bool), torch.arange(len(x))
    positives = torch.zeros_like(own)
    positives[rows, drawn] = True
    positives |= positives.T.clone()
    logits = x @ x.T / temperature
    numerator = torch.logsumexp(logits.masked_fill(~positives, -torch.inf), 1)
    return (torch.logsumexp(logits.masked_fill(own, -torch.inf), 1) - numerator).mean()


def siglip(z, w, temperature=0.1, bias=-10.0):
    x, y = _units(z, w)
    signs = 2 * torch.eye(len(x), dtype=x.dtype) - 1
    return -logsigmoid(signs * (x @ y.T / temperature + bias)).sum() / len(x)


def triplet(z, w, margin=0.1):
    x, y = _units(z, w)
    cosines = x @ y.T
    own = torch.eye(len(x), dtype=torch.bool)
    hinges = relu(cosines - cosines.diagonal()[:, None] + margin).masked_fill(own, 0.0)
    return (hinges.sum(1) / (len(x) - 1)).mean()


def align_uniform(z, w, alignment=1.0, uniformity=1.0, sharpness=2.0):
    x, y = _units(z, w)
    uniform = sum(torch.pdist(view).pow(2).mul(-sharpness).exp().mean().log() for view in (x, y))
    return alignment * (x - y).pow(2).sum(1).mean() + 0.5 * uniformity * uniform
