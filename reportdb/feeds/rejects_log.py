"""The rejected records of a source that is read again and again, in one file that grows."""

import csv
import os
from datetime import datetime
from pathlib import Path

from reportdb.feeds.failures import FeedRefused

_HEADER = ["at", "reason", "record"]
_LARGEST = 20_000_000  # bytes; then the file is moved aside, and the one before it is deleted


class RejectsLog:
    """Collects what each import rejected: the time, the reason, and the record's columns that the mapping reads."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, rejects: Path, at: datetime) -> None:
        """Append an import's rejects file, if it wrote one. Raises FeedRefused if that is impossible."""
        if not rejects.exists():
            return
        with rejects.open(encoding="utf-8", errors="surrogateescape", newline="") as opened:
            rows = [(at.isoformat(timespec="seconds"), row["reason"], row["row"]) for row in csv.DictReader(opened)]
        try:
            if self._file.exists() and self._file.stat().st_size > _LARGEST:
                self._file.replace(self._file.with_name(f"{self._file.name}.1"))
            # Only the user who runs the reader can read the file: records hold citizens' words.
            with open(
                self._file, "a", encoding="utf-8", errors="surrogateescape", newline="", opener=_private
            ) as opened:
                writer = csv.writer(opened)
                if opened.tell() == 0:
                    writer.writerow(_HEADER)
                writer.writerows(rows)
        except OSError as error:
            raise FeedRefused(
                f"The rejects file {self._file} cannot be written: {error.strerror}. Name another with --rejects."
            ) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
