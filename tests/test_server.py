"""The embedded server with real processes: starts when needed, survives kills, and never outlives its last user."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from reportdb.check import beyond_the_owner, find_damage
from reportdb.database.connection import connect
from reportdb.database.embedded_server import ServerError, embedded_server
from reportdb.database.migrations import BASELINE, migrate
from reportdb.demo import build_demo
from tests.open_folder import open_folder
from tests.servers import HOLD, ROOT, postmaster


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a server; afterwards no server may run in it."""
    with open_folder("server-test-") as place:
        yield place / "db"
        assert not postmaster(place / "db"), "a server was left running"


def _holder(folder: Path) -> tuple["subprocess.Popen[str]", str]:
    """Start a process that uses the server until its standard input ends; return it with the URL it printed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def _leave(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=60)
    assert process.returncode == 0


def _kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate(timeout=60)


def _wait_until_dead(process: int) -> None:
    for _ in range(200):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail(f"process {process} lives on")


def _alive(url: str) -> bool:
    with connect(url) as connection:
        return connection.execute("select 1").fetchone() == (1,)


def test_it_runs_while_it_is_used_and_keeps_what_was_written(folder: Path) -> None:
    with embedded_server(folder) as url:
        with connect(url) as connection:
            connection.execute("create table kept as select 7 as number")
        assert postmaster(folder)
    assert not postmaster(folder)
    with embedded_server(folder) as url, connect(url) as connection:
        assert connection.execute("select number from kept").fetchone() == (7,)


def test_the_last_of_two_users_stops_it(folder: Path) -> None:
    first, first_url = _holder(folder)
    second, second_url = _holder(folder)
    assert first_url == second_url
    _leave(first)
    assert _alive(second_url)
    _leave(second)
    assert not postmaster(folder)


def test_users_who_start_at_once_share_one_server(folder: Path) -> None:
    users = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, folder], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    urls = {user.stdout.readline() for user in users if user.stdout}
    assert len(urls) == 1
    for user in users:
        _leave(user)


def test_a_killed_user_is_forgotten(folder: Path) -> None:
    holder, _ = _holder(folder)
    _kill(holder)
    left = postmaster(folder)
    assert left, "no process was left to stop it"
    with embedded_server(folder) as url:
        assert _alive(url)
        assert postmaster(folder) == left
    assert not postmaster(folder)


def test_a_killed_server_recovers_at_the_next_start(folder: Path) -> None:
    holder, url = _holder(folder)
    with connect(url) as connection:
        connection.execute("create table kept as select 7 as number")
    killed = postmaster(folder)
    assert killed
    os.kill(killed, signal.SIGKILL)
    _wait_until_dead(killed)
    with embedded_server(folder) as again, connect(again) as connection:
        assert connection.execute("select number from kept").fetchone() == (7,)
    _leave(holder)


def test_a_user_whose_server_was_killed_exits_cleanly(folder: Path) -> None:
    with embedded_server(folder):
        killed = postmaster(folder)
        assert killed
        os.kill(killed, signal.SIGKILL)
        _wait_until_dead(killed)


def test_the_data_of_another_version_are_refused_and_left_alone(folder: Path) -> None:
    data = folder / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(ServerError, match=r"holds the data of PostgreSQL 16.*Name another folder with --data"):
        embedded_server(folder).__enter__()
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerError, match=r"cannot be written: .*Name another folder with --data"):
        embedded_server(tmp_path / "file" / "db").__enter__()


@pytest.mark.parametrize("name", ["x" * 120, "cơ sở dữ liệu", "with 'quotes'"])
def test_a_folder_whose_path_is_too_long_for_a_socket_works(folder: Path, name: str) -> None:
    with embedded_server(folder / name) as url:
        assert _alive(url)
        socket_folder = Path(str(conninfo_to_dict(url)["host"]))
        assert socket_folder.match("/tmp/reportdb-*")
    assert not postmaster(folder / name)
    assert not socket_folder.exists()


def test_the_environment_of_another_server_does_not_matter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "5999")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with embedded_server(folder) as url:
        assert _alive(url)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end the test's processes: tests started in a shell's background ignore it, and their children inherit
    that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_no_way_of_ending_up_leaves_a_server(folder: Path, ending: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reportdb", "up", "--data", folder],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    # A terminal signals the whole process group; `kill` only the process.
    (os.kill if ending == signal.SIGTERM else os.killpg)(process.pid, ending)
    _, complained = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in complained
    assert not postmaster(folder)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_it_starts_leaves_no_server(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reportdb", "up", "--data", folder],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    for _ in range(600):
        if (folder / "data" / "postmaster.pid").exists():
            break
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=60)
    assert not postmaster(folder)
    with embedded_server(folder) as url:
        assert _alive(url)


def _other_postgresql() -> Path:
    """Return the programs of the oldest supported other PostgreSQL on this machine, or skip."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    supported = [path for path in found if int(path.parent.name) >= 15]
    if not supported:
        pytest.skip("no other PostgreSQL, 15 or later, is installed in /usr/lib/postgresql")
    return min(supported, key=lambda path: int(path.parent.name))


