"""What stands above the trials of a running search: what is asked, how far it is, its answer."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from tuner.records import words
from tuner.records.keys import OUTCOMES
from tuner.records.studies import StudyRecord
from tuner.sessions.progress import RunProgress
from tuner.views.layout import LOUD, STYLES
from tuner.views.trial_lines import model_parts, packed

BETWEEN = Text("   ")
INDENT = len("smallest  ")


def top_lines(
    record: StudyRecord, run: RunProgress, width: int, *, brief: bool = False
) -> list[Text]:
    """What is asked, and how far the search is; `brief`: a line each, whatever that cuts."""
    title = Text.assemble((record.name, "bold"), "  ", record.question)
    asked, bar, ended = _asked(record), _bar(record, run, width), tally(record)
    if not brief:
        return [line for part in ([title], asked, bar, ended) for line in packed(part, width)]
    whole = BETWEEN.join(asked)
    # Data that stands in is told whatever happens.
    loud = record.stand_in is not None and whole.cell_len > width
    told = [asked[0], BETWEEN.join(asked[1:])] if loud else [whole]
    return [title, *told, BETWEEN.join(bar), BETWEEN.join(ended)]


def _asked(record: StudyRecord) -> list[Text]:
    other = record.stand_in
    names = ", ".join(record.dataset_names)
    data = (f" DATA: {other.upper()} ", LOUD) if other else (f"data {names}", "")
    start = [Text(f"warm start {record.warm_start[0]}")] if record.warm_start else []
    alone = words.constant(record) if record.target is not None else ""
    more = [Text(alone)] if alone else []
    return [Text.assemble(data), Text(words.wanted(record)), *more, *start]


def _bar(record: StudyRecord, run: RunProgress, width: int) -> list[Text]:
    done = record.done
    left = f"{words.clock(run.remaining)} left" if run.remaining is not None else "estimating"
    over = run.remaining is not None and done >= run.goal
    counted = f"  {done}/{run.goal} trained"
    more = [f"{words.clock(run.elapsed)} elapsed", "done" if over else left]
    if run.elsewhere or len(run.machines) > 1:
        more.append(_machines(run.machines))
    room = max(8, min(50, width - len("   ".join([counted, *more]))))
    bar = progress(done, run.goal, room)
    return [Text.assemble(bar, counted), *map(Text, more)]


def _machines(found: Mapping[str, int]) -> str:
    """Who trains where, where that is not this machine alone."""
    if not found:
        return "no worker trains yet"
    workers = words.several(sum(found.values()), "worker")
    return f"{workers} on {words.several(len(found), 'machine')}"


def progress(done: int, goal: int, width: int) -> Text:
    """A bar whose two parts differ also where there is no colour."""
    full = round(width * min(1.0, done / goal)) if goal else width
    return Text.assemble(("━" * full, "green"), ("┄" * (width - full), "dim"))


def counts(record: StudyRecord) -> Text:
    """How many trials ended how, in a line."""
    return BETWEEN.join(tally(record))


def tally(record: StudyRecord) -> list[Text]:
    """How many trials ended how, each outcome by itself."""
    sweep = record.kind == "sweep"
    found: dict[str, int] = {}
    for kind in OUTCOMES:
        for trial in record.trials:
            if trial.outcome == kind:
                word = words.outcome(trial, sweep=sweep)
                found[word] = found.get(word, 0) + 1
    if lost := sum(t.lost is not None for t in record.trials):
        found["lost"] = lost
    if not found:
        return [Text("no trial has ended yet", style="dim")]
    return [Text.assemble((w, STYLES.get(w, "")), f" {words.count(n)}") for w, n in found.items()]


def answer_lines(record: StudyRecord, width: int, *, brief: bool = False) -> list[Text]:
    """The incumbent, or whoever came closest, and the reference."""
    target = record.objective
    if target is None:
        return []
    told: list[list[Text]] = []
    metric, bound = record.metric, words.no_worse(record.metric)
    best, closest, reference = record.incumbent, record.closest, record.reference
    if best is not None:
        parts = model_parts("smallest ", best, "bold green")
        if (least := record.proven_bound) is not None:
            parts.append(Text(f"certified: {bound} {metric.written(least)}", style="green"))
        times = words.comparison(record, best)
        told.append([*parts, *([Text(times)] if times else [])])
    elif closest is not None:
        seen = closest.val_measured
        missing = target.shortfall(metric.worst if seen is None else seen)
        refuted = closest.number in record.refuted
        why = f"{metric.difference(missing)} short"
        if refuted:
            why = f"refuted on the test {record.examples}"
        told.append([*model_parts("closest  ", closest, "bold"), Text(why)])
    else:
        told.append([Text("smallest  none has met the target yet", style="dim")])
    if reference is not None and (best is None or best.number != reference.number):
        told.append(model_parts("reference", reference, ""))
    if brief:
        return [BETWEEN.join(parts) for parts in told]
    return [line for parts in told for line in packed(parts, width, INDENT)]
