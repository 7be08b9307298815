"""The repository's own files, read for what they say of one another."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

PACKAGES = ("tuner", "search_spaces", "analysis", "tests")

OTHER_FILES = r"(?:db|gz|log|py|toml|sqlite3?)\b"

NOT_A_FORM = r"(?![\w./]*\bNAME\b)"
"""`NAME` stands for a name of the reader's own, as in `tuner/pruners/NAME.py`."""

DOTTED = re.compile(
    rf"(?<![\w./:@-]){NOT_A_FORM}(?:{'|'.join(PACKAGES)})(?:\.(?!{OTHER_FILES})[A-Za-z_]\w*)+(?![\w/])"
)
"""A module or something in it, as in `tuner.records.keys.Outcome`; `tuner.db` is a file."""

OWN_FOLDERS = "tuner|search_spaces|analysis|studies|tests|docs|scripts|[.]ci"
OWN_KINDS = "py|md|ipynb|css|png"

_IN_A_FOLDER_OF_OURS = rf"(?:{OWN_FOLDERS})/[\w./-]*\w"
_OF_A_KIND_OF_OURS = rf"(?:\.\./|(?!path/)\w[\w.-]*/)+[\w.-]*\w\.(?:{OWN_KINDS})"

PATH = re.compile(
    rf"(?<![\w./:<{{*-]){NOT_A_FORM}(?:{_IN_A_FOLDER_OF_OURS}|{_OF_A_KIND_OF_OURS})\b(?![*[{{<])"
)
"""A file or folder of the repository: by its first folder, or by a kind that others are not of."""

LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")
"""What a link in Markdown leads to inside the repository."""

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def files(*suffixes: str) -> list[Path]:
    """Files that git has or would take, by suffix; those that are deleted are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()
    return sorted(
        ROOT / name for name in listed if name.endswith(suffixes) and (ROOT / name).is_file()
    )


def scripts() -> list[Path]:
    """The scripts of the repository, which have no suffix."""
    return sorted(
        f for folder in ("scripts", ".ci") for f in (ROOT / folder).iterdir() if f.is_file()
    )


def own() -> list[Path]:
    """The modules of the product and its tests; benchmarks, run by hand, are left out."""
    return [
        file
        for file in files(".py")
        if (parts := file.relative_to(ROOT).parts)[0] in PACKAGES and "benchmarks" not in parts
    ]


def prose(file: Path) -> Iterator[tuple[int, str]]:
    """What a file says to people, by line: comments and docstrings of Python, else all of it."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        yield from enumerate(text.splitlines(), start=1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(said))):
                yield from enumerate(said.splitlines(), start=node.lineno)


def module_file(parts: list[str]) -> Path | None:
    """The file of a module or package, None where there is none."""
    place = ROOT.joinpath(*parts)
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file():
            return file
    return place if place.is_dir() else None


def exists(dotted: str) -> bool:
    """Whether a dotted name is a module, or is defined in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        file = module_file(parts[:length])
        if file is not None:
            rest = parts[length:]
            return not rest or (file.is_file() and rest[0] in defined(file))
    return False


@cache
def defined(file: Path) -> frozenset[str]:
    """Names that a module defines, imports, or loads lazily by a string."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name)
            case ast.Constant(value=str(name)):
                names.add(name)
    return frozenset(names)


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """Name and number of lines of each function, methods and inner ones too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, FUNCTION):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1
