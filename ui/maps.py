"""Maps without any outside request: our own boundaries, our own data by address, our own colours."""

import html
import math
from typing import Any

import pandas as pd
import pydeck as pdk

from ui.panel import panel
from ui.theme import OVERDUE_BOUNDS, OVERDUE_STEPS, overdue_step, rgb
from ui.words import _, percent

_WIDTH, _HEIGHT, _MARGIN = 900, 470, 0.1  # pixels of the usual map, and room around it in steps of zoom


def area_features(shapes: pd.DataFrame, table: pd.DataFrame) -> dict[str, Any]:
    """Return areas as GeoJSON features that carry what the map draws and says: colour, counts, names.

    `shapes` has key, code, names and geometry; `table` has figures by the same keys. An area without open reports is
    drawn in the lightest colour and says 0/0. Names are escaped: a tooltip is HTML.
    """
    counts = table.dropna(subset="key").set_index("key")
    features = []
    for shape in shapes.to_dict("records"):
        known = shape["key"] in counts.index
        overdue, whole = (int(counts.loc[shape["key"], name]) if known else 0 for name in ("overdue", "open"))
        share = overdue / whole if whole else 0
        features.append(
            {
                "type": "Feature",
                "geometry": shape["geometry"],
                "properties": {
                    "code": shape["code"],
                    "name_vi": html.escape(shape["name_vi"]),
                    "name_en": html.escape(shape["name_en"]),
                    "overdue": overdue,
                    "open": whole,
                    "raw": f"{overdue}/{whole}",
                    "fill": rgb(OVERDUE_STEPS[overdue_step(share)], 235),
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}


def area_map(address: str, shapes: pd.DataFrame, *, language: str, dark: bool) -> pdk.Deck:
    """Return the map of areas whose data come from `address`, framed on all of them."""
    name = "name_en" if language == "en" else "name_vi"
    layer = pdk.Layer(
        "GeoJsonLayer",
        data=address,
        id="areas",
        pickable=True,
        stroked=True,
        filled=True,
        get_fill_color="properties.fill",
        get_line_color=rgb("#0f1716" if dark else "#ffffff"),
        line_width_min_pixels=1,
        auto_highlight=True,
        highlight_color=[11, 95, 102, 90],
    )
    words = _("{raw} open reports overdue", raw="{raw}")
    return pdk.Deck(
        layers=[layer],
        initial_view_state=framing(shapes),
        map_provider=None,
        tooltip={"html": f"<b>{{{name}}}</b><br>{words}"},
        parameters={"clearColor": [0, 0, 0, 0]},
    )


def framing(shapes: pd.DataFrame) -> pdk.ViewState:
    """Return the view that shows all shapes; the same shapes give the same view, so that a refresh never jumps."""
    corners = [corner for geometry in shapes["geometry"] for corner in _corners(geometry["coordinates"])]
    west, east = min(lon for lon, _lat in corners), max(lon for lon, _lat in corners)
    south, north = min(lat for _lon, lat in corners), max(lat for _lon, lat in corners)
    middle = (south + north) / 2
    # At zoom 0 the world is 512 pixels wide; a degree of latitude is longer than one of longitude on the map.
    across = _WIDTH * 360 / (512 * max(east - west, 1e-6))
    down = _HEIGHT * 360 * math.cos(math.radians(middle)) / (512 * max(north - south, 1e-6))
    zoom = math.log2(min(across, down)) - _MARGIN
    return pdk.ViewState(longitude=(west + east) / 2, latitude=middle, zoom=round(zoom, 2))


def legend(shapes: pd.DataFrame) -> None:
    """Say under a map what its colours mean and where its lines come from."""
    bounds = [0.0, *OVERDUE_BOUNDS]
    steps = [
        {"colour": colour, "words": _("{share} and more", share=percent(bound, 1)) if bound else _("fewer")}
        for colour, bound in zip(OVERDUE_STEPS, bounds, strict=True)
    ]
    sources = [source for source in shapes["attribution"].dropna().unique() if source]
    panel("legend", key="map_legend", title=_("Overdue of open reports"), steps=steps, sources=sources)


def _corners(coordinates: Any) -> list[tuple[float, float]]:
    if isinstance(coordinates[0], (int, float)):
        return [(coordinates[0], coordinates[1])]
    return [corner for part in coordinates for corner in _corners(part)]
