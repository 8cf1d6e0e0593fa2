"""The door to the database: it only reads, asks once for many, and says plainly when nobody answers."""

import threading
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from queries import database
from queries.database import DatabaseAway, NotAReportDatabase, ReportDatabase
from queries.scope import EVERYTHING
from queries.statements import sql
from tests.conftest import NewDatabase
from tests.reports import small_city


def test_it_reads_as_a_role_that_can_do_nothing_else(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    reports.ask_now("city")
    held = connection.execute(
        "select usename, application_name from pg_stat_activity where application_name = 'dashboard'"
    ).fetchall()
    assert held
    with pytest.raises(InternalError, match="read-only"):
        reports.ask_now("../tests/write")


def test_the_same_question_is_asked_once_for_all(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    asked = []
    real = reports.ask_now

    def counting(question: str, **parameters: object) -> object:
        asked.append(question)
        return real(question, **parameters)  # type: ignore[arg-type]

    reports.ask_now = counting  # type: ignore[method-assign, assignment]
    viewers = [threading.Thread(target=reports.ask, args=("names",)) for _ in range(8)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    assert asked == ["names"]


def test_what_a_viewer_does_to_an_answer_stays_with_that_viewer(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)
    answer = reports.ask("names")
    answer.loc[0, "code"] = "changed"
    assert "changed" not in set(reports.ask("names")["code"])


def test_a_dropped_connection_is_opened_again(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    reports.ask_now("city")
    connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dashboard'")
    assert len(reports.ask_now("city")) == 1


def test_what_is_found_by_a_key_is_planned_once(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    for report in (1, 2, 3):
        reports.ask_now("report_events", id=report, at=datetime.now(UTC), scope=EVERYTHING)
        reports.ask_now("code_known", code=f"{report}", code_end="9", scope=EVERYTHING)
    with reports._engine.connect() as same:
        kept = same.execute(text("select statement, generic_plans, custom_plans from pg_prepared_statements"))
        plans = {statement.splitlines()[0]: (generic, custom) for statement, generic, custom in kept}
    assert plans[sql("report_events").splitlines()[0]] == (2, 0)
    assert plans[sql("code_known").splitlines()[0]] == (0, 2)


def test_tables_that_were_changed_meanwhile_are_read_as_they_are(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)
    for _prepared in range(2):
        name = reports.ask_now("city")["name_vi"].iloc[0]
    connection.execute("alter table city alter column name_vi type varchar(99)")
    assert reports.ask_now("city")["name_vi"].iloc[0] == name


def test_a_connection_that_is_lost_again_is_said_as_such(
    connection: psycopg.Connection, reports: ReportDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_city(connection)

    def lost(*_asked: object) -> None:
        raise database._ConnectionWasOld

    monkeypatch.setattr(reports, "_answer", lost)
    with pytest.raises(DatabaseAway, match="lost twice"):
        reports.ask_now("city")


def test_nobody_at_the_address_is_said_as_such() -> None:
    with closing(ReportDatabase("postgresql://reader:secret@127.0.0.1:9/report")) as nobody:
        with pytest.raises(DatabaseAway) as said:
            nobody.ask_now("city")
        assert "secret" not in str(said.value)


def test_another_database_is_said_to_be_none_of_ours(new_database: NewDatabase) -> None:
    with closing(ReportDatabase(new_database("template1"))) as strange, pytest.raises(NotAReportDatabase):
        strange.ask_now("city")
