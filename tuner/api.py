"""`search` and `load_study`: start workers, watch the storage, return a result."""

from __future__ import annotations

import dataclasses
import shlex
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tuner.choose import PRUNERS, SAMPLERS
from tuner.errors import UsageError
from tuner.study import Minimize, SearchStudy, Study, suggestion

if TYPE_CHECKING:
    import optuna

    from tuner.watch import Result, Watcher

RESULTS = "tuner-results"
POLL_SECONDS = 0.5


def load_study(
    name: str, *, storage: str | None = None, results: str | Path = RESULTS
) -> optuna.Study:
    """Loads a study that has results.

    Args:
        name: Its name; what follows an ``@`` may be left out where that is unambiguous.
        storage: URL of the storage; default: the SQLite file in `results`.
        results: The results folder.

    Raises:
        UsageError: There is no such study.
        StorageError: The storage cannot be reached.
    """
    from tuner.storage import chosen_url, find_study, open_storage

    return find_study(name, open_storage(chosen_url(storage, Path(results)), create=False))


def search(
    study: str | Study,
    *,
    data: Sequence[str] | str | None = None,
    trials: int | None = None,
    more: int | None = None,
    timeout: float | None = None,
    seed: int = 0,
    storage: str | None = None,
    results: str | Path = RESULTS,
    workers: int | Literal["auto"] = "auto",
    target: float | None = None,
    margin: float | None = None,
    minimize: Minimize | None = None,
    sampler: str = "smallest",
    pruner: str = "target",
    reference: bool = True,
    watcher: Watcher | None = None,
) -> Result:
    """Searches for the smallest model that meets a study's target, or trains a sweep's grid.

    Called again with the same arguments it goes on where it stopped, also after a crash.

    Args:
        study: Name of a built-in study, path of a study file, or a validated study.
        data: Where the images come from, instead of what the study names; in a sweep over several
            data sets one ``name=source`` for each.
        trials: Trained trials that the study shall have in all; default 50; a sweep's is its grid.
        more: Trained trials to add to those that the study has.
        timeout: Seconds after which to stop; running trainings stop after their epoch.
        seed: Seed of the sampler and of every training.
        storage: URL of an Optuna storage; default: an SQLite file in `results`.
        results: Folder for the storage and the models.
        workers: Worker processes; ``auto`` chooses from cores or GPUs.
        target: Accuracy to reach, a fraction, instead of the study's; makes a study of its own.
        margin: Margin for validation noise, a fraction, instead of the study's.
        minimize: ``size``, ``macs`` or ``bytes``, instead of the study's; makes its own study.
        sampler: One of `tuner.choose.SAMPLERS`.
        pruner: One of `tuner.choose.PRUNERS`.
        reference: Whether to train the reference model first.
        watcher: Is told what happens; default: nobody.

    Raises:
        TunerError: Anything that the caller can mend; see `tuner.errors`.
    """
    from tuner.planning import Wish, plan
    from tuner.watch import Silent

    for value, known, what in ((sampler, SAMPLERS, "sampler"), (pruner, PRUNERS, "pruner")):
        if value not in known:
            raise UsageError(
                f"no {what} is called {value!r}{suggestion(value, list(known))} "
                f"There are: {', '.join(known)}."
            )
    if workers != "auto" and workers < 1:
        raise UsageError(f"workers must be at least 1 or 'auto' but got {workers}.")
    if (trials is not None and trials < 1) or (more is not None and more < 1):
        raise UsageError(f"trials and more must be at least 1 but got {trials or more}.")
    if trials is not None and more is not None:
        raise UsageError("trials and more exclude each other: the total, or what to add to it.")
    wish = Wish(
        study=study,
        data=(data,) if isinstance(data, str) else tuple(data or ()),
        trials=trials,
        more=more,
        seed=seed,
        storage=storage,
        results=Path(results),
        target=target,
        margin=margin,
        minimize=minimize,
    )
    watcher = watcher or Silent()
    planned = plan(wish, watcher)
    orders = dataclasses.replace(
        planned.orders,
        sampler=sampler,
        pruner=pruner,
        reference=reference,
        deadline=None if timeout is None else time.time() + timeout,
    )
    chosen = {"--sampler": (sampler, SAMPLERS[0]), "--pruner": (pruner, PRUNERS[0])}
    again = [
        w for option, (value, usual) in chosen.items() if value != usual for w in (option, value)
    ]
    if workers != "auto":
        again += ["--workers", str(workers)]
    if not reference:
        again.append("--no-reference")
    planned = dataclasses.replace(planned, orders=orders, arguments=(*planned.arguments, *again))
    return _Search(planned, watcher, workers).run()


