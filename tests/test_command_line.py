"""The command line reports errors in one clear message, with an exit code, and never shows a password."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from reportdb.__main__ import app
from reportdb.database.connection import connect
from tests.conftest import NewDatabase

CITY = """insert into city (code, name_vi, name_en, time_zone, country)
    values ('hanoi', 'Hà Nội', 'Hanoi', 'Asia/Ho_Chi_Minh', 'VN')"""


@pytest.fixture(autouse=True)
def _no_other_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("REPORT_DB_URL", "REPORT_DB_DATA"):
        monkeypatch.delenv(variable, raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def words(text: str) -> str:
    """Return a message as one line, without its line breaks."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "The database's URL is not understood. It reads postgresql://user:password@host:port/name"),
        ("mysql://u:secret@host/x", "The database's URL is not understood."),
        ("postgresql://u:se%zzcret@host/x", "The database's URL is not understood."),
        ("postgresql://u:sec@ret@host/x", "a password writes @ as %40, : as %3A and / as %2F."),
        ("postgresql://u:1/secret@host/x", "a password writes @ as %40, : as %3A and / as %2F."),
        ("postgresql://u:secret@127.0.0.1:1/x", "(x at 127.0.0.1) does not answer: Connection refused. Check the URL"),
        ("postgresql:///x?host=/nowhere&password=secret", "(x at /nowhere) does not answer: No such file or directory"),
        ("postgresql://u:secret@nowhere.invalid/x", "(x at nowhere.invalid) does not answer: "),
    ],
)
def test_a_database_that_cannot_be_reached(url: str, message: str) -> None:
    result = run("check", "--database", url)
    assert result.exit_code == 3
    assert message in words(result.stderr)
    assert "cret" not in result.output


def test_a_database_whose_name_is_wrong(server: str) -> None:
    result = run("check", "--database", server.replace("/report?", "/nothing?").replace("/postgres?", "/nothing?"))
    assert result.exit_code == 3
    assert 'database "nothing" does not exist' in words(result.stderr)


def test_a_database_or_a_folder_but_not_both(tmp_path: Path) -> None:
    result = run("check", "--database", "postgresql://host/x", "--data", str(tmp_path))
    assert result.exit_code == 2
    assert "Give --database or --data, not both." in words(result.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_command_line() -> None:
    for arguments in (("chekc",), ("check", "--bogus"), ("demo", "--reports", "many"), ("areas", "load", "x.geojson")):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, ""), arguments


def test_a_database_newer_than_the_program(database: str) -> None:
    with connect(database) as connection:
        connection.execute("insert into schema_migration (name, sha256) values ('9999_future.sql', 'x')")
    result = run("check", "--database", database)
    assert result.exit_code == 3
    assert "The database is newer than this program: it holds 9999_future.sql. Update" in words(result.stderr)


def test_check_prints_a_line_for_each_finding_and_exits_with_1(database: str) -> None:
    result = run("check", "--database", database)
    assert result.exit_code == 1
    assert result.stdout == "city: the city's row is missing. Cure: insert the city with its time zone and country.\n"
    with connect(database) as connection:
        connection.execute(CITY)
    result = run("check", "--database", database)
    assert (result.exit_code, result.output) == (0, "")


def test_the_environment_names_the_database(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORT_DB_URL", database)
    result = run("check")
    assert (result.exit_code, result.stderr) == (1, "")


@pytest.mark.parametrize("named", ["by an option", "by the environment"])
def test_up_brings_a_fresh_database_up_to_date(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    url = new_database("template1")
    if named == "by the environment":
        monkeypatch.setenv("REPORT_DB_URL", url)
    result = run("up", "--database", url) if named == "by an option" else run("up")
    assert (result.exit_code, result.stdout) == (0, "The schema is up to date.\n")
    with connect(url) as connection:
        assert connection.execute("select count(*) from report").fetchone() == (0,)


@pytest.mark.parametrize(
    "command", ["up", "demo", "simulate", "areas load", "import csv", "check", "figures", "", "areas", "import"]
)
def test_every_command_has_a_help_page(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    if command not in {"", "areas", "import"}:
        assert "--database" in result.stdout
        assert "--data" in result.stdout


def test_no_stack_trace_reaches_the_terminal() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "reportdb", "check", "--database", "postgresql://u:secret@127.0.0.1:1/x"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 3
    assert process.stdout == ""
    assert process.stderr.startswith("The report database (x at 127.0.0.1) does not answer: Connection refused.")
    assert "Traceback" not in process.stderr
    assert "secret" not in process.stderr
