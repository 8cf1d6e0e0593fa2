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
from ui.base.run import Run
from ui.base.theme import palette
from ui.base.viewport import pixels, screen, sized
from ui.cases.worklist import hidden_cases_note, worklist
from ui.figures import tiles
from ui.figures.count import count_of, counted
from ui.figures.headline import urgent
from ui.live_map import plain_map
from ui.map import map_layers
from ui.map.colour_scale import Scale, crowd_bounds, step_words
from ui.map.map_routes import drawn_areas
from ui.map.plain_ground import drawn_level, plain_ground

_MAP_HEIGHT = 380
_LONGEST = 10
_WORK_LENGTH = 10


def choose(run: Run, typed: str) -> None:
    """Draw every unit whose name holds what was typed under its kind, with what it has open, so that one is chosen."""
    everywhere = run.filters.choosing(units=())
    shared_panel(
        run,
        "unit_choose",
        key="unit_choose",
        make=lambda: _choose(run, figures(run.reports, everywhere, by="unit"), plain(typed)),
    )


def head(run: Run, relatives: pd.DataFrame) -> None:
    """Draw who the unit is: its name and kind, since and until when it answers, who came before and after."""
    shared_panel(run, "unit_head", key="unit_head", make=lambda: _head(run, relatives))


def duties(run: Run, own: dict[str, Any]) -> None:
    """Draw what waits for the unit's head: urgent, due today, new, come by transfer, sent back. `own` are its figures.

    Raises DatabaseAway.
    """
    tiles.tiles(run, lambda: _duties(run, own), key="unit_duties")


def _duties(run: Run, own: dict[str, Any]) -> list[tiles.Tile]:
    waiting = units.duties(run.reports, run.filters)
    late = counted(run, "overdue", own)
    return [
        urgent(run, own),
        tiles.plain(
            run,
            "due_today",
            waiting,
            "",
            parts=(late, " " + _("overdue")),
            tone="overdue-tile" if late.count else "due-soon-tile",
        ),
        tiles.plain(run, "new_here", waiting, ""),
        tiles.plain(run, "by_transfer", waiting, ""),
        tiles.plain(run, "sent_back", waiting, "", tone="due-soon-tile"),
    ]


def work(run: Run) -> None:
    """Draw what the unit has to do first, and what it handed up, with who holds it. Raises DatabaseAway."""
    worklist(run, key="unit_worklist", length=_WORK_LENGTH)
    if case_count(run.reports, run.filters, figure="with_higher"):
        worklist(
            run,
            key="unit_with_higher",
            figure="with_higher",
            order="oldest",
            title=_("With a higher level"),
            about=_("Handed up by this unit, and counted for who holds it now"),
            length=_WORK_LENGTH,
            turn="higher",
        )


def people(run: Run) -> None:
    """Draw what each of the unit's people answers for. Raises DatabaseAway."""
    shared_panel(
        run, "unit_people", key="unit_people", make=lambda: _people(run, units.officers(run.reports, run.filters))
    )


def categories(run: Run, city: Filters) -> None:
    """Draw what the unit's cases are about, beside the mix of the city, whose filters are given."""
    shared_panel(
        run,
        "unit_categories",
        key="unit_categories",
        make=lambda: _categories(
            run, *(figures(run.reports, filters, by="category") for filters in (run.filters, city))
        ),
    )


def places(run: Run) -> None:
    """Draw in which wards, or other areas of the city's, the unit's open cases lie. Raises DatabaseAway."""
    level = levels.default(run.reports, "ward")
    shared_panel(
        run,
        "unit_places",
        key="unit_places",
        make=lambda: _places(run, figures(run.reports, run.filters, by=level), level),
    )


def ratings(run: Run, own: dict[str, Any]) -> None:
    """Draw how citizens rated the unit's answers and how many rated at all. Raises DatabaseAway."""
    shared_panel(
        run,
        "unit_ratings",
        key="unit_ratings",
        make=lambda: _ratings(run, units.ratings(run.reports, run.filters), own),
    )


