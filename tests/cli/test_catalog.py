"""``tuner studies`` and ``data``."""

from __future__ import annotations

from tuner.cli import main


def test_studies_says_which_have_results(results, capsys):
    assert main(["studies"]) == 0
    out = capsys.readouterr().out
    assert "results: q4@shapes10" in out
    assert "sweep" in out


def test_studies_without_results_or_with_a_storage_that_is_not_there(capsys):
    assert main(["studies"]) == 0
    assert main(["studies", "--storage", "sqlite:///no/such/folder/x.db"]) == 0
    assert "Results are not shown" in capsys.readouterr().err


def test_data_lists_what_it_takes(capsys):
    assert main(["data"]) == 0
    assert "shapes10" in capsys.readouterr().out
    assert main(["data", "cifar1"]) == 2
    assert "did you mean cifar10" in capsys.readouterr().err
