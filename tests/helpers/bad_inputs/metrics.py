"""Metrics, and targets that are not theirs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.helpers.bad_inputs.row import Make, Row, text
from tests.helpers.images import write_npz

STUDY = {
    "kind": '"search"',
    "question": '"How small?"',
    "data": '"toys.npz"',
    "space": '"search_spaces.dense:DenseSpace"',
    "target": "0.9",
}
HELP = "See 'tuner search --help'."


def _study(code: str = "", *, amounts: bool = False, classes: int = 2, **keys: str) -> Make:
    """A study beside its data, and the file of a metric."""

    def make(folder: Path) -> Path:
        answers: dict[str, object] = {}
        if amounts:
            rng = np.random.default_rng(0)
            answers = {"y_train": rng.normal(size=40), "y_test": rng.normal(size=10)}
        elif classes != 2:
            answers = {"y_train": np.arange(40) % classes, "y_test": np.arange(10) % classes}
        write_npz(folder / "toys.npz", **answers)
        text("own.py", code)(folder)
        lines = {**STUDY, **keys}
        return text("mine.toml", "".join(f"{k} = {v}\n" for k, v in lines.items()))(folder)

    return make


def _own(code: str, **more: str) -> Make:
    keys = {"metric": '"own.py:score"', "metric_direction": '"maximize"', **more}
    return _study(code, **keys)


def _file(name: str, make: Make, *said: str) -> Row:
    return Row(name, "search mine.toml", said, make)


METRICS = [
    _file(
        "a metric misspelt",
        _study(metric='"acuracy"'),
        "key 'metric' should be accuracy, balanced_accuracy",
        "did you mean 'accuracy'? but got 'acuracy'",
    ),
    _file("an unknown metric", _study(metric='"loss"'), "key 'metric'", "or file.py:function"),
    _file("a metric of a number", _study(metric="3"), "key 'metric'", "valid string but got 3"),
    _file(
        "no direction",
        _study(metric='"own.py:score"'),
        "key 'metric_direction'",
        "own.py:score' needs metric_direction = 'maximize' or 'minimize'",
    ),
    _file(
        "a direction of its own",
        _study(metric='"auc"', metric_direction='"minimize"'),
        "'auc' has a direction of its own: leave metric_direction out",
    ),
    _file(
        "no such direction",
        _own("", metric_direction='"up"'),
        "'metric_direction' should be 'maximize' or 'minimize' but got 'up'",
    ),
    _file(
        "an error below nothing",
        _study(metric='"mae"', target="-1"),
        "key 'target' should be greater than 0 but got -1",
    ),
    _file("more than all", _study(metric='"r2"', target="1"), "'target' should be less than 1"),
    _file("an infinite target", _own("", target="inf"), "'target' should be a finite number"),
    _file("an F1 in per cent", _study(metric='"macro_f1"', target="80"), "for 80 % write 0.8"),
    _file(
        "a margin down to nothing",
        _study(metric='"mae"', target="0.5", margin="0.5"),
        "'margin' should leave a mean absolute error that can be reached beyond the target of 0.5",
    ),
    _file("a negative margin of an error", _study(metric='"mae"', margin="-1"), "'margin'", "-1"),
    _file(
        "classes of amounts",
        _study(amounts=True),
        "metric 'accuracy' needs classes as answers",
        "choose one of mae, rmse, r2",
    ),
    _file(
        "amounts of classes",
        _study(metric='"mae"'),
        "metric 'mae' needs amounts as answers",
        "'toys' are classes; choose one of accuracy",
    ),
    _file(
        "the best five of two",
        _study(metric='"top5_accuracy"'),
        "'top5_accuracy' is 1 for any model of 2 classes",
        "choose accuracy",
    ),
    Row(
        "a target below an error",
        "search mine.toml --target -2",
        ("'--target': must be above 0 for mean absolute error, but got -2", HELP),
        _study(amounts=True, metric='"mae"'),
    ),
    Row(
        "a target of R² in per cent",
        "search mine.toml --target 62%",
        ("must be a number, but got 62%; for 62 % write 0.62", HELP),
        _study(amounts=True, metric='"r2"'),
    ),
    Row(
        "a metric without a target",
        "search mine.toml --metric macro_f1",
        ("metric 'macro_f1' needs a target of its own", "is of 'accuracy'"),
        _study(),
    ),
    Row(
        "an unknown metric typed",
        "search mine.toml --metric acuracy --target 0.5",
        ("--metric should be accuracy", "but got 'acuracy'"),
        _study(),
    ),
    Row(
        "a direction misspelt",
        "search mine.toml --metric-direction max",
        ("must be one of maximize, minimize, but got 'max'; did you mean 'maximize'?",),
        _study(),
    ),
]

SLOW = [
    _file("no file of a metric", _own("", metric='"gone.py:score"'), "gone.py: there is no such"),
    _file("no such function", _own("def scores(a, b): ..."), "'score'; did you mean 'scores'?"),
    _file("a metric that is none", _own("score = 3"), "must be a function of (y_true, scores)"),
    _file("broken Python of a metric", _own("def score(:"), "own.py:score cannot be imported"),
    _file(
        "a metric that raises",
        _own("def score(y_true, scores): raise KeyError('truth')"),
        "own.py:score: KeyError: 'truth'",
    ),
    _file(
        "a metric without a number",
        _own("def score(y_true, scores): return scores"),
        "own.py:score must return a number but returned a ndarray",
    ),
    _file(
        "a metric of nothing",
        _own("def score(y_true, scores): return float('nan')"),
        "own.py:score returned NaN for",
    ),
    _file(
        "a metric of one argument",
        _own("def score(y_true): return 1.0"),
        "own.py:score: TypeError: score() takes 1 positional argument but 2 were given",
    ),
    _file(
        "a direction the wrong way",
        _own("def score(y, s): return float((s.argmax(1) != y).mean())"),
        "metric score: 0.000 of predictions that are all right is worse than",
        "turn metric_direction round",
    ),
    _file(
        "a target beyond all",
        _own("def score(y, s): return float((s.argmax(1) == y).mean())", target="1.5"),
        "the target, score 1.5, is beyond the 1.000 of predictions that are all right",
    ),
]
"""Refused by a process of their own."""
