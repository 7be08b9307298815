"""When a session certifies, and when it trains on."""

from __future__ import annotations

import socket
from pathlib import Path

import optuna
import pytest

from tests.helpers import fakes
from tests.helpers.launchers import ScriptedCrew, ScriptedLauncher, session
from tuner.certificates.trainings import CertificateTrainings, candidate
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.storages import claims
from tuner.workers.orders import WorkerOrders

MET = 18
"""So many trials meet the target, each smaller than the one before it; later ones miss it."""


class Trainer:
    """Trains trials of a search, and certificates that end as a list says.

    Attributes:
        steps: For each crew, the trials that the study then had, or how the certificate ended.
    """

    def __init__(self, verdicts: list[bool]) -> None:
        self.verdicts = verdicts
        self.steps: list[int | str] = []

    def __call__(self, study: optuna.Study, orders: WorkerOrders) -> None:
        if StudyKey.CERTIFIES in study.user_attrs:
            holds = self.verdicts.pop(0)
            for _ in range(3):
                end(study.ask(), study, 0.78 if holds else 0.7)
            self.steps.append("holds" if holds else "refuted")
            return
        if orders.proves_models:  # and nothing comes of it
            self.steps.append("model")
            return
        for number in range(len(study.trials), orders.goal):
            size = 9_000 - 100 * number
            if number < MET:
                fakes.add_trial(study, "reached", size, 0.77, 12)
            else:
                fakes.add_trial(study, "missed", size, 0.7)
        self.steps.append(orders.goal)


def end(trial: optuna.Trial, study: optuna.Study, accuracy: float) -> None:
    """Ends a certificate's training with this accuracy on the test images."""
    trial.set_user_attr(TrialKey.TEST_ACCURACY, accuracy)
    trial.set_user_attr(TrialKey.OUTCOME, "missed")
    study.tell(trial, 4_218)


@pytest.mark.parametrize(
    ("goal", "verdicts", "steps"),
    [
        # A look refutes all that were lucky before the search trains on.
        (20, "rrhh", [16, "refuted", "refuted", "holds", 18, "holds", 19, 20, "model"]),
        # Trials are left when a later incumbent was lucky too.
        (20, "hrh", [16, "holds", 18, "refuted", "holds", 19, 20, "model"]),
        # A small search certifies at its end.
        (9, "h", [9, "holds", "model"]),
    ],
)
def test_looks(goal: int, verdicts: str, steps: list[int | str], tmp_path: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    study = fakes.make_study(storage=storage)
    trainer = Trainer([v == "h" for v in verdicts])
    result = session(study, storage, goal, ScriptedLauncher(trainer), tmp_path).run()
    assert trainer.steps == steps
    assert trainer.verdicts == []
    assert result.status == "met" and len(result.record.trained) == goal
    ends = {n: c.certified for n, c in result.record.certificates.items()}
    assert sum(ends.values()) == verdicts.count("h")
    # The smallest that was not refuted is the one that is named, and it is certified.
    best, certificate = result.best, result.certificate
    assert best is not None and certificate is not None
    assert best.number == certificate.trial == max(n for n, holds in ends.items() if holds)
    assert all(n > best.number or holds for n, holds in ends.items() if n >= best.number)


def test_what_an_early_verdict_took_back_is_not_trained_again(tmp_path: Path) -> None:
    storage = optuna.storages.InMemoryStorage()
    study = fakes.make_search(storage)

    def two_end_far_below_while_two_are_trained(
        companion: optuna.Study, orders: WorkerOrders
    ) -> ScriptedCrew:
        poor, poorer, *others = [companion.ask() for _ in range(4)]
        for one in others:
            one.set_user_attr(TrialKey.WORKER, {"host": socket.gethostname(), "pid": 2**30})
        for one in (poor, poorer):
            end(one, companion, 0.6)
        return ScriptedCrew({0: 2**30, 1: 2**30})

    launcher = ScriptedLauncher(two_end_far_below_while_two_are_trained)
    result = session(study, storage, 9, launcher, tmp_path).certify(8)
    assert result.recipe is not None and not result.recipe.certified and not result.holds
    assert StudyRecord.of(study).refuted == {8}
    trial = next(t for t in StudyRecord.of(study).trials if t.number == 8)
    certificate = CertificateTrainings(study, trial)
    claims.reap(certificate.study)
    assert certificate.waiting() == []
    assert len(certificate.mine()) == 5
    following = candidate(StudyRecord.of(study))
    assert following is not None and following.number == 2
