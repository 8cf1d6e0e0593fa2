"""What the map draws: reports as points, reports in the cells of a grid, and the one case that was clicked."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from queries.database import ReportDatabase
from queries.figures import moments
from queries.filters import BEGINNING, Filters
from queries.period import summarised

_Numbers = NDArray[np.int64]
_AROUND = 360_000  # thousandths of a degree around the world

MOST_POINTS = 100_000
"""With more, points hide each other and a browser takes seconds to draw them; cells count them instead."""


def points(
    reports: ReportDatabase, filters: Filters, *, figure: str = "open", since: datetime = BEGINNING
) -> pd.DataFrame:
    """Return the reports a figure counts, submitted after `since`, that have coordinates; the most pressing last.

    A row is a group that looks alike: state (0 in time or ended, 1 no deadline known, 2 due soon, 3 overdue), severity
    (0 normal, 1 complex, 2 urgent), category_id, reports, and places: for each report a line "x,y,id", x and y its
    longitude and latitude in hundred-thousandths of a degree. A hundred thousand rows would take ten times as long to
    read as these few long ones. The most pressing MOST_POINTS are returned. Raises DatabaseAway, KeyError.
    """
    parameters = filters.case_parameters() | moments(reports, filters)
    return reports.ask("map_points", figure=figure, since=since, most=MOST_POINTS, **parameters)


def cells(reports: ReportDatabase, filters: Filters, *, figure: str, wide: int, high: int) -> pd.DataFrame:
    """Return how many of the reports a figure counts (open, received) lie in each cell of a grid over the world.

    A cell is `wide` by `high` thousandths of a degree, even numbers; empty ones are left out. Columns: lon, lat (of its
    middle, degrees), reports. Raises DatabaseAway.
    """
    counted = filters.counting()
    return reports.remember(
        ("cells", counted, figure, wide, high), lambda: _cells(reports, counted, figure, wide, high)
    )


def _cells(reports: ReportDatabase, filters: Filters, figure: str, wide: int, high: int) -> pd.DataFrame:
    parts, rests = [], [filters]
    whole = summarised(reports, filters, None) if figure == "received" else None
    if whole is not None and whole.dimension == "city" and whole.months[0] < whole.end:
        whole = replace(whole, first=whole.months[0], end=whole.months[1])  # cells are kept by the month
        days: dict[str, Any] = {"first_day": whole.first, "end_day": whole.end, "zone": filters.zone.key}
        parts, rests = [_placed(reports.ask_now("period_cells", **days), 2)], whole.rest(filters)
    for rest in rests:
        answer = reports.ask_now("map_cells", figure=figure, **rest.parameters() | moments(reports, rest))
        parts.append(_placed(answer, 1))
    north, east, counts = (np.concatenate(each) for each in zip(*parts, strict=True))
    known, places = np.unique(north // high * _AROUND + east // wide, return_inverse=True)
    sums = np.bincount(places, counts, len(known)).astype("int64")
    lat, lon = (
        (place + 0.5) * side / 1000 for place, side in zip(np.divmod(known, _AROUND), (high, wide), strict=True)
    )
    return pd.DataFrame({"lon": lon - 180, "lat": lat - 90, "reports": sums})[sums > 0].reset_index(drop=True)


def _placed(answer: pd.DataFrame, side: int) -> tuple[_Numbers, _Numbers, _Numbers]:
    """Return how far north and east cells of so many thousandths of a degree lie, and how many reports are in each."""
    told, counted = answer["cells"].iloc[0], answer["reports"].iloc[0]
    cells = np.frombuffer(told or b"", ">i8").astype("int64")
    north, east = np.divmod(cells, _AROUND // side)
    counts = np.ones(len(cells), "int64") if counted is None else np.frombuffer(counted, ">i4").astype("int64")
    return north * side, east * side, counts


def case(
    reports: ReportDatabase, filters: Filters, *, report_id: int | None = None, code: str | None = None
) -> dict[str, Any] | None:
    """Return one case by its id or its public code, or None where there is none the viewer may see.

    Keys: id, public_code, title, address, severity, state (as in queries.cases), the ids of category, district, ward
    and unit, officer, submitted_at, due_at, ended_at (in the city's zone), lon, lat. Raises DatabaseAway.
    """
    parameters = filters.case_parameters() | moments(reports, filters)
    answer = reports.ask("map_case", id=report_id, code=code, **parameters)
    if answer.empty:
        return None
    row: dict[str, Any] = {str(key): value for key, value in answer.iloc[0].items()}
    for key in ("submitted_at", "due_at", "ended_at"):
        row[key] = None if pd.isna(row[key]) else pd.Timestamp(row[key]).tz_convert(filters.zone).to_pydatetime()
    return row
