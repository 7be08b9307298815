"""Models that were trained far from whoever plans the search, and how they come to them.

Machines that share a study may share nothing but its storage. So a model that is kept there is
written into a study beside it, in pieces, as attributes; the search itself notes size and hash.
Where the search has an artifact store the model is written to that instead, wherever it was
trained. Whoever plans the search takes what its folder lacks, and clears the pieces away when it
ends.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import optuna

from tuner.basics.files import part_of, whole
from tuner.basics.optuna_private import storage_of
from tuner.records.keys import StudyKey
from tuner.storages.artifacts import FOLDER, ArtifactStore, artifact_store
from tuner.storages.results import writing_to
from tuner.storages.shared_artifacts import SharedArtifacts

SUFFIX = "/files"
"""Behind a study's name: the study that has the pieces."""
PIECE = 2**20
"""Bytes in one attribute."""
MOST = 2**28
"""Bytes of the largest model that is sent by the storage: a search is for small ones."""
SHOWN = f"{FOLDER}/"
"""Before the name of what the dashboard shows, which lies beside the studies' folders."""


class SentFiles:
    """The models of one search that are on their way.

    Args:
        main: The search.
        away: Whether this process is not where the search is planned. Where it is, only models are
            sent that came from elsewhere, and were trained on here.
        patient: Whether to wait for an artifact store that does not answer.
    """

    def __init__(self, main: optuna.Study, *, away: bool = False, patient: bool = False) -> None:
        self.main = main
        self._away = away
        self._patient = patient
        self._shared: SharedArtifacts | None = None
        self._here: dict[Path, str] = {}
        self._gone: set[str] = set()

    def send(self, file: Path, prefix: str = "") -> None:
        """Writes a model to where others find it, and then that it is there.

        Args:
            file: It; its name is the same everywhere.
            prefix: Nothing, or `SHOWN`.

        Raises:
            ArtifactError: The artifact store cannot be written to.
        """
        name = f"{prefix}{file.name}"
        key = f"{StudyKey.FILE}{name}"
        attributes = self.main.user_attrs
        shared, before = self._store_of(attributes), attributes.get(key)
        if shared is None and not self._away and before is None:
            return
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        about: dict[str, Any] = {"bytes": len(content), "sha256": digest}
        if shared is not None:
            stored = f"{self.main.study_name}/{file.stem}-{digest[:12]}{file.suffix}"
            shared.put(stored, content)
            about["stored"] = stored
        elif len(content) > MOST:
            return
        else:
            about["pieces"] = self._write_pieces(name, digest, content)
        self.main.set_user_attr(key, about)
        older = (before or {}).get("stored")
        if shared is not None and older is not None and older != about["stored"]:
            shared.drop(older)

    def send_lacking(self, folder: Path, names: Iterable[str]) -> None:
        """Writes what a search had before it was given its artifact store into that as well.

        Args:
            folder: The study's.
            names: Of models that are kept.

        Raises:
            ArtifactError: The store cannot be written to.
        """
        attributes = self.main.user_attrs
        for name in names if self._store_of(attributes) is not None else ():
            about = attributes.get(f"{StudyKey.FILE}{name}") or {}
            if "stored" not in about and (folder / name).is_file():
                self.send(folder / name)

    def store(self, results: Path) -> ArtifactStore:
        """Where what the dashboard shows of a trial is written to, so that it is seen at home.

        Args:
            results: This machine's results folder.
        """
        if (shared := self._store_of(self.main.user_attrs)) is not None:
            return shared
        local = artifact_store(results)
        return _Sent(local, self, results / FOLDER) if self._away else local

    def fetch(self, file: Path) -> bool:
        """Writes a model that was sent to where it should be, whole or not at all.

        Args:
            file: Where; its name says which.

        Returns:
            Whether it is there now, as it was sent last.

        Raises:
            StorageError: The folder cannot be written to.
            ArtifactError: The artifact store cannot be read.
        """
        attributes = self.main.user_attrs
        about = attributes.get(f"{StudyKey.FILE}{file.name}")
        if about is None:
            return False
        pieces = self._stored() if "pieces" in about else {}
        return self._write(file, about, self._content(file.name, about, attributes, pieces))

    def fetch_all(self, folder: Path, attributes: Mapping[str, Any]) -> list[str]:
        """Brings every model that a folder lacks, or has in an older version.

        Args:
            folder: The study's.
            attributes: The search's, as they were read last.

        Returns:
            Names of those that were brought.

        Raises:
            StorageError: The folder cannot be written to.
            ArtifactError: The artifact store cannot be read.
        """
        lacking = [
            (name, file, about)
            for name, file, about in _listed(folder, attributes)
            if not self._has(file, about)
        ]
        pieces = self._stored() if any("pieces" in about for _, _, about in lacking) else {}
        return [
            file.name
            for name, file, about in lacking
            if self._write(file, about, self._content(name, about, attributes, pieces))
        ]

    def clear(self, folder: Path) -> None:
        """Empties the pieces of what is in the folder."""
        stored = self._stored()
        for name, file, about in _listed(folder, self.main.user_attrs):
            if self._has(file, about):
                self._empty(name, stored)

    def forget(self, name: str) -> None:
        """Removes a file that nobody needs from where it was sent to.

        Args:
            name: A model's; of what the dashboard was to show its id, with `SHOWN` before it.
        """
        attributes = self.main.user_attrs
        shared, about = self._store_of(attributes), attributes.get(f"{StudyKey.FILE}{name}")
        if shared is not None and name.startswith(SHOWN):
            shared.drop(name)
        if about is not None:
            self.main.set_user_attr(f"{StudyKey.FILE}{name}", None)
            if shared is not None and "stored" in about:
                shared.drop(about["stored"])
            self._empty(name, self._stored())

    def _store_of(self, attributes: Mapping[str, Any]) -> SharedArtifacts | None:
        """The search's artifact store, which it may be given at any time."""
        address = (attributes.get(StudyKey.ARTIFACTS) or {}).get("address")
        if address is None:
            self._shared = None
        elif self._shared is None or self._shared.address != address:
            self._shared = SharedArtifacts(address, patient=self._patient)
        return self._shared

    def _has(self, file: Path, about: Mapping[str, Any]) -> bool:
        if self._here.get(file) != about["sha256"] and file.is_file():
            self._here[file] = hashlib.sha256(file.read_bytes()).hexdigest()
        return bool(self._here.get(file) == about["sha256"])

    def _write(self, file: Path, about: Mapping[str, Any], content: bytes | None) -> bool:
        if content is None or hashlib.sha256(content).hexdigest() != about["sha256"]:
            return False  # it was cleared away, or a newer one is being written
        with writing_to(file.parent):
            file.parent.mkdir(parents=True, exist_ok=True)
            part = part_of(file)
            with whole(part, file):
                part.write_bytes(content)
        self._here[file] = about["sha256"]
        return True

    def _content(
        self,
        name: str,
        about: Mapping[str, Any],
        attributes: Mapping[str, Any],
        pieces: Mapping[str, str],
    ) -> bytes | None:
        if "stored" not in about:
            names = [_piece(name, about["sha256"], n) for n in range(about["pieces"])]
            return b"".join(base64.b64decode(pieces.get(each, "")) for each in names)
        shared = self._store_of(attributes)
        if shared is None or about["stored"] in self._gone:
            return None
        content = shared.get(about["stored"])
        if content is None:
            self._gone.add(about["stored"])  # it is not asked for once a second
        return content

    def _write_pieces(self, name: str, digest: str, content: bytes) -> int:
        pieces = [content[at : at + PIECE] for at in range(0, len(content), PIECE)]
        study = self._pieces()
        for number, piece in enumerate(pieces):
            text = base64.b64encode(piece).decode("ascii")
            study.set_user_attr(_piece(name, digest, number), text)
        return len(pieces)

    def _empty(self, name: str, stored: Mapping[str, str]) -> None:
        for known in [k for k, text in stored.items() if text and k.startswith(f"{name}:")]:
            self._pieces().set_user_attr(known, "")

    def _stored(self) -> dict[str, str]:
        """The pieces that are in the storage; none where nothing was ever sent."""
        name = self.main.study_name + SUFFIX
        try:
            return optuna.load_study(study_name=name, storage=storage_of(self.main)).user_attrs
        except KeyError:
            return {}

    def _pieces(self) -> optuna.Study:
        name, storage = self.main.study_name + SUFFIX, storage_of(self.main)
        try:
            return optuna.load_study(study_name=name, storage=storage)
        except KeyError:
            return optuna.create_study(study_name=name, storage=storage, load_if_exists=True)


class _Sent:
    """A store on this machine, of which each file is sent as well."""

    def __init__(self, store: ArtifactStore, files: SentFiles, folder: Path) -> None:
        self._store = store
        self._files = files
        self._folder = folder
        self.open_reader = store.open_reader
        self.remove = store.remove

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Writes and sends a file."""
        self._store.write(artifact_id, content_body)
        self._files.send(self._folder / artifact_id, SHOWN)


def _listed(
    folder: Path, attributes: Mapping[str, Any]
) -> Iterator[tuple[str, Path, Mapping[str, Any]]]:
    """The name of each file that was sent, where it belongs, and what is noted of it."""
    for key, about in attributes.items():
        name = key.removeprefix(StudyKey.FILE)
        own = name.removeprefix(SHOWN)
        # A name that leads out of the folder was not written by this program.
        if name != key and about is not None and own == Path(own).name:
            yield name, (folder.parent / FOLDER if own != name else folder) / own, about


def _piece(name: str, digest: str, number: int) -> str:
    return f"{name}:{digest[:16]}:{number}"
