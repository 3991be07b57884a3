"""The command that the wheel carries."""

import importlib.metadata
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from conftest import EXAMPLE

import embedding_norms as en


def test_the_command_is_the_package(command):
    assert command("--version").strip() == f"embedding-norms {en.__version__}"
    assert en.__version__ == importlib.metadata.version("embedding-norms")
    manifest = (Path(__file__).parents[2] / "Cargo.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{en.__version__}"\n' in manifest


def test_what_is_installed_is_the_command():
    program = shutil.which("embedding-norms", path=sysconfig.get_path("scripts"))
    assert program is not None
    ended = subprocess.run([program, "explain", "L8"], capture_output=True, text=True, encoding="utf-8", check=True)
    assert ended.stdout.startswith("L8")


def test_exit_statuses_are_the_commands(command, tmp_path):
    assert command("no-such-thing", status=2).startswith("error: there is no command 'no-such-thing'")
    assert "missing.npy" in command("diagnose", "missing.npy", folder=tmp_path, status=2)


def test_a_closed_pipe_is_no_failure():
    line = [sys.executable, "-m", "embedding_norms", "losses"]
    with subprocess.Popen(line, cwd=EXAMPLE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.read(10)
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 0


def test_a_simulation_runs(command, tmp_path):
    command("norm-effect", "--quick", "--quiet", "--out", "run", folder=tmp_path)
    assert (tmp_path / "run" / "norm-effect.csv").exists()
