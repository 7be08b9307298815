"""Serves optuna-dashboard with notes on each study and infeasible trials shown as such."""

from __future__ import annotations

import contextlib
import socket
import threading
import warnings
import webbrowser
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from optuna.storages import BaseStorage

from tuner.dashboard.artifacts import EveryStore
from tuner.dashboard.notes import dashboard_package, write_notes
from tuner.dashboard.storage_view import shown, without_infeasible_best
from tuner.errors import UsageError
from tuner.storages.opening import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable


REFRESH_SECONDS = 10.0


def serve(
    url: str,
    results: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    browser: bool = True,
    ready: Callable[[WSGIServer], None] | None = None,
) -> None:
    """Serves the dashboard until it is interrupted.

    Args:
        url: The storage.
        results: The results folder, named in the notes.
        host: Address to listen on.
        port: Port; 0: any that is free.
        browser: Whether to open the browser.
        ready: Called with the listening server.

    Raises:
        UsageError: optuna-dashboard is not installed, or the port cannot be had.
        StorageError: The storage cannot be reached.
    """
    wsgi = dashboard_package().wsgi
    storage = open_storage(url, create=False)
    view = shown(open_storage(url, create=False))
    app = without_infeasible_best(wsgi(view, artifact_store=EveryStore(storage, results)))
    server = _listen(host, port, app)
    write_notes(storage, results)
    address = _address(host, server.server_port)
    print(f"The dashboard is at {address} (Ctrl-C ends it)", flush=True)
    # Optuna says it of conditional hyperparameters each time that a page asks.
    warnings.filterwarnings("ignore", "Some regimes for parameter", UserWarning)
    ended = threading.Event()
    keeper = threading.Thread(target=_keep_notes, args=(storage, results, ended), daemon=True)
    keeper.start()
    if browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    if ready is not None:
        ready(server)
    with server, contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    ended.set()
    keeper.join(REFRESH_SECONDS)


def _address(host: str, port: int) -> str:
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"


class _Server(ThreadingMixIn, WSGIServer):
    """Answers several requests at once: one slow page must not hold up the others."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The page asks for news every few seconds: no line for each."""

    def address_string(self) -> str:
        """No look-up of names, which may take seconds."""
        return str(self.client_address[0])


def _listen(host: str, port: int, app: Any) -> WSGIServer:
    # WSGIServer asks for its host's full name, which may hang without a network.
    getfqdn, socket.getfqdn = socket.getfqdn, lambda name="": name
    try:
        return make_server(host, port, app, server_class=_Server, handler_class=_Quiet)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"cannot listen on {host}, port {port}: {reason}; give another with --port or --host."
        ) from error
    finally:
        socket.getfqdn = getfqdn


def _keep_notes(storage: BaseStorage, results: Path, ended: threading.Event) -> None:
    while not ended.wait(REFRESH_SECONDS):
        # A storage that is busy or away for a moment is asked again: the page says more itself.
        with contextlib.suppress(Exception):
            write_notes(storage, results)
