"""Districts and wards: reading their boundaries from files, and finding the area a point lies in.

Each level is a boundary layer of its own: a new commune may straddle two old districts, so neither is derived from the
other.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from psycopg import sql
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from reportdb.spelling import one_spelling

Level = Literal["district", "ward"]

_WGS84 = ("4326", "CRS84", "WGS84")
_REPORTS_AT_A_TIME = 50_000


class AreasError(Exception):
    """A boundary file cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class LoadedAreas:
    """What loading a boundary file changed: areas updated and added, and reports that now lie in another area."""

    updated: int
    added: int
    moved: int


@dataclass(frozen=True)
class Boundary:
    """One area as a boundary file describes it: polygons in WGS 84, longitude before latitude."""

    code: str
    name_vi: str
    name_en: str
    kind: str | None
    population: int | None
    polygons: BaseGeometry


class Locator:
    """Finds district and ward of points, in the boundaries the database holds when the locator is made."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._layers = {level: _Layer(connection, level) for level in ("district", "ward")}

    def locate(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the ids of the district and of the ward each point lies in, 0 where there is none.

        `lon` and `lat` are degrees in WGS 84, of one length; a point with a NaN lies nowhere. A point on a shared
        border always belongs to the area with the lowest id.
        """
        return self.locate_in("district", lon, lat), self.locate_in("ward", lon, lat)

    def locate_in(self, level: Level, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int32]:
        """Return the ids of the areas of one level, as `locate` does."""
        return self._layers[level].locate(lon, lat)


class _Layer:
    """The boundaries of one level, in the order of their ids."""

    def __init__(self, connection: psycopg.Connection, level: str) -> None:
        rows = connection.execute(
            "select id, geometry::text from area where level = %s and geometry is not null order by id", [level]
        ).fetchall()
        self._ids = np.array([identity for identity, _ in rows], dtype=np.int32)
        self._polygons = shapely.from_geojson(np.array([geometry for _, geometry in rows], dtype=object))
        shapely.prepare(self._polygons)

    def locate(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int32]:
        """Return the id of the area each point (degrees, WGS 84) lies in; 0 where it lies in none."""
        found = np.zeros(len(lon), dtype=np.int32)
        somewhere = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        # The tree holds the points, because a query prepares what it asks with: here the polygons, not the points.
        points = shapely.STRtree(np.asarray(shapely.points(lon[somewhere], lat[somewhere]), dtype=object))
        polygon, point = points.query(self._polygons, predicate="intersects")
        # The last assignment to a point stands, so the lowest id is assigned last.
        order = np.argsort(-self._ids[polygon], kind="stable")
        found[somewhere[point[order]]] = self._ids[polygon[order]]
        return found


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


def read_boundaries(
    file: Path, *, code: str, name: str, named_vi: str = "{}", named_en: str = "{}", no_areas: Sequence[str] = ()
) -> list[Boundary]:
    """Read a GeoJSON FeatureCollection in WGS 84, except features whose code is one of `no_areas`.

    `named_vi` and `named_en` frame the name, as in "Council District {}". Raises AreasError, which names the feature
    that cannot be used.
    """
    features = _features(file)
    boundaries = []
    lines: dict[str, int] = {}
    for number, feature in enumerate(features, start=1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            raise AreasError(f"{file.name}: feature {number} has no properties.")
        area_code = _words(file, number, properties, code)
        if area_code in no_areas:
            continue
        area_name = _words(file, number, properties, name)
        if area_code in lines:
            raise AreasError(
                f"{file.name}: features {lines[area_code]} and {number} have the same code {area_code!r}. "
                f"Is {code!r} the property that holds the code?"
            )
        lines[area_code] = number
        kind, population, english = (properties.get(wanted) for wanted in ("kind", "population", "name_en"))
        boundaries.append(
            Boundary(
                code=area_code,
                name_vi=named_vi.replace("{}", area_name),
                name_en=named_en.replace("{}", str(english or area_name)),
                kind=kind if isinstance(kind, str) else None,
                population=population if isinstance(population, int) and population >= 0 else None,
                polygons=_polygons(f"{file.name}: feature {number} ({area_name})", feature.get("geometry")),
            )
        )
    return boundaries


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


def _features(file: Path) -> list[Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise AreasError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise AreasError(f"{file.name} is not UTF-8 text, as GeoJSON must be.") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise AreasError(f"{file.name} is not JSON: {error}.") from error
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        kind = content.get("type") if isinstance(content, dict) else type(content).__name__
        raise AreasError(f"{file.name} is no GeoJSON FeatureCollection, but {kind!r}.")
    crs = json.dumps(content.get("crs"))
    if crs != "null" and not any(known in crs for known in _WGS84):
        raise AreasError(f"{file.name} is not in WGS 84 but says {crs}. Convert it to EPSG:4326 first.")
    features = content.get("features")
    if not isinstance(features, list) or not features:
        raise AreasError(f"{file.name} holds no features.")
    return features


def _words(file: Path, number: int, properties: dict[str, Any], wanted: str) -> str:
    """Return a property as text; a whole number keeps no decimal point."""
    if wanted not in properties:
        there = ", ".join(sorted(properties)) or "none"
        raise AreasError(f"{file.name}: feature {number} has no property {wanted!r}. Its properties: {there}.")
    value = properties[wanted]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    words = "" if value is None else str(value).strip()
    if not words:
        raise AreasError(f"{file.name}: the property {wanted!r} of feature {number} is blank.")
    return words


def _polygons(feature: str, geometry: Any) -> BaseGeometry:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in {"Polygon", "MultiPolygon"}:
        raise AreasError(f"{feature} is no polygon but {kind or 'without geometry'}.")
    try:
        drawn = shapely.force_2d(shape(geometry))
    except (shapely.errors.ShapelyError, ValueError, TypeError, IndexError, KeyError) as error:
        raise AreasError(f"{feature} has coordinates that cannot be read: {error}.") from error
    if drawn.is_empty:
        raise AreasError(f"{feature} has no coordinates.")
    west, south, east, north = drawn.bounds
    if not all(map(math.isfinite, drawn.bounds)) or west < -180 or east > 180 or south < -90 or north > 90:
        raise AreasError(
            f"{feature} is not in WGS 84: it spans {west:g} to {east:g} and {south:g} to {north:g}, which are no "
            "longitudes and latitudes. Convert the file to EPSG:4326 first."
        )
    if drawn.is_valid:
        return drawn
    parts = [part for part in shapely.get_parts(shapely.make_valid(drawn)) if part.area > 0]
    repaired = shapely.union_all([part for part in parts if part.geom_type in {"Polygon", "MultiPolygon"}])
    if repaired.geom_type not in {"Polygon", "MultiPolygon"} or repaired.is_empty:
        raise AreasError(f"{feature} is no valid polygon and cannot be repaired: {shapely.is_valid_reason(drawn)}.")
    return repaired
