"""A learning rate from one optimizer step (statement S9): the advice of ``diagnose`` inside a training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, log
from typing import TYPE_CHECKING, Any, Callable, Optional

import numpy as np

from ._diagnose import diagnose
from ._evaluation import Evaluation
from ._training import Rule, put_back, rule_of

if TYPE_CHECKING:
    import torch

    from ._core import Diagnosis

#: Where steps are too long, a step at a tenth of the rate is tried, so many times at most.
_FEWER = 6


@dataclass(frozen=True)
class Trial:
    """One step at one learning rate."""

    #: The learning rate of the step.
    rate: float
    #: The step over the one that is aimed at; its logarithm is near 0 there.
    x: Optional[float]
    #: Which side of that step it is on: ``short``, ``near``, ``long``, ``unclear``.
    side: Optional[str]
    #: All that one step says; ``None`` where its embeddings were no finite numbers.
    diagnosis: Optional[Diagnosis]


@dataclass(frozen=True)
class LearningRate:
    """The learning rate that is advised, or why none is."""

    #: The advised rate; ``None`` where there is no advice.
    rate: Optional[float]
    #: The ends of its 95 % interval, as far as one step tells; ``None`` where the rate of the step is to stay.
    interval: Optional[tuple[float, float]]
    #: The finding of the library, in a sentence.
    finding: str
    #: On which conditions it holds.
    conditions: str
    #: How far it can be trusted, and why.
    worth: str
    #: Why there is no advice, where there is none.
    refusal: Optional[str]
    #: The steps that were taken, and put back.
    trials: list[Trial]

    @property
    def steps(self) -> int:
        """The number of optimizer steps that were spent."""
        return len(self.trials)

    def __str__(self) -> str:
        if self.rate is None:
            return f"No learning rate: {self.refusal}"
        between = "" if self.interval is None else f" [{self.interval[0]:.3g}, {self.interval[1]:.3g}]"
        behind = " ".join(part for part in (self.finding, self.conditions, f"Worth: {self.worth}") if part)
        return f"Learning rate {self.rate:.3g}{between} from {self.steps} step{'s'[: self.steps - 1]}. {behind}"


def find_learning_rate(
    module: torch.nn.Module,
    step: Callable[[], Any],
    samples: Any,
    positives: Any,
    rates: Optional[Iterable[float]] = None,
    *,
    optimizer: torch.optim.Optimizer,
    model: Optional[torch.nn.Module] = None,
    network: Optional[str] = None,
    rule: Optional[str] = None,
    settings: Optional[Mapping[str, float]] = None,
    mode: str = "train",
    restore: Sequence[Any] = (),
    seed: Optional[int] = None,
) -> LearningRate:
    """The learning rate at which a step turns embeddings by half the angle of their positives (statement S9).

    ``step()`` takes one optimizer step on a batch of the training: forward, backward, ``optimizer.step()``. It is called once
    for each of ``rates``, or at the optimizer's own rate and, where that is too long, at tenths of it. After each call
    everything is what it was, bit for bit: the parameters, gradients and buffers of ``module``, of ``model`` and of the
    modules among ``restore``, the optimizer's parameters, state and settings, random numbers, and what else of ``restore``
    has a ``state_dict``, such as a scheduler. A batch that ``step`` draws from a loader is drawn.

    ``module``, ``samples``, ``positives`` and ``model`` are those of :class:`Recorder`; ``mode="train"`` sees batch
    normalization as the training does. ``network`` is the kind of network (``embedding-norms diagnose --help``), of which it
    depends whether the advice was tested. ``rule`` and ``settings`` name the optimizer where its class does not. Groups of
    parameters with rates of their own keep their proportions; the rates are those of the first group.

    The result has ``rate`` and ``interval``, or ``rate=None`` and ``refusal``. Printed, it is a sentence with all conditions.
    """
    modules = [module, *([] if model is None else [model]), *(other for other in restore if hasattr(other, "modules"))]
    others = [other for other in restore if not hasattr(other, "modules")]
    known = Rule(rule, dict(settings or {})) if rule is not None else rule_of(optimizer)
    told: dict[str, Any] = {
        "optimizer": None if known is None else known.name,
        "settings": None if known is None else {**known.settings, **(settings or {})},
        "network": network,
        "parameters": "shared",
        "under_way": bool(optimizer.state),
        "seed": seed,
    }
    inputs = Evaluation(module, model, {"z": samples, "positives": positives})
    own = float(optimizer.param_groups[0]["lr"])
    if not 0.0 < own < inf:
        raise ValueError(f"optimizer: its learning rate is {own}; give a finite one above 0, from which rates are scaled")
    before = inputs.embeddings(mode)
    trials: list[Trial] = []
    for rate in _rates(rates, own, trials):
        with put_back(modules, optimizer, others):
            for group in optimizer.param_groups:
                group["lr"] = group["lr"] * (rate / own)
            step()
            after = inputs.embeddings(mode)
        if np.isfinite(after["z"]).all() or not np.isfinite(before["z"]).all():
            found = diagnose([before["z"], after["z"]], steps=[0, 1], positives=before["positives"], **told)
            trials.append(_trial(rate, found))
        else:
            trials.append(Trial(rate, None, "long", None))
    return _advice(trials)


def _rates(rates: Optional[Iterable[float]], own: float, trials: Sequence[Trial]) -> Iterable[float]:
    """The given rates; or the own one, and tenths of it as long as the last step was too long to tell."""
    if rates is not None:
        given = [float(rate) for rate in rates]
        if not given or not all(0.0 < rate < inf for rate in given):
            raise ValueError(f"rates: {given}; give one or more above 0, and finite")
        yield from given
        return
    yield own
    while trials[-1].side in ("long", "unclear") and len(trials) <= _FEWER:
        yield trials[-1].rate / 10.0


def _trial(rate: float, found: Diagnosis) -> Trial:
    record = found.to_dict()
    quantities = [each for answer in record["answers"] if answer["key"] == "step" for each in answer["quantities"]]
    over = next((each["value"] for each in quantities if each["name"].startswith("step over the ")), None)
    standing = record["standing"]
    return Trial(rate, over, None if standing is None else standing["side"], found)


def _advice(trials: Sequence[Trial]) -> LearningRate:
    """The advice of the step from which the way to the best one is shortest."""
    answers = [(trial, _answer(trial.diagnosis)) for trial in trials if trial.diagnosis is not None]
    if not answers:
        refusal = f"a step at the rate {min(trial.rate for trial in trials):.3g} leaves embeddings that are not finite."
        return LearningRate(None, None, refusal, "", "", refusal, list(trials))
    advised = [(trial, answer) for trial, answer in answers if answer["worth"] != "unanswered" and trial.x]
    clear = [(trial, answer) for trial, answer in advised if trial.side in ("short", "near")]
    if not clear:
        trial, answer = min(answers, key=lambda each: each[0].rate)
        refusal = answer["finding"]
        return LearningRate(None, None, answer["finding"], answer["conditions"], answer["why"], refusal, list(trials))
    trial, answer = min(clear, key=lambda each: abs(log(each[0].x or 1.0)))
    rate, interval = trial.rate, None
    for quantity in answer["quantities"]:
        if quantity["name"] == "factor of the learning rate":
            rate = trial.rate * quantity["value"]
            low, high = quantity["interval"] or (quantity["value"],) * 2
            interval = trial.rate * low, trial.rate * high
    return LearningRate(
        rate, interval, answer["finding"], answer["conditions"], answer["why"], None, list(trials)
    )


def _answer(diagnosis: Diagnosis) -> dict[str, Any]:
    """The answer about the learning rate, or the one that says why there is none."""
    answers = {answer["key"]: answer for answer in diagnosis.answers}
    return answers.get("learning-rate") or answers["step"]
