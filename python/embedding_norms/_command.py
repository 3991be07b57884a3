"""The command ``embedding-norms``: the same program that Cargo builds, in this wheel."""

import sys

from ._core import command


def main() -> int:
    """Runs the command with the arguments of this process; the exit status."""
    return command(["embedding-norms", *sys.argv[1:]])
