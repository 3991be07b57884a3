"""The closed forms over arrays: numbers and arrays broadcast against each other, as in NumPy.

Norms are ρ, angles φ in radians between 0 and π, learning rates γ per embedding: a framework's rate η on the mean over n
embeddings is γ = η/n. The statements (``D1``, ``L1``, …) are derived in ``docs/``, and ``embedding-norms explain L1`` says
where everything about one stands. Numbers in, a number out; a number outside its domain is a ``ValueError``.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Any, NamedTuple, Optional, Union

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._arrays import number, numbers

#: A number where all that is given are numbers, else an array.
Values = Union[float, NDArray[np.float64]]

#: A right angle.
_RIGHT = pi / 2


class Step(NamedTuple):
    """A pair after one step: its angle and both norms."""

    angle: Values
    norm: Values
    second_norm: Values


class FlowSteps(NamedTuple):
    """Steps of the gradient flow (L1): to leading order, with the next order, and with one more."""

    flow: Values
    next_order: Values
    second_order: Values


class Growth(NamedTuple):
    """By how much the squared norms of both members grow altogether (S1)."""

    first: Values
    second: Values


class Equilibrium(NamedTuple):
    """Where norms settle under weight decay (S3)."""

    #: The norm.
    norm: Values
    #: The root mean square of the angle turned per step, in radians.
    angle: Values
    #: The steps in which a small deviation falls to 1/e of itself.
    relaxation: Values
    #: The next order of the norm, as a part of it.
    next_order: Values


def _broadcast(**inputs: Any) -> tuple[tuple[int, ...], list[NDArray[np.float64]]]:
    """All inputs in one shape, each in one row."""
    arrays = [numbers(value, name) for name, value in inputs.items()]
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(inputs, arrays))
        raise ValueError(f"shapes that do not broadcast: {shapes}") from error
    return shape, [np.ascontiguousarray(np.broadcast_to(array, shape)).reshape(-1) for array in arrays]


def _shaped(shape: tuple[int, ...], columns: list[NDArray[np.float64]]) -> list[Values]:
    return [float(column[0]) if shape == () else column.reshape(shape) for column in columns]


def _second(norm: Any, second_norm: Any) -> Any:
    return norm if second_norm is None else second_norm


def steps(
    norm: Any,
    angle: Any = _RIGHT,
    learning_rate: Any = 0.02,
    *,
    second_norm: Any = None,
    tolerance: Any = 1e-3,
    stop_gradient: bool = False,
    budget: int = 100_000_000,
) -> Values:
    """The steps until a pair is aligned, 1 − cos φ ≤ ε, counted by the exact recursion D1 at any step size.

    ``inf`` for a pair that stands still, ``nan`` where the budget of steps was spent first.

    >>> from embedding_norms import steps
    >>> steps([1, 2, 4]).tolist()  # twice the norm: four times the steps (L2)
    [95.0, 380.0, 1520.0]
    """
    shape, columns = _broadcast(
        norm=norm,
        second_norm=_second(norm, second_norm),
        learning_rate=learning_rate,
        angle=angle,
        tolerance=tolerance,
    )
    return _shaped(shape, _core.steps(*columns, still=stop_gradient, budget=budget))[0]


def convergence_map(
    norms: Any, angles: Any, learning_rate: float = 0.02, *, tolerance: float = 1e-3, budget: int = 1_000_000
) -> NDArray[np.float64]:
    """The steps of pairs of equal norms: a row for each norm, a column for each angle; what :func:`steps` counts, in whole
    vectors and on all processors. ``nan`` where the budget was spent first, as it is by a pair that stands still.

    >>> from embedding_norms import convergence_map
    >>> convergence_map([0.1, 1.0], [0.5, 1.5, 3.0]).tolist()
    [[3.0, 4.0, 5.0], [60.0, 93.0, 163.0]]
    """
    norms, angles = np.ravel(numbers(norms, "norms")), np.ravel(numbers(angles, "angles"))
    return _core.convergence_map(norms, angles, number(learning_rate, "learning_rate"), number(tolerance, "tolerance"), budget)


def step(
    norm: Any, angle: Any = _RIGHT, learning_rate: Any = 0.02, *, second_norm: Any = None, stop_gradient: bool = False
) -> Step:
    """A pair after one step of gradient descent (D1).

    >>> from embedding_norms import theory
    >>> theory.step(1.0, angle=1.0).angle < 1.0
    True
    """
    shape, columns = _broadcast(
        norm=norm, second_norm=_second(norm, second_norm), learning_rate=learning_rate, angle=angle
    )
    return Step(*_shaped(shape, _core.step(*columns, still=stop_gradient)))


def flow_steps(
    norm: Any,
    angle: Any = _RIGHT,
    learning_rate: Any = 0.02,
    *,
    second_norm: Any = None,
    tolerance: Any = 1e-3,
    stop_gradient: bool = False,
) -> FlowSteps:
    """Steps of the gradient flow until a pair is aligned (L1), right for small γ/ρ².

    >>> from embedding_norms import theory
    >>> round(theory.flow_steps(8.0).second_order, 2), theory.steps(8.0)
    (6079.54, 6080.0)
    """
    shape, columns = _broadcast(
        norm=norm,
        second_norm=_second(norm, second_norm),
        learning_rate=learning_rate,
        angle=angle,
        tolerance=tolerance,
    )
    return FlowSteps(*_shaped(shape, _core.flow_steps(*columns, still=stop_gradient)))


def flow_angle(
    norm: Any,
    steps: Any,
    angle: Any = _RIGHT,
    learning_rate: Any = 0.02,
    *,
    second_norm: Any = None,
    stop_gradient: bool = False,
) -> Values:
    """The angle of a pair after a time of so many steps of gradient flow (L1).

    >>> from embedding_norms import theory
    >>> theory.flow_angle(1.0, [0, 50, 100]).round(3).tolist()
    [1.571, 0.269, 0.037]
    """
    shape, columns = _broadcast(
        norm=norm,
        second_norm=_second(norm, second_norm),
        learning_rate=learning_rate,
        angle=angle,
        steps=steps,
    )
    return _shaped(shape, _core.flow_angle(*columns, still=stop_gradient))[0]


def population_steps(
    norm: float,
    angles: Any,
    learning_rate: float = 0.02,
    *,
    second_norm: Optional[float] = None,
    tolerance: float = 1e-3,
    stop_gradient: bool = False,
) -> float:
    """Steps of gradient flow until the *mean* of 1 − cos φ over pairs with these angles is ε (L4).

    ``inf`` where it never gets there.

    >>> from embedding_norms import theory
    >>> round(theory.population_steps(1.0, [0.5, 1.5, 3.0]), 1)
    147.5
    """
    both = [number(norm, "norm"), number(_second(norm, second_norm), "second_norm")]
    angles = np.ravel(numbers(angles, "angles"))
    rate, until = number(learning_rate, "learning_rate"), number(tolerance, "tolerance")
    return _core.population_steps(angles, both, rate, until, stop_gradient)


def turned_ratio(
    norm: Any, second_norm: Any, angle: Any = _RIGHT, learning_rate: Any = 0.02, *, tolerance: Any = 1e-3
) -> Values:
    """The ratio of the angles that both members of a pair turn altogether, first over second (L5).

    >>> from embedding_norms import theory
    >>> theory.turned_ratio(1.0, 2.0) > 3.5  # the short one travels
    True
    """
    shape, columns = _broadcast(
        norm=norm, second_norm=second_norm, learning_rate=learning_rate, angle=angle, tolerance=tolerance
    )
    return _shaped(shape, _core.turned_ratio(*columns))[0]


def best_norm(learning_rate: Any = 0.02, angle: Any = _RIGHT) -> Values:
    """The norm at which one step aligns a pair: √(γ(1 + cos φ)) (L8).

    >>> from embedding_norms import theory
    >>> round(theory.best_norm(0.02), 6)
    0.141421
    """
    shape, columns = _broadcast(learning_rate=learning_rate, angle=angle)
    return _shaped(shape, _core.best_norm(*columns))[0]


def pair_growth(
    norm: Any, angle: Any = _RIGHT, learning_rate: Any = 0.02, *, second_norm: Any = None
) -> Growth:
    """By how much the squared norms of a pair grow until it is aligned (S1).

    >>> from embedding_norms import theory
    >>> round(theory.pair_growth(8.0).first, 4)
    0.01
    """
    shape, columns = _broadcast(
        norm=norm, second_norm=_second(norm, second_norm), learning_rate=learning_rate, angle=angle
    )
    return Growth(*_shaped(shape, _core.pair_growth(*columns)))


def persistent_norm(norm: Any, updates: Any, dim: int, learning_rate: Any = 0.02) -> Values:
    """The norm after so many updates under fresh random targets in ``dim`` dimensions (S2): the fourth root of the mean
    of ρ⁴.

    >>> from embedding_norms import theory
    >>> theory.persistent_norm(1.0, [0, 10_000], dim=64).round(3).tolist()
    [1.0, 1.726]
    """
    shape, columns = _broadcast(norm=norm, learning_rate=learning_rate, updates=updates)
    return _shaped(shape, _core.persistent_norm(*columns, dimension=dim))[0]


def equilibrium(
    learning_rate: Any,
    weight_decay: Any,
    dim: Any = 128,
    *,
    optimizer: str = "gradient-descent",
    settings: Optional[Mapping[str, float]] = None,
    coupled: bool = False,
    frequency: Any = 1.0,
) -> Equilibrium:
    """Where norms settle under weight decay if every step has a fresh random target (S3).

    >>> from embedding_norms import theory
    >>> round(theory.equilibrium(0.1, 0.01, 32, optimizer="adamw").norm ** 2, 9)
    160.0
    """
    shape, columns = _broadcast(
        learning_rate=learning_rate, weight_decay=weight_decay, dim=dim, frequency=frequency
    )
    given = [(name, number(value, name)) for name, value in (settings or {}).items()]
    return Equilibrium(*_shaped(shape, _core.equilibrium(*columns, optimizer=optimizer, settings=given, coupled=coupled)))
