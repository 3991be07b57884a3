"""What a recorder costs a training: processor time with it and without it, in one run.

    python benches/recorder.py [--steps 2000] [--samples 256] [--rounds 3]

SimSiam on pairs of noisy views, as small as trainings are: an encoder of two layers with batch normalization, 256 pairs a
step, one thread. The default cadence records the samples and their positives. Both trainings run in turn, and the least
processor time of each counts; beside it what the recorder itself counts, as a part of the time that passed.
"""

import argparse
import time

import torch
from torch import nn

import embedding_norms as en


def training(steps, recorded):
    """A training: its processor time, the part of its time that the recorder counts, and the recorder."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(784, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 64))
    predictor = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 64))
    optimizer = torch.optim.SGD([*encoder.parameters(), *predictor.parameters()], lr=0.05, momentum=0.9)
    samples = torch.randn(max(recorded, 1), 784)
    positives = samples + 0.1 * torch.randn_like(samples)
    recorder = en.Recorder(encoder, samples, positives) if recorded else None
    batches = torch.randn(8, 256, 784)
    begin, began = time.process_time(), time.perf_counter()
    if recorder is not None:
        recorder.start()
    for step in range(steps):
        batch = batches[step % len(batches)]
        z1, z2 = (encoder(batch + 0.1 * torch.randn_like(batch)) for _ in range(2))
        similarity = nn.functional.cosine_similarity
        loss = -0.5 * (similarity(predictor(z1), z2.detach()) + similarity(predictor(z2), z1.detach())).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if recorder is not None:
            recorder.step()
    own = 0.0 if recorder is None else recorder.seconds / (time.perf_counter() - began)
    return time.process_time() - begin, own, recorder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    plain, recorded, own = [], [], []
    for _ in range(asked.rounds):
        plain.append(training(asked.steps, 0)[0])
        seconds, part, recorder = training(asked.steps, asked.samples)
        recorded.append(seconds)
        own.append(part)
    ratio = min(recorded) / min(plain)
    print(f"{asked.steps} steps, {len(recorder.recording)} records of {asked.samples} samples and positives")
    print(f"  training alone   {min(plain):7.2f} s")
    print(f"  with a recorder  {min(recorded):7.2f} s   {100 * (ratio - 1):+.2f} %")
    print(f"  counted by the recorder itself      {100 * min(own):.2f} %")
    print(f"  memory of all records               {recorder.recording.nbytes / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
