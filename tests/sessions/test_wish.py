"""What a user asks for: what is refused, and the command that asks for it again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tuner.cli.search import search
from tuner.errors import UsageError
from tuner.sessions.wish import LONGEST_NAME, Wish, resume_arguments, shortened

PLAIN: dict[str, Any] = {
    "study": "q10",
    "data": (),
    "trials": None,
    "more": None,
    "seed": 0,
    "storage": None,
    "results": Path("tuner-results"),
    "target": None,
    "margin": None,
    "minimize": None,
}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sampler": "tpee"}, "no sampler is called 'tpee'; did you mean 'tpe'?"),
        ({"pruner": "medium"}, "no pruner is called 'medium'; did you mean 'median'?"),
        ({"workers": -1}, "workers must be at least 0 or 'auto' but got -1."),
        ({"trials": 0}, "trials and more must be at least 1 but got 0."),
        ({"more": -3}, "trials and more must be at least 1 but got -3."),
        ({"trials": 2, "more": 2}, "trials and more exclude each other"),
        ({"warm_start": "q4", "sampler": "tpe"}, "a warm start needs the sampler 'smallest'"),
    ],
)
def test_what_cannot_be_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Wish(**{**PLAIN, **asked})
    assert str(caught.value).startswith(said)


def test_what_is_as_usual_is_not_repeated() -> None:
    assert resume_arguments(Wish(**PLAIN), 50) == ("q10",)


ASKED = {
    "data": ("a b", "c"),
    "more": 4,
    "seed": 7,
    "storage": "sqlite:///x.db",
    "results": Path("out"),
    "metric": "macro_f1",
    "metric_direction": "maximize",
    "target": 0.7,
    "margin": 0.0,
    "minimize": "macs",
    "workers": 3,
    "on": "ray",
    "sampler": "tpe",
    "pruner": "none",
    "reference": False,
    "prove": "none",
    "relabel": True,
    "accept_duplicates": True,
    "name": "q10-again",
    "artifacts": "s3://bucket/lab",
}


def test_the_command_to_go_on_with_asks_for_the_same() -> None:
    arguments = resume_arguments(Wish(**{**PLAIN, **ASKED}), 54)
    typed = search.make_context("search", list(arguments)).params
    wanted = {**ASKED, "trials": 54, "more": None, "no_reference": True}
    del wanted["reference"]
    assert {name: typed[name] for name in wanted} == wanted


def test_the_command_to_go_on_with_repeats_a_warm_start() -> None:
    wish = Wish(**{**PLAIN, "warm_start": "q4"})
    assert resume_arguments(wish, 50) == ("q10", "--warm-start", "q4")


def test_every_part_of_a_wish_is_tried_here() -> None:
    tried = {*ASKED, "study", "trials", "warm_start", "timeout"}  # the time has passed by then
    assert tried == {f.name for f in dataclasses.fields(Wish)}


def test_a_long_name_is_cut_and_stays_like_no_other() -> None:
    """Folders are called after it, and Windows takes paths of 260 characters."""
    assert shortened("q10@shapes10") == "q10@shapes10"
    one, other = shortened(f"q10@{'x' * 200}a"), shortened(f"q10@{'x' * 200}b")
    assert one != other and len(one) == len(other) == LONGEST_NAME
    assert one.startswith("q10@xxx") and shortened(one) == one
    with pytest.raises(UsageError, match="--name must have at most 80 characters"):
        Wish(**{**PLAIN, "name": "x" * 81})
