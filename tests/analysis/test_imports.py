from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_analysis_imports_nothing_of_tuner_but_its_records():
    for path in (ROOT / "analysis").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        found = re.findall(r"^\s*(?:from|import) (tuner[\w.]*)", source, re.MULTILINE)
        assert {name for name in found if not name.startswith("tuner.records")} == set(), path
        assert "pyplot" not in re.sub('""".*?"""', "", source, flags=re.DOTALL), path
