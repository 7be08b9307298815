"""What is left of a search that was killed again and again, and whether it is what it should be."""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import optuna
import task
import unstopped
from optuna.artifacts import get_all_artifact_meta
from optuna.trial import TrialState

from tuner.certificates.models import SUFFIX
from tuner.records.keys import SHORTFALL, TrialKey
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.storages import claims
from tuner.storages.leftovers import checkpoint_of, trial_stem
from tuner.storages.opening import open_storage


@dataclass
class Found:
    """What one search came to.

    Attributes:
        trained: Trials that count.
        lost: Trials whose worker was killed.
        resumed: Trained trials that went on from a checkpoint.
        spared: Epochs that were not trained again for it.
        compared: Epochs that were trained once more in one go, and compared.
        faults: What is wrong, a line each.
    """

    trained: int
    lost: int
    resumed: int
    spared: int
    compared: int = 0
    faults: list[str] = field(default_factory=list)


def inspect(folder: Path, url: str, goal: int) -> Found:
    """Looks at everything that a search has left.

    Args:
        folder: Of the study, with ``out`` in it.
        url: Its storage.
        goal: How many trials were asked for.
    """
    storage = open_storage(url, create=False)
    study = optuna.load_study(study_name=task.NAME, storage=storage)
    record = StudyRecord.of(study)
    proofs = _proofs(storage)
    taken_over = [t.taken_over for t in record.trained]
    found = Found(
        trained=len(record.trained),
        lost=sum(t.lost is not None and bool(t.params) for t in record.trials),
        resumed=sum(epochs > 0 for epochs in taken_over),
        spared=sum(t.taken_over for t in record.trials),
    )
    found.faults += [
        *_counts(study, record, goal),
        *_outcomes(record),
        *_strays(folder, study, storage, record),
    ]
    found.faults += _commands(folder, url)
    found.faults += _proof_faults(folder, record, proofs)
    found.faults += _differences(folder, (*record.trained, *proofs), found)
    storage.close()
    return found


def _proofs(storage: Any) -> tuple[TrialRecord, ...]:
    """The proofs of models, lost ones among them; none where nothing was to be proven."""
    name = f"{task.NAME}{SUFFIX}"
    if name not in optuna.get_all_study_names(storage):
        return ()
    return StudyRecord.of(optuna.load_study(study_name=name, storage=storage)).trials


def _proof_faults(folder: Path, record: StudyRecord, proofs: tuple[TrialRecord, ...]) -> list[str]:
    """Whether each proof was made once, with one look at the test images, of the file there is."""
    faults = [f"proof {t.number} has not ended" for t in proofs if not t.state.is_finished()]
    proven = Counter(t.cell["trial"] for t in proofs if t.cell and t.outcome)
    faults += [f"trial {n} was proven {count} times" for n, count in proven.items() if count > 1]
    looks = {
        (t.attributes[TrialKey.LOOK], t.cell["trial"])
        for t in proofs
        if TrialKey.LOOK in t.attributes and t.cell
    }
    if len({look for look, _ in looks}) != len(looks) or len({n for _, n in looks}) != len(looks):
        faults.append(f"looks at the test images were taken by {sorted(looks)}")
    certified = record.model_certificates
    if set(certified) != set(proven):
        faults.append(f"proofs of {sorted(proven)}, certificates of {sorted(certified)}")
    if proofs and record.incumbent is not None and record.incumbent.number not in certified:
        faults.append("the incumbent's model was not proven")
    for number, certificate in certified.items():
        file = folder / "out" / task.NAME / certificate.model_file
        if hashlib.sha256(file.read_bytes()).hexdigest() != certificate.sha256:
            faults.append(f"{file.name} is not the file that was proven of trial {number}")
    return faults


