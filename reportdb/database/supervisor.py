"""Restarts the embedded server while somebody uses it: each user watches, one of them restarts, the others wait.

A backend that is killed needs nothing of this: PostgreSQL restarts the others itself. It gives up where the postmaster
is killed, and where recovery finds no room on the disk.
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
    """Watches the server of a folder in a thread of its own, from `watch` to `leave`."""

    def __init__(self, folder: Path, *, restart: Callable[[], None], shuts_down: Callable[[], bool]) -> None:
        """Prepare to watch the server whose data lie in `folder/data`.

        `restart` starts it within seconds or raises an error whose words say why not; it is called by one process at a
        time, which holds the folder's gate. `shuts_down` tells that the server takes no more connections because
        somebody told it to end.
        """
        self._folder, self._restart, self._shuts_down = folder, restart, shuts_down
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._try_at = 0.0
        self._looks = 0
        self.reason: Reason | None = None
        """Why there is no server just now; None while it runs."""

    def watch(self) -> None:
        """Begin to watch."""
        _running.append(self)
        self._thread.start()

    def leave(self) -> None:
        """Watch no more: from then on nobody here starts the server. Waits for a restart that is on its way."""
        self._stop.set()
        self._thread.join()
        with suppress(ValueError):
            _running.remove(self)

    def _watch(self) -> None:
        while not self._stop.wait(_SECONDS_BETWEEN_LOOKS):
            try:
                self.poll()
            except Exception as error:  # whatever fails here, the next look may succeed
                _LOG.error(
                    "The embedded server in %s could not be looked after\n%s", log_text(self._folder), log_error(error)
                )

    def poll(self) -> None:
        """Restart the server if it is gone, if there is room for it, and if nobody else is about to."""
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
        except BlockingIOError:  # another user starts it, or leaves
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
        except Exception as error:  # said in words, and tried again
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
    """Return why the embedded server that this process uses is gone; None where it runs, or none is used."""
    return _running[-1].reason if _running else None
