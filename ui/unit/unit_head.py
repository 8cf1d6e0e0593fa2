"""Which unit: all of them to choose from, and who the chosen one is."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from queries.figures.figures import City, figures, names, plain, reading_order
from queries.units import units
from safe_text import plain_text
from ui.address.links import address, carried
from ui.base import levels
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, day, language, name
from ui.base.page_paths import BACKLOG, LIVE_MAP, UNIT
from ui.base.run import Run
from ui.figures.count import Count, count_of


@dataclass(frozen=True)
class Unit:
    """A unit with the way to its page, and its open reports."""

    name: str
    href: str
    open: Count


@dataclass(frozen=True)
class Kind:
    """The units of one kind."""

    title: str
    units: list[Unit]


@dataclass(frozen=True)
class Choice(View):
    """The units to choose from, as unit/unit_choose.html draws them."""

    groups: list[Kind]
    nothing: str


@dataclass(frozen=True)
class Relative:
    """A unit that came before or after, with the way to its page."""

    name: str
    href: str


@dataclass(frozen=True)
class Head(View):
    """Who a unit is, as unit/unit_head.html draws it. `then_href` is None where it still answers."""

    name: str
    leading: str
    kind: str
    since: str
    until: str
    then_href: str | None
    backlog_href: str
    map_href: str
    relatives: dict[str, list[Relative]]


def choose(run: Run, typed: str) -> None:
    """Draw the units whose names contain what was typed, by kind, with their open reports, as a choice."""
    everywhere = run.filters.choosing(units=())
    shared_panel(
        run,
        "unit_choose",
        key="unit_choose",
        make=lambda: choice(run, figures(run.reports, everywhere, by="unit"), plain(typed)),
    )


def head(run: Run, relatives: pd.DataFrame) -> None:
    """Draw the unit's name and kind, since and until when it is responsible, its predecessors and successors."""
    shared_panel(run, "unit_head", key="unit_head", make=lambda: _head(run, relatives))


def choice(run: Run, open_now: pd.DataFrame, sought: str) -> Choice:
    """Return the units whose name holds what is sought (as `plain` gives it), with what each has open now."""
    counts = open_now.dropna(subset="key").set_index("key")
    known = names(run.reports, "unit")
    known["name"] = [name(unit) for unit in known.to_dict("records")]
    known = known[[sought.strip() in plain(written) for written in known["name"]]]
    groups = []
    known = known.sort_values("name", key=lambda written: written.map(reading_order))
    for kind, title in _kinds(run.city).items():
        found = [
            Unit(
                unit["name"],
                address(UNIT, **carried(run) | {"unit": unit["code"]}),
                count_of(run, "open", counts.at[key, "open"] if key in counts.index else 0, unit=unit["code"]),
            )
            for key, unit in known[known["kind"] == kind].to_dict("index").items()
        ]
        if found:
            groups.append(Kind(title, found))
    return Choice(groups, _("No unit's name holds this.") if sought else _("No unit is loaded."))


def _head(run: Run, family: pd.DataFrame) -> Head:
    itself = family[family["role"] == "itself"].iloc[0].to_dict()
    relatives = {
        role: [
            Relative(name(unit), address(UNIT, **carried(run) | {"unit": unit["code"]}))
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
    return Head(
        name=name(itself),
        leading=": ".join(map(plain_text, (leading[f"title_{language()}"], leading["name"]))) if leading else "",
        kind=_kinds(run.city)[itself["kind"]],
        since=_("responsible since {day}", day=day(starts)) if starts else "",
        until=_("responsible until {day}", day=day(last_day)) if last_day and ended else "",
        then_href=address("?", **run.query | then) if last_day and ended else None,
        backlog_href=address(BACKLOG, **carried(run)),
        map_href=address(LIVE_MAP, **carried(run)),
        relatives=relatives,
    )


def _kinds(city: City) -> dict[str, str]:
    return {
        "department": _("City departments"),
        "commune": levels.many(city, "commune_unit"),
        "district": levels.many(city, "district_unit"),
        "utility": _("Utilities"),
        "city": _("City"),
    }
