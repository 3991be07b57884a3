"""The recorder: what it keeps, what it leaves alone, how much it costs, and a training from end to end."""

import json
import random

import numpy as np
import pytest

import embedding_norms as en

torch = pytest.importorskip("torch")
nn = torch.nn

from models import SimSiam, train  # noqa: E402: PyTorch may be missing


def test_a_training_is_recorded_and_diagnosed(model, views, tmp_path):
    path = tmp_path / "run.safetensors"
    known = {"optimizer": "adam", "learning_rate": 1e-2, "parameters": "shared", "run": "first"}
    labels = ["odd" if row % 2 else "even" for row in range(64)]
    recorder = en.Recorder(model.encoder, *views, labels=labels, path=path, settings=known)
    with recorder:
        losses = train(model, 200, recorder)
    assert losses[-1] < losses[0]
    steps = recorder.recording.steps
    assert steps[:7] == [0, 1, 2, 3, 5, 7, 10] and steps[-1] == 200
    with torch.no_grad():
        model.eval()
        expected = model.encoder(views[0]).numpy()
    last = recorder.recording.get("z")[-1]
    assert last.dtype == np.float16 and np.allclose(last, expected, rtol=1e-3, atol=1e-4)
    diagnosis = recorder.diagnose()
    settings = diagnosis.to_dict()["settings"]
    assert (settings["optimizer"], settings["steps"]) == ("adam", steps)
    asked = {"positives", "step", "course", "class-norms", "ledger", "alignment-forecast"}
    assert {answer["key"] for answer in diagnosis.answers} >= asked

    loaded = en.Recording.load(path)
    assert loaded.steps == steps and loaded.settings == known and loaded.labels == labels
    assert loaded.versions["torch"] == torch.__version__ and loaded.versions["embedding-norms"] == en.__version__
    assert loaded.diagnose().to_dict() == diagnosis.to_dict()


def test_the_command_reads_the_file(model, views, tmp_path, command):
    recorder = en.Recorder(model.encoder, *views, path=tmp_path / "run.safetensors")
    with recorder:
        train(model, 10, recorder)
    steps = recorder.recording.steps
    names = [f"run.safetensors:z.eval.{step}" for step in steps]
    positives = [f"--positives=run.safetensors:positives.eval.{step}" for step in steps]
    line = [*names, *positives, "--steps", ",".join(map(str, steps)), "--json"]
    told = json.loads(command("diagnose", *line, folder=tmp_path))
    ours = recorder.diagnose().to_dict()
    for measure in ("norms", "positive_angle", "turned", "effective_rank", "over_best", "ledger"):
        assert [state[measure] for state in told["course"]] == [state[measure] for state in ours["course"]]
    # The file alone says all of this.
    assert json.loads(command("diagnose", "run.safetensors", "--json", folder=tmp_path)) == told


def state_of(model):
    parts = {name: value.clone() for name, value in model.state_dict().items()}
    return parts, [part.training for part in model.modules()], torch.get_rng_state()


@pytest.mark.parametrize("mode", ["eval", "train", "both"])
def test_a_training_does_not_notice(model, views, mode):
    twin = SimSiam()
    twin.load_state_dict(model.state_dict())
    plain = train(twin, 40)
    recorder = en.Recorder(model.encoder, *views, model=model, mode=mode, every=3)
    recorder.start()
    assert train(model, 40, recorder) == plain
    assert all((one == other).all() for one, other in zip(model.state_dict().values(), twin.state_dict().values()))
    assert len(recorder.recording) == 14 and not model.encoder._forward_hooks


def test_modes_differ_and_a_frozen_part_stays_frozen(model, views):
    recorder = en.Recorder(model.encoder, views[0], mode="both")
    model.train()
    model.encoder[1].eval()
    before = state_of(model)
    recorder.record()
    after = state_of(model)
    assert before[1] == after[1] and (before[2] == after[2]).all()
    assert all((before[0][name] == after[0][name]).all() for name in before[0])
    assert recorder.recording.modes == ["eval", "train"]
    assert not np.array_equal(recorder.recording.get("z", "eval")[0], recorder.recording.get("z", "train")[0])
    with pytest.raises(ValueError, match="mode: eval and train were recorded; say which"):
        recorder.diagnose()
    assert recorder.diagnose("train").answers


class Queue(nn.Module):
    """A module with a queue that it fills in either mode, one buffer written to and one put in its place."""

    def __init__(self):
        super().__init__()
        self.register_buffer("queue", torch.zeros(64, 20))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, views):
        self.queue.copy_(views)
        self.count = self.count + 1
        return views


@pytest.mark.parametrize("mode", ["eval", "train", "both"])
def test_a_queue_of_negatives_is_left_alone(views, mode):
    module = Queue()
    queue, count = module.queue, module.count
    en.Recorder(module, *views, mode=mode).record()
    assert module.queue is queue and not queue.any()
    assert module.count is count and count.item() == 0


def test_memory_is_bounded(model, views):
    row = 64 * 8 * 2
    recorder = en.Recorder(model.encoder, views[0], every=1, max_bytes=10 * row)
    recorder.start()
    for _ in range(500):
        recorder.step()
        assert recorder.recording.nbytes <= 10 * row
    steps = recorder.recording.steps
    assert steps[0] == 0 and len(steps) >= 5 and steps[-1] > 400
    with pytest.raises(ValueError, match="max_bytes: one record takes 1024 bytes"):
        en.Recorder(model.encoder, views[0], max_bytes=1000).record()


