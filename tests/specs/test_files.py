from __future__ import annotations

from pathlib import Path

import pytest

from tuner.errors import StudyError, UsageError
from tuner.specs.files import builtin_names, parse, read_study
from tuner.specs.spec import SearchStudy, SweepStudy

GOOD = """
kind = "search"
question = "?"
data = "cifar10"
space = "search_spaces.cnn:ConvSpace"
target = 0.5
"""


def test_defaults_are_what_the_docs_say() -> None:
    study = parse(GOOD, "mine.toml")
    assert isinstance(study, SearchStudy)
    assert (study.name, study.horizon, study.minimize) == ("mine", 25, "size")
    assert study.objective(5_000).margin == 0.005
    assert study.objective(1_250).margin == 0.01


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("target = 0.5", "target = 1.5"), "mine.toml: key 'target' should be less than 1 but got"),
        (("target = 0.5", "target = 0"), "key 'target' should be greater than 0 but got 0"),
        (("target = 0.5", ""), "key 'target' is missing; every search needs it"),
        (
            ("target = 0.5", "target = 0.5\nhorizn = 3"),
            "'horizn' is unknown; did you mean 'horizon'",
        ),
        (
            ('kind = "search"', 'kind = "serch"'),
            "key 'kind' must be 'search' or 'sweep' but got 'ser",
        ),
        (('kind = "search"', ""), "key 'kind' must be 'search' or 'sweep' but got None"),
        (('space = "search_spaces.cnn:ConvSpace"', ""), "key 'space' is missing"),
        (('space = "search_spaces.cnn:ConvSpace"', 'space = "cnn"'), "key 'space' "),
        (("target = 0.5", "target = "), "mine.toml: not valid TOML"),
        (("target = 0.5", "target = 0.5\nhorizon = 0"), "key 'horizon' should be greater than"),
        (("target = 0.5", 'target = 0.5\nminimize = "speed"'), "key 'minimize' should be 'size'"),
    ],
)
def test_a_broken_study_is_one_line_with_file_key_and_rule(
    change: tuple[str, str], message: str
) -> None:
    with pytest.raises(StudyError) as caught:
        parse(GOOD.replace(*change), "mine.toml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mistyped_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'q10'"):
        read_study("q100")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"nowhere\.toml: cannot read"):
        read_study(str(tmp_path / "nowhere.toml"))
    with pytest.raises(StudyError, match="No such file or directory"):
        read_study(str(tmp_path / "nowhere.toml"))


def test_an_unknown_key_of_a_sweep_is_likened_to_those_of_a_sweep() -> None:
    sweep = """
        kind = "sweep"
        question = "?"
        data = "a"
        space = "m:S"
        grid = { x = [1, 2] }
        """
    with pytest.raises(StudyError, match="'sed' is unknown; did you mean 'seeds'"):
        parse(sweep + "sed = 3", "s.toml")
    with pytest.raises(StudyError, match="'targt' is unknown"):
        parse(sweep + "targt = 0.5", "s.toml")


def test_the_least_of_what_a_study_may_ask_for() -> None:
    study = parse(GOOD + "horizon = 1\nsplit_seed = 0\nmargin = 0.0", "mine.toml")
    assert isinstance(study, SearchStudy)
    assert (study.horizon, study.split_seed, study.objective(5_000).margin) == (1, 0, 0.0)


def test_files_are_found_beside_the_study(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    file = tmp_path / "mine.toml"
    file.write_text(
        GOOD.replace("cifar10", "images").replace("search_spaces.cnn:ConvSpace", "own.py:Own")
    )
    study = read_study(str(file))
    assert study.data == str(tmp_path / "images")
    assert study.space == f"{tmp_path / 'own.py'}:Own"
    # A module is no file, also where one of that name lies beside the study.
    (tmp_path / "search_spaces.cnn").touch()
    file.write_text(GOOD)
    assert read_study(str(file)).space == "search_spaces.cnn:ConvSpace"


def test_a_sweep_is_the_product_of_its_grid() -> None:
    study = parse(
        """
        kind = "sweep"
        question = "?"
        data = ["a", "b"]
        space = "m:S"
        grid = { x = [1, 2], y = [true] }
        """,
        "s.toml",
    )
    assert isinstance(study, SweepStudy)
    assert study.cells() == [{"x": 1, "y": True}, {"x": 2, "y": True}]
    assert study.datasets() == ("a", "b")


def test_the_labs_studies_are_there_in_the_labs_order() -> None:
    assert builtin_names() == ["q2", "q3", "q4", "q6", "q7", "q8", "q9", "q10"]
