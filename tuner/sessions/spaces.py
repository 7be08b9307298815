"""Whether a study's search space can be used, asked before anything is stored.

The answer takes the seconds that importing Keras takes, so that it is kept: a space whose code has
not changed is not asked again. Nor are the families that come with the program.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.machinery
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tuner.basics import child_process
from tuner.basics.environment import cache_folder, keras_backend
from tuner.basics.versions import versions
from tuner.data import DataSet
from tuner.data.kinds import ImageKind
from tuner.errors import SpaceError
from tuner.launchers.silence import SILENT_SECONDS
from tuner.spaces.carried import is_carried
from tuner.specs.files import builtin_names, read_study
from tuner.specs.spec import Study
from tuner.training.weights import class_weights
from tuner.workers.rehearsal import WORK

MOST_FILES = 200
"""Files of Python's beside a space that are read; with more of them it is always asked."""


def check_space(spec: Study, data: Mapping[str, DataSet], timeout: float | None = None) -> None:
    """Loads a space of the user's own in a process of its own, where that was not done before.

    Args:
        spec: The study.
        data: Its data sets, by what it calls them.
        timeout: Seconds that the whole search may take: it is not for this to take longer.

    Raises:
        SpaceError: It cannot be imported, or nothing of it can be built from the data.
        StudyError: The study weighs classes that the data do not have.
    """
    for each in data.values():
        class_weights(spec.class_weight, each.classes)
    usual = all(isinstance(d.kind, ImageKind) and d.task == "classification" for d in data.values())
    if usual and _is_built_in(spec):
        return
    if is_carried(spec.space):
        return  # a notebook's function: its workers say what is wrong, seconds earlier than this
    known = _known(spec, data)
    if known is not None and known.exists():
        return
    orders = {
        "study": spec.model_dump(),
        "data": {key: d.reference(spec.split_seed) for key, d in data.items()},
    }
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    most = SILENT_SECONDS if timeout is None else min(SILENT_SECONDS, timeout)
    try:
        child_process.run(WORK, orders, environment=environment, failed=SpaceError, most=most)
    except TimeoutError as error:
        if most == timeout:  # the search ends by that
            return
        raise SpaceError(
            f"{spec.space} has not come to an end within {most:g} s of being imported and asked "
            "for its defaults; mend what it waits for."
        ) from error
    if known is not None:
        with contextlib.suppress(OSError):  # then it is asked again the next time
            known.parent.mkdir(parents=True, exist_ok=True)
            known.touch()


def _is_built_in(spec: Study) -> bool:
    built_in = (read_study(name) for name in builtin_names())
    return any((b.space, b.space_options) == (spec.space, spec.space_options) for b in built_in)


def _known(spec: Study, data: Mapping[str, DataSet]) -> Path | None:
    """The file that says that a space was found to be usable; None where that cannot be said."""
    name, _, attribute = spec.space.rpartition(":")
    code = _code(name)
    if code is None:
        return None
    asked: list[Any] = [code, attribute, spec.space_options, spec.horizon]
    asked += [spec.class_weight, spec.metric_output]
    asked += [versions(), keras_backend()]
    for d in data.values():
        asked.append([d.kind.shape, d.num_outputs])
        if not isinstance(d.kind, ImageKind) or d.task == "regression":
            asked.append([d.kind.dtype, d.task])
        asked.append(d.weighted)
    digest = hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()[:32]
    return cache_folder() / "spaces" / digest


def _code(name: str) -> str | None:
    """A hash of a module's file and of those beside and below it; None where it is not found."""
    file = Path(name).expanduser().resolve() if name.endswith(".py") else _file_of(name)
    if file is None or not file.is_file():
        return None
    digest = hashlib.sha256(file.name.encode())
    for count, found in enumerate(_beside(file)):
        if count == MOST_FILES:
            return None
        try:
            digest.update(str(found.relative_to(file.parent)).encode() + b"\0" + found.read_bytes())
        except OSError:
            return None
    return digest.hexdigest()


def _beside(file: Path) -> Iterator[Path]:
    yield from sorted(file.parent.glob("*.py"))
    for folder in sorted(file.parent.iterdir()):
        if (folder / "__init__.py").is_file():
            yield from sorted(folder.rglob("*.py"))


def _file_of(module: str) -> Path | None:
    """The file of a module, found without importing the packages that it is in."""
    folders: Any = [*sys.path, str(Path.cwd())]
    found = None
    for count in range(1, module.count(".") + 2):
        part = ".".join(module.split(".")[:count])
        found = importlib.machinery.PathFinder.find_spec(part, folders)
        if found is None:
            return None
        folders = found.submodule_search_locations or []
    return None if found is None or found.origin is None else Path(found.origin)
