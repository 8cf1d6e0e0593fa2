"""Records of a source (an object of JSON, a row of a query) as rows for the importer."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from reportdb.source_file.raw_row import LONGEST_ROW, RawRow

Record = Mapping[str, Any]
"""A report as its source writes it: values by name, possibly nested."""


class RecordSource:
    """Records as a RowSource: a column is a dotted name, such as `extended_attributes.ward`.

    Only the columns that the mapping reads are kept; whatever else a record holds is written nowhere. Implements
    RowSource.
    """

    def __init__(self, records: Iterable[Record], columns: Sequence[str], size: int = 0) -> None:
        self.header = list(columns)
        self._records, self._size, self._read = records, size, 0

    def rows(self) -> Iterator[RawRow]:
        """Yield a row for each record, numbered from 1."""
        for number, record in enumerate(self._records, start=1):
            self._read = number
            fields = [text_of(value_at(record, column)) for column in self.header]
            text = json.dumps(dict(zip(self.header, fields, strict=True)), ensure_ascii=False)
            reason = _unusable(text, fields)
            shown = text[:LONGEST_ROW].encode(errors="replace").decode()
            yield RawRow(number, shown, [] if reason else fields, reason)

    def position(self) -> int:
        """Return how many records have been read."""
        return self._read

    def size(self) -> int:
        """Return how many records there are; 0 if unknown."""
        return self._size


def value_at(record: Any, name: str) -> Any:
    """Return the value at a dotted name, or None.

    `notes[type=closed].datetime` is the `datetime` of the last of `notes` whose `type` is `closed`. A name with a dot
    in it that a record holds as it is wins over a nested one.
    """
    if isinstance(record, Mapping) and name in record:
        return record[name]
    first, _, rest = name.partition(".")
    key, chosen, condition = first.partition("[")
    value = record.get(key) if isinstance(record, Mapping) else None
    if chosen:
        value = _last_where(value, condition.removesuffix("]"))
    return value_at(value, rest) if rest else value


def _last_where(values: Any, condition: str) -> Any:
    """Return the last of a list's objects in which a key has a value: `type=closed`."""
    key, _, wanted = condition.partition("=")
    if isinstance(values, Mapping):  # XML with a single entry
        values = [values]
    if not isinstance(values, list):
        return None
    found = (one for one in values if isinstance(one, Mapping) and text_of(one.get(key)) == wanted)
    return next(iter([*found][-1:]), None)


def text_of(value: Any) -> str:
    """Return a value as a CSV file would write it: nothing for None, ISO 8601 for times, JSON for what is nested."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, Mapping | list) else str(value)


def _unusable(text: str, fields: list[str]) -> str | None:
    """Return why a record cannot be a row, or None."""
    if len(text) > LONGEST_ROW:
        return f"longer than {LONGEST_ROW:,} characters"
    if any("\0" in field for field in fields):
        return "holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half of a character (a lone surrogate)"
    return None
