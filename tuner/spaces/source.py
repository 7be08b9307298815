"""The source of a user's own search space: whether it is still what a study was made with.

What hyperparameters a space has does not say what it builds from them. So the code is compared too:
the space's own file and every module of the user's that it imports, wherever the import stands and
whether or not it has run yet. Comments, docstrings and layout do not count.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from tuner.basics.importing import module_of

OWN = frozenset({"analysis", "search_spaces", "studies", "tuner"})
"""Packages of this project, whose releases change without changing what a study means."""


def source_hash(spec: str) -> str | None:
    """A SHA-256, in hex, of the code that makes a space.

    Args:
        spec: ``module:Class`` or ``path/to/file.py:Class``, loaded before.

    Returns:
        The hash; None for a family of this project, and where there is no source to read.
    """
    module = module_of(spec)
    file = None if module is None or _is_own(module) else _file(module)
    if module is None or file is None:
        return None
    digest = hashlib.sha256()
    root = _root(module, file)
    imported = _imported(file, module.__name__)
    for found in sorted({file, *_beside(root), *imported}):
        inside = found.is_relative_to(root)
        digest.update(str(found.relative_to(root) if inside else found.name).encode())
        digest.update(_code(found))
    return digest.hexdigest()


def modules_beside(module: ModuleType) -> list[ModuleType]:
    """A user's module, behind the loaded ones of theirs that lie below its folder."""
    file = _file(module)
    if file is None or _is_own(module):
        return [module]
    files = _beside(_root(module, file))
    others = [m for m in list(sys.modules.values()) if m is not module and not _is_own(m)]
    return [*(m for m in others if _file(m) in files), module]


def _is_own(module: ModuleType) -> bool:
    return module.__name__.partition(".")[0] in OWN


def _file(module: ModuleType) -> Path | None:
    name = getattr(module, "__file__", None)
    return Path(name).resolve() if name and name.endswith(".py") else None


def _root(module: ModuleType, file: Path) -> Path:
    """The folder of the module's outermost package, or of its file."""
    return file.parents[module.__name__.count(".") + (file.name == "__init__.py")]


def _beside(root: Path) -> set[Path]:
    """Files of loaded modules below a folder, environments in it left out."""
    files = {_file(module) for module in list(sys.modules.values()) if not _is_own(module)}
    return {f for f in files if f is not None and f.is_relative_to(root) and _is_users(f, root)}


def _is_users(file: Path, root: Path | None = None) -> bool:
    """Whether a file is of no environment; one that a folder itself is does not count."""
    prefixes = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()} - {root}
    installed = {"site-packages", "dist-packages"} & set(file.parts)
    return not installed and not any(file.is_relative_to(p) for p in prefixes)


def _imported(file: Path, name: str) -> set[Path]:
    """Files of the user's modules that a module imports, and that those import.

    Read from the text, so that an import that only some configurations come to counts for all.

    Args:
        file: The module's.
        name: Its full name.
    """
    found: set[Path] = set()
    left = [(file, name)]
    while left:
        at, called = left.pop()
        for wanted in _names_in(at, called):
            for each, beside in _files_of(wanted):
                if beside not in found and beside != file:
                    found.add(beside)
                    left.append((beside, each))
    return found


def _names_in(file: Path, name: str) -> Iterator[str]:
    """Full names of what may be a module in a file's imports."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError):
        return
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: max(0, len(package) - node.level + 1)] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            if base:
                yield from (f"{base}.{alias.name}" for alias in node.names)


def _files_of(name: str) -> Iterator[tuple[str, Path]]:
    """The user's modules that an import of a dotted name runs, without running them."""
    path: list[str] | None = None
    parts = name.split(".")
    if parts[0] in OWN or parts[0] in sys.stdlib_module_names:
        return
    for end in range(1, len(parts) + 1):
        called = ".".join(parts[:end])
        spec = PathFinder.find_spec(called, path)
        if spec is None:
            return
        if spec.origin and spec.origin.endswith(".py"):
            file = Path(spec.origin).resolve()
            if not _is_users(file):
                return
            yield called, file
        if spec.submodule_search_locations is None:
            return
        path = list(spec.submodule_search_locations)


def _code(file: Path) -> bytes:
    """What a file does: its syntax tree without docstrings and places."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError):
        return b"unreadable"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree).encode()
