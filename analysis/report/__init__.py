"""Reports: self-contained HTML pages, each a function that returns one as text.

`page` is about one study, `overview` about all of a storage, `lab` about the lab's ten questions.
They are made of `verdict` and the sections beside it, and every string passes through
`html`, which escapes it. What is drawn comes from `analysis.figures`; files are written by the
command line.
"""

from __future__ import annotations

from analysis.report.lab import lab_report
from analysis.report.overview import overview
from analysis.report.page import study_report

__all__ = ["lab_report", "overview", "study_report"]
