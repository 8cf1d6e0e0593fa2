"""The commands of the database itself: `up`, `beat`, `summarise` and `check`."""

import signal
import threading
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from reportdb import summary
from reportdb.cli.command_line import Data, Database, err, opened, out
from reportdb.database.beat import beating, write_beats
from reportdb.database.connection import connect, url_of
from reportdb.database.lost_connection import carried_through


def up(database: Database = None, data: Data = None) -> None:
    """Start the embedded server, bring the schema up to date, print the URL and stay until Ctrl-C.

    Where a database is named, only its schema is brought up to date.
    """
    with opened(database, data) as url:
        if url_of(database, data):
            out.print("The schema is up to date.")
            return
        try:
            out.print(url, highlight=False, soft_wrap=True)
            err.print("The report database is up. Ctrl-C stops it when nobody else uses it.")
            with beating(url):
                signal.pause()
        except KeyboardInterrupt:
            err.print("Leaving.")


def beat(
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after this long; else at Ctrl-C.")] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Write the primary's time into the database every two seconds, so that copies of it can tell their own age.

    For a city whose own system feeds the database: run it on the primary, as a service. It continues after an outage.
    """
    with opened(database, data) as url:
        stop = threading.Event()
        if seconds is not None:
            timer = threading.Timer(seconds, stop.set)
            timer.daemon = True
            timer.start()
        try:
            write_beats(url, stop)
        except KeyboardInterrupt:
            err.print("The heartbeat has stopped.")


def summarise(
    recount: Annotated[bool, typer.Option("--recount", help="Count everything again.")] = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Add changes to the counts by day and month, so that queries over long periods are fast.

    Figures are correct without it, but slow after many changes. Once an hour is enough. Where the server breaks
    off, it begins again.
    """
    with opened(database, data) as url:
        carried_through(partial(connect, url), partial(summary.summarise, now=datetime.now(UTC), recount=recount))
        out.print("The summary includes every change.")


def check(database: Database = None, data: Data = None) -> None:
    """Say in plain words what is missing or malformed in the database, where, and how to repair it."""
    from reportdb.check import beyond_the_owner, find_damage

    with opened(database, data) as url:
        damage = carried_through(partial(connect, url), find_damage)
        beyond = carried_through(partial(connect, url), beyond_the_owner)
    for finding in beyond:
        out.print(f"Beyond the owner's rights: {finding}", highlight=False, soft_wrap=True)
    for finding in damage:
        out.print(str(finding), highlight=False, soft_wrap=True)
    if damage:
        raise typer.Exit(1)
