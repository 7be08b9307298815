from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from analysis import report
from analysis.report.html import Markup, element, escape
from tests.helpers import fakes, populated
from tuner.cli import main
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.storages.opening import default_url, open_storage

ROOT = Path(__file__).parents[2]
VOID = {"meta", "br", "image", "path", "use", "rect"}


class Page(HTMLParser):
    """A page's elements, text by heading, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.names: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.names.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.targets += [v for k, v in attrs if k in ("href", "xlink:href", "src")]
        if tag not in ("meta",):
            self.stack.append(tag)
        assert not [k for k in given if k.startswith("on")]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self.stack and self.stack[-1] == tag:
            self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if not {"style", "svg"} & set(self.stack):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\xa0", " ").split())


@pytest.fixture(scope="module")
def lab():
    return populated.lab(searched=25)


def certified():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.76, 0.765, 0.758])
    fakes.add_certificate(study, 2, [0.70], certified=False)
    return study


def test_a_certified_study_says_so_first():
    page = Page(report.study_report(certified()))
    assert "Certified: 4,218 parameters (4,282 total) reach 75 % on the test images." in page.text
    assert "one-sided 95 % lower bound 75.70 %" in page.text
    assert "18.5 times smaller than the reference: the lab's small ResNet, 78,186" in page.text
    assert "Trial 2 (9,500 parameters) met the target on validation images but was refuted" in (
        page.text
    )
    assert page.text.index("Certified") < page.text.index("The model")
    made = "8 100, 101, 102 0123456789ab 50,000 / 10,000 5 min 21 s a processor, 2 cores, 25 GB"
    assert f"{made}, 1 GPU tuner 0.1.0" in page.text


def test_a_certified_model_that_is_not_the_smallest_is_named():
    study = fakes.make_search()
    assert "No test image has been read yet" in Page(report.study_report(study)).text
    fakes.add_certificate(study, 2, [0.761, 0.762, 0.76])
    text = Page(report.study_report(study)).text
    assert "Met on validation images, not certified: 4,218 parameters" in text
    assert "Certified is trial 2, 9,500 parameters (9,564 total). Trained from scratch" in text
    assert "No test image has been read yet" not in text


def test_without_a_certificate_nothing_is_called_certified():
    page = Page(report.study_report(fakes.make_search(), ["--results", "my folder"]))
    assert "Met on validation images, not certified: 4,218 parameters" in page.text
    assert "tuner certify q10 --results 'my folder'" in page.text
    assert "lower bound 7" not in page.text


def test_nothing_feasible_says_how_far_it_was():
    study = fakes.make_study()
    fakes.add_trial(study, "missed", 3_000, 0.6)
    page = Page(report.study_report(study))
    assert "Not met: no model reached 75 % within 25 epochs." in page.text
    assert "The closest, trial 0, 3,000 parameters (3,064 total), came to 60.0 %" in page.text
    assert "15.5 points short" in page.text
    assert "tuner search q10 --more 20" in page.text


def test_without_a_trained_trial_there_is_no_report():
    for make in (report.study_report, lambda s: report.overview([s])):
        with pytest.raises(ValueError, match=r"no trained trial yet|no study has a trained"):
            make(fakes.make_study())


def test_a_page_needs_nothing_else_and_repeats_no_id(lab):
    for text in (
        report.study_report(lab["q10"]),
        report.study_report(lab["q9"]),
        report.overview(list(lab.values())),
        report.lab_report(list(lab.values())),
    ):
        page = Page(text)
        assert not {"script", "link", "iframe", "img"} & set(page.names)
        outside = [t for t in page.targets if not t.startswith(("#", "data:image/png"))]
        assert outside == []
        assert {t[1:] for t in page.targets if t.startswith("#")} <= set(page.ids)
        assert not re.search(r"url\((?!#)", text)
        assert len(page.ids) == len(set(page.ids))


def test_whatever_a_name_says_it_is_shown_and_not_run():
    bad = "<script>alert(1)</script>"
    spec = {**fakes.SPEC, "question": bad, "reference_name": bad, "data": bad}
    study = fakes.make_study(f"q10@{bad}", spec=spec, data=bad)
    populated.classes(study, populated.HOSTILE)
    study.set_user_attr(StudyKey.CREATED_BY, f'tuner "{bad}"')
    populated.fill(study, 12)
    values = {bad: bad, "$x$": "$y$"}
    fakes.add_trial(study, "missed", 900, 0.7, **{TrialKey.VALUES: values})
    text = report.study_report(study)
    page = Page(text)
    assert "script" not in page.names
    assert "b" not in page.names
    assert page.text.count(bad) >= 5
    assert "$x_1$" in page.text
    assert "snake_case_name" in text
    assert "\x00" not in text
    Page(report.overview([study]))
    Page(report.lab_report([study]))


def test_a_thousand_trials_stay_a_page_that_can_be_opened():
    study = fakes.make_study()
    populated.fill(study, 1_000, seed=5)
    text = report.study_report(study)
    record = StudyRecord.of(study)
    page = Page(text)
    assert f"The 50 smallest of {len(record.trained)} trained trials" in page.text
    assert len(text) < 2_000_000


def test_stand_in_data_is_said_loudly():
    study = fakes.make_search(name="q10@shapes10", data="shapes10")
    for text in (
        report.study_report(study),
        report.overview([study]),
        report.lab_report([study]),
    ):
        assert 'class="loud"' in text
        assert "SHAPES10, NOT CIFAR10" in Page(text).text
    assert 'class="loud"' not in report.study_report(fakes.make_search())


def question(text: str, number: int) -> str:
    page = Page(text).text
    start = page.index(f" {number}. ")
    return page[start:].partition(f" {number + 1}. ")[0]


def test_the_lab_answers_all_ten(lab):
    text = report.lab_report(list(lab.values()))
    assert "Not run yet" not in text
    assert "32 x 32 x 3" in question(text, 1)
    assert "mnist" in question(text, 3)
    assert "points for 1,000" in question(text, 5)
    assert "dropout=0.4 has the highest mean test accuracy" in question(text, 7)
    assert "batch_size=2048" in question(text, 9)
    for number in (2, 4, 6, 8, 10):
        assert "parameters" in question(text, number)
        assert text.count("Evaluation of trial") == 5


def test_the_lab_says_what_was_not_run_and_fills_in_nothing(lab):
    text = report.lab_report([lab["q2"]], ["--results", "r"])
    for number, name in ((3, "q3"), (4, "q4"), (5, "q4"), (7, "q7"), (9, "q9"), (10, "q10")):
        answer = question(text, number)
        assert f"tuner search {name} --results r" in answer
        assert not re.search(r"\d %", answer)
    empty = report.lab_report([])
    assert empty.count("Not run yet") == 10


def test_the_lab_takes_other_data_only_where_there_is_nothing_else_and_never_mixes(lab):
    shapes = fakes.make_search(name="q4@shapes10", data="shapes10")
    shapes.set_user_attr(
        StudyKey.DATA, {"cifar10": {**fakes.dataset("shapes10"), "hash": "another"}}
    )
    text = report.lab_report([shapes, lab["q2"]])
    assert "Study q4@shapes10, data shapes10." in question(text, 4)
    assert "Not compared: q2 on cifar10 and q4@shapes10 on shapes10" in question(text, 5)
    both = report.lab_report([shapes, lab["q4"], lab["q2"]])
    assert "shapes10" not in both.replace("shapes10,", "")
    changed = fakes.make_search(name="q10-target-0.7")
    assert report.lab_report([changed]).count("Not run yet") == 10


def test_overview_has_a_row_for_each_study(lab):
    page = Page(report.overview([*lab.values(), fakes.make_study("empty")]))
    for name in lab:
        assert f"tuner report {name}" in page.text
    assert "No trial has been trained" in page.text


def test_escaping():
    assert escape('<&"') == "&lt;&amp;&quot;"
    assert element("p", "<b>", Markup("<i></i>"), class_='"') == (
        '<p class="&quot;">&lt;b&gt;<i></i></p>'
    )


@pytest.fixture
def results(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "tuner-results"
    made.mkdir()
    storage = open_storage(default_url(made))
    fakes.make_search(storage)
    fakes.make_study("q2", storage=storage)
    storage.close()
    return made


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        (["q10"], "tuner-results/q10/report.html"),
        ([], "tuner-results/report.html"),
        (["--lab"], "tuner-results/lab.html"),
        (["q10", "--output", "new/x.html"], "new/x.html"),
    ],
)
def test_the_command_writes_a_file_and_prints_its_path(arguments, written, results, capsys):
    assert main(["report", *arguments]) == 0
    assert capsys.readouterr().out == f"{written}\n"
    assert Page(Path(written).read_text(encoding="utf-8")).names[0] == "html"
    assert not list(Path(written).parent.glob("*.part"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["q11"], "no study called 'q11' has results"),
        (["q2"], "study 'q2' has no trained trial yet. Start with 'tuner search q2'."),
        (["q10", "--lab"], "--lab is about all studies"),
        (["--results", "none"], "there are no results yet"),
        (["q10", "--output", "."], "cannot write the report to '.': it is a folder"),
        (["q10", "--output", "tuner-results/tuner.db/x"], "cannot write the report"),
    ],
)
def test_what_a_user_got_wrong_is_one_line(arguments, said, results, capsys):
    assert main(["report", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert len(shown.err.splitlines()) == 1


def test_neither_analysis_nor_the_command_imports_tensorflow_or_keras(results):
    code = (
        "import sys, analysis, analysis.figures, analysis.report\n"
        "from tuner.cli import main\n"
        "codes = [main(['report', *a]) for a in (['q10'], [], ['--lab'])]\n"
        "heavy = [m for m in sys.modules if m.partition('.')[0] in "
        "('tensorflow', 'keras', 'keras_tuner', 'jax', 'torch')]\n"
        "print(codes, heavy, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert ran.stderr.splitlines() == ["[0, 0, 0] []"]


def test_analysis_imports_nothing_of_tuner_but_its_records():
    for path in (ROOT / "analysis").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        found = re.findall(r"^\s*(?:from|import) (tuner[\w.]*)", source, re.MULTILINE)
        assert {name for name in found if not name.startswith("tuner.records")} == set(), path
        assert "pyplot" not in re.sub('""".*?"""', "", source, flags=re.DOTALL), path
