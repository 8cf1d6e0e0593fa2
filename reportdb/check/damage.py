"""A finding: what is wrong in the report database, where, and what cures it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong in one place; `column` is None where the whole table is meant."""

    table: str
    column: str | None
    wrong: str
    cure: str

    def __str__(self) -> str:
        place = f"{self.table}.{self.column}" if self.column else self.table
        return " ".join(f"{place}: {self.wrong}. Cure: {self.cure}.".split())


def times(count: int, example: object) -> str:
    """Return how often something is wrong, and where: ", 3 times, for example report 17"; nothing without example."""
    if example is None:
        return ""
    return f", once: {example}" if count == 1 else f", {count} times, for example {example}"
