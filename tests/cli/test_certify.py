"""``tuner certify``: what it hands on, and how it ends."""

from __future__ import annotations

import pytest

from tests.helpers import fakes
from tuner import api
from tuner.cli import main
from tuner.records.studies import StudyRecord
from tuner.sessions.result import CertificateResult


@pytest.mark.parametrize(
    ("accuracies", "certified", "interrupted", "code", "said"),
    [
        ([0.76, 0.761, 0.762], True, False, 0, "certified: 76.1 % on the test images"),
        ([0.74, 0.741], False, False, 1, "the target could not be certified"),
        (None, False, True, 130, "the same command goes on"),
    ],
)
def test_certify_ends_with_its_verdict(
    monkeypatch, capsys, accuracies, certified, interrupted, code, said
):
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 4_218, 0.758, 18)
    if accuracies is not None:
        fakes.add_certificate(study, 0, accuracies, certified=certified)
    seen = {}

    def certify(name, **options):
        seen.update(options, study=name)
        record = StudyRecord.of(study)
        return CertificateResult(record.certificate if certified else None, record, interrupted)

    monkeypatch.setattr(api, "certify", certify)
    assert main(["certify", "q10", "--trial", "0", "--seeds", "3", "--data", "x"]) == code
    assert said in " ".join(capsys.readouterr().out.split())
    assert {k: seen[k] for k in ("study", "trial", "seeds", "data", "workers")} == {
        "study": "q10", "trial": 0, "seeds": 3, "data": "x", "workers": "auto",
    }  # fmt: skip
