"""Connects to a Ray cluster, and says in one line why that cannot be."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tuner.basics.secrets import masked_text
from tuner.basics.versions import install_command
from tuner.errors import UsageError

MODE, ADDRESS = "RAY_AUTH_MODE", "RAY_ADDRESS"
ANSWER_SECONDS = 5.0
PORT = 10_001
"""Of Ray's client server, where an address names none."""

ASKED = "/ray.rpc.NodeInfoGcsService/CheckAlive"
"""A call that any of Ray's servers refuses without the right token, and that changes nothing."""

NO_TOKEN = (
    "this Ray cluster asks nobody for a token: whoever reaches it runs code on it; start it with "
    "RAY_AUTH_MODE=token."
)
"""What to tell somebody who joins one."""

LATE = (
    "ray was imported before the search, so the Ray that it starts asks nobody for a token: set "
    "RAY_AUTH_MODE=token before the import."
)
"""What to tell somebody whose own code has imported it."""
_imported_with_token: set[str] = set()
"""The mode with which this process has imported Ray, once it has."""

OBJECTS = 2**28
"""Bytes of a local Ray's object store: what its workers read lies on this machine already."""
_SIGNS = (
    (("version mismatch", "python version", "ray version"), "mismatch"),
    (("unauthenticated", "authentication token", "auth token", "token auth"), "token"),
)


def require_installed() -> None:
    """Says what to install where Ray is not.

    Raises:
        UsageError: It is not.
    """
    if importlib.util.find_spec("ray") is None:
        raise UsageError(f"--on ray needs Ray, which is not installed: {install_command('ray')}")


def require(address: str | None) -> None:
    """Says what keeps Ray from being joined, where that can be told at once.

    Args:
        address: As for `joined`.

    Raises:
        UsageError: Ray is not installed, or nothing listens where it should.
    """
    require_installed()
    if named := address or os.environ.get(ADDRESS):
        require_answer(named)
        if is_refused(named, token()):
            raise UsageError(refusal(named, RuntimeError("unauthenticated")))


@contextlib.contextmanager
def joined(address: str | None) -> Iterator[str | None]:
    """A connection to Ray for as long as the context.

    Args:
        address: As ``ray://HOST:PORT``, or as ``RAY_ADDRESS`` has it; None: a Ray of this
            machine's own, which ends with the context.

    Yields:
        What to tell the user of the cluster; None for nothing.

    Raises:
        UsageError: Ray is not installed, none answers, or it does not take this side for its like.
    """
    require(address)
    address = address or os.environ.get(ADDRESS) or None
    before = os.environ.get(MODE)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray reads it once, as it is imported: a notebook may have done that without.
    late = before is None and "ray" in sys.modules and not _imported_with_token
    if address is None and not late:
        os.environ.setdefault(MODE, "token")
        _imported_with_token.add(os.environ[MODE])
    try:
        import ray

        _connect(address)
        try:
            if address is None:
                yield LATE if late else None
            else:
                yield NO_TOKEN if is_refused(address, None) is False else None
        finally:
            ray.shutdown()
    finally:
        if before is None:
            os.environ.pop(MODE, None)


def _connect(address: str | None) -> None:
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        options |= {"address": "local", "include_dashboard": False, "object_store_memory": OBJECTS}
    else:
        options["address"] = address
    try:
        ray.init(**options)
        _quieten()
    except Exception as error:
        ray.shutdown()
        raise UsageError(refusal(address, error)) from error


def _quieten() -> None:
    """Keeps Ray from printing into the view what it hears of its nodes: the crew tells of that.

    It has no public switch for it.
    """
    import ray

    module: Any = getattr(getattr(ray, "_private", None), "worker", None)
    if hasattr(module, "print_to_stdstream"):
        module.print_to_stdstream = lambda *_, **__: None


def require_answer(address: str) -> None:
    """Looks whether anything listens where Ray should; Ray itself waits for half a minute.

    Raises:
        UsageError: Nothing does.
    """
    if (place := host_and_port(address)) is None:
        return
    try:
        socket.create_connection(place, timeout=ANSWER_SECONDS).close()
    except OSError as error:
        raise UsageError(
            f"no Ray answers at {masked_text(address)} ({error.strerror or error}): check host and "
            "port; 'ray start --head' opens 10001 for clients and 6379 for its own nodes."
        ) from error


def token() -> str | None:
    """The token that this side would show, where Ray looks for it; None where it has none."""
    if os.environ.get(MODE, "").lower() != "token":
        return None
    if given := os.environ.get("RAY_AUTH_TOKEN"):
        return given
    chosen = os.environ.get("RAY_AUTH_TOKEN_PATH")
    file = Path(chosen) if chosen else Path.home() / ".ray" / "auth_token"
    with contextlib.suppress(OSError):
        return file.read_text(encoding="utf-8").strip() or None
    return None


def is_refused(address: str, shown: str | None) -> bool | None:
    """Whether a Ray does not take a token, asked by a call that does nothing.

    Ray itself tries a wrong one again and again for minutes.

    Args:
        address: Where it is.
        shown: The token; None: none at all.

    Returns:
        None where that cannot be told.
    """
    if (place := host_and_port(address)) is None or importlib.util.find_spec("grpc") is None:
        return None
    import grpc

    sent = [] if shown is None else [("authorization", f"Bearer {shown}")]
    with grpc.insecure_channel(f"{place[0]}:{place[1]}") as channel:
        try:
            channel.unary_unary(ASKED)(b"", timeout=ANSWER_SECONDS, metadata=sent)
        except grpc.RpcError as error:
            code = error.code()
            unknown = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            return None if code in unknown else code == grpc.StatusCode.UNAUTHENTICATED
    return False


def host_and_port(address: str) -> tuple[str, int] | None:
    """Where an address leads; None where it names no machine, as ``auto`` does.

    Raises:
        UsageError: It is no address.
    """
    if address in ("auto", "local"):
        return None
    plain = address.removeprefix("ray://").partition("/")[0].partition("?")[0]
    host, colon, port = plain.rpartition(":")
    if not colon:
        host, port = plain, str(PORT)
    if not host or "://" in plain or not port.isdecimal():
        raise UsageError(
            f"{masked_text(address)!r} is no address of Ray: it is written ray://HOST:10001."
        )
    return host, int(port)


def refusal(address: str | None, error: BaseException) -> str:
    """The one line for a Ray that could not be joined or started."""
    said = " ".join(masked_text(str(error)).split())
    where = "Ray on this machine" if address is None else f"the Ray at {masked_text(address)}"
    plain = said.lower()
    kind = next((kind for words, kind in _SIGNS if any(w in plain for w in words)), None)
    if kind == "mismatch":
        return (
            f"{where} is of another Ray or Python than this side ({_ours()}): {_short(said)}; "
            "use the same versions on both."
        )
    if kind == "token":
        return (
            f"{where} does not take this side's token: set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN, "
            "or RAY_AUTH_TOKEN_PATH, as the cluster has them."
        )
    how = "started" if address is None else "joined"
    return f"{where} cannot be {how}: {_short(said)}; 'ray status' there says more."


def _ours() -> str:
    import platform

    import ray

    return f"Ray {ray.__version__}, Python {platform.python_version()}"


def _short(said: str) -> str:
    return said[:300].rstrip(". ")
