"""Exported lists of cases: complete, with a description of the list in the file.

The CSV file is for programs: one table, UTF-8 with a byte order mark, moments in the city's time without a zone,
nothing above the headings. The description is the heading of its last, empty column, present even without cases: an
extra line above or below would break programs that read CSV. The XLSX file is for people: real dates, more sheets when
one is full, the description on the last one. Both name who exported the file, when, and its number in the access log,
which is also in the file's name.
Neither ever contains a citizen's name or telephone: the dashboard cannot read them. ui/cases/downloads.py serves both.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from queries.cases.cases import Listed, asked_as, case_parts, listed, speaks_of_the_period
from queries.engine.database import ReportDatabase
from queries.engine.filters import Filters
from queries.figures.figures import City, Dimension, names
from queries.figures.published import KINDS, kinds
from safe_text import plain_text, spreadsheet_cell
from ui.access.record import Taken
from ui.address.case_list import CaseList
from ui.base import levels
from ui.base.i18n import _, day_form, moment, name, number
from ui.base.states import severity, state
from ui.cases.case_list import described
from ui.figures.published import flag_name, kind_name
from ui.figures.published_case import flag_of

MOST_FOUND = 100_000
"""The most cases in a file of search results, which says so; other lists are complete."""
ROWS_ON_A_SHEET = 1_000_000
"""The cases on one sheet of a workbook; the format's limit is 1,048,576 rows."""
_ROWS_IN_A_TURN = 250
_LONGEST_CELL = 32_767  # characters, the format's limit
_WIDE = {"title": 50, "address": 40, "unit": 30, "category": 26, "answer": 60}


@dataclass(frozen=True)
class Export:
    """The contents of a file: which cases, in which language, from which database."""

    listing: CaseList
    filters: Filters
    city: City
    reports: ReportDatabase
    most: int | None = None
    """The most cases the file may hold; None: no limit."""
    taken: Taken | None = None
    """The file's log entry, once it has one."""
    _listed: list[Listed] = field(default_factory=list)

    @property
    def listed(self) -> Listed:
        """The cases: how many, and their ids in order. The first access raises DatabaseAway.

        Not functools.cached_property: up to Python 3.11 all files share its lock, and a thread that waits for it holds
        the slot that the other needs.
        """
        if not self._listed:
            listing = self.listing
            found = listed(
                self.reports,
                self.filters,
                figure=listing.figure,
                order=listing.order,
                search=listing.search,
                most=self.most,
            )
            self._listed.append(found)
        return self._listed[0]

    def facts(self) -> list[tuple[str, str]]:
        """Return a description of the file and who exported it, as headings and texts.

        Raises DatabaseAway.
        """
        words = number(self.listed.count)
        if self.listed.count == self.most:
            words = _("the first {count}; a file cannot hold more", count=words)
        facts = [*described(self.listing, self.filters, self.city, self.reports), (_("Cases in this file"), words)]
        if self.taken:
            facts += [
                (_("Exported by"), self.taken.who),
                (_("Exported at"), moment(self.taken.at.astimezone(self.city.zone))),
                (_("Number in the access log"), str(self.taken.number)),
            ]
        return facts

    def file_name(self, kind: str) -> str:
        """Return the file's name: the figure, the period's days where it matters, the moment, and the number in the
        access log.
        """
        zone = self.city.zone
        parts = [self.listing.figure]
        if speaks_of_the_period(self.listing.figure):
            last = self.filters.end - timedelta(microseconds=1)
            parts.append(f"{self.filters.start.astimezone(zone):%Y-%m-%d}_to_{last.astimezone(zone):%Y-%m-%d}")
        parts.append(f"at_{self.filters.at.astimezone(zone):%Y-%m-%d_%H%M}")
        if self.taken:
            parts.append(f"no-{self.taken.number}")
        return "_".join(parts) + f".{kind}"

    def headings(self) -> dict[str, str]:
        """Return the file's columns with their headings, the city's own words last if it publishes any.

        Raises DatabaseAway.
        """
        told = kinds(self.reports)
        return headings(self.city) | {f"published_{kind}": kind_name(kind) for kind in KINDS if kind in told}

    def parts(self) -> Iterator[pd.DataFrame]:
        """Yield the cases a thousand at a time with the columns of `headings`, moments in the city's own time.

        Raises DatabaseAway.
        """
        columns = list(self.headings())
        dimensions: tuple[Dimension, ...] = ("category", "channel", "district", "ward", "unit")
        known = {
            dimension: {key: name(row) for key, row in names(self.reports, dimension).to_dict("index").items()}
            for dimension in dimensions
        }
        for part in case_parts(self.reports, asked_as(self.filters, self.listing.figure), self.listed.ids):
            for dimension, labels in known.items():
                part[dimension] = part[f"{dimension}_id"].map(labels)
            part["escalated_by"] = part["escalated_by_id"].map(known["unit"])
            end = part["ended_at"].fillna(self.filters.at.astimezone(self.filters.zone))
            late = (end - part["due_at"]).dt.total_seconds() / 3600
            part["hours_late"] = late.round(1).where((late > 0) & part["ended_known"])
            part["ended_at"] = part["ended_at"].where(part["ended_known"])
            part["state"] = part["state"].map(state)
            part["severity"] = part["severity"].map(severity)
            part["rating"] = part["rating"].map(_ratings())
            flags = [flag_name(flag_of(case)) for case in part[["published_late"]].to_dict("records")]
            part["published_late"] = pd.Series(flags, part.index, dtype=object).where(part["published"])
            for column in part.columns[part.columns.str.endswith("_at")]:
                part[column] = part[column].dt.tz_localize(None).dt.floor("s")
            if self.taken:
                self.taken.made += len(part)
            yield part[columns]


