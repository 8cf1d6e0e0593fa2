"""One unit beside the city: its figures, its people, its categories, its ratings and where its cases lie."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pydeck as pdk
import streamlit as st

from queries.cases.cases import case_count
from queries.engine.filters import Filters
from queries.figures.figures import City, Dimension, figures, names, plain, reading_order
from queries.places import map as map_queries
from queries.units import units
from safe_text import plain_text, streamlit_label
from ui.address.links import WHOLE_CITY, address, carried
from ui.address.url_filters import NOBODY
from ui.base import levels
from ui.base.html_panel import panel, shared_panel
from ui.base.i18n import _, day, language, name, ngettext, number, percent
from ui.base.page_paths import BACKLOG, LIVE_MAP, UNIT
from ui.base.run import Viewing
from ui.base.theme import palette
from ui.base.viewport import pixels, screen, sized
from ui.cases.worklist import held_back, worklist
from ui.figures import tiles
from ui.figures.headline import urgent
from ui.figures.tiles import count_of
from ui.live_map import plain_map
from ui.map import map_layers
from ui.map.colour_scale import Scale, crowd_bounds, step_words
from ui.map.map_routes import drawn_areas
from ui.map.plain_ground import drawn_level, plain_ground

_MAP_HEIGHT = 380
_LONGEST = 10
_WORK_LENGTH = 10


def choose(seen: Viewing, typed: str) -> None:
    """Draw every unit whose name holds what was typed under its kind, with what it has open, so that one is chosen."""
    everywhere = seen.filters.choosing(units=())
    shared_panel(
        seen,
        "unit_choose",
        key="unit_choose",
        make=lambda: _choose(seen, figures(seen.reports, everywhere, by="unit"), plain(typed)),
    )


def head(seen: Viewing, relatives: pd.DataFrame) -> None:
    """Draw who the unit is: its name and kind, since and until when it answers, who came before and after."""
    shared_panel(seen, "unit_head", key="unit_head", make=lambda: _head(seen, relatives))


def duties(seen: Viewing, own: dict[str, Any]) -> None:
    """Draw what waits for the unit's head: urgent, due today, new, come by transfer, sent back. `own` are its figures.

    Raises DatabaseAway.
    """
    tiles.tiles(seen, lambda: _duties(seen, own), key="unit_duties")


def _duties(seen: Viewing, own: dict[str, Any]) -> list[tiles.Tile]:
    waiting = units.duties(seen.reports, seen.filters)
    late = tiles.counted(seen, "overdue", own)
    return [
        urgent(seen, own),
        tiles.plain(
            seen,
            "due_today",
            waiting,
            "",
            parts=(late, " " + _("overdue")),
            tone="overdue-tile" if late.count else "due-soon-tile",
        ),
        tiles.plain(seen, "new_here", waiting, ""),
        tiles.plain(seen, "by_transfer", waiting, ""),
        tiles.plain(seen, "sent_back", waiting, "", tone="due-soon-tile"),
    ]


def work(seen: Viewing) -> None:
    """Draw what the unit has to do first, and what it handed up, with who holds it. Raises DatabaseAway."""
    worklist(seen, key="unit_worklist", length=_WORK_LENGTH)
    if case_count(seen.reports, seen.filters, figure="with_higher"):
        worklist(
            seen,
            key="unit_with_higher",
            figure="with_higher",
            order="oldest",
            title=_("With a higher level"),
            about=_("Handed up by this unit, and counted for who holds it now"),
            length=_WORK_LENGTH,
            turn="higher",
        )


def people(seen: Viewing) -> None:
    """Draw what each of the unit's people answers for. Raises DatabaseAway."""
    shared_panel(
        seen, "unit_people", key="unit_people", make=lambda: _people(seen, units.officers(seen.reports, seen.filters))
    )


def categories(seen: Viewing, city: Filters) -> None:
    """Draw what the unit's cases are about, beside the mix of the city, whose filters are given."""
    shared_panel(
        seen,
        "unit_categories",
        key="unit_categories",
        make=lambda: _categories(
            seen, *(figures(seen.reports, filters, by="category") for filters in (seen.filters, city))
        ),
    )


def places(seen: Viewing) -> None:
    """Draw in which wards, or other areas of the city's, the unit's open cases lie. Raises DatabaseAway."""
    level = levels.usual(seen.reports, "ward")
    shared_panel(
        seen,
        "unit_places",
        key="unit_places",
        make=lambda: _places(seen, figures(seen.reports, seen.filters, by=level), level),
    )


def ratings(seen: Viewing, own: dict[str, Any]) -> None:
    """Draw how citizens rated the unit's answers and how many rated at all. Raises DatabaseAway."""
    shared_panel(
        seen,
        "unit_ratings",
        key="unit_ratings",
        make=lambda: _ratings(seen, units.ratings(seen.reports, seen.filters), own),
    )


