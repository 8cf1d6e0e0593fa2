"""The commands that read another system again and again: `open311 poll` and `sync`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import psycopg
import typer

from reportdb.cli.command_line import Data, Database, Failure, city_moment, err, opened, out
from reportdb.feeds.delivery import Delivered, Delivery
from reportdb.feeds.failures import FeedAway, FeedRefused
from reportdb.feeds.rejects_log import RejectsLog
from reportdb.mapping.failure import ImportFailure
from reportdb.mapping.mapping import Mapping
from reportdb.mapping.mapping_file import read_mapping

open311_app = typer.Typer(help="Read a city's Open311 server (GeoReport v2).", no_args_is_help=True)

Interval = Annotated[float, typer.Option(min=1, help="Seconds between two readings; the feed's rhythm on screens.")]
Once = Annotated[bool, typer.Option("--once", help="Read once and stop, for cron.")]
Overlap = Annotated[float, typer.Option(min=0, help="Seconds that each reading goes back before the last one.")]
Since = Annotated[str | None, typer.Option(help="Where to begin, such as 2024-01-01; also to read again from there.")]
Rejects = Annotated[Path | None, typer.Option(help="Where rejected records are collected; else rejects-NAME.csv.")]
Boundaries = Annotated[Path | None, typer.Option(help="Folder of the mapping's boundary files; else its own.")]


@open311_app.command("poll")
def poll(
    url: Annotated[str, typer.Argument(help="The server's address, the part before /requests.json.")],
    mapping: Annotated[str, typer.Argument(help='A mapping file (TOML) with extends = "open311".')],
    interval: Interval = 60,
    once: Once = False,
    overlap: Overlap = 600,
    since: Since = None,
    form: Annotated[str, typer.Option("--format", help="json or xml.")] = "json",
    jurisdiction: Annotated[str | None, typer.Option(help="The jurisdiction_id, if the server wants one.")] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="OPEN311_API_KEY", help="A key, if the server wants one.", show_envvar=True)
    ] = None,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two requests to the server.")] = 0.2,
    page_size: Annotated[int, typer.Option(min=1, help="Requests to ask for in one answer.")] = 500,
    rejects: Rejects = None,
    boundaries: Boundaries = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Bring new and changed requests of a city's server into the database, again and again.

    It may be stopped or killed at any moment: the next start goes on where the last commit ended. If the server does
    not answer it is tried again, and the screens show how old its reports are.
    """
    from reportdb.open311.client import Client, Limits
    from reportdb.open311.polling import Polling

    if form not in {"json", "xml"}:
        raise typer.BadParameter("--format is json or xml.")
    with opened(database, data) as database_url:
        try:
            read = read_mapping(mapping)
            delivery = _delivery("open311", read, mapping, rejects, boundaries)
            with Client(url, form, jurisdiction, api_key, Limits(pause=pause)) as client:
                polling = Polling(
                    client,
                    delivery,
                    timedelta(seconds=interval),
                    timedelta(seconds=overlap),
                    _moment(since, read),
                    page_size,
                )
                _keep_reading(database_url, delivery.name, polling.poll, interval, once=once)
        except (FeedAway, FeedRefused, ImportFailure) as error:
            raise Failure(str(error)) from error


def sync(
    source: Annotated[
        str, typer.Option("--from", envvar="REPORT_SYNC_URL", help="The other database's URL, as SQLAlchemy writes it.")
    ],
    queries: Annotated[Path, typer.Option(help="Folder with reports.sql: what is read from it.")],
    mapping: Annotated[str, typer.Argument(help="A mapping file (TOML); its columns are those of the query.")],
    interval: Interval = 60,
    once: Once = False,
    overlap: Overlap = 600,
    since: Since = None,
    batch: Annotated[int, typer.Option(min=1, help="Rows written in one transaction.")] = 20_000,
    rejects: Rejects = None,
    boundaries: Boundaries = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Bring new and changed rows of another database into this one, again and again.

    The query in reports.sql names the columns that the mapping reads, and one called changed: when the row last
    changed. It takes the parameter :changed_after. The other database is only read.
    """
    from reportdb.sync.source import SourceDatabase
    from reportdb.sync.syncing import Syncing, read_queries

    with opened(database, data) as url:
        try:
            read = read_mapping(mapping)
            delivery = _delivery("sync", read, mapping, rejects, boundaries)
            zone = ZoneInfo(read.city.time_zone)
            with SourceDatabase(source, zone, batch) as other:
                syncing = Syncing(
                    other,
                    read_queries(queries),
                    delivery,
                    timedelta(seconds=interval),
                    timedelta(seconds=overlap),
                    _moment(since, read),
                )
                _keep_reading(url, delivery.name, syncing.sync, interval, once=once)
        except (FeedAway, FeedRefused, ImportFailure) as error:
            raise Failure(str(error)) from error


def _keep_reading(
    url: str, name: str, read: Callable[[psycopg.Connection], Delivered], interval: float, *, once: bool
) -> None:
    """Read until interrupted, with a line for each reading that brought something. Raises as `keep_reading`."""
    from reportdb.feeds.running import keep_reading

    def read_and_tell(connection: psycopg.Connection) -> None:
        """Read once, and print what came in."""
        brought = read(connection)
        if brought.read or once:
            out.print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {name}: {brought.sentence()}", highlight=False)

    try:
        keep_reading(url, name, read_and_tell, interval=interval, once=once)
    except KeyboardInterrupt:
        err.print(f"{name} is no longer read.")


def _delivery(kind: str, read: Mapping, mapping: str, rejects: Path | None, boundaries: Path | None) -> Delivery:
    name = f"{kind} {read.source}"
    log = RejectsLog(rejects or Path(f"rejects-{kind}-{read.source}.csv".replace("/", "_")))
    return Delivery(name, read, boundaries or Path(mapping).parent, log)


def _moment(words: str | None, read: Mapping) -> datetime | None:
    moment = city_moment(words, ZoneInfo(read.city.time_zone))
    return moment.astimezone(UTC) if moment else None
