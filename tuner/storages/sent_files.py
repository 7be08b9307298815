"""Models that were trained far from whoever plans the search, brought to them by the storage.

Machines that share a study may share nothing but its storage. So a model that is kept there is
written into a study beside it, in pieces, as attributes; the search itself notes size and hash.
Whoever plans the search takes what its folder lacks, and clears the pieces away when it ends.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from tuner.basics.files import part_of, whole
from tuner.basics.optuna_private import storage_of
from tuner.records.keys import StudyKey
from tuner.storages.results import writing_to

SUFFIX = "/files"
"""Behind a study's name: the study that has the pieces."""
PIECE = 2**20
"""Bytes in one attribute."""
MOST = 2**28
"""Bytes of the largest model that is sent: a search is for small ones."""


class SentFiles:
    """The models of one search that are on their way.

    Args:
        main: The search.
        away: Whether this process is not where the search is planned. Where it is, only models are
            sent that came from elsewhere, and were trained on here.
    """

    def __init__(self, main: optuna.Study, *, away: bool = False) -> None:
        self.main = main
        self._away = away
        self._here: dict[Path, str] = {}

    def send(self, file: Path) -> None:
        """Writes a model into the storage, and then that it is there.

        Args:
            file: It; its name is the same everywhere.
        """
        if not self._away and f"{StudyKey.FILE}{file.name}" not in self.main.user_attrs:
            return
        content = file.read_bytes()
        if len(content) > MOST:
            return
        digest = hashlib.sha256(content).hexdigest()
        pieces = [content[at : at + PIECE] for at in range(0, len(content), PIECE)]
        study = self._pieces()
        for number, piece in enumerate(pieces):
            text = base64.b64encode(piece).decode("ascii")
            study.set_user_attr(_piece(file.name, digest, number), text)
        about = {"bytes": len(content), "sha256": digest, "pieces": len(pieces)}
        self.main.set_user_attr(f"{StudyKey.FILE}{file.name}", about)

    def fetch(self, file: Path) -> bool:
        """Writes a model that was sent to where it should be, whole or not at all.

        Args:
            file: Where; its name says which.

        Returns:
            Whether it is there now, as it was sent last.

        Raises:
            StorageError: The folder cannot be written to.
        """
        about = self.main.user_attrs.get(f"{StudyKey.FILE}{file.name}")
        return about is not None and self._fetch(file, about, self._stored())

    def fetch_all(self, folder: Path, attributes: Mapping[str, Any]) -> list[str]:
        """Brings every model that a folder lacks, or has in an older version.

        Args:
            folder: The study's.
            attributes: The search's, as they were read last.

        Returns:
            Names of those that were brought.

        Raises:
            StorageError: The folder cannot be written to.
        """
        lacking = {
            folder / key.removeprefix(StudyKey.FILE): about
            for key, about in attributes.items()
            if key.startswith(StudyKey.FILE) and not self._has(folder, key, about)
        }
        stored = self._stored() if lacking else {}
        return [file.name for file, about in lacking.items() if self._fetch(file, about, stored)]

    def clear(self, folder: Path) -> None:
        """Empties the pieces of what is in the folder."""
        wanted = self.main.user_attrs
        stored = self._stored()
        for key, about in wanted.items():
            if key.startswith(StudyKey.FILE) and self._has(folder, key, about):
                name = key.removeprefix(StudyKey.FILE)
                for known in [k for k, text in stored.items() if text and k.startswith(f"{name}:")]:
                    self._pieces().set_user_attr(known, "")

    def _has(self, folder: Path, key: str, about: Mapping[str, Any]) -> bool:
        file = folder / key.removeprefix(StudyKey.FILE)
        if self._here.get(file) != about["sha256"] and file.is_file():
            self._here[file] = hashlib.sha256(file.read_bytes()).hexdigest()
        return bool(self._here.get(file) == about["sha256"])

    def _fetch(self, file: Path, about: Mapping[str, Any], stored: Mapping[str, str]) -> bool:
        names = [_piece(file.name, about["sha256"], n) for n in range(about["pieces"])]
        content = b"".join(base64.b64decode(stored.get(name, "")) for name in names)
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            return False  # it was cleared away, or a newer one is being written
        with writing_to(file.parent):
            file.parent.mkdir(parents=True, exist_ok=True)
            part = part_of(file)
            with whole(part, file):
                part.write_bytes(content)
        self._here[file] = about["sha256"]
        return True

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


def _piece(name: str, digest: str, number: int) -> str:
    return f"{name}:{digest[:16]}:{number}"
