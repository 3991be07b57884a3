"""Descents: the files of the command, records, and refusals."""

import csv
import json
import signal
import threading
import time

import numpy as np
import pytest

import embedding_norms as en


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_is_the_commands(tmp_path, command, rng):
    z, w = rng.normal(size=(2, 6, 4))
    np.save(tmp_path / "z.npy", z)
    np.save(tmp_path / "w.npy", w)
    options = ["--temperature=0.3", "--optimizer=adam", "--set=beta2=0.9", "--learning-rate=0.05", "--weight-decay=0.01"]
    options += ["--max-steps=50", "--record-every=7", "--loss=nt-xent"]
    told = json.loads(command("simulate", *options, "z.npy", "w.npy", "--json", folder=tmp_path))
    run = en.simulate(
        "nt-xent", z, w, temperature=0.3, optimizer="adam", settings={"beta2": 0.9}, learning_rate=0.05,
        weight_decay=0.01, max_steps=50, record_every=7,
    )
    assert (run.stop, run.steps, run.reached_goal) == (told["stop"], told["steps"], told["reached_goal"])
    rows = read(tmp_path / "results" / "simulate.csv")
    assert [int(row["step"]) for row in rows] == run.step.tolist()
    assert [float(row["loss"]) for row in rows] == run.loss.tolist()
    each = read(tmp_path / "results" / "simulate.embeddings.csv")
    for column, values in [("angle", run.angles), ("first_norm", run.first_norms), ("second_norm", run.second_norms)]:
        assert [float(row[column]) for row in each] == values.ravel().tolist()
    assert (np.load(tmp_path / "results" / "simulate.first.npy") == run.first).all()
    assert (np.load(tmp_path / "results" / "simulate.second.npy") == run.second).all()


def test_one_view_has_no_angles_and_positions_are_kept_where_asked(rng):
    z = rng.normal(size=(6, 3))
    run = en.simulate("sup-con", z, labels=[0, 0, 1, 1, 2, 2], max_steps=20, record_every=10, keep_positions=True)
    assert run.angles is None and run.second is None and run.second_norms is None and run.second_positions is None
    assert run.first_positions.shape == (3, 6, 3)
    assert (run.first_positions[0] == z).all() and (run.first_positions[-1] == run.first).all()
    assert en.simulate("sup-con", z, labels=[0, 0, 1, 1, 2, 2], max_steps=1).first_positions is None


def test_counts_are_those_of_the_closed_form(rng):
    z, w = np.diag([4.0, 4.0]), np.diag([4.0, 4.0])[::-1]
    run = en.simulate("cosine", z, w, every_pair=1e-3, learning_rate=0.02)
    assert run.steps == en.steps(4.0) and run.stop == "every-pair" and run.reached_goal


def test_a_run_that_leaves_the_numbers_says_so():
    run = en.simulate("cosine", [[1.0, 0.0]], [[0.0, 1.0]], grad_scale=300.0, learning_rate=10.0, max_steps=100)
    assert run.stop == "not-finite" and not run.reached_goal
    assert np.isnan(run.loss[-1])


REFUSED = {
    "rate": ({"learning_rate": -1}, "learning_rate: the learning rate must be a finite number above 0, not -1"),
    "no second view": ({"w": None, "mean_cosine": 0.1}, "w: needed for what is asked"),
    "two cadences": ({"record_every": 1, "records_per_decade": 1}, "cannot be used with"),
    "setting": ({"optimizer": "adam", "settings": {"beta1": 1.0}}, "adam: β1 must be 0 or larger and below 1, not 1"),
    "no setting": ({"optimizer": "adam", "settings": {"beta": 0.5}}, "^settings: adam has no setting 'beta'"),
    "loss": ({"loss": "nothing"}, "there is no loss 'nothing'"),
    "parameter": ({"temperature": 1.0}, "cosine takes no temperature"),
    "lists": ({"labels": [0]}, "labels: cosine takes no labels; leave this out"),
    "records": ({"z": np.eye(1000), "w": np.eye(1000), "max_steps": 10**6, "record_every": 1}, "numbers over 1000000"),
    "zero": ({"z": [[0.0, 0.0]]}, "row 0 is zero and has no direction"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_wrong_is_said(fault):
    given, message = REFUSED[fault]
    with pytest.raises(ValueError, match=message) as refused:
        en.simulate(**{"loss": "cosine", "z": [[1.0, 0.0]], "w": [[0.0, 1.0]], **given})
    assert "--" not in str(refused.value), "options are called as in Python"


def test_an_unknown_keyword_of_a_run_is_refused():
    with pytest.raises(ValueError, match="unexpected argument 'lr'"):
        en.simulate("cosine", [[1.0, 0.0]], [[0.0, 1.0]], lr=0.1)


def test_a_signal_ends_a_run():
    z, w = np.random.default_rng(0).normal(size=(2, 50, 16))
    # What runs in the background of a script is started with the signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()
    threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            en.simulate("nt-xent", z * 1e3, w * 1e3, max_steps=10**9, never_stationary=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - began < 30
