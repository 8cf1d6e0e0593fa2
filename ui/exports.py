"""Lists of cases to take away: made when asked for, complete up to a limit, and saying in the file what they list.

The CSV file is for programs: one table, UTF-8 with a byte order mark, moments in the city's time without a zone, and
nothing above the headings. What is listed stands in the heading of its last, empty column, which is there even when no
case is. The XLSX file is for people: real dates, and what is listed on a second sheet. Neither ever holds a citizen's
name or telephone: the dashboard cannot read them.
"""

import codecs
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Semaphore
from typing import IO, Any

import pandas as pd
import xlsxwriter
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from queries.accounts import Account
from queries.cases import case_ids, case_parts
from queries.database import DatabaseAway, NotAReportDatabase, ReportDatabase
from queries.figures import City, Dimension, names
from queries.filters import Filters
from queries.published import KINDS, kinds
from ui import access, live
from ui.asked import asked
from ui.case_list import CaseList, asked_list, described
from ui.published import flag_name, flag_of, kind_name
from ui.states import severity, state
from ui.words import _, name, number, speaking

MOST_EXPORTED = {"xlsx": 20_000, "csv": 100_000}
"""More cases than this a file does not hold, and says so: a workbook of more takes the server half a minute."""
_AT_ONCE = Semaphore(2)  # a file of a hundred thousand cases keeps a connection busy for some seconds
_TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n")
_LONGEST_CELL = 32_767  # characters, the format's own limit
_WIDE = {"title": 50, "address": 40, "unit": 30, "category": 26, "answer": 60}


@dataclass(frozen=True)
class Export:
    """What a file holds: which cases, in what words, and where to ask for them."""

    listing: CaseList
    filters: Filters
    city: City
    reports: ReportDatabase
    most: int

    def ids(self) -> list[int]:
        """Return the ids of the cases, in order. Raises DatabaseAway."""
        listing = self.listing
        return case_ids(
            self.reports,
            self.filters,
            figure=listing.figure,
            order=listing.order,
            search=listing.search,
            limit=self.most,
        )

    def facts(self, count: int) -> list[tuple[str, str]]:
        """Return in words what the file lists, headings and what stands under them. Raises DatabaseAway."""
        words = number(count)
        if count == self.most:
            words = _("the first {count}; a file holds no more", count=words)
        return [*described(self.listing, self.filters, self.city, self.reports), (_("Cases in this file"), words)]

    def headings(self) -> dict[str, str]:
        """Return the columns of the file with their headings, the city's own words last where it publishes any.

        Raises DatabaseAway.
        """
        told = kinds(self.reports)
        return headings() | {f"published_{kind}": kind_name(kind) for kind in KINDS if kind in told}

    def parts(self, ids: list[int]) -> Iterator[pd.DataFrame]:
        """Yield the cases a few thousand at a time, with the columns of `headings()`, moments in the city's own time.

        Raises DatabaseAway.
        """
        columns = list(self.headings())
        dimensions: tuple[Dimension, ...] = ("category", "channel", "district", "ward", "unit")
        known = {
            dimension: {key: name(row) for key, row in names(self.reports, dimension).to_dict("index").items()}
            for dimension in dimensions
        }
        for part in case_parts(self.reports, self.filters, ids):
            for dimension, labels in known.items():
                part[dimension] = part[f"{dimension}_id"].map(labels)
            end = part["ended_at"].fillna(self.filters.at.astimezone(self.filters.zone))
            late = (end - part["due_at"]).dt.total_seconds() / 3600
            part["hours_late"] = late.round(1).where(late > 0)
            part["state"] = part["state"].map(state)
            part["severity"] = part["severity"].map(severity)
            part["rating"] = part["rating"].map(_ratings())
            flags = [flag_name(flag_of(case)) for case in part[["published_late"]].to_dict("records")]
            part["published_late"] = pd.Series(flags, part.index, dtype=object).where(part["published"])
            for moment in part.columns[part.columns.str.endswith("_at")]:
                part[moment] = part[moment].dt.tz_localize(None).dt.floor("s")
            yield part[columns]


def headings() -> dict[str, str]:
    """Return the columns every file has with their headings, in order."""
    return {
        "public_code": _("Code"),
        "title": _("What"),
        "category": _("Category"),
        "severity": _("Severity"),
        "address": _("Address"),
        "ward": _("Ward"),
        "district": _("District"),
        "lon": _("Longitude"),
        "lat": _("Latitude"),
        "channel": _("Channel"),
        "unit": _("Unit"),
        "officer": _("Officer"),
        "state": _("Progress"),
        "submitted_at": _("Submitted"),
        "receive_due_at": _("To be received by"),
        "received_at": _("Received by the unit"),
        "due_at": _("Due"),
        "hours_late": _("Hours past the deadline"),
        "escalated_at": _("Escalated"),
        "ended_at": _("Ended"),
        "answer": _("Answer"),
        "rating": _("Rating"),
        "reopen_count": _("Times reopened"),
        "transfer_count": _("Times passed on"),
    }


