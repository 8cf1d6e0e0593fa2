"""Attacks on the access log: export without a line, change a line, write one in another's name, hide one.

In raw SQL as each of the dashboard's roles, and on a running server.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from bench.official import Official
from reportdb.database.connection import connect
from reportdb.database.migrations import ROLES
from tests.access import OURS, THEIRS, code, named, number, planted, proxied
from tests.conftest import NewDatabase
from tests.waiting import becomes


@pytest.fixture(scope="module")
def city(new_database: NewDatabase, schema_template: str) -> str:
    return planted(new_database, schema_template)


@pytest.fixture
def attacker(city: str) -> Iterator[psycopg.Connection]:
    """A connection with the dashboard's login, which may take each of its roles."""
    with connect(city) as connection:
        connection.execute("set session authorization report_dashboard")
        yield connection


def as_role(connection: psycopg.Connection, role: str, statement: str, reader: str = "forger") -> list[tuple[Any, ...]]:
    """Run a statement in a role with a scope signed for a reader, as the dashboard does."""
    with connection.transaction():
        connection.execute("reset session authorization")
        signed = "select set_config('report.scope', signed_scope('all', %s, %s), true)"
        connection.execute(signed, [role, reader])
        connection.execute("set session authorization report_dashboard")
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        found = connection.execute(statement.encode())
        return found.fetchall() if found.description else []


WRITES = [
    "insert into access_export (id, kind, query, listed) values (1, 'csv', '', 1)",
    "update access_export set sent = 0, ended_at = now(), whole = true",
    "update access_export set listed = 0",
    "delete from access_export",
    "truncate access_export",
    "update access_log set subject = 'somebody else'",
    "delete from access_log",
    "alter function export_begun reset all",
    "select setval(pg_get_serial_sequence('access_log', 'id'), 1)",
]


@pytest.mark.parametrize("statement", WRITES)
@pytest.mark.parametrize("role", ROLES)
def test_no_role_changes_the_log(attacker: psycopg.Connection, role: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_role(attacker, role, statement)


@pytest.mark.parametrize("role", ROLES)
def test_only_administrators_read_the_log_and_only_the_gate_writes_it(attacker: psycopg.Connection, role: str) -> None:
    reads = "select * from access_export"
    begins = "select export_begun('forger', 'csv', '', 1, '')"
    ends = "select export_ended(1, 'forger', 1, true)"
    for statement, may in (
        (reads, role == "report_admin"),
        (begins, role == "report_gate"),
        (ends, role == "report_gate"),
    ):
        if may:
            as_role(attacker, role, statement)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                as_role(attacker, role, statement)


def test_an_attackers_own_table_intercepts_no_line(city: str) -> None:
    """A temporary table with the log's name hides it on any search path that does not exclude it."""
    with connect(city) as connection:
        before = connection.execute("select count(*) from access_export").fetchone()
        connection.execute("create temporary table access_export (like access_export)")
        connection.execute("create temporary table access_log (id bigint, subject text)")
        connection.execute("grant all on pg_temp.access_export, pg_temp.access_log to report_gate")
        connection.execute("select set_config('report.scope', signed_scope('all', current_user::text, 'lan'), false)")
        (line,) = connection.execute("select export_begun('lan', 'csv', '', 1, 'why')").fetchone() or (0,)
        assert connection.execute("select export_ended(%s, 'lan', 1, true)", [line]).fetchone() == (True,)
        assert connection.execute("select count(*) from pg_temp.access_export").fetchone() == (0,)
        (after,) = connection.execute("select count(*) from public.access_export").fetchone() or (0,)
        assert before
        assert after == before[0] + 1


def test_the_logs_functions_pin_their_search_path(city: str) -> None:
    with connect(city) as connection:
        found = connection.execute(
            "select proname, proconfig from pg_proc where proname in ('export_begun', 'export_ended') order by 1"
        ).fetchall()
    assert [(name, settings) for name, settings in found] == [
        (name, ["search_path=pg_catalog, public, pg_temp"]) for name in ("export_begun", "export_ended")
    ]


def test_a_line_is_not_completed_in_anothers_name(city: str, attacker: psycopg.Connection) -> None:
    ((line,),) = as_role(attacker, "report_gate", "select export_begun('lan', 'csv', '', 9000, 'why')", "lan")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="another reader"):
        as_role(attacker, "report_gate", f"select export_ended({line}, 'lan', 0, true)", "mai")
    assert as_role(attacker, "report_gate", f"select export_ended({line}, 'mai', 0, true)", "mai") == [(False,)]
    assert as_role(attacker, "report_gate", f"select export_ended({line}, 'lan', 9000, true)", "lan") == [(True,)]
    assert as_role(attacker, "report_gate", f"select export_ended({line}, 'lan', 0, true)", "lan") == [(False,)]
    with connect(city) as connection:
        assert connection.execute("select sent from access_export where id = %s", [line]).fetchone() == (9000,)


