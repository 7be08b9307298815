"""Data sets out of a function of the user's own, ``mydata.py:load``.

It runs in a process of its own: it may import TensorFlow, print, or end its process.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tuner.basics import child_process
from tuner.basics.code import code_of, imported_files
from tuner.basics.importing import name_of_file
from tuner.data.cache import scratch
from tuner.data.mistakes import beside
from tuner.data.raw import Raw
from tuner.data.sources.arrays import raw_of
from tuner.data.sources.base import READING, Found, Source
from tuner.data.sources.piped import raw_of_pipeline
from tuner.errors import DataError

SPEC = re.compile(r"(?P<module>.+\.py|[A-Za-z_][\w.]*):(?P<function>[A-Za-z_]\w*)")
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
USUAL = "load"
"""The name of a function that does not have to be said in the data set's name."""


class _DiedError(DataError):
    """The function's process ended without an answer."""


class PythonFunction(Source):
    """A function of the user's."""

    described: ClassVar[Mapping[str, str]] = {
        "FILE.py:FUNCTION": "what a function of yours returns: such arrays, also dicts of several "
        "inputs, or tf.data and PyDataset for what does not fit into memory"
    }

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """A file of Python's and a name, or a module that there is and a name."""
        if (found := SPEC.fullmatch(text)) is None or Path(text).exists():
            return None
        file = _file(found["module"])
        if file is None:
            return None
        if not file.is_file():
            near = beside(file)
            raise DataError(
                f"{text}: there is no file {found['module']}"
                f"{f'; did you mean {near}?' if near else ': give the path of one that exists.'}"
            )
        spec = f"{file}:{found['function']}" if found["module"].endswith(".py") else text
        name = file.stem if found["function"] == USUAL else f"{file.stem}-{found['function']}"
        identity = [spec, _code(file, found["module"]), READING]
        return Found(name, identity, lambda: read(spec, text, cache))

    def nearly(self, text: str, path: Path) -> str | None:
        """A file of Python's without the function's name."""
        if path.suffix != ".py" or not path.is_file():
            return None
        names = _functions(path)
        listed = f" ({', '.join(names[:5])})" if names else ""
        return (
            f"{text} is a Python file: name the function in it that returns the data{listed}, as "
            f"in {text}:{names[0] if names else USUAL}."
        )


def _file(module: str) -> Path | None:
    """The file of a module; None where there is none of that name."""
    if module.endswith(".py"):
        return Path(module).expanduser().resolve()
    folders: Any = [*sys.path, str(Path.cwd())]
    spec = None
    for count in range(1, module.count(".") + 2):
        spec = PathFinder.find_spec(".".join(module.split(".")[:count]), folders)
        if spec is None:
            return None
        folders = spec.submodule_search_locations or []
    file = None if spec is None or spec.origin is None else Path(spec.origin)
    return file if file is not None and file.suffix == ".py" else None


def _code(file: Path, module: str) -> str:
    """A hash of what the function's file does, and of what it imports of the user's."""
    name = name_of_file(file) if module.endswith(".py") else module
    digest = hashlib.sha256()
    for each in [file, *sorted(imported_files(file, name))]:
        digest.update(each.name.encode() + b"\0" + code_of(each))
    return digest.hexdigest()


def _functions(file: Path) -> list[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    return [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]


def read(spec: str, text: str, cache: Path) -> Raw:
    """Calls the function and reads what it returned.

    Args:
        spec: ``/path/to/file.py:function`` or ``module:function``.
        text: What the user gave.
        cache: This project's cache folder, for the arrays on their way.

    Raises:
        DataError: It cannot be called, fails, or returns something else.
    """
    with scratch(cache) as folder:
        orders = {"spec": spec, "text": text, "folder": str(folder)}
        try:
            found = child_process.run(
                "tuner.data.sources.calling:work",
                orders,
                environment=ENVIRONMENT,
                show=True,
                failed=_DiedError,
            )
        except _DiedError as error:
            raise DataError(
                f"{text} ended its process before it returned anything{_last_words(error)}: run it "
                "by itself to see why; where memory is short, return a tf.data.Dataset."
            ) from error
        depends = tuple((str(path), int(size), int(time)) for path, size, time in found["opened"])
        if found["pipeline"] is not None:
            raw = raw_of_pipeline(text, found["pipeline"], folder)
        else:
            raw = raw_of(text, {n: _loaded(folder, file) for n, file in found["arrays"].items()})
        # Memory maps stay readable when their files are gone; on Windows they hold the folder.
        return raw.with_parts({}, depends=depends)


def _last_words(error: Exception) -> str:
    said = re.search(r"\(code [^)]*\)(: .*)?", str(error))
    return f" {said[0].rstrip('.')}" if said else ""


def _loaded(folder: Path, file: str | Mapping[str, str]) -> Any:
    if isinstance(file, Mapping):
        return {name: _loaded(folder, each) for name, each in file.items()}
    return np.load(folder / file, mmap_mode="r")
