"""The embedded PostgreSQL server: a real server in a folder, started when first needed and stopped by its last user.

Each process that uses the server holds a shared lock on one file. The process that finds itself alone when it leaves
stops the server. The kernel drops the lock of a killed process, so no count can go stale. While they use it, its users
restart it where it is gone (`reportdb/database/supervisor.py`).
"""

import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psycopg

from reportdb.database import disk
from reportdb.database.cluster import ANOTHER_FOLDER, OWNER, create_cluster, refuse_foreign_data, socket_folder
from reportdb.database.endings import ends_in_order, uninterrupted
from reportdb.database.lock_files import clear_stale_locks, postmaster
from reportdb.database.server_user import (
    PROGRAM_SECONDS,
    Programs,
    ServerError,
    find_programs,
    lock_file,
    locked,
    make_folder,
    reachable_folder,
)
from reportdb.database.supervisor import Supervisor

__all__ = ["DEFAULT_FOLDER", "ServerError", "embedded_server"]

DEFAULT_FOLDER = Path(".reportdb")
DATABASE = "report"
# Children of a killed server may hold its memory for a while; an operator may start the server by hand.
_IN_A_MOMENT = ("shared memory", '"postmaster.pid" already exists')
_SECONDS_OF_A_RESTART = 5  # for one try of a supervisor, which holds the gate; a recovery continues without it
_SECONDS_TO_APPEAR = 3.0  # from the start of a server to its lock file


@contextmanager
def embedded_server(folder: Path = DEFAULT_FOLDER) -> Iterator[str]:
    """Run the server of `folder` while the block runs, and yield the owner's URL of its report database.

    Several processes may do so at once. Started by root, the server runs as a system user; where that user cannot reach
    `folder`, the files lie in /var/lib/reportdb and `folder/data` is a link to them. A server that dies is started
    again. SIGTERM and SIGHUP end the block as Ctrl-C does, unless somebody handles them. Raises ServerError when the
    folder holds the data of another version or user, cannot be written, or the server does not start.
    """
    programs = find_programs()
    try:
        folder = folder.expanduser().resolve()
        folder = reachable_folder(folder, programs.user)
        refuse_foreign_data(folder / "data", programs)
        make_folder(folder)
        users, gate = lock_file(folder / "users.lock"), lock_file(folder / "gate.lock")
    except (OSError, RuntimeError) as error:  # RuntimeError: an unknown home folder, or a loop of links
        if disk.tells_of_a_full_disk(str(error)):
            raise ServerError(disk.full_words(folder)) from error
        why = getattr(error, "strerror", None) or error
        raise ServerError(f"{folder} cannot be written: {why}. {ANOTHER_FOLDER}") from error
    with users, gate, ends_in_order():
        # The gate makes "am I the last?" and "stop" one step, so that no process starts the server in between.
        with locked(gate.fileno()):
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                url = _start(folder, programs)
            except BaseException as error:
                with uninterrupted():
                    _stop_if_last(users.fileno(), folder, programs, starting=not isinstance(error, Exception))
                raise
        supervisor = Supervisor(
            folder, restart=partial(_restart, folder, programs), shuts_down=partial(_shuts_down, folder / "data")
        )
        supervisor.watch()
        try:
            yield url
        finally:
            with uninterrupted():
                supervisor.leave()
                with locked(gate.fileno()):
                    _stop_if_last(users.fileno(), folder, programs)


def _start(folder: Path, programs: Programs) -> str:
    """Start the server of `folder` unless it runs, and return the owner's URL of its report database."""
    data, log = folder / "data", folder / "server.log"
    if not (data / "PG_VERSION").exists():
        create_cluster(data, programs)
    if programs.user:
        with suppress(FileExistsError):  # the folder is root's, so the system user could not make its log
            log.touch(mode=0o600, exist_ok=False)
            os.chown(log, programs.user.pw_uid, programs.user.pw_gid, follow_symlinks=False)
    sockets = socket_folder(data)
    _bring_up(folder, sockets, programs, PROGRAM_SECONDS)
    try:
        _create_database(sockets)
    except psycopg.Error as error:
        full = isinstance(error, psycopg.errors.DiskFull) or disk.is_full(folder)
        raise ServerError(disk.full_words(folder) if full else f"No database could be made: {error}") from error
    return _url(sockets, DATABASE)


