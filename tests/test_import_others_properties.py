"""Whatever steps a file tells, in whatever order, the database stays sound and says the same."""

import random
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reportdb.city_data.events import Events
from reportdb.city_data.ratings import Ratings
from tests.import_sample import AGAIN, CLOSED, GOOD, SampleCity
from tests.other_files import EVENT_HEADER, EVENTS, OtherFiles, damage, event, rows
from tests.test_import_others_steps import RATINGS

WORDS = (
    "Passed",
    "Sent",
    "Taken",
    "Up",
    "Back",
    "More",
    "Again",
    "Other",
    "Told",
    "Answer",
    "Waits",
    "Goes",
    "Done",
    "No",
    "Rated",
)
UNITS = ("Parks", "Streets", "City desk", "Water", "")
CATEGORIES = ("trees", "roads", "Roads", "")
RATED = ("good", "fair", "bad")


def some_steps(draw: random.Random, reports: int, steps: int) -> list[str]:
    """Return events of any kind at any time, some of them at one time, many of which do not fit."""
    lines = []
    for _ in range(steps):
        day, hour = draw.randrange(1, 20), draw.choice((0, 9, 9, 12, 17))
        due = f"2024-03-{draw.randrange(5, 29):02} 09:00" if draw.random() < 0.3 else ""
        lines.append(
            event(
                draw.randrange(1, reports + 1),
                draw.choice(WORDS),
                f"2024-03-{day:02} {hour:02}:00",
                from_=draw.choice(UNITS),
                to=draw.choice(UNITS),
                due=due,
                minutes=draw.choice(("", "60", "480")),
                category=draw.choice(CATEGORIES),
                rating=draw.choice(RATED),
                note=draw.choice(("", "Seen", "Xong rồi")),
            )
        )
    return lines


def some_reports(draw: random.Random, reports: int) -> list[str]:
    """Return rows of the reports' file: open and closed ones, some with a due time."""
    lines = []
    for number in range(1, reports + 1):
        line = draw.choice((GOOD, CLOSED)).split(",", 1)[1]
        line = line.replace("2024-03-05 09:00:00", draw.choice(("", "2024-03-05 09:00:00", "2024-03-12 09:00:00")))
        lines.append(f"{number},{line}")
    return lines


def content(connection: psycopg.Connection) -> list[list[tuple[Any, ...]]]:
    return [
        rows(connection, question)
        for question in (
            """select source_ref, unit.code, status, due_at, ended_at, received_at, rating, rated_at, reopen_count,
                   transfer_count, escalated_at, category_id, answer
               from report left join unit on unit.id = unit_id order by 1""",
            "select report_id, n, at, kind, note, minutes from report_event order by 1, 2",
            "select report_id, valid_from, valid_to, due_at, status, ended_at from report_past order by 1, 3",
        )
    ]


@pytest.mark.parametrize("seed", range(6))
def test_any_steps_leave_a_sound_database_that_does_not_depend_on_their_order(
    connection: psycopg.Connection, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    city, files = SampleCity(tmp_path), OtherFiles(tmp_path)
    reports, lines = some_reports(draw, 12), list(dict.fromkeys(some_steps(draw, 12, 120)))
    city.load(connection, *reports)
    with connection.transaction(force_rollback=True):
        first = files.load(connection, Events, EVENTS, EVENT_HEADER, *lines)
        whole = content(connection)
    kept = {line for line, _, _ in files.rejected()}
    good = [line for number, line in enumerate(lines, start=2) if str(number) not in kept]
    draw.shuffle(good)
    cut = draw.randrange(1, len(good))
    files.load(connection, Events, EVENTS, EVENT_HEADER, *good[:cut])
    files.load(connection, Events, EVENTS, EVENT_HEADER, *good[cut:])
    assert content(connection) == whole
    assert first.read == len(lines)
    again = files.load(connection, Events, EVENTS, EVENT_HEADER, *good, at=AGAIN)
    assert (again.new, again.updated, again.reports) == (0, 0, 0)
    assert city.load(connection, *reports, at=AGAIN).unchanged == 12
    files.load(connection, Ratings, RATINGS, "case,stars,at", *(f"{n},{draw.choice('135')}," for n in range(1, 13)))
    assert city.load(connection, *some_reports(draw, 12), at=AGAIN).rejected == 0
    assert damage(connection, AGAIN) == []
