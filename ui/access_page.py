"""What the access page tells an administrator: the accounts, and the access log page by page."""

from typing import Any

import pandas as pd

from queries.figures import names, reading_order
from ui.access import role_name
from ui.filters import carried
from ui.links import REPORT
from ui.panel import address
from ui.viewing import Viewing
from ui.words import _, moment, name

PAGE_LENGTH = 50
_MOST_DIGITS = 18


def accounts(seen: Viewing, table: pd.DataFrame) -> dict[str, Any]:
    """Return the accounts (queries.accounts.listed) in words, for panels/access_accounts.html. Raises DatabaseAway."""
    units = names(seen.reports, "unit").to_dict("index")
    rows = [
        {
            "subject": row["subject"],
            "name": row["name"],
            "role": role_name(row["role"]),
            "unit": "" if pd.isna(row["unit_id"]) else name(units[int(row["unit_id"])]),
            "since": moment(seen.local(row["created_at"])),
            "disabled": "" if pd.isna(row["disabled_at"]) else moment(seen.local(row["disabled_at"])),
        }
        for row in sorted(
            table.to_dict("records"),
            key=lambda row: (not pd.isna(row["disabled_at"]), row["role"], reading_order(row["name"])),
        )
    ]
    return {"rows": rows}


def asked_before(seen: Viewing) -> tuple[int | None, str]:
    """Return before which line of the log the address asks for a page (None: the newest), and what it asks for that is
    no line's number.
    """
    wanted = next(iter(seen.query.get("before", [])), "")
    if wanted.isdecimal() and len(wanted) <= _MOST_DIGITS:
        return int(wanted), ""
    return None, wanted


def lines(seen: Viewing, table: pd.DataFrame, before: int | None) -> dict[str, Any]:
    """Return a page of the access log (queries.accounts.log) in words, for panels/access_log.html."""
    shown = table.head(PAGE_LENGTH)
    rows = [
        {
            "at": moment(seen.local(row["at"])),
            "who": row["subject"],
            "what": _actions().get(row["action"], row["action"]),
            "code": row["public_code"] if isinstance(row["public_code"], str) else "",
            "href": address(REPORT, **carried(seen) | {"code": row["public_code"]})
            if isinstance(row["public_code"], str)
            else "",
            "why": row["reason"] or "",
        }
        for row in shown.to_dict("records")
    ]
    older = address("?", **seen.query | {"before": int(shown["id"].iloc[-1])}) if len(table) > PAGE_LENGTH else ""
    newest = address("?", **{word: value for word, value in seen.query.items() if word != "before"}) if before else ""
    return {"rows": rows, "older": older, "newest": newest}


def _actions() -> dict[str, str]:
    return {
        "contact": _("looked at the citizen's contact"),
        "contact refused": _("was refused the citizen's contact"),
        "case refused": _("was refused a case"),
        "search refused": _("searched for a code, found none"),
        "page refused": _("was refused a page"),
        "file refused": _("was refused a file"),
        "map data refused": _("was refused map data"),
        "sign-in refused": _("signed in without an account"),
        "account added": _("account added"),
        "account changed": _("account changed"),
        "account disabled": _("account disabled"),
        "account enabled": _("account enabled"),
        "anonymised": _("old reports anonymised"),
    }
