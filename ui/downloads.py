"""The files of cases over HTTP. A CSV file is sent while it is made, from its first line on. A workbook is sent when it
is whole: its format has an index at the end.

Files are made in parts of a thousand cases or less. Each part waits its turn behind all pages that are to be drawn
(ui/turns.py), and two parts at most are made at once; between parts nothing is held, so a slow network holds up nobody
else. No file outlives its request, and none the start after a process that was killed (ui/server/temporary_files.py).
"""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import IO, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from xlsxwriter import Workbook

from queries.accounts import Account
from queries.database import DatabaseAway, NotAReportDatabase
from queries.figures import City
from ui import access, languages, live
from ui.asked import asked
from ui.case_list import asked_list
from ui.exports import MOST_FOUND, CasesBook, Export, csv_parts
from ui.server.temporary_files import own_folder
from ui.turns import Rank
from ui.words import Language, speaking

CASES_A_SECOND = 2_500
"""About how many cases a second go into a workbook while nothing else is to be done."""
_AT_ONCE = CapacityLimiter(2)  # parts of files that are made at the same time, each with a connection of its own
_BYTES_AT_ONCE = 256 * 1024
_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

Speech = tuple[Language, str]
"""The language a file speaks, and the country whose dates it reads."""
_Made = TypeVar("_Made")


class _NobodyWaitsError(Exception):
    """Who asked for the file has closed the connection."""


async def cases(request: Request) -> Response:
    """Serve the cases of the page with the same query, as a file to keep."""
    kind = request.path_params["kind"]
    if kind not in _KINDS:
        return PlainTextResponse("No such kind of file.", 404)
    account = await run_in_threadpool(access.of_request, request)
    if account is None:
        return PlainTextResponse("Sign in first.", 401)
    if not access.may(account, "cases"):
        await run_in_threadpool(access.refused, account.subject, "file refused", why=kind)
        return PlainTextResponse("Your account sees figures, no cases.", 403)
    try:
        return await _file(request, kind, account)
    except (DatabaseAway, NotAReportDatabase):
        return PlainTextResponse("The report database does not answer now.", 503, headers={"Retry-After": "5"})


async def _file(request: Request, kind: str, account: Account) -> Response:
    """Return the answer that sends the file. Raises DatabaseAway."""
    query = {key: request.query_params.getlist(key) for key in request.query_params}
    city = live.watcher().pulse.city
    if city is None:
        raise DatabaseAway("no city yet")
    speech = languages.of_request(request, account, city), city.country
    export = await _in_turn(speech, lambda: _export(query, account, city))
    headers = {
        "Content-Disposition": f'attachment; filename="{export.file_name(kind)}"',
        "Cache-Control": "private, no-store",
    }
    if request.method == "HEAD":
        return Response(media_type=_KINDS[kind], headers=headers)
    if kind == "xlsx":
        return await _workbook(request, export, speech, headers)
    parts = csv_parts(export)
    first = await _in_turn(speech, lambda: next(parts))
    return StreamingResponse(_sent(first, parts, speech), media_type=_KINDS[kind], headers=headers)


def _export(query: dict[str, list[str]], account: Account, city: City) -> Export:
    """Return what a query asks for. Raises DatabaseAway."""
    watcher = live.watcher()
    pulse = watcher.pulse
    filters = asked(
        query, reports=watcher.reports, city=city, now=pulse.at, usual=pulse.usual, scope=account.scope
    ).filters
    listing = asked_list(query, watcher.reports, account.scope)
    return Export(listing, filters, city, watcher.reports, MOST_FOUND if listing.search else None)


async def _in_turn(speech: Speech, make: Callable[[], _Made]) -> _Made:
    """Make a part of a file in a thread, in its turn."""

    def in_turn() -> _Made:
        """Take the turn, and speak the viewer's language."""
        with live.watcher().viewers.turns.turn(Rank.FILE), speaking(*speech):
            return make()

    return await to_thread.run_sync(in_turn, limiter=_AT_ONCE)


async def _each(parts: Iterator[_Made], speech: Speech) -> AsyncIterator[_Made]:
    """Make part after part, each in its turn."""
    ended: Any = object()
    while (part := await _in_turn(speech, lambda: next(parts, ended))) is not ended:
        yield part


async def _sent(first: bytes, parts: Iterator[bytes], speech: Speech) -> AsyncIterator[bytes]:
    """Yield a file's bytes. Where the database fails the connection breaks off: no half passes for the whole."""
    yield first
    async for part in _each(parts, speech):
        yield part


async def _workbook(request: Request, export: Export, speech: Speech, headers: dict[str, str]) -> Response:
    """Make a workbook, and return the answer that sends it; nothing is left of it where nobody waits for it any more.

    Raises DatabaseAway.
    """
    file = tempfile.TemporaryFile(dir=own_folder())  # noqa: SIM115  without a name: it goes when it is closed
    try:
        async with _book(file) as book:
            async for _written in _each(CasesBook(book, export).parts(), speech):
                if await request.is_disconnected():
                    raise _NobodyWaitsError
        length = file.seek(0, 2)
        file.seek(0)
    except _NobodyWaitsError:
        file.close()
        return Response(status_code=499)
    except BaseException:
        file.close()
        raise
    return _FileAnswer(file, headers | {"Content-Length": str(length)})


class _FileAnswer(StreamingResponse):
    """Sends a workbook, and closes its file when the request ends, however it ends."""

    def __init__(self, file: IO[bytes], headers: dict[str, str]) -> None:
        """Send `file` from where it stands."""
        super().__init__(_read(file), media_type=_KINDS["xlsx"], headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


@asynccontextmanager
async def _book(file: IO[bytes]) -> AsyncIterator[Workbook]:
    """Yield a workbook that is closed into the file; its rows lie in a folder of their own, which goes in any case."""
    with tempfile.TemporaryDirectory(prefix="cases-", dir=own_folder()) as folder:
        book = Workbook(
            file,
            {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False},
        )
        try:
            yield book
            await to_thread.run_sync(
                book.close, limiter=_AT_ONCE
            )  # packing needs no turn: most of it is done outside Python
        finally:
            for sheet in book.worksheets():
                sheet._opt_close()  # an open file would keep its room on the disk


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    while part := await run_in_threadpool(file.read, _BYTES_AT_ONCE):
        yield part


export_routes = [Route("/cases.{kind}", cases)]
