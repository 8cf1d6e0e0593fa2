"""Access to the database: read-only, one query for many viewers, and clear errors when it does not answer."""

import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from queries.engine.connections import ConnectionWasOld
from queries.engine.database import DatabaseAway, NotAReportDatabase, ReportDatabase
from queries.engine.scope import ALL_CASES
from queries.engine.statements import FILES, sql
from reportdb.database.connection import connect
from tests.conftest import NewDatabase
from tests.reports import T, small_city
from tests.waiting import becomes


def test_it_reads_in_a_read_only_role(
    connection: psycopg.Connection, reports: ReportDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FILES, "write", Path(__file__).with_name("write.sql"))
    small_city(connection)
    reports.ask_now("city", at=T)
    held = connection.execute(
        "select usename, application_name from pg_stat_activity where application_name = 'dashboard'"
    ).fetchall()
    assert held
    with pytest.raises(InternalError, match="read-only"):
        reports.ask_now("write")


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


def test_a_viewers_changes_to_an_answer_do_not_affect_others(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    small_city(connection)
    answer = reports.ask("names")
    answer.loc[0, "code"] = "changed"
    assert "changed" not in set(reports.ask("names")["code"])


def test_a_dropped_connection_is_reopened(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    reports.ask_now("city", at=T)
    connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dashboard'")
    assert len(reports.ask_now("city", at=T)) == 1


def test_a_question_that_outlives_the_database_leaves_no_connection(
    connection: psycopg.Connection, database: str
) -> None:
    small_city(connection)
    reports = ReportDatabase(database)
    held = "select count(*) from pg_stat_activity where application_name = 'dashboard' and datname = current_database()"
    answered: list[object] = []
    asker = threading.Thread(target=lambda: answered.append(reports.ask_now("names")))
    with connect(database) as other, other.transaction():
        other.execute("lock table unit in access exclusive mode")
        asker.start()
        assert becomes(lambda: connection.execute(held + " and wait_event_type = 'Lock'").fetchone() == (1,))
        reports.close()
    asker.join()
    assert answered
    assert becomes(lambda: connection.execute(held).fetchone() == (0,))


def test_lookups_by_key_are_planned_once(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    for report in (1, 2, 3):
        reports.ask_now("report_events", id=report, at=datetime.now(UTC), scope=ALL_CASES)
        reports.ask_now("code_known", code=f"{report}", code_end="9", scope=ALL_CASES)
    with reports._engine.connect() as same:
        kept = same.execute(text("select statement, generic_plans, custom_plans from pg_prepared_statements"))
        plans = {statement.splitlines()[0]: (generic, custom) for statement, generic, custom in kept}
    assert plans[sql("report_events").splitlines()[0]] == (2, 0)
    assert plans[sql("code_known").splitlines()[0]] == (0, 2)


def test_changed_tables_are_read_in_their_new_form(connection: psycopg.Connection, reports: ReportDatabase) -> None:
    small_city(connection)
    for _prepared in range(2):
        name = reports.ask_now("city", at=T)["name_vi"].iloc[0]
    connection.execute("alter table city alter column name_vi type varchar(99)")
    assert reports.ask_now("city", at=T)["name_vi"].iloc[0] == name


def test_a_connection_lost_twice_is_reported_as_such(
    connection: psycopg.Connection, reports: ReportDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_city(connection)

    def lost(*_asked: object) -> None:
        raise ConnectionWasOld

    monkeypatch.setattr(reports, "_answer", lost)
    with pytest.raises(DatabaseAway, match="lost twice"):
        reports.ask_now("city", at=T)


def test_a_missing_server_is_reported_as_such() -> None:
    with closing(ReportDatabase("postgresql://reader:secret@127.0.0.1:9/report")) as nobody:
        with pytest.raises(DatabaseAway) as said:
            nobody.ask_now("city", at=T)
        assert "secret" not in str(said.value)


def test_another_database_is_reported_as_not_ours(new_database: NewDatabase) -> None:
    with closing(ReportDatabase(new_database("template1"))) as unrecognised, pytest.raises(NotAReportDatabase):
        unrecognised.ask_now("city", at=T)


def in_place_of_the_city(connection: psycopg.Connection, code: str) -> None:
    """Make every question about the city fail with one of the server's error codes."""
    small_city(connection)
    connection.execute(
        f"""alter table city rename to kept;
            create function fails() returns boolean language plpgsql as
                $$ begin raise exception 'as told' using errcode = '{code}'; end $$;
            create view city as select * from kept where fails();
            grant select on city to report_reader""".encode()
    )


def backends(connection: psycopg.Connection) -> list[tuple[int]]:
    found = connection.execute(
        "select pid from pg_stat_activity where application_name = 'dashboard' and datname = current_database()"
    )
    return found.fetchall()


def test_an_unsupported_feature_is_not_a_lost_connection(
    connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    in_place_of_the_city(connection, "0A000")
    reports.ask_now("feeds")
    before = backends(connection)
    with pytest.raises(NotAReportDatabase):
        reports.ask_now("city", at=T)
    reports.ask_now("feeds")
    assert backends(connection) == before


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_question_cancelled_by_a_standby_is_asked_again(
    connection: psycopg.Connection, reports: ReportDatabase, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    in_place_of_the_city(connection, code)
    asked = []
    answer = reports._answer

    def counted(*given: Any) -> object:
        asked.append(given)
        return answer(*given)

    monkeypatch.setattr(reports, "_answer", counted)
    with pytest.raises(DatabaseAway) as said:
        reports.ask_now("city", at=T)
    assert said.value.kind == "slow"
    assert len(asked) == 2
