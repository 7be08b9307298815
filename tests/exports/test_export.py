"""``tuner export`` as a user types it."""

from __future__ import annotations

import dataclasses
import errno
import io
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import optuna
import pytest
from PIL import Image

from tests.helpers import children, exports, fakes, tiny
from tuner import cli, data
from tuner.basics import child_process
from tuner.basics.child_process import Channel
from tuner.errors import ExportError
from tuner.exports import card, process
from tuner.exports.facts import Exported, Measured
from tuner.exports.orders import ExportOrders, Format
from tuner.exports.source import find_source
from tuner.records import words
from tuner.records.keys import StudyKey
from tuner.records.studies import StudyRecord
from tuner.storages.opening import default_url, open_storage

pytestmark = [
    # Keras copies TensorFlow's variables, which do not know NumPy 2's keyword, to save them.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't:DeprecationWarning"),
    # Keras looks whether NumPy still has what tf2onnx wants; NumPy warns of the question.
    pytest.mark.filterwarnings("ignore:In the future `np.object`:FutureWarning"),
    # The converter says it of every quantisation whose range comes from images.
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning"),
    # SWIG's types, which LiteRT and TensorFlow make on import.
    pytest.mark.filterwarnings("ignore:builtin type .* has no __module__:DeprecationWarning"),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study whose trial 0 met the target; not to be changed."""
    return exports.make_study(tmp_path_factory.mktemp("made"), exports.model())


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of the test's own, whose model file is no model; the current folder."""
    monkeypatch.chdir(tmp_path)
    return exports.make_study(tmp_path, SimpleNamespace(save=lambda p: p.write_bytes(b"broken")))


def loaded(folder: Path) -> optuna.Study:
    storage = open_storage(default_url(folder / "tuner-results"))
    return optuna.load_study(study_name="tiny", storage=storage)


def run(arguments: list[str], folder: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """``tuner`` in a process of its own, which then says what it has imported."""
    code = (
        "import sys; from tuner.cli import main; code = main(sys.argv[1:]); "
        "print([m for m in ('tensorflow', 'keras', 'onnx') if m in sys.modules], file=sys.stderr); "
        "sys.exit(code)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        # A process that may write little would leave modules cut short for all others.
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
        **options,
    )


def fails(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command that cannot work says: one line, with exit code 2."""
    assert cli.main(["export", *arguments]) == 2
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if line.startswith("Error: ")]
    assert said.out == "" and len(lines) == 1 and said.err.strip().endswith(lines[0])
    return lines[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("format", "options", "runtime"),
    [("keras", [], "Keras"), ("tflite", ["--int8"], "LiteRT"), ("onnx", [], "ONNX Runtime")],
)
def test_a_model_becomes_a_file_a_card_and_an_accuracy(
    made: Path,
    format: str,
    options: list[str],
    runtime: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["export", "tiny", "--format", format, *options, "--json"]
    monkeypatch.chdir(made)
    if format == "tflite":
        ran = run(arguments, made)
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr.splitlines()[-1] == "[]", "the command itself needs no backend"
        found = json.loads(ran.stdout)
    else:  # here, for starting TensorFlow takes most of the time of an export
        monkeypatch.setattr(child_process, "run", children.run_here)
        assert cli.main(arguments) == 0
        found = json.loads(capsys.readouterr().out)
    file = made / f"tiny{'-int8' if options else ''}.{format}"
    assert (made / found["file"], found["bytes"]) == (file, file.stat().st_size)
    assert (found["size"], found["total_size"], found["macs"]) == (547, 547, 536)
    measured = found["measured"]
    assert (
        measured["images"] == 30
        and measured["which"] == "validation"
        and measured["runtime"].startswith(runtime)
    )
    assert measured["accuracy"] > 0.9 and measured["agreement"] >= 0.95
    assert found["proof"]["model"]["verdict"] is None and "tuner certify tiny" in found["verdict"]
    card = (made / found["card"]).read_text()
    for said in (
        f"{file.stat().st_size:,} bytes",
        "547 trainable parameters (547 total), 536 MACs",
        f"{found['activations']:,} bytes at the peak",
        f"{words.percent(measured['accuracy'], 2)} on the validation images (30, ",
        "not proven: its accuracy is that of one lucky training",
        "uint8 images [n, 8, 8, 1]",
        data.resolve(str(made / "images.npz")).hash,
        "trial 0, seed 7",
        "0. 0\n1. 1\n2. 2\n",
        f"keras {keras.__version__}",
    ):
        assert said in card
    assert not list(made.glob(".*part*"))
    check_the_snippet(card, capsys)


def check_the_snippet(card: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The card's five lines, as they stand, find the class of an image in the current folder."""
    (snippet,) = re.findall(r"```python\n(.*?)\n```", card, flags=re.S)
    assert len(snippet.splitlines()) == 5
    images = tiny.images()
    Image.fromarray(images["x_test"][2, :, :, 0]).save("image.png")
    exec(snippet, {})
    assert capsys.readouterr().out.split()[-1] == str(images["y_test"][2])


@pytest.mark.parametrize("format", ["tflite", "onnx"])
def test_a_quantised_model_that_loses_more_than_a_point_says_so(
    tmp_path: Path, format: str
) -> None:
    # Three scores within a few units of each other, and a fourth 100,000 below.
    exports.make_study(tmp_path, exports.model(logits_spread=100_000.0))
    orders = exports.orders(tmp_path, format, int8=True)  # type: ignore[arg-type]
    facts = process.export(orders)
    assert facts.measured is not None
    assert facts.measured.keras_accuracy > 0.9
    assert facts.measured.accuracy < facts.measured.keras_accuracy - 0.01
    record = StudyRecord.of(loaded(tmp_path))
    source = find_source(record, tmp_path / "tuner-results" / "tiny", None)
    file = tmp_path / f"tiny.{format}"
    written = Exported(record, source, format, True, file, file, facts)  # type: ignore[arg-type]
    points = 100 * (facts.measured.keras_accuracy - facts.measured.accuracy)
    expected = f"loses {points:.3g} points of accuracy against the Keras model, more than a point"
    assert expected in card.card(written)
    assert expected in str(card.warning(written))


@pytest.mark.parametrize(("accuracy", "warned"), [(0.75, False), (0.74, False), (0.7399, True)])
def test_only_more_than_a_point_is_worth_a_warning(accuracy: float, warned: bool) -> None:
    measured = Measured(10_000, accuracy, 0.75, 0.99, "LiteRT")
    assert measured.loses_more_than_a_point is warned


def test_the_file_that_is_exported_is_the_one_that_was_proven(study: Path) -> None:
    folder = study / "tuner-results" / "tiny"
    found = loaded(study)
    fakes.add_model_certificate(found, 0, 0.95)
    fakes.add_certificate(found, 0, [0.93, 0.97, 0.95])
    for seed in range(3):
        (folder / f"certificate-0000-{seed}.keras").touch()
    source = find_source(StudyRecord.of(found), folder, None)
    assert source.file.name == "trial-0000.keras" and source.certified and source.epochs == 25
    assert source.verdict("tiny").startswith("certified: 95.0 % of 10,000 test images, at least")
    assert source.recipe_verdict.startswith("certified: 95.0 % on the test images, mean of 3")


def test_a_file_that_is_not_the_one_that_was_proven_is_not_exported(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fakes.add_model_certificate(loaded(study), 0, 0.95)
    said = fails(["tiny", "--format", "keras"], capsys)
    assert "has changed since the look at the test images that trial 0 was proven with" in said


def test_a_file_of_another_model_than_the_trials_is_not_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = keras.Input((8, 8, 1))
    other = keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(inputs)))
    exports.make_study(tmp_path, other)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(child_process, "run", children.run_here)
    before = sorted(tmp_path.iterdir())
    said = fails(["tiny", "--format", "keras", "--no-measure"], capsys)
    assert "holds a model of 195 trainable parameters, but trial 0 of study 'tiny'" in said
    assert sorted(tmp_path.iterdir()) == before


def test_a_refuted_model_is_exported_when_asked_for_and_called_refuted(study: Path) -> None:
    found = loaded(study)
    found.set_user_attr(StudyKey.PROVE, "both")
    fakes.add_model_certificate(found, 0, 0.70, certified=False)
    source = find_source(StudyRecord.of(found), study / "tuner-results" / "tiny", 0)
    assert source.file.name == "trial-0000.keras" and not source.certified
    assert source.verdict("tiny").startswith("refuted: 70.0 % of 10,000 test images")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tine", "--format", "onnx"], "no study called 'tine' has results; did you mean 'tiny'?"),
        (["tiny"], "Missing option '--format'"),
        (["tiny", "--format", "tflit"], "did you mean 'tflite'?"),
        (["tiny", "--format", "keras", "--int8"], "--int8 is for tflite and onnx"),
        (["tiny", "--format", "onnx", "--trial", "9"], "study 'tiny' has no trial 9"),
        (["tiny", "--format", "onnx", "--trial", "1"], "trial 1 of 'tiny' has no model file"),
        (["tiny", "--format", "onnx", "--output", "x.tflite"], "a onnx file ends in .onnx"),
        (["tiny", "--format", "onnx", "--output", "no/x.onnx"], "cannot write 'no/x.onnx'"),
        (["tiny", "--format", "onnx", "--output", "tiny.toml/x.onnx"], "cannot write"),
        (
            ["tiny", "--format", "keras", "--output", "tuner-results/tiny/trial-0000.keras"],
            "is the study's own model",
        ),
        (["tiny", "--format", "onnx", "--data", "nowhere"], "--data, or --no-measure"),
        (["tiny", "--format", "onnx", "--int8", "--no-measure", "--data", "nowhere"], "--data."),
        (["tiny", "--format", "onnx", "--results", "elsewhere"], "there are no results yet"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], said: str, study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(study.rglob("*"))
    assert said in fails(arguments, capsys)
    assert sorted(study.rglob("*")) == before


def test_a_study_in_which_nothing_met_the_target(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = open_storage(default_url(study / "tuner-results"))
    fakes.add_trial(fakes.make_study("q2", storage=storage), "missed", 3_000, 0.7)
    fakes.make_sweep(storage)
    assert "no trial has met the target" in fails(["q2", "--format", "keras"], capsys)
    assert "is a sweep and has no winner" in fails(["q9", "--format", "keras"], capsys)


def test_a_model_file_that_is_gone(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / "tuner-results" / "tiny" / "trial-0000.keras").unlink()
    said = fails(["tiny", "--format", "keras"], capsys)
    assert "trial-0000.keras' is gone" in said and "--results" in said


def test_images_that_are_not_the_studys(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(study / "images.npz", **tiny.images(seed=1))
    said = fails(["tiny", "--format", "keras"], capsys)
    assert "holds other images" in said and "--no-measure" in said


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (
            "tf2onnx",
            "onnx needs tf2onnx, not installed: pip install 'smallest-model[onnx]', "
            "or in a clone: scripts/environment onnx.",
        ),
        ("ai_edge_litert", "tflite needs ai_edge_litert, not installed: pip install"),
        ("tensorflow", "is converted by TensorFlow"),
    ],
)
def test_an_extra_that_is_not_installed(
    gone: str,
    said: str,
    study: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, gone, None)
    format = "tflite" if gone == "ai_edge_litert" else "onnx"
    assert said in fails(["tiny", "--format", format], capsys)


@pytest.mark.slow
def test_debug_shows_where_a_model_file_could_not_be_read(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(study.rglob("*"))
    assert cli.main(["export", "tiny", "--format", "keras", "--no-measure", "--debug"]) == 2
    said = capsys.readouterr().err
    assert "exports/process.py" in said, "the converting process's traceback"
    assert said.splitlines()[-1].startswith("tuner.errors.ExportError: the model file ")
    assert "cannot be read" in said.splitlines()[-1]
    assert sorted(study.rglob("*")) == before


@pytest.mark.slow
def test_a_disk_that_is_full_leaves_what_was_there(made: Path, tmp_path: Path) -> None:
    old = tmp_path / "tiny.keras"
    old.write_text("what was there before")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))

    arguments = ["export", "tiny", "--format", "keras", "--no-measure", "--output", str(old)]
    ran = run(arguments, made, preexec_fn=limit)
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-2].startswith("Error: cannot write the export")
    assert old.read_text() == "what was there before"
    assert [p.name for p in tmp_path.iterdir()] == ["tiny.keras"]


