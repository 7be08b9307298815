"""Search spaces and metrics that no file holds: functions and classes of a notebook or a script.

They reach the workers as pickles, with what they are closed over, on the channel that starts a
worker. A pickle runs whatever it says, so that none is ever stored where others can write: a study
keeps a hash of the code, and its text for people.
"""

from __future__ import annotations

import base64
import pickle
import re
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

from tuner.basics.causes import sentence_of
from tuner.basics.held import HELD, found, function_of, is_carried, is_held, shown
from tuner.errors import SpaceError
from tuner.spaces.fingerprints import fingerprint, referred

__all__ = [
    "KEYS",
    "called",
    "carried_of",
    "found",
    "function_of",
    "hold",
    "is_carried",
    "is_held",
    "parcel",
    "parcels",
    "parts",
    "receive",
    "shown",
    "warning",
]

LARGE = 10 * 2**20
"""Bytes of a pickle from which on a user is told."""
LARGEST = 2**30
"""Bytes of a pickle that is not sent: each worker would hold a copy."""
KEYS = ("space", "metric")
"""Keys of a study that may name what no file holds."""

_PICKLED: dict[str, str] = {}
"""What this process holds, as it is sent to another one."""


def hold(thing: Any) -> str:
    """Keeps a function, a class or a hypermodel of this process's.

    Returns:
        What a study calls it.
    """
    name = f"<notebook {fingerprint(thing)[:12]}>:{called(thing)}"
    HELD[name] = thing
    return name


def called(thing: Any) -> str:
    """The name of a function, a class, or the class of a hypermodel."""
    given = getattr(thing, "__name__", None) or getattr(thing, "shown_as", None)
    name = given if isinstance(given, str) else type(thing).__name__
    plain = re.sub(r"\W+", "_", name).strip("_") or "model"
    return plain if not plain[0].isdigit() else f"_{plain}"


def carried_of(study: Mapping[str, Any]) -> list[str]:
    """What of a study no file holds, by its names.

    Args:
        study: Its fields, as they are stored.
    """
    named = (str(study.get(key) or "") for key in KEYS)
    return [name for name in named if is_carried(name)]


def parcels(study: Mapping[str, Any]) -> dict[str, str]:
    """What another process must be given for a study, in what JSON can hold.

    Args:
        study: Its fields, as they are stored.

    Raises:
        SpaceError: It cannot be pickled, or is too large.
    """
    return {name: text for each in carried_of(study) for name, text in parcel(each).items()}


def parcel(spec: str) -> dict[str, str]:
    """What another process must be given of what a study names, in what JSON can hold.

    Raises:
        SpaceError: It cannot be pickled, or is too large.
    """
    if spec not in HELD:
        return {}
    if spec not in _PICKLED:
        _PICKLED[spec] = base64.b64encode(_pickled(HELD[spec])).decode("ascii")
    return {spec: _PICKLED[spec]}


def receive(parcels: Mapping[str, str]) -> None:
    """Takes what another process has sent on the channel between the two.

    Raises:
        SpaceError: It cannot be unpickled here.
    """
    for spec, text in parcels.items():
        try:
            thing, registered = pickle.loads(base64.b64decode(text))
        except Exception as error:  # it imports what its user needs
            raise SpaceError(
                f"{function_of(spec)} cannot be loaded by a worker: {sentence_of(error)}"
            ) from error
        HELD[spec], _PICKLED[spec] = thing, text
        _register(registered)


def warning(spec: str) -> str | None:
    """A line where a function takes much with it."""
    size = len(parcel(spec).get(spec, "")) * 3 // 4
    if size <= LARGE:
        return None
    names = _largest(HELD[spec])
    what = f", mostly {names[0]!r}" if names else ""
    return (
        f"{function_of(spec)} takes {size / 1e6:.0f} MB with it{what}: every worker holds a copy "
        "of that; if it is data, give it as data=, or load it within the function."
    )


