"""The source of a user's own search space: whether it is still what a study was made with.

What hyperparameters a space has does not say what it builds from them. So the code is compared too:
the space's own file and every module of the user's that it imports, wherever the import stands and
whether or not it has run yet. Comments, docstrings and layout do not count.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import ModuleType

from tuner.basics.code import code_of, imported_files, is_own, is_users
from tuner.basics.importing import module_of


def source_hash(spec: str) -> str | None:
    """A SHA-256, in hex, of the code that makes a space.

    Args:
        spec: ``module:Class`` or ``path/to/file.py:Class``, loaded before.

    Returns:
        The hash; None for a family of this project, and where there is no source to read.
    """
    module = module_of(spec)
    file = None if module is None or is_own(module.__name__) else _file(module)
    if module is None or file is None:
        return None
    digest = hashlib.sha256()
    root = _root(module, file)
    imported = imported_files(file, module.__name__)
    for found in sorted({file, *_beside(root), *imported}):
        inside = found.is_relative_to(root)
        digest.update(str(found.relative_to(root) if inside else found.name).encode())
        digest.update(code_of(found))
    return digest.hexdigest()


def modules_beside(module: ModuleType) -> list[ModuleType]:
    """A user's module, behind the loaded ones of theirs that lie below its folder."""
    file = _file(module)
    if file is None or is_own(module.__name__):
        return [module]
    files = _beside(_root(module, file))
    others = [m for m in list(sys.modules.values()) if m is not module and not is_own(m.__name__)]
    return [*(m for m in others if _file(m) in files), module]


def _file(module: ModuleType) -> Path | None:
    name = getattr(module, "__file__", None)
    return Path(name).resolve() if name and name.endswith(".py") else None


def _root(module: ModuleType, file: Path) -> Path:
    """The folder of the module's outermost package, or of its file."""
    return file.parents[module.__name__.count(".") + (file.name == "__init__.py")]


def _beside(root: Path) -> set[Path]:
    """Files of loaded modules below a folder, environments in it left out."""
    files = {_file(module) for module in list(sys.modules.values()) if not is_own(module.__name__)}
    return {f for f in files if f is not None and f.is_relative_to(root) and is_users(f, root)}


def source_of_module(module: ModuleType) -> str | None:
    """A SHA-256, in hex, of a user's module and of those of theirs that it imports.

    Returns:
        The hash; None for a module of this project or of an environment, and where there is no
        source to read.
    """
    file = None if is_own(module.__name__) else _file(module)
    if file is None or not is_users(file) or module.__name__ == "__main__":
        return None
    digest = hashlib.sha256()
    for found in sorted({file, *imported_files(file, module.__name__)}):
        digest.update(found.name.encode() + code_of(found))
    return digest.hexdigest()
