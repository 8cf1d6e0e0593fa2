"""A sheet of a workbook (Excel, LibreOffice) as rows: typed cells become the words a row is read from."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from reportdb.mapping.failure import ImportFailure
from reportdb.source_file.encodings import composed
from reportdb.source_file.header import read_header, refuse_missing
from reportdb.source_file.opening import Reads, bytes_of, told_when_broken
from reportdb.source_file.raw_row import RawRow, unsound

_MOST_BYTES = 4 * 1024**3  # of a workbook when unpacked
_LINES_LOOKED_AT = 30  # for a header below title rows
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Cell = int | float | str | bool | time | date | datetime | timedelta


class SheetFile:
    """A sheet: its header, then its rows, without blank ones; a row's line is its number in the sheet.

    Cells beyond the header's are no columns: what stands beside a table moves none of its cells.
    """

    encoding = "utf-8"

    def __init__(self, file: Path, mapping: Reads) -> None:
        self._file = file
        self._at = 0
        written = mapping.file_format
        self._sheet = _sheet(file, written.sheet)
        self._cells = self._numbered()
        self._bytes = file.stat().st_size
        own: list[str] = []
        above = []
        for number, cells in self._cells:
            if number >= written.header_line and cells:
                own = cells
                break
            above.append((number, cells))
        if not own:
            raise ImportFailure(f"{file} has no header in row {written.header_line}. Nothing was imported.")
        self._columns = read_header(own, mapping, file)
        if self._columns.missing:
            refuse_missing(self._columns, own, self._cause(mapping, own, above), file)
        self.header = self._columns.names

    def position(self) -> int:
        """Return how much of the file's size the rows read so far are."""
        return self._bytes * self._at // max(1, self._sheet.total_height)

    def size(self) -> int:
        """Return the file's size in bytes."""
        return self._bytes

    def rows(self) -> Iterator[RawRow]:
        """Yield the rows below the header."""
        width = len(self.header)
        for number, cells in self._cells:
            self._at = number
            if not cells:
                continue
            fields = cells[:width] + [""] * (width - len(cells))
            beside = {f"column {place}": word for place, word in enumerate(cells[width:], start=width + 1)}
            named = dict(zip(self.header, fields, strict=True)) | beside
            text = json.dumps({name: word for name, word in named.items() if word}, ensure_ascii=False)
            if reason := unsound(text, fields):
                yield RawRow(number, text, [], reason)
            else:
                yield RawRow(number, text, self._columns.joined(fields, f"{self._file}, row {number}"))

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row's number in the sheet and its words, without blank cells at its end."""
        for number, cells in enumerate(self._sheet.iter_rows(), start=1):
            fields = composed([words(cell) for cell in cells])
            while fields and not fields[-1].strip():
                fields.pop()
            yield number, fields

    def _cause(self, mapping: Reads, own: list[str], above: list[tuple[int, list[str]]]) -> str:
        best, said = len(mapping.columns()) - len(self._columns.missing), ""
        below = [row for _, row in zip(range(_LINES_LOOKED_AT), self._cells, strict=False)]
        for number, cells in [*above, *below]:
            found = len(mapping.columns()) - len(read_header(cells, mapping, self._file).missing)
            if cells != own and found > best:
                best, said = found, f"Row {number} looks like the header: set header_line = {number}. "
        return said


def words(cell: Cell) -> str:
    """Return a cell's value in words: whole numbers without a fraction or an exponent, times in ISO 8601."""
    if isinstance(cell, str) and "_x" in cell:
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), cell)
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(Decimal(repr(cell)), "f")
    if isinstance(cell, timedelta):
        return _duration(cell)
    if isinstance(cell, datetime):
        cell += timedelta(microseconds=500)  # a day's fraction is exact to less than a millisecond
        cell = cell.replace(microsecond=cell.microsecond // 1000 * 1000)
    return str(cell)


def _duration(cell: timedelta) -> str:
    seconds = round(cell.total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _sheet(file: Path, name: str | None) -> CalamineSheet:
    """Return the sheet of that name, else the first one that holds anything. Raises ImportFailure."""
    try:
        with bytes_of(file) as (content, _), told_when_broken(file):
            _refuse_too_large(file, content.read(4) == b"PK\x03\x04")
            content.seek(0)
            book = CalamineWorkbook.from_filelike(io.BytesIO(content.read(_MOST_BYTES)))
        if name is not None and name not in book.sheet_names:
            raise ImportFailure(
                f"{file} has no sheet named {name!r}. It has: {', '.join(book.sheet_names)[:2000]}. "
                "Nothing was imported."
            )
        tables = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        for one in [name] if name is not None else tables:
            sheet = book.get_sheet_by_name(one)
            if sheet.height:
                return sheet
    except PasswordError as error:
        raise ImportFailure(f"{file} is locked with a password. Save it without one. Nothing was imported.") from error
    except (CalamineError, OSError, ValueError) as error:
        raise ImportFailure(
            f"{file} cannot be read as a workbook: {error}. Save it as CSV in UTF-8. Nothing was imported."
        ) from error
    raise ImportFailure(f"{file} is empty: not even a header. Nothing was imported.")


def _refuse_too_large(file: Path, zipped: bool) -> None:
    if zipped and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                raise ImportFailure(f"{file} is larger than 4 GB when unpacked. Save it as CSV. Nothing was imported.")
