"""The cases behind a figure: the figure's definition, listed instead of counted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import pandas as pd

from queries.cases.search import Search
from queries.engine.database import ReportDatabase
from queries.engine.filters import BEGINNING, NONE, Filters
from queries.engine.scope import handed_up_by
from queries.figures.figures import derived_times
from queries.figures.period import period_counts
from queries.privacy.small_numbers import counts
from queries.registry.registry import FIGURES, PERIOD_COUNTS, SUMS

Order = Literal["newest", "oldest", "worklist", "most_late"]
ORDERS: tuple[Order, ...] = get_args(Order)

MOST_FOUND = 1_000
"""A search counts no further than this and then says "more than"."""
_MOST_OF_THE_RARE = 5_000
"""The same limit for the index of all words: with more, walking the newest reports soon finds fifty."""
_PLENTY = 51
"""With this many matches among the newest (a page and one more), a list in newest order says "more than" without
counting up to MOST_FOUND."""
_NEAR = 30_000
"""A search reads so many of a figure's newest reports before it uses the index of words."""
_NEAR_IN_ORDER = 40_000
"""The same if an index has the reports in order of submission, which is twice as fast."""
_ALL_FOUND = 1_000_000
"""More than a search finds within a viewer's units: there all matches are read, so all are sorted."""
_ALL_OPEN = 10_000_000
"""More than a city has open at one moment."""
_PART = 1_000
"""Cases of a file are read in parts of this size."""
_IDS_AT_ONCE = 20_000
"""Ids of a long list are read in parts of this size."""
_MOMENTS = (
    "submitted_at",
    "received_at",
    "receive_due_at",
    "due_at",
    "escalated_at",
    "ended_at",
    "held_since",
    "informed_at",
)


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
    """Return one page of a figure's cases, or of those among them that match a search, as `case_rows` does.

    Raises DatabaseAway, KeyError.
    """
    filters = asked_as(filters, figure)
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
    """Return the ids of a figure's cases that match a search, in order. Raises DatabaseAway, KeyError."""
    filters = asked_as(filters, figure)
    parameters = filters.case_parameters() | derived_times(reports, filters)
    question = "cases"
    if search is not None:
        found = _found(reports, filters, figure, order, search)
        if found.all or (found.first and offset + limit <= len(found.ids)):
            return found.ids[offset : offset + limit]
        question = "search"
        parameters |= search.parameters(filters, units=not FIGURES[figure].by_sender)
    answer = reports.ask(question, figure=figure, order=order, limit=limit, offset=offset, **parameters)
    return [int(number) for number in answer["id"]]


def asked_as(filters: Filters, figure: str) -> Filters:
    """Return the filters to read a figure's cases with: what a viewer's units escalated needs another role."""
    if FIGURES[figure].by_sender and filters.scope.within_units:
        return filters.choosing(scope=handed_up_by(filters.scope.units))
    return filters


def case_rows(reports: ReportDatabase, filters: Filters, ids: list[int]) -> pd.DataFrame:
    """Return cases as they stood at the filters' moment, in the order of the ids.

    Columns: id, public_code, title, address, lon, lat, severity, state, status, the ids of category, channel, district,
    ward and unit (the holder), escalated_by_id (the unit that escalated it), officer, answer, rating, reopen_count,
    transfer_count, and submitted_at, received_at, receive_due_at, due_at, escalated_at, ended_at, held_since and
    informed_at (in the city's zone; the last two only for escalated cases: since when the holder has it, and when the
    citizen was last informed since). `state` is overdue, due_soon, in_time, no_deadline, refused, resolved (no
    deadline), resolved_on_time or resolved_late. The city's own data: published (whether any), published_late (null:
    not said), published_status, published_district, published_ward. Raises DatabaseAway.
    """
    return _in_order(reports.ask("case_rows", **_rows_of(reports, filters, ids)), filters, ids)


