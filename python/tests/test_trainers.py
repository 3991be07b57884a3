"""The recorder as a callback of trainers: of the trainers themselves where they are installed, and of what they call."""

import importlib
import sys
import types

import pytest

import embedding_norms as en

torch = pytest.importorskip("torch")
nn = torch.nn


def stand_in(monkeypatch, name, callback):
    """A trainer's module with nothing in it but the class of its callbacks."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
    setattr(sys.modules[name], callback, type(callback, (), {}))


@pytest.mark.parametrize("raised", [False, True])
def test_the_callback_of_lightning(model, views, tmp_path, monkeypatch, raised):
    try:
        import lightning.pytorch  # noqa: F401
    except ImportError:
        stand_in(monkeypatch, "lightning.pytorch", "Callback")
    recorder = en.Recorder(model.encoder, *views, path=tmp_path / "run.safetensors")
    callback, trainer = recorder.lightning(), types.SimpleNamespace(global_step=0)
    callback.on_train_start(trainer, model)
    for step in range(1, 12):
        # Two batches a step, as where gradients are accumulated.
        callback.on_train_batch_end(trainer, model, None, None, 2 * step - 1)
        trainer.global_step = step
        callback.on_train_batch_end(trainer, model, None, None, 2 * step)
    if raised:
        callback.on_exception(trainer, model, RuntimeError())
    else:
        callback.on_train_end(trainer, model)
    assert en.Recording.load(recorder.path).steps == [0, 1, 2, 3, 5, 7, 10, 11]


def test_the_callback_of_transformers(model, views, tmp_path, monkeypatch):
    try:
        import transformers  # noqa: F401
    except ImportError:
        stand_in(monkeypatch, "transformers", "TrainerCallback")
    recorder = en.Recorder(model.encoder, *views, path=tmp_path / "run.safetensors")
    callback, state = recorder.transformers(), types.SimpleNamespace(global_step=0)
    callback.on_train_begin(None, state, None)
    for step in range(1, 12):
        state.global_step = step
        callback.on_step_end(None, state, None, model=model)
    callback.on_train_end(None, state, None)
    assert en.Recording.load(recorder.path).steps == [0, 1, 2, 3, 5, 7, 10, 11]


LIGHTNING = ["lightning.pytorch", "pytorch_lightning"]


def lightning_training(lightning, model, views, callbacks, tmp_path, steps=10):
    """A training of ``model`` by the trainer of one of Lightning's packages."""

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = model

        def training_step(self, batch, index):
            (p, _), (_, z) = self.model(batch[0]), self.model(batch[1])
            return -nn.functional.cosine_similarity(p, z.detach()).mean()

        def validation_step(self, batch, index):
            self.model(batch[0])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.01)

    loaders = [torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*views), batch_size=8) for _ in range(2)]
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = lightning.Trainer(
        max_steps=steps, accumulate_grad_batches=2, accelerator="cpu", callbacks=callbacks, default_root_dir=tmp_path, **quiet
    )
    trainer.fit(Module(), *loaders)


@pytest.mark.parametrize("name", LIGHTNING)
def test_a_trainer_of_lightning_records(model, views, tmp_path, name):
    lightning = pytest.importorskip(name)
    recorder = en.Recorder(model.encoder, *views, path=tmp_path / "run.safetensors")
    lightning_training(lightning, model, views, [recorder.lightning()], tmp_path)
    loaded = en.Recording.load(recorder.path)
    assert loaded.steps == [0, 1, 2, 3, 5, 7, 10]
    assert loaded.diagnose().answers


@pytest.mark.parametrize("name", LIGHTNING)
def test_a_trainer_of_lightning_that_fails_leaves_a_file(model, views, tmp_path, name):
    lightning = pytest.importorskip(name)

    class Failing(lightning.Callback):
        def on_train_batch_end(self, trainer, *rest):
            if trainer.global_step == 4:
                raise RuntimeError("the training failed")

    recorder = en.Recorder(model.encoder, *views, path=tmp_path / "run.safetensors")
    with pytest.raises(RuntimeError, match="the training failed"):
        lightning_training(lightning, model, views, [recorder.lightning(), Failing()], tmp_path)
    assert en.Recording.load(recorder.path).steps == [0, 1, 2, 3, 4]


@pytest.fixture
def no_lightning():
    """Modules as if none of Lightning's had been imported."""

    def taken():
        names = [name for name in sys.modules if name.partition(".")[0] in ("lightning", "pytorch_lightning")]
        return {name: sys.modules.pop(name) for name in names}

    imported = taken()
    yield
    taken()
    sys.modules.update(imported)


