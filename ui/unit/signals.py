"""Signals worth a second look, beside the city's: facts, never accusations."""

from typing import Any

from queries.engine.filters import Filters
from queries.engine.small_numbers import FEWEST
from queries.figures.signals import Signal, signals, signals_by_unit
from ui.address.links import WHOLE_CITY, address, carried
from ui.base.figure_names import figure_name, meaning
from ui.base.html_panel import shared_panel
from ui.base.i18n import _, name, percent
from ui.base.page_paths import UNIT
from ui.base.run import Run
from ui.figures.count import count_of

_MOST = 30


def of_unit(run: Run, city: Filters) -> None:
    """Draw the signals of the chosen unit, each beside the city's, whose filters are given. Raises DatabaseAway."""
    shared_panel(run, "signals", key="unit_signals", make=lambda: _of_unit(run, city))


def of_units(run: Run) -> None:
    """Draw every unit with a signal that stands out, the furthest above the city's share first. Raises DatabaseAway."""
    shared_panel(run, "signals", key="signals", make=lambda: _of_units(run))


def about() -> str:
    """Return how signals are to be read, in words."""
    return _(
        "Facts worth a second look, not accusations: each may have a good reason. Marked is a share above the rest of "
        "the city's by more than chance explains (exact binomial test, 99%: one unit in two hundred is marked by "
        "chance alone). A report counts for the unit that holds it now."
    )


def _of_unit(run: Run, city: Filters) -> dict[str, Any]:
    return {
        "title": _("Worth a second look"),
        "about": about(),
        "unit_heading": "",
        "rows": [
            _row(run, signal, {}) | {"stands_out": signal.stands_out and not (run.rounded and signal.whole < FEWEST)}
            for signal in signals(run.reports, run.filters, city)
        ],
        "nothing": "",
    }


def _of_units(run: Run) -> dict[str, Any]:
    found = signals_by_unit(run.reports, run.filters)
    rows = [
        _row(run, Signal(**{field: row[field] for field in _FIELDS}), {"unit": row["code"]})
        | {
            "stands_out": False,  # all of them do
            "unit": name(row),
            "unit_href": address(UNIT, **carried(run) | {"unit": row["code"]}),
        }
        for row in found.head(_MOST).to_dict("records")
    ]
    return {
        "title": _("Units with a signal worth a second look"),
        "about": about(),
        "unit_heading": _("Unit"),
        "rows": rows,
        "nothing": _("No unit stands out in this period."),
    }


_FIELDS = ("figure", "whole_figure", "part", "whole", "city_part", "city_whole")


def _row(run: Run, signal: Signal, unit: dict[str, Any]) -> dict[str, Any]:
    figures = (signal.figure, signal.whole_figure)
    city = WHOLE_CITY if not unit else {"unit": run.query.get("unit")}
    return {
        "name": figure_name(signal.figure),
        "meaning": meaning(signal.figure),
        "parts": [count_of(run, *each, **unit) for each in zip(figures, (signal.part, signal.whole), strict=True)],
        "share": percent(signal.part, signal.whole),
        "city_parts": [
            count_of(run, *each, **city) for each in zip(figures, (signal.city_part, signal.city_whole), strict=True)
        ],
        "city_share": percent(signal.city_part, signal.city_whole),
    }
