"""What a function or a class does, as a hash: the same after a restart, another where it changes.

What pickle writes will not do: it holds the names of temporary files and the places of lines. So
code is compared by its syntax tree, without comments, docstrings and layout, and all that it refers
to is looked at in the same way: globals, what it is closed over, defaults, classes and their bases.
"""

from __future__ import annotations

import ast
import dis
import functools
import hashlib
import inspect
import sys
import textwrap
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tuner.spaces.source import source_of_module

PLAIN = (type(None), bool, int, float, complex, str, bytes)
NO_PART = frozenset(
    {
        "__annotations__",
        "__dict__",
        "__doc__",
        "__firstlineno__",
        "__module__",
        "__static_attributes__",
        "__weakref__",
    }
)
"""Members of a class that say nothing of what it does."""
GLOBAL_NAMES = frozenset({"LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_NAME"})


def fingerprint(thing: Any) -> str:
    """A SHA-256, in hex, of what a function, class or hypermodel does.

    Args:
        thing: It. What lies in a module that can be imported counts by the module's code.
    """
    return _Walk().of(thing).hex()


def by_reference(thing: Any) -> bool:
    """Whether another process can import a function or a class by its name."""
    name = getattr(thing, "__module__", None)
    found: Any = sys.modules.get(name) if isinstance(name, str) and name != "__main__" else None
    for part in str(getattr(thing, "__qualname__", "")).split("."):
        found = getattr(found, part, None)
    return found is not None and found is thing


def referred(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function takes from outside, by name: of its closure, and of its globals."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not set yet
            continue
    for name in sorted(_global_names(function.__code__)):
        if name in function.__globals__:
            yield name, function.__globals__[name]


def _global_names(code: types.CodeType) -> set[str]:
    found = {str(i.argval) for i in dis.get_instructions(code) if i.opname in GLOBAL_NAMES}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _global_names(constant)
    return found


class _Walk:
    """One look at all that belongs to a thing; what refers to itself is looked at once."""

    def __init__(self) -> None:
        self._seen: dict[int, bytes] = {}
        self._kept: list[Any] = []  # so that no other thing gets the id of one that is seen

    def of(self, value: Any) -> bytes:
        """A digest of anything."""
        if isinstance(value, PLAIN):
            return _digest(type(value).__name__, repr(value))
        if id(value) in self._seen:
            return self._seen[id(value)]
        self._seen[id(value)] = _digest("seen", str(len(self._seen)))
        self._kept.append(value)
        found = self._look(value)
        self._seen[id(value)] = found
        return found

    def _look(self, value: Any) -> bytes:
        if isinstance(value, list | tuple):
            return self._parts(type(value).__name__, value)
        if isinstance(value, set | frozenset):
            return _digest("set", *sorted(self.of(each) for each in value))
        if isinstance(value, Mapping):
            return self._parts("mapping", (part for pair in value.items() for part in pair))
        if isinstance(value, np.ndarray) and value.dtype.kind != "O":
            content = np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
            shape = f"{value.dtype.str}{value.shape}"
            return _digest("array", shape, hashlib.sha256(content).digest())
        if isinstance(value, types.ModuleType):
            return _digest("module", value.__name__, source_of_module(value) or "")
        return self._code(value)

    def _code(self, value: Any) -> bytes:
        if isinstance(value, types.MethodType):
            return self._parts("method", (value.__func__, value.__self__))
        if isinstance(value, staticmethod | classmethod):
            return self._parts(type(value).__name__, (value.__func__,))
        if isinstance(value, property):
            return self._parts("property", (value.fget, value.fset, value.fdel))
        if isinstance(value, functools.partial):
            return self._parts("partial", (value.func, value.args, value.keywords))
        if not isinstance(value, types.FunctionType | type):
            return self._object(value)
        if by_reference(value):
            module = sys.modules[value.__module__]
            code = source_of_module(module) or ""
            return _digest("import", value.__module__, value.__qualname__, code)
        return (
            self._function(value) if isinstance(value, types.FunctionType) else self._class(value)
        )

    def _function(self, function: types.FunctionType) -> bytes:
        parts = [function.__defaults__, function.__kwdefaults__]
        outside = [part for pair in referred(function) for part in pair]
        return _digest("function", _text(function.__code__), self._parts("", [*parts, *outside]))

    def _class(self, cls: type) -> bytes:
        members = [(k, v) for k, v in sorted(vars(cls).items()) if k not in NO_PART]
        slots = (types.MemberDescriptorType, types.GetSetDescriptorType)
        kept = [part for k, v in members if not isinstance(v, slots) for part in (k, v)]
        return _digest("class", cls.__qualname__, self._parts("", [*cls.__bases__, *kept]))

    def _object(self, value: Any) -> bytes:
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        if kind.startswith("keras.") and hasattr(value, "get_config"):
            return self._keras(value, kind)
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:  # it cannot be pickled, which whoever sends it says
            return _digest("object", kind)
        if isinstance(reduced, str):
            return _digest("object", kind, reduced)
        plain = [list(part) if isinstance(part, Iterator) else part for part in reduced]
        return self._parts(kind, plain)

    def _keras(self, value: Any, kind: str) -> bytes:
        try:
            config = {k: v for k, v in value.get_config().items() if k != "name"}
        except Exception:
            return _digest("object", kind)
        return _digest("keras", kind, self.of(config))

    def _parts(self, kind: str, parts: Iterable[Any]) -> bytes:
        return _digest(kind, *(self.of(part) for part in parts))


def source_text(thing: Any) -> str:
    """The source of a function, or of a class's methods, for people; empty where there is none."""
    cls = thing if inspect.isclass(thing) else type(thing)
    functions = [thing] if isinstance(thing, types.FunctionType) else []
    if not functions:
        try:
            return textwrap.dedent(inspect.getsource(cls))
        except (OSError, TypeError):  # a class of a notebook's cell
            functions = [v for v in vars(cls).values() if isinstance(v, types.FunctionType)]
    found = []
    for function in functions:
        try:
            found.append(textwrap.dedent(inspect.getsource(function.__code__)))
        except (OSError, TypeError):
            continue
    return "\n".join(found)


def _text(code: types.CodeType) -> str:
    """What code does, as text that neither comments nor its place change."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(code))).body
    except (OSError, TypeError, SyntaxError, ValueError, IndexError):
        body = []
    if len(body) == 1 and isinstance(body[0], ast.FunctionDef) and body[0].name == code.co_name:
        for node in ast.walk(body[0]):
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                node.body = node.body[1:]
        return ast.dump(body[0])
    # A lambda, or code that has no source: its operations.
    nested = [_text(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    names = (code.co_names, code.co_varnames, code.co_freevars)
    return repr((code.co_code.hex(), nested, names))


def _digest(*parts: str | bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()
