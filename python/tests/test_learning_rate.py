"""A learning rate from one step: everything is put back, the advice is that of the library, and refusals are refusals."""

import copy
import random

import numpy as np
import pytest

import embedding_norms as en

torch = pytest.importorskip("torch")
nn = torch.nn


class Training:
    """A small contrastive training, its next step a function."""

    def __init__(self, optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=1e-4), batch_norm=True, warm=0):
        for seed in (torch.manual_seed, random.seed, np.random.seed):
            seed(5)
        layers = [nn.Linear(20, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 8), nn.BatchNorm1d(8)]
        self.encoder = nn.Sequential(*(layer for layer in layers if batch_norm or not isinstance(layer, nn.BatchNorm1d)))
        self.optimizer = optimizer(self.encoder.parameters())
        self.samples = torch.randn(128, 20)
        self.positives = self.samples + 0.3 * torch.randn_like(self.samples)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 10)
        for _ in range(warm):
            self.step()

    def step(self):
        batch = torch.randn(64, 20) + random.random() + np.random.random()
        z, w = (nn.functional.normalize(self.encoder(batch + 0.3 * torch.randn_like(batch)), dim=1) for _ in range(2))
        loss = nn.functional.cross_entropy(z @ w.T / 0.5, torch.arange(64))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.scheduler.step()

    def find(self, rates=None, **options):
        options = {"optimizer": self.optimizer, "network": "batch-norm", "restore": [self.scheduler], **options}
        return en.find_learning_rate(self.encoder, self.step, self.samples, self.positives, rates, **options)

    def state(self):
        """Everything that a step may change, copied."""
        gradients = [None if each.grad is None else each.grad.clone() for each in self.encoder.parameters()]
        modes = [part.training for part in self.encoder.modules()]
        numbers = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
        parts = self.encoder.state_dict(), self.optimizer.state_dict(), self.scheduler.state_dict()
        return [*(copy.deepcopy(part) for part in parts), gradients, modes, numbers]


def same(one, other):
    """Equal in every number, whatever holds them."""
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (torch.Tensor, np.ndarray)):
        return one.dtype == other.dtype and bool((one == other).all())
    return type(one) is type(other) and one == other


OPTIMIZERS = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.01),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=1e-4),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=1e-3),
    "adamw": lambda parameters: torch.optim.AdamW(parameters, lr=1e-3, foreach=True),
    "rmsprop": lambda parameters: torch.optim.RMSprop(parameters, lr=1e-3),
    "adagrad": lambda parameters: torch.optim.Adagrad(parameters, lr=1e-2),
}


@pytest.mark.parametrize("warm", [0, 3])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_everything_is_put_back(name, warm):
    training, twin = (Training(OPTIMIZERS[name], warm=warm) for _ in range(2))
    training.encoder[1].eval()
    twin.encoder[1].eval()
    # The twins share the generators of random numbers, which are set to the same place.
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    before = training.state()
    held = [(id(each), each.data_ptr()) for each in training.encoder.state_dict(keep_vars=True).values()]
    found = training.find([1e-4, 1e-2, 1.0])
    assert found.steps == 3
    assert same(training.state(), before)
    assert [(id(each), each.data_ptr()) for each in training.encoder.state_dict(keep_vars=True).values()] == held
    # And the training goes on as if nothing had been.
    training.step()
    after = training.state()
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    twin.step()
    assert same(after, twin.state())


def test_everything_is_put_back_after_an_exception():
    training = Training(warm=1)
    before = training.state()

    def failing():
        training.step()
        raise RuntimeError("the step failed")

    with pytest.raises(RuntimeError, match="the step failed"):
        en.find_learning_rate(
            training.encoder, failing, training.samples, training.positives, optimizer=training.optimizer, restore=[training.scheduler]
        )
    assert same(training.state(), before)


def test_the_advice_is_that_of_diagnose():
    training = Training()
    found = training.find()
    assert found.rate is not None and found.refusal is None and found.steps == 1
    [trial] = found.trials
    answer = next(each for each in trial.diagnosis.answers if each["key"] == "learning-rate")
    [factor] = answer["quantities"]
    assert found.rate == 1e-4 * factor["value"]
    assert found.interval == tuple(1e-4 * end for end in factor["interval"])
    assert found.interval[0] < found.rate < found.interval[1]
    assert answer["worth"] == "tested" and found.finding in str(found) and "Worth: " in str(found)
    settings = trial.diagnosis.to_dict()["settings"]
    assert (settings["optimizer"], settings["network"], settings["steps"]) == ("adamw", "batch-norm", [0, 1])