def test_an_exception_leaves_a_file(model, views, tmp_path):
    path = tmp_path / "run.safetensors"
    recorder = en.Recorder(model.encoder, *views, path=path)
    with pytest.raises(RuntimeError, match="the training failed"), recorder:
        train(model, 100, recorder, fail_at=37)
    assert en.Recording.load(path).steps[-1] == 37
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]


def test_a_file_that_cannot_be_written_hides_no_exception(model, views, tmp_path):
    (tmp_path / "run.safetensors").mkdir()
    recorder = en.Recorder(model.encoder, *views, path=tmp_path / "run.safetensors")
    with pytest.raises(RuntimeError, match="the training failed"), pytest.warns(RuntimeWarning, match="not written"), recorder:
        train(model, 10, recorder, fail_at=3)
    with pytest.raises(OSError):
        recorder.close()
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]


def test_a_fault_of_the_recorder_leaves_the_training_alone(model, views):
    recorder = en.Recorder(model.encoder, views[0], every=1)
    recorder.start()
    recorder._evaluation.inputs = {"z": torch.zeros(3, 5)}
    with pytest.warns(RuntimeWarning, match="recording ended at step 1: .*mat1 and mat2"):
        recorder.step()
    recorder.step()
    assert recorder.recording.steps == [0] and recorder.failure is not None
    assert model.training and not model.encoder._forward_hooks


def test_a_mistake_shows_at_once(model, views):
    samples = views[0]
    for made, message in [
        (lambda: en.Recorder(model.predictor, samples, model=model.encoder).record(), "module: the model does not call"),
        (lambda: en.Recorder(model, samples).record(), "module: it returns tuple"),
        (lambda: en.Recorder(model.encoder, samples, samples[1:]).record(), r"positives: embeddings of shape \(63, 8\)"),
        (lambda: en.Recorder(model.encoder, samples, mode="test"), "mode: 'test'; there are eval, train, both"),
        (lambda: en.Recorder(model.encoder, samples, every=0), 'every: 0; give "log"'),
        (lambda: en.Recorder(model.encoder, samples, per_decade=-1), "records per decade must be above 0"),
        (lambda: en.Recorder(model.encoder, samples).save(), "path: where is the recording to be written"),
    ]:
        with pytest.raises(ValueError, match=message):
            made()


def test_numbers_that_float16_does_not_hold_are_kept(views):
    class Scaled(nn.Module):
        scale = 1.0

        def forward(self, samples):
            return samples * self.scale

    module = Scaled()
    recorder = en.Recorder(module, views[0], every=1)
    for place, scale in enumerate([1.0, 1e6, 1e-9]):
        module.scale = scale
        recorder.step(place)
    norms = [np.linalg.norm(rows.astype(np.float64), axis=1) for rows in recorder.recording.get("z")]
    for found, scale in zip(norms, [1.0, 1e6, 1e-9]):
        assert np.allclose(found, scale * views[0].double().norm(dim=1).numpy(), rtol=2e-3)
    assert [rows.dtype for rows in recorder.recording.get("z")] == [np.float16, np.float32, np.float32]


def test_measures_alone_are_kept(model, views, tmp_path):
    both = [en.Recorder(model.encoder, *views, store=store, dtype="float32") for store in ("embeddings", "measures")]
    for recorder in both:
        recorder.start()
    train(model, 1)
    for recorder in both:
        recorder.step()
    z, w = (recording.get(name) for recording in [both[0].recording] for name in ("z", "positives"))
    measured = both[1].recording
    assert measured.nbytes < both[0].recording.nbytes / 4
    for place in range(2):
        first, second = z[place].astype(np.float64), w[place].astype(np.float64)
        assert np.allclose(measured.get("norms")[place], np.linalg.norm(first, axis=1), rtol=1e-6)
        cosine = (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
        assert np.allclose(np.cos(measured.get("positive_angles")[place]), cosine, atol=1e-6)
    assert len(measured.get("turned")) == 1 and (measured.get("turned")[0] > 0).all()
    with pytest.raises(ValueError, match="store: measures alone were recorded"):
        both[1].diagnose()
    measured.save(tmp_path / "measures.safetensors")
    again = en.Recording.load(tmp_path / "measures.safetensors")
    assert (again.get("turned")[0] == measured.get("turned")[0]).all()


def test_models_take_tuples_and_dictionaries(views):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(20, 4)

        def forward(self, samples, shift=None):
            return {"loss": self.head(samples if shift is None else samples + shift).sum()}

    model = Two()
    for inputs in [(views[0], views[1]), {"samples": views[0], "shift": views[1]}]:
        recorder = en.Recorder(model.head, inputs, model=model)
        recorder.record()
        expected = model.head(views[0] + views[1]).detach().numpy()
        assert np.allclose(recorder.recording.get("z")[0], expected, rtol=1e-2, atol=1e-3)


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"z": np.eye(3)}, tmp_path / "z.safetensors")
    with pytest.raises(ValueError, match="z.safetensors: no recording of layout 1"):
        en.Recording.load(tmp_path / "z.safetensors")


def test_its_time_is_counted(model, views):
    recorder = en.Recorder(model.encoder, *views)
    with recorder:
        train(model, 20, recorder)
    assert 0 < recorder.seconds < 20


def test_random_numbers_of_python_and_numpy_are_left_alone(model, views):
    random.seed(3)
    np.random.seed(3)
    expected = random.random(), np.random.random()
    random.seed(3)
    np.random.seed(3)
    en.Recorder(model.encoder, *views, mode="both").record()
    assert (random.random(), np.random.random()) == expected
