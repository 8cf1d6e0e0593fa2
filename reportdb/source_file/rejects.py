"""The rejects file: every rejected row with its line number, the reason, and the row itself."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reportdb.mapping.failure import ImportFailure
from reportdb.source_file.encodings import KEEP_BYTES

HEADER = ["line", "reason", "row"]


class Rejects:
    """Collects rejected rows beside the rejects file's place, and moves them there when the import is done."""

    def __init__(self, file: Path, encoding: str) -> None:
        """Begin a rejects file in the encoding of its source, so that a row's bytes stay as they were.

        UTF-16 and UTF-32, whose units are no single bytes, become UTF-8.
        """
        self.count = 0
        self._place, self._unfinished = file, file.with_name(f"{file.name}.{os.getpid()}.unfinished")
        if file.is_dir():
            raise ImportFailure(f"The rejects file {file} is a folder. Name a file with --rejects.")
        try:
            # Undecodable bytes are written as they were read. Only the user who runs the import can read the file: rows
            # hold citizens' words.
            self._file = open(  # noqa: SIM115
                self._unfinished,
                "w",
                encoding="utf-8" if encoding.startswith(("utf-16", "utf-32", "utf-8")) else encoding,
                errors=KEEP_BYTES,
                newline="",
                opener=lambda path, flags: os.open(path, flags, 0o600),
            )
            self._rows = csv.writer(self._file)
            self._rows.writerow(HEADER)
        except OSError as error:
            raise self._cannot(error) from error

    def add(self, line: int, reason: str, row: str) -> None:
        """Add a row. Raises ImportFailure if the disk is full."""
        try:
            self._rows.writerow([line, reason, row.rstrip("\r\n")])
        except OSError as error:
            raise self._cannot(error) from error
        self.count += 1

    def finish(self) -> None:
        """Flush all rows to the disk. Raises ImportFailure if it is full."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._cannot(error) from error

    def put_in_place(self) -> None:
        """Move the file to its place; if nothing was rejected, delete an earlier import's rejects."""
        if self.count:
            self._unfinished.replace(self._place)
        elif self._is_ours():
            self._place.unlink()

    def discard(self) -> None:
        """Delete the unfinished file in any case."""
        with suppress(OSError):  # on a full disk the buffer cannot be written
            self._file.close()
        self._unfinished.unlink(missing_ok=True)

    def _is_ours(self) -> bool:
        try:
            with self._place.open("rb") as earlier:
                return earlier.readline().strip() == ",".join(HEADER).encode()
        except FileNotFoundError:
            return False

    def _cannot(self, error: OSError) -> ImportFailure:
        return ImportFailure(
            f"The rejects file {self._place} cannot be written: {error.strerror}. Make room or name another place "
            "with --rejects. Nothing was imported."
        )


@contextmanager
def rejects_file(file: Path, encoding: str) -> Iterator[Rejects]:
    """Yield the rejects of an import; if it fails, no unfinished file is left."""
    rejects = Rejects(file, encoding)
    try:
        yield rejects
    finally:
        rejects.discard()
