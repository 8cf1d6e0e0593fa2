"""What the process asks of its system before it serves: one heap, messages that leave as they are written, an end.

None is to be had by a setting of Streamlit's. Where the system has no such thing, nothing happens.
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
"""When the process that runs the dashboard began."""
_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3  # malloc.h
_LARGE = 32 * 1024  # bytes
_SECONDS_FOR_OPEN_REQUESTS = 5


def prepare() -> None:
    """Prepare the process that runs the dashboard, once, when its socket listens."""
    _share_one_heap()
    _answer_at_once()
    _wait_for_no_download()


def _share_one_heap() -> None:
    """Give no thread a heap of its own from now on: each refresh is a thread, and glibc would give them sixteen. Keep
    what is large out of a heap for good, to be given back when it is freed: by itself glibc takes for large what is
    larger than the largest freed so far, up to 32 MB.

    A heap keeps what it once needed, torn between what stays, so many of them, or one of mixed sizes, grow for weeks
    (mallopt(3); docs/live.md has the measurements; other C libraries do without). Streamlit's first threads have heaps
    by now, which all would share for ever: only the environment, MALLOC_ARENA_MAX=1, makes it one from the start.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE)


def _answer_at_once() -> None:
    """Let each message leave when it is written: on the socket Streamlit listens at, a second small one would wait for
    the first to be acknowledged, up to 40 ms (Nagle's algorithm, RFC 896; tcp(7), TCP_NODELAY, which is inherited).
    """
    for known in _listening():
        known.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def port() -> int | None:
    """Return the port at which this process listens; None where it does not yet, or the system does not say."""
    return next((int(known.getsockname()[1]) for known in _listening()), None)


def _listening() -> Iterator[socket.socket]:
    """Yield the TCP sockets at which this process listens, each to be used before the next."""
    for descriptor in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):  # no socket, or none of TCP
            known = socket.socket(fileno=int(descriptor.name))
            try:
                if known.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and known.family != socket.AF_UNIX:
                    yield known
            finally:
                known.detach()


def _wait_for_no_download() -> None:
    """Let a stopped service end although somebody still downloads a file: uvicorn would wait for a slow reader for
    ever, and whoever stops services (systemd, docker) kills the process then, so that nobody stops the database.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(server, uvicorn.Server) and server.config.timeout_graceful_shutdown is None:
        server.config.timeout_graceful_shutdown = _SECONDS_FOR_OPEN_REQUESTS
