"""What optuna-dashboard is shown instead of what the storage holds.

The dashboard knows constraints by an older key only, calls the smallest trial the best one whether
it is feasible or not, names no objective, and draws a pruned trial's last shortfall as a size.
Ended trials cannot be written to, so all this is mended as it is read, for this tool's studies and
without a write to the storage.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from tuner.basics.optuna_private import FrozenStudy
from tuner.basics.secrets import masked_text
from tuner.objectives.quantities import DEFAULT_QUANTITY, QUANTITIES
from tuner.records import words
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.proofs import refuted_shortfalls

CONSTRAINTS = "constraints"
"""The system attribute, a list, by which the dashboard knows a trial as infeasible."""
OBJECTIVE_NAMES = "study:metric_names"
_DETAIL = re.compile(r"/api/studies/\d+/?")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def shown(storage: BaseStorage) -> BaseStorage:
    """Changes what this storage object answers; use one of its own for the dashboard."""
    read_trials, read_studies = storage.get_all_trials, storage.get_all_studies
    read_best, read_attributes = storage.get_best_trial, storage.get_study_user_attrs

    def get_all_trials(study_id: int, *args: Any, **options: Any) -> list[FrozenTrial]:
        lucky = refuted_shortfalls(storage.get_study_user_attrs(study_id))
        return [_mended(t, lucky) for t in read_trials(study_id, *args, **options)]

    def get_all_studies() -> list[FrozenStudy]:
        # The trainings of certificates are told in their study's note.
        found = [s for s in read_studies() if StudyKey.CERTIFIES not in s.user_attrs]
        for study in found:
            study.user_attrs = _without_secrets(study.user_attrs)
        return [_with_objective(study) for study in found]

    def get_best_trial(study_id: int) -> FrozenTrial:
        ended = get_all_trials(study_id, deepcopy=False, states=(TrialState.COMPLETE,))
        lucky = refuted_shortfalls(storage.get_study_user_attrs(study_id))
        feasible = [t for t in ended if is_feasible(t) and t.number not in lucky]
        if not feasible:
            return _mended(read_best(study_id), lucky)
        return min(feasible, key=lambda t: (t.value, t.number))

    def get_study_user_attrs(study_id: int) -> dict[str, Any]:
        return _without_secrets(read_attributes(study_id))

    for replacement in (get_all_trials, get_all_studies, get_best_trial, get_study_user_attrs):
        setattr(storage, replacement.__name__, replacement)
    return storage


def is_feasible(trial: FrozenTrial) -> bool:
    """Whether no constraint is violated."""
    return all(c <= 0 for c in trial.constraints.values())


def _mended(trial: FrozenTrial, refuted: Mapping[int, float]) -> FrozenTrial:
    attributes = trial.system_attrs
    if trial.number in refuted:
        attributes[CONSTRAINTS] = [refuted[trial.number]]
    elif CONSTRAINTS not in attributes and trial.constraints:
        attributes[CONSTRAINTS] = list(trial.constraints.values())
    value = trial.user_attrs.get(TrialKey.VALUE)
    if trial.state == TrialState.PRUNED and value is not None:
        trial.value = float(value)  # Optuna puts the last shortfall there, among the sizes
    return trial


def _without_secrets(attributes: dict[str, Any]) -> dict[str, Any]:
    """A study's attributes without the password that its command may have had."""
    made = attributes.get(StudyKey.CREATED_BY)
    return {**attributes, StudyKey.CREATED_BY: masked_text(str(made))} if made else attributes


def _with_objective(study: FrozenStudy) -> FrozenStudy:
    spec = study.user_attrs.get(StudyKey.STUDY)
    if isinstance(spec, dict) and len(study.directions) == 1:
        name = str(spec.get("minimize", DEFAULT_QUANTITY.name))
        named = words.quantity(name) if name in QUANTITIES else "value"
        study.system_attrs = {OBJECTIVE_NAMES: [named], **study.system_attrs}
    return study


def without_infeasible_best(app: Application) -> Application:
    """Leaves infeasible trials out of the best ones: there is none where none is feasible."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if not _DETAIL.fullmatch(environ.get("PATH_INFO", "")):
            return app(environ, start)
        begun: list[Any] = []
        body = b"".join(app(environ, lambda *given: begun.append(given)))
        status, headers, *rest = begun[-1]
        if status.startswith("200"):
            body = _filtered(body)
            headers = [(k, v) for k, v in headers if k.lower() != "content-length"]
            headers.append(("Content-Length", str(len(body))))
        start(status, headers, *rest)
        return [body]

    return answer


def _filtered(body: bytes) -> bytes:
    detail = json.loads(body)
    best = detail.get("best_trials", [])
    detail["best_trials"] = [t for t in best if all(c <= 0 for c in t.get("constraints", []))]
    return json.dumps(detail).encode()
