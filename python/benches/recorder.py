"""What a recorder costs a training: processor time with it and without it, in one run.

    python benches/recorder.py [--steps 2000] [--samples 256]

SimSiam on pairs of noisy views, as small as trainings are: an encoder of two layers with batch normalization, 256 pairs a
step, one thread. The default cadence records the samples and their positives. Two equal trainings, one of them recorded, go
on step by step in turn, so that what else runs on the machine slows both alike; beside their processor times is what the
recorder itself counts, as a part of the time that the recorded steps took.
"""

import argparse
import time

import torch
from torch import nn

import embedding_norms as en


class Training:
    """A training of its own, and the time that it took."""

    def __init__(self, samples):
        torch.manual_seed(0)
        self.encoder = nn.Sequential(nn.Linear(784, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 64))
        self.predictor = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 64))
        parameters = [*self.encoder.parameters(), *self.predictor.parameters()]
        self.optimizer = torch.optim.SGD(parameters, lr=0.05, momentum=0.9)
        self.batches = torch.randn(8, 256, 784)
        self.recorder = None
        self.processor, self.passed = 0.0, 0.0
        if samples:
            drawn = torch.randn(samples, 784)
            self.recorder = en.Recorder(self.encoder, drawn, drawn + 0.1 * torch.randn_like(drawn))
            self.timed(self.recorder.start)

    def timed(self, work):
        processor, passed = time.process_time(), time.perf_counter()
        work()
        self.processor += time.process_time() - processor
        self.passed += time.perf_counter() - passed

    def step(self, number):
        batch = self.batches[number % len(self.batches)]
        z1, z2 = (self.encoder(batch + 0.1 * torch.randn_like(batch)) for _ in range(2))
        similarity = nn.functional.cosine_similarity
        p1, p2 = self.predictor(z1), self.predictor(z2)
        loss = -0.5 * (similarity(p1, z2.detach()) + similarity(p2, z1.detach())).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if self.recorder is not None:
            self.recorder.step()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--samples", type=int, default=256)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    plain, recorded = Training(0), Training(asked.samples)
    for step in range(asked.steps):
        # Who goes first finds other caches.
        for training in (plain, recorded) if step % 2 else (recorded, plain):
            training.timed(lambda: training.step(step))  # noqa: B023: called at once
    ratio, own = recorded.processor / plain.processor, recorded.recorder.seconds / recorded.passed
    recording = recorded.recorder.recording
    print(f"{asked.steps} steps, {len(recording)} records of {asked.samples} samples and positives")
    print(f"  training alone   {plain.processor:7.2f} s")
    print(f"  with a recorder  {recorded.processor:7.2f} s   {100 * (ratio - 1):+.2f} %")
    print(f"  counted by the recorder itself      {100 * own:.2f} %")
    print(f"  memory of all records               {recording.nbytes / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
