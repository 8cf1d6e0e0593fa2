"""Deadlines by rule on imported reports: an import keeps them until the source itself gives a due time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from reportdb.check import find_damage
from reportdb.deadlines.recomputation import apply_changes, find_changes
from reportdb.importer import Counts
from tests.import_sample import AGAIN, CLOSED, GOOD, IMPORTED, SampleCity
from tests.reports import DAY, HOUR, T, give_rule, give_step, report, ruled_city

RULED = IMPORTED + timedelta(hours=6)
NO_DUE = ('due = { columns = ["due"], format = "iso" }\n', "")
TERMS = "select source_ref, rule_id, receive_due_at, due_at, updated_at from report order by id"


@pytest.fixture
def city(tmp_path: Path) -> SampleCity:
    return SampleCity(tmp_path)


def rows(connection: psycopg.Connection, question: str, *values: object) -> list[tuple[Any, ...]]:
    return connection.execute(question.encode(), values).fetchall()


def rule_all(connection: psycopg.Connection, **facts: Any) -> None:
    """Put one rule of 48 calendar hours in force, and recompute all deadlines."""
    give_rule(connection, **{"id": 1, "clock": "calendar", "receive_minutes": 60, "handle_minutes": 2880} | facts)
    changes = find_changes(connection, ended=True)
    apply_changes(connection, changes.token, now=RULED, ended=True)


def test_the_same_file_again_leaves_every_deadline_of_a_rule(connection: psycopg.Connection, city: SampleCity) -> None:
    city.remap(NO_DUE)
    city.load(connection, GOOD, CLOSED)
    rule_all(connection)
    before = rows(connection, TERMS)
    assert [row[1:4] for row in before] == [
        (1, datetime(2024, 3, 1, 15, tzinfo=UTC), datetime(2024, 3, 3, 14, tzinfo=UTC)),
        (1, datetime(2024, 3, 2, 16, tzinfo=UTC), datetime(2024, 3, 4, 15, tzinfo=UTC)),
    ]
    assert city.load(connection, GOOD, CLOSED, at=AGAIN) == Counts(2, 0, 0, 2, 0, not_located=0, district_disagrees=1)
    assert rows(connection, TERMS) == before


def test_a_changed_row_keeps_the_deadline_and_corrects_the_past(
    connection: psycopg.Connection, city: SampleCity
) -> None:
    city.remap(NO_DUE)
    city.load(connection, GOOD, CLOSED)
    rule_all(connection)
    closed = GOOD.replace("09:00:00,,app", "09:00:00,2024-03-03 09:00:00,phone").replace(",open", ",closed")
    moved = closed.replace("-71.5", "-70.5").replace("2024-03-01", "2024-02-29")
    assert city.load(connection, moved, CLOSED, at=AGAIN).updated == 1
    assert rows(connection, TERMS)[0][1:] == (
        *(1, datetime(2024, 3, 1, 15, tzinfo=UTC), datetime(2024, 3, 3, 14, tzinfo=UTC)),
        AGAIN,
    )
    # The version before the rule still has no deadline; the row's corrections apply to it too.
    assert rows(
        connection,
        """select channel.code, area.code, status, ended_at = %s, due_at from report_past
           join channel on channel.id = channel_id join area on area.id = district_id where report_id = 1""",
        datetime(2024, 3, 3, 14, tzinfo=UTC),
    ) == [("phone", "East", "resolved", True, None)]
    then = datetime(2024, 3, 10, tzinfo=UTC)
    assert rows(connection, "select status, due_at from report_at(%s) where id = 1", then) == [("resolved", None)]
    assert [str(finding) for finding in find_damage(connection, AGAIN + DAY)] == []


def test_history_that_differs_from_the_report_is_not_corrected(
    connection: psycopg.Connection, city: SampleCity
) -> None:
    city.load(connection, GOOD)
    connection.execute("insert into unit (id, code, name_vi, name_en, kind) values (9, 'x', 'X', 'X', 'department')")
    connection.execute(
        """insert into report_past (report_id, valid_from, valid_to, channel_id, category_id, severity, district_id,
               unit_id, submitted_at, status, reopen_count, transfer_count)
           select id, submitted_at, submitted_at + interval '1 day', channel_id, category_id, severity, district_id,
               9, submitted_at, status, 0, 1 from report"""
    )
    city.load(connection, GOOD.replace("Parks & Rec", "Streets").replace("Trees", "Signs"), at=AGAIN)
    assert rows(
        connection,
        "select unit_id, category.code from report_past join category on category.id = category_id",
    ) == [(9, "signs")]


def test_the_sources_own_due_time_ends_the_rules(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, CLOSED)
    rule_all(connection)
    assert city.load(connection, CLOSED, at=AGAIN).unchanged == 1, "a blank due time leaves the rule's"
    told = CLOSED.replace("10:00:00,,", "10:00:00,2024-03-20 10:00:00,")
    assert city.load(connection, told, at=AGAIN).updated == 1
    by_source = [("sample:8", None, None, datetime(2024, 3, 20, 14, tzinfo=UTC), AGAIN)]
    assert rows(connection, TERMS) == by_source
    assert city.load(connection, told, at=AGAIN + DAY).unchanged == 1
    assert (len(find_changes(connection, ended=True).ids), rows(connection, TERMS)) == (0, by_source)
    # Withdrawn by the source, the deadline is gone.
    assert city.load(connection, CLOSED, at=AGAIN + DAY).updated == 1
    assert rows(connection, "select rule_id, due_at from report") == [(None, None)]


def test_columns_the_mapping_does_not_read_are_kept(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, GOOD)
    connection.execute(
        """update report set officer = 'An', severity = 'urgent', address = '1 Elm St', text = 'Words',
               received_at = submitted_at + interval '1 hour'"""
    )
    kept = "select officer, severity, address, text, received_at - submitted_at = interval '1 hour' from report"
    assert city.load(connection, GOOD, at=AGAIN).unchanged == 1
    assert city.load(connection, GOOD.replace("Trees", "Roads"), at=AGAIN).updated == 1
    assert rows(connection, kept) == [("An", "urgent", "1 Elm St", "Words", True)]
    assert rows(connection, "select kind from report_event order by n") == [("submitted",), ("received",)]
    assert find_damage(connection, AGAIN) == []


def test_the_dry_run_counts_reports_that_ended_in_time(connection: psycopg.Connection) -> None:
    ruled_city(connection)
    for number, facts in enumerate(
        [
            {"ended_at": T - 20 * DAY},  # ended well within either deadline
            {"ended_at": T - 11 * DAY},  # ended late by the rule, in time by what was written
            {"ended_at": T - 11 * DAY, "due_at": T - 15 * DAY},  # late both ways
            {},  # still open past the rule's deadline
        ],
        start=1,
    ):
        report(connection, number, submitted_at=T - 21 * DAY, rule_id=1, **{"due_at": T + DAY} | facts)
        give_step(connection, number, 1, "submitted", T - 21 * DAY)
    changes = find_changes(connection, ended=True)
    assert changes.ids.tolist() == [1, 2, 3, 4]
    assert changes.overdue(np.datetime64(T.replace(tzinfo=None), "us")) == (2, 0)
    open_ones = find_changes(connection, ended=False)
    assert open_ones.overdue(np.datetime64(T.replace(tzinfo=None), "us")) == (1, 0)


def test_a_city_without_receive_terms_has_no_warning(connection: psycopg.Connection, city: SampleCity) -> None:
    city.load(connection, GOOD)
    rule_all(connection, receive_minutes=None)
    assert rows(connection, "select receive_due_at, due_at is not null from report") == [(None, True)]
    assert find_damage(connection, RULED + HOUR) == []
    # Beside a rule with a receive term, one without it was forgotten.
    give_rule(connection, id=2, category_id=1, clock="calendar")
    assert [
        finding.column for finding in find_damage(connection, RULED + HOUR) if finding.table == "deadline_rule"
    ] == ["receive_minutes, handle_minutes"]
