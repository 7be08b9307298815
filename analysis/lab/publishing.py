"""The files that show the lab: the page with its figures, and the table of a README."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from analysis.lab import markdown, results
from analysis.lab.answer import Evidence
from analysis.lab.answers import answers
from analysis.lab.commands import Commands
from analysis.lab.look import Look

BEGIN = "<!-- lab: begin -->"
END = "<!-- lab: end -->"
"""Between these lines of a README stands what `results.table` writes."""

PICTURE = Path("docs") / "images" / "lab" / "size-and-accuracy.svg"
"""Beside the README."""


def publish(
    evidence: Evidence,
    looks: Mapping[str, Look],
    commands: Commands,
    output: Path | None,
    readme: Path | None,
) -> list[Path]:
    """Writes what was asked for, about all ten questions.

    Returns:
        The files.

    Raises:
        OSError: One cannot be written.
    """
    files = []
    every = answers(evidence, looks=looks)
    if output is not None:
        files += markdown.write_figures(every, output.parent)
        _write(output, markdown.page(every, commands))
        files.append(output)
    if readme is not None:
        picture = readme.parent / PICTURE
        markdown.save(results.picture(evidence), picture)
        before, rest = readme.read_text(encoding="utf-8").split(BEGIN, 1)
        _, after = rest.split(END, 1)
        shown = results.table(every, commands, PICTURE.as_posix())
        _write(readme, f"{before}{BEGIN}\n{shown}\n{END}{after}")
        files += [picture, readme]
    return files


def _write(file: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
