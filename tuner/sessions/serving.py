"""One worker that joins a search which others plan, on any machine that reaches its storage."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna

from tuner.basics.secrets import masked_text
from tuner.data import open_again
from tuner.errors import DataError, StorageError, TunerError, UsageError
from tuner.launchers.placement import Placement
from tuner.launchers.processes import ProcessCrew
from tuner.launchers.supervision import Supervision
from tuner.records.keys import StudyKey
from tuner.records.standing import GivenUp, SessionSign, StandingOrders
from tuner.sessions.wish import assign
from tuner.storages import claims
from tuner.storages.network_files import require_shareable
from tuner.storages.opening import chosen_url, open_storage
from tuner.storages.patience import Patience
from tuner.storages.results import prepare_results
from tuner.storages.studies import find_study
from tuner.workers.following import following
from tuner.workers.orders import WorkerOrders

STEP_SECONDS = 0.5
"""A cluster that takes a machine away waits for few seconds: a trial is given back within two."""


@dataclass(frozen=True)
class Served:
    """What came of a worker.

    Attributes:
        study: The study's whole name.
        signal: The signal that ended it; None where nothing was left to do.
    """

    study: str
    signal: int | None


def serve(
    name: str,
    *,
    storage: str | None,
    results: Path,
    data: tuple[str, ...] = (),
    place: Placement | None = None,
    notice: Callable[[str], None],
) -> Served:
    """Works on a study until nothing is left to do, or a signal ends it.

    Args:
        name: The study's, as for `tuner.storages.studies.find_study`.
        storage: URL of its storage; None: what ``TUNER_STORAGE`` names, else the file in `results`.
        results: Folder for models, checkpoints and the worker's log.
        data: Where its data are on this machine, instead of where the study says.
        place: Processors and GPU; None: what this process may use.
        notice: Told, in one line, of what a user should know.

    Raises:
        TunerError: There is no such study, no search has given it orders, its data are not on this
            machine, or the worker met an error that ends it.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = chosen_url(storage, results.resolve())
    require_shareable(url)
    study = find_study(name, open_storage(url, create=False, patience=Patience(notice)))
    standing = StandingOrders.of(study.user_attrs)
    if standing is None:
        raise UsageError(
            f"study {study.study_name!r} has no orders for workers yet: start 'tuner search' on it "
            "first, with --workers 0 where it shall have none of its own."
        )
    if _is_over(study, standing):
        notice(f"{study.study_name} has its trials, and no command plans more of it.")
        return Served(study.study_name, None)
    orders = _orders(study, standing, url, results, data)
    prepare_results(results)
    logs = Path(orders.results) / "logs"
    who = f"{socket.gethostname()}-{os.getpid()}"
    crew = ProcessCrew(orders, [place or Placement()], logs, names=lambda _: who)
    notice(f"working on {study.study_name}; log {crew.log_of(0)}")
    supervision = Supervision(crew, study, notice, follows=True)
    try:
        for _ in supervision.watch():
            pass
    except TunerError as error:
        _tell(study, error)
        raise
    return Served(study.study_name, supervision.signal)


def exit_code(served: Served, *, done: int, interrupted: int) -> int:
    """Of the process: a cluster that ends a worker in order shall not take it for failed."""
    return interrupted if served.signal == signal.SIGINT else done


def _is_over(study: optuna.Study, standing: StandingOrders) -> bool:
    """Whether nothing is left to do and nothing more to come, as far as one look tells."""
    sign = SessionSign.of(study.user_attrs)
    done = study.user_attrs.get(StudyKey.ORDERS_DONE) == standing.id
    return done and (sign is None or sign.ended)


def _orders(
    study: optuna.Study,
    standing: StandingOrders,
    url: str,
    results: Path,
    given: tuple[str, ...],
) -> WorkerOrders:
    who = f"{socket.gethostname()} {os.getpid()}"
    known: dict[str, Any] = {
        f.name: getattr(standing, f.name)
        for f in dataclasses.fields(StandingOrders)
        if f.name not in ("id", "data")
    }
    orders = WorkerOrders(
        storage=url,
        results=str((results / study.study_name).resolve()),
        data=_found(study, standing, given),
        # Other workers' samplers must not draw what this one's does.
        index=1 + zlib.crc32(who.encode()) % 2**20,
        main=study.study_name,
        follows=True,
        sends_files=True,
        step_seconds=STEP_SECONDS,
        **known,
    )
    return following(orders, standing)


def _found(
    study: optuna.Study, standing: StandingOrders, given: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """The study's data on this machine, by their content.

    Raises:
        DataError: They are not here, or are others.
    """
    sources = assign(tuple(standing.data), given)
    found = {}
    for key, reference in standing.data.items():
        here = {**reference, "source": sources.get(key, reference["source"])}
        try:
            open_again(**here)
        except DataError as error:
            raise type(error)(
                f"{str(error).rstrip('.')}. Study {study.study_name!r} needs {key} (hash "
                f"{reference['content'][:12]}) on {socket.gethostname()}: say where it is with "
                "--data PATH."
            ) from error
        found[key] = here
    return found


def _tell(study: optuna.Study, error: TunerError) -> None:
    """Lets whoever watches the search know why a worker is no longer there."""
    if isinstance(error, StorageError):
        return
    orders = StandingOrders.of(study.user_attrs)
    told = GivenUp(
        "" if orders is None else orders.id,
        socket.gethostname(),
        type(error).__name__,
        masked_text(" ".join(str(error).split())),
    )
    study.set_user_attr(StudyKey.GIVEN_UP, dataclasses.asdict(told))
    claims.reap(study)
