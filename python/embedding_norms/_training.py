"""What an optimizer step changes, put back as it was, and what PyTorch's optimizers are called here."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

import numpy as np

if TYPE_CHECKING:
    import torch

#: PyTorch's classes whose update is that of a rule of the catalogue, and how their settings are called there.
_RULES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "Adam": ("adam", {"betas": ("beta1", "beta2"), "eps": ("epsilon",)}),
    "AdamW": ("adamw", {"betas": ("beta1", "beta2"), "eps": ("epsilon",)}),
    "RMSprop": ("rmsprop", {"alpha": ("alpha",), "eps": ("epsilon",)}),
    "Adagrad": ("adagrad", {"eps": ("epsilon",)}),
    "Lion": ("lion", {"betas": ("beta1", "beta2")}),
}


class Rule(NamedTuple):
    """An optimizer by the name of the catalogue, with its settings."""

    name: str
    settings: dict[str, float]


def rule_of(optimizer: torch.optim.Optimizer) -> Optional[Rule]:
    """What an optimizer of PyTorch is called here; ``None`` where it is none of the rules, such as AMSGrad."""
    group = optimizer.param_groups[0]
    kind = type(optimizer).__name__
    if group.get("amsgrad") or group.get("centered") or group.get("maximize") or group.get("lr_decay"):
        return None
    if kind == "SGD":
        momentum = float(group["momentum"])
        if momentum == 0.0:
            return Rule("gradient-descent", {})
        # PyTorch's dampening makes another rule of it.
        return None if group["dampening"] else Rule("nesterov" if group["nesterov"] else "heavy-ball", {"momentum": momentum})
    if kind not in _RULES or group.get("momentum"):
        return None
    name, known = _RULES[kind]
    settings: dict[str, float] = {}
    for ours, names in known.items():
        if ours in group:
            values = group[ours] if isinstance(group[ours], (list, tuple)) else [group[ours]]
            settings.update(zip(names, (float(value) for value in values)))
    return Rule(name, settings)


@contextmanager
def put_back(
    modules: Sequence[torch.nn.Module], optimizer: torch.optim.Optimizer, others: Sequence[Any]
) -> Iterator[None]:
    """Afterwards parameters, gradients, buffers, modes, the optimizer's state and settings, random numbers, and what has a
    ``state_dict`` among ``others`` (a scheduler, a gradient scaler) are what they were, bit for bit."""
    import torch

    kept = _Kept(modules, optimizer, others)
    numbers = random.getstate(), np.random.get_state()
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() and torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            kept.put_back()
            random.setstate(numbers[0])
            np.random.set_state(numbers[1])


class _Kept:
    """Copies of everything, in the same order each time."""

    def __init__(self, modules: Sequence[torch.nn.Module], optimizer: torch.optim.Optimizer, others: Sequence[Any]) -> None:
        self._optimizer = optimizer
        self._parts = list(dict.fromkeys(part for module in modules for part in module.modules()))
        self._modes = [part.training for part in self._parts]
        self._buffers = [dict(part._buffers) for part in self._parts]
        owned = (parameter for part in self._parts for parameter in part._parameters.values() if parameter is not None)
        trained = (parameter for group in optimizer.param_groups for parameter in group["params"])
        self._parameters = list(dict.fromkeys([*owned, *trained]))
        self._gradients = [parameter.grad for parameter in self._parameters]
        self._state = {parameter: dict(state) for parameter, state in optimizer.state.items()}
        self._settings = [
            {name: copy.copy(value) for name, value in group.items() if name != "params"}
            for group in optimizer.param_groups
        ]
        # What is changed in place has its values kept, and is written to in place: others may hold it too.
        buffers = (buffer for owners in self._buffers for buffer in owners.values())
        states = (value for state in self._state.values() for value in state.values())
        tensors = [*self._parameters, *self._gradients, *buffers, *states]
        self._values = [(tensor, tensor.detach().clone()) for tensor in tensors if hasattr(tensor, "detach")]
        self._others = [(other, copy.deepcopy(other.state_dict())) for other in others]

    def put_back(self) -> None:
        """Everything as it was."""
        import torch

        with torch.no_grad():
            for tensor, value in self._values:
                tensor.detach().copy_(value)
        for parameter, gradient in zip(self._parameters, self._gradients):
            parameter.grad = gradient
        for part, mode, buffers in zip(self._parts, self._modes, self._buffers):
            part.training = mode
            part._buffers.clear()
            part._buffers.update(buffers)
        self._optimizer.state.clear()
        for parameter, state in self._state.items():
            self._optimizer.state[parameter] = dict(state)
        for group, settings in zip(self._optimizer.param_groups, self._settings):
            group.update({name: copy.copy(value) for name, value in settings.items()})
            for name in [name for name in group if name != "params" and name not in settings]:
                del group[name]
        for other, state in self._others:
            other.load_state_dict(copy.deepcopy(state))
