"""Which process runs a server, and lock files that a killed server left behind.

PostgreSQL overwrites a lock file whose process is dead. It refuses to start where another process has that number now,
which happens after a reboot, in a new container, or where nobody has reaped the dead one.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

_NOBODY = 2_147_483_647  # larger than any process id of Linux
_MOST = 4096  # bytes; a lock file has about a hundred


def postmaster(data: Path) -> int | None:
    """Return the process id of the server that runs on the data in a folder; None where none does.

    The lock file alone is not believed: the process must be a PostgreSQL that works in this very folder.
    """
    number = _number_in(data / "postmaster.pid")
    return number if number and _is_server(number, data) else None


def clear_stale_locks(data: Path, sockets: Path) -> None:
    """Make the lock files of a server that is gone harmless, so that a new one can start.

    Only for a caller who knows that nobody else starts the server meanwhile. PostgreSQL's own test of the old server's
    shared memory stays in force: children of a killed server may still work on the data. Raises OSError.
    """
    if postmaster(data):
        return
    _disown(data / "postmaster.pid")
    socket_lock = sockets / ".s.PGSQL.5432.lock"
    if socket_lock.exists() and _taken(_number_in(socket_lock)):
        socket_lock.unlink(missing_ok=True)


def _disown(file: Path) -> None:
    """Write a number that no process has into a lock file whose own number another process has."""
    number = _number_in(file)
    if number and not _taken(number):
        return
    try:
        opened = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        _, _, rest = os.read(opened, _MOST).partition(b"\n")
        if not number or not rest:  # empty or torn: nothing in it is worth a test
            file.unlink(missing_ok=True)
            return
        content = b"%d\n%b" % (_NOBODY, rest)
        os.pwrite(opened, content, 0)
        os.ftruncate(opened, len(content))
    finally:
        os.close(opened)


def _number_in(file: Path) -> int | None:
    """Return the process id in a lock file; None where there is none."""
    with suppress(OSError), file.open("rb") as opened:
        if found := re.match(rb"-?(\d{1,9})\n", opened.read(_MOST)):
            return int(found[1]) or None
    return None


def _taken(number: int | None) -> bool:
    """Whether a process has this number; what is no number counts as taken, because PostgreSQL stumbles over it."""
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
    """Whether a process is a PostgreSQL server that works in a folder."""
    process = Path("/proc") / str(number)
    if not Path("/proc/self").exists():  # not Linux: the number is all there is
        return _taken(number)
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        if Path(os.fsdecode(words[0])).name != "postgres":
            return False
        return (process / "cwd").samefile(data)
    except PermissionError:  # another user's process, and we may not look: its command line names the folder
        return os.fsencode(data) in words
    except OSError:
        return False
