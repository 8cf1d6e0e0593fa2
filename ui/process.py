"""What the process asks of its system before it serves: few heaps, and messages that leave as they are written.

Neither is to be had by a setting of Streamlit's. Where the system has no such thing, nothing happens.
"""

import ctypes
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

BEGAN = datetime.now(UTC)
"""When the process that runs the dashboard began."""
_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3  # malloc.h
_LARGE = 256 * 1024  # bytes


def prepare() -> None:
    """Prepare the process that runs the dashboard, once, when its socket listens."""
    _share_heaps()
    _answer_at_once()


def _share_heaps() -> None:
    """Bound glibc's heaps to two, or those there are: each refresh is a thread, and they would be given sixteen. And
    keep what is large out of them, for good: else what is large is what was freed last, up to 32 MB.

    Each heap keeps what it once needed, so many of them, or torn ones, grow for weeks (mallopt(3); other C libraries do
    without).
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_ARENA_MAX, 2)
        mallopt(_M_MMAP_THRESHOLD, _LARGE)


def _answer_at_once() -> None:
    """Let each message leave when it is written: on the socket Streamlit listens at, a second small one would wait for
    the first to be acknowledged, up to 40 ms (Nagle's algorithm, RFC 896; tcp(7), TCP_NODELAY, which is inherited).
    """
    for descriptor in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):  # no socket, or none of TCP
            known = socket.socket(fileno=int(descriptor.name))
            try:
                if known.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    known.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            finally:
                known.detach()
