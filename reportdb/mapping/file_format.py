"""How the bytes of a source's file hold its rows, and under which names its columns may stand."""

from collections.abc import Mapping as Words
from dataclasses import dataclass, field
from typing import Protocol

from reportdb.mapping.table import Table

KINDS = ("csv", "xlsx", "jsonl", "json")


@dataclass(frozen=True)
class FileFormat:
    """The kind of file, and how it is written. Keys of another kind of file are ignored."""

    encoding: str
    delimiter: str
    kind: str | None = None  # one of KINDS; None: decided by the file's content
    quote: str | None = '"'  # None: quotes are letters like others
    escape: str | None = None  # before it, a quote or a delimiter is a letter
    header_line: int = 1  # the header's line in a CSV file, or its row in a sheet; what stands above is skipped
    sheet: str | None = None  # of a workbook; None: the first one that is not empty
    rows: str | None = None  # the name of the list of rows in a JSON document, with dots; None: the usual ones
    also_named: Words[str, tuple[str, ...]] = field(default_factory=dict)  # a column -> its other names, in order


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
    quote, escape = table.text("quote", '"'), table.optional("escape")
    for key, character in (("delimiter", delimiter), ("quote", quote or '"'), ("escape", escape or "\\")):
        if len(character) != 1 or character in "\r\n":
            table.refuse(key, "must be one character")
    if len({delimiter, quote, escape}) < 3:
        table.refuse("delimiter", "and quote and escape must differ")
    try:
        "".encode(encoding)
    except (LookupError, TypeError):
        table.refuse("encoding", f"is no encoding known to Python: {encoding!r}")
    line = table.number("header_line", 1)
    if line < 1 or line != int(line):
        table.refuse("header_line", "must be the number of a line, from 1")
    others = table.table("also_named")
    return FileFormat(
        encoding,
        delimiter,
        kind=table.choice("format", KINDS) if "format" in table else None,
        quote=quote or None,
        escape=escape or None,
        header_line=int(line),
        sheet=table.optional("sheet"),
        rows=table.optional("rows"),
        also_named={column: others.list(column) for column in others},
    )
