"""Open a file, plain or gzipped, as bytes or as text; errors while reading it become ImportFailure."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, cast

from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.file_format import FileFormat
from reportdb.source_file.content import START
from reportdb.source_file.encodings import KEEP_BYTES

_GZIP = b"\x1f\x8b"


class Reads(Protocol):
    """A mapping, as far as a file needs it: how the file is written, and which columns are read."""

    @property
    def file_format(self) -> FileFormat:
        """How the file is written."""

    def columns(self) -> list[str]:
        """Return every column that is read."""


@contextmanager
def bytes_of(file: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file as its content, unpacked if it is gzipped, and as the raw stream behind it. Raises ImportFailure."""
    try:
        raw = file.open("rb")
    except OSError as error:
        raise ImportFailure(f"{file} cannot be read: {error.strerror}.") from error
    with raw:
        compressed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        yield cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if compressed else raw, raw


@contextmanager
def text_of(file: Path, encoding: str) -> Iterator[tuple[io.TextIOWrapper, IO[bytes]]]:
    """Open a file as text that preserves undecodable bytes and line ends; and the raw stream behind it."""
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    with (
        bytes_of(file) as (content, raw),
        io.TextIOWrapper(content, name, errors=KEEP_BYTES, newline="") as text,
    ):
        yield text, raw


def start_of(file: Path) -> bytes:
    """Return the first bytes of a file's content. Raises ImportFailure."""
    with bytes_of(file) as (content, _), told_when_broken(file):
        return content.read(START)


@contextmanager
def told_when_broken(file: Path) -> Iterator[None]:
    """Turn errors while reading a file into ImportFailure."""
    try:
        yield
    except EOFError as error:
        raise ImportFailure(
            f"{file} is truncated: the compressed file is incomplete. Fetch it again. Nothing was imported."
        ) from error
    except (OSError, zlib.error) as error:
        raise ImportFailure(
            f"{file} cannot be read to its end: {error}. Fetch it again. Nothing was imported."
        ) from error
    except UnicodeError as error:
        raise ImportFailure(
            f"{file} is not text: {error}. Set the mapping's encoding. Nothing was imported."
        ) from error
