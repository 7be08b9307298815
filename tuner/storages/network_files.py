"""Whether a storage's file lies where several machines may not write to it."""

from __future__ import annotations

from pathlib import Path

import psutil

from tuner.errors import StorageError
from tuner.storages.urls import address_of

NETWORK = frozenset(
    {"nfs", "nfs3", "nfs4", "cifs", "smbfs", "smb3", "9p", "afs", "ceph", "fuse.sshfs", "fuse.s3fs"}
    | {"lustre", "gpfs", "beegfs", "glusterfs", "fuse.glusterfs", "davfs", "fuse.davfs2"}
)
"""File systems of other machines, by the names that the operating system has for them."""


def kind_of(file: Path) -> str:
    """The file system that a file is or would be in, by its name; empty where nobody says."""
    there = file.absolute()
    mounts = {p.mountpoint: p.fstype.lower() for p in psutil.disk_partitions(all=True)}
    return next((mounts[str(at)] for at in (there, *there.parents) if str(at) in mounts), "")


def require_shareable(url: str) -> None:
    """Refuses an SQLite file on a network's file system, for a study that several machines share.

    SQLite counts on locks that such file systems do not keep: the file ends up damaged.

    Raises:
        StorageError: It is one.
    """
    address = address_of(url)
    if address.file is None or address.dialect != "sqlite":
        return
    kind = kind_of(address.file)
    if kind in NETWORK:
        raise StorageError(
            f"{address.shown!r} is an SQLite file on {kind}, which several machines would damage: "
            "give --storage postgresql://user@host/name, or run workers with --on ray."
        )
