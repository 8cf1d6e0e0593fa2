"""Maps for browsers without WebGL: areas as SVG with the other maps' words, and why the points are missing.

ui/base/viewport.py tells whether a browser has WebGL. A map's panels, legend and numbers are the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from safe_text import streamlit_label
from ui.base.html_panel import panel
from ui.base.i18n import _, language, name
from ui.base.run import Run
from ui.base.theme import NO_DATA
from ui.base.viewport import pixels, viewport
from ui.map import colour_scale, map_data, map_layers
from ui.map.map_routes import drawn_areas
from ui.map.svg_map import Label, Plan, ground, set_labels

_TYPE = 12.5  # pixels at a desk
_EDGE = 30  # margin of a page on a phone, in pixels
_AROUND = 0.03  # degrees above and below a single place


@dataclass(frozen=True)
class Area:
    """How to draw one area: its colour (none: the ground's), its tooltip, its link."""

    colour: str = ""
    says: str = ""
    href: str = ""
    chosen: bool = False


def by_measure(
    run: Run,
    level: str,
    measure: str,
    *,
    says: str,
    size: tuple[int, int],
    key: str,
    alt: str,
    href: Callable[[str], str] = lambda _code: "",
    frame: pd.DataFrame | None = None,
    why: str = "",
) -> None:
    """Draw areas in the colour of a measure. `says` has {properties} of an area, `href` the address for its code.

    `size` is the space in pixels at a desk, `frame` the areas that must be visible, `why` the explanation of what is
    missing. Raises DatabaseAway.
    """
    drawn = drawn_areas(run.reports, level)
    # An area's own filter does not empty its neighbours, as on the other map.
    everywhere = run.filters.choosing(**{f"{level}s": ()})
    table = colour_scale.measured(run.reports, everywhere, "ward" if level == "ward" else "district", measure)
    steps = map_layers.steps(measure, dark=_dark())
    areas = {}
    for key_, feature in zip(drawn["key"], map_data.areas(drawn, table, measure, language())["features"], strict=True):
        properties = feature["properties"]
        words = says
        for word, value in properties.items():
            words = words.replace("{" + word + "}", str(value))
        areas[int(key_)] = Area(
            colour=NO_DATA if properties["step"] < 0 else steps[properties["step"]],
            says=words,
            href=href(properties["code"]),
            chosen=properties["code"] in run.query.get(level, ()),
        )
    plan, paths = ground(run.reports, level, tuple(areas))
    wanted = drawn if frame is None else frame
    corners = [corner for geometry in wanted["geometry"] for corner in map_layers.corners(geometry["coordinates"])]
    _draw(drawn, areas, plan, paths, _box(plan, corners), size=size, key=key, alt=alt, why=why or _no_webgl())


def one_place(run: Run, lon: float, lat: float, *, colour: str, size: tuple[int, int], key: str, alt: str) -> None:
    """Draw one place in a colour among the surrounding wards. Raises DatabaseAway."""
    drawn = drawn_areas(run.reports, "ward")
    if drawn.empty:
        st.info(streamlit_label(nothing()), icon=":material/map:")
        return
    areas = {
        int(key_): Area(says=name(area)) for key_, area in zip(drawn["key"], drawn.to_dict("records"), strict=True)
    }
    plan, paths = ground(run.reports, "ward", tuple(areas))
    wide = _AROUND * size[0] / size[1] * plan.north_scale / plan.east_scale
    box = _box(plan, [(lon - wide, lat - _AROUND), (lon + wide, lat + _AROUND)])
    spot = (*plan.place(lon, lat), colour)
    _draw(drawn, areas, plan, paths, box, size=size, key=key, alt=alt, why=_no_webgl(), spots=[spot])


def no_points() -> str:
    """Return why a map's points or squares are missing, and how to get them."""
    return _(
        "Dots and squares are missing here: they need WebGL, which this browser does not have. The areas "
        "are drawn instead. Turn on hardware acceleration in the browser's settings, or open another "
        "browser."
    )


def nothing() -> str:
    """Return why there is no map at all, without known boundaries either, and how to get one."""
    return _(
        "The map is missing here: it needs WebGL, which this browser does not have, and there are no "
        "boundaries to draw instead. Turn on hardware acceleration in the browser's settings, or open "
        "another browser."
    )


def _no_webgl() -> str:
    return _("A simplified map, because this browser has no WebGL: it cannot be moved or enlarged.")


def _draw(
    drawn: pd.DataFrame,
    areas: Mapping[int, Area],
    plan: Plan,
    paths: Sequence[str],
    box: tuple[float, float, float, float],
    *,
    size: tuple[int, int],
    key: str,
    alt: str,
    why: str,
    spots: Sequence[tuple[float, float, str]] = (),
) -> None:
    left, top, wide, high = box
    window = viewport()
    room = min(pixels(size[0]), window.width - _EDGE), pixels(size[1])
    unit = max(wide / room[0], high / room[1])  # units of the drawing per pixel
    here = [
        Label(name(area), "", plan.place(*area["label"]), area["room"] * plan.north_scale)
        for area in drawn.to_dict("records")
    ]
    here = [one for one in here if left < one.at[0] < left + wide and top < one.at[1] < top + high]
    labels = [one for one in set_labels(here, plan, _TYPE * window.scale * unit) if not one.beside]
    panel(
        "plain_map",
        key=key,
        alt=alt,
        why=why,
        box=" ".join(f"{number:g}" for number in box),
        height=room[1],
        type=round(_TYPE * window.scale * unit, 1),
        dot=round(8 * window.scale * unit, 1),
        areas=[{"path": path, "area": area} for path, area in zip(paths, areas.values(), strict=True)],
        labels=labels,
        spots=spots,
    )


def _box(plan: Plan, places: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return the part of a drawing that shows these places: left, top, width, height, in units."""
    found: list[Any] = [plan.place(*place) for place in places]
    left, top = min(x for x, _y in found), min(y for _x, y in found)
    wide, high = max(x for x, _y in found) - left, max(y for _x, y in found) - top
    return round(left, 1), round(top, 1), round(wide, 1), round(high, 1)


def _dark() -> bool:
    return bool(st.context.theme.type == "dark")
