"""The lab's ten questions, answered with what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import optuna

from analysis import figures, frames
from analysis.figures.seeds import gaps
from analysis.report import parts, svg, sweeps
from analysis.report.html import (
    Content,
    Markup,
    command,
    element,
    join,
    page,
    paragraph,
    section,
    table,
)
from analysis.report.verdict import banner, verdict
from tuner.records import words
from tuner.records.studies import StudyRecord

SEARCHES = {
    2: ("q2", "A fully connected network"),
    4: ("q4", "A convolutional network"),
    6: ("q6", "A convolutional network with dropout"),
    8: ("q8", "A convolutional network with batch normalisation"),
    10: ("q10", "A residual network"),
}
NAMES = ("q2", "q3", "q4", "q6", "q7", "q8", "q9", "q10")


@dataclass(frozen=True)
class Lab:
    """The studies that answer, by the lab's names, and options that commands must repeat."""

    studies: Mapping[str, StudyRecord]
    again: Sequence[str]

    def missing(self, *names: str) -> Markup | None:
        """What has not been run, and with which command it is; None where all have results."""
        lacking = [n for n in names if n not in self.studies]
        if not lacking:
            return None
        listed = [command("search", n, *self.again) for n in lacking]
        between = [c for one in listed for c in (", ", one)][1:]
        return paragraph("Not run yet, so there is no answer. To run it: ", *between)


def lab_report(studies: Sequence[optuna.Study | StudyRecord], again: Sequence[str] = ()) -> str:
    """One self-contained HTML page that answers the lab's questions 1 to 10.

    A question is answered by the study of its name or, where that has no results, by the one on
    other data, which is said; two studies are compared only where both have the same data.

    Args:
        studies: Everything in the storage.
        again: Options that commands must repeat to find the same storage.
    """
    lab = Lab(studies_by_name([frames.record_of(s) for s in studies]), again)
    answers = {
        1: ("The shape of the data", _data(lab)),
        **{n: (title, _search(lab, name)) for n, (name, title) in SEARCHES.items()},
        3: ("The dense network on MNIST and on CIFAR-10", _sweep(lab, "q3")),
        5: ("Dense against convolutional", _comparison(lab)),
        7: ("With and without dropout", _sweep(lab, "q7")),
        9: ("Minibatch size with batch normalisation", _sweep(lab, "q9")),
    }
    done = [n for n in NAMES if n in lab.studies]
    said = f"Answered from: {', '.join(lab.studies[n].name for n in done) or 'no study yet'}."
    return page(
        "tuner report: the lab",
        element("header", element("h1", "The lab's questions, answered by measurement")),
        *_loud(lab),
        paragraph(said, class_="quiet"),
        *(
            section(f"{n}. {title}", answer, id_=f"question-{n}")
            for n, (title, answer) in sorted(answers.items())
        ),
    )


def studies_by_name(records: Sequence[StudyRecord]) -> dict[str, StudyRecord]:
    """For each of the lab's names its study with results: by that name, else on other data.

    Of several on other data one on images of the user's own comes before the stand-in.
    """
    found = {}
    for name in NAMES:
        some = [r for r in records if r.name.partition("@")[0] == name and r.trained]
        some.sort(key=lambda r: (r.name != name, r.stand_in is not None, r.name))
        if some:
            found[name] = some[0]
    return found


def _loud(lab: Lab) -> list[Content]:
    names = [r.name for r in lab.studies.values() if r.stand_in]
    if not names:
        return []
    text = f"Made on stand-in data, which says nothing about CIFAR-10: {', '.join(names)}."
    return [paragraph(text, class_="loud")]


def _origin(record: StudyRecord) -> Markup:
    data = ", ".join(record.dataset_names)
    return paragraph(f"Study {record.name}, data {data}.", class_="quiet")


