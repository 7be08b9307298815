"""The commands that somebody may want to type next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from tuner.basics.numbers import chosen
from tuner.objectives.metrics import DEFAULT_METRIC, Metric
from tuner.objectives.target import Target
from tuner.sessions.result import Result

MORE = 20
"""How many further trials are suggested."""
EASIER = 0.05
"""How much easier than a target that was not met the suggested one is."""
LEAST_TARGET = 0.01


def next_commands(result: Result, again: Sequence[str]) -> list[str]:
    """After a run: to go on, to look at what was found, to certify it.

    Args:
        result: What came of the run.
        again: Options that commands must repeat to find the same storage.
    """
    name = result.record.name
    if result.status == "interrupted":
        on = [result.resume] if result.resume else []
        return [*on, command(["tuner", "status", name], again)]
    typed = shlex.split(result.resume)
    more = [shlex.join([*_without(typed, "--trials", "--more"), "--more", str(MORE)])]
    if not typed:
        more = []
    if result.exhausted:
        more = []
    trials = ["tuner", "trials", name]
    if result.status == "not_met":
        target = result.record.objective
        assert target is not None
        easier = easier_target(target)
        lower = [shlex.join([*_without(typed, "--target"), "--target", easier])]
        alone = result.record.by_constant
        met = alone is not None and target.metric.missing(alone, float(easier)) <= 0
        if not typed or met:
            lower = []  # a model that has learnt nothing would meet it
        return [*more, *lower, command([*trials, "--sort", sort_word(target.metric)], again)]
    dashboard = command(["tuner", "dashboard"], again)
    if result.status == "complete":
        return [command([*trials, "--csv"], again), dashboard]
    certify = [command(["tuner", "certify", name], again)]
    tried = result.certificate is not None and result.model_certificate is not None
    if tried or not result.certifiable or not typed:
        certify = []
    return [command(["tuner", "best", name], again), *certify, dashboard, *more]


def easier_target(target: Target) -> str:
    """A target that is a twentieth easier, as it is typed: of accuracies five points."""
    easier = target.metric.beyond(target.value, -EASIER * target.unit)
    if target.metric.is_share:
        return f"{max(LEAST_TARGET, easier):.2f}"
    return chosen(float(f"{easier:.3g}"))


def sort_word(metric: Metric) -> str:
    """What ``--sort`` is given to see the best first."""
    return "accuracy" if metric is DEFAULT_METRIC else "metric"


def _without(words: Sequence[str], *options: str) -> list[str]:
    """The words of a command without these options and their values."""
    kept: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        if word not in options and before not in options:
            kept.append(word)
    return kept


def command(words: Sequence[str], again: Sequence[str]) -> str:
    """What to type."""
    return shlex.join([*words, *again])


def commands(lines: Sequence[str]) -> RenderableType:
    """The commands under a heading, none cut."""
    return Group(Text(""), Text("next", style="bold"), *map(_Typed, lines))


class _Typed:
    """A command that can be copied from any terminal, in lines that a shell joins again."""

    def __init__(self, line: str) -> None:
        self._line = line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, indent = options.max_width, "  "
        line = indent
        for part in _parts(shlex.split(self._line)):
            if line.strip() and cell_len(f"{line}{part} \\") > width:
                yield Text(f"{line}\\", overflow="fold")
                line = indent * 2
            line += f"{part} "
        yield Text(line.rstrip(), overflow="fold")


def _parts(words: Sequence[str]) -> list[str]:
    """What stays on one line: a verb, an option with its value."""
    parts: list[str] = []
    for before, word in zip(["", *words[:-1]], words, strict=True):
        if before.startswith("--") and not word.startswith("-"):
            parts[-1] += f" {shlex.quote(word)}"
        else:
            parts.append(shlex.quote(word))
    return parts
