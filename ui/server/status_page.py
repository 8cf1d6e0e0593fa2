"""The status page: ages, channels, versions, query times, and recent failures, in plain words."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path

from queries.engine.database import DatabaseAway, NotAReportDatabase
from queries.health.feeds import CLOCKS_MAY_DIFFER
from queries.health.server import MOST_WAITING, FromTheFuture, from_the_future, server
from queries.rules.calendar import calendar_cover
from queries.rules.deadlines import warnings
from ui.access import record
from ui.base import process
from ui.base.html_panel import panel
from ui.base.i18n import NOTHING, _, ago, day, duration, moment, name, ngettext, number
from ui.base.thresholds import thresholds
from ui.figures.ground import warning_words
from ui.live import watch
from ui.live.freshness import TONES, copy_words, cure_words, page_failures, trouble_words
from ui.live.pulse import Pulse
from ui.server.metrics import resident_bytes
from ui.wall import screens

_PROJECT = Path(__file__).parents[2] / "pyproject.toml"
_QUESTIONS_SHOWN = 15


@dataclass(frozen=True)
class Cell:
    """One cell of a table: its words and panel tone."""

    words: str
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """One table of the page: title, explanation, headings and rows; `nothing` is shown if there are no rows."""

    title: str
    about: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    nothing: str = ""


@dataclass(frozen=True)
class _Seen:
    """The page's inputs: the watcher, the current time, and the time zone for moments."""

    watcher: watch.Watcher
    now: datetime
    zone: tzinfo

    def local(self, value: datetime | None) -> str:
        """Return a moment in the city's time."""
        return moment(value.astimezone(self.zone)) if value else NOTHING


def draw() -> None:
    """Draw the page. It works without the database: what only that knows is shown as unknown."""
    watcher = watch.watcher()
    city = watcher.pulse.city
    seen = _Seen(watcher, datetime.now(UTC), city.zone if city else UTC)
    tables = [_database(seen), _channels(seen), _process(seen), _contents(seen), _screens(seen), _mishaps(seen)]
    panel("status", key="status", tables=[*tables, _questions(seen)])


def _database(seen: _Seen) -> Table:
    pulse = seen.watcher.pulse
    kind = getattr(pulse.trouble, "kind", "empty") if pulse.trouble else ""
    words = trouble_words(kind) if kind else _("the database answers")
    rows = [
        (Cell(_("Database")), Cell(words, TONES[pulse.answers])),
        (Cell(_("Last answered")), Cell(_when(seen, pulse.answered_at))),
        (Cell(_("Moment shown on the pages")), Cell(seen.local(pulse.default))),
        (Cell(_("Newest change of a report")), Cell(_when(seen, pulse.changed_at))),
    ]
    if pulse.is_copy and not kind:
        rows += [
            (Cell(_("This is a copy")), Cell(_behind(pulse), TONES[pulse.copy_level])),
            (Cell(_("Access log")), _access_log(seen)),
        ]
    if kind:
        rows.insert(1, (Cell(_("What to do")), Cell(cure_words(kind))))
    about = _(
        "It is asked every second. Without an answer for {red} s it is red.",
        red=number(thresholds().answer.red),
    )
    return Table(_("The database"), about, (), tuple(rows))


def _behind(pulse: Pulse) -> str:
    if pulse.behind is None:
        return copy_words(pulse)
    return _("{span} behind its primary", span=_span(pulse.behind.total_seconds()))


def _access_log(seen: _Seen) -> Cell:
    if seen.watcher.reports.writes_elsewhere:
        return Cell(_("is written on the primary"))
    return Cell(_("cannot be written; REPORT_DB_WRITE_URL names no primary"), "due-soon")


