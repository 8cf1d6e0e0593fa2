"""The ways in which the live map shows reports: points, areas by a measure, squares of a grid by their number."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pydeck as pdk
import streamlit as st

from queries.cases.cases import case_count, readable_count
from queries.figures.figures import Dimension, figures
from queries.places import map as map_queries
from ui.address import map_cell
from ui.address.links import address, carried
from ui.address.url_filters import NOBODY
from ui.base.i18n import _, language, number
from ui.base.run import Run
from ui.base.theme import NO_DATA, palette
from ui.live_map.map_panels import Mark, Sum, summed
from ui.map import colour_scale, map_layers
from ui.map.colour_scale import Scale
from ui.map.plain_ground import plain_ground


@dataclass(frozen=True)
class Drawn:
    """A map, a line on what it shows, the number of reports shown and of those without a place, and its legend."""

    layers: list[pdk.Layer]
    says: str
    what: str
    shown: Sum
    missing: Sum
    marks: list[Mark]


def points(run: Run, level: str | None) -> Drawn:
    """Return every open report as a point. Raises DatabaseAway."""
    colours = palette()
    shown = count(run, "open_on_map")
    layers = map_layers.report_points(
        data_address("points.json", **choices(run, period=False)),
        shown,
        chosen="".join(run.query.get("case", ())),
        dark=dark(),
    )
    return Drawn(
        layers=[*ground(run, level), *layers],
        says="{5}",
        what=(
            _("Each dot is an open report, in the colour of its deadline.")
            if run.filters.scope.reads_all
            else _("Each dot is an open report of your units, in the colour of its deadline.")
        ),
        shown=summed(run, "open_on_map", shown, _("shown")),
        missing=summed(run, "open_off_map", count(run, "open_off_map"), _("not located")),
        marks=[
            Mark(_("overdue"), colours.overdue, "dot"),
            Mark(_("due soon"), colours.due_soon, "dot"),
            Mark(_("in time"), colours.in_time, "dot"),
            Mark(_("no deadline known"), colours.muted, "dot"),
            Mark(_("larger: complex; largest, ringed: urgent"), colours.text, "grave"),
        ],
    )


def areas(run: Run, shapes: pd.DataFrame, level: Dimension, measure: str) -> Drawn:
    """Return the areas of a level, coloured by a measure (ui/map/colour_scale.py). Raises DatabaseAway."""
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
        "time": _("Each area has the colour of the median handling time of its reports resolved in the period."),
    }
    figure = colour_scale.FIGURES[measure]
    words = {"open": _("open in all"), "received": _("received in all"), "resolved": _("resolved in all")}[figure]
    # An area's own filter does not empty its neighbours: they remain for comparison and for clicks.
    table = colour_scale.measured(run.reports, run.filters.choosing(**{f"{level}s": ()}), level, measure)
    population = shapes.set_index("key")["population"]
    scale = colour_scale.scale(measure, colour_scale.values(table, population, measure))
    colours = map_layers.steps(measure, dark=dark())
    fields = [Mark(*pair) for pair in zip(colour_scale.step_words(scale, language()), colours, strict=False)]
    nowhere = table.loc[table["key"].isna(), figure].sum()
    return Drawn(
        layers=map_layers.coloured_areas(
            data_address(f"areas/{level}.geojson", **choices(run) | {level: None, "measure": measure}),
            measure,
            chosen="".join(run.query.get(level, ())),
            dark=dark(),
        ),
        says=says[measure],
        what=what[measure],
        shown=summed(run, figure, int(table[figure].sum()), words, **{level: None}),
        missing=summed(run, figure, int(nowhere), _("of them not located"), **{level: NOBODY}),
        marks=[*fields, Mark(_("nothing to measure"), NO_DATA)],
    )


def density(run: Run, level: str | None, figure: str) -> Drawn:
    """Return the squares of the grid, coloured by their number of reports of a figure. Raises DatabaseAway."""
    wide, high = map_queries.grid(run.reports)
    # The selected square does not empty its neighbours: they remain for comparison and for clicks.
    everywhere = run.filters.choosing(square=())
    table = map_queries.squares(run.reports, everywhere, figure=figure)
    shown = int(table["reports"].sum())
    missing = int(figures(run.reports, everywhere)[figure].iloc[0]) - shown
    if run.rounded:  # reports in squares that are not drawn because they hold few do not count as "not located"
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
    colours = map_layers.steps("backlog", dark=dark())
    shown_words = _("located, squares of few left out") if run.rounded else _("shown")
    return Drawn(
        layers=[
            *ground(run, level),
            *map_layers.squares(
                data_address("squares.json", **choices(run) | {map_cell.WORD: None}, count=figure),
                wide,
                high,
                chosen="".join(run.query.get(map_cell.WORD, ())),
                dark=dark(),
            ),
        ],
        says="{3}",
        what=what.format(length=length),
        shown=summed(run, f"{figure}_on_map", shown, shown_words, **{map_cell.WORD: ""}),
        missing=summed(run, f"{figure}_off_map", missing, _("not located"), **{map_cell.WORD: ""}),
        marks=[Mark(*pair) for pair in zip(colour_scale.step_words(scale, language()), colours, strict=False)],
    )


def ground(run: Run, level: str | None) -> list[pdk.Layer]:
    """Return the background of points and squares: the areas of a level or, without one, a plain surface."""
    if level is None:
        extent = map_queries.extent(run.reports, run.filters)
        return [plain_ground(extent, dark=dark())] if extent else []
    address_of_shapes = data_address(f"shapes/{level}.json", lang=language())
    return map_layers.ground(address_of_shapes, chosen="".join(run.query.get(level, ())), dark=dark())


def count(run: Run, figure: str) -> int:
    """Return how many reports of a figure this viewer may read. Raises DatabaseAway."""
    return readable_count(run.reports, run.filters, figure=figure)


def choices(run: Run, *, period: bool = True) -> dict[str, Any]:
    """Return the query of map data's address: the viewer's choices, the moment (as its version), the language."""
    words = carried(run) | {"at": run.filters.at.isoformat(), "lang": language()}
    return words if period else words | {"period": None}


def data_address(path: str, **query: Any) -> str:
    """Return the address of map data (ui/map/map_routes.py) with a query."""
    return address(f"map/{path}", **query)


def dark() -> bool:
    """Whether this viewer sees the dark theme."""
    return bool(st.context.theme.type == "dark")
