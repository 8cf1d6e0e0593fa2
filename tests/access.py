"""A city of two units that must not see each other's cases, and its users.

Every report carries unique marks: in its code, its words, its place, its officer, its contact. If a mark reaches
somebody who may not see it, there is a leak.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from queries.engine.scope import ADMINISTRATION, AGGREGATES_ONLY, ALL_CASES, GATE, NOTHING, Scope, cases_of
from reportdb.database.connection import connect
from tests.browser.conftest import dashboard
from tests.conftest import NewDatabase, database_name
from tests.reports import DAY, HOUR, give_step, past, report, ruled_city

NOW = datetime.now(UTC).replace(microsecond=0)
"""The moment of the city's data: a running dashboard shows now."""
NEW = NOW - timedelta(minutes=5)
"""Later reports count as new."""
OURS, THEIRS, BELOW = 1, 2, 3
"""Units: the attacker's, the one attacked, and one below the first."""
LETTERS = {OURS: "a", THEIRS: "b", BELOW: "c"}
CASES = range(1, 9)
WORDS = ("title", "text", "address", "answer", "note")
"""Where a citizen's words are stored."""
HEADER = "X-Remote-User"
PROOF = {"X-Proxy-Secret": "known to the proxy and to us, and to nobody else"}
"""What the proxy sends besides the name."""
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}'; drop table report; --"
TABLES = ("report", "report_past", "report_event", "report_source", "report_contact")
"""The tables with row-level security."""
SCOPES: dict[str, Scope] = {
    "counts": AGGREGATES_ONLY,
    "head": cases_of((OURS, BELOW)),
    "viewer": NOTHING,
    "leader": ALL_CASES,
    "admin": ADMINISTRATION,
    "gate": GATE,
}
PEOPLE = {"leader": "leader", "viewer": "viewer", "admin": "admin", "head": "unit_head", "other": "unit_head"}
"""The accounts and their roles; for many attacks there are more heads of the same unit: `many-0` and so on."""
MANY = 60


def named(subject: str) -> dict[str, str]:
    """Return the headers in which the proxy names a user."""
    return {HEADER: subject} | PROOF


def number(unit: int, n: int) -> int:
    """Return the id of a unit's nth case."""
    return 7_000_000_000 + unit * 10_000_000 + n


def code(unit: int, n: int) -> str:
    """Return the public code of a unit's nth case."""
    return f"Z{LETTERS[unit].upper()}-40{n}"


def word(unit: int, n: int, where: str) -> str:
    """Return the mark in a case's words."""
    return f"zeta{LETTERS[unit]}{where}{n}q"


def telephone(unit: int, n: int, where: str) -> str:
    """Return the telephone number a citizen wrote into a case's words."""
    return f"09{unit}{WORDS.index(where)}{n:02}7513"


def contact(unit: int, n: int) -> tuple[str, str]:
    """Return a case's contact: name and telephone."""
    return f"Zeta{LETTERS[unit]}citizen{n}q", f"03{unit}9{n:02}8642"


def place(unit: int, n: int) -> tuple[float, float]:
    """Return a case's position: the units' cases are side by side."""
    return round(105.85007 + n / 10_000 + unit / 50_000, 5), round(21.05003 + n / 10_000 + unit / 50_000, 5)


def marks(units: Iterable[int], cases: Iterable[int] = CASES) -> set[str]:
    """Return what others may not learn of these units' cases, including contacts; in lower case."""
    found: set[str] = set()
    for unit in units:
        for n in cases:
            lon, lat = place(unit, n)
            found |= {code(unit, n), str(number(unit, n)), f"zeta{LETTERS[unit]}officer{n}q", *contact(unit, n)}
            found |= {str(lon), str(lat), f"{round(lon * 100_000)},{round(lat * 100_000)}"}
            for where in WORDS:
                found |= {word(unit, n, where), telephone(unit, n, where), f"{word(unit, n, where)}@example.org"}
    return {mark.lower() for mark in found}


def personal(units: Iterable[int]) -> set[str]:
    """Return the personal data in these units' cases: telephones and addresses in words, and contacts."""
    return {
        found.lower()
        for unit in units
        for n in CASES
        for where in WORDS
        for found in (telephone(unit, n, where), f"{word(unit, n, where)}@example.org", *contact(unit, n))
    }


def contacts(units: Iterable[int]) -> set[str]:
    """Return the names and telephones of these units' contacts."""
    return {found.lower() for unit in units for n in CASES for found in contact(unit, n)}


def leaks(told: str, secrets: Iterable[str], asked: str = "") -> set[str]:
    """Return the secrets in an answer, except those in the question itself."""
    told, asked = told.lower(), asked.lower()
    return {secret for secret in secrets if secret in told and secret not in asked}


def plant(connection: psycopg.Connection) -> None:
    """Fill an empty report database with the city, its cases, contacts and accounts."""
    ruled_city(connection)
    connection.execute(
        """insert into unit (id, code, name_vi, name_en, kind, area_id, parent_id)
               values (3, 'to-1', 'Tổ công tác 1', 'Team 1', 'department', 11, 1);
           insert into feed values (1, now(), interval '1 hour')"""
    )
    for key, west in ((1, 105.8), (2, 105.9), (11, 105.8), (12, 105.9)):
        ring = [[west, 21], [west + 0.1, 21], [west + 0.1, 21.1], [west, 21.1], [west, 21]]
        shape = json.dumps({"type": "Polygon", "coordinates": [ring]})
        connection.execute("update area set geometry = %s, lon = %s, lat = 21.05 where id = %s", [shape, west, key])
    for unit in LETTERS:
        for n in CASES:
            _plant_case(connection, unit, n)
    people = [(subject, role, OURS if subject == "head" else THEIRS) for subject, role in PEOPLE.items()]
    people += [(f"many-{turn}", "unit_head", OURS) for turn in range(MANY)]
    for subject, role, unit in people:
        connection.execute(
            "insert into app_user values (%s, %s, %s, %s, now(), null)",
            [subject, f"Name of {subject}", role, unit if role == "unit_head" else None],
        )