def _counts(study: optuna.Study, record: StudyRecord, goal: int) -> list[str]:
    faults = []
    if len(record.trained) != goal:
        faults.append(f"{len(record.trained)} trials were trained instead of {goal}")
    open_ = [t.number for t in record.trials if not t.state.is_finished()]
    if open_:
        faults.append(f"trials {open_} have not ended")
    ended = [t for t in record.trials if t.outcome not in (None, "gated")]
    same = Counter(json.dumps([t.params, t.seed], sort_keys=True) for t in ended)
    faults += [f"trained {n} times: {which}" for which, n in same.items() if n > 1]
    roots = Counter(
        t.number if t.retry_of is None else t.retry_of for t in record.trials if t.outcome
    )
    faults += [f"trial {root} has {n} outcomes" for root, n in roots.items() if n > 1]
    given_up = [t.number for t in ended if not t.trained]
    if given_up:
        faults.append(f"trials {given_up} were given up: {record.trials[given_up[0]].error}")
    lost = {claims.identity(t) for t in study.trials if TrialKey.LOST in t.user_attrs and t.params}
    done = {f"trial {root}" for root in roots} | {"reference"}
    if lost - done:
        faults.append(f"lost and not trained again: {sorted(map(str, lost - done))}")
    if sum(t.reference for t in record.trained) != 1:
        faults.append("the reference was not trained once")
    return faults


def _outcomes(record: StudyRecord) -> list[str]:
    """Whether each outcome is what its epochs say."""
    faults = []
    for trial in record.trained:
        which = f"trial {trial.number} ({trial.outcome})"
        if [e.epoch for e in trial.history] != list(range(1, trial.epochs + 1)):
            faults.append(f"{which} has the epochs {[e.epoch for e in trial.history]}")
            continue
        met = [e.epoch for e in trial.history if e.val_measured >= task.TARGET]
        reached = trial.outcome == "reached"
        if reached != bool(met) or (reached and met != [trial.epochs]):
            faults.append(f"{which} met the target in epochs {met} of {trial.epochs}")
        if trial.outcome == "missed" and trial.epochs != task.HORIZON:
            faults.append(f"{which} ended after {trial.epochs} epochs")
        if trial.shortfall is None or (trial.shortfall <= 0) != reached:
            faults.append(f"{which} has the constraint {SHORTFALL} {trial.shortfall}")
        if (trial.state == TrialState.COMPLETE) != (trial.outcome in ("reached", "missed")):
            faults.append(f"{which} is {trial.state.name}")
    return faults


def _strays(folder: Path, study: optuna.Study, storage: Any, record: StudyRecord) -> list[str]:
    """Files in the results that belong to nothing."""
    out = folder / "out"
    own = out / task.NAME
    expected = {own / t.model_file for t in record.trained if t.model_file}
    if record.prove != "none":  # a proof would go on from there
        unproven = [
            t for t in record.trained if t.reached if t.number not in record.model_certificates
        ]
        roots = (t.number if t.retry_of is None else t.retry_of for t in unproven)
        expected |= {checkpoint_of(own, trial_stem(root)) for root in roots}
    shown = {
        out / "artifacts" / meta.artifact_id
        for trial in study.trials
        for meta in get_all_artifact_meta(trial, storage=storage)
    }
    there = {f for f in out.rglob("*") if f.is_file() or f.is_symlink()}
    there -= {
        f for f in there if f.parent == own / "logs" or (f.parent == out and f.name in STORAGES)
    }
    faults = [f"{f.relative_to(out)} belongs to nothing" for f in sorted(there - expected - shown)]
    faults += [f"{f.relative_to(out)} is gone" for f in sorted(expected - there)]
    return faults


STORAGES = ("tuner.db", "journal.log")


def _commands(folder: Path, url: str) -> list[str]:
    """Whether the commands that read can read it."""
    faults = []
    for verb in ("status", "trials", "best"):
        done = subprocess.run(
            [sys.executable, "-m", "tuner", verb, task.NAME, "--storage", url, "--results", "out"],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            faults.append(f"tuner {verb} ended with {done.returncode}: {done.stderr[-300:]}")
    return faults


def _differences(folder: Path, told: tuple[TrialRecord, ...], found: Found) -> list[str]:
    """Epochs that differ from those of the same training never stopped."""
    trials = [t for t in told if t.outcome]
    wanted = [{"params": dict(t.params), "seed": t.seed, "epochs": t.epochs} for t in trials]
    faults = []
    for trial, again in zip(trials, unstopped.histories(folder, wanted), strict=True):
        mine = [{**asdict(e), "seconds": 0.0} for e in trial.history]
        theirs = [{**e, "seconds": 0.0} for e in again]
        found.compared += len(theirs)
        if mine != theirs:
            at = sum(
                1
                for _ in itertools.takewhile(
                    lambda e: e[0] == e[1], zip(mine, theirs, strict=False)
                )
            )
            faults.append(
                f"trial {trial.number}, {trial.taken_over} epochs taken over, "
                f"differs after epoch {at}"
            )
    return faults