def parts(spec: str) -> dict[str, Any]:
    """What a function refers to, and all that those functions do, by name."""
    if spec not in HELD:
        return {}
    named: dict[str, Any] = {}
    for function in _functions(HELD[spec], set()):
        for name, value in referred(function):
            named.setdefault(name, value)
            if isinstance(value, type):
                named.setdefault(value.__name__, value)
    return named


def _pickled(thing: Any) -> bytes:
    import cloudpickle

    try:
        data: bytes = cloudpickle.dumps((thing, _registered()))
    except Exception as error:  # of whatever the function refers to
        raise SpaceError(_unsendable(thing, error)) from error
    if len(data) > LARGEST:
        raise SpaceError(
            f"{called(thing)} takes {len(data) / 1e9:.1f} GB with it, too much for every worker to "
            "hold a copy: give data as data=, or load it within the function."
        )
    return data


def _unsendable(thing: Any, error: Exception) -> str:
    import cloudpickle

    name = called(thing)
    for function in _functions(thing, set()):
        for key, value in referred(function):
            try:
                cloudpickle.dumps(value)
            except Exception as why:
                if not isinstance(value, types.FunctionType | type):
                    kind = type(value).__name__
                    return (
                        f"{name} cannot be sent to the workers, for it uses {key!r}, a {kind}, "
                        f"which cannot be pickled ({sentence_of(why).rstrip('.')}): make it within "
                        "the function, or search with in_process=True."
                    )
    return (
        f"{name} cannot be sent to the workers: {sentence_of(error).rstrip('.')}; make what it "
        "uses within the function, or search with in_process=True."
    )


def _functions(thing: Any, seen: set[int]) -> Iterator[types.FunctionType]:
    """The functions of a notebook's that a thing is made of, each once."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, types.MethodType):
        thing = thing.__func__
    if isinstance(thing, types.FunctionType):
        if _is_library(thing):
            return
        yield thing
        for _, value in referred(thing):
            if callable(value):
                yield from _functions(value, seen)
        return
    if not isinstance(thing, type):
        for value in vars(thing).values() if hasattr(thing, "__dict__") else ():
            if callable(value) or callable(getattr(value, "build", None)):
                yield from _functions(value, seen)
    cls = thing if isinstance(thing, type) else type(thing)
    for base in cls.__mro__:
        if not _is_library(base) and base.__module__.partition(".")[0] != "tuner":
            for member in vars(base).values():
                yield from _functions_of(member, seen)


def _functions_of(member: Any, seen: set[int]) -> Iterator[types.FunctionType]:
    inner = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
    if isinstance(inner, types.FunctionType):
        yield from _functions(inner, seen)


def _is_library(thing: Any) -> bool:
    """Whether code is of a package that is installed, of which nobody looks for parts."""
    name = str(getattr(thing, "__module__", None))
    if name == "__main__":
        return False
    module = sys.modules.get(name)
    file = str(getattr(module, "__file__", None) or "")
    frozen = module is not None and not file
    return frozen or "site-packages" in file or file.startswith(sys.base_prefix)


def _largest(thing: Any) -> list[str]:
    """Names of what a function takes with it, the largest first."""
    import cloudpickle

    sizes = {}
    for function in _functions(thing, set()):
        for name, value in referred(function):
            if not callable(value) and not isinstance(value, types.ModuleType):
                sizes[name] = len(cloudpickle.dumps(value))
    return sorted(sizes, key=lambda n: -sizes[n])


def _registered() -> dict[str, Any]:
    """Classes and functions that a notebook's cells have registered with Keras."""
    if "keras" not in sys.modules:
        return {}
    import keras

    objects: dict[str, Any] = keras.saving.get_custom_objects()
    return {k: v for k, v in objects.items() if getattr(v, "__module__", None) == "__main__"}


def _register(registered: Mapping[str, Any]) -> None:
    """Registers with Keras, by the same names."""
    if not registered:
        return
    import keras

    for name, thing in registered.items():
        package, _, own = name.rpartition(">")
        keras.saving.register_keras_serializable(package or "Custom", own)(thing)
