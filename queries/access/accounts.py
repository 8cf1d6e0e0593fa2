"""Accounts and what each may see; contacts; the access log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pandas as pd

from queries.engine.database import ReportDatabase
from queries.engine.scope import ADMINISTRATION, ALL_CASES, GATE, NOTHING, Scope, cases_of

Role = Literal["leader", "unit_head", "viewer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Account:
    """An account. `unit_id` is the unit a unit_head is responsible for; `scope` says which cases it may read.

    `language` is the account's (vi or en); None: the browser's.
    """

    subject: str
    name: str
    role: Role
    scope: Scope
    unit_id: int | None = None
    language: str | None = None


@dataclass(frozen=True)
class Contact:
    """A citizen's name and telephone as given; either may be missing."""

    name: str | None
    phone: str | None


def accounts(reports: ReportDatabase) -> Mapping[str, Account]:
    """Return all enabled accounts by the identity provider's name for them. Raises DatabaseAway."""
    found = reports.poll("accounts", GATE)
    return {str(row["subject"]): _account(row) for row in found.to_dict("records")}


def _account(row: Mapping[Any, Any]) -> Account:
    role = next(known for known in ROLES if known == row["role"])
    units = row["units"] if isinstance(row["units"], list) else []
    scopes = {"leader": ALL_CASES, "admin": ADMINISTRATION, "unit_head": cases_of(tuple(units)), "viewer": NOTHING}
    unit_id = None if pd.isna(row["unit_id"]) else int(row["unit_id"])
    language = row["language"] if isinstance(row["language"], str) else None
    return Account(str(row["subject"]), str(row["name"]), role, scopes[role], unit_id, language)


def contact(reports: ReportDatabase, account: Account, report_id: int, reason: str) -> Contact | None:
    """Return a report's contact; who asked, when and why is in the access log before this returns.

    None if nobody left a name, or if the account may not see the case: the database decides, and logs that too. Raises
    DatabaseAway, NotAReportDatabase (a role that may see no contacts).
    """
    found = reports.ask_on_record("contact", scope=account.scope, id=report_id, who=account.subject, why=reason)
    if found.empty:
        return None
    row = found.astype(object).where(found.notna(), None).iloc[0]
    return Contact(row["name"], row["phone"])


def note(reports: ReportDatabase, who: str, what: str, *, report_id: int | None = None, why: str = "") -> None:
    """Write a line into the access log. Raises DatabaseAway."""
    reports.ask_on_record("note_access", scope=GATE, who=who, what=what, id=report_id, why=why)


def log(
    reports: ReportDatabase,
    account: Account,
    *,
    limit: int,
    before: int | None = None,
    who: str | None = None,
    actions: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Return the newest lines of the access log, or those before a line's id, for an administrator.

    `who` selects one account's lines, `actions` those of some actions. Columns: id, at (UTC), subject, action,
    public_code, report_id, reason; for a file also kind, query, listed, sent, whole (null: not ended, or unknown).
    Raises DatabaseAway, NotAReportDatabase (any other role).
    """
    chosen = None if actions is None else tuple(actions)
    return reports.ask_now("access_log", scope=account.scope, limit=limit, before=before, who=who, actions=chosen)


def listed(reports: ReportDatabase, account: Account) -> pd.DataFrame:
    """Return every present and past account, for an administrator.

    Columns: subject, name, role, unit_id, created_at, disabled_at (UTC). Raises DatabaseAway, NotAReportDatabase (any
    other role).
    """
    return reports.ask_now("accounts_listed", scope=account.scope)
