"""A search as JSON, one object a line; ``docs/json-events.md`` describes it."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
from pathlib import Path
from typing import Any, TextIO

from tuner.objectives.metrics import DEFAULT_METRIC, Metric
from tuner.records.certificates import Certificate
from tuner.records.epochs import Epoch
from tuner.records.model_certificates import ModelCertificate
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.progress import RunProgress
from tuner.sessions.result import Result
from tuner.views.changes import Change, Changes

VERSION = 1
_ANSWERED = (
    "best",
    "model_file",
    "model_artifact",
    "proof",
    "reference",
    "times_smaller",
    "closest",
)
UNPROVEN: dict[str, Any] = {"verdict": None, "bound": None, "level": None}
"""In place of a certificate that nobody has tried to make."""
_UNKNOWN = 1e29
"""A stored number this large stands for one that was not finite."""


class Events:
    """Writes each event as it is noticed."""

    def __init__(self, out: TextIO, notices: TextIO) -> None:
        """Events go to `out`; notices are also shown as text on `notices`."""
        self._out = out
        self._notices = notices
        self._study: str | None = None
        self._changes: Changes | None = None

    def started(self, record: StudyRecord, run: RunProgress) -> None:
        """The event ``started``."""
        self._study = record.name
        self._changes = Changes(record)
        self._write("started", {**study_object(record), **_run(run)})

    def notice(self, text: str, *, banner: bool = False) -> None:
        """The event ``notice``; a banner is also drawn on standard error."""
        self._write("notice", {"text": text, "banner": banner})
        if banner:
            from tuner.views.consoles import console
            from tuner.views.notices import banner as panel

            console(file=self._notices).print(panel(text))
        else:
            print(text, file=self._notices, flush=True)

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        """What has changed since the last look, an event each."""
        if self._changes is None:
            self._changes = Changes(record)
        for change in self._changes.since(record):
            self._write(change.kind, _change(record, change))

    def finished(self, result: Result) -> None:
        """The event ``finished``."""
        self.updated(result.record, result.run)
        self._write("finished", finished_object(result))

    def close(self) -> None:
        """Nothing to give back."""

    def _write(self, event: str, fields: dict[str, Any]) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = {"v": VERSION, "event": event, "time": now, "study": self._study, **fields}
        print(json.dumps(line, allow_nan=False), file=self._out, flush=True)


def study_object(record: StudyRecord) -> dict[str, Any]:
    """What a study asks, and of which data."""
    return {
        "kind": record.kind,
        "question": record.question,
        "data": [dict(d) for d in record.data.values()],
        "metric": record.metric.name,
        "target": record.target,
        "margin": record.margin,
        "horizon": record.horizon,
        "minimize": record.minimize if record.target is not None else None,
        "warm_start": record.warm_start[0] if record.warm_start else None,
    }


def trial_object(trial: TrialRecord) -> dict[str, Any]:
    """All that is known of a trial; what is not is null."""
    return {
        "trial": trial.number,
        "state": trial.state.name.lower(),
        "outcome": trial.outcome,
        "reference": trial.reference,
        "dataset": trial.dataset,
        "cell": None if trial.cell is None else dict(trial.cell),
        "seed": trial.seed,
        "size": trial.size,
        "total_size": trial.total_size,
        "macs": trial.macs,
        "bytes": trial.bytes,
        f"val_{trial.metric.key}": trial.val_measured,
        "shortfall": _number(trial.shortfall),
        "epochs": trial.epochs,
        "seconds": trial.seconds,
        "model_file": trial.model_file,
        "stop": trial.stop,
        "error": trial.error,
        "lost": trial.lost,
        "retry_of": trial.retry_of,
        "values": {k: _number(v) for k, v in trial.values.items()},
    }


def best_object(record: StudyRecord, folder: Path) -> dict[str, Any]:
    """The answer of a study, beside the reference; ``best`` is null where there is none."""
    best = record.incumbent if record.target is not None else None
    reference, closest = record.reference, record.closest
    file = folder / best.model_file if best is not None and best.model_file else None
    return {
        "v": VERSION,
        "study": record.name,
        **study_object(record),
        "best": None if best is None else trial_object(best),
        "model_file": None if file is None else str(file),
        "model_artifact": None if best is None else record.artifact_of(best.model_file),
        "reference": None if reference is None else trial_object(reference),
        "times_smaller": None if best is None else record.times_smaller(best),
        "proof": proof_object(record, best),
        "closest": None if best is not None or closest is None else trial_object(closest),
    }


def proof_object(record: StudyRecord, best: TrialRecord | None) -> dict[str, Any]:
    """What is proven of a model and of its recipe; null where nothing has been tried."""
    number = -1 if best is None else best.number
    model, recipe = record.model_certificates.get(number), record.certificates.get(number)
    return {
        "model": UNPROVEN if model is None else certificate_object(model),
        "recipe": UNPROVEN if recipe is None else certificate_object(recipe),
    }


def certificate_object(found: Certificate | ModelCertificate) -> dict[str, Any]:
    """A certificate without its confusion matrix; times in seconds, accuracies fractions."""
    known = {f.name: getattr(found, f.name) for f in dataclasses.fields(found)}
    del known["confusion"]
    names = found.metric.keys if isinstance(found, ModelCertificate) else {}
    if isinstance(found, Certificate):
        one = found.metric is DEFAULT_METRIC
        names = {"measured": "accuracies" if one else f"{found.metric.key}_values"}
    return {**{names.get(k, k): v for k, v in known.items()}, "metric": found.metric.name}


def finished_object(result: Result) -> dict[str, Any]:
    """How a run ended."""
    record = result.record
    answer = best_object(record, result.results)
    return {
        "status": result.status,
        "exhausted": result.exhausted,
        **_run(result.run),
        **{k: answer[k] for k in _ANSWERED},
        "gated": record.gated,
        "epochs_spent": record.epochs_spent,
        "epochs_saved": record.epochs_saved,
        "proof_epochs": record.proof_epochs,
        "expected_gain": record.expected_gain,
        "resume": result.resume,
        "trained": len(record.trained),
    }


def _change(record: StudyRecord, change: Change) -> dict[str, Any]:
    trial = change.trial
    certificate = change.certificate or change.model_certificate
    if certificate is not None:
        return certificate_object(certificate)
    if change.epoch is not None:
        return {
            "trial": trial.number,
            "horizon": record.horizon,
            **_epoch(change.epoch, record.metric),
        }
    more: dict[str, Any] = {}
    if change.kind == "incumbent":
        more["times_smaller"] = record.times_smaller(trial)
    if change.kind == "trial_ended":
        more |= {"trained": len(record.trained), "gated": record.gated}
    return {**trial_object(trial), **more}


def _epoch(epoch: Epoch, metric: Metric) -> dict[str, Any]:
    fields = dataclasses.asdict(epoch).items()
    return {metric.keys.get(name, name): _number(value) for name, value in fields}


def _run(run: RunProgress) -> dict[str, Any]:
    return {
        "goal": run.goal,
        "trained_before": run.trained_before,
        "workers": run.workers,
        "elapsed": round(run.elapsed, 2),
        "storage": run.storage,
    }


def _number(raw: Any) -> Any:
    """JSON has no NaN and no infinity: they are null."""
    if isinstance(raw, float) and (not math.isfinite(raw) or abs(raw) > _UNKNOWN):
        return None
    return raw
