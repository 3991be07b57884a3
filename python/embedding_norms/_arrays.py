"""Arrays of any kind as matrices of double precision, without a copy where none is needed."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray


def plain(value: Any, name: str) -> NDArray[Any]:
    """An array of NumPy that shares its memory with the value, if it has any to share."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(f"{name}: some entries are masked; leave these rows out, or fill them")
    # A tensor of PyTorch that requires a gradient shares its memory once it is detached.
    value = value.detach() if callable(getattr(value, "detach", None)) else value
    try:
        if hasattr(value, "__array__") or not hasattr(value, "__dlpack__"):
            return np.asarray(value)
        return np.from_dlpack(value)
    except (TypeError, ValueError, BufferError, RuntimeError) as error:
        kind = getattr(value, "dtype", type(value).__name__)
        advice = "give float16, float32 or float64 in the memory of the CPU, as .float().cpu() of PyTorch does"
        raise ValueError(f"{name}: {kind} cannot be read ({error}); {advice}") from error


def numbers(value: Any, name: str) -> NDArray[np.float64]:
    """Numbers in double precision; what was so already is not copied."""
    array = plain(value, name)
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        raise ValueError(f"{name}: {array.dtype}; give float16, float32 or float64")
    return np.require(array, np.float64, ["ALIGNED"])


def matrix(value: Any, name: str) -> NDArray[np.float64]:
    """Embeddings, one a row."""
    array = numbers(value, name)
    if array.ndim != 2:
        raise ValueError(f"{name}: {array.ndim} dimensions; give a matrix with one embedding a row, (rows, columns)")
    return array


def optional_matrix(value: Any, name: str) -> Optional[NDArray[np.float64]]:
    """The same of what may be missing."""
    return None if value is None else matrix(value, name)


def classes(labels: Any) -> tuple[Optional[NDArray[np.uintp]], list[str]]:
    """A class per row, counted from 0, and the names of the classes."""
    if labels is None:
        return None, []
    array = plain(labels, "labels")
    if array.ndim != 1 or array.dtype.kind not in "iubUSO":
        raise ValueError(f"labels: {array.dtype} in {array.ndim} dimensions; give an integer or a text for each row")
    names, indices = np.unique(array.astype(str) if array.dtype.kind in "OS" else array, return_inverse=True)
    return indices.astype(np.uintp), [str(name) for name in names]


def indices(rows: Any) -> Optional[NDArray[np.uintp]]:
    """The index of another row for each row."""
    if rows is None:
        return None
    array = plain(rows, "positives")
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"positives: {array.dtype} in {array.ndim} dimensions; give the index of a row for each row")
    if array.size and int(array.min()) < 0:
        raise ValueError(f"positives: {array.min()}; rows are counted from 0")
    return np.ascontiguousarray(array, dtype=np.uintp)


def scalar(value: Any, name: str) -> Any:
    """A number or a text of Python, whatever library it comes from."""
    try:
        return value.item() if callable(getattr(value, "item", None)) else value
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name}: an array of shape {tuple(value.shape)}; give one value") from error


def number(value: Any, name: str) -> float:
    """One number in double precision."""
    single = scalar(value, name)
    try:
        return float(single)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {single!r}; give a number") from error
