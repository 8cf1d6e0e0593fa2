"""What the imports of a source that is read again and again could not use, in files that grow."""

import csv
import os
from datetime import datetime
from pathlib import Path

from reportdb.feeds.failures import FeedRefused

_LARGEST = 20_000_000  # bytes; then the file is moved aside, and the one before it is deleted


class RejectsLog:
    """Collects the files that imports write beside each other: rejected records, and notes of values not read.

    Each line gets the time of its import; of a record it holds the columns that the mapping reads. Rejected records go
    to `file`, anything else to a file beside it: notes-NAME.csv beside rejects-NAME.csv.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, folder: Path, at: datetime) -> None:
        """Append the files that an import wrote into a folder. Raises FeedRefused if that is impossible."""
        for file in sorted(folder.glob("*.csv")):
            kind = file.stem.partition("-")[0]
            name = self._file.name if kind == "rejects" else f"{kind}-{self._file.name.removeprefix('rejects-')}"
            place = self._file.with_name(name)
            try:
                _append(file, place, at)
            except OSError as error:
                raise FeedRefused(
                    f"The file {place} cannot be written: {error.strerror}. Name another with --rejects."
                ) from error


def _append(file: Path, place: Path, at: datetime) -> None:
    if place.exists() and place.stat().st_size > _LARGEST:
        place.replace(place.with_name(f"{place.name}.1"))
    with (
        file.open(encoding="utf-8", errors="surrogateescape", newline="") as found,
        # Only the user who runs the reader can read the file: records hold citizens' words.
        open(place, "a", encoding="utf-8", errors="surrogateescape", newline="", opener=_private) as opened,
    ):
        rows, writer = csv.reader(found), csv.writer(opened)
        header = next(rows, [])
        if opened.tell() == 0:
            writer.writerow(["at", *header])
        moment = at.isoformat(timespec="seconds")
        writer.writerows([moment, *row] for row in rows)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
