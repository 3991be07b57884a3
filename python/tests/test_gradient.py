"""Gradients: against automatic differentiation, against the command, from arrays of every kind, and refusals."""

import json
import threading

import numpy as np
import pytest

import embedding_norms as en
from embedding_norms import _arrays

ROWS, COLUMNS = 12, 5

#: Losses of one view, with what they need beside it.
ONE_VIEW = {"sup-con": "labels", "infonce-all-positives": "labels", "infonce-one-positive": "positives"}

#: Parameters other than the defaults.
CHOSEN = {
    "info-nce": {"temperature": 0.3},
    "nt-xent": {"temperature": 0.2},
    "siglip": {"temperature": 0.5, "bias": -1.0},
    "triplet": {"margin": 0.4},
    "align-uniform": {"alignment": 0.7, "uniformity": 1.3, "sharpness": 1.5},
}


def case(name):
    """Two views, with what a loss of one view needs in the place of the second."""
    rng = np.random.default_rng(3)
    z, w = rng.normal(size=(2, ROWS, COLUMNS)) * rng.uniform(0.5, 3.0, size=(2, ROWS, 1))
    beside = {"labels": np.arange(ROWS) % 3, "positives": (np.arange(ROWS) + 5) % ROWS}.get(ONE_VIEW.get(name))
    return z, w, beside


def ours(name, z, w, beside, **parameters):
    if name in ONE_VIEW:
        return en.gradient(name, z, **{ONE_VIEW[name]: beside}, **parameters)
    return en.gradient(name, z, w, **parameters)


@pytest.mark.parametrize("parameters", ["defaults", "chosen"])
@pytest.mark.parametrize("name", [loss["name"] for loss in en.losses()])
def test_every_loss_has_the_gradient_of_automatic_differentiation(name, parameters):
    torch = pytest.importorskip("torch")
    import references

    if parameters == "chosen" and name not in CHOSEN:
        pytest.skip("the defaults are tested")
    chosen = CHOSEN[name] if parameters == "chosen" else {}
    z, w, beside = case(name)
    views = [torch.tensor(view, requires_grad=True) for view in (z, w)]
    second = torch.as_tensor(beside) if name in ONE_VIEW else views[1]
    loss = getattr(references, name.replace("-", "_"))(views[0], second, **chosen)
    loss.backward()
    value, dz, dw = ours(name, z, w, beside, **chosen)
    assert value == pytest.approx(loss.item(), rel=1e-12)
    scale = np.abs(dz).max()
    assert scale > 1e-6
    assert np.abs(dz - views[0].grad.numpy()).max() <= 1e-12 * scale
    if name in ONE_VIEW:
        assert dw is None
    elif name == "simsiam":
        assert not dw.any() and views[1].grad is None
    else:
        assert np.abs(dw - views[1].grad.numpy()).max() <= 1e-12 * scale


def test_gradients_are_the_commands_bit_for_bit(tmp_path, command):
    z, w, labels = case("sup-con")
    np.save(tmp_path / "z.npy", z)
    np.save(tmp_path / "w.npy", w)
    np.save(tmp_path / "labels.npy", labels)
    pairs = ["z.npy", "w.npy", "--write", "G.npy", "--write-second", "H.npy", "--json"]
    told = json.loads(command("gradient", "--loss", "nt-xent", "--temperature", "0.2", *pairs, folder=tmp_path))
    value, dz, dw = en.gradient("nt-xent", z, w, temperature=0.2)
    assert value == told["value"]
    assert (dz == np.load(tmp_path / "G.npy")).all() and (dw == np.load(tmp_path / "H.npy")).all()
    command("gradient", "--loss", "sup-con", "z.npy", "--labels", "labels.npy", "--write", "S.npy", folder=tmp_path)
    assert (en.gradient("sup-con", z, labels=labels)[1] == np.load(tmp_path / "S.npy")).all()


