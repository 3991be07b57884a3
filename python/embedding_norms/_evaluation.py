"""Embeddings of fixed inputs, evaluated in the middle of a training that does not notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Optional

from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


class Evaluation:
    """What ``module`` gives in a forward pass of ``model`` over fixed inputs: its embeddings, before any normalization."""

    def __init__(self, module: torch.nn.Module, model: Optional[torch.nn.Module], inputs: Mapping[str, Any]) -> None:
        self.module = module
        self.model = module if model is None else model
        self.inputs = dict(inputs)

    def embeddings(self, mode: str) -> dict[str, NDArray[Any]]:
        """The embeddings of all inputs in a mode, ``eval`` or ``train``, checked to be rows that fit each other."""
        found = {name: self._of(inputs, mode) for name, inputs in self.inputs.items()}
        _check_rows(found)
        return found

    def _of(self, inputs: Any, mode: str) -> NDArray[Any]:
        """The output of the module for these inputs of the model; everything is afterwards as it was."""
        import torch

        outputs: list[Any] = []
        hook = self.module.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
        parameter = next(self.model.parameters(), None)
        device = torch.device("cpu") if parameter is None else parameter.device
        try:
            with torch.no_grad(), _as_it_was(self.model, device, mode == "train"):
                _call(self.model, _moved(inputs, device))
        finally:
            hook.remove()
        if not outputs:
            raise ValueError("module: the model does not call it; give the part whose output goes into the normalization")
        if not isinstance(outputs[0], torch.Tensor):
            raise ValueError(f"module: it returns {type(outputs[0]).__name__}; give the part that returns the embeddings")
        kind = torch.float64 if outputs[0].dtype == torch.float64 else torch.float32
        # A copy: the memory of an output may be used again.
        rows: NDArray[Any] = outputs[0].detach().to("cpu", kind, copy=True).numpy()
        return rows


@contextmanager
def _as_it_was(model: torch.nn.Module, device: torch.device, training: bool) -> Iterator[None]:
    """A model in a mode; its modes, buffers and random numbers are afterwards as they were."""
    import torch

    modes = [(part, part.training) for part in model.modules()]
    # In eval mode too: a queue of negatives, for one, is filled in either.
    buffers = [
        (part, name, buffer, buffer.detach().clone())
        for part in model.modules()
        for name, buffer in part._buffers.items()
        if buffer is not None
    ]
    is_cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if is_cuda else []):
        # The same random numbers, such as those of dropout, each time; generators of other devices are left alone.
        torch.default_generator.manual_seed(0)
        if is_cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(0)
        try:
            # A model that trains keeps the parts that are frozen in eval mode.
            if not (training and model.training):
                model.train(training)
            yield
        finally:
            for part, was in modes:
                part.training = was
            with torch.no_grad():
                for part, name, buffer, was in buffers:
                    part._buffers[name] = buffer.copy_(was)


def _call(model: torch.nn.Module, inputs: Any) -> None:
    if isinstance(inputs, Mapping):
        model(**inputs)
    elif isinstance(inputs, (list, tuple)):
        model(*inputs)
    else:
        model(inputs)


def _moved(inputs: Any, device: torch.device) -> Any:
    """The inputs where the model is."""
    if isinstance(inputs, Mapping):
        return {name: _moved(value, device) for name, value in inputs.items()}
    if isinstance(inputs, (list, tuple)):
        return [_moved(value, device) for value in inputs]
    return inputs.to(device) if callable(getattr(inputs, "to", None)) else inputs


def _check_rows(found: Mapping[str, NDArray[Any]]) -> None:
    for name, rows in found.items():
        if rows.ndim != 2:
            raise ValueError(f"{name}: the module returns {rows.ndim} dimensions; embeddings are (rows, columns)")
    if "positives" in found and found["positives"].shape != found["z"].shape:
        shapes = found["z"].shape, found["positives"].shape
        raise ValueError(f"positives: embeddings of shape {shapes[1]}, where the samples have {shapes[0]}")
