from __future__ import annotations

from analysis import report
from tests.helpers import fakes
from tests.helpers.pages import Page
from tuner.records.keys import StudyKey


def certified():
    study = fakes.make_search()
    fakes.add_certificate(study, 8, [0.76, 0.765, 0.758])
    fakes.add_certificate(study, 2, [0.70], certified=False)
    return study


def test_a_certified_study_says_so_first():
    page = Page(report.study_report(certified()))
    assert "Certified: 4,218 parameters (4,282 total) reach 75 % on the test images." in page.text
    assert "Its recipe: certified: 76.1 % on the test images, mean of 3 fresh seeds" in page.text
    assert "one-sided 95 % lower bound 75.70 %" in page.text
    assert "18.5 times smaller than the reference: the lab's small ResNet, 78,186" in page.text
    said = "Trial 2 (9,500 parameters) met the target on validation images, but its recipe was"
    assert f"{said} refuted" in page.text
    assert page.text.index("Certified") < page.text.index("The model")
    made = "8 100, 101, 102 0123456789ab 50,000 / 10,000 5 min 21 s a processor, 2 cores, 25 GB"
    assert f"{made}, 1 GPU tuner 0.1.0" in page.text


def test_a_certified_model_that_is_not_the_smallest_is_named():
    study = fakes.make_search()
    assert "No test image has been read yet" in Page(report.study_report(study)).text
    fakes.add_certificate(study, 2, [0.761, 0.762, 0.76])
    text = Page(report.study_report(study)).text
    assert "Met on validation images, not certified: 4,218 parameters" in text
    assert "Proven is trial 2, 9,500 parameters (9,564 total): certified: 76.1 %" in text
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


def test_what_is_proven_of_the_file_comes_before_its_recipe():
    study = fakes.make_search()
    study.set_user_attr(StudyKey.PROVE, "both")
    fakes.add_model_certificate(study, 2, 0.752, certified=False)
    fakes.add_model_certificate(study, 8)
    text = Page(report.study_report(study)).text
    assert "Certified: 4,218 parameters (4,282 total) reach 75 % on the test images." in text
    assert "This model: certified: 76.8 % of 10,000 test images, at least 76.0 % with 95 %" in text
    assert (
        "77.2 % on validation images after 25 of 25 epochs. The file is trial-0008.keras." in text
    )
    assert "Its recipe: not proven: nobody has trained it again" in text
    assert "but this file was not certified: 75.2 % of 10,000 test images" in text
    assert "2 8 certified 4,218 76.80 % 76.00 % 97.00 % 84 % 25 (met after 18)" in text
    assert "1 2 not certified " in text  # the table's word is the sentence's
