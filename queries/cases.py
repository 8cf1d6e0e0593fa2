"""The cases behind a figure: the same definition, listed instead of counted."""

from typing import Any, Literal, get_args

import pandas as pd

from queries.database import ReportDatabase
from queries.figures import COUNTS, moments
from queries.filters import Filters
from queries.search import Search

Order = Literal["newest", "oldest", "worklist", "most_late"]
ORDERS: tuple[Order, ...] = get_args(Order)
FIGURES = (
    "submitted",
    *COUNTS,
    "in_time",
    "due_today",
    "age_under_3",
    "age_3_to_7",
    "age_7_to_14",
    "age_14_to_30",
    "age_over_30",
    "waiting",
    "in_progress",
    "escalated",
    "ended",
    "resolved",
    "reopened",
    "rated_satisfied",
    "rated_acceptable",
    "rated_not_satisfied",
)
"""The figures whose cases can be listed, as definitions.sql names them."""


MOST_COUNTED = 10_000
"""Beyond this many found, a search says "more than" and stops counting."""
_MOMENTS = ("submitted_at", "received_at", "receive_due_at", "due_at", "escalated_at", "ended_at")


def cases(
    reports: ReportDatabase,
    filters: Filters,
    *,
    figure: str,
    order: Order = "newest",
    search: Search | None = None,
    limit: int = 50,
    offset: int = 0,
) -> pd.DataFrame:
    """Return one page of the cases a figure counts, or of those among them that a search finds, as `case_rows` does.

    Raises DatabaseAway, KeyError.
    """
    ids = case_ids(reports, filters, figure=figure, order=order, search=search, limit=limit, offset=offset)
    return case_rows(reports, filters, ids)


def case_ids(
    reports: ReportDatabase,
    filters: Filters,
    *,
    figure: str,
    order: Order,
    search: Search | None,
    limit: int,
    offset: int = 0,
) -> list[int]:
    """Return the ids of the cases a figure counts and a search finds, in order. Raises DatabaseAway, KeyError."""
    question, parameters = _question("cases", reports, filters, search)
    answer = reports.ask(question, figure=figure, order=order, limit=limit, offset=offset, **parameters)
    return [int(number) for number in answer["id"]]


def case_rows(reports: ReportDatabase, filters: Filters, ids: list[int]) -> pd.DataFrame:
    """Return cases as they stood at the filters' moment, in the order of their ids.

    Columns: id, public_code, title, address, lon, lat, severity, state, status, the ids of category, channel,
    district, ward and unit, officer, answer, rating, reopen_count, transfer_count, and submitted_at, received_at,
    receive_due_at, due_at, escalated_at, ended_at (in the city's zone). `state` tells overdue, due_soon, in_time,
    no_deadline, refused, resolved (no deadline), resolved_on_time and resolved_late apart. Raises DatabaseAway.
    """
    parameters: dict[str, Any] = {"ids": tuple(ids), "at": filters.at, **moments(reports, filters)}
    answer = reports.ask("case_rows", **parameters)
    answer = answer.set_index("id").reindex(ids).reset_index()
    for moment in _MOMENTS:
        answer[moment] = pd.to_datetime(answer[moment], utc=True).dt.tz_convert(filters.zone)
    return answer


def case_count(reports: ReportDatabase, filters: Filters, *, figure: str, search: Search | None = None) -> int:
    """Return how many cases a figure counts; where a search is given, how many it finds, up to MOST_COUNTED + 1.

    Raises DatabaseAway, KeyError.
    """
    question, parameters = _question("case_count", reports, filters, search)
    return int(reports.ask(question, figure=figure, limit=MOST_COUNTED + 1, **parameters)["cases"].iloc[0])


def _question(
    question: str, reports: ReportDatabase, filters: Filters, search: Search | None
) -> tuple[str, dict[str, Any]]:
    """Return the question that a search makes of a question, and the parameters both have."""
    parameters = filters.parameters() | moments(reports, filters)
    if search is None:
        return question, parameters
    searching = {"cases": "search", "case_count": "search_count"}
    return searching[question], parameters | {"words": search.words, "code": search.code}
