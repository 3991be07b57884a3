"""Descent of a loss from embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._arguments import arguments
from ._arrays import classes, indices, matrix, optional_matrix


@dataclass(frozen=True)
class Trajectory:
    """What a descent recorded, a row for each record, and where it ended."""

    #: The step of each record.
    step: NDArray[np.uint64]
    #: The mean loss at each record.
    loss: NDArray[np.float64]
    #: The norms of the first view, (records, rows).
    first_norms: NDArray[np.float64]
    #: The norms of the second view; ``None`` without one.
    second_norms: Optional[NDArray[np.float64]]
    #: The angle of each pair in radians; ``None`` without a second view.
    angles: Optional[NDArray[np.float64]]
    #: The embeddings of each record, (records, rows, columns), where ``keep_positions`` asks for them.
    first_positions: Optional[NDArray[np.float64]]
    second_positions: Optional[NDArray[np.float64]]
    #: The embeddings at the end.
    first: NDArray[np.float64]
    second: Optional[NDArray[np.float64]]
    #: The rule that ended the run, and whether it was a goal.
    stop: str
    reached_goal: bool
    #: The number of steps.
    steps: int

    def __repr__(self) -> str:
        return f"<Trajectory: {self.stop} after {self.steps} steps, {len(self.step)} records>"


def simulate(
    loss: str,
    z: Any,
    w: Any = None,
    *,
    labels: Any = None,
    positives: Any = None,
    optimizer: Optional[str] = None,
    settings: Optional[Mapping[str, float]] = None,
    learning_rate: Optional[float] = None,
    grad_scale: Optional[float] = None,
    weight_decay: Optional[float] = None,
    coupled: bool = False,
    max_steps: Optional[int] = None,
    mean_cosine: Optional[float] = None,
    every_pair: Optional[float] = None,
    loss_level: Optional[float] = None,
    stationary: Optional[float] = None,
    never_stationary: bool = False,
    record_every: Optional[int] = None,
    records_per_decade: Optional[float] = None,
    keep_positions: bool = False,
    **parameters: float,
) -> Trajectory:
    """Descent of a loss where every embedding is a parameter of its own: the command ``simulate``.

    The loss's total over the rows is descended with the learning rate γ per embedding. What is ``None`` has the command's
    default (gradient descent, γ = 0.02, 10000 steps, records at the start and the end); ``embedding-norms simulate --help``
    tells of each. The other parameters are those of the loss, such as ``temperature``. A pressed Ctrl+C ends a run.

    >>> import embedding_norms as en
    >>> run = en.simulate("cosine", [[8.0, 0.0]], [[0.0, 8.0]], mean_cosine=1e-3)
    >>> run
    <Trajectory: mean-cosine after 6080 steps, 2 records>
    >>> float(run.angles[0, 0]), float(run.first_norms[-1, 0]) > 8
    (1.5707963267948966, True)
    """
    options = dict(
        loss=loss,
        optimizer=optimizer,
        settings=settings,
        learning_rate=learning_rate,
        grad_scale=grad_scale,
        weight_decay=weight_decay,
        coupled=coupled,
        max_steps=max_steps,
        mean_cosine=mean_cosine,
        every_pair=every_pair,
        loss_level=loss_level,
        stationary=stationary,
        never_stationary=never_stationary,
        record_every=record_every,
        records_per_decade=records_per_decade,
        **parameters,
    )
    views = ["z"] if w is None else ["z", "w"]
    rows, names = classes(labels)
    told = _core.simulate(
        matrix(z, "z"),
        optional_matrix(w, "w"),
        rows,
        indices(positives),
        names,
        [*arguments(options), *views],
        keep_positions,
    )
    return Trajectory(**told)
