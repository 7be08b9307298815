"""An artifact store that a user names: a folder that every machine sees, or a bucket of S3's.

The models that a search keeps are in it under names that people know, and what the dashboard shows
of a trial, in a folder ``artifacts``, under the ids that Optuna gives. The study remembers the
address, so that workers elsewhere and later commands find it. A small file, the mark, tells a
machine that it sees the same store: a folder of that name on a disk of its own would swallow what
it writes.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import optuna
from optuna.artifacts import Boto3ArtifactStore, FileSystemArtifactStore
from optuna.artifacts.exceptions import ArtifactNotFound

from tuner.basics.addresses import place
from tuner.basics.files import part_of, whole
from tuner.basics.secrets import has_secret, masked, masked_text
from tuner.basics.versions import install_command
from tuner.errors import ArtifactError, UsageError
from tuner.records.keys import StudyKey
from tuner.storages.artifacts import FOLDER

S3 = "s3://"
FILE = "file://"
EXAMPLES = "a folder that every machine sees, or s3://BUCKET/PREFIX"
PATIENT, BRIEF = 10, 2
"""Tries of a worker, two minutes at most, and of whoever can look again later."""
CONNECT_SECONDS, READ_SECONDS = 5, 60


def address_of(given: str | Path) -> str:
    """The address as the study keeps it: an absolute path, or ``s3://`` with bucket and prefix.

    Args:
        given: A path, ``file://`` and a path, or ``s3://BUCKET`` and perhaps ``/PREFIX``.

    Raises:
        UsageError: It is none of these, or holds what an address must not.
    """
    text = str(given).strip()
    if text.lower().startswith(S3):
        return _bucket_address(text)
    if text.lower().startswith(FILE):
        text = text[len(FILE) :]
        if not text.startswith("/"):
            raise UsageError(f"--artifacts needs a whole path behind file://, but got {text!r}.")
    elif (found := place(text)) is not None or re.match(r"(?i)s3:", text):
        raise UsageError(f"--artifacts takes {EXAMPLES}, but got {found or masked(text)}.")
    if not text:
        raise UsageError(f"--artifacts takes {EXAMPLES}, but got nothing.")
    return str(Path(text).expanduser().absolute())


def _bucket_address(text: str) -> str:
    if has_secret(text) or "@" in text:
        raise UsageError(
            "--artifacts must not hold a key or a password, which the study would keep: put them "
            "where AWS's tools look (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile); "
            f"got {masked(re.sub(r'//.*@', '//***@', text))}."
        )
    bucket, _, prefix = text[len(S3) :].partition("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise UsageError(
            "--artifacts names no bucket behind s3://, which has 3 to 63 lower-case letters, "
            f"digits, dots and hyphens; got {masked(text)}."
        )
    prefix = prefix.strip("/")
    if not re.fullmatch(r"[\w!.*'()/+=,-]*", prefix) or ".." in prefix.split("/"):
        raise UsageError(
            "--artifacts takes a bucket and a prefix of letters, digits and /!-_.*'()+=, and "
            f"nothing behind it; got {masked(text)}."
        )
    return f"{S3}{bucket}/{prefix}".rstrip("/")


class SharedArtifacts:
    """The store at an address, as Optuna's artifact stores are; its errors are one line.

    Args:
        address: As `address_of` makes it.
        patient: Whether to try for two minutes where the store does not answer.

    Raises:
        ArtifactError: What it takes to reach it is not installed or not set up.
    """

    def __init__(self, address: str, *, patient: bool = False) -> None:
        self.address = address
        self._bucket, _, self._prefix = address.removeprefix(S3).partition("/")
        self._remote = address.startswith(S3)
        self._store: Boto3ArtifactStore | FileSystemArtifactStore
        if self._remote:
            with self._using("reached"):
                self._store = Boto3ArtifactStore(self._bucket, _client(patient))
        else:
            self._prefix = ""
            self._store = _WholeFiles(address)

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Writes a file, whole or not at all.

        Raises:
            ArtifactError: It cannot be written.
        """
        self._write(f"{FOLDER}/{artifact_id}", content_body)

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """A file, to be read.

        Raises:
            ArtifactNotFound: It is not there.
            ArtifactError: The store cannot be read.
        """
        return self._open(f"{FOLDER}/{artifact_id}")

    def remove(self, artifact_id: str) -> None:
        """Removes a file.

        Raises:
            ArtifactNotFound: It is not there.
            ArtifactError: It cannot be removed.
        """
        self._remove(f"{FOLDER}/{artifact_id}")

    def put(self, name: str, content: bytes) -> None:
        """Writes a file under a name that people know; see `write`."""
        self._write(name, io.BytesIO(content))

    def get(self, name: str) -> bytes | None:
        """All of a file; None where it is not there.

        Raises:
            ArtifactError: The store cannot be read.
        """
        try:
            with self._using("read"), contextlib.closing(self._open(name)) as opened:
                return opened.read()
        except ArtifactNotFound:
            return None

    def drop(self, name: str) -> None:
        """Removes a file where that is allowed: a right to write often is none to remove."""
        with contextlib.suppress(ArtifactNotFound, ArtifactError):
            self._remove(name)

    def _write(self, name: str, content: BinaryIO) -> None:
        with self._using("written to"):
            self._store.write(self._key(name), content)

    def _open(self, name: str) -> BinaryIO:
        with self._using("read"):
            return self._store.open_reader(self._key(name))

    def _remove(self, name: str) -> None:
        with self._using("written to"):
            self._store.remove(self._key(name))

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    @contextlib.contextmanager
    def _using(self, what: str) -> Iterator[None]:
        try:
            yield
        except (ArtifactNotFound, ArtifactError):
            raise
        except Exception as error:
            if self._remote and _is_of_s3(error):
                raise ArtifactError(
                    f"the artifact store {self.address} cannot be {what}: {_sentence(error)}; "
                    "check the bucket, and what AWS's settings on this machine say of keys, region "
                    "and AWS_ENDPOINT_URL."
                ) from error
            if isinstance(error, OSError):
                raise ArtifactError(
                    f"the artifact store {self.address!r} cannot be {what} on "
                    f"{socket.gethostname()}: {error.strerror or error}; check the folder and its "
                    "permissions."
                ) from error
            raise


