"""What a Python file of a user's does, and which other files of theirs it imports.

Read from the text, without running any of it. Comments, docstrings and layout do not count.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

OWN = frozenset({"analysis", "search_spaces", "studies", "tuner"})
"""Packages of this project, whose releases change without changing what a study means."""


def is_own(name: str) -> bool:
    """Whether a module, or what a study file calls something in one, is of this project."""
    module = name.partition(":")[0]
    return module.partition(".")[0] in OWN and not module.endswith(".py")


def imported_files(file: Path, name: str) -> set[Path]:
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


def code_of(file: Path) -> bytes:
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


def is_users(file: Path, root: Path | None = None) -> bool:
    """Whether a file is of no environment; one that a folder itself is does not count."""
    prefixes = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()} - {root}
    installed = {"site-packages", "dist-packages"} & set(file.parts)
    return not installed and not any(file.is_relative_to(p) for p in prefixes)


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
            if not is_users(file):
                return
            yield called, file
        if spec.submodule_search_locations is None:
            return
        path = list(spec.submodule_search_locations)
