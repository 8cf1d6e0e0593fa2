"""Checks of the rows: the questions of questions.toml, each a query that finds contradictions."""

import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from psycopg import sql

from reportdb.check.damage import Finding, times


class Question(NamedTuple):
    """One query about one table and column, and the words for its findings."""

    table: str
    column: str | None
    bad: str
    wrong: str
    cure: str


def _questions() -> Iterator[Question]:
    text = Path(__file__).with_name("questions.toml").read_text(encoding="utf-8")
    for asked in tomllib.loads(text)["question"]:
        for table in asked["tables"]:
            for column in asked.get("columns", [None]):
                yield Question(table, column, asked["bad"], asked["wrong"], asked["cure"])


QUESTIONS = list(_questions())
RULE_QUESTIONS = [question for question in QUESTIONS if "rule_warnings" in question.bad]
"""The questions about what makes deadlines unknown."""


def disagreement(connection: psycopg.Connection, question: Question, now: datetime) -> Iterator[Finding]:
    """Yield what the question finds at `now`, if anything."""
    names = {"table": sql.Identifier(question.table), "column": sql.Identifier(question.column or "")}
    query = sql.SQL("with bad (example) as ({}) select count(*), min(example) from bad").format(
        sql.SQL(question.bad).format(**names)
    )
    count, example = connection.execute(query, {"now": now}).fetchone() or (0, None)
    if count:
        cure = question.cure.format(table=question.table, column=question.column)
        yield Finding(question.table, question.column, question.wrong + times(count, example), cure)


def bad_time_zones(connection: psycopg.Connection) -> Iterator[Finding]:
    """Yield the city's time zone if it does not exist."""
    for (zone,) in connection.execute("select time_zone from city").fetchall():
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield Finding(
                "city", "time_zone", f"{zone!r} is not a time zone", "write an IANA name like Asia/Ho_Chi_Minh"
            )
