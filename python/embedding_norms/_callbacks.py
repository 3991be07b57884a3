"""Callbacks of trainers. The trainers are imported here, and this when a callback is asked for."""

from __future__ import annotations

import sys
from typing import Any, Optional, Protocol


class Recorder(Protocol):
    """What a callback asks of a recorder."""

    def start(self, step: int = 0) -> None: ...

    def step(self, step: Optional[int] = None) -> None: ...

    def close(self) -> None: ...


def lightning(recorder: Recorder) -> Any:
    """Records while a trainer of Lightning fits."""
    base: Any = _callback_of_lightning()

    class Recording(base):  # type: ignore[misc]
        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            recorder.start(trainer.global_step)

        def on_train_batch_end(self, trainer: Any, pl_module: Any, *args: Any, **kwargs: Any) -> None:
            recorder.step(trainer.global_step)

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            recorder.close()

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            recorder.close()

    return Recording()


def _callback_of_lightning() -> Any:
    """The class of callbacks in the package that is in use: it goes by two names, which are often installed together."""
    if "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules:
        from pytorch_lightning import Callback
    else:
        try:
            from lightning.pytorch import Callback
        except ImportError:
            from pytorch_lightning import Callback
    return Callback


def transformers(recorder: Recorder) -> Any:
    """Records while a ``Trainer`` of Hugging Face trains. It tells no callback of exceptions: train inside
    ``with recorder:`` to have the file written after one."""
    from transformers import TrainerCallback

    class Recording(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            recorder.start(state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            recorder.step(state.global_step)

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            recorder.close()

    return Recording()
