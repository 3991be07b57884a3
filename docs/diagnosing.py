#!/usr/bin/env python3
"""The training of docs/diagnosing.md, "A first use": digits in two views, NT-Xent, SGD, in PyTorch.

    python3 -m venv /somewhere && /somewhere/bin/pip install numpy scikit-learn torch
    /somewhere/bin/python docs/diagnosing.py saved            # the files that the page diagnoses, a minute
    /somewhere/bin/python docs/diagnosing.py saved --rates    # and the accuracy that other learning rates reach

The digit 8 is left out of the training and saved as unseen.npy.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

UNSEEN = 8
TEMPERATURE = 0.5
BATCH = 256


def two_views(images):
    return augmented(images), augmented(images)


def augmented(images):
    """Images turned, scaled, shifted and with noise."""
    n = len(images)
    turn, scale = 0.2 * (2 * torch.rand(n) - 1), 1 + 0.1 * (2 * torch.rand(n) - 1)
    shift = 0.12 * (2 * torch.rand(n, 2) - 1)
    first = torch.stack([scale * turn.cos(), -scale * turn.sin(), shift[:, 0]], 1)
    second = torch.stack([scale * turn.sin(), scale * turn.cos(), shift[:, 1]], 1)
    grid = F.affine_grid(torch.stack([first, second], 1), (n, 1, 8, 8), align_corners=False)
    moved = F.grid_sample(images.view(n, 1, 8, 8), grid, align_corners=False)
    return moved.view(n, 64) + 0.1 * torch.randn(n, 64)


def nt_xent(first, second):
    views = F.normalize(torch.cat([first, second]), dim=1)
    logits = (views @ views.T / TEMPERATURE).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(views)).roll(len(first)))


def network():
    layers = [torch.nn.Linear(64, 256), torch.nn.ReLU(), torch.nn.Linear(256, 256), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(256, 32))


def embedded(model, images):
    with torch.no_grad():
        return model(images)


def accuracy(model, images, labels):
    """Of the ten nearest neighbours by cosine, each image left out of its own."""
    directions = F.normalize(embedded(model, images), dim=1)
    neighbours = (directions @ directions.T).fill_diagonal_(-2).topk(10).indices
    return (labels[neighbours].mode(dim=1).values == labels).double().mean().item()


def steps(model, images, rate, epochs):
    """Trains, and stops after each step to give its number and the epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    step = 0
    for epoch in range(1, epochs + 1):
        for rows in torch.randperm(len(images)).split(BATCH):
            loss = nt_xent(*(model(view) for view in two_views(images[rows])))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            yield step, epoch


def save_checkpoints(folder, images, labels, unseen):
    torch.manual_seed(0)
    model = network()

    def save(name, rows):
        np.save(folder / name, embedded(model, rows).numpy())

    np.save(folder / "labels.npy", labels.numpy())
    np.save(folder / "ink.npy", images.sum(1, keepdim=True).numpy())
    save("step0.npy", images)
    save("views0.npy", augmented(images))
    each = -(-len(images) // BATCH)
    for step, epoch in steps(model, images, 0.5, 60):
        if step == 1:
            save("step1.npy", images)
        if step == each * epoch and epoch in (1, 10, 60):
            save(f"epoch{epoch}.npy", images)
    save("unseen.npy", unseen)


def try_rates(images, labels):
    for rate in (0.005, 0.02, 0.1, 0.5, 2.0, 8.0):
        torch.manual_seed(0)
        model = network()
        for step, _ in steps(model, images, rate, 43):
            if step == 300:
                break
        print(f"rate {rate}: 10-NN accuracy {accuracy(model, images, labels):.3f} after {step} steps", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the files go")
    parser.add_argument("--rates", action="store_true", help="also train for 300 steps at other learning rates")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    digits = load_digits()
    images, labels = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    seen = labels != UNSEEN
    arguments.folder.mkdir(parents=True, exist_ok=True)
    save_checkpoints(arguments.folder, images[seen], labels[seen], images[~seen])
    if arguments.rates:
        try_rates(images[seen], labels[seen])


if __name__ == "__main__":
    main()
