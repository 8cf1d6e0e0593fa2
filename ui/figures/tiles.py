"""Headline figures: each with its parts, its change, and links to its cases."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.registry.registry import SHARES
from ui.base.figure_names import figure_name, meaning, rate_name
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import NOTHING, _, number, percent
from ui.base.run import Run
from ui.figures.count import Count, counted
from ui.figures.unconfirmed import Mark, mark_of


@dataclass(frozen=True)
class Change:
    """A figure's change (ui/figures/change.py): its parts in reading order, tone, and what it is compared with."""

    parts: tuple[Count | str, ...]
    tone: str = "muted"
    about: str = ""

    @property
    def words(self) -> str:
        """The change as plain text, without links."""
        return "".join(part if isinstance(part, str) else part.words for part in self.parts)


@dataclass(frozen=True)
class Tile:
    """One headline figure, ready to draw: `parts` are counts and plain words in reading order.

    `about` says what is counted, `mark` that the figure depends on something unconfirmed.
    """

    label: str
    value: str
    of: Count
    parts: tuple[Count | str, ...]
    change: Change
    tone: str
    about: str
    mark: Mark | None = None


def count(
    run: Run,
    figure: str,
    now: Any,
    change: Change,
    *,
    parts: tuple[Count | str, ...] = (),
    tone: str = "",
    unknown: tuple[Count | str, ...] = (),
) -> Tile:
    """Make a tile of a count with its change.

    `unknown` says why nothing could be counted; the tile then shows a dash in a neutral tone.
    """
    shown, label, mark = counted(run, figure, now), figure_name(figure), mark_of(run, figure)
    if unknown:
        return Tile(label, NOTHING, shown, unknown, Change(("",)), "", meaning(figure), mark)
    edge = tone if shown.count else ""  # 0 overdue needs no alarm
    return Tile(label, shown.words, shown, parts, change, edge, meaning(figure), mark)


def share(run: Run, name: str, now: Any, change: Change, *, words: str, unknown: str) -> Tile:
    """Make a tile of a share of the registry (more is better) with its numerator and denominator, and its change.

    Green needs a numerator; if the denominator is 0, `unknown` says why nothing could be counted.
    """
    label, mark = rate_name(name), mark_of(run, name)
    part, whole = (counted(run, figure, now) for figure in (SHARES[name].part, SHARES[name].whole))
    about = f"{meaning(part.figure)} ÷ {meaning(whole.figure)}"
    if not whole.count and not run.rounded:  # a published 0 may stand for a few reports
        return Tile(label, NOTHING, whole, (unknown,), Change(("",)), "", about, mark)
    tone = "good-tile" if part.count else ""
    value = percent(part.count, whole.count)
    return Tile(label, value, whole, (part, "/", whole, " " + words), change, tone, about, mark)


def no_deadlines(run: Run, figures: Any) -> tuple[Count | str, ...]:
    """Return why nothing can be overdue, if no open report has a deadline; else nothing."""
    if not figures["open"] or figures["no_deadline"] < figures["open"]:
        return ()
    return counted(run, "no_deadline", figures), " " + _("open, none of them with a deadline")


def no_receive_times(run: Run, figures: Any) -> tuple[Count | str, ...]:
    """Return why nothing can be overdue to be received, if no report has a time for it; else nothing."""
    if not figures["not_received"] or figures["receive_waiting"] or figures["receive_overdue"]:
        return ()
    return counted(run, "not_received", figures), " " + _("not yet taken on, none with a term for it")


def plain(
    run: Run,
    figure: str,
    figures: Any,
    words: str,
    *,
    parts: tuple[Count | str, ...] = (),
    tone: str = "",
    unknown: tuple[Count | str, ...] = (),
) -> Tile:
    """Return a tile of a count without a comparison: words replace its change."""
    return count(run, figure, figures, Change((words,)), parts=parts, tone=tone, unknown=unknown)


def out_of(run: Run, whole: str, figures: Any, words: str, share: str = "") -> tuple[Count | str, ...]:
    """Return a tile's parts that name the whole of its count: "of 489 open: 15.5%"."""
    return _("of"), " ", counted(run, whole, figures), " ", words, f": {share}" if share else ""


def worked(hours: float | None) -> str:
    """Return working hours in words; a dash if the calendar does not cover them."""
    return NOTHING if pd.isna(hours) else _("{hours} working hours", hours=number(hours, 1))


@dataclass(frozen=True)
class Tiles(View):
    """Tiles side by side, as figures/tiles.html draws them."""

    tiles: list[Tile]


def tiles(run: Run, make: Callable[[], list[Tile]], *, key: str) -> None:
    """Draw tiles side by side; `make` makes them once for all viewers of this address and moment."""
    shared_panel(run, "tiles", key=key, make=lambda: Tiles(make()))


def row(table: pd.DataFrame) -> dict[str, Any]:
    """Return the only row of a table of figures."""
    return {str(name): value for name, value in table.iloc[0].items()}
