"""The rejects file: every row that was not taken, with its line number, the reason, and the row as it stands."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reportdb.source_file.failure import ImportFailure

HEADER = ["line", "reason", "row"]


class Rejects:
    """Collects rejected rows beside the place of the rejects file, and puts them there when the import is done."""

    def __init__(self, file: Path, encoding: str) -> None:
        self.count = 0
        self._place, self._unfinished = file, file.with_name(f"{file.name}.{os.getpid()}.unfinished")
        if file.is_dir():
            raise ImportFailure(f"The rejects file {file} is a folder. Name a file with --rejects.")
        try:
            # Bytes that could not be decoded are written as they were read.
            # The rows are citizens' words: nobody but who runs the import reads them.
            self._file = open(  # noqa: SIM115
                self._unfinished,
                "w",
                encoding=encoding,
                errors="surrogateescape",
                newline="",
                opener=lambda path, flags: os.open(path, flags, 0o600),
            )
            self._rows = csv.writer(self._file)
            self._rows.writerow(HEADER)
        except OSError as error:
            raise self._cannot(error) from error

    def add(self, line: int, reason: str, row: str) -> None:
        """Keep a row. Raises ImportFailure when the disk is full."""
        try:
            self._rows.writerow([line, reason, row.rstrip("\r\n")])
        except OSError as error:
            raise self._cannot(error) from error
        self.count += 1

    def finish(self) -> None:
        """See that every row is on the disk. Raises ImportFailure when it is full."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._cannot(error) from error

    def put_in_place(self) -> None:
        """Put the file in its place; where nothing was rejected, take an earlier import's rejects away."""
        if self.count:
            self._unfinished.replace(self._place)
        elif self._is_ours():
            self._place.unlink()

    def discard(self) -> None:
        """Leave no unfinished file behind, whatever happened."""
        with suppress(OSError):  # on a full disk the last words cannot be written
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
    """Yield the rejects of an import; no unfinished file is left behind when it fails."""
    rejects = Rejects(file, encoding)
    try:
        yield rejects
    finally:
        rejects.discard()