def test_everything_opened_or_exported_is_logged_and_an_administrator_finds_it(city: str, tmp_path: Path) -> None:
    """On the running server: cases opened on their page and on the map, exports, refusals."""
    everything = "figure=submitted&period=all&lang=en"
    with proxied(city, tmp_path, more='[metrics]\naddresses = ["127.0.0.1"]\n') as address, connect(city) as connection:
        connection.execute("truncate access_log cascade")
        leader, head = (Official(address, named(who)) for who in ("leader", "head"))
        with leader:
            for _ in range(3):
                leader.open("report", f"code={code(THEIRS, 1)}")
            leader.turn(f"code={code(THEIRS, 1)}")
            leader.open("map", f"case={code(THEIRS, 2)}")
        with head:
            head.open("report", f"code={code(OURS, 3)}")
            head.open("report", f"code={code(THEIRS, 3)}")
        answers = [
            official.get(f"/cases.{kind}?{everything}") for official in (leader, head) for kind in ("csv", "xlsx")
        ]
        assert [answer.status for answer in answers] == [200] * 4
        # The end is added when the last byte has been sent.
        assert becomes(lambda: connection.execute("select count(whole) from access_export").fetchone() == (4,))
        lines = connection.execute(
            """select subject, action, access_log.report_id, kind, sent, whole, access_log.id
               from access_log left join access_export using (id) order by access_log.id"""
        ).fetchall()
        opened = {line[:3] for line in lines if line[1] == "case"}
        assert opened == {
            ("leader", "case", number(THEIRS, 1)),
            ("leader", "case", number(THEIRS, 2)),
            ("head", "case", number(OURS, 3)),
        }
        assert sum(line[1] == "case" for line in lines) == 3, "another run does not count as opening"
        files = [line for line in lines if line[1] == "file"]
        assert [line[:2] + line[3:6] for line in files] == [
            (who, "file", kind, count, True)
            for who, count in (("leader", 24), ("head", 16))
            for kind in ("csv", "xlsx")
        ]
        for answer, line in zip(answers, files, strict=True):
            assert f"no-{line[6]}." in answer.words
            assert f"x-record-number: {line[6]}" in answer.words.lower()
        connection.execute("update access_export set sent = 30000 where id = %s", [files[0][6]])
        with Official(address, named("admin")) as admin:
            page = admin.open("access", "kind=files&who=head&lang=en")
            assert all(f"No. {line[6]}, " in page for line in files if line[0] == "head")
            assert not any(f"No. {line[6]}, " in page for line in files if line[0] == "leader")
            assert "<td>opened a case" not in page
            page = admin.open("access", "kind=cases&lang=en")
            assert "<td>opened a case" in page
            assert "<td>exported a file" not in page
            assert "access-alarm" in page
            assert "30,024" in page, "with the other file"
        # /metrics refreshes it in the background, so that it never waits.
        assert becomes(lambda: 'access_alarms{level="amber"}' in Official(address, {}).get("/metrics").words)
