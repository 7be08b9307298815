"""``tuner certify``: what it hands on, and how it ends."""

from __future__ import annotations

import pytest

from tests.helpers import fakes
from tuner import api
from tuner.cli import main
from tuner.records.keys import StudyKey
from tuner.records.studies import StudyRecord
from tuner.sessions.result import CertificateResult


@pytest.mark.parametrize(
    ("model", "recipe", "prove", "interrupted", "code", "said"),
    [
        (True, True, "both", False, 0, "its recipe certified: 76.1 % on the test images"),
        (True, None, "model", False, 0, "this file certified: 76.8 % of 10,000 test images"),
        (None, True, "recipe", False, 0, "this file not proven"),
        (True, False, "both", False, 1, "its recipe not certified: 76.1 %"),
        (False, None, "both", False, 1, "this file not certified: 76.8 %"),
        (None, None, "both", True, 130, "the same command goes on"),
    ],
)
def test_certify_ends_with_its_verdict(
    monkeypatch, capsys, model, recipe, prove, interrupted, code, said
):
    study = fakes.make_study()
    study.set_user_attr(StudyKey.PROVE, "both")
    fakes.add_trial(study, "reached", 4_218, 0.758, 18)
    if model is not None:
        fakes.add_model_certificate(study, 0, certified=model)
    if recipe is not None:
        fakes.add_certificate(study, 0, [0.76, 0.761, 0.762], certified=recipe)
    seen = {}

    def certify(name, **options):
        seen.update(options, study=name)
        return CertificateResult(StudyRecord.of(study), 0, options["prove"], interrupted)

    monkeypatch.setattr(api, "certify", certify)
    typed = ["certify", "q10", "--trial", "0", "--seeds", "3", "--data", "x", "--prove", prove]
    assert main(typed) == code
    assert said in " ".join(capsys.readouterr().out.split())
    assert {k: seen[k] for k in ("study", "trial", "seeds", "data", "workers", "prove")} == {
        "study": "q10", "trial": 0, "seeds": 3, "data": "x", "workers": "auto", "prove": prove,
    }  # fmt: skip
