"""Find the process that runs a server, and clear lock files left by a killed server.

PostgreSQL overwrites a lock file whose process is dead. It refuses to start if another process has that id now: after a
reboot, in a new container, or if the dead process was not reaped.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

_NOBODY = 2_147_483_647  # larger than any process id on Linux
_MOST = 4096  # bytes; a lock file has about a hundred


def postmaster(data: Path) -> int | None:
    """Return the process id of the server that runs on a data folder; None if there is none.

    The lock file is not trusted: the process must be a PostgreSQL working in this folder.
    """
    number = _number_in(data / "postmaster.pid")
    return number if number and _is_server(number, data) else None


def clear_stale_locks(data: Path, sockets: Path) -> None:
    """Neutralise the lock files of a server that is gone, so that a new one can start.

    The caller must make sure that nobody else starts the server meanwhile. PostgreSQL's own test of the old server's
    shared memory still applies: children of a killed server may still work on the data. Raises OSError.
    """
    if postmaster(data):
        return
    _disown(data / "postmaster.pid")
    socket_lock = sockets / ".s.PGSQL.5432.lock"
    if socket_lock.exists() and _taken(_number_in(socket_lock)):
        socket_lock.unlink(missing_ok=True)


def _disown(file: Path) -> None:
    """Write an unused process id into a lock file whose id now belongs to another process."""
    number = _number_in(file)
    if number and not _taken(number):
        return
    try:
        opened = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        _, _, rest = os.read(opened, _MOST).partition(b"\n")
        if not number or not rest:  # empty or torn
            file.unlink(missing_ok=True)
            return
        content = b"%d\n%b" % (_NOBODY, rest)
        os.pwrite(opened, content, 0)
        os.ftruncate(opened, len(content))
    finally:
        os.close(opened)


def _number_in(file: Path) -> int | None:
    """Return the process id in a lock file; None if there is none."""
    with suppress(OSError), file.open("rb") as opened:
        if found := re.match(rb"-?(\d{1,9})\n", opened.read(_MOST)):
            return int(found[1]) or None
    return None


def _taken(number: int | None) -> bool:
    """Whether a process has this id; an unreadable id counts as taken, because PostgreSQL fails on it."""
    if number is None:
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_server(number: int, data: Path) -> bool:
    """Whether a process is a PostgreSQL server working in a folder."""
    process = Path("/proc") / str(number)
    if not Path("/proc/self").exists():  # not Linux: only the id is known
        return _taken(number)
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        if Path(os.fsdecode(words[0])).name != "postgres":
            return False
        return (process / "cwd").samefile(data)
    except PermissionError:  # another user's process: its command line names the folder
        return os.fsencode(data) in words
    except OSError:
        return False
