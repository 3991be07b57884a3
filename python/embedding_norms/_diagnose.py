"""Answers about embeddings and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ._arguments import arguments
from ._arrays import classes, matrix, numbers
from ._core import Diagnosis


def diagnose(
    z: Any,
    *,
    steps: Optional[Sequence[int]] = None,
    positives: Any = None,
    labels: Any = None,
    reference: Any = None,
    covariate: Any = None,
    parameters: Optional[str] = None,
    network: Optional[str] = None,
    learning_rate: Optional[float] = None,
    optimizer: Optional[str] = None,
    settings: Optional[Mapping[str, float]] = None,
    weight_decay: Optional[float] = None,
    coupled: bool = False,
    under_way: bool = False,
    sample: Optional[int] = None,
    seed: Optional[int] = None,
    names: Optional[Sequence[str]] = None,
) -> Diagnosis:
    """What the norms of embeddings say, and what they do to training: the command ``diagnose``.

    ``z`` are raw embeddings before any normalization, one a row; or a list of them, checkpoints of one model in their order,
    row i the same sample in each. ``steps`` says at which optimizer steps they were taken. ``positives`` are those of the
    first checkpoint, or a list with those of each. ``names`` are what answers call the checkpoints.
    ``embedding-norms diagnose --help`` tells of the other keywords.

    >>> import numpy as np
    >>> import embedding_norms as en
    >>> z = np.random.default_rng(0).normal(size=(200, 8))
    >>> diagnosis = en.diagnose(z / np.linalg.norm(z, axis=1, keepdims=True))
    >>> print(diagnosis.verdict["next"])
    Save what goes into the normalization, and diagnose that.

    Printed, it is the page of the terminal; in a notebook that of a browser, with figures. ``answers`` and ``to_dict()``
    have everything, ``figures`` are SVG by name, and ``save(folder)`` writes what the command writes.
    """
    checkpoints = _all(z, "z")
    pairs = [] if positives is None else _all(positives, "positives")
    called = _names(len(checkpoints), steps, names)
    options = dict(
        parameters=parameters,
        network=network,
        learning_rate=learning_rate,
        optimizer=optimizer,
        settings=settings,
        weight_decay=weight_decay,
        coupled=coupled,
        under_way=under_way,
        sample=sample,
        seed=seed,
        steps=None if steps is None else ",".join(str(int(step)) for step in steps),
        keep_order=True,
        labels=None if labels is None else "labels",
        reference=None if reference is None else "reference",
        covariate=None if covariate is None else "covariate",
    )
    beside = [f"--positives=positives of {name}" for name, _ in zip(called, pairs)]
    beside += ["--positives=positives"] * (len(pairs) - len(beside))
    rows, classes_of = classes(labels)
    values = None if covariate is None else numbers(covariate, "covariate")
    return Diagnosis(
        [*arguments(options), *beside, "--", *called],
        list(zip(called, checkpoints)),
        [(f"positives of {called[min(place, len(called) - 1)]}", pair) for place, pair in enumerate(pairs)],
        None if reference is None else ("reference", matrix(reference, "reference")),
        rows,
        classes_of,
        values if values is None or values.ndim == 2 else values.reshape(len(values), -1),
    )


def _all(value: Any, name: str) -> list[Any]:
    """One matrix, or a list of several."""
    if isinstance(value, (list, tuple)) and not value:
        raise ValueError(f"{name}: an empty list; give the embeddings of one checkpoint, or of several")
    several = isinstance(value, (list, tuple)) and _dimensions(value[0]) == 2
    sets = list(value) if several else [value]
    return [matrix(each, name if len(sets) == 1 else f"{name}[{place}]") for place, each in enumerate(sets)]


def _dimensions(value: Any) -> int:
    """The number of dimensions of an array, or of lists of numbers in lists."""
    if isinstance(value, (list, tuple)):
        return 1 + (_dimensions(value[0]) if value else 0)
    return int(getattr(value, "ndim", 0))


def _names(count: int, steps: Optional[Sequence[int]], names: Optional[Sequence[str]]) -> list[str]:
    if steps is not None:
        if len(steps) != count:
            raise ValueError(f"steps: {len(steps)} for {count} checkpoints; give one for each")
    if names is not None:
        if len(names) != count:
            raise ValueError(f"names: {len(names)} for {count} checkpoints; give one for each")
        return [str(name) for name in names]
    if steps is not None:
        return [f"step {int(step)}" for step in steps]
    return ["z"] if count == 1 else [f"z[{place}]" for place in range(count)]
