"""The files an import writes beside the source's: rejected rows, and values that could not be read."""

import csv
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from reportdb.mapping.failure import ImportFailure
from reportdb.source_file.encodings import KEEP_BYTES


class Listing:
    """Collects lines beside their file's place, and moves them there when the import is done.

    Used as a context, it leaves no unfinished file if the import fails.

    `what` and `option` name the file and its option of the command line in messages: "rejects file", "--rejects".
    """

    def __init__(self, file: Path, encoding: str, header: Sequence[str], what: str, option: str) -> None:
        self.count = 0
        self.place, self._unfinished = file, file.with_name(f"{file.name}.{os.getpid()}.unfinished")
        # UTF-16 and UTF-32, whose units are no single bytes, become UTF-8.
        encoding = "utf-8" if encoding.startswith(("utf-16", "utf-32", "utf-8")) else encoding
        self._first = (",".join(header) + "\r\n").encode(encoding)
        self._what, self._option = what, option
        if file.is_dir():
            raise ImportFailure(f"The {what} {file} is a folder. Name a file with {option}.")
        try:
            # Undecodable bytes are written as they were read. Only the user who runs the import can read the file: rows
            # hold citizens' words.
            self._file = open(  # noqa: SIM115
                self._unfinished,
                "w",
                encoding=encoding,
                errors=KEEP_BYTES,
                newline="",
                opener=lambda path, flags: os.open(path, flags, 0o600),
            )
            self._rows = csv.writer(self._file)
            self._rows.writerow(header)
        except OSError as error:
            raise self._cannot(error) from error

    def write(self, *values: object) -> None:
        """Add a line. Raises ImportFailure if the disk is full."""
        try:
            self._rows.writerow(values)
        except OSError as error:
            raise self._cannot(error) from error
        self.count += 1

    def finish(self) -> None:
        """Flush all lines to the disk. Raises ImportFailure if it is full."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._cannot(error) from error

    def __enter__(self) -> Self:
        """Begin the import."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it, whether it was done or failed."""
        self.discard()

    def put_in_place(self) -> None:
        """Move the file to its place; without any line, delete an earlier import's file."""
        if self.count:
            self._unfinished.replace(self.place)
        elif self._is_ours():
            self.place.unlink()

    def discard(self) -> None:
        """Delete the unfinished file in any case."""
        with suppress(OSError):  # on a full disk the buffer cannot be written
            self._file.close()
        self._unfinished.unlink(missing_ok=True)

    def _is_ours(self) -> bool:
        try:
            with self.place.open("rb") as earlier:
                return earlier.read(len(self._first)) == self._first
        except FileNotFoundError:
            return False

    def _cannot(self, error: OSError) -> ImportFailure:
        return ImportFailure(
            f"The {self._what} {self.place} cannot be written: {error.strerror}. Make room or name another place "
            f"with {self._option}. Nothing was imported."
        )
