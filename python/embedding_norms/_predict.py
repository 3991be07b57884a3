"""What the closed forms say of one pair and of an optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from . import _core
from ._arguments import arguments


class Prediction(dict[str, Any]):
    """A record of predictions, as ``embedding-norms predict --json`` prints it; printed, it is the command's page."""

    def __init__(self, record: Mapping[str, Any], text: str) -> None:
        super().__init__(record)
        self._text = text

    def __str__(self) -> str:
        return self._text


def predict(
    norm: Optional[float] = None,
    *,
    second_norm: Optional[float] = None,
    learning_rate: Optional[float] = None,
    angle: Optional[float] = None,
    tolerance: Optional[float] = None,
    stop_gradient: bool = False,
    optimizer: Optional[str] = None,
    settings: Optional[Mapping[str, float]] = None,
    temperature: Optional[float] = None,
    grad_scale: Optional[float] = None,
    weight_decay: Optional[float] = None,
    coupled: bool = False,
    dim: Optional[int] = None,
    frequency: Optional[float] = None,
    cut: Optional[float] = None,
    network: Optional[str] = None,
) -> Prediction:
    """What the closed forms say of a pair of embeddings and of an optimizer: the command ``predict``.

    What is ``None`` has the command's default (γ = 0.02, a right angle, ε = 0.001, gradient descent);
    ``embedding-norms predict --help`` tells of each. The learning rate is γ per embedding: a framework's rate η on the mean
    over n embeddings is γ = η/n.

    >>> import embedding_norms as en
    >>> pair = en.predict(8, learning_rate=0.02)
    >>> print(pair["verdict"])
    A pair of norm 8 is aligned after 6080 steps at γ = 0.02 (D1; aligned: 1 − cos φ ≤ 0.001). The best norm at this angle is 0.1414, and this one is 56.57 times it (L8).
    >>> {each["key"]: each["value"] for each in pair["predictions"]}["steps"]
    6080.0
    """
    return Prediction(*_core.predict(arguments(locals())))