class _WholeFiles(FileSystemArtifactStore):
    """Files that appear whole or not at all, in the folders that their names say."""

    def __init__(self, folder: str) -> None:
        super().__init__(base_path=folder)
        self._folder = Path(folder)

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        file = self._folder / artifact_id
        file.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(file, uuid.uuid4().hex[:8])
        with whole(part, file):
            super().write(str(part.relative_to(self._folder)), content_body)


def _client(patient: bool) -> Any:
    if importlib.util.find_spec("boto3") is None:
        raise ArtifactError(
            f"an artifact store in {S3} needs the package boto3, which is not installed on "
            f"{socket.gethostname()}: {install_command('s3')}."
        )
    import boto3
    from botocore.config import Config

    tries = {"mode": "standard", "total_max_attempts": PATIENT if patient else BRIEF}
    waits = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
    # A session of its own: boto3's is shared by threads, and keeps the keys that it began with.
    return boto3.session.Session().client("s3", config=Config(retries=tries, **waits))


def _is_of_s3(error: Exception) -> bool:
    """Whether a package of AWS's has raised it; ValueError is what it makes of a bad setting."""
    package = type(error).__module__.partition(".")[0]
    return package in ("boto3", "botocore", "s3transfer") or isinstance(error, ValueError)


def _sentence(error: Exception) -> str:
    told = getattr(error, "response", {}).get("Error", {})
    text = f"{told.get('Code')}, {told['Message']}" if told.get("Message") else str(error)
    return masked_text(" ".join(text.split())).rstrip(".")


def probe(given: str | Path) -> SharedArtifacts:
    """A store that was written to and read back, before anything is made that counts on it.

    Raises:
        UsageError: It is no address of one.
        ArtifactError: It cannot be used.
    """
    store, name = SharedArtifacts(address_of(given)), f".tuner-probe-{uuid.uuid4().hex[:8]}"
    store.put(name, b"tuner")
    found = store.get(name)
    store.drop(name)
    if found != b"tuner":
        raise ArtifactError(
            f"the artifact store {store.address} does not give back what was written to it; name "
            "another with --artifacts."
        )
    return store


def agree(study: optuna.Study, named: SharedArtifacts | None) -> None:
    """Notes a search's store, or checks that this machine sees the one that it has.

    Args:
        study: The search.
        named: What a user has named, see `probe`; it takes the place of another.

    Raises:
        ArtifactError: It cannot be used, or is not the one that the search writes to.
    """
    stored = study.user_attrs.get(StudyKey.ARTIFACTS)
    if named is None or (stored is not None and stored["address"] == named.address):
        require(study)
        return
    mark = f"{study.study_name}/.tuner-{uuid.uuid4().hex[:12]}"
    named.put(mark, f"The models of {study.study_name}.\n".encode())
    study.set_user_attr(StudyKey.ARTIFACTS, {"address": named.address, "mark": mark})
    for key, about in study.user_attrs.items():
        if key.startswith(StudyKey.FILE) and "stored" in (about or {}):
            study.set_user_attr(key, None)  # it lies in the store before, and is to be sent again


def require(study: optuna.Study, *, patient: bool = False) -> SharedArtifacts | None:
    """The store of a search, where this machine sees the one that the search writes to.

    Returns:
        None where the search has only its results folder.

    Raises:
        ArtifactError: It does not, or cannot reach it.
    """
    stored = study.user_attrs.get(StudyKey.ARTIFACTS)
    if stored is None:
        return None
    store, mark = SharedArtifacts(stored["address"], patient=patient), stored["mark"]
    if store.get(mark) is None:
        raise ArtifactError(
            f"the artifact store {store.address} as {socket.gethostname()} sees it is not the one "
            f"that {study.study_name!r} writes to: the file {mark} is not there. Mount the disk, "
            "or let 'tuner search' name another place with --artifacts."
        )
    return store
