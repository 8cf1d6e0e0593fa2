"""Each measure's definition and current value, and the rules and the calendar behind them."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from queries.cases.cases import case_count
from queries.engine.statements import written
from queries.figures.figures import RATES, reading_order, timed, with_sums
from queries.figures.signals import Signal, signals
from queries.rules import rules
from queries.rules.calendar import calendar_cover
from queries.rules.deadlines import warnings
from ui.address.links import address
from ui.base.figure_names import figure_name, left_out, meaning, rate_name
from ui.base.html_panel import shared_panel
from ui.base.i18n import _, day, duration, in_hours, name, ngettext, percent
from ui.base.run import Run
from ui.base.states import severity
from ui.figures.tiles import Count, count_of, row, worked
from ui.figures.unconfirmed import Clock, Mark, mark

_ASKED_APART = (
    "due_today",
    "reopened",
    "escalated",
    "with_higher",
    "new_here",
    "by_transfer",
    "sent_back",
    "reopened_open",
)
_RESTS_ON: dict[str, Clock] = {
    "overdue": "handle",
    "seriously_overdue": "handle",
    "due_soon": "handle",
    "due_today": "handle",
    "overdue_share": "handle",
    "on_time_rate": "handle",
    "closed_on_time_share": "handle",
    "receive_overdue": "receive",
    "receive_overdue_share": "receive",
    "received_on_time_rate": "receive",
    "resolved_last_hour": "handle",
}
"""The deadline that each measure depends on."""


@dataclass(frozen=True)
class Measure:
    """One measure ready to draw: its words, formula, value with its counts, and what it leaves out.

    A measure without a `value` shows its one count, if any; `of` names the value's counts if the words do not.
    """

    name: str
    words: str
    parts: tuple[Count, ...] = ()
    value: str = ""
    of: str = ""
    formula: str = ""
    left_out: str = ""
    written: tuple[str, ...] = ()
    mark: Mark | None = None


def measures(run: Run) -> None:
    """Draw every measure with its definition and value. Raises DatabaseAway."""
    shared_panel(run, "definitions", key="definitions", make=lambda: _all(run))


def _all(run: Run) -> dict[str, Any]:
    shown = run.query.get("sql") == ["yes"]
    return {
        "groups": _Measures(run).groups(),
        "sql": {
            "words": _("Hide the SQL") if shown else _("Show how each figure is counted, in SQL"),
            "href": address("?", **run.query | {"sql": None if shown else "yes"}),
        },
    }


def ground(run: Run) -> None:
    """Draw what deadlines depend on: the rules, office hours and calendar in force. Raises DatabaseAway."""
    shared_panel(run, "ground", key="ground", make=lambda: _ground(run))


class _Measures:
    """Makes the measures from the numbers of one run."""

    def __init__(self, run: Run) -> None:
        self._seen = run
        self._now = row(with_sums(timed(run.reports, run.filters)))
        self._now |= {figure: case_count(run.reports, run.filters, figure=figure) for figure in _ASKED_APART}
        self._marks: dict[Clock, Mark | None] = {"receive": mark(run, "receive"), "handle": mark(run, "handle")}

    def groups(self) -> list[dict[str, Any]]:
        """Return the measures in reading order, grouped under headings."""
        return [
            {
                "title": _("What is open"),
                "about": _("At the moment shown. Days begin and end in the city's time zone."),
                "measures": [
                    *map(self._count, ("open", "overdue")),
                    self._rate("overdue_share"),
                    *map(self._count, ("seriously_overdue", "urgent", "urgent_overdue")),
                    *map(self._count, ("due_today", "due_soon", "no_deadline", "reopened_open")),
                ],
            },
            {
                "title": _("Who holds it"),
                "about": _("A report counts for its holder. After an escalation that is the higher level."),
                "measures": [
                    *map(self._count, ("escalated", "escalated_unheld", "with_higher")),
                    *map(self._count, ("new_here", "by_transfer", "sent_back")),
                ],
            },
            {
                "title": _("First deadline: a unit takes the report on"),
                "about": _("A term in working time from submission, or from the transfer to another unit."),
                "measures": [
                    self._count("not_received"),
                    *map(self._rate, ("receive_overdue_share", "received_on_time_rate")),
                ],
            },
            {
                "title": _("Second deadline: the report is handled"),
                "about": _("A term by category and severity; its rule stays with the report."),
                "measures": [*map(self._rate, ("on_time_rate", "closed_on_time_share")), self._count("resolved_late")],
            },
            {
                "title": _("How long it takes"),
                "about": _("From submission to the answer: how long the citizen waits."),
                "measures": [
                    *self._times("median", _("Median time to the answer"), _("half of the answers came sooner")),
                    *self._times("p90", _("90th percentile"), _("90% were answered within this time")),
                ],
            },
            {
                "title": _("Results"),
                "about": "",
                "measures": [
                    self._rate("satisfaction"),
                    self._share("rated_share", "rated", "resolved", _("Rated of resolved")),
                    self._share("reopened_share", "reopened", "received", _("Reopened of received")),
                    self._rate("refused_share"),
                ],
            },
            {"title": _("Change"), "about": _about_change(), "measures": []},
            {
                "title": _("Signals worth a second look"),
                "about": _("Facts, not accusations; a unit's own page shows each beside the city's share."),
                "measures": [
                    self._signal(found) for found in signals(self._seen.reports, self._seen.filters, self._seen.filters)
                ],
            },
        ]

    def _count(self, figure: str) -> Measure:
        return Measure(
            figure_name(figure),
            meaning(figure),
            (count_of(self._seen, figure, self._now[figure]),),
            left_out=left_out(figure),
            written=self._written(figure),
            mark=self._mark(figure),
        )

    def _rate(self, rate: str) -> Measure:
        return self._share(rate, *RATES[rate], rate_name(rate))

    def _share(self, rate: str, part: str, whole: str, title: str) -> Measure:
        parts = tuple(count_of(self._seen, figure, self._now[figure]) for figure in (part, whole))
        return Measure(
            title,
            f"{figure_name(part)}: {meaning(part)}. {figure_name(whole)}: {meaning(whole)}.",
            parts,
            value=percent(parts[0].count, parts[1].count),
            formula=f"{figure_name(part)} ÷ {figure_name(whole)}",
            left_out=left_out(rate),
            written=self._written(part, whole),
            mark=self._mark(rate),
        )

    def _times(self, which: str, title: str, words: str) -> list[Measure]:
        """Return a time in calendar hours and in working hours."""
        resolved = count_of(self._seen, "resolved", self._now["resolved"])
        values = duration(self._now[f"{which}_hours"]), worked(self._now[f"{which}_worked_hours"])
        titles = title, _("{measure}, in working time", measure=title)
        return [
            Measure(name, words, (resolved,), value=value, of=_("resolved"), left_out=left_out(f"{which}_hours"))
            for name, value in zip(titles, values, strict=True)
        ]

    def _signal(self, signal: Signal) -> Measure:
        figure, whole = signal.figure, signal.whole_figure
        return Measure(
            figure_name(figure),
            meaning(figure),
            (count_of(self._seen, figure, signal.part), count_of(self._seen, whole, signal.whole)),
            value=percent(signal.part, signal.whole),
            formula=f"{figure_name(figure)} ÷ {figure_name(whole)}",
            written=self._written(figure),
            mark=self._mark(figure),
        )

    def _written(self, *figures: str) -> tuple[str, ...]:
        """Return the figures' SQL, if the address asks for it."""
        return tuple(map(written, figures)) if self._seen.query.get("sql") == ["yes"] else ()

    def _mark(self, measure: str) -> Mark | None:
        return self._marks[_RESTS_ON[measure]] if measure in _RESTS_ON else None


