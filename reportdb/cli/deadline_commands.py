"""The commands about deadlines: show rules and their uncertainties, recompute deadlines."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import typer
from rich.table import Table

from reportdb.check.contents import RULE_QUESTIONS, disagreement
from reportdb.cli.command_line import Data, Database, Failure, opened, out, progress_bar
from reportdb.cli.data_commands import DryRun, File, MappingFile, RejectsFile, run_import
from reportdb.database.connection import connect
from reportdb.deadlines.recomputation import Changes, OtherChanges, apply_changes, find_changes
from reportdb.deadlines.rule_table import NewRule, TermError, read_term, working_day_minutes, write_rule

deadlines_app = typer.Typer(help="Deadline rules, and recomputation of deadlines.", no_args_is_help=True)

Severity = Literal["urgent", "complex", "normal"]
CountsFrom = Literal["submitted", "received"]

_EXAMPLES = 5


@deadlines_app.command()
def show(
    all_: Annotated[bool, typer.Option("--all", help="Include rules no longer in force.")] = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Show present and future rules, which of them are unconfirmed, and what makes deadlines unknown."""
    now = datetime.now(UTC)
    with opened(database, data) as url, connect(url) as connection:
        out.print(_rules(connection, now, all_=all_))
        warnings = [damage for question in RULE_QUESTIONS for damage in disagreement(connection, question, now)]
        unsure = connection.execute("select not bool_and(confirmed) from office_hours").fetchone()
    if unsure and unsure[0]:
        out.print("The office hours are not all confirmed.")
    for warning in warnings:
        out.print(str(warning), highlight=False, soft_wrap=True)


