"""The SQL statements of the questions.

A question is a file `queries/<room>/<name>.sql`. In it `{name}` stands for a definition of `definitions.sql`, so that a
figure means the same wherever it is counted or listed; `{name|other}` is the same where the other is known to hold;
`:name` is a parameter.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

FILES = {file.stem: file for file in Path(__file__).parents[1].rglob("*.sql")}
"""The files of questions and definitions by name, each beside the module that asks it."""
WITH_HIGHER = "with_higher"
"""The figure that counts by the unit that escalated a report, not by its holder."""


@lru_cache(maxsize=256)
def sql(question: str, figure: str = "true", order: str = "newest") -> str:
    """Return the SQL of a question with its definitions expanded.

    Raises KeyError for an unknown figure or order.
    """
    meanings = _meanings(figure)
    statement = FILES[question].read_text().replace("{order}", meanings[order])
    statement = statement.replace("{figure}", f"({meanings[figure]})").replace(
        "{moves}", "submitted_at" if question == "search" else moves(figure)
    )  # a search for a frequent word finds fifty of the newest reports soon
    statement = statement.replace("{beyond}", "<" if order == "newest" else ">")
    statement = statement.replace("{downwards}", "desc" if order == "newest" else "asc")
    return re.sub(r"\{(\w+)(?:\|(\w+))?\}", lambda found: f"({written(found[1], found[2], meanings)})", statement)


def moves(figure: str) -> str:
    """Return the time column by which a figure's reports are ordered: when the counted event happened.

    Open reports are ordered by submission, in an expression that no index has: the planner then finds the few open
    reports and sorts them instead of walking all reports in order. Raises KeyError.
    """
    meaning = written(figure)
    if period_counts := re.search(r"(\w+) >= :start", meaning):
        return period_counts[1]
    return "submitted_at at time zone 'UTC'" if "open_until > :at" in meaning else "submitted_at"


def written(figure: str, known: str | None = None, meanings: Mapping[str, str] | None = None) -> str:
    """Return a figure's definition as SQL, with the definitions it uses expanded; one that is `known` to hold becomes
    true, so that it is not tested again for each report. Raises KeyError.
    """
    return re.sub(
        r"\{(\w+)\}",
        lambda found: "true" if found[1] == known else f"({written(found[1], known, meanings)})",
        (meanings or definitions())[figure],
    )


def _meanings(figure: str) -> Mapping[str, str]:
    """Return the definitions for a question about a figure; for WITH_HIGHER the unit is the one that escalated."""
    meanings = definitions()
    if figure != WITH_HIGHER:
        return meanings
    by_who = {name: meanings[name].replace("unit_id", "escalated_by_id") for name in ("chosen_group", "key")}
    return meanings | by_who


@lru_cache(maxsize=1)
def definitions() -> dict[str, str]:
    """Return each name of `definitions.sql` with its expression over the columns of report_at."""
    found = re.findall(r"^-- (\w+): [^\n]*\n((?:(?!-- ).*\n?)*)", FILES["definitions"].read_text(), re.MULTILINE)
    return {name: meaning.strip() for name, meaning in found}
