"""The figures of one unit, each with the city's beside it."""

from typing import Any

import pandas as pd

from ui.filters import WHOLE_CITY
from ui.meanings import meaning, rate_name
from ui.panel import shared_panel
from ui.tiles import count_of, worked
from ui.unconfirmed import mark
from ui.viewing import Viewing
from ui.words import _, duration, number, percent


def beside(seen: Viewing, own: dict[str, Any], city: dict[str, Any]) -> None:
    """Draw the unit's figures, each with the city's beside it. Both are rows of figures with their sums."""
    shared_panel(seen, "unit_beside", key="unit_beside", make=lambda: _beside(seen, own, city))


def _beside(seen: Viewing, own: dict[str, Any], city: dict[str, Any]) -> dict[str, Any]:
    receive, handle = mark(seen, "receive"), mark(seen, "handle")
    shares = [
        (_("Overdue of open"), "overdue", "open", -1, handle),
        (rate_name("on_time_rate"), "done_by_due", "fell_due", 1, handle),
        (rate_name("received_on_time_rate"), "received_on_time", "receive_fell_due", 1, receive),
        (rate_name("receive_overdue_share"), "receive_overdue", "not_received", -1, receive),
        (rate_name("satisfaction"), "satisfied", "rated", 1, None),
        (_("Reopened of received"), "reopened", "received", -1, None),
        (_("Refused of ended"), "refused", "ended", 0, None),
    ]
    cards: list[dict[str, Any]] = [
        {
            "label": _("Open"),
            "about": meaning("open"),
            "mark": None,
            "value": count_of(seen, "open", own["open"]),
            "words": number(own["open"]),
            "parts": None,
            "of": "",
            "city": percent(own["open"], city["open"]) + " " + _("of the city's open"),
            "city_parts": (count_of(seen, "open", city["open"], **WHOLE_CITY),),
            "tone": "",
        }
    ]
    for label, part, whole, good, unsure in shares:
        difference = _points(own[part], own[whole], city[part], city[whole])
        cards.append(
            {
                "label": label,
                "about": f"{meaning(part)} ÷ {meaning(whole)}",
                "mark": unsure,
                "value": None,
                "words": percent(own[part], own[whole]),
                "parts": (count_of(seen, part, own[part]), count_of(seen, whole, own[whole])),
                "of": "",
                "city": _("city {share}", share=percent(city[part], city[whole])),
                "city_parts": (
                    count_of(seen, part, city[part], **WHOLE_CITY),
                    count_of(seen, whole, city[whole], **WHOLE_CITY),
                ),
                "tone": "" if not good or not difference else "good" if (difference > 0) == (good > 0) else "overdue",
            }
        )
    hours, city_hours = (None if pd.isna(of["median_hours"]) else float(of["median_hours"]) for of in (own, city))
    slower = hours - city_hours if hours is not None and city_hours is not None else 0
    cards.append(
        {
            "label": _("Median time to the answer"),
            "about": meaning("resolved"),
            "mark": None,
            "value": None,
            "words": duration(hours),
            "parts": (count_of(seen, "resolved", own["resolved"]),),
            "of": _("resolved") + " · " + worked(own["median_worked_hours"]),
            "city": _("city {share}", share=f"{duration(city_hours)} · {worked(city['median_worked_hours'])}"),
            "city_parts": (count_of(seen, "resolved", city["resolved"], **WHOLE_CITY),),
            "tone": "" if not slower else "overdue" if slower > 0 else "good",
        }
    )
    return {
        "cards": cards,
    }


def _points(part: int, whole: int, city_part: int, city_whole: int) -> float:
    """Return by how many points a share is above the city's; 0 where there is nothing to compare."""
    return round((part / whole - city_part / city_whole) * 100, 1) if whole and city_whole else 0