@pytest.mark.parametrize("name", LIGHTNING)
def test_the_package_of_lightning_that_is_in_use_is_asked(model, views, tmp_path, monkeypatch, no_lightning, name):
    # Both are there to be imported, as one installs the other.
    for each in LIGHTNING:
        folder = tmp_path.joinpath(*each.split("."))
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
        (folder / "__init__.py").write_text("class Callback: pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    used = importlib.import_module(name)
    callback = en.Recorder(model.encoder, *views).lightning()
    assert isinstance(callback, used.Callback)


class Pooled(nn.Module):
    """The mean over the tokens that there are."""

    def forward(self, states, mask):
        mask = mask.unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(1) / mask.sum(1)


@pytest.fixture
def sentences():
    """A tiny model of Hugging Face with random parameters, whose pooled output is normalized, and pairs of sentences."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    configuration = transformers.BertConfig(vocab_size=40, max_position_embeddings=16, **shape)

    class Sentences(nn.Module):
        def __init__(self):
            super().__init__()
            self.bert = transformers.BertModel(configuration, add_pooling_layer=False)
            self.pooled = Pooled()

        def embedded(self, ids, mask):
            return self.pooled(self.bert(input_ids=ids, attention_mask=mask).last_hidden_state, mask)

        def forward(self, input_ids, attention_mask, others=None):
            z = self.embedded(input_ids, attention_mask)
            if others is None:
                return {"z": z}
            w = self.embedded(others, attention_mask)
            logits = nn.functional.normalize(z, dim=1) @ nn.functional.normalize(w, dim=1).T / 0.1
            return {"loss": nn.functional.cross_entropy(logits, torch.arange(len(z))), "z": z}

    ids, mask = torch.randint(5, 40, (48, 8)), torch.ones(48, 8, dtype=torch.long)
    others = torch.cat([torch.full((48, 1), 3), ids[:, 1:]], dim=1)
    data = [{"input_ids": one, "attention_mask": of, "others": other} for one, of, other in zip(ids, mask, others)]
    views = [transformers.BatchEncoding({"input_ids": of, "attention_mask": mask}) for of in (ids, others)]
    return transformers, Sentences, data, views


def trainer_of(transformers, model, data, callbacks, folder, **arguments):
    """A ``Trainer`` that says and writes nothing of itself."""
    quiet = {"report_to": [], "disable_tqdm": True, "use_cpu": True, "save_strategy": "no", "remove_unused_columns": False}
    told = transformers.TrainingArguments(
        output_dir=str(folder), per_device_train_batch_size=8, seed=1, **{**quiet, **arguments}
    )
    return transformers.Trainer(model, told, train_dataset=data, callbacks=callbacks)


def test_a_trainer_of_transformers_records(sentences, tmp_path):
    transformers, Sentences, data, views = sentences
    model = Sentences()
    recorder = en.Recorder(model.pooled, *views, model=model, path=tmp_path / "run.safetensors")
    trainer = trainer_of(
        transformers, model, data, [recorder.transformers()], tmp_path / "out",
        max_steps=10, gradient_accumulation_steps=2, save_strategy="steps", save_steps=5,
    )
    trainer.train()
    loaded = en.Recording.load(recorder.path)
    assert loaded.steps == [0, 1, 2, 3, 5, 7, 10] and loaded.get("z")[0].shape == (48, 16)
    assert loaded.diagnose().answers

    # A training that goes on from a checkpoint is recorded from there.
    model = Sentences()
    recorder = en.Recorder(model.pooled, *views, model=model, path=tmp_path / "rest.safetensors")
    trainer = trainer_of(transformers, model, data, [recorder.transformers()], tmp_path / "out", max_steps=14)
    trainer.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-5"))
    assert en.Recording.load(recorder.path).steps == [5, 7, 10, 14]


def test_a_trainer_of_transformers_that_fails_leaves_a_file(sentences, tmp_path):
    transformers, Sentences, data, views = sentences

    class Failing(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 4:
                raise RuntimeError("the training failed")

    model = Sentences()
    recorder = en.Recorder(model.pooled, *views, model=model, path=tmp_path / "run.safetensors")
    callbacks = [recorder.transformers(), Failing()]
    with pytest.raises(RuntimeError, match="the training failed"), recorder:
        trainer_of(transformers, model, data, callbacks, tmp_path / "out", max_steps=10).train()
    assert en.Recording.load(recorder.path).steps == [0, 1, 2, 3, 4]


def test_a_trainer_of_transformers_does_not_notice(sentences, tmp_path):
    transformers, Sentences, data, views = sentences
    ends = []
    for is_recorded in (False, True):
        torch.manual_seed(3)
        model = Sentences()
        recorder = en.Recorder(model.pooled, *views, model=model, mode="both", every=2)
        callbacks = [recorder.transformers()] if is_recorded else []
        trainer_of(transformers, model, data, callbacks, tmp_path / "out", max_steps=6).train()
        ends.append(torch.cat([parameter.detach().flatten() for parameter in model.parameters()]))
    assert len(recorder.recording) == 4 and torch.equal(*ends)
