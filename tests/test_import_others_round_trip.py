"""Events exported from a city and imported into its reports give back the report, its past and its events."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reportdb.city_data.events import Events
from reportdb.database.connection import connect
from reportdb.demo import build_demo
from tests.conftest import DEMO_NOW, NewDatabase, database_name
from tests.other_files import OtherFiles, damage, rows
from tests.report_invariants import broken_invariants

MAPPING = """
[source]
name = "demo"

[columns]
id = "report"
kind = "kind"
order = "n"
from = "from"
to = "to"
note = ["note"]
minutes = "minutes"
category = "category"
severity = "severity"
category_before = "category_before"
severity_before = "severity_before"
rating = "rating"

[times]
at = { columns = ["at"], format = "iso" }

[kinds]
submitted = "none"
KINDS

[severities]
urgent = "urgent"
complex = "complex"
normal = "normal"

[ratings]
satisfied = "satisfied"
acceptable = "acceptable"
not_satisfied = "not_satisfied"
"""
KINDS = [
    "routed", "received", "transferred", "extended", "recategorised", "paused", "resumed", "answered", "informed",
    "refused", "resolved", "reopened", "rated", "escalated", "returned",
]  # fmt: skip

EXPORT = """
select event.report_id as report, event.kind, event.n, event.at, from_unit.code as "from", to_unit.code as "to", note,
    minutes, after.category, after.severity, before.category as category_before, before.severity as severity_before,
    case when event.kind = 'rated' then report.rating end as rating
from report_event as event
join report on report.id = event.report_id
left join unit as from_unit on from_unit.id = from_unit_id
left join unit as to_unit on to_unit.id = to_unit_id
left join lateral (
    select category.code as category, report_past.severity from report_past join category on category.id = category_id
    where report_id = report.id and valid_to = event.at and event.kind = 'recategorised') as before on true
left join lateral (
    select category.code as category, version.severity
    from (select valid_from, category_id, severity from report_past
          where report_id = report.id and valid_from = event.at
          union all select 'infinity', report.category_id, report.severity) as version
    join category on category.id = version.category_id
    where event.kind = 'recategorised' order by valid_from limit 1) as after on true
order by md5(cast(event.report_id * 100 + event.n as text))
"""
"""Every event, in no order."""

# What the reports' own file tells of a report: what it is now. A stale file tells what it was at first.
FORGET = """
delete from report_event; delete from report_past;
update report set source_ref = 'demo:' || id, reopen_count = 0, transfer_count = 0, escalated_at = null,
    escalated_by_id = null, rating = null, rated_at = null;
insert into report_event (report_id, n, at, kind)
select id, row_number() over (partition by id order by at, rank), at, kind from report
cross join lateral (values (1, submitted_at, 'submitted'), (2, received_at, 'received'), (3, ended_at, status))
    as step (rank, at, kind)
where at is not null;
update city set demo = false
"""
AT_FIRST = """
update report set unit_id = routed.to_unit_id, received_at = null, ended_at = null, status = 'waiting'
from report_event as routed where routed.report_id = id and routed.kind = 'routed'
"""
TABLES = {"report": "id", "report_past": "report_id, valid_to", "report_event": "report_id, n"}
_NOT_COMPARED = {"updated_at", "source_ref", "open_until"}  # an import's own time; of the copy; infinite


def content(connection: psycopg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of the tables that steps write."""
    found = {}
    for table, order in TABLES.items():
        columns = [
            name
            for (name,) in rows(
                connection,
                f"""select attname from pg_attribute where attrelid = '{table}'::regclass and attnum > 0
                    and not attisdropped order by attnum""",
            )
            if name not in _NOT_COMPARED
        ]
        found[table] = rows(connection, f"select {', '.join(columns)} from {table} order by {order}")
    return found


@pytest.fixture(scope="module")
def small_demo(new_database: NewDatabase, schema_template: str) -> str:
    """The URL of a demo city of 1,500 reports."""
    url = new_database(schema_template)
    with connect(url) as opened:
        build_demo(opened, reports=1_500, seed=29, now=DEMO_NOW)
    return url


@pytest.fixture
def copy(new_database: NewDatabase, small_demo: str) -> Iterator[psycopg.Connection]:
    """A copy of that city."""
    with connect(new_database(database_name(small_demo))) as connection:
        yield connection


@pytest.mark.parametrize("file_is_stale", [False, True], ids=["of the present", "of the beginning"])
def test_exported_events_give_the_same_city(copy: psycopg.Connection, tmp_path: Path, file_is_stale: bool) -> None:
    before = content(copy)
    file = tmp_path / "events.csv"
    with file.open("w", encoding="utf-8", newline="") as written:
        cursor = copy.execute(EXPORT)
        writer = csv.writer(written)
        writer.writerow([column.name for column in cursor.description or ()])
        writer.writerows(cursor)
    if file_is_stale:
        copy.execute(AT_FIRST)
    copy.execute(FORGET)
    lines = file.read_text(encoding="utf-8").split("\n")[:-1]
    files = OtherFiles(tmp_path)
    mapping = MAPPING.replace("KINDS", "\n".join(f'{kind} = "{kind}"' for kind in KINDS))
    account = files.load(copy, Events, mapping, *lines, at=DEMO_NOW)
    assert account.rejected.total() == 0
    assert not {reason for reason in account.notes if "do not fit" in reason}
    after = content(copy)
    for table in TABLES:
        different = [(was, now) for was, now in zip(before[table], after[table], strict=True) if was != now]
        assert different[:3] == [], table
    # An import says when it was, not when the last step was.
    assert set(broken_invariants(copy)) == {"a report was last updated at its last event"}
    assert damage(copy, DEMO_NOW) == []
    again = files.load(copy, Events, mapping, *lines, at=DEMO_NOW)
    assert (again.new, again.updated, again.reports) == (0, 0, 0)
    assert content(copy) == after
