#!/usr/bin/env python3
"""How cost grows: slopes of time against n, d and cells in double logarithm, from what criterion has measured.

Run `cargo bench --bench engines --bench losses --bench sweep` first. Where two numbers vary, each slope is taken at the
most frequent value of the other. A slope is of the medians; the interval is of the steepest and the flattest slope
that the intervals of the medians allow, end to end. Needs Python's standard library."""

import collections
import json
import math
import os
import re

from table import ROOT, head, row

NUMBER = re.compile(r"(\w+) = (\d+)|(\d+) (cells)|(threads) (\d+)")


def measured():
    """For each benchmark with numbers in its name: its work, its numbers, and median and ends of its time."""
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "criterion"
    for path in sorted(target.glob("**/new/benchmark.json")):
        name = json.loads(path.read_text())["full_id"]
        work, _, settings = name.rpartition("/")
        numbers = {a or d or e: int(b or c or f) for a, b, c, d, e, f in NUMBER.findall(settings)}
        if work and numbers:
            median = json.loads((path.parent / "estimates.json").read_text())["median"]
            interval = median["confidence_interval"]
            yield work, numbers, (median["point_estimate"], interval["lower_bound"], interval["upper_bound"])


def slope(points):
    """Least squares through (log x, log t)."""
    xs, ts = zip(*((math.log(x), math.log(t)) for x, t in points))
    x, t = sum(xs) / len(xs), sum(ts) / len(ts)
    return sum((a - x) * (b - t) for a, b in zip(xs, ts)) / sum((a - x) ** 2 for a in xs)


def report(work, against, others, points):
    points = sorted(points)
    (first, (_, first_low, first_high)), (last, (_, last_low, last_high)) = points[0], points[-1]
    ends = [slope([(first, a), (last, b)]) for a, b in ((first_high, last_low), (first_low, last_high))]
    at = ", ".join(f"{name} = {value}" for name, value in others)
    found = slope([(x, times[0]) for x, times in points])
    row([work + (f", {at}" if at else ""), against, f"{first} to {last}", f"{found:.2f} [{ends[0]:.2f}, {ends[1]:.2f}]"])


def main():
    series = collections.defaultdict(list)
    for work, numbers, times in measured():
        for against in numbers.keys() - {"threads"}:
            others = tuple(sorted((name, value) for name, value in numbers.items() if name != against))
            series[work, against, others].append((numbers[against], times))
    longest = {}
    for (work, against, others), points in series.items():
        if len(points) > len(longest.get((work, against), ((), []))[1]):
            longest[work, against] = others, points
    head(["work", "against", "from, to", "slope"])
    for (work, against), (others, points) in sorted(longest.items()):
        if len(points) > 1:
            report(work, against, others, points)


if __name__ == "__main__":
    main()
