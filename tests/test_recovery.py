"""The embedded server recovers while in use: killed processes, a full disk, lock files of a server that is gone."""

import fcntl
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from reportdb.check import find_damage
from reportdb.database.connection import connect, report_database
from reportdb.database.embedded_server import embedded_server
from reportdb.database.supervisor import why_away
from tests.conftest import _in_memory
from tests.open_folder import open_folder
from tests.servers import HOLD, ROOT, postmaster
from tests.test_outages import board, fill
from tests.waiting import becomes

_SECONDS_TO_HEAL = 30


@pytest.fixture(scope="module")
def city() -> Iterator[Path]:
    """The folder of a server with a small city in it."""
    with open_folder("recovery-test-", _in_memory()) as place:
        command("demo", "--reports", "300", "--data", place / "db")
        with embedded_server(place / "db") as url, connect(url) as connection:
            connection.execute("create table kept as select 7 as number")
        yield place / "db"


@pytest.fixture
def folder(city: Path) -> Iterator[Path]:
    """The same folder with its server stopped; afterwards no server may run in it, and no committed data be lost."""
    yield city
    assert not postmaster(city), "a server was left running"
    with embedded_server(city) as url:
        assert keeps(url)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A folder on its own disk of 160 MB, open to every user."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    with open_folder("small-disk-") as place:
        mounting: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs", place]
        if subprocess.run(mounting, check=False, capture_output=True).returncode:
            pytest.skip("root may not mount here")
        try:
            yield place
        finally:
            subprocess.run(["umount", place], check=True)


def command(*words: str | Path, code: int = 0) -> "subprocess.CompletedProcess[str]":
    """Run a reportdb command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "reportdb", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == code, done.stderr
    return done


@contextmanager
def started(*words: str | Path) -> Iterator["subprocess.Popen[str]"]:
    """Start a reportdb command."""
    with subprocess.Popen(
        [sys.executable, "-m", "reportdb", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process


def keeps(url: str) -> bool:
    """Whether the server accepts a connection and still has the first commit."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.execute("select number from kept").fetchone() == (7,)
    except psycopg.OperationalError:
        return False


def heals(healed: Callable[[], bool]) -> None:
    """Check that the server recovers within thirty seconds by itself."""
    began = time.monotonic()
    while not healed():
        assert time.monotonic() - began < _SECONDS_TO_HEAL, "it does not recover"
        time.sleep(0.2)


def kill(folder: Path, ending: signal.Signals = signal.SIGKILL) -> int:
    """Send a signal to the postmaster; return its process id."""
    killed = postmaster(folder)
    assert killed
    os.kill(killed, ending)
    return killed


def fill_the_disk(place: Path) -> Path:
    """Fill a disk except for some megabytes, and return the file that does so."""
    found = os.statvfs(place)
    ballast = place / "ballast"
    with ballast.open("wb") as opened:
        os.posix_fallocate(opened.fileno(), 0, found.f_bavail * found.f_frsize - 8 * 1024 * 1024)
    return ballast


def write_a_long_log(url: str) -> None:
    """Write more write-ahead log than a small disk holds, and little table data: the server stops for lack of space."""
    with connect(url) as connection:
        connection.execute("create table many (words text)")
        for _ in range(100):
            connection.execute("insert into many select repeat('x', 1000) from generate_series(1, 2000)")
            connection.execute("truncate many")


def test_a_full_disk_heals_when_there_is_room(small_disk: Path) -> None:
    folder = small_disk / "db"
    with report_database(None, folder) as url:
        with connect(url) as connection:
            connection.execute("create table kept as select 7 as number")
        ballast = fill_the_disk(small_disk)

        said = command("demo", "--reports", "20000", "--data", folder, code=3).stderr
        assert said.startswith(f"The disk of {folder} ")
        assert said.endswith("Make room on it and try again. Nothing that was committed is lost.\n")

        with pytest.raises(psycopg.OperationalError):
            write_a_long_log(url)
        assert becomes(lambda: why_away() == "disk_full")
        assert f"The disk of {folder} is full: " in command("check", "--data", folder, code=3).stderr

        ballast.unlink()
        heals(lambda: keeps(url) and why_away() is None)
        assert command("demo", "--reports", "300", "--data", folder).stderr == ""
        assert command("check", "--data", folder).stdout == ""
    assert not postmaster(folder)


@pytest.mark.usefixtures("administrator")
def test_a_full_disk_heals_under_a_screen_that_says_so(small_disk: Path) -> None:
    with report_database(None, small_disk / "db") as url:
        with connect(url) as connection:
            fill(connection)
        with board(url, why_away) as drawn:
            drawn.until("Live")
            ballast = fill_the_disk(small_disk)
            with pytest.raises(psycopg.OperationalError):
                write_a_long_log(url)
            said = drawn.until("the database's disk is full")
            assert said.startswith(f"Numbers of {drawn.live_at} · ")
            assert str(small_disk) not in "".join((said, *drawn.errors)), "strangers see no path"
            ballast.unlink()
            drawn.until("Live")


