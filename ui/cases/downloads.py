"""Serves files of cases over HTTP. A CSV file is streamed while it is made. A workbook is sent when it is complete,
because its format has an index at the end.

Files are made in parts of at most a thousand cases. Each part waits in the run queue behind all pages
(ui/live/run_queue.py), and at most two parts are made at once. Between parts nothing is held, so a slow network delays
nobody else. A file is deleted with its request, or at the next start if the process was killed
(ui/base/temporary_files.py). Each file is logged before its first byte (ui/access/record.py), and how much was sent at
its end.
"""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import IO, Any, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from xlsxwriter import Workbook

from queries.access.accounts import Account
from queries.engine.database import DatabaseAway, NotAReportDatabase
from queries.figures.figures import City
from ui.access import accounts, languages, record
from ui.address.case_list import asked_list
from ui.address.url_filters import parse_filters
from ui.base.i18n import Language, _, speaking
from ui.base.temporary_files import own_folder
from ui.cases.exports import MOST_FOUND, CasesBook, Export, csv_parts
from ui.live import watch
from ui.live.limits import Places, Whose
from ui.live.run_queue import Rank

CASES_A_SECOND = 2_500
"""The approximate number of cases a second written into a workbook on an idle server."""
_AT_ONCE = CapacityLimiter(2)  # parts of files made at the same time, each with its own connection
_BYTES_AT_ONCE = 256 * 1024
_SECONDS_TO_TRY_AGAIN = "5"
_making = Places(lambda share: share.files)
"""The files being made and sent, by viewer."""
_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

Speech = tuple[Language, str]
"""The language of a file, and the country of its date forms."""
_Made = TypeVar("_Made")


class _NobodyWaitsError(Exception):
    """The client has closed the connection."""


async def cases(request: Request) -> Response:
    """Serve the cases of the page with the same query, as a file."""
    kind = request.path_params["kind"]
    if kind not in _KINDS:
        return PlainTextResponse("No such kind of file.", 404)
    account = await run_in_threadpool(accounts.of_request, request)
    if account is None:
        return PlainTextResponse("Sign in first.", 401)
    if not accounts.may(account, "cases"):
        await run_in_threadpool(accounts.refused, account.subject, "file refused", why=kind)
        return PlainTextResponse("Your account may see figures, but no cases.", 403)
    try:
        return await _file(request, kind, account)
    except (DatabaseAway, NotAReportDatabase):
        return PlainTextResponse("The report database does not answer now.", 503, headers={"Retry-After": "5"})


async def _file(request: Request, kind: str, account: Account) -> Response:
    """Return the response that sends the file. Raises DatabaseAway."""
    query = {key: request.query_params.getlist(key) for key in request.query_params}
    city = watch.watcher().pulse.city
    if city is None:
        raise DatabaseAway("no city yet")
    speech = languages.of_request(request, account, city), city.country
    peer = request.client.host if request.client else None
    whose = accounts.whose(account, peer)
    export = await _in_turn(speech, whose, lambda: _export(query, account, city))
    headers = {
        "Content-Disposition": f'attachment; filename="{export.file_name(kind)}"',
        "Cache-Control": "private, no-store",
    }
    if request.method == "HEAD":
        return Response(media_type=_KINDS[kind], headers=headers)
    if _making.full(whose):
        return _refused(speech, 429, _too_many)
    _making.take(whose)
    making = _Making(whose)
    try:
        taken = making.taken = await _in_turn(speech, whose, lambda: _begun(export, account, peer, kind, query))
        export = replace(export, taken=taken)
        headers["Content-Disposition"] = f'attachment; filename="{export.file_name(kind)}"'
        headers["X-Record-Number"] = str(taken.number)
        if kind == "xlsx":
            return await _workbook(request, export, speech, making, taken, headers)
        parts = csv_parts(export)
        first = await _in_turn(speech, whose, lambda: next(parts))
        return _OnRecord(_sent(first, parts, speech, whose, taken), making, media_type=_KINDS[kind], headers=headers)
    except record.NotOnRecord as trouble:
        await making.end()
        return _refused(speech, 503, trouble.words)
    except BaseException:
        await making.end()
        raise


def _begun(export: Export, account: Account, peer: str | None, kind: str, query: dict[str, list[str]]) -> record.Taken:
    """Log a file's start. Raises DatabaseAway, NotOnRecord."""
    there = query | {"at": [export.filters.at.isoformat()]}  # keeps the list for administrators
    return record.begin_file(
        export.reports,
        account,
        peer,
        kind=kind,
        query=there,
        listed=export.listed.count,
        facts=export.facts(),
    )


def _too_many() -> str:
    return _(
        "The largest number of files that you may export at once is being made. Please wait until one is finished."
    )


