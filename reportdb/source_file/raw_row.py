"""One row of a source, and what the importer needs of a source: its columns and its rows, however they are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

LONGEST_ROW = 100_000
"""Characters; longer rows are rejected. A report's searchable words must stay below PostgreSQL's limit of 1 MB."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of the file: its first line's number, its text, and its fields or the reason for having none."""

    line: int
    text: str
    fields: list[str]
    reason: str | None = None


class RowSource(Protocol):
    """A file, a feed or another database, as rows of named columns."""

    header: list[str]

    def rows(self) -> Iterator[RawRow]:
        """Yield the rows in their order. Raises ImportFailure if the source breaks off."""

    def position(self) -> int:
        """Return how much has been read, in the unit of `size`."""

    def size(self) -> int:
        """Return how much there is to read."""


class FileSource(RowSource, Protocol):
    """A file as rows, and the encoding in which its rejected rows are written down again."""

    encoding: str


def unsound(text: str, fields: list[str]) -> str | None:
    """Return why a row that is no CSV cannot be stored, or None."""
    if len(text) > LONGEST_ROW:
        return f"longer than {LONGEST_ROW:,} characters"
    for field in fields:
        if "\0" in field:
            return "holds a NUL character"
        if not field.isascii():
            try:
                field.encode()
            except UnicodeEncodeError:
                return "holds half of a character"
    return None
