"""A worklist: its order, and each row's five clears."""

from zoneinfo import ZoneInfo

import psycopg

from queries.cases.cases import cases
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ALL_CASES
from queries.figures.figures import city
from tests.reports import DAY, HOUR, T, report, small_city
from ui.base.i18n import speaking
from ui.base.run import Run
from ui.cases import worklist


def test_a_row_holds_the_five_clears_of_its_own_case(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    report(connection, 1, officer="An", due_at=T - HOUR, address="1 Láng")
    report(
        connection, 2, officer="Bình", category_id=2, unit_id=2, district_id=2, ward_id=12, due_at=T + 2 * DAY,
        received_at=T - DAY, status="in_progress", severity="urgent",
    )  # fmt: skip
    report(connection, 3, unit_id=None, district_id=None, ward_id=None)
    filters = Filters.of(scope=ALL_CASES, at=T, zone=ZoneInfo("Asia/Ho_Chi_Minh"), start=T - 30 * DAY)
    run = Run(reports, city(reports, T), filters, live=True, query={}, page="backlog")
    with speaking("en"):
        shown = worklist.rows(run, cases(reports, filters, figure="open", order="worklist"))
    told = ("code", "category", "severity", "address", "place", "unit", "officer", "state", "deadline", "results")
    shown.sort(key=lambda row: row.code)
    assert [[getattr(row, word) for word in told] for row in shown] == [
        ["T-1", "Waste", "", "1 Láng", "Lang, Dong Da", "Lang ward", "An", "Overdue", "for 1.0 h",
         ["Not yet received by the unit"]],
        ["T-2", "Roads", "urgent", "", "Dong Anh", "Dong Anh commune", "Bình", "In time", "2.0 days left",
         ["Being handled since 17/11/2026 10:00"]],
        ["T-3", "Waste", "", "", "not located", "no unit yet", "", "No deadline known", "",
         ["Not yet received by the unit"]],
    ]  # fmt: skip
    assert [row.href for row in shown] == [f"report?code=T-{number}" for number in (1, 2, 3)]
    assert [row.unit_href for row in shown] == ["unit?unit=lang", "unit?unit=dong-anh", None]


def test_urgent_comes_first_then_overdue_then_due_today(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)
    report(connection, 1, due_at=T + 9 * DAY)
    report(connection, 2, due_at=T + HOUR)
    report(connection, 3, due_at=T - 9 * DAY, submitted_at=T - 20 * DAY)
    report(connection, 4, due_at=T + 9 * DAY, severity="urgent")
    report(connection, 5, due_at=T - HOUR, severity="urgent")
    report(connection, 6, severity="urgent")
    report(connection, 7, due_at=T + 20 * HOUR)
    report(connection, 8)
    filters = Filters.of(scope=ALL_CASES, at=T, zone=ZoneInfo("Asia/Ho_Chi_Minh"))
    assert cases(reports, filters, figure="open", order="worklist")["id"].tolist() == [5, 4, 6, 3, 2, 7, 1, 8]
