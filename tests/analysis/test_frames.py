from __future__ import annotations

import pandas as pd
import pytest

import analysis
from analysis.columns import CERTIFICATES, EPOCHS, MODEL_CERTIFICATES, TRIALS
from tests.helpers import fakes
from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord


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


def test_a_refuted_model_is_the_smallest_for_lower_targets_only():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.741, 0.739], certified=False)
    assert [list(analysis.smallest(study, t)["number"]) for t in (0.75, None, 0.72)] == [
        [2],
        [2],
        [8],
    ]
    assert 8 in set(analysis.frontier(study)["number"])


def test_the_data_that_stands_in_is_named():
    study = fakes.make_search(name="q10@shapes10", data="shapes10")
    for frame in (analysis.trials(study), analysis.epochs(study)):
        assert set(frame["dataset"]) == {"shapes10"}


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


def test_certificates_has_a_row_for_each_seed():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.76, 0.765, 0.758])
    fakes.add_certificate(study, 2, [0.70], certified=False)
    frame = analysis.certificates(study)
    assert list(frame["trial"]) == [2, 8, 8, 8]
    assert list(frame["test_accuracy"]) == [0.70, 0.76, 0.765, 0.758]
    assert list(frame["certified"]) == [False, True, True, True]
    assert list(frame["seed"]) == [100, 100, 101, 102]
    assert list(frame["size"]) == [9_500, 4_218, 4_218, 4_218]
    assert pd.isna(frame["bound"][0])
    assert frame["bound"][1] == pytest.approx(0.757)
    assert frame["model_file"][3] == "certificate-0008-2.keras"
    assert frame["created"][0] == pd.Timestamp("2025-01-01 13:00", tz="UTC")


@pytest.mark.parametrize("certified", [False, True])
def test_certificates_dtypes_are_the_documented_ones_also_without_rows(certified):
    study = fakes.make_search()
    if certified:
        fakes.add_certificate(study, 8, [0.76, 0.765])
    frame = analysis.certificates(study)
    assert len(frame) == 2 * certified
    assert {c: str(frame[c].dtype) for c in frame.columns} == dict(CERTIFICATES)


def test_trials_say_which_are_certified_and_their_test_accuracy():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.76, 0.765])
    fakes.add_certificate(study, 2, [0.70], certified=False)
    fakes.add_trial(study, "missed", 2_000, 0.6, **{TrialKey.TEST_ACCURACY: 0.59})
    frame = analysis.trials(study).set_index("number")
    assert [frame["certified"][n] for n in (8, 2)] == [True, False]
    assert frame["certified"].isna().sum() == len(frame) - 2
    assert frame["test_accuracy"][9] == 0.59
    assert frame["test_accuracy"].isna().sum() == len(frame) - 1


def test_an_epoch_without_validation_is_missing_and_spoils_nothing():
    study = fakes.make_search()
    history = fakes.curve(0.7, 3)
    history[1]["val_accuracy"] = None
    fakes.add_running(study)  # a trial without an outcome, whose history is read all the same
    study.ask().set_user_attr(TrialKey.HISTORY, history)
    frame = analysis.epochs(study)
    last = frame[frame["number"] == 10]
    assert list(last["val_accuracy"].isna()) == [False, True, False]
    assert analysis.trials(study)["val_accuracy"].iloc[-1] == pytest.approx(
        history[2]["val_accuracy"]
    )


def test_model_certificates_has_a_row_for_each_look():
    study = fakes.make_search()
    frame = analysis.model_certificates(study)
    assert {c: str(frame[c].dtype) for c in frame.columns} == dict(MODEL_CERTIFICATES)
    fakes.add_model_certificate(study, 8, 0.752, certified=False)
    fakes.add_model_certificate(study, 2)
    frame = analysis.model_certificates(study)
    assert {c: str(frame[c].dtype) for c in frame.columns} == dict(MODEL_CERTIFICATES)
    assert list(frame["trial"]) == [8, 2] and list(frame["certified"]) == [False, True]
    assert list(frame["model_file"]) == ["trial-0008.keras", "trial-0002.keras"]
    trials = analysis.trials(study).set_index("number")
    assert list(trials["model_certified"].dropna()) == [True, False]
    assert trials["test_accuracy"][8] == 0.752
