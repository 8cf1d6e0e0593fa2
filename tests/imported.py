"""A city's published file in its own database."""

from dataclasses import dataclass

import psycopg

from reportdb.importer import Counts

FILES = {
    "boston": "boston_311_2011H2.csv.gz",
    "washington": "dc_311_snapshot_2016-08-16.csv.gz",
    "kansas_city": "kansas_city_311_2007_2020.csv.gz",
}


@dataclass(frozen=True)
class Imported:
    """A city's file, imported twice; read only."""

    url: str
    connection: psycopg.Connection
    first: Counts
    second: Counts

    def number(self, question: str, *values: object) -> int:
        """Return the single number of a query."""
        row = self.connection.execute(question.encode(), values).fetchone()
        assert row is not None
        return int(row[0])

    def table(self, question: str, *values: object) -> dict[object, object]:
        """Return the pairs of a query."""
        return dict(self.connection.execute(question.encode(), values).fetchall())