def test_a_small_rate_and_the_advised_one_say_the_same():
    training = Training()
    small, large = training.find([1e-5]), training.find([3e-5])
    assert large.rate == pytest.approx(small.rate, rel=0.2)
    at_advice = training.find([small.rate])
    assert at_advice.trials[0].x == pytest.approx(1.0, rel=1.0) and at_advice.trials[0].side == "near"


def test_of_several_rates_the_one_nearest_to_the_best_step_counts():
    training = Training()
    found = training.find([1e-6, 1e-4, 1e-5])
    trial = found.trials[1]
    answer = next(each for each in trial.diagnosis.answers if each["key"] == "learning-rate")
    assert found.rate == 1e-4 * answer["quantities"][0]["value"]
    assert [each.rate for each in found.trials] == [1e-6, 1e-4, 1e-5]


def test_a_step_that_is_too_long_is_tried_at_tenths_of_the_rate():
    training = Training(lambda parameters: torch.optim.AdamW(parameters, lr=30.0))
    found = training.find()
    rates = [trial.rate for trial in found.trials]
    assert 1 < found.steps < 8 and rates[0] == 30.0 and rates == pytest.approx([30.0 / 10**place for place in range(len(rates))])
    assert found.rate is not None and found.rate < 30.0


def test_a_step_out_of_the_numbers_is_too_long():
    training = Training(lambda parameters: torch.optim.SGD(parameters, lr=1e38), batch_norm=False)
    before = training.state()
    found = training.find(network="no-biases")
    assert found.trials[0].side == "long" and found.trials[0].diagnosis is None and found.steps == 7
    assert found.rate is None
    assert same(training.state(), before)
    alone = training.find([1e38], network="no-biases")
    assert alone.rate is None and alone.refusal == "a step at the rate 1e+38 leaves embeddings that are not finite."
    both, fine = training.find([1e38, 1e-4]), training.find([1e-4])
    assert both.trials[0].diagnosis is None and both.rate == fine.rate and fine.rate is not None


def test_no_advice_where_the_trial_failed():
    def find(**options):
        training = Training(lambda parameters: torch.optim.SGD(parameters, lr=1e-4, momentum=0.9), batch_norm=False)
        return training.find(network="biases", **options)

    found = find()
    assert found.rate is None and found.interval is None
    assert "fewer than four of five predictions had the right sign" in found.refusal
    assert str(found).startswith("No learning rate: No advice on a larger learning rate")


def test_an_optimizer_without_a_name_is_not_taken_for_another():
    sgd = lambda **options: lambda parameters: torch.optim.SGD(parameters, lr=1e-4, **options)  # noqa: E731
    for optimizer, name in [
        (sgd(), "gradient-descent"),
        (sgd(momentum=0.5), "heavy-ball"),
        (sgd(momentum=0.5, nesterov=True), "nesterov"),
        (sgd(momentum=0.5, dampening=0.5), None),
        (lambda parameters: torch.optim.Adam(parameters, amsgrad=True), None),
        (lambda parameters: torch.optim.Rprop(parameters), None),
    ]:
        training = Training(optimizer)
        record = training.find(mode="eval").trials[0].diagnosis.to_dict()
        assert record["settings"]["optimizer"] == name
    named = Training(sgd()).find(rule="lars", settings={"momentum": 0.8}).trials[0].diagnosis.to_dict()
    assert named["settings"]["optimizer"] == "lars"


def test_momentum_that_has_built_up_is_known():
    cold, warm = (Training(OPTIMIZERS["momentum"], warm=warm).find([1e-4]) for warm in (0, 3))
    under_way = [found.trials[0].diagnosis.to_dict()["settings"]["under_way"] for found in (cold, warm)]
    assert under_way == [False, True]


def test_mistakes_are_told():
    training = Training()
    for options, message in [
        ({"rates": []}, "rates: .*give one or more above 0"),
        ({"rates": [0.1, -1.0]}, "rates: .*give one or more above 0"),
        ({"rates": [float("inf")]}, "rates: .*and finite"),
        ({"network": "transformer"}, "network: it must be one of"),
        ({"rule": "adamm"}, "there is no optimizer 'adamm'"),
    ]:
        with pytest.raises(ValueError, match=message):
            training.find(**options)
    training.optimizer.param_groups[0]["lr"] = 0.0
    with pytest.raises(ValueError, match="optimizer: its learning rate is 0.0"):
        training.find()
