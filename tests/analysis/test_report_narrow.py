"""Pages on a telephone: whatever is wider than the screen says so, and nothing else is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analysis import report
from analysis.report.html import table
from tests.helpers import fakes

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MEASURE = """
addEventListener("load", () => setTimeout(() => {
  const page = document.querySelector("iframe").contentDocument, wide = [], silent = [];
  for (const some of page.querySelectorAll("details")) some.open = true;
  for (const some of page.querySelectorAll("main *"))
    if (!some.closest("svg, .scroll *")
        && some.getBoundingClientRect().right > page.documentElement.clientWidth + 1)
      wide.push(some.outerHTML.slice(0, 80));
  for (const box of page.querySelectorAll(".scroll")) {
    const said = box.previousElementSibling;
    const hint = said && said.className === "sideways" && said.getClientRects().length > 0;
    if (box.scrollWidth > box.clientWidth + 12 && !hint) silent.push(box.textContent.slice(0, 80));
  }
  const over = page.documentElement.scrollWidth - page.documentElement.clientWidth;
  const found = {wide, silent, over};
  document.querySelector("pre").textContent = JSON.stringify(found);
}, 0));
"""


def _measured(page: str, folder: Path, width: int) -> dict[str, object]:
    """What a browser makes of a page whose window is `width` pixels wide."""
    assert CHROMIUM is not None
    (folder / "page.html").write_text(page, encoding="utf-8")
    frame = f"<iframe src=page.html width={width} height=900 style='border:0'></iframe><pre></pre>"
    (folder / "frame.html").write_text(f"{frame}<script>{MEASURE}</script>", encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    typed = [CHROMIUM, *options, profile, "--virtual-time-budget=5000", "--dump-dom"]
    done = subprocess.run(
        [*typed, (folder / "frame.html").as_uri()], capture_output=True, check=True, timeout=120
    )
    found = re.search(r"<pre>(.+?)</pre>", done.stdout.decode(), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_on_a_phone_nothing_is_cut_without_a_hint(lab, tmp_path):
    pages = {
        "search": report.study_report(lab["q10"]),
        "sweep": report.study_report(lab["q9"]),
        "overview": report.overview(list(lab.values())),
        "lab": report.lab_report(list(lab.values())),
    }
    for name, page in pages.items():
        folder = tmp_path / name
        folder.mkdir()
        found = _measured(page, folder, 400)
        assert found == {"wide": [], "silent": [], "over": 0}, name


def test_a_wide_table_says_so_and_a_narrow_one_does_not():
    hint = "scroll sideways"
    assert hint not in table(["size", "of the class"], [["1,234", "76 %"]])
    assert hint not in table(["validation accuracy of the best epoch", "of the class"], [[1, 2]])
    assert hint in table(["a", "b", "c"], [["x" * 20, "y" * 20, "z" * 20]])


def test_where_there_is_nothing_to_draw_the_page_says_why_in_its_own_words():
    study = fakes.make_study()
    fakes.add_trial(study, "missed", 3_000, 0.6)
    page = report.study_report(study)
    assert re.search(r"<p[^>]*>Importance needs 10 trained trials; there are 1\.</p>", page)
    assert "PED-ANOVA over all" not in page
