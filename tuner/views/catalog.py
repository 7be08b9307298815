"""What there is to choose from: studies, search spaces, data sets."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import pkgutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tuner import environment
from tuner.errors import UsageError
from tuner.study import SearchStudy, Study, suggestion
from tuner.views import text
from tuner.views.tables import grid, table

if TYPE_CHECKING:
    from tuner.data import DataSet

EXAMPLE = {"input_shape": (32, 32, 3), "num_classes": 10, "train_size": 45_000, "horizon": 25}
"""What a space is asked about: its ranges hardly depend on it."""

SOURCES = {
    "cifar10": "50,000 + 10,000 colour images of objects, 32x32; downloaded once, 170 MB",
    "mnist": "60,000 + 10,000 grey images of digits, 28x28; downloaded once, 11 MB",
    "shapes10": "ten classes of objects that this program draws, 32x32; made in seconds",
    "FILE.npz": "arrays x_train, y_train, x_test and y_test",
    "FOLDER": "train/ and test/, of one folder of images a class",
    "FOLDER of parquet": "train*.parquet and test*.parquet in the Hugging Face image layout",
}


def studies_table(specs: Sequence[Study], done: Sequence[str]) -> Table:
    """One row a built-in study; `done` are the studies with results."""
    made = table("study", "target", "what it asks")
    for spec in specs:
        own = [n for n in done if n.partition("@")[0] == spec.name or n.startswith(f"{spec.name}-")]
        facts = [f"data: {', '.join(spec.datasets())}"]
        goal = "sweep"
        if isinstance(spec, SearchStudy):
            goal = text.percent(spec.target, 0)
            facts.append(f"reference: {spec.reference_name}")
        else:
            facts.append(f"{len(spec.cells())} configurations x {spec.seeds} seeds")
        if own:
            facts.append(f"results: {', '.join(own)}")
        asks = Text.assemble(spec.question, ("\n" + "; ".join(facts), "dim"))
        made.add_row(Text(spec.name, style="bold"), goal, asks)
    return made


def spaces_view(family: str | None = None) -> RenderableType:
    """Each built-in family with its hyperparameters; or one.

    Raises:
        UsageError: There is no such family.
    """
    found = families()
    known = list(found)
    if family is not None and family not in found:
        hint = suggestion(family, known) or "."
        raise UsageError(f"no search space is called {family!r}{hint} There are: {known}.")
    parts: list[RenderableType] = []
    for name, cls in found.items():
        if family not in (None, name):
            continue
        doc = inspect.getdoc(importlib.import_module(cls.__module__)) or ""
        title = Text.assemble((name, "bold"), f"  {cls.__module__}:{cls.__name__}  {doc}")
        parts += [title, _hyperparameters(cls), Text("")]
    return Group(*parts[:-1])


def families() -> dict[str, Any]:
    """The built-in families by the name of their module."""
    # Spaces are described, not built: the light backend saves seconds of importing TensorFlow.
    os.environ["KERAS_BACKEND"] = "numpy"
    import keras_tuner

    import search_spaces

    found = {}
    for module in pkgutil.iter_modules(search_spaces.__path__, "search_spaces."):
        for _, cls in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            own = cls.__module__ == module.name and issubclass(cls, keras_tuner.HyperModel)
            if own and not inspect.isabstract(cls):
                found[module.name.rpartition(".")[2]] = cls
    return found


def _hyperparameters(cls: Any) -> Table:
    made = table("hyperparameter", "range", "default")
    for name, config in ranges(cls(**EXAMPLE)).items():
        made.add_row(Text(name), Text(_range(config)), Text(text.value(config.get("default"))))
    return made


def ranges(space: Any) -> Mapping[str, dict[str, Any]]:
    """Every hyperparameter that a space may ask for, by name, as keras-tuner configures it.

    Which it asks for depends on the answers, so each is varied once over its values.
    """
    import keras_tuner

    found: dict[str, dict[str, Any]] = {}
    asked: set[tuple[tuple[str, Any], ...]] = set()
    queue: list[dict[str, Any]] = [{}]
    while queue:
        given = queue.pop()
        key = tuple(sorted(given.items(), key=str))
        if key in asked:
            continue
        asked.add(key)
        hp = keras_tuner.HyperParameters()
        hp.values.update(given)
        # Of what cannot be built, what it asked for until then counts all the same.
        with contextlib.suppress(ValueError):
            space.describe(hp)
        for each in hp.space:
            if each.name in found:
                continue
            found[each.name] = each.get_config()
            queue += [{**given, each.name: v} for v in _edges(found[each.name])]
    return found


def _edges(config: Mapping[str, Any]) -> list[Any]:
    if "values" in config:
        return list(config["values"])
    return [config["max_value"]] if "max_value" in config else [True]


def _range(config: Mapping[str, Any]) -> str:
    if "values" in config:
        return ", ".join(map(str, config["values"]))
    if "max_value" not in config:
        return "yes or no"
    step = f" in steps of {text.value(config['step'])}" if config.get("step") else ""
    log = ", logarithmic" if config.get("sampling") == "log" else ""
    return f"{text.value(config['min_value'])} to {text.value(config['max_value'])}{step}{log}"


def sources_view() -> RenderableType:
    """What ``--data`` takes, and what is cached."""
    made = table("--data", "what it is")
    for name, words in SOURCES.items():
        made.add_row(name, words)
    folder = environment.cache_folder()
    held = cached(folder)
    lines = [Text(f"cached in {folder}", style="bold")]
    lines += [Text(f"  {line}") for line in held] or [Text("  nothing yet")]
    return Group(made, *lines)


def cached(folder: Any) -> list[str]:
    """A line for each decoded data set in the cache."""
    lines = []
    for meta in sorted((folder / "data").glob("*/meta.json")):
        try:
            fields = json.loads(meta.read_text())
            shape = "x".join(map(str, fields["image_shape"]))
            total = sum(fields["bytes"].values()) / 1e6
            lines.append(
                f"{fields['hash'][:12]}  {len(fields['classes'])} classes, {shape}, "
                f"{text.count(fields['train_size'])} training images, {total:,.0f} MB"
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return lines


def data_view(data: DataSet) -> Table:
    """What is in a data set."""
    facts = grid()
    for name, words in {
        "name": data.name,
        "source": data.source,
        "classes": f"{len(data.classes)}: {', '.join(data.classes)}",
        "images": " x ".join(map(str, data.image_shape)) + " (height x width x channels)",
        "training": text.count(data.train_size),
        "validation": f"{text.count(data.validation_size)}, kept back from the training images",
        "test": f"{text.count(data.test_size)}, not read during a search",
        "hash": data.hash,
        "cached in": str(data.folder),
    }.items():
        facts.add_row(name, Text(words))
    return facts
