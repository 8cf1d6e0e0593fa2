"""A file's rows in a temporary table: located, and ready to be merged by set-based statements."""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import psycopg

from reportdb.areas import Locator
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.places import PublishedArea
from reportdb.rows.row import ReportRow
from reportdb.spelling import one_spelling

_ROWS_AT_A_TIME = 10_000

_STAGED = """
    create temporary table staged (
        line bigint not null,
        raw text not null,
        source_ref text not null,
        public_code text not null,
        channel text not null,
        category text not null,
        severity text not null,
        unit text,
        officer text,
        lon double precision,
        lat double precision,
        address text,
        title text not null,
        text text,
        submitted_at timestamptz not null,
        received_at timestamptz,
        due_at timestamptz,
        ended_at timestamptz,
        status text not null,
        published_late boolean,
        published_district text,
        published_ward text,
        published_status text,
        district_id integer,
        ward_id integer,
        disagrees boolean not null,
        district_named integer,
        ward_named integer,
        district_from_source boolean not null default false,
        ward_from_source boolean not null default false
    ) on commit drop
"""
_COPIED = (
    "line, raw, source_ref, public_code, channel, category, severity, unit, officer, lon, lat, address, title, text, "
    "submitted_at, received_at, due_at, ended_at, status, published_late, published_district, published_ward, "
    "published_status, district_id, ward_id, disagrees"
)


def stage(connection: psycopg.Connection, rows: Iterable[ReportRow], mapping: Mapping) -> None:
    """Copy rows into the temporary table `staged`, each with the district and ward of its coordinates."""
    connection.execute(_STAGED)
    locator = Locator(connection)
    comparison = _Comparison(connection, mapping)
    with connection.cursor() as cursor, cursor.copy(f"copy staged ({_COPIED}) from stdin") as copy:
        for batch in _batches(rows):
            lon = np.array([row.lon for row in batch], dtype=np.float64)
            lat = np.array([row.lat for row in batch], dtype=np.float64)
            districts, wards = locator.locate(lon, lat)
            for row, district, ward in zip(batch, districts.tolist(), wards.tolist(), strict=True):
                copy.write_row(
                    (
                        row.line,
                        row.raw,
                        row.source_ref,
                        row.public_code,
                        row.channel,
                        row.category,
                        row.severity,
                        row.unit,
                        row.officer,
                        row.lon,
                        row.lat,
                        row.address,
                        row.title,
                        row.text,
                        row.submitted_at,
                        row.received_at,
                        row.due_at,
                        row.ended_at,
                        row.status,
                        row.published_late,
                        row.published_district,
                        row.published_ward,
                        row.published_status,
                        district or None,
                        ward or None,
                        comparison.disagrees(row, district, ward),
                    )
                )
    if not mapping.location.columns():
        _keep_points(connection)


def _keep_points(connection: psycopg.Connection) -> None:
    """Give rows of a source without points the point of their known report, and the areas found from it."""
    connection.execute(
        """update staged
           set lon = report.lon, lat = report.lat,
               district_id = case when report.district_from_source is not true then report.district_id end,
               ward_id = case when report.ward_from_source is not true then report.ward_id end
           from (select report.*, report_source.district_from_source, report_source.ward_from_source
                 from report left join report_source on report_id = id) as report
           where report.source_ref = staged.source_ref and report.lon is not null"""
    )


def _batches(rows: Iterable[ReportRow]) -> Iterator[list[ReportRow]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _ROWS_AT_A_TIME)):
        yield batch


class _Comparison:
    """Compares the source's own district or ward with the one found from the coordinates."""

    def __init__(self, connection: psycopg.Connection, mapping: Mapping) -> None:
        rows = connection.execute("select id, code, name_vi, name_en from area").fetchall()
        self._names = {identity: {one_spelling(name) for name in names} for identity, *names in rows}
        self._mapping = mapping
        self._known: dict[tuple[str, int], bool] = {}

    def disagrees(self, row: ReportRow, district: int, ward: int) -> bool:
        """Return whether one of the source's areas, if we know it and found one, is a different one."""
        return self._one(self._mapping.district, row.published_district, district, ward) or self._one(
            self._mapping.ward, row.published_ward, district, ward
        )

    def _one(self, area: PublishedArea | None, published: str | None, district: int, ward: int) -> bool:
        found = district if area and area.compare == "district" else ward
        if area is None or area.compare is None or published is None or not found:
            return False
        if (published, found) not in self._known:
            self._known[published, found] = self._names[found].isdisjoint(area.spellings(published))
        return self._known[published, found]
