"""Self-contained HTML pages about studies: one study, all of a storage, the lab's ten questions."""

from __future__ import annotations

from analysis.report.lab import lab_report
from analysis.report.overview import overview
from analysis.report.page import study_report

__all__ = ["lab_report", "overview", "study_report"]