@pytest.mark.parametrize(
    ("at_fault", "said"),
    [
        ("/data/test_images.npy", "cannot use '/data/test_images.npy': Permission denied"),
        (None, "cannot write the export: Permission denied"),
        ("here/.tiny.part.tflite", "cannot write the export: Permission denied"),
    ],
)
def test_the_file_that_is_at_fault_is_named(
    at_fault: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", at_fault)

    monkeypatch.setattr(process, "export", fail)
    orders = ExportOrders(
        "m.keras", "here/.tiny.part.tflite", "tflite", False, True, "test", {}, None
    )
    with pytest.raises(ExportError) as caught:
        process.work(dataclasses.asdict(orders), Channel(io.StringIO(), io.StringIO()))
    assert str(caught.value).startswith(said)


REGISTERED = '@keras.saving.register_keras_serializable(package="own")\n'


@pytest.mark.parametrize("format", ["tflite", "keras"])
@pytest.mark.parametrize("layer", [exports.OWN_LAYER, exports.OWN_LAYER.replace(REGISTERED, "")])
def test_layers_of_the_spaces_own_are_found_through_the_space(
    layer: str, format: Format, tmp_path: Path
) -> None:
    space = tiny.write(tmp_path).with_name("space.py")
    space.write_text(layer + space.read_text())
    namespace: dict[str, Any] = {"__name__": "space"}
    exec(layer, namespace)
    inputs = keras.Input((8, 8, 1))
    outputs = keras.layers.Dense(3)(keras.layers.Flatten()(namespace["Doubled"]()(inputs)))
    file = tmp_path / "own.keras"
    keras.Model(inputs, outputs).save(file)
    # As in a process of its own; what other tests have registered comes back.
    known = keras.saving.get_custom_objects()
    registered = dict(known)
    known.clear()
    try:
        facts = process.export(exports.orders(tmp_path, format, measure=False, file=str(file)))
    finally:
        known.update(registered)
    assert facts.own_layers and facts.measured is None
    assert facts.bytes == (tmp_path / f"part.{format}").stat().st_size
