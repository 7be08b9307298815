"""What a training leaves after each epoch, so that another process can go on from there.

A checkpoint holds all that the next epoch depends on: the values of the model's variables (weights,
moving averages and the state of random layers), those of the optimizer, and the state of the
generator that shuffles and augments. It replaces the one before in one step, so a process that dies
leaves the old one or the new one, whole.
"""

from __future__ import annotations

import json
import logging
import os
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.basics.files import part_of, remove_with_parts, whole
from tuner.records.epochs import Epoch, read_epoch, stored_fields
from tuner.training.engines.settling import numbers

log = logging.getLogger(__name__)

FORMAT = 1
"""Version of the file's layout; a file of another one is not read."""
SHARE = 0.01
"""Of the time of training that writing checkpoints may take. Where an epoch lasts less than a
hundred times as long as writing, the next checkpoint waits until enough of them have passed."""
SHARE_ONCE_LOST = 0.1
"""The same of a training that was lost before: where commands are stopped again and again, what is
trained again each time takes longer than writing."""

Array = npt.NDArray[Any]


class Checkpoint:
    """The checkpoint of one training: read when it begins, written after its epochs.

    Args:
        path: The file; its folder is made where it is missing.
        identity: What the training is, in what JSON can hold: a file that another one has left is
            not gone on from.

    Attributes:
        history: The epochs that have been trained, those of dead processes included.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self.history: list[Epoch] = []
        self._identity = json.loads(json.dumps(identity, sort_keys=True))
        self._generator: Mapping[str, Any] = {}
        self._variables: list[Array] = []
        self._behind = False
        self._written = -float("inf")
        self._cost = 0.0
        self._read()
        self._share = SHARE_ONCE_LOST if self.history else SHARE

    def resume(self, model: Any, rng: np.random.Generator) -> int:
        """Puts a model and a generator back to where the training was; also a second time.

        Args:
            model: The same model, built and compiled, with any weights.
            rng: A generator of the same kind.

        Returns:
            How many epochs have been trained; 0 where the training begins.
        """
        if not self.history:
            return 0
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        variables = _variables(model)
        if [numbers(v).shape for v in variables] != [a.shape for a in self._variables]:
            log.warning("%s holds the variables of another model and is not used", self.path)
            self.history = []
            return 0
        for variable, value in zip(variables, self._variables, strict=True):
            variable.assign(value)
        rng.bit_generator.state = self._generator
        return len(self.history)

    def keep(self, model: Any, rng: np.random.Generator, epoch: Epoch) -> None:
        """Notes an epoch, and writes where the training is, unless that would slow it down.

        A file that cannot be written is a warning in the log: the training goes on without.
        """
        self.history.append(epoch)
        self._generator = rng.bit_generator.state
        self._behind = True
        self._variables = []  # nobody goes back behind this epoch
        if time.monotonic() - self._written >= self._cost / self._share:
            self.complete(model)

    def complete(self, model: Any) -> None:
        """Writes where the training is after its latest epoch, unless that has been written.

        Args:
            model: As that epoch has left it.
        """
        if not self._behind:
            return
        began = time.monotonic()
        try:
            self._write(self._generator, [numbers(v) for v in _variables(model)])
        except OSError as error:
            log.warning("no checkpoint of epoch %d: %s", self.history[-1].epoch, error)
        self._behind = False
        self._written = time.monotonic()
        self._cost = self._written - began

    def remove(self) -> None:
        """The training has ended: nobody goes on from here."""
        remove_with_parts(self.path)

    def _write(self, generator: Mapping[str, Any], variables: list[Array]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(self.path, str(os.getpid()))
        about = {
            "format": FORMAT,
            "identity": self._identity,
            "history": [stored_fields(e) for e in self.history],
            "generator": generator,
        }
        arrays = {f"variable{i}": v for i, v in enumerate(variables)}
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
        with whole(part, self.path), part.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    def _read(self) -> None:
        """Takes over what a dead process of the same training has left."""
        try:
            with self.path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                about = json.loads(file["about"].tobytes())
                if (about["format"], about["identity"]) != (FORMAT, self._identity):
                    log.warning("%s is of another training and is not used", self.path)
                    return
                variables = [file[f"variable{i}"] for i in range(len(file.files) - 1)]
                history = [read_epoch(fields) for fields in about["history"]]
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
            log.warning("%s cannot be read (%s) and is not used", self.path, error)
            return
        self.history, self._generator, self._variables = history, about["generator"], variables


def _variables(model: Any) -> list[Any]:
    """Everything that a step changes but the metrics, which every epoch begins anew."""
    return [*model.trainable_variables, *model.non_trainable_variables, *model.optimizer.variables]
