"""One private folder for this process's temporary files; the next start removes it if this process is killed.

An export is written there before it is sent. Each request removes its own files at its end. A killed process cannot, so
each process locks its folder, and a starting process removes the folders that are not locked.
"""

import fcntl
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safe_text import log_text

_LOG = logging.getLogger(__name__)
_LOCK = "held.lock"
_held: list[Path] = []


@contextmanager
def temporary_folder() -> Iterator[None]:
    """Make the folder, remove folders left by killed processes, and remove our own at the end.

    All folders of one user are in one folder below TMPDIR. If that cannot be written, this is logged and the dashboard
    runs without it: pages need no files.
    """
    try:
        own, lock = _made()
    except OSError as error:
        _LOG.warning(
            "No folder for temporary files could be made, so no workbook can be downloaded: %s", log_text(error)
        )
        yield
        return
    _held.append(own)
    try:
        yield
    finally:
        _held.remove(own)
        shutil.rmtree(own, ignore_errors=True)
        os.close(lock)


def own_folder() -> Path:
    """Return this process's folder; the system's own while the dashboard does not run."""
    return _held[-1] if _held else Path(tempfile.gettempdir())


def _made() -> tuple[Path, int]:
    """Make a folder, remove unlocked ones, and return it with its lock. Raises OSError."""
    shared = _shared()
    with _locked(shared / "gate.lock"):  # so that no other process removes a new folder before it is locked
        for left in shared.iterdir():
            if left.is_dir() and not _is_held(left):
                shutil.rmtree(left, ignore_errors=True)
        own = Path(tempfile.mkdtemp(dir=shared))
        lock = _opened(own / _LOCK)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return own, lock


def _shared() -> Path:
    """Return this user's shared folder; a new one if another user owns that name."""
    shared = Path(tempfile.gettempdir()) / f"reports-{os.geteuid()}"
    shared.mkdir(mode=0o700, exist_ok=True)
    there = shared.lstat()
    if stat.S_ISDIR(there.st_mode) and there.st_uid == os.geteuid() and not there.st_mode & 0o077:
        return shared
    return Path(tempfile.mkdtemp(prefix="reports-"))


def _is_held(folder: Path) -> bool:
    lock = _opened(folder / _LOCK)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    lock = _opened(file)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _opened(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