def _plant_case(connection: psycopg.Connection, unit: int, n: int) -> None:
    said = {
        where: f"{word(unit, n, where)} {telephone(unit, n, where)} {word(unit, n, where)}@example.org"
        for where in WORDS
    }
    lon, lat = place(unit, n)
    before = THEIRS if unit == OURS else OURS  # the unit before the transfer
    courses: dict[int, dict[str, Any]] = {
        1: {"severity": "urgent", "due_at": NOW - DAY, "receive_due_at": NOW - 2 * DAY},
        2: {"status": "in_progress", "received_at": NOW - 2 * DAY, "due_at": NOW + 3 * HOUR},
        3: {"escalated_at": NOW - HOUR},
        4: {"ended_at": NOW - HOUR, "answer": said["answer"], "due_at": NOW, "rating": "satisfied", "rated_at": NOW},
        5: {"ended_at": NOW - HOUR, "status": "refused", "answer": said["answer"]},
        6: {"due_at": NOW - HOUR, "transfer_count": 1},
        7: {"submitted_at": NOW - timedelta(minutes=3), "severity": "urgent"},
        8: {"status": "in_progress", "received_at": NOW - 2 * DAY, "reopen_count": 1},
    }
    facts = courses[n]
    district, ward = ((1, 11), (2, 12))[n % 2]
    report(
        connection,
        number(unit, n),
        **{
            "public_code": code(unit, n),
            "unit_id": unit,
            "district_id": district,
            "ward_id": ward,
            "lon": lon,
            "lat": lat,
            "officer": f"Zeta{LETTERS[unit]}officer{n}q",
            "title": f"{said['title']} {HOSTILE}",
            "text": f"{said['text']} {HOSTILE}",
            "address": said["address"],
            "submitted_at": NOW - 3 * DAY,
            "updated_at": NOW,
        }
        | facts,
    )
    key, began = number(unit, n), facts.get("submitted_at", NOW - 3 * DAY)
    give_step(connection, key, 1, "submitted", began, note=said["note"])
    if n == 6:
        past(connection, key, unit_id=before, submitted_at=began, valid_from=began, valid_to=NOW - DAY)
        give_step(connection, key, 2, "transferred", NOW - DAY, from_unit_id=before, to_unit_id=unit)
    else:
        give_step(connection, key, 2, "routed", began, to_unit_id=unit)
    if n == 8:
        ended = {"status": "resolved", "ended_at": NOW - 2 * DAY, "unit_id": unit, "submitted_at": began}
        past(connection, key, valid_from=NOW - 2 * DAY, valid_to=NOW - DAY, **ended)
    connection.execute("insert into report_source values (%s, false, %s)", [key, word(unit, n, "title")])
    connection.execute("select count_source_words()")
    connection.execute("insert into report_contact values (%s, %s, %s)", [key, *contact(unit, n)])


def planted(new_database: NewDatabase, schema_template: str) -> str:
    """Make the city's database and return the owner's URL."""
    url = new_database(schema_template)
    with connect(url) as connection:
        plant(connection)
    return url


def unguarded(new_database: NewDatabase, url: str) -> str:
    """Return the owner's URL of a copy of a database without row-level security."""
    copy = new_database(database_name(url))
    with connect(copy) as connection:
        for table in TABLES:
            connection.execute(sql.SQL("alter table {} disable row level security").format(sql.Identifier(table)))
    return copy


def logged(url: str) -> set[tuple[str, str]]:
    """Return who did what, from the access log."""
    with connect(url) as connection:
        return {(str(who), str(what)) for who, what in connection.execute("select subject, action from access_log")}


@contextmanager
def dashboard_login(city: str) -> Iterator[str]:
    """Make a login that belongs to report_dashboard only, and yield its URL."""
    name, password = f"dashboard_{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
    with connect(city) as owner:
        made = "create role {} login noinherit password {} in role report_dashboard"
        owner.execute(sql.SQL(made).format(sql.Identifier(name), sql.Literal(password)))
        yield make_url(city).set(username=name, password=password).render_as_string(hide_password=False)
        owner.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


@contextmanager
def proxied(url: str, folder: Path, proxy: str = "127.0.0.1", more: str = "") -> Iterator[str]:
    """Run the dashboard behind a proxy that identifies users, with `more` settings, and yield its own address.

    The newest reports are dated again: a map marks them for a quarter of an hour, and earlier tests may take longer.
    """
    with connect(url) as connection:
        connection.execute(
            "update report set submitted_at = now() - interval '1 minute' where submitted_at > %s", [NEW]
        )
    secrets = folder / "secrets.toml"
    secrets.write_text(
        f'[access]\nproxies = ["{proxy}"]\nheader = "{HEADER}"\nsecret = "{PROOF["X-Proxy-Secret"]}"\n{more}'
    )
    with dashboard(url, folder / "dashboard.log", f"--secrets.files={secrets}") as address:
        yield address
