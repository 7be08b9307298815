"""Results that are there, asked for what they do not hold."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.helpers import fakes, images
from tests.helpers.bad_inputs.row import Row, text
from tuner.storages.opening import default_url, open_storage


@functools.cache
def _database() -> bytes:
    """A storage with a search, two of one name, a sweep and one that met nothing."""
    with tempfile.TemporaryDirectory() as folder:
        storage = open_storage(default_url(Path(folder)))
        fakes.make_search(storage)
        fakes.make_search(storage, "q4@shapes10", "shapes10")
        fakes.make_search(storage, "q4@toys", "toys")
        fakes.make_sweep(storage)
        fakes.add_trial(fakes.make_study("q2", storage=storage), "missed", 3_000, 0.752)
        fakes.make_study("q7", storage=storage)
        storage.close()
        return (Path(folder) / "tuner.db").read_bytes()


def _filled(more: Callable[[Path], object] = lambda folder: None) -> Callable[[Path], object]:
    def make(folder: Path) -> object:
        text("tuner-results/tuner.db", _database())(folder)
        images.write_npz(folder / "toys.npz")
        return more(folder)

    return make


def _model(folder: Path) -> object:
    return text("tuner-results/q10/trial-0008.keras", b"x")(folder)


_NAMED = ("status", "best", "trials", "certify", "export --format keras", "report")


def _row(name: str, command: str, *said: str, make: Callable[[Path], object] | None = None) -> Row:
    return Row(name, command, said, make or _filled())


RESULTS = [
    *(
        _row(f"{verb.split()[0]} of a name misspelt", f"{verb} q11", "'q11'", "mean 'q10'?")
        for verb in _NAMED
    ),
    *(
        _row(f"{verb.split()[0]} of two", f"{verb} q4", "q4@shapes10, q4@toys; name one in full")
        for verb in _NAMED
    ),
    _row("certify on other data", "certify q10 --data toys.npz", "holds other images"),
    _row("certify on data that is gone", "certify q10 --data gone.npz", "No data set 'gone.npz'"),
    _row(
        "no such trial to export", "export q10 --format keras --trial 99", "no trial 99", "see 't"
    ),
    _row("a gated trial", "export q10 --format keras --trial 3", "has no model file", "see 'tuner"),
    _row("a sweep to export", "export q9 --format keras", "is a sweep", "see 'tuner trials q9'"),
    _row("a miss to export", "export q2 --format keras", "no trial has met the target", "see 'tu"),
    _row("a model that is gone", "export q10 --format keras", "trial-0008.keras' is gone; put it"),
    _row(
        "an output of another form",
        "export q10 --format keras --output model.h5",
        "ends in .keras but --output is 'model.h5'",
        make=_filled(_model),
    ),
    _row(
        "the model itself",
        "export q10 --format keras --output tuner-results/q10/trial-0008.keras",
        "is the study's own model; give another --output",
        make=_filled(_model),
    ),
    _row(
        "no folder to export to",
        "export q10 --format keras --no-measure --output no/such/model.keras",
        "cannot write 'no/such/model.keras'",
        "give another place with --output",
        make=_filled(_model),
    ),
    _row(
        "export on other data",
        "export q10 --format keras --data toys.npz",
        "holds other images",
        "give the same with --data, or --no-measure",
        make=_filled(_model),
    ),
    _row(
        "export on data that is gone",
        "export q10 --format keras --data gone.npz",
        "the images of study 'q10' are not at hand",
        "say where they are with --data",
        make=_filled(_model),
    ),
    _row("a report into a folder", "report q10 --output .", "it is a folder; give another file"),
    _row("a report of nothing trained", "report q7", "no trained trial yet", "tuner search q7"),
    _row(
        "a study on other data", "search q10 --data toys.npz --trials 1 --warm-start q11", "'q11'"
    ),
    _row("a warm start of a sweep", "search q10 --data toys.npz --warm-start q9", "is a sweep"),
    _row(
        "a warm start of nothing", "search q10 --data toys.npz --warm-start q7", "not trained any"
    ),
]