def _about_change() -> str:
    """Return how changes are compared and when they are coloured (queries.change, queries.chance)."""
    compared = _(
        "Standing figures (open, overdue, due soon) are compared with the same weekday and hour a whole number of "
        "weeks before, figures of a period with the equally long period before, up to the same hour. No change is "
        "shown where the data begin inside the comparison."
    )
    coloured = _(
        "Green (better) and red (worse): the change exceeds chance, by an exact test at 99%, and the "
        "usual variation of a city in which nothing changes. All other changes are grey."
    )
    return f"{compared} {coloured}"


def _ground(run: Run) -> dict[str, Any]:
    hours = rules.office_hours(run.reports, run.filters).to_dict("records")
    days = rules.days_off(run.reports, run.filters).to_dict("records")
    known = rules.rules(run.reports, run.filters)
    ordered = sorted(
        known.astype(object).where(known.notna(), None).to_dict("records"),
        key=lambda one: (1, ()) if one["name_vi"] is None else (0, reading_order(name(one))),
    )
    cover = calendar_cover(run.reports, run.filters.at, run.city.zone)
    return {
        "rules": [_rule(one) for one in ordered],
        "hours": [f"{one['opens']:%H:%M}–{one['closes']:%H:%M}" for one in hours],
        "hours_sure": all(one["confirmed"] for one in hours),
        "hours_sources": sorted({one["source"] for one in hours}),
        "year": str(run.local(run.filters.at).year),
        "reaches": _("The calendar reaches to {day}.", day=day(cover.last_day)) if cover.last_day else "",
        "notice": cover.notice_needed,
        "warnings": [warning_words(kind, count) for kind, count in warnings(run.reports, run.filters.at).items()],
        "off": [_day(one) for one in days if not one["working"]],
        "worked": [_day(one) for one in days if one["working"]],
    }


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


def _rule(one: Any) -> dict[str, Any]:
    starts = {"submitted": _("from submission"), "received": _("from receipt")}
    clock = _("working hours") if one["clock"] == "working" else _("hours by the calendar")
    return {
        "about": ", ".join(
            [
                *([name(one)] if one["name_vi"] else []),
                *([severity(one["severity"])] if one["severity"] else []),
            ]
        )
        or _("every report"),
        "terms": [
            {
                "words": _(
                    "{hours} {clock} {start}",
                    hours=in_hours(minutes),
                    clock=clock,
                    start=start,
                )
                if minutes
                else _("no term is given"),
                "sure": bool(sure) or not minutes,
            }
            for minutes, start, sure in (
                (one["receive_minutes"], starts["submitted"], one["receive_confirmed"]),
                (one["handle_minutes"], starts[one["handle_from"]], one["handle_confirmed"]),
            )
        ],
        "since": day(one["valid_from"]),
        "until": "" if one["valid_to"] is None else day(one["valid_to"]),
        "source": one["source"],
    }


def _day(one: Any) -> dict[str, Any]:
    said = one["name"]
    return {"day": day(one["day"]), "name": "" if pd.isna(said) else said, "source": one["source"]}
