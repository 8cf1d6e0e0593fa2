"""One unit's figures, each beside the city's."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.figures.chance import beyond_chance
from queries.figures.period import MEDIAN_BOUNDS, hours
from queries.privacy.small_numbers import FEWEST
from queries.registry.registry import SHARES
from ui.address.links import WHOLE_CITY
from ui.base.figure_names import meaning, rate_name
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import NOTHING, _, duration, number, percent
from ui.base.run import Run
from ui.figures.change import Then, better_tone
from ui.figures.count import Count, count_of
from ui.figures.tiles import Change, no_deadlines, no_receive_times, worked
from ui.figures.unconfirmed import Mark, mark_of


@dataclass(frozen=True)
class Card:
    """One figure of a unit: in `words`, or as one number (`value`) that opens its cases; made of `parts`.

    `of` says what the parts are, `city` the same of the city, made of `city_parts`. A card without parts has none.
    """

    label: str
    about: str
    mark: Mark | None
    value: Count | None
    words: str
    parts: tuple[Count, ...]
    of: str
    city: str
    city_parts: tuple[Count, ...]
    tone: str
    change: Change | None


@dataclass(frozen=True)
class Comparison(View):
    """The figures of a unit as unit/unit_beside.html draws them."""

    cards: list[Card]
    about: str


def panel(run: Run, own: dict[str, Any], city: dict[str, Any]) -> None:
    """Draw the unit's figures beside the city's. Both arguments are rows of figures with their sums."""
    shared_panel(run, "unit_beside", key="unit_beside", make=lambda: _beside(run, own, city))


def _beside(run: Run, own: dict[str, Any], city: dict[str, Any]) -> Comparison:
    then = Then(run)
    no_due, no_receive_due = bool(no_deadlines(run, own)), bool(no_receive_times(run, own))
    shares = [
        ("overdue_share", _("Overdue of open"), -1, _("nothing is open")),
        ("on_time_rate", "", 1, _("nothing with a deadline fell due")),
        ("received_on_time_rate", "", 1, _("nothing was due to be taken on")),
        ("receive_overdue_share", "", -1, _("nothing waits to be taken on")),
        ("satisfaction", "", 1, _("nothing was rated")),
        ("reopened_share", "", -1, _("nothing was received")),
        ("refused_share", _("Refused of ended"), 0, _("nothing was resolved or refused")),
    ]
    uncounted = {
        "overdue": no_due and _("none of them with a deadline"),
        "receive_overdue": no_receive_due and _("none of them with a term to be taken on"),
    }
    cards = [
        Card(
            label=_("Open"),
            about=meaning("open"),
            mark=None,
            value=count_of(run, "open", own["open"]),
            words=number(own["open"]),
            parts=(),
            of="",
            city=percent(own["open"], city["open"]) + " " + _("of the city's open"),
            city_parts=(count_of(run, "open", city["open"], **WHOLE_CITY),),
            tone="",
            change=then.count("open", own, good=-1),
        )
    ]
    for name, label, good, nothing in shares:
        part, whole = SHARES[name].part, SHARES[name].whole
        tone = apart_tone(own[part], own[whole], city[part], city[whole], good=good) if good else ""
        tone = "" if run.rounded and own[whole] < FEWEST else tone
        unknown = uncounted.get(part) or ("" if own[whole] or run.rounded else nothing)
        change: Change | None
        if part in uncounted:
            change = None if uncounted[part] else then.count(part, own, good=good)
        else:
            change = then.share(name, own, good=good) if own[whole] or run.rounded else None
        cards.append(
            Card(
                label=label or rate_name(name),
                about=f"{meaning(part)} ÷ {meaning(whole)}",
                mark=mark_of(run, name),
                value=None,
                words=NOTHING if unknown else percent(own[part], own[whole]),
                parts=(count_of(run, part, own[part]), count_of(run, whole, own[whole])),
                of=unknown,
                city=_("city {share}", share=percent(city[part], city[whole])),
                city_parts=(
                    count_of(run, part, city[part], **WHOLE_CITY),
                    count_of(run, whole, city[whole], **WHOLE_CITY),
                ),
                tone="" if unknown else tone,
                change=change,
            )
        )
    hours, city_hours = (None if pd.isna(of["median_hours"]) else float(of["median_hours"]) for of in (own, city))
    cards.append(
        Card(
            label=_("Median time to the answer"),
            about=meaning("resolved"),
            mark=None,
            value=None,
            words=duration(hours),
            parts=(count_of(run, "resolved", own["resolved"]),),
            of=_("resolved") + " · " + worked(own["median_worked_hours"]),
            city=_("city {share}", share=f"{duration(city_hours)} · {worked(city['median_worked_hours'])}"),
            city_parts=(count_of(run, "resolved", city["resolved"], **WHOLE_CITY),),
            tone=_slower_tone(run, city_hours),
            change=None,
        )
    )
    return Comparison(cards, _about())


def apart_tone(part: int, whole: int, city_part: int, city_whole: int, *, good: int) -> str:
    """Return the tone of a unit's share beside the city's: neutral if its difference from the rest of the city does not
    exceed chance; `good` is -1 if less is better, 1 if more is.
    """
    others = city_part - part, city_whole - whole
    above = beyond_chance(part, whole, *others)
    below = beyond_chance(whole - part, whole, others[1] - others[0], others[1])
    return better_tone(good * (int(above) - int(below))) if above or below else ""


def _slower_tone(run: Run, city_hours: float | None) -> str:
    """Return the tone of the unit's median time: neutral if the unit's true median may equal the city's."""
    own = hours(run.reports, run.filters)
    if own.empty or city_hours is None:
        return ""
    low, high = own[list(MEDIAN_BOUNDS)].iloc[0]
    return "overdue" if low > city_hours else "good" if high < city_hours else ""


def _about() -> str:
    return _("Green and red: different from the rest of the city, or changed, by more than chance (99%).")
