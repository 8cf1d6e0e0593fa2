"""The live map in its three ways: open reports as points, areas by a measure, density by the squares of a grid."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pydeck as pdk
import streamlit as st

from queries.cases.cases import case_count, readable_count
from queries.figures.figures import Dimension, figures
from queries.places import map as map_queries
from safe_text import streamlit_label
from ui.address import map_cell
from ui.address.links import address, carried
from ui.address.url_filters import NOBODY
from ui.base.i18n import _, language, number
from ui.base.run import Run
from ui.base.theme import NO_DATA, palette
from ui.base.viewport import screen, sized
from ui.live_map import plain_map
from ui.live_map.map_panels import Mark, Sum, about, here, summed
from ui.map import colour_scale, map_layers, map_marks
from ui.map.colour_scale import Scale
from ui.map.map_routes import drawn_areas
from ui.map.plain_ground import drawn_level, plain_ground

SHOWS = ("points", "areas", "density")
SHOWS_WITHOUT_CASES = ("areas", "density")
KEY = "live_map"

_BESIDE, _PART = 150, 0.73  # pixels beside the page at a desk, and the map's part of its width
_ABOVE, _LOWEST, _PHONES = 405, 390, 405  # pixels around the map, at least for it, for it on a phone (ui/base/page.css)
_SQUARE = 4  # the parts of a row that is a square; a point has more


@dataclass(frozen=True)
class Drawn:
    """A map, what it shows in a line, how many reports it shows and how many it cannot place, and its legend."""

    layers: list[pdk.Layer]
    says: str
    what: str
    shown: Sum
    missing: Sum
    marks: list[Mark]


def frame(run: Run, level: Dimension | None) -> pdk.ViewState | None:
    """Return the view that shows the areas of a level in the room that the map has on this viewer's screen.

    Without a level, the view on all reports; None where there are none to see. Raises DatabaseAway.
    """
    if level is not None:
        return map_layers.framing(drawn_areas(run.reports, level), *_room())
    extent = map_queries.extent(run.reports, run.filters)
    return extent and map_layers.framed(extent, *_room())


def draw(
    run: Run, view: pdk.ViewState, *, show: str, level: Dimension | None, measure: str = colour_scale.MEASURES[0]
) -> Drawn:
    """Return the map in one of its ways, with the ground, the names and the rings they share.

    `level` is the one whose boundaries are drawn; None where the city has none. Raises DatabaseAway.
    """
    if show == "areas" and level is not None:
        shapes = drawn_areas(run.reports, level)
        drawn = _areas(run, shapes, level, measure)
    elif show in ("density", "open") or _count(run, "open_on_map") > map_queries.MOST_POINTS:
        drawn = _density(run, level, "received" if show == "density" else "open")
    else:
        drawn = _points(run, level)
    dark = _dark()
    over = map_layers.names(level, view, dark=dark) if level else []
    if level and run.query.get(level):
        over.append(map_layers.outline(_data(f"shapes/{level}.json", **{level: run.query[level]}), dark=dark))
    if run.filters.square:
        over.append(map_marks.around(map_cell.corners(run.filters.square), dark=dark))
    if not run.filters.scope.sees_cases:
        return replace(drawn, layers=[*drawn.layers, *over])
    over.append(map_marks.arrivals(_data("arrivals.json", **_asked(run)), dark=dark, points=show == "points"))
    new = Mark(_("came in within the last 15 minutes"), map_marks.arrival_colour(dark=dark), "ring")
    return replace(drawn, layers=[*drawn.layers, *over], marks=[*drawn.marks, new])


def ways(run: Run) -> tuple[str, ...]:
    """Return the ways in which the map can show this city to this viewer, the usual first. Raises DatabaseAway."""
    found = SHOWS if run.filters.scope.sees_cases else SHOWS_WITHOUT_CASES
    drawn = drawn_level(run.reports) is not None
    return found if drawn else tuple(way for way in found if way != "areas")


def hint(show: str, level: Dimension | None) -> str:
    """Return what a click on the map does while nothing is chosen."""
    if show == "density":
        return _("Click a square to look at it alone.")
    return _("Click an area to look at it alone.") if level else _("Click a dot to see its case.")


def sources(run: Run, level: Dimension | None) -> list[str]:
    """Return who the boundaries of a level come from. Raises DatabaseAway."""
    return map_layers.sources(drawn_areas(run.reports, level)) if level else []


def deck(view: pdk.ViewState, drawn: Drawn, case: dict[str, Any] | None) -> pdk.Deck:
    """Return the map as Streamlit draws it, with a ring around the case looked at."""
    rings = [map_marks.marked(case["lon"], case["lat"], dark=_dark())] if case and not pd.isna(case["lon"]) else []
    return map_layers.deck([*drawn.layers, *rings], view, says=drawn.says)


def plainly(run: Run, *, level: Dimension | None, measure: str) -> None:
    """Draw the areas and what they show for a browser that cannot draw the map. Raises DatabaseAway."""
    if level is None:
        st.info(streamlit_label(plain_map.nothing()), icon=":material/map:")
        return
    shapes = drawn_areas(run.reports, level)
    drawn = _areas(run, shapes, level, measure)
    chosen = run.query.get(level, [])
    plain_map.by_measure(
        run,
        level,
        measure,
        says=drawn.says,
        size=_room(),
        key=KEY,
        alt=drawn.what,
        href=lambda code: here(run, **{level: None if chosen == [code] else code}),
        why=plain_map.no_points(),
    )
    about(drawn.what, drawn.shown, drawn.missing, drawn.marks, map_layers.sources(shapes))


def follow(run: Run, level: str | None) -> None:
    """Write into the address what was clicked: an area or a square becomes the filter, a point the case.

    Again: takes it out.
    """
    for objects in st.session_state[sized(KEY)].selection.objects.values():
        clicked = objects[0]
        if isinstance(clicked, list) and len(clicked) == _SQUARE:
            wide, high = map_queries.grid(run.reports)
            word = map_cell.WORD
            value: str | None = map_cell.around(clicked[0], clicked[1], wide, high)
        elif isinstance(clicked, list):
            found = map_queries.case(run.reports, run.filters, report_id=int(clicked[2]))
            word, value = "case", found["public_code"] if found else None
        elif level:
            word, value = level, clicked["properties"]["code"]
        else:
            continue
        if value and st.query_params.get_all(word) != [value]:
            st.query_params[word] = value
        else:
            st.query_params.pop(word, None)


def _points(run: Run, level: str | None) -> Drawn:
    colours = palette()
    count = _count(run, "open_on_map")
    layers = map_layers.report_points(
        _data("points.json", **_asked(run, period=False)),
        count,
        chosen="".join(run.query.get("case", ())),
        dark=_dark(),
    )
    return Drawn(
        layers=[*_ground(run, level), *layers],
        says="{5}",
        what=(
            _("Each dot is an open report, in the colour of its deadline.")
            if run.filters.scope.reads_all
            else _("Each dot is an open report of your units, in the colour of its deadline.")
        ),
        shown=summed(run, "open_on_map", count, _("shown")),
        missing=summed(run, "open_off_map", _count(run, "open_off_map"), _("not located")),
        marks=[
            Mark(_("overdue"), colours.overdue, "dot"),
            Mark(_("due soon"), colours.due_soon, "dot"),
            Mark(_("in time"), colours.in_time, "dot"),
            Mark(_("no deadline known"), colours.muted, "dot"),
            Mark(_("larger: complex; largest, ringed: urgent"), colours.text, "grave"),
        ],
    )


def _areas(run: Run, shapes: pd.DataFrame, level: Dimension, measure: str) -> Drawn:
    raw, value, area = "{raw}", "{value}", "{name}\n"
    says = {
        "overdue": area + _("{raw} open reports overdue ({value})", raw=raw, value=value),
        "backlog": area + _("{raw} open reports", raw=raw),
        "received": area + _("{value} per 10,000 inhabitants ({raw} received)", raw=raw, value=value),
        "time": area + _("{value} ({raw} resolved)", raw=raw, value=value),
    }
    what = {
        "overdue": _("Each area has the colour of the share of its open reports that is overdue."),
        "backlog": _("Each area has the colour of the number of its open reports."),
        "received": _("Each area has the colour of the reports received in the period per 10,000 inhabitants."),
        "time": _("Each area has the colour of the time in which half of its reports were resolved in the period."),
    }
    figure = colour_scale.FIGURES[measure]
    words = {"open": _("open in all"), "received": _("received in all"), "resolved": _("resolved in all")}[figure]
    # An area's own filter does not empty its neighbours: they stay to compare with and to click.
    table = colour_scale.measured(run.reports, run.filters.choosing(**{f"{level}s": ()}), level, measure)
    population = shapes.set_index("key")["population"]
    scale = colour_scale.scale(measure, colour_scale.values(table, population, measure))
    colours = map_layers.steps(measure, dark=_dark())
    fields = [Mark(*pair) for pair in zip(colour_scale.step_words(scale, language()), colours, strict=False)]
    nowhere = table.loc[table["key"].isna(), figure].sum()
    return Drawn(
        layers=map_layers.coloured_areas(
            _data(f"areas/{level}.geojson", **_asked(run) | {level: None, "measure": measure}),
            measure,
            chosen="".join(run.query.get(level, ())),
            dark=_dark(),
        ),
        says=says[measure],
        what=what[measure],
        shown=summed(run, figure, int(table[figure].sum()), words, **{level: None}),
        missing=summed(run, figure, int(nowhere), _("of them not located"), **{level: NOBODY}),
        marks=[*fields, Mark(_("nothing to measure"), NO_DATA)],
    )


def _density(run: Run, level: str | None, figure: str) -> Drawn:
    wide, high = map_queries.grid(run.reports)
    # The square that is chosen does not empty its neighbours: they stay to compare with and to click.
    everywhere = run.filters.choosing(square=())
    table = map_queries.squares(run.reports, everywhere, figure=figure)
    shown = int(table["reports"].sum())
    missing = int(figures(run.reports, everywhere)[figure].iloc[0]) - shown
    if run.rounded:  # squares of few reports are not drawn: they are no part of what is not located
        shown, missing = (
            case_count(run.reports, everywhere, figure=f"{figure}_{where}_map") for where in ("on", "off")
        )
    scale = Scale("backlog", colour_scale.crowd_bounds(table["reports"]))
    length = _("{count} km", count=number(high * 0.111, 1))
    what = {
        "received": _("Each square of about {length} has the colour of the reports received there in the period."),
        "open": _("Too many open reports for dots: each square of about {length} has the colour of how many are there.")
        if run.filters.scope.sees_cases
        else _("Each square of about {length} has the colour of the number of open reports there."),
    }[figure]
    colours = map_layers.steps("backlog", dark=_dark())
    shown_words = _("located, squares of few left out") if run.rounded else _("shown")
    return Drawn(
        layers=[
            *_ground(run, level),
            *map_layers.squares(
                _data("squares.json", **_asked(run) | {map_cell.WORD: None}, count=figure),
                wide,
                high,
                chosen="".join(run.query.get(map_cell.WORD, ())),
                dark=_dark(),
            ),
        ],
        says="{3}",
        what=what.format(length=length),
        shown=summed(run, f"{figure}_on_map", shown, shown_words, **{map_cell.WORD: ""}),
        missing=summed(run, f"{figure}_off_map", missing, _("not located"), **{map_cell.WORD: ""}),
        marks=[Mark(*pair) for pair in zip(colour_scale.step_words(scale, language()), colours, strict=False)],
    )


def _ground(run: Run, level: str | None) -> list[pdk.Layer]:
    if level is None:
        extent = map_queries.extent(run.reports, run.filters)
        return [plain_ground(extent, dark=_dark())] if extent else []
    address_of_shapes = _data(f"shapes/{level}.json", lang=language())
    return map_layers.ground(address_of_shapes, chosen="".join(run.query.get(level, ())), dark=_dark())


def _count(run: Run, figure: str) -> int:
    return readable_count(run.reports, run.filters, figure=figure)


def _asked(run: Run, *, period: bool = True) -> dict[str, Any]:
    """Return what the address of data must name: the viewer's choices, the moment (its version), the language."""
    words = carried(run) | {"at": run.filters.at.isoformat(), "lang": language()}
    return words if period else words | {"period": None}


def _data(path: str, **query: Any) -> str:
    return address(f"map/{path}", **query)


def _dark() -> bool:
    return bool(st.context.theme.type == "dark")


def _room() -> tuple[int, int]:
    """Return how wide and how high the map is on this viewer's screen, in pixels of a desk, as ui/base/page.css makes
    it.
    """
    run = screen()
    if run.phone:
        return run.width, _PHONES
    wide, high = run.width / run.scale, run.height / run.scale
    return round((wide - _BESIDE) * _PART), round(max(high - _ABOVE, _LOWEST))