class _Search:
    """One run: a crew of workers, and a watcher told of what the storage shows."""

    def __init__(self, planned: Any, watcher: Watcher, workers: int | Literal["auto"]) -> None:
        from tuner.record import StudyRecord

        self.planned = planned
        self.watcher = watcher
        self.workers = workers
        self.started = time.monotonic()
        self.interrupts = 0
        self.record = StudyRecord.of(planned.study)
        self.before = self._done()

    def _done(self) -> int:
        if self.record.kind == "sweep":
            return sum(t.outcome is not None and t.cell is not None for t in self.record.trials)
        return len(self.record.trained)

    def run(self) -> Result:
        from tuner.storage import told

        with told(self.planned.orders.storage):
            result = self._search()
        self.watcher.finished(result)
        return result

    def _search(self) -> Result:
        from tuner.launch import Crew, placements
        from tuner.ledger import reap

        goal = self.planned.orders.goal
        reap(self.planned.study)
        left = goal - self.before
        places = placements(self.workers, left) if left > 0 else []
        self.count = len(places)
        self.watcher.started(self.record, self._run())
        if places:
            crew = Crew(self.planned.orders, places, self.planned.folder / "logs")
            try:
                with self._interruptible(crew):
                    self._watch(crew)
            finally:
                crew.kill()
                reap(self.planned.study)
        self._look()
        return self._result()

    def _watch(self, crew: Any) -> None:
        while crew.check(self._died) and self.interrupts < 2:
            ended = self._done()
            self._look()
            if self._done() > ended:
                crew.deaths = 0
            time.sleep(POLL_SECONDS)

    def _look(self) -> None:
        from tuner.record import StudyRecord

        self.record = StudyRecord.of(self.planned.study)
        self.watcher.updated(self.record, self._run())

    def _died(self, pid: int, code: int) -> None:
        from tuner.ledger import count_crash, reap

        number = count_crash(self.planned.study, pid, code)
        reap(self.planned.study)
        signalled = f"signal {-code}" if code < 0 else f"exit code {code}"
        again = "" if number is None else f"; trial {number} will be trained again"
        self.watcher.notice(f"a worker died ({signalled}) and was replaced{again}.")

    @contextmanager
    def _interruptible(self, crew: Any) -> Iterator[None]:
        """The first signal asks the workers to stop, the second stops them at once."""

        def interrupt(*_: object) -> None:
            self.interrupts += 1
            if self.interrupts == 1:
                self.watcher.notice(
                    "stopping after the running epochs; press Ctrl-C again to stop at once."
                )
                crew.ask_to_stop()

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        old = [signal.signal(s, interrupt) for s in signals]
        try:
            yield
        finally:
            for s, handler in zip(signals, old, strict=True):
                signal.signal(s, handler)

    def _run(self) -> Any:
        from tuner.storage import mask
        from tuner.watch import Run

        elapsed = time.monotonic() - self.started
        done = self._done() - self.before
        goal = self.planned.orders.goal
        left = max(0, goal - self.before - done)
        return Run(
            goal=goal,
            trained_before=self.before,
            workers=self.count,
            elapsed=elapsed,
            remaining=elapsed / done * left if done else None,
            storage=mask(self.planned.orders.storage),
        )

    def _result(self) -> Result:
        from tuner.watch import Result

        orders = self.planned.orders
        status: Literal["met", "not_met", "complete", "interrupted"]
        if self.interrupts:
            status = "interrupted"
        elif not isinstance(self.planned.spec, SearchStudy):
            status = "complete" if self._done() >= orders.goal else "interrupted"
        else:
            status = "met" if self.record.incumbent is not None else "not_met"
        return Result(
            status=status,
            record=self.record,
            run=self._run(),
            results=self.planned.folder,
            resume=shlex.join(["tuner", "search", *self.planned.arguments]),
        )


__all__ = ["PRUNERS", "SAMPLERS", "load_study", "search"]
