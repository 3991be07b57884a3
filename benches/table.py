"""What the scripts of this folder share: the facts of the machine, and rows of Markdown."""

import datetime
import functools
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]


def machine():
    facts = pathlib.Path("/proc/cpuinfo").read_text() if pathlib.Path("/proc/cpuinfo").exists() else ""
    names = [line.split(":", 1)[1].strip() for line in facts.splitlines() if line.startswith("model name")]
    sets = [name for name in ("avx512f", "avx2") if name in facts.split()]
    return f"{names[0] if names else platform.processor()}, {', '.join(sets[:1]) or 'no wide vectors'}, " \
           f"{os.cpu_count()} processors, {platform.system()}"


def when():
    """The day, and how many processes ran or waited to: above the number of processors others were in the way."""
    return f"{datetime.date.today().isoformat()}, load {os.getloadavg()[0]:.1f}"


def compiler():
    return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def shown(seconds):
    if seconds is None:
        return "-"
    for unit, name in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= unit:
            return f"{seconds / unit:.2f} {name}"
    return f"{seconds * 1e6:.2f} µs"


def pinned(threads):
    """What holds a process that is about to start, and all that it starts, to so many processors; `None` where it cannot be."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))[:threads]
    return lambda: os.sched_setaffinity(0, allowed)


class NoBenchmark(SystemExit):
    """Ends the program with this message where nobody knows how to go on."""


@functools.cache
def executable(bench, root):
    """The program that `cargo bench` builds of a benchmark and starts."""
    command = ["cargo", "bench", "--quiet", "--bench", bench, "--no-run", "--message-format", "json"]
    messages = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    artifacts = (message for message in map(json.loads, messages) if message.get("executable"))
    return next(artifact["executable"] for artifact in artifacts if artifact["target"]["name"] == bench)


def benchmark(bench, name, threads=1, root=ROOT, single_calls=False):
    """A benchmark of the crate in `root`, held to as many processors as threads: the least seconds of one iteration, how many
    elements that is said to be, and the processor time over the wall time of its process. Times are means over what fits into
    a sample, or of single calls, as another program is timed that it is compared with."""
    command = [executable(bench, root), "--bench", "--exact", name, "--noplot", "--warm-up-time", "0.5"]
    command += ["--measurement-time", "0.001" if single_calls else "2"]
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    before, begin = processor_time(), time.perf_counter()
    subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, preexec_fn=pinned(threads))
    busy = (processor_time() - before) / (time.perf_counter() - begin)
    target = root / os.environ.get("CARGO_TARGET_DIR", "target") / "criterion"
    for path in target.glob("**/new/benchmark.json"):
        facts = json.loads(path.read_text())
        if facts["full_id"] == name:
            sample = json.loads((path.parent / "sample.json").read_text())
            least = min(time / count for time, count in zip(sample["times"], sample["iters"])) * 1e-9
            return least, (facts["throughput"] or {}).get("Elements"), busy
    raise NoBenchmark(f"no benchmark of this crate is called {name!r}; see cargo bench --bench {bench} -- --list")


def processor_time():
    """Seconds that children which have ended spent on processors."""
    spent = os.times()
    return spent.children_user + spent.children_system


def row(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def head(cells):
    row(cells)
    print("|---" * len(cells) + "|", flush=True)
