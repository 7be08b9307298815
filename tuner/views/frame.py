"""One picture of a running search, as lines that fit a terminal of any size."""

from __future__ import annotations

from rich.text import Text

from tuner.records import words
from tuner.records.keys import OUTCOMES
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.progress import CertificateProgress, ModelProgress, RunProgress
from tuner.views.layout import LOUD, STYLES
from tuner.views.trial_lines import CURVE, ended_line, model_line, running_line

MOST_RECENT = 8


STARTING = 60.0
"""Seconds that a worker may take to import Keras."""


def frame(record: StudyRecord, run: RunProgress, width: int, height: int) -> list[Text]:
    """The view's lines, none wider than `width`, at most `height` of them.

    What matters least is left out first where there is no room.
    """
    top = [_title(record), *_asked(record, width), _bar(record, run, width), counts(record)]
    answer = _answer(record, width)
    running = [t for t in record.trials if t.state.name == "RUNNING"]
    room = max(1, height - len(top) - 1)
    if run.certifying is not None:
        shown = _certifying(record, run.certifying)[: max(1, room - len(answer) - 1)]
    else:
        proof = [_proving(run.proving)] if run.proving is not None else []
        space = max(1, room - len(answer) - 1 - len(proof))
        shown = [*_training(record, run, running, space), *proof]
    left = height - len(top) - len(answer) - len(shown)
    recent = _recent(record, min(MOST_RECENT, left - 4))
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


def _title(record: StudyRecord) -> Text:
    return Text.assemble((record.name, "bold"), "  ", record.question)


def _asked(record: StudyRecord, width: int) -> list[Text]:
    other = record.stand_in
    names = ", ".join(record.dataset_names)
    data = (f" DATA: {other.upper()} ", LOUD) if other else (f"data {names}", "")
    start = f"   warm start {record.warm_start[0]}" if record.warm_start else ""
    line = Text.assemble(data, "   ", words.asked(record), start)
    if line.cell_len <= width or other is None:
        return [line]
    return [Text.assemble(data), Text(words.asked(record))]


def _bar(record: StudyRecord, run: RunProgress, width: int) -> Text:
    done = record.done
    left = f"{words.clock(run.remaining)} left" if run.remaining is not None else "estimating"
    over = run.remaining is not None and done >= run.goal
    counted = f"  {done}/{run.goal} trained   {words.clock(run.elapsed)} elapsed   " + (
        "done" if over else left
    )
    room = max(8, min(50, width - len(counted)))
    full = round(room * min(1.0, done / run.goal)) if run.goal else room
    return Text.assemble(("━" * full, "green"), ("━" * (room - full), "dim"), counted)


def counts(record: StudyRecord) -> Text:
    """How many trials ended how."""
    sweep = record.kind == "sweep"
    tally: dict[str, int] = {}
    for kind in OUTCOMES:
        for trial in record.trials:
            if trial.outcome == kind:
                word = words.outcome(trial, sweep=sweep)
                tally[word] = tally.get(word, 0) + 1
    if lost := sum(t.lost is not None for t in record.trials):
        tally["lost"] = lost
    if not tally:
        return Text("no trial has ended yet", style="dim")
    parts = [Text.assemble((w, STYLES.get(w, "")), f" {words.count(n)}") for w, n in tally.items()]
    return Text("   ").join(parts)


def _answer(record: StudyRecord, width: int) -> list[Text]:
    """The incumbent, or whoever came closest, and the reference."""
    target = record.objective
    if target is None:
        return []
    lines = []
    best, closest, reference = record.incumbent, record.closest, record.reference
    if best is not None:
        line = model_line("smallest ", best, "bold green")
        times = words.comparison(record, best)
        if (least := record.proven_bound) is not None:
            line.append(f"   certified: at least {words.percent(least)}", style="green")
        if times and line.cell_len + len(times) + 3 > width:
            lines += [line, Text(f"          {times}")]
        else:
            lines.append(Text.assemble(line, f"   {times}") if times else line)
    elif closest is not None:
        missing = target.shortfall(closest.val_accuracy or 0.0)
        line = model_line("closest  ", closest, "bold")
        refuted = closest.number in record.refuted
        why = "refuted on the test images" if refuted else f"{words.points(missing)} short"
        lines.append(Text.assemble(line, f"   {why}"))
    else:
        lines.append(Text("smallest  none has met the target yet", style="dim"))
    if reference is not None and (best is None or best.number != reference.number):
        lines.append(model_line("reference", reference, ""))
    return lines


def _training(
    record: StudyRecord, run: RunProgress, running: list[TrialRecord], room: int
) -> list[Text]:
    if not running:
        starting = not record.trials or run.elapsed < STARTING
        waits = "workers are starting" if starting else "waiting for the next trial"
        return [Text(waits, style="dim")]
    legend = "validation accuracy, █ at the target" if record.target else "validation accuracy"
    head = [Text.assemble(("training", "bold"), (f"  {legend}", "dim"))] if room >= 2 else []
    fit = max(1, room - len(head))
    rows = running if len(running) <= fit else running[: max(1, fit - 1)]
    lines = [*head, *(running_line(record, t) for t in rows)]
    if len(rows) < len(running) and fit > 1:
        lines.append(Text(f"  and {len(running) - len(rows)} more", style="dim"))
    return lines


def _proving(at: ModelProgress) -> Text:
    """The proof of a model in the making, in the manner of a running trial."""
    full = round(CURVE * at.epochs / at.horizon)
    bar = Text.assemble(("━" * full, "green"), ("━" * (CURVE - full), "dim"))
    return Text.assemble(
        "  proving ",
        (f"#{at.trial.number}", "bold"),
        f"  {words.count(at.trial.size)}  ",
        bar,
        f"  {at.epochs}/{words.several(at.horizon, 'epoch')}, then the test images",
    )


def _certifying(record: StudyRecord, at: CertificateProgress) -> list[Text]:
    """The certificate in the making: what is tested, and how far the others are."""
    legend = "  fresh seeds, all training images, then once on the test images"
    lines = [
        Text.assemble(("certifying", "bold"), (legend, "dim")),
        Text.assemble(f"  #{at.trial.number}  ", (words.size(at.trial), "bold")),
    ]
    assert record.objective is not None
    target = record.objective.without_margin()
    tested = Text("  ")
    for accuracy in at.accuracies:
        style = "green" if target.is_met(accuracy) else "red"
        tested.append(f"{words.percent(accuracy)}  ", style=style)
    left = at.planned - len(at.accuracies) - len(at.trainings)
    tested.append("·  " * max(0, left + len(at.trainings)), style="dim")
    tested.append(f"target {words.goal(target.value)}", style="dim")
    lines.append(tested)
    for training in at.trainings:
        horizon = at.epochs
        number = (training.cell or {}).get("training", 0) + 1
        full = round(CURVE * training.epochs / horizon) if horizon else 0
        bar = Text.assemble(("━" * full, "green"), ("━" * (CURVE - full), "dim"))
        lines.append(
            Text.assemble(
                f"  seed {number}  ",
                bar,
                f"  {training.epochs:>2}/{words.several(horizon, 'epoch')}",
            )
        )
    return lines


def _recent(record: StudyRecord, most: int) -> list[Text]:
    ended = [t for t in record.trials if t.state.is_finished() and t.outcome != "gated"]
    ended.sort(key=lambda t: (t.ended.timestamp() if t.ended else 0.0, t.number), reverse=True)
    if not ended or most < 1:
        return []
    return [Text("ended lately", style="bold"), *(ended_line(record, t) for t in ended[:most])]
