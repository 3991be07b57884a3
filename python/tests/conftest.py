"""What the tests share."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

#: Embeddings of handwritten digits, before, during and after a training.
EXAMPLE = Path(__file__).parents[2] / "docs" / "example"


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def command():
    """Runs the command of this package, and returns what it prints."""

    def run(*arguments, folder=None, status=0):
        line = [sys.executable, "-m", "embedding_norms", *map(str, arguments)]
        ended = subprocess.run(line, cwd=folder or EXAMPLE, capture_output=True, text=True, encoding="utf-8", check=False)
        assert ended.returncode == status, ended.stderr
        return ended.stdout if status == 0 else ended.stderr

    return run


@pytest.fixture
def model():
    torch = pytest.importorskip("torch")
    from models import SimSiam

    torch.manual_seed(1)
    return SimSiam()


@pytest.fixture
def views():
    """Samples and their positives."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(2)
    samples = torch.randn(64, 20)
    return samples, samples + 0.1 * torch.randn_like(samples)
