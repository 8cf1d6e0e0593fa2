"""JSON as rows: one object a line, or a list of objects, alone or in a document (GeoReport, GeoJSON, portals).

A column is a key, or keys joined by dots for what is nested: `geometry.coordinates.0`. Numbers keep the digits they are
written with.
"""

import io
import json
import os
from collections.abc import Iterator
from json.decoder import JSONDecodeError
from pathlib import Path
from typing import IO, Any

from reportdb.mapping.failure import ImportFailure
from reportdb.source_file.encodings import composed, undecodable
from reportdb.source_file.header import column_key
from reportdb.source_file.json_list import JsonList
from reportdb.source_file.opening import Reads, told_when_broken
from reportdb.source_file.raw_row import LONGEST_ROW, RawRow, unsound

DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_OBJECTS_LOOKED_AT = 1000  # for the columns that must be there


class JsonFile:
    """Objects as rows with the columns the mapping reads, or all if it names none; what an object lacks is blank.

    A row's line is its line's number in a file of JSON lines, and the object's number in a list.
    """

    def __init__(
        self, text: io.TextIOWrapper, raw: IO[bytes], file: Path, mapping: Reads, encoding: str, *, lines: bool
    ) -> None:
        self._text, self._raw, self._file = text, raw, file
        self.encoding = encoding
        self._rows = self._lines() if lines else self._objects(mapping.file_format.rows)
        self._first = [row for _, row in zip(range(_OBJECTS_LOOKED_AT), self._rows, strict=False)]
        self.header = mapping.columns() or list(dict.fromkeys(name for row in self._first for name in _names(row[2])))
        also = mapping.file_format.also_named
        self._paths = [[_path(name) for name in (column, *also.get(column, ()))] for column in self.header]
        self._refuse_strange_objects()

    def position(self) -> int:
        """Return how many bytes of the file have been read."""
        return self._raw.tell()

    def size(self) -> int:
        """Return the file's size in bytes."""
        return os.fstat(self._raw.fileno()).st_size

    def rows(self) -> Iterator[RawRow]:
        """Yield the objects as rows. Raises ImportFailure if a document breaks off."""
        while self._first:
            yield self._row(*self._first.pop(0))
        for number, text, value in self._rows:
            yield self._row(number, text, value)

    def _row(self, number: int, text: str, value: Any) -> RawRow:
        if isinstance(value, str):
            return RawRow(number, text, [], value)
        fields = composed([words(_first(value, paths)) for paths in self._paths])
        reason = unsound(text, fields)
        return RawRow(number, text, [] if reason else fields, reason)

    def _lines(self) -> Iterator[tuple[int, str, Any]]:
        """Yield each line's number, its text, and its object or, as a text, why there is none."""
        number = 0
        while True:
            with told_when_broken(self._file):
                line = rest = self._text.readline(LONGEST_ROW + 1)
                while len(line) > LONGEST_ROW and rest and not rest.endswith(("\n", "\r")):
                    rest = self._text.readline(LONGEST_ROW)
            if not line:
                return
            number += 1
            if not line.strip():
                continue
            if len(line) > LONGEST_ROW:
                yield number, line, f"longer than {LONGEST_ROW:,} characters"
            elif where := undecodable(line, self.encoding):
                yield number, line, f"not {self.encoding.removesuffix('-sig')} text: {where}"
            else:
                yield number, line, _decoded(line.strip())

    def _objects(self, named: str | None) -> Iterator[tuple[int, str, Any]]:
        with told_when_broken(self._file):
            for number, (text, value) in enumerate(JsonList(self._text, self._file, DECODER, named), start=1):
                if where := undecodable(text, self.encoding):
                    yield number, text, f"not {self.encoding.removesuffix('-sig')} text: {where}"
                else:
                    yield number, text, value if isinstance(value, dict) else "is no JSON object"

    def _refuse_strange_objects(self) -> None:
        """Refuse a file without objects, or whose objects all lack the first column that is read, the id."""
        objects = [value for _, _, value in self._first if isinstance(value, dict)]
        if not objects:
            what = f"the first row {self._first[0][2]}" if self._first else "is empty: not a single row"
            raise ImportFailure(f"{self._file}: {what}. Nothing was imported.")
        if all(_first(value, self._paths[0]) is None for value in objects):
            has = ", ".join(dict.fromkeys(key for value in objects for key in value))
            raise ImportFailure(
                f"{self._file} lacks columns the mapping reads: {self.header[0]}. It has: {has[:2000]}. "
                "Nothing was imported."
            )


def _decoded(line: str) -> Any:
    try:
        value = DECODER.decode(line)
    except (JSONDecodeError, RecursionError) as error:
        return f"is no JSON: {error}"
    return value if isinstance(value, dict) else "is no JSON object"


def _names(value: Any, above: str = "") -> Iterator[str]:
    """Yield the names of all values in an object, with dots for what is nested; a list is one value, except a point."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict):
                yield from _names(inner, f"{above}{key}.")
            elif key == "coordinates" and isinstance(inner, list) and inner and isinstance(inner[0], str):
                yield from (f"{above}{key}.{place}" for place in range(2))
            else:
                yield f"{above}{key}"


def _path(name: str) -> tuple[str, ...]:
    return (name, *name.split("."))


def _first(value: dict[str, Any], paths: list[tuple[str, ...]]) -> Any:
    """Return the value under the first of several names that is there, or None."""
    for whole, *parts in paths:
        found = value.get(whole)
        if found is None:
            found = value
            for part in parts:
                found = _inside(found, part)
                if found is None:
                    break
        if found is not None:
            return found
    return None


def _inside(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        if part in value:
            return value[part]
        key = column_key(part)
        return next((value[name] for name in value if column_key(name) == key), None)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return None


def words(value: Any) -> str:
    """Return a JSON value in words: a list of words joined by commas, anything deeper as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        return ", ".join(words(one) for one in value)
    return json.dumps(value, ensure_ascii=False)
