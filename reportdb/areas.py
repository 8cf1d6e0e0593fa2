"""Districts and wards: storing their boundaries, and finding the area a point lies in.

Each level is a boundary layer of its own: a new commune may straddle two old districts, so neither is derived from the
other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from psycopg import sql
from shapely.geometry import mapping

from reportdb.area_grid import AreaGrid
from reportdb.boundary_file import Boundary, read_boundaries
from reportdb.spelling import one_spelling

Level = Literal["district", "ward"]

_REPORTS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class LoadedAreas:
    """What loading a boundary file changed: areas updated and added, and reports that now lie in another area."""

    updated: int
    added: int
    moved: int


class Locator:
    """Finds the district and ward of points, by the boundaries that the database holds when the locator is made.

    It can be pickled for another process.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self._layers = {level: _layer(connection, level) for level in ("district", "ward")}

    def locate(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the ids of the district and of the ward each point lies in, 0 where there is none.

        `lon` and `lat` are degrees in WGS 84, of one length; a point with a NaN lies nowhere. A point on a shared
        border always belongs to the area with the lowest id.
        """
        return self.locate_in("district", lon, lat), self.locate_in("ward", lon, lat)

    def locate_in(self, level: Level, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int32]:
        """Return the ids of the areas of one level, as `locate` does."""
        return self._layers[level].locate(lon, lat)


def _layer(connection: psycopg.Connection, level: str) -> AreaGrid:
    """Return the boundaries of one level, in the order of their ids."""
    rows = connection.execute(
        "select id, geometry::text from area where level = %s and geometry is not null order by id", [level]
    ).fetchall()
    return AreaGrid(
        np.array([identity for identity, _ in rows], dtype=np.int32),
        shapely.from_geojson(np.array([geometry for _, geometry in rows], dtype=object)),
    )


def load_areas(
    connection: psycopg.Connection,
    file: Path,
    *,
    level: Level,
    code: str,
    name: str,
    attribution: str | None,
) -> LoadedAreas:
    """Give the areas of a level the boundaries of a GeoJSON file, and locate all reports of the database again.

    Known codes get the geometry, new codes become areas. `code` and `name` are the properties that hold them; name_vi,
    name_en, kind and population are read where the file has them. All in one transaction. Raises AreasError.
    """
    boundaries = read_boundaries(file, code=code, name=name)
    with connection.transaction():
        updated, added = store_boundaries(connection, boundaries, level=level, attribution=attribution)
        moved = locate_reports(connection, level=level, at=datetime.now(UTC))
    return LoadedAreas(updated, added, moved)


def store_boundaries(
    connection: psycopg.Connection, boundaries: Sequence[Boundary], *, level: Level, attribution: str | None
) -> tuple[int, int]:
    """Write boundaries into the areas of a level; return how many areas were updated and how many are new.

    An area without boundaries that an import made from a name of the source takes the code and the names of the first
    boundary that has its code or one of its names.
    """
    known: dict[str, int] = dict(connection.execute("select code, id from area where level = %s", [level]).fetchall())
    known |= _adopted(connection, boundaries, level, known)
    (highest,) = connection.execute("select coalesce(max(id), 0) from area").fetchone() or (0,)
    rows = []
    for boundary in boundaries:
        centre = boundary.polygons.point_on_surface()
        rows.append(
            vars(boundary)
            | {
                "id": known.get(boundary.code) or (highest := highest + 1),
                "level": level,
                "kind": boundary.kind or level,
                "geometry": json.dumps(mapping(boundary.polygons)),
                "attribution": attribution,
                "lon": centre.x,
                "lat": centre.y,
            }
        )
    with connection.cursor() as cursor:
        cursor.executemany(
            """insert into area (id, level, code, name_vi, name_en, kind, population, lon, lat, geometry, attribution)
               values (%(id)s, %(level)s, %(code)s, %(name_vi)s, %(name_en)s, %(kind)s, %(population)s,
                       %(lon)s, %(lat)s, cast(%(geometry)s as jsonb), %(attribution)s)
               on conflict (level, code) do update
               set geometry = excluded.geometry, schematic = false, attribution = excluded.attribution,
                   lon = coalesce(area.lon, excluded.lon), lat = coalesce(area.lat, excluded.lat)""",
            rows,
        )
    updated = sum(boundary.code in known for boundary in boundaries)
    return updated, len(boundaries) - updated


def _adopted(
    connection: psycopg.Connection, boundaries: Sequence[Boundary], level: Level, known: dict[str, int]
) -> dict[str, int]:
    """Give areas without boundaries the code and names of theirs, and return these codes with the areas' ids."""
    nameless: dict[str, int] = {}
    for identity, *names in connection.execute(
        """select id, code, name_vi, name_en from area
           where level = %s and geometry is null and code <> all(%s) order by id""",
        [level, [boundary.code for boundary in boundaries]],
    ):
        for name in names:
            nameless.setdefault(one_spelling(name), identity)
    adopted: dict[str, int] = {}
    for boundary in boundaries:
        names = [one_spelling(name) for name in (boundary.code, boundary.name_vi, boundary.name_en)]
        found = next((nameless[name] for name in names if name in nameless), None)
        if boundary.code in known or found is None or found in adopted.values():
            continue
        adopted[boundary.code] = found
        connection.execute(
            "update area set code = %s, name_vi = %s, name_en = %s, kind = %s where id = %s",
            [boundary.code, boundary.name_vi, boundary.name_en, boundary.kind or level, found],
        )
    return adopted


def locate_reports(connection: psycopg.Connection, *, level: Level, at: datetime) -> int:
    """Locate every report that has coordinates again in one level; return how many lie in another area than before.

    One outside every boundary keeps the area its source names, if it names one. Those moved get `at` as the time they
    were updated. Call it inside a transaction.
    """
    locator = Locator(connection)
    area_id, named, from_source = (sql.Identifier(f"{level}_{end}") for end in ("id", "named", "from_source"))
    read = sql.SQL(
        """select id, lon, lat, coalesce({area_id}, 0), coalesce({named}, 0), coalesce({from_source}, false)
           from report left join report_source on report_id = id
           where id > %s and lon is not null order by id limit %s"""
    ).format(area_id=area_id, named=named, from_source=from_source)
    mark = sql.SQL(
        """update report_source set {from_source} = now.from_source
           from unnest(cast(%s as bigint[]), cast(%s as boolean[])) as now (report_id, from_source)
           where report_source.report_id = now.report_id"""
    ).format(from_source=from_source)
    move = sql.SQL(
        """update report set {area_id} = nullif(found.area_id, 0), updated_at = %s
           from unnest(cast(%s as bigint[]), cast(%s as integer[])) as found (id, area_id)
           where report.id = found.id"""
    ).format(area_id=area_id)
    follow = sql.SQL(
        """update report_past set {area_id} = report.{area_id} from report
           where report.id = report_past.report_id and report.id between %s and %s and report.lon is not null
               and report_past.{area_id} is distinct from report.{area_id}"""
    ).format(area_id=area_id)
    last, moved = -1, 0
    while rows := connection.execute(read, [last, _REPORTS_AT_A_TIME]).fetchall():
        identity, lon, lat, before, by_source, marked = (np.array(column) for column in zip(*rows, strict=True))
        found = locator.locate_in(level, lon, lat)
        after = np.where(found == 0, by_source, found)
        unplaced = (found == 0) & (by_source != 0)
        remarked = np.flatnonzero(unplaced != marked)
        if len(remarked):
            connection.execute(mark, [identity[remarked].tolist(), unplaced[remarked].tolist()])
        changed = np.flatnonzero(after != before)
        if len(changed):
            connection.execute(move, [at, identity[changed].tolist(), after[changed].tolist()])
        connection.execute(follow, [int(identity[0]), int(identity[-1])])
        moved += len(changed)
        last = int(identity[-1])
    return moved
