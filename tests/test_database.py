"""The door to the database: it only reads, asks once for many, and says plainly when nobody answers."""

import threading
from contextlib import closing

import psycopg
import pytest
from sqlalchemy.exc import InternalError

from queries.database import DatabaseAway, NotAReportDatabase, ReportDatabase
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


def test_nobody_at_the_address_is_said_as_such() -> None:
    with closing(ReportDatabase("postgresql://reader:secret@127.0.0.1:9/report")) as nobody:
        with pytest.raises(DatabaseAway) as said:
            nobody.ask_now("city")
        assert "secret" not in str(said.value)


def test_another_database_is_said_to_be_none_of_ours(new_database: NewDatabase) -> None:
    with closing(ReportDatabase(new_database("template1"))) as strange, pytest.raises(NotAReportDatabase):
        strange.ask_now("city")
