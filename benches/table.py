"""What the scripts of this folder share: the facts of the machine, and rows of Markdown."""

import datetime
import os
import pathlib
import platform
import subprocess

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


def row(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def head(cells):
    row(cells)
    print("|---" * len(cells) + "|", flush=True)
