"""What a search has found, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from tuner.objectives.metrics import DEFAULT_METRIC
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.pages import nothing_to_prove
from tuner.sessions.result import CertificateResult, Result
from tuner.views.layout import facts, short_path
from tuner.views.next_commands import command, commands, next_commands, sort_word
from tuner.views.trials import sweep_table


def final(result: Result, again: Sequence[str] = ()) -> RenderableType:
    """What is shown when a run is over; `again` are options that next commands repeat."""
    record = result.record
    parts: list[RenderableType] = [Text(""), _headline(result)]
    if record.target is None:
        parts += [sweep_table(record), facts(_effort(record))]
    elif record.incumbent is not None:
        parts.append(facts([*_found(record, result.results), *_effort(record)]))
    else:
        parts.append(facts([*_not_found(record), *_effort(record)]))
    parts.append(commands(next_commands(result, again)))
    return Group(*parts)


def best(record: StudyRecord, folder: Path, again: Sequence[str] = ()) -> RenderableType:
    """What ``tuner best`` shows."""
    if record.target is None:
        return Group(Text(f"{_named(record)} is a sweep:"), sweep_table(record))
    met = record.incumbent
    if met is None:
        return Group(
            Text(f"{_named(record)}: nothing has met the target yet.", style="bold"),
            facts(_not_found(record)),
            commands(
                [
                    command(
                        ["tuner", "trials", record.name, "--sort", sort_word(record.metric)], again
                    )
                ]
            ),
        )
    headline = Text(f"{_named(record)}: the smallest model that met the target", style="bold")
    values = [(k, words.value(v)) for k, v in met.values.items()]
    return Group(
        headline,
        facts(_found(record, folder)),
        Text("hyperparameters", style="bold"),
        facts([(k, Text(v)) for k, v in values]),
    )


def certified(result: CertificateResult, folder: Path, again: Sequence[str] = ()) -> RenderableType:
    """What ``tuner certify`` shows at its end."""
    record, trial = result.record, result.trial
    if result.interrupted:
        what = "stopped before the end; nothing is lost, the same command goes on."
        return Text(f"{_named(record)}: {what}", style="bold")
    if trial is None:
        said = Text(f"{_named(record)}: {nothing_to_prove(record)}.", style="bold red")
        return Group(said, facts(_all_refuted(record))) if record.refuted else said
    if result.number is None and result.holds:
        return best(record, folder, again)
    rows = [(label, Text(line)) for label, line in words.proofs(record, trial)]
    what = f"trial {trial.number}, {words.size(trial)}"
    return Group(Text(f"{_named(record)}: {what}", style="bold"), facts(rows))


def _all_refuted(record: StudyRecord) -> list[tuple[str, Text]]:
    return [
        (f"trial {t.number}", Text(_proven(record, t)))
        for t in record.trials
        if t.number in record.refuted
    ]


def _named(record: StudyRecord) -> str:
    other = record.stand_in
    return f"{record.name} (data: {other})" if other else record.name


def _headline(result: Result) -> Text:
    record, run = result.record, result.run
    name = _named(record)
    if result.status == "interrupted":
        line = Text(f"{name}: stopped before the end; nothing is lost.", style="bold")
    elif result.status == "complete":
        line = Text(f"{name}: the sweep is complete.", style="bold green")
    elif result.status == "met":
        line = Text(f"{name}: the target is met.", style="bold green")
    else:
        line = Text(f"{name}: nothing met the target.", style="bold red")
    if run.trained_before >= run.goal:
        line.append(
            f" All {words.several(run.goal, 'trial')} had been trained before.", style="not bold"
        )
    if result.exhausted:
        smaller = "nothing smaller is" if record.incumbent is not None else "nothing is"
        line.append(f" The search space is exhausted: {smaller} left to train.", style="not bold")
    return line


def _found(record: StudyRecord, folder: Path) -> list[tuple[str, Text]]:
    met = record.incumbent
    assert met is not None
    rows = [("smallest model", Text.assemble((words.size(met), "bold"), f", {_cost(record, met)}"))]
    accuracy = f"{words.delivered(record, met)}, trial {met.number} ({words.target(record)})"
    label = "accuracy" if record.metric is DEFAULT_METRIC else "metric"
    rows.append((label, Text(accuracy)))
    if met.model_file:
        rows.append(("file", Text(short_path(folder / met.model_file))))
    if kept := record.artifact_of(met.model_file):
        rows.append(("", Text(kept)))
    return [*rows, *_proofs(record, met), *_reference(record, met)]


def _proofs(record: StudyRecord, met: TrialRecord) -> list[tuple[str, Text]]:
    """What is proven of a model and of its recipe, each in a line, and how."""
    model, recipe = record.model_certificate, record.certificate
    told = words.proofs(record, met)
    rows = []
    made = (words.model_made(model) if model else "", words.made(recipe) if recipe else "")
    for (label, line), found, how in zip(told, (model, recipe), made, strict=True):
        style = "yellow" if found is None else "green" if found.certified else "red"
        rows.append((label, Text(line, style=style)))
        if how:
            rows.append(("", Text(how, style="dim")))
    larger = record.proven_model
    if larger is not None and larger.number != met.number:
        line = f"trial {larger.number}, {words.size(larger)}: {_proven(record, larger)}"
        rows.append(("proven so far", Text(line)))
    if others := words.refuted(record, met):
        rows.append(("", Text(others)))
    return rows


def _proven(record: StudyRecord, trial: TrialRecord) -> str:
    """The proof that decides whether a trial counts."""
    return words.proofs(record, trial)[1 if record.prove == "recipe" else 0][1]


def _reference(record: StudyRecord, met: TrialRecord | None) -> list[tuple[str, Text]]:
    reference = record.reference
    if reference is None:
        return []
    if met is not None and met.number == reference.number:
        return [("reference", Text("this is the reference itself: nothing smaller met the target"))]
    name = record.study.get("reference_name", "the reference model")
    line = Text(
        f"{name}: {words.size(reference)}, {words.named(record.metric, reference.val_measured)} "
        f"after {words.several(reference.epochs, 'epoch')}"
    )
    rows = [("reference", line)]
    if met is not None and (times := words.comparison(record, met)):
        rows.append(("", Text(f"the model found is {times}", style="bold")))
    return rows


def _not_found(record: StudyRecord) -> list[tuple[str, Text]]:
    closest, target = record.closest, record.objective
    assert target is not None
    if record.refuted:
        return [("asked", Text(words.asked(record))), *_all_refuted(record)]
    rows = [("asked", Text(words.asked(record)))]
    if closest is None:
        return [*rows, ("closest", Text("no trial has been trained"))]
    seen, metric = closest.val_measured, record.metric
    reached = metric.worst if seen is None else seen
    short = target.shortfall(reached)
    rows.append(
        (
            "closest",
            Text(
                f"{words.named(metric, reached)}, {metric.difference(short)} short: "
                f"trial {closest.number}, "
                f"{words.size(closest)}, {words.several(closest.epochs, 'epoch')}"
            ),
        )
    )
    beyond = "above" if metric.greater_is_better else "below"
    if target.without_margin().is_met(reached):
        rows.append(("", Text(f"it reached the target, but not the margin {beyond} it")))
    if not closest.reference:
        rows += _reference(record, None)
    return rows


def _cost(record: StudyRecord, trial: TrialRecord) -> str:
    one = record.example
    return f"{words.count(trial.macs)} MACs {'an' if one[0] in 'aeiou' else 'a'} {one}"


def _effort(record: StudyRecord) -> list[tuple[str, Text]]:
    whole = record.horizon * len(record.trained)
    trials = words.several(len(record.trained), "trial")
    line = f"{words.count(record.epochs_spent)} spent in {trials}"
    if record.target is not None and whole:
        share = record.epochs_saved / whole
        saved = words.count(record.epochs_saved)
        line += f", {saved} saved by stopping early ({words.percent(share, 0)})"
    if proofs := record.proof_epochs:
        line += f"; {words.count(proofs)} more for proofs"
    rows = [("epochs", Text(line))]
    if (gain := record.expected_gain) is not None and record.incumbent is not None:
        rows.append(("outlook", Text(words.outlook(gain))))
    if audited := record.audited:
        met = sum(t.reached for t in audited)
        rows.append(
            (
                "pruner",
                Text(
                    f"of {words.several(len(audited), 'trial')} to be stopped and trained on to "
                    f"audit it, {met} met the target"
                ),
            )
        )
    if record.gated:
        rows.append(
            ("gated", Text(f"{words.several(record.gated, 'configuration')} not worth training"))
        )
    return rows
