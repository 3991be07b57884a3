"""Gradients of losses by raw embeddings."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._arrays import classes, indices, matrix, number, optional_matrix


def gradient(
    loss: str, z: Any, w: Any = None, labels: Any = None, *, positives: Any = None, **parameters: float
) -> tuple[float, NDArray[np.float64], Optional[NDArray[np.float64]]]:
    """The mean of a loss, with its gradients by the raw embeddings, through their normalization (statement G1).

    ``z`` is the first view, one embedding a row, before any normalization; ``w`` is the second, row i the positive of row i
    of ``z``. ``labels`` has a class for each row, integers or texts; ``positives`` the index of a drawn positive. The
    parameters are those of the loss, such as ``temperature``: :func:`losses` lists them. Everything is computed in double
    precision. Without ``w`` the gradient by it is ``None``.

    The value is the mean over the rows, as frameworks report it (over 2n terms where n pairs are stacked).

    >>> import embedding_norms as en
    >>> value, dz, dw = en.gradient("nt-xent", [[1.0, 0.0], [0.0, 2.0]], [[1.0, 0.0], [0.0, 1.0]], temperature=0.5)
    >>> round(value, 6), dz.shape, dw.shape
    (0.239545, (2, 2), (2, 2))

    Raises ``ValueError`` with the message of the library, for a loss that does not exist, a parameter outside its domain,
    rows without a direction, or what the loss needs and was not given:

    >>> en.gradient("nt-xent", [[1.0, 0.0]], [[0.0, 0.0]])
    Traceback (most recent call last):
        ...
    ValueError: row 0 is zero and has no direction; remove it or give it a length
    """
    rows, names = classes(labels)
    chosen = {name: number(value, name) for name, value in parameters.items()}
    return _core.gradient(
        loss, matrix(z, "z"), optional_matrix(w, "w"), rows, indices(positives), names, chosen
    )
