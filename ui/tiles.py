"""Headline figures: each with what it is made of, its change, and the way to its cases."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ui.filters import carried
from ui.pages import CASES
from ui.panel import address, shared_panel
from ui.viewing import Viewing
from ui.words import _, number, percent


@dataclass(frozen=True)
class Count:
    """A number with the cases it counts."""

    figure: str
    count: int
    href: str

    @property
    def words(self) -> str:
        """The number as the viewer reads it."""
        return number(self.count)


@dataclass(frozen=True)
class Tile:
    """One headline figure, ready to draw: `parts` are counts and plain words in reading order."""

    label: str
    value: str
    of: Count
    parts: tuple[Count | str, ...]
    change: str
    change_tone: str
    tone: str


def counted(seen: Viewing, figure: str, figures: Any) -> Count:
    """Return a figure's number with the way to its cases."""
    return Count(figure, int(figures[figure]), address(CASES, figure=figure, **carried(seen)))


def count(
    seen: Viewing,
    label: str,
    figure: str,
    now: Any,
    before: Any,
    *,
    since: str,
    parts: tuple[Count | str, ...] = (),
    tone: str = "",
    good: int = 0,
) -> Tile:
    """Make a tile of a count and its change; `good` is -1 where fewer is better, 1 where more is."""
    change = int(now[figure]) - int(before[figure])
    shown = counted(seen, figure, now)
    words = f"{_sign(change)}{number(abs(change))} {since}"
    return Tile(label, shown.words, shown, parts, words, _tone(change, good), tone)


def share(
    seen: Viewing,
    label: str,
    of: tuple[str, str],
    now: Any,
    before: Any,
    *,
    since: str,
    words: str,
    tone: str = "",
) -> Tile:
    """Make a tile of a share (more is better) with its numerator and denominator, and its change in points."""
    part, whole = (counted(seen, name, now) for name in of)
    part_before, whole_before = (int(before[name]) for name in of)
    change, compared = 0.0, _("nothing to compare with")
    if whole.count and whole_before:
        change = round((part.count / whole.count - part_before / whole_before) * 100, 1)
        compared = _("{change} points", change=_sign(change) + number(abs(change), 1)) + f" {since}"
    value = percent(part.count, whole.count)
    return Tile(label, value, whole, (part, "/", whole, " " + words), compared, _tone(change, 1), tone)


def tiles(seen: Viewing, make: Callable[[], list[Tile]], *, key: str) -> None:
    """Draw tiles side by side; `make` makes them once for all viewers of this address and moment."""
    shared_panel(seen, "tiles", key=key, make=lambda: {"tiles": make()})


def row(table: pd.DataFrame) -> dict[str, Any]:
    """Return the one row of a table of figures."""
    return {str(name): value for name, value in table.iloc[0].items()}


def _sign(change: float) -> str:
    return "+" if change > 0 else "−" if change < 0 else "±"


def _tone(change: float, good: int) -> str:
    if not good or not change:
        return "muted"
    return "good" if (change > 0) == (good > 0) else "overdue"
