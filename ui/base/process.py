"""Process settings made before serving: one malloc heap, TCP_NODELAY, and a shutdown that does not wait for downloads.

Streamlit has no setting for any of them. On a system without them nothing happens.
"""

import ctypes
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

BEGAN = datetime.now(UTC)
"""When the dashboard's process started."""
_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3  # malloc.h
_LARGE = 32 * 1024  # bytes
_SECONDS_FOR_OPEN_REQUESTS = 5


def prepare() -> None:
    """Prepare the dashboard's process, once, when its socket listens."""
    _share_one_heap()
    _answer_at_once()
    _wait_for_no_download()


def _share_one_heap() -> None:
    """Let all new threads share one heap, and allocate large blocks outside it.

    By default glibc gives up to 16 heaps to threads, and each refresh is a thread. A block above the mmap threshold is
    returned to the system when freed; glibc raises that threshold by itself up to 32 MB. Many heaps, or one with blocks
    of mixed sizes, fragment and grow for weeks (mallopt(3); docs/live.md has the measurements). Streamlit's first
    threads already have heaps of their own here; only MALLOC_ARENA_MAX=1 in the environment gives one heap from the
    start.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE)


def _answer_at_once() -> None:
    """Set TCP_NODELAY on the socket Streamlit listens at; accepted connections inherit it. Otherwise a second small
    message waits up to 40 ms for the first to be acknowledged (Nagle's algorithm, RFC 896).
    """
    for known in _listening():
        known.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def port() -> int | None:
    """Return the port at which this process listens; None if it does not listen yet or the system does not say."""
    return next((int(known.getsockname()[1]) for known in _listening()), None)


def _listening() -> Iterator[socket.socket]:
    """Yield the TCP sockets at which this process listens; each is valid until the next."""
    for descriptor in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):  # not a socket, or not TCP
            known = socket.socket(fileno=int(descriptor.name))
            try:
                if known.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and known.family != socket.AF_UNIX:
                    yield known
            finally:
                known.detach()


def _wait_for_no_download() -> None:
    """Let a stopped service end while somebody still downloads a file. uvicorn would wait for a slow reader without
    limit; then systemd or docker kills the process, and the database is not shut down.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(server, uvicorn.Server) and server.config.timeout_graceful_shutdown is None:
        server.config.timeout_graceful_shutdown = _SECONDS_FOR_OPEN_REQUESTS
