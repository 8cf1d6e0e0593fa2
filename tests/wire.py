"""A connection between the dashboard and its database that can be cut, or frozen."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg.conninfo import conninfo_to_dict


class Wire:
    """Passes bytes from a port of this machine to a database server's socket, until stopped."""

    def __init__(self, url: str) -> None:
        """Connect to the server of `url`, which listens on a Unix socket or a port."""
        place = conninfo_to_dict(url)
        self._host, self._port = str(place["host"]), int(place.get("port") or 5432)
        self._database, self._user = place["dbname"], place["user"]
        self._open: list[socket.socket] = []
        self._moves = threading.Event()
        self._moves.set()
        self._listener: socket.socket | None = None
        self.port = 0
        self.mend()

    @property
    def url(self) -> str:
        """The database's URL at this end of the connection."""
        return f"postgresql://{self._user}@127.0.0.1:{self.port}/{self._database}"

    def mend(self) -> None:
        """Let everything through (again)."""
        self._moves.set()
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        if self._listener:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self._moves.set()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def freeze(self) -> None:
        """Let nothing through without an error, like a network that drops everything."""
        self._moves.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                try:
                    far = self._reach()
                except OSError:  # the other end is gone
                    near.close()
                    continue
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _reach(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{self._host}/.s.PGSQL.{self._port}")
        return far

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._moves.wait()
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def wire(url: str) -> Iterator[Wire]:
    """Connect to the server of `url` while the block runs."""
    laid = Wire(url)
    try:
        yield laid
    finally:
        laid.cut()