class OnlyDlpack:
    """An array of a library that NumPy knows nothing of."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **keywords):
        return self.array.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "every second": lambda z: np.repeat(z, 2, axis=0)[::2],
    "reversed": lambda z: z[::-1, ::-1].copy()[::-1, ::-1],
    "transposed": lambda z: z.T.copy().T,
    "other byte order": lambda z: z.astype(z.dtype.newbyteorder()),
    "unaligned": lambda z: np.frombuffer(b"\0" + z.tobytes(), np.uint8)[1:].view(z.dtype).reshape(z.shape),
    "read only": lambda z: np.frombuffer(z.tobytes(), z.dtype).reshape(z.shape),
    "lists": lambda z: z.tolist(),
    "dlpack": OnlyDlpack,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_of_any_layout_are_read(layout):
    z, w, _ = case("nt-xent")
    expected, given = en.gradient("nt-xent", z, w), en.gradient("nt-xent", LAYOUTS[layout](z), w)
    assert given[0] == expected[0] and (given[1] == expected[1]).all() and (given[2] == expected[2]).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_smaller_numbers_are_computed_in_double_precision(dtype):
    z, w, _ = case("nt-xent")
    z, w = z.astype(dtype), w.astype(dtype)
    expected = en.gradient("nt-xent", z.astype(np.float64), w.astype(np.float64))
    value, dz, dw = en.gradient("nt-xent", z, w)
    assert value == expected[0] and (dz == expected[1]).all() and (dw == expected[2]).all()
    assert dz.dtype == dw.dtype == np.float64


def test_tensors_are_read_with_and_without_a_gradient():
    torch = pytest.importorskip("torch")
    z, w, labels = case("sup-con")
    expected = en.gradient("nt-xent", z, w)
    for tensor in (torch.tensor(z), torch.tensor(z, requires_grad=True), torch.tensor(z.T).T, torch.tensor(z) * 1.0):
        assert (en.gradient("nt-xent", tensor, torch.tensor(w))[1] == expected[1]).all()
    half = torch.tensor(z, dtype=torch.float16)
    assert (en.gradient("nt-xent", half, w)[1] == en.gradient("nt-xent", half.double(), w)[1]).all()
    with_labels = en.gradient("sup-con", torch.tensor(z), labels=torch.tensor(labels))
    assert (with_labels[1] == en.gradient("sup-con", z, labels=labels)[1]).all()
    with pytest.raises(ValueError, match=r"z: torch.bfloat16 cannot be read .*\.float\(\)"):
        en.gradient("nt-xent", torch.tensor(z, dtype=torch.bfloat16), w)


@pytest.fixture
def jax():
    """JAX, in double precision."""
    jax = pytest.importorskip("jax")
    was = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax
    jax.config.update("jax_enable_x64", was)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_arrays_of_jax_are_read(jax, dtype):
    z, w, labels = case("sup-con")
    z, w = (jax.numpy.asarray(view, dtype=dtype) for view in (z, w))
    expected = en.gradient("nt-xent", np.asarray(z), np.asarray(w), temperature=0.25)
    assert (en.gradient("nt-xent", z, w, temperature=jax.numpy.float32(0.25))[1] == expected[1]).all()
    expected = en.gradient("sup-con", np.asarray(z), labels=labels)
    assert (en.gradient("sup-con", z, labels=jax.numpy.asarray(labels))[1] == expected[1]).all()
    norms = jax.numpy.asarray([1.0, 2.0], dtype=dtype)
    assert en.steps(norms, learning_rate=jax.numpy.float64(0.02)).tolist() == [95.0, 380.0]
    found = en.diagnose([z, w], steps=jax.numpy.asarray([0, 3]))
    assert found.to_dict() == en.diagnose([np.asarray(z), np.asarray(w)], steps=[0, 3]).to_dict()


def test_gradients_are_those_of_jax(jax):
    z, w, _ = case("nt-xent")

    def loss(z, w):
        rows = jax.numpy.concatenate([z, w])
        rows = rows / jax.numpy.linalg.norm(rows, axis=1, keepdims=True)
        logits = rows @ rows.T / 0.25 - 1e300 * jax.numpy.eye(2 * ROWS)
        partners = (jax.numpy.arange(2 * ROWS) + ROWS) % (2 * ROWS)
        return -jax.numpy.mean(jax.nn.log_softmax(logits)[jax.numpy.arange(2 * ROWS), partners])

    expected = jax.value_and_grad(loss, (0, 1))(z, w)
    value, *gradients = en.gradient("nt-xent", z, w, temperature=0.25)
    assert value == pytest.approx(float(expected[0]), rel=1e-12)
    for ours, theirs in zip(gradients, expected[1]):
        assert np.abs(ours - theirs).max() <= 1e-12 * np.abs(ours).max()


def test_what_jax_has_not_computed_yet_is_refused(jax):
    with pytest.raises(ValueError, match="z: float64 cannot be read"):
        jax.jit(lambda z: en.gradient("cosine", z, z)[0])(case("cosine")[0])


def test_double_precision_is_not_copied():
    z, _, _ = case("cosine")
    for array in (z, z[::2], z[:, ::-1], np.asfortranarray(z), OnlyDlpack(z)):
        original = array.array if isinstance(array, OnlyDlpack) else array
        assert np.shares_memory(_arrays.matrix(array, "z"), original)
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(z, requires_grad=True)
    assert np.shares_memory(_arrays.matrix(tensor, "z"), tensor.detach().numpy())


def test_labels_are_integers_or_texts():
    z, _, labels = case("sup-con")
    expected = en.gradient("sup-con", z, labels=labels)[1]
    names = np.array(["a cat", "a dog", "a hat"])[labels]
    for other in (list(labels), labels.astype(np.int8) - 100, names, list(names), names.astype(object)):
        assert (en.gradient("sup-con", z, labels=other)[1] == expected).all()


FINE = [[1.0, 0.0], [0.0, 1.0]]

REFUSED = {
    "no such loss": (("nt-xnt", FINE, FINE), {}, "there is no loss 'nt-xnt'; did you mean 'nt-xent'?"),
    "no such parameter": (("cosine", FINE, FINE), {"tau": 1.0}, "cosine takes no tau; it takes no parameters"),
    "not taken": (("cosine", FINE, FINE), {"temperature": 1.0}, "cosine takes no temperature; it takes no parameters"),
    "domain": (("nt-xent", FINE, FINE), {"temperature": -1.0}, "temperature must be a finite number above 0, not -1"),
    "zero row": (("cosine", FINE, [[1.0, 0.0], [0.0, 0.0]]), {}, "row 1 is zero and has no direction"),
    "not finite": (("cosine", FINE, [[1.0, 0.0], [np.nan, 0.0]]), {}, "row 1 "),
    "other shape": (("cosine", FINE, [[1.0, 0.0]]), {}, r"the two views have shapes \(2, 2\) and \(1, 2\)"),
    "no second view": (("cosine", FINE), {}, "cosine compares two views, and the batch has one"),
    "no labels": (("sup-con", FINE), {}, "sup-con needs a class per row, and the batch has none"),
    "labels too many": (("sup-con", FINE), {"labels": [0, 0, 1]}, "3 labels for 2 rows"),
    "labels for nothing": (("cosine", FINE, FINE), {"labels": [0, 0]}, "labels: cosine takes no labels; leave this out"),
    "single class": (("sup-con", FINE), {"labels": ["hat", "cat"]}, "a second row of class 'hat', and row 0"),
    "labels of numbers": (("sup-con", FINE), {"labels": [0.5, 0.5]}, "labels: float64 in 1 dimensions; give an integer"),
    "own positive": (("infonce-one-positive", FINE), {"positives": [0, 0]}, "row 0 is drawn as its own positive"),
    "positive below 0": (("infonce-one-positive", FINE), {"positives": [1, -1]}, "positives: -1; rows are counted from 0"),
    "no rows": (("cosine", np.empty((0, 2)), np.empty((0, 2))), {}, "the batch has no rows"),
    "no columns": (("cosine", np.empty((2, 0)), np.empty((2, 0))), {}, "row 0 "),
    "vector": (("cosine", [1.0, 2.0], FINE), {}, "z: 1 dimensions; give a matrix"),
    "complex": (("cosine", FINE, np.array(FINE) * 1j), {}, "w: complex128; give float16, float32 or float64"),
    "text": (("cosine", [["a", "b"]], FINE), {}, "z: <U1; give float16, float32 or float64"),
    "nothing": (("cosine", None, FINE), {}, "z: object; give float16, float32 or float64"),
    "ragged": (("cosine", [[1.0], [1.0, 2.0]], FINE), {}, "z: list cannot be read .*inhomogeneous"),
    "no number": (("nt-xent", FINE, FINE), {"temperature": "hot"}, "temperature: 'hot'; give a number"),
    "no number at all": (("nt-xent", FINE, FINE), {"temperature": None}, "temperature: None; give a number"),
    "many numbers": (("nt-xent", FINE, FINE), {"temperature": np.ones(2)}, r"temperature: an array of shape \(2,\); give one"),
    "masked": (("cosine", np.ma.masked_less(FINE, 0.5), FINE), {}, "z: some entries are masked"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_wrong_is_said(fault):
    given, keywords, message = REFUSED[fault]
    with pytest.raises(ValueError, match=message):
        en.gradient(*given, **keywords)


def test_what_memory_does_not_hold_is_refused_before_it_is_tried():
    z = np.broadcast_to([1.0, 0.0], (1_000_000, 2))
    with pytest.raises(ValueError, match="nt-xent compares 2000000 rows with each other"):
        en.gradient("nt-xent", z, z)


def test_many_rows_that_fit_are_computed():
    z = np.random.default_rng(0).normal(size=(300_000, 4))
    _, dz, _ = en.gradient("cosine", z, z[::-1])
    assert np.abs((dz * z).sum(1)).max() < 1e-15  # tangent (G3)


def test_a_name_that_may_mean_more_is_a_warning():
    with pytest.warns(UserWarning, match="'SimCLR' is taken as nt-xent: SimCLR's loss"):
        en.gradient("SimCLR", FINE, FINE)


def test_threads_compute_the_same_at_a_time():
    z, w = np.random.default_rng(5).normal(size=(2, 600, 64))
    expected = en.gradient("nt-xent", z, w)
    found = [None] * 4

    def compute(place):
        found[place] = en.gradient("nt-xent", z, w)

    threads = [threading.Thread(target=compute, args=(place,)) for place in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for value, dz, dw in found:
        assert value == expected[0] and (dz == expected[1]).all() and (dw == expected[2]).all()


def test_python_goes_on_while_it_computes():
    z, w = np.random.default_rng(5).normal(size=(2, 2500, 64))
    finished = threading.Event()

    def compute():
        en.gradient("nt-xent", z, w)
        finished.set()

    thread = threading.Thread(target=compute)
    thread.start()
    rounds = 0
    while not finished.wait(0.001):
        rounds += 1
    thread.join()
    assert rounds > 20


def test_lists_of_losses_and_optimizers_are_the_commands(command):
    assert json.loads(command("losses", "--json"))["losses"] == en.losses()
    assert json.loads(command("optimizers", "--json"))["optimizers"] == en.optimizers()
