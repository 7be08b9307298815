"""The source of a user's own search space: whether it is still what a study was made with.

What hyperparameters a space has does not say what it builds from them. So the code is compared too:
the space's own file and every module beside it that it imports. Comments, docstrings and layout do
not count.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from pathlib import Path
from types import ModuleType

from tuner.spaces.importing import module_of

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
    for found in sorted({file, *_beside(root)}):
        digest.update(str(found.relative_to(root)).encode())
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
    return file.parents[module.__name__.count(".")]


def _beside(root: Path) -> set[Path]:
    """Files of loaded modules below a folder, environments in it left out."""
    files = {_file(module) for module in list(sys.modules.values()) if not _is_own(module)}
    prefixes = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    return {
        file
        for file in files
        if file is not None
        and file.is_relative_to(root)
        and not any(file.is_relative_to(p) for p in prefixes if p != root)
        and "site-packages" not in file.parts
    }


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
