"""The closed forms over arrays: the numbers of the command, shapes, and refusals."""

import json

import numpy as np
import pytest

import embedding_norms as en
from embedding_norms import theory

PREDICTED = [
    {"norm": 8.0},
    {"norm": 2.0, "angle": 2.5, "learning_rate": 0.01, "tolerance": 1e-2},
    {"norm": 1.0, "second_norm": 3.0, "angle": 1.0},
    {"norm": 3.0, "stop_gradient": True},
]


@pytest.mark.parametrize("pair", PREDICTED)
def test_forms_give_the_numbers_of_the_command(pair, command):
    options = [f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}") for name, value in pair.items()]
    told = json.loads(command("predict", "--json", *options))
    assert en.predict(**pair) == told
    values = {each["key"]: each["value"] for each in told["predictions"]}
    assert theory.steps(**pair) == values["steps"]
    flow = theory.flow_steps(**pair)
    assert (flow.flow, flow.second_order) == (values["flow_steps"], values["flow_steps_with_orders"])
    if not pair.get("stop_gradient"):
        growth = {name: value for name, value in pair.items() if name != "tolerance"}
        assert theory.pair_growth(**growth) == (values["growth_first"], values["growth_second"])
    if "best_norm" in values:
        rate = {name: value for name, value in pair.items() if name in ("learning_rate", "angle")}
        assert theory.best_norm(**rate) == values["best_norm"]


def test_equilibria_are_the_commands(command):
    options = ["--norm=1", "--optimizer=adamw", "--set=beta1=0.8", "--weight-decay=0.01", "--learning-rate=0.001"]
    told = json.loads(command("predict", "--json", "--dim=64", "--frequency=0.5", *options))
    values = {each["key"]: each["value"] for each in told["predictions"]}
    found = theory.equilibrium(0.001, 0.01, 64, optimizer="adamw", settings={"beta1": 0.8}, frequency=0.5)
    assert found.norm == values["equilibrium_norm"]
    assert found.angle == values["equilibrium_turn"]
    assert found.relaxation == values["relaxation_steps"]
    assert found.next_order == values["equilibrium_next_order"]


