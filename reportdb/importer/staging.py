"""A file's rows in a temporary table: located, and ready to be merged by set-based statements."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Literal, TypedDict

import numpy as np
import psycopg
from psycopg import sql

from reportdb.areas import Locator
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.places import PublishedArea
from reportdb.rows.row import ReportRow
from reportdb.spelling import one_spelling

Vocabulary = Literal["channel", "category", "unit"]
"""The tables of terms that rows name by their codes."""

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
        ward_from_source boolean not null default false,
        changed_at timestamptz,
        ended_known boolean not null,
        reopen_count smallint,
        place text not null,
        rating text,
        rated_at timestamptz,
        answer text
    ) on commit drop
"""
_COPIED = (
    "line, raw, source_ref, public_code, channel, category, severity, unit, officer, lon, lat, address, title, text, "
    "submitted_at, received_at, due_at, ended_at, status, published_late, published_district, published_ward, "
    "published_status, district_id, ward_id, disagrees, changed_at, ended_known, reopen_count, place, rating, "
    "rated_at, answer"
)


def create_lasting_table(connection: psycopg.Connection, schema: str) -> None:
    """Make the table `staged` in a schema, for several sessions to write.

    `raw` may be null where the row's place in the file stands beside it.
    """
    columns = _STAGED.partition("(")[2].rpartition(")")[0]
    connection.execute(f"create unlogged table {schema}.staged ({columns}, raw_at bigint, raw_bytes integer)".encode())
    connection.execute(f"alter table {schema}.staged alter raw drop not null".encode())


def stage(
    connection: psycopg.Connection, rows: Iterable[ReportRow], mapping: Mapping, *, into_lasting: bool = False
) -> None:
    """Copy rows into the temporary table `staged`, each with the district and ward of its coordinates.

    `into_lasting`: into the table that `create_lasting_table` made.
    """
    if not into_lasting:
        connection.execute(_STAGED)
    locator = Locator(connection)
    comparison = Comparison(connection, mapping)
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
                        row.changed_at,
                        row.ended_known,
                        row.reopen_count,
                        row.place or ("no point" if row.lon is None else "located"),
                        row.rating,
                        row.rated_at,
                        row.answer,
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


class StagedFacts(TypedDict):
    """What the rows that count tell, for the account (reportdb/account/account.py)."""

    places: dict[str, int]
    in_no_area: int
    has_boundaries: bool
    statuses: dict[str, int]
    submitted: tuple[datetime, datetime] | None
    closed: tuple[datetime, datetime] | None
    future: int
    before_2000: int
    time_unknown: int


def staged_facts(connection: psycopg.Connection, at: datetime) -> StagedFacts:
    """Count the rows of `staged` by place, and those with a time after `at` or before 2000, or of an unknown end."""
    places: dict[str, int] = dict(
        connection.execute("select place, count(*) from staged group by 1 order by 2 desc, 1").fetchall()
    )
    row = connection.execute(
        """select
               count(*) filter (where lon is not null and (district_id is null or district_from_source)
                   and (ward_id is null or ward_from_source)),
               count(*) filter (where greatest(submitted_at, received_at, ended_at) > %s),
               count(*) filter (where least(submitted_at, received_at, due_at, ended_at) < '2000-01-01'),
               count(*) filter (where not ended_known),
               min(submitted_at at time zone time_zone), max(submitted_at at time zone time_zone),
               min(ended_at at time zone time_zone) filter (where ended_known),
               max(ended_at at time zone time_zone) filter (where ended_known)
           from staged cross join city""",
        [at],
    ).fetchone()
    in_no_area, future, before_2000, time_unknown, first, last, first_end, last_end = row or (0,) * 4 + (None,) * 4
    boundaries = connection.execute("select 1 from area where geometry is not null limit 1").fetchone()
    return StagedFacts(
        places=places,
        in_no_area=in_no_area,
        has_boundaries=boundaries is not None,
        statuses=dict(
            connection.execute("select status, count(*) from staged group by 1 order by 2 desc, 1").fetchall()
        ),
        submitted=(first, last) if first else None,
        closed=(first_end, last_end) if first_end else None,
        future=future,
        before_2000=before_2000,
        time_unknown=time_unknown,
    )


def staged_codes(connection: psycopg.Connection) -> dict[Vocabulary, set[str]]:
    """Return the codes of the channels, categories and units that the rows of `staged` name."""
    tables: tuple[Vocabulary, ...] = ("channel", "category", "unit")
    return {
        table: {
            code
            for (code,) in connection.execute(
                sql.SQL("select distinct {} from staged").format(sql.Identifier(table))
            ).fetchall()
        }
        for table in tables
    }


def respell_staged(connection: psycopg.Connection, table: Vocabulary, respelled: dict[str, str]) -> None:
    """Give rows of `staged` the codes that the database has, in place of other spellings of them."""
    for written, known in respelled.items():
        connection.execute(
            sql.SQL("update staged set {0} = %s where {0} = %s").format(sql.Identifier(table)), [known, written]
        )


def _batches(rows: Iterable[ReportRow]) -> Iterator[list[ReportRow]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _ROWS_AT_A_TIME)):
        yield batch


class Comparison:
    """Compares the source's own district or ward with the one found from the coordinates."""

    def __init__(self, connection: psycopg.Connection, mapping: Mapping) -> None:
        rows = connection.execute("select id, code, name_vi, name_en from area").fetchall()
        self._names = {identity: {one_spelling(name) for name in names} for identity, *names in rows}
        self._mapping = mapping
        self._known: dict[tuple[str, int], bool] = {}

    def disagrees(self, row: ReportRow, district: int, ward: int) -> bool:
        """Return whether one of the source's areas, if we know it and found one, is a different one."""
        return any(
            area is not None and self.one(area, published, district if area.compare == "district" else ward)
            for area, published in (
                (self._mapping.district, row.published_district),
                (self._mapping.ward, row.published_ward),
            )
        )

    def one(self, area: PublishedArea, published: str | None, found: int) -> bool:
        """Return whether a word of the source's names another area than the one found; 0 is none."""
        if area.compare is None or published is None or not found:
            return False
        if (published, found) not in self._known:
            self._known[published, found] = self._names[found].isdisjoint(area.spellings(published))
        return self._known[published, found]
