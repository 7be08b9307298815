from __future__ import annotations

import re

from analysis import report
from analysis.report.html import Markup, element, escape
from tests.helpers import fakes, populated
from tests.helpers.pages import Page
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord


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


def test_escaping():
    assert escape('<&"') == "&lt;&amp;&quot;"
    assert element("p", "<b>", Markup("<i></i>"), class_='"') == (
        '<p class="&quot;">&lt;b&gt;<i></i></p>'
    )