def _channels(seen: _Seen) -> Table:
    pulse = seen.watcher.pulse
    late = {feed.code: level for feed, level in pulse.late_feeds}
    words = {"green": _("delivers"), "amber": _("delayed"), "red": _("silent")}
    rows = []
    for feed in pulse.feeds:
        level = late.get(feed.code, "green")
        said = _("dated in the future") if feed.is_from_the_future(pulse.known_to or seen.now) else words[level]
        rows.append(
            (
                Cell(name({"name_vi": feed.name_vi, "name_en": feed.name_en})),
                Cell(_when(seen, feed.last_delivery_at)),
                Cell(_span(feed.expected_every.total_seconds())),
                Cell(said if pulse.live else _("not live"), TONES[level] if pulse.live else ""),
            )
        )
    about = _(
        "Each channel has its own rhythm: delayed after {amber} times that rhythm, silent after {red} times.",
        amber=number(thresholds().feed.amber),
        red=number(thresholds().feed.red),
    )
    headings = (_("Channel"), _("Last delivery"), _("Rhythm"), _("State"))
    return Table(_("The channels"), about, headings, tuple(rows), _("No channel's rhythm is known."))


def _process(seen: _Seen) -> Table:
    memory = resident_bytes()
    rows = (
        (Cell(_("Version")), Cell(_version())),
        (Cell(_("Running since")), Cell(_when(seen, process.BEGAN))),
        (Cell(_("Open viewers")), Cell(number(seen.watcher.viewers.count()))),
        (Cell(_("Memory")), Cell(_("{megabytes} MB", megabytes=number(memory / 1e6)) if memory else NOTHING)),
    )
    return Table(
        _("The dashboard"), _("This process only; another server of the same city counts separately."), (), rows
    )


def _contents(seen: _Seen) -> Table:
    """Return the facts that need the database."""
    reports, pulse = seen.watcher.reports, seen.watcher.pulse

    def versions() -> list[tuple[Cell, Cell]]:
        found = server(reports, pulse.at)
        waiting = ngettext("{count} change waits", "{count} changes wait", found.changes_waiting)
        if found.changes_waiting == MOST_WAITING:
            waiting = _("at least {count} changes wait", count=number(MOST_WAITING))
        if not found.summarised:
            summary = Cell(_("there is none; long periods take longer"), "due-soon")
        elif found.summarised_to is None:
            summary = Cell(waiting)
        else:
            summary = Cell(_("to {day}; {waiting}", day=day(found.summarised_to), waiting=waiting))
        return [
            (Cell("PostgreSQL"), Cell(found.version)),
            (Cell(_("Schema")), Cell(found.schema.removesuffix(".sql"))),
            (Cell(_("Precomputed counts")), summary),
            (Cell(_("Changes are seen by")), Cell(_("their transactions") if found.marks else _("updated_at alone"))),
        ]

    def calendar() -> list[tuple[Cell, Cell]]:
        if pulse.city is None:
            return []
        zone = pulse.city.zone
        cover = reports.remember(("calendar", pulse.default), lambda: calendar_cover(reports, pulse.default, zone))
        words = _("The calendar reaches to {day}.", day=day(cover.last_day)) if cover.last_day else _("it is empty")
        cells = [Cell(words, "due-soon" if cover.missing_soon or cover.missing_next_year else "")]
        if cover.notice_needed:
            cells.append(Cell(_("next year's official days off are not entered yet"), "due-soon"))
        return [(Cell(_("Calendar of working days") if cell is cells[0] else ""), cell) for cell in cells]

    def rules() -> list[tuple[Cell, Cell]]:
        found = warnings(reports, pulse.default)
        cells = [Cell(warning_words(kind, count), "due-soon") for kind, count in found.items()]
        return [(Cell(_("Deadlines")), cell) for cell in cells or [Cell(_("no problem found"))]]

    def future() -> list[tuple[Cell, Cell]]:
        dated = from_the_future(reports, pulse.at + CLOCKS_MAY_DIFFER)
        cells = [Cell(_in_words(seen, found), "overdue") for found in dated]
        return [(Cell(_("Dated in the future")), cell) for cell in cells or [Cell(_("nothing"))]]

    def taken_out() -> list[tuple[Cell, Cell]]:
        found = record.alarms(record.lately(reports))
        if not found:
            return [(Cell(_("Cases opened and exported")), Cell(_("nothing unusual"), TONES["green"]))]
        words = ngettext("{count} account with unusual volume", "{count} accounts with unusual volume", len(found))
        text = _("{words}; administrators see who, on the page “Access”", words=words)
        return [(Cell(_("Cases opened and exported")), Cell(text, TONES[found[0].level]))]

    rows = [row for part in (versions, future, calendar, rules, taken_out) for row in _if_it_answers(part)]
    return Table(
        _("What the database holds"), _("Its version, its schema, its calendar and its rules."), (), tuple(rows)
    )


