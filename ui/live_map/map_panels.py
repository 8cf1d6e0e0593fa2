"""The panels around the live map: its description and legend, the chosen place in figures, the chosen case."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.figures.figures import Dimension, names, timed, with_sums
from safe_text import plain_text
from ui.address import map_cell
from ui.address.links import address, carried
from ui.base.html_panel import panel
from ui.base.i18n import _, duration, moment, name, percent
from ui.base.page_paths import BACKLOG, LIVE_MAP, REPORT
from ui.base.run import Run
from ui.base.states import TONES, state
from ui.figures.count import Count, count_of, counted
from ui.figures.tiles import row as only_row

OWN_WORDS = ("show", "level", "measure", "case")
"""The parameters of the address that only the map uses."""


@dataclass(frozen=True)
class Mark:
    """One entry of a legend: a shape (`dot`, `grave`, `ring`, or none: a field), its colour, its words."""

    words: str
    colour: str
    shape: str = ""


@dataclass(frozen=True)
class Sum:
    """A number of reports with words after it."""

    count: Count
    words: str


@dataclass(frozen=True)
class Fact:
    """A line of a panel: counts, or one value that is none, under a label; a note stands after it."""

    label: str
    tone: str = ""
    counts: tuple[Count, ...] = ()
    value: str = ""
    note: str = ""


def here(run: Run, **words: Any) -> str:
    """Return the map's own address with other parameters; None removes one."""
    own = {word: run.query[word] for word in OWN_WORDS if word in run.query}
    return address(LIVE_MAP, **carried(run) | own | words)


def summed(run: Run, figure: str, count: int, words: str, **choices: Any) -> Sum:
    """Return a number of reports, and words after it, that leads to the cases of its figure under these choices."""
    return Sum(count_of(run, figure, count, **choices), words)


def about(what: str, shown: Sum, missing: Sum, marks: list[Mark], sources: list[str]) -> None:
    """Draw what the map shows, in words and in colours."""
    panel("map_about", key="map_about", what=what, shown=shown, missing=missing, marks=marks, sources=sources)


def place(run: Run, level: str | None, hint: str) -> None:
    """Draw the figures of the chosen areas, or of the whole city, with a link to their backlog.

    `hint` says how to choose an area.
    """
    now = run.shared("place", lambda: only_row(with_sums(timed(run.reports, run.filters))))
    square = [map_cell.in_words(run.filters.square)] if run.filters.square else []
    chosen = [*_chosen(run, "district"), *_chosen(run, "ward"), *square]
    plain = (
        (_("Open"), "open", "", ""),
        (_("Overdue"), "overdue", "overdue", percent(now["overdue"], now["open"])),
        (_("Due soon"), "due_soon", "due-soon", ""),
        (_("No deadline known"), "no_deadline", "", ""),
        (_("Received"), "received", "", _("in the period")),
        (_("Resolved"), "resolved", "good", _("in the period")),
    )
    rows = [
        Fact(
            label,
            tone,
            tuple(counted(run, one, now) for one in ([figure, "open"] if figure == "overdue" else [figure])),
            note=note,
        )
        for label, figure, tone, note in plain
    ]
    half = Fact(_("Median handling time"), value=duration(now["median_hours"]))
    panel(
        "map_place",
        key="map_place",
        title=", ".join(chosen) or name({"name_vi": run.city.name_vi, "name_en": run.city.name_en}),
        about=_again(run, level) or hint,
        rows=[*rows, half],
        backlog=address(BACKLOG, **carried(run)),
        back=here(run, district=None, ward=None, **{map_cell.WORD: None}) if chosen else "",
    )


def case(run: Run, found: dict[str, Any]) -> None:
    """Draw one case: what, where, who, due time, state, and the link to its page."""
    severity = {"urgent": _("Urgent"), "complex": _("Complex"), "normal": _("Normal")}[found["severity"]]
    labels = [_label(run, dimension, found) for dimension in ("category", "ward", "district", "unit")]
    category, ward, district, unit = labels
    facts = [
        (_("What"), " · ".join([category, severity]), ""),
        (_("Where"), _where(plain_text(found["address"] or ""), ward, district), ""),
        (_("Who"), " · ".join(part for part in (unit, plain_text(found["officer"] or "")) if part), ""),
        (_("Submitted"), moment(found["submitted_at"]), ""),
        (_("Deadline"), moment(found["due_at"]), TONES[found["state"]]),
    ]
    panel(
        "map_case",
        key="map_case",
        title=found["title"],
        code=found["public_code"],
        state=state(found["state"]),
        tone=TONES[found["state"]],
        facts=[Fact(label, tone, value=value or _("not known")) for label, value, tone in facts],
        close=here(run, case=None),
        href=address(REPORT, **carried(run) | {"code": found["public_code"]}),
    )


def _chosen(run: Run, dimension: Dimension) -> list[str]:
    keys = run.filters.districts if dimension == "district" else run.filters.wards
    known = names(run.reports, dimension)
    return [name(known.loc[key]) if key in known.index else _("not located") for key in keys]


def _again(run: Run, level: str | None) -> str:
    """Return how a click undoes the choice; empty if nothing is chosen."""
    if run.filters.square:
        return _("Click the square again for the whole city.")
    return _("Click the area again for the whole city.") if level and run.query.get(level) else ""


def _where(written: str, *areas: str) -> str:
    """Return the address with the areas it does not contain."""
    return " · ".join(part for part in (written, *(area for area in areas if area not in written)) if part)


def _label(run: Run, dimension: Dimension, found: dict[str, Any]) -> str:
    key = found[f"{dimension}_id"]
    return "" if pd.isna(key) else name(names(run.reports, dimension).loc[key])