def working_left(reports: ReportDatabase, filters: Filters, ids: list[int]) -> dict[int, float]:
    """Return the working minutes left for each of these cases that is open, not overdue, and due in working time.

    Cases not covered by the calendar are left out. Raises DatabaseAway.
    """
    answer = reports.ask("working_left", ids=tuple(ids), at=filters.at).dropna()
    return dict(zip(map(int, answer["id"]), map(float, answer["minutes"]), strict=True))


@dataclass(frozen=True)
class Listed:
    """All cases of a list: how many, and a function that yields their ids in order, in parts."""

    count: int
    ids: Callable[[], Iterator[list[int]]]


def listed(
    reports: ReportDatabase,
    filters: Filters,
    *,
    figure: str,
    order: Order,
    search: Search | None,
    most: int | None = None,
) -> Listed:
    """Return all cases of a figure that match a search, or the first `most` of them.

    Ids of events in a period are read in parts, each starting where the last one ended: no query is long, and no
    connection is held between two. Open reports and search results are read at once, because they must be sorted first.
    Raises DatabaseAway, KeyError.
    """
    if search is None and FIGURES[figure].kind != "standing":
        count = readable_count(reports, filters, figure=figure)
        count = count if most is None else min(count, most)
        return Listed(count, lambda: _ids_in_parts(reports, filters, figure, order, most))
    ids = case_ids(
        reports, filters, figure=figure, order=order, search=search, limit=_ALL_OPEN if most is None else most
    )
    return Listed(len(ids), lambda: iter([ids]))


def _ids_in_parts(
    reports: ReportDatabase, filters: Filters, figure: str, order: Order, most: int | None
) -> Iterator[list[int]]:
    """Yield the ids of events in a period in parts, each after the last one's end. Raises DatabaseAway, KeyError."""
    parameters = filters.case_parameters() | derived_times(reports, filters)
    after: dict[str, Any] = {"after": "infinity" if order == "newest" else "-infinity", "after_id": 0}
    while most is None or most > 0:
        limit = _IDS_AT_ONCE if most is None else min(most, _IDS_AT_ONCE)
        answer = reports.ask_now("cases_after", figure=figure, order=order, limit=limit, **after, **parameters)
        if len(answer):
            yield [int(number) for number in answer["id"]]
        if len(answer) < limit:
            return
        after = {"after": answer["moved"].iloc[-1].to_pydatetime(), "after_id": int(answer["id"].iloc[-1])}
        most = None if most is None else most - len(answer)


def case_parts(
    reports: ReportDatabase, filters: Filters, ids: Callable[[], Iterator[list[int]]]
) -> Iterator[pd.DataFrame]:
    """Yield cases as `case_rows` does, a thousand at a time, uncached; `ids` as in Listed.

    Raises DatabaseAway.
    """
    for group in ids():
        for start in range(0, len(group), _PART):
            part = group[start : start + _PART]
            yield _in_order(reports.ask_now("case_rows", **_rows_of(reports, filters, part)), filters, part)


def _rows_of(reports: ReportDatabase, filters: Filters, ids: list[int]) -> dict[str, Any]:
    return {"ids": tuple(ids), "at": filters.at, "scope": filters.scope, **derived_times(reports, filters)}


def _in_order(answer: pd.DataFrame, filters: Filters, ids: list[int]) -> pd.DataFrame:
    known = answer.set_index("id")
    # A report deleted since its id was read is left out.
    ordered = known.reindex([number for number in ids if number in known.index]).reset_index()
    for moment in _MOMENTS:
        ordered[moment] = pd.to_datetime(ordered[moment], utc=True).dt.tz_convert(filters.zone)
    return ordered


def orders(figure: str) -> tuple[Order, ...]:
    """Return the orders in which a figure's cases can be listed. Raises KeyError.

    Events in a period are ordered by their time, which an index provides at any length; only the open reports are few
    enough to be sorted by deadline.
    """
    return ORDERS if FIGURES[figure].kind == "standing" else ("newest", "oldest")


def speaks_of_the_period(figure: str) -> bool:
    """Return whether a figure depends on the period. Raises KeyError."""
    return FIGURES[figure].kind == "period"


