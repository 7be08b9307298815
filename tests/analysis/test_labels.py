"""What is written in figures can be read: nothing lies over something else or is cut."""

from __future__ import annotations

import io

import numpy as np
import pytest

from analysis import figures
from analysis.figures import influence, labels, style
from tests.helpers import fakes, populated
from tests.helpers.drawing import cut, overlapping, shown_texts
from tuner.records.keys import TrialKey

OF_A_SEARCH = (
    figures.frontier,
    figures.learning_curves,
    figures.evaluation,
    figures.importance,
    figures.marginal_effects,
    figures.effort,
)
OF_A_SWEEP = (figures.gap, figures.varied, figures.learning_curves)


def _search(trials, classes=populated.CIFAR10, **more):
    study = fakes.make_study(**more)
    populated.classes(study, classes)
    populated.fill(study, trials)
    return study


def _tied():
    """Hyperparameters of few values, each as important as the others, in trials of two scores."""
    study = fakes.make_study()
    for i in range(24):
        values = {f"units_of_layer_{k}": i % 2 for k in range(30)} | {"depth": i % 7}
        fakes.add_trial(study, "missed", 1000 + i, 0.5 + 0.1 * (i % 2), **{TrialKey.VALUES: values})
    return study


def _long_names():
    study, rng = fakes.make_study(), np.random.default_rng(0)
    kinds = ["relu", "leaky_relu_with_slope", "swish", "gelu", "hard_sigmoid", "softplus"]
    for _ in range(40):
        values = {
            f"encoder/block_{k}/units_of_the_projection_layer": int(rng.integers(1, 3000))
            for k in range(14)
        }
        values["activation_function_of_the_hidden_layers"] = str(rng.choice(kinds))
        values["rate"] = float(10 ** rng.uniform(-6, 0))
        scores = {TrialKey.VALUES: values}
        fakes.add_trial(study, "missed", 900, float(rng.uniform(0.1, 0.7)), **scores)
    return study


def _wide_sweep():
    grid = {"batch_size": [8, 16, 24, 32, 64, 96, 128, 512, 1024], "dropout": [0.0, 0.1, 0.2]}
    return populated.sweep("q9", {"grid": grid, "seeds": 2}, lambda *_: (0.9, 0.6))


NAME = "a-very-long-name-of-a-study-that-somebody-gave@my-own-data-set-of-images"
SEARCHES = {
    "one trial": lambda: _search(1),
    "few trials": lambda: _search(12),
    "many trials": lambda: _search(120),
    "a long name": lambda: _search(20, name=NAME),
    "hostile classes": lambda: _search(12, populated.HOSTILE),
    "two classes": lambda: _search(12, ["one", "other"]),
    "a hundred classes": lambda: _search(12, [f"class number {i}" for i in range(100)]),
    "ties": _tied,
    "long names": _long_names,
}


@pytest.fixture(scope="module", params=SEARCHES)
def search(request):
    return SEARCHES[request.param]()


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("draw", OF_A_SEARCH, ids=lambda f: f.__name__)
def test_no_text_of_a_searchs_figures_lies_over_another_or_is_cut(draw, search):
    figure = draw(search)
    assert overlapping(figure) == []
    assert cut(figure) == []


@pytest.mark.parametrize("draw", OF_A_SWEEP, ids=lambda f: f.__name__)
@pytest.mark.parametrize("make", [fakes.make_sweep, _wide_sweep])
def test_no_text_of_a_sweeps_figures_lies_over_another_or_is_cut(draw, make):
    figure = draw(make())
    assert overlapping(figure) == []
    assert cut(figure) == []
    assert min(axes.get_window_extent().height for axes in figure.axes) > figure.dpi


def test_the_two_networks_that_are_compared_can_be_read():
    figure = figures.efficiency({"dense": _search(12), "a convolutional network": _search(30)})
    assert overlapping(figure) == []
    assert cut(figure) == []


@pytest.mark.parametrize("trials", [12, 60, 120])
def test_names_of_published_models_hide_no_mark(trials):
    axes = figures.frontier(_search(trials)).axes[0]
    marks = list(labels._marks(axes))
    for label in axes.texts:
        if "epochs" in label.get_text():
            assert sum(label.get_window_extent().overlaps(m) for m in marks) == 0, label


def test_trials_of_one_value_are_one_group_and_can_be_told_apart():
    for axes in figures.marginal_effects(_tied()).axes:
        (median,) = (line for line in axes.lines if line.get_label() == "median")
        at = list(median.get_xdata())
        assert at == sorted(set(at))
        for some in axes.collections:
            assert (
                len({tuple(p) for p in np.round(some.get_offsets(), 9)})
                == some.get_offsets().shape[0]
            )


@pytest.mark.parametrize(
    ("values", "groups"),
    [([1, 1, 1, 1], 1), ([2, 1, 2, 1], 2), ([1] * 90 + [2, 3, 4, 5, 6, 7], 2), (range(50), 5)],
)
def test_groups_part_no_value(values, groups):
    found = influence._groups(np.array(values, dtype=float))
    assert len(found) == groups
    assert sorted(np.concatenate(found)) == list(range(len(values)))
    sets = [{values[i] for i in part} for part in found]
    assert all(not a & b for i, a in enumerate(sets) for b in sets[:i])


def test_ticks_of_the_importance_differ():
    figure = figures.importance(_tied())
    figure.savefig(io.BytesIO())
    shown = [t.get_text() for t, _ in shown_texts(figure) if t in figure.axes[0].get_xticklabels()]
    assert len(shown) > 2
    assert len(shown) == len(set(shown))


def test_names_that_are_shortened_stay_different():
    names = [f"{'a' * 30}{k}{'b' * 30}" for k in range(5)]
    short = style.told_apart([*names, "plain"], 20)
    assert len(set(short)) == 6
    assert short[-1] == "plain"
    assert max(map(len, short)) <= 20


def test_the_effort_of_a_single_trial_is_seen():
    axes = figures.effort(_search(1)).axes[0]
    (spent,) = (line for line in axes.lines if line.get_label() == "spent")
    assert spent.get_marker() == "o"
    assert all(float(v).is_integer() for v in axes.get_xticks())
