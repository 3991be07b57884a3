"""Keywords in the words of the command line, whose parser knows the defaults and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._arrays import scalar


def arguments(options: Mapping[str, Any]) -> list[str]:
    """``learning_rate=0.1`` is ``--learning-rate=0.1``; what is ``None`` or ``False`` is not said.

    >>> arguments({"learning_rate": 0.1, "coupled": True, "settings": {"beta1": 0.5}, "dim": None})
    ['--learning-rate=0.1', '--coupled', '--set=beta1=0.5']
    """
    said: list[str] = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if name == "settings":
            said += [f"--set={setting}={scalar(of, setting)}" for setting, of in (value or {}).items()]
        elif value is True:
            said.append(option)
        elif value is not None and value is not False:
            said.append(f"{option}={scalar(value, name)}")
    return said
