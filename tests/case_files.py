"""Small files in the manner of real cities' exports, each with its mapping, and ways to read them."""

from pathlib import Path
from typing import Any

import psycopg

from reportdb.importer import Counts, import_reports
from reportdb.mapping.mapping_file import read_mapping
from reportdb.rows.row import Rejected, ReportRow
from reportdb.rows.rows import RowReader
from reportdb.source_file.raw_row import RawRow
from reportdb.source_file.reading import city_file
from tests.import_sample import GOOD, HEADER, IMPORTED, SampleCity

CASES = Path(__file__).parent / "import_cases"


class Case:
    """One of the carried over inputs, with its mapping."""

    def __init__(self, name: str, folder: Path, *changes: tuple[str, str]) -> None:
        self.folder = CASES / name
        text = (self.folder / "mapping.toml").read_text(encoding="utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        self.mapping, self.rejects = folder / "mapping.toml", folder / "rejects.csv"
        self.mapping.write_text(text, encoding="utf-8")

    def load(self, connection: psycopg.Connection, file: str = "input.csv") -> Counts:
        return import_reports(
            connection,
            self.folder / file,
            mapping=str(self.mapping),
            rejects=self.rejects,
            boundaries=self.folder,
            at=IMPORTED,
        )

    def read(self, file: str = "input.csv") -> list[ReportRow | Rejected]:
        """Read the rows alone, without a database."""
        mapping = read_mapping(str(self.mapping))
        read: list[ReportRow | Rejected] = []
        with city_file(self.folder / file, mapping) as opened:
            reader = RowReader(mapping, opened.header)
            for row in opened.rows():
                try:
                    read.append(reader.read(row))
                except Rejected as reason:
                    read.append(reason)
        return read


def rows(connection: psycopg.Connection, question: str) -> list[tuple[Any, ...]]:
    return connection.execute(question.encode()).fetchall()


def read(city: SampleCity, *lines: str) -> list[ReportRow]:
    reader = RowReader(read_mapping(str(city.mapping)), HEADER.split(","))
    return [reader.read(RawRow(n, line, line.split(","))) for n, line in enumerate(lines, start=2)]


def with_point(city: SampleCity, lon: str, lat: str) -> ReportRow:
    fields = GOOD.replace(", on", " on").split(",")
    fields[7:9] = [lon, lat]
    return RowReader(read_mapping(str(city.mapping)), HEADER.split(",")).read(RawRow(2, "", fields))


def reasons(row: ReportRow) -> list[str]:
    return [note.reason for note in row.notes]
