"""Data: from what a user names to examples that are checked, split and cached.

    data = resolve("cifar10")           # or "mnist", "shapes10", a folder, an .npz file
    images, labels = data.train()       # memory maps: workers share the pages

One kind of place that data comes from is a module of `sources`; rules that all data must meet, and
what is said of it, go here. What a training does to examples belongs in `tuner.training`. Nothing
here imports TensorFlow or Keras into the calling process.
"""

from __future__ import annotations

from tuner.data.dataset import DataSet
from tuner.data.duplicates import certificate_refusal, notes_on
from tuner.data.lookup import open_again, resolve
from tuner.data.sources import BUILTIN

__all__ = ["BUILTIN", "DataSet", "certificate_refusal", "notes_on", "open_again", "resolve"]