@pytest.fixture
def other_server() -> Iterator[str]:
    """The owner's URL of a temporary cluster of another PostgreSQL, through a socket."""
    programs = _other_postgresql()
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", f"{place}/data", *arguments], cwd="/", check=True,
            user=user.pw_uid if user else None, group=user.pw_gid if user else None, extra_groups=[] if user else None,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    with open_folder("server-test-") as place:
        if user:
            shutil.chown(place, user.pw_uid)
        run("initdb", "--username=owner", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
        run("pg_ctl", "start", "--wait", f"--log={place}/log", f"-o-k {place} -p 5432 -c listen_addresses=''")
        try:
            yield f"postgresql://owner@/postgres?host={place}&port=5432"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=fast")


def test_another_postgresql_works_too(other_server: str) -> None:
    with connect(other_server) as connection:
        assert migrate(connection)[0] == BASELINE
        assert migrate(connection) == []
        connection.execute(
            """insert into city (code, name_vi, name_en, time_zone, country)
               values ('hanoi', 'Hà Nội', 'Hanoi', 'Asia/Ho_Chi_Minh', 'VN')"""
        )
        assert find_damage(connection) == []
        connection.execute("drop index report_due_at")
        assert [(damage.table, damage.column) for damage in find_damage(connection)] == [("report", "due_at")]
        connection.execute("set role report_reader")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from report_contact")


def test_another_postgresql_gives_the_same_reports(other_server: str, connection: psycopg.Connection) -> None:
    def reports_at(database: psycopg.Connection, moment: datetime) -> list[tuple[Any, ...]]:
        # As JSON, because an infinite time cannot be read otherwise.
        return database.execute("select to_jsonb(r) from report_at(%s) as r order by id", [moment]).fetchall()

    now = datetime(2026, 11, 18, 3, tzinfo=UTC)
    with connect(other_server) as other:
        migrate(other)
        for database in (connection, other):
            build_demo(database, reports=300, seed=1000, now=now)
        assert find_damage(other, now) == []
        for moment in (now, now - timedelta(days=100), now - timedelta(days=500)):
            theirs = reports_at(other, moment)
            assert theirs == reports_at(connection, moment)
            assert len(theirs) > 10


def test_an_owner_without_superuser_rights_works(folder: Path) -> None:
    with embedded_server(folder) as url:
        with connect(url) as superuser:
            superuser.execute("create role steward login createrole")
            superuser.execute("create database city owner steward")
        with connect(url.replace("report_owner@/report?", "steward@/city?")) as steward:
            migrate(steward)
            assert [damage.table for damage in find_damage(steward)] == ["city"]
            (beyond,) = beyond_the_owner(steward)
            assert "lo_create" in beyond.wrong
            steward.execute("set role report_reader")
            assert steward.execute("select count(*) from report").fetchone() == (0,)
