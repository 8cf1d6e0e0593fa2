"""Accounts: subject, role, unit. Each change writes a line into the access log."""

import csv
import getpass
import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg

ROLES = ("leader", "unit_head", "viewer", "admin")
LANGUAGES = ("vi", "en")
COLUMNS = ("subject", "name", "role", "unit", "disabled")
"""The columns of a file of accounts: `unit` is a unit's code, `disabled` yes or no (empty: no)."""
LANGUAGE_COLUMN = "language"
"""May follow COLUMNS: the account's language, vi or en (empty: the browser's). Without it, languages do not change."""


class UsersError(Exception):
    """An invalid account; the message says why and what to do."""


@dataclass(frozen=True)
class User:
    """An account. `subject` is the identity provider's name for it, case-sensitive; `unit` is a unit's code.

    `language` is its language; None: the browser's, "" in a wanted account: unchanged.
    """

    subject: str
    name: str
    role: str
    unit: str | None = None
    disabled: bool = False
    language: str | None = None


@dataclass(frozen=True)
class Change:
    """A change of an account: the access log's action, and what changed in words."""

    action: str
    subject: str
    reason: str


def users(connection: psycopg.Connection) -> list[User]:
    """Return every account in order of its subject."""
    rows = connection.execute(
        """select subject, app_user.name, role, unit.code, disabled_at is not null, language
           from app_user left join unit on unit.id = unit_id order by subject collate "C" """
    ).fetchall()
    return [User(*row) for row in rows]


def read_users(file: Path) -> list[User]:
    """Read a file of accounts, CSV with COLUMNS. Raises UsersError with the line and the cure, OSError."""
    found: dict[str, User] = {}
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = csv.DictReader(opened)
        try:
            columns = tuple(rows.fieldnames or ())
            if columns not in {COLUMNS, (*COLUMNS, LANGUAGE_COLUMN)}:
                raise UsersError(
                    f"The first line must name the columns: {','.join(COLUMNS)}. {LANGUAGE_COLUMN} may follow them."
                )
            for row in rows:
                user = _read(row)
                if user.subject in found:
                    raise UsersError(f"{user.subject} occurs twice; leave one of the lines.")
                found[user.subject] = user
        except (UsersError, ValueError, csv.Error) as error:
            raise UsersError(f"{file}, line {max(rows.line_num, 1)}: {error} Nothing was written.") from error
    return list(found.values())


def _read(row: dict[str, str]) -> User:
    if None in row or None in row.values():
        raise UsersError(f"The line must have {len(row.keys() - {None})} fields.")
    if row["disabled"].strip() not in {"yes", "no", ""}:
        raise UsersError(f"disabled is {row['disabled']!r}; write yes or no.")
    user = User(row["subject"], row["name"], row["role"].strip(), row["unit"].strip() or None)
    language = row[LANGUAGE_COLUMN].strip() or None if LANGUAGE_COLUMN in row else ""
    return _whole(replace(user, disabled=row["disabled"].strip() == "yes", language=language))


def _whole(user: User) -> User:
    """Return an account with its words trimmed. Raises UsersError if it is invalid."""
    user = replace(
        user, subject=user.subject.strip(), name=unicodedata.normalize("NFC", user.name.strip()), unit=user.unit or None
    )
    if not user.subject or not user.name:
        raise UsersError("An account needs a subject, the identity provider's name for it, and a name.")
    if user.role not in ROLES:
        raise UsersError(f"The role is {user.role!r}; it must be one of {', '.join(ROLES)}.")
    if user.language and user.language not in LANGUAGES:
        raise UsersError(f"The language is {user.language!r}; it must be one of {', '.join(LANGUAGES)}, or empty.")
    if (user.role == "unit_head") != (user.unit is not None):
        raise UsersError(f"{user.subject}: a unit_head needs a unit's code; no other role may have one.")
    return user


