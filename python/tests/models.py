"""A small model and its training."""

import torch
from torch import nn


class SimSiam(nn.Module):
    """An encoder with batch normalization and dropout, and a predictor."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(20, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 8)
        )
        self.predictor = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))

    def forward(self, views):
        z = self.encoder(views)
        return self.predictor(z), z


def train(model, steps, recorder=None, fail_at=None, seed=0):
    """A training of SimSiam on pairs of noisy views; the losses."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for step in range(1, steps + 1):
        samples = torch.randn(32, 20)
        (p1, z1), (p2, z2) = (model(samples + 0.1 * torch.randn_like(samples)) for _ in range(2))
        similarity = nn.functional.cosine_similarity
        loss = -0.5 * (similarity(p1, z2.detach()).mean() + similarity(p2, z1.detach()).mean())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if recorder is not None:
            recorder.step()
        if step == fail_at:
            raise RuntimeError("the training failed")
    return losses
