from __future__ import annotations

import io
import threading

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import _pylab_helpers
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from analysis import figures, published
from analysis.figures import style
from analysis.figures.axes import measured as measure
from analysis.figures.confusion import confusion_of
from analysis.figures.seeds import gaps, measured_parts
from analysis.figures.spending import Audit
from analysis.lab import figures as lab_figures
from tests.helpers import fakes, populated
from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord

FROM = {
    figures.frontier: 1,
    figures.learning_curves: 1,
    figures.evaluation: 1,
    figures.importance: 10,
    figures.marginal_effects: 10,
    figures.effort: 1,
    figures.pruning_audit: 1_000,  # those of this file's search are not audited
}
"""The figures of a search, and how many trials there must be to draw something."""
MISSING = {
    figures.frontier: "q10: no trained trial yet.",
    figures.learning_curves: "q10: no trained trial yet.",
    figures.evaluation: "q10: no trained trial to evaluate.",
    figures.importance: "Importance needs 10 trained trials; there are {trials}.",
    figures.marginal_effects: "Effects need 10 trained trials of differing configurations.",
    figures.effort: "q10: no trained trial yet.",
    figures.pruning_audit: "No audited trial yet: whether the pruner stopped too much",
}
TITLES = {
    figures.frontier: "size and accuracy",
    figures.learning_curves: "validation accuracy of every training",
    figures.evaluation: "trial ",
    figures.importance: "importance for the validation accuracy",
    figures.marginal_effects: "validation accuracy by hyperparameter",
    figures.effort: "epochs",
}
OF_A_SWEEP = {
    figures.gap: "training, validation and test accuracy after the last epoch",
    figures.varied: "accuracy after the last epoch by batch_size",
    figures.learning_curves: "learning curves, mean and standard deviation over seeds",
}


def texts(figure: Figure) -> list[str]:
    """Everything written in a figure, as it is shown."""
    figure.savefig(io.BytesIO(), dpi=40)
    found = figure.findobj(mpl.text.Text)
    return [t.get_text().replace(r"\$", "$") for t in found if t.get_visible()]


@pytest.fixture(scope="module")
def full():
    study = fakes.make_study()
    populated.classes(study, populated.CIFAR10)
    populated.fill(study, 80)
    return study


@pytest.mark.parametrize("draw", FROM, ids=lambda f: f.__name__)
@pytest.mark.parametrize("trials", [0, 1, 80])
def test_every_figure_of_a_search_draws_or_says_why_not(draw, trials, full):
    study = full if trials == 80 else fakes.make_study()
    if trials == 1:
        fakes.add_trial(study, "missed", 3_000, 0.6)
    figure = draw(study)
    if trials >= FROM[draw]:
        assert any(t.startswith(f"q10: {TITLES[draw]}") for t in texts(figure))
        assert all(axes.has_data() for axes in figure.axes if axes.axison)
        assert any(axes.axison for axes in figure.axes)
    else:
        (said,) = (t for t in texts(figure) if t)
        assert said.replace("\n", " ").startswith(MISSING[draw].format(trials=trials))
        assert not any(axes.has_data() for axes in figure.axes)
    assert not _pylab_helpers.Gcf.figs  # pyplot keeps none open


def test_the_pruning_audit_draws_each_audited_trial():
    study = fakes.make_study()
    fakes.add_trial(study, "missed", 3_000, 0.7, audit=True)
    fakes.add_trial(study, "reached", 2_900, 0.76, audit=True)
    fakes.add_trial(study, "missed", 2_800, 0.7)
    figure = figures.pruning_audit(study)
    shown = texts(figure)
    assert "q10: pruning audit" in shown
    assert {"met the target: a false stop (1)", "missed it: rightly stopped (1)"} <= set(shown)
    assert len([line for line in figure.axes[0].lines if len(line.get_xdata()) == 25]) == 2


@pytest.mark.parametrize("draw", OF_A_SWEEP, ids=lambda f: f.__name__)
def test_every_figure_of_a_sweep_draws_or_says_why_not(draw):
    (said,) = (t for t in texts(draw(fakes.make_study("q9", spec=fakes.SWEEP_SPEC))) if t)
    assert said.startswith("q9: no trai") and said.endswith(" yet.")
    figure = draw(fakes.make_sweep())
    assert any(t.startswith(f"q9: {OF_A_SWEEP[draw]}") for t in texts(figure))
    assert all(axes.has_data() for axes in figure.axes)


