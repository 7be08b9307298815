"""Where images come from: builtin names, files and folders, decoded once and cached.

    data = resolve("cifar10")           # or "mnist", "shapes10", a folder, an .npz file
    images, labels = data.train()       # memory maps: workers share the pages

Nothing here imports TensorFlow or Keras into the calling process.
"""

from __future__ import annotations

from tuner.data.dataset import DataSet
from tuner.data.duplicates import notes_on
from tuner.data.lookup import open_again, resolve
from tuner.data.sources import BUILTIN

__all__ = ["BUILTIN", "DataSet", "notes_on", "open_again", "resolve"]
