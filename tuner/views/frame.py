"""One picture of a running search, as lines that fit a terminal of any size."""

from __future__ import annotations

from rich.text import Text

from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.progress import CertificateProgress, ModelProgress, RunProgress
from tuner.views.headings import answer_lines, progress, top_lines
from tuner.views.trial_lines import CURVE, ended_line, packed, running_line

MOST_RECENT = 8
FEWEST = 4
"""Lines that the trials shall have before anything above them is broken into several."""
STARTING = 60.0
"""Seconds that a worker may take to import Keras."""


def frame(record: StudyRecord, run: RunProgress, width: int, height: int) -> list[Text]:
    """The view's lines, none wider than `width`, at most `height` of them.

    What matters least is left out first where there is no room.
    """
    top, answer = top_lines(record, run, width), answer_lines(record, width)
    if len(top) + len(answer) + FEWEST > height:
        top, answer = (
            top_lines(record, run, width, brief=True),
            answer_lines(record, width, brief=True),
        )
    running = [t for t in record.trials if t.state.name == "RUNNING"]
    room = max(1, height - len(top) - 1)
    if run.certifying is not None:
        shown = _certifying(record, run.certifying, width)[: max(1, room - len(answer) - 1)]
    else:
        proof = _proving(record, run.proving, width) if run.proving is not None else []
        space = max(1, room - len(answer) - 1 - len(proof))
        shown = [*_training(record, run, running, width, space), *proof]
    left = height - len(top) - len(answer) - len(shown)
    recent = _recent(record, width, min(MOST_RECENT, left - 4))
    if left >= 3:
        # Room enough for the blank lines that make it readable.
        sections = [top, answer, shown, recent]
        lines = [line for part in sections if part for line in [*part, Text("")]][:-1]
    else:
        lines = [*top, *shown, *answer] if left < 0 else [*top, *answer, *shown]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
        line.truncate(width, overflow="ellipsis")
    return lines[: max(1, height)]


def _training(
    record: StudyRecord, run: RunProgress, running: list[TrialRecord], width: int, room: int
) -> list[Text]:
    if not running:
        starting = not record.trials or run.elapsed < STARTING
        waits = "workers are starting" if starting else "waiting for the next trial"
        return [Text(waits, style="dim")]
    legend = f"validation {record.metric.title}"
    if record.target is not None:
        legend += ", █ at the target"
    heading = Text("training", style="bold")
    long = Text.assemble(heading, (f"  {legend}", "dim"))
    head = [long if long.cell_len <= width else heading] if room >= 2 else []
    fit = max(1, room - len(head))
    rows = running if len(running) <= fit else running[: max(1, fit - 1)]
    lines = [*head, *(running_line(record, t, width) for t in rows)]
    if len(rows) < len(running) and fit > 1:
        lines.append(Text(f"  and {len(running) - len(rows)} more", style="dim"))
    return lines


def _proving(record: StudyRecord, at: ModelProgress, width: int) -> list[Text]:
    """The proof of a model in the making, in the manner of a running trial."""
    before = Text.assemble(
        "  proving ", (f"#{at.trial.number}", "bold"), f"  {words.count(at.trial.size)}  "
    )
    after = f"  {at.epochs}/{words.several(at.horizon, 'epoch')}"
    room = max(4, min(CURVE, width - before.cell_len - len(after)))
    line = Text.assemble(before, progress(at.epochs, at.horizon, room), after)
    then = Text.assemble(line, f", then the test {record.examples}")
    if line.cell_len > width:
        line.right_crop(len(f" {words.several(at.horizon, 'epoch').split()[1]}"))
    return [then if then.cell_len <= width else line]


def _certifying(record: StudyRecord, at: CertificateProgress, width: int) -> list[Text]:
    """The certificate in the making: what is tested, and how far the others are."""
    assert record.objective is not None
    target = record.objective.without_margin()
    what = record.examples
    legend = Text(f"fresh seeds, all training {what}, then once on the test {what}", style="dim")
    model = Text.assemble(f"  #{at.trial.number}  ", (words.size(at.trial), "bold"))
    tested = Text("  ")
    for measured in at.measured:
        style = "green" if target.is_met(measured) else "red"
        tested.append(f"{record.metric.written(measured)}  ", style=style)
    left = at.planned - len(at.measured) - len(at.trainings)
    tested.append("·  " * max(0, left + len(at.trainings)), style="dim")
    bar = Text(f"target {record.metric.goal(target.value)}", style="dim")
    return [
        *packed([Text("certifying", style="bold"), legend], width, 2),
        *packed([model], width, 2),
        *packed([tested, bar], width, 2),
        *(_fresh_seed(training, at.epochs, width) for training in at.trainings),
    ]


def _fresh_seed(training: TrialRecord, horizon: int, width: int) -> Text:
    """A certificate's training: how far it is."""
    number = (training.cell or {}).get("training", 0) + 1
    before = f"  seed {number}  "
    after = f"  {training.epochs:>2}/{words.several(horizon, 'epoch')}"
    room = max(4, min(CURVE, width - len(before) - len(after)))
    return Text.assemble(before, progress(training.epochs, horizon, room), after)


def _recent(record: StudyRecord, width: int, most: int) -> list[Text]:
    ended = [t for t in record.trials if t.state.is_finished() and t.outcome != "gated"]
    ended.sort(key=lambda t: (t.ended.timestamp() if t.ended else 0.0, t.number), reverse=True)
    if not ended or most < 1:
        return []
    lines = [ended_line(record, t, width) for t in ended[:most]]
    return [Text("ended lately", style="bold"), *lines]
