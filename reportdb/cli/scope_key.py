"""The command of the key that the dashboard signs scopes with: `python -m reportdb scope-key --help`."""

from typing import Annotated

import typer

from reportdb.cli.command_line import Data, Database, err, opened, out
from reportdb.database.connection import connect
from reportdb.database.scope_key import change_scope_key, read_scope_key


def scope_key(
    new: Annotated[bool, typer.Option("--new", help="Make a new key first; the old one is refused at once.")] = False,
    database: Database = None,
    data: Data = None,
) -> None:
    """Print the key for a dashboard on another PostgreSQL (REPORT_SCOPE_KEY). It is a secret.

    With the embedded server the dashboard reads it by itself.
    """
    with opened(database, data) as url, connect(url) as connection:
        if new:
            change_scope_key(connection)
            err.print("A new key. Set it as REPORT_SCOPE_KEY and start the dashboards again.")
        out.print(read_scope_key(connection), markup=False, highlight=False, soft_wrap=True)
