"""Sources: each reads data from one kind of place, one a module.

A new one is a module here and a line in `SOURCES`. A source knows its own files only: finding out
which source is meant is `tuner.data.lookup`'s matter, keeping decoded arrays `tuner.data.cache`'s.
"""

from __future__ import annotations

from tuner.data.sources.base import Found, Source
from tuner.data.sources.folders import ClassFolders
from tuner.data.sources.held import HeldArrays
from tuner.data.sources.npy import NpyFolder
from tuner.data.sources.npz import NpzFile
from tuner.data.sources.official import Official
from tuner.data.sources.parquet import ParquetFolder
from tuner.data.sources.python import PythonFunction
from tuner.data.sources.shapes10 import Shapes10

__all__ = ["BUILTIN", "SOURCES", "Found", "Source"]

SOURCES: tuple[Source, ...] = (
    HeldArrays(),
    Official(),
    Shapes10(),
    NpzFile(),
    ParquetFolder(),
    ClassFolders(),
    NpyFolder(),
    PythonFunction(),
)
"""In the order in which they are asked."""
BUILTIN: tuple[str, ...] = tuple(name for source in SOURCES for name in source.builtin)
"""Names that need no file."""
