"""Old reports lose what identifies a person; open and newer ones, and every count, do not change."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from rich.progress import Progress
from typer.testing import CliRunner, Result

from reportdb.__main__ import app
from reportdb.anonymise import AgeError, anonymise, ended_before
from reportdb.summary import summarise
from tests.reports import DAY, T, give_step, report, small_city

OPEN, OLD, YOUNG, PLAIN = 1, 2, 3, 4
SECRET = "0912 345 678"
LONG_AGO = datetime.now(UTC) - 800 * DAY  # the command reads the clock


def _tell(connection: psycopg.Connection, number: int, **facts: object) -> None:
    """Add a report with the citizen's data everywhere, submitted long ago."""
    words = dict.fromkeys(("title", "text", "address", "answer"), f"Gọi {SECRET}")
    report(connection, number, submitted_at=LONG_AGO - 5 * DAY, **{**words, "updated_at": LONG_AGO, **facts})
    give_step(connection, number, 1, "submitted", LONG_AGO - 5 * DAY, note=f"Hỏi {SECRET}")
    connection.execute("insert into report_contact values (%s, 'Công dân', %s)", [number, SECRET])


@pytest.fixture(autouse=True)
def _city(connection: psycopg.Connection) -> None:
    small_city(connection)
    _tell(connection, OPEN)
    _tell(connection, OLD, ended_at=LONG_AGO)
    _tell(connection, YOUNG, ended_at=datetime.now(UTC) - 700 * DAY)
    report(connection, PLAIN, title="Rác", text="tại số 12 ngõ 345/67", submitted_at=LONG_AGO - DAY, ended_at=LONG_AGO)
    summarise(connection, now=T)


def run(database: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["anonymise", *arguments, "--database", database])


def _named(connection: psycopg.Connection) -> list[set[int]]:
    """Return which reports contain the citizen's number: in words, in a step, as a contact; and, never, by search."""
    held = (
        "select id from report where concat_ws(' ', title, text, address, answer) like '%345%678%'",
        "select report_id from report_event where note like '%345%678%'",
        "select report_id from report_contact",
        "select id from report where words @@ to_tsquery('simple', '0912 & 678')",
    )
    return [{number for (number,) in connection.execute(question).fetchall()} for question in held]


def _whole(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """Return all data of the reports except what is masked, and the change marks."""
    rows = connection.execute(
        """select to_jsonb(report) - '{title,text,address,answer,words}'::text[] from report order by id"""
    ).fetchall()
    return [*rows, *connection.execute("select * from report_change").fetchall()]


def test_a_dry_run_shows_what_would_be_done_and_writes_nothing(database: str, connection: psycopg.Connection) -> None:
    before = _whole(connection)
    result = run(database, "--older-than", "2y")
    assert result.exit_code == 0
    assert "1 contacts, 1 reports with words to mask, 1 notes of their steps." in result.stdout
    assert "For example T-2.\n" in result.stdout
    assert "the same with --yes" in result.stdout
    assert _named(connection) == [*[{OPEN, OLD, YOUNG}] * 3, set()]
    assert _whole(connection) == before
    assert connection.execute("select count(*) from access_log").fetchone() == (0,)


def test_old_reports_lose_personal_data_and_nothing_else_changes(database: str, connection: psycopg.Connection) -> None:
    before = _whole(connection)
    assert connection.execute("select count(*) from report_change").fetchone() == (0,)
    result = run(database, "--older-than", "2y", "--yes")
    assert result.exit_code == 0
    assert "1 contacts, 1 reports with words to mask, 1 notes of their steps." in result.stdout
    assert _named(connection) == [*[{OPEN, YOUNG}] * 3, set()]
    assert _whole(connection) == before, "neither updated_at nor a count may change"
    kept = connection.execute("select title, text from report where id = any(%s) order by id", [[OLD, PLAIN]])
    assert kept.fetchall() == [("Gọi •••", "Gọi •••"), ("Rác", "tại số 12 ngõ 345/67")]
    ((who, action, reason),) = connection.execute("select subject, action, reason from access_log").fetchall()
    assert who.startswith("operator ")
    assert action == "anonymised"
    assert re.fullmatch(r"reports that ended before \d{4}-\d\d-\d\d: 1 contacts, 1 reports .*, 1 notes .*", reason)


def test_a_second_run_finds_nothing(database: str) -> None:
    run(database, "--older-than", "2y", "--yes")
    result = run(database, "--older-than", "2y")
    assert "0 contacts, 0 reports with words to mask, 0 notes of their steps." in result.stdout
    assert "For example" not in result.stdout


def test_an_interrupted_run_is_kept_and_completed_by_the_next(connection: psycopg.Connection) -> None:
    connection.execute(
        """create function stop() returns trigger language plpgsql as $$
           begin
               if new.id = 3 then raise exception 'stopped'; end if;
               return new;
           end $$;
           create trigger stop before update on report for each row execute function stop()"""
    )
    now = datetime.now(UTC)
    with pytest.raises(psycopg.errors.RaiseException), Progress(disable=True) as progress:
        anonymise(connection, now, now=now, progress=progress, at_once=1)
    assert _named(connection) == [*[{OPEN, YOUNG}] * 3, set()]
    connection.execute("drop trigger stop on report")
    with Progress(disable=True) as progress:
        done = anonymise(connection, now, now=now, progress=progress, at_once=1)
    assert (done.contacts, done.reports, done.notes) == (1, 1, 1)
    assert _named(connection) == [*[{OPEN}] * 3, set()]
    assert connection.execute("select count(*) from access_log").fetchone() == (2,)


def test_ages_are_years_months_or_days(connection: psycopg.Connection) -> None:
    assert ended_before(connection, "2y", T) == datetime(2024, 11, 18, 3, tzinfo=UTC)
    assert ended_before(connection, "18m", T) == datetime(2025, 5, 18, 3, tzinfo=UTC)
    assert ended_before(connection, "400d", T) == T - timedelta(days=400)


@pytest.mark.parametrize("age", ["2", "y", "0d", "-1y", "2 years", "1.5y", "2w", "", "99999y"])
def test_another_age_is_refused(database: str, connection: psycopg.Connection, age: str) -> None:
    with pytest.raises(AgeError):
        ended_before(connection, age, T)
    assert run(database, f"--older-than={age}", "--yes").exit_code == 3
    assert _named(connection) == [*[{OPEN, OLD, YOUNG}] * 3, set()]
