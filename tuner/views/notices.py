"""What must not be missed."""

from __future__ import annotations

from rich import box
from rich.panel import Panel
from rich.text import Text


def banner(text: str, title: str = "ATTENTION") -> Panel:
    """A panel that stands out in light and dark themes."""
    return Panel(
        Text(text, style="bold"),
        title=Text(f" {title} ", style="bold white on red"),
        border_style="bold red",
        box=box.HEAVY,
        padding=(0, 1),
    )