@deadlines_app.command()
def recompute(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")] = False,
    apply: Annotated[
        str | None, typer.Option("--apply", metavar="TOKEN", help="Write what the dry run with this token showed.")
    ] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Also reports already resolved or refused.")] = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Recompute deadlines by the present rules and calendar.

    First --dry-run, which prints a token for its result; then --apply TOKEN. The old deadlines stay in each report's
    past: an earlier moment shows what it showed before.
    """
    if dry_run == (apply is not None):
        raise typer.BadParameter("Give --dry-run, or --apply with the token a dry run printed.")
    now = datetime.now(UTC)
    with opened(database, data) as url, connect(url) as connection, progress_bar() as progress:
        if apply is None:
            changes = find_changes(connection, ended=ended, progress=progress)
            _tell(connection, changes, now, ended=ended)
            return
        try:
            changes = apply_changes(connection, apply, now=now, ended=ended, progress=progress)
        except OtherChanges as error:
            raise Failure(str(error)) from error
        except psycopg.errors.SerializationFailure as error:
            raise Failure("Reports changed meanwhile, so nothing was written. Try the same again.") from error
        out.print(f"{len(changes.ids)} reports have new deadlines.")


@deadlines_app.command()
def add(
    source: Annotated[str, typer.Option(help="Who says so: the decision, its number and date.")],
    from_: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="The first day, as 2026-01-10.")
    ],
    handle: Annotated[
        str | None, typer.Option(metavar="TERM", help='As "4 hours", "3 days", "8 working hours", "15 working days".')
    ] = None,
    receive: Annotated[
        str | None, typer.Option(metavar="TERM", help="By when a unit must receive; as --handle.")
    ] = None,
    category: Annotated[str | None, typer.Option(metavar="CODE", help="Else all categories.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Else all severities.")] = None,
    counts_from: Annotated[CountsFrom, typer.Option(help="Where the term to handle begins.")] = "submitted",
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="It is official; else it is marked unconfirmed.")
    ] = False,
    dry_run: DryRun = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Add a rule: what is promised for a category or a severity, from a day on. It ends the rule before it.

    Existing deadlines do not change; `deadlines recompute` shows what would.
    """
    day = from_.date()
    with opened(database, data) as url, connect(url) as connection, connection.transaction(force_rollback=dry_run):
        try:
            day_minutes = working_day_minutes(connection, day)
            rule = NewRule(
                category_id=_category(connection, category),
                severity=severity,
                receive=read_term(receive, day_minutes=day_minutes) if receive else None,
                handle=read_term(handle, day_minutes=day_minutes) if handle else None,
                handle_from=counts_from,
                valid_from=day,
                source=source,
                confirmed=confirmed,
            )
            done = write_rule(connection, rule)
        except TermError as error:
            raise Failure(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
        out.print({"new": "Added.", "updated": "Corrected.", "unchanged": "It is there already."}[done])
        out.print(_rules(connection, datetime.now(UTC), all_=False))
    if dry_run:
        out.print("Nothing was written: this was a dry run.")


@deadlines_app.command("import")
def import_rules(
    file: File,
    mapping: MappingFile,
    rejects: RejectsFile = None,
    dry_run: DryRun = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Import rules from a file through a mapping. docs/import-others.md describes it.

    Existing deadlines do not change; `deadlines recompute` shows what would.
    """
    from reportdb.city_data.rules import Rules

    run_import(Rules, file, mapping, rejects=rejects, dry_run=dry_run, database=database, data=data)


def _category(connection: psycopg.Connection, code: str | None) -> int | None:
    if code is None:
        return None
    row = connection.execute("select id from category where code = %s", [code]).fetchone()
    if row is None:
        raise Failure(f"No category has the code {code!r}.")
    return int(row[0])


def _rules(connection: psycopg.Connection, now: datetime, *, all_: bool) -> Table:
    table = Table("Id", "Category", "Severity", "Receive", "Handle", "Clock", "From", "Valid", "Confirmed", "Source")
    rows = connection.execute(
        """select rule.id, coalesce(category.code, 'all'), coalesce(rule.severity, 'all'), receive_minutes,
               handle_minutes, clock, handle_from, rule.valid_from, rule.valid_to, receive_confirmed, handle_confirmed,
               source
           from deadline_rule as rule cross join city left join category on category.id = category_id
           where %(all)s or valid_to is null or valid_to > cast(%(now)s at time zone time_zone as date)
           order by category_id nulls last, rule.severity nulls last, valid_from, rule.id""",
        {"all": all_, "now": now},
    ).fetchall()
    for identity, category, severity, receive, handle, clock, start, since, until, sure, sure_handle, source in rows:
        confirmed = {(True, True): "yes", (True, False): "receipt only", (False, True): "handling only"}
        table.add_row(
            str(identity), category, severity, _hours(receive), _hours(handle), clock, start,
            f"{since} to {until}" if until else f"since {since}", confirmed.get((sure, sure_handle), "no"), source,
        )  # fmt: skip
    return table


def _hours(minutes: int | None) -> str:
    return "not given" if minutes is None else f"{minutes / 60:g} h"


def _tell(connection: psycopg.Connection, changes: Changes, now: datetime, *, ended: bool) -> None:
    """Print the changes: how many, by rule, examples, and the token to apply exactly these."""
    out.print(f"{len(changes.ids)} of {changes.looked_at} reports would change.", highlight=False)
    if changes.unknown:
        words = "do not change: only the source gave their deadline, or an extension names no minutes."
        out.print(f"{changes.unknown} {words}", highlight=False, soft_wrap=True)
    if not len(changes.ids):
        return
    for rule, count in zip(*np.unique(changes.after.rule_id, return_counts=True), strict=True):
        out.print(f"  {'no rule' if rule == 0 else f'rule {rule}'}: {count}", highlight=False)
    more, fewer = changes.overdue(np.datetime64(now.replace(tzinfo=None), "us"))
    late = "be overdue or have ended late" if ended else "be overdue"
    out.print(f"{more} more would {late}, {fewer} fewer.", highlight=False)
    some = np.linspace(0, len(changes.ids) - 1, min(_EXAMPLES, len(changes.ids))).astype(int)
    rows = connection.execute(
        "select id, public_code, time_zone from report cross join city where id = any(%s)", [changes.ids[some].tolist()]
    ).fetchall()
    known = {identity: (code, ZoneInfo(zone)) for identity, code, zone in rows}
    table = Table("Report", "Rule before", "after", "Receive by, before", "after", "Due before", "after")
    for n in some.tolist():
        code, zone = known[int(changes.ids[n])]
        cells: list[str] = []
        for name in ("rule_id", "receive_due_at", "due_at"):
            cells += [_words(getattr(given, name)[n].item(), zone) for given in (changes.before, changes.after)]
        table.add_row(code, *cells)
    out.print(table)
    out.print(
        f"To write exactly this: deadlines recompute --apply {changes.token}{' --ended' if ended else ''}",
        highlight=False,
        soft_wrap=True,
    )


def _words(value: int | datetime | None, zone: ZoneInfo) -> str:
    """Return a rule's id or a deadline (naive, in UTC) as text."""
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M}"
    return str(value) if value else "none"
