"""The figures: received, open and overdue, resolved, rated (definitions.sql)."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pandas as pd
from rich.table import Table

from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.keyed import join_tables, keys_of, lookup
from queries.figures.period import hours, period_counts, summed
from queries.privacy.small_numbers import counts
from queries.registry.figure import Share
from queries.registry.registry import SHARES, SUMS, TIMES, in_table, standing_in

_SHAPES = "\u0306\u0302\u031b"
"""The diacritics that make another letter, in alphabetical order: breve, circumflex, horn."""
_TONES = "\u0300\u0309\u0303\u0301\u0323"
"""The tones in dictionary order, after the unmarked one: huyền, hỏi, ngã, sắc, nặng."""

Dimension = Literal["district", "ward", "unit", "category", "channel"]

TABLED = in_table("figures")
"""The counts of `figures`."""
STANDING = tuple(figure.name for figure in standing_in("figures"))
"""Those of them that depend on the moment alone."""
HOURS = tuple(TIMES)
_TABLED_SHARES = tuple(share for share in SHARES.values() if share.tabled)
_PARTS_OF_SHARES = {name for share in SHARES.values() for name in (share.part, share.whole)}
_SUMS_OF_SHARES = tuple(name for name in SUMS if name in _PARTS_OF_SHARES and name not in TABLED)


@dataclass(frozen=True)
class City:
    """The city of the database, and when its first and last reports were submitted (None: no reports).

    `country` is ISO 3166-1 alpha-2; `languages` are those its viewers may choose, its own first. `levels` are its own
    names of areas and units (schema, level_name), by level: one_vi, many_vi, one_en, many_en; a level may be missing.
    `last_event_at` is the time of the last event of any report; None if not asked (`last_event`).
    """

    code: str
    name_vi: str
    name_en: str
    time_zone: str
    demo: bool
    attribution: str | None
    first_submitted_at: datetime | None
    last_submitted_at: datetime | None
    country: str = "VN"
    languages: tuple[str, ...] = ("vi", "en")
    levels: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)
    last_event_at: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the city's days."""
        return ZoneInfo(self.time_zone)


class NoCity(Exception):
    """The database holds no city yet."""


def city(reports: ReportDatabase, at: datetime) -> City:
    """Return the city with its reports up to a moment. Raises NoCity for an empty database, DatabaseAway."""
    answer = reports.ask_now("city", at=at)
    if answer.empty:
        raise NoCity("The report database is empty. Fill it with `python -m reportdb demo` or `... import csv`.")
    row = answer.astype(object).where(answer.notna(), None).iloc[0].to_dict()
    for name in ("first_submitted_at", "last_submitted_at"):
        row[name] = row[name] and pd.Timestamp(row[name]).to_pydatetime()
    row |= {"languages": tuple(row["languages"]), "levels": row["levels"] or {}}
    return City(**{str(name): value for name, value in row.items()})


def last_event(reports: ReportDatabase, at: datetime) -> datetime | None:
    """Return the time of the last event of any report by a moment: for a city that is not live, because it is slow.
    Raises DatabaseAway.
    """
    found = reports.ask_now("last_event", at=at)["at"].iloc[0]
    return None if pd.isna(found) else found.to_pydatetime()


def names(reports: ReportDatabase, dimension: Dimension) -> pd.DataFrame:
    """Return code, name_vi, name_en, kind, population and parent_id of a dimension's members, by key."""

    def of_this_dimension() -> pd.DataFrame:
        """Select them from the names of all dimensions."""
        answer = reports.ask("names")
        return answer[answer["dimension"] == dimension].drop(columns="dimension").set_index("key")

    return reports.remember(("names", dimension), of_this_dimension)


def labels(reports: ReportDatabase, dimension: Dimension, language: str) -> Mapping[str, str]:
    """Return a dimension's names by code in a language (vi or en), in reading order."""

    def by_name() -> Mapping[str, str]:
        """Sort them by name."""
        known = names(reports, dimension)
        named = zip(known["code"], known[f"name_{language}"], strict=True)
        return dict(sorted(named, key=lambda pair: reading_order(pair[1])))

    return reports.remember(("labels", dimension, language), by_name)


def reading_order(written: str) -> tuple[list[str], list[int], list[int]]:
    """Return the sort key for names in Vietnamese reading order, used by every list sorted by name.

    Words are compared one by one without diacritics (`plain`): Hà Đông comes before Hai Bà Trưng. If they are equal,
    first the letters decide (a, ă, â; d, đ; e, ê; o, ô, ơ; u, ư), then the tones.
    """
    shapes: list[int] = []
    tones: list[int] = []
    for sign in unicodedata.normalize("NFD", written):
        if sign in _SHAPES and shapes:
            shapes[-1] = 1 + _SHAPES.index(sign)
        elif sign in _TONES and tones:
            tones[-1] = 1 + _TONES.index(sign)
        else:
            shapes.append(1 if sign in "Đđ" else 0)
            tones.append(0)
    return plain(written).split(), shapes, tones


def plain(written: str) -> str:
    """Fold text for searching, like the schema's function of this name: lower case, no diacritics."""
    letters = unicodedata.normalize("NFD", written.replace("Đ", "D").replace("đ", "d"))
    return re.sub("[\u0300-\u036f]", "", letters).lower()


