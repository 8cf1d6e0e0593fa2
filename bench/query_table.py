"""The measured times of bench/queries.py as Markdown, with the plans of the slowest and what access costs."""

import json
import math
from collections import Counter
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bench.queries import GOALS_MS, Asked, Measured
from queries.engine.statements import sql

GOAL_ACCESS = 1.2
"""The largest allowed ratio of a question's time with access control to its bare time."""
GOAL_WAITING = 1.5
"""The largest allowed ratio of a question's time with changes waiting for the summary to its time without."""


def plan(url: str, asked: Asked) -> str:
    """Return the composition of a question's plan: its node types, and how many pages it reads."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in asked.parameters}
    statement = sql(asked.question, asked.figure, asked.order)
    try:
        with engine.connect() as connection:
            connection.execute(text("set plan_cache_mode = force_custom_plan"))
            sign = text("select set_config('report.scope', signed_scope(:scope, :role), true)")
            connection.execute(sign, {"scope": asked.scope.setting, "role": asked.scope.role})
            connection.execute(text(f"set local role {asked.scope.role}"))
            explained = connection.execute(
                text("explain (analyze, buffers, format json) " + statement),
                {name: value for name, value in given.items() if f":{name}" in statement},
            ).scalar_one()
    finally:
        engine.dispose()
    root = (explained if isinstance(explained, list) else json.loads(explained))[0]["Plan"]
    kinds: Counter[str] = Counter()

    def walk(node: dict[str, Any]) -> None:
        if node.get("Actual Loops"):
            kinds[node["Node Type"] + (f" {node['Index Name']}" if "Index Name" in node else "")] += 1
        for child in node.get("Plans", []):
            walk(child)

    walk(root)
    pages = root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0)
    return f"{pages:,} pages; " + ", ".join(kind for kind, _count in kinds.most_common())


def table(url: str, found: list[Measured]) -> str:
    """Return the times as Markdown: the slowest call of each file, and the plans of the worst five."""
    everything, found = found, [row for row in found if row.milliseconds]
    lines = ["| question | filters | " + " | ".join(f"{period} (≤ {goal})" for period, goal in GOALS_MS.items()) + " |"]
    lines.append("|---|---|" + "---:|" * len(GOALS_MS))
    for question in sorted({row.asked.question for row in found}):
        for filters in dict.fromkeys(row.filters for row in found):
            cells = []
            for period in GOALS_MS:
                which = question, filters, period
                worst = [row for row in found if (row.asked.question, row.filters, row.period) == which]
                cells.append(_cell(max(worst, key=lambda row: row.part_of_goal)) if worst else "")
            lines.append(f"| {question} | {filters} | " + " | ".join(cells) + " |")
    over = [row for row in found if row.part_of_goal > 1]
    lines += ["", f"{len(found)} calls measured, {len(over)} over their goal.", "", "The worst five by plan:", ""]
    for row in sorted(found, key=lambda row: -row.part_of_goal)[:5]:
        asked = row.asked
        lines.append(
            f"- `{asked.question}` ({asked.figure}, {asked.order}; {row.period}; filters: {row.filters}; "
            f"{row.milliseconds:,.0f} ms): {plan(url, asked) if row.milliseconds < math.inf else 'given up'}"
        )
    return "\n".join([*lines, "", *_access(found), "", *_waiting(everything)]) + "\n"


def _access(found: list[Measured]) -> list[str]:
    """Return as Markdown what row-level security and masking cost: each question beside its bare time."""
    choices = list(dict.fromkeys(row.filters for row in found))
    lines = ["What access costs: the total time of a question's calls, beside the same calls bare.", ""]
    lines += [
        "| question | with, ms | bare, ms | ratio | " + " | ".join(choices) + " |",
        "|---|" + "---:|" * (3 + len(choices)),
    ]
    for question in sorted({row.asked.question for row in found}):
        rows = [row for row in found if row.asked.question == question and math.inf not in (row.milliseconds, row.bare)]
        parts = [rows, *([row for row in rows if row.filters == choice] for choice in choices)]
        whole, bare = (sum(getattr(row, name) for row in rows) for name in ("milliseconds", "bare"))
        ratios = " | ".join(_ratio(part) for part in parts)
        lines.append(f"| {question} | {whole:,.1f} | {bare:,.1f} | {ratios} |")
    return lines


def _waiting(found: list[Measured]) -> list[str]:
    """Return as Markdown what waiting changes cost: each question beside its time once they are in the summary."""
    found = [row for row in found if not math.isnan(row.waiting)]
    if not found:
        return []
    lines = [
        "What waiting changes cost: the total time of a question's calls, and with the changes in the summary.",
        "",
        "| question | waiting, ms | in the summary, ms | ratio | more calls |",
        "|---|" + "---:|" * 4,
    ]
    over = []
    for question in sorted({row.asked.question for row in found}):
        rows = [row for row in found if row.asked.question == question]
        waiting, without = (sum(getattr(row, name) for row in rows) for name in ("waiting", "summarised"))
        ratio = waiting / without if without else math.inf
        if ratio > GOAL_WAITING:
            over.append(question)
        words = f"**{ratio:.2f}**" if ratio > GOAL_WAITING else f"{ratio:.2f}"
        more = sum(not row.milliseconds for row in rows) or ""
        lines.append(f"| {question} | {waiting:,.1f} | {without:,.1f} | {words} | {more} |")
    lines += ["", f"Over {GOAL_WAITING}: {', '.join(over) or 'none'}. The five most affected:", ""]
    lines += [
        f"- `{row.asked.question}` ({row.asked.figure}, {row.asked.order}; {row.period}; filters: {row.filters}; by "
        f"{dict(row.asked.parameters).get('by')}): {row.waiting:,.1f} ms, in the summary {row.summarised:,.1f}"
        for row in sorted(found, key=lambda row: row.summarised - row.waiting)[:5]
    ]
    return lines


def _ratio(rows: list[Measured]) -> str:
    if not rows:
        return ""
    ratio = sum(row.milliseconds for row in rows) / sum(row.bare for row in rows)
    return f"**{ratio:.2f}**" if ratio > GOAL_ACCESS else f"{ratio:.2f}"


def _cell(row: Measured) -> str:
    milliseconds = f"{row.milliseconds:,.0f}" if row.milliseconds < math.inf else "given up"
    detail = "" if row.asked.figure == "true" else f" ({row.asked.figure})"
    return f"**{milliseconds}**{detail}" if row.part_of_goal > 1 else milliseconds
