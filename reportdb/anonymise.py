"""Data retention: old reports lose their contacts, and text that identifies a person is masked."""

import re
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from rich.progress import Progress

from reportdb.users import log

_REPORTS_AT_ONCE = 5_000
_EXAMPLES = 5
_AGE = re.compile(r"([1-9]\d{0,4})([ymd])")

# A report that was reopened meanwhile has no end, and is excluded here.
_OLD = "select id from report where ended_at < %(before)s and id > %(after)s order by id limit %(limit)s"

# The schema's masked() defines the masking; its results are stored beside the text.
_WORDS_CHANGE = """(title, text, address, answer)
    is distinct from (masked_title, masked_text, masked_address, masked_answer)"""

_WHAT = f"""
    with contact as (select report_id from report_contact where report_id = any(%(ids)s)),
        worded as (select id from report where id = any(%(ids)s) and {_WORDS_CHANGE}),
        noted as (select report_id, at, kind from report_event where report_id = any(%(ids)s) and note <> masked_note
            union select report_id, at, kind from imported_step
            where report_id = any(%(ids)s) and note <> masked(note))
    select (select count(*) from contact), (select count(*) from worded), (select count(*) from noted),
        array(select public_code from report
              where id in (select * from contact union select * from worded union select report_id from noted)
              order by id limit %(examples)s)"""  # noqa: S608 -- nothing in it comes from outside

# updated_at is not changed: nothing has happened to the report, and no screen has anything new to show.
_MASK = f"""
    update report
    set title = masked_title, text = masked_text, address = masked_address, answer = masked_answer
    where id = any(%(ids)s) and {_WORDS_CHANGE}"""  # noqa: S608 -- nothing in it comes from outside


# What a city's file told is kept beside the step that it became.
_MASK_NOTES = (
    """update report_event set note = masked_note where report_id = any(%s) and note <> masked_note
       returning report_id, at, kind""",
    """update imported_step set note = masked(note) where report_id = any(%s) and note <> masked(note)
       returning report_id, at, kind""",
)


class AgeError(Exception):
    """An invalid age; the message says how to write one."""


@dataclass
class Old:
    """The personal data in old reports: contacts, and reports and notes with something to mask."""

    contacts: int = 0
    reports: int = 0
    notes: int = 0
    codes: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """Return the numbers in words."""
        return f"{self.contacts} contacts, {self.reports} reports with words to mask, {self.notes} notes of their steps"


def ended_before(connection: psycopg.Connection, age: str, now: datetime) -> datetime:
    """Return the time so long before `now`: 2y are years, 18m months, 400d days. Raises AgeError."""
    said = _AGE.fullmatch(age)
    if said is None:
        raise AgeError(f"{age!r} is not an age; write years, months or days, as 2y, 18m or 400d.")
    word = {"y": "years", "m": "months", "d": "days"}[said[2]]
    try:
        row = connection.execute("select %s - cast(%s as interval)", [now, f"{said[1]} {word}"]).fetchone()
    except psycopg.DataError as error:
        raise AgeError(f"{age} ago lies before any calendar.") from error
    moment: datetime = (row or (now,))[0]
    return moment


def find_old(connection: psycopg.Connection, before: datetime, *, progress: Progress) -> Old:
    """Return what `anonymise` would remove and mask now, with a few reports' codes; nothing is written."""
    old = Old()
    bar = progress.add_task("Reading", total=None)
    after = 0
    while ids := _ids(connection, before, after, _REPORTS_AT_ONCE):
        row = connection.execute(_WHAT, {"ids": ids, "examples": _EXAMPLES}).fetchone() or (0, 0, 0, [])
        old.contacts, old.reports, old.notes = old.contacts + row[0], old.reports + row[1], old.notes + row[2]
        old.codes = [*old.codes, *row[3]][:_EXAMPLES]
        after = ids[-1]
        progress.advance(bar, len(ids))
    return old


def anonymise(
    connection: psycopg.Connection,
    before: datetime,
    *,
    now: datetime,
    progress: Progress,
    at_once: int = _REPORTS_AT_ONCE,
) -> Old:
    """Remove the contacts of reports that ended before a moment, mask their text, and return the numbers.

    So many reports `at_once`, each time for good: whoever is stopped starts again, and what is done is done. One
    line in the access log says how much it was, also of what was stopped.
    """
    done = Old()
    bar = progress.add_task("Masking", total=None)
    after = 0
    try:
        while True:
            with connection.transaction():
                ids = _ids(connection, before, after, at_once, " for update")
                contacts = connection.execute("delete from report_contact where report_id = any(%s)", [ids]).rowcount
                reports = connection.execute(_MASK, {"ids": ids}).rowcount
                notes = len(
                    {note for question in _MASK_NOTES for note in connection.execute(question, [ids]).fetchall()}
                )
            if not ids:
                return done
            done.contacts, done.reports, done.notes = (
                done.contacts + contacts,
                done.reports + reports,
                done.notes + notes,
            )
            after = ids[-1]
            progress.advance(bar, len(ids))
    finally:
        log(connection, "anonymised", f"reports that ended before {before:%Y-%m-%d}: {done.sentence()}", now=now)


def _ids(connection: psycopg.Connection, before: datetime, after: int, most: int, locked: str = "") -> list[int]:
    given = {"before": before, "after": after, "limit": most}
    return [number for (number,) in connection.execute(_OLD + locked, given).fetchall()]
