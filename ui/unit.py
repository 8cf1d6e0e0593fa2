"""One unit beside the city: its figures, its people, its categories, its ratings and where its cases lie."""

from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from queries import units
from queries.figures import figures, names
from queries.filters import Filters
from ui import maps
from ui.asked import NOBODY
from ui.filters import carried
from ui.map_routes import drawn_areas
from ui.pages import BACKLOG, CASES, LIVE_MAP, UNIT
from ui.panel import address, panel, shared_panel
from ui.theme import palette
from ui.tiles import Count
from ui.viewing import Viewing
from ui.words import _, day, duration, language, name, number, percent

_MAP_HEIGHT = 380
_LONGEST = 10
_CITY = dict.fromkeys(("unit", "district", "ward", "officer"))
"""What an address leaves out to speak of the whole city."""


def choose(seen: Viewing) -> None:
    """Draw every unit under its kind, with what it has open, so that one can be chosen."""
    everywhere = seen.filters.choosing(units=())
    shared_panel(
        seen,
        "unit_choose",
        key="unit_choose",
        make=lambda: _choose(seen, figures(seen.reports, everywhere, by="unit")),
    )


def head(seen: Viewing, relatives: pd.DataFrame) -> None:
    """Draw who the unit is: its name and kind, since and until when it answers, who came before and after."""
    shared_panel(seen, "unit_head", key="unit_head", make=lambda: _head(seen, relatives))


