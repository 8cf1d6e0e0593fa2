"""The heads of units, read from a file: one row per person and period."""

import csv
from datetime import date
from pathlib import Path

import psycopg

COLUMNS = ("unit", "name", "title_vi", "title_en", "valid_from", "valid_to")


class UnitHeadsError(Exception):
    """A file of unit heads cannot be used; the message says which line and why."""


def load_unit_heads(connection: psycopg.Connection, file: Path) -> int:
    """Set the heads of units from a CSV file, and return the number of rows.

    Columns: COLUMNS; `unit` is a unit's code, dates are written 2026-11-30 and may be empty, `valid_to` is the first
    day after the term. Units that are not in the file keep their heads. All rows or none. Raises UnitHeadsError.
    """
    codes: dict[str, int] = dict(connection.execute("select code, id from unit").fetchall())
    rows = _read(file, codes)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("delete from unit_head where unit_id = any(%s)", [sorted({row[0] for row in rows})])
        cursor.executemany("insert into unit_head values (%s, %s, %s, %s, %s, %s)", rows)
    return len(rows)


def _read(file: Path, codes: dict[str, int]) -> list[tuple[int, str, str, str, date | None, date | None]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnitHeadsError(f"{file.name} is not UTF-8. Save it as CSV in UTF-8 and try again.") from error
    lines = csv.DictReader(text.splitlines())
    if missing := set(COLUMNS) - set(lines.fieldnames or ()):
        raise UnitHeadsError(f"{file.name} has no column {', '.join(sorted(missing))}. It needs {', '.join(COLUMNS)}.")
    rows = []
    for line in lines:
        fields = {column: (line[column] or "").strip() for column in COLUMNS}
        place = f"{file.name}, line {lines.line_num}"
        if fields["unit"] not in codes:
            raise UnitHeadsError(f"{place}: no unit has the code {fields['unit']!r}.")
        if not fields["name"]:
            raise UnitHeadsError(f"{place}: the name is missing.")
        start, end = (_day(fields[column], place) for column in ("valid_from", "valid_to"))
        if start and end and start >= end:
            raise UnitHeadsError(f"{place}: valid_to ({end}) is not after valid_from ({start}).")
        title_vi = fields["title_vi"] or fields["title_en"]
        rows.append((codes[fields["unit"]], fields["name"], title_vi, fields["title_en"] or title_vi, start, end))
    return rows


def _day(written: str, place: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise UnitHeadsError(f"{place}: {written!r} is not a date; write it as 2026-11-30.") from error