def write_csv(export: Export, file: IO[bytes]) -> None:
    """Write cases as CSV. Raises DatabaseAway."""
    ids = export.ids()
    facts = " | ".join(f"{heading}: {words}" for heading, words in export.facts(len(ids)))
    file.write(codecs.BOM_UTF8)
    file.write(pd.DataFrame(columns=[*export.headings().values(), harmless(facts)]).to_csv(index=False).encode())
    for part in export.parts(ids):
        words = part.select_dtypes(include=["object", "str"]).columns
        cells = part.assign(**{column: part[column].map(harmless) for column in words}, facts=None)
        file.write(cells.to_csv(index=False, header=False).encode())


def harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before what looks like one."""
    return "'" + value if isinstance(value, str) and value.startswith(_TRIGGERS) else value


def write_xlsx(export: Export, file: IO[bytes]) -> None:
    """Write cases as a workbook, a row at a time, with a second sheet that says what they are. Raises DatabaseAway."""
    ids = export.ids()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        date = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet = book.add_worksheet(_("Cases"))
        sheet.freeze_panes(1, 1)
        for column, (key, heading) in enumerate(export.headings().items()):
            sheet.set_column(column, column, _WIDE.get(key, 17))
            sheet.write_string(0, column, heading, bold)
        cases = (case for part in export.parts(ids) for case in part.itertuples(index=False))
        for row, case in enumerate(cases, start=1):
            for column, value in enumerate(case):
                if isinstance(value, str):
                    sheet.write_string(row, column, value[:_LONGEST_CELL])
                elif pd.isna(value):
                    continue
                elif isinstance(value, datetime):
                    sheet.write_datetime(row, column, value, date)
                else:
                    sheet.write_number(row, column, value)
        sheet.autofilter(0, 0, len(ids), len(export.headings()) - 1)
        about = book.add_worksheet(_("About this list"))
        about.set_column(0, 0, 24)
        about.set_column(1, 1, 100)
        for row, (heading, words) in enumerate(export.facts(len(ids))):
            about.write_string(row, 0, heading, bold)
            about.write_string(row, 1, words)


_WRITERS: dict[str, tuple[Callable[[Export, IO[bytes]], None], str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "xlsx": (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


async def cases(request: Request) -> Response:
    """Serve the cases of the page with the same query, as a file to keep."""
    query = {key: request.query_params.getlist(key) for key in request.query_params}
    kind = request.path_params["kind"]
    if kind not in _WRITERS:
        return PlainTextResponse("No such kind of file.", 404)
    account = await run_in_threadpool(access.of_request, request)
    if account is None:
        return PlainTextResponse("Sign in first.", 401)
    if not access.may(account, "cases"):
        await run_in_threadpool(access.refused, account.subject, "file refused", why=kind)
        return PlainTextResponse("Your account sees figures, no cases.", 403)
    try:
        path, file_name = await run_in_threadpool(_made, query, kind, account)
    except (DatabaseAway, NotAReportDatabase):
        return PlainTextResponse("The report database does not answer now.", 503, headers={"Retry-After": "5"})
    return FileResponse(
        path,
        media_type=_WRITERS[kind][1],
        filename=file_name,
        headers={"Cache-Control": "private, no-store"},
        background=BackgroundTask(os.unlink, path),
    )


def _made(query: Mapping[str, list[str]], kind: str, account: Account) -> tuple[str, str]:
    """Write the file a query asks for, and return where it is and what to call it. Raises DatabaseAway."""
    watcher = live.watcher()
    pulse, city = watcher.pulse, watcher.pulse.city
    if city is None:
        raise DatabaseAway("no city yet")
    with speaking("en" if query.get("lang") == ["en"] else "vi"), _AT_ONCE:
        filters = asked(
            query, reports=watcher.reports, city=city, now=pulse.at, usual=pulse.usual, scope=account.scope
        ).filters
        export = Export(
            asked_list(query, watcher.reports, account.scope), filters, city, watcher.reports, MOST_EXPORTED[kind]
        )
        with tempfile.NamedTemporaryFile(prefix="cases-", suffix=f".{kind}", delete=False) as file:
            try:
                _WRITERS[kind][0](export, file)
            except BaseException:
                Path(file.name).unlink()
                raise
    at = filters.at.astimezone(city.zone)
    return file.name, f"{export.listing.figure}_{at:%Y-%m-%d_%H%M}.{kind}"


def _ratings() -> dict[str, str]:
    return {
        "satisfied": _("satisfied"),
        "acceptable": _("acceptable"),
        "not_satisfied": _("not satisfied"),
    }


export_routes = [Route("/cases.{kind}", cases)]
