"""Restarts the embedded server while it is in use: every user watches, one restarts, the others wait.

PostgreSQL itself restarts backends that were killed. It gives up if the postmaster is killed, or if recovery finds no
space on the disk.
"""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from reportdb.database import disk
from reportdb.database.lock_files import postmaster
from safe_text import log_error, log_text

Reason = Literal["restarting", "disk_full"]

_LOG = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_BETWEEN_TRIES = 3.0
_LOOKS_BETWEEN_KNOCKS = 5  # a connection costs PostgreSQL a process

_running: list["Supervisor"] = []


class Supervisor:
    """Watches a folder's server in its own thread, from `watch` to `leave`."""

    def __init__(self, folder: Path, *, restart: Callable[[], None], shuts_down: Callable[[], bool]) -> None:
        """Prepare to watch the server whose data are in `folder/data`.

        `restart` starts it within seconds, or raises an error that says why not; only one process at a time calls it,
        holding the folder's gate. `shuts_down` tells that the server accepts no connections because it was told to end.
        """
        self._folder, self._restart, self._shuts_down = folder, restart, shuts_down
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._try_at = 0.0
        self._looks = 0
        self.reason: Reason | None = None
        """Why there is no server now; None while it runs."""

    def watch(self) -> None:
        """Start watching."""
        _running.append(self)
        self._thread.start()

    def leave(self) -> None:
        """Stop watching: from then on no server is started here. Waits for a restart in progress."""
        self._stop.set()
        self._thread.join()
        with suppress(ValueError):
            _running.remove(self)

    def _watch(self) -> None:
        while not self._stop.wait(_SECONDS_BETWEEN_LOOKS):
            try:
                self.poll()
            except Exception as error:  # whatever fails here, the next poll may succeed
                _LOG.error(
                    "The embedded server in %s could not be supervised\n%s", log_text(self._folder), log_error(error)
                )

    def poll(self) -> None:
        """Restart the server if it is gone, if its disk has space, and if no other user is about to."""
        self._looks += 1
        if postmaster(self._folder / "data") and not (self._looks % _LOOKS_BETWEEN_KNOCKS == 0 and self._shuts_down()):
            self.reason = None
            return
        self.reason = self.reason or "restarting"
        if time.monotonic() < self._try_at or (self.reason == "disk_full" and disk.is_full(self._folder)):
            return
        try:
            gate = os.open(self._folder / "gate.lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:  # the folder itself is gone
            return
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._bring_back()
        except BlockingIOError:  # another user is starting it, or leaving
            return
        finally:
            os.close(gate)

    def _bring_back(self) -> None:
        if postmaster(self._folder / "data") and not self._shuts_down():
            return
        first = self._try_at == 0.0
        if first:
            _LOG.warning("The embedded server in %s is gone; starting it again.", log_text(self._folder))
        try:
            self._restart()
        except Exception as error:  # logged, and tried again
            full = disk.is_full(self._folder) or disk.tells_of_a_full_disk(str(error))
            reason: Reason = "disk_full" if full else "restarting"
            if first or reason != self.reason:
                words = disk.full_words(self._folder) if full else str(error)
                _LOG.error("%s The server is started again as soon as that is possible.", log_text(words))
            self.reason, self._try_at = reason, time.monotonic() + _SECONDS_BETWEEN_TRIES
            return
        self.reason, self._try_at = None, 0.0
        _LOG.warning("The embedded server in %s runs again.", log_text(self._folder))


def why_away() -> Reason | None:
    """Return why this process's embedded server is gone; None if it runs, or if none is used."""
    return _running[-1].reason if _running else None