def headings(city: City) -> dict[str, str]:
    """Return the columns of every file with their headings, in order."""
    return {
        "public_code": _("Code"),
        "title": _("What"),
        "category": _("Category"),
        "severity": _("Severity"),
        "address": _("Address"),
        "ward": levels.one(city, "ward"),
        "district": levels.one(city, "district"),
        "lon": _("Longitude"),
        "lat": _("Latitude"),
        "channel": _("Channel"),
        "unit": _("Held by"),
        "officer": _("Officer"),
        "state": _("Progress"),
        "submitted_at": _("Submitted"),
        "receive_due_at": _("To be received by"),
        "received_at": _("Received by the unit"),
        "due_at": _("Due"),
        "hours_late": _("Hours past the deadline"),
        "escalated_at": _("Escalated"),
        "escalated_by": _("Escalated by"),
        "informed_at": _("Citizen informed at"),
        "ended_at": _("Ended"),
        "answer": _("Answer"),
        "rating": _("Rating"),
        "reopen_count": _("Times reopened"),
        "transfer_count": _("Times transferred"),
    }


def csv_parts(export: Export) -> Iterator[bytes]:
    """Yield cases as CSV: the headings, then one part of the cases after the other. Raises DatabaseAway."""
    facts = " | ".join(f"{heading}: {words}" for heading, words in export.facts())
    empty = pd.DataFrame(columns=[*map(spreadsheet_cell, export.headings().values()), spreadsheet_cell(facts)])
    yield codecs.BOM_UTF8 + empty.to_csv(index=False).encode()
    for part in export.parts():
        words = part.select_dtypes(include=["object", "str"]).columns
        cells = part.assign(**{column: part[column].map(spreadsheet_cell) for column in words}, facts=None)
        yield cells.to_csv(index=False, header=False).encode()


@dataclass
class CasesBook:
    """A workbook of cases written row by row, with a sheet at the end that describes it."""

    book: Workbook
    export: Export
    rows_on_a_sheet: int = ROWS_ON_A_SHEET
    _bold: Format = field(init=False)
    _date: Format = field(init=False)

    def __post_init__(self) -> None:
        """Make the sheets' formats."""
        self._bold = self.book.add_format({"bold": True})
        self._date = self.book.add_format({"num_format": _excel_moment()})

    def parts(self) -> Iterator[int]:
        """Write everything except the closing of the book, and yield the number of cases so far, often enough that
        others get a slot within a tenth of a second. Raises DatabaseAway.
        """
        facts = self.export.facts()
        sheet, row, written = self._sheet(1), 0, 0
        for part in self.export.parts():
            for case in part.astype(object).where(part.notna(), None).itertuples(index=False, name=None):
                if row == self.rows_on_a_sheet:
                    self._end(sheet, row)
                    sheet, row = self._sheet(1 + written // self.rows_on_a_sheet), 0
                row, written = row + 1, written + 1
                self._write(sheet, row, case)
                if written % _ROWS_IN_A_TURN == 0:
                    yield written
        yield written
        self._end(sheet, row)
        about = self.book.add_worksheet(_("About this list"))
        about.set_column(0, 0, 24)
        about.set_column(1, 1, 100)
        for line, (heading, words) in enumerate(facts):
            about.write_string(line, 0, heading, self._bold)
            about.write_string(line, 1, plain_text(words)[:_LONGEST_CELL])

    def _sheet(self, n: int) -> Worksheet:
        name_of_all = _("Cases")
        sheet = self.book.add_worksheet(name_of_all if n == 1 else f"{name_of_all} {n}")
        sheet.freeze_panes(1, 1)
        for column, (key, heading) in enumerate(self.export.headings().items()):
            sheet.set_column(column, column, _WIDE.get(key, 17))
            sheet.write_string(0, column, heading, self._bold)
        return sheet

    def _write(self, sheet: Worksheet, row: int, case: tuple[Any, ...]) -> None:
        for column, value in enumerate(case):
            if isinstance(value, str):
                sheet.write_string(row, column, plain_text(value)[:_LONGEST_CELL])
            elif value is None:
                continue
            elif isinstance(value, datetime):
                sheet.write_datetime(row, column, value, self._date)
            else:
                sheet.write_number(row, column, value)

    def _end(self, sheet: Worksheet, rows: int) -> None:
        sheet.autofilter(0, 0, rows, len(self.export.headings()) - 1)


def _excel_moment() -> str:
    """Return a workbook's date format in the form of the language and the city."""
    return day_form().replace("%d", "dd").replace("%m", "mm").replace("%Y", "yyyy") + " hh:mm"


def _ratings() -> dict[str, str]:
    return {
        "satisfied": _("satisfied"),
        "acceptable": _("acceptable"),
        "not_satisfied": _("not satisfied"),
    }