def small_map(run: Run, area: int | None, open_count: int) -> None:
    """Draw the unit's open cases on the map, framed on its area, else the city, else where the city's reports lie.

    Nothing where no report has a place, or where the viewer may read no case.
    """
    if not run.filters.scope.sees_cases:
        return
    found = [(level, drawn_areas(run.reports, level)) for level in ("ward", "district")]
    within = [(level, shapes, shapes[shapes["key"] == area]) for level, shapes in found if area is not None]
    whole = [(level, shapes, shapes) for level, shapes in found]
    framed = next((one for one in (*within, *whole) if not one[2].empty), None)
    extent = map_queries.extent(run.reports, run.filters) if framed is None else None
    if framed is None and extent is None:
        return
    if framed is None and not screen().webgl:
        st.info(streamlit_label(plain_map.nothing()), icon=":material/map:")
        return
    if framed is not None and not screen().webgl:
        level, _shapes, frame = framed
        plain_map.by_measure(
            run,
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
    layer, meanings = open_cases(run, open_count, dark=dark)
    if framed is not None:
        level, shapes, frame = framed
        view = map_layers.framing(frame, 520, _MAP_HEIGHT)
        ground = map_layers.ground(address(f"map/shapes/{level}.json"), chosen="", dark=dark)[:1]
        named = drawn_level(run.reports) if frame is shapes else level
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


def open_cases(run: Run, open_count: int, *, dark: bool) -> tuple[pdk.Layer, list[tuple[str, str]]]:
    """Return the layer of the unit's open cases and what its colours mean: points by their deadline, or squares.

    Squares where there are more than can be drawn in points. Raises DatabaseAway.
    """
    words = carried(run) | {"at": run.filters.at.isoformat(), "lang": language(), "period": None}
    if open_count > map_queries.MOST_POINTS:
        table = map_queries.squares(run.reports, run.filters, figure="open")
        asked = address("map/squares.json", **words, count="open")
        layer, _clicked = map_layers.squares(asked, *map_queries.grid(run.reports), chosen="", dark=dark)
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


def _choose(run: Run, open_now: pd.DataFrame, sought: str) -> dict[str, Any]:
    counts = open_now.dropna(subset="key").set_index("key")
    known = names(run.reports, "unit")
    known["name"] = [name(unit) for unit in known.to_dict("records")]
    known = known[[sought.strip() in plain(written) for written in known["name"]]]
    groups = []
    known = known.sort_values("name", key=lambda written: written.map(reading_order))
    for kind, title in _kinds(run.city).items():
        units = [
            {
                "name": unit["name"],
                "href": address(UNIT, **carried(run) | {"unit": unit["code"]}),
                "open": count_of(run, "open", counts.at[key, "open"] if key in counts.index else 0, unit=unit["code"]),
            }
            for key, unit in known[known["kind"] == kind].to_dict("index").items()
        ]
        if units:
            groups.append({"title": title, "units": units})
    return {
        "groups": groups,
        "nothing": _("No unit's name holds this.") if sought else _("No unit is loaded."),
    }


def _head(run: Run, family: pd.DataFrame) -> dict[str, Any]:
    itself = family[family["role"] == "itself"].iloc[0].to_dict()
    relatives: dict[str, list[dict[str, str]]] = {
        role: [
            {"name": name(unit), "href": address(UNIT, **carried(run) | {"unit": unit["code"]})}
            for unit in family[family["role"] == role].to_dict("records")
        ]
        for role in ("predecessor", "successor")
    }
    today = run.local(run.filters.at).date()
    starts, ends = (None if pd.isna(itself[key]) else itself[key] for key in ("valid_from", "valid_to"))
    last_day = ends - timedelta(days=1) if ends else None
    ended = ends is not None and ends <= today
    then = {"at": f"{last_day:%Y-%m-%d}T23:59:59", "period": "365d", "from": None, "to": None} if last_day else {}
    leading = units.heads(run.reports, run.filters).get(int(itself["id"]))
    return {
        "name": name(itself),
        "leading": ": ".join(map(plain_text, (leading[f"title_{language()}"], leading["name"]))) if leading else "",
        "kind": _kinds(run.city)[itself["kind"]],
        "since": _("answers since {day}", day=day(starts)) if starts else "",
        "until": _("answered until {day}", day=day(last_day)) if last_day and ended else "",
        "then_href": address("?", **run.query | then) if last_day and ended else None,
        "backlog_href": address(BACKLOG, **carried(run)),
        "map_href": address(LIVE_MAP, **carried(run)),
        "relatives": relatives,
    }


def _people(run: Run, table: pd.DataFrame) -> dict[str, Any]:
    rows = [
        {
            "name": row["officer"],
            "nobody": _("not assigned") if run.live else _("not assigned, or no longer known"),
            "counts": [
                count_of(run, figure, row[figure], officer=row["officer"] or NOBODY) for figure in ("overdue", "open")
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
        "nothing": hidden_cases_note(run, "open", len(rows)) if not rows else "",
    }


def _categories(run: Run, own: pd.DataFrame, city: pd.DataFrame) -> dict[str, Any]:
    of_city, whole = city.set_index("key")["received"], city["received"].sum()
    shares = of_city / max(1, whole)
    received = own["received"].sum()
    shown = own[(own["received"] > 0) | (own["open"] > 0)].sort_values(["received", "open"], ascending=False)
    most = max([0.01, *(shown["received"] / max(1, received)), *shares])
    rows = [
        {
            "name": name(row),
            "counts": [
                count_of(run, figure, row[figure], category=row["code"]) for figure in ("received", "open", "overdue")
            ],
            "share": percent(row["received"], received),
            "city": percent(of_city[row["key"]], whole),
            "city_counts": (
                count_of(run, "received", of_city[row["key"]], **WHOLE_CITY, category=row["code"]),
                count_of(run, "received", whole, **WHOLE_CITY),
            ),
            "width": round(row["received"] / max(1, received) / most * 100, 1),
            "city_width": round(shares[row["key"]] / most * 100, 1),
        }
        for row in shown.head(_LONGEST).to_dict("records")
    ]
    more = max(0, len(shown) - _LONGEST)
    return {
        "rows": rows,
        "whole": count_of(run, "received", received),
        "more": more and ngettext("and {count} more category", "and {count} more categories", more),
    }


def _places(run: Run, table: pd.DataFrame, level: Dimension) -> dict[str, Any]:
    shown = table[table["open"] > 0].sort_values(["open", "overdue"], ascending=False)
    most = max(1, int(shown["open"].max())) if len(shown) else 1
    rows = [
        {
            "name": _("not located") if pd.isna(row["code"]) else name(row),
            "counts": [
                count_of(run, figure, row[figure], **{level: NOBODY if pd.isna(row["code"]) else row["code"]})
                for figure in ("overdue", "open")
            ],
            "width": round(row["open"] / most * 100, 1),
            "late": round(row["overdue"] / row["open"] * 100, 1),
        }
        for row in shown.head(_LONGEST).to_dict("records")
    ]
    more = max(0, len(shown) - _LONGEST)
    return {
        "about": _("Overdue of open, by {place}", place=levels.within(run.city, level, many=False)),
        "rows": rows,
        "more": more and _("and {count} more", count=number(more)),
    }


def _ratings(run: Run, counts: dict[str, int], own: dict[str, Any]) -> dict[str, Any]:
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
                "count": count_of(run, figure, counts[figure]),
                "share": percent(counts[figure], rated),
                "width": round(counts[figure] / max(1, rated) * 100, 2),
            }
            for figure, (label, tone) in labels.items()
        ],
        "rated": count_of(run, "rated", rated),
        "resolved": count_of(run, "resolved", own["resolved"]),
        "reopened": count_of(run, "reopened", own["reopened"]),
    }


def _kinds(city: City) -> dict[str, str]:
    return {
        "department": _("City departments"),
        "commune": levels.many(city, "commune_unit"),
        "district": levels.many(city, "district_unit"),
        "utility": _("Utilities"),
        "city": _("City"),
    }
