"""Waiting for what happens in another thread."""

import time
from collections.abc import Callable

from ui.turns import Turns


def until(happened: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something happened. Fails where it does not within so many seconds."""
    ends = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends
        time.sleep(0.005)


def until_in_line(turns: Turns, number: int) -> None:
    """Wait until so many wait for their turn."""
    until(lambda: len(turns._line) == number)
