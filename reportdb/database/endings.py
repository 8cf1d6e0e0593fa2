"""Stop the server properly however the process ends: SIGTERM and SIGHUP act like Ctrl-C."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ends_in_order() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt while the block runs, and SIGHUP into SIGTERM.

    Signals that are already handled or ignored (uvicorn, nohup) are left alone. Does nothing outside the main thread,
    which alone may set handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = {signal.SIGTERM: signal.default_int_handler, signal.SIGHUP: _as_sigterm}
    changed = [number for number in ours if signal.getsignal(number) is signal.SIG_DFL]
    for number in changed:
        signal.signal(number, ours[number])
    try:
        yield
    finally:
        for number in changed:
            if signal.getsignal(number) is ours[number]:
                signal.signal(number, signal.SIG_DFL)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay signals that end the process until the block is done: a second Ctrl-C must not leave a server running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        """Keep the signal for later."""
        came.append(number)

    before = {number: signal.getsignal(number) for number in _ENDINGS}
    held = {number: handler for number, handler in before.items() if handler not in {signal.SIG_IGN, None}}
    for number in held:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for late in dict.fromkeys(came):
            signal.raise_signal(late)


def _as_sigterm(_number: int, _frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGTERM)