def test_frontier_shows_every_trained_trial_once_and_the_lines_of_its_frame(full):
    axes = figures.frontier(full).axes[0]
    record = StudyRecord.of(full)
    labels = axes.get_legend_handles_labels()[1]
    counted = [int(t.rpartition("(")[2].rstrip(")")) for t in labels if t.endswith(")")]
    assert sum(counted) == len(record.trained) - 1  # the reference has its own marker
    assert {"reference", "smallest that met the target"} <= set(labels)
    assert axes.get_xscale() == "log"


def test_what_failed_its_proof_is_hollow_and_beyond_the_frontier():
    study = fakes.make_study()
    fakes.add_trial(study, "pruned", 1_000, 0.6)
    fakes.add_trial(study, "reached", 2_000, 0.78)
    fakes.add_trial(study, "reached", 3_000, 0.77)
    fakes.add_trial(study, "reached", 4_000, 0.76)
    fakes.add_certificate(study, 1, (0.74, 0.73, 0.74), certified=False)
    for draw in (figures.frontier, lab_figures.search):
        record = StudyRecord.of(study)
        axes = draw(record).axes[0]
        marks = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
        assert {"met the target (2)", "met it, but failed its proof (1)"} <= set(marks)
        faces = [to_hex(m.get_facecolor()[0]) for n, m in marks.items() if n.startswith("met")]
        assert faces == [style.GREEN, style.PAPER]
    axes = figures.frontier(record).axes[0]
    (line,) = (m for m in axes.lines if m.get_label() == "frontier: failed proofs left out")
    assert list(zip(*line.get_data(), strict=True)) == [(1_000, 0.6), (3_000, 0.77), (4_000, 0.77)]


def test_where_all_failed_their_proof_there_is_no_frontier_and_the_reference_is_marked_once():
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 4_000, 0.76, reference=True)
    fakes.add_trial(study, "reached", 2_000, 0.78)
    for number in (0, 1):
        fakes.add_certificate(study, number, (0.74, 0.73, 0.74), certified=False)
    axes = figures.frontier(study).axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert {"met it, but failed its proof (1)", "reference"} <= set(labels)
    assert not any(label.startswith("frontier") for label in labels)


def test_a_mark_at_the_best_of_a_metric_is_seen_whole_and_nothing_is_written_beyond():
    axes = Figure().subplots()
    measure(axes, [0.2, 1.0])
    assert axes.get_ylim()[1] > 1.01
    written = [axes.yaxis.get_major_formatter()(v, None) for v in (0.2, 1.0, 1.02)]
    assert written == ["20 %", "100 %", ""]


def test_published_points_are_shown_on_cifar10_only(full):
    assert any("NAS" in t for t in texts(figures.frontier(full)))
    other = fakes.make_search(data="shapes10")
    shown = texts(figures.frontier(other))
    assert not any("NAS" in t for t in shown)
    assert any("DATA: shapes10, not cifar10" in t for t in shown)
    assert not any("NAS" in t for t in texts(figures.frontier(full, by="macs")))


def test_cifar10_is_known_by_name_or_by_its_classes():
    assert published.is_cifar10({"name": "cifar10"})
    classes = populated.CIFAR10
    assert published.is_cifar10({"name": "x", "classes": classes, "image_shape": [32, 32, 3]})
    assert not published.is_cifar10({"name": "x", "classes": classes, "image_shape": [64, 64, 3]})
    assert not published.is_cifar10(fakes.dataset("shapes10"))


def test_class_names_are_shown_as_they_are():
    study = fakes.make_study()
    populated.classes(study, populated.HOSTILE)
    populated.fill(study, 12)
    with pytest.warns(UserWarning, match="Glyph"):  # matplotlib's own font lacks one
        shown = texts(figures.evaluation(study))
    assert {"$x_1$", "snake_case_name", "}{\\frac{1}{2}", "$", "--><b>bold</b>"} <= set(shown)
    assert not any(len(t) > 16 for t in shown if t.startswith("a very"))
    assert "\x00" not in "".join(shown)


@pytest.mark.parametrize("raw", ["$a$", r"\$a$", "$$", r"\\$x$", "a\nb"])
def test_escaped_text_is_no_formula(raw):
    text = Figure().text(0, 0, style.escape(raw))
    shown, is_math = text._preprocess_math(text.get_text())
    assert (shown, is_math) == (raw, False)


