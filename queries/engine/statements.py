"""The SQL statements of the questions.

A question is a file `queries/<room>/<name>.sql`. In it `{name}` stands for a definition of `definitions.sql`, so that a
figure means the same wherever it is counted or listed; `{name|other}` is the same where the other is known to hold.
`{figure}` stands for the figure a question is asked about, `{order}` for the order of a list, and `{counts:table}` for
counts of all standing figures that the registry gives a table. `:name` is a parameter. `report_at(:at)` and its like
become what the schema says of them (as_of.py).
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from string import Formatter

from queries.engine.as_of import expanded
from queries.registry.registry import FIGURES, standing_in

FILES = {file.stem: file for file in Path(__file__).parents[1].rglob("*.sql")}
"""The files of questions and definitions by name, each beside the module that asks it."""
_NAME = "-- name: "


class BrokenDefinitions(ValueError):
    """definitions.sql cannot be read; the message says which line is wrong."""


@lru_cache(maxsize=256)
def sql(question: str, figure: str = "true", order: str = "newest") -> str:
    """Return the SQL of a question with its definitions expanded.

    Raises KeyError for an unknown figure or order.
    """
    meanings = _meanings(figure)
    newest = order == "newest"
    bare = {
        # A search for a frequent word finds fifty of the newest reports soon.
        "moves": "submitted_at" if question == "search" else moves(figure),
        "beyond": "<" if newest else ">",
        "downwards": "desc" if newest else "asc",
    }

    def value(field: str, spec: str) -> str:
        """Return what stands in the place of a field."""
        if field in bare:
            return bare[field]
        if field == "order":
            return _filled(meanings[order], value)
        if field == "counts":
            return _counts(spec, meanings)
        name, _bar, known = field.partition("|")
        return f"({written(figure if name == 'figure' else name, known, meanings)})"

    return expanded(_filled(FILES[question].read_text(), value))


def moves(figure: str) -> str:
    """Return the moment that a figure's reports are put in order by.

    Open reports are ordered by submission, in an expression that no index has: the planner then finds the few open
    reports and sorts them instead of walking all reports in order.
    """
    if figure not in FIGURES:
        return "submitted_at"
    known = FIGURES[figure]
    return f"{known.ordered_by} at time zone 'UTC'" if known.kind == "standing" else known.ordered_by


def written(figure: str, known: str | None = None, meanings: Mapping[str, str] | None = None) -> str:
    """Return a figure's definition as SQL, with the definitions it uses expanded; one that is `known` to hold becomes
    true, so that it is not tested again for each report. Raises KeyError.
    """
    return _filled(
        (meanings or definitions())[figure],
        lambda name, _spec: "true" if name == known else f"({written(name, known, meanings)})",
    )


def _counts(spec: str, meanings: Mapping[str, str]) -> str:
    """Return a column for each standing figure of a table, where only open reports are counted."""
    columns = [
        f"count(*) filter (where ({written(figure.name, 'open', meanings)})) as {figure.name}"
        if figure.name != "open"
        else "count(*) as open"
        for figure in standing_in(spec)
        if not figure.remainder
    ]
    return ",\n    ".join(columns)


def _meanings(figure: str) -> Mapping[str, str]:
    """Return the definitions for a question about a figure; for WITH_HIGHER the unit is the one that escalated."""
    by_sender = figure in FIGURES and FIGURES[figure].by_sender
    return {**definitions(), "unit": "escalated_by_id"} if by_sender else definitions()


@lru_cache(maxsize=1)
def definitions() -> Mapping[str, str]:
    """Return each name of `definitions.sql` with its expression over the columns of report_at."""
    return parsed(FILES["definitions"].read_text())


def parsed(text: str) -> dict[str, str]:
    """Return the definitions of a text by name: a line `-- name: <name>` opens one, other comments are left out.

    Raises BrokenDefinitions for a name that is none or stands there twice, for SQL before the first name, and for a
    name without SQL.
    """
    found: dict[str, list[str]] = {}
    name = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(_NAME):
            name = line.removeprefix(_NAME)
            if not name.isidentifier() or name in found:
                raise BrokenDefinitions(f"line {number}: {name!r} is no new name")
            found[name] = []
        elif line.strip() and not line.startswith("--"):
            if not name:
                raise BrokenDefinitions(f"line {number}: SQL before the first name")
            found[name].append(line)
    if empty := [name for name, lines in found.items() if not lines]:
        raise BrokenDefinitions(f"no SQL for {', '.join(empty)}")
    return {name: "\n".join(lines) for name, lines in found.items()}


def _filled(text: str, value: Callable[[str, str], str]) -> str:
    """Return a text with a value for each `{field}` or `{field:spec}`. Raises ValueError for lone braces."""
    parts = []
    for literal, field, spec, _conversion in Formatter().parse(text):
        parts += [literal] if field is None else [literal, value(field, spec or "")]
    return "".join(parts)
