"""Whether a study that much has happened to has exactly its trials."""

from __future__ import annotations

from collections import Counter

import optuna
from optuna.trial import TrialState

from tuner.records.keys import TrialKey
from tuner.storages import claims


def faults_of(study: optuna.Study, goal: int) -> list[str]:
    """What is wrong with the trials of a search that has ended, a line each."""
    trials = study.get_trials(deepcopy=False)
    faults = []
    if (trained := claims.trained(trials)) != goal:
        faults.append(f"{trained} trained trials instead of {goal}")
    for state in (TrialState.RUNNING, TrialState.WAITING):
        if left := [t.number for t in trials if t.state == state]:
            faults.append(f"trials {left} are {state.name.lower()}")
    outcomes = Counter(claims.root_of(t) for t in trials if TrialKey.OUTCOME in t.user_attrs)
    faults += [f"trial {root} has {n} outcomes" for root, n in outcomes.items() if n > 1]
    known = {claims.root_of(t) for t in trials if TrialKey.OUTCOME in t.user_attrs}
    for trial in trials:
        lost = trial.user_attrs.get(TrialKey.LOST)
        surplus = lost in ("another trial is the same", "the study had all its trials")
        if lost is not None and not surplus and trial.params and claims.root_of(trial) not in known:
            faults.append(f"trial {trial.number} was lost ({lost}) and never trained again")
        steps = sorted(trial.intermediate_values)
        if TrialKey.OUTCOME in trial.user_attrs and steps != list(range(1, len(steps) + 1)):
            faults.append(f"trial {trial.number} reports the epochs {steps}")
    references = [t for t in trials if t.user_attrs.get(TrialKey.REFERENCE)]
    ended = [t for t in references if TrialKey.OUTCOME in t.user_attrs]
    if len(ended) > 1:
        faults.append(f"the reference was trained {len(ended)} times")
    return faults
