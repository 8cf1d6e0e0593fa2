"""The history of reports' terms, read from the database: each report at intake, and each step that affected a term."""

from typing import Any, NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray

from reportdb.deadlines.rules import SEVERITIES, STEPS, Ints, Moments, Rules, Steps, Terms, replay

# Times are in UTC without a zone, because numpy has none. What a report was at intake, or after a new category, is read
# from the version that was valid from then on.
_BEGINNINGS = """
select report.id, submitted_at at time zone 'UTC',
    extract(epoch from cast(submitted_at at time zone city.time_zone as date))::bigint / 86400,
    coalesce(first.category_id, report.category_id), coalesce(first.severity, report.severity),
    coalesce(case when first.report_id is null then report.rule_id else first.rule_id end, 0)
from report
cross join city
left join lateral (
    select report_id, category_id, severity, rule_id from report_past
    where report_id = report.id order by valid_to limit 1) as first on true
where report.id = any(%s)
order by report.id
"""

_STEPS = """
select report_event.report_id, kind, at at time zone 'UTC', minutes,
    category_id, severity, coalesce(rule_id, 0)
from report_event
left join lateral (
    select category_id, severity, rule_id, valid_to from report_past
    where report_id = report_event.report_id and valid_to > at
    union all
    select category_id, severity, rule_id, 'infinity' from report where id = report_event.report_id
    order by valid_to limit 1) as after on kind = 'recategorised'
where report_event.report_id = any(%s) and kind = any(%s)
order by report_event.report_id, n
"""


class History(NamedTuple):
    """Reports at intake, one row in each array per report, ordered by id; and their steps.

    `category_id` and `severity` (as in SEVERITIES) are those at intake, `rule` is the index of the rule at intake,
    `day` the local day. Of the steps, `new_category_id` and `new_severity` are only valid for recategorisations; their
    `rule` is the one assigned then.
    """

    ids: Ints
    submitted_at: Moments
    day: NDArray[np.datetime64]
    category_id: Ints
    severity: Ints
    rule: Ints
    steps: Steps
    new_category_id: Ints
    new_severity: Ints

    def as_recorded(self, rules: Rules) -> Terms:
        """Return the terms after all steps, by the rules assigned at the time."""
        return replay(rules, self.rule, self.submitted_at, self.steps)

    def by(self, rules: Rules) -> Terms:
        """Return the terms after all steps, by the present rules."""
        rule = rules.in_force(self.category_id, self.severity, self.day)
        steps = self.steps
        recategorised = steps.kind == "recategorised"
        given = np.full(len(steps.row), -1)
        given[recategorised] = rules.in_force(
            self.new_category_id[recategorised], self.new_severity[recategorised], self.day[steps.row[recategorised]]
        )
        return replay(rules, rule, self.submitted_at, Steps(steps.row, steps.kind, steps.at, steps.minutes, given))


def read_history(connection: psycopg.Connection, rules: Rules, ids: Ints) -> History:
    """Read how the reports with these ids came in, and the steps that affected their terms."""
    begun = _columns(connection.execute(_BEGINNINGS, [ids.tolist()]).fetchall(), 6)
    happened = _columns(connection.execute(_STEPS, [ids.tolist(), list(STEPS)]).fetchall(), 7)
    known = np.array(begun[0], dtype=np.int64)
    steps = Steps(
        row=np.searchsorted(known, np.array(happened[0], dtype=np.int64)),
        kind=np.array(happened[1], dtype=object),
        at=np.array(happened[2], dtype="datetime64[us]"),
        minutes=np.array(happened[3], dtype=float),
        rule=rules.place(np.array(happened[6], dtype=np.int64)),
    )
    return History(
        ids=known,
        submitted_at=np.array(begun[1], dtype="datetime64[us]"),
        day=np.array(begun[2], dtype=np.int64).astype("datetime64[D]"),
        category_id=np.array(begun[3], dtype=np.int64),
        severity=_severities(begun[4]),
        rule=rules.place(np.array(begun[5], dtype=np.int64)),
        steps=steps,
        new_category_id=np.array([value or 0 for value in happened[4]], dtype=np.int64),
        new_severity=_severities(happened[5]),
    )


def _columns(rows: list[tuple[Any, ...]], width: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) or [()] * width


def _severities(words: tuple[Any, ...]) -> Ints:
    places = {word: n for n, word in enumerate(SEVERITIES)}
    return np.array([places.get(word, -1) for word in words], dtype=np.int64)