def _in_words(seen: _Seen, found: FromTheFuture) -> str:
    """Return what is dated in the future, in the terms someone needs to correct it."""
    place = f"{found.table}.{found.column}"
    rows = ngettext("{count} row", "{count} rows", found.rows)
    example = "" if found.report_id is None else _(", as report {id}", id=found.report_id)
    return _(
        "{place}: {rows}{example}, to {at}", place=place, rows=rows, example=example, at=seen.local(found.furthest)
    )


def _if_it_answers(part: Callable[[], list[tuple[Cell, Cell]]]) -> list[tuple[Cell, Cell]]:
    try:
        return part()
    except (DatabaseAway, NotAReportDatabase) as trouble:
        return [(Cell(_("Not known now")), Cell(trouble_words(trouble.kind), "due-soon"))]


def _screens(seen: _Seen) -> Table:
    nameless = _("the page /wall, without a name")
    rows = tuple((Cell(screen or nameless), Cell(_when(seen, at))) for screen, at in screens.last_seen().items())
    about = _("When each screen last sent a heartbeat, since this process started.")
    return Table(_("Screens on walls"), about, (_("Screen"), _("Last seen")), rows, _("No screen has been seen."))


def _mishaps(seen: _Seen) -> Table:
    found = [
        (mishap.at, trouble_words(mishap.kind), mishap.question) for mishap in seen.watcher.reports.timings.mishaps()
    ]
    found += [(at, _("a page failed; the server's log says why"), kind) for at, kind in page_failures.lately]
    rows = tuple(
        (Cell(_when(seen, at)), Cell(words), Cell(what))
        for at, words, what in sorted(found, key=lambda one: one[0])[::-1]
    )
    headings = (_("When"), _("What happened"), _("Where"))
    return Table(_("Recent failures"), _("Repeated failures are listed once."), headings, rows, _("Nothing."))


def _questions(seen: _Seen) -> Table:
    found = seen.watcher.reports.timings.table()
    rows = tuple(
        (
            Cell(timing.question),
            Cell(number(timing.count)),
            Cell(_milliseconds(timing.median)),
            Cell(_milliseconds(timing.p95)),
            Cell(number(timing.failed), "due-soon" if timing.failed else ""),
        )
        for timing in found[:_QUESTIONS_SHOWN]
    )
    about = _("Questions to the database since this process started, without cached answers; the most expensive first.")
    headings = (_("Question"), _("Asked"), _("Median"), _("95th percentile"), _("Failed"))
    return Table(_("How long questions take"), about, headings, rows, _("Nothing was asked."))


def _when(seen: _Seen, at: datetime | None) -> str:
    return f"{seen.local(at)} · {ago(at, seen.now)}" if at else NOTHING


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 60:
        return ngettext("{count} second", "{count} seconds", round(seconds))
    return ngettext("{count} minute", "{count} minutes", minutes) if seconds < 3600 else duration(seconds / 3600)


def _milliseconds(seconds: float) -> str:
    said = _("{milliseconds} ms", milliseconds=number(seconds * 1000, 0 if seconds >= 0.01 else 1))
    return said.replace(" ", "\u00a0")  # a number and its unit stay on one line


@cache
def _version() -> str:
    return str(tomllib.loads(_PROJECT.read_text())["project"]["version"])
