"""How long the database takes for every question of `queries/`, with no answer remembered and a warm disk."""

import json
import math
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from queries.database import DatabaseAway, ReportDatabase, sql
from queries.figures import city, figures, moments
from queries.filters import Filters

_FOLDER = Path(__file__).parents[1] / "queries"
_TIMES = 3
_CENTRE = (105.85, 21.03)  # Hoàn Kiếm: where the demonstration city is densest
GOALS_MS = {"30 days": 100, "365 days": 100, "all": 250}
"""What the slowest answer of a period may take, in milliseconds."""


@dataclass(frozen=True)
class Measured:
    """The median time of one question for one period and choice of filters, in milliseconds."""

    question: str
    period: str
    filtered: bool
    milliseconds: float
    parameters: dict[str, Any]


def measure(url: str, only: str | None = None) -> list[Measured]:
    """Ask every question (or the one named) for each period, with and without filters, and time the answers."""
    found = []
    with closing(ReportDatabase(url)) as reports:
        for question, period, filtered, parameters in _asked(reports, only):
            times = []
            for _ in range(_TIMES):
                began = time.perf_counter()
                try:
                    reports.ask_now(question, figure="overdue", order="worklist", **parameters)
                except DatabaseAway:  # longer than the dashboard waits for an answer
                    times.append(math.inf)
                    break
                times.append((time.perf_counter() - began) * 1000)
            found.append(Measured(question, period, filtered, statistics.median(times), parameters))
    return found


def _asked(reports: ReportDatabase, only: str | None) -> Iterator[tuple[str, str, bool, dict[str, Any]]]:
    known = city(reports)
    at = known.last_submitted_at
    if at is None:
        raise SystemExit("The database holds no reports: python -m reportdb demo --reports 10000000 --data DIR")
    whole = Filters.of(at=at, zone=known.zone, start=at - timedelta(days=30))
    unit, category, district = (
        int(figures(reports, whole, by=by).sort_values("open").dropna(subset="code")["key"].iloc[-1])
        for by in ("unit", "category", "district")
    )
    periods = {
        "30 days": at - timedelta(days=30),
        "365 days": at - timedelta(days=365),
        "all": known.first_submitted_at,
    }
    chosen = {"districts": (district,), "categories": (category,)}
    sample = reports.ask_now("cases", figure="overdue", order="worklist", limit=50, offset=0, **_values(reports, whole))
    others = _others(sample, unit, category, at)
    for question in sorted(file.stem for file in _FOLDER.glob("*.sql") if file.stem != "definitions"):
        if only not in (None, question):
            continue
        named = set(re.findall(r"(?<!:):(\w+)", sql(question, "overdue", "worklist")))
        for period, start in periods.items() if {"start"} & named else [("no period", None)]:
            filters = Filters.of(at=at, zone=known.zone, start=start)
            for filtered in (False, True) if "districts" in named else (False,):
                values = _values(reports, filters.choosing(**chosen) if filtered else filters) | others
                if "step" in named:
                    values["step"] = timedelta(days=1 if period == "30 days" else 7)
                if missing := named - set(values):
                    raise SystemExit(f"bench/queries.py has no value for {', '.join(missing)} of {question}.sql")
                yield question, period, filtered, {name: values[name] for name in named}


def _values(reports: ReportDatabase, filters: Filters) -> dict[str, Any]:
    return filters.parameters() | moments(reports, filters)


def _others(sample: pd.DataFrame, unit: int, category: int, at: datetime) -> dict[str, Any]:
    """Return a value of the city's own for each parameter that is neither moment, period nor filter."""
    degree = 0.02  # about two kilometres: a district's view
    return {
        "by": "unit",
        "unit": unit,
        "limit": 50,
        "offset": 0,
        "day": at.date(),
        "level": "ward",
        "step": timedelta(days=1),
        "since": at - timedelta(days=7),
        "id": int(sample["id"].iloc[0]),
        "ids": [int(number) for number in sample["id"]],
        "code": "HN-2611-000001",
        "category": category,
        "words": "'rac' & 'thai':*",
        "typed": "rac thai",
        "most": 10_000,
        "lon": _CENTRE[0],
        "lat": _CENTRE[1],
        "west": _CENTRE[0] - degree,
        "east": _CENTRE[0] + degree,
        "south": _CENTRE[1] - degree,
        "north": _CENTRE[1] + degree,
        "metres": 500.0,
        "wide": 11,
        "high": 10,
    }


def plan(url: str, question: str, parameters: dict[str, Any]) -> str:
    """Return what the plan of a question is made of: its node types with how often, the costliest row source first."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            explained = connection.execute(
                text("explain (analyze, buffers, format json) " + sql(question, "overdue", "worklist")), parameters
            ).scalar_one()
    finally:
        engine.dispose()
    root = (explained if isinstance(explained, list) else json.loads(explained))[0]["Plan"]
    kinds: Counter[str] = Counter()

    def walk(node: dict[str, Any]) -> None:
        kinds[node["Node Type"] + (f" {node['Index Name']}" if "Index Name" in node else "")] += 1
        for child in node.get("Plans", []):
            walk(child)

    walk(root)
    pages = root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0)
    return f"{pages:,} pages; " + ", ".join(kind for kind, _count in kinds.most_common())


def report(found: list[Measured], console: Console) -> None:
    """Print the times as a table, the slowest first, and which pass their goal."""
    table = Table("question", "period", "filters", "median ms", "goal", show_edge=False)
    for row in sorted(found, key=lambda row: -row.milliseconds):
        goal = GOALS_MS.get(row.period, 100)
        verdict = "" if row.milliseconds <= goal else f"over {goal}"
        table.add_row(row.question, row.period, "yes" if row.filtered else "no", f"{row.milliseconds:,.1f}", verdict)
    console.print(table)
