"""How the bytes of a source's file hold its rows."""

import codecs
from dataclasses import dataclass
from typing import Protocol

from reportdb.mapping.table import Table


@dataclass(frozen=True)
class FileFormat:
    """The encoding and the delimiter of a CSV file."""

    encoding: str
    delimiter: str


class FileMapping(Protocol):
    """What reading a file's rows needs of a mapping, whatever the rows mean."""

    @property
    def file_format(self) -> FileFormat:
        """How the bytes hold the rows."""

    @property
    def nothing(self) -> frozenset[str]:
        """The words that mean no value."""

    def columns(self) -> list[str]:
        """Return the columns that must be there."""


def read_file_format(table: Table) -> FileFormat:
    """Read the keys of `[source]` that say how the file is written. Raises ImportFailure."""
    delimiter, encoding = table.text("delimiter", ","), table.text("encoding", "utf-8")
    if len(delimiter) != 1:
        table.refuse("delimiter", "must be one character")
    try:
        codecs.lookup(encoding)
    except LookupError:
        table.refuse("encoding", f"is no encoding known to Python: {encoding!r}")
    return FileFormat(encoding, delimiter)
