"""What a recorder leaves: embeddings or measures of fixed samples, by step, in one file."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._diagnose import diagnose

#: The layout of the file.
_LAYOUT = "1"

#: What is known of a training by the keywords of ``diagnose``.
_KNOWN = ("parameters", "network", "learning_rate", "optimizer", "settings", "weight_decay", "coupled", "under_way")


@dataclass
class Record:
    """What was recorded at a step: arrays by what they are (``z``, ``positives``, ``norms``, …) and mode."""

    step: int
    arrays: dict[tuple[str, str], NDArray[Any]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return sum(array.nbytes for array in self.arrays.values())


class Recording:
    """Records in the order of their steps. ``Recording.load(path)`` reads what a recorder has written."""

    def __init__(
        self,
        *,
        settings: Optional[Mapping[str, Any]] = None,
        labels: tuple[Optional[NDArray[np.uintp]], list[str]] = (None, []),
        versions: Optional[Mapping[str, str]] = None,
    ) -> None:
        self.settings = dict(settings or {})
        self.versions = dict(versions or _versions())
        self._labels = labels
        self._records: list[Record] = []

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        steps = f", steps {self.steps[0]} to {self.steps[-1]}" if self._records else ""
        return f"<Recording: {len(self)} records{steps}>"

    @property
    def steps(self) -> list[int]:
        """The steps that were recorded."""
        return [record.step for record in self._records]

    @property
    def nbytes(self) -> int:
        """The memory that all arrays take."""
        return sum(record.nbytes for record in self._records)

    @property
    def modes(self) -> list[str]:
        """The modes that were recorded: ``eval``, ``train``."""
        return list(dict.fromkeys(mode for record in self._records for _, mode in record.arrays))

    @property
    def labels(self) -> Optional[list[str]]:
        """The class of each sample, if it was given."""
        rows, names = self._labels
        return None if rows is None else [names[row] for row in rows]

    def get(self, what: str, mode: Optional[str] = None) -> list[NDArray[Any]]:
        """The arrays of a kind, one for each step that has it: ``z`` and ``positives``, or ``norms``, ``positive_angles``
        and ``turned`` where measures are stored. The mode is the only one, unless both were recorded."""
        mode = self._mode(mode)
        return [record.arrays[what, mode] for record in self._records if (what, mode) in record.arrays]

    def add(self, record: Record) -> None:
        """Adds a record of a later step."""
        self._records.append(record)

    def thin(self) -> None:
        """Drops every second record, and never the first."""
        self._records = self._records[::2]

    def diagnose(self, mode: Optional[str] = None, **known: Any) -> _core.Diagnosis:
        """What the embeddings say: :func:`diagnose` of every step, with positives, labels and what the settings tell of the
        training; ``known`` tells more, or otherwise."""
        embeddings = self.get("z", mode)
        if not embeddings:
            raise ValueError("store: measures alone were recorded, which are not diagnosed; record the embeddings")
        told = {name: self.settings[name] for name in _KNOWN if name in self.settings}
        beside = {"steps": self.steps, "positives": self.get("positives", mode) or None, "labels": self.labels}
        return diagnose(embeddings, **{**beside, **told, **known})

    def save(self, path: Union[str, PathLike[str]]) -> None:
        """Writes everything as one file: whole or not at all."""
        from safetensors.numpy import save_file

        arrays = {
            f"{what}.{mode}.{record.step}": np.ascontiguousarray(array)
            for record in self._records
            for (what, mode), array in record.arrays.items()
        }
        rows, names = self._labels
        if rows is not None:
            arrays["labels"] = rows.astype(np.int64)
        told = {"steps": self.steps, "settings": self.settings, "versions": self.versions, "classes": names}
        metadata = {"embedding-norms-recording": _LAYOUT, **{name: _text(value) for name, value in told.items()}}
        target = os.fspath(path)
        partial = f"{target}.{os.getpid()}.partial"
        try:
            save_file(arrays, partial, metadata)
            os.replace(partial, target)
        finally:
            if os.path.exists(partial):
                os.remove(partial)

    @classmethod
    def load(cls, path: Union[str, PathLike[str]]) -> Recording:
        """Reads what a recorder has written."""
        from safetensors import safe_open

        with safe_open(os.fspath(path), "numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("embedding-norms-recording") != _LAYOUT:
                raise ValueError(f"{os.fspath(path)}: no recording of layout {_LAYOUT}; a Recorder writes one")
            arrays = {name: file.get_tensor(name) for name in file.keys()}
        told = {name: json.loads(metadata[name]) for name in ("steps", "settings", "versions", "classes")}
        labels = arrays.pop("labels", None)
        rows = None if labels is None else labels.astype(np.uintp)
        recording = cls(settings=told["settings"], versions=told["versions"], labels=(rows, told["classes"]))
        records = {step: Record(step) for step in told["steps"]}
        for name, array in arrays.items():
            what, mode, step = name.rsplit(".", 2)
            records[int(step)].arrays[what, mode] = array
        recording._records = list(records.values())
        return recording

    def _mode(self, mode: Optional[str]) -> str:
        modes = self.modes
        if mode is None and len(modes) > 1:
            raise ValueError(f"mode: {' and '.join(modes)} were recorded; say which")
        if mode is not None and mode not in modes:
            raise ValueError(f"mode: {mode!r} was not recorded; there is {' and '.join(modes) or 'no record'}")
        return modes[0] if mode is None and modes else str(mode)


def _text(value: Any) -> str:
    """As JSON; of what JSON does not know, such as a path, its text."""
    return json.dumps(value, default=str)


def _versions() -> dict[str, str]:
    """What wrote a recording."""
    modules: Sequence[str] = ("numpy", "torch", "lightning", "pytorch_lightning", "transformers")
    found = {name: str(getattr(sys.modules[name], "__version__", "")) for name in modules if name in sys.modules}
    return {"embedding-norms": _core.__version__, "python": platform.python_version(), **found}
