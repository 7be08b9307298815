"""What people give that no source reads: addresses, archives, files of other formats."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from tuner.basics.addresses import place
from tuner.data import signatures

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
FORMATS = {
    ".h5": "an HDF5 file",
    ".hdf5": "an HDF5 file",
    ".csv": "a table",
    ".tsv": "a table",
    ".json": "a JSON file",
    ".jsonl": "a JSON file",
    ".tfrecord": "a TFRecord file",
    ".pkl": "a pickle, which could run any program when it is opened",
    ".pickle": "a pickle, which could run any program when it is opened",
    ".pt": "a pickle of PyTorch's, which could run any program when it is opened",
    ".mat": "a file of MATLAB's",
    ".png": "a single image",
    ".jpg": "a single image",
    ".jpeg": "a single image",
}
ELSEWHERE = ("cifar100", "fashion_mnist")
"""Image data sets that Keras can load and that have no source here."""
SAVED = "np.savez('images.npz', x_train=…, y_train=…, x_test=…, y_test=…)"


BARE = re.compile(
    r"(?i)//|www\.|[\w.-]+@[\w.-]+:|"
    r"([a-z0-9-]+\.)+(com|org|net|io|ai|co|edu|gov|eu|dev|app|info|de|uk|fr|ch|jp|cn|kr|in)(:\d+)?/"
)
"""An address whose scheme was left out, or one of another computer's file."""


def address(text: str) -> str | None:
    """A line for something that lies on the network."""
    found = place(text)
    return None if found is None else _fetched(found)


def bare_address(text: str) -> str | None:
    """A line for an address without its scheme, where there is no such path."""
    if not BARE.match(text):
        return None
    # Without user and query: they may hold a secret.
    host = text.removeprefix("//").partition("/")[0].rpartition("@")[2].partition("?")[0]
    return _fetched(host.partition(":")[0])


def _fetched(where: str) -> str:
    return (
        f"{where} is an address, and nothing is fetched from the network: download it, unpack it "
        "where it is an archive, and give the path."
    )


def broken_link(text: str) -> str | None:
    """A line for a link that leads nowhere."""
    path = Path(text).expanduser()
    if not path.is_symlink() or path.exists():
        return None
    return f"{text} is a link to {path.readlink()}, which does not exist: mend the link."


def other_file(text: str, path: Path) -> str | None:
    """A line for a file of another kind; None where its kind is not known."""
    if (known := signatures.known_set(path)) is not None:
        return (
            f"{text} is {known[0]}, which no source reads: {known[1]} for that data; save the "
            f"images and labels of any other as one file with {SAVED}."
        )
    suffix = path.suffix.lower()
    if suffix in ARCHIVES or (suffix not in FORMATS and signatures.is_archive(path)):
        return f"{text} is an archive: unpack it, and give the folder."
    if path.is_dir() and (inside := _archives(path)):
        return f"{text} holds the archives {inside}: unpack them there, and give the folder."
    found = FORMATS.get(suffix) or signatures.format_of(path)
    if path.is_dir() or found is None:
        return None
    return (
        f"{text} is {found}, which no source reads: save its images and labels as one "
        f"file with {SAVED}."
    )


def _archives(folder: Path) -> str:
    names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in ARCHIVES)
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


def known_elsewhere(text: str) -> str | None:
    """A line for a data set that Keras knows and this program does not."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower().rpartition("/")[2])
    if name not in ELSEWHERE:
        return None
    return f"{text} has no source of its own: load it with keras.datasets.{name}, then {SAVED}."


def beside(path: Path) -> str | None:
    """What is there and has nearly the name of a path that is not."""
    if not path.parent.is_dir():
        return None
    names = [entry.name for entry in path.parent.iterdir()]
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.75)
    return str(path.parent / near[0]) if near else None
