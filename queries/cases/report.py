"""One case: its data, its holders and for how long, and similar cases nearby."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from queries.cases.cases import case_rows
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import handed_up_by
from queries.figures.figures import derived_times

NEAR_METRES = 500
_MOST_NEAR = 8
_MOMENTS = (
    "submitted_at", "received_at", "receive_due_at", "due_at", "stopped_at", "escalated_at", "ended_at", "rated_at",
    "informed_at", "stale_since",
)  # fmt: skip
_ENDS = ("resolved", "refused")


@dataclass(frozen=True)
class Held:
    """A time span in which one unit held a case, or nobody (None); `until` is the moment for the current holder."""

    unit_id: int | None
    since: datetime
    until: datetime

    @property
    def hours(self) -> float:
        """The span's length in calendar hours."""
        return (self.until - self.since).total_seconds() / 3600


def report(reports: ReportDatabase, filters: Filters, code: str) -> dict[str, Any] | None:
    """Return the case with a public code as it stood at the filters' moment.

    None if there is none, if it was submitted later, or if it is outside the viewer's scope: the three cannot be told
    apart. Keys: those of queries/cases/report.sql, missing values as None, moments in the city's zone.
    `hours_confirmed`: whether the office hours in force at submission are confirmed; `escalated_by_id`: the unit that
    escalated it; `informed_at`: when the citizen was last informed since. Raises DatabaseAway.
    """
    parameters: dict[str, Any] = filters.case_parameters() | derived_times(reports, filters)
    answer = reports.ask("report", code=code.replace("\0", ""), zone=filters.zone.key, **parameters)
    if answer.empty:
        return None
    for moment in _MOMENTS:
        answer[moment] = pd.to_datetime(answer[moment], utc=True).dt.tz_convert(filters.zone)
    row = answer.astype(object).where(answer.notna(), None).iloc[0]
    return {str(name): value for name, value in row.items()}


def reading(reports: ReportDatabase, filters: Filters, code: str) -> Filters:
    """Return the filters to read a case with: the given ones, or those of the unit that escalated it.

    Raises DatabaseAway.
    """
    if not filters.scope.within_units or report(reports, filters, code) is not None:
        return filters
    return filters.choosing(scope=handed_up_by(filters.scope.units))


def events(reports: ReportDatabase, filters: Filters, report_id: int) -> pd.DataFrame:
    """Return a case's steps up to the moment: n, at (in the city's zone), kind, from_unit_id, to_unit_id, note.

    Raises DatabaseAway.
    """
    answer = reports.ask("report_events", id=report_id, at=filters.at, scope=filters.scope)
    answer["at"] = pd.to_datetime(answer["at"], utc=True).dt.tz_convert(filters.zone)
    return answer


def held(steps: pd.DataFrame, at: datetime) -> list[Held]:
    """Return who held a case from when to when, in order; a resolved or refused case is held by nobody.

    The holder is the unit of the last step; nobody holds a case that was escalated to no unit (a span without a unit).
    A reopened case returns to its last holder, unless the step names another.
    """
    spans: list[Held] = []
    holder: int | None = None
    sent = closed = False
    for step, until in zip(steps.to_dict("records"), [*steps["at"].iloc[1:], at], strict=False):
        if not pd.isna(step["to_unit_id"]):
            sent, holder = True, int(step["to_unit_id"])
        elif step["kind"] == "escalated":
            sent, holder = True, None
        closed = step["kind"] in _ENDS or (closed and step["kind"] != "reopened")
        if closed or not sent or until <= step["at"]:
            continue
        if spans and (spans[-1].unit_id, spans[-1].until) == (holder, step["at"]):
            spans[-1] = Held(holder, spans[-1].since, until)
        else:
            spans.append(Held(holder, step["at"], until))
    return spans


def worked_minutes(reports: ReportDatabase, spans: list[Held]) -> list[float | None]:
    """Return the working minutes of each span, None if the calendar does not cover it. Raises DatabaseAway."""
    since, until = ([getattr(span, name) for span in spans] for name in ("since", "until"))
    answer = reports.ask("held_minutes", spans_start=tuple(since), spans_end=tuple(until))
    return [None if pd.isna(minutes) else float(minutes) for minutes in answer["minutes"]]


def nearby(reports: ReportDatabase, filters: Filters, case: dict[str, Any]) -> pd.DataFrame:
    """Return open cases of the same category nearby, nearest first, as `case_rows` does, with the distance (`metres`).

    Empty if the case has no place. Raises DatabaseAway.
    """
    away: dict[int, float] = {}
    if case["lat"] is not None:
        place = {"id": case["id"], "category": case["category_id"], "lon": case["lon"], "lat": case["lat"]}
        answer = reports.ask("nearby", metres=NEAR_METRES, limit=_MOST_NEAR, **(filters.case_parameters() | place))
        away = dict(zip(map(int, answer["id"]), map(float, answer["metres"]), strict=True))
    table = case_rows(reports, filters, list(away))
    return table.assign(metres=table["id"].map(away).astype("float64"))
