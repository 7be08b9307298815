"""Clears a study's folder of what killed processes have left in it.

Whoever writes a file notes it first, or names it after its trial, so that what a dead process has
left can be told from what a living one writes. Nothing is removed that a trial with an outcome has
noted, or that belongs to a trial that waits or runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.artifacts import get_all_artifact_meta
from optuna.trial import FrozenTrial

from tuner.basics.files import part_of, remove, remove_with_parts
from tuner.basics.optuna_private import storage_of
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.model_certificates import model_certificates
from tuner.records.proofs import prove_of
from tuner.storages import claims
from tuner.storages.artifacts import FOLDER as ARTIFACTS
from tuner.storages.sent_files import SHOWN, SentFiles

CHECKPOINTS = "checkpoints"
"""In the study's folder."""


def trial_stem(root: int) -> str:
    """What a trial's files are called after, also when it was lost and is queued again.

    Args:
        root: The number that it was first trained under.
    """
    return f"trial-{root:04d}"


def certificate_stem(cell: Mapping[str, Any]) -> str:
    """The same of a training of a recipe's certificate.

    Args:
        cell: Which trial's certificate, and which of its trainings.
    """
    return f"certificate-{cell['trial']:04d}-{cell['training']}"


def checkpoint_of(folder: Path, stem: str) -> Path:
    """Where a trial's checkpoint is, in its study's folder."""
    return folder / CHECKPOINTS / f"{stem}.npz"


def clear(
    study: optuna.Study, folder: Path, *, proving: bool = False, files: SentFiles | None = None
) -> None:
    """Removes what belongs to no trial that waits, runs or has an outcome.

    Args:
        study: A search, a sweep, or the trainings of a search's recipes.
        folder: Where its files are.
        proving: Whether proofs of a search's models are under way, which go on from the checkpoints
            of its trials and write to their models.
        files: Forgets what was sent of them; None: nothing was.
    """
    claims.requeue(study)  # what is lost and was not queued again has a checkpoint to keep
    trials = study.get_trials(deepcopy=False)
    certifies = StudyKey.CERTIFIES in study.user_attrs
    named = {
        t.number: certificate_stem(t.user_attrs[TrialKey.CELL])
        if certifies
        else trial_stem(claims.root_of(t))
        for t in trials
        if not certifies or TrialKey.CELL in t.user_attrs
    }
    under_way = [t for t in trials if not t.state.is_finished()]
    wanted = {named[t.number] for t in under_way if t.number in named}
    going_on = set() if certifies else _to_be_proven(study, trials, proving)
    for number, stem in named.items():
        if stem not in wanted and number not in going_on:
            remove_with_parts(checkpoint_of(folder, stem))
    used = _noted(t for t in trials if TrialKey.OUTCOME in t.user_attrs or t in under_way)
    for name in _noted(trials) - {f"{stem}.keras" for stem in wanted}:
        if name not in used:
            remove(folder / name)
            if files is not None:
                files.forget(name)
        if name not in _noted(under_way) and not proving:
            remove(part_of(folder / name))
    _clear_artifacts(study, trials, folder.parent / ARTIFACTS, files)


def _to_be_proven(study: optuna.Study, trials: Iterable[FrozenTrial], proving: bool) -> set[int]:
    """Trials that a proof of their model may go on with."""
    if prove_of(study.user_attrs) == "none":
        return set()
    judged = set() if proving else set(model_certificates(study.user_attrs))
    roots = {claims.root_of(t) for t in trials if _met(t) and t.number not in judged}
    return {t.number for t in trials if claims.root_of(t) in roots}


def _met(trial: FrozenTrial) -> bool:
    return bool(trial.user_attrs.get(TrialKey.OUTCOME) == "reached")


def _noted(trials: Iterable[FrozenTrial]) -> set[str]:
    files = (t.user_attrs.get(TrialKey.MODEL_FILE) for t in trials)
    return {str(name) for name in files if name}


def _clear_artifacts(
    study: optuna.Study, trials: Iterable[FrozenTrial], folder: Path, files: SentFiles | None
) -> None:
    """Files that were written for a trial, whose worker died before the trial showed them."""
    for trial in trials:
        noted = set(trial.user_attrs.get(TrialKey.ARTIFACTS, ()))
        if not noted or not trial.state.is_finished():
            continue
        shown = get_all_artifact_meta(trial, storage=storage_of(study))
        for name in noted - {meta.artifact_id for meta in shown}:
            remove(folder / name)
            if files is not None:
                files.forget(f"{SHOWN}{name}")
