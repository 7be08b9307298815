"""Numbers as people read them: the only place that rounds one for a reader.

Whatever is not known, or is not finite, is ``?``. A per cent sign stands apart from its number, as
the SI writes it.
"""

from __future__ import annotations

import math
from typing import TypeGuard

UNKNOWN = "?"


def count(number: float | None) -> str:
    """``4,218``."""
    return f"{number:,.0f}" if _known(number) else UNKNOWN


def several(number: int, what: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def percent(fraction: float | None, digits: int = 1) -> str:
    """``75.8 %`` of a fraction."""
    return f"{hundredths(fraction, digits)} %" if _known(fraction) else UNKNOWN


def hundredths(fraction: float, digits: int = 1) -> str:
    """``75.8``: a fraction in per cent, under a heading that has the sign."""
    return f"{100 * fraction:.{digits}f}"


def goal(fraction: float | None) -> str:
    """``75 %`` or ``72.5 %``: a number that somebody chose, with the digits that it was given."""
    return f"{100 * fraction:.4g} %" if _known(fraction) else UNKNOWN


def points(difference: float) -> str:
    """``0.5 points``: a difference of two accuracies."""
    return f"{100 * difference:.3g} points"


def spread(deviation: float) -> str:
    """``± 0.7``: a standard deviation of accuracies, in points."""
    return f"± {hundredths(deviation)}"


def number(value: float | None, decimals: int) -> str:
    """``0.853`` or ``12,345``: a number of no unit, with so many digits behind the point."""
    return f"{value:,.{decimals}f}" if _known(value) else UNKNOWN


def decimals(value: float, figures: int) -> int:
    """Digits behind the point that show so many significant ones of a number."""
    if value == 0 or not math.isfinite(value):
        return figures - 1
    return min(max(figures - 1 - math.floor(math.log10(abs(value))), 0), 15)


def chosen(value: float | None) -> str:
    """``0.05``: a number that somebody chose, with the digits that it was given."""
    return f"{value:.6g}" if _known(value) else UNKNOWN


def times(number: float) -> str:
    """A factor in three digits, or all of those before the point."""
    digits = 0 if number >= 100 else 1 if number >= 10 else 2
    return f"{number:,.{digits}f}"


def rate(number: float) -> str:
    """``11.9``: so much for each of something, in three digits."""
    return f"{number:.3g}"


def short_count(number: float) -> str:
    """``0.5``, ``950``, ``4,218``, ``78.2k``, ``1.2M``: for the ticks of an axis."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit and number >= 1e4:
            return f"{float(f'{number / limit:.3g}'):g}{unit}"
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def megabytes(number: float) -> str:
    """``170 MB`` of a number of bytes."""
    return f"{number / 1e6:,.0f} MB"


def gigabytes(number: float, digits: int = 0) -> str:
    """``25 GB`` of a number of bytes."""
    return f"{number / 1e9:,.{digits}f} GB"


def clock(seconds: float | None) -> str:
    """``3:21`` or ``1:02:03``."""
    if not _known(seconds):
        return "-:--"
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def duration(seconds: float | None) -> str:
    """``8.5 s``, ``42 s``, ``3 min 21 s`` or ``2 h 05 min``."""
    if not _known(seconds):
        return UNKNOWN
    if seconds < 59.5:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {left:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def _known(number: float | None) -> TypeGuard[float]:
    return number is not None and math.isfinite(number)
