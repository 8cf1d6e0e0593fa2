"""Waiting for conditions in another thread, another process or a browser."""

import time
from collections.abc import Callable

from ui.live.run_queue import RunQueue


def becomes(true: Callable[[], bool]) -> bool:
    """Poll until a condition is true, for up to half a minute, and return whether it became so."""
    until = time.monotonic() + 30
    while not (found := true()) and time.monotonic() < until:
        time.sleep(0.02)
    return found


def until_in_line(turns: RunQueue, number: int) -> None:
    """Wait until so many runs wait for a slot."""
    assert becomes(lambda: turns.waiting == number)
