"""Accounts are added, changed, disabled and read from a file; each change is in the access log."""

import getpass
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from queries.access.accounts import accounts
from queries.engine.database import ReportDatabase
from reportdb.__main__ import app
from tests.reports import small_city

LAN, MINH = "lan@hanoi.example", "minh@hanoi.example"


@pytest.fixture(autouse=True)
def _city(connection: psycopg.Connection) -> None:
    small_city(connection)


def users(database: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["users", *arguments, "--database", database])


def log(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Return the actions of the access log with their reasons, all of them by the user who runs the tests."""
    rows = connection.execute("select action, reason, subject from access_log order by id").fetchall()
    assert {who for _, _, who in rows} <= {f"operator {getpass.getuser()}"}
    return [(action, reason) for action, reason, _ in rows]


def test_an_account_from_its_first_day_to_its_last(
    database: str, connection: psycopg.Connection, reports: ReportDatabase
) -> None:
    result = users(database, "add", LAN, "--name", "Lan", "--role", "unit_head", "--unit", "lang")
    assert result.exit_code == 0
    assert result.stdout == f"{LAN}: account added; name Lan; role unit_head; unit lang; enabled.\n"
    assert accounts(reports)[LAN].scope.units == (1,)

    assert users(database, "add", LAN, "--name", "Lan", "--role", "leader").exit_code == 0
    assert accounts(reports)[LAN].role == "leader"

    assert users(database, "disable", LAN).exit_code == 0
    assert LAN not in accounts(reports)
    since = connection.execute("select disabled_at from app_user").fetchone()
    assert users(database, "disable", LAN).stdout == "Nothing changes.\n"
    assert connection.execute("select disabled_at from app_user").fetchone() == since
    listed = users(database, "list").stdout
    assert all(word in listed for word in (LAN, "Lan", "leader", "disabled"))

    users(database, "add", LAN, "--name", "Lan Anh", "--role", "leader")
    assert LAN not in accounts(reports), "a disabled account returns by `enable` only"
    assert users(database, "enable", LAN).exit_code == 0
    assert accounts(reports)[LAN].name == "Lan Anh"
    assert log(connection) == [
        ("account added", f"{LAN}: name Lan; role unit_head; unit lang; enabled"),
        ("account changed", f"{LAN}: role unit_head is now role leader; unit lang is now unit none"),
        ("account disabled", f"{LAN}: disabled"),
        ("account changed", f"{LAN}: name Lan is now name Lan Anh"),
        ("account enabled", f"{LAN}: enabled"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", LAN, "--name", "Lan", "--role", "unit_head"), "a unit_head needs a unit's code"),
        (("add", LAN, "--name", "Lan", "--role", "leader", "--unit", "lang"), "no other role may have one"),
        (("add", LAN, "--name", "Lan", "--role", "unit_head", "--unit", "langg"), "no unit has the code 'langg'"),
        (("add", " ", "--name", "Lan", "--role", "leader"), "An account needs a subject"),
        (("disable", LAN), f"There is no account {LAN}. See `users list`."),
        (("enable", MINH.upper()), f"There is no account {MINH.upper()}. Was {MINH} meant?"),
    ],
)
def test_invalid_input_is_reported_and_changes_nothing(
    database: str, connection: psycopg.Connection, arguments: tuple[str, ...], message: str
) -> None:
    users(database, "add", MINH, "--name", "Minh", "--role", "viewer")
    result = users(database, *arguments)
    assert result.exit_code == 3
    assert message in " ".join(result.stderr.split())
    assert connection.execute("select count(*) from app_user").fetchone() == (1,)
    assert len(log(connection)) == 1


def test_subjects_that_differ_by_capitals_are_two_accounts_and_a_warning(database: str) -> None:
    assert "Warning" not in users(database, "add", LAN, "--name", "Lan", "--role", "viewer").stdout
    result = users(database, "add", LAN.title(), "--name", "Lan", "--role", "viewer")
    assert f"Warning: {LAN.title()} and {LAN} differ only by capital letters." in result.stdout
    assert "Warning" not in users(database, "add", MINH, "--name", "Minh", "--role", "viewer").stdout


GOOD = f"""subject,name,role,unit,disabled
{LAN},Lan,unit_head,lang,
{MINH},Minh,viewer,,yes
"""


def test_a_file_is_imported_and_a_second_import_changes_nothing(
    database: str, connection: psycopg.Connection, reports: ReportDatabase, tmp_path: Path
) -> None:
    users(database, "add", "kept@hanoi.example", "--name", "Kept", "--role", "admin")
    file = tmp_path / "users.csv"
    file.write_text(GOOD, encoding="utf-8-sig")

    dry = users(database, "import", str(file), "--dry-run")
    assert "account added" in dry.stdout
    assert dry.stdout.endswith("Nothing was written: this was a dry run.\n")
    assert (set(accounts(reports)), len(log(connection))) == ({"kept@hanoi.example"}, 1)

    assert users(database, "import", str(file)).exit_code == 0
    assert set(accounts(reports)) == {"kept@hanoi.example", LAN}
    assert users(database, "import", str(file)).stdout == "Nothing changes.\n"
    assert len(log(connection)) == 3


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("name,subject\n", "line 1: The first line must name the columns: subject,name,role,unit,disabled."),
        ("", "line 1: The first line must name the columns"),
        (GOOD + "x@y.example,X,mayor,,\n", "line 4: The role is 'mayor'; it must be one of leader, unit_head"),
        (GOOD + "x@y.example,X,viewer\n", "line 4: The line must have 5 fields."),
        (GOOD + "x@y.example,X,viewer,,,\n", "line 4: The line must have 5 fields."),
        (GOOD + "x@y.example,X,viewer,,maybe\n", "line 4: disabled is 'maybe'; write yes or no."),
        (GOOD + f"{LAN},Lan,viewer,,\n", f"line 4: {LAN} occurs twice; leave one of the lines."),
        (GOOD + ",X,viewer,,\n", "line 4: An account needs a subject"),
        (GOOD + "x@y.example,X,unit_head,nowhere,\n", "no unit has the code 'nowhere'. Nothing was written."),
        (GOOD.encode() + b"\xff\n", "Nothing was written."),
    ],
)
def test_a_broken_file_changes_nothing_and_its_line_is_reported(
    database: str, connection: psycopg.Connection, tmp_path: Path, broken: str | bytes, message: str
) -> None:
    file = tmp_path / "users.csv"
    file.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
    result = users(database, "import", str(file))
    assert result.exit_code == 3
    assert message in " ".join(result.stderr.split())
    assert connection.execute("select count(*) from app_user").fetchone() == (0,)
    assert log(connection) == []
