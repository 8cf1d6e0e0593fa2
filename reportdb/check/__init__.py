"""Say in plain words what is missing or malformed in a report database, where, and what cures it.

One file for each subject; questions about rows stand in questions.toml. Imports `reportdb.areas` and `database`.
"""

from datetime import UTC, datetime
from functools import partial

import psycopg

from reportdb.check.access import function_damage, read_functions, role_damage, shown_without_scope
from reportdb.check.contents import QUESTIONS, bad_time_zones, disagreement
from reportdb.check.damage import Finding
from reportdb.check.login import beyond_the_owner, login_damage
from reportdb.check.places import misplaced
from reportdb.check.rules import broken_rules
from reportdb.check.structure import (
    expected_structure,
    read_structure,
    same_tables,
    structural_damage,
    views_of_cases,
)

__all__ = ["Finding", "beyond_the_owner", "find_damage"]


def find_damage(connection: psycopg.Connection, now: datetime | None = None) -> list[Finding]:
    """Return all that is wrong in the report database at `now` (else this moment); nothing is changed.

    Tables may be tables or views. `connection` is the owner's and in no transaction: the expected structure is made
    from reportdb/schema/ in a scratch schema and undone, so the owner must be allowed to create schemas.
    """
    now = now or datetime.now(UTC)
    expected, functions = expected_structure(connection)
    with connection.transaction():
        # One picture of the data, however many reports come in meanwhile.
        connection.execute("set transaction isolation level repeatable read, read only")
        found = read_structure(connection, expected)
        known = read_functions(connection, functions)
        damage = [
            *structural_damage(expected, found),
            *function_damage(functions, known, same_tables=same_tables(found)),
            *role_damage(connection),
            *login_damage(connection),
            *shown_without_scope(connection, views_of_cases(expected, found)),
        ]
        for look in (
            partial(broken_rules, connection, expected, found),
            partial(bad_time_zones, connection),
            *(partial(disagreement, connection, question, now) for question in QUESTIONS),
            partial(misplaced, connection),
        ):
            try:
                with connection.transaction():
                    damage.extend(look())
            except (psycopg.ProgrammingError, psycopg.DataError):
                # A column that is missing or of another type cannot be looked into; it is named above.
                if not damage:
                    raise
    return damage
