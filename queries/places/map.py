"""Map queries: reports as points, reports in a grid's squares, and the case that was clicked."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.figures import derived_times
from queries.figures.keyed import keys_of, sum_tables
from queries.figures.period import summarised
from queries.privacy.small_numbers import counts

_WITHIN, _LEAST = 3, 0.05  # times the interquartile range, and at least so many degrees
_AROUND = 360_000  # thousandths of a degree around the world: the most squares in a row

MOST_POINTS = 100_000
"""With more, points hide each other and take a browser seconds to draw; squares count them instead."""


def points(reports: ReportDatabase, filters: Filters) -> pd.DataFrame:
    """Return the open reports that have coordinates, the most pressing last.

    A row is a group of reports that look alike: state (0 in time or ended, 1 no deadline known, 2 due soon, 3 overdue),
    severity (0 normal, 1 complex, 2 urgent), category_id, reports, and places: for each report a line "x,y,id", x and y
    its longitude and latitude in hundred-thousandths of a degree. Reading a hundred thousand rows would take ten times
    as long as these few long ones. Raises DatabaseAway.
    """
    return reports.ask("map_points", **filters.case_parameters() | derived_times(reports, filters))


def arrivals(reports: ReportDatabase, filters: Filters, *, since: datetime) -> pd.DataFrame:
    """Return the reports submitted after `since`, open or not, as `points` does. Raises DatabaseAway."""
    return reports.ask("map_arrivals", since=since, **filters.case_parameters() | derived_times(reports, filters))


def grid(reports: ReportDatabase) -> tuple[int, int]:
    """Return the width and height of the city grid's squares, in thousandths of a degree: about as wide as high.

    The grid covers the world, starting at the antimeridian and the south pole. Raises DatabaseAway.
    """
    wide, high = reports.ask("grid").iloc[0]
    return int(wide), int(high)


def extent(reports: ReportDatabase, filters: Filters) -> tuple[float, float, float, float] | None:
    """Return the extent of the city's reports by the filters' moment: west, south, east, north, in degrees.

    In whole squares of the grid, with a margin. A point farther from the middle half of the reports than three times
    its span counts as an error. The filters' choices have no effect; None if no report has a point. Raises
    DatabaseAway.
    """
    wide, high = grid(reports)
    everything = Filters.of(at=filters.at, zone=filters.zone, scope=filters.scope)
    table = squares(reports, everything, figure="received")
    if table.empty:
        return None
    west, east = _span(table["lon"], table["reports"])
    south, north = _span(table["lat"], table["reports"])
    beside, above = 1.5 * wide / 1000, 1.5 * high / 1000
    return west - beside, max(south - above, -90.0), east + beside, min(north + above, 90.0)


def _span(places: pd.Series, counts: pd.Series) -> tuple[float, float]:
    """Return the first and last position within a few interquartile ranges of the middle half of the counts."""
    order = np.argsort(places.to_numpy(), kind="stable")
    sorted_places, sums = places.to_numpy()[order], np.cumsum(counts.to_numpy()[order])
    lower, upper = sorted_places[np.searchsorted(sums, [sums[-1] / 4, sums[-1] * 3 / 4])]
    room = _WITHIN * max(upper - lower, _LEAST)
    near = sorted_places[(sorted_places >= lower - room) & (sorted_places <= upper + room)]
    return float(near[0]), float(near[-1])


def squares(reports: ReportDatabase, filters: Filters, *, figure: str) -> pd.DataFrame:
    """Return the number of reports of a figure (open, received) in each square of the city's grid.

    Empty squares are left out, and squares of few reports for viewers who may not read their cases. Columns: lon, lat
    (of the centre, degrees), reports. Raises DatabaseAway.
    """
    table = counts(
        reports,
        filters,
        ("squares", figure),
        lambda counted: _squares(reports, counted, figure).rename(columns={"reports": figure}),
        keys={"key": "square"},
        columns=[figure],
    )
    wide, high = grid(reports)
    from_south, from_west = np.divmod(keys_of(table), _AROUND)
    return pd.DataFrame(
        {
            "lon": (from_west + 0.5) * wide / 1000 - 180,
            "lat": (from_south + 0.5) * high / 1000 - 90,
            "reports": table[figure].to_numpy(),
        }
    )


def _squares(reports: ReportDatabase, filters: Filters, figure: str) -> pd.DataFrame:
    """Return the same by square number: key, reports."""
    wide, high = grid(reports)
    parts, rests = [], [filters]
    whole = summarised(reports, filters, None) if figure == "received" else None
    if whole is not None and whole.dimension == "city":
        parts = [reports.ask("period_squares", **whole.parameters(filters), wide=wide, high=high)]
        rests = whole.rest(filters)
    for rest in rests:
        asked = rest.parameters() | derived_times(reports, rest) | {"wide": wide, "high": high}
        parts.append(reports.ask("map_squares", figure=figure, **asked))
    table = sum_tables(parts, ["reports"])
    return table[table["reports"] > 0]


def case(
    reports: ReportDatabase, filters: Filters, *, report_id: int | None = None, code: str | None = None
) -> dict[str, Any] | None:
    """Return one case by id or public code, or None if there is none that the viewer may see.

    Keys: id, public_code, title, address, severity, state (as in queries.cases), the ids of category, district, ward
    and unit, officer, submitted_at, due_at, ended_at (in the city's zone), lon, lat. Raises DatabaseAway.
    """
    parameters = filters.case_parameters() | derived_times(reports, filters)
    answer = reports.ask("map_case", id=report_id, code=code, **parameters)
    if answer.empty:
        return None
    row: dict[str, Any] = {str(key): value for key, value in answer.iloc[0].items()}
    for key in ("submitted_at", "due_at", "ended_at"):
        row[key] = None if pd.isna(row[key]) else pd.Timestamp(row[key]).tz_convert(filters.zone).to_pydatetime()
    return row
