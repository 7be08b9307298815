"""The benchmarks are run by hand; that they still fit the program is looked at here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.helpers import house

FOLDERS = sorted({f.parent for f in (house.ROOT / "tests" / "benchmarks").glob("*/*.py")})

# Imports every script, and looks up the names that a script has from its own folder alone.
CODE = """
import importlib, pathlib, sys
folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
names = sorted(file.stem for file in folder.glob("*.py"))
for name in names:
    importlib.import_module(name)
print(*names)
"""


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_script_can_be_imported(folder) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(folder)],
        cwd=house.ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == sorted(f.stem for f in folder.glob("*.py"))


@pytest.mark.slow
def test_a_search_on_recorded_curves_compares_ours_with_and_without_its_gate(tmp_path) -> None:
    script = house.ROOT / "tests" / "benchmarks" / "search" / "compare.py"
    methods = ["ours", "ours, no size gate", "ours, no curve model", "TPE, median pruner"]
    options = ["--seeds", "2", "--budget", "60", "--jobs", "1", "--out", str(tmp_path / "found")]
    done = subprocess.run(
        [sys.executable, script, "q4", *options, "--methods", *methods],
        cwd=house.ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = {line.split("|")[1].strip(): line for line in done.stdout.splitlines() if "|" in line}
    assert set(methods) <= set(rows)
    ours, ungated = (rows[name].split("|")[2:-2] for name in methods[:2])  # without the seconds
    assert ours != ungated