def found_count(reports: ReportDatabase, filters: Filters, *, figure: str, search: Search) -> tuple[int, bool]:
    """Return how many of a figure's cases match a search, and whether there are more.

    Frequent matches are not counted completely; then the number is a multiple of ten. Raises DatabaseAway, KeyError.
    """
    found = _found(reports, filters, figure, "newest", search)
    return (len(found.ids), False) if found.all else ((len(found.ids) - 1) // 10 * 10, True)


def case_count(reports: ReportDatabase, filters: Filters, *, figure: str) -> int:
    """Return how many cases a figure counts, exactly or as published (queries.small_numbers).

    Raises DatabaseAway, KeyError.
    """
    if FIGURES[figure].kind == "all_time":  # received at any time up to the moment
        return int(period_counts(reports, filters.since(BEGINNING))["received"].iloc[0])
    if figure in (*PERIOD_COUNTS, *SUMS):
        return int(period_counts(reports, filters)[figure].iloc[0])

    def asked(counted: Filters) -> pd.DataFrame:
        """Count them."""
        answer = reports.ask("case_count", figure=figure, **counted.parameters() | derived_times(reports, counted))
        return answer.rename(columns={"cases": figure})

    return int(counts(reports, filters, ("case count", figure), asked, columns=[figure])[figure].iloc[0])


def readable_count(reports: ReportDatabase, filters: Filters, *, figure: str) -> int:
    """Return how many of a figure's cases the viewer may read. Raises DatabaseAway, KeyError."""
    if filters.scope.reads_all:
        return case_count(reports, filters, figure=figure)
    if not filters.scope.sees_cases:
        return 0
    filters = asked_as(filters, figure)
    parameters = filters.case_parameters() | derived_times(reports, filters)
    return int(reports.ask("case_count", figure=figure, **parameters)["cases"].iloc[0])


class _Found(NamedTuple):
    ids: list[int]
    all: bool  # complete and in order
    first: bool  # the first ones in the order


def _found(reports: ReportDatabase, filters: Filters, figure: str, order: Order, search: Search) -> _Found:
    """Return the matches of a search, or the first of them if they are frequent.

    Open reports have an index of words of their own, which a viewer limited to some units cannot use. For all reports,
    a search that is frequent among the newest is not counted further, and a rare one uses the index.
    """
    filters = asked_as(filters, figure)
    parameters = search.parameters(filters, units=not FIGURES[figure].by_sender)
    asked = filters.case_parameters() | derived_times(reports, filters) | parameters
    within_units = filters.scope.within_units
    most = _ALL_FOUND if within_units else MOST_FOUND + 1
    asked |= {"figure": figure, "order": order, "most": most}
    of_the_open = FIGURES[figure].kind == "standing"
    newest_first = order == "newest" and FIGURES[figure].ordered_by == "submitted_at"
    if search.words and (within_units or not of_the_open):
        in_order = _come_in_order(filters, figure)
        near = _NEAR_IN_ORDER if in_order else _NEAR
        answer = reports.ask("search_newest" if in_order else "search_near", near=near, **asked).iloc[0]
        ids: list[int] = answer["ids"]
        whole = answer["looked_at"] < near
        if whole or len(ids) >= (_PLENTY if newest_first else MOST_FOUND + 1):
            return _Found(ids, all=whole and len(ids) < most, first=whole or newest_first)
    question = "search_open" if search.words and of_the_open and not within_units else "search_few"
    if question == "search_few" and not within_units:
        most = asked["most"] = _MOST_OF_THE_RARE + 1
    ids = list(map(int, reports.ask(question, **asked)["id"]))
    return _Found(ids, all=len(ids) < most, first=False)


def _come_in_order(filters: Filters, figure: str) -> bool:
    """Return whether an index has the reports of a figure in order of submission: all reports, or one unit's."""
    units = set(filters.units or filters.scope.own or ())
    return (
        figure in {"submitted", "received"} and filters == filters.of_units() and len(units) <= 1 and NONE not in units
    )
