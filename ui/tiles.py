"""Headline figures: each with what it is made of, its change, and the way to its cases."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ui.filters import carried
from ui.pages import CASES
from ui.panel import address, panel
from ui.viewing import Viewing
from ui.words import _, number, percent


@dataclass(frozen=True)
class Tile:
    """One headline figure, ready to draw."""

    label: str
    figure: str
    value: str
    parts: str
    change: str
    change_tone: str
    tone: str
    href: str


def count(seen: Viewing, label: str, figure: str, now: Any, before: Any, **style: Any) -> Tile:
    """Make a tile of a count. `style` may give `parts` (words), `tone` and `good` (-1: fewer is better, 1: more)."""
    change = int(now[figure]) - int(before[figure])
    words = f"{'+' if change > 0 else '−' if change < 0 else '±'}{number(abs(change))} "
    return Tile(
        label=label,
        figure=figure,
        value=number(now[figure]),
        parts=style.get("parts", ""),
        change=words + style["since"],
        change_tone=_tone(change, style.get("good", 0)),
        tone=style.get("tone", ""),
        href=address(CASES, figure=figure, **carried(seen)),
    )


def share(seen: Viewing, label: str, of: tuple[str, str], now: Any, before: Any, **style: Any) -> Tile:
    """Make a tile of a share, with its numerator and denominator; its cases are the denominator's.

    `style` as in `count`.
    """
    part, whole = (int(now[name]) for name in of)
    part_before, whole_before = (int(before[name]) for name in of)
    change = (part / whole - part_before / whole_before) * 100 if whole and whole_before else None
    words = _("nothing to compare with")
    if change is not None:
        sign = "+" if round(change, 1) > 0 else "−" if round(change, 1) < 0 else "±"
        words = _("{change} points", change=sign + number(abs(change), 1)) + " " + style["since"]
    return Tile(
        label=label,
        figure=of[1],
        value=percent(part, whole),
        parts=f"{number(part)}/{number(whole)} {style.get('parts', '')}".strip(),
        change=words,
        change_tone=_tone(change or 0, style.get("good", 0)),
        tone=style.get("tone", ""),
        href=address(CASES, figure=of[1], **carried(seen)),
    )


def tiles(shown: list[Tile], *, key: str) -> None:
    """Draw tiles side by side."""
    panel("tiles", key=key, tiles=shown)


def row(table: pd.DataFrame) -> dict[str, Any]:
    """Return the one row of a table of figures."""
    return {str(name): value for name, value in table.iloc[0].items()}


def _tone(change: float, good: int) -> str:
    if not good or not round(change, 1):
        return "muted"
    return "good" if (change > 0) == (good > 0) else "overdue"
