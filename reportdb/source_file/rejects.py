"""The two files of an import: rejected rows, and values that could not be read while their row was kept."""

from pathlib import Path

from reportdb.source_file.listing import Listing

HEADER = ["line", "reason", "row"]
_LONGEST_WORDS = 1000  # characters of a value that are shown
NOTES_HEADER = ["line", "column", "reason", "words"]


class Rejects(Listing):
    """The rejects file: every rejected row with its line number, the reason, and the row itself."""

    def __init__(self, file: Path, encoding: str) -> None:
        super().__init__(file, encoding, HEADER, "rejects file", "--rejects")

    def add(self, line: int, reason: str, row: str) -> None:
        """Add a row. Raises ImportFailure if the disk is full."""
        self.write(line, reason, row.rstrip("\r\n"))


class Notes(Listing):
    """The notes file: every value that counts as unknown, with its line, its column, the reason, and its words."""

    def __init__(self, file: Path, encoding: str) -> None:
        super().__init__(file, encoding, NOTES_HEADER, "notes file", "--notes")

    def add(self, line: int, column: str, reason: str, words: str | None) -> None:
        """Add a value. Raises ImportFailure if the disk is full."""
        self.write(line, column, reason, (words or "")[:_LONGEST_WORDS])
