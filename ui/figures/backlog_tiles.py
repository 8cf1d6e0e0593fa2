"""The backlog in tiles: what is open, how urgent, and since when its flow is counted."""

from datetime import datetime
from typing import Any

import pandas as pd

from queries.engine.filters import TICK
from queries.figures.backlog import backlog
from ui.address.url_filters import period_start
from ui.base.i18n import _, percent
from ui.base.run import Run
from ui.figures.change import Then, standing_before
from ui.figures.count import counted
from ui.figures.headline import urgent
from ui.figures.tiles import Tile, count, no_deadlines, no_receive_times, out_of, plain, row


def compared_since(run: Run) -> datetime:
    """Return the start for received and ended reports: just after the moment that open reports are compared with
    (queries.change), so that the flow explains the change; the last 7 days if there is no such moment.
    """
    then = standing_before(run)
    return period_start("7d", run.filters.at, run.city) if then is None else then.at + TICK


def total(run: Run, since: datetime) -> dict[str, Any]:
    """Return the backlog in one row, all reports together; `since` as in queries.backlog. Raises DatabaseAway."""
    return run.shared("backlog total", lambda: row(with_ages(backlog(run.reports, run.filters, since=since), run)))


def headline(run: Run, whole: dict[str, Any]) -> list[Tile]:
    """Return the backlog's headline tiles, with the same changes as on the overview."""
    then = Then(run)
    undue, untimed = no_deadlines(run, whole), no_receive_times(run, whole)
    of_open = out_of(run, "open", whole, _("open"), percent(whole["overdue"], whole["open"]))
    waiting = counted(run, "receive_waiting", whole)
    return [
        count(run, "open", whole, then.count("open", whole, good=-1)),
        count(
            run,
            "overdue",
            whole,
            then.count("overdue", whole, good=-1),
            parts=of_open,
            tone="overdue-tile",
            unknown=undue,
        ),
        urgent(run, whole),
        plain(run, "due_today", whole, _("by the end of today"), tone="due-soon-tile", unknown=undue),
        count(
            run,
            "due_soon",
            whole,
            then.count("due_soon", whole),
            parts=(_("by the end of the next working day"),),
            tone="due-soon-tile",
            unknown=undue,
        ),
        count(
            run,
            "receive_overdue",
            whole,
            then.count("receive_overdue", whole, good=-1),
            parts=(waiting, " " + _("still in time")),
            tone="overdue-tile",
            unknown=untimed,
        ),
        plain(
            run,
            "escalated",
            whole,
            "",
            parts=(counted(run, "escalated_unheld", whole), " " + _("held by nobody")),
            tone="overdue-tile" if whole["escalated_unheld"] else "",
        ),
        plain(run, "no_deadline", whole, _("never counted as on time")),
    ]


def with_ages(found: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Return a backlog with `change` (in open reports since the compared moment) and `age_days` (of the oldest)."""
    age = (pd.Timestamp(run.filters.at) - found["oldest"]).dt.total_seconds() / 86400
    return found.assign(change=found["open"] - found["open_before"], age_days=age)