def _data(lab: Lab) -> Markup:
    seen: dict[str, list[str]] = {}
    for record in lab.studies.values():
        seen.setdefault(parts.data(record), []).append(record.name)
    if not seen:
        return lab.missing("q2") or Markup("")
    told: list[Content] = []
    for shown, names in seen.items():
        told += [paragraph(f"As read for {', '.join(names)}.", class_="quiet"), Markup(shown)]
    return join(told)


def _search(lab: Lab, name: str) -> Markup:
    if (gone := lab.missing(name)) is not None:
        return gone
    record = lab.studies[name]
    return join(
        [
            _origin(record),
            banner(record),
            verdict(record, lab.again),
            parts.model(record),
            parts.evaluation(record),
        ]
    )


def _sweep(lab: Lab, name: str) -> Markup:
    if (gone := lab.missing(name)) is not None:
        return gone
    record = lab.studies[name]
    picture = {
        "q3": figures.learning_curves,
        "q7": figures.gap,
        "q9": figures.varied,
    }[name]
    told: list[Content] = [_origin(record), banner(record), verdict(record, lab.again)]
    told += [_finding(record), sweeps.sweep_table(record)]
    return join([*told, svg.inline(picture(record), f"{record.name}")])


def _finding(record: StudyRecord) -> Markup:
    """Which configuration has the highest mean accuracy, and by how much; on each data set."""
    table_ = gaps(record)
    if table_.empty:
        return Markup("")
    part = "test" if table_["test count"].gt(0).all() else "validation"
    lines = []
    for dataset, rows in table_.groupby("dataset", sort=False):
        order = rows.sort_values(f"{part} mean", ascending=False).to_dict("records")
        best = order[0]
        text = f"On {dataset}: {best['configuration']} has the highest mean {part} accuracy, "
        if len(order) == 1:
            text = f"On {dataset}: mean {part} accuracy "
        text += words.percent(best[f"{part} mean"])
        gap = best["training mean"] - best[f"{part} mean"]
        text += f"; training is {words.points(gap)} above it"
        if len(order) > 1:
            last = order[-1]
            text += f"; the lowest, {last['configuration']}, {words.percent(last[f'{part} mean'])}"
        lines.append(paragraph(f"{text}."))
    return join(lines)


def _comparison(lab: Lab) -> Markup:
    if (gone := lab.missing("q2", "q4")) is not None:
        return gone
    dense, conv = lab.studies["q2"], lab.studies["q4"]
    if _hashes(dense) != _hashes(conv):
        data = " and ".join(f"{r.name} on {', '.join(r.dataset_names)}" for r in (dense, conv))
        return paragraph(f"Not compared: {data} are results on different data.")
    rows = [
        row for kind, r in (("dense", dense), ("convolutional", conv)) for row in _models(kind, r)
    ]
    header = (
        "network",
        "study",
        "model",
        "parameters",
        "accuracy",
        "measured on",
        "points for 1,000",
    )
    named = {f"dense ({dense.name})": dense, f"convolutional ({conv.name})": conv}
    picture = svg.inline(
        figures.efficiency(named),
        "Dense against convolutional",
        "Every trained trial, validation accuracy of the best epoch.",
    )
    return join([banner(dense), table(header, rows, (3, 4, 6)), picture])


def _hashes(record: StudyRecord) -> list[object]:
    return [d.get("hash") for d in record.data.values()]


def _models(kind: str, record: StudyRecord) -> list[list[Content]]:
    rows: list[list[Content]] = []
    best = record.incumbent
    for name, trial in (("smallest that met the target", best), ("reference", record.reference)):
        if trial is None or not trial.size or trial.val_measured is None:
            continue
        tested, held = words.tested(record, trial)
        accuracy = trial.val_measured if tested is None else tested
        worth = 100_000 * accuracy / trial.size
        images = "test images" if tested is not None else "validation images"
        images += ", certified" if held else ""
        shown = [words.count(trial.size), words.percent(accuracy), images, words.rate(worth)]
        rows.append([kind, record.name, f"{name} ({words.goal(record.target)})", *shown])
    return rows