def _bring_up(folder: Path, sockets: Path, programs: Programs, seconds: int) -> None:
    """Start the server unless it runs, and wait until it takes connections. Raises ServerError with the reason."""
    data, log = folder / "data", folder / "server.log"
    arguments = ["start", "--wait", f"--timeout={seconds}", f"--log={log}", f"-o-k {sockets}"]
    deadline = time.monotonic() + seconds
    while not _accepts(sockets):
        try:
            if postmaster(data):
                if _shuts_down(data):
                    _pg_ctl(["stop", "--wait", "--mode=fast"], data, programs)
                elif time.monotonic() > deadline:  # it recovers
                    raise ServerError(f"The embedded server in {folder} accepts no connections yet. Its log is {log}.")
            else:
                clear_stale_locks(data, sockets)
                _pg_ctl(arguments, data, programs)
        except (ServerError, OSError) as error:
            if disk.is_full(folder) or disk.tells_of_a_full_disk(str(error)):
                raise ServerError(disk.full_words(folder)) from error
            if isinstance(error, OSError):
                raise ServerError(f"{error.filename or data} cannot be written: {error.strerror}.") from error
            if not any(words in str(error) for words in _IN_A_MOMENT) or time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def _restart(folder: Path, programs: Programs) -> None:
    """Start the server of a folder again, for its supervisor; a server that still recovers then is left alone.

    Raises ServerError. Missing data are not replaced by an empty database.
    """
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        raise ServerError(f"{data} no longer holds a database.")
    try:
        _bring_up(folder, socket_folder(data), programs, _SECONDS_OF_A_RESTART)
    except ServerError:
        if not postmaster(data):
            raise


def _shuts_down(data: Path) -> bool:
    """Whether the server is shutting down and waits for its clients to leave, as on SIGTERM: it accepts no new ones."""
    try:
        psycopg.connect(_url(socket_folder(data), "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return "is shutting down" in str(error)
    return False


def _stop_if_last(users: int, folder: Path, programs: Programs, *, starting: bool = False) -> None:
    """Stop the server unless another process uses it; `starting`: one may be on its way that has no lock file yet."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    data = folder / "data"
    until = time.monotonic() + (_SECONDS_TO_APPEAR if starting and (data / "PG_VERSION").exists() else 0)
    while not (runs := postmaster(data)) and time.monotonic() < until:
        time.sleep(0.05)
    if runs:
        try:
            _pg_ctl(["stop", "--wait", "--mode=fast"], data, programs)
        except ServerError:  # it could not write its checkpoint: the next start recovers it from its log
            if postmaster(data):
                _pg_ctl(["stop", "--wait", "--mode=immediate"], data, programs)
    with suppress(OSError, ServerError):
        if (data / "PG_VERSION").exists() and (sockets := socket_folder(data)) != data:
            for left in sockets.glob(".s.PGSQL.*"):  # of a server that was killed
                left.unlink()
            sockets.rmdir()


def _url(sockets: Path, database: str) -> str:
    return f"postgresql://{OWNER}@/{database}?host={sockets}&port=5432"


def _accepts(sockets: Path) -> bool:
    try:
        psycopg.connect(_url(sockets, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_database(sockets: Path) -> None:
    with psycopg.connect(_url(sockets, "postgres"), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            connection.execute(f"create database {DATABASE}")


def _pg_ctl(arguments: list[str], data: Path, programs: Programs) -> None:
    try:
        programs.run("pg_ctl", [f"--pgdata={data}", *arguments])
    except subprocess.SubprocessError as error:
        log = data.parent / "server.log"
        raise ServerError(
            f"The embedded server in {data.parent} did not {arguments[0]}. Its log {log} ends:\n{_tail(log)}"
        ) from error


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else "(no log)"
