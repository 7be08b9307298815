"""CIFAR-10 and MNIST out of their official archives, through Keras in a process of its own."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tuner.basics import child_process
from tuner.data.cache import scratch, writing
from tuner.data.raw import Raw
from tuner.data.sources import npz
from tuner.data.sources.base import Found, Source
from tuner.errors import DataUnavailableError

PROBE = 3.0  # seconds for the archive's server to answer at all


@dataclass(frozen=True)
class Archive:
    """An official archive.

    Attributes:
        url: Where Keras downloads it.
        sha256: Its digest, as Keras checks it.
        files: Names that it has in Keras' cache, today's first.
        classes: Class names in label order.
    """

    url: str
    sha256: str
    files: tuple[str, ...]
    classes: tuple[str, ...]


ARCHIVES = {
    "cifar10": Archive(
        url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        files=("cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz"),
        classes=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
    ),
    "mnist": Archive(
        url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        files=("mnist.npz",),
        classes=tuple("0123456789"),
    ),
}


class Official(Source):
    """The archives that Keras knows by name."""

    described: ClassVar[Mapping[str, str]] = {
        "cifar10": "50,000 + 10,000 colour images of objects, 32x32; downloaded once, 170 MB",
        "mnist": "60,000 + 10,000 grey images of digits, 28x28; downloaded once, 11 MB",
    }
    builtin: ClassVar[tuple[str, ...]] = tuple(ARCHIVES)

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """By their names."""
        return Found(text, [text], lambda: read(text, cache)) if text in ARCHIVES else None


def read(name: str, cache: Path) -> Raw:
    """Load an official data set from Keras' cache, else from the network.

    Keras works in a folder that is deleted afterwards: a download that breaks off leaves nothing
    behind that could break the next one.

    Args:
        name: A key of ``ARCHIVES``.
        cache: This project's cache folder, for the temporary files.

    Raises:
        DataUnavailableError: The archive is neither in Keras' cache nor reachable.
        DataError: The cache folder cannot be written.
    """
    archive = ARCHIVES[name]
    local = _local(archive)
    if local is None and (reason := _unreachable(archive.url)):
        raise _unavailable(name, reason)
    with scratch(cache) as home:
        with writing(cache):
            (home / "datasets").mkdir()
            if local is not None:
                shutil.copyfile(local, home / "datasets" / archive.files[0])
        arrays = home / f"{name}-arrays.npz"
        if reason := _run_keras(name, home, arrays):
            with writing(cache):
                if f"[Errno {errno.ENOSPC}]" in reason:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            raise _unavailable(name, reason)
        return dataclasses.replace(npz.read(arrays), classes=archive.classes, named=True)


def _unavailable(name: str, reason: str) -> DataUnavailableError:
    return DataUnavailableError(
        f"The archive of {name} is not in Keras' cache ({_keras_datasets()}) and cannot be "
        f"downloaded ({reason}): connect to the network, put {ARCHIVES[name].files[0]} there, or "
        "use shapes10 or a path."
    )


def _keras_datasets() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".keras") / "datasets"


def _local(archive: Archive) -> Path | None:
    for file in archive.files:
        path = _keras_datasets() / file
        try:
            with path.open("rb") as opened:
                if hashlib.file_digest(opened, "sha256").hexdigest() == archive.sha256:
                    return path
        except OSError:
            continue
    return None


def _unreachable(url: str) -> str:
    """Why the server does not answer, or an empty string where it does."""
    answer = [f"no answer within {PROBE:g} s"]

    def ask() -> None:
        try:
            urllib.request.urlopen(
                urllib.request.Request(url, method="HEAD"), timeout=PROBE
            ).close()
            answer[0] = ""
        except urllib.error.HTTPError:
            answer[0] = ""  # it answers; Keras' own request decides
        except (OSError, ValueError) as error:
            answer[0] = str(getattr(error, "reason", error))

    # Looking up a name knows no timeout: only a thread can be left waiting for it.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PROBE)
    return answer[0]


def _run_keras(name: str, home: Path, target: Path) -> str:
    """Run the loader; its error in one line, or an empty string where it worked."""
    environment = {
        "KERAS_HOME": str(home),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    orders = {"name": name, "target": str(target)}
    why: str = child_process.run(
        "tuner.data.sources.fetch:work", orders, environment=environment, show=True
    )
    return why