def small_map(seen: Viewing, area: int | None, open_count: int) -> None:
    """Draw the unit's open cases on the map, framed on its area, else the city, else where the city's reports lie.

    Nothing where no report has a place, or where the viewer may read no case.
    """
    if not seen.filters.scope.sees_cases:
        return
    found = [(level, drawn_areas(seen.reports, level)) for level in ("ward", "district")]
    within = [(level, shapes, shapes[shapes["key"] == area]) for level, shapes in found if area is not None]
    whole = [(level, shapes, shapes) for level, shapes in found]
    framed = next((one for one in (*within, *whole) if not one[2].empty), None)
    extent = map_queries.extent(seen.reports, seen.filters) if framed is None else None
    if framed is None and extent is None:
        return
    if framed is None and not screen().webgl:
        st.info(streamlit_label(plain_map.nothing()), icon=":material/map:")
        return
    if framed is not None and not screen().webgl:
        level, _shapes, frame = framed
        plain_map.by_measure(
            seen,
            level,
            "backlog",
            says="{name}\n" + _("{raw} open reports", raw="{raw}"),
            size=(520, _MAP_HEIGHT),
            key="unit_map",
            alt=_("Map of the unit's open cases"),
            frame=frame,
            why=plain_map.no_points(),
        )
        return
    dark = bool(st.context.theme.type == "dark")
    layer, meanings = open_cases(seen, open_count, dark=dark)
    if framed is not None:
        level, shapes, frame = framed
        view = map_layers.framing(frame, 520, _MAP_HEIGHT)
        ground = map_layers.ground(address(f"map/shapes/{level}.json"), chosen="", dark=dark)[:1]
        named = drawn_level(seen.reports) if frame is shapes else level
        ground += map_layers.names(named or level, view, dark=dark)
        sources = map_layers.sources(shapes)
    elif extent is not None:
        view, ground, sources = map_layers.framed(extent, 520, _MAP_HEIGHT), [plain_ground(extent, dark=dark)], []
    deck = map_layers.deck([*ground, layer], view)
    st.pydeck_chart(deck, height=pixels(_MAP_HEIGHT), key=sized("unit_map"), alt=_("Map of the unit's open cases"))
    panel(
        "legend",
        key="unit_map_legend",
        title=_("Open reports"),
        steps=[{"words": words, "colour": colour} for words, colour in meanings],
        sources=sources,
    )


def open_cases(seen: Viewing, open_count: int, *, dark: bool) -> tuple[pdk.Layer, list[tuple[str, str]]]:
    """Return the layer of the unit's open cases and what its colours mean: points by their deadline, or squares.

    Squares where there are more than can be drawn in points. Raises DatabaseAway.
    """
    words = carried(seen) | {"at": seen.filters.at.isoformat(), "lang": language(), "period": None}
    if open_count > map_queries.MOST_POINTS:
        table = map_queries.squares(seen.reports, seen.filters, figure="open")
        asked = address("map/squares.json", **words, count="open")
        layer, _clicked = map_layers.squares(asked, *map_queries.grid(seen.reports), chosen="", dark=dark)
        steps = step_words(Scale("backlog", crowd_bounds(table["reports"])), language())
        return layer, list(zip(steps, map_layers.steps("backlog", dark=dark), strict=False))
    layer, *_others = map_layers.report_points(address("map/points.json", **words), open_count, chosen="", dark=dark)
    colours = palette()
    return layer, [
        (_("Overdue"), colours.overdue),
        (_("Due soon"), colours.due_soon),
        (_("In time"), colours.in_time),
        (_("No deadline known"), colours.muted),
    ]


def _choose(seen: Viewing, open_now: pd.DataFrame, sought: str) -> dict[str, Any]:
    counts = open_now.dropna(subset="key").set_index("key")
    known = names(seen.reports, "unit")
    known["name"] = [name(unit) for unit in known.to_dict("records")]
    known = known[[sought.strip() in plain(written) for written in known["name"]]]
    groups = []
    known = known.sort_values("name", key=lambda written: written.map(reading_order))
    for kind, title in _kinds(seen.city).items():
        units = [
            {
                "name": unit["name"],
                "href": address(UNIT, **carried(seen) | {"unit": unit["code"]}),
                "open": count_of(seen, "open", counts.at[key, "open"] if key in counts.index else 0, unit=unit["code"]),
            }
            for key, unit in known[known["kind"] == kind].to_dict("index").items()
        ]
        if units:
            groups.append({"title": title, "units": units})
    return {
        "groups": groups,
        "nothing": _("No unit's name holds this.") if sought else _("No unit is loaded."),
    }


