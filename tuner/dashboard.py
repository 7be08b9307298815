"""Serves optuna-dashboard with notes on each study and infeasible trials shown as such."""

from __future__ import annotations

import contextlib
import socket
import threading
import webbrowser
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import optuna
from optuna.storages import BaseStorage

from tuner._dashboard_view import shown, without_infeasible_best
from tuner.artifacts import artifact_store
from tuner.errors import UsageError
from tuner.record import StudyRecord
from tuner.storage import find_study, open_storage, study_names, told
from tuner.views import text

if TYPE_CHECKING:
    from collections.abc import Callable

REFRESH_SECONDS = 10.0
DRAWN = "dashboard:drawn"
"""User attribute of a study: how many trained trials its stored plot shows."""
SIGNATURE = "*Kept up to date by `tuner dashboard`; delete this line to keep a text of your own.*"


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
    wsgi = _dashboard().wsgi
    storage = open_storage(url, create=False)
    view = shown(open_storage(url, create=False))
    app = without_infeasible_best(wsgi(view, artifact_store=artifact_store(results)))
    server = _listen(host, port, app)
    with told(url):
        write_notes(storage, results)
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{server.server_port}"
    print(f"The dashboard is at {address} (Ctrl-C ends it)", flush=True)
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


def _dashboard() -> Any:
    try:
        import optuna_dashboard
    except ImportError as error:
        raise UsageError(
            "the dashboard is not installed; install it with: pip install 'tuner[dashboard]', "
            "or in the checkout: uv run --extra dashboard tuner dashboard."
        ) from error
    return optuna_dashboard


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


def write_notes(storage: BaseStorage, results: Path) -> int:
    """Writes each study's plot and note where they have changed and the note is the tool's own.

    Returns:
        How many notes were written.
    """
    dashboard = _dashboard()
    written = 0
    for name in study_names(storage):
        study = find_study(name, storage)
        draw(study)
        now, body = dashboard.get_note(study), note(study, results)
        if now != body and (not now.strip() or SIGNATURE in now):
            dashboard.save_note(study, body)
            written += 1
    return written


def draw(study: optuna.Study) -> None:
    """Stores the frontier as a plot of the study's, where it has changed."""
    record = StudyRecord.of(study)
    trained = len(record.trained)
    if not trained or study.user_attrs.get(DRAWN) == trained:
        return
    from tuner._dashboard_plot import PLOT_ID, frontier_plot

    _dashboard().save_plotly_graph_object(study, frontier_plot(record), graph_object_id=PLOT_ID)
    study.set_user_attr(DRAWN, trained)


def note(study: optuna.Study, results: Path) -> str:
    """What a study asks and has found, in Markdown."""
    record = StudyRecord.of(study)
    data = record.stand_in or ", ".join(record.dataset_names)
    lines = [
        f"## {record.name}",
        str(record.study.get("question", "")),
        "",
        f"- Data: **{data}**",
        f"- Asked: {text.asked(record)}",
        f"- Trained: {len(record.trained)} trials; {record.gated} gated",
        *_models(record, results),
        "",
        "The value of a trial is what the study minimises. Its intermediate values are how far "
        "validation accuracy is short of target and margin: at 0 or below the target is met. "
        "Trials that did not meet it are infeasible.",
        "",
        "```",
        f"tuner best {record.name}",
        f"tuner trials {record.name} --sort size",
        f"tuner status {record.name}",
        "```",
        SIGNATURE,
    ]
    return "\n".join(lines)


def _models(record: StudyRecord, results: Path) -> list[str]:
    if record.target is None:
        return []
    lines = []
    best, reference = record.incumbent, record.reference
    if best is None:
        lines.append("- Smallest: none has met the target yet")
    else:
        times = text.comparison(record, best)
        lines.append(
            f"- Smallest: **{text.size(best)}**, {text.learnt(best)}, "
            f"trial {best.number}{f', {times}' if times else ''}"
        )
        proof = record.certificate
        lines.append(f"- Certificate: {text.certificate(proof) if proof else 'none yet'}")
        if best.model_file:
            lines.append(f"- File: `{results / record.name / best.model_file}`")
    for number in sorted(record.refuted):
        found = record.certificates[number]
        lines.append(
            f"- Trial {number}, {text.count(found.size)} parameters: {text.certificate(found)}"
        )
    if reference is not None:
        lines.append(
            f"- Reference: {text.size(reference)}, {text.learnt(reference)}, "
            f"trial {reference.number}"
        )
    return lines
