"""The compiled part; what is public of it is exported by the package."""

from os import PathLike
from pathlib import Path
from typing import Any, Optional, Union, final

import numpy as np
from numpy.typing import NDArray

_Column = NDArray[np.float64]

__version__: str

def command(arguments: list[str]) -> int: ...
def losses() -> list[dict[str, Any]]:
    """Every loss: formula, parameters, what it needs, source, and how well-known implementations differ."""

def optimizers() -> list[dict[str, Any]]:
    """Every optimizer: formula, degrees, settings, source, and how well-known implementations differ."""

def gradient(
    loss: str,
    z: NDArray[np.float64],
    w: Optional[NDArray[np.float64]],
    labels: Optional[NDArray[np.uintp]],
    positives: Optional[NDArray[np.uintp]],
    names: list[str],
    parameters: dict[str, float],
) -> tuple[float, NDArray[np.float64], Optional[NDArray[np.float64]]]: ...
def simulate(
    z: NDArray[np.float64],
    w: Optional[NDArray[np.float64]],
    labels: Optional[NDArray[np.uintp]],
    positives: Optional[NDArray[np.uintp]],
    names: list[str],
    arguments: list[str],
    keep_positions: bool,
) -> dict[str, Any]: ...
def predict(arguments: list[str]) -> tuple[dict[str, Any], str]: ...
def steps(
    norm: _Column,
    second: _Column,
    gamma: _Column,
    angle: _Column,
    tolerance: _Column,
    *,
    still: bool,
    budget: int,
) -> list[_Column]: ...
def convergence_map(
    norms: _Column, angles: _Column, gamma: float, tolerance: float, budget: int
) -> NDArray[np.float64]: ...
def step(norm: _Column, second: _Column, gamma: _Column, angle: _Column, *, still: bool) -> list[_Column]: ...
def flow_steps(
    norm: _Column, second: _Column, gamma: _Column, angle: _Column, tolerance: _Column, *, still: bool
) -> list[_Column]: ...
def flow_angle(
    norm: _Column, second: _Column, gamma: _Column, angle: _Column, steps: _Column, *, still: bool
) -> list[_Column]: ...
def population_steps(angles: _Column, norms: list[float], gamma: float, tolerance: float, still: bool) -> float: ...
def turned_ratio(
    norm: _Column, second: _Column, gamma: _Column, angle: _Column, tolerance: _Column
) -> list[_Column]: ...
def best_norm(gamma: _Column, angle: _Column) -> list[_Column]: ...
def pair_growth(norm: _Column, second: _Column, gamma: _Column, angle: _Column) -> list[_Column]: ...
def persistent_norm(norm: _Column, gamma: _Column, updates: _Column, *, dimension: int) -> list[_Column]: ...
def equilibrium(
    gamma: _Column,
    decay: _Column,
    dimension: _Column,
    frequency: _Column,
    *,
    optimizer: str,
    settings: list[tuple[str, float]],
    coupled: bool,
) -> list[_Column]: ...

def angles(x: NDArray[np.float64], y: NDArray[np.float64]) -> _Column: ...
def next_record(step: int, every: int, per_decade: float) -> int: ...
@final
class Diagnosis:
    """All that was found about embeddings: printed, the page of the terminal; in a notebook, that of a browser."""

    def __init__(
        self,
        arguments: list[str],
        checkpoints: list[tuple[str, NDArray[np.float64]]],
        positives: list[tuple[str, NDArray[np.float64]]],
        reference: Optional[tuple[str, NDArray[np.float64]]],
        labels: Optional[NDArray[np.uintp]],
        names: list[str],
        covariates: Optional[NDArray[np.float64]],
    ) -> None: ...
    @property
    def answers(self) -> list[dict[str, Any]]:
        """The answers, each with its finding, its numbers, the statement it rests on, conditions and worth."""

    @property
    def verdict(self) -> dict[str, str]:
        """What matters, in three sentences: ``norms``, ``steps``, ``next``."""

    @property
    def figures(self) -> dict[str, str]:
        """The figures that the data allow, as SVG by name."""

    def html(self) -> str:
        """The page of a browser, whole: one file without scripts."""

    def to_dict(self) -> dict[str, Any]:
        """The record of ``embedding-norms diagnose --json``."""

    def save(self, folder: Union[str, "PathLike[str]"]) -> list[Path]:
        """Fills a folder with record, tables, figures and a page; the files."""

    def _repr_html_(self) -> str: ...
