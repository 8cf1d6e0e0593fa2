"""The list of objects in a JSON document, read piece by piece, so that a large document fits into memory."""

import io
import json
from collections.abc import Iterator
from json.decoder import JSONDecodeError
from pathlib import Path
from typing import Any

from reportdb.mapping.failure import ImportFailure

LISTS = (
    ("service_requests",),
    ("service_requests", "request"),
    ("features",),
    ("value",),
    ("results",),
    ("records",),
    ("result", "records"),
    ("data",),
    ("rows",),
)
"""Where documents hold their rows: GeoReport, GeoJSON, OData, and the usual portals."""

_PIECE = 1_000_000  # characters read at a time
_LONGEST_VALUE = 100_000_000  # characters; a document whose value is longer is no list of reports
_SPACE = " \t\r\n"


class JsonList:
    """The objects of one list, each with its text as it stands in the document."""

    def __init__(self, text: io.TextIOBase, file: Path, decoder: json.JSONDecoder, named: str | None) -> None:
        self._text, self._file, self._decoder = text, file, decoder
        self._lists = (tuple(named.split(".")),) if named else LISTS
        self._named = named
        self._piece, self._at, self._done = "", 0, False

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Yield each object's text and value. Raises ImportFailure if the document is broken or has no such list."""
        if self._next() == "[":
            if self._named:
                raise self._no_list()
        else:
            self._find(())
        yield from self._elements()

    def _find(self, above: tuple[str, ...]) -> None:
        """Move to the beginning of the first list that may hold the rows."""
        self._expect("{")
        while self._next() != "}":
            key = str(self._value()[1])
            self._expect(":")
            here = (*above, key)
            begins = self._next()
            if begins == "[" and here in self._lists:
                return
            if begins == "{" and any(path[: len(here)] == here and len(path) > len(here) for path in self._lists):
                self._find(here)
                return
            self._value()
            if self._next() == ",":
                self._at += 1
        raise self._no_list()

    def _elements(self) -> Iterator[tuple[str, Any]]:
        self._expect("[")
        if self._next() == "]":
            return
        while True:
            yield self._value()
            if self._next() == "]":
                return
            self._expect(",")

    def _value(self) -> tuple[str, Any]:
        """Read one value, and more of the document as long as it is not whole."""
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._piece, self._at)
            except (JSONDecodeError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more():
                    raise self._broken(str(error)) from error
                continue
            if end == len(self._piece) and self._more():
                continue  # a number may go on in the next piece
            text, self._at = self._piece[self._at : end], end
            return text, value

    def _next(self) -> str:
        """Return the next character that is no space, without passing it; '' at the end."""
        while True:
            while self._at < len(self._piece):
                if self._piece[self._at] not in _SPACE:
                    return self._piece[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise self._broken(f"{character!r} expected, not {self._next()!r}")
        self._at += 1

    def _more(self) -> bool:
        piece = "" if self._done else self._text.read(max(_PIECE, len(self._piece) - self._at))
        self._done = not piece
        if len(self._piece) - self._at > _LONGEST_VALUE:
            raise self._broken("a value is too long")
        self._piece, self._at = self._piece[self._at :] + piece, 0
        return bool(piece)

    def _broken(self, why: str) -> ImportFailure:
        return ImportFailure(f"{self._file} is no whole JSON document: {why}. Fetch it again. Nothing was imported.")

    def _no_list(self) -> ImportFailure:
        what = f"a list named {self._named!r}" if self._named else "a list of reports"
        return ImportFailure(
            f'{self._file} is JSON without {what}. Set rows = "its name" in [source], or rows = "outer.inner" if it is '
            "nested. Nothing was imported."
        )