def write_users(connection: psycopg.Connection, wanted: Iterable[User], *, now: datetime | None = None) -> list[Change]:
    """Set the accounts to what is wanted, all or none, and return the changes; other accounts do not change.

    Each change writes a line into the access log. Idempotent. Raises UsersError.
    """
    now = now or datetime.now(UTC)
    changes: list[Change] = []
    with connection.transaction():
        connection.execute("lock table app_user in share row exclusive mode")  # concurrent writers take turns
        known = {user.subject: user for user in users(connection)}
        codes: dict[str, int] = dict(connection.execute("select code, id from unit").fetchall())
        for user in map(_whole, wanted):
            if user.unit is not None and user.unit not in codes:
                raise UsersError(f"{user.subject}: no unit has the code {user.unit!r}. Nothing was written.")
            before = known.get(user.subject)
            if user.language == "":
                user = replace(user, language=before.language if before else None)  # noqa: PLW2901
            if (change := _change(before, user)) is None:
                continue
            changes.append(change)
            connection.execute(
                """insert into app_user (subject, name, role, unit_id, language, created_at, disabled_at)
                   values (%(subject)s, %(name)s, %(role)s, %(unit)s, %(language)s, %(now)s, %(disabled_at)s)
                   on conflict (subject) do update
                       set name = excluded.name, role = excluded.role, unit_id = excluded.unit_id,
                           language = excluded.language,
                           disabled_at = case when excluded.disabled_at is null then null
                               else coalesce(app_user.disabled_at, excluded.disabled_at) end""",
                {"subject": user.subject, "name": user.name, "role": user.role, "unit": codes.get(user.unit or ""),
                 "language": user.language, "now": now, "disabled_at": now if user.disabled else None},
            )  # fmt: skip
            log(connection, change.action, f"{change.subject}: {change.reason}", now=now)
    return changes


def _change(before: User | None, after: User) -> Change | None:
    """Return the change from one account to the other; None if there is none."""
    if before is None:
        said = [f"language {after.language}"] if after.language else []
        return Change("account added", after.subject, "; ".join([*_facts(after), *said]))
    if before == after:
        return None
    if before == replace(after, disabled=before.disabled):
        return Change(f"account {'disabled' if after.disabled else 'enabled'}", after.subject, _state(after))
    changed = [f"{old} is now {new}" for old, new in zip(_facts(before), _facts(after), strict=True) if old != new]
    if before.language != after.language:
        changed.append(f"language {_language(before)} is now {_language(after)}")
    return Change("account changed", after.subject, "; ".join(changed))


def _facts(user: User) -> list[str]:
    return [f"name {user.name}", f"role {user.role}", f"unit {user.unit or 'none'}", _state(user)]


def _language(user: User) -> str:
    return user.language or "of the browser"


def _state(user: User) -> str:
    return "disabled" if user.disabled else "enabled"


def set_disabled(connection: psycopg.Connection, subject: str, disabled: bool) -> list[Change]:
    """Disable or enable an account, and return the changes. Raises UsersError for an unknown account."""
    known = {user.subject: user for user in users(connection)}
    if subject not in known:
        near = next((other for other in known if other.casefold() == subject.casefold()), None)
        raise UsersError(f"There is no account {subject}." + (f" Was {near} meant?" if near else " See `users list`."))
    return write_users(connection, [replace(known[subject], disabled=disabled)])


def alike(everybody: Iterable[User]) -> Iterator[tuple[str, ...]]:
    """Yield the subjects that differ only in case: probably one person twice."""
    groups: dict[str, list[str]] = {}
    for user in everybody:
        groups.setdefault(user.subject.casefold(), []).append(user.subject)
    yield from (tuple(group) for group in groups.values() if len(group) > 1)


def log(connection: psycopg.Connection, action: str, reason: str, *, now: datetime) -> None:
    """Write a line into the access log, in the name of the user who runs the command."""
    connection.execute(
        "insert into access_log (at, subject, action, reason) values (%s, %s, %s, %s)",
        [now, f"operator {_operator()}", action, reason],
    )


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container the user may have no name
        return str(os.getuid())
