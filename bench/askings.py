"""What the pages ask of the database, by the functions that they call: for each period, with and without filters."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from queries.access import accounts, demo, record
from queries.cases import cases, report, search, urgent
from queries.engine.database import DatabaseAway, ReportDatabase
from queries.engine.filters import Filters
from queries.engine.scope import ADMINISTRATION, cases_of
from queries.figures import backlog, days, figures, overdue, published, signals
from queries.health import changes, server
from queries.health.server import MOST_WAITING
from queries.places import map as maps
from queries.registry.registry import FIGURES
from queries.rules import calendar, deadlines, rules
from queries.units import units
from ui.map.map_routes import ARRIVED_WITHIN, COUNTED

_SELDOM = "den duong hong chua boc"  # each word is common, and all together are not
_IN_EVERY_ORDER = ("submitted", "open", "overdue", "received", "resolved", "fell_due")
_ADMINISTRATOR = accounts.Account("bench", "", "admin", ADMINISTRATION)
_TIMED: tuple[figures.Dimension | None, ...] = (None, "district", "ward")  # a page's own, and those the map colours


def choices(reports: ReportDatabase) -> Iterator[tuple[str, str, Filters]]:
    """Yield a period, a choice of filters by name, and the filters. Raises SystemExit where there are no reports."""
    known = figures.city(reports, datetime.now(UTC))
    at, zone = known.last_submitted_at, known.zone
    if at is None:
        raise SystemExit("The database holds no reports: python -m reportdb demo --reports 10000000 --data DIR")
    whole = Filters.of(at=at, zone=zone, start=at - timedelta(days=30))
    midnight = datetime.combine(at.astimezone(zone).date(), datetime.min.time(), zone)
    unit, category, district = (
        int(figures.figures(reports, whole, by=by).dropna(subset="code").sort_values("open")["key"].iloc[-1])
        for by in ("unit", "category", "district")
    )
    starts = {
        "30 days": midnight - timedelta(days=29),
        "365 days": midnight - timedelta(days=364),
        "all": known.first_submitted_at,
    }
    chosen: dict[str, dict[str, Any]] = {
        "none": {},
        "district, category": {"districts": (district,), "categories": (category,)},
        "unit, by its head": {"units": (unit,), "scope": cases_of((unit,))},
    }
    for name, choice in chosen.items():
        for period, start in starts.items():
            filters = Filters.of(scope=ADMINISTRATION, at=at, zone=zone, start=start)
            yield period, name, filters.choosing(**choice)


def ask_all(reports: ReportDatabase, filters: Filters) -> None:
    """Ask the pages' questions for one choice of filters; slow ones are measured too."""
    week_ago = filters.at - timedelta(days=7)
    newest = cases.cases(reports, filters, figure="open", limit=50)
    case = report.report(reports, filters, str(newest["public_code"].iloc[0])) or {}
    calls: list[Any] = [
        lambda: figures.city(reports, datetime.now(UTC)),
        lambda: changes.changes(reports, datetime.now(UTC), None),
        lambda: figures.last_event(reports, filters.at),
        lambda: server.from_the_future(reports, filters.at),
        lambda: reports.ask_now("feeds"),
        lambda: reports.ask_now("server", most=MOST_WAITING),
        lambda: reports.ask("areas", level="ward"),
        lambda: published.kinds(reports),
        lambda: published.flags(reports, filters),
        lambda: published.published_words(reports, filters),
        lambda: days.days(reports, filters),
        lambda: days.open_at(reports, filters, [week_ago, filters.at]),
        lambda: reports.ask("case_count", figure="open", **filters.parameters() | {"at": week_ago}),
        lambda: overdue.overdue(reports, filters, by="unit"),
        lambda: overdue.city_overdue(reports, filters),
        lambda: units.officers(reports, filters) if filters.units else None,  # of one unit only
        lambda: units.ratings(reports, filters),
        lambda: units.family(reports, 1),
        lambda: units.duties(reports, filters) if filters.units else None,  # of one unit only
        lambda: units.heads(reports, filters),
        lambda: signals.signals(reports, filters, filters),
        lambda: signals.signals_by_unit(reports, filters),
        lambda: rules.rules(reports, filters),
        lambda: rules.office_hours(reports, filters),
        lambda: rules.days_off(reports, filters),
        lambda: deadlines.warnings(reports, filters.at),
        lambda: deadlines.path(reports, filters, case["id"]),
        lambda: calendar.calendar_cover(reports, filters.at, filters.zone),
        lambda: report.events(reports, filters, case["id"]),
        lambda: report.worked_minutes(reports, [report.Held(1, filters.at - timedelta(days=3), filters.at)]),
        lambda: report.nearby(reports, filters, case),
        lambda: maps.case(reports, filters, code=case["public_code"]),
        lambda: urgent.urgent(reports, filters, order="worklist", limit=50),
        lambda: accounts.accounts(reports),
        lambda: demo.holds_real_reports(reports),
        lambda: accounts.listed(reports, _ADMINISTRATOR) if filters.scope == ADMINISTRATION else None,
        lambda: accounts.log(reports, _ADMINISTRATOR, limit=50) if filters.scope == ADMINISTRATION else None,
        lambda: record.volumes(reports, filters.at) if filters.scope == ADMINISTRATION else None,
        lambda: maps.points(reports, _as_many_as_are_drawn(reports, filters)),
        lambda: maps.arrivals(reports, filters, since=filters.at - ARRIVED_WITHIN),
        lambda: cases.working_left(reports, filters, [int(number) for number in newest["id"]]),
    ]
    for by in (None, *get_args(figures.Dimension)):
        calls += [
            lambda by=by: figures.figures(reports, filters, by=by),
            lambda by=by: backlog.backlog(reports, filters, since=week_ago, by=by),
        ]
    calls += [lambda by=by: figures.timed(reports, filters, by=by) for by in _TIMED]
    calls += [lambda by=by: backlog.mix(reports, filters, by=by) for by in ("unit", "district")]
    calls += [lambda figure=figure: maps.squares(reports, filters, figure=figure) for figure in COUNTED]
    for figure in FIGURES:
        calls.append(lambda figure=figure: cases.case_count(reports, filters, figure=figure))
        calls += [
            lambda figure=figure, order=order: cases.case_ids(
                reports, filters, figure=figure, order=order, search=None, limit=50
            )
            for order in (cases.orders(figure) if figure in _IN_EVERY_ORDER else ("newest",))
        ]
    for figure in ("submitted", "resolved"):
        calls.append(lambda figure=figure: _first_of_a_file(reports, filters, figure))
    for typed in ("rac thai", "duong pho dong da", str(case.get("public_code")), "khong co gi", _SELDOM):
        calls.append(lambda typed=typed: _search(reports, filters, typed))
    for call in calls:
        try:
            call()
        except DatabaseAway:
            continue


def _as_many_as_are_drawn(reports: ReportDatabase, filters: Filters) -> Filters:
    """Return the filters with as many districts as can be drawn as points, if the whole city has too many."""
    if filters.districts or cases.readable_count(reports, filters, figure="open") <= maps.MOST_POINTS:
        return filters
    found = figures.figures(reports, filters, by="district").dropna(subset="key").sort_values("open", ascending=False)
    drawn = found[found["open"].cumsum() <= maps.MOST_POINTS]
    return filters.choosing(districts=tuple(int(key) for key in drawn["key"]))


def _first_of_a_file(reports: ReportDatabase, filters: Filters, figure: str) -> None:
    found = cases.listed(reports, filters, figure=figure, order="newest", search=None)
    next(cases.case_parts(reports, filters, found.ids), None)


def _search(reports: ReportDatabase, filters: Filters, typed: str) -> None:
    found = search.search(reports, typed, filters.scope)
    for figure in ("submitted", "open"):
        cases.cases(reports, filters, figure=figure, search=found)
