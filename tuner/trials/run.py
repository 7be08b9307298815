"""Runs a claimed trial, whatever its kind, and sees to what goes wrong."""

from __future__ import annotations

import gc
import logging
import time

import optuna
from optuna.trial import TrialState

from tuner.basics.causes import cause_of
from tuner.errors import TunerError
from tuner.records.keys import Outcome, TrialKey
from tuner.storages import claims
from tuner.storages.moments import TakenOverError
from tuner.training.failures import out_of_memory
from tuner.trials.base import TrialRun
from tuner.trials.certificate import CertificateTrial
from tuner.trials.model import ModelTrial
from tuner.trials.search import SearchTrial
from tuner.trials.sweep import SweepTrial
from tuner.trials.work import StopRequested, Work

log = logging.getLogger(__name__)

KINDS: dict[str, type[TrialRun]] = {
    "search": SearchTrial,
    "sweep": SweepTrial,
    "recipe": CertificateTrial,
    "model": ModelTrial,
}
"""By what `Work.kind` says."""


def run(trial: optuna.Trial, work: Work) -> Outcome | None:
    """Runs one claimed trial to its end and tells the study.

    Returns:
        The outcome; None where the training was stopped and the trial is to be trained again.
    """
    started = time.monotonic()
    running = KINDS[work.kind](trial, work)
    try:
        return running.go(started)
    except StopRequested:
        claims.abandon(work.study, trial, "it was stopped while training")
        return None
    except (TakenOverError, optuna.exceptions.UpdateFinishedTrialError):
        # Another process took this one for dead; the trial is queued and is not this one's now.
        return None
    except (TunerError, optuna.exceptions.OptunaError):
        raise  # the storage's errors among them: any other is the search space's
    except (Exception, SystemExit) as error:  # a script may call exit()
        outcome: Outcome = "out_of_memory" if out_of_memory(error) else "failed"
        if not work.raises:
            log.warning("trial %d: %s", trial.number, outcome, exc_info=True)
        with claims.together(trial):
            trial.set_user_attr(TrialKey.ERROR, cause_of(error))
            trial.set_user_attr(TrialKey.SECONDS, round(time.monotonic() - started, 2))
            trial.set_user_attr(TrialKey.OUTCOME, outcome)
        work.study.tell(trial, state=TrialState.FAIL)
        running.forget()
        if work.raises:
            raise
        return outcome
    finally:
        _release_memory()


def _release_memory() -> None:
    import keras

    keras.utils.clear_session(free_memory=False)
    if keras.backend.backend() == "jax":
        import jax

        # Forty megabytes a trial, of programs that no other model will run.
        jax.clear_caches()  # type: ignore[no-untyped-call]
    gc.collect()
