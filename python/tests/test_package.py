"""What the package promises beside its numbers: types, documentation that runs, and nothing imported too early."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import EXAMPLE

import embedding_norms as en
from embedding_norms import _core

PACKAGE = Path(en.__file__).parent
MODULES = sorted(module.name for module in pkgutil.iter_modules([str(PACKAGE)]) if module.name not in ("__main__", "_core"))
CLONE = Path(__file__).parents[2]
PAGES = [CLONE / "README.md", CLONE / "python" / "README.md", CLONE / "docs" / "python.md"]


@pytest.mark.parametrize("name", ["", *(f".{module}" for module in MODULES)])
def test_examples_of_the_documentation_run(name):
    module = importlib.import_module(f"embedding_norms{name}")
    found = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert found.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_blocks_of_the_pages_run(page, tmp_path, monkeypatch):
    blocks = page.read_text(encoding="utf-8").split("```pycon\n")[1:]
    text = "\n".join(block.split("```")[0] for block in blocks)
    if "import torch" in text:
        pytest.importorskip("torch")
    # As in a clone.
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "example").symlink_to(EXAMPLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    example = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert example.examples and runner.run(example).failed == 0


def test_everything_public_is_documented():
    for name in en.__all__:
        if name != "__version__":
            assert inspect.getdoc(getattr(en, name)), name
    own = {name: each for name, each in inspect.getmembers(en.theory, inspect.isfunction) if each.__module__ == en.theory.__name__}
    assert len(own) > 8
    for name, function in own.items():
        assert name.startswith("_") or ">>>" in inspect.getdoc(function), name


def test_the_stubs_name_what_is_compiled():
    stub = ast.parse((PACKAGE / "_core.pyi").read_text(encoding="utf-8"))
    stubs = [each for each in stub.body if isinstance(each, ast.FunctionDef)]
    functions = {each.name: [argument.arg for argument in each.args.args + each.args.kwonlyargs] for each in stubs}
    compiled = {name: value for name, value in vars(_core).items() if inspect.isbuiltin(value)}
    assert set(functions) == set(compiled)
    for name, value in compiled.items():
        assert list(inspect.signature(value).parameters) == functions[name], name
    [diagnosis] = [each for each in stub.body if isinstance(each, ast.ClassDef)]
    members = {each.name for each in diagnosis.body if isinstance(each, ast.FunctionDef)} - {"__init__"}
    assert members == {name for name in vars(_core.Diagnosis) if not name.startswith("__")}
    assert (PACKAGE / "py.typed").exists()


def test_the_types_hold(tmp_path):
    pytest.importorskip("mypy")
    settings = Path(__file__).parents[1] / "pyproject.toml"
    # Beside the packages of an environment mypy would take them for what it is to check.
    shutil.copytree(PACKAGE, tmp_path / "embedding_norms")
    line = [sys.executable, "-m", "mypy", "--config-file", settings, "--cache-dir", tmp_path / "cache", "-p", "embedding_norms"]
    ended = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_no_framework_is_imported_before_it_is_used():
    code = "import sys, embedding_norms; print({'torch', 'jax', 'lightning', 'transformers', 'safetensors'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], cwd=EXAMPLE, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
