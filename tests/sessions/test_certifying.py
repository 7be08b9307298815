"""When a search certifies, and when it trains on."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from types import SimpleNamespace

from tests.helpers import fakes
from tuner.certificates.trainings import CertificateTrainings, candidate
from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.session import Session
from tuner.storages import claims


class Scripted(Session):
    """A run whose incumbents are judged by a list, and which trains nothing."""

    goal = 20

    def __init__(self, verdicts: list[bool]) -> None:
        self.verdicts, self.steps = verdicts, []
        self.certified, self.interrupts = True, 0
        self.record = SimpleNamespace(done=0)

    def _stopped(self) -> bool:
        return False

    def _train(self, stage: int) -> bool:
        self.record.done = stage
        self.steps.append(stage)
        return True

    def _prove(self, trial: object) -> bool:
        if self.steps[-1] == "holds" or not self.verdicts:
            return False
        self.steps.append("holds" if self.verdicts.pop(0) else "refuted")
        return True


def test_a_look_refutes_all_that_were_lucky_before_it_trains_on(monkeypatch):
    monkeypatch.setattr("tuner.certificates.trainings.candidate", lambda record: record)
    run = Scripted([False, False, True, True])
    run._go()
    assert run.steps == [16, "refuted", "refuted", "holds", 18, "holds", 19, 20]


def test_trials_are_left_when_a_later_incumbent_was_lucky_too(monkeypatch):
    monkeypatch.setattr("tuner.certificates.trainings.candidate", lambda record: record)
    run = Scripted([True, False, True])
    run._go()
    assert run.steps == [16, "holds", 18, "refuted", "holds", 19, 20]


def test_a_small_search_certifies_at_its_end(monkeypatch):
    monkeypatch.setattr("tuner.certificates.trainings.candidate", lambda record: record)
    monkeypatch.setattr(Scripted, "goal", 9)
    run = Scripted([True])
    run._go()
    assert run.steps == [9, "holds"]


@dataclass
class Told:
    """What a run tells its workers, as far as a certificate changes it."""

    study_name: str = ""
    goal: int = 0
    sampler: str = ""


class Killing(Session):
    """A run whose two workers end one training far below the target, and are killed in the next."""

    def __init__(self, study) -> None:
        self.planned, self.seeds = SimpleNamespace(study=study, orders=Told()), 5

    def _look(self) -> None:
        pass

    def _at_work(self, study, orders, left):
        poor, *others = [study.ask() for _ in range(3)]
        for one in others:
            one.set_user_attr(TrialKey.WORKER, {"host": socket.gethostname(), "pid": 2**30})
        poor.set_user_attr(TrialKey.TEST_ACCURACY, 0.6)
        poor.set_user_attr(TrialKey.OUTCOME, "missed")
        study.tell(poor, 4_218)
        try:
            yield
        finally:
            claims.reap(study)


def test_what_an_early_verdict_took_back_is_not_trained_again():
    study = fakes.make_search()
    trial = candidate(StudyRecord.of(study))
    assert Killing(study)._prove(trial)
    assert StudyRecord.of(study).refuted == {8}
    proof = CertificateTrainings(study, trial)
    claims.reap(proof.study)
    assert proof.waiting() == []
    assert len(proof.mine()) == 5