def _head(seen: Viewing, family: pd.DataFrame) -> dict[str, Any]:
    itself = family[family["role"] == "itself"].iloc[0].to_dict()
    relatives: dict[str, list[dict[str, str]]] = {
        role: [
            {"name": name(unit), "href": address(UNIT, **carried(seen) | {"unit": unit["code"]})}
            for unit in family[family["role"] == role].to_dict("records")
        ]
        for role in ("predecessor", "successor")
    }
    today = seen.local(seen.filters.at).date()
    starts, ends = (None if pd.isna(itself[key]) else itself[key] for key in ("valid_from", "valid_to"))
    last_day = ends - timedelta(days=1) if ends else None
    ended = ends is not None and ends <= today
    then = {"at": f"{last_day:%Y-%m-%d}T23:59:59", "period": "365d", "from": None, "to": None} if last_day else {}
    leading = units.heads(seen.reports, seen.filters).get(int(itself["id"]))
    return {
        "name": name(itself),
        "leading": ": ".join(map(plain_text, (leading[f"title_{language()}"], leading["name"]))) if leading else "",
        "kind": _kinds(seen.city)[itself["kind"]],
        "since": _("answers since {day}", day=day(starts)) if starts else "",
        "until": _("answered until {day}", day=day(last_day)) if last_day and ended else "",
        "then_href": address("?", **seen.query | then) if last_day and ended else None,
        "backlog_href": address(BACKLOG, **carried(seen)),
        "map_href": address(LIVE_MAP, **carried(seen)),
        "relatives": relatives,
    }


def _people(seen: Viewing, table: pd.DataFrame) -> dict[str, Any]:
    rows = [
        {
            "name": row["officer"],
            "nobody": _("not assigned") if seen.live else _("not assigned, or no longer known"),
            "counts": [
                count_of(seen, figure, row[figure], officer=row["officer"] or NOBODY) for figure in ("overdue", "open")
            ],
            "width": round(row["overdue"] / row["open"] * 100, 1),
        }
        for row in table.to_dict("records")
    ]
    more = max(0, len(rows) - _LONGEST)
    return {
        "rows": rows,
        "at_first": _LONGEST,
        "more": more and ngettext("and {count} more officer", "and {count} more officers", more),
        "nothing": held_back(seen, "open", len(rows)) if not rows else "",
    }


def _categories(seen: Viewing, own: pd.DataFrame, city: pd.DataFrame) -> dict[str, Any]:
    of_city, whole = city.set_index("key")["received"], city["received"].sum()
    shares = of_city / max(1, whole)
    received = own["received"].sum()
    shown = own[(own["received"] > 0) | (own["open"] > 0)].sort_values(["received", "open"], ascending=False)
    most = max([0.01, *(shown["received"] / max(1, received)), *shares])
    rows = [
        {
            "name": name(row),
            "counts": [
                count_of(seen, figure, row[figure], category=row["code"]) for figure in ("received", "open", "overdue")
            ],
            "share": percent(row["received"], received),
            "city": percent(of_city[row["key"]], whole),
            "city_counts": (
                count_of(seen, "received", of_city[row["key"]], **WHOLE_CITY, category=row["code"]),
                count_of(seen, "received", whole, **WHOLE_CITY),
            ),
            "width": round(row["received"] / max(1, received) / most * 100, 1),
            "city_width": round(shares[row["key"]] / most * 100, 1),
        }
        for row in shown.head(_LONGEST).to_dict("records")
    ]
    more = max(0, len(shown) - _LONGEST)
    return {
        "rows": rows,
        "whole": count_of(seen, "received", received),
        "more": more and ngettext("and {count} more category", "and {count} more categories", more),
    }


def _places(seen: Viewing, table: pd.DataFrame, level: Dimension) -> dict[str, Any]:
    shown = table[table["open"] > 0].sort_values(["open", "overdue"], ascending=False)
    most = max(1, int(shown["open"].max())) if len(shown) else 1
    rows = [
        {
            "name": _("not located") if pd.isna(row["code"]) else name(row),
            "counts": [
                count_of(seen, figure, row[figure], **{level: NOBODY if pd.isna(row["code"]) else row["code"]})
                for figure in ("overdue", "open")
            ],
            "width": round(row["open"] / most * 100, 1),
            "late": round(row["overdue"] / row["open"] * 100, 1),
        }
        for row in shown.head(_LONGEST).to_dict("records")
    ]
    more = max(0, len(shown) - _LONGEST)
    return {
        "about": _("Overdue of open, by {place}", place=levels.within(seen.city, level, many=False)),
        "rows": rows,
        "more": more and _("and {count} more", count=number(more)),
    }


def _ratings(seen: Viewing, counts: dict[str, int], own: dict[str, Any]) -> dict[str, Any]:
    labels = {
        "rated_satisfied": (_("Satisfied"), "good"),
        "rated_acceptable": (_("Acceptable"), "muted"),
        "rated_not_satisfied": (_("Not satisfied"), "overdue"),
    }
    rated = counts["rated"]
    return {
        "rows": [
            {
                "label": label,
                "tone": tone,
                "count": count_of(seen, figure, counts[figure]),
                "share": percent(counts[figure], rated),
                "width": round(counts[figure] / max(1, rated) * 100, 2),
            }
            for figure, (label, tone) in labels.items()
        ],
        "rated": count_of(seen, "rated", rated),
        "resolved": count_of(seen, "resolved", own["resolved"]),
        "reopened": count_of(seen, "reopened", own["reopened"]),
    }


def _kinds(city: City) -> dict[str, str]:
    return {
        "department": _("City departments"),
        "commune": levels.many(city, "commune_unit"),
        "district": levels.many(city, "district_unit"),
        "utility": _("Utilities"),
        "city": _("City"),
    }
