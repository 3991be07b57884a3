"""Diagnoses: the record and the files of the command, pages, and refusals."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import EXAMPLE

import embedding_norms as en


def example(name):
    return np.load(EXAMPLE / f"{name}.npy")


@pytest.fixture(scope="module")
def course():
    """The course of the example's training."""
    return en.diagnose(
        [example("step0"), example("step1"), example("last")],
        steps=[0, 1, 60],
        positives=example("views0"),
        labels=example("labels"),
        reference=example("unseen"),
        optimizer="adam",
        parameters="shared",
    )


def test_the_answers_are_the_commands(course, command):
    options = ["--positives", "views0.npy", "--labels", "labels.npy", "--reference", "unseen.npy", "--keep-order"]
    options += ["--optimizer", "adam", "--parameters", "shared", "--steps", "0,1,60", "--json"]
    text = command("diagnose", "step0.npy", "step1.npy", "last.npy", *options, folder=EXAMPLE)
    ours = json.dumps(course.to_dict())
    for file, name in [("views0", "positives of step 0"), ("step0", "step 0"), ("step1", "step 1"), ("last", "step 60")]:
        text = text.replace(f"{file}.npy", name)
    # What was not told is named as Python names it.
    text = text.replace("--network KIND", "network=").replace("--under-way", "under_way=True")
    told, ours = json.loads(text.replace("unseen.npy", "reference")), json.loads(ours)
    for record in (told, ours):
        del record["settings"]
        record.pop("files", None)
    assert ours == told


def test_settings_are_recorded(course):
    settings = course.to_dict()["settings"]
    assert settings["steps"] == [0, 1, 60] and settings["optimizer"] == "adam" and settings["labels"] == "labels"
    assert settings["order"] == "as given" and settings["positives"] == ["positives of step 0"]


def test_the_page_begins_with_the_verdict(course):
    lines = str(course).splitlines()
    assert lines[0].startswith("Norms  ") and course.verdict["norms"].split(":")[0] in lines[0]
    assert "--out" not in str(course)
    assert course.answers == course.to_dict()["answers"]
    assert {answer["key"] for answer in course.answers} > {"norms", "course", "step"}


def test_a_notebook_shows_a_page_with_figures(course):
    assert set(course.figures) >= {"norms", "course"}
    for figure in course.figures.values():
        assert ElementTree.fromstring(figure).tag == "{http://www.w3.org/2000/svg}svg"
    frames = []

    class Frames(HTMLParser):
        def handle_starttag(self, tag, attributes):
            frames.append((tag, dict(attributes)))

    Frames().feed(course._repr_html_())
    [(tag, attributes)] = frames
    assert tag == "iframe" and attributes["srcdoc"] == course.html()
    assert course.html().count("<svg") >= len(course.figures)


def words(svg):
    """All texts of a figure in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", svg).split())


def test_the_caption_of_the_course_says_what_its_plain_lines_are():
    """Plain descent of free pairs: a budget (S1), a best rotation (L8) and a forecast (L4)."""
    rng = np.random.default_rng(0)
    z, w = rng.normal(size=(2, 40, 6))
    run = en.simulate("cosine", z, w, learning_rate=0.1, max_steps=400, record_every=20, keep_positions=True)
    known = {"steps": run.step.tolist(), "positives": list(run.second_positions), "learning_rate": 0.1}
    known |= {"optimizer": "gradient-descent", "parameters": "free"}
    caption = words(en.diagnose(list(run.first_positions), **known).figures["course"])
    assert "Rotation: the plain line is half the angle of positives, the best rotation of free pairs (L8)." in caption
    assert "Ledger: the band is what rotations at right angles add (D2, S2), the plain line γ(L_0 − L) (S1)." in caption
    assert "Positives: the plain line is predicted by L4" in caption
    # Without positives there is neither a best rotation nor a budget, nor anything to predict.
    caption = words(en.diagnose(list(run.first_positions), steps=known["steps"]).figures["course"])
    assert "the plain line" not in caption and "Ledger: the band" in caption


def test_a_folder_holds_what_the_command_writes(course, tmp_path, command):
    written = course.save(tmp_path / "ours")
    command("diagnose", "step0.npy", "last.npy", "--labels", "labels.npy", "--out", tmp_path / "theirs", folder=EXAMPLE)
    names = {path.name for path in written}
    assert {path.name for path in (tmp_path / "ours").iterdir()} == names
    assert names >= {path.name for path in (tmp_path / "theirs").iterdir()}
    with open(tmp_path / "ours" / "diagnose.json", encoding="utf-8") as file:
        assert json.load(file) == course.to_dict()


def test_tensors_and_other_numbers_are_diagnosed():
    torch = pytest.importorskip("torch")
    z = example("last")
    ours = en.diagnose(torch.tensor(z, requires_grad=True), labels=torch.tensor(example("labels").astype(np.int64)))
    assert ours.answers == en.diagnose(z.astype(np.float64), labels=example("labels")).answers


Z = np.random.default_rng(0).normal(size=(30, 4))

REFUSED = {
    "no checkpoint": (([],), {}, "z: an empty list; give the embeddings of one checkpoint, or of several"),
    "free network": ((Z,), {"parameters": "free", "network": "biases"}, "^network is the kind of network .*parameters free"),
    "under way": ((Z,), {"under_way": True}, "^under_way says what was before"),
    "steps": ((Z,), {"steps": [0, 1]}, "steps: 2 for 1 checkpoints"),
    "falling": (([Z, Z],), {"steps": [5, 1]}, "steps: the step 1 comes after the step 5"),
    "names": (([Z, Z],), {"names": ["a"]}, "names: 1 for 2 checkpoints"),
    "rows": (([Z, Z[1:]],), {}, r"z\[1\]: 29 rows, where the first file has 30"),
    "dimensions": (([Z, Z[:, 1:]],), {}, r"z\[1\]: 3 dimensions, where z\[0\] has 4"),
    "positives": (([Z, Z, Z],), {"positives": [Z, Z]}, "2 files of positives for 3 checkpoints"),
    "labels": ((Z,), {"labels": [1, 2]}, "labels: 2 labels for 30 rows"),
    "covariate": ((Z,), {"covariate": np.full(30, np.nan)}, "covariate: row 0 .* is NaN"),
    "nothing": ((np.zeros((5, 3)),), {}, "z: none of 5 rows has a direction"),
    "column": ((Z[:, :1],), {}, "z: one column"),
    "optimizer": ((Z,), {"optimizer": "adamm"}, "there is no optimizer 'adamm'"),
    "kind": ((Z,), {"parameters": "shard"}, "parameters: it must be one of free, shared"),
    "rate": ((Z,), {"learning_rate": 0.0}, "learning_rate: the value must be a finite number above 0, not 0"),
    "text": (("z.npy",), {}, "z: <U5; give float16, float32 or float64"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_wrong_is_said(fault):
    given, keywords, message = REFUSED[fault]
    with pytest.raises(ValueError, match=message) as refused:
        en.diagnose(*given, **keywords)
    assert "--" not in str(refused.value), "options are called as in Python"
