"""One row of a source, and what the importer needs of a source: its columns and its rows, however they are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


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
