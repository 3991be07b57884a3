"""A learning rate from one step beside the range test of well-known trainers, on the same models: rate found, steps spent.

    python benches/learning_rate.py [--seeds 3]

A contrastive training (NT-Xent at a temperature of 0.5, 128 pairs a step) on noisy views of a mixture of 20 classes in 64
dimensions, by a perceptron of three layers with batch normalization throughout and by one with PyTorch's biases, under AdamW
and under SGD with momentum. What is right is what a sweep of 15 rates says: the steps until the loss of fixed held-out views
has fallen by four fifths of what it falls at the best of them, within 150 steps.

The range test is that of Lightning's ``lr_find`` and of fastai: 100 steps with rates from 1e-8 to 1 evenly in the logarithm,
a running mean of the loss (0.98, corrected for its start), an end where it is four times its least value, and as suggestion the
rate of the steepest fall, without the first ten and the last.
"""

import argparse
import copy
import statistics

import torch
from torch import nn

import embedding_norms as en

STEPS, BATCH, SWEEP = 150, 128, [10 ** (-5 + power / 2) for power in range(15)]
OPTIMIZERS = {
    "AdamW": lambda parameters, rate: torch.optim.AdamW(parameters, lr=rate),
    "SGD, momentum 0.9": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate, momentum=0.9),
}
NETWORKS = {"batch-norm": True, "biases": False}


class Training:
    """A model, its data and its optimizer, drawn anew for each use."""

    def __init__(self, network, optimizer, rate, seed):
        torch.manual_seed(seed)
        sizes, layers = [64, 128, 128, 32], []
        for place, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
            layers += [nn.Linear(inputs, outputs), *([nn.BatchNorm1d(outputs)] if NETWORKS[network] else [])]
            layers += [nn.ReLU()] if place < 2 else []
        self.model = nn.Sequential(*layers)
        self.optimizer = OPTIMIZERS[optimizer](self.model.parameters(), rate)
        self.means = 1.5 * torch.randn(20, 64)
        self.held_out = self.views(512)
        self.losses = []

    def views(self, count):
        """Two noisy views of samples of the mixture."""
        samples = self.means[torch.randint(20, (count,))] + torch.randn(count, 64)
        return tuple(samples + 0.7 * torch.randn_like(samples) for _ in range(2))

    def loss(self, views):
        rows = nn.functional.normalize(self.model(torch.cat(views)), dim=1)
        count = len(rows) // 2
        logits = (rows @ rows.T / 0.5).fill_diagonal_(float("-inf"))
        return nn.functional.cross_entropy(logits, torch.arange(2 * count).roll(count))

    def step(self):
        loss = self.loss(self.views(BATCH))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())

    def course(self):
        """The loss of the held-out views after every third step."""
        course = []
        for step in range(STEPS):
            self.step()
            if step % 3 == 2:
                # As in the training: statistics of the batch.
                with torch.no_grad():
                    course.append(self.loss(self.held_out).item())
        return course


def range_test(training, least=1e-8, most=1.0, steps=100):
    """The suggested rate, or none, and the steps spent."""
    model, optimizer = copy.deepcopy(training.model.state_dict()), copy.deepcopy(training.optimizer.state_dict())
    mean, smooth, rates = 0.0, [], []
    for step in range(steps):
        rate = least * (most / least) ** (step / (steps - 1))
        for group in training.optimizer.param_groups:
            group["lr"] = rate
        training.step()
        mean = 0.98 * mean + 0.02 * training.losses[-1]
        smooth.append(mean / (1 - 0.98 ** (step + 1)))
        rates.append(rate)
        if step > 1 and not smooth[-1] < 4 * min(smooth):
            break
    training.model.load_state_dict(model)
    training.optimizer.load_state_dict(optimizer)
    kept = smooth[10:-1]
    slopes = [(later - earlier, place) for place, (earlier, later) in enumerate(zip(kept, kept[1:]))]
    return (rates[10 + min(slopes)[1]] if slopes and min(slopes)[0] < 0 else None), len(rates)


def arrival(course, target):
    """The steps to a target; none where it is not reached."""
    return next((3 * (place + 1) for place, loss in enumerate(course) if loss <= target), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'network':<11} {'optimizer':<18} {'way':<11} {'rate':>9} {'spent':>6} {'steps to the goal':>18}  by seed")
    for network in NETWORKS:
        for optimizer in OPTIMIZERS:
            rows = {}
            for seed in range(asked.seeds):
                draw = lambda rate: Training(network, optimizer, rate, seed)  # noqa: E731
                swept = {rate: draw(rate).course() for rate in SWEEP}
                probe = draw(1e-4)
                with torch.no_grad():
                    start = probe.loss(probe.held_out).item()
                best = min(min(course) for course in swept.values())
                target = start - 0.8 * (start - best)
                arrivals = {rate: arrival(course, target) for rate, course in swept.items()}
                best_rate = min((steps, rate) for rate, steps in arrivals.items() if steps is not None)[1]
                found = en.find_learning_rate(
                    probe.model, probe.step, *probe.held_out, optimizer=probe.optimizer, network=network
                )
                suggested, spent = range_test(draw(1e-8))
                ways = [
                    ("one step", found.rate, found.steps),
                    ("range test", suggested, spent),
                    ("sweep", best_rate, STEPS * len(SWEEP)),
                ]
                for way, rate, steps in ways:
                    reached = None if rate is None else arrival(draw(rate).course(), target)
                    rows.setdefault(way, []).append((rate, steps, reached))
            for way, of_seeds in rows.items():
                rates = [rate for rate, _, _ in of_seeds if rate is not None]
                rate = f"{statistics.median(rates):9.2g}" if rates else "        –"
                reached = [str(steps) if steps else "–" for _, _, steps in of_seeds]
                spent = statistics.median(steps for _, steps, _ in of_seeds)
                print(f"{network:<11} {optimizer:<18} {way:<11} {rate} {spent:6.0f} {', '.join(reached):>18}")


if __name__ == "__main__":
    main()
