"""The reports as they stood at a moment, written into a statement as text before it is sent.

`from report_at(:at)` in a question becomes what the function of that name says. PostgreSQL would put it there itself;
a distributed one cannot, for a function with parameters over tables that lie on several machines. The functions are
read where the schema defines them, so that there is one text of each.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

SCHEMA = Path(__file__).parents[2] / "reportdb" / "schema"
_DEFINITION = re.compile(
    r"create (?:or replace )?function (\w+)\(moment timestamptz\) returns table \(([^)]*)\)\n"
    r"language sql stable parallel safe\nas \$\$(.*?)\$\$",
    re.DOTALL,
)
_CALL = re.compile(r"\b(from|join) (\w+)\((:\w+|moment)\)(?: as (\w+))?")


class Definition(NamedTuple):
    """A function of the moment: the names of its columns, and the statement that gives them."""

    columns: tuple[str, ...]
    body: str


@lru_cache(maxsize=1)
def definitions() -> dict[str, Definition]:
    """Return the schema's functions of a moment, by name: those of the baseline, and what a migration made of them."""
    files = [*sorted((SCHEMA / "baseline").glob("*.sql")), *sorted(SCHEMA.glob("*.sql"))]
    return {
        name: Definition(tuple(column.split()[0] for column in columns.split(",")), body)
        for file in files
        for name, columns, body in _DEFINITION.findall(file.read_text())
    }


def expanded(statement: str) -> str:
    """Return a statement in which no function of a moment is called: each call is what the function says."""

    def as_text(call: re.Match[str]) -> str:
        """Return the text that replaces one call."""
        if call[2] not in definitions():
            return call[0]
        columns, body = definitions()[call[2]]
        moment = f"cast({call[3]} as timestamptz)" if call[3] != "moment" else "moment"
        meant = re.sub(r"\bmoment\b", moment, expanded(body))
        return f"{call[1]} ({meant}) as {call[4] or call[2]} ({', '.join(columns)})"

    return _CALL.sub(as_text, statement)
