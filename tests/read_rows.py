"""Read a city's file into reports and rejected rows, without a database."""

from dataclasses import replace
from pathlib import Path

from reportdb.mapping.mapping_file import read_mapping
from reportdb.rows.row import Rejected, ReportRow
from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RawRow
from reportdb.source_file.reading import city_file


def raw_rows(file: Path, mapping: str | Path) -> list[RawRow]:
    """Return the rows of a file as its mapping splits them."""
    with city_file(file, read_mapping(str(mapping))) as source:
        return list(source.rows())


def read_rows(file: Path, mapping: str | Path, most: int | None = None) -> tuple[list[ReportRow], dict[int, str]]:
    """Return the reports of a file's first rows, and the reason of each rejected line."""
    read = read_mapping(str(mapping))
    reports: list[ReportRow] = []
    rejected: dict[int, str] = {}
    with city_file(file, read) as source:
        reader = RowReader(read, source.header)
        for number, row in enumerate(source.rows()):
            if number == most:
                break
            try:
                reports.append(reader.read(row))
            except Rejected as reason:
                rejected[row.line] = str(reason)
    return reports, rejected


def told(reports: list[ReportRow]) -> list[ReportRow]:
    """Return reports without their place and text in a file, to compare files of several kinds."""
    return [replace(report, line=0, raw="") for report in reports]
