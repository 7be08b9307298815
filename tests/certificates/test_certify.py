"""Certificates: their statistics, and whole ones with real trainings on images of eight pixels."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from optuna.trial import TrialState

from tests.helpers import fakes, tiny
from tuner import api, data, search
from tuner.basics.seeds import derived_seed
from tuner.certificates.statistics import judge, length, lower_bound
from tuner.certificates.trainings import Certification, candidate
from tuner.data.dataset import TEST_IMAGES, TEST_LABELS
from tuner.errors import DataError, UsageError
from tuner.records import words
from tuner.records.certificates import refuted_shortfalls
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler
from tuner.sessions.session import SearchRun
from tuner.storages import claims

LUCKY = """
import keras
import keras_tuner
import numpy as np


class Lucky(keras_tuner.HyperModel):
    \"\"\"Learns where it is wide, or where the first random number is the lucky one.\"\"\"

    def __init__(self, input_shape, num_classes, horizon, lucky):
        super().__init__()
        self.input_shape, self.num_classes, self.lucky = input_shape, num_classes, lucky

    def build(self, hp):
        width = hp.Choice("width", [4, 32, 64], default=4)
        blind = width == 4 and abs(np.random.random() - self.lucky) > 1e-9
        inputs = keras.layers.Input(self.input_shape)
        x = keras.layers.Flatten()(keras.layers.Rescaling(0.0 if blind else 1 / 64)(inputs))
        x = keras.layers.Dense(10 * width, activation="relu")(x)
        outputs = keras.layers.Dense(self.num_classes, activation="softmax")(x)
        model = keras.Model(inputs, outputs)
        model.compile(
            keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model
"""


def write_lucky(folder: Path) -> None:
    """A study whose trial 1, the defaults, meets the target with its own seed and no other."""
    first = np.random.RandomState(derived_seed(0, 1)).random_sample()
    tiny.write(
        folder,
        horizon=8,
        extra=f"space_options = {{lucky = {first!r}}}\n[reference]\nwidth = 64",
    )
    (folder / "space.py").write_text(LUCKY)
    study = folder / "tiny.toml"
    study.write_text(study.read_text().replace("space.py:Tiny", "space.py:Lucky"))


@pytest.mark.slow
def test_a_model_that_met_the_target_by_luck_is_not_certified(tmp_path):
    write_lucky(tmp_path)
    result = search(str(tmp_path / "tiny.toml"), results=tmp_path / "out", trials=2, workers=1)
    record = result.record
    lucky = record.trials[1]
    assert lucky.reached and lucky.size == 65 * 40 + 41 * 3
    assert not record.certificates[1].certified
    # Clearly so: not all of the seeds were needed.
    assert 1 <= len(record.certificates[1].accuracies) < 5
    best, proof = result.best, result.certificate
    assert best is not None and proof is not None
    assert best.number == 0 and best.reference
    assert result.status == "met" and proof.certified
    assert len(set(proof.seeds)) == 5 and not set(proof.seeds) & {t.seed for t in record.trials}
    assert proof.epochs == length([e.val_accuracy for e in best.history], 8) > best.epochs
    assert (proof.train_size, proof.test_size) == (300, 60)
    assert proof.confusion is not None and np.sum(proof.confusion) == 5 * 60
    right = sum(proof.confusion[i][i] for i in range(3))
    assert right / 300 == pytest.approx(proof.mean)
    assert proof.bound == lower_bound(proof.accuracies)
    for name in proof.model_files:
        assert (result.results / name).exists()
    # What failed is not tried again, and what is proven not proven twice.
    again = api.certify("tiny", results=tmp_path / "out", workers=1)
    assert again.certificate == proof
    assert again.record.certificates.keys() == record.certificates.keys()


class Scripted(SearchRun):
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


class Killing(SearchRun):
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
    proof = Certification(study, trial)
    claims.reap(proof.study)
    assert proof.waiting() == []
    assert len(proof.mine()) == 5


@pytest.mark.slow
def test_nothing_reads_the_test_images_before_certification(tmp_path, monkeypatch):
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    tiny.write(tmp_path)
    folder = data.resolve(str(tmp_path / "images.npz")).folder
    for name in (TEST_IMAGES, TEST_LABELS):
        file = folder / name
        file.write_bytes(bytes(file.stat().st_size))
    options = {"results": tmp_path / "out", "trials": 2, "workers": 1}
    result = search(str(tmp_path / "tiny.toml"), certify=False, **options)
    assert result.status == "met"
    assert result.best is not None and result.best.confusion is not None
    assert np.sum(result.best.confusion) == 30  # of the validation images
    with pytest.raises(DataError, match="cannot be read"):
        api.certify("tiny", results=tmp_path / "out", workers=1)


def test_a_certificate_trains_until_the_curve_is_two_points_further():
    steep = [0.1 * epoch**0.5 for epoch in range(1, 13)]  # 10 points in the last doubling
    rising = [0.05 * epoch**0.5 for epoch in range(1, 13)]  # 5
    slow = [0.6 + 0.01 * np.log2(epoch) for epoch in range(1, 13)]  # 1 point in each
    flat = [0.6] * 12
    falling = [0.64, *[0.6] * 11]
    assert length(steep, 25) == 15
    assert length(rising, 25) == 19
    assert length(slow, 25) == 25
    assert length(flat, 25) == length(falling, 25) == 15
    assert length(rising, 13) == 13
    assert [length([0.8] * n, 25) for n in (1, 3, 25)] == [2, 4, 25]


def test_a_bound_is_students():
    accuracies = [0.751, 0.757, 0.749, 0.762, 0.755]
    error = np.std(accuracies, ddof=1) / np.sqrt(5)
    assert lower_bound(accuracies) == pytest.approx(np.mean(accuracies) - 2.1318 * error, abs=1e-6)
    assert lower_bound([0.8]) is None


@pytest.mark.parametrize("spread", [0.002, 0.005, 0.02])
def test_a_model_just_at_the_target_is_certified_in_one_case_of_twenty(spread):
    rng = np.random.default_rng(0)
    runs = 4_000

    def certified(accuracies) -> bool:
        for n in range(1, 6):
            if (verdict := judge(list(accuracies[:n]), 0.75)) is not None:
                return verdict == "certified"
        raise AssertionError("five seeds must do")

    rate = sum(certified(a) for a in rng.normal(0.75, spread, (runs, 5))) / runs
    assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    assert sum(certified(a) for a in rng.normal(0.75 + 3 * spread, spread, (500, 5))) > 480


def test_a_bound_just_below_the_target_is_not_shown_as_the_target():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.784, 0.742, 0.777, 0.756, 0.774], certified=False)
    found = replace(StudyRecord.of(study).certificates[8], bound=0.74998)
    assert found.at_least(1) == 0.749
    assert found.at_least(2) == 0.7499
    assert "lower bound 74.9%; the target is 75.0%" in words.certificate(found)


def test_what_clearly_fails_is_given_up_early():
    assert judge([], 0.75) is None
    assert judge([0.70], 0.75) == "refuted"
    assert judge([0.745], 0.75) is None
    assert judge([0.745, 0.74, 0.739], 0.75) == "refuted"
    # Two more of 76.5 % would not lift the first mean far enough; the second, they might.
    assert judge([0.747, 0.759, 0.72], 0.75) == "refuted"
    assert judge([0.747, 0.759], 0.75) is None
    assert judge([0.76, 0.76, 0.76, 0.76], 0.75) is None
    assert judge([0.76, 0.76, 0.76, 0.76, 0.76], 0.75) == "certified"


def test_a_refuted_incumbent_is_the_incumbent_no_more():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.741, 0.739], certified=False)
    record = StudyRecord.of(study)
    assert record.refuted == {8}
    assert record.incumbent is not None and record.incumbent.number == 2
    found = claims.incumbent(study)
    assert found is not None and found.number == 2
    assert refuted_shortfalls(study.user_attrs) == {8: pytest.approx(0.755 - 0.740)}


def test_the_sampler_looks_between_the_refuted_and_the_next():
    study = fakes.make_search()
    study.sampler = SmallestFeasibleSampler(
        size_of=lambda params: 100 * params["width"], horizon=25, seed=0
    )
    fakes.add_certificate(study, 8, [0.70, 0.69], certified=False)
    distributions = {"width": study.trials[8].distributions["width"]}
    sizes = [100 * study.ask(distributions).params["width"] for _ in range(4)]
    assert max(sizes) > 4_218
    assert max(sizes) < 9_500


def test_the_sampler_looks_a_little_above_the_refuted_where_nothing_larger_holds():
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 6_400, 0.756, 20)
    for size, best in ((4_600, 0.6), (3_900, 0.58), (5_200, 0.62)):
        fakes.add_trial(study, "pruned", size, best, 8)
    fakes.add_certificate(study, 0, [0.757, 0.743], certified=False)
    study.sampler = SmallestFeasibleSampler(
        size_of=lambda params: 100 * params["width"], horizon=25, seed=0
    )
    distributions = {"width": study.trials[0].distributions["width"]}
    sizes = [100 * study.ask(distributions).params["width"] for _ in range(4)]
    assert 6_400 < max(sizes) < 2 * 6_400


def test_trainings_are_queued_once_whoever_asks():
    study = fakes.make_search()
    trial = candidate(StudyRecord.of(study))
    assert trial is not None and trial.number == 8
    for _ in range(2):
        proof = Certification(study, trial)
        waiting = proof.waiting()
        assert len(waiting) == proof.goal == 5
    accuracies = [e.val_accuracy for e in trial.history]
    assert {t.user_attrs[TrialKey.EPOCHS] for t in waiting} == {length(accuracies, 25)}
    assert proof.study.user_attrs[StudyKey.CERTIFIES] == "q10"
    proof.drop()
    assert proof.waiting() == []
    claims.requeue(proof.study)
    assert proof.waiting() == []


def test_a_certificate_goes_before_another_that_was_stopped_and_leaves_it_whole():
    study = fakes.make_search()
    trials = {t.number: t for t in StudyRecord.of(study).trials}
    first = Certification(study, trials[8])
    seeds = {t.user_attrs[TrialKey.SEED] for t in first.waiting()}
    second = Certification(study, trials[2])
    queue = second.study.get_trials(states=(TrialState.WAITING,))
    assert [t.user_attrs[TrialKey.CELL]["trial"] for t in queue] == [2] * 5 + [8] * 5
    second.drop()
    assert second.waiting() == []
    assert {t.user_attrs[TrialKey.SEED] for t in first.waiting()} == seeds
    assert len(first.waiting()) == 5


def test_only_what_met_the_target_can_be_certified():
    record = StudyRecord.of(fakes.make_search())
    with pytest.raises(UsageError, match="trial 1 of study 'q10' did not meet the target"):
        candidate(record, 1)
    with pytest.raises(UsageError, match="trial 99"):
        candidate(record, 99)
    with pytest.raises(UsageError, match="is a sweep"):
        candidate(StudyRecord.of(fakes.make_sweep()))
