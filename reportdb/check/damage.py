"""A finding: what is wrong in the report database, where, and how to repair it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One problem in one place; `column` is None if it is about the whole table."""

    table: str
    column: str | None
    wrong: str
    cure: str

    def __str__(self) -> str:
        place = f"{self.table}.{self.column}" if self.column else self.table
        return " ".join(f"{place}: {self.wrong}. Cure: {self.cure}.".split())


def times(count: int, example: object) -> str:
    """Return a count with an example: ", 3 times, for example report 17"; only the count without an example."""
    if example is None:
        return ""
    return f", once: {example}" if count == 1 else f", {count} times, for example {example}"
