"""Every question starts with a sentence, reads no clock, and can be planned with and without filters."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from queries.engine.statements import FILES, definitions, sql, written
from queries.registry.registry import FIGURES
from tests.reports import DAY, T, report, small_city

QUESTIONS = sorted(file.stem for file in FILES.values() if file.stem != "definitions")
CHOSEN: dict[str, Any] = {
    "districts": [1],
    "wards": [11],
    "units": [1],
    "categories": [1],
    "channels": [1],
    "severities": ["urgent", "complex"],
    "officers": ["A"],
    "cells": [39964825830],
    "scope": [1],
}
"""A value for every parameter of every question."""
VALUES: dict[str, Any] = {
    "at": T,
    "now": T,
    "latest": T,
    "horizon": "700",
    "start": T - 30 * DAY,
    "end": T,
    "soon": T + DAY,
    "today_ends": T + DAY,
    "zone": "Asia/Ho_Chi_Minh",
    "step": DAY,
    "first_start": T - 30 * DAY,
    "first_end": T - 29 * DAY,
    "ends": [T - 8 * DAY, T - DAY],
    "first": T - 8 * DAY,
    "last": T - DAY,
    "after": T - 9 * DAY,
    "after_id": 7,
    "day": T.date(),
    "level": "district",
    "by": "unit",
    "limit": 10,
    "offset": 0,
    "code": "T-1",
    "code_end": "T-2",
    "within_units": True,
    "before": 9,
    "who": "somebody",
    "what": "contact",
    "why": "a reason",
    "actions": ["case"],
    "kind": "csv",
    "query": "figure=open",
    "listed": 5,
    "sent": 5,
    "whole": True,
    "typed": "rac thai dong da",
    "words": "'rac' <-> 'thai' | '=c1'",
    "words_here": "('rac' <-> 'thai' | '=c1') & ('=u1')",
    "most": 11,
    "near": 20_000,
    "newest": 2_000,
    "own": None,
    "word": "'rac'",
    "ids": [1, 2],
    "category": 1,
    "lon": 105.83,
    "spans_start": [T - DAY],
    "spans_end": [T],
    "lat": 21.02,
    "metres": 500,
    "unit": 1,
    "since": T - DAY,
    "id": 1,
    "first_day": T.date() - 20 * DAY,
    "end_day": T.date(),
    "first_month": T.date() - 15 * DAY,
    "end_month": T.date() - 5 * DAY,
    "dimension": "unit",
    "keys": None,
    "said": "OPEN",
    "wide": 10,
    "high": 10,
} | dict.fromkeys(CHOSEN)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_starts_with_a_sentence_and_reads_no_clock(question: str) -> None:
    words = FILES[question].read_text()
    assert re.match(r"-- [^\n]+(\n-- [^\n]+)*\.\n", words), (
        "the first line describes the question and ends with a full stop"
    )
    assert not re.search(r"now\(\)|current_date|current_timestamp|clock_timestamp", words, re.IGNORECASE)
    assert "infinity" not in words


def test_every_definition_is_used() -> None:
    """Figures are in the registry, and so listed and counted; everything else stands in a statement or a module."""
    modules = (Path(__file__).parents[1] / "queries").rglob("*.py")
    used = " ".join(file.read_text() for file in (*FILES.values(), *modules))
    for name in definitions():
        assert name in FIGURES or re.search(rf"\{{{name}[}}|]|\"{name}\"", used), f"nobody asks for {name}"


def test_a_known_condition_is_not_tested_again() -> None:
    statement = sql("open")
    assert statement.count("open_until > :at") == 1
    assert "(true and due_at < :at)" in statement
    assert written("overdue") == "(open_until > :at) and due_at < :at"
    assert written("seriously_overdue", "open").startswith("(true and due_at < :at) and ")


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_database_can_plan_every_question(connection: psycopg.Connection, database: str, question: str) -> None:
    small_city(connection)
    report(connection, 1)
    engine = create_engine(make_url(database).set(drivername="postgresql+psycopg"))
    statement = sql(question, "overdue", "worklist")
    named = text(statement).compile().params
    try:
        with engine.connect() as opened:
            opened.execute(text("select set_config('report.scope', signed_scope('all', current_user::text), false)"))
            for filters in ({}, CHOSEN):
                values = VALUES | filters
                plan = opened.execute(text("explain " + statement), {name: values[name] for name in named})
                assert plan.fetchall()
    finally:
        engine.dispose()
