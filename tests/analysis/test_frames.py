from __future__ import annotations

import pandas as pd
import pytest

import analysis
from analysis.frames import EPOCHS, TRIALS
from tests import fakes
from tuner.record import StudyRecord, TrialKey


def test_all_that_is_exported_exists():
    assert all(hasattr(analysis, name) for name in analysis.__all__)


def test_trials_has_a_row_for_each_and_the_documented_columns():
    frame = analysis.trials(fakes.make_search())
    assert list(frame["number"]) == list(range(9))
    assert dict(frame.dtypes.astype(str))["size"] == "Int64"
    assert list(frame.columns[: len(TRIALS)]) == list(TRIALS)
    assert {"hp.width", "hp.rate", "hp.block"} <= set(frame.columns)
    best = frame.set_index("number").loc[8]
    assert (best["size"], best["total_size"], best["outcome"]) == (4218, 4282, "reached")
    assert best["val_accuracy"] == pytest.approx(0.758)
    assert pd.isna(frame["outcome"][7])
    assert frame["lost"][7] == "its worker died"


@pytest.mark.parametrize("columns", [TRIALS, EPOCHS], ids=["trials", "epochs"])
@pytest.mark.parametrize("study", [fakes.make_study, fakes.make_search], ids=["empty", "search"])
def test_dtypes_are_the_documented_ones_also_without_rows(study, columns):
    frame = (analysis.trials if columns is TRIALS else analysis.epochs)(study())
    assert {c: str(frame[c].dtype) for c in columns} == dict(columns)


def test_hyperparameters_keep_their_types_and_miss_where_inactive():
    study = fakes.make_study()
    values = [{"n": 1, "flag": True, "mixed": 1}, {"n": 2, "mixed": "a"}, {"rate": 1, "n": 3}]
    for v in values:
        fakes.add_trial(study, "missed", **{TrialKey.VALUES: v})
    frame = analysis.trials(study)
    kinds = {c: str(frame[c].dtype) for c in frame.columns if c.startswith("hp.")}
    assert kinds == {
        "hp.n": "Int64",
        "hp.flag": "boolean",
        "hp.mixed": "string",
        "hp.rate": "Int64",
    }
    assert list(frame["hp.flag"].isna()) == [False, True, True]


def test_epochs_has_a_row_for_each_epoch():
    study = fakes.make_search()
    frame = analysis.epochs(study)
    record = StudyRecord.of(study)
    assert len(frame) == record.epochs_spent
    first = frame[(frame["number"] == 8) & (frame["epoch"] == 18)].iloc[0]
    assert first["shortfall"] == pytest.approx(0.755 - 0.758)
    assert list(frame[frame["number"] == 4]["epoch"]) == [1, 2, 3, 4, 5, 6]


def test_epochs_of_a_sweep_have_no_shortfall():
    assert analysis.epochs(fakes.make_sweep())["shortfall"].isna().all()


def test_frontier_rises_in_size_and_accuracy_and_leaves_out_what_was_not_trained():
    frame = analysis.frontier(fakes.make_search())
    assert list(frame["size"]) == [1_200, 2_010, 4_218, 9_500, 78_186]
    assert frame["val_accuracy"].is_monotonic_increasing
    assert len(analysis.frontier(fakes.make_study())) == 0


def test_frontier_by_another_measure():
    assert analysis.frontier(fakes.make_search(), by="macs")["size"].min() == 1_200
    with pytest.raises(ValueError, match="by must be one of"):
        analysis.frontier(fakes.make_search(), by="accuracy")


@pytest.mark.parametrize(("target", "size"), [(None, 4_218), (0.6, 2_010), (0.8, 78_186)])
def test_smallest_for_any_target(target, size):
    assert list(analysis.smallest(fakes.make_search(), target)["size"]) == [size]


def test_smallest_is_empty_where_nothing_reached_it():
    found = analysis.smallest(fakes.make_search(), 0.95)
    assert len(found) == 0
    assert str(found["size"].dtype) == "Int64"


def test_smallest_of_a_sweep_needs_a_target():
    with pytest.raises(ValueError, match="is a sweep"):
        analysis.smallest(fakes.make_sweep())
    assert len(analysis.smallest(fakes.make_sweep(), 0.6)) == 1


def test_a_record_does_as_well_as_a_study():
    study = fakes.make_search()
    pd.testing.assert_frame_equal(analysis.trials(study), analysis.trials(StudyRecord.of(study)))
