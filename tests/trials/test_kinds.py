"""What each kind of trial does in its own way, trained in this process on tiny images."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from tests.helpers import fakes, tiny, works
from tuner.records.keys import GATE, SHORTFALL, StudyKey, TrialKey
from tuner.storages import claims
from tuner.trials.base import TrialRun
from tuner.trials.run import KINDS, run
from tuner.trials.work import Work

# Keras reads variables with a keyword that TensorFlow does not take yet.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

WIDTH_THAT_DIVERGES = 15
TARGET = 0.6
MARGIN = 0.05
HORIZON = 3


class Patient(optuna.pruners.BasePruner):
    """Stops nothing."""

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        return False


class Impatient(optuna.pruners.BasePruner):
    """Stops everything that it is asked about."""

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        return True


def work_in(folder: Path, study_file: Path, **options: Any) -> Work:
    """A study without trials, as a worker has it; by default nothing is pruned."""
    return works.work_in(folder, study_file, **{"pruner": Patient(), **options})


def search_in(folder: Path, target: float = TARGET, **options: Any) -> Work:
    file = tiny.write(folder, target=target, horizon=HORIZON)
    file.write_text(file.read_text().replace("margin = 0.0", f"margin = {MARGIN}"))
    return work_in(folder, file, **options)


def train(work: Work, width: int = 24, **attributes: Any) -> optuna.trial.FrozenTrial:
    """Trains one configuration to its end, as the storage has it then."""
    params = {"width": width, "rate": 0.02, "batch_size": 16}
    work.study.enqueue_trial(params, user_attrs=attributes)
    trial = work.study.ask()
    claims.claim(trial)
    assert run(trial, work) is not None
    return work.study.trials[trial.number]


def validated(trial: optuna.trial.FrozenTrial) -> list[float]:
    """Validation accuracy after each epoch."""
    from tuner.records.trials import TrialRecord

    return [e.val_measured for e in TrialRecord.of(trial).history]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_class_of_its_own(kind: str) -> None:
    assert issubclass(KINDS[kind], TrialRun)
    assert list(KINDS.values()).count(KINDS[kind]) == 1


def test_the_kind_follows_from_the_study_and_what_it_is_for(tmp_path: Path) -> None:
    search = search_in(tmp_path)
    assert search.kind == "search"
    assert work_in(tmp_path, tmp_path / "tiny.toml", proves="recipe").kind == "recipe"
    assert work_in(tmp_path, tiny.write_sweep(tmp_path)).kind == "sweep"


class TestSearch:
    def test_one_that_meets_target_and_margin_ends_there_and_is_kept(self, tmp_path: Path) -> None:
        trial = train(search_in(tmp_path))
        assert trial.user_attrs[TrialKey.OUTCOME] == "reached"
        assert trial.state == TrialState.COMPLETE
        assert trial.value == trial.user_attrs[TrialKey.SIZE] == 64 * 24 + 24 + 24 * 3 + 3
        *before, last = validated(trial)
        assert all(v < TARGET + MARGIN for v in before) and last >= TARGET + MARGIN
        assert trial.constraints[SHORTFALL] == pytest.approx(TARGET + MARGIN - last)
        assert (tmp_path / "out" / trial.user_attrs[TrialKey.MODEL_FILE]).is_file()
        confusion = np.array(trial.user_attrs[TrialKey.CONFUSION])
        assert confusion.trace() / confusion.sum() == pytest.approx(last)

    def test_one_that_runs_out_of_epochs_missed_it(self, tmp_path: Path) -> None:
        trial = train(search_in(tmp_path, target=0.949), width=1)
        best = max(validated(trial))
        assert trial.user_attrs[TrialKey.OUTCOME] == "missed" and len(validated(trial)) == HORIZON
        assert trial.state == TrialState.COMPLETE
        assert trial.constraints[SHORTFALL] == pytest.approx(0.949 + MARGIN - best) and best < 0.999
        reports = {e: 0.949 + MARGIN - v for e, v in enumerate(validated(trial), 1)}
        assert trial.intermediate_values == pytest.approx(reports)
        assert TrialKey.MODEL_FILE not in trial.user_attrs

    def test_one_that_diverges_falls_short_of_everything(self, tmp_path: Path) -> None:
        trial = train(search_in(tmp_path), width=WIDTH_THAT_DIVERGES)
        assert trial.user_attrs[TrialKey.OUTCOME] == "diverged"
        assert trial.state == TrialState.PRUNED
        assert len(validated(trial)) == 1
        assert trial.constraints[SHORTFALL] == pytest.approx(TARGET + MARGIN)

    def test_one_that_the_pruner_stops_has_what_it_would_have_come_to(self, tmp_path: Path) -> None:
        trial = train(search_in(tmp_path, target=0.949, pruner=Impatient()), width=1)
        assert trial.user_attrs[TrialKey.OUTCOME] == "pruned" and len(validated(trial)) == 1
        assert trial.state == TrialState.PRUNED
        mean, spread = trial.user_attrs[TrialKey.PROJECTED]
        assert spread > 0 and trial.constraints[SHORTFALL] == pytest.approx(max(mean, 1e-6))

    def test_the_reference_is_never_stopped(self, tmp_path: Path) -> None:
        work = search_in(tmp_path, target=0.949, pruner=Impatient())
        trial = train(work, width=1, **{TrialKey.REFERENCE: True})
        assert trial.user_attrs[TrialKey.OUTCOME] == "missed" and len(validated(trial)) == HORIZON

    def test_what_is_not_smaller_than_the_incumbent_is_turned_away(self, tmp_path: Path) -> None:
        work = search_in(tmp_path)
        best = train(work).value
        larger = train(work, width=48)
        assert larger.user_attrs[TrialKey.OUTCOME] == "gated" and validated(larger) == []
        assert best is not None
        ratio = larger.user_attrs[TrialKey.VALUE] / best
        assert larger.constraints == {GATE: pytest.approx(math.log(ratio), abs=1e-5)}
        assert train(work).constraints[GATE] > 0  # as large is not smaller

    def test_what_was_trained_already_is_not_trained_again(self, tmp_path: Path) -> None:
        work = search_in(tmp_path, target=0.949)
        train(work, width=1)
        again = train(work, width=1)
        assert again.user_attrs[TrialKey.OUTCOME] == "gated"
        assert again.user_attrs[TrialKey.STOP] == "trial 0 is the same configuration"
        assert again.constraints[GATE] > 0

    @pytest.mark.parametrize("prove", ["both", "recipe"])
    def test_a_refuted_model_leaves_its_configuration_to_another(
        self, prove: str, tmp_path: Path
    ) -> None:
        work = search_in(tmp_path)
        work.study.set_user_attr(StudyKey.PROVE, prove)
        first = train(work)
        assert first.user_attrs[TrialKey.OUTCOME] == "reached"
        other = fakes.make_study()
        fakes.add_trial(other, "reached", 2_000, 0.78)
        fakes.add_model_certificate(other, 0, 0.74, certified=False)
        fakes.add_certificate(other, 0, (0.74, 0.73, 0.74), certified=False)
        for key in (f"{StudyKey.MODEL_CERTIFICATE}0", f"{StudyKey.CERTIFICATE}0"):
            work.study.set_user_attr(key, other.user_attrs[key])
        again = train(work)
        if prove == "recipe":
            assert again.user_attrs[TrialKey.STOP] == "trial 0 is the same configuration"
        else:
            assert again.user_attrs[TrialKey.OUTCOME] == "reached"
            assert again.user_attrs[TrialKey.SEED] != first.user_attrs[TrialKey.SEED]

    @pytest.mark.parametrize(
        ("prove", "doubted", "trained"),
        [("recipe", [0], True), ("recipe", [], False), ("both", [0], False)],
    )
    def test_a_doubted_recipe_is_trained_with_another_seed(
        self, prove: str, doubted: list[int], trained: bool, tmp_path: Path
    ) -> None:
        work = search_in(tmp_path)
        work.study.set_user_attr(StudyKey.PROVE, prove)
        first = train(work)
        assert first.user_attrs[TrialKey.OUTCOME] == "reached"
        again = train(work, **{TrialKey.DOUBTED: doubted})
        assert again.user_attrs[TrialKey.OUTCOME] == ("reached" if trained else "gated")


class TestSweep:
    CELL: ClassVar[dict[str, Any]] = {TrialKey.CELL: {"width": 24}, TrialKey.SEED: 5}

    def test_it_is_trained_to_the_horizon_and_tested(self, tmp_path: Path) -> None:
        work = work_in(tmp_path, tiny.write_sweep(tmp_path), pruner=Impatient())
        trial = train(work, **self.CELL)
        assert trial.user_attrs[TrialKey.OUTCOME] == "missed"
        assert len(validated(trial)) == work.spec.horizon == 2
        assert trial.constraints == {}
        confusion = np.array(trial.user_attrs[TrialKey.CONFUSION])
        assert confusion.sum() == 60
        tested = trial.user_attrs[TrialKey.TEST_ACCURACY]
        assert tested == pytest.approx(confusion.trace() / 60)
        assert trial.user_attrs[TrialKey.SEED] == 5

    def test_nothing_is_turned_away(self, tmp_path: Path) -> None:
        work = work_in(tmp_path, tiny.write_sweep(tmp_path))
        for seed in (5, 6):
            trial = train(work, **{**self.CELL, TrialKey.SEED: seed})
            assert trial.user_attrs[TrialKey.OUTCOME] == "missed"

    def test_one_that_diverges_ends_and_is_tested_all_the_same(self, tmp_path: Path) -> None:
        work = work_in(tmp_path, tiny.write_sweep(tmp_path))
        trial = train(work, width=WIDTH_THAT_DIVERGES, **self.CELL)
        assert trial.user_attrs[TrialKey.OUTCOME] == "diverged" and len(validated(trial)) == 1


class TestCertificate:
    def ask(self, folder: Path, width: int = 24, target: float = TARGET, epochs: int = 2) -> Any:
        search_in(folder, target)
        work = work_in(folder, folder / "tiny.toml", proves="recipe", pruner=Impatient())
        cell = {"trial": 7, "training": 3}
        attributes = {TrialKey.CELL: cell, TrialKey.SEED: 11, TrialKey.EPOCHS: epochs}
        return train(work, width, **attributes)

    def test_it_is_trained_for_its_own_epochs_and_tested_once(self, tmp_path: Path) -> None:
        trial = self.ask(tmp_path, epochs=4)
        assert len(validated(trial)) == 4
        assert all(math.isnan(v) for v in validated(trial)) and trial.intermediate_values == {}
        tested = trial.user_attrs[TrialKey.TEST_ACCURACY]
        assert tested >= TARGET and trial.user_attrs[TrialKey.OUTCOME] == "reached"
        # The target without margin: the certificate has a bound of its own.
        assert trial.constraints[SHORTFALL] == pytest.approx(TARGET - tested)
        assert trial.user_attrs[TrialKey.MODEL_FILE] == "certificate-0007-3.keras"
        assert (tmp_path / "out" / "certificate-0007-3.keras").is_file()

    def test_below_the_target_it_missed(self, tmp_path: Path) -> None:
        trial = self.ask(tmp_path, width=1, target=0.949, epochs=1)
        tested = trial.user_attrs[TrialKey.TEST_ACCURACY]
        assert tested < 0.949 and trial.user_attrs[TrialKey.OUTCOME] == "missed"
        assert trial.constraints[SHORTFALL] == pytest.approx(0.949 - tested)

    def test_one_that_diverges_is_tested_too(self, tmp_path: Path) -> None:
        trial = self.ask(tmp_path, width=WIDTH_THAT_DIVERGES)
        assert trial.user_attrs[TrialKey.OUTCOME] == "diverged"
        assert trial.user_attrs[TrialKey.TEST_ACCURACY] < TARGET
