"""A day in a minute on the map: what each step shows."""

from datetime import timedelta

import psycopg

from queries.cases.cases import readable_count
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.figures import city as read_city
from tests.reports import DAY, HOUR, T, report, small_city
from ui.base.run import Run
from ui.live_map.replay import at_step


def test_each_step_is_half_an_hour_later_with_the_same_filters(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)
    report(connection, 1, submitted_at=T - 2 * DAY)
    report(connection, 2, submitted_at=T - 3 * HOUR)
    report(connection, 3, submitted_at=T - 3 * HOUR, district_id=2, ward_id=12, unit_id=2)
    city = read_city(reports, T)
    filters = Filters.of(scope=ALL_CASES, at=T, zone=city.zone, start=T - 10 * DAY, districts=(1,))
    code = connection.execute("select code from area where id = 1").fetchone()
    assert code
    run = Run(reports, city, filters, live=True, query={"district": [code[0]]}, page="map")
    steps = [at_step(run, step) for step in range(49)]
    assert [each.filters.at - T for each in steps] == [(step - 48) * timedelta(minutes=30) for step in range(49)]
    assert {(each.filters.districts, each.filters.scope, each.live) for each in steps} == {((1,), ALL_CASES, False)}
    open_then = [readable_count(reports, each.filters, figure="open") for each in steps]
    assert open_then == [1] * 42 + [2] * 7, "the second came in three hours before the end"
