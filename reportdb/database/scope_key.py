"""The key that the dashboard signs scopes with, and the embedded server's login for it (17_scope.sql)."""

import psycopg
from psycopg import sql

from reportdb.database.cluster import OWNER
from reportdb.database.connection import connect
from reportdb.database.migrations import DASHBOARD

LOGIN = "report_dashboard_login"
"""The dashboard's login on the embedded server: a member of `report_dashboard` that owns nothing."""


def read_scope_key(connection: psycopg.Connection) -> str:
    """Return the key in hexadecimal digits, creating one if needed. `connection` is the owner's."""
    row = connection.execute("select encode(key, 'hex') from scope_key").fetchone()
    if row is None:
        change_scope_key(connection)
        return read_scope_key(connection)
    return str(row[0])


def change_scope_key(connection: psycopg.Connection) -> None:
    """Make a new key: signatures made with the old one are refused from now on. `connection` is the owner's."""
    connection.execute("select change_scope_key()")


def embedded_scope_key(url: str) -> str:
    """Return the key of the embedded server's database at the owner's URL. Raises DatabaseUnreachable."""
    with connect(url) as connection:
        return read_scope_key(connection)


def dashboard_url(url: str) -> str:
    """Return the URL of the dashboard's login on the embedded server, creating the login if needed.

    `url` is the owner's, as `embedded_server` yields it. Raises DatabaseUnreachable.
    """
    name = sql.Identifier(LOGIN)
    with connect(url) as connection, connection.transaction():
        if not connection.execute("select 1 from pg_roles where rolname = %s", [LOGIN]).fetchone():
            connection.execute(sql.SQL("create role {} login noinherit").format(name))
        connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(DASHBOARD), name))
    return url.replace(f"//{OWNER}@", f"//{LOGIN}@", 1)