def test_a_prediction_is_printed_as_the_commands_page(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert str(en.predict(8, optimizer="adam")) == command("predict", "--norm", "8", "--optimizer", "adam").rstrip()


def test_arrays_broadcast_element_by_element():
    norms, angles = np.array([[0.5], [1.0], [2.0]]), np.array([0.3, 1.0, 2.0, 3.0])
    table = theory.steps(norms, angles, 0.01)
    assert table.shape == (3, 4)
    each = [[theory.steps(norm, angle, 0.01) for angle in angles] for norm in norms[:, 0]]
    assert (table == each).all() and all(isinstance(value, float) for value in each[0])
    assert theory.steps(np.empty((0, 3))).shape == (0, 3)
    assert theory.flow_steps(norms, angles).flow.shape == (3, 4)


def test_the_map_counts_what_steps_counts():
    norms, angles = np.geomspace(0.05, 3.0, 17), np.linspace(0.05, 3.1, 23)
    counted = theory.steps(norms[:, None], angles, 0.02)
    assert (en.convergence_map(norms, angles, 0.02) == counted).all()
    assert (en.convergence_map(norms[::-1], angles, 0.02) == counted[::-1]).all()


def test_steps_of_the_recursion_are_steps_one_by_one():
    angle, norm, other, count = 2.0, 1.0, 0.4, 0
    while 1 - np.cos(angle) > 1e-3:
        angle, norm, other = theory.step(norm, angle, 0.02, second_norm=other)
        count += 1
    assert count == theory.steps(1.0, 2.0, 0.02, second_norm=0.4)
    still = theory.step(1.0, 2.0, 0.02, second_norm=0.4, stop_gradient=True)
    assert still.second_norm == 0.4


def test_the_flow_arrives_after_its_steps():
    steps = theory.flow_steps(2.0, 1.3, 0.01).flow
    assert 1 - np.cos(theory.flow_angle(2.0, steps, 1.3, 0.01)) == pytest.approx(1e-3, rel=1e-9)
    assert theory.population_steps(2.0, [1.3], 0.01) == pytest.approx(steps, rel=1e-12)


def test_what_has_no_count_is_told_apart():
    assert np.isnan(theory.steps(8.0, budget=10))
    assert np.isnan(en.convergence_map([8.0], [1.0], budget=10)).all()
    assert theory.population_steps(1.0, [np.nextafter(np.pi, 0)], 0.02) == pytest.approx(1013, rel=0.05)


REFUSED = [
    (lambda: theory.steps(-1.0), "the norm must be a finite number above 0, not -1"),
    (lambda: theory.steps([1.0, -1.0, 0.0]), "element 1: the norm must be"),
    (lambda: theory.steps(1.0, 4.0), "the angle must be above 0 and below π radians"),
    (lambda: theory.steps(1.0, tolerance=2.0), "the tolerance must be above 0 and below 2"),
    (lambda: theory.steps(np.ones(3), np.ones(2)), r"shapes that do not broadcast: norm \(3,\)"),
    (lambda: theory.steps("a"), "norm: <U1; give float"),
    (lambda: theory.steps(1.0 + 1.0j), "norm: complex128; give float"),
    (lambda: theory.best_norm(np.nan), "the learning rate must be a finite number above 0, not NaN"),
    (lambda: en.convergence_map([0.0], [1.0]), "the norm must be a finite number above 0, not 0"),
    (lambda: theory.equilibrium(0.1, 0.1, optimizer="lion"), "S3 knows no equilibrium of lion with decoupled decay"),
    (lambda: theory.equilibrium(0.1, 0.1, optimizer="nobody"), 'there is no optimizer called "nobody"'),
    (lambda: theory.equilibrium(0.1, 0.1, dim=1), "the dimension"),
    (lambda: theory.population_steps(1.0, []), "the number of pairs"),
    (lambda: en.predict(), "norm: needed for what is asked"),
    (lambda: en.predict(-1), "norm: the value must be a finite number above 0, not -1"),
    (lambda: en.predict(1, optimizer="adm"), "there is no optimizer 'adm'; did you mean 'adam'?"),
    (lambda: en.predict(1, dim=1), "dim: directions need at least 2 dimensions"),
    (lambda: theory.equilibrium(0.1, 0.1, optimizer="adamw", settings={"beta1": "a"}), "beta1: 'a'; give a number"),
    (lambda: theory.population_steps([1.0, 2.0], [1.0]), r"norm: \[1.0, 2.0\]; give a number"),
    (lambda: theory.population_steps(np.ones(2), [1.0]), r"norm: an array of shape \(2,\); give one value"),
    (lambda: en.convergence_map([1.0], [1.0], learning_rate=None), "learning_rate: None; give a number"),
    (lambda: en.predict(np.ones(3)), r"norm: an array of shape \(3,\); give one value"),
    (lambda: en.predict(1, coupled=True), "weight_decay: needed for what is asked"),
    (lambda: en.predict(1, optimizer="adam", settings={"beta": 1}), "adam has no setting 'beta'"),
]


@pytest.mark.parametrize("place", range(len(REFUSED)))
def test_what_is_wrong_is_said(place):
    wrong, message = REFUSED[place]
    with pytest.raises(ValueError, match=message) as refused:
        wrong()
    assert "--" not in str(refused.value), "options are called as in Python"


def test_numbers_of_other_libraries_are_numbers():
    torch = pytest.importorskip("torch")
    assert theory.steps(torch.tensor(2.0)) == theory.steps(2.0)
    assert en.predict(torch.tensor(2.0), angle=np.float64(1.0))["predictions"] == en.predict(2, angle=1)["predictions"]
