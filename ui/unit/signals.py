"""Signals worth a second look, beside the city's: facts, not accusations."""

from dataclasses import dataclass, fields
from typing import Any

from queries.engine.filters import Filters
from queries.figures.signals import Signal, signals, signals_by_unit
from queries.privacy.small_numbers import FEWEST
from ui.address.links import WHOLE_CITY, address, carried
from ui.base.figure_names import figure_name, meaning
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, name, percent
from ui.base.page_paths import UNIT
from ui.base.run import Run
from ui.figures.count import Count, count_of

_MOST = 30


@dataclass(frozen=True)
class Row:
    """A signal: `parts` are its figure and what that is a share of, `city_parts` the same of the city.

    `unit` and `unit_href` are empty where the panel is of one unit.
    """

    name: str
    meaning: str
    parts: tuple[Count, Count]
    share: str
    city_parts: tuple[Count, Count]
    city_share: str
    stands_out: bool
    unit: str = ""
    unit_href: str = ""


@dataclass(frozen=True)
class Signals(View):
    """Signals as unit/signals.html draws them; without a `unit_heading` they are of one unit."""

    title: str
    about: str
    unit_heading: str
    rows: list[Row]
    nothing: str


def of_unit(run: Run, city: Filters) -> None:
    """Draw the chosen unit's signals, each beside the city's, whose filters are given. Raises DatabaseAway."""
    shared_panel(run, "signals", key="unit_signals", make=lambda: _of_unit(run, city))


def of_units(run: Run) -> None:
    """Draw every unit with a marked signal, the furthest above the city's share first. Raises DatabaseAway."""
    shared_panel(run, "signals", key="signals", make=lambda: _of_units(run))


def about() -> str:
    """Return how to read signals."""
    return _(
        "Facts worth a second look, not accusations: each may have a good reason. A share is marked if "
        "it exceeds the rest of the city's by more than chance explains (exact binomial test, 99%: one "
        "unit in two hundred is marked by chance alone). A report counts for the unit that holds it now."
    )


def _of_unit(run: Run, city: Filters) -> Signals:
    return Signals(
        title=_("Worth a second look"),
        about=about(),
        unit_heading="",
        rows=[
            _row(run, signal, stands_out=signal.stands_out and not (run.rounded and signal.whole < FEWEST))
            for signal in signals(run.reports, run.filters, city)
        ],
        nothing="",
    )


def _of_units(run: Run) -> Signals:
    found = signals_by_unit(run.reports, run.filters)
    return Signals(
        title=_("Units with a signal worth a second look"),
        about=about(),
        unit_heading=_("Unit"),
        rows=[
            _row(run, Signal(**{field: row[field] for field in _FIELDS}), stands_out=False, unit=row)  # all of them do
            for row in found.head(_MOST).to_dict("records")
        ],
        nothing=_("No unit stands out in this period."),
    )


_FIELDS = tuple(field.name for field in fields(Signal))


def _row(run: Run, signal: Signal, *, stands_out: bool, unit: Any = None) -> Row:
    """Return a signal of the chosen unit, or of one of many (a row with its code and names)."""
    here = {} if unit is None else {"unit": unit["code"]}
    city = WHOLE_CITY if unit is None else {"unit": run.query.get("unit")}
    figure, whole = signal.figure, signal.whole_figure
    return Row(
        name=figure_name(figure),
        meaning=meaning(figure),
        parts=(count_of(run, figure, signal.part, **here), count_of(run, whole, signal.whole, **here)),
        share=percent(signal.part, signal.whole),
        city_parts=(count_of(run, figure, signal.city_part, **city), count_of(run, whole, signal.city_whole, **city)),
        city_share=percent(signal.city_part, signal.city_whole),
        stands_out=stands_out,
        unit="" if unit is None else name(unit),
        unit_href="" if unit is None else address(UNIT, **carried(run) | here),
    )
