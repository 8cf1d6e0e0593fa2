"""The commands that import what a city has besides its reports: ratings, answers, events, accounts, and the rest."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from reportdb.cli.command_line import Data, Database, Failure, opened, out, progress_bar
from reportdb.database.connection import connect

File = Annotated[Path, typer.Argument(help="The city's file, plain or gzipped.")]
MappingFile = Annotated[str, typer.Argument(metavar="MAPPING", help="The mapping file (TOML).")]
RejectsFile = Annotated[Path | None, typer.Option(help="Where rejected rows go; else rejects-FILE.csv.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, and write nothing.")]


def run_import(
    kind: Callable[[str], Any],
    file: Path,
    mapping: str,
    *,
    rejects: Path | None,
    dry_run: bool,
    database: str | None,
    data: Path | None,
) -> None:
    """Import a file of one kind, print the account, and exit with 1 if rows were rejected."""
    from reportdb.data_file.importing import import_data
    from reportdb.mapping.failure import ImportFailure

    with opened(database, data) as url, connect(url) as connection:
        try:
            with progress_bar() as progress:
                account = import_data(
                    connection,
                    file,
                    kind(mapping),
                    rejects=rejects or Path(f"rejects-{file.name.removesuffix('.gz')}"),
                    at=datetime.now(UTC),
                    dry_run=dry_run,
                    progress=progress,
                )
        except ImportFailure as error:
            raise Failure(str(error)) from error
        for line in account.sentences(dry_run=dry_run):
            out.print(line, highlight=False, soft_wrap=True)
    if account.rejected:
        raise typer.Exit(1)


def add_commands(app: typer.Typer) -> None:
    """Add a command for each kind of data to `import`."""
    from reportdb.city_data.accounts import Accounts
    from reportdb.city_data.events import Events
    from reportdb.city_data.feeds import Feeds
    from reportdb.city_data.people import Contacts, Officers
    from reportdb.city_data.ratings import Answers, Ratings
    from reportdb.city_data.units import Units

    for name, kind, words in (
        ("ratings", Ratings, "Import how citizens rated the work on their reports."),
        ("answers", Answers, "Import what citizens were told."),
        ("events", Events, "Import the steps of reports: transfers, escalations, extensions, reopenings and others."),
        ("accounts", Accounts, "Import the accounts of the app, by area and day."),
        ("feeds", Feeds, "Import when each channel last delivered."),
        ("contacts", Contacts, "Import who sent each report. Contacts are kept apart and never printed."),
        ("officers", Officers, "Import who in the unit answers for each report."),
        ("units", Units, "Import units, their levels, parents and heads."),
    ):
        app.command(name, help=f"{words} docs/import-others.md describes the mapping.")(_command(kind))


def _command(kind: Callable[[str], Any]) -> Callable[..., None]:
    """Return the command that imports one kind of data."""

    def command(
        file: File,
        mapping: MappingFile,
        rejects: RejectsFile = None,
        dry_run: DryRun = False,
        database: Database = None,
        data: Data = None,
    ) -> None:
        run_import(kind, file, mapping, rejects=rejects, dry_run=dry_run, database=database, data=data)

    return command