def test_a_server_that_ends_is_started_again_by_one_of_its_users(folder: Path) -> None:
    with embedded_server(folder) as url:
        other = subprocess.Popen(
            [sys.executable, "-c", HOLD, folder], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert other.stdout is not None
        assert other.stdout.readline().strip() == url
        for ending in (signal.SIGKILL, signal.SIGTERM):  # on SIGTERM it waits for its users and accepts no new ones
            with connect(url):
                killed = kill(folder, ending)
                heals(lambda killed=killed: postmaster(folder) not in {None, killed} and keeps(url))  # type: ignore[misc]
        other.communicate(timeout=60)
        assert other.returncode == 0
        assert keeps(url)


def test_data_that_are_gone_are_not_replaced_by_an_empty_database(folder: Path) -> None:
    with embedded_server(folder):
        (folder / "data").rename(folder / "moved")
        killed = int((folder / "moved" / "postmaster.pid").read_text().split()[0])
        os.kill(killed, signal.SIGKILL)
        assert becomes(lambda: why_away() == "restarting")
        time.sleep(1.5)
        assert not (folder / "data").exists()
        (folder / "moved").rename(folder / "data")


def test_a_backend_killed_during_summarise_loses_nothing(folder: Path) -> None:
    with embedded_server(folder) as url:
        holding = connect(url)
        holding.execute("select pg_advisory_lock(4107313)")  # summarise waits for it
        with started("summarise", "--recount", "--data", folder) as summarising:
            waits = "select pid from pg_locks where locktype = 'advisory' and not granted"
            assert becomes(lambda: holding.execute(waits).fetchone() is not None)
            (backend,) = holding.execute(waits).fetchone() or (0,)
            os.kill(backend, signal.SIGKILL)
            said, complained = summarising.communicate(timeout=60)
        assert summarising.returncode == 0, complained
        assert "The summary includes every change." in said
        assert "trying again" in complained
        holding.close()
        with connect(url) as connection:
            assert find_damage(connection) == []


def test_a_command_that_cannot_be_retried_says_what_to_do(folder: Path) -> None:
    with embedded_server(folder) as url, connect(url) as connection:
        with connection.transaction():
            connection.execute("lock table working_day in access exclusive mode")
            with started("calendar", "fill", "--data", folder) as filling:
                waits = "select pid from pg_locks where not granted"
                assert becomes(lambda: connection.execute(waits).fetchone() is not None)
                (backend,) = connection.execute(waits).fetchone() or (0,)
                connection.execute("select pg_terminate_backend(%s)", [backend])
                _, complained = filling.communicate(timeout=60)
        assert filling.returncode == 3
        assert "What was committed is kept" in complained
        assert "Run it again." in complained


def test_a_simulation_continues_after_its_server_was_killed(folder: Path) -> None:
    with embedded_server(folder) as url, started("simulate", "--per-hour", "7200", "--data", folder) as simulating:
        newest = "select max(id) from report"
        with connect(url) as connection:
            (before,) = connection.execute(newest).fetchone() or (0,)
            assert becomes(lambda: (connection.execute(newest).fetchone() or (0,))[0] > before)
        kill(folder)
        heals(lambda: keeps(url))
        with connect(url) as connection:
            (before,) = connection.execute(newest).fetchone() or (0,)
            assert becomes(lambda: (connection.execute(newest).fetchone() or (0,))[0] > before)
        simulating.send_signal(signal.SIGTERM)
        simulating.communicate(timeout=60)
        assert simulating.returncode == 0


@contextmanager
def stranger(folder: Path) -> Iterator[int]:
    """Run a process unrelated to the server, as the server's user; it must not be ended."""
    user = pwd.getpwuid((folder / "data").stat().st_uid).pw_name if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "300"], user=user, cwd="/") as process:
        try:
            yield process.pid
            assert process.poll() is None, "another process was asked to end"
        finally:
            process.kill()


@pytest.mark.parametrize("left", ["a stranger's number", "nothing", "rubbish"])
def test_a_killed_servers_lock_file_does_not_prevent_a_start(folder: Path, left: str) -> None:
    names = ("postmaster.pid", ".s.PGSQL.5432.lock")
    with embedded_server(folder):
        found = {name: (folder / "data" / name).read_bytes().partition(b"\n")[2] for name in names}
        owner = (folder / "data").stat().st_uid
    with stranger(folder) as number:
        content = {"a stranger's number": b"%d\n" % number, "nothing": b"", "rubbish": b"x\n"}[left]
        for name, rest in found.items():
            (folder / "data" / name).write_bytes(content + (rest if content else b""))
            os.chown(folder / "data" / name, owner, -1)
        begun = subprocess.run(
            [sys.executable, "-c", HOLD, folder],
            cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS_TO_HEAL, check=False,
        )  # fmt: skip
    assert (begun.returncode, begun.stderr) == (0, "")


def test_an_unrelated_process_with_a_killed_servers_id_is_not_ended(folder: Path) -> None:
    lock = folder / "data" / "postmaster.pid"
    with stranger(folder) as number, (folder / "gate.lock").open() as gate, embedded_server(folder):
        fcntl.flock(gate, fcntl.LOCK_EX)  # nobody restarts it meanwhile
        kill(folder)
        assert becomes(lambda: not postmaster(folder))
        lock.write_bytes(b"%d\n" % number + lock.read_bytes().partition(b"\n")[2])
        fcntl.flock(gate, fcntl.LOCK_UN)
