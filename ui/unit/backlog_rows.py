"""The rows of the backlog's table: every number of a row with the way to its cases, and how the row is drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import pandas as pd

from queries.engine.filters import TICK
from queries.figures.backlog import AGES, PACE_DAYS, RECEIPTS, STAGES, URGENCIES
from queries.figures.figures import Dimension
from queries.figures.ranking import FEWEST_OPEN
from queries.privacy.small_numbers import FEWEST
from ui.address.links import address, carried
from ui.address.url_filters import NOBODY
from ui.base import levels
from ui.base.i18n import _, name, number, percent, rounded
from ui.base.page_paths import BACKLOG, CASES, UNIT
from ui.base.run import Run
from ui.figures.change import grown_tone, standing_before
from ui.figures.count import Count

FLOWS = ("received", "ended")
COUNTED = (*URGENCIES, *RECEIPTS, *AGES, *STAGES, *FLOWS)
"""The columns of the table that count reports."""
_WEEK = {"period": "7d", "from": None, "to": None}


@dataclass(frozen=True)
class Row:
    """A row, ready to draw: all reports together (`total`), or those of one member of a dimension (`key`).

    `counts` are by COUNTED, `late` is the overdue share, `oldest` the days the longest waiting report is open. `change`
    is that in open reports, `before` from how many; None where nothing is compared. `days_of_work` is None where
    nothing was resolved lately, and `resolved` counts that. `excess` says by how many hundredths the share of an age or
    a stage is above that of all.
    """

    name: str
    key: int | None
    href: str | None
    total: bool
    counts: Mapping[str, Count]
    excess: Mapping[str, float]
    late: str
    oldest: int | None
    change: int | None
    change_tone: str
    before: str
    no_deadlines: bool
    days_of_work: str | None
    resolved: Count
    rounded: bool


def whole_row(run: Run, whole: Any) -> Row:
    """Return the row of all reports together."""
    return _row(run, whole, whole, carried(run), _("All"), None, None)


class Member(NamedTuple):
    """A member of a dimension, or what has none (`key` None): its figures, its page, and the choices that mean it."""

    figures: dict[Any, Any]
    name: str
    key: int | None
    href: str
    choices: dict[str, Any]


def members(run: Run, rows: pd.DataFrame, by: Dimension) -> Iterator[Member]:
    """Yield the members of a dimension that rows of a backlog are about."""
    nobody = _("no unit yet") if by == "unit" else _("not located")
    for found in rows.to_dict("records"):
        nowhere = bool(pd.isna(found["key"]))
        choices = carried(run) | {by: NOBODY if nowhere else found["code"]}
        page, more = (UNIT, {}) if by == "unit" and not nowhere else (BACKLOG, {"by": next_level(run, by)})
        title, key = (nobody, None) if nowhere else (name(found), int(found["key"]))
        yield Member(found, title, key, address(page, **choices | more), choices)


def rows_of(run: Run, rows: pd.DataFrame, by: Dimension, whole: Any) -> list[Row]:
    """Return the rows of a dimension's members; `whole` is what their shares are compared with."""
    return [_row(run, one.figures, whole, one.choices, one.name, one.key, one.href) for one in members(run, rows, by)]


def next_level(run: Run, by: Dimension) -> Dimension:
    """Return the dimension for one row's own backlog: smaller areas if the city has them, else units."""
    return "ward" if by == "district" and "ward" in levels.present(run.reports) else "unit"


def _row(
    run: Run, found: Any, whole: Any, choices: dict[str, Any], title: str, key: int | None, href: str | None
) -> Row:
    then = standing_before(run)
    since = _WEEK if then is None else {"from": run.local(then.at + TICK).isoformat(), "to": None}
    pace_starts = run.local(run.filters.at - timedelta(days=PACE_DAYS)).isoformat()
    cases, flow = to_cases(choices), to_cases(choices | since)
    return Row(
        name=title,
        key=key,
        href=href,
        total=href is None,
        counts={
            column: Count(column, int(found[column]), (flow if column in FLOWS else cases) + column)
            for column in COUNTED
        },
        excess=_excess(found, whole),
        late=percent(found["overdue"], found["open"]),
        oldest=None if pd.isna(found["age_days"]) else int(found["age_days"]),
        change=int(found["change"]) if then else None,
        change_tone=grown_tone(found["open"], found["open_before"]),
        before=_("from {count}", count=number(found["open_before"])),
        no_deadlines=bool(found["open"]) and found["no_deadline"] == found["open"],
        days_of_work=None if pd.isna(found["days_of_work"]) else number(found["days_of_work"], 1),
        resolved=Count(
            "resolved",
            int(found["resolved_of_pace"]),
            to_cases(choices | {"from": pace_starts, "to": None}) + "resolved",
        ),
        rounded=run.rounded,
    )


def _excess(counts: Any, whole: Any) -> dict[str, float]:
    """Return by how many percentage points each age's and stage's share exceeds the total's; 0 if there are too few."""
    if counts["open"] < (FEWEST if rounded() else FEWEST_OPEN) or not whole["open"]:
        return dict.fromkeys((*AGES, *STAGES), 0.0)
    shares = {column: counts[column] / counts["open"] - whole[column] / whole["open"] for column in (*AGES, *STAGES)}
    return {column: round(min(max(share * 100, 0), 40), 1) for column, share in shares.items()}


def to_cases(choices: dict[str, Any]) -> str:
    """Return an address of cases to which a figure's name is added: a table has too many to build each from scratch."""
    reached = address(CASES, **choices)
    return f"{reached}{'&' if '?' in reached else '?'}figure="
