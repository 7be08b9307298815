"""Makes live.png and dashboard.png anew from a real search of q10 on shapes10.

By hand, with Chromium on the machine: `.venv/bin/python docs/images/make.py [TRIALS]` (24; about
ten minutes on two cores that do nothing else). What it searched is left in a temporary folder,
whose name it prints; with that name in place of TRIALS it takes the pictures again.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from tuner import search
from tuner.records.studies import StudyRecord
from tuner.sessions.progress import RunProgress
from tuner.sessions.watcher import Silent
from tuner.views.frame import frame

HERE = Path(__file__).parent
STUDY = "q10"
COLUMNS, LINES = 106, 24
PORT = 8931


class Photographer(Silent):
    """Keeps the live view of a moment in the last third of a search, while two trials train."""

    def __init__(self, trials: int) -> None:
        self.picture = ""
        self._trials = trials
        self._best = (0, 0)

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        """Takes the picture with the longest curves of those trials that train."""
        epochs = [t.epochs for t in record.trials if t.state.name == "RUNNING"]
        seen = (len(epochs), min(epochs, default=0))
        if record.done >= 2 * self._trials // 3 and run.certifying is None and seen > self._best:
            self._best, self.picture = seen, self._drawn(record, run)

    def _drawn(self, record: StudyRecord, run: RunProgress) -> str:
        out = Console(
            record=True,
            width=COLUMNS,
            file=StringIO(),
            force_terminal=True,
            color_system="standard",
        )
        for line in frame(record, run, COLUMNS - 1, LINES):
            out.print(line, markup=False, highlight=False)
        title = f"tuner search {STUDY} --trials {self._trials}"
        return out.export_svg(title=title, theme=DIMMED_MONOKAI, clear=False)


def photograph(page: str, file: Path, width: int, height: int, wait: int = 0) -> None:
    """A page as a browser shows it, `wait` milliseconds after it was loaded; 0: at once."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("there is no Chromium on this machine: apt-get install chromium.")
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"]
    size = [f"--window-size={width},{height}", f"--screenshot={file}"]
    with tempfile.TemporaryDirectory() as profile:
        more = [f"--user-data-dir={profile}", *([f"--virtual-time-budget={wait}"] if wait else [])]
        typed = [browser, *options, *size, *more, page]
        subprocess.run(typed, check=True, capture_output=True, timeout=120)


def photograph_live(folder: Path) -> None:
    """The live view."""
    svg = (folder / "live.svg").read_text(encoding="utf-8")
    page = folder / "live.html"
    style = "margin:0;background:white"
    page.write_text(f"<body style='{style}'>{svg}</body>", encoding="utf-8")
    width, height = (float(part) for part in svg.split('viewBox="0 0 ')[1].split('"')[0].split())
    photograph(page.as_uri(), HERE / "live.png", round(width), round(height))


def _serve(folder: Path) -> None:
    from tuner.dashboard.serve import serve

    os.chdir(folder)  # the note names files as somebody sees them from there
    serve("sqlite:///tuner-results/tuner.db", Path("tuner-results"), port=PORT, browser=False)


def photograph_dashboard(folder: Path) -> None:
    """The note of the study, in Optuna's dashboard."""
    server = multiprocessing.Process(target=_serve, args=(folder,), daemon=True)
    server.start()
    address = f"http://127.0.0.1:{PORT}"
    for _ in range(60):
        try:
            urllib.request.urlopen(f"{address}/api/studies", timeout=5).close()
            break
        except OSError:
            server.join(1)
    photograph(f"{address}/dashboard/studies/1/note", HERE / "dashboard.png", 1200, 790, 20_000)
    server.terminate()


def searched(trials: int) -> Path:
    """A folder with the results of a new search, and the picture that was taken of it."""
    folder = Path(tempfile.mkdtemp(prefix="tuner-pictures-"))
    print(f"searching in {folder}", flush=True)
    watcher = Photographer(trials)
    search(STUDY, data="shapes10", trials=trials, results=folder / "tuner-results", watcher=watcher)
    (folder / "live.svg").write_text(watcher.picture, encoding="utf-8")
    return folder


def main() -> None:
    """Takes both pictures: of a new search, or of one in a folder that an earlier call left."""
    given = sys.argv[1] if len(sys.argv) > 1 else "24"
    folder = searched(int(given)) if given.isdecimal() else Path(given)
    photograph_live(folder)
    photograph_dashboard(folder)


if __name__ == "__main__":
    main()