def due_soon_until(reports: ReportDatabase, at: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the working day after the moment's own day: reports due by then are due soon.

    Beyond the end of the calendar, Monday to Friday count; `reportdb check` warns of that.
    """
    today = at.astimezone(zone).date()
    answer = reports.ask("next_working_day", day=today)
    if answer.empty:
        day = today + timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
    else:
        day = answer["day"].iloc[0]
    return datetime.combine(day + timedelta(days=1), time.min, zone)


def derived_times(reports: ReportDatabase, filters: Filters) -> dict[str, datetime]:
    """Return the times derived from the filters' moment, as definitions.sql names them: soon and today_ends."""
    tomorrow = filters.at.astimezone(filters.zone).date() + timedelta(days=1)
    return {
        "soon": due_soon_until(reports, filters.at, filters.zone),
        "today_ends": datetime.combine(tomorrow, time.min, filters.zone),
    }


def figures(reports: ReportDatabase, filters: Filters, *, by: Dimension | None = None) -> pd.DataFrame:
    """Return every count: one row in all, or one for each member of a dimension with any counts.

    Columns: `key` (null: reports without one, such as those not located), `code`, `name_vi` and `name_en` if there is a
    dimension, and TABLED (reports). Shares are computed from SHARES, which keep numerator and denominator. Raises
    DatabaseAway.
    """
    asked = filters.counting()
    return reports.remember(("figures", asked, by), lambda: _figures(reports, asked, by))


def _figures(reports: ReportDatabase, filters: Filters, by: Dimension | None) -> pd.DataFrame:
    period = period_counts(reports, filters, by=by)
    table = join_tables([period, standing(reports, filters, by=by)])[["key", *TABLED]]
    if by is None:
        return table
    table[["code", "name_vi", "name_en"]] = lookup(keys_of(table), names(reports, by), ("code", "name_vi", "name_en"))
    return table[["key", "code", "name_vi", "name_en", *TABLED]].sort_values("code", ignore_index=True)


def standing(reports: ReportDatabase, filters: Filters, *, by: Dimension | None = None) -> pd.DataFrame:
    """Return what is open at the moment: key and STANDING (reports), a row for each key with any.

    Raises DatabaseAway.
    """

    def asked(counted: Filters) -> pd.DataFrame:
        """Count them."""
        return reports.ask("open", **counted.parameters() | derived_times(reports, counted) | {"by": by})

    return counts(reports, filters, ("standing", by), asked, keys={"key": by}, columns=STANDING)


def timed(reports: ReportDatabase, filters: Filters, *, by: Dimension | None = None) -> pd.DataFrame:
    """Return `figures` with HOURS: from submission to the answer, for reports resolved in the period, on the scale of
    queries.period.hours; null if none was. Raises DatabaseAway.
    """
    table, taken = figures(reports, filters, by=by), hours(reports, filters, by=by)
    table[list(HOURS)] = lookup(keys_of(table), taken.set_axis(keys_of(taken)), HOURS)
    return table


def with_sums(table: pd.DataFrame) -> pd.DataFrame:
    """Add the sums that shares divide by, which `figures` leaves out."""
    return summed(table, _SUMS_OF_SHARES)


def as_records(table: pd.DataFrame, filters: Filters) -> dict[str, Any]:
    """Return figures as plain data for JSON: the moment, the period, and a record for each row, shares with their
    parts.
    """
    rows = []
    for row in with_sums(table).to_dict("records"):
        record = {name: None if pd.isna(row[name]) else row[name] for name in table.columns}
        for share in _TABLED_SHARES:
            parts = row[share.part], row[share.whole]
            record[share.name] = {
                "numerator": parts[0],
                "denominator": parts[1],
                "rate": round(parts[0] / parts[1], 6) if parts[1] else None,
            }
        rows.append(record)
    return {
        "at": filters.at.astimezone(filters.zone).isoformat(),
        "from": filters.start.astimezone(filters.zone).isoformat(),
        "to": filters.end.astimezone(filters.zone).isoformat(),
        "figures": rows,
    }


def as_rich_table(table: pd.DataFrame) -> Table:
    """Return `timed` figures for a terminal: one figure a line if there is one row, else one row a line."""
    records = with_sums(table)
    printed = Table(show_edge=False, pad_edge=False)
    shares = {share.name: [_share(row, share) for row in records.to_dict("records")] for share in _TABLED_SHARES}
    if "code" not in table.columns:
        printed.add_column("figure")
        printed.add_column("", justify="right")
        for name in TABLED:
            printed.add_row(name, f"{records[name].iloc[0]:,}")
        for name in HOURS:
            printed.add_row(name, _hours(records[name].iloc[0]))
        for rate, values in shares.items():
            printed.add_row(rate, values[0])
        return printed
    shown = ("received", "open", "overdue", "seriously_overdue", "due_soon", "no_deadline")
    printed.add_column("code")
    printed.add_column("name", no_wrap=True)
    for name in (*shown, *shares, *HOURS):
        printed.add_column(name, justify="right")
    for index, row in enumerate(records.to_dict("records")):
        printed.add_row(
            "-" if pd.isna(row["code"]) else row["code"],
            "(none)" if pd.isna(row["name_vi"]) else row["name_vi"],
            *(f"{row[name]:,}" for name in shown),
            *(values[index] for values in shares.values()),
            *(_hours(row[name]) for name in HOURS),
        )
    return printed


def _share(row: dict[Any, Any], share: Share) -> str:
    count, whole = row[share.part], row[share.whole]
    return f"{count:,}/{whole:,}" + (f" {count / whole:.1%}" if whole else "")


def _hours(hours: float) -> str:
    return "-" if pd.isna(hours) else f"{hours:,.1f} h"
