"""What ``tuner bench`` measured."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from tuner.records import words
from tuner.views.events import VERSION
from tuner.views.layout import facts, short_path, table

if TYPE_CHECKING:
    from pathlib import Path

    from tuner.bench.measurement import Benchmark
    from tuner.launchers.layouts import Setting

GIGA = 1e9


def benchmark_view(found: Benchmark, kept: Path | None) -> RenderableType:
    """A row a model, a column a layout; then what was chosen, and how far it is from the limit."""
    hardware = found.hardware
    cores = words.several(hardware["cores"], "core")
    limits = (
        f"{words.count(found.limits['operations'] / GIGA)} billion operations a second (matrix "
        f"product, float32), {words.gigabytes(found.limits['bytes'], 1)} a second (copying)"
    )
    about = [("machine", Text(f"{hardware['processor']}, {cores}")), ("limits", Text(limits))]
    tried = list(dict.fromkeys(p.setting for p in found.paces))
    names = [_column(s, found) for s in tried]
    made = table("model", "parameters", *names, "of the limit", numbers=["parameters", *names])
    for family, fastest in found.fastest.items():
        for size in dict.fromkeys(p.size for p in found.paces if p.family == family):
            paces = found.of(family, size)
            share, limit = found.of_limit(paces[fastest])
            cells = [
                Text(f"{words.count(paces[s].rate)}*", style="bold")
                if s == fastest
                else Text(words.count(paces[s].rate))
                for s in tried
            ]
            near = f"{words.percent(share, 0)} of {limit}"
            made.add_row(Text(family), words.count(size), *cells, near)
    lines = [
        "images trained a second under workers x threads, all workers together; *: what "
        "searches take from now on. Limit: 6 operations a multiply-accumulate, 20 bytes an "
        "activation; what stays in caches may pass that of bytes."
    ]
    if kept is not None:
        lines.append(f"kept in {short_path(kept)}")
    return Group(Text("tuner bench", style="bold"), facts(about), made, *map(Text, lines))


def _column(setting: Setting, found: Benchmark) -> str:
    """Workers x threads, and what is special, on two lines."""
    if setting == found.usual:
        special = "usual"
    elif setting == found.backend:
        special = "TensorFlow's"
    else:
        special = ", ".join(["oneDNN off"] * (not setting.onednn) + ["bfloat16"] * setting.bfloat16)
    return f"{setting.workers} x {setting.threads}\n{special}"


def benchmark_object(found: Benchmark, kept: Path | None) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "v": VERSION,
        "hardware": found.hardware,
        "limits": found.limits,
        "paces": [
            dataclasses.asdict(p)
            | {"of_limit": found.of_limit(p)[0], "limit": found.of_limit(p)[1]}
            for p in found.paces
        ],
        "fastest": {family: dataclasses.asdict(s) for family, s in found.fastest.items()},
        "file": None if kept is None else str(kept),
    }
