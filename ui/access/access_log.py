"""The access page's content for an administrator: unusual volumes, the accounts, and the access log page by page."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import pandas as pd

from queries.access.record import CASE, FILE, Volume
from queries.figures.figures import names, reading_order
from ui.access import record
from ui.access.accounts import role_name
from ui.address.controls import BEFORE
from ui.address.links import address, carried
from ui.base.i18n import _, moment, name, ngettext, number
from ui.base.page_paths import ACCESS, CASES, REPORT
from ui.base.run import Run
from ui.base.thresholds import thresholds
from ui.live.freshness import TONES

PAGE_LENGTH = 50
KINDS: Mapping[str, tuple[str, ...]] = {
    "cases": (CASE,),
    "files": (FILE,),
    "contacts": ("contact", "contact refused"),
    "refusals": (
        "contact refused",
        "case refused",
        "search refused",
        "page refused",
        "file refused",
        "map data refused",
        "sign-in refused",
        "refused at the gate",
    ),
    "accounts": ("account added", "account changed", "account disabled", "account enabled", "anonymised"),
}
"""The filters of the log, and the actions each includes."""
_LONGEST_SUBJECT = 200
_MOST_DIGITS = 18


def accounts(run: Run, table: pd.DataFrame) -> dict[str, Any]:
    """Return the accounts (queries.accounts.listed) as words for access/access_accounts.html. Raises DatabaseAway."""
    units = names(run.reports, "unit").to_dict("index")
    rows = [
        {
            "subject": row["subject"],
            "name": row["name"],
            "role": role_name(row["role"]),
            "unit": "" if pd.isna(row["unit_id"]) else name(units[int(row["unit_id"])]),
            "since": moment(run.local(row["created_at"])),
            "disabled": "" if pd.isna(row["disabled_at"]) else moment(run.local(row["disabled_at"])),
        }
        for row in sorted(
            table.to_dict("records"),
            key=lambda row: (not pd.isna(row["disabled_at"]), row["role"], reading_order(row["name"])),
        )
    ]
    return {"rows": rows}


def kind_name(kind: str) -> str:
    """Return the name of a filter of the log; empty for none."""
    return {
        "": _("Everything"),
        "cases": _("Cases opened"),
        "files": _("Files exported"),
        "contacts": _("Contacts"),
        "refusals": _("Refusals"),
        "accounts": _("Accounts"),
    }[kind]


def asked_who(run: Run) -> str | None:
    """Return the account whose lines the address asks for; None for all."""
    return next(iter(run.query.get("who", [])), "").replace("\0", "").strip()[:_LONGEST_SUBJECT] or None


def volume(run: Run, taken: Sequence[Volume]) -> dict[str, Any]:
    """Return the accounts above the limits of thresholds.toml as words for access/access_volume.html."""
    limits = thresholds()
    found = record.alarms(taken)
    rows = [
        {
            "who": alarm.volume.subject,
            "href": address(ACCESS, **carried(run) | {"who": alarm.volume.subject}),
            "counts": [
                (number(count), TONES[limit.level(count)])
                for count, limit in (
                    (alarm.volume.opened_hour, limits.opened_hour),
                    (alarm.volume.opened_day, limits.opened_day),
                    (alarm.volume.exported_hour, limits.exported_hour),
                    (alarm.volume.exported_day, limits.exported_day),
                )
            ],
        }
        for alarm in found
    ]
    allowed = {
        "opened_hour": limits.opened_hour,
        "opened_day": limits.opened_day,
        "exported_hour": limits.exported_hour,
        "exported_day": limits.exported_day,
    }
    tone = TONES[found[0].level] if found else ""
    return {"rows": rows, "tone": tone, "limits": {name: number(limit.amber) for name, limit in allowed.items()}}


def asked_before(run: Run) -> tuple[int | None, str]:
    """Return the line number in the address before which the log's page ends (None: the newest page), and the value if
    it is not a number.
    """
    wanted = next(iter(run.query.get(BEFORE, [])), "")
    if wanted.isdecimal() and len(wanted) <= _MOST_DIGITS:
        return int(wanted), ""
    return None, wanted


def lines(run: Run, table: pd.DataFrame, before: int | None) -> dict[str, Any]:
    """Return a page of the access log (queries.accounts.log) as words for access/access_log.html."""
    shown = table.head(PAGE_LENGTH)
    rows = [_line(run, row) for row in shown.astype(object).where(shown.notna(), None).to_dict("records")]
    older = address("?", **run.query | {BEFORE: int(shown["id"].iloc[-1])}) if len(table) > PAGE_LENGTH else ""
    newest = address("?", **{word: value for word, value in run.query.items() if word != BEFORE}) if before else ""
    return {"rows": rows, "older": older, "newest": newest}


def _line(run: Run, row: Mapping[Any, Any]) -> dict[str, Any]:
    code = row["public_code"]
    return {
        "at": moment(run.local(row["at"])),
        "who": row["subject"],
        "of_who": address(
            "?", **{word: value for word, value in run.query.items() if word != BEFORE} | {"who": row["subject"]}
        ),
        "what": _actions().get(row["action"], row["action"]),
        "code": code or "",
        "href": address(REPORT, **carried(run) | {"code": code}) if code else "",
        "why": row["reason"] or "",
        "file": _file(row) if row["action"] == FILE else None,
    }


def _file(row: Mapping[Any, Any]) -> dict[str, str]:
    """Return what a file contained: its number, how many cases, and a link to the same list."""
    listed = ngettext("{count} case", "{count} cases", int(row["listed"] or 0))
    if row["whole"]:
        words, tone = listed, ""
    elif row["whole"] is None:
        words, tone = _("{cases} requested; end not recorded", cases=listed), "muted"
    else:
        words, tone = _("aborted: {sent} of {cases} sent", sent=number(int(row["sent"])), cases=listed), "due-soon"
    query = parse_qs(row["query"] or "", keep_blank_values=True)
    return {
        "name": _("No. {number}, {kind}", number=str(row["id"]), kind=str(row["kind"] or "").upper()),
        "words": words,
        "tone": tone,
        "href": address(CASES, **query) if row["query"] is not None else "",
    }


def _actions() -> dict[str, str]:
    return {
        CASE: _("opened a case"),
        FILE: _("exported a file of cases"),
        "contact": _("looked at the citizen's contact"),
        "contact refused": _("was refused the citizen's contact"),
        "case refused": _("was refused a case"),
        "search refused": _("searched for a code, found none"),
        "page refused": _("was refused a page"),
        "file refused": _("was refused a file"),
        "map data refused": _("was refused map data"),
        "sign-in refused": _("signed in without an account"),
        "refused at the gate": _("was refused at the gate"),
        "account added": _("account added"),
        "account changed": _("account changed"),
        "account disabled": _("account disabled"),
        "account enabled": _("account enabled"),
        "anonymised": _("old reports anonymised"),
    }