def beside(seen: Viewing, own: dict[str, Any], city: dict[str, Any]) -> None:
    """Draw the unit's figures, each with the city's beside it. Both are rows of figures with their sums."""
    shared_panel(seen, "unit_beside", key="unit_beside", make=lambda: _beside(seen, own, city))


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
    """Draw in which wards the unit's open cases lie. Raises DatabaseAway."""
    shared_panel(
        seen,
        "unit_places",
        key="unit_places",
        make=lambda: _places(seen, figures(seen.reports, seen.filters, by="ward")),
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
    """Draw the unit's open cases on the map, framed on its area, else the city; nothing where no boundary is loaded."""
    found = [(level, drawn_areas(seen.reports, level)) for level in ("ward", "district")]
    within = [(level, shapes, shapes[shapes["key"] == area]) for level, shapes in found if area is not None]
    whole = [(level, shapes, shapes) for level, shapes in found]
    framed = next((one for one in (*within, *whole) if not one[2].empty), None)
    if framed is None:
        return
    level, shapes, frame = framed
    dark, colours = bool(st.context.theme.type == "dark"), palette()
    words = carried(seen) | {"at": seen.filters.at.isoformat(), "lang": language(), "period": None}
    points = maps.report_points(address("map/points.json", **words), open_count, chosen="", dark=dark)
    ground = maps.ground(address(f"map/shapes/{level}.json"), chosen="", dark=dark)
    deck = maps.deck([ground[0], points[0]], maps.framing(frame, 520, _MAP_HEIGHT))
    st.pydeck_chart(deck, height=_MAP_HEIGHT, key="unit_map", alt=_("Map of the unit's open cases"))
    states = [
        (_("Overdue"), colours.overdue),
        (_("Due soon"), colours.due_soon),
        (_("In time"), colours.in_time),
        (_("No deadline known"), colours.muted),
    ]
    panel(
        "legend",
        key="unit_map_legend",
        title=_("Open reports"),
        steps=[{"words": words, "colour": colour} for words, colour in states],
        sources=maps.sources(shapes),
    )


def _choose(seen: Viewing, open_now: pd.DataFrame) -> dict[str, Any]:
    counts = open_now.dropna(subset="key").set_index("key")
    known = names(seen.reports, "unit")
    known["name"] = [name(unit) for unit in known.to_dict("records")]
    groups = []
    for kind, title in _kinds().items():
        units = [
            {
                "name": unit["name"],
                "href": address(UNIT, **carried(seen) | {"unit": unit["code"]}),
                "open": _count(seen, "open", counts.at[key, "open"] if key in counts.index else 0, unit=unit["code"]),
            }
            for key, unit in known[known["kind"] == kind].sort_values("name", key=_in_order).to_dict("index").items()
        ]
        if units:
            groups.append({"title": title, "units": units})
    return {
        "groups": groups,
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
    return {
        "name": name(itself),
        "kind": _kinds()[itself["kind"]],
        "since": _("answers since {day}", day=day(starts)) if starts else "",
        "until": _("answered until {day}", day=day(last_day)) if last_day and ended else "",
        "then_href": address("?", **seen.query | then) if last_day and ended else None,
        "backlog_href": address(BACKLOG, **carried(seen)),
        "map_href": address(LIVE_MAP, **carried(seen)),
        "relatives": relatives,
    }


def _beside(seen: Viewing, own: dict[str, Any], city: dict[str, Any]) -> dict[str, Any]:
    shares = [
        (_("Overdue of open"), "overdue", "open", -1),
        (_("On-time rate"), "done_by_due", "fell_due", 1),
        (_("Satisfaction"), "satisfied", "rated", 1),
        (_("Reopened of received"), "reopened", "received", -1),
        (_("Refused of ended"), "refused", "ended", 0),
    ]
    cards = [
        {
            "label": _("Open"),
            "value": _count(seen, "open", own["open"]),
            "words": number(own["open"]),
            "parts": None,
            "of": "",
            "city": percent(own["open"], city["open"]) + " " + _("of the city's open"),
            "city_parts": (_count(seen, "open", city["open"], **_CITY),),
            "tone": "",
        }
    ]
    for label, part, whole, good in shares:
        difference = _points(own[part], own[whole], city[part], city[whole])
        cards.append(
            {
                "label": label,
                "value": None,
                "words": percent(own[part], own[whole]),
                "parts": (_count(seen, part, own[part]), _count(seen, whole, own[whole])),
                "of": "",
                "city": _("city {share}", share=percent(city[part], city[whole])),
                "city_parts": (
                    _count(seen, part, city[part], **_CITY),
                    _count(seen, whole, city[whole], **_CITY),
                ),
                "tone": "" if not good or not difference else "good" if (difference > 0) == (good > 0) else "overdue",
            }
        )
    hours, city_hours = (None if pd.isna(of["median_hours"]) else float(of["median_hours"]) for of in (own, city))
    slower = hours - city_hours if hours is not None and city_hours is not None else 0
    cards.append(
        {
            "label": _("Median time to the answer"),
            "value": None,
            "words": duration(hours),
            "parts": (_count(seen, "resolved", own["resolved"]),),
            "of": _("resolved"),
            "city": _("city {share}", share=duration(city_hours)),
            "city_parts": (_count(seen, "resolved", city["resolved"], **_CITY),),
            "tone": "" if not slower else "overdue" if slower > 0 else "good",
        }
    )
    return {
        "cards": cards,
    }


def _people(seen: Viewing, table: pd.DataFrame) -> dict[str, Any]:
    rows = [
        {
            "name": row["officer"],
            "nobody": _("not assigned") if seen.live else _("not assigned, or no longer known"),
            "counts": [
                _count(seen, figure, row[figure], officer=row["officer"] or NOBODY) for figure in ("overdue", "open")
            ],
            "width": round(row["overdue"] / row["open"] * 100, 1),
        }
        for row in table.to_dict("records")
    ]
    return {
        "rows": rows,
    }


def _categories(seen: Viewing, own: pd.DataFrame, city: pd.DataFrame) -> dict[str, Any]:
    shares = city.set_index("key")["received"] / max(1, city["received"].sum())
    received = own["received"].sum()
    shown = own[(own["received"] > 0) | (own["open"] > 0)].sort_values(["received", "open"], ascending=False)
    most = max([0.01, *(shown["received"] / max(1, received)), *shares])
    rows = [
        {
            "name": name(row),
            "counts": [
                _count(seen, figure, row[figure], category=row["code"]) for figure in ("received", "open", "overdue")
            ],
            "share": percent(row["received"], received),
            "city": percent(shares[row["key"]], 1),
            "width": round(row["received"] / max(1, received) / most * 100, 1),
            "city_width": round(shares[row["key"]] / most * 100, 1),
        }
        for row in shown.head(_LONGEST).to_dict("records")
    ]
    return {
        "rows": rows,
        "more": max(0, len(shown) - _LONGEST),
    }


def _places(seen: Viewing, table: pd.DataFrame) -> dict[str, Any]:
    shown = table[table["open"] > 0].sort_values(["open", "overdue"], ascending=False)
    most = max(1, int(shown["open"].max())) if len(shown) else 1
    rows = [
        {
            "name": _("not located") if pd.isna(row["code"]) else name(row),
            "counts": [
                _count(seen, figure, row[figure], ward=NOBODY if pd.isna(row["code"]) else row["code"])
                for figure in ("overdue", "open")
            ],
            "width": round(row["open"] / most * 100, 1),
        }
        for row in shown.head(_LONGEST).to_dict("records")
    ]
    return {
        "rows": rows,
        "more": max(0, len(shown) - _LONGEST),
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
                "count": _count(seen, figure, counts[figure]),
                "share": percent(counts[figure], rated),
                "width": round(counts[figure] / max(1, rated) * 100, 2),
            }
            for figure, (label, tone) in labels.items()
        ],
        "rated": _count(seen, "rated", rated),
        "resolved": _count(seen, "resolved", own["resolved"]),
        "reopened": _count(seen, "reopened", own["reopened"]),
    }


def _kinds() -> dict[str, str]:
    return {
        "department": _("City departments"),
        "commune": _("Communes and wards"),
        "district": _("Districts"),
        "utility": _("Utilities"),
        "city": _("City"),
    }


def _in_order(written: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return names so that they sort as a reader expects: Đ beside D, Ô beside O."""
    return written.str.replace("Đ", "D").str.normalize("NFD")


def _points(part: int, whole: int, city_part: int, city_whole: int) -> float:
    """Return by how many points a share is above the city's; 0 where there is nothing to compare."""
    return round((part / whole - city_part / city_whole) * 100, 1) if whole and city_whole else 0


def _count(seen: Viewing, figure: str, count: Any, **choices: Any) -> Count:
    """Return a number with the way to its cases; a word of `choices` that is None is left out of the address."""
    return Count(figure, int(count), address(CASES, **carried(seen) | choices | {"figure": figure}))
