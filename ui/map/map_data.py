"""Map data for the browser: figures and words in deck.gl's formats, small enough for a whole city."""

import json
import math
from collections.abc import Iterable
from typing import Any

import pandas as pd
import shapely
from shapely.geometry import shape

from safe_text import glyphs, tooltip_text
from ui.base.i18n import Language, catalogue
from ui.map.colour_scale import FIGURES, scale, value_words, values

LEVELS = ("district", "ward")
_FINEST = 0.0002
"""How far (in degrees, about 20 m) a simplified boundary may be off; less is invisible at a city's size."""
_DIGITS = 5
"""Decimal places of a drawn coordinate: about a metre."""
_LETTER, _LINE = 0.6, 1.15
"""A letter's width and a line's height, relative to the type size."""
_BESIDE = 12
"""Pixels for a label's background and the gap between two labels."""


def geometries(shapes: pd.DataFrame) -> pd.DataFrame:
    """Return areas with simplified geometry, `label` (lon, lat) and `room`, the degrees around it.

    Neighbours are simplified together, so that no gap opens between them.
    """
    drawn = [_polygons(shape(geometry)) for geometry in shapes["geometry"]]
    drawn = [shapely.set_precision(one, 10**-_DIGITS, mode="pointwise") for one in _simplified(drawn)]
    circles = [shapely.maximum_inscribed_circle(one, _FINEST * 10) for one in drawn]
    middles = [circle.coords[0] for circle in circles]
    return shapes.assign(
        geometry=[json.loads(shapely.to_geojson(one)) for one in drawn],
        label=pd.Series([(round(lon, _DIGITS), round(lat, _DIGITS)) for lon, lat in middles], shapes.index, object),
        room=[round(circle.length, 4) for circle in circles],
    )


def shapes(drawn: pd.DataFrame, language: Language) -> dict[str, Any]:
    """Return areas as GeoJSON features with code and name; `name` is what the tooltip of `points` uses too."""
    names = drawn["name_en" if language == "en" else "name_vi"]
    features = [
        {"type": "Feature", "geometry": geometry, "properties": {"code": code, "5": tooltip_text(name)}}
        for geometry, code, name in zip(drawn["geometry"], drawn["code"], names, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def areas(drawn: pd.DataFrame, table: pd.DataFrame, measure: str, language: Language) -> dict[str, Any]:
    """Return areas as GeoJSON features: code, name, step of the measure's scale (-1: nothing to measure) and words.

    `drawn` comes from `geometries`, `table` holds the figures by the same keys.
    """
    by_key = drawn.set_index("key")
    found = values(table, by_key["population"], measure)
    colours = scale(measure, found)
    raw = _raw(table, measure, language)
    _ = catalogue(language).gettext
    nothing = _("nothing to measure")
    features = [
        {
            "type": "Feature",
            "geometry": area["geometry"],
            "properties": {
                "code": area["code"],
                "name": tooltip_text(area["name_en" if language == "en" else "name_vi"]),
                "step": -1 if pd.isna(value) else colours.step(value),
                "value": nothing if pd.isna(value) else value_words(measure, value, language),
                "raw": raw.get(area["key"], value_words("backlog", 0, language)),
            },
        }
        for area, value in zip(drawn.to_dict("records"), found, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def labels(drawn: pd.DataFrame, language: Language, *, zoom: float, size: float) -> list[list[Any]]:
    """Return the areas' names as rows for text layers: lon, lat, name, room, and 1 if shown. The largest room first.

    Shown names do not overlap on a map at `zoom` in type of `size` pixels; the others are shown when zoomed in.
    """
    named = drawn.sort_values("room", ascending=False)
    names = named["name_en" if language == "en" else "name_vi"]
    degree = 512 * 2**zoom / 360  # pixels: at zoom 0 the world is 512 wide
    named_so = zip(named["label"], names.map(glyphs), named["room"], strict=True)
    rows = [[*label, name, room] for label, name, room in named_so]
    boxes = [
        around(
            lon * degree,
            -math.degrees(math.asinh(math.tan(math.radians(lat)))) * degree,  # Mercator's
            len(name) * size * _LETTER + _BESIDE,
            size * _LINE,
        )
        for lon, lat, name, _room in rows
    ]
    return [[*row, int(fits)] for row, fits in zip(rows, fitting(boxes), strict=True)]


def around(x: float, y: float, wide: float, high: float) -> tuple[float, float, float, float]:
    """Return the box around a point: left, top, right, bottom."""
    return (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)


def fitting(boxes: Iterable[tuple[float, float, float, float]]) -> list[bool]:
    """Return for each box (left, top, right, bottom) whether it overlaps no earlier box that fits."""
    taken: list[tuple[float, float, float, float]] = []
    fits = []
    for box in boxes:
        fits.append(not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken))
        if fits[-1]:
            taken.append(box)
    return fits


def points(groups: pd.DataFrame, categories: pd.DataFrame, language: Language) -> str:
    """Return reports as JSON rows: x, y (hundred-thousandths of a degree), id, state, severity, tooltip text.

    `groups` is a result of `queries.places.map.points`; the tooltip is the same within a group, so it is
    joined between its lines.
    """
    _ = catalogue(language).gettext
    states = [_("In time"), _("No deadline known"), _("Due soon"), _("Overdue")]
    names = categories["name_en" if language == "en" else "name_vi"]
    rows = []
    for group in groups.to_dict("records"):
        said = json.dumps(f"{states[group['state']]} · {tooltip_text(names[group['category_id']])}", ensure_ascii=False)
        end = f",{group['state']},{group['severity']},{said}]"
        rows.append("[" + group["places"].replace("\n", f"{end},[") + end)
    return f"[{','.join(rows)}]"


def squares(table: pd.DataFrame, bounds: tuple[float, ...], language: Language) -> list[list[Any]]:
    """Return a grid's squares as rows: lon, lat (of the centre), step of the scale, the number of reports in words."""
    steps = pd.cut(table["reports"], [-1, *bounds, float("inf")], right=False, labels=False)
    counted = [
        catalogue(language)
        .ngettext("{count} report", "{count} reports", count)
        .format(count=value_words("backlog", count, language))
        for count in table["reports"]
    ]
    columns = (table["lon"].round(_DIGITS), table["lat"].round(_DIGITS), steps)
    return [list(row) for row in zip(*(column.tolist() for column in columns), counted, strict=True)]


def _raw(table: pd.DataFrame, measure: str, language: Language) -> dict[int, str]:
    """Return by key the numbers behind a measure: 13/17 for a share, else a number of reports."""
    known = table.dropna(subset="key").set_index("key")
    figures = ["overdue", "open"] if measure == "overdue" else [FIGURES[measure]]
    words = known[figures].map(lambda count: value_words("backlog", count, language))
    return dict(words.agg("/".join, axis=1))


def _polygons(geometry: Any) -> Any:
    """Return a geometry's polygons, without stray lines and points."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _simplified(drawn: list[Any]) -> list[Any]:
    """Return simplified shapes; unchanged if they overlap, because then they share no borders."""
    if not shapely.coverage_is_valid(drawn):
        return [one.simplify(_FINEST) for one in drawn]
    return list(shapely.coverage_simplify(drawn, _FINEST))
