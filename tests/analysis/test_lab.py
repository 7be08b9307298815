"""The lab's ten answers, from small stored studies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from analysis.lab import markdown, publishing, results, spent, text
from analysis.lab.answer import Answer, Evidence
from analysis.lab.answers import answers, evidence_of
from analysis.lab.commands import Commands
from analysis.lab.look import look
from analysis.lab.programme import QUESTIONS, Part, chosen, parts
from tests.helpers import fakes, populated
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord

HERE = Commands(["--results", "r"], ["--data", "DIR"], {"cifar10": "DIR/c", "mnist": "DIR/m"})


class Pictures:
    """A data set of thirty grey images in three classes."""

    name = "toys"
    classes = ("cat", "dog", "2")

    def train(self) -> tuple[Any, Any]:
        x = np.arange(30 * 4 * 5, dtype=np.uint8).reshape(30, 4, 5, 1)
        return x, np.arange(30) % 3

    def validation(self) -> tuple[Any, Any]:
        return np.zeros((4, 4, 5, 1), np.uint8), np.array([0, 0, 1, 2])

    def test(self) -> tuple[Any, Any]:
        return np.zeros((6, 4, 5, 1), np.uint8), np.zeros(6, int)


@pytest.fixture(scope="module")
def whole() -> dict[str, optuna.Study]:
    return populated.complete_lab()


def of(studies: dict[str, optuna.Study]) -> Evidence:
    return evidence_of(StudyRecord.of(s) for s in studies.values())


def answer(number: int, evidence: Evidence) -> Answer:
    return answers(evidence, [QUESTIONS[number - 1]])[0]


def told(number: int, *studies: optuna.Study) -> str:
    """Everything that an answer says."""
    found = answer(number, evidence_of(map(StudyRecord.of, studies)))
    return " ".join([*found.lines, *found.proven, *found.told])


def sections(page: str) -> dict[int, str]:
    parts = re.split(r"^## (\d+)\. ", page, flags=re.MULTILINE)
    return dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))


def test_the_page_answers_every_question(whole: dict[str, optuna.Study], tmp_path: Path) -> None:
    looks = {"cifar10": look(Pictures())}
    files = publishing.publish(of(whole), looks, HERE, tmp_path / "lab.md", None)
    found = sections((tmp_path / "lab.md").read_text(encoding="utf-8"))
    assert list(found) == list(range(1, 11))
    for number, section in found.items():
        assert f"tuner lab q{number} --data DIR --results r" in section
        assert "Not run yet" not in section
        assert re.search(r"^\*\*.*\d.*\*\*$", section, re.MULTILINE), "a number in the first line"
        assert re.search(r"^> .+\n> .+$", section, re.MULTILINE), "two sentences for a student"
        assert "- Proven: " in section
        assert "images/lab/q" in section
        if number != 1:
            assert re.search(r"^- Time: .*\d", section, re.MULTILINE)
            assert re.search(r"^- Machine: .+", section, re.MULTILINE)
    named = {f"images/lab/{f.name}" for f in files if f.suffix == ".svg"}
    assert named == set(re.findall(r"\]\((images/[^)]*)\)", "".join(found.values())))
    assert all((tmp_path / name).stat().st_size > 5_000 for name in named)


def test_the_terminal_shows_the_same_lines(whole: dict[str, optuna.Study]) -> None:
    for each in answers(of(whole)):
        shown = "\n".join(text.lines(each, HERE))
        assert all(line in shown for line in (*each.lines, *each.proven))
        assert "Not run" not in shown


def test_what_is_missing_is_named_with_its_command() -> None:
    page = sections(markdown.page(answers(Evidence({})), HERE))
    for question in QUESTIONS:
        assert "**Not run yet**" in page[question.number]
        for part in question.needs:
            folder = "DIR/m" if part.study == "q3" else "DIR/c"
            options = f" --trials {part.trials}" if part.trials else ""
            line = f"tuner search {part.study} --results r{options} --data {folder}"
            assert line in page[question.number]
    assert "tuner lab q1 --data DIR --results r" in page[1]
    repeated = "tuner search q4 --results r --trials 30 --name q4-seed-1 --seed 1 --prove model"
    assert repeated in page[6]


def test_a_comparison_that_is_missing_does_not_take_the_answer_away(
    whole: dict[str, optuna.Study],
) -> None:
    found = answer(6, of({"q6": whole["q6"]}))
    assert found.answered
    assert {part.name for part in found.missing} == {
        "q4", "q7", "q4-seed-1", "q4-seed-2", "q6-seed-1", "q6-seed-2",
    }  # fmt: skip
    assert sum("cannot be told" in line for line in found.lines) == 2


def test_differences_are_in_words_with_their_interval(whole: dict[str, optuna.Study]) -> None:
    page = sections(markdown.page(answers(of(whole)), HERE))
    assert "Dropout helps the test accuracy of the lab's network (41,818 parameters)" in page[6]
    assert "Batch normalisation helps the test accuracy" in page[8]
    for section in (page[6], page[8]):
        assert section.count("95 % interval") == 3  # two sentences and the table's header
        assert "3 seeds with it, 3 without" in section
    sizes = [line for line in answer(6, of(whole)).lines if "towards" in line]
    assert len(sizes) == 1 and "the smallest size is" in sizes[0]


def test_studies_on_different_data_are_not_compared(whole: dict[str, optuna.Study]) -> None:
    other = populated.sweep("q7", {"grid": {"dropout": [0.0, 0.2]}}, lambda *_: (0.9, 0.6))
    stored = other.user_attrs[StudyKey.DATA]["cifar10"]
    other.set_user_attr(StudyKey.DATA, {"cifar10": {**stored, "hash": "another"}})
    lines = answer(8, of({**whole, "q7": other})).lines
    assert any("cannot be told" in line and "accuracy" in line for line in lines)


def test_proofs_read_as_they_are() -> None:
    study = fakes.make_search(name="q10")
    study.set_user_attr(StudyKey.PROVE, "both")
    assert "not proven" in told(10, study)
    fakes.add_model_certificate(study, 8)
    fakes.add_certificate(study, 8, [0.741, 0.742, 0.743], certified=False)
    said = told(10, study)
    assert "The trained model itself: certified: 76.8 % of 10,000 test images" in said
    assert "Trained anew with fresh seeds: refuted: 74.2 % on the test images" in said
    found = answer(10, evidence_of([StudyRecord.of(study)])).found
    assert found is not None and found.proven == pytest.approx(0.76)
    other = fakes.make_search(name="q10")
    fakes.add_certificate(other, 8, [0.761, 0.762, 0.763])
    assert "Trained anew with fresh seeds: certified: 76.2 %" in told(10, other)


def test_a_refuted_model_is_not_the_answer() -> None:
    study = fakes.make_search(name="q10")
    study.set_user_attr(StudyKey.PROVE, "both")
    fakes.add_model_certificate(study, 8, 0.74, certified=False)
    said = told(10, study)
    assert "9,500 trainable parameters" in said
    assert "1 of them met the target on validation images, and the test images did not" in said


def test_a_search_that_met_nothing_says_how_near_it_came() -> None:
    study = fakes.make_study("q2", spec={**fakes.SPEC, "name": "q2"})
    fakes.add_trial(study, "missed", 3_000, 0.71)
    said = told(2, study)
    assert "No fully connected network reached 75 %" in said
    assert "The closest has 3,000 parameters and came to 71.0 %" in said


def test_the_old_sweep_over_two_data_sets_still_answers_question_3() -> None:
    two = {"data": ["mnist", "cifar10"], "grid": {}}
    study = populated.sweep("q3", two, lambda d, _: (0.99, 0.98 if d == "mnist" else 0.5))
    said = told(3, study)
    assert re.search(r"9[78]\.\d ± 0\.\d % mean test accuracy on mnist", said)
    assert re.search(r"49\.\d ± 0\.\d % mean test accuracy on cifar10", said)


def test_a_sweep_that_is_not_complete_says_how_far_it_is() -> None:
    study = fakes.make_sweep()
    study.set_user_attr(StudyKey.STUDY, {**study.user_attrs[StudyKey.STUDY], "name": "q9"})
    found = answer(9, evidence_of([StudyRecord.of(study)]))
    assert "The sweep is not complete: 5 of 6 trainings have a result." in found.lines
    assert HERE.missing(found) == ["tuner search q9 --results r --data DIR/c"]


def test_the_gap_is_told_with_its_interval() -> None:
    def made(gap: float) -> optuna.Study:
        drop = {"grid": {"dropout": [0.0, 0.4]}}
        return populated.sweep("q7", drop, lambda _, c: (0.9 - gap * c["dropout"], 0.6))

    found = answer(7, evidence_of([StudyRecord.of(made(0.5))]))
    (told,) = (line for line in found.lines if line.startswith("The gap gets smaller: by "))
    middle, low, high = map(float, re.findall(r"\d+\.\d", told.replace("95 %", "")))
    assert 0 < low <= middle <= high
    assert " dropout has the " in found.lines[0] and "highest mean test accuracy" in found.lines[0]
    gaps = [row[4] for row in found.tables[0].rows]
    assert all(re.fullmatch(r"\d+\.\d ± \d\.\d", gap) for gap in gaps), gaps
    same = answer(7, evidence_of([StudyRecord.of(made(0.0))]))
    assert any("That the gap changes cannot be told" in line for line in same.lines)


def test_question_1_counts_and_measures() -> None:
    found = answers(Evidence({}), QUESTIONS[:1], {"cifar10": look(Pictures())})[0]
    assert "4 x 5 x 1, 20 numbers (grey)" in found.lines[0]
    shapes, numbers, classes = found.tables
    assert [row[2] for row in shapes.rows] == ["30 x 4 x 5 x 1", "4 x 4 x 5 x 1", "6 x 4 x 5 x 1"]
    assert numbers.rows[0] == ("toys", "uint8", "0", "255", "115.2", "11 to 12")
    assert classes.rows[0][1] == "0 cat, 1 dog, 2"


def test_the_readmes_table_has_one_number_a_cell(whole: dict[str, optuna.Study]) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in results.table(answers(of(whole)), HERE, "p.svg").splitlines()
        if re.match(r"\| q\d", line)
    ]
    assert [row[0].partition(":")[0] for row in rows] == ["q2", "q3", "q4", "q6", "q8", "q10"]
    for row in rows:
        assert all(re.fullmatch(r"[\d,.]+|none", cell) for cell in row[1:]), row
    nothing = results.table(answers(Evidence({})), HERE, "p.svg")
    assert nothing.count("| not run") == 30


def test_the_table_goes_between_the_markers_and_nowhere_else(
    whole: dict[str, optuna.Study], tmp_path: Path
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"# Mine\n{publishing.BEGIN}\nold\n{publishing.END}\nafter\n")
    for _ in range(2):  # the second time changes nothing
        publishing.publish(of(whole), {}, HERE, None, readme)
        written = readme.read_text(encoding="utf-8")
        assert written.startswith(f"# Mine\n{publishing.BEGIN}\n| question |")
        assert written.endswith(f"{publishing.END}\nafter\n")
        assert "old" not in written
    assert (tmp_path / publishing.PICTURE).stat().st_size > 5_000


def test_time_counts_what_overlaps_once() -> None:
    study = fakes.make_study("q2", spec={**fakes.SPEC, "name": "q2"})
    for _ in range(3):  # each ends a minute after the one before, 50 s after it began
        fakes.add_trial(study, "missed", 3_000, 0.7, **{TrialKey.SECONDS: 999.0})
    record = StudyRecord.of(study)
    assert record.trials[0].seconds == 63.5
    assert spent.seconds(record) == pytest.approx(60 + 60 + 63.5)
    beside = fakes.make_study("q2-proofs", spec={**fakes.SPEC, "name": "q2"})
    fakes.add_trial(beside, "missed", 3_000, 0.7)
    assert spent.seconds(record, [StudyRecord.of(beside)]) == pytest.approx(60 + 60 + 63.5)


def test_proofs_belong_to_their_study() -> None:
    main = fakes.make_search(name="q10@cifar10")
    proofs = fakes.make_study("q10@cifar10-models")
    proofs.set_user_attr(StudyKey.CERTIFIES, "q10@cifar10")
    fakes.add_trial(proofs, "missed")
    evidence = evidence_of([StudyRecord.of(proofs), StudyRecord.of(main)])
    assert evidence.studies["q10"].name == "q10@cifar10"
    assert [r.name for r in evidence.companions["q10@cifar10"]] == ["q10@cifar10-models"]


def test_a_part_is_found_on_real_images_before_the_stand_in() -> None:
    names = ("q10@shapes10", "q10@cifar10")
    made = [fakes.make_search(name=name, data=name.partition("@")[2]) for name in names]
    records = [StudyRecord.of(study) for study in made]
    assert evidence_of(records).studies["q10"].name == "q10@cifar10"
    assert evidence_of(records, {"q10": "q10@shapes10"}).studies["q10"].name == "q10@shapes10"
    assert "q10" not in evidence_of(records, {"q10": "q10@elsewhere"}).studies


def test_the_programme_needs_each_study_once_and_repeats_last() -> None:
    every = parts(QUESTIONS)
    assert len(every) == len(set(every)) == 14
    assert [part.seed for part in every] == sorted(part.seed for part in every)
    assert parts(chosen(["q5"])) == (Part("q2"), Part("q4"))
    with pytest.raises(ValueError, match="q11"):
        chosen(["q1", "q11"])
