"""The commands for accounts and for anonymising: `python -m reportdb users --help`, `anonymise`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import psycopg
import typer
from rich.table import Table

from reportdb.anonymise import AgeError, anonymise, ended_before, find_old
from reportdb.cli.command_line import Data, Database, Failure, opened, out, progress_bar
from reportdb.database.connection import connect
from reportdb.users import COLUMNS, Change, User, UsersError, alike, read_users, set_disabled, users, write_users

users_app = typer.Typer(help="Accounts and what they may see.", no_args_is_help=True)

Subject = Annotated[
    str,
    typer.Argument(metavar="SUBJECT", help="The identity provider's name for the account, such as an e-mail address."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")]


@users_app.command("list")
def list_(database: Database = None, data: Data = None) -> None:
    """Show every account: name, role, unit, and whether it is enabled."""
    with opened(database, data) as url, connect(url) as connection:
        everybody = users(connection)
    table = Table("subject", "name", "role", "unit", "language", "", show_edge=False)
    for user in everybody:
        state = "disabled" if user.disabled else ""
        table.add_row(user.subject, user.name, user.role, user.unit or "", user.language or "", state)
    out.print(table)


@users_app.command()
def add(
    subject: Subject,
    name: Annotated[str, typer.Option(help="The name colleagues know them by.")],
    role: Annotated[Literal["leader", "unit_head", "viewer", "admin"], typer.Option(help="What they may see.")],
    unit: Annotated[str | None, typer.Option(metavar="CODE", help="The unit of a unit_head.")] = None,
    language: Annotated[
        Literal["vi", "en", "browser"] | None,
        typer.Option(help="The account's language; browser: their browser's. Default: unchanged."),
    ] = None,
    database: Database = None,
    data: Data = None,
) -> None:
    """Add an account or change one; a disabled account stays disabled until `users enable`."""
    with opened(database, data) as url, connect(url) as connection:
        spoken = None if language == "browser" else language or ""  # "" keeps the present one
        try:
            shut = any(user.subject == subject.strip() and user.disabled for user in users(connection))
            changes = write_users(connection, [User(subject, name, role, unit, shut, spoken)])
        except UsersError as error:
            raise Failure(str(error)) from error
        _tell(connection, changes)


@users_app.command()
def disable(subject: Subject, database: Database = None, data: Data = None) -> None:
    """Disable an account; open pages close within seconds. Its lines in the access log are kept."""
    _let(subject, database, data, disabled=True)


@users_app.command()
def enable(subject: Subject, database: Database = None, data: Data = None) -> None:
    """Enable an account again."""
    _let(subject, database, data, disabled=False)


@users_app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help=f"CSV: {','.join(COLUMNS)}; language may follow."),
    ],
    dry_run: DryRun = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Set accounts from a file, all or nothing; accounts that are not in it do not change."""
    with opened(database, data) as url, connect(url) as connection:
        try:
            wanted = read_users(file)
            with connection.transaction(force_rollback=dry_run):
                changes = write_users(connection, wanted)
                _tell(connection, changes)
        except OSError as error:
            raise Failure(f"{file} cannot be read: {error.strerror}.") from error
        except UsersError as error:
            raise Failure(str(error)) from error
    if dry_run:
        out.print("Nothing was written: this was a dry run.")


def anonymise_old(
    older_than: Annotated[str, typer.Option("--older-than", metavar="AGE", help="2y, 18m or 400d, since they ended.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Otherwise only show what would be done.")] = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Remove contacts of reports that ended long ago, and mask text in them that identifies a person.

    It cannot be undone. Open reports are never changed. If interrupted, run the same command again to continue.
    """
    now = datetime.now(UTC)
    with opened(database, data) as url, connect(url) as connection, progress_bar() as progress:
        try:
            before = ended_before(connection, older_than, now)
        except AgeError as error:
            raise Failure(str(error)) from error
        old = find_old(connection, before, progress=progress) if not yes else None
        done = anonymise(connection, before, now=now, progress=progress) if yes else None
    if done:
        out.print(f"Done for reports that ended before {before:%Y-%m-%d}: {done.sentence()}.", soft_wrap=True)
    if old:
        out.print(f"Reports that ended before {before:%Y-%m-%d}: {old.sentence()}.", soft_wrap=True)
        if old.codes:
            out.print(f"For example {', '.join(old.codes)}.", highlight=False, soft_wrap=True)
        out.print("Nothing was written. To do it, which cannot be undone: the same with --yes.", soft_wrap=True)


def _let(subject: str, database: str | None, data: Path | None, *, disabled: bool) -> None:
    with opened(database, data) as url, connect(url) as connection:
        try:
            changes = set_disabled(connection, subject.strip(), disabled)
        except UsersError as error:
            raise Failure(str(error)) from error
        _tell(connection, changes)


def _tell(connection: psycopg.Connection, changes: list[Change]) -> None:
    """Print the changes, and warn of accounts that probably belong to one person."""
    for change in changes:
        words = f"{change.subject}: {change.action}; {change.reason}."
        out.print(words, highlight=False, soft_wrap=True)
    if not changes:
        out.print("Nothing changes.")
    touched = {change.subject for change in changes}
    for group in alike(users(connection)):
        if touched & set(group):
            words = f"Warning: {' and '.join(group)} differ only by capital letters. The identity provider tells them"
            out.print(f"{words} apart letter for letter; disable the one it does not send.", soft_wrap=True)
