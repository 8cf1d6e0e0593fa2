"""The questions as the database reads them.

A question is a file `queries/<room>/<name>.sql`. In it `{name}` stands for a definition of `definitions.sql`, so that a
figure means the same wherever it is counted or listed, and `{name|other}` for the same where the other is known to
hold; `:name` is a parameter. `report_at(:at)` and its like become what the schema says of them (as_of.py).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from queries.engine.as_of import expanded

FILES = {file.stem: file for file in Path(__file__).parents[1].rglob("*.sql")}
"""The questions and the definitions, by name, each beside the module that asks it."""
WITH_HIGHER = "with_higher"
"""The figure that counts by who handed a report up, not by who holds it."""


@lru_cache(maxsize=256)
def sql(question: str, figure: str = "true", order: str = "newest") -> str:
    """Return the statement of the file of a question with its definitions in place.

    Raises KeyError for a figure or an order that definitions.sql does not know.
    """
    meanings = _meanings(figure)
    statement = FILES[question].read_text().replace("{order}", meanings[order])
    statement = statement.replace("{figure}", f"({meanings[figure]})").replace(
        "{moves}", "submitted_at" if question == "search" else moves(figure)
    )  # a search for what is common soon meets the newest fifty on its walk
    statement = statement.replace("{beyond}", "<" if order == "newest" else ">")
    statement = statement.replace("{downwards}", "desc" if order == "newest" else "asc")
    statement = re.sub(r"\{(\w+)(?:\|(\w+))?\}", lambda found: f"({written(found[1], found[2], meanings)})", statement)
    return expanded(statement)


def moves(figure: str) -> str:
    """Return the moment that a figure's reports are put in order by: that of what happened in the period.

    What is open at the moment goes by when it came in, in a form that no index has: the few that are open are found and
    put in order sooner than all reports ever are walked through. Raises KeyError.
    """
    meaning = written(figure)
    if period_counts := re.search(r"(\w+) >= :start", meaning):
        return period_counts[1]
    return "submitted_at at time zone 'UTC'" if "open_until > :at" in meaning else "submitted_at"


def written(figure: str, known: str | None = None, meanings: Mapping[str, str] | None = None) -> str:
    """Return a figure's definition as it is counted, with the definitions it leans on in place: true for one that is
    known to hold, so that it is not asked of each report once more. Raises KeyError.
    """
    return re.sub(
        r"\{(\w+)\}",
        lambda found: "true" if found[1] == known else f"({written(found[1], known, meanings)})",
        (meanings or definitions())[figure],
    )


def _meanings(figure: str) -> Mapping[str, str]:
    """Return the definitions for a question about a figure: of what was handed up, the unit that did so is meant."""
    meanings = definitions()
    if figure != WITH_HIGHER:
        return meanings
    by_who = {name: meanings[name].replace("unit_id", "escalated_by_id") for name in ("chosen_group", "key")}
    return meanings | by_who


@lru_cache(maxsize=1)
def definitions() -> dict[str, str]:
    """Return the meaning of each name of `definitions.sql`: an expression over the columns of report_at."""
    found = re.findall(r"^-- (\w+): [^\n]*\n((?:(?!-- ).*\n?)*)", FILES["definitions"].read_text(), re.MULTILINE)
    return {name: meaning.strip() for name, meaning in found}
