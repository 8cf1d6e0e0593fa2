"""What deadlines rest on: the rules, the office hours and the calendar in force."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.figures.figures import reading_order
from queries.rules import rules
from queries.rules.calendar import calendar_cover
from queries.rules.deadlines import warnings
from ui.base.html_panel import View, shared_panel
from ui.base.i18n import _, day, in_hours, name, ngettext
from ui.base.run import Run
from ui.base.states import severity


@dataclass(frozen=True)
class Term:
    """One term of a rule in words, and whether it is confirmed."""

    words: str
    sure: bool


@dataclass(frozen=True)
class Rule:
    """A rule: what it is for, its terms to take a report on and to handle it, and from when until when it holds."""

    about: str
    terms: tuple[Term, Term]
    since: str
    until: str
    source: str


@dataclass(frozen=True)
class Day:
    """A day that is off, or worked, against the rule of its weekday."""

    day: str
    name: str
    source: str


@dataclass(frozen=True)
class Ground(View):
    """What deadlines rest on, as figures/ground.html draws it. `notice` says that next year's calendar is missing."""

    rules: list[Rule]
    hours: list[str]
    hours_sure: bool
    hours_sources: list[str]
    year: str
    reaches: str
    notice: bool
    warnings: list[str]
    off: list[Day]
    worked: list[Day]


def ground(run: Run) -> None:
    """Draw what deadlines depend on: the rules, office hours and calendar in force. Raises DatabaseAway."""
    shared_panel(run, "ground", key="ground", make=lambda: in_words(run))


def in_words(run: Run) -> Ground:
    """Return what deadlines rest on, in words. Raises DatabaseAway."""
    hours = rules.office_hours(run.reports, run.filters).to_dict("records")
    days = rules.days_off(run.reports, run.filters).to_dict("records")
    known = rules.rules(run.reports, run.filters)
    ordered = sorted(
        known.astype(object).where(known.notna(), None).to_dict("records"),
        key=lambda one: (1, ()) if one["name_vi"] is None else (0, reading_order(name(one))),
    )
    cover = calendar_cover(run.reports, run.filters.at, run.city.zone)
    return Ground(
        rules=[_rule(one) for one in ordered],
        hours=[f"{one['opens']:%H:%M}–{one['closes']:%H:%M}" for one in hours],
        hours_sure=all(one["confirmed"] for one in hours),
        hours_sources=sorted({one["source"] for one in hours}),
        year=str(run.local(run.filters.at).year),
        reaches=_("The calendar reaches to {day}.", day=day(cover.last_day)) if cover.last_day else "",
        notice=cover.notice_needed,
        warnings=[warning_words(kind, count) for kind, count in warnings(run.reports, run.filters.at).items()],
        off=[_day(one) for one in days if not one["working"]],
        worked=[_day(one) for one in days if one["working"]],
    )


def warning_words(kind: str, count: int) -> str:
    """Return a warning about unknown deadlines (queries.deadlines.WARNINGS) in words, with its count."""
    return {
        "calendar_ends": lambda: ngettext(
            "{count} of the next 60 days is missing in the calendar",
            "{count} of the next 60 days are missing in the calendar",
            count,
        ),
        "no_office_hours": lambda: ngettext(
            "{count} rule counts working time, but no office hours are given",
            "{count} rules count working time, but no office hours are given",
            count,
        ),
        "rule_without_minutes": lambda: ngettext("{count} rule lacks a term", "{count} rules lack a term", count),
        "rules_overlap": lambda: ngettext(
            "{count} pair of rules for the same reports is in force at the same time",
            "{count} pairs of rules for the same reports are in force at the same time",
            count,
        ),
        "category_without_rule": lambda: ngettext(
            "{count} category has a severity without a rule",
            "{count} categories have a severity without a rule",
            count,
        ),
    }[kind]()


def _rule(one: Any) -> Rule:
    starts = {"submitted": _("from submission"), "received": _("from receipt")}
    clock = _("working hours") if one["clock"] == "working" else _("hours by the calendar")

    def term(minutes: Any, start: str, sure: Any) -> Term:
        """Return a term in words."""
        if not minutes:
            return Term(_("no term is given"), sure=True)
        return Term(_("{hours} {clock} {start}", hours=in_hours(minutes), clock=clock, start=start), bool(sure))

    about = [name(one) if one["name_vi"] else "", severity(one["severity"]) if one["severity"] else ""]
    return Rule(
        about=", ".join(filter(None, about)) or _("every report"),
        terms=(
            term(one["receive_minutes"], starts["submitted"], one["receive_confirmed"]),
            term(one["handle_minutes"], starts[one["handle_from"]], one["handle_confirmed"]),
        ),
        since=day(one["valid_from"]),
        until="" if one["valid_to"] is None else day(one["valid_to"]),
        source=one["source"],
    )


def _day(one: Any) -> Day:
    said = one["name"]
    return Day(day(one["day"]), "" if pd.isna(said) else said, one["source"])