def test_the_certificates_confusion_comes_before_the_trials_own():
    study = fakes.make_search()
    fakes.add_trial(study, "reached", 3_000, 0.76, **{TrialKey.CONFUSION: [[1] * 10] * 10})
    record = StudyRecord.of(study)
    own = confusion_of(record, record.trials[9])
    assert own is not None
    assert own.images == "100 validation images, trial 9, last epoch"
    fakes.add_certificate(study, 9, [0.76, 0.77])
    record = StudyRecord.of(study)
    certified = confusion_of(record, record.trials[9])
    assert certified is not None
    assert certified.images == "10,000 test images, summed over 2 fresh seeds"
    assert certified.counts[0, 0] == 750
    assert confusion_of(record, record.trials[8]) is None
    assert any("no confusion matrix" in t for t in texts(figures.evaluation(study, 8)))


def test_shares_and_worst_mistakes():
    study = fakes.make_study()
    populated.classes(study, ["a", "b", "c"])
    more = {TrialKey.CONFUSION: [[8, 2, 0], [0, 0, 0], [5, 0, 5]]}
    fakes.add_trial(study, "missed", 3_000, 0.6, **more)
    record = StudyRecord.of(study)
    found = confusion_of(record, record.trials[0])
    assert found is not None
    np.testing.assert_allclose(found.shares, [[0.8, 0.2, 0], [0, 0, 0], [0.5, 0, 0.5]])
    assert found.worst() == [("c", "a", 5, 0.5), ("a", "b", 2, 0.2)]


def test_the_hyperparameter_that_decides_is_the_most_important():
    study = fakes.make_study()
    rng = np.random.default_rng(0)
    for _ in range(120):
        width, rate = int(rng.integers(1, 60)), float(rng.random())
        values = {"noise": rate, "width": width, "fixed": 3}
        if width % 2:
            values["sometimes"] = float(rng.random())
        fakes.add_trial(study, "missed", 3_000, 0.3 + width / 200, **{TrialKey.VALUES: values})
    found = figures.importances(study)
    assert found.index[0] == "width"
    assert found.sum() == pytest.approx(1.0)
    assert set(found.index) == {"width", "noise", "sometimes"}


def test_importance_says_when_there_is_too_little(capfd):
    study = fakes.make_search()
    assert figures.importances(study).empty
    assert any(
        "needs 10 trained trials; there are 5" in t for t in texts(figures.importance(study))
    )


def test_importance_makes_its_study_quietly(full, capfd):
    figures.importances(full)
    assert capfd.readouterr() == ("", "")


def test_sweep_accuracies_are_those_of_the_last_epoch_and_lack_what_was_not_measured():
    frame = measured_parts(fakes.make_sweep())
    assert set(frame["part"]) == {"training", "validation"}
    assert set(frame["cell.batch_size"]) == {8, 32}
    table = gaps(StudyRecord.of(fakes.make_sweep())).set_index("configuration")
    assert table["validation mean"]["batch_size=8"] == pytest.approx(0.61)
    assert table["validation std"]["batch_size=8"] == pytest.approx(0.01)
    assert list(table["validation count"]) == [3, 2]
    assert list(table["test count"]) == [0, 0]


def test_audit_counts_false_stops_and_says_when_there_are_none():
    study = fakes.make_search()
    assert figures.audit(study) == Audit(0, 0)
    assert any("No audited trial yet" in t for t in texts(figures.pruning_audit(study)))
    fakes.add_trial(study, "missed", 3_000, 0.7, audit=True)
    fakes.add_trial(study, "reached", 2_900, 0.76, audit=True)
    fakes.add_trial(study, "missed", 2_800, 0.7, audit=False)
    assert figures.audit(study) == Audit(2, 1)
    assert figures.audit(study).rate == 0.5


def test_audit_interval_is_wilsons():
    # Newcombe 1998, table I: 15 of 148 and 0 of 20.
    assert Audit(148, 15).interval() == pytest.approx((0.0624, 0.1605), abs=2e-4)
    assert Audit(20, 0).interval() == pytest.approx((0.0, 0.1611), abs=2e-4)


def test_outcomes_differ_in_colour_marker_and_line():
    looks = list(style.LOOKS.values())
    for of in ("colour", "marker", "line"):
        assert len({getattr(look, of) for look in looks}) == len(looks)
    assert all(to_hex(look.colour) == look.colour for look in looks)


def test_threads_draw_at_once(full):
    errors: list[Exception] = []

    def draw() -> None:
        try:
            figures.effort(full).savefig(io.BytesIO(), dpi=40)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