def _refused(speech: Speech, status: int, words: Callable[[], str]) -> Response:
    with speaking(*speech):
        said = words()
    headers = {"Cache-Control": "no-store", "Retry-After": _SECONDS_TO_TRY_AGAIN}
    return PlainTextResponse(said + "\n", status, headers=headers)


@dataclass
class _Making:
    """A file that is being made and sent, logged as `taken`."""

    whose: Whose
    taken: record.Taken | None = None
    _ended: bool = False

    async def end(self) -> None:
        """Complete its log entry and free its place, also if the client has gone."""
        if self._ended:
            return
        self._ended = True
        _making.leave(self.whose)
        if self.taken:
            with CancelScope(shield=True):
                await run_in_threadpool(self.taken.end)


class _OnRecord(StreamingResponse):
    """A response whose end is logged however it ends. Its temporary file, if any, is closed then."""

    def __init__(
        self, content: AsyncIterator[bytes], making: _Making, *, file: IO[bytes] | None = None, **settings: Any
    ) -> None:
        """Send `content`, the file of `making`."""
        super().__init__(content, **settings)
        self._making, self._file = making, file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._file:
                self._file.close()
            await self._making.end()


def _export(query: dict[str, list[str]], account: Account, city: City) -> Export:
    """Return the export that a query asks for. Raises DatabaseAway."""
    watcher = watch.watcher()
    pulse = watcher.pulse
    filters = parse_filters(
        query, reports=watcher.reports, city=city, now=pulse.at, default=pulse.default, scope=account.scope
    ).filters
    listing = asked_list(query, watcher.reports, account.scope)
    return Export(listing, filters, city, watcher.reports, MOST_FOUND if listing.search else None)


async def _in_turn(speech: Speech, whose: Whose, make: Callable[[], _Made]) -> _Made:
    """Make a part of a file in a thread, in its slot of the run queue."""

    def in_turn() -> _Made:
        """Take the slot and use the viewer's language."""
        with watch.watcher().viewers.turns.turn(Rank.FILE, whose), speaking(*speech):
            return make()

    return await to_thread.run_sync(in_turn, limiter=_AT_ONCE)


async def _each(parts: Iterator[_Made], speech: Speech, whose: Whose) -> AsyncIterator[_Made]:
    """Make one part after the other, each in its own slot."""
    ended: Any = object()
    while (part := await _in_turn(speech, whose, lambda: next(parts, ended))) is not ended:
        yield part


async def _sent(
    first: bytes, parts: Iterator[bytes], speech: Speech, whose: Whose, taken: record.Taken
) -> AsyncIterator[bytes]:
    """Yield a file's bytes. If the database fails, the connection is aborted, so that half a file does not look
    complete.

    A part counts as sent when its first byte may have left.
    """
    yield first
    async for part in _each(parts, speech, whose):
        taken.sent = taken.made
        yield part
    taken.whole = True


async def _workbook(
    request: Request, export: Export, speech: Speech, making: _Making, taken: record.Taken, headers: dict[str, str]
) -> Response:
    """Make a workbook and return the response that sends it; if the client goes away, everything is deleted.

    Raises DatabaseAway.
    """
    file = tempfile.TemporaryFile(dir=own_folder())  # noqa: SIM115  without a name: it goes when it is closed
    try:
        async with _book(file) as book:
            async for _written in _each(CasesBook(book, export).parts(), speech, making.whose):
                if await request.is_disconnected():
                    raise _NobodyWaitsError
        length = file.seek(0, 2)
        file.seek(0)
    except _NobodyWaitsError:
        file.close()
        await making.end()
        return Response(status_code=499)
    except BaseException:
        file.close()
        raise
    headers = headers | {"Content-Length": str(length)}
    return _OnRecord(_read(file, taken), making, file=file, media_type=_KINDS["xlsx"], headers=headers)


@asynccontextmanager
async def _book(file: IO[bytes]) -> AsyncIterator[Workbook]:
    """Yield a workbook that is closed into the file; its rows are in a temporary folder, deleted in any case."""
    with tempfile.TemporaryDirectory(prefix="cases-", dir=own_folder()) as folder:
        book = Workbook(
            file,
            {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False},
        )
        try:
            yield book
            await to_thread.run_sync(
                book.close, limiter=_AT_ONCE
            )  # compression needs no slot: it mostly runs outside Python
        finally:
            for sheet in book.worksheets():
                sheet._opt_close()  # an open file would keep its disk space


async def _read(file: IO[bytes], taken: record.Taken) -> AsyncIterator[bytes]:
    """Yield a workbook's bytes. All its cases count as sent from the first byte: it is one compressed file."""
    taken.sent = taken.made
    while part := await run_in_threadpool(file.read, _BYTES_AT_ONCE):
        yield part
    taken.whole = True


export_routes = [Route("/cases.{kind}", cases)]
