"""The demo city: deterministic, consistent, and true to the published pattern."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely
from rich.progress import Progress

from reportdb.areas import Locator
from reportdb.database.connection import connect
from reportdb.deadlines.working_time import WorkingTime
from reportdb.demo import build_demo, holds_reports
from reportdb.demo_city.boundaries import commune_cells
from reportdb.demo_city.seed_data import gazetteer
from tests.report_invariants import broken_invariants, counted, fingerprint, replayed

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
REFORM = datetime(2025, 6, 30, 17, tzinfo=UTC)  # midnight in Hanoi
TABLES = {
    "city", "area", "unit", "unit_successor", "category", "channel", "deadline_rule", "office_hours", "working_day",
    "report", "report_past", "report_event", "report_contact", "app_account", "feed", "note",
}  # fmt: skip


@pytest.fixture(scope="module")
def demo(new_database: Any, schema_template: str) -> Iterator[psycopg.Connection]:
    """A demo city of 6,000 reports, only to be read."""
    with connect(new_database(schema_template)) as connection:
        build_demo(connection, reports=6000, seed=7, now=NOW)
        yield connection


def value(connection: psycopg.Connection, question: str, *parameters: object) -> Any:
    row = connection.execute(question.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


def test_holds_as_many_reports_as_asked_for(demo: psycopg.Connection) -> None:
    assert holds_reports(demo)
    assert value(demo, "select count(*) from report") == 6000


def test_is_consistent(demo: psycopg.Connection) -> None:
    assert broken_invariants(demo) == {}


def test_nothing_happens_after_now(demo: psycopg.Connection) -> None:
    assert value(demo, "select max(at) from report_event") <= NOW
    assert NOW - value(demo, "select max(at) from report_event") < timedelta(hours=2)
    assert value(demo, "select min(submitted_at) from report") > NOW - timedelta(days=730)


@pytest.mark.parametrize("seed", range(12))
def test_the_past_is_what_the_events_say(demo: psycopg.Connection, seed: int) -> None:
    moment = NOW - timedelta(days=730) * random.Random(seed).random()
    assert replayed(demo, moment) == counted(demo, moment)


@pytest.mark.parametrize(
    "kind", ["transferred", "resolved", "reopened", "extended", "paused", "resumed", "recategorised"]
)
def test_the_past_is_right_to_the_microsecond(demo: psycopg.Connection, kind: str) -> None:
    at = value(demo, "select at from report_event where kind = %s order by md5(report_id::text) limit 1", kind)
    for moment in (at - timedelta(microseconds=1), at):
        assert replayed(demo, moment) == counted(demo, moment)


def test_districts_hand_over_what_is_open_at_the_reform(demo: psycopg.Connection) -> None:
    kinds: dict[int, str] = dict(demo.execute("select id, kind from unit").fetchall())
    before, after = counted(demo, REFORM - timedelta(seconds=1)), counted(demo, REFORM)
    assert sum(count for unit, count in before.items() if kinds[unit] == "district") > 20
    assert not any(kinds[unit] == "district" for unit in after)
    assert sum(after.values()) == sum(before.values())


def test_a_district_hands_over_to_the_commune_of_the_place(demo: psycopg.Connection) -> None:
    question = """
        select count(*), count(*) filter (where taker.area_id = report.ward_id)
        from report_event moved join report on report.id = report_id
        join unit giver on giver.id = from_unit_id join unit taker on taker.id = to_unit_id
        where moved.kind = 'transferred' and giver.kind = 'district' and taker.kind = 'commune'
            and report.ward_id is not null"""
    moved, rightly = demo.execute(question).fetchone() or (0, 0)
    assert moved > 20
    assert rightly == moved


def test_deadlines_follow_the_rules(demo: psycopg.Connection) -> None:
    rows = demo.execute(
        """select submitted_at at time zone 'UTC', received_at at time zone 'UTC', receive_due_at at time zone 'UTC',
               due_at at time zone 'UTC', handle_from = 'received', handle_minutes
           from report join deadline_rule on deadline_rule.id = rule_id
           where transfer_count = 0 and reopen_count = 0
               and not exists (select from report_event
                   where report_id = report.id and kind in ('extended', 'paused'))"""
    ).fetchall()
    submitted, received, receive_due, due = (
        np.array(column, "datetime64[us]") for column in list(zip(*rows, strict=True))[:4]
    )
    from_receipt, minutes = (np.array(column) for column in list(zip(*rows, strict=True))[4:])
    clock = WorkingTime.from_database(demo)
    assert (receive_due == clock.add(submitted, 480)).all()
    begins = np.where(from_receipt, np.fmin(received, receive_due), submitted)
    assert (due == clock.add(begins, minutes)).all()
    assert from_receipt.sum() > 100
    assert (received > receive_due).any()


def test_late_receipt_and_transfers_gain_no_time(demo: psycopg.Connection) -> None:
    later = """
        select count(*) from report_past before
        join report_event changed on changed.report_id = before.report_id and changed.at = before.valid_to
        join lateral (select due_at from report_past where report_id = before.report_id
                and valid_from = before.valid_to
            union all select due_at from report where id = before.report_id and not exists (select from report_past
                where report_id = before.report_id and valid_from = before.valid_to)) as next on true
        where changed.kind in ('transferred', 'received') and next.due_at > before.due_at"""
    assert value(demo, later) == 0


def test_located_reports_lie_in_their_ward(demo: psycopg.Connection) -> None:
    rows = demo.execute("select lon, lat, district_id, ward_id from report where lon is not null").fetchall()
    lon, lat, district, ward = (np.array(column) for column in zip(*rows, strict=True))
    found_district, found_ward = Locator(demo).locate(lon, lat)
    assert (found_district == district).all()
    assert (found_ward == ward).all()
    assert 0.01 < 1 - len(rows) / 6000 < 0.035


def test_shares_are_near_the_published_ones(demo: psycopg.Connection) -> None:
    assert 0.06 < value(demo, "select avg((status = 'refused')::int) from report") < 0.09
    satisfied = "select avg((rating <> 'not_satisfied')::int) from report where rating is not null"
    assert 0.61 < value(demo, satisfied) < 0.73
    assert 0.06 < value(demo, "select avg((transfer_count > 0)::int) from report") < 0.13
    assert 0.01 < value(demo, "select avg((reopen_count > 0)::int) from report") < 0.04
    year = value(demo, "select count(*) from report where submitted_at > %s", NOW - timedelta(days=365))
    assert 0.02 < value(demo, "select count(*) from report where ended_at is null") / year < 0.06
    overdue = "select avg((due_at < %s)::int) from report where ended_at is null"
    assert 0.08 < value(demo, overdue, NOW) < 0.25


def test_districts_differ_as_published(demo: psycopg.Connection) -> None:
    on_time: dict[str, float] = dict(
        demo.execute(
            """select area.name_vi, avg((ended_at <= due_at)::int) from report join area on area.id = district_id
               where ended_at is not null group by 1"""
        ).fetchall()
    )
    praised = [on_time[name] for name in ("Hai Bà Trưng", "Đống Đa", "Ba Đình", "Thanh Xuân")]
    slow = [on_time[name] for name in ("Đông Anh", "Thanh Oai")]
    assert min(praised) > sorted(on_time.values())[15] > max(slow)


def test_reporting_grows_and_follows_week_and_storms(demo: psycopg.Connection) -> None:
    by_day: dict[date, int] = dict(
        demo.execute(
            "select (submitted_at at time zone 'Asia/Ho_Chi_Minh')::date, count(*) from report group by 1"
        ).fetchall()
    )
    assert sum(by_day[day] for day in sorted(by_day)[:90]) * 1.5 < sum(by_day[day] for day in sorted(by_day)[-90:])
    weekends = sum(count for day, count in by_day.items() if day.weekday() >= 5)
    assert 0.18 < weekends / 6000 < 0.27
    trees = """select avg((category.code = 'cay-xanh')::int) from report join category on category.id = category_id
               where (submitted_at at time zone 'Asia/Ho_Chi_Minh')::date between %s and %s"""
    assert value(demo, trees, "2025-09-30", "2025-10-02") > 2 * value(demo, trees, "2025-11-01", "2026-04-30")
    assert value(demo, "select count(*) from note where words_vi like '%%Bualoi%%'") == 1


def test_the_former_department_of_transport_works_until_it_is_merged(demo: psycopg.Connection) -> None:
    last = """select max(at) from report_event join unit on unit.id = to_unit_id where code = 'so-gtvt'"""
    assert datetime(2025, 2, 1, tzinfo=UTC) < value(demo, last) < datetime(2025, 2, 28, 17, tzinfo=UTC)


def test_accounts_grow_beyond_the_published_totals(demo: psycopg.Connection) -> None:
    totals = demo.execute("select day, sum(citizens), sum(officials) from app_account group by 1 order by 1").fetchall()
    assert len(totals) > 700
    assert totals[0][1] > 545_000
    assert totals[0][2] > 130_000
    assert all(day[1] <= following[1] for day, following in pairwise(totals))
    chuong_my = "select min(citizens) from app_account join area on area.id = area_id where name_vi = 'Chương Mỹ'"
    assert value(demo, chuong_my) > 57_584


def test_telephone_numbers_are_unassigned(demo: psycopg.Connection) -> None:
    assert value(demo, "select count(*) from report_contact where phone !~ '^0000 [0-9]{3} [0-9]{3}$'") == 0


def test_the_same_seed_and_moment_give_the_same_rows(new_database: Any, schema_template: str) -> None:
    prints = []
    for seed in (3, 3, 4):
        with connect(new_database(schema_template)) as connection:
            build_demo(connection, reports=300, seed=seed, now=NOW)
            prints.append({table: fingerprint(connection, f"select * from {table}") for table in TABLES})
    assert prints[0] == prints[1]
    assert prints[0]["report"] != prints[2]["report"]


@pytest.mark.parametrize("reports", [1, 40])
def test_a_hamlet_works_too(connection: psycopg.Connection, reports: int) -> None:
    assert build_demo(connection, reports=reports, seed=1, now=NOW) == reports
    assert broken_invariants(connection) == {}


def test_a_city_before_the_reform_has_district_units(connection: psycopg.Connection) -> None:
    build_demo(connection, reports=200, seed=1, now=datetime(2024, 12, 1, tzinfo=UTC))
    kinds = "select count(*) from report join unit on unit.id = unit_id where kind = "
    assert value(connection, kinds + "'district'") > 50
    assert value(connection, kinds + "'commune'") == 0
    assert value(connection, "select min(submitted_at) from report") >= datetime(2024, 6, 27, 17, tzinfo=UTC)
    assert broken_invariants(connection) == {}


def test_an_interrupted_run_leaves_nothing_behind(connection: psycopg.Connection) -> None:
    class Interrupted(Progress):
        def update(self, *_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

    definitions = "select indexdef from pg_indexes where tablename like 'report%'"
    before = fingerprint(connection, definitions)
    with pytest.raises(KeyboardInterrupt):
        build_demo(connection, reports=100, seed=1, now=NOW, progress=Interrupted(disable=True))
    assert not holds_reports(connection)
    assert value(connection, "select count(*) from area") == 0
    assert fingerprint(connection, definitions) == before


def test_indexes_and_foreign_keys_are_as_the_schema_made_them(
    demo: psycopg.Connection, connection: psycopg.Connection
) -> None:
    indexes = "select indexdef from pg_indexes where schemaname = 'public'"
    constraints = """select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
                     from pg_constraint where connamespace = 'public'::regnamespace"""
    for question in (indexes, constraints):
        assert fingerprint(demo, question) == fingerprint(connection, question)


def test_boundaries_are_whole_and_about_as_large_as_the_communes() -> None:
    communes = [place for place in gazetteer() if place.level == "ward"]
    lon, lat, area = (np.array([getattr(place, name) for place in communes]) for name in ("lon", "lat", "area_km2"))
    cells = commune_cells(lon, lat, area)
    assert shapely.coverage_is_valid(np.array(cells))
    assert shapely.union_all(cells).geom_type == "Polygon"
    assert all(cell.contains(shapely.Point(x, y)) for cell, x, y in zip(cells, lon, lat, strict=True))
    drawn = np.array([cell.area for cell in cells]) * 111.32**2 * np.cos(np.radians(lat.mean()))
    assert np.abs(drawn / area - 1).max() < 0.15
    assert np.median(np.abs(drawn / area - 1)) < 0.03


def test_drawn_boundaries_say_that_they_are_schematic(demo: psycopg.Connection) -> None:
    assert (
        value(demo, "select count(*) from area where schematic and geometry is not null and attribution <> ''") == 156
    )
    assert value(demo, "select sum(population) from area where level = 'ward'") == 8_807_523


def test_loaded_boundaries_stay(connection: psycopg.Connection) -> None:
    square = json.dumps({"type": "Polygon", "coordinates": [[[105.8, 21], [105.9, 21], [105.9, 21.1], [105.8, 21]]]})
    connection.execute(
        """insert into area (id, level, code, name_vi, name_en, kind, geometry, attribution)
           values (1001, 'ward', '00004', 'x', 'x', 'ward', %s, 'Surveyors'),
               (5, 'ward', '00008', 'y', 'y', 'ward', null, null)""",
        [square],
    )
    build_demo(connection, reports=200, seed=1, now=NOW)
    rows = connection.execute(
        "select id, name_vi, geometry, schematic, attribution from area where code in ('00004', '00008') order by code"
    ).fetchall()
    assert rows[0] == (1001, "Ba Đình", json.loads(square), False, "Surveyors")
    assert (rows[1][0], rows[1][1], rows[1][3]) == (5, "Ngọc Hà", True)
    assert broken_invariants(connection) == {}
