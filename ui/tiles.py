"""Headline figures: each with what it is made of, its change, and the way to its cases."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ui.filters import carried
from ui.meanings import figure_name, meaning
from ui.pages import CASES
from ui.panel import address, shared_panel
from ui.unconfirmed import Mark
from ui.viewing import Viewing
from ui.words import NOTHING, _, number, percent, signed


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
    """One headline figure, ready to draw: `parts` are counts and plain words in reading order.

    `about` says what is counted, `mark` that it rests on something unconfirmed.
    """

    label: str
    value: str
    of: Count
    parts: tuple[Count | str, ...]
    change: str
    change_tone: str
    tone: str
    about: str
    mark: Mark | None = None


def counted(seen: Viewing, figure: str, figures: Any) -> Count:
    """Return a figure's number with the way to its cases."""
    return count_of(seen, figure, figures[figure])


def count_of(seen: Viewing, figure: str, count: Any, **choices: Any) -> Count:
    """Return a number with the way to its cases; a word of `choices` that is None is left out of the address."""
    return Count(figure, int(count), address(CASES, **{"figure": figure} | carried(seen) | choices))


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
    mark: Mark | None = None,
) -> Tile:
    """Make a tile of a count and its change; `good` is -1 where fewer is better, 1 where more is."""
    change = int(now[figure]) - int(before[figure])
    shown = counted(seen, figure, now)
    words = f"{signed(change)} {since}"
    edge = tone if shown.count else ""  # nothing overdue is no alarm
    return Tile(label, shown.words, shown, parts, words, _tone(change, good), edge, meaning(figure), mark)


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
    mark: Mark | None = None,
) -> Tile:
    """Make a tile of a share (more is better) with its numerator and denominator, and its change in points."""
    part, whole = (counted(seen, name, now) for name in of)
    part_before, whole_before = (int(before[name]) for name in of)
    change, compared = 0.0, _("nothing to compare with")
    if whole.count and whole_before:
        change = round((part.count / whole.count - part_before / whole_before) * 100, 1)
        compared = _("{change} points", change=signed(change, 1)) + f" {since}"
    value = percent(part.count, whole.count)
    about = f"{meaning(part.figure)} ÷ {meaning(whole.figure)}"
    return Tile(label, value, whole, (part, "/", whole, " " + words), compared, _tone(change, 1), tone, about, mark)


def plain(
    seen: Viewing,
    figure: str,
    figures: Any,
    words: str,
    *,
    parts: tuple[Count | str, ...] = (),
    tone: str = "",
    mark: Mark | None = None,
) -> Tile:
    """Return a tile of a count that is compared with nothing: words stand in the place of its change."""
    shown = counted(seen, figure, figures)
    edge = tone if shown.count else ""  # nothing overdue is no alarm
    return Tile(figure_name(figure), shown.words, shown, parts, words, "muted", edge, meaning(figure), mark)


def out_of(seen: Viewing, whole: str, figures: Any, words: str, share: str = "") -> tuple[Count | str, ...]:
    """Return the parts of a tile that say of how many its count is: "of 489 open: 15.5%"."""
    return _("of"), " ", counted(seen, whole, figures), " ", words, f": {share}" if share else ""


def worked(hours: float | None) -> str:
    """Return a length of working time in hours; a dash where the calendar does not say."""
    return NOTHING if pd.isna(hours) else _("{hours} working hours", hours=number(hours, 1))


def tiles(seen: Viewing, make: Callable[[], list[Tile]], *, key: str) -> None:
    """Draw tiles side by side; `make` makes them once for all viewers of this address and moment."""
    shared_panel(seen, "tiles", key=key, make=lambda: {"tiles": make()})


def row(table: pd.DataFrame) -> dict[str, Any]:
    """Return the one row of a table of figures."""
    return {str(name): value for name, value in table.iloc[0].items()}


def _tone(change: float, good: int) -> str:
    if not good or not change:
        return "muted"
    return "good" if (change > 0) == (good > 0) else "overdue"
