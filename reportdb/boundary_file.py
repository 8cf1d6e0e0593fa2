"""Boundaries of districts and wards as a GeoJSON file describes them."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

_WGS84 = ("4326", "CRS84", "WGS84")


class AreasError(Exception):
    """A boundary file cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Boundary:
    """One area as a boundary file describes it: polygons in WGS 84, longitude before latitude."""

    code: str
    name_vi: str
    name_en: str
    kind: str | None
    population: int | None
    polygons: BaseGeometry


def read_boundaries(
    file: Path, *, code: str, name: str, named_vi: str = "{}", named_en: str = "{}", no_areas: Sequence[str] = ()
) -> list[Boundary]:
    """Read a GeoJSON FeatureCollection in WGS 84, except features whose code is one of `no_areas`.

    `named_vi` and `named_en` are templates of the name, such as "Council District {}". Raises AreasError, which names
    the feature that cannot be used.
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
        raise AreasError(f"{file.name} is not a GeoJSON FeatureCollection but {kind!r}.")
    crs = json.dumps(content.get("crs"))
    if crs != "null" and not any(known in crs for known in _WGS84):
        raise AreasError(f"{file.name} is not in WGS 84 but says {crs}. Convert it to EPSG:4326 first.")
    features = content.get("features")
    if not isinstance(features, list) or not features:
        raise AreasError(f"{file.name} holds no features.")
    return features


def _words(file: Path, number: int, properties: dict[str, Any], wanted: str) -> str:
    """Return a property as text; a whole number gets no decimal point."""
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
        raise AreasError(f"{feature} is not a polygon but {kind or 'without geometry'}.")
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
        raise AreasError(f"{feature} is not a valid polygon and cannot be repaired: {shapely.is_valid_reason(drawn)}.")
    return repaired
