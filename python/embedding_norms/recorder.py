"""Embeddings of fixed samples during a training, for a diagnosis of its course.

PyTorch is not imported before a recorder is made. The overhead is measured in ``docs/python.md``.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._arrays import classes, numbers
from ._evaluation import Evaluation
from .recording import Record, Recording

if TYPE_CHECKING:
    import torch

#: The least time between two files that are written during a training, in seconds.
_SAVE_EVERY = 60.0

#: The part of a row's norm that float16 may take from it before a record is kept in float32.
_LOST = 1e-3


class Recorder:
    """Records the raw embeddings of fixed samples at chosen steps of a training.

    ``module`` is what gives the embeddings that go *into* the normalization; ``samples`` (a tensor, a tuple of arguments or
    a dictionary of keywords) is what ``model`` takes, which is the module itself unless another is given. Row i of
    ``positives`` is the positive of row i of the samples. ::

        recorder = Recorder(model.projector, views, positives, model=model, path="run.safetensors",
                            settings={"optimizer": "adam", "learning_rate": 1e-3})
        with recorder:
            for batch in loader:
                ...
                optimizer.step()
                recorder.step()
        print(recorder.diagnose())

    Under ``with`` the start and the end are recorded too, also where an exception ends the training, and the file is
    written. While it trains, the file is written at most once a minute, under a temporary name first.

    * ``every``: ``"log"`` records steps evenly in the logarithm, ``per_decade`` per factor of ten; a number records every so
      many steps.
    * ``mode``: ``"eval"``, ``"train"`` or ``"both"``. Modes, buffers (the statistics of batch normalization) and random
      numbers are afterwards what they were.
    * ``store``: ``"embeddings"`` in float16 (float32 where float16 would change a norm by more than a thousandth, or with
      ``dtype="float32"``), or ``"measures"`` alone: norms, angles of positives, angles turned since the last record.
    * ``max_bytes``: where more would be kept, every second record is dropped, and from then on half as many are taken.
    * ``labels``: a class for each sample, for the diagnosis. ``settings``: what is known of the training, by the keywords
      of :func:`diagnose`; other entries are kept in the file.

    A mistake in the first record is an exception. One that comes later is a warning: recording ends, training goes on.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        samples: Any,
        positives: Any = None,
        *,
        model: Optional[torch.nn.Module] = None,
        labels: Any = None,
        every: Union[str, int] = "log",
        per_decade: float = 8,
        mode: str = "eval",
        store: str = "embeddings",
        dtype: str = "float16",
        max_bytes: int = 1 << 28,
        path: Union[str, PathLike[str], None] = None,
        settings: Optional[Mapping[str, Any]] = None,
    ) -> None:
        _one_of("mode", mode, ("eval", "train", "both"))
        _one_of("store", store, ("embeddings", "measures"))
        _one_of("dtype", dtype, ("float16", "float32"))
        inputs = {"z": samples, **({} if positives is None else {"positives": positives})}
        self._evaluation = Evaluation(module, model, inputs)
        self.recording = Recording(settings=settings, labels=classes(labels))
        self.path = path
        #: Seconds that recording took, files included.
        self.seconds = 0.0
        #: Why recording ended early, if it did.
        self.failure: Optional[Exception] = None
        self._modes = ("eval", "train") if mode == "both" else (mode,)
        self._store, self._dtype, self._max_bytes = store, np.dtype(dtype), max_bytes
        self._cadence = (0, float(per_decade)) if every == "log" else (_steps_of(every), 0.0)
        self._step, self._due = 0, 0
        # Refuses a cadence outside its domain now and not in the middle of a training.
        _core.next_record(0, *self._cadence)
        self._last: dict[str, NDArray[np.float64]] = {}
        self._saved = time.monotonic()

    def step(self, step: Optional[int] = None) -> None:
        """Is told after each optimizer step; ``step`` is its number, counted from 1, where the trainer has one."""
        self._step = self._step + 1 if step is None else int(step)
        if self._step >= self._due:
            self.record()

    def record(self) -> None:
        """Records now."""
        if self.failure is not None or (len(self.recording) and self.recording.steps[-1] >= self._step):
            return
        began = time.perf_counter()
        try:
            self._take()
        except Exception as error:
            if not len(self.recording):
                raise
            self.failure = error
            warnings.warn(f"recording ended at step {self._step}: {error}", RuntimeWarning, stacklevel=3)
        finally:
            self.seconds += time.perf_counter() - began

    def save(self, path: Union[str, PathLike[str], None] = None) -> None:
        """Writes what is recorded as one ``.safetensors`` file: whole or not at all."""
        began = time.perf_counter()
        target = self.path if path is None else path
        if target is None:
            raise ValueError("path: where is the recording to be written? Give it here or to the recorder")
        self.recording.save(target)
        self._saved = time.monotonic()
        self.seconds += time.perf_counter() - began

    def diagnose(self, mode: Optional[str] = None, **known: Any) -> _core.Diagnosis:
        """What the recorded embeddings say (see :meth:`Recording.diagnose`)."""
        return self.recording.diagnose(mode, **known)

    def start(self, step: int = 0) -> None:
        """Records the start, which is another step than 0 where a training goes on."""
        self._step = max(self._step, int(step))
        self.record()

    def __enter__(self) -> Recorder:
        self.start()
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        try:
            self.close()
        except Exception as failed:
            # What ended the training is what has to be seen.
            if error is None:
                raise
            warnings.warn(f"the recording was not written: {failed}", RuntimeWarning, stacklevel=2)

    def close(self) -> None:
        """Records the last step, unless it is recorded, and writes the file, if it has a path."""
        self.record()
        if self.path is not None and len(self.recording):
            self.save()

    def lightning(self) -> Any:
        """A callback of Lightning that records while its trainer fits."""
        from . import _callbacks

        return _callbacks.lightning(self)

    def transformers(self) -> Any:
        """A callback of Hugging Face's ``Trainer`` that records while it trains."""
        from . import _callbacks

        return _callbacks.transformers(self)

    def _take(self) -> None:
        record = Record(self._step)
        for mode in self._modes:
            found = self._evaluation.embeddings(mode)
            arrays = {name: self._kept(rows) for name, rows in found.items()}
            if self._store == "measures":
                arrays = self._measures(mode, found)
            record.arrays.update({(name, mode): array for name, array in arrays.items()})
        if record.nbytes > self._max_bytes:
            raise ValueError(f"max_bytes: one record takes {record.nbytes} bytes; give fewer samples, or more bytes")
        while len(self.recording) > 1 and self.recording.nbytes + record.nbytes > self._max_bytes:
            self._thin()
        self.recording.add(record)
        self._due = _core.next_record(self._step, *self._cadence)
        if self.path is not None and time.monotonic() - self._saved > _SAVE_EVERY:
            self.save()

    def _thin(self) -> None:
        """Drops every second record, never the first, and takes half as many from now on."""
        self.recording.thin()
        every, per_decade = self._cadence
        self._cadence = (2 * every, 0.5 * per_decade)

    def _kept(self, rows: NDArray[Any]) -> NDArray[Any]:
        """The rows in as few bytes as leave their norms alone."""
        if self._dtype == np.float32:
            return rows
        with np.errstate(over="ignore"):
            half = rows.astype(np.float16)
        norms, kept = (np.linalg.norm(of.astype(np.float64), axis=1) for of in (rows, half))
        right = np.abs(kept - norms) <= _LOST * norms
        return half if bool(np.all(right | ~np.isfinite(norms))) else rows

    def _measures(self, mode: str, found: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Norms and angles of each row."""
        rows = numbers(found["z"], "z")
        measures = {"norms": np.linalg.norm(rows, axis=1)}
        if "positives" in found:
            measures["positive_angles"] = _core.angles(rows, numbers(found["positives"], "positives"))
        if mode in self._last:
            measures["turned"] = _core.angles(self._last[mode], rows)
        self._last[mode] = rows
        return {name: values.astype(np.float32) for name, values in measures.items()}


def _one_of(name: str, value: str, values: Sequence[str]) -> None:
    if value not in values:
        raise ValueError(f"{name}: {value!r}; there are {', '.join(values)}")


def _steps_of(every: Union[str, int]) -> int:
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise ValueError(f'every: {every!r}; give "log", or a number of steps of at least 1')
    return every
