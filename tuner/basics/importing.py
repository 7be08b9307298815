"""Finds what a study file names in a user's module: a search space, a metric, a source of data.

A module that is not there, or that raises, is named before anything imports Keras.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from tuner.basics import held
from tuner.basics.causes import sentence_of
from tuner.basics.suggestions import suggestion
from tuner.errors import SpaceError, TunerError


def find(
    spec: str, *, wanted: str = "a keras_tuner.HyperModel", failed: type[TunerError] = SpaceError
) -> Callable[..., Any]:
    """The class or function that a study names.

    Args:
        spec: ``module:name`` or ``path/to/file.py:name``, or what this process holds.
        wanted: What it must be, in words.
        failed: The error to raise.

    Raises:
        TunerError: It cannot be imported, or cannot be called.
    """
    try:
        return _find(spec, wanted)
    except SpaceError as error:
        raise (error if failed is SpaceError else failed(str(error))) from error.__cause__


def _find(spec: str, wanted: str) -> Callable[..., Any]:
    if held.is_carried(spec):
        kept: Callable[..., Any] = held.found(spec)
        return kept
    module_name, _, attribute = spec.rpartition(":")
    module = _import(module_name, spec)
    target = getattr(module, attribute, None)
    if target is None:
        _refuse_hidden(module_name, spec)
        known = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        raise SpaceError(f"{module_name} has no {attribute!r}{suggestion(attribute, known) or '.'}")
    if not callable(target):
        raise SpaceError(f"{spec} must be {wanted} but is {kind_of(target)}.")
    found: Callable[..., Any] = target
    return found


def _import(name: str, spec: str) -> ModuleType:
    try:
        return _import_file(Path(name)) if name.endswith(".py") else importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            _refuse_hidden(name, spec)
            raise SpaceError(f"{spec}: there is no module {error.name!r}.") from error
        raise SpaceError(f"{spec} cannot be imported: {sentence_of(error)}") from error
    except SpaceError:
        raise
    except (Exception, SystemExit) as error:  # someone else's module
        raise SpaceError(f"{spec} cannot be imported: {sentence_of(error)}") from error


def _import_file(path: Path) -> ModuleType:
    path = path.expanduser().resolve()
    if not path.is_file():
        raise SpaceError(f"{path}: there is no such file.")
    name = name_of_file(path)
    found = importlib.util.spec_from_file_location(name, path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # before it runs, as dataclasses and pickle expect
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def name_of_file(path: Path) -> str:
    """What a space's file is called as a module: two studies may both have a space.py."""
    path = path.expanduser().resolve()
    return f"tuner_space_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


def module_of(spec: str) -> ModuleType | None:
    """The module of a space that was loaded.

    Args:
        spec: ``module:Class`` or ``path/to/file.py:Class``.
    """
    name = spec.rpartition(":")[0]
    return sys.modules.get(name_of_file(Path(name)) if name.endswith(".py") else name)


@contextmanager
def left_out(package: str) -> Iterator[None]:
    """Imports run as where a package is not installed, and find it again afterwards.

    For a package that others import only in case somebody needs it. One that is loaded already
    stays.

    Args:
        package: Its name on the top level.
    """
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # what Python reads as "there is none"
    try:
        yield
    finally:
        del sys.modules[package]


def _refuse_hidden(name: str, spec: str) -> None:
    """Says so where a module of the user's has the name of one that this program needs.

    Raises:
        SpaceError: It has.
    """
    top, *inner = name.split(".")
    beside = Path.cwd() / top
    found = sys.modules.get(top)
    used = Path(getattr(found, "__file__", None) or "")
    mine = beside.is_dir() or beside.with_suffix(".py").is_file()
    if name.endswith(".py") or not mine or found is None or used.is_relative_to(Path.cwd()):
        return
    file = "/".join([top, *inner]) + ".py:" + spec.rpartition(":")[2]
    raise SpaceError(
        f"{spec}: {top!r} is also the name of a package that this program imports, which hides "
        f"the one in {str(Path.cwd())!r}; rename yours, or give the file: {file}."
    )


def kind_of(thing: Any) -> str:
    """What a thing is, with its article."""
    return f"a {type(thing).__name__}"
