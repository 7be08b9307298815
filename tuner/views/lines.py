"""A search as plain lines, for logs and pipes: one a trial as it ends, one an incumbent."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from tuner.data.look import answers_line, parts_line
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.progress import ModelProgress, RunProgress
from tuner.sessions.result import Result
from tuner.views import summary
from tuner.views.changes import Changes
from tuner.views.notices import banner as panel


class Lines:
    """Writes a line where something has happened."""

    def __init__(self, out: Console, notices: Console, again: Sequence[str] = ()) -> None:
        """Lines go to `out`, notices to `notices`; `again` are options for next commands."""
        self._out = out
        self._notices = notices
        self._again = again
        self._changes: Changes | None = None
        self._certified: tuple[int, int] | None = None
        self._proving: int | None = None

    def started(self, record: StudyRecord, run: RunProgress) -> None:
        """What is searched, on what."""
        self._changes = Changes(record)
        self._say(f"{record.name}: {record.question}")
        for line in opening(record, run):
            self._say(line)

    def notice(self, text: str, *, banner: bool = False) -> None:
        """On standard error, so that it is seen also where the output goes to a file."""
        if banner:
            self._notices.print(panel(text))
        else:
            self._notices.print(text, markup=False, highlight=False, soft_wrap=True)

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        """Trials that have ended; what the gate turned away is only counted."""
        if self._changes is None:
            self._changes = Changes(record)
        for change in self._changes.since(record):
            if change.kind == "trial_ended" and change.trial.outcome != "gated":
                self._say(ended(record, change.trial, run))
            elif change.kind == "incumbent":
                self._say(incumbent(record, change.trial))
            elif change.model_certificate is not None:
                said = words.verdict(change.model_certificate)
                self._say(f"  #{change.trial.number}, this file: {said}")
            elif change.certificate is not None:
                said = words.verdict(change.certificate)
                self._say(f"  #{change.trial.number}, its recipe: {said}")
        self._prove(record, run)
        self._certify(record, run)

    def _prove(self, record: StudyRecord, run: RunProgress) -> None:
        now = None if run.proving is None else run.proving.trial.number
        if run.proving is not None and now != self._proving:
            self._say(proving(record, run.proving))
        self._proving = now

    def _certify(self, record: StudyRecord, run: RunProgress) -> None:
        at = run.certifying
        now = None if at is None else (at.trial.number, len(at.measured))
        if at is None or now == self._certified:
            return
        self._certified = now
        if not at.measured:
            self._say(
                f"  certifying the recipe of #{at.trial.number}, {words.size(at.trial)}: "
                f"{words.several(at.planned, 'training')} with fresh seeds"
            )
            return
        seen = ", ".join(map(record.metric.written, at.measured))
        self._say(
            f"  certifying #{at.trial.number}: {len(at.measured)} of {at.planned} tested: {seen}"
        )

    def finished(self, result: Result) -> None:
        """The summary."""
        self.updated(result.record, result.run)
        self._out.print(summary.final(result, self._again))

    def close(self) -> None:
        """Nothing to give back."""

    def _say(self, line: str) -> None:
        self._out.print(line, markup=False, highlight=False, soft_wrap=True)
        self._out.file.flush()


def opening(record: StudyRecord, run: RunProgress) -> list[str]:
    """What a reader of a log must know."""
    data = ", ".join(record.dataset_names) or "?"
    other = record.stand_in
    lines = [f"  data: {data}{f'  ({other.upper()})' if other else ''}; {words.asked(record)}"]
    lines += [f"  {line}" for line in described(record)]
    workers = "workers that others start, with 'tuner worker'"
    if not run.elsewhere:
        workers = words.several(run.workers, "worker")
    before = f", {run.trained_before} of them trained before" if run.trained_before else ""
    goal = words.several(run.goal, "trial")
    lines.append(f"  {goal}{before}; {workers}; storage {run.storage}")
    if record.warm_start:
        name, count = record.warm_start
        lines.append(f"  warm start: {words.several(count, 'trial')} of {name}")
    return lines


def described(record: StudyRecord) -> list[str]:
    """Sizes, shape and classes of the data; a line for each data set."""
    lines = []
    for fields in record.data.values():
        name = f"{fields.get('name')}: " if len(record.data) > 1 else ""
        lines.append(f"{name}{parts_line(fields)}; {answers_line(fields)}")
    return lines


def ended(record: StudyRecord, trial: TrialRecord, run: RunProgress) -> str:
    """One line for a trial that has ended."""
    sweep = record.kind == "sweep"
    done = sum(t.cell is not None for t in record.trained) if sweep else len(record.trained)
    parts = [
        f"[{done}/{run.goal}] #{trial.number} {words.outcome(trial, sweep=sweep)}"
        + (" (reference)" if trial.reference else ""),
        words.size(trial) if trial.size else "not built",
    ]
    if trial.history:
        parts.append(words.learnt(trial))
    if trial.cell is not None:
        parts.append(f"{words.values(trial)}, {trial.dataset}, seed {trial.seed}")
    if trial.seconds:
        parts.append(words.duration(trial.seconds))
    if why := trial.error or trial.lost:
        parts.append(words.one_line(why, 120))
    return ", ".join(parts)


def proving(record: StudyRecord, at: ModelProgress) -> str:
    """One line for a model that is being proven."""
    further = words.several(at.horizon - at.trial.epochs, "epoch")
    return (
        f"  proving the model of #{at.trial.number}, {words.size(at.trial)}: {further} more, then "
        f"a look at the test {record.examples}"
    )


def incumbent(record: StudyRecord, trial: TrialRecord) -> str:
    """One line for a new smallest model."""
    times = words.comparison(record, trial)
    return (
        f"  smallest so far: #{trial.number}, {words.size(trial)}, "
        f"{words.named(trial.metric, trial.val_measured)}{f', {times}' if times else ''}"
    )
